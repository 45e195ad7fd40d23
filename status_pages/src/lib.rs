//! What vendors' status pages say: one file a dialect turns bytes into an [`Observation`], and [`difference`] turns what was
//! observed, beside what was observed before, into events.
//!
//! Pure: no input or output, no clock, no randomness, no async. When a page was read, and where its bytes came from, is handed in.
//! Every dialect answers any bytes with an observation or with the reason why they are unreadable; an unreadable page is evidence of
//! nothing. To add a dialect: write its file, add its line to [`Dialect`].

mod observation;
mod statuspage;
mod feed;
mod gcp;
mod aws;
mod cstate;
mod upptime;
mod versions;
mod at_most;
mod sound;
mod memory;
mod difference;
pub mod watched;

pub use difference::{Changes, Draft, Edited, Page, Reading, SilentEdit, difference, incident, left};
pub use memory::{Field, Memory, PostKind, Remembered, RememberedPost, Told};
pub use observation::{Facts, Listing, Nature, Observation, Refused, SeenIncident, SeenPost, SeenTime, Status, Unreadable};
pub use versions::{Version, Visibility, read_version, read_visibility};

/// The largest page that is read, in bytes, unpacked. A dialect may answer sooner that it is too large.
pub const MAX_PAGE_BYTES: usize = 32 * 1024 * 1024;

/// The languages in which status pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Atlassian Statuspage v2: `summary.json`, `incidents.json`, `scheduled-maintenances.json`.
    Statuspage,
    /// Google Cloud: `incidents.json`, three generations.
    Gcp,
    /// The old AWS dashboard: `data.json`.
    Aws,
    /// cState: an issue in Markdown with front matter.
    Cstate,
    /// Upptime: `history/*.yml`, `history/summary.json`, and its commits as a table.
    Upptime,
    /// RSS and Atom; those of a Statuspage are understood post by post.
    Atom,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Statuspage, Self::Gcp, Self::Aws, Self::Cstate, Self::Upptime, Self::Atom];

    /// The word for it, on the command line and in a file of pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Statuspage => "statuspage",
            Self::Gcp => "gcp",
            Self::Aws => "aws",
            Self::Cstate => "cstate",
            Self::Upptime => "upptime",
            Self::Atom => "atom",
        }
    }

    /// Reads one page. `name` is the file's name or the last part of the address: some dialects keep an incident's id there.
    pub fn read(self, bytes: &[u8], name: &str) -> Result<Observation, Unreadable> {
        if bytes.len() > MAX_PAGE_BYTES {
            return Err(Unreadable(format!("{} bytes; a page has at most {MAX_PAGE_BYTES}", bytes.len())));
        }
        let bytes = without_mark(bytes);
        let observation = match self {
            Self::Statuspage => statuspage::parse(bytes),
            Self::Gcp => gcp::parse(bytes),
            Self::Aws => aws::parse(bytes),
            Self::Cstate => cstate::parse(bytes, name),
            Self::Upptime => upptime::parse(bytes, name),
            Self::Atom => feed::parse(bytes),
        }?;
        Ok(sound::page(observation))
    }
}

/// What is read, without the mark of UTF-8 that it may begin with: neither JSON nor a table's first column may hold it.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

//! One file a dialect: what a page's bytes say, as an [`Observation`]. To add a dialect: write its file, add its line to [`Dialect`].

pub(crate) mod statuspage;
pub(crate) mod feed;
pub(crate) mod gcp;
pub(crate) mod aws;
pub(crate) mod cstate;
pub(crate) mod upptime;
pub(crate) mod slack;
mod at_most;
pub(crate) mod written;

use crate::observation::{Observation, Unreadable};
use crate::sound;
use written::FeedZone;

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
    /// Slack's status API, version 2: `current` and `history`.
    Slack,
    /// RSS and Atom; those of a Statuspage are understood post by post.
    Atom,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Statuspage, Self::Gcp, Self::Aws, Self::Cstate, Self::Upptime, Self::Slack, Self::Atom];

    /// True where the dates of its pages may leave out their zone.
    pub fn has_zone(self) -> bool {
        matches!(self, Self::Atom | Self::Aws)
    }

    /// The word for it, on the command line and in a file of pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Statuspage => "statuspage",
            Self::Gcp => "gcp",
            Self::Aws => "aws",
            Self::Cstate => "cstate",
            Self::Upptime => "upptime",
            Self::Slack => "slack",
            Self::Atom => "atom",
        }
    }

    /// Reads one page. `name` is the file's name or the last part of the address: some dialects keep an incident's id there.
    pub fn read(self, bytes: &[u8], name: &str) -> Result<Observation, Unreadable> {
        self.read_in(bytes, name, None)
    }

    /// The same of a feed, or a dashboard of AWS, whose dates are of this zone where they do not say theirs, or say it with a name of two meanings.
    pub fn read_in(self, bytes: &[u8], name: &str, zone: Option<&FeedZone>) -> Result<Observation, Unreadable> {
        if bytes.len() > MAX_PAGE_BYTES {
            return Err(Unreadable(format!("{} bytes; a page has at most {MAX_PAGE_BYTES}", bytes.len())));
        }
        let bytes = without_mark(bytes);
        let observation = match self {
            Self::Statuspage => statuspage::parse(bytes),
            Self::Gcp => gcp::parse(bytes),
            Self::Aws => aws::parse(bytes, zone),
            Self::Cstate => cstate::parse(bytes, name),
            Self::Upptime => upptime::parse(bytes, name),
            Self::Slack => slack::parse(bytes),
            Self::Atom => feed::parse(bytes, zone),
        }?;
        Ok(sound::page(observation))
    }
}

/// Words that were taken out of markup, written so that no reader of markup takes a part of them for markup once more.
pub(crate) fn as_markup(words: &str) -> String {
    let mut written = String::with_capacity(words.len());
    for (at, letter) in words.char_indices() {
        let rest = &words[at + letter.len_utf8()..];
        match letter {
            '<' if rest.starts_with(|next: char| next.is_ascii_alphabetic() || "/!?".contains(next)) => written.push_str("&lt;"),
            '&' if is_entity(rest) => written.push_str("&amp;"),
            letter => written.push(letter),
        }
    }
    written
}

/// What follows an ampersand makes an entity of it.
fn is_entity(rest: &str) -> bool {
    const MAX_ENTITY_BYTES: usize = 32;
    let name = rest.bytes().take(MAX_ENTITY_BYTES).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
    name > 0 && rest.as_bytes().get(name) == Some(&b';')
}

/// What is read, without the mark of UTF-8 that it may begin with: neither JSON nor a table's first column may hold it.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

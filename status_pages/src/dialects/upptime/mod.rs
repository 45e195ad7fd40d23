//! Upptime: a monitor that keeps what it saw in a repository. Three of its files are read, each for what it can say:
//!
//! - the table of its commits (`commits`): when each site went down and came up, to the second. An incident is a run of trouble;
//! - `history/summary.json` (`state`): on which days each site was down, and which are down now. An incident is a site and a day;
//! - `history/SLUG.yml` (`state`): how one site is now. An incident is a site and the day on which it was seen down.
//!
//! The last two cannot tell when an outage began: `startTime` is when monitoring began, and `lastUpdated` when the file was written
//! last. An id that must name an outage can therefore only be made of the day; nothing is said about the hour. Read a page in one
//! form: the ids of the table are finer.
//!
//! Every site is a service of its own, under Upptime's own slug. Down is `major` and not `critical`: one monitor got no (or the wrong)
//! answer, and nobody said that all is lost. Degraded, a slow answer, is `minor`.

mod commits;
mod slug;
mod state;

use dateline_events::Severity;

use crate::observation::{Nature, Observation, SeenIncident, Unreadable};

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;

/// Reads a page: a table of commits, `summary.json` or `SLUG.yml`. `name` is the file's name.
pub fn parse(bytes: &[u8], name: &str) -> Result<Observation, Unreadable> {
    let fault = |why: String| Unreadable(format!("not a file of Upptime's: {why}"));
    if bytes.len() > MAX_FILE_BYTES {
        return Err(fault(format!("{} bytes; a file has at most {MAX_FILE_BYTES}", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| fault(error.to_string()))?;
    let first_line = text.lines().next().unwrap_or_default();
    if text.trim_start().starts_with(['[', '{']) {
        return state::summary(text).map_err(fault);
    }
    if first_line.contains('\t') {
        return commits::table(text).map_err(fault);
    }
    state::site(text, name).map_err(fault)
}

/// How a site is, in Upptime's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Up,
    Degraded,
    Down,
}

impl State {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "up" => Self::Up,
            "degraded" => Self::Degraded,
            "down" => Self::Down,
            _ => return None,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    fn severity(self) -> Option<Severity> {
        match self {
            Self::Up => None,
            Self::Degraded => Some(Severity::Minor),
            Self::Down => Some(Severity::Major),
        }
    }

    /// The headline that Upptime gives to an issue about it.
    fn headline(self, site: &str) -> String {
        match self {
            Self::Degraded => format!("{site} has degraded performance"),
            Self::Up | Self::Down => format!("{site} is {}", self.word()),
        }
    }
}

/// Trouble of one site.
fn trouble(id: String, slug: &str, site: &str, worst: State) -> SeenIncident {
    let mut incident = SeenIncident::new(id);
    incident.nature = Some(Nature::Outage);
    incident.name = Some(worst.headline(site));
    incident.severity = worst.severity();
    incident.severity_word = Some(worst.word().to_owned());
    incident.service = Some((slug.to_owned(), site.to_owned()));
    incident
}

//! What the lines under a title are made of; the words are the languages'.

use super::source_edit::SourceEdit;
use crate::model::Inferred;
use crate::rows::Nature;

/// What the lines under the title are made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Summary {
    pub(super) nature: Option<Nature>,
    pub(super) restored_state: bool,
    /// True while nothing but counts of reports is known: nothing failed that could be restored.
    pub(super) reports_only: bool,
    /// When the reports subsided, and who says so, where that is the last word on them.
    pub(super) subsided: Option<(String, Says)>,
    /// The services that were over later than the one that it began with: each by name, when, and who says so.
    pub(super) later_back: Vec<(String, String, Says)>,
    /// The services that are not over, where the one that it began with is.
    pub(super) still_down: Option<Vec<String>>,
    /// Where no restoration is told: what may have been told of one.
    pub(super) unrestored: Unrestored,
    pub(super) has_entries: bool,
    pub(super) first_seen: Option<FirstSeen>,
    /// When the vendor admitted it, and whether nobody published the hour.
    pub(super) acknowledged: Option<(String, Says, bool)>,
    /// When it was over, who says so, and how that was inferred.
    pub(super) restored: Option<(String, Says, Option<Inferred>)>,
    /// True where that is a time to which something can be dated.
    pub(super) is_end_a_point: bool,
    /// What was changed silently of the times and ratings that are told, in the order in which it was.
    pub(super) edits: Vec<SourceEdit>,
    /// Who says that it was unstable at first.
    pub(super) unstable: Option<Says>,
    /// How long it lasted, by the milestones.
    pub(super) lasted_in_all: Option<String>,
    /// How long at least and at most; where one length alone is named, who names it.
    pub(super) lasted: Option<(String, Option<String>, Says)>,
    /// The words, whose they are, and where they stand.
    pub(super) cause: Option<(String, Option<String>, Says)>,
    pub(super) services: Vec<String>,
    pub(super) vendor: Option<String>,
    pub(super) siblings: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) window: Option<(String, Says)>,
    /// Who opened it, where no time is told whose speaker could be named.
    pub(super) opened_by: Option<Says>,
}

/// Why no restoration is told.
#[derive(Debug, Clone, Default)]
pub(super) enum Unrestored {
    /// Nobody reports one.
    #[default]
    NotReported,
    /// One may have happened by the instant that is asked about.
    Possible,
    /// None was certainly published by then; one may have been.
    NotCertainlyPublished { by: String },
}

impl Summary {
    /// Whose the services are, where that says more than their names do.
    pub(super) fn owner(&self) -> Option<&String> {
        self.vendor.as_ref().filter(|vendor| !self.siblings.is_empty() || !matches!(self.services.as_slice(), [only] if only == *vendor))
    }
}

/// When it was first seen.
#[derive(Debug, Clone)]
pub(super) enum FirstSeen {
    /// Somebody reported it then: users, a monitor, the press.
    Reported { time: String, by: Says },
    /// It was told of then.
    ToldOf { time: String, by: Says },
    /// A monitor asked then, and was not answered.
    Probed { time: String, by: Says },
    /// The vendor dates the start itself, to a point or only by bounds, and posted on it first then.
    Dated { time: String, is_point: bool, by: Says, posted: Option<String> },
}

/// Who says a claim of the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// The vendor itself, by this name: where the line names it already, nobody else need be named.
    Vendor(String),
    /// These, whom it is counted by.
    Sources(Vec<String>),
    /// Only its publisher; and whom that one names, if anybody.
    Publisher { publisher: String, named: Option<String> },
}

impl Says {
    /// Whom it rests on, by their names; a publisher in its language's own words.
    pub(super) fn named(&self, according_to: fn(&str) -> String) -> Option<String> {
        match self {
            Self::Vendor(vendor) => Some(vendor.clone()),
            Self::Sources(sources) => Some(sources.join(", ")).filter(|sources| !sources.is_empty()),
            Self::Publisher { publisher, named: Some(named) } => Some(format!("{named}, {}", according_to(publisher))),
            Self::Publisher { publisher, named: None } => Some(according_to(publisher)),
        }
    }

    /// The same as a sentence of its own: according to whom it is told at all.
    pub(super) fn according_to(&self, according_to: fn(&str) -> String) -> Option<String> {
        match self {
            Self::Vendor(vendor) => Some(according_to(vendor)),
            Self::Sources(_) => self.named(according_to).map(|named| according_to(&named)),
            Self::Publisher { .. } => self.named(according_to),
        }
    }
}

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
    /// The services of which nobody says that they are over, where somebody says it of another.
    pub(super) still_open: Vec<String>,
    /// The regions of which nobody says so, where somebody says it of the one that it began in.
    pub(super) open_regions: Vec<String>,
    /// That one, where there are such.
    pub(super) lasted_in: Option<String>,
    /// Where no restoration is told: what may have been told of one.
    pub(super) unrestored: Unrestored,
    pub(super) has_entries: bool,
    pub(super) first_seen: Option<FirstSeen>,
    /// When the vendor admitted it, and whether nobody published the hour.
    pub(super) acknowledged: Option<(String, Says, bool)>,
    /// Where nobody admitted it of the service that it began with: who did of another.
    pub(super) acknowledged_of: Option<AcknowledgedOf>,
    /// When its services were over.
    pub(super) ends: Vec<End>,
    /// The ends that did not last: each with when the vendor said so, and who that is.
    pub(super) reopened: Vec<(End, String, Says)>,
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
    /// True where others state another cause.
    pub(super) has_other_causes: bool,
    /// Whose the service is that it began with.
    pub(super) owner: Option<String>,
    pub(super) services: Vec<Owned>,
    pub(super) regions: Vec<String>,
    pub(super) window: Option<(String, Says)>,
    /// Who opened it, where no time is told whose speaker could be named.
    pub(super) opened_by: Option<Says>,
}

/// When services were over, and who says so.
#[derive(Debug, Clone)]
pub(super) struct End {
    /// True where the service that it began with is one of them.
    pub(super) is_opening: bool,
    /// The services, where there are several.
    pub(super) services: Vec<String>,
    /// The region, where it is not over in every one.
    pub(super) region: Option<String>,
    pub(super) time: String,
    /// True where that is a time to which something can be dated.
    pub(super) is_point: bool,
    pub(super) by: Says,
    /// How it was inferred, where nobody said it.
    pub(super) inferred: Option<Inferred>,
}

/// When the vendor of one service of several admitted it.
#[derive(Debug, Clone)]
pub(super) struct AcknowledgedOf {
    pub(super) service: String,
    pub(super) vendor: Option<String>,
    pub(super) time: String,
    pub(super) by: Says,
}

/// Services of one vendor.
#[derive(Debug, Clone)]
pub(super) struct Owned {
    pub(super) names: Vec<String>,
    pub(super) vendor: Option<String>,
    /// What else is the vendor's.
    pub(super) siblings: Vec<String>,
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

impl Owned {
    /// Whose they are, where that says more than their names do.
    pub(super) fn owner(&self) -> Option<&String> {
        self.vendor.as_ref().filter(|vendor| !self.siblings.is_empty() || !matches!(self.names.as_slice(), [only] if only == *vendor))
    }
}

/// When it was first seen.
#[derive(Debug, Clone)]
pub(super) enum FirstSeen {
    /// Somebody reported it then: users, a monitor, the press.
    Reported { time: String, by: Says },
    /// It was told of then.
    ToldOf { time: String, by: Says },
    /// A monitor asked then, and was not answered, or slowly.
    Probed { time: String, is_slow: bool, by: Says },
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

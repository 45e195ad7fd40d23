//! What a reader asks of the views and what it is told: plain data, the same for every engine.

use dateline_events::{Instant, Position};
use dateline_timelines::rows::{EventRow, IncidentNumber, Nature};

use crate::views::{ViewsError, limited};

/// The most rows that one call of a reading verb answers.
pub const MAX_LISTED_ROWS: usize = 1_001;

/// The most values in one filter of a list; what is beyond is refused.
pub const MAX_FILTER_VALUES: usize = 1_000;

/// What a list is narrowed to. A filter that is None does not narrow; those given must all hold. A set that is given and empty is met by
/// nothing: it finds nothing, whoever emptied it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// As of this position: the latest version of each group with `since` up to it.
    pub as_of: Position,
    /// Outages, maintenance or registered services.
    pub nature: Nature,
    /// It concerns any of these services (slugs).
    pub services: Option<Vec<String>>,
    /// The vendor of a registered service (slug); only registry rows carry one.
    pub vendor: Option<String>,
    /// It touches this region.
    pub region: Option<String>,
    /// It shows this symptom.
    pub symptom: Option<String>,
    /// It is in any of these states.
    pub states: Option<Vec<String>>,
    /// It was not over at this time.
    pub from: Option<Instant>,
    /// It had started before this time.
    pub to: Option<Instant>,
    /// Each of these stands in its words; compared in lower case. None of them asks for nothing.
    pub words: Vec<String>,
    /// It has one of these ids.
    pub ids: Option<Vec<String>>,
    /// How the rows are sorted.
    pub order: Order,
    /// Only what comes after this place in that order: `started` and `group` of the last row of the page before.
    pub after: Option<(Option<Instant>, IncidentNumber)>,
    /// At most this many rows; [`MAX_LISTED_ROWS`] is the most.
    pub limit: usize,
}

impl ListQuery {
    /// The latest of one nature, as of a position, without a filter.
    pub fn new(nature: Nature, as_of: Position, limit: usize) -> Self {
        Self {
            as_of,
            nature,
            services: None,
            vendor: None,
            region: None,
            symptom: None,
            states: None,
            from: None,
            to: None,
            words: Vec::new(),
            ids: None,
            order: Order::LatestFirst,
            after: None,
            limit,
        }
    }

    /// The limits of a query.
    pub(crate) fn check(&self) -> Result<(), ViewsError> {
        limited("rows", self.limit, MAX_LISTED_ROWS)?;
        for (what, values) in [("services", self.services.as_ref()), ("states", self.states.as_ref()), ("ids", self.ids.as_ref())] {
            limited(what, values.map_or(0, Vec::len), MAX_FILTER_VALUES)?;
        }
        limited("words", self.words.len(), MAX_FILTER_VALUES)
    }

    /// True where a set is given and empty: nothing can be in it.
    pub(crate) fn finds_nothing(&self) -> bool {
        [&self.services, &self.states, &self.ids].into_iter().flatten().any(Vec::is_empty)
    }

    /// The service, where it is exactly one.
    pub(crate) fn one_service(&self) -> Option<&str> {
        match self.services.as_deref() {
            Some([service]) => Some(service),
            _ => None,
        }
    }
}

/// How a list is sorted: by `started`, then by the group's number in the same direction. What has no start counts as the earliest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// What started last comes first.
    LatestFirst,
    /// What started first comes first.
    EarliestFirst,
}

/// One group of merged incidents (or one incident alone) with its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's number: the lowest of its members.
    pub number: IncidentNumber,
    /// Its members, ascending.
    pub members: Vec<IncidentNumber>,
    /// The members' ids, in the same order.
    pub ids: Vec<String>,
    /// Its events in order of position, each once, with the position that attached it.
    pub events: Vec<(EventRow, Position)>,
}

/// A group as the projector needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// Its incidents, ascending, each with its id.
    pub ids: Vec<(IncidentNumber, String)>,
    /// Its events: the incident that holds it, the position that attached it, and the row; one that two hold stands twice.
    pub events: Vec<(IncidentNumber, Position, EventRow)>,
}

/// Events that a reader looks for because something is the matter with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventState {
    /// It could not be read.
    Poison,
    /// It waits: no incident holds it now.
    Unattached,
}

/// What one position changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The position.
    pub position: Position,
    /// The groups that it changed, as they were then: number and id, ascending.
    pub incidents: Vec<(IncidentNumber, String)>,
}

//! Why an event that was accepted stands in no incident, and what would bring it into one.

use dateline_events::{Event, Kind};

use super::{named_by, overlap_bounds};

/// Why an event is attached to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unattached {
    /// It names an incident that there is not.
    NamesUnknownIncident,
    /// It is about, or told in relation to, an event that there is not, or that is attached to nothing itself.
    NamesUnknownEvent,
    /// Nobody said when, not even by a bound.
    NoBound,
    /// It is background, and no incident is named by it or lies near its time.
    BackgroundWithoutIncident,
    /// No incident of its services lies near its time.
    NoIncidentNear,
}

impl Unattached {
    /// Of an event that is attached to nothing: why not.
    pub fn of(event: &Event) -> Self {
        if event.incidentid.is_some() && !event.kind.is_act() {
            Self::NamesUnknownIncident
        } else if event.kind.is_act() || (overlap_bounds(event).is_none() && !named_by(event).is_empty()) {
            Self::NamesUnknownEvent
        } else if matches!(event.kind, Kind::ContextAdded(_)) {
            Self::BackgroundWithoutIncident
        } else if overlap_bounds(event).is_none() {
            Self::NoBound
        } else {
            Self::NoIncidentNear
        }
    }

    /// Its name, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NamesUnknownIncident => "names_unknown_incident",
            Self::NamesUnknownEvent => "names_unknown_event",
            Self::NoBound => "no_bound",
            Self::BackgroundWithoutIncident => "background_without_incident",
            Self::NoIncidentNear => "no_incident_near",
        }
    }
}

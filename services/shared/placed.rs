//! Where the views put an event: into an incident, or nowhere, and why. Publishers ask for it with `Prefer: wait=SECONDS, until=placed`; with
//! `until=sealed` they ask for the proof that it is in the signed log.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use dateline_backends::{Views, ViewsError};
use dateline_events::{Event, Position};
use dateline_timelines::correlate::Unattached;
use dateline_timelines::rows::{EventRow, Nature};
use serde::Serialize;

/// What a request prefers (RFC 7240).
pub const PREFER: HeaderName = HeaderName::from_static("prefer");
/// Which of it was followed.
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Nobody is waited for longer, in seconds.
pub const PLACED_WAIT_MAX_S: u64 = 30;

/// Where an event is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Placed {
    /// In the incident with this id.
    Incident(String),
    /// Among what is registered of this service.
    Service(String),
    /// In no incident, for this reason.
    Unattached(&'static str),
}

/// Why an event is attached to nothing, and what would attach it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Reason {
    /// The reason's name.
    pub reason: &'static str,
    /// What it means, and what to do.
    pub detail: &'static str,
}

impl Reason {
    /// Of a row that no incident holds; None where it is no event that could be held.
    pub fn of(row: &EventRow) -> Option<Self> {
        let bytes = row.bytes.as_deref().filter(|_| row.problem.is_none())?;
        let why = Unattached::of(&Event::read(bytes).ok()?);
        let detail = match why {
            Unattached::NamesUnknownIncident => {
                "no incident has the id that it names; it joins once there is one, or once a correction gives it another incidentid"
            }
            Unattached::NamesUnknownEvent => {
                "the event that it names was not published, or is in no incident itself; it joins once that one is. Look at the source and id that it names"
            }
            Unattached::NoBound => {
                "nobody said when, not even by a bound: give occurred a bound (before, after, within), name an event that it follows, or name its incident by incidentid"
            }
            Unattached::BackgroundWithoutIncident => {
                "background joins the incident that it names: give it an incidentid, or a time near that incident"
            }
            Unattached::NoIncidentNear => {
                "no incident of its services lies near its time; it joins once one opens there, or once a correction gives it the incidentid of one"
            }
        };
        Some(Self { reason: why.as_str(), detail })
    }
}

/// What somebody wants to be told of what was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Where the views put it.
    Placed,
    /// That it is in the signed log.
    Sealed,
}

impl Until {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Sealed => "sealed",
        }
    }
}

/// What somebody wants to be told, and how long at most they wait for that; None: nobody asked for anything.
pub fn wanted(headers: &HeaderMap) -> Option<(Until, Duration)> {
    let preferences = || headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split([',', ';']));
    let named = |name: &str| {
        let mut values = preferences().filter_map(|preference| preference.split_once('='));
        values.find(|(own, _)| own.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().trim_matches('"').to_owned())
    };
    let until = named("until")?;
    let until = [Until::Placed, Until::Sealed].into_iter().find(|known| until.eq_ignore_ascii_case(known.as_str()))?;
    let seconds = named("wait").and_then(|seconds| seconds.parse::<u64>().ok()).unwrap_or(PLACED_WAIT_MAX_S);
    Some((until, Duration::from_secs(seconds.min(PLACED_WAIT_MAX_S))))
}

/// Where an event is; None where the views have not read it, or cannot show it.
pub async fn placed(views: &Views, position: Position) -> Result<Option<Placed>, ViewsError> {
    let Some((row, incidents)) = views.event(position).await?.value else { return Ok(None) };
    let Some(incident) = incidents.first() else {
        return Ok(Reason::of(&row).map(|why| Placed::Unattached(why.reason)));
    };
    let summary = views.latest_summary(*incident, Position::MAX >> 1).await?.value;
    Ok(summary.map(|summary| if summary.nature == Nature::Registry { Placed::Service(row.subject) } else { Placed::Incident(summary.id) }))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn preferences_are_read_as_rfc_7240_writes_them() {
        let asked = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(PREFER, HeaderValue::from_static(line));
            }
            wanted(&headers).map(|(until, wait)| (until.as_str(), wait.as_secs()))
        };
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&["wait=5"]), None);
        assert_eq!(asked(&["wait=5, until=placed"]), Some(("placed", 5)));
        assert_eq!(asked(&["respond-async", "Until=\"placed\"", "WAIT = 7"]), Some(("placed", 7)));
        assert_eq!(asked(&["until=placed"]), Some(("placed", PLACED_WAIT_MAX_S)));
        assert_eq!(asked(&["wait=86400; until=placed"]), Some(("placed", PLACED_WAIT_MAX_S)));
        assert_eq!(asked(&["wait=soon, until=placed"]), Some(("placed", PLACED_WAIT_MAX_S)));
        assert_eq!(asked(&["wait=1, until=sealed"]), Some(("sealed", 1)));
        assert_eq!(asked(&["wait=1, until=told"]), None);
    }
}

//! Who may say what: a publisher speaks for its own sources and takes back its own words; a desk may touch all.

use axum::http::StatusCode;
use dateline_events::{Event, Kind};

use crate::http::{Caller, Problem};

/// Refuses what the caller may not publish, naming the scope that is missing.
pub fn check(caller: &Caller, event: &Event) -> Result<(), Problem> {
    if !caller.may_publish_as(&event.source) {
        return Err(caller.refuse(&format!("publish:{}", event.source)));
    }
    if caller.is_desk() {
        return Ok(());
    }
    match &event.kind {
        Kind::ClaimWeighed(_) | Kind::IncidentLinked(_) | Kind::IncidentTitled(_) => Err(caller.refuse("edit")),
        Kind::EventCorrected(_) | Kind::EventRetracted(_) => {
            let target = event.kind.target().map(|target| event.resolve(target).0);
            match target.filter(|source| !caller.may_publish_as(source)) {
                None => Ok(()),
                Some(source) => {
                    let detail = format!(
                        "an API key corrects or retracts only what it may publish itself; {source} is not covered; a desk needs the scope edit"
                    );
                    Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail))
                }
            }
        }
        _ => Ok(()),
    }
}

//! Parameters of a query: unknown ones are named, not ignored; positions, instants and the wait for one's own writes.

use std::time::Duration;

use axum::extract::Query;
use axum::http::Uri;
use dateline_backends::{Views, ViewsError};
use dateline_events::{Instant, Moment, Position};
use serde::de::DeserializeOwned;

use super::{Problem, reads};

/// So long a read waits for `min_position` when it does not say how long, in milliseconds.
const WAIT_DEFAULT_MS: u64 = 5_000;

/// So long it waits at most, in milliseconds.
const WAIT_MAX_MS: u64 = 30_000;

/// While it waits it looks this often, in milliseconds, in case another process writes the views.
const LOOK_AGAIN_MS: u64 = 50;

/// The parameters of a read that is narrowed by nothing: how far the views must have read.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Waiting {
    /// The views must have read up to this position.
    pub min_position: Option<Position>,
    /// How long to wait for it, in milliseconds.
    pub wait_ms: Option<u64>,
}

/// Reads the query of a request; a fault names the parameter.
pub fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    Query::<T>::try_from_uri(uri).map(|Query(parameters)| parameters).map_err(|rejection| {
        let detail = rejection.body_text();
        let detail = detail.strip_prefix("Failed to deserialize query string: ").unwrap_or(&detail).replace("unknown field", "unknown parameter");
        Problem::invalid_parameter(detail)
    })
}

/// A point on an axis: RFC 3339, or RFC 9557 as in events. A day means its end: "as known on that day".
pub fn instant(name: &str, text: &str) -> Result<Instant, Problem> {
    // A plus sign in a query is a space to most clients; no moment has one.
    let text = text.replace(' ', "+");
    let parsed = Instant::parse(&text).map(Ok).or_else(|| Moment::parse(&text).ok().map(|moment| Ok(moment_point(&moment))));
    parsed.unwrap_or_else(|| {
        Err(Problem::invalid_parameter(format!(
            "{name}: \"{text}\" is no time; expected one such as 2022-10-25T14:45+05:30, 2022-10-25T09:15:00Z or 2022-10-25[Asia/Kolkata]"
        )))
    })
}

fn moment_point(moment: &Moment) -> Instant {
    // Written to the minute, 14:45 is the instant 14:45:00; a day is over when it ends.
    if moment.zone().is_some() && !moment.text.contains('T') { moment.end() } else { moment.start() }
}

/// Waits until the views have read up to `min_position`; says so if they have not in time.
pub async fn wait_for(views: &Views, min_position: Option<Position>, wait_ms: Option<u64>) -> Result<(), Problem> {
    let Some(wanted) = min_position else { return Ok(()) };
    let wait = Duration::from_millis(wait_ms.unwrap_or(WAIT_DEFAULT_MS).min(WAIT_MAX_MS));
    if views.watch_reached().borrow().position >= wanted {
        return Ok(());
    }
    match reads::aside(until_read(views, wanted, wait)).await?? {
        true => Ok(()),
        false => {
            let position = views.reached().await?.position;
            let detail = format!("the views stand at {position} and did not reach {wanted} within {} ms; ask again a little later", wait.as_millis());
            Err(Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "not-caught-up", "The views have not read so far yet", detail)
                .with("position", position)
                .header(axum::http::header::RETRY_AFTER, axum::http::HeaderValue::from_static("1")))
        }
    }
}

/// Waits until the views have read up to a position; false where the time ran out first.
pub async fn until_read(views: &Views, wanted: Position, within: Duration) -> Result<bool, ViewsError> {
    let mut watch = views.watch_reached();
    let read = async {
        while watch.borrow_and_update().position < wanted && views.reached().await?.position < wanted {
            let _ = tokio::time::timeout(Duration::from_millis(LOOK_AGAIN_MS), watch.changed()).await;
        }
        Ok(true)
    };
    tokio::time::timeout(within, read).await.unwrap_or(Ok(false))
}

/// The words to search for, in lower case. Letters that NFC writes as two (য়, ড়, ঢ় and their kin in Devanagari) are sent as one by
/// many keyboards; events have them in NFC.
pub fn words(text: &str) -> Vec<String> {
    const BENGALI: [(char, char); 3] = [('\u{9dc}', '\u{9a1}'), ('\u{9dd}', '\u{9a2}'), ('\u{9df}', '\u{9af}')];
    const DEVANAGARI: &str = "\u{915}\u{916}\u{917}\u{91c}\u{921}\u{922}\u{92b}\u{92f}";
    let mut plain = String::new();
    for letter in text.to_lowercase().chars() {
        let bengali = BENGALI.iter().find(|(one, _)| *one == letter).map(|(_, base)| [*base, '\u{9bc}']);
        let devanagari = ('\u{958}'..='\u{95f}').zip(DEVANAGARI.chars()).find(|(one, _)| *one == letter).map(|(_, base)| [base, '\u{93c}']);
        match bengali.or(devanagari) {
            Some(two) => plain.extend(two),
            None => plain.push(letter),
        }
    }
    plain.split_whitespace().map(ToOwned::to_owned).collect()
}

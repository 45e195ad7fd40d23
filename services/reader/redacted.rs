//! What is answered of a text that was destroyed: 410, with who says so, the leaf that stays in the signed log, and where both receipts are.

use axum::http::StatusCode;
use dateline_backends::REDACTION_SOURCE;
use dateline_events::kinds::EventRedacted;
use dateline_events::{Event, EventKey, Kind};
use dateline_timelines::rows::EventRow;
use serde_json::json;

use super::Reader;
use crate::shared::http::Problem;

/// The problem that says what became of a position whose row is a tombstone; the incidents are those that hold it.
///
/// # Errors
/// When the views fail, or the redaction cannot be read again.
pub async fn gone(reader: &Reader, row: &EventRow, incidents: &[String]) -> Result<Problem, Problem> {
    let position = row.position;
    let unreadable =
        || Problem::internal(format!("the redaction of position {position} cannot be read again; `dateline rebuild` makes the views anew"));
    let event = row.bytes.as_deref().and_then(|bytes| Event::read(bytes).ok()).ok_or_else(unreadable)?;
    let Kind::EventRedacted(EventRedacted { leaf, ground, authority, .. }) = event.kind else { return Err(unreadable()) };
    // A half-done redaction may have been read by its tombstone before the views came to it.
    let key = EventKey::of(REDACTION_SOURCE, &position.to_string());
    let by = reader.timelines.views.event_by_key(key).await?.value.map(|(row, _)| row);
    let place = by.as_ref().map_or_else(|| "a later position".to_owned(), |by| format!("position {}", by.position));
    let detail = format!("the text at position {position} was destroyed; {place} of the ledger says so, and why");
    let problem = Problem::new(StatusCode::GONE, "redacted", "The text was destroyed", detail)
        .with("position", position)
        .with("recorded", row.recorded.with_six_digits())
        .with("key", row.key.to_string())
        .with("leaf", leaf)
        .with("incidents", incidents.to_vec())
        .with("receipt", format!("/v1/events/{position}/receipt"));
    let Some(by) = by else { return Ok(problem) };
    let redaction = json!({
        "position": by.position,
        "recorded": by.recorded.with_six_digits(),
        "ground": ground,
        "authority": authority,
        "event": format!("/v1/events/{}", by.position),
        "receipt": format!("/v1/events/{}/receipt", by.position),
    });
    Ok(problem.with("redaction", redaction))
}

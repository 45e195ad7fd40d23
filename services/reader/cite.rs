//! `GET /v1/incidents/{id}/cite`: a text to cite an incident by. It names what is cited as of a position, and the signed log that holds the
//! record up to there: whoever has it finds out later whether the record is still the same.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use dateline_events::Position;
use dateline_timelines::stretch::Stretch;

use super::listed::CHECKPOINT;
use super::timeline::{self, moved};
use super::{Reader, incidents};
use crate::shared::http::{Problem, parameters};

pub async fn one(State(reader): State<Reader>, Path(id): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: timeline::Parameters = parameters::read(&uri)?;
    let found = timeline::look(&reader, &id, &parameters, &headers).await?;
    if found.asked.by_id && found.asked.id != id {
        return Ok(moved(&format!("/v1/incidents/{}/cite", found.asked.id), &uri));
    }
    let story = incidents::in_short(&reader, &found).await?;
    let title = timeline::told(&story, found.lang, Stretch { from: 0, until: 0, of: 0 }, &parameters)?.title;
    let position = found.asked.position;
    let recorded = reader.timelines.ledger().get(position).await?.map(|record| record.recorded.with_six_digits());
    let mut lines = vec![
        ("Title", title),
        ("Page", format!("/incidents/{}?as_of={position}", found.asked.id)),
        ("Position", position.to_string()),
        ("Recorded", recorded.unwrap_or_default()),
    ];
    lines.extend(sealed(&reader, position).await?);
    let text: String = lines.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], text).into_response())
}

/// What the signed log says of a position; nothing where it has not sealed so far, or where this reader has none.
async fn sealed(reader: &Reader, position: Position) -> Result<Vec<(&'static str, String)>, Problem> {
    let Some(log) = &reader.log else { return Ok(Vec::new()) };
    let Some(sealed) = log.sealed().await?.filter(|sealed| sealed.checkpoint.size() >= position) else { return Ok(Vec::new()) };
    let checkpoint = &sealed.checkpoint;
    Ok(vec![
        ("Log", checkpoint.origin().to_owned()),
        ("Size", checkpoint.size().to_string()),
        ("Root", checkpoint.root().to_string()),
        ("Checkpoint", CHECKPOINT.to_owned()),
        ("Receipt", format!("/v1/events/{position}/receipt")),
    ])
}

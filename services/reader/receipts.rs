//! `GET /v1/events/{position}/receipt`: the proof that an event is in the signed log (C2SP tlog-proof), with the salt that opens its leaf.
//! Whoever holds it, the event and the log's key checks it without asking anybody.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dateline_events::Position;

use super::Reader;
use crate::shared::http::Problem;

/// What is not sealed yet is sealed within about so long, in seconds.
const SEALED_WITHIN_S: u16 = 1;

pub async fn one(State(reader): State<Reader>, Path(position): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let position: Position =
        position.parse().map_err(|_| Problem::invalid_parameter(format!("\"{position}\" is no position; expected 1, 2, 3 …")))?;
    let Some(log) = &reader.log else {
        return Err(Problem::not_found("this reader has no signed log: ask the server that runs the notary"));
    };
    let ledger = reader.timelines.ledger();
    let Some(receipt) = log.receipt(ledger, position).await? else { return Err(unsealed(position, ledger.head().await?.position)) };
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, receipt.to_string()).into_response())
}

fn unsealed(position: Position, head: Position) -> Problem {
    if position == 0 || position > head {
        return Problem::not_found(format!("the ledger ends at position {head}; there is no position {position} yet"));
    }
    let detail = format!("position {position} is stored and not sealed yet: the notary seals within about a second; ask again");
    Problem::new(StatusCode::NOT_FOUND, "not-sealed", "Not sealed yet", detail).retry(SEALED_WITHIN_S)
}

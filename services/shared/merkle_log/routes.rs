//! `/log/checkpoint` and `/log/tile/…`: the log as C2SP tlog-tiles lays it out. Full tiles never change and may be kept for ever; a
//! checkpoint is asked for anew each time. The public key is not among them: whoever checks a log knows it from elsewhere.

use std::io::Write as _;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dateline_proofs::{TileAddress, TileContent};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{LogError, MerkleLog};
use crate::shared::http::accept::takes_gzip;
use crate::shared::http::{Gate, Problem};

/// What can be kept for ever, in seconds: a year is what caches take for that.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A partial tile is right for ever too, but nobody asks for it again once the tree has grown.
const FOR_A_WHILE: &str = "public, max-age=60";

#[derive(Clone)]
struct Serving {
    log: MerkleLog,
    gate: Gate,
}

/// The log's routes, for whoever may read.
pub fn routes(log: MerkleLog, gate: Gate) -> Router {
    let router = Router::new().route("/log/checkpoint", get(checkpoint)).route("/log/tile/{*path}", get(tile));
    router.with_state(Serving { log, gate })
}

async fn checkpoint(State(serving): State<Serving>, headers: HeaderMap) -> Result<Response, Problem> {
    serving.gate.reader(&headers).await?;
    let sealed = serving.log.sealed().await?.ok_or_else(unsealed)?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, sealed.note.to_string()).into_response())
}

async fn tile(State(serving): State<Serving>, Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    serving.gate.reader(&headers).await?;
    let address: TileAddress = format!("tile/{path}").parse().map_err(|error: dateline_proofs::TileError| Problem::not_found(error.to_string()))?;
    let sealed = serving.log.sealed().await?.ok_or_else(unsealed)?;
    let Some(bytes) = serving.log.bytes(&sealed, address).await? else {
        let size = sealed.checkpoint.size();
        return Err(Problem::not_found(format!("{address} is not in the sealed tree, which has {size} leaves")));
    };
    let is_packed = address.content() == TileContent::Entries && takes_gzip(&headers);
    let bytes = if is_packed { packed(&bytes).map_err(|error| Problem::internal(error.to_string()))? } else { bytes };
    let mut response = Response::new(Body::from(Bytes::from(bytes)));
    let answered = response.headers_mut();
    answered.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static(if address.is_partial() { FOR_A_WHILE } else { FOR_EVER }));
    answered.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answered.insert(header::VARY, HeaderValue::from_static("accept-encoding, authorization"));
    if is_packed {
        answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

fn packed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn unsealed() -> Problem {
    Problem::not_found("nothing was sealed yet: the notary seals within about a second of the first event (`dateline notary`, or `dateline serve`)")
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        let detail = error.to_string();
        tracing::error!(%detail, "the sealed log cannot answer");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "log-unavailable", "The sealed log cannot answer", detail).retry(5)
    }
}

//! What every answer carries: how far it is true, the ledger's head, and an ETag; and the 304 where nothing changed.

use std::io::Write as _;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use dateline_events::Position;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::shared::http::Problem;

/// How far an answer is true.
pub const POSITION: HeaderName = HeaderName::from_static("dateline-position");
/// The ledger's last position.
pub const HEAD: HeaderName = HeaderName::from_static("dateline-head");

/// How an answer stands to the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// How far it is true.
    pub position: Position,
    /// The ledger's last position.
    pub head: Position,
}

/// An answer with its standing, and with an ETag if it has one; 304 where the reader has it already.
pub fn answer(request: &HeaderMap, standing: Standing, etag: Option<&str>, media_type: &'static str, body: Bytes) -> Response {
    let known = etag.is_some_and(|etag| matches_etag(request, etag));
    let mut response = Response::new(if known { Body::empty() } else { Body::from(body) });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding, accept-language, authorization"));
    // A reader may keep an answer, but must ask each time whether it still holds.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    stand(headers, standing);
    if let Some(value) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
        headers.insert(header::ETAG, value);
    }
    response
}

/// Says in headers how far an answer is true.
pub fn stand(headers: &mut HeaderMap, standing: Standing) {
    headers.insert(POSITION, HeaderValue::from(standing.position));
    headers.insert(HEAD, HeaderValue::from(standing.head));
}

/// `If-None-Match`, compared weakly as RFC 9110 asks.
pub fn matches_etag(request: &HeaderMap, etag: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || plain(tag) == plain(etag))
}

/// A smaller answer is not worth packing, in bytes.
const PACKED_BYTES_MIN: usize = 1_024;

/// Whether an answer may be sent packed: it is text, large enough, and no strong ETag names its very bytes (RFC 9110, section 8.8.1).
pub fn is_packable(headers: &HeaderMap, bytes: usize) -> bool {
    let starts = |name: HeaderName, beginning: &[u8]| headers.get(name).map(|value| value.as_bytes().starts_with(beginning));
    let is_text = [&b"application/json"[..], b"text/"].into_iter().any(|beginning| starts(header::CONTENT_TYPE, beginning) == Some(true));
    is_text && bytes >= PACKED_BYTES_MIN && starts(header::ETAG, b"W/") != Some(false)
}

/// An answer's body as gzip: the same bytes for the same body.
pub fn packed(body: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::default());
    encoder.write_all(body)?;
    encoder.finish().map(Bytes::from)
}

/// A form as JSON.
///
/// # Errors
/// When it has a member that JSON cannot name.
pub fn written(form: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(form).map(Bytes::from).map_err(|error| Problem::internal(format!("an answer cannot be written: {error}")))
}

//! Bodies that come packed (`Content-Encoding`, RFC 9110, section 8.4): gzip is unpacked within the limit of the body, whatever the
//! packed bytes promise; nothing else is taken.

use std::io::Read;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use flate2::read::MultiGzDecoder;

use super::{Problem, Received};

/// Unpacked so many bytes at a time.
const PIECE_BYTES: usize = 16 * 1024;

/// The body as it was before it was packed; at most `bytes_max` of it, and charged like what arrived.
pub async fn unpacked(headers: &HeaderMap, received: Received, bytes_max: usize) -> Result<Received, Problem> {
    let codings: Vec<String> = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .map(|coding| String::from_utf8_lossy(coding.as_bytes()).trim().to_ascii_lowercase())
        .collect();
    match codings.join(", ").as_str() {
        "" | "identity" => Ok(received),
        "gzip" | "x-gzip" => gunzipped(received, bytes_max).await,
        other => {
            let detail = format!("the content encoding {other:.80?} is not taken here; send gzip, or the body as it is");
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-encoding", "Packed otherwise than is taken here", detail)
                .header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, identity")))
        }
    }
}

async fn gunzipped(received: Received, bytes_max: usize) -> Result<Received, Problem> {
    let Received { bytes: packed, mut room } = received;
    if packed.is_empty() {
        return Err(broken("it is empty"));
    }
    let mut decoder = MultiGzDecoder::new(packed.as_slice());
    let (mut bytes, mut piece) = (Vec::new(), vec![0; PIECE_BYTES]);
    loop {
        let read = decoder.read(&mut piece).map_err(|error| broken(&error.to_string()))?;
        let whole = bytes.len() + read;
        if read == 0 {
            return Ok(Received { bytes, room });
        }
        if whole > bytes_max {
            let detail = format!("unpacked it has more than {bytes_max} bytes; a body has at most so many");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large", detail));
        }
        if whole > bytes.capacity() {
            let wanted = whole.max(bytes.capacity() * 2).min(bytes_max);
            room.grow(wanted - bytes.capacity()).await?;
            bytes.reserve_exact(wanted - bytes.len());
        }
        bytes.extend_from_slice(&piece[..read]);
    }
}

fn broken(why: &str) -> Problem {
    let detail = format!("the body is not gzip, or was cut off: {why}");
    Problem::new(StatusCode::BAD_REQUEST, "body-broken", "The body cannot be unpacked", detail)
}

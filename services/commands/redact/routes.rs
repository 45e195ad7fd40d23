//! `POST /v1/redactions`: for the command on the server's own files alone, by the token that stands beside them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};

use super::{Asked, PATH, RedactError, Redacting, Report};
use crate::shared::http::{Gate, Problem};

/// A try that must wait is worth another after so long, in seconds.
const RETRY_S: u16 = 1;

/// The route.
pub fn routes(redacting: Redacting, gate: Gate) -> Router {
    Router::new().route(PATH, post(redact)).with_state((Arc::new(redacting), gate))
}

async fn redact(
    State((redacting, gate)): State<(Arc<Redacting>, Gate)>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Result<Json<Report>, Problem> {
    gate.operator(&headers)?;
    let asked: Asked =
        serde_json::from_slice(&body).map_err(|error| Problem::invalid_parameter(format!("what is to be redacted cannot be read: {error}")))?;
    // Whoever asked may go away: what was begun is done all the same.
    let done = tokio::spawn(async move { redacting.redact(&asked).await }).await?;
    done.map(Json).map_err(|error| match error {
        RedactError::Refused(detail) => Problem::new(StatusCode::CONFLICT, "not-redacted", "It cannot be redacted", detail),
        RedactError::Waits(detail) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "held", "Not destroyed yet", detail).retry(RETRY_S),
        RedactError::Failed(error) => {
            tracing::error!(error = format!("{error:#}"), "a redaction failed; the same command goes on where it ended");
            Problem::internal(format!("{error:#}; run the same command again, and it goes on from there"))
        }
    })
}

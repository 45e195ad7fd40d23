//! `/health/live` and `/health/ready`: whether the process runs, and whether its doors answer and how far behind the views are.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Reader;

/// Farther behind than this, the views are not called ready, in positions.
const MAX_LAG: u64 = 100_000;

pub async fn live() -> &'static str {
    "live\n"
}

pub async fn ready(State(reader): State<Reader>) -> Response {
    let ledger = reader.desk.ledger.head().await;
    let views = async {
        let serving = reader.desk.views.serving().await?;
        reader.desk.views.cursor(serving).await
    };
    let views = views.await;
    let said = |result: &Result<u64, String>| match result {
        Ok(position) => json!({"ok": true, "position": position}),
        Err(error) => json!({"ok": false, "error": error}),
    };
    let ledger = ledger.map(|head| head.position).map_err(|error| error.to_string());
    let views = views.map_err(|error| error.to_string());
    let lag = match (&ledger, &views) {
        (Ok(head), Ok(cursor)) => Some(head.saturating_sub(*cursor)),
        _ => None,
    };
    let ready = lag.is_some_and(|lag| lag <= MAX_LAG);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(json!({"ready": ready, "ledger": said(&ledger), "views": said(&views), "positions_behind": lag}))).into_response()
}

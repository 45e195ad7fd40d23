//! `/openapi.json`: the contract of the HTTP doors, as committed in `schemas/openapi.json`; a test holds it against the routes.

use axum::http::header;
use axum::response::IntoResponse;

/// The committed document.
pub const DOCUMENT: &str = include_str!("../../schemas/openapi.json");

pub async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/vnd.oai.openapi+json;version=3.1")], DOCUMENT)
}

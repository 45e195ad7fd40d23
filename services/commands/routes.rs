//! Routes put together: those of a command that works on the files itself, and what is answered where there are none.

use axum::Router;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;

use crate::intake::Intake;
use crate::intake::reports::{Beats, ReportsIntake};
use crate::reader::Reader;
use crate::shared::config::Reporting;
use crate::shared::http::{Bodies, Gate, Problem};
use crate::shared::stores::Stores;
use crate::shared::supervise::Roles;

/// The routes of a command that works on the files themselves: those of intake and reader.
pub fn routes(stores: &Stores, gate: &Gate, stop: watch::Receiver<bool>) -> Router {
    let bodies = Bodies::default();
    let intake = Intake::new(stores.ledger.clone(), stores.state_store.clone(), gate.clone(), bodies.clone());
    let reports =
        ReportsIntake::start(stores.reports.clone(), gate.clone(), bodies, Reporting::default(), Beats::No, (Roles::default(), stop.clone()));
    let reader = Reader::new(stores.ledger.clone(), stores.views.clone(), stores.state_store.clone(), gate.clone(), stop);
    // Both roles have routes of their own under /v1/events; merging joins the methods.
    whole(intake.routes().merge(reports.routes()).merge(reader.routes()))
}

/// With answers for what is not there and what is not allowed: problems too. OPTIONS says what an address takes.
pub fn whole(routes: Router) -> Router {
    routes.fallback(not_there).method_not_allowed_fallback(not_so).layer(axum::middleware::map_response(as_problem))
}

async fn not_there(method: Method, uri: Uri) -> Response {
    if method == Method::OPTIONS && uri.path() == "*" {
        return (StatusCode::NO_CONTENT, [(header::ALLOW, "GET,HEAD,POST")]).into_response();
    }
    Problem::not_found(format!("there is nothing at {}; /openapi.json lists what there is", uri.path())).into_response()
}

async fn not_so(method: Method, uri: Uri) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let detail = format!("{} does not take {method}; /openapi.json lists what it takes", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Not with this method", detail).into_response()
}

/// What the framework refuses by itself (a path that is not UTF-8) it says in plain text: that becomes a problem too.
async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let is_plain = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/plain"));
    if !is_plain || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let detail = "the address cannot be read: its parts are UTF-8, percent-encoded; /openapi.json lists what there is";
    Problem::new(status, "bad-request", "The request cannot be read", detail).into_response()
}

//! All roles in one process: opens the doors, starts what was asked for, and stops it gracefully.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Serving;
use crate::doors::{Doors, Use};
use crate::http::{Gate, Problem, server};
use crate::intake::Intake;
use crate::keys::Keys;
use crate::projector;
use crate::reader::Reader;

/// A running house.
pub struct House {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its doors.
    pub doors: Doors,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl House {
    /// Opens the doors and starts intake, projector and reader behind one address.
    pub async fn start(serving: &Serving) -> anyhow::Result<Self> {
        let doors = Doors::open(&serving.addresses, Use::Append).await?;
        let keys = Keys::new(doors.keep.clone());
        let loopback = serving.listen.ip().is_loopback();
        if !loopback && keys.list().await?.iter().all(|key| key.revoked.is_some()) {
            bail!(
                "{} can be reached from other machines, and there is no API key yet: everyone could publish. Make one with `dateline keys create`, or listen on 127.0.0.1",
                serving.listen
            );
        }
        let gate = Gate::new(keys, loopback, serving.open_reading);
        let (stop, stopped) = watch::channel(false);
        let listener = TcpListener::bind(serving.listen)
            .await
            .with_context(|| format!("cannot listen on {}; choose another address with --listen", serving.listen))?;
        let address = listener.local_addr()?;
        let intake = Intake::new(doors.ledger.clone(), gate.clone());
        let reader = Reader::new(doors.ledger.clone(), doors.views.clone(), gate, stopped.clone());
        let router = routes(intake, reader);
        let projecting = tokio::spawn(projector::run(doors.ledger.clone(), doors.views.clone(), stopped.clone()));
        let answering = tokio::spawn(async move {
            if let Err(error) = server::serve(listener, router, stopped).await {
                tracing::error!(%error, "the server stopped");
            }
        });
        Ok(Self { address, doors, stop, tasks: vec![answering, projecting] })
    }

    /// Lets requests under way end, then stops.
    pub async fn stop(self) {
        // Nobody listens any more only if everything has stopped already.
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

/// Every route; what is not there and what is not allowed are problems too.
pub fn routes(intake: Intake, reader: Reader) -> Router {
    // Both roles have routes of their own under /v1/events; merging joins the methods.
    intake
        .routes()
        .merge(reader.routes())
        .fallback(|uri: axum::http::Uri| async move {
            Problem::not_found(format!("there is nothing at {}; /openapi.json lists what there is", uri.path()))
        })
        .method_not_allowed_fallback(|method: axum::http::Method, uri: axum::http::Uri| async move {
            let detail = format!("{} does not take {method}; /openapi.json lists what it takes", uri.path());
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Not with this method", detail)
        })
        .layer(axum::middleware::map_response(as_problem))
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

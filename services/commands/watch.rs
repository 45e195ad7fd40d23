//! `dateline watch`: reads vendors' status pages until it is told to stop. It publishes to a server, or runs every role in this process.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dateline_backends::StateStore;
use serde_json::json;
use tokio::sync::watch;

use super::routes::whole;
use super::serving::{shutdown_signal, welcome};
use super::{Answer, say};
use crate::commands::serve::{Server, serve_on};
use crate::shared::api_client::ApiClient;
use crate::shared::config::{Role, Serving, Settings};
use crate::shared::health::Health;
use crate::shared::http::{Gate, Listener, Ready};
use crate::shared::keys::Keys;
use crate::shared::stores::{Stores, open_state_store};
use crate::shared::supervise::{Roles, Tasks};
use crate::watcher::{Reach, Watched, Watcher, read_pages};

/// The server must answer what is published within this, in milliseconds.
const ANSWER_MS: u64 = 60_000;

/// What a watcher depends on must answer within this, to be called ready, in milliseconds.
const READY_MS: u64 = 2_000;

/// Watches until SIGINT or SIGTERM; then brings to an end what was read.
pub async fn run(settings: &Settings, pages: &Path, allow_private: bool) -> anyhow::Result<Answer> {
    let reach = if allow_private { Reach::Everything } else { Reach::Public };
    let watched = read_pages(pages, reach)?;
    let greeting = greeting(&watched);
    let serving = Serving::of(settings, &Role::ALL);
    let roles = Roles::new(serving.planted.clone());
    let watcher = Watcher::new(watched, reach, roles.clone())?;
    match ApiClient::server_within(settings, Duration::from_millis(ANSWER_MS))? {
        Some(server) => beside_a_server(settings, watcher, server, roles, &greeting).await,
        None => with_every_role(&serving, watcher, roles, &greeting).await,
    }
}

fn greeting(watched: &Watched) -> String {
    format!("  watching  {} pages, {} addresses\n", watched.pages, watched.feeds.len())
}

/// Every role in this process, behind one address; what is read is published without a way over the network.
async fn with_every_role(serving: &Serving, watcher: Watcher, roles: Roles, greeting: &str) -> anyhow::Result<Answer> {
    let further = |gate: &Gate, health: &Health| watcher.routes(gate).merge(health.metrics("/metrics/ledger", gate));
    let mut running = Server::start_with(serving, roles.clone(), further).await?;
    let views = running.views.clone().context("every role was started, but there are no views")?;
    let stores = Stores { ledger: running.ledger.clone(), views, state_store: running.state_store.clone(), reports: None };
    let state_store = stores.state_store.clone();
    let told = shutdown_signal()?;
    say(&with_state(&welcome(&running, serving), greeting, running.address))?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = Tasks::new(roles, stopped.clone());
    keep_watching(&mut tasks, watcher, Arc::new(ApiClient::files(stores)), state_store, stopped);
    let fault = tokio::select! {
        () = told => None,
        reason = running.until_replaced() => Some(anyhow::anyhow!(reason)),
    };
    // Nobody listens any more only if the watcher has ended already.
    let _ = stop.send(true);
    tasks.ended().await;
    running.stop().await;
    fault.map_or(Ok(Answer::Done), Err)
}

/// The watcher alone, which publishes to a server and shows itself at an address of its own.
async fn beside_a_server(settings: &Settings, watcher: Watcher, server: ApiClient, roles: Roles, greeting: &str) -> anyhow::Result<Answer> {
    let state_store = open_state_store(&settings.addresses).await?;
    let gate = Gate::new(Keys::new(state_store.clone()), settings.listen.ip().is_loopback(), settings.open_reading);
    let to = server.named();
    let api = Arc::new(server);
    // Where nothing else was said, --listen is where the server listens itself.
    let is_taken = to == format!("http://{}", settings.listen);
    let listen = if is_taken { SocketAddr::new(settings.listen.ip(), 0) } else { settings.listen };
    let server_of_its_own = Listener::bind(listen, &settings.web)
        .await
        .with_context(|| format!("cannot listen on {listen}; give the watcher another address with --listen"))?;
    let address = server_of_its_own.address();
    let router = whole(watcher.routes(&gate).merge(health(api.clone(), state_store.clone(), roles.clone())));
    let told = shutdown_signal()?;
    say(&with_state(&format!("serving at http://{address}\nstop with Ctrl-C\n"), &format!("{greeting}  publishes to {to}\n"), address))?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = Tasks::new(roles, stopped.clone());
    serve_on(&mut tasks, server_of_its_own, &settings.web, (router, Ready::default()), stopped.clone());
    keep_watching(&mut tasks, watcher, api, state_store, stopped);
    told.await;
    // Nobody listens any more only if both have ended already.
    let _ = stop.send(true);
    tasks.ended().await;
    Ok(Answer::Done)
}

/// A watcher ends by itself only where it could not begin; then it begins again.
fn keep_watching(tasks: &mut Tasks, watcher: Watcher, api: Arc<ApiClient>, state_store: StateStore, stopped: watch::Receiver<bool>) {
    tasks.start("watcher", move || {
        let running = watcher.clone().run(api.clone(), state_store.clone(), stopped.clone());
        async move {
            if let Err(error) = running.await {
                tracing::error!(error = format!("{error:#}"), "the watcher cannot begin");
            }
        }
    });
}

/// The welcome, with where the watcher shows itself.
fn with_state(welcome: &str, greeting: &str, address: SocketAddr) -> String {
    let state = format!("{greeting}  state     http://{address}/v1/watch\n  metrics   http://{address}/metrics\n");
    welcome.replace("stop with Ctrl-C\n", &format!("{state}stop with Ctrl-C\n"))
}

/// `/health/live` and `/health/ready` of a watcher alone: it cannot do without its state store, nor without the server.
fn health(api: Arc<ApiClient>, state_store: StateStore, roles: Roles) -> Router {
    Router::new().route("/health/live", get(async || "live\n")).route("/health/ready", get(ready)).with_state((api, state_store, roles))
}

async fn ready(State((api, state_store, roles)): State<(Arc<ApiClient>, StateStore, Roles)>) -> Response {
    let (state_store, server) = tokio::join!(
        in_time(async { state_store.get("watch/ready").await.map(drop).map_err(anyhow::Error::from) }),
        in_time(async { api.get("/health/live").await.map(drop) }),
    );
    let said = |answer: &anyhow::Result<()>| match answer {
        Ok(()) => json!({"ok": true}),
        Err(error) => json!({"ok": false, "error": format!("{error:#}")}),
    };
    let (down, remarks) = (roles.down(), roles.remarks());
    let ready = state_store.is_ok() && server.is_ok() && down.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(json!({"ready": ready, "state": said(&state_store), "server": said(&server), "roles_down": down, "remarks": remarks})))
        .into_response()
}

async fn in_time(question: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    match tokio::time::timeout(Duration::from_millis(READY_MS), question).await {
        Ok(answer) => answer,
        Err(_) => bail!("no answer within {READY_MS} ms"),
    }
}

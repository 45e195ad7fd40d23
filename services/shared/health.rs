//! `/health/live` and `/health/ready`: whether the process runs, and whether what it depends on answers, and how far behind it is.
//!
//! A role says what it cannot do without. Nothing here is remembered: every question asks anew, and waits for nobody for long.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dateline_backends::{Archive, Ledger, StateStore, Views};
use dateline_events::Position;
use serde_json::{Value, json};

use crate::shared::clocks;
use crate::shared::http::{Gate, Problem};
use crate::shared::supervise::{Progress, Roles};

/// Farther behind than this, the views are not called ready, in positions.
const MAX_LAG: u64 = 100_000;

/// A dependency that does not answer within this is called not ready, in milliseconds.
const ANSWER_MS: u64 = 2_000;

/// What a process depends on.
#[derive(Debug, Clone)]
pub struct Health {
    /// The ledger.
    pub ledger: Ledger,
    /// The state store.
    pub state_store: StateStore,
    /// False for a reader: what it tells stands in the views, and it goes on telling while the ledger is away.
    pub needs_ledger: bool,
    /// The views, where the process has opened them.
    pub views: Option<Views>,
    /// The archive, where the process fills it.
    pub archive: Option<Archive>,
    /// What has to be said where there are fewer places for connections than there should be.
    pub lowered: Option<String>,
    /// The tasks that the process is made of.
    pub roles: Roles,
}

impl Health {
    /// Its routes.
    pub fn routes(self) -> Router {
        Router::new().route("/health/live", get(live)).route("/health/ready", get(ready)).with_state(self)
    }

    /// What Prometheus reads of this process, at a path, for whoever may read.
    pub fn metrics(&self, path: &str, gate: &Gate) -> Router {
        Router::new().route(path, get(metrics)).with_state((self.clone(), gate.clone()))
    }

    /// What has no room on its disk. It is ready all the same: whoever reads is answered, and who publishes is told.
    fn full(&self, ledger: bool) -> Vec<&'static str> {
        let views = self.views.as_ref().is_some_and(Views::is_full);
        let stores = [("ledger", ledger), ("state", self.state_store.is_full()), ("views", views)];
        stores.into_iter().filter_map(|(name, is_full)| is_full.then_some(name)).collect()
    }

    async fn views(&self) -> Option<Result<Position, String>> {
        let views = self.views.as_ref()?;
        // Views that are made anew after damage refuse what readers ask: no such incident is asked for.
        let cursor = async { views.find_incident("").await.map(|answer| answer.position) };
        Some(in_time(cursor).await)
    }

    async fn archive(&self) -> Option<Result<Position, String>> {
        Some(in_time(self.archive.as_ref()?.head()).await)
    }
}

async fn in_time<T, E: std::fmt::Display>(question: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match tokio::time::timeout(Duration::from_millis(ANSWER_MS), question).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {ANSWER_MS} ms")),
    }
}

async fn metrics(State((health, gate)): State<(Health, Gate)>, headers: HeaderMap) -> Result<String, Problem> {
    gate.reader(&headers).await?;
    Ok(clocks::metrics(&health.ledger, in_time(health.ledger.head()).await.ok()) + &following(&health.roles))
}

/// How far roles follow their logs, for Prometheus; nothing where none does.
fn following(roles: &Roles) -> String {
    let progress = roles.progress();
    let gauge = |name: &str, help: &str, value: &dyn Fn(&str, &Progress) -> u64| {
        let rows = progress.iter().map(|(role, progress)| format!("{name}{{role=\"{role}\"}} {}\n", value(role, progress)));
        format!("# HELP {name} {help}\n# TYPE {name} gauge\n{}", rows.collect::<String>())
    };
    if progress.is_empty() {
        return String::new();
    }
    [
        gauge("dateline_followed_position", "Up to where a role has taken the log that it follows", &|_, progress| progress.position),
        gauge("dateline_followed_head", "Where that log ended when it was read last", &|_, progress| progress.head),
        gauge("dateline_follower_failing", "1 while a role does not go on", &|role, _| roles.remark_on(role).is_some().into()),
    ]
    .concat()
}

async fn live() -> &'static str {
    "live\n"
}

async fn ready(State(health): State<Health>) -> Response {
    let (head, views, archive) = tokio::join!(in_time(health.ledger.head()), health.views(), health.archive());
    let clock = clocks::told(&health.ledger, head.as_ref().ok().copied());
    let ledger = head.map(|head| head.position);
    let sound = health.ledger.soundness();
    let fault = sound.fault.as_ref().or(sound.disk.as_ref());
    let said = |result: &Result<Position, String>| match result {
        Ok(position) => json!({"ok": true, "position": position}),
        Err(error) => json!({"ok": false, "error": error}),
    };
    let lag = match (&ledger, &views) {
        (Ok(head), Some(Ok(cursor))) => Some(head.saturating_sub(*cursor)),
        _ => None,
    };
    let views_ready = views.as_ref().is_none_or(|views| views.is_ok() && lag.is_none_or(|lag| lag <= MAX_LAG));
    let archive_ready = archive.as_ref().is_none_or(Result::is_ok);
    let down = health.roles.down();
    let ready = down.is_empty() && views_ready && archive_ready && fault.is_none() && (ledger.is_ok() || !health.needs_ledger);
    let mut told = json!({"ready": ready, "ledger": said(&ledger)});
    if let Some(fault) = fault {
        (told["ledger"]["ok"], told["ledger"]["error"]) = (json!(false), json!(fault.to_string()));
    }
    let full = health.full(sound.full);
    if !full.is_empty() {
        told["disk_full"] = json!(full);
    }
    if sound.scrubbed > 0 {
        told["ledger"]["scrubbed"] = json!(sound.scrubbed);
    }
    if sound.taken_as_found > 0 {
        told["ledger"]["taken_as_found"] = json!({"up_to": sound.taken_as_found, "to_do": sound.unfilled});
    }
    if let (Some(views), Value::Object(members)) = (&views, &mut told) {
        members.insert("views".into(), said(views));
        members.insert("positions_behind".into(), json!(lag));
    }
    if let Some(aside) = health.views.as_ref().and_then(Views::set_aside) {
        told["views"]["set_aside"] = json!({"as": aside.to, "because": aside.detail});
    }
    if let (Some(archive), Value::Object(members)) = (&archive, &mut told) {
        members.insert("archive".into(), said(archive));
    }
    if let (Some(lowered), Value::Object(members)) = (&health.lowered, &mut told) {
        members.insert("connections".into(), json!(lowered));
    }
    if let (Some(clock), Value::Object(members)) = (clock, &mut told) {
        members.insert("clock".into(), clock);
    }
    if let (false, Value::Object(members)) = (down.is_empty(), &mut told) {
        members.insert("roles_down".into(), json!(down));
    }
    let remarks = health.roles.remarks();
    if let (false, Value::Object(members)) = (remarks.is_empty(), &mut told) {
        members.insert("remarks".into(), json!(remarks));
    }
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(told)).into_response()
}

//! Users' reports at the door: reads a request, counts it, and answers once the flush that holds it is durable. A request is in one
//! flush, or it is refused whole.
//!
//! What a count means is not asked: the detector follows the log.

mod head;
mod limits;
mod gather;
mod flusher;
mod history;
mod once;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use dateline_backends::{Reports, now};
use dateline_events::reports::{
    BodyForm, Count, MAX_FLUSH_BYTES, MAX_FLUSH_COUNTS, MAX_REPORTS, MAX_REPORTS_BODY_BYTES, ReportTime, ReportsRefused, Tallied, read_reports,
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::shared::config::Reporting;
use crate::shared::http::listener::Peer;
use crate::shared::http::packed::unpacked;
use crate::shared::http::{Bodies, Gate, Problem, Received, parameters};
use crate::shared::supervise::Roles;
use flusher::Flusher;
use gather::Gathered;
use limits::{Limits, Reporter, Reserved};
use once::{Doing, Once, Turn};

/// A request waits so long for its flush, in milliseconds; then it is taken back, and whoever sent it comes again.
const WAIT_MS: u64 = 5_000;

/// What is in the flush that is just being written cannot be taken back: so much longer it may take to hear of that, in milliseconds.
const TAKING_BACK_MS: u64 = 250;

/// Whether an intake says now and then that it is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beats {
    /// A server: nobody reported while it was up.
    Yes,
    /// A command that nobody else can reach.
    No,
}

/// The intake of reports.
#[derive(Debug, Clone)]
pub struct ReportsIntake(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// None where reports are switched off.
    open: Option<Open>,
    gate: Gate,
    bodies: Bodies,
    rules: Reporting,
    limits: Arc<Limits>,
    once: Once<Answer>,
}

#[derive(Debug, Clone)]
struct Open {
    reports: Reports,
    flusher: Arc<Flusher>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Totals of long ago, as a flush of their own that is named after what it says.
    history: bool,
}

/// What was done with a request.
#[derive(Debug, Clone, Serialize)]
struct Answer {
    /// Reports that count.
    accepted: u64,
    /// Reports above a limit, which do not.
    limited: u64,
    /// Where the flush stands that holds them; left out where nothing was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// Of a history: false where the log had this flush already.
    #[serde(skip_serializing_if = "Option::is_none")]
    fresh: Option<bool>,
}

/// A request's counts under the limits.
struct Counted {
    counts: Vec<Count>,
    accepted: u64,
    limited: u64,
    /// What they take up of the limits, until they are durable.
    reserved: Reserved,
}

impl ReportsIntake {
    /// An intake before a log of reports; None: it takes none. Must be called inside a runtime.
    pub fn start(
        reports: Option<Reports>,
        gate: Gate,
        bodies: Bodies,
        rules: Reporting,
        beats: Beats,
        (roles, stop): (Roles, watch::Receiver<bool>),
    ) -> Self {
        let open = reports.map(|reports| Open { flusher: Arc::new(Flusher::start(reports.clone(), beats, roles, stop)), reports });
        let limits = Arc::new(Limits::new(rules.key_reports_a_minute));
        Self(Arc::new(Inner { open, gate, bodies, rules, limits, once: Once::new() }))
    }

    /// Its route.
    pub fn routes(self) -> Router {
        Router::new().route("/v1/reports", post(take)).with_state(self)
    }
}

async fn take(State(intake): State<ReportsIntake>, request: Request) -> Result<Response, Problem> {
    let intake = &intake.0;
    let Some(open) = &intake.open else {
        return Err(Problem::not_found("this server takes no reports (--reports none)"));
    };
    let (parts, body) = request.into_parts();
    let Parameters { history } = parameters::read(&parts.uri)?;
    let caller = intake.gate.caller(&parts.headers).await?;
    let peer = parts.extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(Peer(address))| address.ip());
    let reporter = head::reporter(&caller, &intake.rules, &parts.headers, peer, history)?;
    let form = head::form(&parts.headers, &parts.uri)?;
    let received = intake.bodies.read(&parts, body, &caller, MAX_REPORTS_BODY_BYTES, "reports").await?;
    let Received { bytes, room: _held_until_answered } = unpacked(&parts.headers, received, MAX_REPORTS_BODY_BYTES).await?;
    let asked = parts.uri.path_and_query().map_or("", |asked| asked.as_str());
    let outcome = match intake.once.turn(&reporter, &parts.headers, asked, &bytes)? {
        Turn::Again(outcome) => outcome,
        Turn::First(doing) => {
            let outcome = doing.outcome();
            match count(&bytes, form, history, &reporter, &intake.limits) {
                // What is under way is brought to its end, also where nobody waits for it any more: it counts, or what it took is given back.
                Ok(counted) => drop(tokio::spawn(open.clone().write(counted, history, doing))),
                Err(problem) => doing.done(Err(problem)),
            }
            outcome
        }
    };
    match once::known(outcome, Duration::from_millis(WAIT_MS + TAKING_BACK_MS)).await {
        Some(outcome) => Ok((StatusCode::OK, axum::Json(outcome?)).into_response()),
        None => Err(still_writing()),
    }
}

impl Open {
    /// Writes what was counted, and says what became of it.
    async fn write(self, counted: Counted, history: bool, doing: Doing<Answer>) {
        let Counted { counts, accepted, limited, reserved } = counted;
        let written = if counts.is_empty() {
            Ok((None, None))
        } else if history {
            history::append(&self.reports, counts).await.map(|appended| (Some(appended.position), Some(appended.fresh))).map_err(Problem::from)
        } else {
            self.flusher.flush(counts, Duration::from_millis(WAIT_MS)).await.map(|position| (Some(position), None))
        };
        // A reservation is given back when it is dropped.
        let outcome = written.map(|(position, fresh)| {
            reserved.keep();
            Answer { accepted, limited, position, fresh }
        });
        doing.done(outcome);
    }
}

fn still_writing() -> Problem {
    let detail = format!(
        "the log of reports takes longer than {WAIT_MS} ms, and whether this counts is not known yet; send it again with the same Idempotency-Key, which counts it once"
    );
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "reports-slow", "The log of reports is slow", detail).retry(5)
}

/// Reads and counts a body, and takes off what is above a limit.
fn count(body: &[u8], form: BodyForm, history: bool, reporter: &Reporter, limits: &Arc<Limits>) -> Result<Counted, Problem> {
    let tally = read_reports(body, form, &ReportTime { now: now(), history }).map_err(refused)?;
    if tally.totals() > 0 && matches!(reporter, Reporter::Address(_)) {
        let detail = "a total needs an API key with the scope report; without one, send single reports";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail));
    }
    if tally.cells() > MAX_FLUSH_COUNTS {
        return Err(too_many_counts());
    }
    let reports = tally.reports();
    let mut lines = tally.into_lines();
    let (sources, reserved) = if history { (vec![0; lines.len()], Reserved::nothing(limits)) } else { limits.admit(reporter, &mut lines) };
    let from = reporter.from();
    let counts = lines.into_iter().zip(sources).filter(|(line, _)| line.reports > 0);
    let mut accepted = 0;
    let counts: Vec<Count> = counts
        .map(|(line, sources)| {
            accepted += line.reports;
            of_line(line, sources, from)
        })
        .collect();
    if !Gathered::fits_alone(&counts) {
        return Err(too_many_counts());
    }
    Ok(Counted { counts, accepted, limited: reports - accepted, reserved })
}

fn of_line(line: Tallied<'_>, sources: u64, from: &str) -> Count {
    let Tallied { service, region, symptom, channel, minute, count, window_minutes, .. } = line;
    let (service, region, channel) = (service.into_owned(), region.map(std::borrow::Cow::into_owned), channel.into_owned());
    Count { service, region, symptom, channel, from: from.to_owned(), minute, count, sources, window_minutes }
}

fn too_many_counts() -> Problem {
    let detail = format!(
        "more than {MAX_FLUSH_COUNTS} different counts (service, region, symptom, channel, minute) or {MAX_FLUSH_BYTES} bytes of them in one request; send them in several"
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many-counts", "Too much to count at once", detail)
}

fn refused(refused: ReportsRefused) -> Problem {
    match refused {
        ReportsRefused::TooMany => {
            let detail = format!("more than {MAX_REPORTS} reports in one request; send the rest in another");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many-reports", "Too many reports at once", detail)
        }
        ReportsRefused::Empty => {
            Problem::new(StatusCode::BAD_REQUEST, "no-reports", "There is no report in it", "the body is empty; send at least one report")
        }
        ReportsRefused::Faults(faults) => {
            let status = if faults.is_malformed() { StatusCode::BAD_REQUEST } else { StatusCode::UNPROCESSABLE_ENTITY };
            let named = serde_json::json!(faults.named);
            let mut told = faults.clone();
            told.further += told.named.len().saturating_sub(MAX_TOLD_FAULTS);
            told.named.truncate(MAX_TOLD_FAULTS);
            Problem::new(status, "invalid-report", "No report was accepted", told.to_string()).with("faults", named)
        }
    }
}

/// So many faults stand in the sentence of a problem; its member `faults` has more.
const MAX_TOLD_FAULTS: usize = 5;

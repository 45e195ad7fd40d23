//! The intake: takes events in at the door, appends them to the ledger, and answers with receipts.
//! It knows nothing of incidents or timelines.

mod modes;
mod permission;
mod registrants;
pub mod inbox;
pub mod reports;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use dateline_backends::{Ledger, NewEvent, Outcome, StateStore, Views};
use dateline_events::{Event, Position};
use serde::Serialize;

use crate::shared::http::packed::unpacked;
use crate::shared::http::parameters;
use crate::shared::http::{Bodies, Caller, Gate, MAX_BODY_BYTES, Problem, Received};
use crate::shared::merkle_log::MerkleLog;
use crate::shared::placed::{self, Until};
use crate::shared::stores::ReceiptForm;
use modes::{Form, Sent};
use permission::Permission;
use registrants::Registrants;

/// So many problems of one batch are told; further ones are counted. Each may have a hundred faults, or show two events.
const MAX_TOLD_PROBLEMS: usize = 100;

/// What the intake needs.
#[derive(Debug, Clone)]
pub struct Intake {
    ledger: Ledger,
    gate: Gate,
    bodies: Bodies,
    permission: Permission,
    /// The views that say where an event was placed, where this process has them.
    views: Option<Views>,
    /// The log that proves that an event is in it, where this process can read it.
    log: Option<MerkleLog>,
}

impl Intake {
    /// An intake before a ledger.
    pub fn new(ledger: Ledger, state_store: StateStore, gate: Gate, bodies: Bodies) -> Self {
        let permission = Permission::new(ledger.clone(), Registrants::new(state_store, ledger.clone()));
        Self { ledger, gate, bodies, permission, views: None, log: None }
    }

    /// The same beside views, which say where an event was placed to who asks.
    pub fn beside(self, views: Option<&Views>) -> Self {
        Self { views: views.cloned(), ..self }
    }

    /// The same beside the signed log, which gives receipts to who asks.
    pub fn sealed_by(self, log: Option<&MerkleLog>) -> Self {
        Self { log: log.cloned(), ..self }
    }

    /// Its routes.
    pub fn routes(self) -> Router {
        Router::new().route("/v1/events", post(take)).with_state(self)
    }
}

/// One event of a batch, answered: a receipt or a problem, never both; of a problem that is counted only, the status alone.
#[derive(Debug, Serialize)]
struct Item {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// The answer to a batch: every event in its place. Written as it is, not by way of a JSON value: an event in it keeps its bytes.
#[derive(Debug, Default, Serialize)]
struct Answered {
    items: Vec<Item>,
    /// How many problems were counted only.
    #[serde(skip_serializing_if = "is_zero")]
    problems_left_out: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

async fn take(State(intake): State<Intake>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    // Whoever may publish nothing is told so before a byte of the body is read.
    let caller = intake.gate.caller(&parts.headers).await?;
    if !caller.may_publish() {
        return Err(caller.refuse("publish:SOURCE"));
    }
    let wanted = placed::wanted(&parts.headers);
    // What its body took is given back before anybody waits for the views.
    let (mut answered, is_batch) = store(&intake, &parts, body, &caller).await?;
    let applied = intake.wait(&mut answered, wanted).await;
    if is_batch {
        return Ok(applied.said_in(many(answered)));
    }
    let Some(item) = answered.items.into_iter().next() else { return Err(Problem::internal("the ledger answered nothing")) };
    one(item).map(|response| applied.said_in(response))
}

/// Reads what was sent and appends it; true where it was a batch.
async fn store(intake: &Intake, parts: &Parts, body: Body, caller: &Caller) -> Result<(Answered, bool), Problem> {
    let mode = modes::of(&parts.headers)?;
    let received = intake.bodies.read(parts, body, caller, MAX_BODY_BYTES, "events").await?;
    let Received { bytes, room: _held_until_stored } = unpacked(&parts.headers, received, MAX_BODY_BYTES).await?;
    // What a body is made into takes as much again: only so many bytes of bodies are made into events at once.
    let _turn = intake.bodies.turn(bytes.len()).await;
    match modes::read(mode, &parts.headers, &bytes)? {
        Sent::One(form) => {
            let event = accept(&intake.permission, caller, form).await?;
            let sent = event.event.bytes.clone();
            Ok((append(&intake.ledger, vec![Ok(event)], 1, |_| Some(sent.clone())).await?, false))
        }
        Sent::Many(events) => {
            let mut refused = 0;
            let mut accepted = Vec::with_capacity(events.len());
            for event in &events {
                let read = match event.form() {
                    Ok(form) => accept(&intake.permission, caller, form).await,
                    Err(faults) => Err(Problem::invalid_event(faults)),
                };
                accepted.push(read.map_err(|problem| {
                    refused += 1;
                    if refused > MAX_TOLD_PROBLEMS { problem.emptied() } else { problem }
                }));
            }
            // Of one that has to be shown, the bytes are made again: a second copy of them all would wait for the ledger too.
            let sent = |at: usize| events.get(at)?.form().ok().map(|form| form.bytes);
            Ok((append(&intake.ledger, accepted, MAX_TOLD_PROBLEMS, sent).await?, true))
        }
    }
}

/// What was done about the wish to be told where events were placed, or that they are sealed.
enum Applied {
    /// Nobody wished it.
    NotAsked,
    /// It was waited for so long at most.
    Waited(Until, Duration),
    /// This process has no views, or no log: a reader answers that of the event at this position.
    AskAReader(Until, Option<Position>),
}

impl Applied {
    fn said_in(&self, mut response: Response) -> Response {
        let (name, value) = match self {
            Self::NotAsked | Self::AskAReader(_, None) => return response,
            Self::Waited(until, wait) => (placed::PREFERENCE_APPLIED, format!("wait={}, until={}", wait.as_secs(), until.as_str())),
            Self::AskAReader(Until::Placed, Some(position)) => (header::LINK, format!("</v1/events/{position}>; rel=\"describedby\"")),
            Self::AskAReader(Until::Sealed, Some(position)) => (header::LINK, format!("</v1/events/{position}/receipt>; rel=\"describedby\"")),
        };
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl Intake {
    /// Waits for what somebody wants to be told of what was stored.
    async fn wait(&self, answered: &mut Answered, wanted: Option<(Until, Duration)>) -> Applied {
        match wanted {
            None => Applied::NotAsked,
            Some((Until::Placed, wait)) => self.place(answered, wait).await,
            Some((Until::Sealed, wait)) => self.seal(answered, wait).await,
        }
    }

    /// Gives each receipt the proof that its event is in the signed log, once that has sealed so far. What is stored stays stored: whatever
    /// fails here, or takes too long, leaves null.
    async fn seal(&self, answered: &mut Answered, wait: Duration) -> Applied {
        let last = answered.items.iter().filter_map(|item| Some(item.receipt.as_ref()?.position)).max();
        let (Some(log), Some(last)) = (&self.log, last) else { return Applied::AskAReader(Until::Sealed, last) };
        let deadline = tokio::time::Instant::now() + wait;
        let mut is_sealed = log.until_sealed(last, wait).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the log does not say whether events are sealed");
            false
        });
        for receipt in answered.items.iter_mut().filter_map(|item| item.receipt.as_mut()) {
            let found = if is_sealed { tokio::time::timeout_at(deadline, log.receipt(&self.ledger, receipt.position)).await } else { Ok(Ok(None)) };
            receipt.sealed = Some(match found {
                Ok(Ok(found)) => found.map(|found| found.to_string()),
                Ok(Err(error)) => {
                    tracing::warn!(%error, position = receipt.position, "the log gives no receipt");
                    None
                }
                Err(_) => {
                    is_sealed = false;
                    None
                }
            });
        }
        Applied::Waited(Until::Sealed, wait)
    }

    /// Says of each receipt where its event was placed, once the views have read so far. What is stored stays stored: whatever fails here, or
    /// takes too long, leaves null.
    async fn place(&self, answered: &mut Answered, wait: Duration) -> Applied {
        let last = answered.items.iter().filter_map(|item| Some(item.receipt.as_ref()?.position)).max();
        let (Some(views), Some(last)) = (&self.views, last) else { return Applied::AskAReader(Until::Placed, last) };
        let deadline = tokio::time::Instant::now() + wait;
        let mut is_read = parameters::until_read(views, last, wait).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the views do not say where events were placed");
            false
        });
        for receipt in answered.items.iter_mut().filter_map(|item| item.receipt.as_mut()) {
            let found = if is_read { tokio::time::timeout_at(deadline, placed::placed(views, receipt.position)).await } else { Ok(Ok(None)) };
            receipt.placed = Some(match found {
                Ok(Ok(found)) => found,
                Ok(Err(error)) => {
                    tracing::warn!(%error, position = receipt.position, "the views do not say where an event was placed");
                    None
                }
                Err(_) => {
                    is_read = false;
                    None
                }
            });
        }
        Applied::Waited(Until::Placed, wait)
    }
}

fn one(item: Item) -> Result<Response, Problem> {
    if let Some(problem) = item.problem {
        return Err(problem);
    }
    let place = item.receipt.as_ref().map(|receipt| format!("/v1/events/{}", receipt.position));
    let status = if item.receipt.as_ref().is_some_and(|receipt| receipt.fresh) { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = (status, axum::Json(item.receipt)).into_response();
    if let Some(place) = place.and_then(|place| HeaderValue::from_str(&place).ok()) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

fn many(answered: Answered) -> Response {
    let items = &answered.items;
    let status = if items.is_empty() {
        StatusCode::OK
    } else if items.iter().all(|item| item.receipt.is_some()) {
        StatusCode::CREATED
    } else {
        StatusCode::MULTI_STATUS
    };
    (status, axum::Json(answered)).into_response()
}

/// An event that may be appended.
struct Accepted {
    event: NewEvent,
}

async fn accept(permission: &Permission, caller: &Caller, form: Form) -> Result<Accepted, Problem> {
    let bytes = form.bytes;
    let read = match form.members {
        Some(members) => Event::of_members_at_the_door(members, bytes.len()),
        None => Event::read_at_the_door(&bytes),
    };
    let event = read.map_err(Problem::invalid_event)?;
    permission.check(caller, &event).await?;
    Ok(Accepted { event: NewEvent { source: event.source, id: event.id, bytes } })
}

/// Appends what was accepted, in its order, and answers each item in its place; so many problems are told, the others counted. `sent`
/// gives the bytes of an item again.
async fn append(
    ledger: &Ledger,
    items: Vec<Result<Accepted, Problem>>,
    problems_max: usize,
    sent: impl Fn(usize) -> Option<Vec<u8>>,
) -> Result<Answered, Problem> {
    let mut names = Vec::with_capacity(items.len());
    let mut refused = Vec::new();
    let mut batch = Vec::new();
    for item in items {
        match item {
            Ok(Accepted { event }) => {
                names.push(Some((event.source.clone(), event.id.clone())));
                batch.push(event);
            }
            Err(problem) => {
                names.push(None);
                refused.push(problem);
            }
        }
    }
    let outcomes = if batch.is_empty() { Vec::new() } else { ledger.append(batch).await? };
    let (mut outcomes, mut refused) = (outcomes.into_iter(), refused.into_iter());
    let (mut answered, mut told) = (Answered::default(), 0);
    for (at, name) in names.into_iter().enumerate() {
        let item = match name {
            Some((source, id)) => outcomes.next().map(|outcome| stored(outcome, &source, &id, || sent(at).filter(|_| told < problems_max))),
            None => refused.next().map(refusal),
        };
        let Some(mut item) = item else { return Err(Problem::internal("the ledger did not answer every event")) };
        if item.problem.is_some() {
            if told < problems_max {
                told += 1;
            } else {
                item.problem = None;
                answered.problems_left_out += 1;
            }
        }
        answered.items.push(item);
    }
    Ok(answered)
}

fn stored(outcome: Outcome, source: &str, id: &str, sent: impl FnOnce() -> Option<Vec<u8>>) -> Item {
    match outcome {
        Outcome::Stored(receipt) => {
            let status = if receipt.fresh { StatusCode::CREATED } else { StatusCode::OK };
            Item { status: status.as_u16(), receipt: Some(ReceiptForm::of(&receipt, source, id)), problem: None }
        }
        Outcome::Conflict { position, stored } => {
            let detail =
                format!("{source} already published another event with the id \"{id}\", at position {position}; an id is given once, for ever");
            let problem = Problem::new(StatusCode::CONFLICT, "id-taken", "The id is taken", detail);
            let problem = problem.with("position", position).with_event("stored", &stored);
            refusal(match sent() {
                Some(bytes) => problem.with_event("sent", &bytes),
                None => problem,
            })
        }
    }
}

fn refusal(problem: Problem) -> Item {
    Item { status: problem.status.as_u16(), receipt: None, problem: Some(problem) }
}

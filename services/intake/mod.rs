//! The intake: takes events in at the door, appends them to the ledger, and answers with receipts.
//! It knows nothing of incidents or timelines.

mod modes;
mod permission;
mod registrants;
pub mod inbox;
pub mod reports;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use dateline_backends::{Keep, Ledger, MAX_BATCH_EVENTS, NewEvent, Outcome};
use dateline_events::Event;
use serde::Serialize;

use crate::doors::ReceiptForm;
use crate::http::{Bodies, Gate, MAX_BODY_BYTES, Problem, Received};
use modes::{Form, Sent};
use permission::Permission;
use registrants::Registrants;

/// What the intake needs.
#[derive(Debug, Clone)]
pub struct Intake {
    ledger: Ledger,
    gate: Gate,
    bodies: Bodies,
    permission: Permission,
}

impl Intake {
    /// An intake before a ledger.
    pub fn new(ledger: Ledger, keep: Keep, gate: Gate, bodies: Bodies) -> Self {
        let permission = Permission::new(ledger.clone(), Registrants::new(keep, ledger.clone()));
        Self { ledger, gate, bodies, permission }
    }

    /// Its routes.
    pub fn routes(self) -> Router {
        Router::new().route("/v1/events", post(take)).with_state(self)
    }
}

/// One event of a batch, answered: a receipt or a problem, never both.
#[derive(Debug, Serialize)]
struct Item {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

async fn take(State(intake): State<Intake>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    // Whoever may publish nothing is told so before a byte of the body is read.
    let caller = intake.gate.caller(&parts.headers).await?;
    if !caller.may_publish() {
        return Err(caller.refuse("publish:SOURCE"));
    }
    let mode = modes::of(&parts.headers)?;
    let Received { bytes, room: _held_until_answered } = intake.bodies.read(&parts, body, &caller, MAX_BODY_BYTES, "events").await?;
    match modes::read(mode, &parts.headers, &bytes)? {
        Sent::One(form) => {
            let event = accept(&intake.permission, &caller, form).await?;
            let items = append(&intake.ledger, vec![Ok(event)]).await?;
            let Some(item) = items.into_iter().next() else { return Err(Problem::internal("the ledger answered nothing")) };
            one(item)
        }
        Sent::Many(events) => {
            if events.len() > MAX_BATCH_EVENTS {
                let detail = format!("{} events in one batch, at most {MAX_BATCH_EVENTS}; send the rest in another", events.len());
                return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many-events", "Too many events at once", detail));
            }
            let mut accepted = Vec::with_capacity(events.len());
            for event in events {
                accepted.push(match event {
                    Ok(form) => accept(&intake.permission, &caller, form).await,
                    Err(problem) => Err(problem),
                });
            }
            let items = append(&intake.ledger, accepted).await?;
            let all_stored = items.iter().all(|item| item.problem.is_none());
            let status = if all_stored { StatusCode::CREATED } else { StatusCode::MULTI_STATUS };
            Ok((status, axum::Json(Answered { items })).into_response())
        }
    }
}

/// The answer to a batch. Written as it is, not by way of a JSON value: an event in it keeps its bytes.
#[derive(Debug, serde::Serialize)]
struct Answered {
    items: Vec<Item>,
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

/// An event that may be appended.
struct Accepted {
    event: NewEvent,
}

async fn accept(permission: &Permission, caller: &crate::http::Caller, form: Form) -> Result<Accepted, Problem> {
    let bytes = form.bytes;
    let read = match form.members {
        Some(members) => Event::of_members_at_the_door(members, bytes.len()),
        None => Event::read_at_the_door(&bytes),
    };
    let event = read.map_err(Problem::invalid_event)?;
    permission.check(caller, &event).await?;
    Ok(Accepted { event: NewEvent { source: event.source, id: event.id, bytes } })
}

/// Appends what was accepted, in its order, and answers each item in its place.
async fn append(ledger: &Ledger, items: Vec<Result<Accepted, Problem>>) -> Result<Vec<Item>, Problem> {
    let sent: Vec<Option<NewEvent>> = items.iter().map(|item| item.as_ref().ok().map(|accepted| accepted.event.clone())).collect();
    let mut refused = Vec::new();
    let mut batch = Vec::new();
    for item in items {
        match item {
            Ok(accepted) => batch.push(accepted.event),
            Err(problem) => refused.push(problem),
        }
    }
    let outcomes = if batch.is_empty() { Vec::new() } else { ledger.append(batch).await? };
    let (mut outcomes, mut refused) = (outcomes.into_iter(), refused.into_iter());
    let answered = sent.into_iter().filter_map(|sent| match sent {
        Some(event) => outcomes.next().map(|outcome| stored(outcome, &event)),
        None => refused.next().map(refusal),
    });
    Ok(answered.collect())
}

fn stored(outcome: Outcome, sent: &NewEvent) -> Item {
    let NewEvent { source, id, bytes } = sent;
    match outcome {
        Outcome::Stored(receipt) => {
            let status = if receipt.fresh { StatusCode::CREATED } else { StatusCode::OK };
            Item { status: status.as_u16(), receipt: Some(ReceiptForm::of(&receipt, source, id)), problem: None }
        }
        Outcome::Conflict { position, stored } => {
            let detail =
                format!("{source} already published another event with the id \"{id}\", at position {position}; an id is given once, for ever");
            let problem = Problem::new(StatusCode::CONFLICT, "id-taken", "The id is taken", detail);
            refusal(problem.with("position", position).with_event("stored", &stored).with_event("sent", bytes))
        }
    }
}

fn refusal(problem: Problem) -> Item {
    Item { status: problem.status.as_u16(), receipt: None, problem: Some(problem) }
}

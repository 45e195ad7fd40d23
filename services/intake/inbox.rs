//! Publishers on the bus: takes what they sent from the inbox, appends it, and only then acknowledges. The same door as over HTTP: the
//! same forms, rules and problems.
//! (CloudEvents NATS Protocol Binding 1.0.2: structured and binary.)

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use dateline_backends::{Delivery, Inbox, InboxError, Ledger, MAX_HEADER_BYTES, MAX_REPLY_SUBJECT_BYTES, StateStore};
use tokio::sync::{Mutex, watch};

use super::modes::{self, Mode, Sent};
use super::permission::Permission;
use super::registrants::Registrants;
use super::{Accepted, Answered, Item, accept, append};
use crate::shared::http::{Caller, Problem};
use crate::shared::publishers::Publishers;

/// Where a publisher wants its receipt.
const REPLY_TO: &str = "dateline-reply-to";

/// A refusal is at most so large, in bytes: it shows two events at most, and the server must carry it.
const MAX_REFUSAL_BYTES: usize = 192 * 1024;

/// After a failure it waits so long before it tries again, in milliseconds.
const RETRY_MS: u64 = 500;

/// Runs until told to stop; what was taken by then is dealt with first. Started again after a panic it goes on with the same inbox, which
/// hands out again what was not acknowledged.
pub async fn run(inbox: Arc<Mutex<Inbox>>, ledger: Ledger, state_store: StateStore, mut stop: watch::Receiver<bool>) {
    let mut inbox = inbox.lock().await;
    let permission = Permission::new(ledger.clone(), Registrants::new(state_store.clone(), ledger.clone()));
    let mut publishers = Publishers::new(state_store);
    while !*stop.borrow() {
        let received = tokio::select! {
            received = inbox.receive() => received,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let outcome = match received {
            Ok(deliveries) => take(&inbox, &ledger, &permission, &mut publishers, deliveries).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "the inbox is tried again; what was not acknowledged is handed out again");
            let _ = tokio::time::timeout(Duration::from_millis(RETRY_MS), stop.wait_for(|stop| *stop)).await;
        }
    }
}

/// Appends what was received as one batch, and answers each delivery.
async fn take(
    inbox: &Inbox,
    ledger: &Ledger,
    permission: &Permission,
    publishers: &mut Publishers,
    deliveries: Vec<Delivery>,
) -> Result<(), InboxError> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let mut accepted = Vec::with_capacity(deliveries.len());
    for delivery in &deliveries {
        match publishers.scopes(&delivery.publisher).await {
            Ok(scopes) => accepted.push(read(delivery, permission, &Caller::publisher(&delivery.publisher, scopes)).await),
            Err(error) => {
                tracing::warn!(%error, "the state store does not say what publishers may do; their messages are given back");
                return give_back(inbox, &deliveries).await;
            }
        }
    }
    if let Some(problem) = accepted.iter().filter_map(|item| item.as_ref().err()).find(|problem| problem.status.is_server_error()) {
        tracing::warn!(detail = problem.detail, "whether it may be said is not known; the messages are given back to the inbox");
        return give_back(inbox, &deliveries).await;
    }
    let sent: Vec<Option<Vec<u8>>> = accepted.iter().map(|item| item.as_ref().ok().map(|accepted| accepted.event.bytes.clone())).collect();
    match append(ledger, accepted, usize::MAX, |at| sent.get(at).cloned().flatten()).await {
        Ok(Answered { items, .. }) => {
            for (delivery, item) in deliveries.iter().zip(items) {
                answer(inbox, delivery, &item).await?;
            }
            Ok(())
        }
        Err(problem) => {
            tracing::warn!(detail = problem.detail, "the ledger took nothing; the messages are given back to the inbox");
            give_back(inbox, &deliveries).await
        }
    }
}

async fn give_back(inbox: &Inbox, deliveries: &[Delivery]) -> Result<(), InboxError> {
    for delivery in deliveries {
        inbox.give_back(delivery).await?;
    }
    Ok(())
}

async fn answer(inbox: &Inbox, delivery: &Delivery, item: &Item) -> Result<(), InboxError> {
    let text = match (&item.receipt, &item.problem) {
        (Some(receipt), _) => serde_json::to_vec(receipt),
        (None, problem) => serde_json::to_vec(problem).map(|text| fit(text, problem.as_ref())),
    };
    let text = text.map_err(|error| InboxError::Engine(error.to_string()))?;
    if let Some(subject) = reply_to(delivery) {
        inbox.tell(subject, text.clone()).await?;
    }
    if item.receipt.is_some() { inbox.acknowledge(delivery).await } else { inbox.refuse(delivery, text).await }
}

/// A refusal that is too large is told without what it shows; else it could never be sent, and its message would come again for ever.
fn fit(text: Vec<u8>, problem: Option<&Problem>) -> Vec<u8> {
    let Some(problem) = problem.filter(|_| text.len() > MAX_REFUSAL_BYTES) else { return text };
    let detail: String = problem.detail.chars().take(MAX_HEADER_BYTES).collect();
    let short = serde_json::json!({"type": problem.kind, "title": problem.title, "status": problem.status.as_u16(), "detail": detail});
    short.to_string().into_bytes()
}

/// Headers have limits: what is beyond is refused by name, and nothing is sent to a subject that the server would not take.
fn check_headers(delivery: &Delivery) -> Result<(), Problem> {
    for (name, value) in &delivery.headers {
        let (given, bytes_max) = match name.eq_ignore_ascii_case(REPLY_TO) {
            true => (value.len(), MAX_REPLY_SUBJECT_BYTES),
            false => (name.len() + value.len(), MAX_HEADER_BYTES),
        };
        if given > bytes_max {
            let name: String = name.chars().take(64).collect();
            let detail = format!("the header {name:?} has {given} bytes, at most {bytes_max} are taken");
            return Err(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "header-too-large", "A header is too large", detail));
        }
    }
    Ok(())
}

/// Where the publisher wants its answer: only among its own inboxes, so that nobody can have the intake write elsewhere.
fn reply_to(delivery: &Delivery) -> Option<String> {
    let (_, wanted) = delivery.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(REPLY_TO))?;
    let own = format!("_INBOX.{}.", delivery.publisher);
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'*' && byte != b'>';
    let sound = wanted.len() <= MAX_REPLY_SUBJECT_BYTES
        && wanted.starts_with(&own)
        && wanted.len() > own.len()
        && wanted.bytes().all(plain)
        && !wanted.contains("..")
        && !wanted.ends_with('.');
    if !sound {
        tracing::debug!(publisher = delivery.publisher, "a receipt is sent only to subjects that begin with {own}");
    }
    sound.then(|| wanted.clone())
}

async fn read(delivery: &Delivery, permission: &Permission, caller: &Caller) -> Result<Accepted, Problem> {
    check_headers(delivery)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &delivery.headers {
        let (Ok(name), Ok(value)) = (name.to_ascii_lowercase().parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes())) else {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "header",
                "A header cannot be read",
                format!("the header {name:?} is not understood; leave it out"),
            ));
        };
        headers.append(name, value);
    }
    // Without any header that says otherwise, a message is an event in the structured form.
    let said = headers.contains_key(header::CONTENT_TYPE) || headers.contains_key("ce-specversion");
    let mode = if said { modes::of(&headers)? } else { Mode::Structured };
    if mode == Mode::Batch {
        let detail = "a message on the bus is one event; send each event of the batch as a message of its own";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Not a CloudEvent", detail));
    }
    match modes::read(mode, &headers, &delivery.payload)? {
        Sent::One(form) => accept(permission, caller, form).await,
        Sent::Many(_) => Err(Problem::internal("one message was read as many events")),
    }
}

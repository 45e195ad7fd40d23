//! The rules by which a server's answer is read. Pure.

use std::time::Duration;

use axum::http::StatusCode;
use dateline_events::Position;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Outcome, TryAgain};
use crate::shared::api_client::{Answered, problem_text};

/// How a request was answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Each event; None where the server says only that it was refused, because too many were at once.
    Each(Vec<Option<Outcome>>),
    /// All of them at once.
    Whole(Outcome),
}

#[derive(Deserialize)]
struct Items {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    status: u16,
    receipt: Option<Receipt>,
    problem: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Receipt {
    position: Position,
    fresh: bool,
}

impl From<Receipt> for Outcome {
    fn from(Receipt { position, fresh }: Receipt) -> Self {
        if fresh { Self::Fresh(position) } else { Self::Known(position) }
    }
}

/// What a status says of an event that was not taken.
fn not_taken(status: StatusCode, why: String, after: Option<Duration>) -> Outcome {
    match status {
        StatusCode::CONFLICT => Outcome::Conflict(why),
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => Outcome::Refused(why),
        _ => {
            let asks_to_wait = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status);
            Outcome::TryAgain(TryAgain { why, after, may_pass: asks_to_wait || status.is_server_error() })
        }
    }
}

/// The answer to so many events, or to one by itself.
pub(super) fn read(answered: &Answered, events: usize, is_batch: bool) -> Answer {
    if !answered.status.is_success() {
        return Answer::Whole(not_taken(answered.status, answered.problem(), answered.retry_after));
    }
    let each = match is_batch {
        true => serde_json::from_slice::<Items>(&answered.body).map(of_items),
        false => serde_json::from_slice::<Receipt>(&answered.body).map(|receipt| vec![Some(receipt.into())]),
    };
    match each {
        Ok(each) if each.len() == events => Answer::Each(each),
        _ => Answer::Whole(Outcome::TryAgain(TryAgain { why: "the server did not answer every event".into(), after: None, may_pass: false })),
    }
}

fn of_items(answer: Items) -> Vec<Option<Outcome>> {
    // A server that says of none why would be asked again for ever.
    let some_are_told = answer.items.iter().any(|item| item.receipt.is_some() || item.problem.is_some());
    let of_item = |item: Item| {
        // A status that is none is nobody's answer to the event.
        let status = StatusCode::from_u16(item.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match (item.receipt, item.problem) {
            (Some(receipt), _) => Some(receipt.into()),
            (None, Some(problem)) => Some(not_taken(status, problem_text(status, problem.get().as_bytes()), None)),
            (None, None) => {
                Some(not_taken(status, status.to_string(), None)).filter(|outcome| !some_are_told || matches!(outcome, Outcome::TryAgain(_)))
            }
        }
    };
    answer.items.into_iter().map(of_item).collect()
}

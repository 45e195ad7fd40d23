//! Many messages in answer to one question, straight from a stream's store (ADR-31), without a consumer to keep.
//!
//! Any server that holds the stream may answer, and one may lag. What the messages say is not known here.

use std::time::Duration;

use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::Value;

use super::bus::{ANSWER_MS, Bus, BusError};

/// Answers that are no message: end of batch, not found, nobody there.
const END_OF_BATCH: u16 = 204;
pub(super) const NOT_FOUND: u16 = 404;
const NO_RESPONDERS: u16 = 503;

/// What one question of many messages was answered.
pub(super) struct Answered {
    /// The messages, in order.
    pub messages: Vec<Message>,
    /// How many more there are after them.
    pub pending: u64,
}

/// Where the answers to questions of many messages arrive: one question at a time.
#[derive(Debug)]
pub(super) struct Answers {
    bus: Bus,
    inbox: String,
    subscriber: Subscriber,
    /// Counts the questions, so that an answer that came too late is not taken for one to the next.
    question: u64,
}

impl Answers {
    pub(super) async fn subscribe(bus: &Bus) -> Result<Self, BusError> {
        let inbox = bus.client().new_inbox();
        let subscribed = bus.client().subscribe(format!("{inbox}.*")).await;
        let subscriber = subscribed.map_err(|error| BusError::Unreadable(format!("cannot subscribe: {error}")))?;
        Ok(Self { bus: bus.clone(), inbox, subscriber, question: 0 })
    }

    /// Asks the stream of this name.
    pub(super) async fn ask(&mut self, stream: &str, question: &Value) -> Result<Answered, BusError> {
        self.question += 1;
        let reply = format!("{}.{}", self.inbox, self.question);
        let verb = format!("$JS.API.DIRECT.GET.{stream}");
        let sent = self.bus.client().publish_with_reply(verb, reply.clone(), Bytes::from(question.to_string())).await;
        sent.map_err(|error| BusError::Unreadable(format!("cannot ask: {error}")))?;
        let mut answered = Answered { messages: Vec::new(), pending: 0 };
        loop {
            let next = tokio::time::timeout(Duration::from_millis(ANSWER_MS), self.subscriber.next()).await;
            let message = next.map_err(|_| BusError::Silent)?.ok_or(BusError::Silent)?;
            if message.subject.as_str() != reply {
                continue;
            }
            match message.status.map(|status| status.as_u16()) {
                None => answered.messages.push(message),
                Some(END_OF_BATCH) => {
                    answered.pending = pending(&message)?;
                    return Ok(answered);
                }
                Some(NOT_FOUND) => return Ok(answered),
                Some(status) => return Err(unexpected(status, &message)),
            }
        }
    }
}

/// How much is left behind a page. An end that does not say so must not pass for the end of everything.
fn pending(end: &Message) -> Result<u64, BusError> {
    let pending = end.headers.as_ref().and_then(|headers| headers.get("Nats-Num-Pending")?.as_str().parse().ok());
    pending.ok_or_else(|| BusError::Refused { code: u64::from(END_OF_BATCH), description: "a page ended without Nats-Num-Pending".to_owned() })
}

/// What a status means that is no answer.
pub(super) fn unexpected(status: u16, message: &Message) -> BusError {
    if status == NO_RESPONDERS {
        return BusError::Nobody("reading a stream".to_owned());
    }
    BusError::Refused { code: u64::from(status), description: message.description.clone().unwrap_or_default() }
}

//! The inbox in JetStream: a work-queue stream that publishers write and one consumer that all intakes share, and the stream of refusals.
//!
//! What the messages say is not known here.

use std::time::Duration;

use async_nats::{HeaderMap, Message, Subscriber};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};

use super::bus::{Bus, BusError, NO_RESOURCES, NO_STORAGE, STREAM_NAME_TAKEN, STREAM_NOT_FOUND, retry_until_available};
use crate::address::Address;
use crate::inbox::{
    ACKNOWLEDGE_WITHIN_S, Delivery, InboxError, MAX_DELIVERIES, MAX_MESSAGE_BYTES, MAX_REFUSED_MIB, MAX_WAITING_MESSAGES, MAX_WAITING_MIB,
};

/// Where publishers send: `dateline.inbox.<publisher>`.
const INBOX: &str = "inbox";
const INBOX_SUBJECTS: &str = "dateline.inbox.";

/// Where a publisher finds what was refused: `dateline.refused.<publisher>`.
const REFUSED: &str = "refused";
const REFUSED_SUBJECTS: &str = "dateline.refused.";

/// The consumer that all intakes share.
const CONSUMER: &str = "intake";

/// A question for messages stays open so long, in seconds.
const OPEN_S: u64 = 5;

/// What is handed out at once ends with the message that reaches so many bytes.
const MAX_RECEIVED_BYTES: usize = 8 * 1024 * 1024;

/// What the server must carry, in bytes: an event of the largest size, and a refusal that shows two of them.
const CARRIED_BYTES: usize = 192 * 1024;

/// Refusals are kept for a week, and at most so many of one publisher.
const REFUSED_KEPT_S: u64 = 7 * 24 * 3600;
const MAX_REFUSED: i64 = 10_000;

/// An inbox on the bus.
#[derive(Debug)]
pub struct Inbox {
    bus: Bus,
    reply: String,
    messages: Subscriber,
    /// So many messages may still come for the question that is open; 0: none is.
    open: usize,
}

impl From<BusError> for InboxError {
    fn from(error: BusError) -> Self {
        match error {
            BusError::Silent | BusError::Nobody(_) | BusError::Connect(_) => Self::Unreachable(error.to_string()),
            other => Self::Engine(other.to_string()),
        }
    }
}

impl Inbox {
    /// Opens the inbox at an address (`nats://…`), and creates what is missing of it.
    pub async fn open(address: impl Into<Address>) -> Result<Self, InboxError> {
        let bus = Bus::connect(&address.into(), "inbox").await?;
        bus.must_carry(CARRIED_BYTES, "the inbox")?;
        let replicas = bus.address().replicas;
        let inbox = json!({
            "name": INBOX, "subjects": [format!("{INBOX_SUBJECTS}*")], "description": "events on their way to the ledger", "storage": "file",
            "retention": "workqueue", "discard": "new", "num_replicas": replicas, "max_msg_size": MAX_MESSAGE_BYTES,
            "max_msgs": MAX_WAITING_MESSAGES, "max_age": 0,
        });
        create(&bus, INBOX, inbox, MAX_WAITING_MIB).await?;
        let refused = json!({
            "name": REFUSED, "subjects": [format!("{REFUSED_SUBJECTS}*")], "description": "what the intake refused, and why", "storage": "file",
            "retention": "limits", "discard": "old", "num_replicas": replicas, "max_msgs_per_subject": MAX_REFUSED,
            "max_age": REFUSED_KEPT_S * 1_000_000_000,
        });
        create(&bus, REFUSED, refused, MAX_REFUSED_MIB).await?;
        let consumer = json!({"stream_name": INBOX, "action": "", "config": {
            "durable_name": CONSUMER, "name": CONSUMER, "ack_policy": "explicit", "ack_wait": ACKNOWLEDGE_WITHIN_S * 1_000_000_000,
            "max_deliver": -1, "max_ack_pending": 4 * MAX_DELIVERIES, "deliver_policy": "all", "replay_policy": "instant", "num_replicas": 0,
        }});
        let join = async || bus.api::<Value>(&format!("CONSUMER.CREATE.{INBOX}.{CONSUMER}"), &consumer).await;
        retry_until_available(join, BusError::is_away).await?;
        let reply = bus.client().new_inbox();
        let messages = bus.client().subscribe(reply.clone()).await.map_err(|error| InboxError::Unreachable(error.to_string()))?;
        Ok(Self { bus, reply, messages, open: 0 })
    }

    /// What publishers sent, in the order in which it arrived: waits for the first message (then takes what is there already), or
    /// answers nothing after a few seconds. Dropping the future loses nothing: what was taken is handed out again.
    pub async fn receive(&mut self) -> Result<Vec<Delivery>, InboxError> {
        if self.open == 0 {
            self.ask().await?;
        }
        let mut received = Vec::new();
        let mut bytes = 0;
        // A question that got no answer at all was lost with its connection, and is asked again.
        let patience = Duration::from_secs(OPEN_S + 1);
        let mut next = match tokio::time::timeout(patience, self.messages.next()).await {
            Ok(message) => message,
            Err(_) => {
                self.open = 0;
                return Ok(received);
            }
        };
        while let Some(message) = next {
            if let Some(delivery) = self.take(message)? {
                bytes += delivery.payload.len();
                received.push(delivery);
            }
            if self.open == 0 || received.len() >= MAX_DELIVERIES || bytes >= MAX_RECEIVED_BYTES {
                break;
            }
            next = self.messages.next().now_or_never().flatten();
        }
        Ok(received)
    }

    async fn ask(&mut self) -> Result<(), InboxError> {
        let question = json!({"batch": MAX_DELIVERIES, "max_bytes": MAX_RECEIVED_BYTES, "expires": OPEN_S * 1_000_000_000});
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{INBOX}.{CONSUMER}");
        let sent = self.bus.client().publish_with_reply(subject, self.reply.clone(), Bytes::from(question.to_string())).await;
        sent.map_err(|error| InboxError::Unreachable(error.to_string()))?;
        self.open = MAX_DELIVERIES;
        Ok(())
    }

    /// A delivery, or the end of the question.
    fn take(&mut self, message: Message) -> Result<Option<Delivery>, InboxError> {
        if let Some(status) = message.status {
            self.open = 0;
            return match status.as_u16() {
                // Nothing (more) came in time.
                404 | 408 | 409 => Ok(None),
                503 => Err(InboxError::Unreachable("JetStream does not answer".to_owned())),
                other => Err(InboxError::Engine(format!("status {other}: {}", message.description.unwrap_or_default()))),
            };
        }
        self.open = self.open.saturating_sub(1);
        let Some(acknowledge_at) = message.reply.as_ref().map(ToString::to_string) else { return Ok(None) };
        let publisher = message.subject.as_str().strip_prefix(INBOX_SUBJECTS).unwrap_or_default().to_owned();
        let headers = message.headers.iter().flat_map(HeaderMap::iter);
        let headers = headers.flat_map(|(name, values)| values.iter().map(move |value| (name.to_string(), value.as_str().to_owned())));
        Ok(Some(Delivery { publisher, headers: headers.collect(), payload: message.payload, acknowledge_at }))
    }

    /// Says that a delivery was dealt with: it is not handed out again. An acknowledgement that is lost does no harm.
    pub async fn acknowledge(&self, delivery: &Delivery) -> Result<(), InboxError> {
        self.say(delivery.acknowledge_at.clone(), "+ACK").await
    }

    /// Gives a delivery back: it is handed out again after a second.
    pub async fn give_back(&self, delivery: &Delivery) -> Result<(), InboxError> {
        self.say(delivery.acknowledge_at.clone(), r#"-NAK {"delay": 1000000000}"#).await
    }

    async fn say(&self, subject: String, word: &'static str) -> Result<(), InboxError> {
        let said = self.bus.client().publish(subject, Bytes::from_static(word.as_bytes())).await;
        said.map_err(|error| InboxError::Unreachable(error.to_string()))
    }

    /// Tells the publisher of a delivery why it was refused, and keeps the answer for a week; only then is it acknowledged.
    pub async fn refuse(&self, delivery: &Delivery, problem: Vec<u8>) -> Result<(), InboxError> {
        let mut headers = HeaderMap::new();
        headers.insert("Content-Type", "application/problem+json");
        self.bus.store(format!("{REFUSED_SUBJECTS}{}", delivery.publisher), headers, problem.into()).await?;
        self.acknowledge(delivery).await
    }

    /// Sends a publisher what it asked to be told, without a promise: whoever does not listen misses it.
    pub async fn tell(&self, subject: String, answer: Vec<u8>) -> Result<(), InboxError> {
        self.bus.client().publish(subject, answer.into()).await.map_err(|error| InboxError::Unreachable(error.to_string()))
    }
}

/// Creates a stream where it is missing, with the first limit in bytes that the server has room for; one that is there is left as its
/// operator set it.
async fn create(bus: &Bus, name: &str, mut settings: Value, limits_mib: [u64; 3]) -> Result<(), InboxError> {
    let info = async || bus.api::<Value>(&format!("STREAM.INFO.{name}"), &json!({})).await;
    match retry_until_available(info, BusError::is_away).await {
        Err(error) if error.is(STREAM_NOT_FOUND) => {}
        found => {
            if found?["config"]["max_bytes"].as_i64().is_none_or(|limit| limit <= 0) {
                tracing::warn!("the stream {name} has no limit in bytes: give it one with `nats stream edit {name} --max-bytes`");
            }
            return Ok(());
        }
    }
    let mut refused = None;
    for limit_mib in limits_mib {
        settings["max_bytes"] = json!(limit_mib * 1024 * 1024);
        let made = async || bus.api::<Value>(&format!("STREAM.CREATE.{name}"), &settings).await;
        match retry_until_available(made, BusError::is_away).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is(NO_STORAGE) || error.is(NO_RESOURCES) => refused = Some(error),
            // Another intake was faster.
            Err(error) if error.is(STREAM_NAME_TAKEN) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    refused.map_or(Ok(()), |error| Err(error.into()))
}

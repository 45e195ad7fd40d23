//! Messages on their way to the stream: sent in a fixed order over one connection, and the acknowledgements as they come back.
//!
//! A message names the position that it follows and that its id is free; the server refuses it where either is not so. Which events
//! go together is not decided here.

use std::time::Duration;

use async_nats::{HeaderMap, HeaderName, Subscriber};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dateline_events::{Instant, Position};
use futures_util::StreamExt;

use super::record::{RECORDED, SALT};
use crate::distributed::bus::{Bus, BusError, Stored, read_answer};

/// The token of the reply to a batch's first message: it comes only to say that the batch cannot begin, or that it has.
const FIRST: &str = "first";

const BATCH_ID: HeaderName = HeaderName::from_static("Nats-Batch-Id");
const BATCH_SEQUENCE: HeaderName = HeaderName::from_static("Nats-Batch-Sequence");
const BATCH_COMMIT: HeaderName = HeaderName::from_static("Nats-Batch-Commit");
const EXPECTED_LAST: HeaderName = HeaderName::from_static("Nats-Expected-Last-Sequence");
const EXPECTED_LAST_OF_SUBJECT: HeaderName = HeaderName::from_static("Nats-Expected-Last-Subject-Sequence");
const EXPECTED_SUBJECT: HeaderName = HeaderName::from_static("Nats-Expected-Last-Subject-Sequence-Subject");
const RECORDED_NAME: HeaderName = HeaderName::from_static(RECORDED);
const SALT_NAME: HeaderName = HeaderName::from_static(SALT);

/// What one record becomes.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    /// Where it is to stand.
    pub subject: String,
    /// The subjects of its id, and the last sequence among them: 0 for an event, the target's position for a redaction. None
    /// where it is a copy, whose ids were free once.
    pub family: Option<(String, Position)>,
    pub recorded: Instant,
    pub salt: [u8; 32],
    pub payload: Bytes,
}

impl Outgoing {
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(RECORDED_NAME, self.recorded.0.to_string());
        headers.insert(SALT_NAME, STANDARD.encode(self.salt));
        if let Some((subjects, last)) = &self.family {
            headers.insert(EXPECTED_LAST_OF_SUBJECT, last.to_string());
            headers.insert(EXPECTED_SUBJECT, subjects.as_str());
        }
        headers
    }
}

/// The connection to the stream, with one inbox for all acknowledgements.
#[derive(Debug)]
pub(super) struct Wire {
    bus: Bus,
    inbox: String,
    acknowledgements: Subscriber,
    /// Counts what was sent, so that an acknowledgement that comes too late is not taken for another's.
    sent: u64,
    /// Names the batches of this process.
    run: String,
}

impl Wire {
    pub(super) async fn open(bus: &Bus) -> Result<Self, BusError> {
        let inbox = bus.client().new_inbox();
        let subscribed = bus.client().subscribe(format!("{inbox}.>")).await;
        let acknowledgements = subscribed.map_err(|error| BusError::Unreadable(format!("cannot subscribe: {error}")))?;
        let run = inbox.rsplit('.').next().unwrap_or_default().to_owned();
        Ok(Self { bus: bus.clone(), inbox, acknowledgements, sent: 0, run })
    }

    /// Stores a batch whole or not at all, right behind the position `follows`; answers the position of its last message.
    pub(super) async fn batch(&mut self, batch: &[Outgoing], follows: Position, wait: Duration) -> Result<Position, BusError> {
        self.sent += 1;
        let number = self.sent;
        let id = format!("{}{number}", self.run);
        let reply = |token: &str| format!("{}.{number}.{token}", self.inbox);
        let last = batch.len();
        for (place, message) in (1..).zip(batch) {
            let mut headers = message.headers();
            headers.insert(BATCH_ID, id.as_str());
            headers.insert(BATCH_SEQUENCE, place.to_string());
            if place == 1 {
                headers.insert(EXPECTED_LAST, follows.to_string());
            }
            if place == last {
                headers.insert(BATCH_COMMIT, "1");
            }
            let client = self.bus.client();
            let (subject, payload) = (message.subject.clone(), message.payload.clone());
            let sent = match place {
                place if place == last => client.publish_with_reply_and_headers(subject, reply("last"), headers, payload).await,
                1 => client.publish_with_reply_and_headers(subject, reply(FIRST), headers, payload).await,
                _ => client.publish_with_headers(subject, headers, payload).await,
            };
            sent.map_err(|error| BusError::Unreadable(format!("cannot publish: {error}")))?;
        }
        let stored = tokio::time::timeout(wait, self.acknowledged(number)).await.map_err(|_| BusError::Silent)??;
        if stored.count != last as u64 && last > 1 {
            return Err(BusError::Unreadable(format!("of a batch of {last} messages {} were stored", stored.count)));
        }
        Ok(stored.seq)
    }

    async fn acknowledged(&mut self, number: u64) -> Result<Stored, BusError> {
        loop {
            let (found, token, answer) = self.next().await?;
            // The first message of a batch is acknowledged by an empty answer, or by the reason why the batch cannot begin.
            if found == number && (token != FIRST || answer.is_err()) {
                return answer;
            }
        }
    }

    /// Stores messages one by one, each right behind the one before it; answers what became of each. What follows one that was not
    /// acknowledged is not sent: a message that another intake put in the refused one's place would let the next one pass, with an
    /// earlier recorded time.
    pub(super) async fn singles(&mut self, messages: &[Outgoing], follows: Position, wait: Duration) -> Vec<Result<Position, BusError>> {
        let mut answers: Vec<Result<Position, BusError>> = vec![Err(BusError::Silent); messages.len()];
        let until = tokio::time::Instant::now() + wait;
        for ((place, message), answer) in (0..).zip(messages).zip(&mut answers) {
            // Whoever was not answered in time is looked up, whatever the reason.
            *answer = tokio::time::timeout_at(until, self.single(message, follows + place)).await.unwrap_or(Err(BusError::Silent));
            if answer.is_err() {
                break;
            }
        }
        answers
    }

    async fn single(&mut self, message: &Outgoing, follows: Position) -> Result<Position, BusError> {
        self.sent += 1;
        let number = self.sent;
        let mut headers = message.headers();
        headers.insert(EXPECTED_LAST, follows.to_string());
        let reply = format!("{}.{number}.single", self.inbox);
        let sent = self.bus.client().publish_with_reply_and_headers(message.subject.clone(), reply, headers, message.payload.clone()).await;
        sent.map_err(|error| BusError::Unreadable(format!("cannot publish: {error}")))?;
        loop {
            let (found, _, answer) = self.next().await?;
            if found == number {
                return answer.map(|stored| stored.seq);
            }
        }
    }

    /// The next acknowledgement: of which number, its token, and what it says.
    async fn next(&mut self) -> Result<(u64, String, Result<Stored, BusError>), BusError> {
        loop {
            let message = self.acknowledgements.next().await.ok_or(BusError::Silent)?;
            let mut tokens = message.subject.as_str().rsplit('.');
            let (token, number) = (tokens.next().unwrap_or_default().to_owned(), tokens.next().and_then(|text| text.parse().ok()));
            let Some(number) = number else { continue };
            let answer = match message.status {
                Some(_) => Err(BusError::Nobody("appending".to_owned())),
                None if message.payload.is_empty() => Ok(Stored { seq: 0, count: 0 }),
                None => read_answer(&message.payload),
            };
            return Ok((number, token, answer));
        }
    }
}

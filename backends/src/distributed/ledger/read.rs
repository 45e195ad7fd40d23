//! Reading the stream: by position, by key, and page by page, straight from its store (ADR-31), without a consumer to keep.
//!
//! Any server that holds the stream may answer, and one may lag: what it does not have yet is not there for now. What decides (the
//! head that an append follows) is asked of the leader alone.

use std::collections::HashMap;
use std::time::{Duration, Instant as Clock};

use async_nats::{HeaderMap, Message};
use bytes::Bytes;
use dateline_events::{EventKey, Position};
use serde_json::{Value, json};

use super::record::Raw;
use super::stream::Stream;
use crate::distributed::answers::{Answered, Answers, NOT_FOUND, unexpected};
use crate::distributed::bus::{Bus, BusError, NO_MESSAGE};
use crate::ledger::{Head, MAX_PAGE_BYTES, MAX_PAGE_RECORDS, Record};
use crate::ledger_error::LedgerError;
use crate::redaction::Redaction;

/// The most subjects that one look-up names; the server takes 1,024.
pub(super) const MAX_LOOKED_UP: usize = 1_000;

/// A ledger that others append to is closed between two of their appends: so many tries at most.
const MAX_CLOSING_TRIES: usize = 1_000;

/// A server that lags behind the leader is waited for so long, in milliseconds, and asked again after so many.
const LAG_MS: u64 = 5_000;
const LAG_PAUSE_MS: u64 = 20;

/// Reads one stream. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pub bus: Bus,
    pub stream: Stream,
}

impl Reader {
    /// The end of the ledger, as the stream's leader has it.
    pub(super) async fn head(&self) -> Result<Head, LedgerError> {
        let state = self.stream.state(&self.bus).await?.ok_or_else(|| self.no_stream())?;
        if state.last_seq == 0 {
            return Ok(Head::default());
        }
        let recorded = match self.ask_leader(&json!({"seq": state.last_seq})).await? {
            Some(message) if message.subject == self.stream.closing() => return Err(LedgerError::Closed),
            Some(message) => message.recorded()?,
            None => return Err(LedgerError::Missing { position: state.last_seq }),
        };
        Ok(Head { position: state.last_seq, recorded: Some(recorded) })
    }

    /// The end of a ledger that was closed.
    pub(super) async fn last_before_closing(&self) -> Result<Head, LedgerError> {
        let state = self.stream.state(&self.bus).await?.ok_or_else(|| self.no_stream())?;
        Ok(Head { position: state.last_seq.saturating_sub(1), recorded: None })
    }

    pub(super) fn no_stream(&self) -> LedgerError {
        LedgerError::Engine(format!("there is no stream {} on {:?}: start the intake first, which creates it", self.stream.name, self.bus.address()))
    }

    /// One message, from the stream's leader.
    async fn ask_leader(&self, question: &Value) -> Result<Option<LeadersMessage>, BusError> {
        #[derive(serde::Deserialize)]
        struct Whole {
            message: LeadersMessage,
        }
        match self.bus.api::<Whole>(&format!("STREAM.MSG.GET.{}", self.stream.name), question).await {
            Ok(whole) => Ok(Some(whole.message)),
            Err(error) if error.is(NO_MESSAGE) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The record at a position; None where the ledger has none (yet).
    pub(super) async fn get(&self, position: Position) -> Result<Option<Record>, LedgerError> {
        if position == 0 {
            return Ok(None);
        }
        let question = json!({"seq": position}).to_string();
        let answer = self.bus.ask(format!("$JS.API.DIRECT.GET.{}", self.stream.name), None, question.into()).await?;
        match answer.status.map(|status| status.as_u16()) {
            None => Raw::of_direct(&answer)?.record().map(Some),
            Some(NOT_FOUND) => self.redacted(position).await,
            Some(status) => Err(unexpected(status, &answer).into()),
        }
    }

    /// The redaction of a position; None where there is none.
    pub(super) async fn redaction(&self, position: Position) -> Result<Option<Redaction>, LedgerError> {
        Ok(self.redaction_as_stored(position).await?.map(|(_, redaction, _)| redaction))
    }

    /// The same, with where it stands before it and its bytes behind it.
    pub(super) async fn redaction_as_stored(&self, position: Position) -> Result<Option<(Position, Redaction, Vec<u8>)>, LedgerError> {
        let Some(message) = self.ask_leader(&json!({"last_by_subj": self.stream.redaction_of(position)})).await? else { return Ok(None) };
        let bytes = message.payload()?;
        let redaction = Redaction::read(&bytes).filter(|redaction| redaction.position == position);
        redaction.map(|redaction| Some((message.seq, redaction, bytes.clone()))).ok_or(LedgerError::Altered { position: message.seq })
    }

    /// What a redaction left of a position; None where there is no redaction of it.
    pub(super) async fn redacted(&self, position: Position) -> Result<Option<Record>, LedgerError> {
        let Some(redaction) = self.redaction(position).await? else { return Ok(None) };
        let left = redaction.left().ok_or(LedgerError::Altered { position })?;
        Ok(Some(left))
    }

    /// The records of keys, where there are any; a redacted one without its text.
    pub(super) async fn find(&self, keys: &[EventKey]) -> Result<HashMap<EventKey, Record>, LedgerError> {
        let mut found = HashMap::new();
        for message in &self.last_of(keys).await? {
            let raw = Raw::of_direct(message)?;
            let key = raw.key().ok_or(LedgerError::Altered { position: raw.position })?;
            if raw.is_event() {
                found.entry(key).or_insert(raw.record()?);
            } else if let Some(record) = self.redacted(raw.redacted_position()?).await? {
                found.insert(key, record);
            }
        }
        Ok(found)
    }

    /// The messages that stand under keys: an event, its redaction, or both.
    pub(super) async fn last_of(&self, keys: &[EventKey]) -> Result<Vec<Message>, LedgerError> {
        let mut messages = Vec::new();
        for keys in keys.chunks(MAX_LOOKED_UP) {
            let subjects: Vec<String> = keys.iter().map(|key| self.stream.all_of(key)).collect();
            messages.extend(self.many(&json!({"multi_last": subjects, "batch": 2 * MAX_LOOKED_UP})).await?.messages);
        }
        Ok(messages)
    }

    /// Deletes the message at a position, and overwrites it where it stood; one that is gone already is no error.
    pub(super) async fn delete(&self, position: Position) -> Result<(), LedgerError> {
        let deleted = self.bus.api::<Value>(&format!("STREAM.MSG.DELETE.{}", self.stream.name), &json!({"seq": position, "no_erase": false})).await;
        match deleted {
            Ok(_) => Ok(()),
            Err(_) if self.ask_leader(&json!({"seq": position})).await?.is_none() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts a message behind the head that is no record: every append names the head that it follows, and is refused from then on.
    pub(super) async fn close(&self) -> Result<(), LedgerError> {
        for _ in 0..MAX_CLOSING_TRIES {
            let last = self.stream.state(&self.bus).await?.ok_or_else(|| self.no_stream())?.last_seq;
            let closed = self.ask_leader(&json!({"seq": last})).await?.is_some_and(|message| message.subject == self.stream.closing());
            if closed {
                return Ok(());
            }
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Expected-Last-Sequence", last.to_string());
            // Whether it was stored or refused, the next look tells.
            if let Err(error) = self.bus.store(self.stream.closing(), headers, Bytes::from_static(b"closed")).await {
                tracing::debug!(%error, "the ledger is not closed yet");
            }
        }
        Err(LedgerError::Overloaded)
    }

    /// True where a position holds nothing but the room that was kept for it.
    pub(super) async fn is_filler(&self, position: Position) -> Result<bool, LedgerError> {
        Ok(self.ask_leader(&json!({"seq": position})).await?.is_some_and(|message| message.data.is_empty()))
    }

    /// The messages after a position, as they stand: gaps are for the caller to see.
    pub(super) async fn after(&self, position: Position, answers: &mut Answers) -> Result<Answered, BusError> {
        let question = json!({"seq": position + 1, "batch": MAX_PAGE_RECORDS, "max_bytes": MAX_PAGE_BYTES});
        answers.ask(&self.stream.name, &question).await
    }

    /// The same, but nothing only where the leader has nothing either: a server that lags knows nothing of what was just stored.
    pub(super) async fn after_for_certain(&self, position: Position, answers: &mut Answers) -> Result<Answered, LedgerError> {
        let begun = Clock::now();
        let next = json!({"seq": position + 1, "next_by_subj": self.stream.everything()});
        loop {
            let answered = self.after(position, answers).await?;
            if !answered.messages.is_empty() || self.ask_leader(&next).await?.is_none() {
                return Ok(answered);
            }
            if begun.elapsed() >= Duration::from_millis(LAG_MS) {
                return Err(LedgerError::Unreachable { reason: format!("what follows position {position} has not reached the server that answers") });
            }
            tokio::time::sleep(Duration::from_millis(LAG_PAUSE_MS)).await;
        }
    }

    async fn many(&self, question: &Value) -> Result<Answered, BusError> {
        Answers::subscribe(&self.bus).await?.ask(&self.stream.name, question).await
    }
}

/// A message as the leader gives it: JSON with base64.
#[derive(serde::Deserialize)]
struct LeadersMessage {
    #[serde(default)]
    subject: String,
    seq: Position,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

impl LeadersMessage {
    fn recorded(&self) -> Result<dateline_events::Instant, LedgerError> {
        let headers = decoded(&self.hdrs)?;
        let text = String::from_utf8_lossy(&headers);
        if ![super::record::RECORDED, super::record::SALT].iter().any(|name| text.contains(*name)) {
            return Err(LedgerError::Foreign { position: self.seq });
        }
        let recorded = text.lines().find_map(|line| line.strip_prefix(super::record::RECORDED)?.strip_prefix(':')?.trim().parse().ok());
        recorded.map(dateline_events::Instant).ok_or(LedgerError::Altered { position: self.seq })
    }

    fn payload(&self) -> Result<Vec<u8>, LedgerError> {
        decoded(&self.data)
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, LedgerError> {
    use base64::Engine as _;
    let decoded = base64::engine::general_purpose::STANDARD.decode(text);
    decoded.map_err(|error| LedgerError::Engine(format!("JetStream gave what is no base64: {error}")))
}

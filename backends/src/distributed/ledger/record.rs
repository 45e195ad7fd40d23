//! A record as a message, and a message as a record: payload, two headers and the subject; nothing else in the message counts.

use async_nats::{HeaderMap, Message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dateline_events::{EventKey, Instant, Position};
use serde::Deserialize;

use crate::ledger::Record;
use crate::ledger_error::LedgerError;

/// When the ledger took it: microseconds since 1970 UTC, decimal.
pub(super) const RECORDED: &str = "Dateline-Recorded";

/// What hides its commitment: 32 bytes, base64.
pub(super) const SALT: &str = "Dateline-Salt";

/// The last token of an event's subject.
const EVENT_TOKEN: &str = "e";

/// A message of the ledger, whoever brought it.
pub(super) struct Raw<'a> {
    pub subject: &'a str,
    pub position: Position,
    pub headers: Option<&'a HeaderMap>,
    pub payload: &'a Bytes,
}

/// What an event names itself.
#[derive(Deserialize)]
struct Identity {
    source: String,
    id: String,
}

impl<'a> Raw<'a> {
    /// A message as reading directly brings it: its place stands in its headers.
    pub(super) fn of_direct(message: &'a Message) -> Result<Self, LedgerError> {
        let header = |name: &str| message.headers.as_ref().and_then(|headers| headers.get(name)).map(async_nats::HeaderValue::as_str);
        let position = header("Nats-Sequence").and_then(|text| text.parse().ok());
        let (Some(position), Some(subject)) = (position, header("Nats-Subject")) else {
            return Err(LedgerError::Engine("a message of the ledger came without its sequence or its subject".to_owned()));
        };
        Ok(Self { subject, position, headers: message.headers.as_ref(), payload: &message.payload })
    }

    /// The key in its subject; None: this is no message of ours.
    pub(super) fn key(&self) -> Option<EventKey> {
        EventKey::parse(self.subject.split('.').nth(1)?)
    }

    /// True for an event; false for a redaction.
    pub(super) fn is_event(&self) -> bool {
        self.subject.rsplit('.').next() == Some(EVENT_TOKEN)
    }

    /// The position that a redaction's subject names.
    pub(super) fn redacted_position(&self) -> Result<Position, LedgerError> {
        self.subject.rsplit('.').next().and_then(|text| text.parse().ok()).ok_or(LedgerError::Altered { position: self.position })
    }

    /// When it was recorded.
    pub(super) fn recorded(&self) -> Option<Instant> {
        self.header(RECORDED)?.parse().ok().map(Instant)
    }

    /// Its salt.
    pub(super) fn salt(&self) -> Option<[u8; 32]> {
        STANDARD.decode(self.header(SALT)?).ok()?.try_into().ok()
    }

    fn header(&self, name: &str) -> Option<&str> {
        Some(self.headers?.get(name)?.as_str())
    }

    /// The record; one that lacks what the ledger wrote was altered.
    pub(super) fn record(&self) -> Result<Record, LedgerError> {
        let altered = || LedgerError::Altered { position: self.position };
        // Every intake writes both; a message without either is not one that was altered.
        if self.header(RECORDED).is_none() && self.header(SALT).is_none() {
            return Err(LedgerError::Foreign { position: self.position });
        }
        let (recorded, salt) = (self.recorded().ok_or_else(altered)?, self.salt().ok_or_else(altered)?);
        let subject_key = self.key().ok_or_else(altered)?;
        let bytes = self.payload.to_vec();
        let Identity { source, id } = serde_json::from_slice(&bytes).map_err(|_| altered())?;
        let key = EventKey::of(&source, &id);
        // A redaction stands under the key of what it destroyed; its own is made of what it names itself.
        if self.is_event() && key != subject_key {
            return Err(altered());
        }
        Ok(Record { position: self.position, recorded, key, salt: Some(salt), source, id, bytes: Some(bytes) })
    }
}

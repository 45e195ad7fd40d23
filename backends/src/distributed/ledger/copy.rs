//! Records put as they are into a stream that is being made from another ledger: positions, recorded times and salts stay.
//!
//! Nobody appends to such a stream yet, so ids are not fenced again; the position that each batch follows is.

use std::time::Duration;

use bytes::Bytes;
use dateline_events::Instant;

use super::read::Reader;
use super::wire::{Outgoing, Wire};
use crate::distributed::bus::ANSWER_MS;
use crate::ledger::{Head, Record};
use crate::ledger_error::LedgerError;
use crate::redaction::Redaction;

/// Puts the records behind the head, and moves it.
pub(super) async fn copy(reader: &Reader, wire: &mut Wire, head: &mut Head, records: &[Record]) -> Result<(), LedgerError> {
    // An earlier copy may have ended between keeping a redacted position's room and freeing it.
    if head.position > 0 && reader.is_filler(head.position).await? {
        reader.delete(head.position).await?;
    }
    let mut batch = Vec::with_capacity(records.len());
    for record in records {
        let expected = head.position + batch.len() as u64 + 1;
        if record.position != expected {
            return Err(LedgerError::Missing { position: expected });
        }
        match (&record.bytes, record.salt) {
            (Some(bytes), Some(salt)) => batch.push((outgoing(reader, record, bytes, salt), record.recorded)),
            _ => {
                send(wire, head, &mut batch).await?;
                let room = Outgoing {
                    subject: reader.stream.event(&record.key),
                    family: None,
                    recorded: record.recorded,
                    salt: [0; 32],
                    payload: Bytes::new(),
                };
                send(wire, head, &mut vec![(room, record.recorded)]).await?;
                reader.delete(record.position).await?;
            }
        }
    }
    send(wire, head, &mut batch).await
}

fn outgoing(reader: &Reader, record: &Record, bytes: &[u8], salt: [u8; 32]) -> Outgoing {
    let redaction = Redaction::read(bytes).and_then(|redaction| Some((dateline_events::EventKey::parse(&redaction.key)?, redaction.position)));
    let subject = match redaction {
        Some((key, position)) => reader.stream.redaction(&key, position),
        None => reader.stream.event(&record.key),
    };
    Outgoing { subject, family: None, recorded: record.recorded, salt, payload: Bytes::copy_from_slice(bytes) }
}

async fn send(wire: &mut Wire, head: &mut Head, batch: &mut Vec<(Outgoing, Instant)>) -> Result<(), LedgerError> {
    let Some(recorded) = batch.last().map(|(_, recorded)| *recorded) else { return Ok(()) };
    let messages: Vec<Outgoing> = std::mem::take(batch).into_iter().map(|(message, _)| message).collect();
    let stored = wire.batch(&messages, head.position, Duration::from_millis(ANSWER_MS)).await?;
    if stored != head.position + messages.len() as u64 {
        return Err(LedgerError::Engine(format!("a copied batch ended at position {stored} instead of {}", head.position + messages.len() as u64)));
    }
    *head = Head { position: stored, recorded: Some(recorded) };
    Ok(())
}

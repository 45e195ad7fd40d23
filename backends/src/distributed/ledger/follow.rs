//! Following the stream: page by page from a cursor, without a gap. There is no consumer that could be lost: after a broken
//! connection the same question is asked again.

use std::sync::Arc;
use std::time::Duration;

use dateline_events::Position;
use tokio::sync::watch;

use super::head::{Known, Watching};
use super::read::Reader;
use super::record::Raw;
use crate::distributed::answers::Answers;
use crate::heads::{Hint, KnownHead};
use crate::ledger::{Page, Record};
use crate::ledger_error::LedgerError;

/// So long a follower waits for a word that there is more before it looks by itself, in milliseconds.
const LOOK_AGAIN_MS: u64 = 1_000;

/// A follower of a ledger on the bus.
#[derive(Debug)]
pub struct Follower {
    reader: Reader,
    answers: Option<Box<Answers>>,
    heads: watch::Receiver<KnownHead>,
    hints: watch::Receiver<Hint>,
    watching: std::sync::Weak<Watching>,
    after: Position,
}

impl Follower {
    pub(super) fn new(reader: Reader, watching: &Arc<Watching>, after: Position) -> Self {
        let (heads, hints) = (watching.seen().heads(), watching.seen().hints());
        Self { reader, answers: None, heads, hints, watching: Arc::downgrade(watching), after }
    }

    pub(crate) async fn next(&mut self) -> Result<Page, LedgerError> {
        loop {
            // What is known is marked as seen before reading, so that a head that moves meanwhile wakes the wait below.
            self.heads.borrow_and_update();
            self.hints.borrow_and_update();
            if let Some(page) = self.try_next().await? {
                return Ok(page);
            }
            let woken = tokio::select! {
                known = self.heads.changed() => known,
                heard = self.hints.changed() => heard,
                () = tokio::time::sleep(Duration::from_millis(LOOK_AGAIN_MS)) => Ok(()),
            };
            woken.map_err(|_| closed())?;
        }
    }

    pub(crate) async fn try_next(&mut self) -> Result<Option<Page>, LedgerError> {
        let watching = self.watching.upgrade().ok_or_else(closed)?;
        if let Known::Shorter { known, head } = watching.seen().known() {
            return Err(LedgerError::Shorter { known, head });
        }
        let mut answers = match self.answers.take() {
            Some(answers) => answers,
            None => Box::new(Answers::subscribe(&self.reader.bus).await?),
        };
        // Where more was seen than this follower has read, "nothing" must not be the word of a server that lags.
        let answered = match watching.seen().position() > self.after {
            true => self.reader.after_for_certain(self.after, &mut answers).await?,
            false => self.reader.after(self.after, &mut answers).await?,
        };
        // Kept only after a whole answer: what is late for a question that was given up would be in the way of the next.
        self.answers = Some(answers);
        let mut records: Vec<Record> = Vec::with_capacity(answered.messages.len());
        for message in &answered.messages {
            let raw = Raw::of_direct(message)?;
            self.fill_gap(self.after + 1 + records.len() as Position, raw.position, &mut records).await?;
            records.push(raw.record()?);
        }
        let Some(last) = records.last().map(|record| record.position) else {
            let known = self.heads.borrow().position();
            if known < self.after {
                watching.seen().must_hold(self.after).await?;
            }
            return Ok(None);
        };
        self.after = last;
        watching.seen().saw(last);
        Ok(Some(Page { records, head: watching.seen().position().max(last + answered.pending) }))
    }

    /// What is missing between two messages was redacted, or it is lost.
    async fn fill_gap(&self, from: Position, until: Position, records: &mut Vec<Record>) -> Result<(), LedgerError> {
        for position in from..until {
            records.push(self.reader.redacted(position).await?.ok_or(LedgerError::Missing { position })?);
        }
        Ok(())
    }

    pub(crate) fn position(&self) -> Position {
        self.after
    }
}

fn closed() -> LedgerError {
    LedgerError::Stopped { reason: "the ledger was closed".to_owned() }
}

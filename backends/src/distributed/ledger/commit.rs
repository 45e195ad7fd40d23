//! One commit of the ledger: what it is made of, how it is sent, and how a refusal or a lost answer is settled.
//!
//! Runs on the writer's task alone. Who waits and for how long is the queue's business.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use bytes::Bytes;
use dateline_events::{EventKey, Instant, Position, same_event};
use tokio::sync::watch;

use super::head::Seen;
use super::read::Reader;
use super::record::Raw;
use super::wire::{Outgoing, Wire};
use super::writer::Append;
use crate::clock::RecordingClock;
use crate::distributed::bus::{ANSWER_MS, BusError, WRONG_LAST_ID, WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE_IN_FLIGHT};
use crate::ledger::{Head, NewEvent, Outcome, Receipt, Record};
use crate::ledger_error::LedgerError;
use crate::redaction::Redaction;

/// Fewer waiting events than this are sent as single messages, all in flight at once: the server makes about 300 batches a second
/// however small they are, but 2,500 to 5,000 single messages.
const BATCH_FROM_EVENTS: usize = 16;

/// So long a commit is tried again before its callers are told that nobody knows, in milliseconds.
const GIVE_UP_MS: u64 = 12_000;

/// The same while the commit before it was given up too: then the bus is down, and nobody should wait in line for it.
const GIVE_UP_WHILE_DOWN_MS: u64 = 1_500;

/// Between two tries, in milliseconds; twice as long after each further one, up to the most.
const RETRY_FIRST_MS: u64 = 5;
const RETRY_MOST_MS: u64 = 500;

/// Everything the writer's task owns.
pub(super) struct Committing {
    reader: Reader,
    wire: Wire,
    /// The head that the next append follows.
    head: Head,
    seen: Seen,
    clock: Arc<RecordingClock>,
    /// True after a commit that was given up.
    down: bool,
    /// Where the positions that were stored are told, for the followers' hints.
    hints: watch::Sender<Position>,
}

/// One event of a commit that is to be stored.
struct Item<'a> {
    event: &'a NewEvent,
    /// The key that its subject stands under: its own, or of what it redacts.
    place: EventKey,
    redaction: Option<Redaction>,
    salt: [u8; 32],
    payload: Bytes,
    settled: Option<Settled>,
}

/// What became of one event.
#[derive(Clone)]
enum Settled {
    Fresh {
        position: Position,
        recorded: Instant,
    },
    /// It was there before: its bytes, unless they were destroyed.
    Before {
        position: Position,
        recorded: Instant,
        bytes: Option<Vec<u8>>,
    },
}

impl Committing {
    pub(super) fn new(reader: Reader, wire: Wire, head: Head, seen: Seen, clock: Arc<RecordingClock>, hints: watch::Sender<Position>) -> Self {
        Self { reader, wire, head, seen, clock, down: false, hints }
    }

    /// Stores what waited together and answers everybody.
    pub(super) async fn append(&mut self, group: Vec<Append>) {
        let stored = self.store(&group).await;
        self.down = matches!(stored, Err(LedgerError::Stopped { .. } | LedgerError::Unreachable { .. }));
        match stored {
            Ok(stored) => {
                let mut stored = stored.into_iter();
                for append in group {
                    let settled: Vec<Option<Settled>> = stored.by_ref().take(append.events.len()).collect();
                    let its_own = append.events.iter().zip(&append.keys).zip(settled);
                    let outcomes = its_own.map(|((event, key), settled)| Some(outcome(event, *key, settled?))).collect::<Option<Vec<_>>>();
                    drop(append.answer.send(outcomes.ok_or(LedgerError::Full)));
                }
            }
            Err(error) => group.into_iter().for_each(|append| drop(append.answer.send(Err(error.clone())))),
        }
    }

    /// What became of every event of the group, in order; None where there was no room for it.
    async fn store(&mut self, group: &[Append]) -> Result<Vec<Option<Settled>>, LedgerError> {
        let all: Vec<(&NewEvent, EventKey)> = group.iter().flat_map(|append| append.events.iter().zip(append.keys.iter().copied())).collect();
        // An id that stands twice is stored once: the server would store it twice, or refuse the batch.
        let mut first: HashMap<EventKey, usize> = HashMap::with_capacity(all.len());
        let mut places = Vec::with_capacity(all.len());
        let mut unique = Vec::with_capacity(all.len());
        for (event, key) in &all {
            let place = *first.entry(*key).or_insert_with(|| {
                unique.push((*event, *key));
                unique.len() - 1
            });
            places.push(place);
        }
        let mut items = self.items(&unique)?;
        let alone = group.iter().all(|append| append.events.len() == 1);
        match self.settle_all(&mut items, alone).await {
            // Those that were stored before there was no more room get their receipts.
            Ok(()) | Err(LedgerError::Full) => {}
            Err(error) => return Err(error),
        }
        let mut answered = vec![false; items.len()];
        let settled = places.into_iter().map(|place| {
            let item = &items[place];
            let again = std::mem::replace(&mut answered[place], true);
            match item.settled.clone() {
                Some(Settled::Fresh { position, recorded }) if again => {
                    Some(Settled::Before { position, recorded, bytes: Some(item.event.bytes.clone()) })
                }
                settled => settled,
            }
        });
        Ok(settled.collect())
    }

    fn items<'a>(&self, unique: &[(&'a NewEvent, EventKey)]) -> Result<Vec<Item<'a>>, LedgerError> {
        let mut salts = vec![0; unique.len() * 32];
        getrandom::fill(&mut salts).map_err(|error| LedgerError::Engine(format!("no randomness for salts: {error}")))?;
        let items = unique.iter().zip(salts.as_chunks::<32>().0).map(|((event, key), salt)| {
            let redaction = Redaction::read(&event.bytes);
            let place = redaction.as_ref().and_then(|redaction| EventKey::parse(&redaction.key)).unwrap_or(*key);
            Item { event, place, redaction, salt: *salt, payload: Bytes::copy_from_slice(&event.bytes), settled: None }
        });
        Ok(items.collect())
    }

    /// Sends what is open until everything is settled, or nobody can know.
    async fn settle_all(&mut self, items: &mut [Item<'_>], alone: bool) -> Result<(), LedgerError> {
        let patience = Duration::from_millis(if self.down { GIVE_UP_WHILE_DOWN_MS } else { GIVE_UP_MS });
        let begun = Clock::now();
        // Asked for once, before anything is sent: what may have been stored is looked up, whatever the clock does meanwhile.
        let now = self.clock.now().map_err(|retry_s| LedgerError::ClockUnsettled { retry_s })?;
        let mut pause = RETRY_FIRST_MS;
        loop {
            let open: Vec<usize> = (0..items.len()).filter(|place| items[*place].settled.is_none()).collect();
            if open.is_empty() {
                return Ok(());
            }
            let wait = patience.saturating_sub(begun.elapsed()).min(Duration::from_millis(ANSWER_MS)).max(Duration::from_millis(RETRY_FIRST_MS));
            let singly = alone && open.len() < self.batch_from();
            let failed = self.send(items, &open, singly, now, wait).await;
            let Some(error) = failed else { continue };
            if error.is_full() {
                // What was there before needs no room: its receipt is given all the same.
                self.look_up(items).await?;
                return if items.iter().all(|item| item.settled.is_some()) { Ok(()) } else { Err(LedgerError::Full) };
            }
            let late = begun.elapsed() >= patience;
            let head = self.head.position;
            match self.look_up(items).await {
                Ok(()) if !late => {}
                Ok(()) if items.iter().all(|item| item.settled.is_some()) => return Ok(()),
                Ok(()) => return Err(given_up(&error)),
                Err(LedgerError::Unreachable { reason }) if late => return Err(LedgerError::Stopped { reason }),
                Err(LedgerError::Unreachable { .. }) => {}
                Err(other) => return Err(other),
            }
            if !is_refused(&error) {
                tracing::warn!(%error, "an append was not acknowledged; it was looked up and is sent again where it was not stored");
            }
            // Another intake moved the head, or an id was taken: then the next try is another one, and nobody waits.
            let nothing_new = head == self.head.position && open.iter().all(|place| items[*place].settled.is_none());
            if nothing_new {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                pause = (pause * 2).min(RETRY_MOST_MS);
            }
        }
    }

    /// From so many events on they go as one batch. Where a stream has replicas that is from two on: a single message in flight names
    /// the id of the one before it, and a server (2.15.1) that finds another id there when it applies the message takes that for a
    /// fault of its disk and stops the stream, on every replica, until the servers are started anew.
    fn batch_from(&self) -> usize {
        let replicas = self.reader.bus.address().replicas;
        if replicas > 1 { 2 } else { BATCH_FROM_EVENTS }
    }

    /// Sends the open items right behind the head. None: all of them were acknowledged.
    async fn send(&mut self, items: &mut [Item<'_>], open: &[usize], singly: bool, now: Instant, wait: Duration) -> Option<BusError> {
        let recorded = self.head.recorded.map_or(now, |last| last.max(now));
        let outgoing: Vec<Outgoing> = open.iter().map(|place| self.outgoing(&items[*place], recorded)).collect();
        let follows = self.head.position;
        let (mut failed, mut stored) = (None, 0);
        if singly {
            let answers = self.wire.singles(&outgoing, follows, wait).await;
            for (place, answer) in open.iter().zip(answers) {
                match answer {
                    Ok(position) => {
                        items[*place].settled = Some(Settled::Fresh { position, recorded });
                        stored = stored.max(position);
                    }
                    // That nobody knows of one outweighs that others were refused.
                    Err(error) if failed.is_none() || !matches!(error, BusError::Refused { .. }) => failed = Some(error),
                    Err(_) => {}
                }
            }
        } else {
            match self.wire.batch(&outgoing, follows, wait).await {
                Ok(last) => {
                    for (place, position) in open.iter().rev().zip((1..=last).rev()) {
                        items[*place].settled = Some(Settled::Fresh { position, recorded });
                    }
                    stored = last;
                }
                Err(error) => failed = Some(error),
            }
        }
        if stored > 0 {
            self.moved(Head { position: stored, recorded: Some(recorded) });
        }
        failed
    }

    fn outgoing(&self, item: &Item<'_>, recorded: Instant) -> Outgoing {
        let stream = &self.reader.stream;
        let (subject, family_last) = match &item.redaction {
            Some(redaction) => (stream.redaction(&item.place, redaction.position), redaction.position),
            None => (stream.event(&item.place), 0),
        };
        let family = Some((stream.all_of(&item.place), family_last));
        Outgoing { subject, family, recorded, salt: item.salt, payload: item.payload.clone() }
    }

    fn moved(&mut self, head: Head) {
        self.head = head;
        self.seen.saw(head.position);
        self.hints.send_replace(head.position);
    }

    /// Asks once what stands under the open ids, and where the ledger ends. What carries our own salt we stored ourselves.
    async fn look_up(&mut self, items: &mut [Item<'_>]) -> Result<(), LedgerError> {
        let head = self.reader.head().await?;
        if head.position < self.head.position {
            self.seen.must_hold(self.head.position).await?;
        } else {
            self.moved(head);
        }
        let open: Vec<EventKey> = items.iter().filter(|item| item.settled.is_none()).map(|item| item.place).collect();
        let messages = self.reader.last_of(&open).await?;
        let mut found: HashMap<EventKey, Vec<Raw<'_>>> = HashMap::new();
        for message in &messages {
            let raw = Raw::of_direct(message)?;
            let key = raw.key().ok_or(LedgerError::Altered { position: raw.position })?;
            found.entry(key).or_default().push(raw);
        }
        for item in items.iter_mut().filter(|item| item.settled.is_none()) {
            let here = found.get(&item.place).map(Vec::as_slice).unwrap_or_default();
            item.settled = self.settled(item, here).await?;
        }
        Ok(())
    }

    /// What the messages under an item's key say of it.
    async fn settled(&self, item: &Item<'_>, here: &[Raw<'_>]) -> Result<Option<Settled>, LedgerError> {
        let of_its_kind = here.iter().find(|raw| raw.is_event() == item.redaction.is_none());
        if let Some(raw) = of_its_kind {
            let record = raw.record()?;
            if item.redaction.is_none() && (&record.source, &record.id) != (&item.event.source, &item.event.id) {
                return Err(LedgerError::Engine(format!(
                    "two ids have one key: {:?} of {} and position {}; please report this",
                    item.event.id, item.event.source, raw.position
                )));
            }
            let (position, recorded) = (record.position, record.recorded);
            let ours = record.salt == Some(item.salt);
            return Ok(Some(if ours { Settled::Fresh { position, recorded } } else { Settled::Before { position, recorded, bytes: record.bytes } }));
        }
        match (here.first(), &item.redaction) {
            // The event is gone, its redaction stands: the id stays taken.
            (Some(raw), None) => {
                let target = raw.redacted_position()?;
                let record = self.reader.redacted(target).await?.ok_or(LedgerError::Altered { position: raw.position })?;
                Ok(Some(Settled::Before { position: record.position, recorded: record.recorded, bytes: None }))
            }
            (None, Some(redaction)) => Err(LedgerError::Missing { position: redaction.position }),
            _ => Ok(None),
        }
    }

    /// Destroys a text whose redaction stands in the ledger already.
    pub(super) async fn destroy(&mut self, position: Position) -> Result<(), LedgerError> {
        if self.reader.redacted(position).await?.is_none() {
            return Err(LedgerError::Missing { position });
        }
        self.reader.delete(position).await
    }

    /// Puts records as they are behind the head, which they must follow.
    pub(super) async fn copy(&mut self, records: &[Record]) -> Result<(), LedgerError> {
        super::copy::copy(&self.reader, &mut self.wire, &mut self.head, records).await?;
        self.moved(self.head);
        Ok(())
    }
}

fn is_refused(error: &BusError) -> bool {
    [WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE_IN_FLIGHT, WRONG_LAST_ID].iter().any(|code| error.is(*code))
}

fn given_up(error: &BusError) -> LedgerError {
    LedgerError::Stopped { reason: error.to_string() }
}

/// Comparing parses both texts where they are not the same bytes.
fn outcome(event: &NewEvent, key: EventKey, settled: Settled) -> Outcome {
    match settled {
        Settled::Fresh { position, recorded } => Outcome::Stored(Receipt { position, recorded, key, fresh: true }),
        Settled::Before { position, bytes: Some(bytes), .. } if bytes != event.bytes && !same_event(&event.bytes, &bytes) => {
            Outcome::Conflict { position, stored: bytes }
        }
        Settled::Before { position, recorded, .. } => Outcome::Stored(Receipt { position, recorded, key, fresh: false }),
    }
}

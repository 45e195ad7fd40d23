//! The log of reports in a JetStream stream: a position is a sequence, a run a subject of its own.
//!
//! A flush names the message of its run that it follows, so that the server takes each one once: no window in time in which a copy
//! would be noticed, and no subject a flush, which would cost the server memory. What a flush says is not known here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use async_nats::{HeaderMap, Message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dateline_events::Position;
use dateline_events::reports::{FlushName, MAX_FLUSH_BYTES, Run};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::answers::Answers;
use super::bus::{Bus, BusError, NO_MESSAGE, STREAM_NOT_FOUND, WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE_IN_FLIGHT, retry_until_available};
use crate::address::Address;
use crate::reports::{Appended, FlushPage, KeptFlush, MAX_REPORTS_PAGE_BYTES, ReportsError};

const STREAM: &str = "dateline-reports";

/// Where the flushes of a run stand.
const SUBJECTS: &str = "dateline.reports.";

/// The number of a flush within its run, decimal.
const NUMBER: &str = "Dateline-Flush";

/// So long an append is tried again before its caller is told that nobody knows, in milliseconds; and the pause between two tries.
const GIVE_UP_MS: u64 = 12_000;
const RETRY_MS: u64 = 50;

/// So many runs are remembered by their last flush; of others it is asked.
const MAX_REMEMBERED_RUNS: usize = 1_000;

/// A log of reports on the bus.
#[derive(Clone, Debug)]
pub struct Reports {
    bus: Bus,
    /// The last flush of each run, as far as this process knows. Held over an append: flushes of one process go one after the other.
    last: Arc<Mutex<HashMap<Run, Last>>>,
}

/// The last flush of a run.
#[derive(Debug, Clone, Copy)]
struct Last {
    number: u64,
    position: Position,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct State {
    first_seq: Position,
    last_seq: Position,
}

#[derive(Deserialize)]
struct Info {
    config: Value,
    state: State,
}

impl From<BusError> for ReportsError {
    fn from(error: BusError) -> Self {
        match error {
            full if full.is_full() => Self::Full,
            BusError::Connect(_) | BusError::Silent | BusError::Nobody(_) => Self::Unreachable(error.to_string()),
            other => Self::Engine(other.to_string()),
        }
    }
}

impl Reports {
    pub(crate) async fn open(address: Address, kept_s: u64) -> Result<Self, ReportsError> {
        let bus = Bus::connect(&address, "reports").await?;
        if bus.syncs_always().await? == Some(false) {
            let detail =
                "sync_interval is not \"always\": it acknowledges up to two minutes before it syncs; set jetstream { sync_interval: always }";
            return Err(ReportsError::Unsafe { place: format!("the server at {:?}", bus.address()), detail: detail.to_owned() });
        }
        bus.must_carry(MAX_FLUSH_BYTES, "the log of reports")?;
        let wanted = settings(&bus, kept_s);
        let find = async || match bus.api::<Info>(&format!("STREAM.INFO.{STREAM}"), &json!({})).await {
            Err(error) if error.is(STREAM_NOT_FOUND) => bus.api::<Info>(&format!("STREAM.CREATE.{STREAM}"), &wanted).await,
            found => found,
        };
        let found = retry_until_available(find, BusError::is_away).await?;
        if let Some(detail) = fault(&found.config, &wanted) {
            return Err(ReportsError::Unsafe { place: format!("the stream {STREAM}"), detail });
        }
        Ok(Self { bus, last: Arc::default() })
    }

    pub(crate) async fn append(&self, name: FlushName, bytes: Vec<u8>) -> Result<Appended, ReportsError> {
        let payload = bytes::Bytes::from(bytes);
        let mut runs = self.last.lock().await;
        let begun = Clock::now();
        // True once a copy may be on its way: what is found then was stored by us.
        let mut sent = false;
        let mut known = runs.get(&name.run).copied();
        loop {
            let tried = self.try_append(name, &payload, known, &mut sent).await;
            let error = match tried {
                Ok(Some((last, appended))) => {
                    if runs.len() >= MAX_REMEMBERED_RUNS {
                        runs.clear();
                    }
                    runs.insert(name.run, last);
                    return Ok(appended);
                }
                // Another one moved the end of the run: look again, at once.
                Ok(None) => None,
                Err(error @ ReportsError::Unreachable(_)) => Some(error),
                Err(error) => return Err(error),
            };
            known = None;
            runs.remove(&name.run);
            if begun.elapsed() >= Duration::from_millis(GIVE_UP_MS) {
                return Err(error.unwrap_or_else(|| ReportsError::Unreachable("others append to the same run".to_owned())));
            }
            tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
        }
    }

    /// One try; None where the run moved on meanwhile. Without a known last flush it is asked for first.
    async fn try_append(
        &self,
        name: FlushName,
        payload: &bytes::Bytes,
        known: Option<Last>,
        sent: &mut bool,
    ) -> Result<Option<(Last, Appended)>, ReportsError> {
        let last = match known {
            Some(last) => Some(last),
            None => self.ask_leader(&json!({"last_by_subj": subject(name.run)})).await?.map(|message| message.last()).transpose()?,
        };
        if let Some(last) = last.filter(|last| last.number >= name.number) {
            let Some((position, bytes)) = self.find(name, last).await? else {
                return Err(ReportsError::OutOfOrder { run: name.run, number: name.number, last: last.number });
            };
            if bytes != payload.as_ref() {
                return Err(ReportsError::Differs { run: name.run, number: name.number, position });
            }
            return Ok(Some((last, Appended { position, fresh: *sent })));
        }
        let mut headers = HeaderMap::new();
        headers.insert(NUMBER, name.number.to_string());
        headers.insert("Nats-Expected-Last-Subject-Sequence", last.map_or(0, |last| last.position).to_string());
        match self.bus.store(subject(name.run), headers, payload.clone()).await {
            Ok(stored) => {
                let last = Last { number: name.number, position: stored.seq };
                Ok(Some((last, Appended { position: stored.seq, fresh: true })))
            }
            Err(error) if error.is(WRONG_LAST_SEQUENCE) || error.is(WRONG_LAST_SEQUENCE_IN_FLIGHT) => Ok(None),
            Err(error) => {
                *sent |= error == BusError::Silent;
                Err(error.into())
            }
        }
    }

    /// A flush by its name, from the stream's leader: where it stands, and its bytes. Numbers and positions of a run ascend together,
    /// so it is searched for by halves.
    async fn find(&self, name: FlushName, last: Last) -> Result<Option<(Position, Vec<u8>)>, ReportsError> {
        let next = async |from: Position| self.ask_leader(&json!({"seq": from, "next_by_subj": subject(name.run)})).await;
        let (mut low, mut high) = (if last.number == name.number { last.position } else { 1 }, last.position);
        while low < high {
            let middle = low + (high - low) / 2;
            match next(middle).await? {
                Some(message) if message.last()?.number < name.number => low = message.seq + 1,
                _ => high = middle,
            }
        }
        let Some(message) = next(low).await? else { return Ok(None) };
        if message.last()?.number != name.number {
            return Ok(None);
        }
        let bytes = STANDARD.decode(&message.data).map_err(|error| ReportsError::Engine(format!("no base64: {error}")))?;
        Ok(Some((message.seq, bytes)))
    }

    async fn ask_leader(&self, question: &Value) -> Result<Option<LeadersMessage>, ReportsError> {
        #[derive(Deserialize)]
        struct Whole {
            message: LeadersMessage,
        }
        match self.bus.api::<Whole>(&format!("STREAM.MSG.GET.{STREAM}"), question).await {
            Ok(whole) => Ok(Some(whole.message)),
            Err(error) if error.is(NO_MESSAGE) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn read(&self, after: Position, limit: usize) -> Result<FlushPage, ReportsError> {
        let State { first_seq, last_seq } = self.state().await?;
        let mut page = FlushPage { first: first_seq.max(1), head: last_seq, flushes: Vec::new() };
        let from = page.first.max(after + 1);
        if from > last_seq {
            return Ok(page);
        }
        let question = json!({"seq": from, "batch": limit, "max_bytes": MAX_REPORTS_PAGE_BYTES});
        let answered = Answers::subscribe(&self.bus).await?.ask(STREAM, &question).await?;
        for message in &answered.messages {
            page.flushes.push(KeptFlush { position: position_of(message)?, bytes: message.payload.to_vec() });
        }
        if let Some(read) = page.flushes.first().map(|flush| flush.position).filter(|read| *read > from) {
            // Some of it was trimmed since the state was told.
            page.first = read;
        }
        page.head = page.head.max(page.flushes.last().map_or(0, |flush| flush.position));
        Ok(page)
    }

    pub(crate) async fn head(&self) -> Result<Position, ReportsError> {
        Ok(self.state().await?.last_seq)
    }

    async fn state(&self) -> Result<State, ReportsError> {
        Ok(self.bus.api::<Info>(&format!("STREAM.INFO.{STREAM}"), &json!({})).await?.state)
    }
}

/// A message as the leader gives it: JSON with base64.
#[derive(Deserialize)]
struct LeadersMessage {
    seq: Position,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

impl LeadersMessage {
    fn last(&self) -> Result<Last, ReportsError> {
        let headers = STANDARD.decode(&self.hdrs).unwrap_or_default();
        let text = String::from_utf8_lossy(&headers);
        let number = text.lines().find_map(|line| line.strip_prefix(NUMBER)?.strip_prefix(':')?.trim().parse().ok());
        let number = number.ok_or_else(|| ReportsError::Engine(format!("position {} of {STREAM} is no flush: it has no {NUMBER}", self.seq)))?;
        Ok(Last { number, position: self.seq })
    }
}

fn subject(run: Run) -> String {
    format!("{SUBJECTS}{run}")
}

fn position_of(message: &Message) -> Result<Position, ReportsError> {
    let position = message.headers.as_ref().and_then(|headers| headers.get("Nats-Sequence")?.as_str().parse().ok());
    position.ok_or_else(|| ReportsError::Engine(format!("a message of {STREAM} came without its sequence")))
}

fn settings(bus: &Bus, kept_s: u64) -> Value {
    json!({
        "name": STREAM, "subjects": [format!("{SUBJECTS}*")], "description": "what intakes counted of users' reports", "storage": "file",
        "retention": "limits", "discard": "new", "num_replicas": bus.address().replicas, "max_msgs": -1, "max_bytes": -1,
        "max_age": kept_s * 1_000_000_000, "max_msgs_per_subject": -1, "max_consumers": -1, "allow_direct": true, "deny_delete": true,
        "deny_purge": true, "allow_rollup_hdrs": false, "duplicate_window": 100_000_000,
    })
}

/// The first setting of a stream with which it would lose what it acknowledged, in words.
fn fault(found: &Value, wanted: &Value) -> Option<String> {
    let checked = [
        ("storage", "memory is lost with the process"),
        ("retention", "a message that was read would be deleted"),
        ("max_age", "flushes would be kept for another time"),
        ("subjects", "it would hold other messages, or miss its own"),
        ("num_replicas", "the address asks for another number of replicas (replicas=)"),
        ("allow_direct", "it could not be read page by page"),
    ];
    let differs = checked.into_iter().find(|(name, _)| found[*name] != wanted[*name]);
    if let Some((name, why)) = differs {
        return Some(format!("{name} is {}, not {}: {why}", found[name], wanted[name]));
    }
    for name in ["max_msgs", "max_bytes", "max_msgs_per_subject"] {
        if found[name].as_i64().is_some_and(|limit| limit > 0) {
            return Some(format!("{name} is {}: a limit deletes flushes, or refuses new ones", found[name]));
        }
    }
    let mode = found["persist_mode"].as_str().unwrap_or("default");
    (mode != "default").then(|| format!("persist_mode is {mode:?}: it acknowledges before the sync"))
}

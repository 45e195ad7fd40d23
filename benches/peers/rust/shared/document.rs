//! The events that every store is given: the same bytes, made from numbers alone; and who makes them for one caller.
//!
//! An incident has five events when they are appended one by one; a batch is one incident. Ids are UUIDs of version 7, which sort as
//! they come. Nothing here knows a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// Events of an incident that is appended one by one.
const EVENTS_AN_INCIDENT: u64 = 5;

/// Services that have outages.
const SERVICES: u64 = 200;

/// One event.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its id, unique for ever.
    pub id: Uuid,
    /// The incident that it belongs to: a stream, an aggregate, a tag.
    pub incident: u64,
    /// How many events of the incident come before it.
    pub version: u64,
    /// The whole event as JSON, about 450 bytes.
    pub document: String,
}

/// The numbers that are given out; one for all callers of a run.
#[derive(Debug, Clone)]
pub struct Numbers {
    events: Arc<AtomicU64>,
    incidents: Arc<AtomicU64>,
    began_ms: u64,
}

impl Numbers {
    /// From one on.
    pub fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { events: Arc::default(), incidents: Arc::default(), began_ms: now.as_secs() * 1000 }
    }
}

/// Makes the events of one caller.
#[derive(Debug)]
pub struct Writer {
    numbers: Numbers,
    incident: u64,
    version: u64,
    before_id: String,
    after_id: String,
}

impl Writer {
    /// Begins with an incident of its own.
    pub fn new(numbers: &Numbers) -> Self {
        let mut writer = Self { numbers: numbers.clone(), incident: 0, version: 0, before_id: String::new(), after_id: String::new() };
        writer.next_incident();
        writer
    }

    /// The events of the next call.
    pub fn next(&mut self, batch: usize) -> Vec<Said> {
        if batch > 1 || self.version == EVENTS_AN_INCIDENT {
            self.next_incident();
        }
        (0..batch).map(|_| self.say()).collect()
    }

    fn say(&mut self) -> Said {
        let number = self.numbers.events.fetch_add(1, Ordering::Relaxed);
        let id = id(self.numbers.began_ms, number);
        let mut buffer = Uuid::encode_buffer();
        let text = id.hyphenated().encode_lower(&mut buffer);
        let mut document = String::with_capacity(self.before_id.len() + text.len() + self.after_id.len());
        document.push_str(&self.before_id);
        document.push_str(text);
        document.push_str(&self.after_id);
        self.version += 1;
        Said { id, incident: self.incident, version: self.version - 1, document }
    }

    /// The text around the id is the same for a whole incident, so that making events costs next to nothing beside appending them.
    fn next_incident(&mut self) {
        self.incident = self.numbers.incidents.fetch_add(1, Ordering::Relaxed) + 1;
        self.version = 0;
        let (service, at) = (self.incident % SERVICES, moment(self.incident / SERVICES));
        let outlet = self.incident % 17;
        self.before_id = r#"{"specversion":"1.0","id":""#.to_owned();
        self.after_id = format!(
            r#"","source":"/bench","type":"dateline.reports.observed.v1","subject":"service-{service:03}","data":{{"occurred":{{"at":"{at}","precision":"minute"}},"regions":["IN"],"counts":[{{"value":11000,"qualifier":"about","per":"total","region":"IN"}}],"sources":[{{"slug":"outlet-{outlet}","role":"read_in","name":"An outlet","kind":"press","url":"https://outlet.example/outage"}}]}}}}"#
        );
    }
}

/// A UUID of version 7 from a number: unique, and sorted as the numbers are.
fn id(began_ms: u64, number: u64) -> Uuid {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 2;
    let high = ((began_ms + number / 4096) << 16) | 0x7000 | (number % 4096);
    Uuid::from_u64_pair(high, 0x8000_0000_0000_0000 | mixed)
}

/// Two days lie between incidents of one service, so that they stay apart.
fn moment(round: u64) -> String {
    let day = round * 2;
    let (year, month, day) = (2000 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    format!("{year}-{month:02}-{day:02}T12:07+05:30[Asia/Kolkata]")
}

//! What the detector says of counts, without a log, a state store or a network. The whole is tested with the real program.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod limits;
mod remembering;
mod size;
mod story;
mod totals;
mod voices;

use std::collections::BTreeMap;

use dateline_events::Event;
use dateline_events::reports::{Count, Flush, Run};
use serde_json::{Value, json};

use super::baselines::Remembered;
use super::service::Service;
use super::service_watches::ServiceWatches;
use super::ticks::Ticks;

/// A minute since 1970: noon of the third of June 2024 and so many further ones.
fn minute(number: i64) -> i64 {
    28_623_600 + number
}

/// A count of single reports.
fn count(region: Option<&str>, symptom: &str, from: &str, minute: i64, count: u64) -> Count {
    let mut form = json!({"service": "mail", "symptom": symptom, "channel": "app", "from": from, "minute": minute, "count": count});
    if let Some(region) = region {
        form["region"] = json!(region);
    }
    serde_json::from_value(form).unwrap()
}

/// The flushes of a log: what each minute brings.
struct Log(Vec<Flush>);

impl Log {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn push(&mut self, minute: i64, counts: Vec<Count>) {
        let number = self.0.len() as u64 + 1;
        self.0.push(Flush::new(Run(1), number, counts).written(minute));
    }

    /// Quiet days: now and then somebody reports something.
    fn quiet(&mut self, from: i64, minutes: i64) {
        for number in from..from + minutes {
            let few = [(7, "app", "IN"), (11, "sending", "IN"), (45, "login", "IT")];
            let counts = few.iter().filter(|(every, ..)| number % every == 0);
            self.push(minute(number), counts.map(|(_, symptom, region)| count(Some(region), symptom, "public", minute(number), 1)).collect());
        }
    }
}

/// Every event that was said, by id; each is one that the door takes, and an id said twice says the same.
#[derive(Debug, Default, PartialEq)]
struct EventDraft(BTreeMap<String, Value>, Vec<String>);

impl EventDraft {
    fn hear(&mut self, event: &[u8]) {
        Event::read_at_the_door(event).unwrap_or_else(|faults| panic!("{faults}: {}", String::from_utf8_lossy(event)));
        let event: Value = serde_json::from_slice(event).unwrap();
        let id = event["id"].as_str().unwrap().to_owned();
        match self.0.insert(id.clone(), event.clone()) {
            Some(before) => assert_eq!(before, event, "an id that is given twice"),
            None => self.1.push(id),
        }
    }

    /// In the order in which they were said.
    fn events(&self) -> Vec<&Value> {
        self.1.iter().map(|id| &self.0[id]).collect()
    }

    fn kinds(&self) -> Vec<&str> {
        self.events().iter().map(|event| event["type"].as_str().unwrap().trim_start_matches("dateline.").trim_end_matches(".v1")).collect()
    }
}

/// Reads a log from its beginning to its end.
fn read(log: &Log) -> EventDraft {
    let (mut watches, mut said) = (ServiceWatches::default(), EventDraft::default());
    for (flush, position) in log.0.iter().zip(1..) {
        watches.take(position, flush).iter().for_each(|one| said.hear(&one.event));
    }
    said
}

/// What the state store would hold of the watches: all of it, as JSON and back.
fn kept(watches: &ServiceWatches) -> Remembered {
    let services = watches.services().iter().map(|(name, service)| {
        let service: Service = serde_json::from_slice(&serde_json::to_vec(service).unwrap()).unwrap();
        (name.clone(), service)
    });
    let ticks: Ticks = serde_json::from_slice(&serde_json::to_vec(watches.ticks()).unwrap()).unwrap();
    Remembered { position: watches.position(), ticks, services: services.collect() }
}

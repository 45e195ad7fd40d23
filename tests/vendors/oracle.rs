//! What a Statuspage said at an instant, read from its history by this test alone: it shares no line with what it is held against.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use dateline_events::Instant;
use serde_json::{Value, json};

/// A page's history.
pub struct Oracle {
    /// Every version, in order: when it was recorded, its section, the incident.
    versions: Vec<(Instant, String, Value)>,
    /// First seen, last seen, first absent.
    visible: BTreeMap<String, (Instant, Instant, Option<Instant>)>,
}

/// What a page said of one incident: its presence, and the item in the form that is compared.
pub type Page = BTreeMap<String, (&'static str, Value)>;

impl Oracle {
    pub fn read(versions: &str, table: &str) -> Self {
        let file = flate2::read::MultiGzDecoder::new(std::fs::File::open(versions).unwrap());
        let mut read: Vec<(Instant, String, Value)> = Vec::new();
        for line in BufReader::new(file).lines() {
            let mut line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let section = line["section"].as_str().unwrap().to_owned();
            read.push((instant(&line["recorded_at"]), section, line["incident"].take()));
        }
        read.sort_by_key(|(recorded, ..)| *recorded);
        let text = std::fs::read_to_string(table).unwrap();
        let rows = text.lines().skip(1).map(|row| {
            let cells: Vec<&str> = row.split(',').collect();
            let at = |cell: &str| Instant::parse(cell);
            (cells[0].to_owned(), (at(cells[1]).unwrap(), at(cells[2]).unwrap(), at(cells[3])))
        });
        Self { versions: read, visible: rows.collect() }
    }

    /// What the page said of its incidents at an instant, as far as it is known.
    pub fn at(&self, instant: Instant) -> Page {
        let mut page = Page::new();
        for (_, section, incident) in self.versions.iter().take_while(|(recorded, ..)| *recorded <= instant) {
            let id = incident["id"].as_str().unwrap();
            if section != "incidents" {
                continue;
            }
            let (first_seen, last_seen, first_absent) = self.visible[id];
            assert!(first_seen <= instant, "{id} has a version before it was first seen");
            let presence = if instant <= last_seen {
                "listed"
            } else if first_absent.is_none_or(|absent| instant < absent) {
                "unknown"
            } else {
                page.remove(id);
                continue;
            };
            page.insert(id.to_owned(), (presence, item(incident)));
        }
        page
    }

    /// When versions were recorded.
    pub fn recorded(&self) -> Vec<Instant> {
        self.versions.iter().map(|(recorded, ..)| *recorded).collect()
    }

    /// The spans in which something was visible, overlapping ones joined.
    pub fn spans(&self) -> Vec<(Instant, Instant)> {
        let mut spans: Vec<(Instant, Instant)> = self.visible.values().map(|(first, last, _)| (*first, *last)).collect();
        spans.sort();
        let mut joined: Vec<(Instant, Instant)> = Vec::new();
        for (from, until) in spans {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(until),
                _ => joined.push((from, until)),
            }
        }
        joined
    }

    /// Every incident as it was seen last; planned work is left out.
    pub fn last(&self) -> Vec<&Value> {
        let incidents = self.versions.iter().filter(|(_, section, _)| section == "incidents");
        let last: BTreeMap<&str, &Value> = incidents.map(|(_, _, incident)| (incident["id"].as_str().unwrap(), incident)).collect();
        last.into_values().collect()
    }

    /// First seen, last seen, first absent, by id.
    pub fn visible(&self) -> &BTreeMap<String, (Instant, Instant, Option<Instant>)> {
        &self.visible
    }
}

/// An incident of a Statuspage in the form that is compared.
pub fn item(incident: &Value) -> Value {
    let posts = incident["incident_updates"].as_array().unwrap().iter();
    let posts: Vec<Value> =
        posts.map(|post| json!({"id": post["id"], "status": post["status"], "text": post["body"], "at": second(&post["display_at"])})).collect();
    json!({
        "id": incident["id"], "name": incident["name"], "status": incident["status"], "severity": incident["impact"],
        "started_at": second(&incident["started_at"]), "updates": posts,
    })
}

/// What the server answered of a page, in the same form.
pub fn answered(body: &Value) -> Page {
    let items = body["incidents"].as_array().unwrap_or_else(|| panic!("no incidents: {body}"));
    let mut page = Page::new();
    for item in items {
        let posts = item["updates"].as_array().unwrap().iter();
        let posts: Vec<Value> =
            posts.map(|post| json!({"id": post["id"], "status": post["status"], "text": post["text"], "at": second(&post["at"])})).collect();
        let presence = if item["presence"] == "listed" { "listed" } else { "unknown" };
        let told = json!({
            "id": item["id"], "name": item["name"], "status": item["status"], "severity": item["impact"],
            "started_at": second(&item["started_at"]), "updates": posts,
        });
        page.insert(item["id"].as_str().unwrap().to_owned(), (presence, told));
    }
    page
}

fn instant(value: &Value) -> Instant {
    Instant::parse(value.as_str().unwrap()).unwrap()
}

/// An instant to the second.
pub fn second(value: &Value) -> Value {
    let Some(text) = value.as_str() else { return Value::Null };
    let instant = Instant::parse(text).unwrap();
    json!(instant.0.div_euclid(Instant::SECOND))
}

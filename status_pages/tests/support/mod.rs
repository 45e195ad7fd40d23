//! A page that a test makes up, and its events put back together into a page.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::{Event, Instant};
use dateline_status_pages::{Changes, Dialect, Draft, Observation, Page, PageState, Reading, difference};
use serde_json::{Map, Value, json};

pub const PAGE: Page<'static> =
    Page { service: "lampost", vendor: "lampost", name: Some("Lampost"), lang: "en", url: "https://status.lampost.example" };

/// One incident: its posts are id, words, status and minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub id: u8,
    pub name: u8,
    pub impact: u8,
    pub start: u8,
    pub planned: bool,
    pub posts: Vec<(u8, u8, u8, u8)>,
}

fn minute(number: u8) -> String {
    format!("2024-05-01T{:02}:{:02}:00.123Z", number / 60, number % 60)
}

/// The page as a Statuspage writes it: its summary, or the list of the newest.
pub fn document(incidents: &[Made], newest: bool) -> Vec<u8> {
    let impacts = ["none", "minor", "major", "critical"];
    let of = |planned: bool| {
        let trouble = ["investigating", "identified", "monitoring", "resolved"];
        let statuses = if planned { ["scheduled", "in_progress", "verifying", "completed"] } else { trouble };
        let items = incidents.iter().filter(|made| made.planned == planned).map(|made| {
            let posts = made.posts.iter().rev().map(|(id, words, status, at)| {
                json!({"id": format!("post{id}"), "body": format!("Words number {words}."), "status": statuses[usize::from(status % 4)],
                    "display_at": minute(*at), "updated_at": minute(*at)})
            });
            let posts: Vec<Value> = posts.collect();
            // A list of the newest holds what is over; the summary never does.
            let over = newest.then(|| if planned { json!("completed") } else { json!("resolved") });
            let status = over.or_else(|| posts.first().map(|post| post["status"].clone())).unwrap_or_else(|| json!("investigating"));
            json!({"id": format!("incident{}", made.id), "name": format!("Trouble {}", made.name), "impact": impacts[usize::from(made.impact % 4)],
                "status": status, "started_at": minute(made.start), "incident_updates": posts})
        });
        items.collect::<Vec<Value>>()
    };
    let mut whole = json!({"page": {"id": "p", "name": "Lampost", "url": PAGE.url}, "incidents": of(false), "scheduled_maintenances": of(true)});
    if newest {
        whole.as_object_mut().unwrap().retain(|_, section| section.as_array().is_none_or(|items| !items.is_empty()));
    } else {
        whole["components"] = json!([]);
    }
    whole.to_string().into_bytes()
}

/// The summary, read.
pub fn read(incidents: &[Made]) -> Observation {
    Dialect::Statuspage.read(&document(incidents, false), "summary.json").unwrap()
}

fn instant(number: usize) -> Instant {
    Instant::parse("2024-05-01T06:00:00Z").unwrap().plus(number as i64 * Instant::MINUTE)
}

/// Reads a page at a minute, with memory as the state store gives it back.
pub fn step(memory: &mut PageState, observation: &Observation, number: usize) -> Vec<Draft> {
    step_of("summary", memory, observation, number)
}

/// The same of a list by its name.
pub fn step_of(list: &str, memory: &mut PageState, observation: &Observation, number: usize) -> Vec<Draft> {
    *memory = serde_json::from_str(&serde_json::to_string(memory).unwrap()).unwrap();
    let before = number.checked_sub(1).map(instant);
    let reading = Reading { dialect: Dialect::Statuspage, list, read: Some(instant(number)), as_of: None, read_before: before, sha256: "" };
    let Changes { drafts, touched, .. } = difference(&PAGE, &reading, observation, memory);
    memory.absorb(touched);
    for draft in &drafts {
        Event::read_at_the_door(&draft.bytes(&PAGE)).unwrap_or_else(|faults| panic!("{faults}: {draft:?}"));
    }
    drafts
}

/// The page as its events tell it: acts applied, what was taken back left out.
fn told(drafts: &[Draft]) -> BTreeMap<String, Value> {
    let mut taken_back: BTreeSet<&str> = BTreeSet::new();
    // A retraction holds unless a later one takes it back: decided from the last backwards.
    for draft in drafts.iter().rev().filter(|draft| draft.kind == "event.retracted") {
        if !taken_back.contains(draft.id.as_str()) {
            taken_back.insert(draft.data["event"]["id"].as_str().unwrap());
        }
    }
    let mut data: BTreeMap<&str, (&Draft, Map<String, Value>)> = BTreeMap::new();
    for draft in drafts {
        if draft.kind == "event.corrected" {
            let (_, target) = data.get_mut(draft.data["event"]["id"].as_str().unwrap()).unwrap();
            target.extend(draft.data["patch"].as_object().unwrap().clone());
        } else if draft.kind != "event.retracted" {
            assert!(data.insert(&draft.id, (draft, draft.data.clone())).is_none(), "{} was said twice", draft.id);
        }
    }
    let mut page: BTreeMap<String, Value> = BTreeMap::new();
    for (id, (draft, data)) in data.iter().filter(|(id, _)| !taken_back.contains(**id)) {
        let item = page.entry(draft.incident.clone()).or_insert_with(|| json!({"posts": {}}));
        let part = id.strip_prefix(&format!("{}/", draft.incident)).unwrap();
        match part.split('/').next().unwrap() {
            "name" => item["name"] = data["title"]["en"].clone(),
            "severity" => item["severity"] = data["severity"].clone(),
            "start" => item["start"] = data["occurred"]["at"].clone(),
            // The page's own state, where it contradicts its posts.
            "status" => {}
            "absent" => item["absent"] = json!(true),
            "post" => {
                let words = data.get("statement").map_or_else(|| data["text"]["en"].clone(), |statement| statement["quotation"]["text"].clone());
                let update = data["reference"]["update"].as_str().unwrap();
                item["posts"][update] = json!([words, data["reference"]["status"], data["occurred"]["at"]]);
            }
            other => panic!("{other}"),
        }
    }
    page
}

fn expected(incidents: &[Made]) -> BTreeMap<String, Value> {
    let items = read(incidents).incidents.into_iter().map(|seen| {
        let posts = seen.posts.iter();
        let posts: Map<String, Value> =
            posts.map(|post| (post.id.clone().unwrap(), json!([post.words, post.status_word, post.at.as_ref().unwrap().moment.text]))).collect();
        let severity = seen.severity.map_or(Value::Null, |severity| json!(severity));
        (seen.id.clone(), json!({"name": seen.name, "severity": severity, "posts": posts}))
    });
    items.collect()
}

/// The events tell exactly what the page shows.
#[track_caller]
pub fn is_told(drafts: &[Draft], incidents: &[Made]) {
    let mut told = told(drafts);
    told.retain(|_, item| item.get("absent").is_none());
    let expected = expected(incidents);
    assert_eq!(told.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (id, item) in &expected {
        let of = |member: &str| told[id].get(member).cloned().unwrap_or_default();
        assert_eq!((of("name"), of("severity"), of("posts")), (item["name"].clone(), item["severity"].clone(), item["posts"].clone()), "{id}");
    }
}

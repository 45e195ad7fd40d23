//! What the detector says, as events. Ids and bytes follow from what was counted alone: said twice, it is said once.

use std::collections::BTreeMap;

use dateline_events::{Instant, Region, slug_of};
use dateline_timelines::tell::{DATELINE, told_measure};
use serde_json::{Map, Value, json};

use super::episode::{Measure, Statement, What};

/// The publisher.
pub const SOURCE: &str = "/detector";

/// Its slug among the sources.
const SLUG: &str = "dateline";

/// The method, as docs/detect.md names it.
const METHOD: &str = "seasonal-cusum";

/// So many publishers are named, those with the most reports; an event has at most 32 sources.
const MAX_SOURCES: usize = 31;

/// A symptom is named from this share of the reports on.
const SHARE_MIN: f64 = 0.05;

/// The event of a statement about a service, whose buckets have so many seconds.
pub fn event(service: &str, bucket_seconds: u32, statement: &Statement) -> Vec<u8> {
    let (kind, mut members) = data(service, bucket_seconds, statement);
    members.insert("certainty".into(), json!(if statement.is_confirmed { "confirmed" } else { "reported" }));
    members.insert("sources".into(), sources(statement));
    if kind == "event.corrected" {
        members.remove("certainty");
    }
    let data: BTreeMap<String, Value> = members.into_iter().collect();
    let event = json!({
        "data": data,
        "datacontenttype": "application/json",
        "id": id(service, statement, statement.number),
        "source": SOURCE,
        "specversion": "1.0",
        "subject": service,
        "type": format!("dateline.{kind}.v1"),
    });
    event.to_string().into_bytes()
}

/// The service, the anomaly's first bucket as it was told, and the number of what is said of it.
fn id(service: &str, statement: &Statement, number: u32) -> String {
    let first = instant(statement.first_s).to_string().replace(['-', ':'], "");
    format!("{service}/{first}/{number}")
}

fn data(service: &str, bucket_seconds: u32, statement: &Statement) -> (&'static str, Map<String, Value>) {
    let mut own = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.as_array().is_some_and(Vec::is_empty) {
            own.insert(name.to_owned(), value);
        }
    };
    let shares: Vec<Value> =
        statement.about.shares(SHARE_MIN).iter().map(|(symptom, share)| json!({"share": share, "symptoms": [symptom]})).collect();
    let channel = match &statement.measure {
        Measure::Single => Value::Array(Vec::new()),
        Measure::Total { channel, .. } => json!(channel),
    };
    let kind = match statement.what {
        What::Anomaly { first_s, count, baseline, score, height } => {
            put("occurred", bucket(first_s, bucket_seconds));
            put("baseline", json!((baseline * 10.0).round() / 10.0));
            put("counts", json!([{"per": "window", "value": count, "window_minutes": minutes(bucket_seconds)}]));
            put("detected_by", json!(SLUG));
            put("measure", measure(height, score));
            put("regions", json!(statement.regions));
            put("shares", json!(shares));
            "anomaly.detected"
        }
        What::Earlier { first_s } => {
            put("edit_kind", json!("clarification"));
            put("event", json!({"id": id(service, statement, 0)}));
            put("patch", json!({"occurred": bucket(first_s, bucket_seconds)}));
            "event.corrected"
        }
        What::Spread => {
            put("occurred", bucket(statement.first_s, bucket_seconds));
            put("regions", json!(statement.regions));
            "scope.changed"
        }
        What::Lasting { bucket_s, count: value, baseline, peak } => {
            put("occurred", bucket(bucket_s, bucket_seconds));
            put("channel", channel);
            put("counts", counts(value, baseline, peak, bucket_seconds));
            put("regions", json!(statement.regions));
            put("shares", json!(shares));
            "reports.observed"
        }
        What::Subsided { bucket_s, count, peak, .. } => {
            put("occurred", bucket(bucket_s, bucket_seconds));
            put("channel", channel);
            put("counts", json!([{"from": peak, "per": "window", "value": count, "window_minutes": minutes(bucket_seconds)}]));
            put("regions", json!(statement.regions));
            "reports.subsided"
        }
    };
    (kind, own)
}

/// When a bucket was, to the minute; a bucket shorter than that is its minute.
fn bucket(start_s: i64, bucket_seconds: u32) -> Value {
    let first = minute(start_s);
    let last = minute(start_s + i64::from(bucket_seconds) - 1);
    if first == last { json!({"at": first, "precision": "minute"}) } else { json!({"between": [first, last]}) }
}

/// A whole minute: RFC 9557 without its seconds (EVENTS.md).
fn minute(seconds: i64) -> String {
    let text = instant(seconds.div_euclid(60) * 60).to_string();
    text.replace(":00Z", "Z")
}

fn instant(seconds: i64) -> Instant {
    Instant(seconds.saturating_mul(Instant::SECOND))
}

/// So many in a bucket; where it is not the most of all, how many that was.
fn counts(value: u64, baseline: f64, peak: u64, bucket_seconds: u32) -> Value {
    let count = |value: u64| json!({"per": "window", "value": value, "window_minutes": minutes(bucket_seconds)});
    let (mut now, mut most) = (count(value), count(peak));
    most["peak"] = json!(true);
    if value == peak {
        now["from"] = json!(whole(baseline));
        return json!([now]);
    }
    json!([now, most])
}

fn minutes(bucket_seconds: u32) -> u32 {
    (bucket_seconds / 60).max(1)
}

fn whole(number: f64) -> u64 {
    number.round().max(0.0) as u64
}

/// What was measured, and how far it is from the usual.
fn measure(height: f64, score: f64) -> Value {
    told_measure(height, score, METHOD).into_iter().map(|(lang, text)| (lang.to_owned(), Value::String(text))).collect()
}

/// The detector read it in what publishers of reports said.
fn sources(statement: &Statement) -> Value {
    let detector = json!({"kind": "machine", "name": BTreeMap::from(DATELINE), "role": "read_in", "slug": SLUG});
    let mut sources = vec![detector];
    let mut voices: Vec<&(String, u64)> = statement.about.voices.iter().collect();
    voices.sort_by_key(|(voice, reports)| (std::cmp::Reverse(*reports), voice.clone()));
    for (voice, _) in voices.into_iter().take(MAX_SOURCES) {
        let slug = slug(voice);
        if !sources.iter().any(|source| source["slug"] == slug) {
            sources.push(json!({"kind": "user reports", "role": "attributed_to", "slug": slug}));
        }
    }
    json!(sources)
}

/// An API key's name as a slug.
fn slug(name: &str) -> String {
    let slug: String = slug_of(name).chars().take(64).collect();
    if slug.is_empty() { "users".to_owned() } else { slug }
}

/// What is told of an anomaly's height, as the log of the process tells it.
pub fn sentence(service: &str, statement: &Statement) -> String {
    let first = minute(statement.first_s);
    match statement.what {
        What::Anomaly { count, baseline, score, height, .. } => {
            format!("{service}: {count} reports where {baseline:.1} are usual ({height:.1} times, {score:.1} spreads), from {first} on")
        }
        What::Earlier { first_s } => format!("{service}: what was seen at {first} began at {}", minute(first_s)),
        What::Spread => format!("{service}: what began at {first} is seen in {} too", regions(&statement.regions)),
        What::Lasting { count, baseline, .. } => format!("{service}: {count} reports where {baseline:.1} are usual, since {first}"),
        What::Subsided { bucket_s, .. } => format!("{service}: as few reports as usual again since {}, after {first}", minute(bucket_s)),
    }
}

fn regions(regions: &[Region]) -> String {
    regions.join(", ")
}

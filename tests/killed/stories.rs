//! What the publishers say: small stories of outages, one after the other, each event with an id of its own.

/// Events of one story.
const EVENTS: u64 = 7;

/// The n-th event of a publisher: its id and its text. A story is an outage of the publisher's own service on a day of its own.
pub fn event(publisher: usize, number: u64) -> (String, String) {
    let (story, step) = (number / EVENTS, number % EVENTS);
    let id = format!("{story}-{step}");
    let (year, month, day) = (2000 + story / 336, story / 28 % 12 + 1, story % 28 + 1);
    let at = |time: &str| format!("{year:04}-{month:02}-{day:02}T{time}Z");
    let first = format!("{story}-0");
    let sources = r#""sources":[{"slug":"tests","role":"read_in"}]"#;
    let (kind, data) = match step {
        0 => ("anomaly.detected", format!(r#"{{"occurred":{{"at":"{}"}},"regions":["IN"],{sources}}}"#, at("12:07"))),
        1 => ("vendor.acknowledged", format!(r#"{{"occurred":{{"after":{{"event":{{"id":"{first}"}}}}}},{sources}}}"#)),
        2 => (
            "reports.observed",
            format!(
                r#"{{"occurred":{{"at":"{}"}},"regions":["IT"],"counts":[{{"value":{},"qualifier":"about","per":"total"}}],{sources}}}"#,
                at("12:20"),
                1_000 + number
            ),
        ),
        3 => ("vendor.updated", format!(r#"{{"occurred":{{"at":"{}"}},"status":"identified",{sources}}}"#, at("13:00"))),
        4 => (
            "event.corrected",
            format!(
                r#"{{"event":{{"id":"{first}"}},"patch":{{"occurred":{{"at":"{}"}}}},"edit_kind":"error","reason":{{"en":"misread"}}}}"#,
                at("12:01")
            ),
        ),
        5 => ("service.restored", format!(r#"{{"occurred":{{"at":"{}"}},"extent":"full",{sources}}}"#, at("14:15"))),
        _ => ("event.retracted", format!(r#"{{"event":{{"id":"{story}-2"}},"reason":{{"en":"of another day"}}}}"#)),
    };
    let text = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"{}","type":"dateline.{kind}.v1","subject":"service-{publisher}","data":{data}}}"#,
        source(publisher)
    );
    (id, text)
}

/// The publisher's name for itself.
pub fn source(publisher: usize) -> String {
    format!("/tests/killed/{publisher}")
}

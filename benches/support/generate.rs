//! Events by the million, from a number alone: every one passes the door, kinds and times as in real outages.
//!
//! An incident has 50 events within an hour; about a hundred incidents of 200 services go on at once.

use dateline_backends::NewEvent;
use dateline_events::Event;

/// Events an incident has.
pub const EVENTS_PER_INCIDENT: u64 = 50;

/// Incidents that go on at once.
const AT_ONCE: u64 = 100;

/// Services.
const SERVICES: u64 = 200;

/// The event with a number; ids sort as numbers do.
pub fn event(number: u64) -> NewEvent {
    let round = number / (AT_ONCE * EVENTS_PER_INCIDENT);
    let incident = round * AT_ONCE + number % AT_ONCE;
    let step = number / AT_ONCE % EVENTS_PER_INCIDENT;
    let service = format!("service-{:03}", incident % SERVICES);
    // Two days between incidents of one service, so that they stay apart.
    let minute = incident / SERVICES * 2880 + incident % SERVICES + step;
    let at = moment(minute);
    let sources = format!(r#"[{{"slug":"outlet-{}","role":"read_in","kind":"press","name":"Outlet {}"}}]"#, number % 17, number % 17);
    let (kind, data) = match step {
        0 => ("anomaly.detected", r#""regions":["IN"],"detected_by":"monitor""#.to_owned()),
        1 | 2 => ("anomaly.detected", r#""regions":["GB"]"#.to_owned()),
        20 => ("vendor.acknowledged", r#""statement":{"quotation":{"lang":"en","text":"We are aware that some people have trouble."}}"#.to_owned()),
        25 => ("vendor.updated", r#""status":"identified","statement":{"quotation":{"lang":"en","text":"The cause was found."}}"#.to_owned()),
        45 => ("service.restored", r#""extent":"full","regions":["IN"]"#.to_owned()),
        46 => ("vendor.updated", r#""status":"resolved""#.to_owned()),
        49 => ("cause.stated", r#""statement":{"quotation":{"lang":"en","text":"A configuration error."}}"#.to_owned()),
        step if step % 10 == 5 => ("scope.changed", r#""regions":["IT"],"symptoms":["sending"]"#.to_owned()),
        step => ("reports.observed", format!(r#""counts":[{{"value":{},"qualifier":"about","per":"total","region":"IN"}}]"#, step * 100)),
    };
    let id = format!("{number:012}");
    let bytes = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/bench","type":"dateline.{kind}.v1","subject":"{service}","data":{{"occurred":{{"at":"{at}"}},"sources":{sources},{data}}}}}"#
    );
    NewEvent { source: "/bench".into(), id, bytes: bytes.into_bytes() }
}

/// An event of one single, endless incident.
pub fn event_of_one_incident(number: u64) -> NewEvent {
    let mut event = event(number % AT_ONCE * EVENTS_PER_INCIDENT + number % EVENTS_PER_INCIDENT);
    let text = String::from_utf8_lossy(&event.bytes).into_owned();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let id = format!("{number:012}");
    let mut value = value;
    value["id"] = id.clone().into();
    value["subject"] = "endless".into();
    value["data"]["occurred"]["at"] = moment(number).into();
    event.id = id;
    event.bytes = value.to_string().into_bytes();
    event
}

/// About 490 bytes, for appends: `unique` numbers differ, `sorted` says whether ids sort as they come.
pub fn small(unique: u64, sorted: bool) -> NewEvent {
    let mixed = unique.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (unique >> 7);
    let id = if sorted { format!("{unique:016x}-{mixed:016x}") } else { format!("{mixed:016x}-{unique:016x}") };
    let bytes = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/bench","type":"dateline.reports.observed.v1","subject":"service-1","data":{{"occurred":{{"at":"2022-10-25T12:07+05:30[Asia/Kolkata]","precision":"minute"}},"regions":["IN"],"counts":[{{"value":11000,"qualifier":"about","per":"total","region":"IN"}}],"sources":[{{"slug":"outlet","role":"read_in","name":"An outlet","kind":"press","url":"https://outlet.example/whatsapp"}}]}}}}"#
    );
    NewEvent { source: "/bench".into(), id, bytes: bytes.into_bytes() }
}

/// Fails where the door would refuse any kind of event that is made here: refused, they would be measured as poison.
pub fn assert_that_all_pass_the_door() {
    let whole_round = (0..AT_ONCE * EVENTS_PER_INCIDENT).flat_map(|number| [event(number), event_of_one_incident(number)]);
    for event in whole_round.chain([small(1, true), small(1, false), event(1_000_000), event_of_one_incident(100_000)]) {
        if let Err(faults) = Event::read_at_the_door(&event.bytes) {
            panic!("the door refuses {}: {faults}", String::from_utf8_lossy(&event.bytes));
        }
    }
}

fn moment(minute: u64) -> String {
    let (day, hour, minute) = (minute / 1440, minute / 60 % 24, minute % 60);
    let (year, month, day) = (2000 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}Z")
}

//! A generated history of every kind of event: outages, planned work, corrections, retractions, merges and splits, claims that compete,
//! events that wait and some that never find their incident. Made from numbers alone; nothing is compared here.

/// Incidents of one service follow each other at this distance, in days.
const DAYS_APART: usize = 3;

/// Services.
const SERVICES: usize = 40;

/// So many events are made of one incident.
const EVENTS: usize = 29;

/// So many lines, an event each.
pub fn lines(events: usize) -> String {
    let registered = (0..SERVICES).map(registration);
    let told = (0..).flat_map(|incident| (0..EVENTS).map(move |step| line(incident, step)));
    registered.chain(told).take(events).map(|line| line + "\n").collect()
}

fn registration(service: usize) -> String {
    let data = format!(
        r#"{{"names":{{"en":"Service {service}","bn":"পরিষেবা {service}"}},"genitives":{{"bn":"পরিষেবা {service}-এর"}},"vendor":{{"slug":"vendor-{}","name":"Vendor {}"}}}}"#,
        service % 7,
        service % 7
    );
    event(&format!("registered-{service}"), "service.registered", service, &data)
}

fn event(id: &str, kind: &str, service: usize, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/tests/history","type":"dateline.{kind}.v1","subject":"service-{service:03}","data":{data}}}"#
    )
}

/// The step of an incident. Every third one has its events in another order; every fifth one is merged with the one before it.
fn line(incident: usize, step: usize) -> String {
    let step = if incident.is_multiple_of(3) { EVENTS - 1 - step } else { step };
    let (service, round) = (incident % SERVICES, incident / SERVICES);
    let minute = round * DAYS_APART * 1440 + incident * 7 % 600;
    let at = |later: usize| moment(minute + later);
    let id = |step: usize| format!("{incident}-{step}");
    let named = |step: usize| format!(r#"{{"event":{{"id":"{}"}}}}"#, id(step));
    let outlet = |number: usize| {
        format!(r#""sources":[{{"slug":"outlet-{number}","role":"read_in","kind":"press","name":{{"en":"Outlet {number}","bn":"পত্রিকা {number}"}}}}]"#)
    };
    let stated = format!(r#""stated":{{"at":"{}","precision":"minute"}}"#, at(step * 3 + 2));
    let (kind, data) = match step {
        0 => (
            "anomaly.detected",
            format!(
                r#"{{"occurred":{{"at":"{}","precision":"minute"}},"regions":["IN"],"headline":{{"en":"Down, \"again\" <b>","bn":"আবার বন্ধ"}},{stated},{}}}"#,
                zoned(&at(0), incident),
                outlet(1)
            ),
        ),
        1 => (
            "anomaly.detected",
            format!(r#"{{"occurred":{{"at":"{}","precision":"minute","approximate":true}},"regions":["IN"],{stated},{}}}"#, at(18), outlet(2)),
        ),
        2 => ("anomaly.detected", format!(r#"{{"occurred":{{"at":"{}","precision":"hour"}},"regions":["IT"],{}}}"#, at(30), outlet(3))),
        3 => (
            "reports.observed",
            format!(
                r#"{{"occurred":{{"between":["{}","{}"]}},"regions":["IN"],"counts":[{{"value":{},"qualifier":"more than","per":"total","region":"IN"}}],{}}}"#,
                at(5),
                at(25),
                1000 + incident,
                outlet(1)
            ),
        ),
        4 => (
            "reports.observed",
            format!(
                r#"{{"occurred":{{"unknown":true}},"regions":["IN"],"shares":[{{"share":0.69,"qualifier":"about","symptoms":["sending"]}}],{}}}"#,
                outlet(4)
            ),
        ),
        5 => ("scope.changed", format!(r#"{{"occurred":{{"after":{}}},"regions":["TR","IT"],"symptoms":["login"],{}}}"#, named(0), outlet(2))),
        6 => ("scope.changed", format!(r#"{{"occurred":{{"at":"{}"}},"known":false,"severity":"minor",{}}}"#, at(8), outlet(5))),
        7 => ("vendor.silent", format!(r#"{{"occurred":{{"at":"{}"}},"organisation":{{"en":"Vendor"}},{}}}"#, at(22), outlet(5))),
        8 => (
            "vendor.acknowledged",
            format!(
                r#"{{"occurred":{{"after":{}}},"statement":{{"organisation":{{"en":"Vendor"}},"speaker":{{"en":"A spokesperson"}},"quotation":{{"lang":"en","text":"We know."}}}},{stated},{}}}"#,
                named(0),
                outlet(1)
            ),
        ),
        9 => (
            "statement.translated",
            format!(r#"{{"event":{{"id":"{}"}},"quotation":{{"lang":"bn","text":"আমরা জানি।"}},"translator":{{"en":"The desk"}}}}"#, id(8)),
        ),
        10 => (
            "vendor.updated",
            format!(
                r#"{{"occurred":{{"at":"{}"}},"status":"investigating","reference":{{"page":"https://status.example/{service}","id":"r{incident}"}},"statement":{{"quotation":{{"lang":"en","text":"Looking."}}}},{}}}"#,
                at(40),
                outlet(6)
            ),
        ),
        11 => (
            "vendor.updated",
            format!(
                r#"{{"occurred":{{"at":"{}"}},"status":"identified","reference":{{"page":"https://status.example/{service}","id":"r{incident}"}},{}}}"#,
                at(50),
                outlet(6)
            ),
        ),
        12 => ("vendor.updated", format!(r#"{{"occurred":{{"at":"{}"}},"status":"monitoring",{}}}"#, at(60), outlet(6))),
        13 => (
            "event.corrected",
            format!(
                r#"{{"event":{{"id":"{}"}},"patch":{{"occurred":{{"at":"{}","precision":"minute"}}}},"edit_kind":"error","reason":{{"en":"misread"}}}}"#,
                id(1),
                at(17)
            ),
        ),
        14 => (
            "event.corrected",
            format!(
                r#"{{"event":{{"id":"{}"}},"patch":{{"statement":{{"quotation":{{"lang":"en","text":"Looking into it."}}}}}},"edit_kind":"source_edit","announced":false,"reason":{{"en":"changed"}},{stated}}}"#,
                id(10)
            ),
        ),
        15 => ("service.restored", format!(r#"{{"occurred":{{"before":"{}"}},"extent":"partial","regions":["IN"],{}}}"#, at(70), outlet(1))),
        16 => (
            "service.restored",
            format!(
                r#"{{"occurred":{{"at":"{}","approximate":true,"precision":"minute"}},"extent":"full","regions":["IN"],{stated},{}}}"#,
                at(80),
                outlet(2)
            ),
        ),
        17 => (
            "service.restored",
            format!(
                r#"{{"occurred":{{"unknown":true}},"extent":"full","lasted":{{"minutes":{},"qualifier":"nearly"}},{}}}"#,
                60 + incident % 60,
                outlet(3)
            ),
        ),
        18 => (
            "reports.subsided",
            format!(
                r#"{{"occurred":{{"before":"{}"}},"regions":["IN"],"counts":[{{"value":12,"qualifier":"about","per":"total"}}],{}}}"#,
                at(95),
                outlet(1)
            ),
        ),
        19 => (
            "vendor.updated",
            format!(
                r#"{{"occurred":{{"at":"{}"}},"status":"resolved","reference":{{"page":"https://status.example/{service}","id":"r{incident}"}},{}}}"#,
                at(85),
                outlet(6)
            ),
        ),
        20 => (
            "cause.stated",
            format!(
                r#"{{"occurred":{{"after":{}}},"statement":{{"quotation":{{"lang":"en","text":"A configuration error."}}}},{}}}"#,
                named(8),
                outlet(1)
            ),
        ),
        21 => (
            "claim.weighed",
            format!(
                r#"{{"event":{{"id":"{}"}},"verdict":"{}","reason":{{"en":"seen"}}}}"#,
                id(2),
                ["disputed", "confirmed", "preferred", "unsupported"][incident % 4]
            ),
        ),
        22 => ("event.retracted", format!(r#"{{"event":{{"id":"{}"}},"reason":{{"en":"of another day"}},"announced":true}}"#, id(6))),
        23 => (
            "followup.reported",
            format!(
                r#"{{"occurred":{{"after":{}}},"who":{{"en":"The ministry"}},"to":{{"en":"Vendor"}},"text":{{"en":"asks for a report"}},{}}}"#,
                named(0),
                outlet(7)
            ),
        ),
        24 => (
            "context.added",
            format!(r#"{{"occurred":{{"after":{}}},"text":{{"en":"It happened before.","bn":"আগেও হয়েছে।"}},{}}}"#, named(0), outlet(7)),
        ),
        25 => ("incident.titled", format!(r#"{{"event":{{"id":"{}"}},"title":{{"en":"Outage {incident}","bn":"বিভ্রাট {incident}"}}}}"#, id(0))),
        26 => (
            "maintenance.announced",
            format!(
                r#"{{"occurred":{{"at":"{}"}},"scheduled":["{}","{}"],"text":{{"en":"Planned work"}},{}}}"#,
                at(1000),
                at(1100),
                at(1200),
                outlet(6)
            ),
        ),
        27 if incident.is_multiple_of(5) && incident >= SERVICES => {
            ("incident.linked", format!(r#"{{"from":{{"id":"{}"}},"to":{{"id":"{}-0"}},"relation":"same_as"}}"#, id(0), incident - SERVICES))
        }
        27 => ("maintenance.started", format!(r#"{{"occurred":{{"at":"{}"}},{}}}"#, at(1100), outlet(6))),
        _ if incident.is_multiple_of(10) && incident >= SERVICES => {
            ("event.retracted", format!(r#"{{"event":{{"id":"{}"}},"reason":{{"en":"not the same"}}}}"#, id(27)))
        }
        _ => ("maintenance.completed", format!(r#"{{"occurred":{{"at":"{}"}},{}}}"#, at(1200), outlet(6))),
    };
    event(&id(step), kind, service, &data)
}

/// A minute as RFC 3339, counted from the year 2000.
fn moment(minute: usize) -> String {
    let (day, hour, minute) = (minute / 1440, minute / 60 % 24, minute % 60);
    format!("{:04}-{:02}-{:02}T{hour:02}:{minute:02}Z", 2000 + day / 336, day / 28 % 12 + 1, day % 28 + 1)
}

/// Every third time is told on a clock in India, the others in UTC.
fn zoned(at: &str, incident: usize) -> String {
    if incident.is_multiple_of(3) { at.replace('Z', "+05:30[Asia/Kolkata]") } else { at.to_owned() }
}

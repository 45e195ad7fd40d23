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

/// One incident: every third one has its events in another order; every fifth one is merged with the one before it.
struct Story {
    incident: usize,
    service: usize,
    minute: usize,
}

impl Story {
    fn of(incident: usize) -> Self {
        let (service, round) = (incident % SERVICES, incident / SERVICES);
        Self { incident, service, minute: round * DAYS_APART * 1440 + incident * 7 % 600 }
    }

    fn at(&self, later: usize) -> String {
        moment(self.minute + later)
    }

    fn id(&self, step: usize) -> String {
        format!("{}-{step}", self.incident)
    }

    fn named(&self, step: usize) -> String {
        format!(r#"{{"event":{{"id":"{}"}}}}"#, self.id(step))
    }

    fn stated(&self, step: usize) -> String {
        format!(r#""stated":{{"at":"{}","precision":"minute"}}"#, self.at(step * 3 + 2))
    }
}

fn outlet(number: usize) -> String {
    format!(r#""sources":[{{"slug":"outlet-{number}","role":"read_in","kind":"press","name":{{"en":"Outlet {number}","bn":"পত্রিকা {number}"}}}}]"#)
}

fn line(incident: usize, step: usize) -> String {
    let step = if incident.is_multiple_of(3) { EVENTS - 1 - step } else { step };
    let story = Story::of(incident);
    let (kind, data) = match step {
        0..8 => seen(&story, step),
        8..15 => vendor(&story, step),
        15..21 => restored(&story, step),
        _ => desk(&story, step),
    };
    event(&story.id(step), kind, story.service, &data)
}

/// What was seen first, and how far it reached.
fn seen(story: &Story, step: usize) -> (&'static str, String) {
    let incident = story.incident;
    let stated = story.stated(step);
    match step {
        0 => (
            "anomaly.detected",
            format!(
                r#"{{"occurred":{{"at":"{}","precision":"minute"}},"regions":["IN"],"headline":{{"en":"Down, \"again\" <b>","bn":"আবার বন্ধ"}},{stated},{}}}"#,
                zoned(&story.at(0), incident),
                outlet(1)
            ),
        ),
        1 => (
            "anomaly.detected",
            format!(r#"{{"occurred":{{"at":"{}","precision":"minute","approximate":true}},"regions":["IN"],{stated},{}}}"#, story.at(18), outlet(2)),
        ),
        2 => ("anomaly.detected", format!(r#"{{"occurred":{{"at":"{}","precision":"hour"}},"regions":["IT"],{}}}"#, story.at(30), outlet(3))),
        3 => (
            "reports.observed",
            format!(
                r#"{{"occurred":{{"between":["{}","{}"]}},"regions":["IN"],"counts":[{{"value":{},"qualifier":"more than","per":"total","region":"IN"}}],{}}}"#,
                story.at(5),
                story.at(25),
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
        5 => ("scope.changed", format!(r#"{{"occurred":{{"after":{}}},"regions":["TR","IT"],"symptoms":["login"],{}}}"#, story.named(0), outlet(2))),
        6 => ("scope.changed", format!(r#"{{"occurred":{{"at":"{}"}},"known":false,"severity":"minor",{}}}"#, story.at(8), outlet(5))),
        _ => ("vendor.silent", format!(r#"{{"occurred":{{"at":"{}"}},"organisation":{{"en":"Vendor"}},{}}}"#, story.at(22), outlet(5))),
    }
}

/// What the vendor said, and how its words changed.
fn vendor(story: &Story, step: usize) -> (&'static str, String) {
    let incident = story.incident;
    let service = story.service;
    let stated = story.stated(step);
    match step {
        8 => (
            "vendor.acknowledged",
            format!(
                r#"{{"occurred":{{"after":{}}},"statement":{{"organisation":{{"en":"Vendor"}},"speaker":{{"en":"A spokesperson"}},"quotation":{{"lang":"en","text":"We know."}}}},{stated},{}}}"#,
                story.named(0),
                outlet(1)
            ),
        ),
        9 => (
            "statement.translated",
            format!(r#"{{"event":{{"id":"{}"}},"quotation":{{"lang":"bn","text":"আমরা জানি।"}},"translator":{{"en":"The desk"}}}}"#, story.id(8)),
        ),
        10 => (
            "vendor.updated",
            format!(
                r#"{{"occurred":{{"at":"{}"}},"status":"investigating","reference":{{"page":"https://status.example/{service}","id":"r{incident}"}},"statement":{{"quotation":{{"lang":"en","text":"Looking."}}}},{}}}"#,
                story.at(40),
                outlet(6)
            ),
        ),
        11 => (
            "vendor.updated",
            format!(
                r#"{{"occurred":{{"at":"{}"}},"status":"identified","reference":{{"page":"https://status.example/{service}","id":"r{incident}"}},{}}}"#,
                story.at(50),
                outlet(6)
            ),
        ),
        12 => ("vendor.updated", format!(r#"{{"occurred":{{"at":"{}"}},"status":"monitoring",{}}}"#, story.at(60), outlet(6))),
        13 => (
            "event.corrected",
            format!(
                r#"{{"event":{{"id":"{}"}},"patch":{{"occurred":{{"at":"{}","precision":"minute"}}}},"edit_kind":"error","reason":{{"en":"misread"}}}}"#,
                story.id(1),
                story.at(17)
            ),
        ),
        _ => (
            "event.corrected",
            format!(
                r#"{{"event":{{"id":"{}"}},"patch":{{"statement":{{"quotation":{{"lang":"en","text":"Looking into it."}}}}}},"edit_kind":"source_edit","announced":false,"reason":{{"en":"changed"}},{stated}}}"#,
                story.id(10)
            ),
        ),
    }
}

/// How it ended, and why it had begun.
fn restored(story: &Story, step: usize) -> (&'static str, String) {
    let incident = story.incident;
    let service = story.service;
    let stated = story.stated(step);
    match step {
        15 => ("service.restored", format!(r#"{{"occurred":{{"before":"{}"}},"extent":"partial","regions":["IN"],{}}}"#, story.at(70), outlet(1))),
        16 => (
            "service.restored",
            format!(
                r#"{{"occurred":{{"at":"{}","approximate":true,"precision":"minute"}},"extent":"full","regions":["IN"],{stated},{}}}"#,
                story.at(80),
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
                story.at(95),
                outlet(1)
            ),
        ),
        19 => (
            "vendor.updated",
            format!(
                r#"{{"occurred":{{"at":"{}"}},"status":"resolved","reference":{{"page":"https://status.example/{service}","id":"r{incident}"}},{}}}"#,
                story.at(85),
                outlet(6)
            ),
        ),
        _ => (
            "cause.stated",
            format!(
                r#"{{"occurred":{{"after":{}}},"statement":{{"quotation":{{"lang":"en","text":"A configuration error."}}}},{}}}"#,
                story.named(8),
                outlet(1)
            ),
        ),
    }
}

/// What the desk made of it, and planned work beside it.
fn desk(story: &Story, step: usize) -> (&'static str, String) {
    let incident = story.incident;
    match step {
        21 => (
            "claim.weighed",
            format!(
                r#"{{"event":{{"id":"{}"}},"verdict":"{}","reason":{{"en":"seen"}}}}"#,
                story.id(2),
                ["disputed", "confirmed", "preferred", "unsupported"][incident % 4]
            ),
        ),
        22 => ("event.retracted", format!(r#"{{"event":{{"id":"{}"}},"reason":{{"en":"of another day"}},"announced":true}}"#, story.id(6))),
        23 => (
            "followup.reported",
            format!(
                r#"{{"occurred":{{"after":{}}},"who":{{"en":"The ministry"}},"to":{{"en":"Vendor"}},"text":{{"en":"asks for a report"}},{}}}"#,
                story.named(0),
                outlet(7)
            ),
        ),
        24 => (
            "context.added",
            format!(r#"{{"occurred":{{"after":{}}},"text":{{"en":"It happened before.","bn":"আগেও হয়েছে।"}},{}}}"#, story.named(0), outlet(7)),
        ),
        25 => ("incident.titled", format!(r#"{{"event":{{"id":"{}"}},"title":{{"en":"Outage {incident}","bn":"বিভ্রাট {incident}"}}}}"#, story.id(0))),
        26 => (
            "maintenance.announced",
            format!(
                r#"{{"occurred":{{"at":"{}"}},"scheduled":["{}","{}"],"text":{{"en":"Planned work"}},{}}}"#,
                story.at(1000),
                story.at(1100),
                story.at(1200),
                outlet(6)
            ),
        ),
        27 if incident.is_multiple_of(5) && incident >= SERVICES => {
            ("incident.linked", format!(r#"{{"from":{{"id":"{}"}},"to":{{"id":"{}-0"}},"relation":"same_as"}}"#, story.id(0), incident - SERVICES))
        }
        27 => ("maintenance.started", format!(r#"{{"occurred":{{"at":"{}"}},{}}}"#, story.at(1100), outlet(6))),
        _ if incident.is_multiple_of(10) && incident >= SERVICES => {
            ("event.retracted", format!(r#"{{"event":{{"id":"{}"}},"reason":{{"en":"not the same"}}}}"#, story.id(27)))
        }
        _ => ("maintenance.completed", format!(r#"{{"occurred":{{"at":"{}"}},{}}}"#, story.at(1200), outlet(6))),
    }
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

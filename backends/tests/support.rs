//! What the promises share: short ways to write events and rows. No promise is tested here.

use dateline_backends::{Ledger, LedgerOptions, NewEvent, Outcome, Receipt, Views};
use dateline_events::{EventKey, Instant, Position};
use dateline_timelines::rows::{AttachmentRow, EventRow, HeadRow, Nature, Rows, SummaryRow, WaitingRow};
use tempfile::TempDir;

pub fn url(folder: &TempDir, file: &str) -> String {
    format!("sqlite:{}", folder.path().join(file).display())
}

pub async fn ledger(folder: &TempDir) -> Ledger {
    Ledger::open(&url(folder, "ledger.db"), LedgerOptions::writer()).await.unwrap()
}

pub fn event(id: &str, text: &str) -> NewEvent {
    let bytes = format!(r#"{{"specversion":"1.0","id":"{id}","source":"/desks/demo","data":{{"text":"{text}"}}}}"#);
    NewEvent { source: "/desks/demo".to_owned(), id: id.to_owned(), bytes: bytes.into_bytes() }
}

pub fn events(from: usize, to: usize) -> Vec<NewEvent> {
    (from..=to).map(|number| event(&format!("{number:06}"), "x")).collect()
}

pub fn receipts(outcomes: Vec<Outcome>) -> Vec<Receipt> {
    let receipt = |outcome| match outcome {
        Outcome::Stored(receipt) => receipt,
        conflict @ Outcome::Conflict { .. } => panic!("expected a receipt, got {conflict:?}"),
    };
    outcomes.into_iter().map(receipt).collect()
}

pub fn key(position: Position) -> EventKey {
    EventKey::of("/desks/demo", &position.to_string())
}

pub fn event_row(position: Position) -> EventRow {
    EventRow {
        position,
        recorded: Instant(1_000 + position.cast_signed()),
        source: "/desks/demo".to_owned(),
        id: position.to_string(),
        key: key(position),
        kind: "anomaly.detected".to_owned(),
        subject: "whatsapp".to_owned(),
        target: None,
        bytes: Some(vec![b'{', b'}']),
        problem: None,
    }
}

pub fn attachment(since: Position, event: Position, incident: Position, present: bool) -> AttachmentRow {
    AttachmentRow { since, event, incident, present }
}

pub fn head(number: Position, since: Position, subject: &str) -> HeadRow {
    HeadRow {
        number,
        since,
        id: format!("{subject}-{number}"),
        subject: subject.to_owned(),
        nature: Nature::Outage,
        span_start: Some(Instant(10)),
        span_end: None,
        disrupted_until: Some(Instant(since.cast_signed())),
        restored_until: None,
        references: vec![("https://status.example".to_owned(), format!("ref-{number}"))],
    }
}

pub fn waiting(event: Position, subject: &str) -> WaitingRow {
    WaitingRow {
        event,
        subject: subject.to_owned(),
        nature: Nature::Outage,
        earliest: None,
        latest: None,
        awaits_keys: Vec::new(),
        awaits_incident: None,
        awaits_reference: None,
    }
}

pub fn summary(group: Position, since: Position, started: Option<i64>) -> SummaryRow {
    SummaryRow {
        group,
        since,
        id: format!("whatsapp-{group}"),
        nature: Nature::Outage,
        listed: true,
        services: " whatsapp ".to_owned(),
        vendor: String::new(),
        state: "detected".to_owned(),
        regions: " IN ".to_owned(),
        symptoms: " messages ".to_owned(),
        started: started.map(Instant),
        ended: None,
        words: "whatsapp is down in india".to_owned(),
        json: "{}".to_owned(),
    }
}

/// Commits rows at the serving generation's cursor; every position up to `to` that has no event row yet gets one.
pub async fn commit(views: &Views, to: Position, mut rows: Rows) {
    let generation = views.serving().await.unwrap();
    let from = views.cursor(generation).await.unwrap();
    let missing: Vec<_> = (from + 1..=to).filter(|position| !rows.events.iter().any(|row| row.position == *position)).collect();
    rows.events.extend(missing.into_iter().map(event_row));
    views.commit(generation, from, to, rows).await.unwrap();
}

//! What the promises share: short ways to write events and rows. No promise is tested here.

use std::path::PathBuf;

use dateline_backends::{Ledger, LedgerOptions, NewEvent, Outcome, REDACTION_SOURCE, Receipt, Reports, RoleState, StateStore, Views};
use dateline_events::{EventKey, Instant, LeafKind, Position, commitment, leaf_bytes};
use dateline_timelines::rows::{AttachmentRow, Course, EventRow, HeadRow, Nature, Rows, SummaryRow, WaitingRow};
use tempfile::TempDir;

use crate::nats::Nats;

pub fn url(folder: &TempDir, file: &str) -> String {
    format!("sqlite:{}", folder.path().join(file).display())
}

pub async fn ledger(folder: &TempDir) -> Ledger {
    Ledger::open(&url(folder, "ledger.db"), LedgerOptions::writer()).await.unwrap()
}

/// Makes each of these promises a test of both engines: `async fn promise(store: &Store)`.
macro_rules! on_both_ledgers {
    ($($promise:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test]
            async fn $promise() {
                super::$promise(&crate::support::Store::embedded()).await;
            })+
        }
        mod distributed {
            $(#[tokio::test]
            async fn $promise() {
                super::$promise(&crate::support::Store::on_the_bus()).await;
            })+
        }
    };
}

/// Where a ledger and a state store of one engine are kept, for one test.
pub enum Store {
    Embedded(TempDir),
    OnTheBus(Box<Nats>),
}

impl Store {
    pub fn embedded() -> Self {
        Self::Embedded(TempDir::new().unwrap())
    }

    pub fn on_the_bus() -> Self {
        Self::OnTheBus(Box::new(Nats::start()))
    }

    pub fn ledger_url(&self) -> String {
        match self {
            Self::Embedded(folder) => url(folder, "ledger.db"),
            Self::OnTheBus(server) => server.url(),
        }
    }

    pub fn state_url(&self) -> String {
        match self {
            Self::Embedded(folder) => url(folder, "state.db"),
            Self::OnTheBus(server) => server.url(),
        }
    }

    /// The ledger, opened to append.
    pub async fn ledger(&self) -> Ledger {
        Ledger::open(&self.ledger_url(), LedgerOptions::writer()).await.unwrap()
    }

    /// The ledger, opened to read.
    pub async fn reader(&self) -> Ledger {
        Ledger::open(&self.ledger_url(), LedgerOptions::reader()).await.unwrap()
    }

    pub async fn state_store(&self) -> StateStore {
        StateStore::open(&self.state_url()).await.unwrap()
    }

    pub fn role_state_url(&self) -> String {
        match self {
            Self::Embedded(folder) => url(folder, "role_state.db"),
            Self::OnTheBus(server) => server.url(),
        }
    }

    pub async fn role_state(&self) -> RoleState {
        RoleState::open(&self.role_state_url()).await.unwrap()
    }

    pub fn reports_url(&self) -> String {
        match self {
            Self::Embedded(folder) => url(folder, "reports.db"),
            Self::OnTheBus(server) => server.url(),
        }
    }

    pub async fn reports(&self) -> Reports {
        Reports::open(&self.reports_url()).await.unwrap()
    }

    /// The folder that holds everything that is kept.
    pub fn folder(&self) -> PathBuf {
        match self {
            Self::Embedded(folder) => folder.path().to_path_buf(),
            Self::OnTheBus(server) => server.store(),
        }
    }
}

pub fn event(id: &str, text: &str) -> NewEvent {
    event_of("/desks/demo", id, text)
}

pub fn event_of(source: &str, id: &str, text: &str) -> NewEvent {
    let bytes = format!(r#"{{"specversion":"1.0","id":"{id}","source":"{source}","data":{{"text":"{text}"}}}}"#);
    NewEvent { source: source.to_owned(), id: id.to_owned(), bytes: bytes.into_bytes() }
}

/// The redaction of an event that stands at a position.
pub fn redaction(position: Position, event: &NewEvent, recorded: Instant, salt: &[u8; 32]) -> NewEvent {
    let leaf = leaf_bytes(recorded, LeafKind::Event, &commitment(salt, &event.bytes)).replace('"', "\\\"");
    let (source, id) = (REDACTION_SOURCE.to_owned(), position.to_string());
    let key = EventKey::of(&event.source, &event.id);
    let bytes = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"{source}","type":"dateline.event.redacted.v1","data":{{"position":{position},"key":"{key}","leaf":"{leaf}"}}}}"#
    );
    NewEvent { source, id, bytes: bytes.into_bytes() }
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
        services: Vec::new(),
        nature: Nature::Outage,
        span_start: Some(Instant(10)),
        span_end: None,
        disrupted_until: Some(Instant(since.cast_signed())),
        restored_until: None,
        course: Course::Disrupted,
        courses: Vec::new(),
        references: vec![("https://status.example".to_owned(), format!("ref-{number}"))],
    }
}

pub fn waiting(event: Position, subject: &str) -> WaitingRow {
    WaitingRow {
        event,
        subject: subject.to_owned(),
        services: Vec::new(),
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
        events: Some(1),
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

//! What health and metrics say of the clocks by which records are stamped: how far the ledger's head lies ahead of this machine's clock,
//! whether a step ahead is not believed yet, and which one was followed since yesterday.

use dateline_backends::{Head, Ledger, ahead_of_the_clock_s};
use serde_json::{Map, Value, json};

/// As a member of an answer; None where there is nothing to say.
pub fn told(ledger: &Ledger, head: Option<Head>) -> Option<Value> {
    let clocks = ledger.clocks().unwrap_or_default();
    let mut told = Map::new();
    if let Some(ahead_s) = head.and_then(|head| ahead_of_the_clock_s(head.recorded)) {
        told.insert("recorded_ahead_s".into(), json!(ahead_s));
        told.insert("detail".into(), json!("the last record lies ahead of this machine's clock; until then everything is recorded at that instant"));
    }
    if let Some(unsettled_s) = clocks.unsettled_s {
        told.insert("unsettled_s".into(), json!(unsettled_s));
    }
    if let Some(step) = clocks.followed {
        told.insert("stepped_ahead_s".into(), json!(step.ahead_s));
        told.insert("stepped_at".into(), json!(step.followed.to_string()));
    }
    (!told.is_empty()).then_some(Value::Object(told))
}

/// The same for Prometheus, always with every figure.
pub fn metrics(ledger: &Ledger, head: Option<Head>) -> String {
    let clocks = ledger.clocks().unwrap_or_default();
    let ahead_s = head.and_then(|head| ahead_of_the_clock_s(head.recorded)).unwrap_or(0);
    let gauge = |name: &str, help: &str, value: i64| format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
    let steps = i64::try_from(clocks.steps).unwrap_or(i64::MAX);
    [
        gauge("dateline_recorded_ahead_seconds", "How far the last record lies ahead of this machine's clock, beyond a minute", ahead_s),
        gauge(
            "dateline_clock_unsettled_seconds",
            "So long nothing is recorded yet, because the clock ran ahead",
            clocks.unsettled_s.unwrap_or(0).into(),
        ),
        gauge("dateline_clock_steps", "Steps ahead of the clock that were followed since the start", steps),
    ]
    .concat()
}

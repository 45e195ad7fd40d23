//! One JSON line a measurement, on the standard output; benches/peers/run reads them.

use serde_json::{Map, Value, json};

use super::Failure;

/// A measurement.
#[derive(Debug)]
pub struct Line(Map<String, Value>);

impl Line {
    /// Of a store: `append`, `replay` or `rebuild`.
    pub fn new(store: &str, row: &str) -> Self {
        Self(Map::from_iter([("store".to_owned(), json!(store)), ("row".to_owned(), json!(row))]))
    }

    /// By so many callers, so many events a call.
    pub fn callers(self, callers: usize, batch: usize) -> Self {
        self.with("callers", json!(callers)).with("batch", json!(batch))
    }

    /// Calls that had to be made again.
    pub fn retries(self, retries: u64) -> Self {
        self.with("retries", json!(retries))
    }

    /// How long the calls took: the median and the 99th percentile, in milliseconds.
    pub fn calls(self, mut calls_us: Vec<u64>) -> Self {
        calls_us.sort_unstable();
        let at = |share: f64| {
            let place = ((calls_us.len() as f64 - 1.0) * share).round().max(0.0) as usize;
            calls_us.get(place).copied().unwrap_or(0) as f64 / 1e3
        };
        let (middle, late) = (at(0.5), at(0.99));
        self.with("p50_ms", json!(middle)).with("p99_ms", json!(late))
    }

    /// Prints it with its figures.
    pub fn measured(self, events: u64, seconds: f64) {
        println!("{}", Value::Object(self.with("events", json!(events)).with("seconds", json!(seconds)).0));
    }

    /// Prints it with what the store said.
    pub fn failed(self, failure: &Failure) {
        println!("{}", Value::Object(self.with("failed", json!(failure.to_string())).0));
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}

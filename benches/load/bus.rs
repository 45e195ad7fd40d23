//! Appends on NATS JetStream with every write synced, A B A B with bare publishes of the same messages on the same server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_nats::{Client, HeaderMap, Request};
use dateline_backends::{Ledger, LedgerOptions, NewEvent};
use dateline_events::EventKey;
use tokio::runtime::Runtime;

use crate::Options;
use crate::nats::Nats;
use crate::support::append::{Shape, run};
use crate::support::generate::small;
use crate::support::machine::{self, median};

/// The largest batch that JetStream takes.
const BATCH: usize = 1_000;

pub fn measure(runtime: &Runtime, options: &Options) {
    let server = Nats::start();
    let (ledger, bare) = runtime.block_on(async {
        let ledger = Ledger::open(&server.url(), LedgerOptions::writer()).await.expect("a ledger");
        (ledger, Bare::open(&server.url()).await)
    });
    println!("### Append on JetStream, every write synced, in process\n");
    println!(
        "Bare: the same messages with the same headers, published without a ledger around them: singly by as many callers, or by one\nloop of atomic batches of {BATCH}.\n"
    );
    println!(
        "| callers × events a call | ours, events/s | a commit | bare singles, as many callers (32 at most), /s | ratio | bare batches, /s | ratio |\n|---|---|---|---|---|---|---|"
    );
    let shapes = [(1, 1, 1_500), (8, 1, 4_000), (32, 1, 8_000), (1_000, 1, 40_000), (8, 100, 40_000), (1, 1_000, 40_000), (8, 1_000, 48_000)];
    for (callers, batch, events) in shapes {
        let shape = Shape { callers, batch, sorted: true };
        row(runtime, options, &ledger, &bare, shape, options.scaled(events).max(callers * batch));
    }
    println!();
}

fn row(runtime: &Runtime, options: &Options, ledger: &Ledger, bare: &Bare, shape: Shape, events: usize) {
    let Shape { callers, batch, .. } = shape;
    let probe = crate::support::folder();
    let (mut ours, mut singles, mut batches, mut to_singles, mut to_batches, mut commits) = (vec![], vec![], vec![], vec![], vec![], 0.0);
    for _ in 0..options.pairs {
        machine::until_quick(probe.path());
        let before = ledger.commits();
        let mine = events as f64 / runtime.block_on(run(ledger, shape, events, &bare.next));
        commits = events as f64 / (ledger.commits() - before) as f64;
        ours.push(mine);
        if batch == 1 {
            let single = runtime.block_on(bare.singles(callers.min(32), events.min(options.scaled(4_000))));
            singles.push(single);
            to_singles.push(mine / single);
        }
        if callers * batch > 32 {
            let batched = runtime.block_on(bare.batches(options.scaled(40_000).max(BATCH)));
            batches.push(batched);
            to_batches.push(mine / batched);
        }
    }
    let shown = |values: Vec<f64>, digits: usize| if values.is_empty() { String::new() } else { format!("{:.digits$}", median(values)) };
    println!(
        "| {callers} × {batch} | {:.0} | {commits:.0} | {} | {} | {} | {} |",
        median(ours),
        shown(singles, 0),
        shown(to_singles, 2),
        shown(batches, 0),
        shown(to_batches, 2)
    );
}

/// Publishes without a ledger, to a stream of its own on the same server.
struct Bare {
    client: Client,
    next: Arc<AtomicU64>,
    salt: String,
}

impl Bare {
    async fn open(url: &str) -> Self {
        let client = async_nats::connect(url.split('?').next().unwrap_or_default()).await.expect("a connection");
        let settings = r#"{"name":"bare","subjects":["bare.>"],"storage":"file","retention":"limits","discard":"new","num_replicas":1,"allow_atomic":true,"allow_direct":true,"deny_purge":true}"#;
        client.request("$JS.API.STREAM.CREATE.bare", settings.into()).await.expect("a stream");
        Self { client, next: Arc::new(AtomicU64::new(1)), salt: "A".repeat(43) + "=" }
    }

    fn message(&self, event: &NewEvent) -> (String, HeaderMap) {
        let key = EventKey::of(&event.source, &event.id);
        let mut headers = HeaderMap::new();
        headers.insert("Dateline-Recorded", "1764000000000000");
        headers.insert("Dateline-Salt", self.salt.as_str());
        headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
        headers.insert("Nats-Expected-Last-Subject-Sequence-Subject", format!("bare.{key}.>"));
        (format!("bare.{key}.e"), headers)
    }

    fn prepare(&self, count: usize) -> Vec<NewEvent> {
        (0..count).map(|_| small(self.next.fetch_add(1, Ordering::Relaxed), true)).collect()
    }

    async fn singles(&self, callers: usize, events: usize) -> f64 {
        let prepared: Vec<Vec<NewEvent>> = (0..callers).map(|_| self.prepare(events / callers)).collect();
        let begun = Instant::now();
        let callers = prepared.into_iter().map(|events| async move {
            for event in events {
                let (subject, headers) = self.message(&event);
                let answer = self.client.send_request(subject, Request::new().headers(headers).payload(event.bytes.into())).await;
                assert!(!String::from_utf8_lossy(&answer.expect("an answer").payload).contains("error"));
            }
        });
        futures_util::future::join_all(callers).await;
        events as f64 / begun.elapsed().as_secs_f64()
    }

    async fn batches(&self, events: usize) -> f64 {
        let prepared = self.prepare(events);
        let begun = Instant::now();
        for batch in prepared.chunks(BATCH) {
            let id = format!("bare{}", self.next.fetch_add(1, Ordering::Relaxed));
            for (place, event) in (1..).zip(batch) {
                let (subject, mut headers) = self.message(event);
                headers.insert("Nats-Batch-Id", id.as_str());
                headers.insert("Nats-Batch-Sequence", place.to_string());
                if place < batch.len() {
                    self.client.publish_with_headers(subject, headers, event.bytes.clone().into()).await.expect("a publish");
                    continue;
                }
                headers.insert("Nats-Batch-Commit", "1");
                let answer = self.client.send_request(subject, Request::new().headers(headers).payload(event.bytes.clone().into())).await;
                assert!(!String::from_utf8_lossy(&answer.expect("an answer").payload).contains("error"));
            }
        }
        events as f64 / begun.elapsed().as_secs_f64()
    }
}

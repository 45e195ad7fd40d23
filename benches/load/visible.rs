//! Publish → visible under a steady load: how soon what was published can be read, at a rate that does not wait for answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::client::Client;
use crate::Options;
use crate::support::generate::event;
use crate::support::machine::percentile;

/// The steady load, in events a second.
const LOAD_PER_SECOND: u64 = 1_000;

/// Connections that publish.
const PUBLISHERS: u64 = 16;

/// Every so many events one is waited for until it can be read.
const SAMPLE_EVERY: u64 = 20;

/// Rounds, one after the other.
const MAX_ROUNDS: usize = 3;

/// Publishes at the intake and reads at the reader; `kept` says which processes on what.
pub fn measure(runtime: &Runtime, options: &Options, intake: &str, reader: &str, kept: &str) {
    println!("### Publish → visible at {LOAD_PER_SECOND} events/s, {kept}\n");
    println!("| events | achieved, events/s | POST p50 ms | p99 | visible at the reader p50 ms | p99 | samples |\n|---|---|---|---|---|---|---|");
    let events = options.scaled(20_000) as u64;
    for round in 0..options.pairs.min(MAX_ROUNDS) as u64 {
        let (mut stored, mut seen, seconds) = runtime.block_on(steady(intake, reader, (1 << 33) + round * events, events));
        stored.sort_by(f64::total_cmp);
        seen.sort_by(f64::total_cmp);
        let figures = [&stored, &seen].map(|times| format!("{:.2} | {:.2}", percentile(times, 0.5), percentile(times, 0.99)));
        println!("| {events} | {:.0} | {} | {} | {} |", events as f64 / seconds, figures[0], figures[1], seen.len());
    }
    println!();
}

/// Publishes at the rate, whatever the answers take; milliseconds of the posts and of the samples, both since the event was due, and the
/// seconds of it all.
async fn steady(intake: &str, reader: &str, first: u64, events: u64) -> (Vec<f64>, Vec<f64>, f64) {
    let (samples, mut to_see) = mpsc::unbounded_channel::<(u64, Instant)>();
    let reader = reader.to_owned();
    let watching = tokio::spawn(async move {
        let mut looking = Vec::new();
        while let Some((position, begun)) = to_see.recv().await {
            let mut client = Client::connect(&reader).await;
            looking.push(tokio::spawn(async move {
                let answer = client.get(&format!("/v1/events/{position}?min_position={position}&wait_ms=30000"), None).await;
                assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                begun.elapsed().as_secs_f64() * 1e3
            }));
        }
        let mut seen = Vec::new();
        for look in looking {
            seen.push(look.await.expect("a look"));
        }
        seen
    });
    let samples = Arc::new(samples);
    let begun = Instant::now();
    let publishing: Vec<_> = (0..PUBLISHERS)
        .map(|publisher| {
            let (intake, samples) = (intake.to_owned(), Arc::clone(&samples));
            tokio::spawn(async move {
                let mut client = Client::connect(&intake).await;
                let mut took = Vec::new();
                for number in (publisher..events).step_by(PUBLISHERS as usize) {
                    let due = begun + Duration::from_micros(number * 1_000_000 / LOAD_PER_SECOND);
                    tokio::time::sleep_until(due.into()).await;
                    let answer = client.post("/v1/events", "application/cloudevents+json", &event(first + number).bytes).await;
                    took.push(due.elapsed().as_secs_f64() * 1e3);
                    let receipt: serde_json::Value = serde_json::from_slice(&answer.body).expect("a receipt");
                    let position = receipt["position"].as_u64().unwrap_or_else(|| panic!("no receipt: {receipt}"));
                    if number % SAMPLE_EVERY == 0 {
                        samples.send((position, due)).expect("somebody who looks");
                    }
                }
                took
            })
        })
        .collect();
    let mut stored = Vec::new();
    for publisher in publishing {
        stored.extend(publisher.await.expect("a publisher"));
    }
    let seconds = begun.elapsed().as_secs_f64();
    drop(samples);
    (stored, watching.await.expect("the samples"), seconds)
}

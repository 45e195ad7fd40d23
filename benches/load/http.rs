//! Appends over HTTP, A B A B with a bare axum route that parses the same bodies and keeps nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Runtime;

use super::client::Client;
use super::server::{Server, bare};
use crate::Options;
use crate::support::generate::small;
use crate::support::machine::{median, percentile};

pub fn measure(runtime: &Runtime, options: &Options) {
    let folder = crate::support::folder();
    measure_at(runtime, options, &Server::start(&options.program, folder.path()), "SQLite");
}

/// The same of a server that is kept anywhere.
pub fn measure_at(runtime: &Runtime, options: &Options, server: &Server, kept: &str) {
    println!(
        "### Append over HTTP, on {kept}\n\n| connections × events a request | ours, events/s | p50 ms | p99 ms | bare axum that parses the same, events/s | ratio |\n|---|---|---|---|---|---|"
    );
    let bare = runtime.block_on(bare(Vec::new()));
    let next = Arc::new(AtomicU64::new(1));
    for (connections, batch, requests) in [(1, 1, 300), (32, 1, 6_400), (64, 1, 12_800), (8, 100, 800)] {
        let (mut ours, mut theirs, mut ratios, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.pairs.min(3) {
            let (mine, mut took) = runtime.block_on(run(&server.address, "/v1/events", connections, batch, options.scaled(requests), &next));
            let (bare, _) = runtime.block_on(run(&bare, "/parse", connections, batch, options.scaled(requests), &next));
            ours.push(mine);
            theirs.push(bare);
            ratios.push(mine / bare);
            times.append(&mut took);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "| {connections} × {batch} | {:.0} | {:.2} | {:.2} | {:.0} | {:.2} |",
            median(ours),
            percentile(&times, 0.5),
            percentile(&times, 0.99),
            median(theirs),
            median(ratios)
        );
    }
    println!();
}

async fn run(address: &str, path: &'static str, connections: usize, batch: usize, requests: usize, next: &Arc<AtomicU64>) -> (f64, Vec<f64>) {
    let each = requests / connections;
    let mut prepared = Vec::new();
    for _ in 0..connections {
        let bodies: Vec<Vec<u8>> = (0..each)
            .map(|_| {
                let events: Vec<Vec<u8>> = (0..batch).map(|_| small(next.fetch_add(1, Ordering::Relaxed), true).bytes).collect();
                if batch == 1 { events.concat() } else { [b"[".to_vec(), events.join(&b","[..]), b"]".to_vec()].concat() }
            })
            .collect();
        prepared.push((Client::connect(address).await, bodies));
    }
    let media_type = if batch == 1 { "application/cloudevents+json" } else { "application/cloudevents-batch+json" };
    let begun = std::time::Instant::now();
    let tasks: Vec<_> = prepared
        .into_iter()
        .map(|(mut client, bodies)| {
            tokio::spawn(async move {
                let mut took = Vec::with_capacity(bodies.len());
                for body in bodies {
                    let begun = std::time::Instant::now();
                    let answer = client.post(path, media_type, &body).await;
                    assert!(answer.status < 300, "{} {}", answer.status, String::from_utf8_lossy(&answer.body));
                    took.push(begun.elapsed().as_secs_f64() * 1e3);
                }
                took
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a connection's work"));
    }
    ((connections * each * batch) as f64 / begun.elapsed().as_secs_f64(), times)
}

//! Rebuilding the views, A B A B with bare SQLite inserting the very same rows; its memory; one incident that never ends.

use std::path::Path;

use dateline_backends::{Ledger, LedgerOptions, NewEvent};
use tokio::runtime::Runtime;

use super::client::Client;
use super::server::{Server, rebuild};
use crate::Options;
use crate::support::generate::{event, event_of_one_incident};
use crate::support::machine::{Memory, spread};
use crate::support::raw::copy_views;

/// Pairs at most: a million events take a minute.
const MAX_PAIRS: usize = 3;

pub fn measure(runtime: &Runtime, options: &Options) {
    println!(
        "### Rebuild\n\n| events | ours, events/s | rows | raw SQLite, the same rows, events/s | ratio | resident at the end, MiB | at most, MiB | anonymous, MiB |\n|---|---|---|---|---|---|---|---|"
    );
    for count in [10_000, 100_000, 1_000_000].into_iter().filter(|count| *count <= options.events) {
        pair(runtime, options, count);
    }
    println!(
        "\n### One incident that never ends\n\n| events in it | rebuild, µs an event | at most, MiB | its timeline, ms | its size, MiB |\n|---|---|---|---|---|"
    );
    for count in [1_000, 10_000, 100_000].into_iter().filter(|count| *count <= options.events) {
        endless(runtime, options, count);
    }
    println!();
}

fn pair(runtime: &Runtime, options: &Options, count: u64) {
    let folder = crate::support::folder();
    runtime.block_on(fill(folder.path(), count, event));
    let (mut ours, mut theirs, mut ratios, mut rows, mut memory) = (Vec::new(), Vec::new(), Vec::new(), 0, Memory::default());
    for number in 0..options.pairs.min(MAX_PAIRS) {
        let rebuilt = rebuild(&options.program, folder.path());
        memory = rebuilt.memory;
        let raw = folder.path().join(format!("raw{number}.db"));
        let (copied, seconds) = copy_views(&folder.path().join("views.db"), &raw, count as i64).expect("a copy");
        let _ = std::fs::remove_file(raw);
        rows = copied;
        ours.push(count as f64 / rebuilt.seconds);
        theirs.push(count as f64 / seconds);
        ratios.push(seconds / rebuilt.seconds);
    }
    let figures = [spread(ours, 0), rows.to_string(), spread(theirs, 0), spread(ratios, 2)].join(" | ");
    println!("| {count} | {figures} | {} | {} | {} |", memory.resident, memory.most, memory.anonymous);
}

fn endless(runtime: &Runtime, options: &Options, count: u64) {
    let folder = crate::support::folder();
    runtime.block_on(fill(folder.path(), count, event_of_one_incident));
    let rebuilt = rebuild(&options.program, folder.path());
    let server = Server::start(&options.program, folder.path());
    let begun = std::time::Instant::now();
    // By the service's slug: it leads to the service's only incident.
    let answer = runtime.block_on(async { Client::connect(&server.address).await.get("/v1/incidents/endless/timeline.json", None).await });
    let place = if answer.status == 301 { answer.location.unwrap_or_default() } else { "/v1/incidents/endless/timeline.json".to_owned() };
    let answer = runtime.block_on(async { Client::connect(&server.address).await.get(&place, None).await });
    assert_eq!(answer.status, 200, "{place}: {}", String::from_utf8_lossy(&answer.body));
    let took = begun.elapsed().as_secs_f64() * 1e3;
    let (each, size) = (rebuilt.seconds * 1e6 / count as f64, answer.body.len() as f64 / 1_048_576.0);
    println!("| {count} | {each:.1} | {} | {took:.0} | {size:.1} |", rebuilt.memory.most);
}

/// Fills a ledger through its door.
pub async fn fill(data: &Path, count: u64, make: fn(u64) -> NewEvent) {
    let url = format!("sqlite:{}", data.join("ledger.db").display());
    let ledger = Ledger::open(&url, LedgerOptions::writer()).await.expect("a ledger");
    for first in (0..count).step_by(1_000) {
        ledger.append((first..count.min(first + 1_000)).map(make).collect()).await.expect("an append");
    }
}

//! Rebuilding the views, beside bare SQLite inserting the very same rows; its memory; one incident that never ends.

use std::path::Path;

use dateline_backends::{Ledger, LedgerOptions, NewEvent};
use tokio::runtime::Runtime;

use super::server::{Server, rebuild};
use crate::support::generate::{event, event_of_one_incident};
use crate::support::raw::copy_views;

pub fn measure(runtime: &Runtime, events: u64) {
    println!(
        "### Rebuild\n\n| events | ours, events/s | rows | raw SQLite inserting the same rows, events/s | ratio | most memory, MiB |\n|---|---|---|---|---|---|"
    );
    for count in [10_000, 100_000, 1_000_000].into_iter().filter(|count| *count <= events) {
        let folder = tempfile::tempdir().expect("a folder");
        runtime.block_on(fill(folder.path(), count, event));
        let (seconds, most) = rebuild(folder.path());
        let (rows, raw) = copy_views(&folder.path().join("views.db"), &folder.path().join("raw.db"), count as i64).expect("a copy");
        let (ours, bare) = (count as f64 / seconds, count as f64 / raw);
        println!("| {count} | {ours:.0} | {rows} | {bare:.0} | {:.2} | {most} |", ours / bare);
    }
    println!("\n### One incident that never ends\n\n| events in it | rebuild, µs an event | its timeline, ms | its size, MiB |\n|---|---|---|---|");
    for count in [10_000, 100_000] {
        let folder = tempfile::tempdir().expect("a folder");
        runtime.block_on(fill(folder.path(), count, event_of_one_incident));
        let (seconds, _) = rebuild(folder.path());
        let server = Server::start(folder.path());
        let begun = std::time::Instant::now();
        let answer =
            runtime.block_on(async { super::client::Client::connect(&server.address).await.get("/v1/incidents/endless/timeline.json", None).await });
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let took = begun.elapsed().as_secs_f64() * 1e3;
        println!("| {count} | {:.1} | {took:.0} | {:.1} |", seconds * 1e6 / count as f64, answer.body.len() as f64 / 1048576.0);
    }
    println!();
}

/// Fills a ledger through its door.
pub async fn fill(data: &Path, count: u64, make: fn(u64) -> NewEvent) {
    let url = format!("sqlite:{}", data.join("ledger.db").display());
    let ledger = Ledger::open(&url, LedgerOptions::writer()).await.expect("a ledger");
    for first in (0..count).step_by(1_000) {
        ledger.append((first..count.min(first + 1_000)).map(make).collect()).await.expect("an append");
    }
}

//! Rebuilding the views of harder histories than that of `project`, into SQLite and into PostgreSQL: one of every kind of event, with
//! corrections, links and retractions, and one of a vendor's status page.

use std::path::Path;

use dateline_backends::{Ledger, LedgerOptions, NewEvent};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::import::{HISTORY, import};
use super::server::{rebuild, rebuild_at};
use crate::Options;
use crate::history;
use crate::postgres::{Fsync, Postgres};
use crate::support::machine::spread;

/// Rebuilds of each, at most; the middle one is shown.
const MAX_ROUNDS: usize = 3;

/// Events appended at once.
const AT_ONCE: usize = 1_000;

pub fn measure(runtime: &Runtime, options: &Options) {
    println!("### Rebuild of harder histories\n\n| history | events | SQLite, events/s | PostgreSQL, events/s |\n|---|---|---|---|");
    let database = Postgres::start(Fsync::On);
    let count = usize::try_from(options.events.min(100_000)).expect("a small number");
    let folder = crate::support::folder();
    runtime.block_on(fill(folder.path(), &history::lines(count)));
    measure_one(options, &database, "every kind, many corrections and links", folder.path(), count as f64);
    let files = HISTORY.map(|file| Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    if files.iter().all(|file| file.exists()) {
        let folder = crate::support::folder();
        let flags = ["--data".to_owned(), folder.path().display().to_string()];
        let imported = import(&options.program, &flags, &files[0], &files[1]);
        measure_one(options, &database, "a vendor's status page", folder.path(), imported.events);
    }
    println!();
}

fn measure_one(options: &Options, database: &Postgres, name: &str, data: &Path, events: f64) {
    let (mut file, mut server) = (Vec::new(), Vec::new());
    for _ in 0..options.pairs.min(MAX_ROUNDS) {
        file.push(events / rebuild(&options.program, data).seconds);
        let flags = ["--data", &data.display().to_string(), "--views", &database.create_database()].map(String::from);
        server.push(events / rebuild_at(&options.program, &flags).seconds);
    }
    println!("| {name} | {events:.0} | {} | {} |", spread(file, 0), spread(server, 0));
}

async fn fill(data: &Path, lines: &str) {
    let url = format!("sqlite:{}", data.join("ledger.db").display());
    let ledger = Ledger::open(&url, LedgerOptions::writer()).await.expect("a ledger");
    let lines: Vec<&str> = lines.lines().collect();
    for lines in lines.chunks(AT_ONCE) {
        ledger.append(lines.iter().map(|line| event(line)).collect()).await.expect("an append");
    }
}

fn event(line: &str) -> NewEvent {
    let event: Value = serde_json::from_str(line).expect("JSON");
    let member = |name: &str| event[name].as_str().expect("a text").to_owned();
    NewEvent { source: member("source"), id: member("id"), bytes: line.as_bytes().to_vec() }
}

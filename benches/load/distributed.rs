//! The house on NATS and PostgreSQL, a process a role: HTTP in, rebuild beside raw COPY, publish → visible under a steady load, reading,
//! and what the bus itself holds.

use std::path::Path;
use std::time::Instant;

use tokio::runtime::Runtime;

use super::server::{Server, rebuild_at};
use super::{http, project, timeline, visible};
use crate::Options;
use crate::nats::Nats;
use crate::postgres::{Fsync, Postgres};
use crate::support::generate::event;
use crate::support::machine::{Memory, memory_mib, spread};

pub fn measure(runtime: &Runtime, options: &Options) {
    let database = Postgres::start(Fsync::On);
    let folder = crate::support::folder();
    // A bus of its own for each: what one run leaves in the ledger would be in the way of the next.
    let kept = |bus: &Nats, views: &str| {
        ["--data", &folder.path().display().to_string(), "--ledger", &bus.url(), "--views", views].map(String::from).to_vec()
    };
    let bus = Nats::start();
    let intake = Server::role(&options.program, "intake", &kept(&bus, &database.create_database()));
    http::measure_at(runtime, options, &intake, "JetStream (an intake of its own)");
    drop((intake, bus));
    let bus = Nats::start();
    visible(runtime, options, &kept(&bus, &database.create_database()));
    drop(bus);
    let mut bus = Nats::start();
    bus_at(runtime, options, &mut bus);
    let views = database.create_database();
    let flags = kept(&bus, &views);
    println!(
        "### Rebuild into PostgreSQL\n\n| ledger | events | ours, events/s | rows | raw COPY of the same rows, events/s | ratio | at most, MiB | anonymous, MiB |\n|---|---|---|---|---|---|---|---|"
    );
    rebuild_beside_copy(options, &database, "JetStream", &views, &flags);
    runtime.block_on(project::fill(folder.path(), options.events, event));
    let (data, from_file) = (folder.path().display().to_string(), database.create_database());
    rebuild_beside_copy(options, &database, "SQLite", &from_file, &["--data", &data, "--views", &from_file].map(String::from));
    println!();
    let reader = Server::role(&options.program, "reader", &flags);
    timeline::measure_at(runtime, options, &reader, "PostgreSQL (a reader of its own)");
}

/// From sending an event at a steady rate to reading an answer that holds it, over intake, projector and reader as processes.
fn visible(runtime: &Runtime, options: &Options, flags: &[String]) {
    let (intake, projector) = (Server::role(&options.program, "intake", flags), Server::role(&options.program, "projector", flags));
    let reader = Server::role(&options.program, "reader", flags);
    visible::measure(runtime, options, &intake.address, &reader.address, "intake, projector and reader as processes on JetStream and PostgreSQL");
    drop(projector);
}

/// What the server holds and how long it takes to come back, at so many events; the ledger is left filled.
fn bus_at(runtime: &Runtime, options: &Options, bus: &mut Nats) {
    println!(
        "### nats-server with the ledger\n\n| events | filled, events/s | resident, MiB | store, bytes an event | killed and ready again, s | resident after, MiB |\n|---|---|---|---|---|---|"
    );
    let url = bus.url();
    let filled = runtime.block_on(async {
        let ledger = dateline_backends::Ledger::open(&url, dateline_backends::LedgerOptions::writer()).await.expect("a ledger");
        let begun = Instant::now();
        for first in (0..options.events).step_by(1_000) {
            ledger.append((first..options.events.min(first + 1_000)).map(event).collect()).await.expect("an append");
        }
        begun.elapsed().as_secs_f64()
    });
    let before = memory_mib(bus.id()).resident;
    let size = folder_bytes(&bus.store());
    bus.kill();
    let begun = Instant::now();
    bus.restart();
    let back = begun.elapsed().as_secs_f64();
    println!(
        "| {} | {:.0} | {before} | {} | {back:.2} | {} |\n",
        options.events,
        options.events as f64 / filled,
        size / options.events,
        memory_mib(bus.id()).resident
    );
}

fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| entry.metadata().map_or(0, |metadata| if metadata.is_dir() { folder_bytes(&entry.path()) } else { metadata.len() }))
        .sum()
}

/// Rebuilds into PostgreSQL, A B A B with COPY of the very same rows, in PostgreSQL's own binary form, into tables with the same indexes.
fn rebuild_beside_copy(options: &Options, database: &Postgres, ledger: &str, views: &str, flags: &[String]) {
    let name = views.rsplit('/').next().unwrap_or_default().to_owned();
    let head = "SELECT position FROM dateline.generations WHERE state = 'serving'";
    let (mut ours, mut theirs, mut ratios, mut rows, mut memory) = (Vec::new(), Vec::new(), Vec::new(), 0, Memory::default());
    let mut events = 0;
    for _ in 0..options.pairs.min(3) {
        let rebuilt = rebuild_at(&options.program, flags);
        events = database.sql(&name, head).parse::<u64>().expect("a position");
        let (copied, seconds) = copy(database, &name);
        rows = copied;
        memory = rebuilt.memory;
        ours.push(events as f64 / rebuilt.seconds);
        theirs.push(events as f64 / seconds);
        ratios.push(seconds / rebuilt.seconds);
    }
    let figures = [spread(ours, 0), rows.to_string(), spread(theirs, 0), spread(ratios, 2)].join(" | ");
    println!("| {ledger} | {events} | {figures} | {} | {} |", memory.most, memory.anonymous);
}

/// Copies every table of the serving generation out (not counted) and into a fresh schema; rows, and the seconds that it took.
fn copy(database: &Postgres, name: &str) -> (u64, f64) {
    let generation = database.sql(name, "SELECT number FROM dateline.generations WHERE state = 'serving'");
    let schema = format!("dateline_g{generation}");
    let tables = database.sql(name, &format!("SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' ORDER BY 1"));
    database.sql(name, "DROP SCHEMA IF EXISTS raw CASCADE; CREATE SCHEMA raw");
    let folder = database.sql(name, "SHOW data_directory");
    let (mut rows, mut seconds) = (0, 0.0);
    for table in tables.lines() {
        let file = format!("{folder}/raw-{table}");
        database
            .sql(name, &format!("CREATE TABLE raw.{table} (LIKE {schema}.{table} INCLUDING ALL); COPY {schema}.{table} TO '{file}' (FORMAT binary)"));
        let begun = Instant::now();
        database.sql(name, &format!("COPY raw.{table} FROM '{file}' (FORMAT binary)"));
        seconds += begun.elapsed().as_secs_f64();
        rows += database.sql(name, &format!("SELECT count(*) FROM raw.{table}")).parse::<u64>().expect("a count");
        database.sql(name, &format!("COPY (SELECT 1 WHERE false) TO '{file}'"));
    }
    database.sql(name, "DROP SCHEMA raw CASCADE");
    (rows, seconds)
}

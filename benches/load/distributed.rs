//! The house on NATS and PostgreSQL, a process a role: HTTP in, rebuild beside raw COPY, publish → visible under a steady load, reading,
//! and what the bus itself holds.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::client::Client;
use super::server::{Server, rebuild_at};
use super::{http, timeline};
use crate::Options;
use crate::nats::Nats;
use crate::postgres::{Fsync, Postgres};
use crate::support::generate::event;
use crate::support::machine::{median, memory_mib, percentile};

/// The steady load of publish → visible, in events a second.
const LOAD_PER_SECOND: u64 = 1_000;

/// Connections that publish.
const PUBLISHERS: u64 = 16;

/// Every so many events one is waited for until it can be read.
const SAMPLE_EVERY: u64 = 20;

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
    rebuild_beside_copy(options, &database, &views, &flags);
    let reader = Server::role(&options.program, "reader", &flags);
    timeline::measure_at(runtime, options, &reader, "PostgreSQL (a reader of its own)");
}

/// From sending an event at a steady rate to reading an answer that holds it, over intake, projector and reader as processes.
fn visible(runtime: &Runtime, options: &Options, flags: &[String]) {
    let (intake, projector) = (Server::role(&options.program, "intake", flags), Server::role(&options.program, "projector", flags));
    let reader = Server::role(&options.program, "reader", flags);
    let events = options.scaled(20_000) as u64;
    let (mut stored, mut seen, seconds) = runtime.block_on(steady(&intake.address, &reader.address, events));
    drop(projector);
    stored.sort_by(f64::total_cmp);
    seen.sort_by(f64::total_cmp);
    println!("### Publish → visible at {LOAD_PER_SECOND} events/s, intake, projector and reader as processes on JetStream and PostgreSQL\n");
    println!("| events | achieved, events/s | POST p50 ms | p99 | visible at the reader p50 ms | p99 | samples |\n|---|---|---|---|---|---|---|");
    let figures = [&stored, &seen].map(|times| (percentile(times, 0.5), percentile(times, 0.99)));
    println!(
        "| {events} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {} |\n",
        events as f64 / seconds,
        figures[0].0,
        figures[0].1,
        figures[1].0,
        figures[1].1,
        seen.len()
    );
}

/// Publishes at the rate, whatever the answers take; milliseconds of the posts, of the samples, and the seconds of it all.
async fn steady(intake: &str, reader: &str, events: u64) -> (Vec<f64>, Vec<f64>, f64) {
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
                    tokio::time::sleep_until((begun + Duration::from_micros(number * 1_000_000 / LOAD_PER_SECOND)).into()).await;
                    let sent = Instant::now();
                    let answer = client.post("/v1/events", "application/cloudevents+json", &event((1 << 33) + number).bytes).await;
                    took.push(sent.elapsed().as_secs_f64() * 1e3);
                    let receipt: serde_json::Value = serde_json::from_slice(&answer.body).expect("a receipt");
                    let position = receipt["position"].as_u64().unwrap_or_else(|| panic!("no receipt: {receipt}"));
                    if number % SAMPLE_EVERY == 0 {
                        samples.send((position, sent)).expect("somebody who looks");
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
    let before = memory_mib(bus.id()).0;
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
        memory_mib(bus.id()).0
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
fn rebuild_beside_copy(options: &Options, database: &Postgres, views: &str, flags: &[String]) {
    println!(
        "### Rebuild into PostgreSQL, from JetStream\n\n| events | ours, events/s | rows | raw COPY of the same rows, events/s | ratio | at most, MiB |\n|---|---|---|---|---|---|"
    );
    let name = views.rsplit('/').next().unwrap_or_default().to_owned();
    let head = "SELECT position FROM dateline.generations WHERE state = 'serving'";
    let (mut ours, mut theirs, mut ratios, mut rows, mut memory) = (Vec::new(), Vec::new(), Vec::new(), 0, 0);
    let mut events = 0;
    for _ in 0..options.pairs.min(3) {
        let rebuilt = rebuild_at(&options.program, flags);
        events = database.sql(&name, head).parse::<u64>().expect("a position");
        let (copied, seconds) = copy(database, &name);
        rows = copied;
        memory = rebuilt.memory.1.max(memory);
        ours.push(events as f64 / rebuilt.seconds);
        theirs.push(events as f64 / seconds);
        ratios.push(seconds / rebuilt.seconds);
    }
    println!("| {events} | {:.0} | {rows} | {:.0} | {:.2} | {memory} |\n", median(ours), median(theirs), median(ratios));
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

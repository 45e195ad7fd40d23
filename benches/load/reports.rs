//! Reports over HTTP, A B A B with a bare axum route that parses the same bodies and keeps nothing; and what a report costs when ten
//! times as many come with the same keys.

use std::sync::Arc;
use std::time::Instant;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::runtime::Runtime;

use super::client::Client;
use super::server::{Server, bare};
use crate::Options;
use crate::nats::Nats;
use crate::support::machine::{median, percentile, processor_ms};

/// What is counted apart in the bodies: services, symptoms, regions.
const SERVICES: usize = 20;
const SYMPTOMS: [&str; 3] = ["sending", "login", "unknown"];

/// Reports of a large request.
const MANY: usize = 1_000;

/// Reports of the growing runs, the second ten times the first.
const GROWING: [usize; 2] = [200_000, 2_000_000];

struct Run {
    reports_a_second: f64,
    times_ms: Vec<f64>,
}

pub fn measure(runtime: &Runtime, options: &Options) {
    println!("### Reports over HTTP, durable when answered\n");
    println!(
        "| kept in | connections × reports a request | ours, reports/s | p50 ms | p99 ms | our processor time, µs a report | bare axum that parses the same, reports/s | ratio |\n|---|---|---|---|---|---|---|---|"
    );
    let bus = Nats::start();
    let bare = runtime.block_on(bare(Vec::new()));
    for (engine, ledger) in [("SQLite", None), ("JetStream", Some(bus.url()))] {
        let folder = crate::support::folder();
        let server = server(options, folder.path(), ledger);
        for (connections, reports, requests) in [(32, MANY, 3_200), (64, 1, 1_280), (512, 1, 10_240)] {
            let requests = options.scaled(requests).max(connections);
            let (mut ours, mut theirs, mut ratios, mut times, mut used) = (vec![], vec![], vec![], vec![], vec![]);
            for _ in 0..options.pairs.min(3) {
                let before = processor_ms(server.id());
                let mut mine = runtime.block_on(run(&server.address, "/v1/reports", connections, reports, requests));
                used.push((processor_ms(server.id()) - before) as f64 * 1e3 / (requests / connections * connections * reports) as f64);
                let bare = runtime.block_on(run(&bare, "/parse-lines", connections, reports, requests));
                ratios.push(mine.reports_a_second / bare.reports_a_second);
                ours.push(mine.reports_a_second);
                theirs.push(bare.reports_a_second);
                times.append(&mut mine.times_ms);
            }
            times.sort_by(f64::total_cmp);
            println!(
                "| {engine} | {connections} × {reports} | {:.0} | {:.1} | {:.1} | {:.2} | {:.0} | {:.3} |",
                median(ours),
                percentile(&times, 0.5),
                percentile(&times, 0.99),
                median(used),
                median(theirs),
                median(ratios)
            );
        }
    }
    println!();
    growing(runtime, options);
}

fn growing(runtime: &Runtime, options: &Options) {
    println!(
        "### Ten times the reports with the same {} keys, SQLite\n\n| reports | seconds | our processor time, µs a report | log of reports, bytes | bytes a report |\n|---|---|---|---|---|",
        SERVICES * SYMPTOMS.len()
    );
    for reports in GROWING {
        let folder = crate::support::folder();
        let server = server(options, folder.path(), None);
        let reports = options.scaled(reports);
        let before = processor_ms(server.id());
        let begun = Instant::now();
        runtime.block_on(run(&server.address, "/v1/reports", 32, MANY, reports / MANY));
        let (seconds, used) = (begun.elapsed().as_secs_f64(), processor_ms(server.id()) - before);
        let bytes: u64 =
            ["reports.db", "reports.db-wal"].iter().filter_map(|name| Some(std::fs::metadata(folder.path().join(name)).ok()?.len())).sum();
        println!("| {reports} | {seconds:.1} | {:.2} | {bytes} | {:.2} |", used as f64 * 1e3 / reports as f64, bytes as f64 / reports as f64);
    }
    println!();
}

/// A server on which the limit of one reporter is out of the way.
fn server(options: &Options, data: &std::path::Path, ledger: Option<String>) -> Server {
    let mut flags = vec!["--data".to_owned(), data.display().to_string(), "--key-reports-a-minute".to_owned(), "1000000000000".to_owned()];
    flags.extend(ledger.into_iter().flat_map(|url| ["--ledger".to_owned(), url]));
    Server::role(&options.program, "serve", &flags)
}

async fn run(address: &str, path: &'static str, connections: usize, reports: usize, requests: usize) -> Run {
    let now = OffsetDateTime::now_utc().format(&Rfc3339).expect("a time");
    let line = |number: usize| {
        let (service, symptom) = (number % SERVICES, SYMPTOMS[number / SERVICES % SYMPTOMS.len()]);
        format!(r#"{{"service":"service-{service}","region":"IN","symptom":"{symptom}","channel":"app","time":"{now}"}}"#)
    };
    let bodies: Vec<Vec<u8>> =
        (0..16).map(|first| (0..reports).map(|number| line(first * 7 + number)).collect::<Vec<_>>().join("\n").into_bytes()).collect();
    let (bodies, each) = (Arc::new(bodies), (requests / connections).max(1));
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(Client::connect(address).await);
    }
    let begun = Instant::now();
    let tasks: Vec<_> = clients
        .into_iter()
        .enumerate()
        .map(|(place, mut client)| {
            let bodies = bodies.clone();
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(each);
                for number in 0..each {
                    let begun = Instant::now();
                    let answer = client.post(path, "application/x-ndjson", &bodies[(place + number) % bodies.len()]).await;
                    assert!(answer.status < 300, "{} {}", answer.status, String::from_utf8_lossy(&answer.body));
                    times.push(begun.elapsed().as_secs_f64() * 1e3);
                }
                times
            })
        })
        .collect();
    let mut times_ms = Vec::new();
    for task in tasks {
        times_ms.extend(task.await.expect("a connection's work"));
    }
    Run { reports_a_second: (connections * each * reports) as f64 / begun.elapsed().as_secs_f64(), times_ms }
}

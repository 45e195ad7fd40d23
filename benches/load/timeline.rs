//! Reading timelines and lists, A B A B with a bare axum route that answers the same bytes.

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use dateline_timelines::correlate::incident_id;
use tokio::runtime::Runtime;

use super::client::Client;
use super::server::{Server, bare};
use crate::Options;
use crate::support::generate::{EVENTS_PER_INCIDENT, event};
use crate::support::machine::{median, percentile};

const CONNECTIONS: usize = 8;

/// Incidents that are asked for again and again.
const HOT: usize = 200;

/// One request: its path, and the ETag that the reader has.
type Asked = (String, Option<String>);

pub fn measure(runtime: &Runtime, options: &Options, data: &Path) {
    measure_at(runtime, options, &Server::start(&options.program, data), "SQLite");
}

/// The same of a server that is kept anywhere.
pub fn measure_at(runtime: &Runtime, options: &Options, server: &Server, kept: &str) {
    let incidents = options.events / EVENTS_PER_INCIDENT;
    let ids: Vec<String> = (0..incidents).map(id_of).collect();
    println!("### Reading at {} events in {incidents} incidents on {kept}, {CONNECTIONS} connections\n", options.events);
    println!(
        "| what | requests/s | p50 ms | p99 ms | bytes | bare axum, the same bytes, requests/s | p50 ms | ratio |\n|---|---|---|---|---|---|---|---|"
    );
    let timeline = |id: &String| (format!("/v1/incidents/{id}/timeline.json"), None);
    let compare = Compare { runtime, server, pairs: options.pairs };
    // Coprime to the number of incidents: each is asked for once, and neighbours in time are far apart.
    let mut cold = (0..ids.len()).map(|number| timeline(&ids[number * 7919 % ids.len()]));
    let per_round = options.scaled(2_000).min(ids.len() / (options.pairs + 1));
    compare.show("timeline, each for the first time", |_| cold.by_ref().take(per_round).collect());
    let hot: Vec<Asked> = ids.iter().rev().step_by(97).take(HOT).map(timeline).collect();
    compare.ask(&server.address, &hot);
    let many = options.scaled(10_000);
    compare.show("timeline, told before", |_| hot.iter().cloned().cycle().take(many).collect());
    let first = runtime.block_on(async { Client::connect(&server.address).await.get(&hot[0].0, None).await });
    compare.show("timeline, 304", |_| vec![(hot[0].0.clone(), first.etag.clone()); many]);
    compare.show("list, first page of 20", |_| vec![("/v1/incidents?limit=20".to_owned(), None); options.scaled(1_000)]);
    let of_service = |round: usize| format!("/v1/incidents?service=service-{:03}&limit=20", round % 200);
    compare.show("list of a service, 20", |round| (0..options.scaled(1_000)).map(|number| (of_service(round + number), None)).collect());
    println!();
}

struct Compare<'a> {
    runtime: &'a Runtime,
    server: &'a Server,
    pairs: usize,
}

impl Compare<'_> {
    fn show(&self, what: &str, mut requests: impl FnMut(usize) -> Vec<Asked>) {
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let (mut times, mut bare_times, mut size) = (Vec::new(), Vec::new(), 0);
        for round in 0..self.pairs {
            let asked = requests(round);
            let unchanged = asked.iter().all(|(_, etag)| etag.is_some());
            let (mine, mut took, body) = self.ask(&self.server.address, &asked);
            size = body.len();
            let address = self.runtime.block_on(bare(vec![Bytes::from(body)]));
            let path = if unchanged { "/unchanged" } else { "/same/0" };
            let same = vec![(path.to_owned(), unchanged.then(|| "\"x\"".to_owned())); asked.len()];
            let (raw, mut bare_took, _) = self.ask(&address, &same);
            ours.push(mine);
            theirs.push(raw);
            ratios.push(mine / raw);
            times.append(&mut took);
            bare_times.append(&mut bare_took);
        }
        times.sort_by(f64::total_cmp);
        bare_times.sort_by(f64::total_cmp);
        println!(
            "| {what} | {:.0} | {:.2} | {:.2} | {size} | {:.0} | {:.2} | {:.2} |",
            median(ours),
            percentile(&times, 0.5),
            percentile(&times, 0.99),
            median(theirs),
            percentile(&bare_times, 0.5),
            median(ratios)
        );
    }

    /// Asks over all connections; requests a second, each one's milliseconds, and the last body.
    fn ask(&self, address: &str, requests: &[Asked]) -> (f64, Vec<f64>, Vec<u8>) {
        self.runtime.block_on(async {
            let mut connections = Vec::new();
            for connection in 0..CONNECTIONS {
                let mine: Vec<Asked> = requests.iter().skip(connection).step_by(CONNECTIONS).cloned().collect();
                connections.push((Client::connect(address).await, mine));
            }
            let begun = Instant::now();
            let tasks: Vec<_> = connections.into_iter().map(|(client, mine)| tokio::spawn(one_connection(client, mine))).collect();
            let (mut times, mut last) = (Vec::new(), Vec::new());
            for task in tasks {
                let (took, body) = task.await.expect("a connection's work");
                times.extend(took);
                last = body;
            }
            (requests.len() as f64 / begun.elapsed().as_secs_f64(), times, last)
        })
    }
}

async fn one_connection(mut client: Client, requests: Vec<Asked>) -> (Vec<f64>, Vec<u8>) {
    let mut took = Vec::with_capacity(requests.len());
    let mut last = Vec::new();
    for (path, etag) in requests {
        let begun = Instant::now();
        let answer = client.get(&path, etag.as_deref()).await;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        let expected = if etag.is_some() { 304 } else { 200 };
        assert_eq!(answer.status, expected, "{path}: {}", String::from_utf8_lossy(&answer.body));
        last = answer.body;
    }
    (took, last)
}

/// The id of the incident with a number, which its first event gives it.
fn id_of(incident: u64) -> String {
    let number = incident / 100 * 100 * EVENTS_PER_INCIDENT + incident % 100;
    let event = dateline_events::Event::read(&event(number).bytes).expect("an event");
    incident_id(&event, dateline_events::Instant(0))
}

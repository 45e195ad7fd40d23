//! What `dateline serve` holds and costs when nobody asks, how soon it answers, and how soon what was published can be read.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::client::Client;
use super::server::Server;
use super::visible;
use crate::Options;
use crate::support::generate::small;
use crate::support::machine::{median, memory_mib, percentile, processor_ms};

/// So long it idles while its processor time is read.
const IDLE: Duration = Duration::from_secs(10);

/// Between two publications: a light load.
const PAUSE: Duration = Duration::from_millis(10);

pub fn measure(runtime: &Runtime, options: &Options, filled: &Path) {
    let empty = crate::support::folder();
    println!(
        "### Serve\n\n| folder | ready after, ms | resident idle, MiB | anonymous, MiB | at most, MiB | processor time in 10 s idle, ms |\n|---|---|---|---|---|---|"
    );
    idle(options, "empty", empty.path());
    idle(options, &format!("{} events", options.events), filled);
    println!(
        "\n### Publish → visible, one after the other, 10 ms apart\n\n| folder | events | POST p50 ms | p99 | POST, then GET with min_position p50 ms | p99 |\n|---|---|---|---|---|---|"
    );
    visible(runtime, options, "empty", empty.path());
    visible(runtime, options, &format!("{} events", options.events), filled);
    println!();
    let fresh = crate::support::folder();
    let server = Server::start(&options.program, fresh.path());
    visible::measure(runtime, options, &server.address, &server.address, "`serve` on SQLite");
}

fn idle(options: &Options, what: &str, data: &Path) {
    let starts: Vec<f64> = (0..options.pairs).map(|_| Server::start(&options.program, data).ready_ms).collect();
    let server = Server::start(&options.program, data);
    std::thread::sleep(Duration::from_secs(1));
    let before = processor_ms(server.id());
    std::thread::sleep(if options.quick { IDLE / 10 } else { IDLE });
    let used = processor_ms(server.id()) - before;
    let memory = memory_mib(server.id());
    println!("| {what} | {:.0} | {} | {} | {} | {used} |", median(starts), memory.resident, memory.anonymous, memory.most);
}

/// From sending an event to reading an answer that holds it.
fn visible(runtime: &Runtime, options: &Options, what: &str, data: &Path) {
    let server = Server::start(&options.program, data);
    let events = options.scaled(500) as u64;
    let (mut stored, mut seen) = runtime.block_on(async {
        let mut client = Client::connect(&server.address).await;
        let (mut stored, mut seen) = (Vec::new(), Vec::new());
        for number in 0..events {
            tokio::time::sleep(PAUSE).await;
            let event = small((1 << 50) + number, true);
            let begun = Instant::now();
            let answer = client.post("/v1/events", "application/cloudevents+json", &event.bytes).await;
            stored.push(begun.elapsed().as_secs_f64() * 1e3);
            let receipt: serde_json::Value = serde_json::from_slice(&answer.body).expect("a receipt");
            let position = receipt["position"].as_u64().expect("a position");
            let answer = client.get(&format!("/v1/events/{position}?min_position={position}"), None).await;
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
            seen.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        (stored, seen)
    });
    stored.sort_by(f64::total_cmp);
    seen.sort_by(f64::total_cmp);
    let figures = [&stored, &seen].map(|times| (percentile(times, 0.5), percentile(times, 0.99)));
    println!("| {what} | {events} | {:.2} | {:.2} | {:.2} | {:.2} |", figures[0].0, figures[0].1, figures[1].0, figures[1].1);
}

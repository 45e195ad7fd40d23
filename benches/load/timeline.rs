//! Reading timelines at a million events, beside a bare axum route that returns the same bytes; publish → visible; the server's
//! memory and start.

use std::path::Path;

use bytes::Bytes;
use dateline_timelines::correlate::incident_id;
use tokio::runtime::Runtime;

use super::client::Client;
use super::project::fill;
use super::server::{Server, bare, rebuild};
use crate::support::generate::{EVENTS_PER_INCIDENT, event, small};
use crate::support::machine::{memory_mib, percentile};

const CONNECTIONS: usize = 8;

pub fn measure(runtime: &Runtime, events: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = tempfile::tempdir().expect("a folder");
    let idle = Server::start(empty.path());
    std::thread::sleep(std::time::Duration::from_secs(1));
    println!("### Serve\n\n| | start, ms | resident, MiB |\n|---|---|---|\n| empty | {:.0} | {} |", idle.start_ms, memory_mib(idle.id()).0);
    drop(idle);
    runtime.block_on(fill(folder.path(), events, event));
    rebuild(folder.path());
    let server = Server::start(folder.path());
    std::thread::sleep(std::time::Duration::from_secs(1));
    println!("| {events} events, idle | {:.0} | {} |", server.start_ms, memory_mib(server.id()).0);
    reads(runtime, &server, events);
    println!("| after the reads: resident {} MiB\n", memory_mib(server.id()).0);
    visible(runtime, &server);
    drop(server);
    let _ = Path::new("");
}

fn reads(runtime: &Runtime, server: &Server, events: u64) {
    let ids: Vec<String> = (0..events / EVENTS_PER_INCIDENT).map(first_event_id).collect();
    println!(
        "\n### Reading at {events} events in {} incidents, {CONNECTIONS} connections\n\n| what | requests/s | p50 ms | p99 ms |\n|---|---|---|---|",
        ids.len()
    );
    let cold: Vec<(String, Option<String>)> =
        ids.iter().step_by((ids.len() / 4_000).max(1)).map(|id| (format!("/v1/incidents/{id}/timeline.json"), None)).collect();
    let hot: Vec<(String, Option<String>)> = cold.iter().take(200).cloned().cycle().take(20_000).collect();
    show(runtime, "timeline, each for the first time", &server.address, &cold);
    show(runtime, "timeline, told before", &server.address, &hot);
    let (etag, body) = runtime.block_on(async {
        let answer = Client::connect(&server.address).await.get(&hot[0].0, None).await;
        assert_eq!(answer.status, 200);
        (answer.etag, answer.body)
    });
    let unchanged: Vec<_> = std::iter::repeat_n((hot[0].0.clone(), etag), 20_000).collect();
    show(runtime, "timeline, 304", &server.address, &unchanged);
    let first_page: Vec<_> = std::iter::repeat_n(("/v1/incidents?limit=20".to_owned(), None), 1_000).collect();
    show(runtime, "list, first page of 20", &server.address, &first_page);
    let of_service: Vec<_> = (0..1_000).map(|number| (format!("/v1/incidents?service=service-{:03}&limit=20", number % 200), None)).collect();
    show(runtime, "list of one service, 20", &server.address, &of_service);
    println!("bytes of a timeline: {}", body.len());
    let bare = runtime.block_on(bare(Bytes::from(body)));
    let same: Vec<_> = std::iter::repeat_n(("/same".to_owned(), None), 40_000).collect();
    show(runtime, "bare axum, the same bytes", &bare, &same);
}

fn first_event_id(incident: u64) -> String {
    let number = incident / 100 * 100 * EVENTS_PER_INCIDENT + incident % 100;
    let event = dateline_events::Event::read(&event(number).bytes).expect("an event");
    incident_id(&event, dateline_events::Instant(0))
}

fn show(runtime: &Runtime, what: &str, address: &str, requests: &[(String, Option<String>)]) {
    let begun = std::time::Instant::now();
    let mut times = runtime.block_on(async {
        let mut tasks = Vec::new();
        for connection in 0..CONNECTIONS {
            let mut client = Client::connect(address).await;
            let mine: Vec<_> = requests.iter().skip(connection).step_by(CONNECTIONS).cloned().collect();
            tasks.push(tokio::spawn(async move {
                let mut took = Vec::with_capacity(mine.len());
                for (path, etag) in mine {
                    let begun = std::time::Instant::now();
                    let answer = client.get(&path, etag.as_deref()).await;
                    assert!(matches!(answer.status, 200 | 304), "{path}: {}", answer.status);
                    assert!(etag.is_none() || answer.status == 304, "{path}: expected 304");
                    took.push(begun.elapsed().as_secs_f64() * 1e3);
                }
                took
            }));
        }
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.expect("a connection's work"));
        }
        times
    });
    let per_second = requests.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    println!("| {what} | {per_second:.0} | {:.2} | {:.2} |", percentile(&times, 0.5), percentile(&times, 0.99));
}

/// From sending an event to reading an answer that holds it.
fn visible(runtime: &Runtime, server: &Server) {
    let mut times = runtime.block_on(async {
        let mut client = Client::connect(&server.address).await;
        let mut times = Vec::new();
        for number in 0..500_u64 {
            let begun = std::time::Instant::now();
            let answer = client.post("/v1/events", "application/cloudevents+json", &small((1 << 50) + number, true).bytes).await;
            let receipt: serde_json::Value = serde_json::from_slice(&answer.body).expect("a receipt");
            let position = receipt["position"].as_u64().expect("a position");
            let answer = client.get(&format!("/v1/events/{position}?min_position={position}"), None).await;
            assert_eq!(answer.status, 200);
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        times
    });
    times.sort_by(f64::total_cmp);
    println!(
        "### Publish → visible\n\n500 events, one after the other: p50 {:.2} ms, p99 {:.2} ms\n",
        percentile(&times, 0.5),
        percentile(&times, 0.99)
    );
}

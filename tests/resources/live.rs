//! Live streams: what one costs, and that those who never read hold up nobody. That they are cut is held by tests/http.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::client::{connect, connect_narrow, read_answer};
use super::ground::{Ground, event};
use super::pace::closed_loop;
use super::probe::Probe;
use super::{alone, ordinarily_or_long, runtime};
use crate::cage::memory_mib;

/// Live streams of one address.
const PER_ADDRESS: u16 = 64;

const STREAMS: u16 = 1_000;
const STREAMS_LONG: u16 = 9_000;

/// Those who never read, and the events that pour in meanwhile.
const DEAF: u16 = 300;
const POURING: Duration = Duration::from_secs(1);

/// So often, and after so long, whoever finds no place comes again.
const ATTEMPTS: usize = 10;
const AGAIN: Duration = Duration::from_millis(200);

/// What a stream may cost, in KiB: 10,000 of them must fit into what is resident at most.
const STREAM_KIB_MAX: f64 = 33.0;

fn asking(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n")
}

/// Opens so many streams, as many from an address as it may have; those that were let in.
async fn open(ground: &Ground, target: &str, count: u16, is_deaf: bool) -> Vec<TcpStream> {
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (server, request) = (ground.address, asking(target));
        tasks.spawn(async move {
            let from = 100 + number / (PER_ADDRESS - 4);
            if is_deaf {
                let mut stream = connect_narrow(server, from).await.ok()?;
                stream.write_all(request.as_bytes()).await.ok()?;
                return Some(stream);
            }
            // Until it is a stream it takes a place of the others: whoever finds none comes again.
            for _ in 0..ATTEMPTS {
                let mut stream = connect(server, from).await.ok()?;
                stream.write_all(request.as_bytes()).await.ok()?;
                if read_answer(&mut stream, false).await.is_ok_and(|answer| answer.status == 200) {
                    return Some(stream);
                }
                tokio::time::sleep(AGAIN).await;
            }
            None
        });
        // Not all at the same instant: a system's queue of connections is short.
        if number % 100 == 99 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

#[test]
fn thousands_of_live_streams_take_no_place_and_little_memory() {
    let _alone = alone();
    let runtime = runtime();
    let mut ground = runtime.block_on(Ground::filled(&[], 0, 0));
    let before = memory_mib(ground.id()).0;
    let probe = Probe::start(ground.address);
    let count = ordinarily_or_long(STREAMS, STREAMS_LONG);
    let (open, heard) = runtime.block_on(async {
        let mut streams = open(&ground, "/v1/live", count, false).await;
        let published = ground.post("/v1/events", "application/cloudevents+json", &ground.event("mail", 0)).await;
        assert_eq!(published.status, 201, "beside {} streams: {}", streams.len(), published.text());
        (streams.len(), heard(&mut streams).await)
    });
    let after = memory_mib(ground.id()).0;
    let each = (after.saturating_sub(before) * 1_024) as f64 / open.max(1) as f64;
    let asked = probe.end();
    println!("{open} live streams: {before} MiB before, {after} MiB with them, {each:.1} KiB each; health within {} ms", asked.worst_ms);
    assert_eq!((asked.fault(), runtime.block_on(ground.fault())), (None, None));
    assert_eq!((open, heard), (usize::from(count), usize::from(count)), "streams that were opened, and that heard of the event");
    assert!(each < STREAM_KIB_MAX, "a live stream takes {each:.1} KiB");
}

/// How many of them hear of a change.
async fn heard(streams: &mut Vec<TcpStream>) -> usize {
    let mut tasks = JoinSet::new();
    for mut stream in streams.drain(..) {
        tasks.spawn(async move {
            let mut said = Vec::new();
            let change = async {
                while !said.windows(13).any(|window| window == b"event: change") {
                    if !matches!(stream.read_buf(&mut said).await, Ok(1..)) {
                        return false;
                    }
                }
                true
            };
            let heard = tokio::time::timeout(Duration::from_secs(15), change).await.unwrap_or(false);
            (stream, heard)
        });
    }
    let mut heard = 0;
    for (stream, has_heard) in tasks.join_all().await {
        heard += usize::from(has_heard);
        streams.push(stream);
    }
    heard
}

#[test]
fn live_readers_who_never_read_hold_up_nobody() {
    let _alone = alone();
    let runtime = runtime();
    let mut ground = runtime.block_on(Ground::filled(&[], 500, 0));
    ground.forget_the_most();
    let probe = Probe::start(ground.address);
    let deaf = runtime.block_on(open(&ground, "/v1/live?after=0", DEAF, true));
    let next = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(1 << 32));
    let publishing = move || {
        let body = event(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed), "pouring", 0);
        let head = "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\n";
        format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    let done = runtime.block_on(closed_loop(ground.address, 8, POURING, publishing));
    let asked = probe.end();
    println!(
        "{} deaf readers: {:.0} events/s meanwhile, health within {} ms, {} MiB at most",
        deaf.len(),
        done.rate_of(201),
        asked.worst_ms,
        ground.most_mib()
    );
    assert_eq!((asked.fault(), runtime.block_on(ground.fault())), (None, None));
    assert_eq!(done.statuses.keys().copied().collect::<Vec<_>>(), [201], "publishers go on: {:?}", done.statuses);
    assert_eq!(deaf.len(), usize::from(DEAF));
}

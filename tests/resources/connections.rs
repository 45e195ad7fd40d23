//! Connections by the thousand: those that say nothing are all closed within their limits, and whoever holds what it may hold keeps nobody
//! else out. What a single one is told is held by tests/http, what few places are by tests/crowds.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::client::{connect, until_closed};
use super::ground::Ground;
use super::probe::Probe;
use super::{alone, runtime};
use crate::needs;

/// More than there are places.
const CROWD: u16 = 1_160;
const ADDRESSES: u16 = 8;

/// Places of one address.
const PER_ADDRESS: usize = 256;

/// A first byte, the rest of a header and the rest of a body are waited for so long; with room for a busy machine.
const HALF: Duration = Duration::from_secs(10);
const ROOM: Duration = Duration::from_secs(5);

/// Who finds no place is told so, or closed, within this.
const TURNED_AWAY: Duration = Duration::from_secs(4);

const HEADER: &str = "GET / HTTP/1.1\r\nhost: localhost\r\nx: ";
const BODY: &str = "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\ncontent-length: 60000\r\n\r\n{";

/// Connections that have said this and say no more; of them those that were let in.
async fn crowd(ground: &Ground, says: &'static str, count: u16) -> Vec<TcpStream> {
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let address = ground.address;
        tasks.spawn(async move {
            let mut stream = tokio::time::timeout(Duration::from_secs(2), connect(address, number % ADDRESSES)).await.ok()?.ok()?;
            stream.write_all(says.as_bytes()).await.ok()?;
            Some(stream)
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

/// How many of them the server closed within this.
async fn closed(streams: Vec<TcpStream>, within: Duration) -> usize {
    let mut tasks = JoinSet::new();
    for mut stream in streams {
        tasks.spawn(async move { until_closed(&mut stream, within).await.is_some() });
    }
    tasks.join_all().await.into_iter().filter(|closed| *closed).count()
}

#[test]
fn connections_that_say_nothing_are_closed_and_health_answers_meanwhile() {
    if !needs::long_run() {
        return;
    }
    let _alone = alone();
    let runtime = runtime();
    for says in ["", HEADER, BODY] {
        let mut ground = runtime.block_on(Ground::filled(&[], 0, 0));
        let probe = Probe::start(ground.address);
        let (held, closed) = runtime.block_on(async {
            let streams = crowd(&ground, says, CROWD).await;
            let held = streams.len();
            (held, closed(streams, HALF + ROOM).await)
        });
        let asked = probe.end();
        println!("{held} silent connections {says:?}: {closed} closed, health within {} ms", asked.worst_ms);
        assert_eq!((asked.fault(), runtime.block_on(ground.fault())), (None, None), "{says:?}");
        assert_eq!(closed, held, "{says:?}: each is closed within {HALF:?}");
    }
}

#[test]
fn one_address_that_takes_all_it_may_keeps_nobody_else_out() {
    let _alone = alone();
    let runtime = runtime();
    let mut ground = runtime.block_on(Ground::filled(&[], 0, 0));
    let (held, refused) = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..CROWD {
            let address = ground.address;
            tasks.spawn(async move {
                let mut stream = connect(address, 0).await.ok()?;
                // Whoever is let in is silent; whoever is not is told so, or closed at once.
                let told = until_closed(&mut stream, TURNED_AWAY).await;
                Some((stream, told))
            });
        }
        let all: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let (held, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, told)| told.is_none());
        (held, refused.len())
    });
    let begun = Instant::now();
    let fault = runtime.block_on(ground.fault());
    let took = begun.elapsed();
    println!("{} connections of one address are held, {refused} refused; others are answered within {took:?}", held.len());
    assert_eq!(fault, None);
    assert!(held.len() <= PER_ADDRESS, "{} connections of one address are held", held.len());
    assert!(took < Duration::from_secs(3), "others waited {took:?}");
}

//! Bodies: one that would cost much to read, and a hundred that never end. What is in flight has one budget.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::client::{ask, connect};
use super::ground::Ground;
use super::probe::Probe;
use super::{alone, ordinarily_or_long, runtime};

/// What half-sent bodies hold before they stop, and what they announce, in bytes.
const SENT_BYTES: usize = 15 << 20;
const ANNOUNCED_BYTES: usize = 16 << 20;

/// How many of them there are.
const HALVES: u16 = 80;
const HALVES_LONG: u16 = 150;

/// A server that has taken nothing for so long takes no more.
const STOPPED: Duration = Duration::from_millis(1_500);

/// The budget of all bodies in flight is 64 MiB; what the server holds beside it without any is less than this, in MiB.
const WITH_BUDGET_MIB_MAX: u64 = 250;

/// Half-sent bodies are sent so often, to a server of their own each time. Where bodies grow at one instant, old room and new stand beside each
/// other: one run in ten held 263 MiB. A budget that is not kept shows in each of them: eighty such bodies are 1,200.
const ROUNDS: usize = 3;

#[test]
fn a_batch_of_eight_million_zeros_is_refused_before_it_costs_anything() {
    let _alone = alone();
    let runtime = runtime();
    let mut ground = runtime.block_on(Ground::filled(&[], 0, 0));
    let body = format!("[{}0]", "0,".repeat(8 * 1024 * 1024 - 10));
    let head = "POST /v1/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/cloudevents-batch+json\r\n";
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    ground.forget_the_most();
    let answer = runtime.block_on(ask(ground.address, 0, request.as_bytes()));
    let most = ground.most_mib();
    println!("a batch of eight million zeros: {:?}, {most} MiB at most", answer.as_ref().map(|answer| answer.status));
    assert_eq!(runtime.block_on(ground.fault()), None);
    let answer = answer.unwrap();
    assert_eq!(answer.status, 413, "{:.500}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert!(answer.body.len() < 10_000, "the refusal has {} bytes", answer.body.len());
    assert!(most < WITH_BUDGET_MIB_MAX, "{most} MiB were resident at most");
}

#[test]
fn half_sent_bodies_share_one_budget() {
    let _alone = alone();
    let most: Vec<u64> = (0..ROUNDS).map(|_| most_with_half_sent_bodies()).collect();
    assert!(most.iter().any(|most| *most < WITH_BUDGET_MIB_MAX), "{most:?} MiB were resident at most");
}

/// What a server holds at most, in MiB, while bodies are half sent and others are served beside them.
fn most_with_half_sent_bodies() -> u64 {
    let runtime = runtime();
    let mut ground = runtime.block_on(Ground::filled(&[], 0, 0));
    ground.forget_the_most();
    let probe = Probe::start(ground.address);
    let streams = runtime.block_on(half_sent(&ground, ordinarily_or_long(HALVES, HALVES_LONG)));
    let asked = probe.end();
    println!("{} half-sent bodies of 15 MiB: {} MiB at most, health within {} ms", streams.len(), ground.most_mib(), asked.worst_ms);
    // Those who do send their whole body are served beside them.
    let beside = runtime.block_on(ground.fault());
    drop(streams);
    assert_eq!((asked.fault(), beside), (None, None));
    ground.most_mib()
}

/// Sends as much as the server takes, and stays.
async fn half_sent(ground: &Ground, count: u16) -> Vec<TcpStream> {
    let body: std::sync::Arc<[u8]> = [b"[".to_vec(), vec![b' '; SENT_BYTES]].concat().into();
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (address, body) = (ground.address, std::sync::Arc::clone(&body));
        tasks.spawn(async move {
            let mut stream = connect(address, number % 16).await.ok()?;
            let head = format!(
                "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents-batch+json\r\ncontent-length: {ANNOUNCED_BYTES}\r\n\r\n"
            );
            let send = async {
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&body).await
            };
            // A server that takes no more leaves the rest with the sender.
            let _ = tokio::time::timeout(STOPPED, send).await;
            Some(stream)
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

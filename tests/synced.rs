//! No receipt leaves before the sync that covers it: seen in the system calls, because a kill cannot show it (the page cache survives).
//! `dateline serve` on its files, and nats-server under an intake. They need strace.

mod rule;
mod rule_tests;
mod strace;
mod trace;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::asking::post;
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::needs;
use crate::support::{TestServer, anomaly, folder};
use rule::{Answer, acknowledgements, committed, covered, in_order, receipts, stored};
use strace::Watching;
use trace::Call;

/// Why these tests cannot be run.
const NO_STRACE: &str = "system calls cannot be watched here";

/// Requests of one kind, one after the other, and by each of the callers at once.
const REQUESTS: u64 = 12;
const CALLERS: u64 = 8;
const REQUESTS_A_CALLER: u64 = 4;
const BATCH: u64 = 40;

/// Sends one request of so many new events, which must be stored.
async fn publish(url: &str, numbers: &AtomicU64, events: u64) {
    let first = numbers.fetch_add(events, Ordering::Relaxed);
    let event = |number| anomaly(&format!("{}{number:0width$}", rule::ID, width = rule::DIGITS), "whatsapp", "2022-10-25T06:37:00Z");
    let texts: Vec<String> = (first..first + events).map(event).collect();
    let answer = match texts.as_slice() {
        [text] => post(url, "application/cloudevents+json", text.clone()).await,
        texts => post(url, "application/cloudevents-batch+json", format!("[{}]", texts.join(","))).await,
    };
    answer.expect(201);
}

/// Singles and batches, one request after the other, then several at once. Answers how many requests, and how many events.
async fn publish_all(url: &str) -> (usize, u64) {
    let numbers = Arc::new(AtomicU64::new(0));
    for events in [1, BATCH] {
        for _ in 0..REQUESTS {
            publish(url, &numbers, events).await;
        }
    }
    let callers = (0..CALLERS).map(|caller| {
        let (url, numbers) = (url.to_owned(), Arc::clone(&numbers));
        tokio::spawn(async move {
            for round in 0..REQUESTS_A_CALLER {
                publish(&url, &numbers, if (caller + round) % 2 == 0 { 1 } else { BATCH }).await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    (usize::try_from(2 * REQUESTS + CALLERS * REQUESTS_A_CALLER).unwrap(), numbers.load(Ordering::Relaxed))
}

/// The calls without the sync that began on a line.
fn without(calls: &[Call], sync: usize) -> Vec<Call> {
    calls.iter().filter(|call| !(call.is_sync() && call.began == sync)).cloned().collect()
}

/// Takes away each sync in turn that covers an answer: how many there are, and of how many the rule notices that they are gone. Of one it
/// need not, where a later one covers the same answers.
fn noticed(calls: &[Call], covers: &rule::Covers, check: impl Fn(&[Call]) -> bool) -> (usize, usize) {
    let all: BTreeSet<usize> = covers.iter().flatten().copied().collect();
    (all.len(), all.iter().filter(|sync| !check(&without(calls, **sync))).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_of_the_embedded_ledger_leaves_after_the_sync_of_its_commit() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let Some(watching) = needs::found(NO_STRACE, Watching::attach(&[server.id()], data.join("trace"))) else { return };
    let (requests, events) = publish_all(&server.url).await;
    let calls = watching.calls();
    let check = |calls: &[Call]| covered(calls, &committed(calls, |path| path.ends_with("/ledger.db-wal")), &receipts(calls));
    let covers = check(&calls).unwrap_or_else(|fault| panic!("{fault}"));
    let told: usize = receipts(&calls).iter().map(|answer| answer.of.len()).sum();
    assert_eq!((covers.len(), told as u64), (requests, events), "answers and events in the trace");
    let (syncs, noticed) = noticed(&calls, &covers, |calls| check(calls).is_ok());
    println!(
        "{requests} answers of {events} events behind {syncs} syncs of the log in {} calls; {noticed} of them are missed when taken away",
        calls.len()
    );
    assert!(noticed >= usize::try_from(2 * REQUESTS).unwrap(), "of {syncs} syncs taken away only {noticed} are noticed to be gone");
}

/// What the bus and the intake over it did.
struct OnTheBus {
    calls: Vec<Call>,
    requests: usize,
    events: u64,
}

async fn on_the_bus(bus: &Nats, ledger: String) -> Result<OnTheBus, String> {
    let (_folder, data) = folder();
    let kept = Kept { ledger, ..Kept::in_folder(&data) };
    let intake = Role::start(&kept, "intake");
    let watching = Watching::attach(&[bus.id(), intake.id()], data.join("trace"))?;
    let (requests, events) = publish_all(&intake.url).await;
    Ok(OnTheBus { calls: watching.calls(), requests, events })
}

/// The syncs behind every acknowledgement of the bus; the intake's receipts, each after its acknowledgement.
fn check_bus(calls: &[Call]) -> Result<(rule::Covers, Vec<Answer>), String> {
    let (written, sequences) = stored(calls, |path| path.contains("/streams/ledger/msgs/") && path.ends_with(".blk"));
    let acknowledged = acknowledgements(calls, "ledger");
    let covers = covered(calls, &written, &acknowledged)?;
    let mut told = receipts(calls);
    for answer in &mut told {
        let of = answer.of.iter().map(|id| sequences.get(id).cloned().ok_or_else(|| format!("{id} was answered and stands in no block")));
        answer.of = of.collect::<Result<_, _>>()?;
    }
    in_order(&acknowledged, &told)?;
    covered(calls, &written, &told)?;
    Ok((covers, told))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_of_the_bus_leaves_after_its_sync_and_the_receipt_after_both() {
    let bus = Nats::start();
    let Some(OnTheBus { calls, requests, events }) = needs::found(NO_STRACE, on_the_bus(&bus, bus.url()).await) else { return };
    let (covers, told) = check_bus(&calls).unwrap_or_else(|fault| panic!("{fault}"));
    let of: usize = told.iter().map(|answer| answer.of.len()).sum();
    assert_eq!((told.len(), of as u64), (requests, events), "answers and events in the trace");
    let acknowledged: usize = acknowledgements(&calls, "ledger").iter().map(|answer| answer.of.len()).sum();
    assert_eq!(acknowledged as u64, events, "events that the bus acknowledged");
    let (syncs, noticed) = noticed(&calls, &covers, |calls| check_bus(calls).is_ok());
    println!(
        "{requests} answers of {events} events behind {} acknowledgements and {syncs} syncs of blocks in {} calls; {noticed} of them are missed when taken away",
        covers.len(),
        calls.len()
    );
    assert!(noticed >= usize::try_from(2 * REQUESTS).unwrap(), "of {syncs} syncs taken away only {noticed} are noticed to be gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_acknowledges_before_it_syncs_is_noticed() {
    // Without its monitoring endpoint the intake cannot see the setting, and starts.
    let bus = Nats::start_with("sync_interval: 2m", "");
    let seen = on_the_bus(&bus, format!("nats://127.0.0.1:{}", bus.port)).await;
    let Some(seen) = needs::found(NO_STRACE, seen) else { return };
    let fault = check_bus(&seen.calls).map(|(covers, _)| covers.len()).expect_err("a server without syncs passes for one that syncs");
    assert!(fault.contains("without a sync between"), "{fault}");
}

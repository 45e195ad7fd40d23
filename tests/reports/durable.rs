//! Nothing acknowledged is lost: a server is killed while many report, over and over, on both engines; and what was not acknowledged
//! is there once or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dateline_backends::Reports;
use dateline_events::reports::{Flush, Run};

use super::{JSON, LINES, counted, counts_at, report};
use crate::asking::client;
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::support::folder;

const KILLS: usize = 6;
const REPORTERS: usize = 8;

/// One kill falls after about so many acknowledged requests.
const REQUESTS_A_ROUND: u64 = 40;

/// A body of some reports, and how many they are.
fn body(number: u64) -> (&'static str, String, u64) {
    let one = r#"{"service":"mail","symptom":"sending"}"#;
    let other = r#"{"service":"mail","symptom":"login","region":"TR"}"#;
    match number % 3 {
        0 => (JSON, one.to_owned(), 1),
        1 => (JSON, format!("[{one},{other},{one}]"), 3),
        _ => (LINES, format!("{one}\n").repeat(200) + other, 201),
    }
}

async fn killed_over_and_over(kept: &Kept, reports_url: &str) {
    let (acknowledged, unanswered, number) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for round in 1..=KILLS {
        let server = Role::start(kept, "intake");
        let answers = Arc::new(tokio::sync::Semaphore::new(0));
        let reporters: Vec<_> = (0..REPORTERS)
            .map(|_| {
                let (url, answers) = (format!("{}/v1/reports", server.url), answers.clone());
                let (acknowledged, unanswered, number) = (acknowledged.clone(), unanswered.clone(), number.clone());
                tokio::spawn(async move {
                    let client = client();
                    loop {
                        let (media_type, body, reports) = body(number.fetch_add(1, Ordering::Relaxed));
                        match client.post(&url).header("content-type", media_type).body(body).send().await {
                            Ok(answer) if answer.status() == 200 => drop(acknowledged.fetch_add(reports, Ordering::Relaxed)),
                            Ok(answer) => panic!("answered {}", answer.status()),
                            // Cut off: nobody knows whether it was counted.
                            Err(_) => {
                                unanswered.fetch_add(reports, Ordering::Relaxed);
                                break;
                            }
                        }
                        answers.add_permits(1);
                    }
                })
            })
            .collect();
        let wanted = u32::try_from(REQUESTS_A_ROUND + round as u64).unwrap();
        answers.acquire_many(wanted).await.unwrap().forget();
        server.kill();
        for reporter in reporters {
            reporter.await.unwrap();
        }
        let (counts, _) = counts_at(reports_url).await;
        let (found, least, open) = (counted(&counts, "mail"), acknowledged.load(Ordering::Relaxed), unanswered.load(Ordering::Relaxed));
        assert!(found >= least, "after kill {round}: {least} reports were acknowledged, {found} are there");
        assert!(found <= least + open, "after kill {round}: {found} are there of {} that were sent", least + open);
    }
    assert!(acknowledged.load(Ordering::Relaxed) > 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_many_report_it_loses_nothing_acknowledged_on_files() {
    let (_folder, data) = folder();
    killed_over_and_over(&Kept::in_folder(&data), &format!("sqlite:{}", data.join("reports.db").display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_many_report_it_loses_nothing_acknowledged_on_the_bus() {
    let (_folder, data) = folder();
    let bus = Nats::start();
    killed_over_and_over(&Kept { ledger: bus.url(), ..Kept::in_folder(&data) }, &bus.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_bus_is_away_reports_are_refused_or_wait_and_then_count_once() {
    let (_folder, data) = folder();
    let mut bus = Nats::start();
    let server = Role::start(&Kept { ledger: bus.url(), ..Kept::in_folder(&data) }, "intake");
    report(&server.url, JSON, r#"{"service":"mail"}"#).await.expect(200);
    bus.kill();
    let url = server.url.clone();
    let waiting = tokio::spawn(async move { report(&url, JSON, r#"{"service":"mail"}"#).await.status });
    bus.restart();
    let status = waiting.await.unwrap();
    assert!(status == 200 || status == 503, "{status}");
    report(&server.url, JSON, r#"{"service":"mail"}"#).await.expect(200);
    let (counts, _) = counts_at(&bus.url()).await;
    let found = counted(&counts, "mail");
    assert!(found == 3 || (status == 503 && found == 2), "{found} after an answer of {status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_that_is_repeated_counts_once_beside_a_running_intake() {
    let (_folder, data) = folder();
    let kept = Kept::in_folder(&data);
    let server = Role::start(&kept, "serve");
    report(&server.url, JSON, r#"{"service":"mail"}"#).await.expect(200);
    let url = format!("sqlite:{}", data.join("reports.db").display());
    let (_, flushes) = counts_at(&url).await;
    let log = Reports::open(&url).await.unwrap();
    for _ in 0..3 {
        assert!(!log.append(&flushes[0]).await.unwrap().fresh, "the same name again");
    }
    let other = Flush::new(Run(1), 1, flushes[0].counts.clone());
    assert!(log.append(&other).await.unwrap().fresh, "another intake's");
    report(&server.url, JSON, r#"{"service":"mail"}"#).await.expect(200);
    let (counts, flushes) = counts_at(&url).await;
    assert_eq!((counted(&counts, "mail"), flushes.len()), (3, 3));
}

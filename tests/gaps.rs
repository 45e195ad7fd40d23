//! No event is skipped and nobody is stalled, whatever others do beside: transactions held open, rolled back and committed out of
//! order, idle sessions, long readers, and a reader process that stood still. On both back ends, with everything still open at the end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;

use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::postgres::shared;
use crate::stranger::Stranger;
use crate::support::{anomaly, folder, get, publish};

const PUBLISHERS: usize = 8;
const BATCHES: usize = 25;
const BATCH: usize = 10;

/// After the last receipt everything must be readable within this.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_skips_nothing_and_stalls_nobody() {
    let (_folder, data) = folder();
    let kept = Kept::in_folder(&data);
    let house = Role::start(&kept, "serve");
    publish(&house.url, &[&anomaly("first", "whatsapp", "2022-10-25T06:30Z")]).await;
    let open = move |file: &str| rusqlite::Connection::open(data.join(file)).unwrap();
    // Readers that never end: the log of neither file can be emptied.
    let held: Vec<_> = ["ledger.db", "views.db"].map(&open).into_iter().collect();
    for connection in &held {
        connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").unwrap();
    }
    let churn = Churn::start(move || {
        let strange: Vec<_> = ["ledger.db", "views.db"].map(open).into_iter().collect();
        move || {
            for connection in &strange {
                connection.busy_timeout(Duration::from_secs(5)).unwrap();
                connection.execute_batch("BEGIN IMMEDIATE; CREATE TABLE strange (a); INSERT INTO strange VALUES (1); ROLLBACK").unwrap();
            }
        }
    });
    torture(&kept, &house).await;
    churn.stop();
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn jetstream_and_postgresql_skip_nothing_and_stall_nobody() {
    let (_folder, data) = folder();
    let bus = Nats::start();
    let url = shared().create_database();
    let kept = Kept { ledger: bus.url(), views: url.clone(), ..Kept::in_folder(&data) };
    let house = Role::start(&kept, "serve");
    publish(&house.url, &[&anomaly("first", "whatsapp", "2022-10-25T06:30Z")]).await;
    let number = shared().sql(url.rsplit('/').next().unwrap(), "SELECT number FROM dateline.generations WHERE state = 'serving'");
    // An old snapshot, a transaction that wrote and sits idle, locks on every table of the views, and one that drew from a sequence.
    let held = [
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM dateline.generations;".to_owned(),
        "CREATE TABLE strange (a serial, b int); BEGIN; INSERT INTO strange (b) VALUES (1);".to_owned(),
        format!("BEGIN; SELECT count(*) FROM dateline_g{number}.events; SELECT count(*) FROM dateline_g{number}.summaries;"),
        "BEGIN; INSERT INTO strange (b) VALUES (2); SELECT pg_current_xact_id();".to_owned(),
    ]
    .map(|statements| Stranger::says(&url, &statements));
    let address = url.clone();
    let churn = Churn::start(move || {
        move || {
            // Begun first, committed last; and one that takes everything back.
            let early = Stranger::says(&address, "BEGIN; INSERT INTO strange (b) VALUES (3);");
            Stranger::says(&address, "BEGIN; INSERT INTO strange (b) VALUES (4); COMMIT;").leaves();
            Stranger::says(&address, "BEGIN; INSERT INTO strange (b) SELECT generate_series(1, 1000);").leaves();
            early.leaves();
        }
    });
    torture(&kept, &house).await;
    churn.stop();
    drop(held);
}

/// Publishes from all sides while strangers are at work, with a second reader that stands still meanwhile; then every receipt must be
/// readable soon, and a live stream must have told every position once, in order, also through the reader that stood still.
async fn torture(kept: &Kept, house: &Role) {
    let second = Role::start(kept, "reader");
    let expected = (PUBLISHERS * BATCHES * BATCH) as u64 + 1;
    let streams = [&house.url, &second.url].map(|url| tokio::spawn(told(url.clone(), expected)));
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|publisher| {
            let url = house.url.clone();
            tokio::spawn(async move {
                for batch in 0..BATCHES {
                    let lines: Vec<String> =
                        (0..BATCH).map(|number| anomaly(&format!("{publisher}-{batch}-{number}"), "whatsapp", "2022-10-25T06:37Z")).collect();
                    let items = publish(&url, &lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
                    assert!(items.iter().all(|item| item["receipt"]["fresh"] == true), "{items:?}");
                }
            })
        })
        .collect();
    second.signal("STOP");
    for publisher in publishers {
        publisher.await.unwrap();
    }
    let published = Instant::now();
    let (status, told) = get(&format!("{}/v1/incidents?min_position={expected}&wait_ms=15000", house.url)).await;
    assert_eq!(status, 200, "the views did not catch up: {told}");
    second.signal("CONT");
    for (stream, reader) in streams.into_iter().zip(["the house", "the reader that stood still"]) {
        let positions = tokio::time::timeout(SOON, stream).await.unwrap_or_else(|_| panic!("{reader} was stalled")).unwrap();
        assert!(positions.is_sorted_by(|one, other| one < other), "{reader} told a position twice, or out of order");
        let missing: Vec<u64> = (2..=expected).collect::<BTreeSet<_>>().difference(&positions.iter().copied().collect()).copied().collect();
        assert!(missing.is_empty(), "{reader} left out {missing:?}");
    }
    println!("{expected} positions told by both readers, {:.1} s after the last receipt", published.elapsed().as_secs_f64());
}

/// The positions that a live stream tells after the first, up to the last one expected.
async fn told(url: String, last: u64) -> Vec<u64> {
    let answer = reqwest::Client::new().get(format!("{url}/v1/live?after=1")).send().await.unwrap();
    let status = answer.status();
    assert_eq!(status, 200, "the stream is refused");
    let (mut chunks, mut text, mut positions) = (answer.bytes_stream(), String::new(), Vec::new());
    while positions.last() != Some(&last) {
        text.push_str(std::str::from_utf8(&chunks.next().await.expect("the stream goes on").unwrap()).unwrap());
        while let Some(end) = text.find('\n') {
            let line: String = text.drain(..=end).collect();
            positions.extend(line.trim().strip_prefix("id: ").or(line.trim().strip_prefix("id:")).map(|id| id.parse::<u64>().unwrap()));
        }
    }
    positions
}

/// Strangers that come and go in a thread of their own, until they are told to stop.
struct Churn {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<u64>,
}

impl Churn {
    fn start<F: FnMut()>(make: impl FnOnce() -> F + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut once, mut rounds) = (make(), 0);
            while !told.load(Ordering::Relaxed) {
                once();
                rounds += 1;
            }
            rounds
        });
        Self { stop, thread }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        assert!(self.thread.join().unwrap() > 1, "the strangers were hardly at work");
    }
}

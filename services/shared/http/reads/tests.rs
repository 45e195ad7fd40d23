//! So many run, so many wait, the next is refused at once; who waits for something stands aside; who leaves makes no room before the
//! work is done.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use axum::response::Response;
use tokio::sync::{Notify, Semaphore};

use super::{ADDRESS_PART, ANSWERS_BYTES_MAX, Reads, aside};

fn reads(running: usize, waiting: usize) -> Reads {
    Reads::with(1, running, waiting).unwrap_or_else(|error| panic!("{error}"))
}

fn from(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(5), waiting).await.is_ok());
}

/// A read that goes on until it is let.
async fn held(gate: Arc<Semaphore>) -> Response {
    let _ = gate.acquire().await;
    Response::new(Body::empty())
}

async fn quick() -> Response {
    Response::new(Body::empty())
}

fn under_way(reads: &Reads) -> usize {
    reads.under_way.counts().all
}

#[tokio::test]
async fn beyond_those_that_run_and_those_that_wait_a_read_is_refused_at_once() {
    let (reads, gate) = (reads(2, 4), Arc::new(Semaphore::new(0)));
    let most_of_one = 6 / ADDRESS_PART;
    let begin = |last, count| {
        (0..count)
            .map(|_| {
                let (reads, gate) = (reads.clone(), gate.clone());
                tokio::spawn(async move { reads.answer(from(last), held(gate)).await })
            })
            .collect::<Vec<_>>()
    };
    let mut begun = begin(1, most_of_one);
    until(|| under_way(&reads) == most_of_one).await;
    let refused = reads.answer(from(1), quick()).await;
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (503, true), "one address has half");
    begun.extend(begin(2, most_of_one));
    until(|| under_way(&reads) == 6).await;
    assert_eq!(reads.answer(from(3), quick()).await.status().as_u16(), 503, "all are taken");
    gate.add_permits(100);
    for read in begun {
        assert_eq!(read.await.map(|answer| answer.status().as_u16()).ok(), Some(200), "who waited has his turn");
    }
    assert_eq!((under_way(&reads), reads.answer(from(3), quick()).await.status().as_u16()), (0, 200));
}

#[tokio::test]
async fn a_read_that_waits_stands_aside_and_one_that_nobody_waits_for_any_more_runs_to_its_end() {
    let reads = reads(1, 0);
    let moved = Arc::new(Notify::new());
    let waiting = {
        let (reads, moved) = (reads.clone(), moved.clone());
        tokio::spawn(async move {
            reads.answer(from(1), async move { aside(moved.notified()).await.map_or_else(|_| Response::default(), |()| Response::default()) }).await
        })
    };
    let others = async {
        while reads.answer(from(2), quick()).await.status().as_u16() != 200 {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(5), others).await.is_ok(), "others read meanwhile");
    moved.notify_one();
    assert!(waiting.await.is_ok());

    let gate = Arc::new(Semaphore::new(0));
    let left = tokio::spawn({
        let (reads, gate) = (reads.clone(), gate.clone());
        async move { reads.answer(from(1), held(gate)).await }
    });
    until(|| under_way(&reads) == 1).await;
    left.abort();
    assert!(left.await.is_err());
    assert_eq!(reads.answer(from(2), quick()).await.status().as_u16(), 503, "the work is still being done");
    gate.add_permits(1);
    until(|| under_way(&reads) == 0).await;
}

#[tokio::test]
async fn answers_that_nobody_takes_are_memory() {
    let reads = reads(8, 8);
    let large = || async { Response::new(Body::from(vec![0; ANSWERS_BYTES_MAX / 8])) };
    let first = reads.answer(from(1), large()).await;
    let second = reads.answer(from(1), large()).await;
    assert_eq!(reads.answer(from(1), large()).await.status().as_u16(), 503, "an address has a quarter");
    drop(first);
    assert_eq!(reads.answer(from(1), large()).await.status().as_u16(), 200);
    drop(second);
}

#[test]
fn what_costs_counts_and_only_streams_by_their_whole_address_do_not() {
    let counts = |method: Method, path: &str| {
        let (head, ()) = Request::builder().method(method).uri(path).body(()).unwrap_or_else(|error| panic!("{path}: {error}")).into_parts();
        Reads::count(&head)
    };
    for path in ["/", "/v1/incidents?limit=500", "/v1/incidents/whatsapp/timeline", "/v1/services/live", "/v1/incidents/live", "/incidents/live"] {
        assert!(counts(Method::GET, path) && counts(Method::HEAD, path), "{path}");
    }
    for path in ["/v1/live", "/v1/live?after=3", "/v1/incidents/whatsapp/live", "/health/ready", "/metrics", "/openapi.json"] {
        assert!(!counts(Method::GET, path), "{path}");
    }
    assert!(!counts(Method::POST, "/v1/events"), "bodies have a budget of their own");
}

//! Nobody holds a connection by silence: who sends no head, half a head or half a body is told so in time, and cut.

use std::time::{Duration, Instant};

use crate::asking::House;
use crate::raw::Raw;

/// A little for the machine.
const LATE: Duration = Duration::from_secs(6);

/// What is sent, and then nothing: what is answered, and after how long.
async fn silence(url: &str, sent: &str, status: Option<u16>, after: Duration) {
    let mut connection = Raw::to(url).await;
    let began = Instant::now();
    let said = connection.say(sent).await.answer().await;
    let took = began.elapsed();
    assert!(after <= took + Duration::from_millis(100) && took <= after + LATE, "{sent:?}: {took:?}, not {after:?}");
    match (said, status) {
        (Some(said), Some(status)) => drop(said.last_problem(status)),
        (None, None) => {}
        (said, _) => panic!("{sent:?}: {said:?}"),
    }
    connection.closed().await;
}

#[tokio::test]
async fn who_falls_silent_is_told_so_and_cut() {
    let house = House::start();
    let url = house.url.as_str();
    let post = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/cloudevents+json\r\n";
    let (ten, five) = (Duration::from_secs(10), Duration::from_secs(5));
    let measured = format!("{post}Content-Length: 60000\r\n\r\n{{");
    let chunked = format!("{post}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n");
    tokio::join!(
        silence(url, "", None, ten),
        silence(url, "GET / HTTP/1.1\r\nHost: lo", Some(408), ten),
        silence(url, &measured, Some(408), five),
        silence(url, &chunked, Some(408), five),
        async {
            // A drop now and then is no body either.
            let mut connection = Raw::to(url).await;
            connection.say(format!("{post}Content-Length: 60000\r\n\r\n")).await;
            let (began, mut answered) = (Instant::now(), false);
            while !answered {
                connection.say("{").await;
                answered = tokio::time::timeout(Duration::from_secs(1), connection.0.readable()).await.is_ok();
                assert!(began.elapsed() < five + LATE, "a slow drip is taken for a body");
            }
            connection.answer().await.unwrap().last_problem(408);
        },
        async {
            // Who was answered may think for longer.
            let mut connection = Raw::to(url).await;
            assert_eq!(connection.get("/health/live").await.unwrap().status, 200);
            tokio::time::sleep(ten + Duration::from_secs(1)).await;
            assert_eq!(connection.get("/health/live").await.unwrap().status, 200);
        },
    );
}

#[tokio::test]
async fn who_asks_for_nothing_more_or_takes_nothing_is_cut_in_the_end() {
    if !crate::needs::long_run() {
        return;
    }
    let house = House::with_outage().await;
    tokio::join!(
        async {
            let mut connection = Raw::to(&house.url).await;
            assert_eq!(connection.get("/health/live").await.unwrap().status, 200);
            tokio::time::sleep(Duration::from_secs(55)).await;
            assert_eq!(connection.get("/health/live").await.unwrap().status, 200);
            let began = Instant::now();
            tokio::time::sleep(Duration::from_secs(30)).await;
            connection.closed().await;
            assert!(began.elapsed() >= Duration::from_secs(59) && began.elapsed() < Duration::from_secs(60) + LATE, "{:?}", began.elapsed());
        },
        async {
            // More answers are asked for than the system holds for somebody who takes none.
            let connection = Raw::to(&house.url).await;
            let began = Instant::now();
            let asking = async {
                while connection.0.writable().await.is_ok() {
                    let asked = connection.0.try_write(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
                    if asked.is_err_and(|error| error.kind() != std::io::ErrorKind::WouldBlock) {
                        return;
                    }
                }
            };
            tokio::time::timeout(Duration::from_secs(60), asking).await.expect("who takes nothing is cut");
            assert!(began.elapsed() >= Duration::from_secs(29), "{:?}", began.elapsed());
        },
    );
}

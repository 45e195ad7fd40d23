//! A connection that breaks, at whatever moment, costs nothing but time: a page is written once, a reader is answered, and a
//! database that is dead is named.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dateline_backends::{Views, ViewsError};
use dateline_timelines::rows::Rows;

use crate::postgres::{Fsync, Postgres, shared};
use crate::proxy::{COMMIT, Lose, Proxy, ROWS};
use crate::support::{commit, event_row, head};

fn page(from: u64, to: u64) -> Rows {
    Rows { events: (from + 1..=to).map(event_row).collect(), heads: vec![head(1, to, "whatsapp")], ..Rows::default() }
}

fn database(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_settled_whether_it_happened_or_not() {
    for lose in [Lose::Answer, Lose::Question] {
        let url = shared().create_database();
        let proxy = Proxy::to(shared().port());
        let views = Views::open(&proxy.url(&url), 1).await.unwrap();
        let generation = views.serving().await.unwrap();
        views.commit(generation, 0, 1, page(0, 1)).await.unwrap();
        proxy.set_trap(COMMIT, lose, || {});
        assert_eq!(views.commit(generation, 1, 3, page(1, 3)).await, Ok(()), "{lose:?}");
        assert!(proxy.has_sprung());
        assert_eq!((views.cursor(generation).await, views.watch_reached().borrow().position), (Ok(3), 3));
        assert_eq!(shared().sql(database(&url), "SELECT count(*), max(position) FROM dateline_g1.events"), "3|3", "{lose:?}");
        views.commit(generation, 3, 4, page(3, 4)).await.unwrap();
    }
}

#[tokio::test]
async fn a_commit_that_was_lost_is_not_mistaken_for_another_projectors() {
    let url = shared().create_database();
    let proxy = Proxy::to(shared().port());
    let views = Views::open(&proxy.url(&url), 1).await.unwrap();
    let generation = views.serving().await.unwrap();
    let name = database(&url).to_owned();
    // Another projector comes as far with rows of its own, before the first one can look.
    proxy.set_trap(COMMIT, Lose::Question, move || {
        shared().sql(&name, "UPDATE dateline.generations SET position = 2, drawn = drawn + 1");
    });
    assert_eq!(views.commit(generation, 0, 2, page(0, 2)).await, Err(ViewsError::Fenced { found: 2 }));
    assert!(proxy.has_sprung());
    assert_eq!(shared().sql(database(&url), "SELECT count(*) FROM dateline_g1.events"), "0");
}

#[tokio::test]
async fn a_server_killed_in_the_middle_of_a_page_gets_the_page_once_it_is_back() {
    let server = Arc::new(Postgres::start(Fsync::On));
    let url = server.create_database();
    let proxy = Proxy::to(server.port());
    let views = Views::open(&proxy.url(&url), 1).await.unwrap();
    let generation = views.serving().await.unwrap();
    views.commit(generation, 0, 500, page(0, 500)).await.unwrap();
    assert_eq!(views.event(500).await.unwrap().position, 500, "a reader is connected");
    checkpoint(&server, &url);
    let killed = Arc::clone(&server);
    proxy.set_trap(ROWS, Lose::Question, move || {
        killed.kill("KILL");
        killed.start_again();
    });
    assert_eq!(views.commit(generation, 500, 1_000, page(500, 1_000)).await, Ok(()));
    assert!(proxy.has_sprung());
    let answer = views.event(1_000).await.unwrap();
    assert_eq!((answer.position, answer.value.unwrap().0), (1_000, event_row(1_000)));
    assert_eq!(server.sql(database(&url), "SELECT count(*), max(position) FROM dateline_g1.events"), "1000|1000");
}

/// What was committed last may be lost with the server; this test is not about that.
fn checkpoint(server: &Postgres, url: &str) {
    server.sql(database(url), "CHECKPOINT");
}

#[tokio::test]
async fn a_server_that_stops_is_named_and_found_again_when_it_is_back() {
    let server = Postgres::start(Fsync::Off);
    let views = Views::open(&server.create_database(), 1).await.unwrap();
    commit(&views, 2, page(0, 2)).await;
    server.kill("INT");
    let generation = views.serving().await.expect_err("no server");
    assert!(generation.to_string().contains("see whether PostgreSQL runs"), "{generation}");
    // Who asks later is refused at once: a dead database holds nobody up.
    let refused = async {
        for _ in 0..30 {
            views.event(1).await.expect_err("no server");
        }
    };
    tokio::time::timeout(Duration::from_secs(8), refused).await.expect("thirty refusals take no longer than the first on each thread");
    server.start_again();
    assert_eq!(views.event(2).await.unwrap().position, 2);
    let generation = views.serving().await.unwrap();
    views.commit(generation, 2, 3, page(2, 3)).await.unwrap();
    let mut watched = views.watch_reached();
    tokio::time::timeout(Duration::from_secs(10), watched.wait_for(|reached| reached.position == 3)).await.unwrap().unwrap();
    server.restart();
    assert_eq!(views.event(3).await.unwrap().position, 3);
}

#[tokio::test]
async fn connections_that_died_unnoticed_are_opened_anew_without_a_word() {
    let url = shared().create_database();
    let views = Views::open(&url, 1).await.unwrap();
    commit(&views, 1, page(0, 1)).await;
    for round in 1..4 {
        for _ in 0..4 {
            assert_eq!(views.event(1).await.unwrap().position, round);
        }
        let ended = shared().sql(
            database(&url),
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'dateline'",
        );
        assert!(ended.parse::<u32>().unwrap() >= 2, "writer, readers: {ended}");
        let generation = views.serving().await.unwrap();
        views.commit(generation, round, round + 1, page(round, round + 1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_second_projector_is_fenced_before_it_sends_a_row() {
    let url = shared().create_database();
    let proxy = Proxy::to(shared().port());
    let (first, second) = (Views::open(&url, 1).await.unwrap(), Views::open(&proxy.url(&url), 1).await.unwrap());
    let generation = first.serving().await.unwrap();
    first.commit(generation, 0, 2, page(0, 2)).await.unwrap();
    assert_eq!(second.commit(generation, 0, 2, page(0, 2)).await, Err(ViewsError::Fenced { found: 2 }));
    assert_eq!(proxy.rows_sent(), 0, "rows were sent before the cursor was asked");
    second.commit(generation, 2, 3, page(2, 3)).await.unwrap();
    assert!(proxy.rows_sent() > 0, "the proxy does not see rows: the test is broken");
}

#[tokio::test]
async fn a_database_that_stands_still_is_told_within_a_bounded_time_and_read_again_when_it_goes_on() {
    let server = Postgres::start(Fsync::Off);
    let url = server.create_database();
    let views = Views::open(&url, 1).await.unwrap();
    views.commit(views.serving().await.unwrap(), 0, 10, page(0, 10)).await.unwrap();
    assert_eq!(views.event(10).await.unwrap().position, 10);
    server.signal_all("STOP");
    let begun = Instant::now();
    let asked: Vec<_> = (0..6)
        .map(|_| {
            let views = views.clone();
            tokio::spawn(async move { views.event(10).await })
        })
        .collect();
    for answer in asked {
        let error = answer.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("did not answer within"), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    server.signal_all("CONT");
    assert_eq!(views.event(10).await.unwrap().position, 10);
}

/// Who only looked would see a third of the pages as soon.
#[tokio::test]
async fn a_reader_elsewhere_is_woken_also_on_a_connection_opened_anew() {
    const PAGES: u64 = 30;
    const SOON: Duration = Duration::from_millis(15);
    let url = shared().create_database();
    let (here, elsewhere) = (Views::open(&url, 1).await.unwrap(), Views::open(&url, 1).await.unwrap());
    let (mut watched, mut seen_soon) = (elsewhere.watch_reached(), 0);
    for round in 0..4 {
        for page in 1..=PAGES {
            let to = round * PAGES + page;
            commit(&here, to, Rows::default()).await;
            let committed = Instant::now();
            tokio::time::timeout(Duration::from_secs(10), watched.wait_for(|reached| reached.position == to)).await.unwrap().unwrap();
            seen_soon += u64::from(committed.elapsed() < SOON);
        }
        if seen_soon * 3 >= PAGES * 2 && round > 0 {
            return;
        }
        // A busy machine may be late once.
        seen_soon = 0;
        shared().sql("postgres", &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", database(&url)));
    }
    panic!("a reader elsewhere is not woken");
}

//! Killed at any instruction, `dateline serve` loses nothing that it acknowledged, keeps nothing in part, and goes on where it
//! was: 20 kills on one data folder, 200 with `DATELINE_LONG=1`, while eight publishers publish.

pub mod book;
pub mod record;
pub mod stories;

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{TestServer, command, folder, get, run};
use book::{Book, Chance};
use record::check;

const PUBLISHERS: usize = 8;
const KILLS: usize = 20;
const KILLS_LONG: usize = 200;

/// In one round the server is killed when about so many requests, at most, were acknowledged.
const MAX_ROUND_ACKNOWLEDGEMENTS: u64 = 150;

/// Every so many rounds a server is also killed while it opens its files.
const OPENING_KILL_EVERY: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_it_loses_nothing_acknowledged_and_keeps_nothing_in_part() {
    let kills = if std::env::var_os("DATELINE_LONG").is_some() { KILLS_LONG } else { KILLS };
    let (_folder, data) = folder();
    let book = Book::default();
    let mut chance = Chance::new();
    let (begun, mut while_opening) = (Instant::now(), 0);
    for round in 1..=kills {
        if round % OPENING_KILL_EVERY == 0 {
            kill_while_opening(&data, &mut chance).await;
            while_opening += 1;
        }
        let server = TestServer::start(&data);
        publish_until_killed(server, &book, &mut chance).await;
        let server = TestServer::start(&data);
        let head = check(&book, &server.url, &format!("after kill {round} of {kills}")).await;
        catches_up(&server.url, head, round).await;
        server.kill();
    }
    let told = rebuilt_equals_incremental(&data).await;
    let (acknowledged, unanswered, sent_again) = book.figures();
    println!(
        "{} kills ({while_opening} of them while opening), {acknowledged} events acknowledged, {unanswered} requests cut off, {sent_again} of them sent again, {told} timelines compared, {:.1} s",
        2 * kills + while_opening,
        begun.elapsed().as_secs_f64()
    );
    assert!(
        acknowledged > kills as u64 && sent_again > 0,
        "the publishers were hardly at work: {acknowledged} acknowledged, {sent_again} sent again"
    );
}

/// Publishes from all sides, and kills the server at a moment that chance chooses.
async fn publish_until_killed(server: TestServer, book: &Book, chance: &mut Chance) {
    let before = book.answers();
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|number| tokio::spawn(book::publish_until_cut_off(book.clone(), server.url.clone(), number, Chance::of(chance.below(u64::MAX)))))
        .collect();
    let wanted = before + 1 + chance.below(MAX_ROUND_ACKNOWLEDGEMENTS);
    book.until_answers(wanted).await;
    // The moment itself: not only right after an answer. This is chance, no waiting for anything.
    tokio::time::sleep(Duration::from_micros(chance.below(5_000))).await;
    server.kill();
    for publisher in publishers {
        publisher.await.unwrap();
    }
}

/// Starts a server and kills it before it says that it serves, or shortly after.
async fn kill_while_opening(data: &std::path::Path, chance: &mut Chance) {
    let mut child = command(data).args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    tokio::time::sleep(Duration::from_micros(chance.below(60_000))).await;
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The views reach the head by themselves, and what readers ask is answered as of then.
async fn catches_up(url: &str, head: u64, round: usize) {
    let (status, listed) = get(&format!("{url}/v1/incidents?min_position={head}&wait_ms=30000&limit=500")).await;
    assert_eq!(status, 200, "round {round}: the list after a restart: {listed}");
    assert!(listed["position"].as_u64() >= Some(head), "round {round}: the views stand at {} and the ledger at {head}", listed["position"]);
    let incidents = listed["incidents"].as_array().unwrap();
    assert!(!incidents.is_empty(), "round {round}: no incidents in {listed}");
    for incident in incidents.iter().take(5) {
        let id = incident["incident"].as_str().unwrap();
        let (status, told) = get(&format!("{url}/v1/incidents/{id}/timeline.json")).await;
        assert_eq!((status, &told["incident"]), (200, &incident["incident"]), "round {round}: {told}");
    }
}

/// After all those kills a rebuild tells every timeline exactly as it was told before. Answers how many.
async fn rebuilt_equals_incremental(data: &std::path::Path) -> usize {
    let server = TestServer::start(data);
    let incremental = all_timelines(&server.url).await;
    assert_eq!(server.terminate(), Some(0), "SIGTERM is a graceful end");
    let rebuilt = run(data, &["rebuild"]);
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    let server = TestServer::start(data);
    let anew = all_timelines(&server.url).await;
    assert_eq!(incremental.len(), anew.len(), "another number of incidents after the rebuild");
    for ((id, before), (id_anew, after)) in incremental.iter().zip(&anew) {
        assert_eq!((id, before), (id_anew, after), "a rebuild tells {id} differently");
    }
    anew.len()
}

/// Every incident with its timeline as JSON text, page by page.
pub async fn all_timelines(url: &str) -> Vec<(String, String)> {
    let mut address = format!("{url}/v1/incidents?limit=500&sort=started&min_position={}&wait_ms=30000", record::head(url).await);
    let mut told = Vec::new();
    loop {
        let answer = reqwest::get(&address).await.unwrap();
        let next = answer.headers().get("link").and_then(|link| link.to_str().unwrap().split(['<', '>']).nth(1)).map(|next| format!("{url}{next}"));
        let page: Value = answer.json().await.unwrap();
        for incident in page["incidents"].as_array().unwrap_or_else(|| panic!("no list: {page}")) {
            let id = incident["incident"].as_str().unwrap().to_owned();
            let answer = reqwest::get(format!("{url}/v1/incidents/{id}/timeline.json?retracted=true&claims=true")).await.unwrap();
            assert_eq!(answer.status(), 200, "{id}");
            told.push((id, answer.text().await.unwrap()));
        }
        match next {
            Some(next) => address = next,
            None => return told,
        }
    }
}

//! Holds everything that was acknowledged, and everything that is told, against the ledger: after the faults, with all servers up.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::publishers::Press;
use super::stations::{CAUGHT_UP_WITHIN, Stations, health, until};
use crate::house::{Kept, Role};
use crate::killed::all_timelines;
use crate::killed::record::{check, head};
use crate::killed::stories;

/// What was published is acknowledged again within this once everything is up.
const GOES_ON_WITHIN: Duration = Duration::from_secs(45);

/// So many requests at least.
const ANSWERS: u64 = 2;

/// So many positions are replayed at a time, and those that come meanwhile.
const REPLAYED: u64 = 5;

/// After a fault: each intake gives receipts again, and both readers tell what was acknowledged.
pub async fn goes_on(press: &Press, stations: &Stations, when: &str) {
    let before = press.intakes.answers();
    let all_answer = || async { press.intakes.answers().iter().zip(&before).all(|(now, before)| now >= &(before + ANSWERS)) };
    until(GOES_ON_WITHIN, all_answer, || format!("{when}: both intakes answer\n{}", stations.said())).await;
    caught_up(press, stations, when).await;
}

/// Whoever replays the ledger while others publish gets all up to the position that the answer names. That position may be older than
/// the last receipt only for as long as a server that was cut off believes that it leads. Ends with the publishers; answers how many
/// replays were held against their position, and how many of those named an older one.
pub async fn replays(press: Press, url: String) -> (u64, u64) {
    let (mut replays, mut older) = (0, 0);
    while press.is_at_work() {
        let last = press.book.pages().acknowledged.values().map(|told| told.position).max().unwrap_or(0);
        let after = last.saturating_sub(REPLAYED);
        let asked = reqwest::get(format!("{url}/v1/events?after={after}")).await;
        let Ok(answer) = asked else { continue };
        let status = answer.status().as_u16();
        let reaches = position(&answer);
        // A stream that breaks off is no answer.
        let Ok(text) = answer.text().await else { continue };
        assert!(matches!(status, 200 | 503), "a replay: {status} {text}");
        if status == 200 {
            let found = text.lines().last().map_or(after, |line| serde_json::from_str::<Value>(line).unwrap()["position"].as_u64().unwrap());
            assert!(Some(found) >= reaches, "a replay after {after} ends at {found}, and says that it reaches {reaches:?}");
            replays += 1;
            older += u64::from(reaches < Some(last));
        }
    }
    (replays, older)
}

/// The position that an answer is true for.
fn position(answer: &reqwest::Response) -> Option<u64> {
    answer.headers().get("dateline-position")?.to_str().ok()?.parse().ok()
}

/// Both readers tell what was acknowledged until now.
async fn caught_up(press: &Press, stations: &Stations, when: &str) {
    let last = press.book.pages().acknowledged.values().map(|told| told.position).max().unwrap_or(0);
    for url in stations.urls("reader") {
        let tells = || async {
            let asked = reqwest::get(format!("{url}/v1/incidents?limit=1&min_position={last}&wait_ms=2000")).await;
            let Ok(answer) = asked else { return false };
            answer.status() == 200 && position(&answer) >= Some(last)
        };
        until(CAUGHT_UP_WITHIN, tells, || format!("{when}: the reader {url} tells position {last}\n{}", stations.said())).await;
    }
}

/// With nobody publishing: the ledger holds what was acknowledged, the views and the archive hold the ledger. Answers the head.
pub async fn holds(press: &Press, stations: &Stations, when: &str) -> u64 {
    caught_up(press, stations, when).await;
    let mut heads = Vec::new();
    for url in stations.urls("reader") {
        heads.push(check(&press.book, &url, when).await);
    }
    assert_eq!(heads[0], heads[1], "{when}: both readers replay the same ledger");
    let archive = stations.urls("archive").remove(0);
    let archived = || async { health(&archive, "/archive/position").await.and_then(|position| position.as_u64()) == Some(heads[0]) };
    until(CAUGHT_UP_WITHIN, archived, || format!("{when}: the archive reaches {}\n{}", heads[0], stations.said())).await;
    let said = done(&stations.direct, &["ledger", "check"], when);
    assert!(said.contains(&format!("{0} positions, {0} of them", heads[0])), "{when}: {said}");
    heads[0]
}

/// Runs a command until it could be done: for some seconds after a partition messages between servers may still be under way on a
/// connection that is dead. What it then says must be no fault. Answers its words.
fn done(kept: &Kept, words: &[&str], when: &str) -> String {
    let begun = Instant::now();
    loop {
        let ran = kept.run(words);
        let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        match ran.status.code() {
            Some(0) => return said,
            Some(2) if begun.elapsed() < CAUGHT_UP_WITHIN => println!("{when}: {words:?} is run again: {}", said.trim_end()),
            code => panic!("{when}: {words:?}: {code:?} {said}"),
        }
    }
}

/// In the end: what was abandoned is looked up, and both readers tell every timeline, byte for byte, as a fold from scratch does: into
/// SQLite over the same ledger, and in the embedded house that the ledger was copied to. Answers how many timelines.
pub async fn tells_the_same_from_scratch(press: &Press, stations: &Stations) -> usize {
    let reader = stations.urls("reader").remove(0);
    for (sent, kind) in press.abandoned.lock().unwrap().drain(..).collect::<Vec<_>>() {
        let query = format!("source={}&id={}", stories::source(sent.publisher), sent.events[0].0);
        let status = reqwest::get(format!("{reader}/v1/events?{query}")).await.unwrap().status().as_u16();
        assert!(matches!(status, 200 | 404), "{query}: {status}");
        press.tally.found(kind, status == 200);
    }
    let told = all_timelines(&reader).await;
    assert_eq!(told, all_timelines(&stations.urls("reader").remove(1)).await, "two readers tell differently");
    let embedded = Kept::in_folder(&stations.direct.folder);
    done(&embedded, &["ledger", "copy", &stations.direct.ledger, &embedded.ledger], "in the end");
    let views = format!("sqlite:{}", stations.direct.folder.join("scratch.db").display());
    let beside = Kept { views, ..stations.direct.clone() };
    for (kept, place) in [(&beside, "SQLite views of the same ledger"), (&embedded, "the embedded house that it was copied to")] {
        done(kept, &["rebuild"], place);
        let scratch = Role::start(kept, "reader");
        assert_eq!(head(&reader).await, head(&scratch.url).await, "{place}: another head");
        let anew = all_timelines(&scratch.url).await;
        assert_eq!(told.len(), anew.len(), "{place}: another number of incidents");
        for (before, after) in told.iter().zip(&anew) {
            assert_eq!(before, after, "{place}: {} is told differently", before.0);
        }
        assert_eq!(scratch.terminate(), Some(0));
    }
    told.len()
}

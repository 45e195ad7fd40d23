//! The page as it stood: what it listed, in which words, at each moment; whole over all pages; true after a change.

use serde_json::{Value, json};

use super::{Watcher, each, minute, read, register, statement};
use crate::asking::{House, get, publish_one};
use crate::support::anomaly;

const PAGE: &str = "/v1/watch/pages/github";

/// A page with one incident that was edited, left the list, came back and left again; and one that stays.
async fn history() -> House {
    let house = House::start();
    let page = Watcher { house: &house, service: "github" };
    page.open(10, "abc", "Pull requests", "We look into it.").await;
    page.open(20, "def", "Pages", "Pages are slow.").await;
    page.correct(30, "abc/post/p1/2", "abc/post/p1/1", json!({"statement": statement("All is well.")})).await;
    page.post(40, "abc", "p2", "Monitoring", "A fix is out.", 35).await;
    page.correct(40, "abc/name/2", "abc/name/1", json!({"title": {"en": "Everything"}})).await;
    page.correct(40, "abc/severity/2", "abc/severity/1", json!({"severity": "minor"})).await;
    page.leave(50, 60, "abc", 1).await;
    page.retract(80, "abc/absent/2", "abc/absent/1").await;
    page.leave(90, 100, "abc", 3).await;
    house.caught_up().await;
    house
}

async fn at(house: &House, known_at: &str) -> Value {
    let page = read(house, &format!("{PAGE}?known_at={known_at}")).await;
    assert_eq!((&page["page"], &page["known_at"]), (&"github".into(), &known_at.into()));
    page["incidents"].clone()
}

#[tokio::test]
async fn the_page_is_told_as_it_stood_at_each_moment() {
    let house = history().await;
    assert_eq!(at(&house, "2026-03-01T10:09:59Z").await, json!([]));
    let first = at(&house, &minute(10)).await;
    let id = get(&house.at("/v1/incidents?q=everything")).await.json()["incidents"][0]["incident"].clone();
    let expected = json!([{
        "id": "abc", "incident": id, "reference_page": "https://status.example", "url": "https://status.example/incidents/abc", "nature": "outage",
        "presence": "listed", "name": "Pull requests", "status": "Investigating", "severity": "major", "impact": "major", "started_at": minute(1), "ended_at": null,
        "scheduled": null,
        "updates": [{"id": "p1", "status": "Investigating", "text": "We look into it.", "at": minute(2), "position": 2,
            "event": {"source": "/watchers/github", "id": "abc/post/p1/1"}}],
    }]);
    assert_eq!(first, expected);
    // The incident that was first said to begin last comes first.
    assert_eq!(each(&at(&house, &minute(20)).await, "id"), ["def", "abc"]);
    let words = |page: &Value| each(&page[1]["updates"], "text");
    assert_eq!(words(&at(&house, &minute(29)).await), ["We look into it."]);
    assert_eq!(words(&at(&house, &minute(30)).await), ["All is well."]);
    let edited = at(&house, &minute(40)).await;
    assert_eq!(words(&edited), ["A fix is out.", "All is well."]);
    assert_eq!((&edited[1]["name"], &edited[1]["severity"], &edited[1]["status"]), (&"Everything".into(), &"minor".into(), &"Monitoring".into()));
    // Nothing is told of the past by what was recorded later.
    assert_eq!(at(&house, &minute(10)).await, first);
}

#[tokio::test]
async fn what_left_the_list_is_left_out_and_in_between_nobody_knows() {
    let house = history().await;
    for (known_at, expected) in [
        (minute(50), vec!["listed", "listed"]),
        ("2026-03-01T10:50:01Z".to_owned(), vec!["listed", "unknown"]),
        ("2026-03-01T10:59:59Z".to_owned(), vec!["listed", "unknown"]),
        (minute(60), vec!["listed"]),
        (minute(80), vec!["listed", "listed"]),
        (minute(100), vec!["listed"]),
    ] {
        assert_eq!(each(&at(&house, &known_at).await, "presence"), expected, "{known_at}");
    }
    let now = read(&house, PAGE).await;
    assert_eq!((each(&now["incidents"], "id"), &now["known_at"], &now["as_of"]), (vec!["def".to_owned()], &Value::Null, &Value::Null));
    let all = read(&house, &format!("{PAGE}?presence=all&known_at={}", minute(100))).await;
    assert_eq!(each(&all["incidents"], "presence"), ["listed", "absent"]);
}

#[tokio::test]
async fn the_page_is_kept_ready_and_still_true_after_a_change() {
    let house = history().await;
    let page = Watcher { house: &house, service: "github" };
    let position = read(&house, PAGE).await["position"].as_u64().unwrap();
    // Of another service, of a desk about the page's own incident, of the page itself.
    publish_one(&house.url, &anomaly("other", "mail", "2026-03-01T10:00Z[UTC]")).await;
    page.correct(110, "def/post/p1/2", "def/post/p1/1", json!({"statement": statement("Pages are fast.")})).await;
    page.open(110, "ghi", "Actions", "Runs wait.").await;
    let now = read(&house, PAGE).await;
    assert_eq!(now["position"], position + 6);
    assert_eq!(
        (each(&now["incidents"], "id"), &now["incidents"][1]["updates"][0]["text"]),
        (vec!["ghi".into(), "def".into()], &"Pages are fast.".into())
    );
    // As the ledger had it before.
    let before = read(&house, &format!("{PAGE}?as_of={position}")).await;
    assert_eq!((each(&before["incidents"], "id"), &before["as_of"]), (vec!["def".to_owned()], &position.into()));
    assert_eq!(before["incidents"][0]["updates"][0]["text"], "Pages are slow.");
    // Taken down whole: gone from now on, and still there in what was.
    for part in ["start", "name", "severity", "post/p1"] {
        page.retract(120, &format!("ghi/{part}/2"), &format!("ghi/{part}/1")).await;
    }
    assert_eq!(each(&read(&house, PAGE).await["incidents"], "id"), ["def"]);
    assert_eq!(each(&at(&house, &minute(110)).await, "id"), ["ghi", "def"]);
    // Two of the page's incidents that a desk calls the same stay two on the page.
    let link = json!({"specversion": "1.0", "id": "same", "source": "/desks/demo", "type": "dateline.incident.linked.v1", "subject": "github",
        "data": {"from": {"source": "/watchers/github", "id": "abc/start/1"}, "to": {"source": "/watchers/github", "id": "def/start/1"},
            "relation": "same_as"}});
    publish_one(&house.url, &link.to_string()).await;
    let merged = read(&house, &format!("{PAGE}?known_at={}", minute(50))).await;
    assert_eq!(each(&merged["incidents"], "id"), ["def", "abc"]);
    let ids = each(&merged["incidents"], "incident");
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_page_whose_incidents_were_all_taken_down_before_anybody_asked_is_still_told() {
    let house = House::start();
    let page = Watcher { house: &house, service: "github" };
    page.open(10, "abc", "Pull requests", "We look into it.").await;
    for part in ["start", "name", "severity", "post/p1"] {
        page.retract(20, &format!("abc/{part}/2"), &format!("abc/{part}/1")).await;
    }
    assert_eq!(read(&house, PAGE).await["incidents"], json!([]));
    assert_eq!(each(&at(&house, &minute(10)).await, "id"), ["abc"]);
}

#[tokio::test]
async fn many_incidents_come_page_by_page_and_hold_still() {
    let house = House::start();
    let page = Watcher { house: &house, service: "github" };
    for number in 1..=7 {
        page.open(10 * number, &format!("i{number}"), &format!("Incident {number}"), "Words.").await;
    }
    house.caught_up().await;
    let mut address = Some(format!("{PAGE}?limit=3"));
    let mut seen = Vec::new();
    while let Some(page_address) = address {
        let answer = get(&house.at(&page_address)).await.expect(200);
        seen.extend(each(&answer.json()["incidents"], "id"));
        let link = answer.header("link");
        address = link.split_once('>').map(|(next, _)| next.trim_start_matches('<').to_owned());
        page.open(200 + seen.len() as i64, &format!("new{}", seen.len()), "New", "Words.").await;
        page.leave(400, 410, &format!("i{}", seen.len()), 1).await;
        house.caught_up().await;
    }
    assert_eq!(seen, ["i7", "i6", "i5", "i4", "i3", "i2", "i1"]);
}

#[tokio::test]
async fn requests_at_once_get_the_same_answer() {
    let house = history().await;
    let asked: Vec<_> = (0..16)
        .map(|number| {
            let address = house.at(&format!("{PAGE}?known_at={}", minute(10 + number % 2 * 20)));
            tokio::spawn(async move { get(&address).await.expect(200).json()["incidents"][0]["id"].clone() })
        })
        .collect();
    for (number, answer) in asked.into_iter().enumerate() {
        assert_eq!(answer.await.unwrap(), if number % 2 == 0 { "abc" } else { "def" });
    }
}

#[tokio::test]
async fn what_nobody_watches_is_not_found_and_a_wrong_parameter_is_named() {
    let house = history().await;
    register(&house, "quiet", "acme", "Acme").await;
    publish_one(&house.url, &anomaly("other", "mail", "2026-03-01T10:00Z[UTC]")).await;
    house.caught_up().await;
    for page in ["nothing", "quiet", "mail", "Not%20a%20slug", "..%2F.."] {
        let problem = get(&house.at(&format!("/v1/watch/pages/{page}"))).await.problem(404);
        assert!(problem["detail"].as_str().unwrap().contains("/v1/services"), "{page}: {problem}");
    }
    assert_eq!(read(&house, &format!("{PAGE}?nature=maintenance")).await["incidents"], json!([]));
    assert_eq!(each(&read(&house, &format!("{PAGE}?nature=outage")).await["incidents"], "id"), ["def"]);
    for (query, named) in [
        ("presence=none", "presence"),
        ("nature=storm", "nature"),
        ("known_at=noon", "known_at"),
        ("as_of=99999", "as_of"),
        ("cursor=x", "cursor"),
        ("limit=0", "limit"),
        ("lang=en", "lang"),
    ] {
        let problem = get(&house.at(&format!("{PAGE}?{query}"))).await.problem(400);
        assert!(problem["detail"].as_str().unwrap().contains(named), "{query}: {problem}");
    }
    get(&house.at(&format!("{PAGE}?min_position=99999&wait_ms=0"))).await.problem(503);
}

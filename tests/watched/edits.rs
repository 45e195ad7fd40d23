//! Silent edits of an incident and of a vendor: each once, in words, in order, narrowed, page by page; and shown on the incident's
//! page, where what strangers wrote is text.

use serde_json::{Value, json};

use super::{Watcher, each, minute, read, register, statement};
use crate::asking::{Answer, House, get};

/// Two services of one vendor, with edits of every kind.
pub async fn edited() -> House {
    let house = House::start();
    register(&house, "github", "github", "GitHub").await;
    register(&house, "copilot", "github", "GitHub").await;
    let page = Watcher { house: &house, service: "github" };
    page.open(10, "abc", "Pull requests", "We look into it.").await;
    page.correct(190, "abc/post/p1/2", "abc/post/p1/1", json!({"statement": statement("All is well.")})).await;
    page.correct(200, "abc/post/p1/3", "abc/post/p1/1", json!({"statement": statement("All is well!")})).await;
    page.correct(210, "abc/start/2", "abc/start/1", json!({"occurred": {"at": minute(-95)}})).await;
    let patch = json!({"status": "identified", "reference": {"page": "https://status.example", "id": "abc", "update": "p1", "status": "Identified"},
        "occurred": {"at": minute(7)}});
    page.correct(220, "abc/post/p1/4", "abc/post/p1/1", patch).await;
    let other = Watcher { house: &house, service: "copilot" };
    other.open(30, "xyz", "Chat", "Chat is slow.").await;
    other.correct(50, "xyz/severity/2", "xyz/severity/1", json!({"severity": "minor"})).await;
    other.retract(60, "xyz/post/p1/2", "xyz/post/p1/1").await;
    other.leave(70, 80, "xyz", 1).await;
    other.retract(90, "xyz/absent/2", "xyz/absent/1").await;
    house.caught_up().await;
    house
}

#[tokio::test]
async fn the_edits_of_an_incident_come_in_order_with_what_stood_there() {
    let house = edited().await;
    let answer = read(&house, "/v1/incidents/github/edits").await;
    assert_eq!(each(&answer["edits"], "kind"), ["words", "words", "start", "status", "time"]);
    let first = answer["edits"][0].clone();
    let expected = json!({
        "kind": "words", "about": "post", "minor": false, "announced": false, "incident": answer["incident"],
        "reference": {"page": "https://status.example", "id": "abc"}, "url": "https://status.example/incidents/abc", "post": "p1",
        "event": {"source": "/watchers/github", "id": "abc/post/p1/1"}, "target": 4, "position": 7, "recorded": first["recorded"],
        "stated": {"earliest": minute(180), "latest": minute(190)}, "elapsed": {"seconds_min": 10200, "seconds_max": 11400},
        "before": "We look into it.", "after": "All is well.",
        "told": "GitHub changed the words of an update about three hours after posting it",
    });
    assert_eq!(first, expected);
    assert_eq!(
        (&answer["edits"][1]["minor"], &answer["edits"][2]["before"], &answer["edits"][2]["after"]),
        (&true.into(), &minute(1).into(), &minute(-95).into())
    );
    let bengali = read(&house, "/v1/incidents/github/edits?lang=bn").await;
    assert_eq!(bengali["edits"][2]["told"], "GitHub প্রকাশের প্রায় সাড়ে তিন ঘণ্টা পরে শুরুর সময় ৯৬ মিনিট এগিয়ে এনেছে");
    let known = read(&house, &format!("/v1/incidents/github/edits?known_at={}", minute(200))).await;
    assert_eq!(each(&known["edits"], "kind"), ["words", "words"]);
    assert_eq!(each(&read(&house, "/v1/incidents/github/edits?as_of=7").await["edits"], "kind"), ["words"]);
    // That it left the list, and came back, is no edit.
    assert_eq!(each(&read(&house, "/v1/incidents/copilot/edits").await["edits"], "kind"), ["severity", "removed"]);
    get(&house.at("/v1/incidents/nothing/edits")).await.problem(404);
    get(&house.at("/v1/incidents/github/edits?tz=Mars/Base")).await.problem(400);
    get(&house.at("/v1/incidents/github/edits?claims=true")).await.problem(400);
}

#[tokio::test]
async fn a_vendor_has_the_edits_of_all_its_services_the_newest_first() {
    let house = edited().await;
    let all = read(&house, "/v1/vendors/github/edits").await;
    assert_eq!(each(&all["edits"], "kind"), ["removed", "severity", "status", "time", "start", "words", "words"]);
    assert_eq!(all["edits"][1]["told"], "GitHub lowered the severity from major to minor 10 minutes to 30 minutes after publishing it");
    assert_eq!((&all["edits"][0]["before"], &all["edits"][0]["after"]), (&"Chat is slow.".into(), &Value::Null));
    for (query, expected) in [
        ("minor=false", vec!["removed", "severity", "status", "time", "start", "words"]),
        ("minor=true", vec!["removed", "severity", "status", "time", "start", "words", "words"]),
        ("kind=words", vec!["words", "words"]),
        ("kind=words,start&minor=false", vec!["start", "words"]),
        ("kind=window", vec![]),
        ("limit=1&kind=time", vec!["time"]),
    ] {
        assert_eq!(each(&read(&house, &format!("/v1/vendors/github/edits?{query}")).await["edits"], "kind"), expected, "{query}");
    }
    // A service that is no vendor's slug.
    assert_eq!(each(&read(&house, "/v1/vendors/copilot/edits").await["edits"], "kind"), ["removed", "severity"]);
    get(&house.at("/v1/vendors/nobody/edits")).await.problem(404);
    get(&house.at("/v1/vendors/github/edits?kind=colour")).await.problem(400);
    get(&house.at("/v1/vendors/github/edits?cursor=x")).await.problem(400);
}

fn next(answer: &Answer) -> Option<String> {
    answer.header("link").split_once('>').map(|(next, _)| next.trim_start_matches('<').to_owned())
}

#[tokio::test]
async fn edits_come_page_by_page_also_where_one_event_says_several() {
    let house = edited().await;
    let page = Watcher { house: &house, service: "github" };
    for limit in 1..=4 {
        let mut address = Some(format!("/v1/vendors/github/edits?limit={limit}"));
        let mut seen = Vec::new();
        while let Some(at) = address {
            let answer = get(&house.at(&at)).await.expect(200);
            seen.extend(each(&answer.json()["edits"], "kind"));
            address = next(&answer);
            let (id, patch) = (format!("abc/name/{limit}{}", seen.len()), json!({"title": {"en": format!("Name {limit}{}", seen.len())}}));
            page.correct(300, &id, "abc/name/1", patch).await;
            house.caught_up().await;
        }
        seen.retain(|kind| kind != "name");
        assert_eq!(seen, ["removed", "severity", "status", "time", "start", "words", "words"], "{limit} a page");
    }
}

#[tokio::test]
async fn the_page_of_an_incident_shows_what_stood_there_as_text() {
    let house = House::start();
    let page = Watcher { house: &house, service: "github" };
    let evil = "<script>alert(1)</script><img src=x onerror=alert(2)> ]]> & \"quoted\"";
    page.open(10, "abc", "Pull requests", "Two <b>bold</b> words.").await;
    page.correct(20, "abc/post/p1/2", "abc/post/p1/1", json!({"statement": statement(evil)})).await;
    page.correct(30, "abc/post/p1/3", "abc/post/p1/1", json!({"statement": statement("Nothing happened.")})).await;
    house.caught_up().await;
    let shown = get(&house.at("/incidents/github")).await.expect(200).text();
    for markup in ["<script>alert", "<img src", "<b>bold"] {
        assert!(!shown.contains(markup), "{markup} stands in the page unescaped:\n{shown}");
    }
    let mark = "of posting it, without notice</strong>: they were “Two bold words.”, then “";
    assert!(shown.contains("<strong>GitHub changed the words, within ") && shown.contains(mark), "{shown}");
    let text = get(&house.at("/v1/incidents/github/timeline.txt?lang=bn")).await.expect(200).text();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("না জানিয়ে বয়ান বদলেছে: আগে ছিল “Two bold words.”, তার পরে “"), "{text}");
    let timeline = read(&house, "/v1/incidents/github/timeline").await;
    let corrections = timeline["entries"].as_array().unwrap().iter().flat_map(|entry| entry["corrections"].as_array().unwrap()).collect::<Vec<_>>();
    assert_eq!(corrections[0]["changes"][0]["before"]["quotation"]["text"], "Two <b>bold</b> words.");
    assert_eq!(corrections[0]["changes"][0]["after"]["quotation"]["text"], evil);
}

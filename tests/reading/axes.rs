//! The three axes, what an answer is true for, and whether it still holds: nothing is told that was not known, and a reader who
//! has the latest is told so in a few bytes.

use serde_json::Value;

use super::services;
use crate::asking::{Answer, House, get, get_with, head, publish_one};
use crate::support::{OUTAGE, anomaly, publish};

fn positions(answer: &Answer) -> (u64, u64) {
    (answer.header("dateline-position").parse().unwrap(), answer.header("dateline-head").parse().unwrap())
}

/// The line of the outage at which the desk corrects what it misread.
const CORRECTION: u64 = 5;

/// The outage, published in three steps, so that each has a recorded time of its own.
async fn outage_in_steps() -> House {
    let house = House::start();
    let lines: Vec<&str> = OUTAGE.lines().collect();
    for part in [&lines[..4], &lines[4..5], &lines[5..]] {
        publish(&house.url, part).await;
    }
    house.caught_up().await;
    house
}

#[tokio::test]
async fn as_of_tells_what_had_been_recorded_by_a_position_or_a_time() {
    let house = outage_in_steps().await;
    let timeline = async |query: &str| get(&house.at(&format!("/v1/incidents/whatsapp/timeline?{query}"))).await.expect(200).json();
    let first_seen = |timeline: &Value| timeline["milestones"]["first_seen"]["occurred"]["told"].as_str().unwrap_or_default().to_owned();
    let (before, after) = (timeline("as_of=4").await, timeline("as_of=5").await);
    assert_eq!((first_seen(&before), first_seen(&after)), ("12:25".into(), "12:07".into()));
    assert_eq!((&before["axes"]["as_of"], &before["changed"]), (&4.into(), &4.into()));

    let recorded = get(&house.at(&format!("/v1/events/{CORRECTION}"))).await.expect(200).json()["recorded"].as_str().unwrap().to_owned();
    assert_eq!(timeline(&format!("as_of={recorded}")).await, after, "a time means the last position recorded by then");
    // Before anything was recorded there is nothing.
    get(&house.at("/v1/incidents/whatsapp/timeline?as_of=2020-01-01T00:00:00Z")).await.problem(404);
    get(&house.at("/v1/incidents/whatsapp/timeline?as_of=3")).await.problem(404);
    for (as_of, expected) in [("3", 0), ("4", 1), ("2020-01-01T00:00:00Z", 0)] {
        let list = get(&house.at(&format!("/v1/incidents?as_of={as_of}"))).await.expect(200).json();
        assert_eq!(services(&list).len(), expected, "{as_of}: {list:#}");
    }
    let list = get(&house.at("/v1/incidents?as_of=4")).await.expect(200).json();
    assert_eq!(list["incidents"][0]["first_seen"]["occurred"]["earliest"], "2022-10-25T06:55:00Z", "{list:#}");
    // What was true then stays so, whatever comes.
    publish_one(&house.url, &anomaly("late", "whatsapp", "2022-10-25T06:00Z[UTC]")).await;
    house.caught_up().await;
    assert_eq!(timeline("as_of=5").await, after);
}

#[tokio::test]
async fn known_at_tells_only_what_had_certainly_been_stated() {
    let house = outage_in_steps().await;
    let at_14_45 = "2022-10-25T14:45%2B05:30";
    let timeline = get(&house.at(&format!("/v1/incidents/whatsapp/timeline?known_at={at_14_45}"))).await.expect(200).json();
    assert_eq!((&timeline["state"], &timeline["milestones"]["restored"]), (&"acknowledged".into(), &Value::Null));
    let items: Vec<&Value> =
        timeline["entries"].as_array().unwrap().iter().flat_map(|entry| std::iter::once(entry).chain(entry["inside"].as_array().unwrap())).collect();
    assert!(!items.is_empty());
    for item in items {
        assert!(item["stated"]["latest"].as_str().unwrap() <= "2022-10-25T09:15:00Z", "told although it was not yet stated: {item:#}");
    }
    for item in timeline["possibly"].as_array().unwrap() {
        assert!(item["stated"]["latest"].as_str().is_none_or(|latest| latest > "2022-10-25T09:15:00Z"), "{item:#}");
    }
    let list = async |query: &str| get(&house.at(&format!("/v1/incidents?known_at={query}"))).await.expect(200).json();
    assert_eq!(services(&list("2022-10-25T07:30:00Z").await), Vec::<String>::new(), "nobody had certainly said anything");
    let known = list(at_14_45).await;
    assert_eq!((&known["incidents"][0]["state"], &known["incidents"][0]["restored"]), (&"acknowledged".into(), &Value::Null), "{known:#}");
    assert_eq!(services(&list("2022-10-25T14:45%2B05:30&state=restored").await), Vec::<String>::new());
    assert_eq!(services(&list("2022-10-26T00:00:00Z&state=restored").await), ["whatsapp"]);
    // It was over by then, but nobody could know: as known, it went on.
    let going_on = list("2022-10-25T14:45%2B05:30&at=2022-10-25T11:00:00Z").await;
    assert_eq!(going_on["incidents"][0]["ongoing"], "certain", "{going_on:#}");
    assert_eq!(services(&list("2022-10-25T14:45%2B05:30&from=2022-10-25T11:00:00Z").await), ["whatsapp"]);
    assert_eq!(services(&list("2022-10-26T00:00:00Z&from=2022-10-25T11:00:00Z").await), Vec::<String>::new());
    // As known then, it was first seen at 07:45.
    assert_eq!(services(&list("2022-10-25T14:45%2B05:30&to=2022-10-25T07:45:00Z").await), Vec::<String>::new());
    assert_eq!(services(&list("2022-10-26T00:00:00Z&to=2022-10-25T07:45:00Z").await), ["whatsapp"]);
}

#[tokio::test]
async fn at_tells_the_story_up_to_a_moment() {
    let house = outage_in_steps().await;
    let timeline = get(&house.at("/v1/incidents/whatsapp/timeline?at=2022-10-25T08:00:00Z")).await.expect(200).json();
    assert_ne!(timeline["state"], "restored");
    let entries = timeline["entries"].as_array().unwrap();
    assert!(!entries.is_empty());
    for entry in entries {
        assert!(entry["occurred"]["earliest"].as_str().is_none_or(|earliest| earliest <= "2022-10-25T08:00:00Z"), "{entry:#}");
    }
}

#[tokio::test]
async fn whoever_has_the_latest_is_told_so_and_how_far_it_is_true() {
    let house = House::with_outage().await;
    let head_now = head(&house.url).await;
    for path in ["/v1/incidents/whatsapp", "/v1/incidents/whatsapp/timeline", "/v1/incidents/whatsapp/timeline.txt?lang=bn", "/incidents/whatsapp"] {
        let first = get(&house.at(path)).await.expect(200);
        assert_eq!(positions(&first), (head_now, head_now), "{path}");
        let etag = first.header("etag").to_owned();
        for said in [etag.clone(), etag.trim_start_matches("W/").to_owned(), format!("\"other\", {etag}"), "*".to_owned()] {
            let again = get_with(&house.at(path), &[("if-none-match", &said)]).await.expect(304);
            assert_eq!((again.body.len(), again.header("etag"), positions(&again)), (0, etag.as_str(), (head_now, head_now)), "{path} {said}");
        }
        get_with(&house.at(path), &[("if-none-match", "W/\"other\"")]).await.expect(200);
    }
}

#[tokio::test]
async fn an_etag_changes_with_its_incident_and_with_no_other() {
    let house = House::with_outage().await;
    let paths = ["/v1/incidents/whatsapp", "/v1/incidents/whatsapp/timeline", "/v1/incidents/whatsapp/timeline.txt", "/incidents/whatsapp"];
    let tags = async || {
        let mut tags = Vec::new();
        for path in paths {
            tags.push(get(&house.at(path)).await.expect(200).header("etag").to_owned());
        }
        tags
    };
    let before = tags().await;
    let other = publish_one(&house.url, &anomaly("mail", "mail", "2026-03-01T10:00Z[UTC]")).await;
    house.caught_up().await;
    assert_eq!(tags().await, before, "another incident changed");
    let unchanged = get_with(&house.at(paths[1]), &[("if-none-match", &before[1])]).await.expect(304);
    assert_eq!(positions(&unchanged), (other, other), "the answer is true as far as the other incident's event");
    publish_one(&house.url, &anomaly("more", "whatsapp", "2022-10-25T07:00Z[UTC]")).await;
    house.caught_up().await;
    let after = tags().await;
    for (path, (before, after)) in paths.iter().zip(before.iter().zip(&after)) {
        assert_ne!(before, after, "{path}: the incident changed");
    }
    // Every representation has a tag of its own.
    let mut seen = std::collections::BTreeSet::new();
    for query in
        ["", "?lang=bn", "?tz=UTC", "?as_of=40", "?known_at=2022-10-25T12:00:00Z", "?at=2022-10-25T08:00:00Z", "?claims=true", "?retracted=true"]
    {
        let etag = get(&house.at(&format!("/v1/incidents/whatsapp/timeline{query}"))).await.expect(200).header("etag").to_owned();
        assert!(seen.insert(etag.clone()), "{query} has a tag that was given out before: {etag}");
    }
    assert!(seen.insert(after[0].clone()) && seen.insert(after[2].clone()) && seen.insert(after[3].clone()), "{after:?}");
}

#[tokio::test]
async fn min_position_makes_sure_that_one_reads_what_one_wrote() {
    let house = House::start();
    for number in 1..=20 {
        let position = publish_one(&house.url, &anomaly(&format!("a{number}"), &format!("s{number}"), "2026-03-01T10:00Z[UTC]")).await;
        let answer = get(&house.at(&format!("/v1/incidents?service=s{number}&min_position={position}"))).await.expect(200);
        assert_eq!(services(&answer.json()), [format!("s{number}")]);
        assert!(positions(&answer).0 >= position, "{:?}", answer.headers);
    }
    // Whoever asks before it is published waits for it.
    let early = house.at("/v1/incidents/early/timeline?min_position=21");
    let waiting = tokio::spawn(async move { get(&early).await });
    publish_one(&house.url, &anomaly("early", "early", "2026-03-01T10:00Z[UTC]")).await;
    waiting.await.unwrap().expect(200);

    for path in [
        "/v1/incidents",
        "/v1/incidents/early",
        "/v1/incidents/early/timeline",
        "/v1/incidents/early/events",
        "/v1/events/1",
        "/v1/events?after=0",
        "/v1/services",
        "/v1/services/s1",
    ] {
        let separator = if path.contains('?') { '&' } else { '?' };
        let answer = get(&house.at(&format!("{path}{separator}min_position=22&wait_ms=30"))).await;
        assert_eq!(answer.header("retry-after"), "1", "{path}");
        let problem = answer.problem(503);
        assert_eq!((&problem["type"], &problem["position"]), (&"urn:dateline:problem:not-caught-up".into(), &21.into()), "{path}");
    }
}

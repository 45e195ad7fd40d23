//! A long story comes in stretches that agree with each other and say how to go on; what is answered at once is bounded.

use serde_json::{Value, json};

use super::next_page;
use crate::asking::{House, get};
use crate::support::{anomaly, publish};

/// An incident of so many reports, a minute apart, each an entry of its own.
async fn with_reports(count: usize) -> House {
    let house = House::start();
    let lines: Vec<String> = (0..count).map(report).collect();
    for lines in lines.chunks(1_000) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let items = publish(&house.url, &lines).await;
        assert!(items.iter().all(|item| item["status"] == 201), "{items:?}");
    }
    house.caught_up().await;
    house
}

fn report(number: usize) -> String {
    let at = format!("2026-03-{:02}T{:02}:{:02}Z[UTC]", number / 1440 + 1, number / 60 % 24, number % 60);
    let event = anomaly(&format!("r{number}"), "mail", &at);
    if number == 0 {
        return event;
    }
    event.replace("anomaly.detected", "reports.observed").replace("\"sources\"", &format!("\"counts\":[{{\"value\":{}}}],\"sources\"", number + 1))
}

/// The stretches of a timeline, from an address on.
async fn stretches(house: &House, address: &str) -> Vec<Value> {
    let (mut next, mut all) = (Some(address.to_owned()), Vec::new());
    while let Some(address) = next {
        let answer = get(&house.at(&address)).await.expect(200);
        next = next_page(&answer);
        let document = answer.json();
        assert_eq!(document["page"]["next"], json!(next), "the header and the document name the same");
        all.push(document);
    }
    all
}

fn of_all<'a>(stretches: &'a [Value], list: &str) -> Vec<&'a Value> {
    stretches.iter().flat_map(|document| document[list].as_array().unwrap()).collect()
}

#[tokio::test]
async fn the_stretches_of_a_story_are_the_story() {
    let house = House::with_outage().await;
    let retraction = r#"{"specversion":"1.0","id":"back","source":"/desks/demo","type":"dateline.event.retracted.v1","subject":"whatsapp","data":{"event":{"id":"w10"},"reason":"read wrong"}}"#;
    publish(&house.url, &[retraction]).await;
    house.caught_up().await;
    for axes in ["", "&known_at=2022-10-25T09:15:00Z", "&at=2022-10-25T08:00:00Z", "&retracted=true&claims=true&lang=bn"] {
        let whole = get(&house.at(&format!("/v1/incidents/whatsapp/timeline?{axes}"))).await.expect(200);
        assert_eq!((whole.header("link"), &whole.json()["page"]["next"]), ("", &Value::Null), "a short story is told at once");
        let whole = [whole.json()];
        for limit in [1, 3, 7] {
            let parts = stretches(&house, &format!("/v1/incidents/whatsapp/timeline.json?entries_limit={limit}{axes}")).await;
            for list in ["entries", "possibly", "retracted", "links"] {
                assert_eq!(of_all(&parts, list), of_all(&whole, list), "{list} by {limit} {axes}");
            }
            for part in &parts {
                for member in ["milestones", "summary", "state", "title", "services", "changed"] {
                    assert_eq!(part[member], whole[0][member], "{member} by {limit} {axes}");
                }
                assert_eq!(part["page"]["of"], whole[0]["page"]["of"]);
            }
        }
    }
}

#[tokio::test]
async fn what_was_taken_back_stands_where_it_stood_on_every_surface() {
    let house = House::with_outage().await;
    let retraction = r#"{"specversion":"1.0","id":"back","source":"/desks/demo","type":"dateline.event.retracted.v1","subject":"whatsapp","data":{"event":{"id":"w41"},"reason":"read wrong"}}"#;
    publish(&house.url, &[retraction]).await;
    house.caught_up().await;
    let story = get(&house.at("/v1/incidents/whatsapp/timeline.json")).await.expect(200).json();
    let struck: Vec<&Value> = story["entries"].as_array().unwrap().iter().filter(|entry| entry["standing"] == "retracted").collect();
    let [struck] = struck[..] else { panic!("one entry was taken back, and these are: {struck:#?}") };
    assert_eq!((&struck["event"]["id"], &struck["retraction"]["said_by"]), (&json!("w41"), &json!({"publisher": "/desks/demo"})));
    assert_eq!(struck["marks"], json!(["Taken back by /desks/demo: read wrong."]));
    assert_eq!(
        (&story["retracted"][0]["event"]["id"], &story["retracted"][0]["marks"]),
        (&json!("w41"), &Value::Null),
        "the list is not told unless asked for"
    );
    let words = struck["text"].as_str().unwrap();
    let text = get(&house.at("/v1/incidents/whatsapp/timeline.txt?columns=1000&retracted=true")).await.expect(200).text();
    assert!(text.contains(&format!("~{words}~")) && text.matches("read wrong").count() == 1, "{text}");
    let id = story["incident"].as_str().unwrap();
    let page = get(&house.at(&format!("/incidents/{id}"))).await.expect(200).text();
    assert_eq!(page.matches("<del>").count(), 1, "{page}");
    assert!(page.contains("<strong>Taken back by /desks/demo</strong>: read wrong."), "{page}");
}

#[tokio::test]
async fn stretches_agree_while_the_story_goes_on() {
    let house = with_reports(12).await;
    let first = get(&house.at("/v1/incidents/mail/timeline.json?entries_limit=5")).await.expect(200);
    let position = first.header("dateline-position").parse::<u64>().unwrap();
    assert_eq!(first.json()["page"], json!({"first": 1, "last": 5, "of": 12, "next": next_page(&first)}));
    // More of it, one of them before all others.
    let earlier = report(20).replace("2026-03-01T00:20", "2026-03-01T00:00");
    publish(&house.url, &[&report(30), &earlier, &report(31)]).await;
    house.caught_up().await;
    let second = get(&house.at(&next_page(&first).unwrap())).await.expect(200).json();
    assert_eq!((&second["page"]["first"], &second["page"]["of"], &second["axes"]["as_of"]), (&json!(6), &json!(12), &json!(position)), "{second:#}");
    let anew = get(&house.at("/v1/incidents/mail/timeline.json?entries_limit=5")).await.expect(200).json();
    assert_eq!(anew["page"]["of"], 15);
}

#[tokio::test]
async fn text_and_page_say_how_to_go_on_in_the_readers_language() {
    let house = with_reports(12).await;
    for (lang, first, last) in [
        ("en", "Entries 1 to 5 of 12. The story goes on at /v1/incidents/", "Entries 11 to 12 of 12."),
        ("bn", "মোট ১২টি ভুক্তির মধ্যে এখানে ১ থেকে ৫ নম্বর। পরের অংশ: /v1/incidents/", "মোট ১২টি ভুক্তির মধ্যে এখানে ১১ থেকে ১২ নম্বর।"),
        ("bn-BD", "মোট ১২টি ভুক্তির মধ্যে এখানে ১ থেকে ৫ নম্বর। পরের অংশ: /v1/incidents/", "মোট ১২টি ভুক্তির মধ্যে এখানে ১১ থেকে ১২ নম্বর।"),
    ] {
        let mut answer = get(&house.at(&format!("/v1/incidents/mail/timeline.txt?entries_limit=5&lang={lang}"))).await.expect(200);
        assert!(answer.text().lines().last().unwrap().starts_with(first), "{}", answer.text());
        while let Some(next) = next_page(&answer) {
            assert!(answer.text().contains(&next), "{}", answer.text());
            answer = get(&house.at(&next)).await.expect(200);
        }
        assert_eq!(answer.text().lines().last(), Some(last), "{}", answer.text());
        let id = get(&house.at("/v1/incidents/mail")).await.expect(200).json()["incident"].as_str().unwrap().to_owned();
        let page = get(&house.at(&format!("/incidents/{id}?entries_limit=5&lang={lang}"))).await.expect(200);
        let next = next_page(&page).unwrap();
        assert!(page.text().contains(&format!("<a rel=\"next\" href=\"{}\">", next.replace('&', "&#38;"))), "{next}\n{}", page.text());
        assert!(page.text().contains("data-live="), "the first entries move on");
        let second = get(&house.at(&next)).await.expect(200);
        assert!(second.text().contains("rel=\"first\"") && !second.text().contains("data-live="), "{}", second.text());
    }
    let whole = get(&house.at("/v1/incidents/mail/timeline.txt")).await.expect(200).text();
    assert!(!whole.contains("Entries"), "a short story needs no word of it: {whole}");
}

#[tokio::test]
async fn what_is_wrong_with_a_stretch_is_named() {
    let house = with_reports(2).await;
    for (query, named) in [
        ("entries_limit=0", "entries_limit"),
        ("entries_limit=5001", "entries_limit"),
        ("entries_limit=all", "entries_limit"),
        ("entries_cursor=abc", "entries_cursor"),
        ("entries_cursor=eyJmcm9tIjowLCJhc19vZiI6MSwiZ2VuZXJhdGlvbiI6OTl9", "entries_cursor"),
    ] {
        let problem = get(&house.at(&format!("/v1/incidents/mail/timeline.json?{query}"))).await.problem(400);
        assert!(problem["detail"].as_str().unwrap().contains(named), "{query}: {problem}");
    }
    get(&house.at("/v1/incidents/mail/timeline.json?entries_limit=5000&entries_cursor=")).await.expect(200);
}

#[tokio::test]
async fn a_thousand_entries_are_told_at_once_and_all_events_are_streamed() {
    let house = with_reports(1_101).await;
    let parts = stretches(&house, "/v1/incidents/mail/timeline.json").await;
    assert_eq!(parts.iter().map(|part| part["entries"].as_array().unwrap().len()).collect::<Vec<_>>(), [1_000, 101]);
    let short = get(&house.at("/v1/incidents/mail")).await.expect(200).json();
    assert_eq!(
        (&short["events"], &short["state"], &short["milestones"]["first_seen"]["event"]["id"]),
        (&json!(1_101), &json!("detected"), &json!("r0"))
    );
    for (query, count) in [("", 1_101), ("?as_of=1000", 1_000), ("?as_of=900", 900)] {
        let events = get(&house.at(&format!("/v1/incidents/mail/events{query}"))).await.expect(200).json();
        let positions: Vec<u64> = events["events"].as_array().unwrap().iter().map(|event| event["position"].as_u64().unwrap()).collect();
        assert_eq!(positions, (1..=count).collect::<Vec<u64>>(), "{query}");
        assert_eq!(events["incident"], short["incident"]);
    }
}

#[tokio::test]
async fn what_stands_inside_one_entry_is_bounded_and_counted() {
    let house = House::start();
    // 102 claims of one beginning: one is told, and as many as there is room for stand inside it.
    let lines: Vec<String> =
        (0..102).map(|number| anomaly(&format!("c{number}"), "mail", &format!("2026-03-01T1{}:{:02}Z[UTC]", number / 60, number % 60))).collect();
    publish(&house.url, &lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
    house.caught_up().await;
    let told = get(&house.at("/v1/incidents/mail/timeline.json?claims=true")).await.expect(200).json();
    let entry = &told["entries"][0];
    assert_eq!((&entry["inside_count"], entry["inside"].as_array().unwrap().len()), (&json!(101), 100));
    let first_seen = &told["milestones"]["first_seen"];
    assert_eq!((&first_seen["claims_count"], first_seen["claims"].as_array().unwrap().len()), (&json!(102), 100));
    let text = get(&house.at("/v1/incidents/mail/timeline.txt")).await.expect(200).text();
    assert!(text.contains("More of it, not shown here: 1"), "{text}");
}

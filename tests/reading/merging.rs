//! Two incidents found to be one: the id of the later one redirects; taking the link back parts them again.

use serde_json::Value;

use crate::asking::{House, get, publish_one};
use crate::support::anomaly;

pub(super) const SAME: &str = r#"{"specversion":"1.0","id":"same","source":"/tests","type":"dateline.incident.linked.v1","subject":"mail","data":{"from":{"id":"mail"},"to":{"id":"post"},"relation":"same_as","reason":"one cable"}}"#;
const PARTED: &str = r#"{"specversion":"1.0","id":"parted","source":"/tests","type":"dateline.event.retracted.v1","subject":"mail","data":{"event":{"id":"same"},"reason":"two cables"}}"#;

async fn id_of(house: &House, service: &str) -> String {
    get(&house.at(&format!("/v1/incidents/{service}"))).await.expect(200).json()["incident"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_merged_id_redirects_until_the_link_is_taken_back() {
    let house = House::start();
    publish_one(&house.url, &anomaly("post", "post", "2026-03-01T10:00Z[UTC]")).await;
    publish_one(&house.url, &anomaly("mail", "mail", "2026-03-01T10:05Z[UTC]")).await;
    house.caught_up().await;
    let (post, mail) = (id_of(&house, "post").await, id_of(&house, "mail").await);
    let apart = get(&house.at(&format!("/v1/incidents/{mail}/timeline"))).await.expect(200).json();

    publish_one(&house.url, SAME).await;
    house.caught_up().await;
    for rest in ["", "/timeline", "/timeline.json", "/timeline.txt", "/events"] {
        let answer = get(&house.at(&format!("/v1/incidents/{mail}{rest}?lang=bn").replace("/events?lang=bn", "/events?as_of=3"))).await.expect(301);
        let place = answer.header("location").to_owned();
        assert!(place.starts_with(&format!("/v1/incidents/{post}{rest}?")), "{rest}: {place}");
        get(&house.at(&place)).await.expect(200);
    }
    let page = get(&house.at(&format!("/incidents/{mail}?lang=bn"))).await.expect(301);
    assert_eq!(page.header("location"), format!("/incidents/{post}?lang=bn"));
    let one = get(&house.at(&format!("/v1/incidents/{post}/timeline"))).await.expect(200).json();
    assert_eq!((&one["services"], &one["merged"]), (&serde_json::json!(["post", "mail"]), &serde_json::json!([mail])));
    let list = get(&house.at("/v1/incidents")).await.expect(200).json();
    assert_eq!(list["incidents"].as_array().unwrap().len(), 1, "{list:#}");
    // As of before the link they are two, under their own names.
    get(&house.at(&format!("/v1/incidents/{mail}/timeline?as_of=2"))).await.expect(200);

    publish_one(&house.url, PARTED).await;
    house.caught_up().await;
    let again = get(&house.at(&format!("/v1/incidents/{mail}/timeline"))).await.expect(200).json();
    let story = |timeline: &Value| (timeline["incident"].clone(), timeline["services"].clone(), timeline["entries"].clone());
    assert_eq!(story(&again), story(&apart), "parted, it is as it was");
    assert_eq!(id_of(&house, "post").await, post);
    // And as of in between they are still one.
    get(&house.at(&format!("/v1/incidents/{mail}/timeline?as_of=3"))).await.expect(301);
}

#[tokio::test]
async fn fifty_links_are_told_by_the_titles_of_what_they_lead_to_and_the_others_by_events() {
    let house = House::start();
    publish_one(&house.url, &anomaly("post", "post", "2026-03-01T10:00Z[UTC]")).await;
    publish_one(&house.url, &anomaly("mail", "mail", "2026-03-01T10:05Z[UTC]")).await;
    let caused = |number: usize| SAME.replace("\"same\"", &format!("\"caused-{number}\"")).replace("same_as", "caused_by");
    let links: Vec<String> = (0..51).map(caused).collect();
    let items = crate::support::publish(&house.url, &links.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(items.iter().all(|item| item.get("problem").is_none()), "{items:?}");
    house.caught_up().await;
    let told = get(&house.at("/v1/incidents/mail/timeline")).await.expect(200).json();
    let links = told["links"].as_array().unwrap();
    assert_eq!((links.len(), links.iter().filter(|link| !link["incident"].is_null()).count()), (51, 50));
    let text = get(&house.at("/v1/incidents/mail/timeline.txt")).await.expect(200).text().replace('\n', " ");
    assert_eq!((text.matches("Caused by “").count(), text.matches("(mail → post)").count()), (50, 1), "{text}");
}

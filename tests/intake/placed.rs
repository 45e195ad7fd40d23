//! Whoever asks is told where an event was placed, and what is unattached has its reason wherever it is shown.

use serde_json::{Value, json};

use crate::asking::{BATCH, House, STRUCTURED, client, get, post, send};
use crate::support::anomaly;

fn event(id: &str, kind: &str, data: &Value) -> String {
    json!({"specversion": "1.0", "id": id, "source": "/tests", "type": format!("dateline.{kind}.v1"), "subject": "mail", "data": data}).to_string()
}

async fn placed(house: &House, media_type: &str, body: String) -> Value {
    let request = client().post(house.at("/v1/events")).header("content-type", media_type).header("prefer", "wait=20, until=placed").body(body);
    let answer = send(request).await.expect(201);
    assert_eq!(answer.header("preference-applied"), "wait=20, until=placed");
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_is_told_where_an_event_was_placed() {
    let house = House::start();
    let first = placed(&house, STRUCTURED, anomaly("a", "mail", "2026-03-01T10:00Z[UTC]")).await;
    let incident = first["placed"]["incident"].as_str().unwrap().to_owned();
    get(&house.at(&format!("/v1/incidents/{incident}"))).await.expect(200);
    let undated = event("u", "scope.changed", &json!({"occurred": {"unknown": true}, "known": false}));
    let far = event("f", "service.restored", &json!({"occurred": {"at": "2020-03-01T10:00Z"}, "extent": "full"}));
    let act = event("c", "event.retracted", &json!({"event": {"id": "never"}}));
    let name = event("n", "service.registered", &json!({"names": {"en": "Mail"}}));
    let batch = placed(&house, BATCH, format!("[{undated},{far},{act},{name}]")).await;
    let told: Vec<&Value> = batch["items"].as_array().unwrap().iter().map(|item| &item["receipt"]["placed"]).collect();
    let expected = [
        json!({"unattached": "no_bound"}),
        json!({"unattached": "no_incident_near"}),
        json!({"unattached": "names_unknown_event"}),
        json!({"service": "mail"}),
    ];
    assert_eq!(told, expected.iter().collect::<Vec<_>>());
    let one = get(&house.at("/v1/events/2")).await.expect(200).json();
    assert_eq!(one["unattached"]["reason"], "no_bound");
    let listed = get(&house.at("/v1/events?state=unattached")).await.expect(200).json();
    let reasons: Vec<&Value> = listed["events"].as_array().unwrap().iter().map(|event| &event["unattached"]["reason"]).collect();
    assert_eq!(reasons, ["no_bound", "no_incident_near", "names_unknown_event"]);
    // Nobody asked, nobody waits.
    let plain =
        send(client().post(house.at("/v1/events")).header("content-type", STRUCTURED).body(anomaly("b", "mail", "2026-03-01T10:05Z[UTC]"))).await;
    assert!(plain.expect(201).json().get("placed").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_say_how_incidents_stood_and_ids_that_open_nothing_lead_on() {
    let house = House::start();
    placed(&house, STRUCTURED, anomaly("a", "mail", "2026-03-01T10:00Z[UTC]")).await;
    let post =
        json!({"occurred": {"at": "2026-03-01T20:00Z"}, "status": "investigating", "sources": [{"slug": "v", "role": "read_in", "kind": "vendor"}]});
    placed(&house, STRUCTURED, event("p", "vendor.updated", &post)).await;
    let back = json!({"occurred": {"at": "2026-03-02T20:00Z"}, "extent": "full", "sources": [{"slug": "x", "role": "read_in", "kind": "press"}]});
    let joined = placed(&house, STRUCTURED, event("r", "service.restored", &back)).await;
    let incident = joined["placed"]["incident"].as_str().unwrap().to_owned();
    for (at, state, ongoing) in [("2026-03-01T12:00Z", "detected", "certain"), ("2026-03-02T10:00Z", "investigating", "certain")] {
        let listed = get(&house.at(&format!("/v1/incidents?at={at}"))).await.expect(200).json();
        assert_eq!((&listed["incidents"][0]["state"], &listed["incidents"][0]["ongoing"]), (&json!(state), &json!(ongoing)), "{at}");
        let narrowed = get(&house.at(&format!("/v1/incidents?at={at}&state=restored"))).await.expect(200).json();
        assert_eq!(narrowed["incidents"], json!([]), "{at}");
    }
    let over = get(&house.at("/v1/incidents?at=2026-03-03T00:00Z")).await.expect(200).json();
    assert_eq!(over["incidents"], json!([]));
    // What the post would have opened by the rules before.
    let moved = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = moved.get(house.at(&format!("/v1/incidents/{}", former("2026-03-01", "p")))).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (301, format!("/v1/incidents/{incident}").as_str()));
    get(&house.at("/v1/incidents/mail-2026-03-01-0123456789abcdef")).await.problem(404);
}

/// What an event of an id would have opened by the rules of an earlier version.
fn former(date: &str, id: &str) -> String {
    format!("mail-{date}-{}", &sha256_of(&format!("/tests\n{id}"))[..16])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_opens_nothing_is_looked_for_in_ten_incidents_and_five_hundred_events_of_each() {
    let house = House::start();
    let many: Vec<Value> =
        (0..501).map(|number| serde_json::from_str(&anomaly(&format!("e{number}"), "mail", "2026-03-01T10:00Z[UTC]")).unwrap()).collect();
    let answer = post(&house.url, BATCH, json!(many).to_string()).await;
    assert!((200..300).contains(&answer.status), "{}", answer.text());
    let others = |from: u32, until: u32| (from..until).map(|day| anomaly(&format!("d{day}"), "mail", &format!("2026-03-{day:02}T10:00Z[UTC]")));
    for event in others(3, 12) {
        placed(&house, STRUCTURED, event).await;
    }
    let ask = |id: &str| house.at(&format!("/v1/incidents/{}", former("2026-03-20", id)));
    get(&ask("e499")).await.expect(301);
    get(&ask("e500")).await.problem(404);
    for event in others(12, 13) {
        placed(&house, STRUCTURED, event).await;
    }
    get(&ask("e499")).await.problem(404);
    get(&ask("d3")).await.expect(301);
}

#[tokio::test(flavor = "multi_thread")]
async fn planned_work_past_its_window_is_not_known() {
    let house = House::start();
    let work =
        |id: &str, window: [&str; 2]| event(id, "maintenance.announced", &json!({"occurred": {"at": "2026-03-01T10:00Z"}, "scheduled": window}));
    placed(&house, STRUCTURED, work("m", ["2026-03-02T10:00Z", "2026-03-02T12:00Z"])).await;
    let states = |query: &str| {
        let address = house.at(&format!("/v1/incidents?nature=maintenance{query}"));
        async move {
            let listed = get(&address).await.expect(200).json();
            listed["incidents"].as_array().unwrap().iter().map(|incident| incident["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        }
    };
    assert_eq!(states("").await, ["unknown"]);
    assert_eq!((states("&state=unknown").await.len(), states("&state=scheduled").await.len()), (1, 0));
    assert_eq!(states("&known_at=2036-01-01T00:00Z").await, ["unknown"]);
    let told = get(&house.at("/v1/incidents/mail/timeline.json?known_at=2036-01-01T00:00Z")).await.expect(200).json();
    assert_eq!(told["state"], "unknown");
}

fn sha256_of(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

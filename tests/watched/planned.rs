//! Planned work is listed as planned work, never as an outage, and is not going on for ever where nobody says that it is done.

use serde_json::json;

use super::{Watcher, each, minute, read};
use crate::asking::House;

#[tokio::test]
async fn planned_work_ends_with_its_window_where_nobody_says_when_it_was_done() {
    let house = House::start();
    let page = Watcher { house: &house, service: "github" };
    let announced = json!({"occurred": {"at": minute(1)}, "scheduled": [minute(60), minute(120)], "text": {"en": "Databases move."},
        "reference": {"page": "https://status.example", "id": "work", "update": "p1", "status": "Scheduled"}});
    page.say(10, "work/post/p1/1", "maintenance.announced", announced).await;
    let started = json!({"occurred": {"at": minute(60)}, "text": {"en": "We begin."},
        "reference": {"page": "https://status.example", "id": "work", "update": "p2", "status": "In progress"}});
    page.say(70, "work/post/p2/1", "maintenance.started", started).await;
    let title = json!({"event": {"id": "work/post/p1/1"}, "title": {"en": "Database work"}});
    page.say(10, "work/name/1", "incident.titled", title).await;
    let going_on = async |query: &str| each(&read(&house, &format!("/v1/incidents?{query}")).await["incidents"], "ongoing");
    assert_eq!(going_on("").await, [""; 0], "planned work is no outage");
    assert_eq!(going_on(&format!("at={}", minute(90))).await, [""; 0]);
    assert_eq!(going_on(&format!("nature=maintenance&at={}", minute(90))).await, ["certain"]);
    assert_eq!(going_on(&format!("nature=maintenance&at={}", minute(120))).await, [""; 0]);
    assert_eq!(going_on(&format!("nature=maintenance&from={}", minute(120))).await, [""; 0]);
    assert_eq!(going_on(&format!("nature=maintenance&known_at={}&from={}", minute(100), minute(120))).await, [""; 0]);
    let listed = read(&house, "/v1/incidents?nature=maintenance").await;
    assert_eq!((&listed["incidents"][0]["planned_end"], &listed["incidents"][0]["restored"]), (&minute(120).into(), &json!(null)));
    // The window is moved: it is over later.
    page.correct(80, "work/window/2", "work/post/p1/1", json!({"scheduled": [minute(60), minute(180)]})).await;
    assert_eq!(going_on(&format!("nature=maintenance&at={}", minute(150))).await, ["certain"]);
    let shown = read(&house, "/v1/watch/pages/github").await;
    let work = &shown["incidents"][0];
    assert_eq!((&work["nature"], &work["severity"], &work["scheduled"]), (&"maintenance".into(), &json!(null), &json!([minute(60), minute(180)])));
    assert_eq!((&work["status"], &work["started_at"], &work["name"]), (&"In progress".into(), &minute(1).into(), &"Database work".into()));
    // Nobody says whether it still stands there once its window is over.
    let presence = async |known: i64| {
        let page = read(&house, &format!("/v1/watch/pages/github?presence=all&known_at={}", minute(known))).await;
        page["incidents"][0]["presence"].clone()
    };
    assert_eq!((presence(179).await, presence(180).await), ("listed".into(), "unknown".into()));
    // Somebody says when it was done: that counts.
    let done = json!({"occurred": {"at": minute(130)}, "reference": {"page": "https://status.example", "id": "work"}});
    page.say(140, "work/end/1", "maintenance.completed", done).await;
    assert_eq!(going_on(&format!("nature=maintenance&at={}", minute(150))).await, [""; 0]);
    let listed = read(&house, "/v1/incidents?nature=maintenance").await;
    assert!(listed["incidents"][0].get("planned_end").is_none(), "{listed:#}");
    assert_eq!(read(&house, "/v1/watch/pages/github").await["incidents"][0]["ended_at"], minute(130));
}

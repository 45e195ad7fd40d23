//! Every role is one word; each tells the truth about what it depends on, goes on without what it does not need, and stops gracefully.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::postgres::{Fsync, Postgres};
use crate::support::{OUTAGE, anomaly, folder, get, publish};

async fn ready(role: &Role) -> (u16, Value) {
    get(&format!("{}/health/ready", role.url)).await
}

/// Waits until the readiness has this status.
async fn until(role: &Role, status: u16) -> Value {
    let begun = Instant::now();
    loop {
        let (found, told) = ready(role).await;
        if found == status {
            return told;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "still {found}, not {status}: {told}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_says_what_it_lacks_and_goes_on_without_what_it_does_not_need() {
    let (_folder, data) = folder();
    let (mut bus, database) = (Nats::start(), Postgres::start(Fsync::Off));
    let kept = Kept { ledger: bus.url(), views: database.create_database(), ..Kept::in_folder(&data) };
    let [intake, projector, archive, reader] = ["intake", "projector", "archive", "reader"].map(|word| Role::start(&kept, word));
    let lines: Vec<&str> = OUTAGE.lines().collect();
    assert_eq!(publish(&intake.url, &lines).await.len(), lines.len());
    let timeline = format!("{}/v1/incidents/whatsapp/timeline?min_position={}", reader.url, lines.len());
    let (status, told) = get(&timeline).await;
    assert_eq!(status, 200, "{told}");
    for role in [&intake, &projector, &archive, &reader] {
        until(role, 200).await;
    }
    let health = |role: &Role| kept.run(&["health", "--url", &role.url]).status.code();
    assert_eq!(health(&intake), Some(0));

    bus.kill();
    for role in [&intake, &projector, &archive] {
        let told = until(role, 503).await;
        assert_eq!(told["ledger"]["ok"], false, "{told}");
    }
    assert_eq!(health(&intake), Some(1));
    let (status, told) = ready(&reader).await;
    assert_eq!((status, &told["ledger"]["ok"], &told["views"]["ok"]), (200, &json!(false), &json!(true)), "a reader reads on: {told}");
    assert_eq!(get(&timeline).await.0, 200);
    bus.restart();
    for role in [&intake, &projector, &archive, &reader] {
        until(role, 200).await;
    }

    database.kill("KILL");
    for role in [&projector, &archive, &reader] {
        until(role, 503).await;
    }
    until(&intake, 200).await;
    let stored = publish(&intake.url, &[&anomaly("meanwhile", "whatsapp", "2022-10-25T06:50Z")]).await;
    assert_eq!(stored[0]["receipt"]["position"], json!(lines.len() + 1), "an intake does not need the database");
    database.start_again();
    for role in [&projector, &archive, &reader] {
        until(role, 200).await;
    }
    let (status, told) = get(&format!("{}/v1/events/{}?min_position={}&wait_ms=30000", reader.url, lines.len() + 1, lines.len() + 1)).await;
    assert_eq!(status, 200, "{told}");
    for role in [intake, projector, archive, reader] {
        assert_eq!(role.terminate(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_is_answered_before_an_intake_stops() {
    const CALLERS: usize = 24;
    let (_folder, data) = folder();
    let bus = Nats::start();
    let kept = Kept { ledger: bus.url(), ..Kept::in_folder(&data) };
    let intake = Role::start(&kept, "intake");
    let client = reqwest::Client::new();
    let calls: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (client, url) = (client.clone(), format!("{}/v1/events", intake.url));
            tokio::spawn(async move {
                let mut stored = Vec::new();
                for number in 0.. {
                    let id = format!("{caller}-{number}");
                    let sent =
                        client.post(&url).header("content-type", "application/cloudevents+json").body(anomaly(&id, "whatsapp", "2022-10-25T06:37Z"));
                    match sent.send().await {
                        // Half an answer would be an error here.
                        Ok(answer) if answer.status() == 201 => {
                            stored.push((id, answer.json::<Value>().await.unwrap()["position"].as_u64().unwrap()));
                        }
                        Ok(answer) => panic!("{} {}", answer.status(), answer.text().await.unwrap()),
                        Err(error) if error.is_connect() || error.is_request() => return stored,
                        Err(error) => panic!("{error}"),
                    }
                }
                stored
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(intake.terminate(), Some(0), "SIGTERM is a graceful end");
    let mut stored = Vec::new();
    for call in calls {
        stored.extend(call.await.unwrap());
    }
    assert!(stored.len() > CALLERS, "only {} were stored", stored.len());
    let replayed = String::from_utf8(kept.run(&["audit", "replay"]).stdout).unwrap();
    let ids: std::collections::BTreeMap<u64, String> = replayed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["position"].as_u64().unwrap(), line["id"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(ids.len(), stored.len(), "an event was stored whose publisher was not answered");
    assert!(stored.iter().all(|(id, position)| ids.get(position) == Some(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_works_on_a_ledger_of_the_past_ends() {
    let (_folder, data) = folder();
    let bus = Nats::start();
    let archive = format!("sqlite:{}", data.join("archive.db").display());
    let kept = Kept { ledger: bus.url(), flags: vec!["--archive".to_owned(), archive], ..Kept::in_folder(&data) };
    let house = Role::start(&kept, "serve");
    publish(&house.url, &[&anomaly("1", "whatsapp", "2022-10-25T06:37Z")]).await;
    // Not stopped first, as it should be: the closed ledger takes nothing any more, so nothing that is acknowledged is left behind.
    let restored = kept.run(&["ledger", "restore", "--open"]);
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let refused = publish_one(&house.url, "2").await;
    assert!(matches!(refused, None | Some(503)), "{refused:?}");
    let code = tokio::task::spawn_blocking(move || house.ended()).await.unwrap();
    assert_eq!(code, Some(2), "it says that another ledger is current, and ends");
    let house = Role::start(&kept, "serve");
    assert_eq!(publish_one(&house.url, "2").await, Some(201));
}

async fn publish_one(url: &str, id: &str) -> Option<u16> {
    let sent = reqwest::Client::new().post(format!("{url}/v1/events")).header("content-type", "application/cloudevents+json");
    Some(sent.body(anomaly(id, "whatsapp", "2022-10-25T06:40Z")).send().await.ok()?.status().as_u16())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_killed_leaves_the_old_views_serving_and_readers_go_on_through_the_next() {
    let (_folder, data) = folder();
    let database = Postgres::start(Fsync::Off);
    let kept = Kept { views: database.create_database(), ..Kept::in_folder(&data) };
    let lines = data.join("history.ndjson");
    std::fs::write(&lines, crate::both_engines::history::lines(3_000)).unwrap();
    assert!(kept.run(&["publish", lines.to_str().unwrap()]).status.success());
    let name = kept.views.rsplit('/').next().unwrap().to_owned();
    let serving = || database.sql(&name, "SELECT number FROM dateline.generations WHERE state = 'serving'");
    let reader = Role::start(&kept, "reader");
    let timeline = || async {
        let (status, told) = get(&format!("{}/v1/incidents/service-000/timeline?min_position=3000", reader.url)).await;
        assert_eq!(status, 200, "{told}");
        told
    };
    let (before, told) = (serving(), timeline().await);

    let mut rebuild = crate::support::command(&data).args(kept.arguments()).arg("rebuild").spawn().unwrap();
    let half_done = "SELECT count(*) FROM dateline.generations WHERE state = 'building' AND position BETWEEN 1 AND 2999";
    while database.sql(&name, half_done) == "0" {
        assert!(rebuild.try_wait().unwrap().is_none(), "the rebuild ended before it could be killed");
    }
    rebuild.kill().unwrap();
    rebuild.wait().unwrap();
    assert_eq!((serving(), timeline().await), (before.clone(), told.clone()), "the old generation serves");

    let next = kept.clone();
    let rebuild = tokio::task::spawn_blocking(move || next.run(&["rebuild"]));
    let mut asked = 0;
    while !rebuild.is_finished() {
        assert_eq!(timeline().await, told);
        asked += 1;
    }
    assert!(rebuild.await.unwrap().status.success());
    assert_ne!(serving(), before, "the new generation serves");
    assert_eq!(timeline().await, told);
    assert!(asked > 5, "only {asked} readers asked meanwhile");
}

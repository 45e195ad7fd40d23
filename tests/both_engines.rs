//! Both back ends are one system: the same ledger, carried from engine to engine, is told byte for byte the same by all four pairings
//! of ledger and views. The WhatsApp outage and a generated history of every kind; 100,000 events with `DATELINE_LONG=1`.

pub mod history;

use std::collections::BTreeMap;

use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::postgres::shared;
use crate::support::{OUTAGE, folder};

const EVENTS: usize = 4_000;
const EVENTS_LONG: usize = 100_000;

#[tokio::test(flavor = "multi_thread")]
async fn all_four_pairings_tell_the_same_bytes() {
    let events = if std::env::var_os("DATELINE_LONG").is_some() { EVENTS_LONG } else { EVENTS };
    let (_folder, data) = folder();
    let bus = Nats::start();
    let lines = data.join("history.ndjson");
    std::fs::write(&lines, format!("{OUTAGE}{}", history::lines(events))).unwrap();
    let embedded = Kept::in_folder(&data);
    let published = embedded.run(&["publish", lines.to_str().unwrap()]);
    let said = format!("{}{}", String::from_utf8_lossy(&published.stdout), String::from_utf8_lossy(&published.stderr));
    assert!(published.status.success(), "{said}");
    let copied = embedded.run(&["ledger", "copy", &embedded.ledger, &bus.url()]);
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));

    let state_store = vec!["--state-store".to_owned(), format!("sqlite:{}", data.join("state.db").display())];
    let mut told: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    for (number, (ledger, views)) in [
        (embedded.ledger.clone(), format!("sqlite:{}", data.join("views-1.db").display())),
        (embedded.ledger.clone(), shared().create_database()),
        (bus.url(), format!("sqlite:{}", data.join("views-3.db").display())),
        (bus.url(), shared().create_database()),
    ]
    .into_iter()
    .enumerate()
    {
        let kept = Kept { folder: data.clone(), ledger, views, flags: state_store.clone() };
        let rebuilt = kept.run(&["rebuild"]);
        assert!(rebuilt.status.success(), "pairing {number}: {}", String::from_utf8_lossy(&rebuilt.stderr));
        let reader = Role::start(&kept, "reader");
        told.push((format!("{} with {}", kept.ledger, kept.views), everything(&reader.url).await));
        assert_eq!(reader.terminate(), Some(0));
    }
    let (first, all) = &told[0];
    assert!(all.len() > 100, "only {} answers were compared", all.len());
    for (pairing, answers) in &told[1..] {
        assert_eq!(all.len(), answers.len(), "{pairing} answers another number of questions than {first}");
        for (question, answer) in all {
            assert_eq!(Some(answer), answers.get(question), "{pairing} answers {question} otherwise than {first}");
        }
    }
    println!("{} events, {} answers of {} pairings are byte-identical", events + OUTAGE.lines().count(), all.len(), told.len());
}

/// Every incident's timeline in both languages, the lists, the services and the odd events, by what was asked.
async fn everything(url: &str) -> BTreeMap<String, String> {
    let mut answers = BTreeMap::new();
    let mut pages = vec!["/v1/incidents?limit=500&sort=started".to_owned()];
    while let Some(path) = pages.pop() {
        let answer = reqwest::get(format!("{url}{path}")).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        pages.extend(answer.headers().get("link").and_then(|link| link.to_str().unwrap().split(['<', '>']).nth(1)).map(ToOwned::to_owned));
        let text = answer.text().await.unwrap();
        let listed: serde_json::Value = serde_json::from_str(&text).unwrap();
        for incident in listed["incidents"].as_array().unwrap() {
            let id = incident["incident"].as_str().unwrap();
            for view in ["timeline.json?claims=true&retracted=true", "timeline.txt?lang=bn&claims=true", "timeline.json?as_of=1500", "events"] {
                ask(url, &format!("/v1/incidents/{id}/{view}"), &mut answers).await;
            }
        }
        // A page's cursor names its generation, which is a number of the engine's own.
        answers.insert(format!("list {}", answers.len()), listed["incidents"].to_string());
    }
    for path in [
        "/v1/services?limit=500",
        "/v1/events?state=poison&limit=1000",
        "/v1/events?state=unattached&limit=1000",
        "/v1/incidents?region=IN&limit=50",
        "/v1/incidents?q=outage&limit=50",
        "/v1/incidents?known_at=2001-03-01T00:00:00Z&service=service-001&limit=20",
        "/v1/incidents?as_of=1200&limit=100",
        "/v1/incidents?state=restored&nature=maintenance&limit=100",
        "/v1/events?after=0",
    ] {
        ask(url, path, &mut answers).await;
    }
    answers
}

async fn ask(url: &str, path: &str, answers: &mut BTreeMap<String, String>) {
    let answer = reqwest::get(format!("{url}{path}")).await.unwrap();
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    // What is refused or not there must be so everywhere; its words are compared too.
    answers.insert(path.to_owned(), format!("{status} {text}"));
}

//! Two intakes on one bus, both under many small requests at once: they fence each other, and the recorded time never falls. No fault
//! is injected here.

use serde_json::Value;

use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::support::{anomaly, folder};

const CLIENTS: usize = 12;
const EVENTS_EACH: usize = 120;

#[tokio::test(flavor = "multi_thread")]
async fn two_intakes_at_once_keep_positions_contiguous_and_recorded_times_in_order() {
    let (_folder, path) = folder();
    let bus = Nats::start();
    let kept = Kept { ledger: bus.url(), ..Kept::in_folder(&path) };
    let intakes = [Role::start(&kept, "intake"), Role::start(&kept, "intake")];
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let url = format!("{}/v1/events", intakes[client % 2].url);
            tokio::spawn(async move {
                let http = reqwest::Client::new();
                for number in 0..EVENTS_EACH {
                    let event = anomaly(&format!("{client}-{number}"), "whatsapp", "2022-10-25T06:37:00Z");
                    let answer = http.post(&url).header("content-type", "application/cloudevents+json").body(event).send().await.unwrap();
                    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let replayed = kept.run(&["audit", "replay"]);
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
    let text = String::from_utf8(replayed.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), CLIENTS * EVENTS_EACH);
    let recorded = |line: &Value| line["recorded"].as_str().unwrap().to_owned();
    let falls = lines.windows(2).filter(|pair| recorded(&pair[0]) > recorded(&pair[1])).map(|pair| pair[1]["position"].clone());
    assert_eq!(falls.collect::<Vec<_>>(), Vec::<Value>::new(), "recorded falls at these positions");
    assert!((1_u64..).zip(&lines).all(|(expected, line)| line["position"] == expected), "positions run without gaps");
}

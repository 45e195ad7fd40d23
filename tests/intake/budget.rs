//! What a request costs is bounded by its bytes, whatever stands in it: memory, problems told, and time.

use std::time::Instant;

use serde_json::Value;

use crate::asking::{BATCH, House, STRUCTURED, get, head, post};
use crate::support::{anomaly, run};

/// The largest body.
const BODY_BYTES: usize = 16 * 1024 * 1024;

/// The most memory that the server ever held, in MiB.
fn highest_mib(house: &House) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", house.server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// An array of zeros of so many bytes.
fn zeros(bytes: usize) -> String {
    let mut text = String::from("[0");
    text.push_str(&",0".repeat((bytes - 3) / 2));
    text.push(']');
    text
}

#[tokio::test]
async fn the_largest_bodies_cost_little_more_than_their_bytes() {
    let house = House::start();
    let before = highest_mib(&house);
    let event = anomaly("large", "mail", "2026-03-01T10:00Z[UTC]");
    let bodies = [
        ("zeros", BATCH, zeros(BODY_BYTES)),
        ("one item of zeros", BATCH, format!("[{}]", zeros(4 * 1024 * 1024))),
        ("many items of zeros", BATCH, format!("[{}]", vec![zeros(16_000); 200].join(","))),
        ("an event of zeros", STRUCTURED, event.replace("[\"IN\"]", &zeros(4 * 1024 * 1024))),
        ("base64", STRUCTURED, event.replace("\"data\":", &format!("\"data_base64\":\"{}\",\"more\":", "W".repeat(4 * 1024 * 1024)))),
        ("many events of wrong members", BATCH, {
            let members: String = (0..500).map(|number| format!("\"m{number}\":0,")).collect();
            format!("[{}]", vec![event.replace("\"regions\"", &format!("{members}\"regions\"")); 150].join(","))
        }),
    ];
    for (what, media_type, body) in bodies {
        let answer = post(&house.url, media_type, body).await;
        assert!([207, 413].contains(&answer.status), "{what}: {} {:.300}", answer.status, answer.text());
        // The body in its pieces and whole, and what the allocator keeps of it.
        let more = highest_mib(&house) - before;
        assert!(more < 150, "{what}: {more} MiB more than before");
    }
    assert_eq!(head(&house.url).await, 0);
}

#[tokio::test]
async fn the_1_001st_event_ends_a_batch_and_nothing_behind_it_is_read() {
    let house = House::start();
    let event = |number: usize| anomaly(&format!("n{number}"), "mail", "2026-03-01T10:00Z[UTC]");
    let many = (0..=1_000).map(event).collect::<Vec<_>>().join(",");
    let problem = post(&house.url, BATCH, format!("[{many}, this is no JSON")).await.problem(413);
    assert_eq!(problem["type"], "urn:dateline:problem:too-many-events", "{problem}");
    assert_eq!(head(&house.url).await, 0);
}

#[tokio::test]
async fn of_a_batch_100_problems_are_told_and_the_rest_is_counted() {
    let house = House::start();
    let event = |number: usize| anomaly(&format!("n{number}"), "mail", "2026-03-01T10:00Z[UTC]");
    let wrong = |number: usize| event(number).replace("\"IN\"", "\"India\"");
    let mut events: Vec<String> = (0..100).map(wrong).collect();
    let answer = post(&house.url, BATCH, format!("[{}]", events.join(","))).await.expect(207).json();
    assert!(answer.get("problems_left_out").is_none(), "{:.300}", answer.to_string());
    events.extend([event(100), wrong(101), wrong(102)]);
    let answer = post(&house.url, BATCH, format!("[{}]", events.join(","))).await.expect(207).json();
    assert_eq!(answer["problems_left_out"], 2);
    let items = answer["items"].as_array().unwrap();
    let told: Vec<usize> = (0..items.len()).filter(|number| items[*number].get("problem").is_some()).collect();
    assert_eq!(told, (0..100).collect::<Vec<_>>());
    assert_eq!(
        (&items[100]["status"], &items[101], &items[102]),
        (&201.into(), &serde_json::json!({"status": 422}), &serde_json::json!({"status": 422}))
    );

    // The command asks again, so that every line is told why.
    std::fs::write(house.data.join("wrong.ndjson"), (200..450).map(wrong).collect::<Vec<_>>().join("\n")).unwrap();
    let said = run(&house.data, &["publish", "wrong.ndjson", "--url", &house.url]);
    let told = String::from_utf8(said.stderr).unwrap();
    assert_eq!(told.lines().filter(|line| line.starts_with("wrong.ndjson, line ") && line.contains("India")).count(), 250, "{told:.600}");
    assert!(String::from_utf8(said.stdout).unwrap().contains("250 refused"));
}

/// Ten thousand faults would be found by reading the event ten thousand times.
#[tokio::test]
async fn of_an_event_100_faults_are_named_and_it_costs_no_more_time() {
    let house = House::start();
    let event = anomaly("faulty", "mail", "2026-03-01T10:00Z[UTC]");
    for (what, body) in [
        ("items", event.replace("[\"IN\"]", &zeros(60_000))),
        ("members", event.replace("\"regions\"", &format!("{}\"regions\"", (0..6_000).map(|number| format!("\"{number}\":0,")).collect::<String>()))),
    ] {
        let begun = Instant::now();
        let answer = post(&house.url, STRUCTURED, body).await;
        let took = begun.elapsed();
        let problem: Value = answer.json();
        let faults = problem["faults"].as_array().map_or(0, Vec::len);
        assert!((1..=100).contains(&faults), "{what}: {faults} faults: {:.300}", problem.to_string());
        assert!(took.as_millis() < 3_000, "{what} took {took:?}");
    }
    get(&house.at("/v1/services")).await.expect(200);
}

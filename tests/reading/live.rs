//! The live streams: a message a change, with its position as id; whoever comes back misses nothing and gets nothing twice.

use std::time::Duration;

use serde_json::{Value, json};

use crate::asking::{House, client, get, publish_one};
use crate::support::{TestServer, anomaly};

/// A message that has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message as it came.
#[derive(Debug, Clone, PartialEq)]
struct Message {
    event: String,
    id: Option<u64>,
    data: Value,
}

/// An open stream.
struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(url: &str, last_seen: Option<u64>) -> Self {
        let mut request = client().get(url);
        if let Some(last_seen) = last_seen {
            request = request.header("last-event-id", last_seen.to_string());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{url}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next message; None where the stream ended.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
                let read = field("event:").map(|event| Message {
                    event,
                    id: field("id:").map(|id| id.parse().unwrap()),
                    data: serde_json::from_str(&field("data:").unwrap()).unwrap(),
                });
                self.text = rest.to_owned();
                match read {
                    Some(message) => return Some(message),
                    // A comment: still here.
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk())
                .await
                .unwrap_or_else(|_| panic!("no message within {PATIENCE:?}; so far {:?}", self.text));
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    /// The ids of the changes up to "caught-up", and the position of that.
    async fn up_to_now(&mut self) -> (Vec<u64>, u64) {
        let mut ids = Vec::new();
        loop {
            let message = self.next().await.unwrap();
            match message.event.as_str() {
                "change" => {
                    assert_eq!(message.data["position"], json!(message.id.unwrap()), "{message:?}");
                    assert!(!message.data["incidents"].as_array().unwrap().is_empty(), "{message:?}");
                    ids.push(message.id.unwrap());
                }
                "caught-up" => {
                    assert_eq!(message.id, None, "whoever resumed after it would miss something");
                    return (ids, message.data["position"].as_u64().unwrap());
                }
                other => panic!("what is \"{other}\"? {message:?}"),
            }
        }
    }

    /// The next message, which must be a change.
    async fn change(&mut self) -> (u64, Vec<String>) {
        let message = self.next().await.unwrap();
        assert_eq!(message.event, "change", "{message:?}");
        (message.id.unwrap(), serde_json::from_value(message.data["incidents"].clone()).unwrap())
    }
}

async fn publish(house: &House, id: &str, service: &str) -> u64 {
    publish_one(&house.url, &anomaly(id, service, "2026-03-01T10:00Z[UTC]")).await
}

#[tokio::test]
async fn every_change_comes_once_and_a_reader_resumes_without_gap_or_repeat() {
    let house = House::start();
    for number in 1..=5 {
        publish(&house, &format!("a{number}"), &format!("s{number}")).await;
    }
    house.caught_up().await;
    let live = house.at("/v1/live");
    let mut stream = Stream::open(&format!("{live}?after=0"), None).await;
    assert_eq!(stream.up_to_now().await, (vec![1, 2, 3, 4, 5], 5));
    // Live from here on; a registration changes no incident, and is no message.
    let registered =
        r#"{"specversion":"1.0","id":"reg","source":"/tests","type":"dateline.service.registered.v1","subject":"s1","data":{"names":{"en":"One"}}}"#;
    publish_one(&house.url, registered).await;
    for number in 7..=9 {
        let position = publish(&house, &format!("a{number}"), "s1").await;
        let (id, incidents) = stream.change().await;
        assert_eq!((id, incidents.len()), (position, 1));
        assert!(incidents[0].starts_with("s1-2026-03-01-"), "{incidents:?}");
    }
    for seen in [0, 2, 5, 7, 9] {
        let mut resumed = Stream::open(&live, Some(seen)).await;
        let expected: Vec<u64> = [1, 2, 3, 4, 5, 7, 8, 9].into_iter().filter(|position| *position > seen).collect();
        assert_eq!(resumed.up_to_now().await, (expected, 9), "after {seen}");
    }
    // Without either it begins now.
    assert_eq!(Stream::open(&live, None).await.up_to_now().await, (vec![], 9));
    // Last-Event-ID, which browsers send when they come back, goes before the address.
    assert_eq!(Stream::open(&format!("{live}?after=0"), Some(8)).await.up_to_now().await.0, [9]);
}

#[tokio::test]
async fn nothing_is_missed_while_events_pour_in() {
    let house = House::start();
    let publishing = {
        let url = house.url.clone();
        tokio::spawn(async move {
            for number in 1..=60 {
                publish_one(&url, &anomaly(&format!("a{number}"), &format!("s{}", number % 7), "2026-03-01T10:00Z[UTC]")).await;
            }
        })
    };
    let (mut seen, mut last) = (Vec::new(), 0);
    while last < 60 {
        let mut stream = Stream::open(&house.at("/v1/live?after=0"), (last > 0).then_some(last)).await;
        // Breaks off after a few, and comes back.
        for _ in 0..9 {
            if last == 60 {
                break;
            }
            let message = stream.next().await.unwrap();
            if let Some(id) = message.id {
                seen.push(id);
                last = id;
            }
        }
    }
    publishing.await.unwrap();
    assert_eq!(seen, (1..=60).collect::<Vec<u64>>());
}

#[tokio::test]
async fn the_stream_of_an_incident_tells_its_own_changes_through_merge_and_split() {
    let house = House::start();
    publish(&house, "post", "post").await;
    publish(&house, "mail", "mail").await;
    publish(&house, "other", "other").await;
    house.caught_up().await;
    let mail = get(&house.at("/v1/incidents/mail")).await.expect(200).json()["incident"].as_str().unwrap().to_owned();
    let address = house.at(&format!("/v1/incidents/{mail}/live"));
    let mut stream = Stream::open(&format!("{address}?after=0"), None).await;
    assert_eq!(stream.up_to_now().await, (vec![2], 3));
    publish(&house, "other again", "other").await;
    assert_eq!(publish(&house, "mail again", "mail").await, stream.change().await.0);

    let same = r#"{"specversion":"1.0","id":"same","source":"/tests","type":"dateline.incident.linked.v1","subject":"mail","data":{"from":{"id":"mail"},"to":{"id":"post"},"relation":"same_as"}}"#;
    let parted = r#"{"specversion":"1.0","id":"parted","source":"/tests","type":"dateline.event.retracted.v1","subject":"mail","data":{"event":{"id":"same"},"reason":"two"}}"#;
    assert_eq!(publish_one(&house.url, same).await, stream.change().await.0);
    assert_eq!(publish(&house, "post again", "post").await, stream.change().await.0, "while merged, the other's changes are its own");
    let mut opened_while_merged = Stream::open(&address, None).await;
    assert_eq!(opened_while_merged.up_to_now().await.0, Vec::<u64>::new());
    let split = publish_one(&house.url, parted).await;
    let theirs = publish(&house, "post alone", "post").await;
    let own = publish(&house, "mail alone", "mail").await;
    for stream in [&mut stream, &mut opened_while_merged] {
        assert_eq!(stream.change().await.0, split);
        assert_eq!(stream.change().await.0, own, "after the split {theirs} is the other's");
    }
    let mut everything = Stream::open(&address, Some(0)).await;
    assert_eq!(everything.up_to_now().await.0, [2, 5, 6, 7, split, own]);
    assert_eq!(reqwest::get(house.at("/v1/incidents/nothing/live")).await.unwrap().status(), 404);
}

#[tokio::test]
async fn who_comes_from_another_ledger_is_told_to_load_anew_and_then_what_changes() {
    let house = House::start();
    publish(&house, "a1", "s1").await;
    house.caught_up().await;
    let incident = get(&house.at("/v1/incidents/s1")).await.expect(200).json()["incident"].as_str().unwrap().to_owned();
    let live = house.at("/v1/live");
    let of_incident = house.at(&format!("/v1/incidents/{incident}/live"));
    let mut streams = [
        Stream::open(&live, Some(141)).await,
        Stream::open(&format!("{live}?after=141"), None).await,
        Stream::open(&of_incident, Some(141)).await,
        Stream::open(&format!("{of_incident}?after=2"), None).await,
    ];
    for (place, stream) in streams.iter_mut().enumerate() {
        let reset = stream.next().await.unwrap();
        assert_eq!((reset.event.as_str(), reset.id, &reset.data["position"]), ("reset", Some(1), &json!(1)), "{place}: {reset:?}");
        assert_eq!(stream.up_to_now().await, (vec![], 1), "{place}");
    }
    let next = publish(&house, "a2", "s1").await;
    for (place, stream) in streams.iter_mut().enumerate() {
        assert_eq!(stream.change().await.0, next, "{place}");
    }
    // Up to the end it is this ledger's own.
    assert_eq!(Stream::open(&live, Some(2)).await.up_to_now().await, (vec![], 2));
}

#[tokio::test]
async fn streams_end_when_the_server_is_told_to_stop_and_go_on_with_the_next() {
    let house = House::start();
    publish(&house, "a1", "s1").await;
    house.caught_up().await;
    let mut stream = Stream::open(&house.at("/v1/live?after=0"), None).await;
    let (seen, _) = stream.up_to_now().await;
    let House { server, data, folder: _folder, .. } = house;
    let ended = tokio::task::spawn_blocking(move || server.terminate());
    assert_eq!(stream.next().await, None, "the stream ends cleanly");
    assert_eq!(ended.await.unwrap(), Some(0), "an open stream keeps nobody from stopping");
    let next = TestServer::start(&data);
    publish_one(&next.url, &anomaly("a2", "s1", "2026-03-01T10:00Z[UTC]")).await;
    let mut stream = Stream::open(&format!("{}/v1/live", next.url), seen.last().copied()).await;
    assert_eq!(stream.change_after_catching_up().await, 2);
}

impl Stream {
    /// The next change, whether or not "caught-up" came before it.
    async fn change_after_catching_up(&mut self) -> u64 {
        loop {
            if let Some(id) = self.next().await.unwrap().id {
                return id;
            }
        }
    }
}

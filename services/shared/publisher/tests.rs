//! Each outcome, against a server that answers as it is told: what ends an event, what is sent again, and in which order.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use super::{Outcome, PublishQueue, Publisher, TryAgain};
use crate::shared::api_client::{local_server, problem_text};
use crate::shared::http::MAX_SENT_EVENT_BYTES;

/// What the door says to one request: the text of its body, and which number it has.
type Says = dyn Fn(&str, usize) -> Response + Send + Sync;

struct Door {
    publisher: Publisher,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Answering {
    says: Arc<Says>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Door {
    /// An intake on this machine that answers so.
    async fn that(says: impl Fn(&str, usize) -> Response + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = Arc::new(local_server(listener.local_addr().unwrap()).unwrap());
        let answering = Answering { says: Arc::new(says), asked: asked.clone() };
        let router = Router::new().route("/v1/events", post(answer)).with_state(answering).layer(axum::extract::DefaultBodyLimit::disable());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { publisher: Publisher::new(api), asked }
    }

    fn patient(self) -> Self {
        Self { publisher: Publisher::patient(self.publisher.api), asked: self.asked }
    }

    async fn publish(&self, events: &[&str]) -> Vec<Outcome> {
        self.publisher.publish(&events.iter().map(|event| event.as_bytes()).collect::<Vec<_>>()).await
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(door): State<Answering>, headers: HeaderMap, body: String) -> Response {
    let is_array = headers[header::CONTENT_TYPE].to_str().unwrap().contains("batch");
    assert_eq!(is_array, serde_json::from_str::<Vec<Value>>(&body).is_ok(), "{body:.200}");
    let number = {
        let mut asked = door.asked.lock().unwrap();
        asked.push(body.clone());
        asked.len() - 1
    };
    (door.says)(&body, number)
}

/// An event says itself how it is to be answered.
fn event(source: &str, status: u16) -> String {
    json!({"source": source, "say": status}).to_string()
}

fn problem(status: u16) -> Value {
    json!({"title": "No", "detail": format!("of {status}"), "status": status})
}

/// Every event as it says; the position is its place.
fn items(body: &str) -> Response {
    let events: Vec<Value> = serde_json::from_str(body).unwrap();
    let item = |(at, event): (usize, &Value)| match event["say"].as_u64().unwrap() as u16 {
        status @ (200 | 201) => json!({"status": status, "receipt": {"position": at + 1, "fresh": status == 201}}),
        status => json!({"status": status, "problem": problem(status)}),
    };
    let items: Vec<Value> = events.iter().enumerate().map(item).collect();
    (StatusCode::MULTI_STATUS, json!({"items": items}).to_string()).into_response()
}

fn whole(status: u16) -> Response {
    (StatusCode::from_u16(status).unwrap(), problem(status).to_string()).into_response()
}

fn why(status: u16) -> String {
    problem_text(StatusCode::from_u16(status).unwrap(), problem(status).to_string().as_bytes())
}

fn try_again(status: u16, may_pass: bool) -> Outcome {
    Outcome::TryAgain(TryAgain { why: why(status), after: None, may_pass })
}

#[tokio::test]
async fn each_event_has_the_outcome_that_its_status_says() {
    let door = Door::that(|body, _| items(body)).await;
    let statuses = [201, 200, 409, 400, 413, 422, 401, 403, 404, 429, 500, 503, 507];
    let events: Vec<String> = statuses.iter().map(|status| event(&format!("/{status}"), *status)).collect();
    let outcomes = door.publish(&events.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let refused = |status| Outcome::Refused(why(status));
    let expected = [
        Outcome::Fresh(1),
        Outcome::Known(2),
        Outcome::Conflict(why(409)),
        refused(400),
        refused(413),
        refused(422),
        try_again(401, false),
        try_again(403, false),
        try_again(404, false),
        try_again(429, true),
        try_again(500, true),
        try_again(503, true),
        try_again(507, true),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(door.asked().len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_refused_as_a_whole_is_split_and_the_others_are_taken_in_order() {
    for status in [400, 413, 422, 409] {
        let door = Door::that(move |body, _| if body.contains("spoils") { whole(status) } else { items(body) }).await;
        let mut events: Vec<String> = (0..9).map(|number| event(&format!("/{number}"), 201)).collect();
        events[3] = event("/spoils", 201);
        let outcomes = door.publish(&events.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let ended = if status == 409 { Outcome::Conflict(why(409)) } else { Outcome::Refused(why(status)) };
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Fresh(_))).count(), 8, "{outcomes:?}");
        assert_eq!(outcomes[3], ended);
        let taken: String = door.asked().into_iter().filter(|body| !body.contains("spoils")).collect();
        let places: Vec<usize> = (0..9).filter(|at| *at != 3).map(|at| taken.find(&events[at]).unwrap()).collect();
        assert!(places.is_sorted(), "{taken}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_sent_by_itself_and_what_is_too_large_is_not_sent() {
    let door = Door::that(|body, _| if body.starts_with('[') { items(body) } else { whole(400) }).await;
    let sound = event("/a", 201);
    let (fits, beyond) = (" ".repeat(MAX_SENT_EVENT_BYTES - sound.len()) + &sound, " ".repeat(MAX_SENT_EVENT_BYTES + 1 - sound.len()) + &sound);
    let outcomes = door.publish(&["{\"half\":", &fits, "{},{}", &beyond, &sound]).await;
    assert_eq!(outcomes[..3], [Outcome::Refused(why(400)), Outcome::Fresh(1), Outcome::Refused(why(400))]);
    assert!(matches!(&outcomes[3], Outcome::Refused(why) if why.contains("at most")), "{:?}", outcomes[3]);
    assert_eq!((outcomes[4].clone(), door.asked().len()), (Outcome::Fresh(2), 3));
}

#[tokio::test]
async fn what_was_only_counted_is_asked_again_for_its_reason() {
    let untold = |body: &str| {
        let events: Vec<Value> = serde_json::from_str(body).unwrap();
        let item = |(at, _): (usize, &Value)| if at < 2 { json!({"status": 422, "problem": problem(422)}) } else { json!({"status": 422}) };
        (StatusCode::MULTI_STATUS, json!({"items": events.iter().enumerate().map(item).collect::<Vec<_>>()}).to_string()).into_response()
    };
    let door = Door::that(move |body, _| untold(body)).await;
    let events = [event("/a", 422), event("/b", 422), event("/c", 422), event("/d", 422), event("/e", 422)];
    let outcomes = door.publish(&events.each_ref().map(String::as_str)).await;
    assert_eq!((outcomes, door.asked().len()), (vec![Outcome::Refused(why(422)); 5], 3));
    // One that says of none why is not asked for ever.
    let door = Door::that(|_, _| (StatusCode::MULTI_STATUS, json!({"items": [{"status": 422}, {"status": 503}]}).to_string()).into_response()).await;
    let outcomes = door.publish(&[&event("/a", 0), &event("/b", 0)]).await;
    assert!(matches!(&outcomes[..], [Outcome::Refused(_), Outcome::TryAgain(_)]), "{outcomes:?}");
    assert_eq!(door.asked().len(), 1);
}

#[tokio::test]
async fn where_all_is_to_be_tried_again_nothing_more_is_sent() {
    for (status, may_pass) in [(401, false), (403, false), (404, false), (415, false), (408, true), (500, true), (503, true)] {
        let door = Door::that(move |_, _| whole(status)).await;
        let events = vec![event("/a", 201); 1_001];
        let outcomes = door.publish(&events.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!((outcomes[0].clone(), door.asked().len()), (try_again(status, may_pass), 1));
        assert_eq!(outcomes[1_000], try_again(status, false), "what is behind");
    }
    // A queue knows it once its next batch is full.
    let door = Door::that(|_, _| whole(503)).await;
    let mut queue = PublishQueue::new(door.publisher.clone());
    for number in 0..2_000 {
        assert_eq!(queue.push(event("/a", 201).into_bytes()).await.unwrap().len(), if number == 1_999 { 1_000 } else { 0 });
    }
    assert!(queue.is_held() && queue.flush().await.unwrap().len() == 1_000 && door.asked().len() == 1);
    // Half an answer, and none at all.
    let door = Door::that(|_, _| (StatusCode::CREATED, json!({"items": []}).to_string()).into_response()).await;
    assert!(matches!(&door.publish(&[&event("/a", 201)]).await[..], [Outcome::TryAgain(again)] if again.why.contains("did not answer every")));
    let nobody = Publisher::patient(Arc::new(local_server("127.0.0.1:1".parse().unwrap()).unwrap()));
    assert!(matches!(&nobody.publish(&[b"{}"]).await[..], [Outcome::TryAgain(again)] if again.why.contains("no server answers") && !again.may_pass));
}

#[tokio::test]
async fn behind_an_event_that_waits_nothing_of_its_source_is_sent_and_others_are() {
    let door = Door::that(|body, _| items(body)).await;
    let mut events = vec![event("/a", 403), event("/b", 201)];
    events.extend(vec![event("/b", 201); 998]);
    events.extend([event("/a", 201), event("/b", 200)]);
    let outcomes = door.publish(&events.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!((&outcomes[0], &outcomes[1]), (&try_again(403, false), &Outcome::Fresh(2)));
    assert_eq!(outcomes[1_000..], [try_again(403, false), Outcome::Known(1)]);
    let sizes: Vec<usize> = door.asked().iter().map(|body| serde_json::from_str::<Vec<Value>>(body).unwrap().len()).collect();
    assert_eq!(sizes, [1_000, 1], "1,000 events a request");
}

#[tokio::test]
async fn a_request_is_sent_once_it_has_so_many_bytes() {
    let door = Door::that(|body, _| items(body)).await;
    let wide = " ".repeat(MAX_SENT_EVENT_BYTES - 100) + &event("/a", 201);
    let mut queue = PublishQueue::new(door.publisher.clone());
    for _ in 0..20 {
        assert!(queue.push(wide.clone().into_bytes()).await.unwrap().iter().all(|(_, outcome)| matches!(outcome, Outcome::Fresh(_))));
    }
    queue.flush().await.unwrap();
    assert!(!queue.is_held());
    let queued: Vec<usize> = door.asked().iter().map(|body| serde_json::from_str::<Vec<Value>>(body).unwrap().len()).collect();
    assert_eq!(queued, [9, 9, 2], "8 MiB of events are full");
    door.publish(&[wide.as_str(); 20]).await;
    assert_eq!(door.asked()[3..].iter().map(String::len).collect::<Vec<_>>(), door.asked()[..3].iter().map(String::len).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_patient_publisher_waits_as_it_is_asked_to_and_sends_again_only_what_waits() {
    let door = Door::that(|body, number| match number {
        0 => items(body),
        1 => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], problem(503).to_string()).into_response(),
        _ => items(&body.replace("503", "201")),
    });
    let door = door.await.patient();
    let began = Instant::now();
    let outcomes = door.publish(&[&event("/a", 201), &event("/b", 503), &event("/c", 422)]).await;
    assert_eq!(outcomes, [Outcome::Fresh(1), Outcome::Fresh(1), Outcome::Refused(why(422))]);
    assert!(began.elapsed() >= Duration::from_millis(1_200), "{:?}", began.elapsed());
    assert_eq!(door.asked()[1..], vec![format!("[{}]", event("/b", 503)); 2]);
    // Nobody waits longer than the patience lasts, nor for what does not pass.
    let door = Door::that(|_, number| match number {
        0 => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")], problem(503).to_string()).into_response(),
        _ => whole(403),
    });
    let door = door.await.patient();
    let after = Some(Duration::from_secs(60));
    assert_eq!(door.publish(&[&event("/a", 201)]).await, [Outcome::TryAgain(TryAgain { why: why(503), after, may_pass: true })]);
    assert_eq!(door.publish(&[&event("/a", 201)]).await, [try_again(403, false)]);
    assert_eq!(door.asked().len(), 2);
}

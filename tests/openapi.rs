//! `schemas/openapi.json` is what a stranger may rely on: it lists the routes that there are, and describes every answer of a
//! running server, member for member.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::asking::{Answer, BATCH, House, STRUCTURED, client, get, get_with, post, send};
use crate::support::{anomaly, publish, run};

/// The committed contract.
fn contract() -> Value {
    serde_json::from_str(include_str!("../schemas/openapi.json")).unwrap()
}

/// "get /v1/incidents": every route of the sources' routers.
fn routes_of_the_sources() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("services")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                for route in source.split(".route(").skip(1) {
                    let Some((address, handlers)) = route.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"')) else { continue };
                    // A route ends where its parenthesis does.
                    let mut open = 1;
                    let end = handlers.char_indices().find_map(|(at, letter)| {
                        open += i32::from(letter == '(') - i32::from(letter == ')');
                        (open == 0).then_some(at)
                    });
                    let handlers = &handlers[..end.unwrap_or(handlers.len())];
                    for method in ["get", "post", "put", "patch", "delete"] {
                        if handlers.contains(&format!("{method}(")) {
                            routes.insert(format!("{method} {}", address.replace("{*", "{")));
                        }
                    }
                }
            }
        }
    }
    routes
}

#[test]
fn the_contract_lists_exactly_the_routes_that_there_are() {
    let contract = contract();
    let mut listed = BTreeSet::new();
    for (path, operations) in contract["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|name| *name != "parameters") {
            listed.insert(format!("{method} {path}"));
        }
    }
    let there = routes_of_the_sources();
    assert!(there.len() > 15, "the routes were not found in the sources: {there:?}");
    let (missing, gone): (Vec<_>, Vec<_>) = (there.difference(&listed).collect(), listed.difference(&there).collect());
    assert!(missing.is_empty() && gone.is_empty(), "schemas/openapi.json does not list {missing:?}; it lists what is not there: {gone:?}");
}

#[test]
fn every_reference_in_the_contract_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let contract = contract();
    let mut found = Vec::new();
    references(&contract, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads out of the document"));
        assert!(contract.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let files = contract["components"]["schemas"]["CloudEvent"]["x-event-schemas"].as_object().unwrap();
    for (kind, file) in files {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(file.as_str().unwrap());
        assert!(path.is_file(), "{kind}: {} is not there", path.display());
    }
}

#[tokio::test]
async fn the_server_hands_out_the_committed_contract() {
    let house = House::start();
    let answer = get(&house.at("/openapi.json")).await.expect(200);
    assert_eq!(answer.media_type(), "application/vnd.oai.openapi+json");
    assert_eq!(answer.json(), contract());
}

/// The contract with every object closed: an answer with a member that is not described is a fault of one of the two.
pub struct Strict {
    contract: Value,
}

impl Strict {
    pub fn new() -> Self {
        fn close(value: &mut Value) {
            match value {
                Value::Object(members) => {
                    members.values_mut().for_each(close);
                    if members.get("properties").is_some_and(Value::is_object) && members.get("type").is_some_and(|given| given == "object") {
                        members.entry("additionalProperties").or_insert(Value::Bool(false));
                    }
                }
                Value::Array(items) => items.iter_mut().for_each(close),
                _ => {}
            }
        }
        let mut contract = contract();
        close(&mut contract["components"]["schemas"]);
        Self { contract }
    }

    /// Holds an answer against the contract of an operation: its status, its headers, its body.
    #[track_caller]
    pub fn check(&self, operation: &str, answer: &Answer) {
        let (method, path) = operation.split_once(' ').unwrap();
        let responses = &self.contract["paths"][path][method]["responses"];
        let status = answer.status.to_string();
        // What no operation can be blamed for (405) is described as "default".
        let mut response = if responses.get(&status).is_some() { &responses[&status] } else { &responses["default"] };
        if answer.status != 405 {
            assert!(responses.get(&status).is_some(), "{operation} is not said to answer {status} ({})", answer.asked);
        }
        if let Some(reference) = response["$ref"].as_str() {
            response = self.contract.pointer(&reference[1..]).unwrap();
        }
        let optional = ["Link", "Location", "ETag", "Retry-After"];
        for name in response["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            assert!(
                optional.contains(&name.as_str()) || !answer.header(name).is_empty(),
                "{}: {status} without {name}: {:?}",
                answer.asked,
                answer.headers
            );
        }
        let Some(content) = response["content"].as_object() else {
            assert!(answer.body.is_empty(), "{}: {status} with a body", answer.asked);
            return;
        };
        let Some(described) = content.get(answer.media_type()) else {
            panic!("{}: {status} as \"{}\" is not described; it is one of {:?}", answer.asked, answer.media_type(), content.keys());
        };
        let documents = match answer.media_type() {
            "application/x-ndjson" => answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            json if json.ends_with("json") => vec![answer.json()],
            _ => vec![Value::String(answer.text())],
        };
        let mut schema = self.contract.clone();
        schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        for (member, value) in described["schema"].as_object().unwrap() {
            schema[member] = value.clone();
        }
        let validator = jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{operation} {status}: no sound schema: {error}"));
        for document in documents {
            let faults: Vec<String> = validator.iter_errors(&document).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
            assert!(faults.is_empty(), "{} is not as described ({operation} {status}):\n{:.3000}", answer.asked, faults.join("\n"));
        }
    }
}

#[tokio::test]
async fn every_answer_to_a_reader_is_as_described() {
    let contract = Strict::new();
    let house = House::with_outage().await;
    let waiting = anomaly("waits", "whatsapp", "2022-10-25T12:00Z[UTC]").replacen('{', "{\"incidentid\":\"mail-2020-01-01-0000000000000000\",", 1);
    let retraction = r#"{"specversion":"1.0","id":"back","source":"/desks/demo","type":"dateline.event.retracted.v1","subject":"whatsapp","data":{"event":{"id":"w10"},"reason":"read wrong"}}"#;
    publish(&house.url, &[&waiting, retraction]).await;
    house.caught_up().await;
    let id = get(&house.at("/v1/incidents/whatsapp")).await.json()["incident"].as_str().unwrap().to_owned();
    let questions = [
        ("get /v1/incidents", "/v1/incidents"),
        ("get /v1/incidents", "/v1/incidents?at=2022-10-25T08:00:00Z&lang=bn&limit=1"),
        ("get /v1/incidents", "/v1/incidents?known_at=2022-10-25T07:30:00Z&tz=Asia/Dhaka"),
        ("get /v1/incidents", "/v1/incidents?limit=0"),
        ("get /v1/incidents/{id}", "/v1/incidents/whatsapp"),
        ("get /v1/incidents/{id}", "/v1/incidents/whatsapp?as_of=5&lang=bn"),
        ("get /v1/incidents/{id}", "/v1/incidents/whatsapp?known_at=2022-10-25T09:15:00Z"),
        ("get /v1/incidents/{id}", "/v1/incidents/nothing"),
        ("get /v1/incidents/{id}/timeline", "/v1/incidents/whatsapp/timeline"),
        ("get /v1/incidents/{id}/timeline", "/v1/incidents/whatsapp/timeline?known_at=2022-10-25T09:15:00Z&lang=bn"),
        ("get /v1/incidents/{id}/timeline", "/v1/incidents/whatsapp/timeline?at=2022-10-25T08:00:00Z&retracted=true&claims=true"),
        ("get /v1/incidents/{id}/timeline", "/v1/incidents/whatsapp/timeline?as_of=4"),
        ("get /v1/incidents/{id}/timeline", "/v1/incidents/whatsapp/timeline?tz=Mars/Base"),
        ("get /v1/incidents/{id}/timeline.json", "/v1/incidents/whatsapp/timeline.json?entries_limit=3"),
        ("get /incidents/{id}", "/incidents/whatsapp?entries_limit=3"),
        ("get /v1/incidents/{id}/timeline.txt", "/v1/incidents/whatsapp/timeline.txt?lang=bn-BD"),
        ("get /v1/incidents/{id}/events", "/v1/incidents/whatsapp/events"),
        ("get /v1/incidents/{id}/events", "/v1/incidents/whatsapp/events?known_at=now"),
        ("get /v1/incidents/{id}/edits", "/v1/incidents/whatsapp/edits"),
        ("get /v1/incidents/{id}/edits", "/v1/incidents/whatsapp/edits?tz=Mars/Base"),
        ("get /v1/watch/pages/{page}", "/v1/watch/pages/whatsapp"),
        ("get /v1/watch/pages/{page}/events", "/v1/watch/pages/whatsapp/events"),
        ("get /v1/vendors/{slug}/edits", "/v1/vendors/meta/edits"),
        ("get /v1/vendors/{slug}/edits", "/v1/vendors/nobody/edits"),
        ("get /v1/vendors/{slug}/edits.atom", "/v1/vendors/meta/edits.atom"),
        ("get /v1/vendors/{slug}/edits.feed.json", "/v1/vendors/meta/edits.feed.json"),
        ("get /v1/events", "/v1/events?source=/desks/demo&id=w01"),
        ("get /v1/events", "/v1/events?state=unattached"),
        ("get /v1/events", "/v1/events?state=poison&limit=1"),
        ("get /v1/events", "/v1/events?after=0"),
        ("get /v1/events", "/v1/events?after=0&trailer=1"),
        ("get /v1/events", "/v1/events?source=/desks/demo&id=none"),
        ("get /v1/events", "/v1/events"),
        ("get /v1/events/{position}", "/v1/events/1"),
        ("get /v1/events/{position}", "/v1/events/4"),
        ("get /v1/events/{position}", "/v1/events/9999"),
        ("get /v1/services", "/v1/services?vendor=meta&q=whats"),
        ("get /v1/services", "/v1/services?min_position=9999&wait_ms=0"),
        ("get /v1/services/{slug}", "/v1/services/whatsapp"),
        ("get /v1/services/{slug}", "/v1/services/nothing"),
        ("get /health/live", "/health/live"),
        ("get /health/ready", "/health/ready"),
        ("get /openapi.json", "/openapi.json"),
        ("get /", "/"),
        ("get /", "/?limit=0"),
        ("get /incidents/{id}", "/incidents/whatsapp"),
        ("get /incidents/{id}", "/incidents/nothing"),
        ("get /assets/dateline.css", "/assets/dateline.css"),
        ("get /assets/live.js", "/assets/live.js"),
    ];
    for (operation, path) in questions {
        contract.check(operation, &get(&house.at(path)).await);
    }
    let timeline = house.at(&format!("/v1/incidents/{id}/timeline"));
    let etag = get(&timeline).await.expect(200).header("etag").to_owned();
    contract.check("get /v1/incidents/{id}/timeline", &get_with(&timeline, &[("if-none-match", &etag)]).await.expect(304));
    contract.check("get /v1/incidents/{id}/timeline", &get_with(&timeline, &[("accept", "text/plain")]).await.expect(200));
    contract.check("get /v1/incidents/{id}/timeline", &get_with(&timeline, &[("accept", "image/png")]).await.expect(406));
    contract.check("get /v1/incidents", &send(client().put(house.at("/v1/incidents"))).await.expect(405));
}

#[tokio::test]
async fn every_answer_about_a_watched_page_is_as_described() {
    let contract = Strict::new();
    let house = crate::watched::edits::edited().await;
    for (operation, path) in [
        ("get /v1/watch/pages/{page}", "/v1/watch/pages/github"),
        ("get /v1/watch/pages/{page}/events", "/v1/watch/pages/github/events"),
        ("get /v1/watch/pages/{page}", "/v1/watch/pages/copilot?presence=all&known_at=2026-03-01T12:00:00Z&as_of=10"),
        ("get /v1/watch/pages/{page}", "/v1/watch/pages/github?presence=some"),
        ("get /v1/watch/pages/{page}", "/v1/watch/pages/nothing"),
        ("get /v1/incidents/{id}/edits", "/v1/incidents/github/edits"),
        ("get /v1/incidents/{id}/edits", "/v1/incidents/copilot/edits?lang=bn&tz=Asia/Kolkata"),
        ("get /v1/vendors/{slug}/edits", "/v1/vendors/github/edits?limit=2"),
        ("get /v1/vendors/{slug}/edits", "/v1/vendors/github/edits?kind=colour"),
        ("get /v1/vendors/{slug}/edits.atom", "/v1/vendors/github/edits.atom"),
        ("get /v1/vendors/{slug}/edits.feed.json", "/v1/vendors/github/edits.feed.json?lang=bn"),
    ] {
        contract.check(operation, &get(&house.at(path)).await);
    }
    let feed = house.at("/v1/vendors/github/edits.feed.json");
    let etag = get(&feed).await.expect(200).header("etag").to_owned();
    contract.check("get /v1/vendors/{slug}/edits.feed.json", &get_with(&feed, &[("if-none-match", &etag)]).await.expect(304));
}

#[tokio::test]
async fn every_answer_to_a_publisher_is_as_described() {
    let contract = Strict::new();
    let house = House::start();
    let event = anomaly("one", "mail", "2026-03-01T10:00Z[UTC]");
    let other = event.replace("T10:00", "T11:00");
    let (bad, large) = (event.replace("\"IN\"", "7"), event.replace("\"IN\"", &format!("\"{}\"", "x".repeat(70_000))));
    let questions = [
        (STRUCTURED, event.clone(), 201),
        (STRUCTURED, event.clone(), 200),
        (STRUCTURED, other.clone(), 409),
        (STRUCTURED, "{".to_owned(), 400),
        (STRUCTURED, bad.clone(), 422),
        (STRUCTURED, large.clone(), 413),
        ("text/plain", event.clone(), 415),
        (BATCH, format!("[{event}]"), 201),
        (BATCH, format!("[{event},{other},{bad},{large},{}]", anomaly("two", "mail", "2026-03-01T10:00Z[UTC]")), 207),
    ];
    for (media_type, body, status) in questions {
        contract.check("post /v1/events", &post(&house.url, media_type, body).await.expect(status));
    }
    for (media_type, body, status) in crate::reports::answers() {
        let request = client().post(house.at("/v1/reports")).header("content-type", media_type).body(body);
        contract.check("post /v1/reports", &send(request).await.expect(status));
    }
    let history = client().post(house.at("/v1/reports?history=true")).header("content-type", "application/json").body(crate::reports::TOTAL);
    contract.check("post /v1/reports", &send(history).await.expect(200));
    contract.check("post /v1/reports", &post_to(&house, "/v1/reports?histories=1").await.expect(400));
    run(&house.data, &["keys", "create", "--name", "reader", "--scope", "read"]);
    let key = String::from_utf8(run(&house.data, &["keys", "create", "--name", "desk", "--scope", "publish:/desks"]).stdout).unwrap();
    let with_key = |key: &str| client().post(house.at("/v1/events")).header("content-type", STRUCTURED).bearer_auth(key.trim()).body(event.clone());
    contract.check("post /v1/events", &send(with_key("dateline_x.y")).await.expect(401));
    contract.check("post /v1/events", &send(with_key(&key)).await.expect(403));
    let reported = |key: &str| client().post(house.at("/v1/reports")).header("content-type", "application/json").bearer_auth(key.trim()).body("{}");
    contract.check("post /v1/reports", &send(reported("dateline_x.y")).await.expect(401));
    contract.check("post /v1/reports", &send(reported(&key)).await.expect(403));
}

async fn post_to(house: &House, path: &str) -> Answer {
    send(client().post(house.at(path)).header("content-type", "application/json").body(r#"{"service":"mail"}"#)).await
}

//! Who may do what: keys are shown once and kept as hashes, revoked within two seconds, and hold to their scopes; a server that
//! others can reach is never open by oversight.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::asking::{Answer, House, STRUCTURED, client, get, get_with, post, publish_one, send};
use crate::support::{anomaly, command, folder, run};

/// A key is refused so long after it was revoked, at the latest; and a little for the machine.
const REVOKED_WITHIN: Duration = Duration::from_millis(2_500);

/// Makes a key; answers its text and its id.
fn make_key(data: &Path, scopes: &[&str]) -> (String, String) {
    let mut arguments = vec!["keys", "create", "--name", "a test", "--format", "json"];
    arguments.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
    let output = run(data, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id} could be taken for a flag");
    (made["key"].as_str().unwrap().to_owned(), id)
}

async fn get_as(key: &str, url: &str) -> Answer {
    get_with(url, &[("authorization", &format!("Bearer {key}"))]).await
}

async fn publish_as(key: &str, url: &str, event: &str) -> Answer {
    send(client().post(format!("{url}/v1/events")).header("content-type", STRUCTURED).bearer_auth(key).body(event.to_owned())).await
}

/// An event of a source.
fn event_of(source: &str, id: &str) -> String {
    anomaly(id, "mail", "2026-03-01T10:00Z[UTC]").replace("\"/tests\"", &format!("\"{source}\""))
}

/// An act about another event.
fn act(source: &str, id: &str, kind: &str, data: &Value) -> String {
    json!({"specversion": "1.0", "id": id, "source": source, "type": format!("dateline.{kind}.v1"), "subject": "mail", "data": data}).to_string()
}

/// The files below a folder that hold these bytes.
fn files_with(folder: &Path, sought: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, sought));
        } else if std::fs::read(&path).unwrap_or_default().windows(sought.len()).any(|window| window == sought) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_hash() {
    let house = House::start();
    let (key, id) = make_key(&house.data, &["publish:/tests", "cite", "read"]);
    publish_as(&key, &house.url, &event_of("/tests", "first")).await.expect(201);

    let secret = key.split_once('.').unwrap().1;
    for sought in [key.as_str(), secret] {
        assert_eq!(files_with(&house.data, sought.as_bytes()), Vec::<String>::new(), "the key stands in a file");
    }
    assert!(!files_with(&house.data, id.as_bytes()).is_empty(), "the search finds nothing at all");

    let listed = run(&house.data, &["keys", "list", "--format", "json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(
        (&listed["id"], &listed["scopes"], &listed["revoked"]),
        (&json!(id), &json!(["publish:/tests", "cite", "read"]), &Value::Null),
        "{listed}"
    );
    let as_text = String::from_utf8(run(&house.data, &["keys", "list"]).stdout).unwrap();
    for list in [listed.to_string(), as_text] {
        assert!(!list.contains(secret), "{list}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_two_seconds() {
    let house = House::start();
    let (key, id) = make_key(&house.data, &["read"]);
    let (other, _) = make_key(&house.data, &["read"]);
    get_as(&key, &house.at("/v1/incidents")).await.expect(200);
    let done = run(&house.data, &["keys", "revoke", &id]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let revoked = Instant::now();
    loop {
        let answer = get_as(&key, &house.at("/v1/incidents")).await;
        if answer.status == 401 {
            answer.problem(401);
            break;
        }
        assert!(revoked.elapsed() < REVOKED_WITHIN, "the key still opens the door after {:?}", revoked.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    get_as(&other, &house.at("/v1/incidents")).await.expect(200);
    let listed = String::from_utf8(run(&house.data, &["keys", "list"]).stdout).unwrap();
    assert!(listed.lines().any(|line| line.starts_with(&id) && line.contains("revoked 2")), "{listed}");
    let unknown = run(&house.data, &["keys", "revoke", "nobody"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", String::from_utf8_lossy(&unknown.stderr));
}

#[tokio::test]
async fn a_key_publishes_below_its_prefix_by_whole_path_segments() {
    let house = House::start();
    let (key, _) = make_key(&house.data, &["publish:/desks/demo", "publish:/watchers", "cite"]);
    for (source, status) in [
        ("/desks/demo", 201),
        ("/desks/demo/night", 201),
        ("/watchers/githubstatus.com", 201),
        ("/desks/demo2", 403),
        ("/desks", 403),
        ("/desks/other", 403),
        ("desks/demo", 403),
        ("https://example.com/desks/demo", 403),
    ] {
        let answer = publish_as(&key, &house.url, &event_of(source, "prefix")).await.expect(status);
        if status == 403 {
            assert!(answer.problem(403)["detail"].as_str().unwrap().contains(&format!("publish:{source}")), "{source}");
        }
    }
    // In a batch, each item for itself.
    let batch = format!("[{},{}]", event_of("/desks/demo", "batched"), event_of("/desks/other", "batched"));
    let answer =
        send(client().post(house.at("/v1/events")).header("content-type", crate::asking::BATCH).bearer_auth(&key).body(batch)).await.expect(207);
    let statuses: Vec<Value> = answer.json()["items"].as_array().unwrap().iter().map(|item| item["status"].clone()).collect();
    assert_eq!(statuses, [201, 403]);
    // Once there is a key, nobody publishes without one, not on one's own machine either.
    let problem = post(&house.url, STRUCTURED, event_of("/desks/demo", "anonymous")).await;
    assert!(problem.header("www-authenticate").starts_with("Bearer"), "{:?}", problem.headers);
    problem.problem(401);
}

#[tokio::test]
async fn only_a_desk_touches_what_others_published() {
    let house = House::start();
    publish_one(&house.url, &event_of("/desks/one", "theirs")).await;
    publish_one(&house.url, &event_of("/desks/two", "own")).await;
    let (two, _) = make_key(&house.data, &["publish:/desks/two", "cite"]);
    let (desk, _) = make_key(&house.data, &["publish:/desks/two", "edit"]);
    let named = |source: &str, id: &str| json!({"source": source, "id": id});
    let acts = |target: &Value, id: &str| {
        [
            act(
                "/desks/two",
                &format!("c-{id}"),
                "event.corrected",
                &json!({"event": target, "patch": {"regions": ["BD"]}, "edit_kind": "error", "announced": true, "reason": "read wrong"}),
            ),
            act("/desks/two", &format!("r-{id}"), "event.retracted", &json!({"event": target, "reason": "read wrong"})),
        ]
    };
    for event in acts(&named("/desks/two", "own"), "own") {
        publish_as(&two, &house.url, &event).await.expect(201);
    }
    for event in acts(&json!({"id": "own"}), "short") {
        publish_as(&two, &house.url, &event).await.expect(201);
    }
    let others = acts(&named("/desks/one", "theirs"), "theirs");
    let weighing = act("/desks/two", "weigh", "claim.weighed", &json!({"event": named("/desks/two", "own"), "verdict": "disputed", "reason": "no"}));
    let title = act("/desks/two", "title", "incident.titled", &json!({"event": named("/desks/one", "theirs"), "title": {"en": "Mail is down"}}));
    let link = act(
        "/desks/two",
        "link",
        "incident.linked",
        &json!({"from": named("/desks/two", "own"), "to": named("/desks/one", "theirs"), "relation": "caused_by"}),
    );
    for event in others.iter().chain([&weighing, &title, &link]) {
        let problem = publish_as(&two, &house.url, event).await.problem(403);
        assert!(problem["detail"].as_str().unwrap().contains("edit"), "{event}: {problem}");
        publish_as(&desk, &house.url, event).await.expect(201);
    }
}

#[tokio::test]
async fn on_loopback_reading_is_open_and_so_is_everything_before_the_first_key() {
    let house = House::start();
    publish_one(&house.url, &event_of("/anyone", "open")).await;
    get(&house.at("/v1/events?after=0")).await.expect(200);
    make_key(&house.data, &["read"]);
    for path in ["/v1/incidents", "/v1/services", "/v1/events/1", "/", "/health/ready"] {
        get(&house.at(path)).await.expect(200);
    }
    // A key that is sent must be a good one, even where none is needed.
    get_as("dateline_none.such", &house.at("/v1/incidents")).await.problem(401);
    get_with(&house.at("/v1/incidents"), &[("authorization", "Basic dXNlcjpwYXNz")]).await.problem(401);
}

/// A server that other machines can reach, killed when dropped.
struct Reachable {
    child: Child,
    url: String,
}

impl Reachable {
    fn start(data: &Path, flags: &[&str]) -> Self {
        let mut child =
            command(data).args(["serve", "--listen", "0.0.0.0:0"]).args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        let Some(port) = first.trim().strip_prefix("serving at http://0.0.0.0:") else {
            let mut said = String::new();
            child.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
            panic!("the server did not start: {first:?} {said}");
        };
        Self { url: format!("http://127.0.0.1:{port}"), child }
    }
}

impl Drop for Reachable {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn without_a_key_nothing_is_served_to_other_machines() {
    let (_folder, data) = folder();
    let refused = run(&data, &["serve", "--listen", "0.0.0.0:0"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("keys create") && said.contains("127.0.0.1"), "it does not say what to do: {said}");
    // A key that was revoked is none.
    let (_, id) = make_key(&data, &["read"]);
    run(&data, &["keys", "revoke", &id]);
    assert_eq!(run(&data, &["serve", "--listen", "0.0.0.0:0", "--open-reading"]).status.code(), Some(2));
}

#[tokio::test]
async fn to_other_machines_reading_needs_a_key_unless_it_was_opened() {
    let (_folder, data) = folder();
    let (reader, _) = make_key(&data, &["read"]);
    let (publisher, _) = make_key(&data, &["publish:/tests", "cite"]);
    let (auditor, _) = make_key(&data, &["audit"]);
    let reading = ["/v1/incidents", "/v1/incidents/mail/timeline", "/v1/services", "/v1/events/1", "/v1/live?after=0", "/", "/incidents/mail"];
    {
        let server = Reachable::start(&data, &[]);
        publish_as(&publisher, &server.url, &event_of("/tests", "one")).await.expect(201);
        let at = |path: &str| format!("{}{path}", server.url);
        for path in reading {
            let answer = get(&at(path)).await.expect(401);
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{path}: {:?}", answer.headers);
            get_as(&publisher, &at(path)).await.expect(403);
        }
        for path in ["/health/live", "/health/ready", "/openapi.json"] {
            get(&at(path)).await.expect(200);
        }
        for path in reading.iter().filter(|path| !path.contains("live")) {
            let path = format!("{path}?min_position=1");
            get_as(&reader, &at(&path)).await.expect(200);
            get_as(&auditor, &at(&path)).await.expect(200);
        }
        get(&at("/v1/events?after=0")).await.problem(401);
        let problem = get_as(&reader, &at("/v1/events?after=0")).await.problem(403);
        assert!(problem["detail"].as_str().unwrap().contains("audit"), "{problem}");
        get_as(&auditor, &at("/v1/events?after=0")).await.expect(200);
        publish_as(&reader, &server.url, &event_of("/tests", "two")).await.problem(403);
    }
    let server = Reachable::start(&data, &["--open-reading"]);
    for path in reading.iter().filter(|path| !path.contains("live")) {
        get(&format!("{}{path}", server.url)).await.expect(200);
    }
    // Reading was opened, not the replay and not publishing.
    get(&format!("{}/v1/events?after=0", server.url)).await.problem(401);
    post(&server.url, STRUCTURED, event_of("/tests", "three")).await.problem(401);
}

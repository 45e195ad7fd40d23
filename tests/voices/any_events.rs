//! Any events of a key with one prefix alone, mixed into the outage: the door takes what it must take and refuses the rest; nothing of it
//! is told in another's name, and nothing of others is changed by it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::HeaderMap;
use futures_util::StreamExt;
use serde_json::Value;

use super::attempts::{Attempt, Attempts, CITED, MARK, OWN, cited};
use super::{make_key, publish_as};
use crate::asking::{House, get, publish_one};
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::support::{OUTAGE, folder, publish};

/// So many events are tried over HTTP; more with DATELINE_LONG.
const TRIES: usize = 144;
const TRIES_LONG: usize = 3_000;

/// So many on the bus.
const TRIES_ON_THE_BUS: usize = 72;

fn tries(short: usize) -> usize {
    if std::env::var_os("DATELINE_LONG").is_some() { TRIES_LONG } else { short }
}

/// What readers are told of the outage, in every form.
struct Told {
    title: BTreeMap<&'static str, String>,
    state: String,
    /// By position: what others said, as it stands.
    others: BTreeMap<u64, Value>,
    /// Everything that is told in words, a name with each.
    texts: Vec<(String, String)>,
    services: Vec<Value>,
    listed: Value,
}

async fn told(url: &str, incident: &str) -> Told {
    let at = |path: String| async move { get(&format!("{url}{path}")).await.expect(200) };
    let mut texts = Vec::new();
    let mut title = BTreeMap::new();
    let (mut state, mut others) = (String::new(), BTreeMap::new());
    for lang in ["en", "bn", "bn-BD"] {
        let json = at(format!("/v1/incidents/{incident}/timeline.json?lang={lang}&claims=true&retracted=true")).await.json();
        title.insert(lang, json["title"][lang].to_string());
        state = json["state"].to_string();
        for list in ["entries", "possibly", "retracted"] {
            for entry in json[list].as_array().unwrap() {
                for item in std::iter::once(entry).chain(entry["inside"].as_array().into_iter().flatten()) {
                    if item["event"]["source"] != OWN || item["event"]["id"] == CITED {
                        others.insert(item["position"].as_u64().unwrap(), of_the_event(item));
                    } else if let Some(text) = item["text"].as_str() {
                        assert!(text.contains(OWN), "{lang}: position {} is told without its publisher: {text}", item["position"]);
                    }
                }
            }
        }
        for path in [
            format!("/v1/incidents/{incident}/timeline.txt?lang={lang}&claims=true&retracted=true"),
            format!("/v1/incidents/{incident}/timeline.txt?lang={lang}"),
        ] {
            texts.push((path.clone(), at(path).await.text()));
        }
        for path in [format!("/incidents/{incident}?lang={lang}&claims=true"), format!("/?lang={lang}")] {
            let page = at(path.clone()).await.text();
            texts.push((path, without_tags(&page)));
        }
    }
    let mut services = Vec::new();
    for slug in ["whatsapp", "facebook", "instagram"] {
        services.push(at(format!("/v1/services/{slug}")).await.json()["registered"].clone());
    }
    let feed = at("/v1/vendors/meta/edits.atom".to_owned()).await.text();
    assert!(!feed.contains(MARK), "the feed of what Meta changed: {feed}");
    let list = at("/v1/incidents?lang=en&limit=500".to_owned()).await.json();
    let listed = list["incidents"].as_array().unwrap().iter().find(|item| item["incident"] == incident).unwrap().clone();
    Told { title, state, others, texts, services, listed }
}

/// The parts of an item that are its event's and its corrections'.
fn of_the_event(item: &Value) -> Value {
    let parts = ["kind", "subject", "statement", "data", "sources", "publisher", "corrections", "retraction", "verdict", "certainty"];
    parts.into_iter().map(|part| (part.to_owned(), item[part].clone())).collect::<serde_json::Map<_, _>>().into()
}

/// A page's words, a line each.
fn without_tags(page: &str) -> String {
    page.split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text).trim())
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whoever said a marked text is the next one named in brackets, or the sentence begins with the name.
fn is_told_as_its_own(text: &str) -> Result<(), String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut from = 0;
    while let Some(at) = line[from..].find(MARK).map(|at| at + from) {
        from = at + MARK.len();
        // Within this far the publisher is named: behind the words, or before them ("/services/x: …", "Taken back by /services/x: …").
        let around = |start: usize, end: usize| {
            let start = (0..=start).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
            let end = (end.min(line.len())..=line.len()).find(|at| line.is_char_boundary(*at)).unwrap_or(line.len());
            line[start..end].to_owned()
        };
        let (before, after) = (around(at.saturating_sub(260), at), around(at, at + 420));
        if !before.contains(OWN) && !after.contains(OWN) {
            return Err(format!("{before}>>>{after}"));
        }
        if let Some((said, rest)) = after.split_once('(') {
            let credit = rest.split(')').next().unwrap_or_default();
            // Another's bracket may follow only where the sentence has ended, or its own name stands before.
            let ended =
                said.contains(" · ") || said.contains(OWN) || said.contains(". ") || said.contains('।') || said.contains(';') || before.contains(OWN);
            if !credit.contains(OWN) && !ended {
                return Err(format!("credited to ({credit}): {before}>>>{after}"));
            }
        }
    }
    Ok(())
}

fn nothing_of_others_changed(before: &Told, after: &Told) {
    assert_eq!(before.title, after.title, "the title");
    assert_eq!((before.state.as_str(), after.state.as_str()), ("\"restored\"", "\"restored\""), "the incident was restored");
    assert_eq!(before.services, after.services, "what services are called");
    assert_eq!(before.listed["title"], after.listed["title"], "the title in the list");
    assert_eq!(after.listed["state"], "restored", "the state in the list");
    for (position, item) in &before.others {
        assert_eq!(Some(item), after.others.get(position), "position {position} was another's");
    }
    for (name, text) in &after.texts {
        if let Err(said) = is_told_as_its_own(text) {
            panic!("{name}: {said}\n\n{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_nobody_speaks_for_another() {
    let house = House::with_outage().await;
    publish_one(&house.url, &cited().to_string()).await;
    house.caught_up().await;
    let key = make_key(&house.data, &[&format!("publish:{OWN}")]);
    let incident = incident_of(&house.url).await;
    let before = told(&house.url, &incident).await;
    let mut attempts = Attempts::upon(&incident, 0x5eed_0001);
    let mut taken = 0;
    for _ in 0..tries(TRIES) {
        let Attempt { what, event, is_taken } = attempts.next();
        let answer = publish_as(&key, &house.url, &event).await;
        let wanted = if is_taken { 201 } else { 403 };
        assert_eq!(answer.status, wanted, "{what}: {} {event}", answer.text());
        taken += usize::from(is_taken);
    }
    assert!(taken > tries(TRIES) / 4, "{taken} were taken");
    house.caught_up().await;
    nothing_of_others_changed(&before, &told(&house.url, &incident).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_bus_nobody_speaks_for_another() {
    let (_folder, data) = folder();
    let server = Nats::start();
    let kept = Kept { ledger: server.url(), ..Kept::in_folder(&data) };
    let role = Role::start(&kept, "serve");
    let items = publish(&role.url, &OUTAGE.lines().collect::<Vec<_>>()).await;
    assert!(items.iter().all(|item| item.get("problem").is_none()), "{items:?}");
    let head = publish_one(&role.url, &cited().to_string()).await;
    get(&format!("{}/v1/services?min_position={head}&wait_ms=30000", role.url)).await.expect(200);
    let allowed = kept.run(&["publishers", "allow", "x", "--scope", &format!("publish:{OWN}")]);
    assert!(allowed.status.success(), "{}", String::from_utf8_lossy(&allowed.stderr));
    let incident = incident_of(&role.url).await;
    let before = told(&role.url, &incident).await;
    let client = async_nats::ConnectOptions::new().custom_inbox_prefix("_INBOX.x").connect(format!("127.0.0.1:{}", server.port)).await.unwrap();
    let mut answers = client.subscribe("_INBOX.x.receipts.*").await.unwrap();
    let mut refusals = client.subscribe("dateline.refused.x").await.unwrap();
    let mut attempts = Attempts::upon(&incident, 0x5eed_0002);
    let (mut last, mut refused) = (0, 0);
    for number in 0..tries(TRIES_ON_THE_BUS) {
        let Attempt { what, event, is_taken } = attempts.next();
        let mut headers = HeaderMap::new();
        headers.insert("Content-Type", "application/cloudevents+json");
        headers.insert("Dateline-Reply-To", format!("_INBOX.x.receipts.{number}").as_str());
        client.publish_with_headers("dateline.inbox.x", headers, event.to_string().into()).await.unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(20), answers.next()).await.expect("an answer").unwrap();
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        assert_eq!(answer["position"].is_u64(), is_taken, "{what}: {answer} {event}");
        if is_taken {
            last = answer["position"].as_u64().unwrap();
        } else {
            assert_eq!(answer["status"], 403, "{what}: {answer} {event}");
            refused += 1;
        }
    }
    for _ in 0..refused {
        let told = tokio::time::timeout(Duration::from_secs(20), refusals.next()).await.expect("a refusal").unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&told.payload).unwrap()["status"], 403);
    }
    get(&format!("{}/v1/services?min_position={last}&wait_ms=30000", role.url)).await.expect(200);
    nothing_of_others_changed(&before, &told(&role.url, &incident).await);
}

async fn incident_of(url: &str) -> String {
    let list = get(&format!("{url}/v1/incidents?service=whatsapp")).await.expect(200).json();
    list["incidents"][0]["incident"].as_str().unwrap().to_owned()
}

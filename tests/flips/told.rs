//! What a server on damaged files answers, held against the answers of one on the undamaged files.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::copies::{Damage, History};
use crate::house::{Kept, Role};
use crate::support::{OUTAGE, get};

/// What is asked.
const PATHS: [&str; 13] = [
    "/v1/incidents?limit=200",
    "/v1/incidents?service=service-7&limit=200",
    "/v1/incidents?q=service-11&limit=200",
    "/v1/incidents?as_of=700&limit=200&sort=started",
    "/v1/incidents/whatsapp/timeline.json?retracted=true",
    "/v1/incidents/whatsapp/timeline.txt?lang=bn",
    "/v1/incidents/service-3/timeline.json?as_of=1500",
    "/v1/incidents/service-3/events",
    "/v1/services",
    "/v1/events?state=unattached&limit=500",
    "/v1/events/1999",
    "/v1/events?after=0",
    "/",
];

/// The scrub must have come through within this.
const SCRUBBED_S: u64 = 30;

/// How damage came out.
#[derive(Debug)]
pub enum Outcome {
    /// The server did not start, and named the file.
    AtStart,
    /// Readiness or an error named it; no answer was wrong.
    Named,
    /// The views were made anew; no answer was wrong.
    MadeAnew,
    /// The tables hold the same, and every index fits them.
    Harmless,
    /// Nobody said anything, although something else stands there.
    Unnoticed(String),
    /// An answer was wrong.
    Wrong(String),
}

impl Outcome {
    pub fn name(&self) -> &'static str {
        match self {
            Self::AtStart => "found at start",
            Self::Named => "named",
            Self::MadeAnew => "made anew",
            Self::Harmless => "harmless",
            Self::Unnoticed(_) => "unnoticed",
            Self::Wrong(_) => "wrong",
        }
    }
}

/// Everything that is asked, with status and body; times that differ from one server to the next are left out.
pub async fn answers(url: &str) -> Vec<(String, u16, String)> {
    let client = reqwest::Client::new();
    let mut answers = Vec::new();
    for path in PATHS {
        answers.push(match client.get(format!("{url}{path}")).send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                // A replay that breaks off is no answer.
                answer
                    .text()
                    .await
                    .map_or_else(|error| (path.to_owned(), 0, error.to_string()), |text| (path.to_owned(), status, text.replace(url, "")))
            }
            Err(error) => (path.to_owned(), 0, error.to_string()),
        });
    }
    // An id that is taken stays taken.
    let line = OUTAGE.lines().next().unwrap().to_owned();
    let again = client.post(format!("{url}/v1/events")).header("content-type", "application/cloudevents+json").body(line).send().await;
    answers.push(match again {
        Ok(answer) => ("POST /v1/events".to_owned(), answer.status().as_u16(), answer.text().await.unwrap_or_default()),
        Err(error) => ("POST /v1/events".to_owned(), 0, error.to_string()),
    });
    answers
}

/// Damages a copy, starts a server on it, asks everything twice, and waits until it has looked at everything.
pub async fn of(history: &History, file: &Path, damage: &Damage) -> Outcome {
    let (_folder, data) = history.copy();
    let path = data.join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    damage.apply(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    let same = history.is_the_same(&path);
    let server = match Role::try_start(&Kept::in_folder(&data), "serve") {
        Ok(server) => server,
        Err(said) if said.contains(&*file.to_string_lossy()) || said.contains("position") => return Outcome::AtStart,
        Err(said) => return Outcome::Wrong(format!("it does not start, and does not name the file: {said}")),
    };
    if let Some(wrong) = differs(history, &answers(&server.url).await) {
        return Outcome::Wrong(format!("at once: {wrong}"));
    }
    let ready = looked_at(&server.url).await;
    if let Some(wrong) = differs(history, &answers(&server.url).await) {
        return Outcome::Wrong(format!("when everything was looked at: {wrong}"));
    }
    match ready {
        ready if ready["views"]["set_aside"].is_object() => Outcome::MadeAnew,
        ready if ready["ready"] == json!(false) => Outcome::Named,
        _ if same => Outcome::Harmless,
        ready => Outcome::Unnoticed(ready.to_string()),
    }
}

/// An answer that is 200 and not the one of the undamaged files.
pub fn differs(history: &History, answers: &[(String, u16, String)]) -> Option<String> {
    let wrong = answers.iter().zip(&history.answers).find(|(found, whole)| matches!(found.1, 200 | 201) && found != whole);
    wrong.map(|(found, whole)| format!("{} answers {:.300} and not {:.300}", found.0, found.2, whole.2))
}

/// Readiness once scrub and projector have come to the end, or to something that stops them.
async fn looked_at(url: &str) -> Value {
    let looked = async {
        loop {
            let ready = get(&format!("{url}/health/ready")).await.1;
            let scrubbed = &ready["ledger"]["scrubbed"];
            let rebuilding = ready["views"]["set_aside"].is_object() && ready["views"]["ok"] == json!(false);
            if (scrubbed.is_u64() && *scrubbed == ready["ledger"]["position"] || ready["ledger"]["ok"] == json!(false)) && !rebuilding {
                return ready;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(SCRUBBED_S), looked).await.unwrap_or_else(|_| json!({"ready": false, "late": true}))
}

//! Real histories of four vendors' pages, imported and then read as readers read them: no sentence of ours says what nobody said, or is
//! written as nobody writes. The scans read finished JSON, text and HTML, and share no line with what they are held against.

mod faults;
mod planted;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::needs::{long_run, shared_data};
use crate::support::{TestServer, folder, get, run};
use faults::{Text, faults_of, others_words};

/// Of so many incidents one is read; in a long run each is.
const ONE_OF: u64 = 12;

/// A page's history, and what an import of it is told.
struct History {
    file: &'static str,
    /// Its table of visibility, where there is one.
    table: Option<&'static str>,
    service: &'static str,
    name: &'static str,
    /// What a reader finds in our sentences for its vendor, in English and in Bengali.
    vendor: [&'static str; 2],
    /// The same in Bangladesh's Bengali.
    in_bangladesh: &'static str,
}

const LANGUAGES: [&str; 3] = ["en", "bn", "bn-BD"];

const HISTORIES: [History; 4] = [
    History {
        file: "statuspage/github/github.versions.jsonl.gz",
        table: Some("statuspage/github/github.visibility.csv"),
        service: "github",
        name: "GitHub",
        vendor: ["GitHub", "গিটহাব"],
        in_bangladesh: "গিটহাব",
    },
    History {
        file: "statuspage/cloudflare/cloudflare.versions.jsonl.gz",
        table: Some("statuspage/cloudflare/cloudflare.visibility.csv"),
        service: "cloudflare",
        name: "Cloudflare",
        vendor: ["Cloudflare", "ক্লাউডফ্লেয়ার"],
        in_bangladesh: "ক্লাউডফ্লেয়ার",
    },
    History {
        file: "gcp/gcp.versions.jsonl.gz",
        table: None,
        service: "google-cloud",
        name: "Google Cloud",
        vendor: ["Google", "গুগল"],
        in_bangladesh: "গুগল",
    },
    History {
        file: "aws/aws.versions.jsonl.gz", table: None, service: "aws", name: "AWS", vendor: ["AWS", "অ্যামাজন"], in_bangladesh: "আমাজন"
    },
];

/// What names the incident of a version.
fn incident_of(version: &Value) -> String {
    ["/incident/id", "/incident/uri", "/incident/number", "/event/date", "/entry/id"]
        .iter()
        .find_map(|pointer| version.pointer(pointer))
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// The versions of a sample of the incidents in a history, in a file of their own.
fn sample(history: &Path, into: &Path, one_of: u64) -> PathBuf {
    let versions = flate2::read::MultiGzDecoder::new(std::fs::File::open(history).unwrap());
    let sampled = into.join("sample.jsonl");
    let mut written = std::io::BufWriter::new(std::fs::File::create(&sampled).unwrap());
    for line in BufReader::new(versions).lines() {
        let line = line.unwrap();
        let name = incident_of(&serde_json::from_str(&line).unwrap());
        let number = name.bytes().fold(7_u64, |number, byte| number.wrapping_mul(31).wrapping_add(u64::from(byte)));
        if number.is_multiple_of(one_of) {
            writeln!(written, "{line}").unwrap();
        }
    }
    written.flush().unwrap();
    sampled
}

/// Every text that a reader gets of an incident, in a language.
async fn texts_of(server: &TestServer, id: &str, lang: &'static str, parts: &[String]) -> Vec<Text> {
    let (status, json) = get(&format!("{}/v1/incidents/{id}/timeline.json?lang={lang}&claims=true", server.url)).await;
    assert_eq!(status, 200, "{json}");
    let (_, plain) = get(&format!("{}/v1/incidents/{id}/timeline.txt?lang={lang}", server.url)).await;
    let (_, html) = get(&format!("{}/incidents/{id}?lang={lang}", server.url)).await;
    let of = |json: &Value| json.as_str().unwrap_or_default().to_owned();
    let others = parts.iter().cloned().chain(others_words(&json)).collect();
    vec![Text::Json { lang, json, parts: parts.to_vec() }, Text::Plain { lang, text: of(&plain), parts: others }, Text::Html { text: of(&html) }]
}

/// The names of the parts of the service, wherever they stand in an incident's events.
fn parts_of(events: &Value) -> Vec<String> {
    match events {
        Value::Array(values) => values.iter().flat_map(parts_of).collect(),
        Value::Object(members) => {
            let named = members.get("components").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            named.map(ToOwned::to_owned).chain(members.values().flat_map(parts_of)).collect()
        }
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_told_of_four_vendors_is_said_by_nobody_or_written_by_nobody() {
    let one_of = if long_run() { 1 } else { ONE_OF };
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for history in &HISTORIES {
        let Some(file) = shared_data(history.file) else { return };
        let (_folder, data) = folder();
        let sampled = sample(&file, &data, one_of).display().to_string();
        let table = history.table.and_then(shared_data).map(|table| table.display().to_string());
        let mut arguments = vec!["import", "versions", &sampled, "--service", history.service, "--name", history.name];
        arguments.extend(table.iter().flat_map(|table| ["--visibility", table]));
        let imported = run(&data, &arguments);
        assert!(imported.status.code() != Some(2), "{}", String::from_utf8_lossy(&imported.stderr));
        let server = TestServer::start(&data);
        let (mut texts, mut incidents) = (0, 0);
        let mut addresses = vec!["/v1/incidents?limit=100".to_owned(), "/v1/incidents?limit=100&nature=maintenance".to_owned()];
        for lang in LANGUAGES {
            let (_, html) = get(&format!("{}/?lang={lang}&limit=500", server.url)).await;
            texts += 1;
            for (rule, fault) in faults_of(&Text::Rows { lang, text: html.as_str().unwrap_or_default().to_owned() }, "") {
                found.entry(rule).or_default().push(format!("the list ({lang}): {fault}"));
            }
        }
        while let Some(next) = addresses.pop() {
            let answer = reqwest::get(format!("{}{next}", server.url)).await.unwrap();
            let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
            addresses.extend(link.and_then(|link| Some(link.split_once('<')?.1.split_once('>')?.0.to_owned())));
            let listed: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            for incident in listed["incidents"].as_array().unwrap() {
                incidents += 1;
                let id = incident["incident"].as_str().unwrap();
                let parts = parts_of(&get(&format!("{}/v1/incidents/{id}/events", server.url)).await.1);
                for lang in LANGUAGES {
                    let vendor = if lang == "bn-BD" { history.in_bangladesh } else { history.vendor[usize::from(lang == "bn")] };
                    for text in texts_of(&server, id, lang, &parts).await {
                        texts += 1;
                        for (rule, fault) in faults_of(&text, vendor) {
                            found.entry(rule).or_default().push(format!("{id} ({lang}): {fault}"));
                        }
                    }
                }
            }
        }
        println!("{}: {texts} texts of {incidents} incidents read", history.name);
        assert!(incidents > 20, "{}: too few to mean anything", history.name);
    }
    let told: Vec<String> =
        found.iter().map(|(rule, faults)| format!("{rule}: {} such, as {:#?}", faults.len(), &faults[..faults.len().min(4)])).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

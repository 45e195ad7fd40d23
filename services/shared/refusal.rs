//! What a server refuses, in the words of the command line: flags instead of parameters, and no status where a sentence says it.

use std::fmt;

use axum::http::StatusCode;
use serde_json::Value;

/// Of an answer that is no problem, so much is shown, in characters.
const SHOWN_CHARACTERS_MAX: usize = 200;

/// How a detail goes on for whoever asks over HTTP, and how for whoever types a command. What follows in the detail is left out.
const FOR_COMMANDS: [(&str, &str); 4] = [
    ("; ask with min_position", ""),
    ("; /v1/incidents lists", "; `dateline incidents` lists what there is"),
    ("; send it as \"Authorization", "; name it by --key-file FILE, or by --key KEY"),
    ("expected the header \"Authorization", "the API key was not read; name it by --key-file FILE, or by --key KEY"),
];

/// A refusal.
#[derive(Debug)]
pub struct Refusal {
    /// The last part of the problem's type; empty where the answer is no problem.
    pub kind: String,
    text: String,
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Refusal {
    /// Reads an answer that is a problem; what is none is shown as it came.
    pub fn of(status: StatusCode, body: &[u8]) -> Self {
        let problem: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let kind = problem["type"].as_str().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default().to_owned();
        let text = match (problem["title"].as_str(), problem["detail"].as_str()) {
            (Some(_), Some(detail)) if kind == "invalid-parameter" => by_flag(&for_commands(detail)),
            (Some(_), Some(detail)) if !detail.is_empty() => for_commands(detail),
            (Some(title), _) => title.to_owned(),
            _ => {
                let shown: String = String::from_utf8_lossy(body).chars().take(SHOWN_CHARACTERS_MAX).collect();
                format!("the server answered {status}: {shown}")
            }
        };
        Self { kind, text }
    }
}

fn for_commands(detail: &str) -> String {
    let found = FOR_COMMANDS.iter().find_map(|(http, command)| Some(format!("{}{command}", &detail[..detail.find(http)?])));
    found.unwrap_or_else(|| detail.to_owned())
}

/// A fault of a parameter begins with its name, which is that of a flag.
fn by_flag(detail: &str) -> String {
    match detail.split_once(": ") {
        Some((name, rest)) if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => {
            // What begins with the value reads on: --state "asleep"; expected …
            let separator = if rest.starts_with('"') { " " } else { ": " };
            format!("--{}{separator}{rest}", name.replace('_', "-"))
        }
        _ => detail.to_owned(),
    }
}

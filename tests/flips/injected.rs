//! A server under strace, of which the n-th read, write or sync of one file fails as a dying disk lets it fail (EIO), and what came of it.
//!
//! strace counts the calls of each thread by itself: the n-th of every thread fails, once.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::copies::History;
use super::told::{self, differs};
use crate::support::{TestServer, anomaly, command, get};

/// Events that are published while calls fail.
const PUBLISHED: usize = 6;

/// What fails.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Of which file, the log beside it included.
    pub file: &'static str,
    /// Which system calls.
    pub calls: &'static str,
    /// The how manieth of each thread.
    pub nth: usize,
}

/// How it came out.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// No call was the n-th.
    NotReached,
    /// The server did not start, and said why.
    FoundAtStart,
    /// An answer was not 200 and said why, or readiness did.
    Told,
    /// Every answer was right, and nothing was lost: it was tried again, or not needed.
    Harmless,
    /// Something was wrong, and nobody said so.
    Unnoticed(String),
}

/// A server that strace watches; strace lets it go when it ends.
struct Watched {
    child: Child,
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether strace may do it here.
pub fn possible() -> Result<(), String> {
    let tried = Command::new("strace").args(["-D", "-f", "-qq", "--seccomp-bpf", "-e", "inject=fsync:error=EIO:when=1", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("strace does not run ({error}); apt-get install strace")),
    }
}

/// `dateline serve` on a folder, with one fault. The child is the server itself: with `-D` it is strace that stands aside.
fn start(data: &Path, trace: &Path, fault: Fault) -> (Watched, String, String) {
    let server = command(data);
    let file = data.join(fault.file).display().to_string();
    let log = data.join("said.log");
    let mut strace = Command::new("strace");
    strace.args(["-D", "-f", "-qq", "--seccomp-bpf", "-o"]).arg(trace).args(["-P", &file, "-P", &format!("{file}-wal")]);
    strace.arg("-e").arg(format!("trace={}", fault.calls)).arg("-e").arg(format!("inject={}:error=EIO:when={}", fault.calls, fault.nth));
    strace.arg(server.get_program()).args(server.get_args()).args(["serve", "--listen", "127.0.0.1:0"]).current_dir(data);
    for (name, value) in server.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    let child = strace.stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let mut watched = Watched { child };
    let mut first = String::new();
    BufReader::new(watched.child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let url = first.trim().strip_prefix("serving at ").map(ToOwned::to_owned);
    if url.is_none() {
        watched.child.wait().unwrap();
    }
    (watched, url.unwrap_or_default(), std::fs::read_to_string(log).unwrap())
}

/// True where words name a file of the server's, or a position.
fn names_what_failed(said: &str) -> bool {
    ["ledger", "state", "views", "position"].iter().any(|name| said.contains(name))
}

/// Publishes, one event a request; answers what was acknowledged (position and id), and whether anything was refused without a reason.
async fn published(url: &str) -> (Vec<(u64, String)>, Option<String>, bool) {
    let (mut acknowledged, mut unnamed, mut refused) = (Vec::new(), None, false);
    for number in 0..PUBLISHED {
        let id = format!("meanwhile-{number}");
        let event = anomaly(&id, "meanwhile", &format!("2024-01-01T00:{number:02}:00Z"));
        let request = reqwest::Client::new().post(format!("{url}/v1/events")).header("content-type", "application/cloudevents+json").body(event);
        let Ok(answer) = request.send().await else {
            unnamed = Some(format!("publishing {id} was not answered"));
            continue;
        };
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap_or_default();
        match status {
            200 | 201 => {
                let receipt: serde_json::Value = serde_json::from_str(&text).unwrap();
                acknowledged.push((receipt["position"].as_u64().unwrap(), id));
            }
            _ if names_what_failed(&text) => refused = true,
            _ => unnamed = Some(format!("publishing answers {status} {text}")),
        }
    }
    (acknowledged, unnamed, refused)
}

/// One fault, in a copy of the history.
pub async fn of(history: &History, fault: Fault) -> (Came, usize) {
    let (_folder, data) = history.copy();
    let trace = data.join("calls.trace");
    let (mut watched, url, said) = start(&data, &trace, fault);
    let mut told = false;
    let mut wrong = None;
    let mut acknowledged = Vec::new();
    if url.is_empty() {
        if !names_what_failed(&said) {
            wrong = Some(format!("it does not start, and does not say what failed: {said}"));
        }
    } else {
        let answers = told::answers(&url).await;
        wrong = differs(history, &answers);
        for (path, status, text) in answers.iter().filter(|(_, status, _)| !matches!(status, 200 | 201)) {
            told = true;
            // A replay that breaks off has its reason in the log alone: its head was sent already.
            if *status != 0 && !names_what_failed(text) {
                wrong.get_or_insert(format!("{path} answers {status} and does not say what failed: {text}"));
            }
        }
        let (stored, unnamed, refused) = published(&url).await;
        acknowledged = stored;
        wrong = wrong.or(unnamed);
        told |= refused;
        let ready = get(&format!("{url}/health/ready")).await.1;
        told |= ready["ready"] == json!(false) || ready["views"]["set_aside"].is_object();
        Command::new("kill").args(["-TERM", &watched.child.id().to_string()]).status().unwrap();
        watched.child.wait().unwrap();
    }
    drop(watched);
    let injected = std::fs::read_to_string(&trace).unwrap_or_default().matches("(INJECTED)").count();
    let lost = after(history, &data, &acknowledged).await;
    let came = match wrong.or(lost) {
        Some(what) => Came::Unnoticed(what),
        None if injected == 0 => Came::NotReached,
        None if url.is_empty() => Came::FoundAtStart,
        None if told => Came::Told,
        None => Came::Harmless,
    };
    (came, injected)
}

/// On a disk that works again nothing is lost, and what was there before is told as before.
async fn after(history: &History, data: &Path, acknowledged: &[(u64, String)]) -> Option<String> {
    let server = TestServer::start(data);
    // Views that were set aside are made anew first.
    let head = get(&format!("{}/health/ready", server.url)).await.1["ledger"]["position"].as_u64().unwrap_or_default();
    let (status, caught_up) = get(&format!("{}/v1/incidents?min_position={head}&wait_ms=30000", server.url)).await;
    if status != 200 {
        return Some(format!("afterwards the views do not catch up: {status} {caught_up}"));
    }
    for (position, id) in acknowledged {
        let (status, stored) = get(&format!("{}/v1/events/{position}", server.url)).await;
        if status != 200 || stored["event"]["id"] != json!(id) {
            return Some(format!("position {position} was acknowledged as {id}, and is {status} {stored}"));
        }
    }
    // Those that do not say how far the views have read since.
    let before = |path: &str| path.contains("timeline.txt") || path.ends_with("-3/events");
    let answers = told::answers(&server.url).await.into_iter().filter(|(path, ..)| before(path));
    let wrong = answers.zip(history.answers.iter().filter(|(path, ..)| before(path))).find(|(found, whole)| found != *whole);
    wrong.map(|(found, whole)| format!("afterwards {} answers {:.300} and not {:.300}", found.0, found.2, whole.2))
}

//! Starts the real executable on files of its own, and asks it over HTTP. No mocks.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The executable under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_dateline");

/// The outage that the demo plays, an event a line.
pub const OUTAGE: &str = include_str!("../../services/commands/demo/whatsapp-2022-10-25.ndjson");

/// A running `dateline serve`, killed when dropped.
pub struct TestServer {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub url: String,
}

impl TestServer {
    /// Starts a server on a folder, at a free port.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same with further flags.
    pub fn start_with(data: &Path, flags: &[&str]) -> Self {
        let mut child =
            command(data).arg("serve").args(["--listen", "127.0.0.1:0"]).args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        let Some(url) = first.trim().strip_prefix("serving at ") else {
            let mut said = String::new();
            child.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
            panic!("the server did not start: {first:?} {said}");
        };
        Self { url: url.to_owned(), child }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits for its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The executable with a clean environment, on a folder.
pub fn command(data: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DATELINE_")) {
        command.env_remove(name);
    }
    command.current_dir(data).arg("--data").arg(data);
    command
}

/// Runs the executable to its end.
pub fn run(data: &Path, arguments: &[&str]) -> Output {
    command(data).args(arguments).output().unwrap()
}

/// A folder that goes away with the test.
pub fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_path_buf();
    (folder, path)
}

/// Publishes lines as one batch and answers the items.
pub async fn publish(url: &str, lines: &[&str]) -> Vec<Value> {
    let body = format!("[{}]", lines.join(","));
    let answer = reqwest::Client::new()
        .post(format!("{url}/v1/events"))
        .header("content-type", "application/cloudevents-batch+json")
        .body(body)
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer["items"].as_array().cloned().unwrap_or_else(|| panic!("no items: {answer}"))
}

/// Asks for JSON; status and body.
pub async fn get(url: &str) -> (u16, Value) {
    let answer = reqwest::get(url).await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A small valid event of a service.
pub fn anomaly(id: &str, service: &str, at: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/tests","type":"dateline.anomaly.detected.v1","subject":"{service}","data":{{"occurred":{{"at":"{at}"}},"regions":["IN"],"sources":[{{"slug":"tests","role":"read_in"}}]}}}}"#
    )
}

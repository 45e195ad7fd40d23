//! A server under attack: its files filled, in a memory cgroup, with what it holds and whether it still answers rightly.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::client::{Answer, ask};
use super::{CAGE_MIB, RESIDENT_MIB_MAX};
use crate::cage::{Cage, forget_the_most, memory_mib};
use crate::needs;
use crate::support::{OUTAGE, PROGRAM, folder};

/// Events a batch.
const BATCH: u64 = 1_000;

/// The address from which the server is filled and asked afterwards, apart from those that attack.
const OWN: u16 = 9_998;

/// A running server, killed when dropped.
pub struct Ground {
    pub address: SocketAddr,
    child: Child,
    /// None where no cgroup can be made, which counts as passed over; what is resident is watched all the same.
    cage: Option<Cage>,
    next: AtomicU64,
    _folder: tempfile::TempDir,
}

/// The program that is attacked.
pub fn program() -> PathBuf {
    std::env::var_os("DATELINE_TEST_PROGRAM").map_or_else(|| PathBuf::from(PROGRAM), PathBuf::from)
}

impl Ground {
    /// A server on an empty folder.
    pub fn start(flags: &[&str]) -> Self {
        Self::of(&program(), flags)
    }

    /// The same of another executable.
    pub fn of(program: &Path, flags: &[&str]) -> Self {
        let (folder, data) = folder();
        let cage = needs::cgroup().map(|parent| Cage::make(&parent, CAGE_MIB));
        // The shell goes into the cgroup before it becomes the server: everything is counted from the first byte on.
        let mut command = Command::new("sh");
        let into = cage.as_ref().map_or_else(|| PathBuf::from("/dev/null"), Cage::processes);
        command.args(["-c", r#"echo $$ > "$0" && exec "$@""#]).arg(into).arg(program).arg("--data").arg(&data);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DATELINE_")) {
            command.env_remove(name);
        }
        let log = std::fs::File::create(data.join("server.log")).unwrap();
        command.current_dir(&data).args(["serve", "--listen", "127.0.0.1:0"]).args(flags).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        let Some(address) = first.trim().strip_prefix("serving at http://") else {
            panic!("the server did not start: {first:?} {}", std::fs::read_to_string(data.join("server.log")).unwrap());
        };
        Self { address: address.parse().unwrap(), child, cage, next: AtomicU64::new(1), _folder: folder }
    }

    /// With the outage of 25 October 2022, so many small incidents, and one that never ends.
    pub async fn filled(flags: &[&str], incidents: u64, endless: u64) -> Self {
        let ground = Self::start(flags);
        let outage: Vec<String> = OUTAGE.lines().map(ToOwned::to_owned).collect();
        ground.publish_batch(&outage).await;
        let mut lines = Vec::new();
        for number in 0..incidents {
            lines.push(ground.event(&format!("service-{number}"), number % 1_440));
        }
        lines.extend((0..endless).map(|number| ground.event("endless", number)));
        for batch in lines.chunks(usize::try_from(BATCH).unwrap()) {
            ground.publish_batch(batch).await;
        }
        ground.caught_up().await;
        ground
    }

    /// An event that was never published before.
    pub fn event(&self, service: &str, minute: u64) -> String {
        event(self.next.fetch_add(1, Ordering::Relaxed), service, minute)
    }

    async fn publish_batch(&self, lines: &[String]) {
        let body = format!("[{}]", lines.join(","));
        let answer = self.post("/v1/events", "application/cloudevents-batch+json", &body).await;
        assert_eq!(answer.status, 201, "{:.2000}", answer.text());
    }

    async fn caught_up(&self) {
        let head = self.get("/v1/services").await.header("dateline-head").to_owned();
        let answer = self.get(&format!("/v1/services?min_position={head}&wait_ms=30000")).await;
        assert_eq!(answer.status, 200, "{:.2000}", answer.text());
    }

    /// The answer; status 0 with the reason where there is none.
    pub async fn get(&self, target: &str) -> Answer {
        self.ask(&format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")).await
    }

    /// The same of a body.
    pub async fn post(&self, target: &str, media_type: &str, body: &str) -> Answer {
        let length = body.len();
        self.ask(&format!(
            "POST {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    async fn ask(&self, request: &str) -> Answer {
        let answer = ask(self.address, OWN, request.as_bytes()).await;
        answer.unwrap_or_else(|error| Answer { body: error.to_string().into_bytes(), ..Answer::default() })
    }

    /// What is wrong with it afterwards; nothing, where it answers rightly and takes events.
    pub async fn fault(&mut self) -> Option<String> {
        if let Some(ended) = self.child.try_wait().unwrap() {
            let killed = self.cage.as_ref().map_or(0, Cage::killed);
            return Some(format!("the server ended: {ended}; {killed} killed for want of memory"));
        }
        let told = self.get("/v1/incidents/whatsapp/timeline.txt?lang=en").await;
        if told.status != 200 || !told.text().contains("12:07") {
            return Some(format!("the outage is told as {} {:.500}", told.status, told.text()));
        }
        let event = self.event("afterwards", 0);
        let answer = self.post("/v1/events", "application/cloudevents+json", &event).await;
        let receipt: Value = serde_json::from_str(&answer.text()).unwrap_or_default();
        if answer.status != 201 || !receipt["position"].is_u64() {
            return Some(format!("an event is answered with {} {:.500}", answer.status, answer.text()));
        }
        let most = self.most_mib();
        (most >= RESIDENT_MIB_MAX).then(|| format!("{most} MiB were resident at most, {RESIDENT_MIB_MAX} are allowed"))
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it held at most since that was forgotten, in MiB.
    pub fn most_mib(&self) -> u64 {
        memory_mib(self.child.id()).1
    }

    /// From here on "at most" is counted anew.
    pub fn forget_the_most(&self) {
        forget_the_most(self.child.id());
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A small valid event with a number of its own.
pub fn event(number: u64, service: &str, minute: u64) -> String {
    let (day, hour, minute) = (minute / 1_440 % 28 + 1, minute / 60 % 24, minute % 60);
    format!(
        r#"{{"specversion":"1.0","id":"{number:012}","source":"/tests/load","type":"dateline.reports.observed.v1","subject":"{service}","data":{{"occurred":{{"at":"2026-03-{day:02}T{hour:02}:{minute:02}Z[UTC]","precision":"minute"}},"regions":["IN"],"counts":[{{"value":11000,"qualifier":"about","per":"total","region":"IN"}}],"sources":[{{"slug":"outlet","role":"read_in","name":"An outlet","kind":"press","url":"https://outlet.example/{service}"}}]}}}}"#
    )
}

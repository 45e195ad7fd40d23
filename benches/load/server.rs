//! `dateline` as its own process, and a bare axum server in this one to hold it against.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use bytes::Bytes;

use crate::support::machine::{Memory, memory_mib};

/// A server that is ready to answer.
pub struct Server {
    child: Child,
    pub address: String,
    /// From the start of the process to the first 200 of `/health/ready`, in milliseconds.
    pub ready_ms: f64,
}

impl Server {
    pub fn start(program: &Path, data: &Path) -> Self {
        Self::role(program, "serve", &["--data".into(), data.display().to_string()])
    }

    /// A role of its own, or `serve`, with the flags that say where things are kept.
    pub fn role(program: &Path, word: &str, flags: &[String]) -> Self {
        let begun = Instant::now();
        let mut child = Command::new(program).args(flags).args([word, "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().expect("a server");
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut first).expect("its first line");
        let address = first.trim().strip_prefix("serving at http://").expect("its address").to_owned();
        while !is_ready(&address) {
            assert!(begun.elapsed() < Duration::from_secs(60), "the server was not ready within a minute");
            std::thread::sleep(Duration::from_millis(1));
        }
        Self { child, address, ready_ms: begun.elapsed().as_secs_f64() * 1e3 }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_ready(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut answer = String::new();
    let asked = stream.write_all(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    asked.and_then(|()| stream.read_to_string(&mut answer)).is_ok() && answer.starts_with("HTTP/1.1 200")
}

/// A rebuild, measured.
pub struct Rebuilt {
    pub seconds: f64,
    /// Resident memory shortly before the end, and the most there was.
    pub memory: Memory,
}

/// Runs `dateline rebuild` to its end, over views that are not there yet.
pub fn rebuild(program: &Path, data: &Path) -> Rebuilt {
    for name in ["views.db", "views.db-wal", "views.db-shm"] {
        let _ = std::fs::remove_file(data.join(name));
    }
    rebuild_at(program, &["--data".into(), data.display().to_string()])
}

/// The same wherever things are kept.
pub fn rebuild_at(program: &Path, flags: &[String]) -> Rebuilt {
    let begun = Instant::now();
    let mut child = Command::new(program).args(flags).arg("rebuild").stdout(Stdio::null()).spawn().expect("a rebuild");
    let mut memory = Memory::default();
    let status = loop {
        if let Some(status) = child.try_wait().expect("its end") {
            break status;
        }
        let now = memory_mib(child.id());
        // A process that is ending holds nothing any more.
        memory = Memory {
            resident: if now.resident > 0 { now.resident } else { memory.resident },
            most: now.most.max(memory.most),
            anonymous: now.anonymous.max(memory.anonymous),
        };
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success(), "the rebuild failed: {status}");
    Rebuilt { seconds: begun.elapsed().as_secs_f64(), memory }
}

/// A bare axum server: `/same/N` answers fixed bytes, `/unchanged` 304, `/parse` parses the body as JSON and keeps nothing,
/// `/parse-lines` parses each line of it.
pub async fn bare(bodies: Vec<Bytes>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let bodies = Arc::new(bodies);
    let same = move |axum::extract::Path(number): axum::extract::Path<usize>| {
        let body = bodies[number % bodies.len()].clone();
        async move { ([("content-type", "application/json")], body) }
    };
    let router = Router::new()
        .route("/same/{number}", get(same))
        .route("/unchanged", get(|| async { StatusCode::NOT_MODIFIED }))
        .route("/parse", post(|body: Bytes| async move { serde_json::from_slice::<serde_json::Value>(&body).map_or("no", |_| "yes") }))
        .route("/parse-lines", post(parse_lines));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn parse_lines(body: Bytes) -> &'static str {
    let parsed = |line: &[u8]| serde_json::from_slice::<serde_json::Value>(line).is_ok();
    if body.split(|byte| *byte == b'\n').all(parsed) { "yes" } else { "no" }
}

//! `dateline serve` as its own process, and a bare axum server to hold it against.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::routing::{get, post};
use bytes::Bytes;

const PROGRAM: &str = env!("CARGO_BIN_EXE_dateline");

pub struct Server {
    child: Child,
    pub address: String,
    /// From the start of the process to its first word, in milliseconds.
    pub start_ms: f64,
}

impl Server {
    pub fn start(data: &Path) -> Self {
        let begun = std::time::Instant::now();
        let mut child = Command::new(PROGRAM)
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut first).expect("its first line");
        let address = first.trim().strip_prefix("serving at http://").expect("its address").to_owned();
        Self { child, address, start_ms: begun.elapsed().as_secs_f64() * 1e3 }
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

/// Runs `dateline rebuild` to its end; seconds, and the most memory it held, in MiB.
pub fn rebuild(data: &Path) -> (f64, u64) {
    let begun = std::time::Instant::now();
    let mut child = Command::new(PROGRAM).arg("--data").arg(data).arg("rebuild").stdout(Stdio::null()).spawn().expect("a rebuild");
    let mut most = 0;
    while child.try_wait().expect("its end").is_none() {
        most = most.max(crate::support::machine::memory_mib(child.id()).1);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    (begun.elapsed().as_secs_f64(), most)
}

/// A bare axum server: `/same` answers fixed bytes, `/parse` parses the body as JSON and keeps nothing.
pub async fn bare(body: Bytes) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let router = Router::new()
        .route("/same", get(move || async move { ([("content-type", "application/json")], body) }))
        .route("/parse", post(|body: Bytes| async move { serde_json::from_slice::<serde_json::Value>(&body).map_or("no", |_| "yes") }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

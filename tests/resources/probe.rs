//! Asks for the server's health ten times a second, from an address of its own, each time on a new connection, and never waits for an
//! answer before the next question is due.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::client::ask;

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(100);

/// Nobody waits longer for the answer.
const WITHIN: Duration = Duration::from_secs(1);

/// The number of the address that asks, apart from those that attack.
const FROM: u16 = 9_999;

const QUESTION: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// A running probe.
pub struct Probe {
    stop: Arc<AtomicBool>,
    asking: JoinHandle<Vec<Result<Duration, String>>>,
}

impl Probe {
    pub fn start(server: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let asking = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (mut asked, mut due) = (Vec::new(), Instant::now());
                while !told.load(Ordering::Relaxed) || asked.is_empty() {
                    asked.push(tokio::spawn(question(server)));
                    due += PAUSE;
                    tokio::time::sleep(due.saturating_duration_since(Instant::now())).await;
                }
                let mut answers = Vec::new();
                for question in asked {
                    answers.push(question.await.unwrap());
                }
                answers
            })
        });
        Self { stop, asking }
    }

    /// What came of it: how many questions, the slowest answer in milliseconds, and what went wrong.
    pub fn end(self) -> Asked {
        self.stop.store(true, Ordering::Relaxed);
        let answers = self.asking.join().unwrap();
        let worst = answers.iter().filter_map(|answer| answer.as_ref().ok()).max().copied().unwrap_or_default();
        let failed: Vec<String> = answers.iter().filter_map(|answer| answer.as_ref().err().cloned()).collect();
        Asked { questions: answers.len(), worst_ms: worst.as_millis(), failed }
    }
}

/// What a probe saw.
pub struct Asked {
    pub questions: usize,
    pub worst_ms: u128,
    pub failed: Vec<String>,
}

impl Asked {
    /// The fault, if there is one.
    pub fn fault(&self) -> Option<String> {
        let first = self.failed.first()?;
        Some(format!("{} of {} questions for health failed, the first: {first}", self.failed.len(), self.questions))
    }
}

async fn question(server: SocketAddr) -> Result<Duration, String> {
    let begun = Instant::now();
    match tokio::time::timeout(WITHIN, ask(server, FROM, QUESTION)).await {
        Ok(Ok(answer)) if answer.status == 200 => Ok(begun.elapsed()),
        Ok(Ok(answer)) => Err(format!("{} {}", answer.status, answer.text())),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {WITHIN:?}")),
    }
}

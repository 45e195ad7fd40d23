//! How much is asked, and how much of it is done: in a closed loop (who has an answer asks again) and in an open one (who comes, comes,
//! however slowly those before are answered).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::client::{connect, exchange};

/// Answers are waited for so long after the last request was due.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// Who has no connection by then tries again when a request is due.
const CONNECTED: Duration = Duration::from_secs(1);

/// Who finds no free connection for so long goes away.
const TURNED_AWAY: Duration = Duration::from_millis(500);

/// Requests a second on how many connections, and from how many addresses.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub rate: f64,
    pub length: Duration,
    pub connections: u16,
    pub addresses: u16,
}

/// What came of a load.
#[derive(Debug, Default)]
pub struct Done {
    /// How often each status came back; 0: no answer, or no connection.
    pub statuses: BTreeMap<u16, usize>,
    /// Requests that found no free connection in time.
    pub turned_away: u64,
    /// How long each answer took from when its request was due, by status, in milliseconds.
    pub took_ms: BTreeMap<u16, Vec<f64>>,
    /// The 503s without Retry-After.
    pub silent_sheds: usize,
    /// Requests that had no answer yet when the load was over.
    pub unanswered: usize,
    /// Until the last answer, and at least as long as was asked.
    pub seconds: f64,
    last: Option<Instant>,
}

impl Done {
    /// Answers of a status a second.
    pub fn rate_of(&self, status: u16) -> f64 {
        self.statuses.get(&status).copied().unwrap_or(0) as f64 / self.seconds
    }

    /// A share of the way through what the answers of a status took, in milliseconds.
    pub fn took(&self, status: u16, share: f64) -> f64 {
        let Some(times) = self.took_ms.get(&status) else { return 0.0 };
        let mut sorted = times.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[((sorted.len() - 1) as f64 * share).round() as usize]
    }

    fn add(&mut self, other: Self) {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        for (status, mut times) in other.took_ms {
            self.took_ms.entry(status).or_default().append(&mut times);
        }
        self.silent_sheds += other.silent_sheds;
        self.unanswered += other.unanswered;
        self.last = self.last.max(other.last);
    }

    fn end(mut self, begun: Instant, length: Duration) -> Self {
        let last = self.last.map(|last| last.saturating_duration_since(begun)).unwrap_or_default();
        self.seconds = last.max(length).as_secs_f64();
        self
    }

    fn note(&mut self, status: u16, took: Duration) {
        *self.statuses.entry(status).or_default() += 1;
        self.took_ms.entry(status).or_default().push(took.as_secs_f64() * 1e3);
        if status != 0 {
            self.last = Some(Instant::now());
        }
    }
}

/// The requests that are due, and who takes the next one.
struct Schedule {
    begun: Instant,
    rate: f64,
    length: Duration,
    next: AtomicU64,
    turned_away: AtomicU64,
}

impl Schedule {
    /// When the next request is due; None when it is over.
    fn take(&self) -> Option<Instant> {
        loop {
            let after = Duration::from_secs_f64(self.next.fetch_add(1, Ordering::Relaxed) as f64 / self.rate);
            if after >= self.length {
                return None;
            }
            if self.begun.elapsed().saturating_sub(after) < TURNED_AWAY {
                return Some(self.begun + after);
            }
            self.turned_away.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Sends at a rate, whatever becomes of it. The connections are there before the first request is due.
pub async fn open_loop<F: Fn() -> Vec<u8> + Clone + Send + 'static>(server: SocketAddr, load: Load, request: F) -> Done {
    let streams = connected(server, load).await;
    let schedule = Arc::new(Schedule {
        begun: Instant::now(),
        rate: load.rate.max(1.0),
        length: load.length,
        next: AtomicU64::new(0),
        turned_away: AtomicU64::new(0),
    });
    let mut tasks = JoinSet::new();
    for (from, stream) in streams {
        let (schedule, request) = (Arc::clone(&schedule), request.clone());
        let until = schedule.begun + load.length + AFTERWARDS;
        tasks.spawn(sender(server, from, stream, until, move || schedule.take(), request));
    }
    let mut done = Done::default();
    while let Some(part) = tasks.join_next().await {
        done.add(part.unwrap());
    }
    done.turned_away = schedule.turned_away.load(Ordering::Relaxed);
    done.end(schedule.begun, load.length)
}

/// The connections of a load, a few after the other: a system's queue of new ones is short.
async fn connected(server: SocketAddr, load: Load) -> Vec<(u16, Option<TcpStream>)> {
    let mut tasks = JoinSet::new();
    for number in 0..load.connections {
        let from = number % load.addresses;
        tasks.spawn(async move { (from, tokio::time::timeout(CONNECTED, connect(server, from)).await.ok().and_then(Result::ok)) });
        if number % 50 == 49 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    tasks.join_all().await
}

/// So many connections, each asking again when it has its answer.
pub async fn closed_loop<F: Fn() -> Vec<u8> + Clone + Send + 'static>(server: SocketAddr, connections: u16, length: Duration, request: F) -> Done {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..connections {
        let due = move || (begun.elapsed() < length).then(Instant::now);
        tasks.spawn(sender(server, number % 4, None, begun + length + AFTERWARDS, due, request.clone()));
    }
    let mut done = Done::default();
    while let Some(part) = tasks.join_next().await {
        done.add(part.unwrap());
    }
    done.end(begun, length)
}

/// The most answers of whatever status a second, over so many connections.
pub async fn best_of<F: Fn() -> Vec<u8> + Clone + Send + 'static>(server: SocketAddr, connections: &[u16], length: Duration, request: &F) -> f64 {
    let mut best: f64 = 0.0;
    for count in connections {
        let done = closed_loop(server, *count, length, request.clone()).await;
        let answers: usize = done.statuses.iter().filter(|(status, _)| **status != 0).map(|(_, count)| count).sum();
        best = best.max(answers as f64 / done.seconds);
    }
    best
}

/// One connection; a new one where the server closed it.
async fn sender(
    server: SocketAddr,
    from: u16,
    mut stream: Option<TcpStream>,
    until: Instant,
    due: impl Fn() -> Option<Instant>,
    request: impl Fn() -> Vec<u8>,
) -> Done {
    let mut done = Done::default();
    while let Some(due) = due() {
        tokio::time::sleep_until(due.into()).await;
        if stream.is_none() {
            stream = tokio::time::timeout_at(until.into(), connect(server, from)).await.ok().and_then(Result::ok);
        }
        let Some(open) = &mut stream else {
            done.note(0, due.elapsed());
            continue;
        };
        match tokio::time::timeout_at(until.into(), exchange(open, &request())).await {
            Ok(Ok(answer)) => {
                done.note(answer.status, due.elapsed());
                done.silent_sheds += usize::from(answer.status == 503 && answer.header("retry-after").is_empty());
                if !answer.stays {
                    stream = None;
                }
            }
            // The load is over, and nobody waits any longer.
            Err(_) => done.unanswered += 1,
            Ok(Err(_)) => {
                done.note(0, due.elapsed());
                stream = None;
            }
        }
    }
    done
}

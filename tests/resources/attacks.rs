//! What is done to a route: six ways to ask too much of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use super::client::{ask, connect, connect_narrow, exchange};
use super::pace::{Load, best_of, open_loop};
use super::routes::Route;

/// The largest body that is taken anywhere, in bytes.
const BODY_BYTES: usize = 16 << 20;

/// How many at once send a body, half a body, or hardly anything.
const BODIES: u16 = 12;
const HALVES: u16 = 40;
const SLOW: u16 = 100;

/// Connections of the crowd, and the addresses that they come from.
pub const CROWD: u16 = 1_200;
const ADDRESSES: u16 = 8;

/// Where a machine could answer fewer a second, the load is as if it were so many.
const RATE_MIN: f64 = 50.0;

/// So often a slow one sends a byte.
const DRIP: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    LargestBody,
    HalfBody,
    SlowDrip,
    Silence,
    Connections,
    ThreeTimesTheLoad,
}

impl Attack {
    pub const ALL: [Self; 6] = [Self::LargestBody, Self::HalfBody, Self::SlowDrip, Self::Silence, Self::Connections, Self::ThreeTimesTheLoad];

    pub fn name(self) -> &'static str {
        match self {
            Self::LargestBody => "largest body",
            Self::HalfBody => "half body",
            Self::SlowDrip => "slow drip",
            Self::Silence => "silence",
            Self::Connections => "1,200 connections",
            Self::ThreeTimesTheLoad => "three times the load",
        }
    }

    /// Does it for so long; answers which statuses came back how often (0: no answer).
    pub async fn run(self, server: SocketAddr, route: &Route, length: Duration) -> BTreeMap<u16, usize> {
        let request: Arc<[u8]> = match self {
            Self::LargestBody => with_body(route, BODY_BYTES, BODY_BYTES),
            Self::HalfBody => with_body(route, BODY_BYTES, BODY_BYTES / 2),
            Self::SlowDrip => with_body(route, BODY_BYTES, 1),
            Self::Silence if route.media_type.is_some() => with_body(route, BODY_BYTES, 0),
            Self::Silence | Self::Connections | Self::ThreeTimesTheLoad => route.request("[]").into(),
        };
        match self {
            Self::LargestBody => counted((0..BODIES).map(|number| whole(server, number, Arc::clone(&request)))).await,
            Self::HalfBody => counted((0..HALVES).map(|number| held(server, number, Arc::clone(&request), length, Drip::No))).await,
            Self::SlowDrip => counted((0..SLOW).map(|number| held(server, number, Arc::clone(&request), length, Drip::Yes))).await,
            Self::Silence => counted((0..SLOW).map(|number| held(server, number, Arc::clone(&request), length, Drip::No))).await,
            Self::Connections => counted((0..CROWD).map(|number| stays(server, number, Arc::clone(&request), length))).await,
            Self::ThreeTimesTheLoad => {
                let asking = move || request.to_vec();
                let best = best_of(server, &[16], length / 4, &asking).await;
                let load = Load { rate: best.max(RATE_MIN) * 3.0, length, connections: 400, addresses: ADDRESSES };
                open_loop(server, load, asking).await.statuses
            }
        }
    }
}

/// A request that announces so many bytes and holds so many: zeros in an array, which is as many items as fit.
fn with_body(route: &Route, announced: usize, held: usize) -> Arc<[u8]> {
    let mut request = format!("{}content-length: {announced}\r\n\r\n", route.head()).into_bytes();
    let mut body = b"[".to_vec();
    body.extend(b"0,".iter().cycle().take(held.saturating_sub(3)));
    if held == announced {
        body.truncate(body.len() / 2 * 2);
        body.extend(b"0]");
    }
    body.resize(held, b' ');
    request.extend(body);
    request.into()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Drip {
    Yes,
    No,
}

/// Sends everything and reads the answer.
async fn whole(server: SocketAddr, number: u16, request: Arc<[u8]>) -> u16 {
    ask(server, number % ADDRESSES, &request).await.map_or(0, |answer| answer.status)
}

/// Sends what it has, takes hardly anything, and stays.
async fn held(server: SocketAddr, number: u16, request: Arc<[u8]>, length: Duration, drip: Drip) -> u16 {
    let Ok(mut stream) = connect_narrow(server, number % ADDRESSES).await else { return 0 };
    let until = Instant::now() + length;
    let send = async {
        let mut sent = stream.write_all(&request).await;
        while drip == Drip::Yes && sent.is_ok() {
            tokio::time::sleep(DRIP).await;
            sent = stream.write_all(b" ").await;
        }
        std::future::pending::<()>().await;
    };
    let _ = tokio::time::timeout_at(until.into(), send).await;
    status_so_far(&mut stream).await
}

/// Asks, reads the answer, and stays connected.
async fn stays(server: SocketAddr, number: u16, request: Arc<[u8]>, length: Duration) -> u16 {
    let begun = Instant::now();
    let Ok(mut stream) = connect(server, number % ADDRESSES).await else { return 0 };
    let answer = tokio::time::timeout(length, exchange(&mut stream, &request)).await;
    tokio::time::sleep(length.saturating_sub(begun.elapsed())).await;
    answer.ok().and_then(Result::ok).map_or(0, |answer| answer.status)
}

/// The status of what has arrived already.
async fn status_so_far(stream: &mut tokio::net::TcpStream) -> u16 {
    let mut buffer = [0; 64];
    let read = tokio::time::timeout(Duration::from_millis(1), tokio::io::AsyncReadExt::read(stream, &mut buffer)).await;
    let Ok(Ok(length)) = read else { return 0 };
    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
    text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

async fn counted(attackers: impl Iterator<Item = impl Future<Output = u16> + Send + 'static>) -> BTreeMap<u16, usize> {
    let mut tasks: JoinSet<u16> = attackers.collect();
    let mut statuses = BTreeMap::new();
    while let Some(status) = tasks.join_next().await {
        *statuses.entry(status.unwrap()).or_default() += 1;
    }
    statuses
}

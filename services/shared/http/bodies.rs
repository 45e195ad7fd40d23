//! The reading of bodies: who calls is known before, the memory is charged as bytes arrive, and a sender who dawdles is told so.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::request::Parts;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::address::network;
use super::budget::{Budget, Charge, Holder, NoRoom};
use super::{Caller, Client, Problem};

/// Bodies under way hold so much together where nothing is set, in MiB; one key or address at most a quarter of it.
pub const MEMORY_MIB: usize = 64;

/// Of the bodies that have arrived, so many bytes are made into events at once: they take as much room again, until the ledger has them.
const MADE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// They are counted by so many bytes.
const MADE_STEP_BYTES: usize = 1024;

/// A body whose room is taken waits so long for it, in all, in milliseconds.
const PATIENCE_MS: u64 = 1_000;

/// It looks for room so often meanwhile, in milliseconds. All look for themselves: waking them at each release would wake a thousand.
const LOOK_AGAIN_MS: u64 = 20;

/// Between two pieces of a body passes at most so much time, in seconds.
const PAUSE_S: u64 = 10;

/// After so many seconds a body must have come at this rate since, on average, in bytes a second.
const START_S: u64 = 5;
const RATE_BYTES_S: u64 = 64 * 1024;

/// Room for a body is taken in steps that double, from so many bytes on.
const FIRST_BYTES: usize = 4 * 1024;

/// Reads bodies, which share one budget of memory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bodies {
    budget: Budget,
    /// What may be made into events now, in steps.
    made: Arc<Semaphore>,
}

/// A body, with the room that it takes until this is dropped.
#[derive(Debug)]
pub struct Received {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their room.
    pub room: Room,
}

/// Room in the budget of bodies, until dropped: hold it until the request is answered.
#[derive(Debug)]
pub struct Room {
    charge: Charge,
    patience: Duration,
}

impl Default for Bodies {
    fn default() -> Self {
        Self::new(MEMORY_MIB * 1024 * 1024)
    }
}

impl Bodies {
    /// Bodies that share so many bytes.
    pub fn new(memory_bytes: usize) -> Self {
        Self { budget: Budget::new(memory_bytes), made: Arc::new(Semaphore::new(MADE_BYTES_MAX / MADE_STEP_BYTES)) }
    }

    /// Waits until it is the turn of a body of so many bytes to be made into events; hold it until the ledger has answered.
    pub async fn turn(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let steps = bytes.min(MADE_BYTES_MAX).div_ceil(MADE_STEP_BYTES);
        // It is never closed.
        self.made.clone().acquire_many_owned(u32::try_from(steps).ok()?).await.ok()
    }

    /// Reads the body of a request whose caller was let in. What it is made of is for the message when it is too large.
    pub async fn read(&self, head: &Parts, body: Body, caller: &Caller, bytes_max: usize, of_what: &str) -> Result<Received, Problem> {
        let announced = body_bytes(&body);
        if announced.is_some_and(|bytes| bytes > bytes_max as u64) {
            return Err(too_large(bytes_max, of_what));
        }
        let mut room = Room { charge: self.budget.open(holder(head, caller)), patience: Duration::from_millis(PATIENCE_MS) };
        let (mut body, mut bytes, mut pace) = (body, Vec::new(), Pace::default());
        while let Some(piece) = pace.next(&mut body).await? {
            let whole = bytes.len() + piece.len();
            if whole > bytes_max {
                return Err(too_large(bytes_max, of_what));
            }
            if whole > bytes.capacity() {
                let end = announced.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(bytes_max);
                let wanted = whole.max(bytes.capacity() * 2).max(FIRST_BYTES).min(end.max(whole));
                room.grow_to(wanted).await?;
                bytes.reserve_exact(wanted - bytes.len());
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Received { bytes, room })
    }
}

/// Whom a body is charged to. What did not come over a connection is this machine's own.
fn holder(head: &Parts, caller: &Caller) -> Holder {
    match caller.key() {
        Some(key) => Holder::Key(key.into()),
        None => Holder::Address(head.extensions.get::<Client>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |client| network(client.address))),
    }
}

impl Room {
    /// Takes so much more room, in bytes: for what the body becomes when it is unpacked. Waits a little where others hold it.
    pub async fn grow(&mut self, more: usize) -> Result<(), Problem> {
        self.grow_to(self.charge.bytes() + more).await
    }

    async fn grow_to(&mut self, bytes: usize) -> Result<(), Problem> {
        loop {
            match self.charge.grow_to(bytes) {
                Ok(()) => return Ok(()),
                Err(NoRoom::Ever) => {
                    let detail =
                        "one caller's bodies hold at most a quarter of the memory that is set for bodies (--body-memory-mib); send less at once";
                    return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large", detail));
                }
                Err(NoRoom::Now) if self.patience.is_zero() => {
                    let detail = "the memory for what is being sent is taken; send it again a little later";
                    return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "bodies-full", "Too much is being sent at once", detail).retry(1));
                }
                Err(NoRoom::Now) => {
                    let pause = self.patience.min(Duration::from_millis(LOOK_AGAIN_MS));
                    tokio::time::sleep(pause).await;
                    self.patience -= pause;
                }
            }
        }
    }
}

/// How fast a body comes. Only the time counts in which it was waited for.
#[derive(Debug, Default)]
struct Pace {
    bytes: u64,
    waited: Duration,
}

impl Pace {
    /// The next piece of a body; None at its end.
    async fn next(&mut self, body: &mut Body) -> Result<Option<Bytes>, Problem> {
        loop {
            let begun = Instant::now();
            let frame = tokio::time::timeout(self.left(), body.frame()).await;
            self.waited += begun.elapsed();
            match frame {
                Err(_) => return Err(slow()),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => {
                    tracing::debug!(%error, "a body broke off");
                    return Err(broken());
                }
                Ok(Some(Ok(frame))) => {
                    // Trailers say nothing here.
                    let Ok(piece) = frame.into_data() else { continue };
                    self.bytes += piece.len() as u64;
                    return Ok(Some(piece));
                }
            }
        }
    }

    /// So long the next piece may take.
    fn left(&self) -> Duration {
        let earned = Duration::from_secs(START_S) + Duration::from_millis(self.bytes * 1_000 / RATE_BYTES_S);
        earned.saturating_sub(self.waited).min(Duration::from_secs(PAUSE_S))
    }
}

/// How long a body says that it is.
fn body_bytes(body: &Body) -> Option<u64> {
    axum::body::HttpBody::size_hint(body).exact()
}

fn too_large(bytes_max: usize, of_what: &str) -> Problem {
    let detail = format!("a body has at most {bytes_max} bytes; send fewer {of_what} at once");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large", detail)
}

fn broken() -> Problem {
    let detail = "the connection broke while the body was read, or it is not chunked as HTTP has it; send it again";
    Problem::new(StatusCode::BAD_REQUEST, "body-broken", "The body did not arrive whole", detail)
}

fn slow() -> Problem {
    let detail = format!(
        "after {START_S} s a body must come at {} KiB/s, and never pause for {PAUSE_S} s; send it again, or less at once",
        RATE_BYTES_S / 1024
    );
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body-slow", "The body came too slowly", detail)
}

#[cfg(test)]
mod tests {
    //! A body may be slow at first, and may pause, but not both for long.

    use std::time::Duration;

    use futures_util::FutureExt;

    use super::{Bodies, MADE_BYTES_MAX, PAUSE_S, Pace, RATE_BYTES_S, START_S};

    #[test]
    fn a_body_earns_time_by_its_bytes() {
        let left = |bytes, waited_ms| Pace { bytes, waited: Duration::from_millis(waited_ms) }.left();
        assert_eq!(left(0, 0), Duration::from_secs(START_S));
        assert_eq!(left(0, 5_000), Duration::ZERO);
        assert_eq!(left(RATE_BYTES_S, 5_000), Duration::from_secs(1));
        assert_eq!(left(RATE_BYTES_S / 2, 5_499), Duration::from_millis(1));
        assert_eq!(left(100 * RATE_BYTES_S, 60_000), Duration::from_secs(PAUSE_S), "a pause is never longer");
    }
    #[test]
    fn so_many_bytes_are_made_into_events_at_once_and_the_largest_alone() {
        let bodies = Bodies::default();
        let half = bodies.turn(MADE_BYTES_MAX / 2).now_or_never().flatten();
        let rest = bodies.turn(MADE_BYTES_MAX / 2).now_or_never().flatten();
        assert!(half.is_some() && rest.is_some());
        assert!(bodies.turn(1).now_or_never().is_none(), "all is taken");
        drop(half);
        assert!(bodies.turn(MADE_BYTES_MAX + 1).now_or_never().is_none());
        drop(rest);
        assert!(bodies.turn(MADE_BYTES_MAX + 1).now_or_never().flatten().is_some());
    }
}

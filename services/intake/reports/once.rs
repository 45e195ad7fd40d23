//! `Idempotency-Key`: a request that is sent again because its answer was lost counts once and is answered as the first was
//! (draft-ietf-httpapi-idempotency-key-header). Remembered for an hour, by this intake alone, and no longer than it runs.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Clock};

use axum::http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::limits::Reporter;
use crate::shared::http::Problem;
use crate::shared::http::address::network;

/// A key is remembered so long, in seconds.
const REMEMBERED_S: u64 = 3_600;

/// So many keys are remembered at once, of about 200 bytes each.
const MAX_REMEMBERED: usize = 100_000;

/// So many of them are of callers without an API key: they never take the room of those who have one.
const MAX_ANONYMOUS: usize = MAX_REMEMBERED / 2;

/// An address without an API key has so many remembered: it counts with 30 reports an hour anyway.
const MAX_OF_AN_ADDRESS: usize = 100;

/// A key is at most so long, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// A full table is looked through for what has lapsed at most so often, in seconds.
const SWEEP_EVERY_S: u64 = 1;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What became of a request; None while nobody knows.
pub(super) type Outcome<T> = Option<Result<T, Problem>>;

/// The requests that are remembered by their keys.
#[derive(Debug)]
pub(super) struct Once<T> {
    begun: Clock,
    hashing: RandomState,
    table: Arc<Mutex<Table<T>>>,
}

#[derive(Debug)]
struct Table<T> {
    requests: HashMap<[u8; 32], Remembered<T>>,
    /// How many are remembered of each address, by a keyed hash.
    of_addresses: HashMap<u64, usize>,
    anonymous: usize,
    swept_s: Option<u64>,
}

#[derive(Debug)]
struct Remembered<T> {
    began_s: u64,
    body: [u8; 32],
    address: Option<u64>,
    outcome: watch::Receiver<Outcome<T>>,
}

/// What is to be done with a request.
pub(super) enum Turn<T> {
    /// It is the first with this key, or has none: whoever does it says what became of it.
    First(Doing<T>),
    /// It is done already, or under way.
    Again(watch::Receiver<Outcome<T>>),
}

/// A request under way. Dropped without a word, it is forgotten, and the next with its key is the first.
pub(super) struct Doing<T> {
    outcome: watch::Sender<Outcome<T>>,
    remembered: Option<Place<T>>,
}

/// Where a request is remembered.
struct Place<T> {
    name: [u8; 32],
    table: Arc<Mutex<Table<T>>>,
}

impl<T: Clone> Once<T> {
    pub(super) fn new() -> Self {
        let table = Table { requests: HashMap::new(), of_addresses: HashMap::new(), anonymous: 0, swept_s: None };
        Self { begun: Clock::now(), hashing: RandomState::new(), table: Arc::new(Mutex::new(table)) }
    }

    /// Finds out whether the request of this caller, with this path, query and body, was seen before.
    pub(super) fn turn(&self, reporter: &Reporter, headers: &HeaderMap, path_and_query: &str, body: &[u8]) -> Result<Turn<T>, Problem> {
        let (sender, receiver) = watch::channel(None);
        let Some(key) = key(headers)? else { return Ok(Turn::First(Doing { outcome: sender, remembered: None })) };
        let now_s = self.begun.elapsed().as_secs();
        let address = match reporter {
            Reporter::Address(address) => Some(self.hashing.hash_one(network(*address))),
            Reporter::Key(_) | Reporter::Owner => None,
        };
        let name = Sha256::new().chain_update(caller(reporter)).chain_update([0]).chain_update(key).finalize().into();
        let body = Sha256::new().chain_update(path_and_query).chain_update([0]).chain_update(body).finalize().into();
        let mut table = lock(&self.table);
        table.forget(name, now_s);
        if let Some(known) = table.requests.get(&name) {
            return if known.body == body { Ok(Turn::Again(known.outcome.clone())) } else { Err(another_body()) };
        }
        table.make_room(address, now_s)?;
        table.remember(name, Remembered { began_s: now_s, body, address, outcome: receiver });
        Ok(Turn::First(Doing { outcome: sender, remembered: Some(Place { name, table: self.table.clone() }) }))
    }
}

impl<T> Doing<T> {
    /// Says what became of it. What was done is remembered; what was not may be tried again.
    pub(super) fn done(mut self, outcome: Result<T, Problem>) {
        if outcome.is_ok() {
            self.remembered = None;
        }
        self.outcome.send_replace(Some(outcome));
    }

    /// Where to hear of it.
    pub(super) fn outcome(&self) -> watch::Receiver<Outcome<T>> {
        self.outcome.subscribe()
    }
}

impl<T> Drop for Doing<T> {
    fn drop(&mut self) {
        if let Some(Place { name, table }) = self.remembered.take() {
            lock(&table).remove(&name);
        }
    }
}

impl<T> Table<T> {
    fn make_room(&mut self, address: Option<u64>, now_s: u64) -> Result<(), Problem> {
        if self.is_full(address) && self.swept_s.is_none_or(|swept| now_s - swept >= SWEEP_EVERY_S) {
            self.swept_s = Some(now_s);
            let lapsed: Vec<[u8; 32]> = self.requests.iter().filter(|(_, known)| has_lapsed(known.began_s, now_s)).map(|(name, _)| *name).collect();
            lapsed.iter().for_each(|name| self.remove(name));
        }
        if address.and_then(|address| self.of_addresses.get(&address)).is_some_and(|count| *count >= MAX_OF_AN_ADDRESS) {
            let detail = format!(
                "more than {MAX_OF_AN_ADDRESS} requests with an Idempotency-Key from one address in an hour; send reports in larger requests"
            );
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-keys", "Too many keys", detail).retry(600));
        }
        if self.is_full(address) {
            let detail =
                "too many requests with an Idempotency-Key are remembered: nothing was counted; send it a little later, or without the header";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much is remembered", detail).retry(60));
        }
        Ok(())
    }

    fn is_full(&self, address: Option<u64>) -> bool {
        self.requests.len() >= MAX_REMEMBERED || (address.is_some() && self.anonymous >= MAX_ANONYMOUS)
    }

    fn remember(&mut self, name: [u8; 32], request: Remembered<T>) {
        if let Some(address) = request.address {
            *self.of_addresses.entry(address).or_default() += 1;
            self.anonymous += 1;
        }
        self.requests.insert(name, request);
    }

    /// Forgets a request whose hour is over.
    fn forget(&mut self, name: [u8; 32], now_s: u64) {
        if self.requests.get(&name).is_some_and(|known| has_lapsed(known.began_s, now_s)) {
            self.remove(&name);
        }
    }

    fn remove(&mut self, name: &[u8; 32]) {
        let Some(address) = self.requests.remove(name).and_then(|known| known.address) else { return };
        self.anonymous -= 1;
        if let Entry::Occupied(mut count) = self.of_addresses.entry(address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

fn has_lapsed(began_s: u64, now_s: u64) -> bool {
    now_s - began_s >= REMEMBERED_S
}

/// Nobody panics while holding the lock; what it guards may be used on in any case.
fn lock<T>(table: &Mutex<Table<T>>) -> MutexGuard<'_, Table<T>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whose key it is: two callers who choose the same key do not meet.
fn caller(reporter: &Reporter) -> String {
    match reporter {
        Reporter::Key(name) => name.clone(),
        Reporter::Owner => "owner".to_owned(),
        Reporter::Address(address) => format!("address/{}", network(*address)),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<&[u8]>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.as_bytes();
    if values.next().is_some() || key.is_empty() || key.len() > MAX_KEY_BYTES {
        let detail = format!("the header Idempotency-Key: expected one, of 1 to {MAX_KEY_BYTES} bytes");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "header", "A header cannot be read", detail));
    }
    Ok(Some(key))
}

fn another_body() -> Problem {
    let detail = "another request was sent with this Idempotency-Key within the hour; every request has a key of its own";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-taken", "The key is taken", detail)
}

/// Waits until it is known what became of a request; None where that takes too long.
pub(super) async fn known<T: Clone>(mut outcome: watch::Receiver<Outcome<T>>, wait: Duration) -> Option<Result<T, Problem>> {
    let heard = tokio::time::timeout(wait, outcome.wait_for(Option::is_some)).await.ok()?;
    match heard {
        Ok(outcome) => outcome.clone(),
        // Whoever did it is gone without a word.
        Err(_) => Some(Err(Problem::internal("what became of the request is not known; send it again"))),
    }
}

#[cfg(test)]
mod tests {
    //! Once for a key and a caller; no table grows beyond its limit.
    #![expect(clippy::unwrap_used, reason = "a test may fail so")]

    use std::net::IpAddr;

    use axum::http::HeaderValue;

    use super::*;

    fn with_key(key: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(key).unwrap());
        headers
    }

    fn address(number: u32) -> Reporter {
        Reporter::Address(IpAddr::V4(std::net::Ipv4Addr::from_bits(number)))
    }

    fn first(once: &Once<u32>, who: &Reporter, key: &str, body: &[u8]) -> Result<Option<Doing<u32>>, u16> {
        match once.turn(who, &with_key(key), "/v1/reports", body) {
            Ok(Turn::First(doing)) => Ok(Some(doing)),
            Ok(Turn::Again(_)) => Ok(None),
            Err(problem) => Err(problem.status.as_u16()),
        }
    }

    #[tokio::test]
    async fn the_same_key_of_the_same_caller_is_the_same_request() {
        let once = Once::new();
        first(&once, &Reporter::Owner, "a", b"body").unwrap().unwrap().done(Ok(7));
        let Ok(Turn::Again(outcome)) = once.turn(&Reporter::Owner, &with_key("a"), "/v1/reports", b"body") else { panic!("it was the first") };
        assert_eq!(known(outcome, Duration::from_secs(1)).await.unwrap().unwrap(), 7);
        assert_eq!(first(&once, &Reporter::Owner, "a", b"another").err(), Some(422));
        for (who, key) in [(Reporter::Owner, "b"), (Reporter::Key("key/1".into()), "a"), (address(1), "a"), (address(2), "a")] {
            assert!(first(&once, &who, key, b"body").unwrap().is_some(), "{who:?} {key}");
        }
    }

    #[test]
    fn what_was_not_done_may_be_tried_again() {
        let once = Once::<u32>::new();
        let doing = first(&once, &address(1), "a", b"body").unwrap().unwrap();
        assert!(first(&once, &address(1), "a", b"body").unwrap().is_none(), "under way");
        doing.done(Err(Problem::internal("no")));
        drop(first(&once, &address(1), "a", b"body").unwrap().unwrap());
        assert!(first(&once, &address(1), "a", b"body").unwrap().is_some(), "given up");
        assert_eq!(lock(&once.table).anonymous, 0);
    }

    #[test]
    fn no_more_are_remembered_than_the_limits_say() {
        let once = Once::<u32>::new();
        for number in 0..MAX_OF_AN_ADDRESS {
            first(&once, &address(0), &number.to_string(), b"").unwrap().unwrap().done(Ok(1));
        }
        assert_eq!(first(&once, &address(0), "one more", b"").err(), Some(429));
        for number in MAX_OF_AN_ADDRESS..MAX_ANONYMOUS {
            first(&once, &address(u32::try_from(number).unwrap()), "a", b"").unwrap().unwrap().done(Ok(1));
        }
        assert_eq!(first(&once, &address(u32::MAX), "a", b"").err(), Some(503), "strangers have a half");
        for number in MAX_ANONYMOUS..MAX_REMEMBERED {
            first(&once, &Reporter::Owner, &number.to_string(), b"").unwrap().unwrap().done(Ok(1));
        }
        assert_eq!(first(&once, &Reporter::Owner, "one more", b"").err(), Some(503));
        assert!(first(&once, &Reporter::Owner, "99999", b"").unwrap().is_none(), "who is known is answered");
        let mut table = lock(&once.table);
        table.swept_s = None;
        table.make_room(None, REMEMBERED_S + 60).unwrap();
        assert_eq!((table.requests.len(), table.anonymous, table.of_addresses.len()), (0, 0, 0), "an hour later");
    }
}

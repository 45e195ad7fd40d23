//! The connection to NATS: opening it, asking JetStream's API, and what its errors mean.
//!
//! The API is spoken as the JSON that JetStream documents (ADR-31 for reading), so that every setting of a stream can be seen and
//! checked, also those that a client library does not know yet. No stream of ours is named here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::{Client, ConnectOptions, Event, HeaderMap, Message, Request};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

use super::bus_address::BusAddress;
use crate::address::Address;

/// The oldest server whose streams keep what they acknowledged; earlier ones lose data that they acknowledged when a sync fails.
const OLDEST_SERVER: (u64, u64, u64) = (2, 15, 1);

/// Opening a connection takes at most so long, in milliseconds.
const CONNECT_MS: u64 = 5_000;

/// A server that says nothing is asked whether it lives so often, in milliseconds; twice unanswered, the connection is opened anew.
const PING_EVERY_MS: u64 = 5_000;

/// A lost connection is tried again after so long at most, in milliseconds.
const RECONNECT_MOST_MS: u64 = 500;

/// An answer of the API is awaited so long, in milliseconds.
pub(super) const ANSWER_MS: u64 = 5_000;

/// Servers that were just started elect leaders first, and answer nothing until then: whoever opens something asks again so long, in
/// milliseconds.
const OPENING_MS: u64 = 30_000;
const ASK_AGAIN_MS: u64 = 250;

/// JetStream's numbers for errors that are answers: there is no such stream, no such message.
pub(super) const STREAM_NOT_FOUND: u64 = 10_059;
pub(super) const NO_MESSAGE: u64 = 10_037;

/// There is no room for what a stream would set aside.
pub(super) const NO_STORAGE: u64 = 10_047;
pub(super) const NO_RESOURCES: u64 = 10_023;

/// A stream of this name is there, with other settings.
pub(super) const STREAM_NAME_TAKEN: u64 = 10_058;

/// Room for subject and headers in a message, in bytes.
const HEADERS_BYTES: usize = 4 * 1024;

/// "Wrong last sequence": the head moved, an id is taken, or a value was changed.
pub(super) const WRONG_LAST_SEQUENCE: u64 = 10_071;

/// The same where a copy of the message is still in flight.
pub(super) const WRONG_LAST_SEQUENCE_IN_FLIGHT: u64 = 10_164;

/// "Wrong last message id": the message before was refused, and another intake's stands in its place.
pub(super) const WRONG_LAST_ID: u64 = 10_070;

/// What a monitoring endpoint says is read up to so many bytes.
const MAX_MONITOR_BYTES: u64 = 1024 * 1024;

/// Messages that wait for one subscription: a page of the ledger, and what belongs to it.
const SUBSCRIPTION_MESSAGES: usize = 4_096;

/// A connection to the bus. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Bus(Arc<Connection>);

#[derive(Debug)]
struct Connection {
    client: Client,
    address: BusAddress,
    /// Counts how often the connection broke.
    breaks: watch::Receiver<u64>,
}

/// Why the bus did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BusError {
    /// The address was not understood, or the server refused us.
    #[error("{0}")]
    Connect(String),
    /// The server does not carry messages that are large enough.
    #[error(
        "max_payload of the server at {place} is {given} bytes, and {what} has messages of {needed}: set max_payload to 1MB (the server's own default)"
    )]
    Small {
        /// Which server.
        place: String,
        /// Its limit.
        given: usize,
        /// What is needed.
        needed: usize,
        /// Who needs it.
        what: &'static str,
    },
    /// Nothing came back in time: whether it was done is not known.
    #[error("the bus did not answer within {ANSWER_MS} ms")]
    Silent,
    /// Nobody is there to answer: JetStream is off, or has no leader just now.
    #[error("nobody answers for {0} on the bus just now (JetStream is off there, or elects a leader)")]
    Nobody(String),
    /// JetStream refused.
    #[error("JetStream refused ({code}): {description}")]
    Refused {
        /// Its number for the error.
        code: u64,
        /// Its words.
        description: String,
    },
    /// Something came back that is not understood.
    #[error("the bus answered what is not understood: {0}")]
    Unreadable(String),
}

impl BusError {
    /// True where JetStream refused with this number.
    pub(super) fn is(&self, wanted: u64) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == wanted)
    }

    /// True where nobody answered: perhaps not yet.
    pub(super) fn is_away(&self) -> bool {
        matches!(self, Self::Silent | Self::Nobody(_))
    }

    /// True where the server says that it has no room.
    pub(super) fn is_full(&self) -> bool {
        let words =
            |description: &str| ["space", "insufficient", "maximum bytes", "resources exceeded"].iter().any(|word| description.contains(word));
        matches!(self, Self::Refused { description, .. } if words(&description.to_lowercase()))
    }
}

/// An error as the API says it.
#[derive(Debug, Deserialize)]
struct ApiError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

impl From<ApiError> for BusError {
    fn from(error: ApiError) -> Self {
        Self::Refused { code: error.err_code, description: error.description }
    }
}

impl Bus {
    /// Connects; refuses a server that is too old.
    pub(super) async fn connect(address: &Address, name: &str) -> Result<Self, BusError> {
        let address = BusAddress::parse(address).map_err(BusError::Connect)?;
        let (broke, breaks) = watch::channel(0);
        let note = move |event| {
            tracing::info!(%event, "the connection to the bus");
            if matches!(event, Event::Disconnected) {
                broke.send_modify(|breaks| *breaks += 1);
            }
            std::future::ready(())
        };
        let mut options = ConnectOptions::new()
            .event_callback(note)
            .name(format!("dateline {name}"))
            .connection_timeout(Duration::from_millis(CONNECT_MS))
            .request_timeout(Some(Duration::from_millis(ANSWER_MS)))
            .ping_interval(Duration::from_millis(PING_EVERY_MS))
            .subscription_capacity(SUBSCRIPTION_MESSAGES)
            .reconnect_delay_callback(|attempts| Duration::from_millis((attempts as u64 * 50).min(RECONNECT_MOST_MS)));
        if let Some(user) = &address.user {
            options = options.user_and_password(user.clone(), address.password.clone().unwrap_or_default());
        }
        let servers = address.servers.iter().map(|server| format!("nats://{server}")).collect::<Vec<_>>();
        let client = options.connect(servers).await.map_err(|error| BusError::Connect(format!("cannot reach {address:?}: {error}")))?;
        let bus = Self(Arc::new(Connection { client, address, breaks }));
        bus.check_version()?;
        Ok(bus)
    }

    fn check_version(&self) -> Result<(), BusError> {
        let version = self.0.client.server_info().version;
        let mut parts = version.split(['.', '-']).map(|part| part.parse::<u64>().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        let (major, minor, patch) = OLDEST_SERVER;
        if (next(), next(), next()) < OLDEST_SERVER {
            return Err(BusError::Connect(format!("nats-server {version} loses what it acknowledged: use {major}.{minor}.{patch} or later")));
        }
        Ok(())
    }

    /// Refuses a server whose `max_payload` is below a message of so many bytes and its headers.
    pub(super) fn must_carry(&self, bytes: usize, what: &'static str) -> Result<(), BusError> {
        let (given, needed) = (self.0.client.server_info().max_payload, bytes + HEADERS_BYTES);
        if given >= needed { Ok(()) } else { Err(BusError::Small { place: format!("{:?}", self.0.address), given, needed, what }) }
    }

    /// The connection itself.
    pub(super) fn client(&self) -> &Client {
        &self.0.client
    }

    /// Moves when the connection breaks: what was not answered until then never will be.
    pub(super) fn breaks(&self) -> watch::Receiver<u64> {
        let mut breaks = self.0.breaks.clone();
        breaks.mark_unchanged();
        breaks
    }

    /// The address it was opened with.
    pub(super) fn address(&self) -> &BusAddress {
        &self.0.address
    }

    /// Asks and awaits one answer.
    pub(super) async fn ask(&self, subject: String, headers: Option<HeaderMap>, payload: Bytes) -> Result<Message, BusError> {
        let mut request = Request::new().payload(payload);
        if let Some(headers) = headers {
            request = request.headers(headers);
        }
        let answer = self.0.client.send_request(subject.clone(), request).await;
        answer.map_err(|error| match error.kind() {
            async_nats::RequestErrorKind::NoResponders => BusError::Nobody(subject),
            async_nats::RequestErrorKind::TimedOut => BusError::Silent,
            _ => BusError::Unreadable(error.to_string()),
        })
    }

    /// Asks JetStream's API; `verb` follows `$JS.API.`.
    pub(super) async fn api<T: DeserializeOwned>(&self, verb: &str, question: &impl Serialize) -> Result<T, BusError> {
        let payload = serde_json::to_vec(question).map_err(|error| BusError::Unreadable(error.to_string()))?;
        let answer = self.ask(format!("$JS.API.{verb}"), None, payload.into()).await?;
        read_answer(&answer.payload)
    }

    /// Publishes to a stream, and awaits that it was stored: its sequence.
    pub(super) async fn store(&self, subject: String, headers: HeaderMap, payload: Bytes) -> Result<Stored, BusError> {
        let answer = self.ask(subject, Some(headers), payload).await?;
        read_answer(&answer.payload)
    }

    /// Asks every monitoring endpoint of the address whether its server syncs what it acknowledges. None: no endpoint was named.
    pub(super) async fn syncs_always(&self) -> Result<Option<bool>, BusError> {
        #[derive(Deserialize)]
        struct Jsz {
            config: Option<Config>,
        }
        #[derive(Deserialize)]
        struct Config {
            #[serde(default)]
            sync_always: bool,
        }
        let mut all = None;
        for monitor in &self.0.address.monitors {
            let body = monitored(monitor).await.map_err(|error| BusError::Connect(format!("cannot ask http://{monitor}/jsz: {error}")))?;
            let told: Jsz = serde_json::from_slice(&body).map_err(|error| BusError::Unreadable(format!("http://{monitor}/jsz: {error}")))?;
            let config = told.config.ok_or_else(|| BusError::Connect(format!("the server at {monitor} has no JetStream")))?;
            all = Some(all.unwrap_or(true) && config.sync_always);
        }
        Ok(all)
    }
}

/// Asks again while nobody answers, for as long as servers take to come up.
pub(super) async fn retry_until_available<T, E>(mut ask: impl AsyncFnMut() -> Result<T, E>, is_away: impl Fn(&E) -> bool) -> Result<T, E> {
    let begun = Instant::now();
    loop {
        match ask().await {
            Err(error) if is_away(&error) && begun.elapsed() < Duration::from_millis(OPENING_MS) => {
                tokio::time::sleep(Duration::from_millis(ASK_AGAIN_MS)).await;
            }
            answer => return answer,
        }
    }
}

/// What a publish to a stream is answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Stored {
    /// The sequence of the message; of a batch, of its last one.
    pub seq: u64,
    /// How many messages a batch had.
    #[serde(default)]
    pub count: u64,
}

/// Reads an answer of the API, or the error that stands in its place.
pub(super) fn read_answer<T: DeserializeOwned>(payload: &[u8]) -> Result<T, BusError> {
    #[derive(Deserialize)]
    struct Maybe {
        error: Option<ApiError>,
    }
    let unreadable = |error: serde_json::Error| BusError::Unreadable(error.to_string());
    if let Some(error) = serde_json::from_slice::<Maybe>(payload).map_err(unreadable)?.error {
        return Err(error.into());
    }
    serde_json::from_slice(payload).map_err(unreadable)
}

/// One GET of `/jsz`, by hand: a whole HTTP client for one answer of a server of our own would be more than it is worth.
async fn monitored(place: &str) -> std::io::Result<Vec<u8>> {
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(place).await?;
        stream.write_all(format!("GET /jsz HTTP/1.0\r\nHost: {place}\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MAX_MONITOR_BYTES).read_to_end(&mut answer).await?;
        let body = answer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| answer.split_off(at + 4));
        body.ok_or_else(|| std::io::Error::other("no HTTP answer"))
    };
    tokio::time::timeout(Duration::from_millis(ANSWER_MS), ask).await.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?
}

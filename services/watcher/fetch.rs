//! Reads one address over HTTP: conditionally, within a time, up to a size, and nowhere that it may not reach.
//!
//! What the bytes say is not known here.

use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use bytes::Bytes;
use dateline_backends::now;
use dateline_events::Instant;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use super::address::{NotReached, Reach, Resolver};
use super::body::{Held, Store, unpack};
use crate::shared::back_off::retry_after;
use crate::shared::https::{reason, trust};

/// A connection must stand within this, in milliseconds.
const CONNECT_MS: u64 = 10_000;

/// A reading ends within this, redirects and the last byte of the body included, in milliseconds.
pub const READ_MS: u64 = 30_000;

/// So many redirects are followed.
pub const MAX_REDIRECTS: usize = 5;

/// A connection that nothing is asked over is kept so long, in milliseconds.
const IDLE_MS: u64 = 20_000;

/// A validator is remembered if it has at most so many bytes.
const MAX_VALIDATOR_BYTES: usize = 1_024;

/// A page out of a cache is believed to be at most so old, in seconds.
const MAX_AGE_S: i64 = 24 * 60 * 60;

type Connector = HttpsConnector<HttpConnector<Resolver>>;

/// Reads addresses. Cheap to share; every verb may be called concurrently.
#[derive(Clone)]
pub struct Fetcher {
    client: Client<Connector, Empty<Bytes>>,
    reach: Reach,
    agent: HeaderValue,
    store: Store,
}

/// What a server gave with a page, to be asked whether the page is still the same (RFC 9110, section 8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// What a page said.
#[derive(Debug)]
pub struct Fetched {
    /// The page was certainly as it was read at this instant or later: when it was asked for, less the age that a cache gave it.
    pub as_of: Instant,
    /// The page was certainly as it was read at this instant or sooner: when the server had answered.
    pub read_at: Instant,
    /// The page; None: it is what it was.
    pub page: Option<(Held, Validators)>,
}

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words.
    pub why: String,
    /// True where the server says that there is no such page.
    pub absent: bool,
    /// How long the server asked to be left alone, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    /// The page could not be read.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), absent: false, retry_after_ms: None }
    }
}

impl Fetcher {
    /// A reader that says who it is. `needs_tls`: some page is read over https, so there must be certificates to trust.
    pub fn new(reach: Reach, contact: Option<&str>, needs_tls: bool, store: Store) -> anyhow::Result<Self> {
        let mut http = HttpConnector::new_with_resolver(Resolver(reach));
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(Duration::from_millis(CONNECT_MS)));
        let tls = trust(needs_tls)?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_millis(IDLE_MS))
            .pool_max_idle_per_host(1)
            .build(connector);
        let version = env!("CARGO_PKG_VERSION");
        let agent = contact.map_or_else(|| format!("dateline/{version}"), |contact| format!("dateline/{version} (+{contact})"));
        Ok(Self { client, reach, agent: HeaderValue::from_str(&agent)?, store })
    }

    /// Reads a page, if it is not what it was when these validators were given.
    pub async fn read(&self, url: &Url, known: &Validators) -> Result<Fetched, Failure> {
        match tokio::time::timeout(Duration::from_millis(READ_MS), self.follow(url, known)).await {
            Ok(read) => read,
            Err(_) => Err(Failure::new(format!("it was not read within {} s", READ_MS / 1_000))),
        }
    }

    async fn follow(&self, url: &Url, known: &Validators) -> Result<Fetched, Failure> {
        let mut at = url.clone();
        self.reach.check(&at).map_err(|error| Failure::new(error.to_string()))?;
        for _ in 0..=MAX_REDIRECTS {
            let sent = now();
            let response = self.client.request(self.request(&at, known)?).await.map_err(|error| Failure::new(reason::<NotReached>(&error)))?;
            let read_at = now();
            if !is_redirect(response.status()) {
                let as_of = sent.plus(-Instant::SECOND * age_s(response.headers()));
                return Ok(Fetched { as_of, read_at, page: self.page(response, known).await? });
            }
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| at.join(to).ok()).ok_or_else(|| Failure::new(format!("{at} redirects to no address")))?;
            self.reach.check_redirect(&at, &to).map_err(|error| Failure::new(format!("redirected to {to}: {error}")))?;
            at = to;
        }
        Err(Failure::new(format!("more than {MAX_REDIRECTS} redirects, the last to {at}")))
    }

    fn request(&self, url: &Url, known: &Validators) -> Result<Request<Empty<Bytes>>, Failure> {
        let mut request =
            Request::get(url.as_str()).header(header::USER_AGENT, &self.agent).header(header::ACCEPT, "*/*").header(header::ACCEPT_ENCODING, "gzip");
        if let Some(etag) = &known.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(last_modified) = &known.last_modified {
            request = request.header(header::IF_MODIFIED_SINCE, last_modified);
        }
        request.body(Empty::new()).map_err(|error| Failure::new(format!("{url} cannot be asked for: {error}")))
    }

    async fn page(&self, response: Response<Incoming>, known: &Validators) -> Result<Option<(Held, Validators)>, Failure> {
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED {
            return if *known == Validators::default() { Err(Failure::new("answered 304 although nothing was known of it")) } else { Ok(None) };
        }
        if status != StatusCode::OK {
            let asked = response.headers().get(header::RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, SystemTime::now()));
            let retry_after_ms = asked.map(|asked| u64::try_from(asked.as_millis()).unwrap_or(u64::MAX));
            let absent = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
            return Err(Failure { why: format!("answered {status}"), absent, retry_after_ms });
        }
        let validator = |name| validator(response.headers(), name);
        let validators = Validators { etag: validator(header::ETAG), last_modified: validator(header::LAST_MODIFIED) };
        let held = unpack(response, &self.store).await.map_err(Failure::new)?;
        Ok(Some((held, validators)))
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn validator(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    (!text.is_empty() && text.len() <= MAX_VALIDATOR_BYTES).then(|| text.to_owned())
}

/// How old a page out of a cache is (RFC 9111, section 5.1), in seconds.
fn age_s(headers: &HeaderMap) -> i64 {
    let age = headers.get(header::AGE).and_then(|age| age.to_str().ok()).and_then(|age| age.trim().parse::<i64>().ok());
    age.unwrap_or(0).clamp(0, MAX_AGE_S)
}

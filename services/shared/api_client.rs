//! Asks a server by its URL, or the roles' own routes over the files in this process: the same question either way.

use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use bytes::Bytes;
use dateline_backends::Address;
use dateline_events::percent_encoded;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::shared::back_off::retry_after;
use crate::shared::config::{Secret, Settings};
use crate::shared::http::MAX_BODY_BYTES;
use crate::shared::https::HttpsClient;
use crate::shared::refusal::Refusal;
use crate::shared::running;
use crate::shared::stores::{Stores, Use};

/// An answer is at most so large, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * MAX_BODY_BYTES;

/// How a request was answered.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
    /// What it says.
    pub body: Bytes,
}

impl Answered {
    fn new(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Self {
        let retry_after = headers.get(header::RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, SystemTime::now()));
        Self { status, retry_after, body }
    }

    /// The problem in one line.
    pub fn problem(&self) -> String {
        problem_text(self.status, &self.body)
    }
}

/// Whom a command asks.
pub enum ApiClient {
    /// A server.
    Server {
        /// Its address.
        url: Address,
        /// The API key for it.
        key: Option<Secret>,
        /// The client.
        client: HttpsClient,
        /// It must answer every question within this; None: it may take its time.
        within: Option<Duration>,
    },
    /// The files.
    Files {
        /// The stores that were opened.
        stores: Stores,
        /// The roles' routes.
        router: axum::Router,
        /// Dropped with the client; streams end then.
        stop: watch::Sender<bool>,
    },
}

/// The address of a server that this process runs.
pub fn local_server(address: std::net::SocketAddr) -> anyhow::Result<ApiClient> {
    ApiClient::server(&format!("http://{address}").into(), None, None)
}

impl ApiClient {
    /// The server to publish to, as `server_of` finds it, which must answer every question within a time; None: there is none.
    pub fn server_within(settings: &Settings, within: Duration) -> anyhow::Result<Option<Self>> {
        server_of(settings, Use::Append).map(|(url, key)| Self::server(&url, key, Some(within))).transpose()
    }

    /// A server, which must answer every question within a time, where one is given.
    pub fn server(url: &Address, key: Option<Secret>, within: Option<Duration>) -> anyhow::Result<Self> {
        let url = checked(url)?;
        let client = HttpsClient::new(url.with_secrets())?;
        Ok(Self::Server { url, key, client, within })
    }

    /// The server's address, as it may be shown; for files nothing.
    pub fn named(&self) -> String {
        match self {
            Self::Server { url, .. } => url.to_string(),
            Self::Files { .. } => String::new(),
        }
    }

    /// Asks for a path; an answer that is a problem becomes an error that says what to do.
    pub async fn get(&self, path: &str) -> anyhow::Result<Bytes> {
        let (status, body) = self.answer(path).await?;
        if status.is_success() { Ok(body) } else { Err(Refusal::of(status, &body).into()) }
    }

    /// Asks for a path; answers the status and the body.
    pub async fn answer(&self, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        let Answered { status, body, .. } = self.send("GET", path, None).await?;
        Ok((status, body))
    }

    /// Asks a server for a path, and answers as soon as its head is there: the body comes as it is sent. Files are read without asking.
    pub async fn stream(&self, path: &str) -> anyhow::Result<Response<Incoming>> {
        let Self::Server { url, key, client, .. } = self else { bail!("only a server's answer comes as it is sent") };
        ask(client, url, key.as_ref(), "GET", path, None).await
    }

    /// Whether a service is registered; None where no reader answers at this address (an intake alone).
    pub async fn is_registered(&self, service: &str) -> anyhow::Result<Option<bool>> {
        let (status, body) = self.answer(&format!("/v1/services/{service}")).await?;
        // What is no JSON is no answer of a reader.
        let answer: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        match status {
            StatusCode::NOT_FOUND if answer["type"] == "urn:dateline:problem:unknown-service" => Ok(Some(false)),
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(!answer["registered"].is_null())),
            status => bail!(problem_text(status, &body)),
        }
    }

    /// What was published of a status page, for so many incidents behind one; None where no reader answers at this address.
    pub async fn page_events(&self, service: &str, after: u64) -> anyhow::Result<Option<Bytes>> {
        let answered = self.send("GET", &format!("/v1/watch/pages/{service}/events?after={after}"), None).await?;
        match answered.status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(answered.body)),
            _ => bail!(answered.problem()),
        }
    }

    /// Sends something.
    pub async fn post(&self, path: &str, media_type: &str, body: Vec<u8>) -> anyhow::Result<Answered> {
        self.send("POST", path, Some((media_type, body))).await
    }

    async fn send(&self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) -> anyhow::Result<Answered> {
        match self {
            Self::Server { url, key, client, within } => {
                let answered = async {
                    let answer = ask(client, url, key.as_ref(), method, path, body).await?;
                    let (head, body) = answer.into_parts();
                    let whole = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
                    let whole = whole.map_err(|error| anyhow::anyhow!("the answer of {url} broke off: {error}"))?;
                    Ok(Answered::new(head.status, &head.headers, whole.to_bytes()))
                };
                let Some(within) = within else { return answered.await };
                tokio::time::timeout(*within, answered).await.unwrap_or_else(|_| bail!("{url} did not answer within {} s", within.as_secs()))
            }
            Self::Files { router, .. } => {
                let mut request = Request::builder().method(method).uri(path);
                let mut content = Body::empty();
                if let Some((media_type, body)) = body {
                    request = request.header(header::CONTENT_TYPE, media_type);
                    content = Body::from(body);
                }
                let answer = router.clone().oneshot(request.body(content)?).await?;
                let (head, body) = answer.into_parts();
                Ok(Answered::new(head.status, &head.headers, axum::body::to_bytes(body, MAX_ANSWER_BYTES).await?))
            }
        }
    }
}

/// The server that a command talks to, with the key for it: the one named in the settings, else the one that runs on the files.
pub fn server_of(settings: &Settings, files: Use) -> Option<(Address, Option<Secret>)> {
    if let Some(url) = &settings.url {
        return Some((url.clone(), settings.key.clone()));
    }
    let running = running::find(&settings.addresses).filter(|running| files == Use::Append || running.answers_readers)?;
    Some((running.url, Some(settings.key.clone().unwrap_or(running.token))))
}

/// Asks a server; answers as soon as the head of its answer is there.
async fn ask(
    client: &HttpsClient,
    url: &Address,
    key: Option<&Secret>,
    method: &str,
    path: &str,
    body: Option<(&str, Vec<u8>)>,
) -> anyhow::Result<Response<Incoming>> {
    let mut request = Request::builder().method(method).uri(format!("{}{path}", url.with_secrets().trim_end_matches('/')));
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", key.0));
    }
    let mut content = Vec::new();
    if let Some((media_type, body)) = body {
        request = request.header(header::CONTENT_TYPE, media_type);
        content = body;
    }
    client.send(request.body(Full::from(content))?).await.with_context(|| no_server(url))
}

fn no_server(url: &Address) -> String {
    format!("no server answers at {url}; start one with `dateline serve`")
}

/// The address of a server, whole; of a host and a port alone it is http.
pub fn checked(url: &Address) -> anyhow::Result<Address> {
    if url.has_login() {
        bail!("--url {url} cannot be read: leave user and password out of it, and give the API key by --key-file");
    }
    let has_scheme = url.with_secrets().contains("://");
    let whole = if has_scheme { url.with_secrets().to_owned() } else { format!("http://{}", url.with_secrets()) };
    let uri = whole.parse::<Uri>().ok().filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none());
    // A port that is no number may be a password.
    let has_port = |uri: &Uri| uri.authority().is_some_and(|place| place.as_str() != place.host()).then(|| uri.port_u16().is_some());
    if uri.is_none_or(|uri| !has_port(&uri).unwrap_or(has_scheme)) {
        bail!("--url {url}: expected the address of a server, such as https://dateline.example.org, http://127.0.0.1:7310 or 127.0.0.1:7310");
    }
    Ok(whole.into())
}

/// A problem in one line, as a command says it.
pub fn problem_text(status: StatusCode, body: &[u8]) -> String {
    Refusal::of(status, body).to_string()
}

/// Writes a path with a query; parameters without a value are left out.
pub fn path_with(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let encoded: Vec<String> =
        parameters.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={}", percent_encoded(value)))).collect();
    if encoded.is_empty() { path.to_owned() } else { format!("{path}?{}", encoded.join("&")) }
}

//! Asks a server by its URL, or the roles' own routes over the files in this process: the same question either way.

use std::time::Duration;

use anyhow::{Context, bail};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use dateline_backends::Address;
use serde_json::Value;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::shared::config::{Secret, Settings};
use crate::shared::http::MAX_BODY_BYTES;
use crate::shared::http::parameters::percent_encoded;
use crate::shared::running;
use crate::shared::stores::{Stores, Use};

/// An answer to a local question is at most so large, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * MAX_BODY_BYTES;

/// Whom a command asks.
pub enum ApiClient {
    /// A server.
    Server {
        /// Its address.
        url: Address,
        /// The API key for it.
        key: Option<Secret>,
        /// The client.
        client: reqwest::Client,
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
pub fn local_server(address: std::net::SocketAddr) -> ApiClient {
    ApiClient::Server { url: format!("http://{address}").into(), key: None, client: reqwest::Client::new() }
}

impl ApiClient {
    /// The server to publish to, as `server_of` finds it, which must answer every question within a time; None: there is none.
    pub fn server_within(settings: &Settings, within: Duration) -> anyhow::Result<Option<Self>> {
        server_of(settings, Use::Append).map(|(url, key)| Self::server(&url, key, within)).transpose()
    }

    /// A server, which must answer every question within a time.
    pub fn server(url: &Address, key: Option<Secret>, within: Duration) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(within).build()?;
        Ok(Self::Server { url: checked(url)?, key, client })
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
        let (status, body) = self.send("GET", path, None).await?;
        if status.is_success() { Ok(body) } else { bail!(problem_text(status, &body)) }
    }

    /// Asks a server for a path, and answers as soon as its head is there: the body comes as it is sent. Files are read without asking.
    pub async fn stream(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let Self::Server { url, key, client } = self else { bail!("only a server's answer comes as it is sent") };
        let mut request = client.get(whole(url, path));
        if let Some(key) = key {
            request = request.bearer_auth(&key.0);
        }
        request.send().await.map_err(reqwest::Error::without_url).with_context(|| no_server(url))
    }

    /// Whether a service is registered; None where no reader answers at this address (an intake alone).
    pub async fn is_registered(&self, service: &str) -> anyhow::Result<Option<bool>> {
        let (status, body) = self.send("GET", &format!("/v1/services/{service}"), None).await?;
        // What is no JSON is no answer of a reader.
        let answer: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        match status {
            StatusCode::NOT_FOUND if answer["type"] == "urn:dateline:problem:unknown-service" => Ok(Some(false)),
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(!answer["registered"].is_null())),
            status => bail!(problem_text(status, &body)),
        }
    }

    /// Sends events; answers the status and the body.
    pub async fn post(&self, path: &str, media_type: &str, body: Vec<u8>) -> anyhow::Result<(StatusCode, Bytes)> {
        self.send("POST", path, Some((media_type, body))).await
    }

    async fn send(&self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) -> anyhow::Result<(StatusCode, Bytes)> {
        match self {
            Self::Server { url, key, client } => {
                let mut request = client.request(method.parse()?, whole(url, path));
                if let Some((media_type, body)) = body {
                    request = request.header(header::CONTENT_TYPE, media_type).body(body);
                }
                if let Some(key) = key {
                    request = request.bearer_auth(&key.0);
                }
                // The client's own words may hold the address.
                let answer = request.send().await.map_err(reqwest::Error::without_url).with_context(|| no_server(url))?;
                let status = answer.status();
                Ok((status, answer.bytes().await?))
            }
            Self::Files { router, .. } => {
                let mut request = Request::builder().method(method).uri(path);
                let mut content = Body::empty();
                if let Some((media_type, body)) = body {
                    request = request.header(header::CONTENT_TYPE, media_type);
                    content = Body::from(body);
                }
                let answer = router.clone().oneshot(request.body(content)?).await?;
                let status = answer.status();
                Ok((status, axum::body::to_bytes(answer.into_body(), MAX_ANSWER_BYTES).await?))
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

/// The whole address of a path on a server, for the client alone.
fn whole(url: &Address, path: &str) -> String {
    format!("{}{path}", url.with_secrets().trim_end_matches('/'))
}

fn no_server(url: &Address) -> String {
    format!("no server answers at {url}; start one with `dateline serve`")
}

/// The address of a server.
pub fn checked(url: &Address) -> anyhow::Result<Address> {
    if url.has_raw_login() {
        bail!("--url {url} cannot be read: leave user and password out of it, and give the API key by --key-file");
    }
    if !url.with_secrets().starts_with("http://") {
        bail!("--url {url}: only http:// is spoken here; put a proxy that ends TLS on this machine in front");
    }
    Ok(url.clone())
}

/// True for a status that ends an event: this will never be taken. Everything else says nothing of the event (the caller's key, a
/// server that is not ready), and it is sent again.
pub fn ends_an_event(status: StatusCode) -> bool {
    [StatusCode::BAD_REQUEST, StatusCode::CONFLICT, StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNPROCESSABLE_ENTITY].contains(&status)
}

/// The status of an answered item; an error where it says none.
pub fn status_of(item: &Value) -> anyhow::Result<StatusCode> {
    let status = item["status"].as_u64().and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
    status.with_context(|| format!("the server's answer names no status: {item}"))
}

/// A problem in one line; what is none, as it came.
pub fn problem_text(status: StatusCode, body: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    match (problem["title"].as_str(), problem["detail"].as_str()) {
        (Some(title), Some(detail)) => format!("{title} ({}): {detail}", status.as_u16()),
        _ => format!("{status}: {}", String::from_utf8_lossy(body)),
    }
}

/// Writes a path with a query; parameters without a value are left out.
pub fn path_with(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let encoded: Vec<String> =
        parameters.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={}", percent_encoded(value)))).collect();
    if encoded.is_empty() { path.to_owned() } else { format!("{path}?{}", encoded.join("&")) }
}

//! Asks a running server over HTTP, word for word: status, headers and bytes as they came, redirects not followed.

use std::path::PathBuf;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use serde_json::Value;

use crate::support::{TestServer, folder};

/// CloudEvents' structured mode.
pub const STRUCTURED: &str = "application/cloudevents+json";

/// CloudEvents' batch mode.
pub const BATCH: &str = "application/cloudevents-batch+json";

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The question, for whoever reads a failure.
    pub asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's text; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The media type, without its parameters.
    pub fn media_type(&self) -> &str {
        self.header("content-type").split(';').next().unwrap_or_default().trim()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: no JSON ({error}): {} {}", self.asked, self.status, self.text()))
    }

    /// This answer, if it has the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: answered {}", self.asked, self.text());
        self
    }

    /// The problem that it must be: of this status, as `application/problem+json`, saying its own status.
    #[track_caller]
    pub fn problem(self, status: u16) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{}: {}", answer.asked, answer.text());
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{}: {problem}", answer.asked);
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{}: {problem}", answer.asked);
        problem
    }
}

/// A client that follows no redirect.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

/// Sends a request.
pub async fn send(request: reqwest::RequestBuilder) -> Answer {
    let (client, request) = request.build_split();
    let request = request.unwrap();
    let asked = format!("{} {}", request.method(), request.url());
    let answer = client.execute(request).await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { asked, status, headers, body: answer.bytes().await.unwrap().to_vec() }
}

/// Asks for an address.
pub async fn get(url: &str) -> Answer {
    get_with(url, &[]).await
}

/// Asks with headers.
pub async fn get_with(url: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(client().get(url), |request, (name, value)| request.header(*name, *value));
    send(request).await
}

/// Posts events.
pub async fn post(url: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    send(client().post(format!("{url}/v1/events")).header("content-type", media_type).body(body)).await
}

/// Posts one structured event that must be new; answers its position.
pub async fn publish_one(url: &str, event: &str) -> u64 {
    let answer = post(url, STRUCTURED, event.to_owned()).await.expect(201);
    answer.json()["position"].as_u64().unwrap()
}

/// The ledger's last position.
pub async fn head(url: &str) -> u64 {
    get(&format!("{url}/v1/services")).await.expect(200).header("dateline-head").parse().unwrap()
}

/// A server with its folder.
pub struct House {
    pub server: TestServer,
    pub url: String,
    pub data: PathBuf,
    /// Goes away with its files when dropped.
    pub folder: tempfile::TempDir,
}

impl House {
    /// A server on an empty folder.
    pub fn start() -> Self {
        let (folder, data) = folder();
        let server = TestServer::start(&data);
        Self { url: server.url.clone(), server, data, folder }
    }

    /// A server that has read the outage of 25 October 2022.
    pub async fn with_outage() -> Self {
        let house = Self::start();
        let lines: Vec<&str> = crate::support::OUTAGE.lines().collect();
        let items = crate::support::publish(&house.url, &lines).await;
        let refused: Vec<_> = items.iter().filter(|item| item.get("problem").is_some()).collect();
        assert!(refused.is_empty(), "the outage was refused: {refused:?}");
        house.caught_up().await;
        house
    }

    /// Waits until the views have read all that the ledger holds.
    pub async fn caught_up(&self) -> u64 {
        let head = head(&self.url).await;
        get(&format!("{}/v1/services?min_position={head}", self.url)).await.expect(200);
        head
    }

    /// An address of this server.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

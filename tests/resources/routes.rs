//! Every route of the contract, as a request that means something to a filled server.

use serde_json::Value;

/// A route.
#[derive(Debug, Clone)]
pub struct Route {
    /// `get` or `post`, and the path of the contract: "get /v1/incidents/{id}".
    pub name: String,
    pub method: String,
    pub target: String,
    /// The media type of its body; none where it takes none.
    pub media_type: Option<&'static str>,
}

impl Route {
    /// The head of a request on a connection that stays open, without its last empty line.
    pub fn head(&self) -> String {
        let media_type = self.media_type.map(|media_type| format!("content-type: {media_type}\r\n")).unwrap_or_default();
        format!("{} {} HTTP/1.1\r\nhost: localhost\r\n{media_type}", self.method.to_uppercase(), self.target)
    }

    /// A whole request with a body; without one where none is given.
    pub fn request(&self, body: &str) -> Vec<u8> {
        let length = if self.media_type.is_some() { format!("content-length: {}\r\n", body.len()) } else { String::new() };
        let body = if self.media_type.is_some() { body } else { "" };
        format!("{}{length}\r\n{body}", self.head()).into_bytes()
    }
}

/// Routes of the watcher and of nobody else: `serve` has none.
const ELSEWHERE: [&str; 2] = ["/metrics", "/v1/watch"];

/// The routes that `serve` has, in the contract's order.
pub fn all() -> Vec<Route> {
    let contract: Value = serde_json::from_str(include_str!("../../schemas/openapi.json")).unwrap();
    let mut routes = Vec::new();
    for (path, operations) in contract["paths"].as_object().unwrap().iter().filter(|(path, _)| !ELSEWHERE.contains(&path.as_str())) {
        for (method, operation) in operations.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters") {
            let media_type = match path.as_str() {
                _ if operation.get("requestBody").is_none() => None,
                "/v1/events" => Some("application/cloudevents-batch+json"),
                _ => Some("application/x-ndjson"),
            };
            routes.push(Route { name: format!("{method} {path}"), method: method.clone(), target: target(method, path), media_type });
        }
    }
    assert!(routes.len() > 25, "the contract's routes were not found: {routes:?}");
    routes
}

fn target(method: &str, path: &str) -> String {
    // The incident that never ends is the dearest, the outage's own page of its watcher is not there: both are questions.
    let path = path
        .replace("{id}", "endless")
        .replace("{position}", "1")
        .replace("/v1/vendors/{slug}", "/v1/vendors/meta")
        .replace("{slug}", "whatsapp")
        .replace("{page}", "whatsapp");
    match (method, path.as_str()) {
        ("get", "/v1/events") => "/v1/events?after=0".to_owned(),
        ("get", "/v1/incidents" | "/") => format!("{path}?limit=500"),
        ("get", "/v1/live" | "/v1/incidents/endless/live") => format!("{path}?after=0"),
        _ => path,
    }
}

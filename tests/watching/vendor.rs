//! A vendor's server of the test's own: it answers each path as it is told, and notes what it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// A path's answer: to these headers, and to this many questions before.
type Script = Arc<dyn Fn(&HeaderMap, usize) -> Response + Send + Sync>;

/// A question.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub headers: HeaderMap,
    pub at: Instant,
}

#[derive(Default)]
struct Inner {
    scripts: HashMap<String, Script>,
    asked: Vec<Asked>,
    /// Under way, and the most that ever were: by the address that was asked, and of all.
    under_way: HashMap<String, usize>,
    most_of_one_host: usize,
    most_at_once: usize,
    /// Answered so much later.
    pause: Duration,
}

/// A server that runs until the test ends.
#[derive(Clone)]
pub struct Vendor {
    pub address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

impl Vendor {
    /// A server on loopback; it answers 404 to everything until it is told otherwise.
    pub async fn start() -> Self {
        Self::listen("127.0.0.1:0").await
    }

    /// The same at an address.
    pub async fn listen(address: &str) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let vendor = Self { address, inner: Arc::default() };
        let router = Router::new().fallback(answer).with_state(vendor.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        vendor
    }

    /// Where a path is.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Says how a path is answered from now on.
    pub fn say(&self, path: &str, script: impl Fn(&HeaderMap, usize) -> Response + Send + Sync + 'static) {
        self.inner.lock().unwrap().scripts.insert(path.to_owned(), Arc::new(script));
    }

    /// Lets every answer wait.
    pub fn pause(&self, pause: Duration) {
        self.inner.lock().unwrap().pause = pause;
    }

    /// What a path was asked.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.inner.lock().unwrap().asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// How many questions there were, the most at once for one host, and the most at once.
    pub fn load(&self) -> (usize, usize, usize) {
        let inner = self.inner.lock().unwrap();
        (inner.asked.len(), inner.most_of_one_host, inner.most_at_once)
    }
}

async fn answer(State(vendor): State<Vendor>, request: Request) -> Response {
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    let host = headers.get("host").map(|host| host.to_str().unwrap().to_owned()).unwrap_or_default();
    let (script, before, pause) = {
        let mut inner = vendor.inner.lock().unwrap();
        let before = inner.asked.iter().filter(|asked| asked.path == path).count();
        inner.asked.push(Asked { path: path.clone(), headers: headers.clone(), at: Instant::now() });
        let of_host = inner.under_way.entry(host.clone()).or_default();
        *of_host += 1;
        let of_host = *of_host;
        inner.most_of_one_host = inner.most_of_one_host.max(of_host);
        inner.most_at_once = inner.most_at_once.max(inner.under_way.values().sum());
        (inner.scripts.get(&path).cloned(), before, inner.pause)
    };
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    *vendor.inner.lock().unwrap().under_way.get_mut(&host).unwrap() -= 1;
    script.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |script| script(&headers, before))
}

/// A Statuspage's summary with incidents by number.
pub fn summary(incidents: &[u32]) -> String {
    let incident = |number: &u32| {
        format!(
            r#"{{"id":"inc{number}","name":"Mail is late ({number})","status":"investigating","impact":"minor","created_at":"2026-01-05T10:00:00Z","updated_at":"2026-01-05T10:00:00Z","started_at":"2026-01-05T09:55:00Z","shortlink":"https://stspg.example/{number}","incident_updates":[{{"id":"post{number}","status":"investigating","body":"We look into late mail.","created_at":"2026-01-05T10:00:00Z","updated_at":"2026-01-05T10:00:00Z","display_at":"2026-01-05T10:00:00Z"}}],"components":[]}}"#
        )
    };
    let incidents: Vec<String> = incidents.iter().map(incident).collect();
    format!(
        r#"{{"page":{{"id":"mail1","name":"Mail","url":"https://status.mail.example"}},"components":[],"incidents":[{}],"scheduled_maintenances":[]}}"#,
        incidents.join(",")
    )
}

/// A body that comes in pieces, one after the other, with a pause before each.
pub fn in_pieces(piece: Vec<u8>, pieces: usize, pause: Duration) -> Body {
    let piece = Bytes::from(piece);
    Body::from_stream(stream::unfold(0, move |sent| {
        let piece = piece.clone();
        async move {
            if sent == pieces {
                return None;
            }
            tokio::time::sleep(pause).await;
            Some((Ok::<_, std::io::Error>(piece), sent + 1))
        }
    }))
}

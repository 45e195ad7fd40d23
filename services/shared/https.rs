//! Asks a server over HTTP/1.1, with TLS where its address says so. One client a server; it keeps its connections.
//!
//! What is asked is not known here, and no redirect is followed: it would carry an API key elsewhere.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// A connection must stand within this, in milliseconds.
const CONNECT_MS: u64 = 10_000;

/// A connection that nothing is asked over is kept so long, in milliseconds.
const IDLE_MS: u64 = 20_000;

/// Asks one server. Cheap to clone; every verb may be called concurrently.
#[derive(Debug, Clone)]
pub struct HttpsClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl HttpsClient {
    /// A client for an address; only one that begins with https:// needs certificates to trust.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(Duration::from_millis(CONNECT_MS)));
        let tls = trust(url.starts_with("https://"))?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(http);
        let mut builder = Client::builder(TokioExecutor::new());
        Ok(Self(builder.pool_timer(TokioTimer::new()).pool_idle_timeout(Duration::from_millis(IDLE_MS)).build(connector)))
    }

    /// Asks, and answers as soon as the head of the answer is there.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Incoming>> {
        // The client's own words do not say why, and may hold the address.
        self.0.request(request).await.map_err(|error| anyhow::Error::msg(reason::<rustls::Error>(&error)))
    }
}

/// The certificates that this machine trusts. `needed`: without any of them nothing can be read.
pub fn trust(needed: bool) -> anyhow::Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    if needed {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
            bail!(
                "no certificate is trusted on this machine{why}, so nothing can be read over https; install ca-certificates, or name a file of them in SSL_CERT_FILE"
            );
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The next piece of the body of an answer, as it is sent; None where it ends.
pub async fn next_piece(answer: &mut Response<Incoming>) -> anyhow::Result<Option<Bytes>> {
    while let Some(frame) = answer.frame().await {
        if let Ok(piece) = frame?.into_data() {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// Why something failed: what TLS says, or a cause of this kind; else all causes, one after the other.
pub fn reason<Cause: StdError + 'static>(error: &(dyn StdError + 'static)) -> String {
    let (mut said, mut next) = (Vec::new(), Some(error));
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return format!("TLS failed: {error}");
        }
        if let Some(error) = cause.downcast_ref::<Cause>() {
            return error.to_string();
        }
        let text = cause.to_string();
        if !said.iter().any(|before: &String| before.contains(&text)) {
            said.push(text);
        }
        // An error of the system hides the error that it was made of.
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| cause.source());
    }
    said.join(": ")
}

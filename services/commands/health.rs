//! `dateline health`: asks a running process whether it is ready; for health checks of containers and for scripts.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::{Answer, say};
use crate::shared::api_client::ApiClient;
use crate::shared::config::Settings;

/// Whoever does not answer within this is not ready, in milliseconds.
const ANSWER_MS: u64 = 5_000;

/// Asks, says what was answered, and answers no where it is not ready.
pub async fn run(settings: &Settings) -> anyhow::Result<Answer> {
    let url = settings.url.clone().unwrap_or_else(|| {
        // Who listens everywhere is asked on this machine.
        let ip = if settings.listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { settings.listen.ip() };
        format!("http://{}", std::net::SocketAddr::new(ip, settings.listen.port())).into()
    });
    let api = ApiClient::server(&url, None, Some(Duration::from_millis(ANSWER_MS)))?;
    match api.answer("/health/ready").await {
        Ok((status, body)) => {
            say(&format!("{}\n", String::from_utf8_lossy(&body)))?;
            Ok(if status.is_success() { Answer::Done } else { Answer::No })
        }
        Err(error) => {
            eprintln!("dateline: {error:#}");
            Ok(Answer::No)
        }
    }
}

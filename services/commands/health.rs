//! `dateline health`: asks a running process whether it is ready; for health checks of containers and for scripts.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::{Answer, say};
use crate::shared::api_client::checked;
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
    let url = checked(&url)?;
    let client = reqwest::Client::builder().timeout(Duration::from_millis(ANSWER_MS)).build()?;
    match client.get(format!("{}/health/ready", url.with_secrets().trim_end_matches('/'))).send().await {
        Ok(answer) => {
            let ready = answer.status().is_success();
            say(&format!("{}\n", answer.text().await?))?;
            Ok(if ready { Answer::Done } else { Answer::No })
        }
        Err(error) => {
            eprintln!("dateline: nobody answers at {url}: {}", error.without_url());
            Ok(Answer::No)
        }
    }
}

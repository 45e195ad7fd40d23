//! `dateline timeline` and `dateline incidents`.

use anyhow::{Context, bail};
use serde_json::Value;

use super::{Answer, say};
use crate::shared::api_client::{ApiClient, path_with};
use crate::shared::config::{Format, ReadFlags, Settings};
use crate::shared::http::parameters::percent_encoded;
use crate::shared::stores::Use;

/// Tells a timeline.
pub async fn timeline(settings: &Settings, which: &str, read: &ReadFlags, claims: bool, retracted: bool, at: Option<&str>) -> anyhow::Result<Answer> {
    let api = ApiClient::open(settings, Use::Read).await?;
    let suffix = if read.format == Format::Json { "json" } else { "txt" };
    let flag = |set: bool| set.then_some("true");
    let parameters = [
        ("lang", Some(read.lang.as_str())),
        ("tz", read.tz.as_deref()),
        ("at", at),
        ("known_at", read.known_at.as_deref()),
        ("as_of", read.as_of.as_deref()),
        ("claims", flag(claims)),
        ("retracted", flag(retracted)),
    ];
    let path = path_with(&format!("/v1/incidents/{}/timeline.{suffix}", percent_encoded(which)), &parameters);
    let body = api.get(&path).await?;
    say(&String::from_utf8_lossy(&body))?;
    if read.format == Format::Json {
        say("\n")?;
    }
    Ok(Answer::Done)
}

/// Lists incidents.
pub async fn incidents(settings: &Settings, read: &ReadFlags, filters: &[(&str, &Option<String>)], limit: usize) -> anyhow::Result<Answer> {
    let api = ApiClient::open(settings, Use::Read).await?;
    let limit = limit.to_string();
    let mut parameters = vec![
        ("lang", Some(read.lang.as_str())),
        ("tz", read.tz.as_deref()),
        ("known_at", read.known_at.as_deref()),
        ("as_of", read.as_of.as_deref()),
        ("limit", Some(limit.as_str())),
    ];
    parameters.extend(filters.iter().map(|(name, value)| (*name, value.as_deref())));
    let body = api.get(&path_with("/v1/incidents", &parameters)).await?;
    let listed: Value = serde_json::from_slice(&body)?;
    let incidents = listed["incidents"].as_array().context("the server's answer lists no incidents")?;
    if read.format == Format::Json {
        say(&format!("{}\n", String::from_utf8_lossy(&body)))?;
        return Ok(Answer::Done);
    }
    for incident in incidents {
        let title = incident["title"].as_object().and_then(|titles| titles.values().next()).and_then(Value::as_str);
        let told = (title, incident["state_label"].as_str(), incident["incident"].as_str());
        let (Some(title), Some(state), Some(id)) = told else { bail!("an incident in the server's answer has no title, state or id: {incident}") };
        say(&format!("{title} · {state}\n    {id}\n"))?;
    }
    if incidents.is_empty() {
        say("no incidents\n")?;
    }
    Ok(Answer::Done)
}

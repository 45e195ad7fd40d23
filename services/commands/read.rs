//! `dateline timeline` and `dateline incidents`.

use anyhow::{Context, bail};
use bytes::Bytes;
use dateline_events::{Instant, Moment, percent_encoded};
use dateline_timelines::tell::{self, Screen};
use serde_json::Value;

use super::{Answer, pager, say};
use crate::shared::api_client::{ApiClient, path_with};
use crate::shared::config::{Format, ReadFlags, Settings, Terminal};
use crate::shared::refusal::Refusal;
use crate::shared::stores::Use;
use crate::shared::suggest;

/// How much of a timeline is told, and whether at once.
#[derive(Debug, Clone, Copy)]
pub struct TimelineFlags {
    pub claims: bool,
    pub retracted: bool,
    pub no_pager: bool,
}

/// What a server is asked for, so that its text fits a screen.
pub fn fitting(screen: Option<Screen>) -> [(&'static str, Option<String>); 2] {
    let color = screen.filter(|screen| screen.color).map(|_| "true".to_owned());
    [("columns", screen.map(|screen| screen.columns.to_string())), ("color", color)]
}

/// Tells a timeline.
pub async fn timeline(settings: &Settings, which: &str, read: &ReadFlags, told: TimelineFlags, at: Option<&str>) -> anyhow::Result<Answer> {
    let api = ApiClient::open(settings, Use::Read).await?;
    let suffix = if read.format == Format::Json { "json" } else { "txt" };
    let flag = |set: bool| set.then_some("true");
    let path = format!("/v1/incidents/{}/timeline", percent_encoded(which));
    let axes = [at, read.known_at.as_deref(), read.as_of.as_deref()];
    let zone = match &read.tz {
        None if axes.iter().flatten().any(|text| is_local(text)) => Some(zone_of(&api, which, &path).await?),
        zone => zone.clone(),
    };
    let [at, known_at, as_of] = in_zone(axes, zone.as_deref())?;
    let terminal = Terminal::of_process(read.color);
    let for_screen = fitting(terminal.screen.filter(|_| read.format == Format::Text));
    let mut parameters = vec![
        ("lang", Some(read.lang.as_str())),
        ("tz", read.tz.as_deref()),
        ("at", at.as_deref()),
        ("known_at", known_at.as_deref()),
        ("as_of", as_of.as_deref()),
        ("claims", flag(told.claims)),
        ("retracted", flag(told.retracted)),
    ];
    parameters.extend(for_screen.iter().map(|(name, value)| (*name, value.as_deref())));
    let body = get(&api, which, &path_with(&format!("{path}.{suffix}"), &parameters)).await?;
    let text = String::from_utf8_lossy(&body);
    match read.format {
        Format::Json => say(&format!("{text}\n"))?,
        Format::Text => pager::show(&text, terminal.pager.as_ref().filter(|_| !told.no_pager)).await?,
    }
    Ok(Answer::Done)
}

/// Lists incidents.
pub async fn incidents(settings: &Settings, read: &ReadFlags, filters: &[(&str, &Option<String>)], limit: usize) -> anyhow::Result<Answer> {
    let api = ApiClient::open(settings, Use::Read).await?;
    let limit = limit.to_string();
    // Incidents have no zone in common.
    let zone = read.tz.as_deref().or(Some("UTC"));
    let [known_at, as_of] = in_zone([read.known_at.as_deref(), read.as_of.as_deref()], zone)?;
    let mut parameters = vec![
        ("lang", Some(read.lang.as_str())),
        ("tz", read.tz.as_deref()),
        ("known_at", known_at.as_deref()),
        ("as_of", as_of.as_deref()),
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
    let screen = Terminal::of_process(read.color).screen;
    for incident in incidents {
        let title = incident["title"].as_object().and_then(|titles| titles.values().next()).and_then(Value::as_str);
        let told = (title, incident["state_label"].as_str(), incident["incident"].as_str());
        let (Some(title), Some(state), Some(id)) = told else { bail!("an incident in the server's answer has no title, state or id: {incident}") };
        let kicker = incident["kicker"].as_str();
        // Counts of reports alone are no alarm.
        let colored = incident["state"].as_str().filter(|_| incident["reports_only"] != true).unwrap_or_default();
        match screen {
            Some(screen) => say(&tell::row(title, kicker, (colored, state), id, screen))?,
            None => say(&format!("{title}{} · {state}\n    {id}\n", kicker.map(|kicker| format!(" · {kicker}")).unwrap_or_default()))?,
        }
    }
    if incidents.is_empty() {
        say("no incidents\n")?;
        for (member, word) in filters.iter().filter(|(name, _)| matches!(*name, "service" | "vendor")) {
            if let Some(word) = word
                && let Some(meant) = suggest::slug(&api, member, word).await
            {
                eprintln!("dateline: {meant}");
            }
        }
    }
    Ok(Answer::Done)
}

/// Asks about an incident or a service; of one that is not known, says which was perhaps meant.
async fn get(api: &ApiClient, which: &str, path: &str) -> anyhow::Result<Bytes> {
    match api.get(path).await {
        Err(error) if error.downcast_ref::<Refusal>().is_some_and(|refusal| refusal.kind == "unknown-incident") => {
            Err(suggest::slug(api, "service", which).await.map_or(error, anyhow::Error::msg))
        }
        body => body,
    }
}

/// A day or a clock time without an offset: only a zone says when it was.
fn is_local(text: &str) -> bool {
    let shape: String = text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    matches!(shape.as_str(), "0000-00-00" | "0000-00-00T00:00" | "0000-00-00T00:00:00")
}

/// The zone that the timeline is told in where none is asked for.
async fn zone_of(api: &ApiClient, which: &str, path: &str) -> anyhow::Result<String> {
    let told: Value = serde_json::from_slice(&get(api, which, &format!("{path}.json?entries_limit=1")).await?)?;
    Ok(told["tz"].as_str().unwrap_or("UTC").to_owned())
}

/// Points on axes, those that are local read in a zone. A day means its end: as known on that day.
fn in_zone<const N: usize>(axes: [Option<&str>; N], zone: Option<&str>) -> anyhow::Result<[Option<String>; N]> {
    let mut whole = [const { None }; N];
    for (place, text) in axes.into_iter().enumerate() {
        let Some(text) = text else { continue };
        let Some(zone) = zone.filter(|_| is_local(text)) else {
            whole[place] = Some(text.to_owned());
            continue;
        };
        let instant =
            if text.contains('T') { Instant::from_local(text, zone) } else { Moment::parse(&format!("{text}[{zone}]")).ok().map(|day| day.end()) };
        let instant = instant.with_context(|| {
            format!("\"{text}\" is no time in \"{zone}\"; expected one such as 2022-10-25 or 2022-10-25T14:45, with --tz Asia/Kolkata")
        })?;
        whole[place] = Some(instant.to_string());
    }
    Ok(whole)
}

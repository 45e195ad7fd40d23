//! Publishes what a watcher says: in batches, through the same door as any publisher. An id that is taken was said already.

use std::sync::Arc;

use anyhow::{Context, bail};
use axum::http::StatusCode;
use dateline_events::MAX_EVENT_BYTES;
use serde_json::Value;

use crate::shared::api_client::{Answered, ApiClient, ends_an_event, problem_text, status_of};

/// So many events go in one request.
const BATCH_EVENTS: usize = 1_000;

/// A request's body stays below this, in bytes.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// So many refusals are told one by one; the rest is counted.
const MAX_TOLD_REFUSALS: usize = 1_000;

/// The door, and what waits before it.
pub struct Publishing {
    api: Arc<ApiClient>,
    waiting: Vec<Vec<u8>>,
    waiting_bytes: usize,
    under_way: Option<tokio::task::JoinHandle<anyhow::Result<Published>>>,
    done: Published,
}

/// What became of the events.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// Stored now.
    pub fresh: usize,
    /// Said already.
    pub known: usize,
    /// Refused, with the event's id and the reason.
    pub refused: Vec<(String, String)>,
    /// How many were refused.
    pub refusals: usize,
    /// The ids of all that were refused: nothing was said by them.
    pub unsaid: Vec<String>,
}

impl Published {
    fn refuse(&mut self, event: &[u8], why: String) {
        #[derive(serde::Deserialize)]
        struct Id {
            id: String,
        }
        // Every event was made by a watcher, and has an id.
        let id = serde_json::from_slice::<Id>(event).map_or_else(|error| format!("(an event without an id: {error})"), |event| event.id);
        self.refusals += 1;
        self.unsaid.push(id.clone());
        if self.refused.len() < MAX_TOLD_REFUSALS {
            self.refused.push((id, why));
        }
    }

    fn add(&mut self, other: Self) {
        self.fresh += other.fresh;
        self.known += other.known;
        self.refusals += other.refusals;
        self.unsaid.extend(other.unsaid);
        let room = MAX_TOLD_REFUSALS.saturating_sub(self.refused.len());
        self.refused.extend(other.refused.into_iter().take(room));
    }
}

impl Publishing {
    /// Nothing waits yet.
    pub fn new(api: Arc<ApiClient>) -> Self {
        Self { api, waiting: Vec::new(), waiting_bytes: 0, under_way: None, done: Published::default() }
    }

    /// Takes an event; sends a batch when one is full. One batch is under way at a time, so that order stays.
    pub async fn push(&mut self, event: Vec<u8>) -> anyhow::Result<()> {
        if event.len() > MAX_EVENT_BYTES {
            // One that no door takes would keep its whole batch out.
            let why = format!("an event of {} bytes; at most {MAX_EVENT_BYTES}", event.len());
            self.done.refuse(&event, why);
            return Ok(());
        }
        self.waiting_bytes += event.len() + 1;
        self.waiting.push(event);
        if self.waiting.len() >= BATCH_EVENTS || self.waiting_bytes >= BATCH_BYTES {
            self.send().await?;
        }
        Ok(())
    }

    async fn send(&mut self) -> anyhow::Result<()> {
        self.arrive().await?;
        let events = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        self.under_way = (!events.is_empty()).then(|| tokio::spawn(post(self.api.clone(), events)));
        Ok(())
    }

    async fn arrive(&mut self) -> anyhow::Result<()> {
        if let Some(under_way) = self.under_way.take() {
            self.done.add(under_way.await.context("the publishing task ended")??);
        }
        Ok(())
    }

    /// Sends the rest, and answers what became of everything since the last flush.
    pub async fn flush(&mut self) -> anyhow::Result<Published> {
        self.send().await?;
        self.arrive().await?;
        Ok(std::mem::take(&mut self.done))
    }
}

async fn post(api: Arc<ApiClient>, events: Vec<Vec<u8>>) -> anyhow::Result<Published> {
    let mut body = Vec::with_capacity(events.iter().map(|event| event.len() + 1).sum::<usize>() + 2);
    body.push(b'[');
    body.extend(events.join(&b','));
    body.push(b']');
    let Answered { status, body: answer, .. } = api.post("/v1/events", "application/cloudevents-batch+json", body).await?;
    if status != StatusCode::CREATED && status != StatusCode::MULTI_STATUS {
        bail!(problem_text(status, &answer));
    }
    let answer: Value = serde_json::from_slice(&answer)?;
    let items = answer["items"].as_array().filter(|items| items.len() == events.len()).context("the server did not answer every event")?;
    let mut published = Published::default();
    for (event, item) in events.iter().zip(items) {
        let status = status_of(item)?;
        match item.get("receipt") {
            Some(receipt) if receipt["fresh"].as_bool() == Some(true) => published.fresh += 1,
            Some(_) => published.known += 1,
            // The id is the watcher's own: what stands there was said by an earlier reading.
            None if status == StatusCode::CONFLICT => published.known += 1,
            // It was not said: the caller may not, or the server cannot. It is sent again, as all behind it.
            None if !ends_an_event(status) => bail!(problem_text(status, item["problem"].to_string().as_bytes())),
            None => {
                let why = problem_text(status, item["problem"].to_string().as_bytes());
                published.refuse(event, with_faults(why, &item["problem"]));
            }
        }
    }
    Ok(published)
}

/// A refusal with the faults that it names.
fn with_faults(why: String, problem: &Value) -> String {
    let faults = problem["faults"].as_array().into_iter().flatten();
    let told: Vec<String> = faults.filter_map(|fault| Some(format!("{} {}", fault["pointer"].as_str()?, fault["detail"].as_str()?))).collect();
    if told.is_empty() { why } else { format!("{why}: {}", told.join("; ")) }
}

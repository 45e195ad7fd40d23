//! Takes one reading of a page, publishes what it says anew, and only then remembers it.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use dateline_backends::{StateError, StateStore, now};
use dateline_events::{Instant, sha256_hex};
use dateline_status_pages::{self as dialects, Dialect, FeedZone, Refused, difference};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Mutex;

use super::budget::{self, Allowance, OverBudget};
use super::outbox::{Outbox, open_page_memory};
use super::page_memory::PageMemory;
use super::published::Published;
use crate::shared::api_client::ApiClient;
use crate::shared::publisher::Publisher;

/// Whose page is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The service's slug; also the page's name.
    pub service: String,
    /// The vendor's name; else as the page gives it.
    pub name: Option<String>,
    /// The vendor's slug; else that of the service.
    pub vendor: Option<String>,
    /// The language that the page is written in, a BCP 47 tag.
    pub lang: String,
}

/// One reading of one of its addresses.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// Its language.
    pub dialect: Dialect,
    /// The zone of its dates that do not say theirs.
    pub zone: Option<&'a FeedZone>,
    /// Its address.
    pub url: &'a str,
    /// The last part of the address.
    pub name: &'a str,
    /// What was read.
    pub bytes: &'a [u8],
    /// When.
    pub read_at: Instant,
    /// Up to when it is known to have stood there: earlier, where it came out of a cache.
    pub as_of: Instant,
    /// The last successful reading of this address.
    pub previous_read: Option<Instant>,
}

/// What a reading brought.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// So many incidents stand on the page.
    pub incidents: usize,
    /// So many events were stored.
    pub published: usize,
    /// So many had been said already.
    pub known: usize,
    /// So many of them are silent edits.
    pub edits: usize,
    /// What could not be read or was not accepted.
    pub refused: Vec<Refused>,
}

/// Why a reading was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// The page is evidence of nothing.
    Unreadable(String),
    /// It says more than can be remembered; what could be published was.
    TooMuch(String),
    /// It brings more than its page may in an hour: the page is stopped, and nothing of it was published.
    OverBudget(OverBudget),
    /// Its events could not be published, or not be remembered: try again.
    Unpublished(anyhow::Error),
}

/// The publisher of all pages. One reading of a page is taken at a time.
pub struct PagePublisher {
    publisher: Publisher,
    state_store: StateStore,
    /// How much the page of a service may bring; where nothing is said, the usual.
    allowances: HashMap<String, Allowance>,
    books: Mutex<HashMap<String, Arc<Mutex<Option<PageMemory>>>>>,
}

impl PagePublisher {
    /// A publisher that sends events through this client and remembers in this state store.
    pub async fn open(api: Arc<ApiClient>, state_store: StateStore) -> anyhow::Result<Self> {
        Ok(Self { publisher: Publisher::new(api), state_store, allowances: HashMap::new(), books: Mutex::default() })
    }

    /// The same who lets these pages bring so much.
    pub fn allowing(self, allowances: HashMap<String, Allowance>) -> Self {
        Self { allowances, ..self }
    }

    /// Takes one reading.
    pub async fn take(&self, page: &Page, reading: Reading<'_>) -> Result<Taken, NotTaken> {
        let read = || reading.dialect.read_in(reading.bytes, reading.name, reading.zone);
        let observation = run_blocking(read).map_err(|error| NotTaken::Unreadable(error.to_string()))?;
        let book = self.books.lock().await.entry(page.service.clone()).or_default().clone();
        let mut book = book.lock().await;
        if book.is_none() {
            let open = open_page_memory(&self.state_store, &self.publisher, &page.service, reading.dialect).await;
            *book = Some(open.map_err(not_taken)?);
        }
        let Some(open) = book.as_mut() else { return Ok(Taken::default()) };
        let taken = self.publish(page, &reading, &observation, open).await;
        if taken.is_err() {
            // What was remembered may be half written: read it again next time.
            *book = None;
        }
        taken.map_err(not_taken)
    }

    async fn publish(&self, page: &Page, reading: &Reading<'_>, observation: &dialects::Observation, book: &mut PageMemory) -> anyhow::Result<Taken> {
        let sha256 = sha256_hex(reading.bytes);
        let who = Who::of(page, &observation.facts, reading.dialect, book);
        let list = list_of(reading.url);
        book.assume_listed(&list, observation.listing);
        let told = dialects::Reading {
            dialect: reading.dialect,
            list: &list,
            read: Some(reading.read_at),
            as_of: Some(reading.as_of),
            read_before: reading.previous_read.max(book.lists.get(&list).copied()),
            sha256: &sha256,
        };
        let changes = run_blocking(|| difference(&who.page(page), &told, observation, &book.memory));
        let edits = changes.drafts.iter().map(|draft| draft.edits.len()).sum();
        let mut events = Vec::with_capacity(changes.drafts.len() + 1);
        if !changes.drafts.is_empty() {
            events.extend(registration(self.publisher.api(), page, &who).await?);
        }
        events.extend(changes.drafts.iter().map(|draft| draft.bytes(&who.page(page))));
        if !events.is_empty() {
            let new = changes.touched.keys().filter(|id| !book.memory.incidents.contains_key(*id)).count();
            let bytes = events.iter().map(Vec::len).sum::<usize>();
            let allowance = self.allowances.get(&page.service).copied().unwrap_or_default();
            budget::spend(&self.state_store, &page.service, allowance, new as u64, bytes as u64, now()).await?;
        }
        let events: Result<Vec<Box<RawValue>>, _> = events.into_iter().map(|event| serde_json::from_slice(&event)).collect();
        let pending = Outbox { events: events?, touched: changes.touched, read: (list, reading.as_of) };
        if !pending.events.is_empty() {
            pending.note(&self.state_store, &page.service).await?;
        }
        let Published { fresh, known, refused, .. } = pending.finish(&self.publisher, &self.state_store, book).await?;
        let refused = refused.into_iter().map(|(what, why)| Refused { what, why });
        let refused = observation.refused.iter().cloned().chain(refused).collect();
        Ok(Taken { incidents: observation.incidents.len(), published: fresh, known, edits, refused })
    }
}

/// Work for the processor alone, aside of what waits for answers: a page may be large, or mean harm.
fn run_blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// Tried again, unless trying again cannot help: then the page says more than can be kept, and is evidence of nothing.
fn not_taken(error: anyhow::Error) -> NotTaken {
    if let Some(over) = error.downcast_ref::<OverBudget>() {
        return NotTaken::OverBudget(over.clone());
    }
    match error.downcast_ref::<StateError>() {
        Some(StateError::TooLarge { given }) => NotTaken::TooMuch(format!("it says more than can be remembered ({given} bytes in one piece)")),
        _ => NotTaken::Unpublished(error),
    }
}

/// Whose page it is, with what the page itself says of that.
pub(super) struct Who {
    vendor: String,
    name: Option<String>,
    url: String,
}

impl Who {
    pub(super) fn of(page: &Page, facts: &dialects::Facts, dialect: Dialect, book: &mut PageMemory) -> Self {
        let given = facts.url.clone().unwrap_or_else(|| address_of(dialect, &page.service));
        Self {
            vendor: page.vendor.clone().unwrap_or_else(|| page.service.clone()),
            name: page.name.clone().or_else(|| facts.name.clone()),
            url: book.address(&given),
        }
    }

    pub(super) fn page<'a>(&'a self, page: &'a Page) -> dialects::Page<'a> {
        dialects::Page { service: &page.service, vendor: &self.vendor, name: self.name.as_deref(), lang: &page.lang, url: &self.url }
    }
}

/// A page's address where it does not give one: the vendor's known one, else a name that leads nowhere (RFC 2606).
fn address_of(dialect: Dialect, service: &str) -> String {
    match dialect {
        Dialect::Gcp => "https://status.cloud.google.com".into(),
        Dialect::Aws => "https://status.aws.amazon.com".into(),
        Dialect::Slack => "https://slack-status.com".into(),
        _ => format!("https://{service}.invalid"),
    }
}

/// The name of a list by its address: fit for the state store, and of one length.
fn list_of(url: &str) -> String {
    sha256_hex(url.as_bytes())[..16].to_owned()
}

/// The registration of the service under the name that its page has, where nobody registered it: then readers see a name, not a slug.
pub(super) async fn registration(api: &ApiClient, page: &Page, who: &Who) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(name) = &who.name else { return Ok(None) };
    // Where nobody says whether it is registered, it is left alone: a desk's registration knows more languages.
    if api.is_registered(&page.service).await.context("the reader does not say whether the service is registered")? != Some(false) {
        return Ok(None);
    }
    let names: Value = json!({&page.lang: name});
    let mut data = json!({"names": names, "vendor": {"name": names, "slug": who.vendor}});
    if !who.url.ends_with(".invalid") {
        data["status_page"] = json!(who.url);
    }
    let event = json!({
        "data": data,
        "datacontenttype": "application/json",
        "id": "service/1",
        "source": who.page(page).source(),
        "specversion": "1.0",
        "subject": page.service,
        "type": "dateline.service.registered.v1",
    });
    Ok(Some(event.to_string().into_bytes()))
}

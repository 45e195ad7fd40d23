//! Who registered which slug first: kept in the state store, by compare-and-swap, before the registration is appended. Where it is
//! missing there (a ledger of before, one that was copied or restored) it is made from the ledger.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Clock};

use anyhow::Context;
use dateline_backends::{Ledger, StateError, StateStore};
use dateline_events::{Event, Kind, Position};
use serde::{Deserialize, Serialize};

use crate::shared::http::Problem;

/// Where they are kept, by slug; parted by a dot, so that on the bus an intake may be allowed these alone.
const PLACE: &str = "services.";

/// Up to where the ledger has been read for what is missing: a position, decimal.
const READ_TO: &str = "registrants.read";

/// So long one that was looked up is believed, when it is asked whose vendor somebody speaks for.
const REMEMBERED: Duration = Duration::from_secs(2);

/// So many are remembered at once.
const MAX_REMEMBERED: usize = 10_000;

/// What stands in every record that registers a service.
const KIND: &[u8] = b"service.registered";

/// Who registered a slug, or named it as a vendor, first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registrant {
    /// The publisher.
    pub source: String,
    /// True where it is registered as a service; false where it was only named as the vendor of one.
    pub registered: bool,
    /// The service's vendor, as it was registered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
}

/// Who was looked up, and when; None where nobody registered the slug.
type Remembered = HashMap<String, (Clock, Option<Registrant>)>;

/// The registrants. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Registrants {
    state_store: StateStore,
    ledger: Ledger,
    remembered: Arc<Mutex<Remembered>>,
    /// True once this process has read what the ledger holds and the state store does not.
    is_read: Arc<tokio::sync::Mutex<bool>>,
}

impl Registrants {
    /// The registrants in a state store.
    pub fn new(state_store: StateStore, ledger: Ledger) -> Self {
        Self { state_store, ledger, remembered: Arc::default(), is_read: Arc::default() }
    }

    /// Who registered a slug, as it was within the last two seconds.
    pub async fn get(&self, slug: &str) -> Result<Option<Registrant>, Problem> {
        if let Some((when, found)) = self.locked().get(slug)
            && when.elapsed() < REMEMBERED
        {
            return Ok(found.clone());
        }
        let found = self.get_now(slug).await?;
        let mut remembered = self.locked();
        if remembered.len() >= MAX_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(slug.to_owned(), (Clock::now(), found.clone()));
        Ok(found)
    }

    /// Who registered a slug, as it is now.
    pub async fn get_now(&self, slug: &str) -> Result<Option<Registrant>, Problem> {
        self.read_the_ledger().await?;
        let found = self.state_store.get(&place(slug)).await?;
        Ok(found.map(|(value, _)| entry(slug, &value)).transpose()?)
    }

    /// Notes a registration. Whoever stands there first stays; `may_touch` is asked of it, and what it refuses is refused.
    pub async fn note(&self, slug: &str, new: Registrant, may_touch: impl Fn(&Registrant) -> Result<(), Problem>) -> Result<(), Problem> {
        let noted = |there: Option<&[u8]>| -> Result<_, Problem> {
            let Some(there) = there.map(|value| entry(slug, value)).transpose()? else { return Ok(Some(written(&new)?)) };
            may_touch(&there)?;
            // Being named as a vendor changes nothing of a service.
            Ok(new.registered.then(|| written(&Registrant { source: there.source, ..new.clone() })).transpose()?)
        };
        self.state_store.update(&place(slug), noted).await?;
        self.locked().remove(slug);
        Ok(())
    }

    /// Once a process: what the ledger holds behind the place up to which it was read before. Costs a walk over those records.
    async fn read_the_ledger(&self) -> Result<(), Problem> {
        let mut is_read = self.is_read.lock().await;
        if !*is_read {
            self.make_what_is_missing().await.map_err(|error| {
                tracing::error!(%error, "who registered what cannot be read from the ledger");
                Problem::new(
                    axum::http::StatusCode::SERVICE_UNAVAILABLE,
                    "registrants-unavailable",
                    "Who registered what is not known",
                    format!("{error:#}"),
                )
                .retry(5)
            })?;
            *is_read = true;
        }
        Ok(())
    }

    async fn make_what_is_missing(&self) -> anyhow::Result<()> {
        let head = self.ledger.head().await?.position;
        let read_to = self.state_store.get(READ_TO).await?;
        // A ledger that ends before that place is another one.
        let number = |value: &[u8]| std::str::from_utf8(value).ok().and_then(|text| text.parse::<Position>().ok());
        let from = read_to.as_ref().and_then(|(value, _)| number(value)).filter(|position| *position <= head).unwrap_or(0);
        let mut first = BTreeMap::new();
        let mut follower = self.ledger.follow(from);
        while follower.position() < head {
            let Some(page) = follower.try_next().await.context("the ledger cannot be read")? else { break };
            for bytes in page.records.iter().filter_map(|record| record.bytes.as_deref()) {
                if bytes.windows(KIND.len()).any(|window| window == KIND) {
                    gather(&mut first, bytes);
                }
            }
        }
        for (slug, registrant) in first {
            let value = written(&registrant)?;
            self.state_store.update(&place(&slug), |there| Ok::<_, StateError>(there.is_none().then(|| value.clone()))).await?;
        }
        if head > from {
            self.state_store.update(READ_TO, |_| Ok::<_, StateError>(Some(head.to_string().into_bytes()))).await?;
        }
        Ok(())
    }

    /// Nobody panics while holding this lock; what it guards is only remembered and may be used on.
    fn locked(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn place(slug: &str) -> String {
    format!("{PLACE}{slug}")
}

fn entry(slug: &str, value: &[u8]) -> Result<Registrant, StateError> {
    serde_json::from_slice(value).map_err(|error| StateError::Engine(format!("{PLACE}{slug} cannot be read: {error}")))
}

fn written(entry: &Registrant) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec(entry).map_err(|error| StateError::Engine(error.to_string()))
}

/// Whoever comes first stays; the last registration names the vendor.
fn gather(first: &mut BTreeMap<String, Registrant>, bytes: &[u8]) {
    let Ok(event) = Event::read(bytes) else { return };
    let Kind::ServiceRegistered(service) = &event.kind else { return };
    let vendor = service.vendor.as_ref().map(|vendor| vendor.slug.clone());
    let entry = |registered: bool| Registrant { source: event.source.clone(), registered, vendor: None };
    if let Some(vendor) = vendor.clone().filter(|vendor| *vendor != event.subject) {
        first.entry(vendor).or_insert_with(|| entry(false));
    }
    let service = first.entry(event.subject.clone()).or_insert_with(|| entry(true));
    service.registered = true;
    service.vendor = vendor;
}

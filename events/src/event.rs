//! An event as it was read: who says it, of which service, and what.

use serde_json::{Map, Value};

use crate::key::EventKey;
use crate::kinds::{Common, Kind, Services};
use crate::shapes::Ref;
use crate::time::{Bounds, Instant, When};

/// An immutable fact said by a publisher: one CloudEvent of a known kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The publisher that answers for it (CloudEvents `source`).
    pub source: String,
    /// Its id, unique per source, for ever.
    pub id: String,
    /// The service's slug.
    pub subject: String,
    /// The incident that the publisher names.
    pub incidentid: Option<String>,
    /// The event or request that made the publisher say it.
    pub causationid: Option<String>,
    /// What the publisher groups it with.
    pub correlationid: Option<String>,
    /// The members of `data` that any kind may carry.
    pub common: Common,
    /// What it says.
    pub kind: Kind,
}

impl Event {
    /// The members of `data`, as JSON.
    pub fn data(&self) -> Map<String, Value> {
        let mut data = Map::new();
        for part in [serde_json::to_value(&self.common), serde_json::to_value(&self.kind)] {
            if let Ok(Value::Object(members)) = part {
                data.extend(members);
            }
        }
        data
    }

    /// The services that it speaks of: its subject, then those that it names beside it, each once.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        let further = match &self.common.services {
            Some(Services::Named(services)) => services.as_slice(),
            Some(Services::All(_)) | None => &[],
        };
        let beside = further.iter().map(String::as_str).filter(|service| *service != self.subject);
        std::iter::once(self.subject.as_str()).chain(beside)
    }

    /// True where it speaks of every service that is told of.
    pub fn speaks_of_all_services(&self) -> bool {
        matches!(self.common.services, Some(Services::All(_)))
    }

    /// The event's key.
    pub fn key(&self) -> EventKey {
        EventKey::of(&self.source, &self.id)
    }

    /// The (source, id) that a reference in this event names.
    pub fn resolve<'a>(&'a self, reference: &'a Ref) -> (&'a str, &'a str) {
        (reference.source.as_deref().unwrap_or(&self.source), &reference.id)
    }

    /// The key that a reference in this event names.
    pub fn key_of(&self, reference: &Ref) -> EventKey {
        let (source, id) = self.resolve(reference);
        EventKey::of(source, id)
    }

    /// When it was stated, and whether its upper bound is a mere retrieval. Absent, the recorded time stands for it;
    /// where nobody said, it lies between the occurrence and the retrieval.
    pub fn stated_bounds(&self, recorded: Instant) -> (Bounds, bool) {
        let Some(stated) = &self.common.stated else {
            return (Bounds::closed(recorded, recorded), false);
        };
        let own = stated.own_bounds();
        let occurred = self.common.occurred.as_ref().map(When::own_bounds).unwrap_or_default();
        let retrieved = self.common.sources.iter().filter_map(|source| source.retrieved_at).min();
        let latest = own.latest.unwrap_or_else(|| retrieved.unwrap_or(recorded));
        let earliest = own.earliest.or(occurred.earliest).map(|earliest| earliest.min(latest));
        (Bounds { earliest, latest: Some(latest) }, own.latest.is_none())
    }
}

//! All services that are reported on, and how far the log of reports was read. Pure: what is said follows from the flushes alone, in their
//! order, from wherever all of it was last remembered.
//!
//! Only services of which something was counted, or in which something stands out, are touched by a flush; the others are told of the
//! quiet buckets in between when they are touched again.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::reports::{Count, Flush};
use dateline_series::Settings;

use super::baselines::Remembered;
use super::service::{BUCKET_S, EventDraft, Service};
use super::ticks::{CATCH_UP_BUCKETS, Ticks};

/// So many services are watched; of further ones nothing is said, and the first of them is named in the log of the process.
pub const MAX_SERVICES: usize = 200_000;

/// All services.
#[derive(Debug, Default)]
pub struct ServiceWatches {
    services: BTreeMap<String, Service>,
    ticks: Ticks,
    /// The last flush that is in all of it.
    position: u64,
    settings: Settings,
    /// Services in which something stands out.
    standing: BTreeSet<String>,
    /// Services that changed since they were last remembered.
    changed: BTreeSet<String>,
    refused: bool,
}

impl ServiceWatches {
    /// Goes on from what is remembered.
    pub fn new(remembered: Remembered) -> Self {
        let Remembered { position, ticks, services } = remembered;
        let standing = services.iter().filter(|(_, service)| service.stands_out()).map(|(name, _)| name.clone()).collect();
        Self { services, ticks, position, standing, ..Self::default() }
    }

    /// The last flush that is in all of it.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// When an intake was up.
    pub fn ticks(&self) -> &Ticks {
        &self.ticks
    }

    /// Takes in a flush, and answers what is to be published. One that it knows already changes nothing.
    pub fn take(&mut self, position: u64, flush: &Flush) -> Vec<EventDraft> {
        if position <= self.position {
            return Vec::new();
        }
        self.position = position;
        let mut said = Vec::new();
        if flush.written.is_some_and(|minute| self.ticks.up_at(minute.saturating_mul(60))) {
            for name in self.standing.clone() {
                if let Some(service) = self.services.get_mut(&name) {
                    said.extend(service.pass(&name, &self.ticks, &self.settings));
                }
                self.note(&name);
            }
        }
        let mut by_service: BTreeMap<&str, Vec<&Count>> = BTreeMap::new();
        for count in &flush.counts {
            by_service.entry(&count.service).or_default().push(count);
        }
        for (name, mut counts) in by_service {
            if !self.services.contains_key(name) && self.services.len() >= MAX_SERVICES {
                if !std::mem::replace(&mut self.refused, true) {
                    tracing::warn!(service = name, "{MAX_SERVICES} services are watched already; further ones are not");
                }
                continue;
            }
            counts.sort_by_key(|count| count.minute);
            let service = self.services.entry(name.to_owned()).or_default();
            said.extend(service.take(name, flush.written, &self.ticks, &counts, &self.settings));
            self.note(name);
        }
        said
    }

    /// A flush that cannot be read stops nobody.
    pub fn pass_over(&mut self, position: u64) {
        self.position = self.position.max(position);
    }

    /// A service changed.
    fn note(&mut self, name: &str) {
        self.changed.insert(name.to_owned());
        if self.services.get(name).is_some_and(Service::stands_out) {
            self.standing.insert(name.to_owned());
        } else {
            self.standing.remove(name);
        }
    }

    /// The log is another one: it is read from its beginning, and nothing that was counted before is counted with it.
    pub fn begin_again(&mut self) {
        let forgotten = std::mem::take(&mut self.services).into_keys().collect();
        *self = Self { changed: forgotten, ..Self::default() };
    }

    /// The services that changed since the last time. Those that nobody reported on for longer than is looked back are forgotten.
    pub fn take_changed(&mut self) -> BTreeSet<String> {
        let oldest = self.ticks.open_s().map_or(i64::MIN, |open| open - CATCH_UP_BUCKETS * i64::from(BUCKET_S));
        let is_forgotten = |service: &Service| !service.stands_out() && service.closed_s().is_some_and(|closed| closed < oldest);
        let forgotten: Vec<String> = self.services.iter().filter(|(_, service)| is_forgotten(service)).map(|(name, _)| name.clone()).collect();
        for name in forgotten {
            self.services.remove(&name);
            self.changed.insert(name);
        }
        std::mem::take(&mut self.changed)
    }

    /// All services.
    pub fn services(&self) -> &BTreeMap<String, Service> {
        &self.services
    }

    /// How their counts are judged.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// So many services, and series over all of them.
    pub fn size(&self) -> (usize, usize) {
        (self.services.len(), self.services.values().map(Service::series).sum())
    }

    /// Services in which something stands out now, with the start of it, in Unix seconds.
    pub fn standing(&self) -> impl Iterator<Item = (&str, Vec<i64>)> {
        self.standing.iter().filter_map(|name| Some((name.as_str(), self.services.get(name)?.anomalies())))
    }
}

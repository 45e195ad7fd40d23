//! All services that are reported on, and how far the log of reports was read. Pure: what is said follows from the flushes alone, in their
//! order, from wherever each service was last remembered.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::reports::{Count, Flush};
use dateline_series::Settings;

use super::service::{BUCKET_S, Said, Service};

/// So many services are watched; of further ones nothing is said, and their first report names them in the log of the process.
pub const MAX_SERVICES: usize = 200_000;

/// All services.
#[derive(Debug, Default)]
pub struct Desk {
    services: BTreeMap<String, Service>,
    settings: Settings,
    /// The bucket in which the last flush was written, by its start.
    bucket_s: Option<i64>,
    /// Services that changed since they were last remembered.
    changed: BTreeSet<String>,
    refused: bool,
}

impl Desk {
    /// What is remembered of each service.
    pub fn new(services: impl IntoIterator<Item = (String, Service)>) -> Self {
        Self { services: services.into_iter().collect(), ..Self::default() }
    }

    /// Every flush up to here is in every service.
    pub fn position(&self) -> Option<u64> {
        self.services.values().map(|service| service.position).min()
    }

    /// Takes in a flush, and answers what is to be published. Services that know it already let it pass.
    pub fn take(&mut self, position: u64, flush: &Flush) -> Vec<Said> {
        let mut said = self.pass(position, flush.written);
        let mut by_service: BTreeMap<&str, Vec<&Count>> = BTreeMap::new();
        for count in &flush.counts {
            by_service.entry(&count.service).or_default().push(count);
        }
        for (name, mut counts) in by_service {
            if !self.services.contains_key(name) {
                if self.services.len() >= MAX_SERVICES {
                    if !std::mem::replace(&mut self.refused, true) {
                        tracing::warn!(service = name, "{MAX_SERVICES} services are watched already; further ones are not");
                    }
                    continue;
                }
                self.services.insert(name.to_owned(), Service::new(position - 1));
            }
            let Some(service) = self.services.get_mut(name).filter(|service| service.position < position) else { continue };
            counts.sort_by_key(|count| count.minute);
            said.extend(service.take(name, position, flush.written, &counts, &self.settings));
            self.changed.insert(name.to_owned());
        }
        said
    }

    /// Once a bucket is over, every service is told so: that nobody reported is news too.
    fn pass(&mut self, position: u64, written: Option<i64>) -> Vec<Said> {
        let Some(written) = written else { return Vec::new() };
        let start = (written * 60).div_euclid(i64::from(BUCKET_S)) * i64::from(BUCKET_S);
        if self.bucket_s.is_some_and(|before| start <= before) {
            return Vec::new();
        }
        self.bucket_s = Some(start);
        let mut said = Vec::new();
        for (name, service) in self.services.iter_mut().filter(|(_, service)| service.position < position) {
            // The flush itself is still to be taken in.
            let told = service.pass(name, position - 1, written, &self.settings);
            if !told.is_empty() || service.stands_out() {
                self.changed.insert(name.clone());
            }
            said.extend(told);
        }
        said
    }

    /// The services that changed since the last time, or that were not written down for long, some of them at a time.
    pub fn take_changed(&mut self, head: u64, behind_max: u64) -> Vec<String> {
        let mut due = std::mem::take(&mut self.changed);
        due.extend(self.services.iter().filter(|(_, service)| service.position + behind_max < head).map(|(name, _)| name.clone()));
        due.into_iter().collect()
    }

    /// Not remembered after all: the next time, then.
    pub fn not_remembered(&mut self, names: impl IntoIterator<Item = String>) {
        self.changed.extend(names);
    }

    /// Notes that everything up to a flush is in every service.
    pub fn reach(&mut self, position: u64) {
        for service in self.services.values_mut() {
            service.position = service.position.max(position);
        }
    }

    /// One service.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.get(name)
    }

    /// How its counts are judged.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// So many services, and series over all of them.
    pub fn size(&self) -> (usize, usize) {
        (self.services.len(), self.services.values().map(Service::series).sum())
    }

    /// Services in which something stands out now, with the start of it, in Unix seconds.
    pub fn standing(&self) -> Vec<(&str, Vec<i64>)> {
        self.services.iter().filter(|(_, service)| service.stands_out()).map(|(name, service)| (name.as_str(), service.anomalies())).collect()
    }
}

//! Where something failed, and where it is told to be back.

use std::collections::BTreeMap;

use dateline_events::Region;

use super::contribution::{Class, Contribution};

/// The region that holds every other.
const WORLD: &str = "world";

/// How many claims name each region.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// Of those that say that something fails.
    hit: BTreeMap<Region, u32>,
    /// Of those that say that it is over; None: everywhere.
    back: BTreeMap<Option<Region>, u32>,
}

impl Places {
    pub(super) fn add(&mut self, contribution: &Contribution) {
        for region in contribution.regions.iter().filter(|_| contribution.disrupts) {
            *self.hit.entry(region.clone()).or_default() += 1;
        }
        for region in back_in(contribution) {
            *self.back.entry(region).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, contribution: &Contribution) {
        for region in contribution.regions.iter().filter(|_| contribution.disrupts) {
            less(&mut self.hit, region);
        }
        for region in back_in(contribution) {
            less(&mut self.back, &region);
        }
    }

    /// True where something failed of which nobody says that it is back there.
    pub(super) fn is_open(&self, region: &Region) -> bool {
        let is_back = |region: Option<Region>| self.back.contains_key(&region);
        self.hit.contains_key(region) && !is_back(None) && !is_back(Some(WORLD.to_owned())) && !is_back(Some(region.clone()))
    }
}

/// Where a restoration says that it is back.
fn back_in(contribution: &Contribution) -> Vec<Option<Region>> {
    match (contribution.claims.contains(&Class::Restored), contribution.regions.as_slice()) {
        (false, _) => Vec::new(),
        (true, []) => vec![None],
        (true, regions) => regions.iter().cloned().map(Some).collect(),
    }
}

fn less<Key: Ord>(counts: &mut BTreeMap<Key, u32>, key: &Key) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

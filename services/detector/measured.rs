//! One measure of a service: single reports, or the totals of one publisher. Its counts by region and symptom, and a watch over each
//! region, over each publisher of single reports, and over everything. What a finding means for the service is not decided here.

use std::collections::BTreeMap;

use dateline_events::{Region, Symptom};
use dateline_series::{Finding, Refused, Settings, Verdict, Watch};
use serde::{Deserialize, Serialize};

/// Of so many newest buckets it is known what was counted of what; of older ones only how many.
const RECENT_BUCKETS: usize = 12;

/// In one bucket so many pairs of region and symptom are told apart; what is beyond counts for the whole alone.
const MAX_CELLS: usize = 1_024;

/// So many regions have a watch of their own; what is beyond counts for the whole alone.
const MAX_REGIONS: usize = 300;

/// Of one bucket so many publishers are told apart.
const MAX_VOICES: usize = 16;

/// One measure of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// True for totals: of those said for one window the highest holds. Single reports add up.
    is_total: bool,
    /// The bucket that was open when it was last heard of.
    heard_s: i64,
    everywhere: Watch,
    /// A watch that was told of no report ever: a region or a publisher that is heard of for the first
    /// time was quiet until then.
    quiet: Watch,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    regions: BTreeMap<Region, Watch>,
    /// By publisher of single reports.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    voices: BTreeMap<String, Watch>,
    /// The newest buckets, by their start in Unix seconds, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent: Vec<(i64, Bucket)>,
}

/// What was counted in one bucket.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// By what, and where; ascending. Lists, since there are many services, and few of these in each.
    cells: Vec<((Symptom, Option<Region>), u64)>,
    /// Who said how many.
    voices: Vec<(String, u64)>,
}

/// A count as it comes out of the log.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    /// Any instant of its bucket, in Unix seconds.
    pub at_s: i64,
    pub region: Option<&'a Region>,
    pub symptom: Symptom,
    pub count: u64,
    /// Who says it.
    pub from: &'a str,
    /// True where the service has as many series as it may have.
    pub is_full: bool,
    /// The bucket that was open when it was heard, by its start.
    pub heard_s: i64,
}

/// A finding, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct LocatedFinding {
    /// None: over all regions.
    pub region: Option<Region>,
    /// The one publisher; None: all.
    pub voice: Option<String>,
    pub finding: Finding,
}

/// What a bucket's reports are about, and who made them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Breakdown {
    /// Reports by symptom, the most first.
    pub symptoms: Vec<(Symptom, u64)>,
    /// Reports by publisher.
    pub voices: Vec<(String, u64)>,
}

impl Measured {
    /// A measure in buckets of so many seconds.
    pub fn new(bucket_seconds: u32, is_total: bool) -> Result<Self, Refused> {
        let quiet = Watch::new(bucket_seconds)?;
        Ok(Self { is_total, heard_s: 0, everywhere: quiet.clone(), quiet, regions: BTreeMap::new(), voices: BTreeMap::new(), recent: Vec::new() })
    }

    /// The length of its buckets, in seconds.
    pub fn bucket_seconds(&self) -> u32 {
        self.everywhere.bucket_seconds()
    }

    /// Takes in a count, and says what it shows. A time that no watch takes shows nothing.
    pub fn take(&mut self, counted: &Counted<'_>, settings: &Settings) -> Vec<LocatedFinding> {
        let length = i64::from(self.bucket_seconds());
        let start = counted.at_s.div_euclid(length) * length;
        self.heard_s = self.heard_s.max(counted.heard_s);
        let added = self.note(start, counted);
        if added == 0 && counted.count > 0 {
            return Vec::new();
        }
        if !self.is_total && !counted.is_full && self.voices.len() < MAX_VOICES && !self.voices.contains_key(counted.from) {
            self.voices.insert(counted.from.to_owned(), self.quiet.clone());
        }
        let mut found = tell(&mut self.everywhere, None, None, start, added, settings);
        if let Some(watch) = self.voices.get_mut(counted.from) {
            found.extend(tell(watch, None, Some(counted.from), start, added, settings));
        }
        if let Some(region) = counted.region {
            if !self.regions.contains_key(region) && !counted.is_full && self.regions.len() < MAX_REGIONS {
                self.regions.insert(region.clone(), self.quiet.clone());
            }
            if let Some(watch) = self.regions.get_mut(region) {
                found.extend(tell(watch, Some(region), None, start, added, settings));
            }
        }
        found
    }

    /// Notes a count among the newest buckets; answers by how many the bucket has more than before.
    fn note(&mut self, start: i64, counted: &Counted<'_>) -> u64 {
        let at = match self.recent.binary_search_by_key(&start, |(start, _)| *start) {
            Ok(at) => at,
            Err(0) if self.recent.len() >= RECENT_BUCKETS => {
                if !self.is_total {
                    return counted.count;
                }
                // What it was about is forgotten; that there were at least so many is still worth knowing.
                let there = self.everywhere.verdict(start, &Settings::default()).ok().and_then(|verdict| verdict.count).unwrap_or(0);
                return counted.count.saturating_sub(there);
            }
            Err(at) => {
                self.recent.reserve_exact(1);
                self.recent.insert(at, (start, Bucket::default()));
                at
            }
        };
        let added = self.recent[at].1.add(counted, self.is_total);
        if self.recent.len() > RECENT_BUCKETS {
            self.recent.remove(0);
        }
        added
    }

    /// The bucket that holds this time is over: where nothing was reported, nothing was wrong for anybody.
    pub fn close(&mut self, at_s: i64, settings: &Settings) -> Vec<LocatedFinding> {
        let mut found = tell(&mut self.everywhere, None, None, at_s, 0, settings);
        tell(&mut self.quiet, None, None, at_s, 0, settings);
        for (region, watch) in &mut self.regions {
            found.extend(tell(watch, Some(region), None, at_s, 0, settings));
        }
        for (voice, watch) in &mut self.voices {
            found.extend(tell(watch, None, Some(voice), at_s, 0, settings));
        }
        found
    }

    /// What the reports of a stretch of buckets are about, from one start to another, both inside.
    pub fn breakdown(&self, from_s: i64, until_s: i64, region: Option<&Region>) -> Breakdown {
        let mut symptoms: BTreeMap<Symptom, u64> = BTreeMap::new();
        let mut told = Breakdown::default();
        for (_, bucket) in self.recent.iter().filter(|(start, _)| (from_s..=until_s).contains(start)) {
            for (voice, reports) in &bucket.voices {
                match told.voices.iter_mut().find(|(there, _)| there == voice) {
                    Some((_, there)) => *there = there.saturating_add(*reports),
                    None => told.voices.push((voice.clone(), *reports)),
                }
            }
            for ((symptom, place), count) in &bucket.cells {
                if region.is_none() || place.as_ref() == region {
                    *symptoms.entry(*symptom).or_default() += count;
                }
            }
        }
        told.symptoms = symptoms.into_iter().collect();
        told.symptoms.sort_by_key(|(symptom, count)| (std::cmp::Reverse(*count), *symptom));
        told
    }

    /// The verdicts on the newest buckets up to one, oldest first.
    pub fn verdicts(&self, newest_s: i64, buckets: usize, settings: &Settings) -> Vec<Verdict> {
        let length = i64::from(self.bucket_seconds());
        let starts = (0..buckets as i64).rev().map(|back| newest_s - back * length);
        starts.filter_map(|start| self.everywhere.verdict(start, settings).ok()).collect()
    }

    /// The start of the newest bucket of which anything was counted.
    pub fn newest_s(&self) -> Option<i64> {
        self.recent.last().map(|(start, _)| *start)
    }

    /// The bucket that was open when it was last heard of.
    pub fn heard_s(&self) -> i64 {
        self.heard_s
    }

    /// So many series it watches.
    pub fn series(&self) -> usize {
        1 + self.regions.len() + self.voices.len()
    }
}

impl Bucket {
    /// Adds a count; answers by how many there are more than before.
    fn add(&mut self, counted: &Counted<'_>, is_total: bool) -> u64 {
        let place = self.cells.binary_search_by(|((symptom, region), _)| (symptom, region.as_ref()).cmp(&(&counted.symptom, counted.region)));
        let added = match place {
            Ok(at) => {
                let there = &mut self.cells[at].1;
                let more = if is_total { counted.count.saturating_sub(*there) } else { counted.count };
                *there = there.saturating_add(more);
                more
            }
            // Of a total nobody would know whether it was said before.
            Err(_) if self.cells.len() >= MAX_CELLS => {
                if is_total {
                    0
                } else {
                    counted.count
                }
            }
            Err(at) => {
                self.cells.reserve_exact(1);
                self.cells.insert(at, ((counted.symptom, counted.region.cloned()), counted.count));
                counted.count
            }
        };
        match self.voices.iter().position(|(voice, _)| voice == counted.from) {
            Some(at) => self.voices[at].1 = self.voices[at].1.saturating_add(added),
            None if self.voices.len() < MAX_VOICES => {
                self.voices.reserve_exact(1);
                self.voices.push((counted.from.to_owned(), added));
            }
            None => {}
        }
        added
    }
}

/// Tells a watch that a bucket has so many more, and what it says to that.
fn tell(watch: &mut Watch, region: Option<&Region>, voice: Option<&str>, at_s: i64, added: u64, settings: &Settings) -> Vec<LocatedFinding> {
    let there = watch.verdict(at_s, settings).ok().and_then(|verdict| verdict.count).unwrap_or(0);
    let findings = watch.tell(at_s, there.saturating_add(added), settings).unwrap_or_else(|refused| {
        tracing::error!(at_s, %refused, "a count lies where no watch has buckets; it is passed over");
        Vec::new()
    });
    findings.into_iter().map(|finding| LocatedFinding { region: region.cloned(), voice: voice.map(ToOwned::to_owned), finding }).collect()
}

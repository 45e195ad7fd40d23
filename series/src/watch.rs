//! The state of one series of counts, and the one verb that changes it.

use serde::{Deserialize, Serialize};

use crate::episode::{Episode, Step, Walk};
use crate::finding::{Finding, Verdict, Why};
use crate::season::{Expected, Season};
use crate::settings::{BUCKET_SECONDS_MAX, BUCKET_SECONDS_MIN, RESTATED_BUCKETS_MAX, Settings};
use crate::surprise::{count_at, stabilised};
use crate::told::RememberedAnomaly;
use crate::window::{Slot, Window};

/// Times beyond the years 0 and 9999 are no times of reports.
const SECONDS_MIN: i64 = -62_167_219_200;
const SECONDS_MAX: i64 = 253_402_300_799;

/// Why a watch does not take what it is given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The bucket's length is outside what a watch is made for.
    #[error("a bucket of {0} s is refused: give a length from {BUCKET_SECONDS_MIN} s to {BUCKET_SECONDS_MAX} s")]
    BucketSeconds(u32),
    /// The time is outside the years 0 to 9999.
    #[error("{0} s since 1970 is outside the years 0 to 9999: give the bucket's start in Unix seconds")]
    Time(i64),
}

/// The state of one series: what it usually does, its recent buckets, and what was said of it.
///
/// It changes by [`Watch::tell`] alone, the same tellings give the same findings, and it can be saved and loaded (serde) between any two.
/// Not shared between threads by itself; about 2 KiB a series, see [`Watch::bytes`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    bucket_seconds: u32,
    season: Season,
    window: Window,
    /// The walk up to the window's oldest bucket, that one not included.
    settled: Walk,
    told: Vec<RememberedAnomaly>,
}

impl Watch {
    /// A series of which nothing is known yet, of buckets of this many seconds (see [`BUCKET_SECONDS_MIN`], [`BUCKET_SECONDS_MAX`]).
    pub fn new(bucket_seconds: u32) -> Result<Self, Refused> {
        if !(BUCKET_SECONDS_MIN..=BUCKET_SECONDS_MAX).contains(&bucket_seconds) {
            return Err(Refused::BucketSeconds(bucket_seconds));
        }
        Ok(Watch { bucket_seconds, season: Season::default(), window: Window::default(), settled: Walk::default(), told: Vec::new() })
    }

    /// The length of a bucket in seconds.
    pub fn bucket_seconds(&self) -> u32 {
        self.bucket_seconds
    }

    /// Tells how many reports the bucket has that holds this time (Unix seconds; its start as a rule).
    ///
    /// A bucket may be told again while it is among the newest [`RESTATED_BUCKETS_MAX`]: the higher count holds. Buckets passed over are
    /// unknown, not zero. What comes later than that is not heard, and [`Watch::judge`] says so. A time far ahead closes all before it:
    /// the caller, who has a clock, keeps times of the future away.
    pub fn tell(&mut self, start_seconds: i64, count: u64, settings: &Settings) -> Result<Vec<Finding>, Refused> {
        let bucket = self.bucket(start_seconds)?;
        let ended = self.reach(bucket, settings);
        if !self.window.slot_mut(bucket).is_some_and(|slot| slot.take(count)) && ended.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.speak(&ended, settings))
    }

    /// The verdict that this count would get if it were told now; the watch stays as it is.
    pub fn judge(&self, start_seconds: i64, count: u64, settings: &Settings) -> Result<Verdict, Refused> {
        let mut told = self.clone();
        told.tell(start_seconds, count, settings)?;
        told.verdict(start_seconds, settings)
    }

    /// The verdict on a bucket as it was last told.
    pub fn verdict(&self, start_seconds: i64, settings: &Settings) -> Result<Verdict, Refused> {
        let bucket = self.bucket(start_seconds)?;
        let start = self.start(bucket);
        let Some(slot) = self.window.slot(bucket) else {
            let why = if self.window.is_empty() || bucket > self.window.newest() { Why::Unknown } else { Why::TooLate };
            return Ok(Verdict { bucket: start, count: None, baseline: None, low: None, high: None, score: None, why });
        };
        let mut walk = self.settled;
        let mut step = Step::Unknown;
        for (number, slot) in self.window.slots().take_while(|(number, _)| *number <= bucket) {
            step = walk.step(number, slot, number < self.window.newest(), self.bucket_seconds, settings).0;
        }
        let Expected { place, spread } = slot.expected;
        let known = |value: f32| slot.has_baseline().then_some(f64::from(value));
        let why = match step {
            Step::Unknown => Why::Unknown,
            Step::NoBaseline => {
                let known_seconds = self.season.known_seconds(self.bucket_seconds);
                Why::NoBaseline { known_seconds, needed_seconds: u64::from(settings.warm_up_seconds) }
            }
            Step::Usual => Why::Usual,
            Step::TooFew => Why::TooFew,
            Step::Rising => Why::Rising,
            Step::Begins(first) => Why::StandsOut { first_bucket: self.start(first) },
            Step::Continues(first) => Why::AlreadyTold { first_bucket: self.start(first) },
        };
        Ok(Verdict {
            bucket: start,
            count: slot.count(),
            baseline: known(count_at(place)),
            low: known(count_at(place - settings.allowance_spreads * spread)),
            high: known(count_at(place + settings.allowance_spreads * spread)),
            score: known(slot.score).filter(|_| slot.count().is_some()),
            why,
        })
    }

    /// Bytes this series takes in memory, those it holds elsewhere included.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.season.heap_bytes() + self.window.heap_bytes() + self.told.capacity() * size_of::<RememberedAnomaly>()
    }

    fn bucket(&self, start_seconds: i64) -> Result<i64, Refused> {
        if !(SECONDS_MIN..=SECONDS_MAX).contains(&start_seconds) {
            return Err(Refused::Time(start_seconds));
        }
        Ok(start_seconds.div_euclid(i64::from(self.bucket_seconds)))
    }

    fn start(&self, bucket: i64) -> i64 {
        bucket * i64::from(self.bucket_seconds)
    }

    /// Opens the buckets up to this one, settling those that may no longer be restated; returns the episodes that ended in them.
    fn reach(&mut self, bucket: i64, settings: &Settings) -> Vec<Episode> {
        let mut ended = Vec::new();
        if self.window.is_empty() {
            self.window.begin(bucket, self.expect(bucket, settings));
        }
        let passed_over = bucket - self.window.newest() - RESTATED_BUCKETS_MAX as i64;
        if passed_over > 0 {
            while let Some((number, slot)) = self.window.take() {
                ended.extend(self.settle(number, &slot, settings));
            }
            let silent = u32::try_from(passed_over).unwrap_or(u32::MAX);
            ended.extend(self.settled.silence(silent, self.bucket_seconds, settings));
            let next = bucket - RESTATED_BUCKETS_MAX as i64 + 1;
            self.window.begin(next, self.expect(next, settings));
        }
        while self.window.newest() < bucket {
            if let Some((number, slot)) = self.window.settle() {
                ended.extend(self.settle(number, &slot, settings));
            }
            let next = self.window.newest() + 1;
            self.window.open(self.expect(next, settings));
        }
        ended
    }

    /// A new slot with what is expected of it now, which stays.
    fn expect(&self, bucket: i64, settings: &Settings) -> Slot {
        let trusted = self.season.known_seconds(self.bucket_seconds) >= u64::from(settings.warm_up_seconds);
        Slot::new(if trusted {
            self.season.expect_with_doubt(self.start(bucket), self.bucket_seconds, settings.warm_up_seconds)
        } else {
            Expected::default()
        })
    }

    fn settle(&mut self, bucket: i64, slot: &Slot, settings: &Settings) -> Option<Episode> {
        if let Some(count) = slot.count() {
            self.season.learn(self.start(bucket), stabilised(count as f32), self.bucket_seconds, settings.warm_up_seconds);
        }
        self.settled.step(bucket, slot, true, self.bucket_seconds, settings).1
    }

    /// Walks the window again and says what was not said.
    fn speak(&mut self, ended_settled: &[Episode], settings: &Settings) -> Vec<Finding> {
        let mut walk = self.settled;
        let newest = self.window.newest();
        let mut ended = Vec::new();
        for (number, slot) in self.window.slots() {
            ended.extend(walk.step(number, slot, number < newest, self.bucket_seconds, settings).1);
        }
        if ended_settled.is_empty() && ended.is_empty() && walk.episode.is_none() && self.told.is_empty() {
            return Vec::new();
        }
        let mut findings = Vec::new();
        for episode in ended_settled.iter().chain(&ended).chain(&walk.episode) {
            self.say(episode, settings, &mut findings);
        }
        // What ended among the settled buckets cannot change any more; the rest is kept as long as a restatement can reach it, or a rise
        // that the settled buckets began can become the same anomaly again.
        let reachable = self.settled.sum_first().unwrap_or(i64::MAX).min(self.window.oldest());
        let running: Vec<&Episode> = ended.iter().chain(&walk.episode).collect();
        self.told.retain(|told| running.iter().any(|episode| told.is_of(episode)) || told.first >= reachable);
        findings
    }

    /// Says of one episode what is news.
    fn say(&mut self, episode: &Episode, settings: &Settings, findings: &mut Vec<Finding>) {
        let Some(at) = self.told.iter().position(|told| told.is_of(episode)) else {
            findings.push(self.anomaly(episode));
            let told = RememberedAnomaly { first: episode.first, corrected: episode.first, peak: episode.peak, doublings: 0, subsided: None };
            self.told.push(told);
            if episode.over {
                self.say(episode, settings, findings);
            }
            return;
        };
        let mut told = self.told[at];
        let first_bucket = self.start(told.first);
        if episode.first < told.corrected {
            told.corrected = episode.first;
            findings.push(Finding::Earlier { told_bucket: first_bucket, first_bucket: self.start(episode.first) });
        }
        let newest = self.window.newest();
        let (count, baseline) = self.now();
        if let (true, Some(quiet)) = (episode.over, episode.quiet_from) {
            if told.subsided.is_none_or(|bucket| bucket < quiet) {
                told.subsided = Some(quiet);
                findings.push(Finding::Subsided { first_bucket, bucket: self.start(quiet), count, baseline, peak: episode.peak });
            }
        } else if episode.last_high == newest {
            let lasted = (newest - told.first) as u64 * u64::from(self.bucket_seconds);
            let due = |doublings: u8| lasted >= u64::from(settings.lasting_seconds) << doublings.min(20);
            let grown = episode.peak as f32 >= settings.peak_growth_min * told.peak as f32 && episode.peak > told.peak;
            if grown || due(told.doublings) {
                while due(told.doublings) && told.doublings < 20 {
                    told.doublings += 1;
                }
                told.peak = told.peak.max(episode.peak);
                findings.push(Finding::Lasting { first_bucket, bucket: self.start(newest), count, baseline, peak: episode.peak });
            }
        }
        self.told[at] = told;
    }

    /// The newest bucket's count and baseline.
    fn now(&self) -> (u64, f64) {
        let slot = self.window.slot(self.window.newest());
        slot.map_or((0, 0.0), |slot| (slot.count().unwrap_or(0), f64::from(count_at(slot.expected.place))))
    }

    fn anomaly(&self, episode: &Episode) -> Finding {
        let slot = self.window.slot(episode.sure);
        let (expected, score) = slot.map_or((Expected::default(), 0.0), |slot| (slot.expected, slot.score));
        let count = slot.and_then(Slot::count).unwrap_or(episode.peak);
        let baseline = f64::from(count_at(expected.place));
        Finding::Anomaly {
            first_bucket: self.start(episode.first),
            seen_at_bucket: self.start(self.window.newest()),
            count,
            baseline,
            spread: (f64::from(count_at(expected.place + expected.spread)) - baseline).max(0.0),
            score: f64::from(score),
            height: count as f64 / baseline.max(1.0),
        }
    }
}

//! Tells a watch the whole series, as it would have heard it, and keeps what it said and why. Pure.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, bail};
use dateline_series::{BUCKET_SECONDS_MAX, Finding, RESTATED_BUCKETS_MAX, Settings, Verdict, Watch, Why};

/// Of the highest buckets that did not speak, so many are told.
const SILENT_MAX: usize = 5;

/// Two of them are at least so far apart, in seconds: neighbours have the same reason.
const SILENT_APART_S: i64 = 2 * 3_600;

/// So many distances of a hundred must be whole buckets, for a length to be told from the rows.
const REGULAR_PERCENT: usize = 90;

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// When, Unix seconds.
    pub at_s: i64,
    pub count: u64,
}

/// What became of a series.
#[derive(Debug)]
pub struct Trial {
    pub bucket_seconds: u32,
    pub rows: usize,
    /// Rows of a time that an earlier row had.
    pub restated_rows: usize,
    /// The rows stood in another order than that of time.
    pub put_in_order: bool,
    pub findings: Vec<Finding>,
    /// A verdict a bucket that was told of, in order, as it was when the bucket was told of last.
    pub verdicts: Vec<Verdict>,
}

/// One anomaly, with all that was found of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    pub first_bucket: i64,
    /// The first bucket as restatements moved it.
    pub moved_to: Option<i64>,
    pub seen_at_bucket: i64,
    pub count: u64,
    pub baseline: f64,
    pub score: f64,
    pub height: f64,
    /// The bucket with the most reports, and how many.
    pub peak: (i64, u64),
    /// The first bucket back within the usual; None where the series ends before.
    pub end: Option<i64>,
}

impl Anomaly {
    /// Its first bucket as far as is known now.
    pub fn from(&self) -> i64 {
        self.moved_to.unwrap_or(self.first_bucket)
    }
}

/// How long a bucket is that rows so far apart were made for.
pub fn bucket_seconds(rows: &[Row]) -> anyhow::Result<u32> {
    let mut times: Vec<i64> = rows.iter().map(|row| row.at_s).collect();
    times.sort_unstable();
    times.dedup();
    let gaps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut often: HashMap<i64, usize> = HashMap::new();
    for gap in &gaps {
        *often.entry(*gap).or_default() += 1;
    }
    let Some((gap, _)) = often.into_iter().max_by_key(|(gap, times)| (*times, -*gap)) else {
        bail!("all rows have one time, which says nothing of a bucket's length; give it with --bucket MINUTES");
    };
    let whole = gaps.iter().filter(|other| *other % gap == 0).count();
    if whole * 100 < gaps.len() * REGULAR_PERCENT {
        bail!("the rows stand at no regular distance (most often {gap} s); give the bucket's length with --bucket MINUTES");
    }
    match u32::try_from(gap) {
        Ok(seconds) if seconds <= BUCKET_SECONDS_MAX => Ok(seconds),
        _ => bail!("the rows are {gap} s apart, but a bucket has at most {BUCKET_SECONDS_MAX} s, so that a day has a shape; give a finer series"),
    }
}

/// Puts the rows in the order in which they are told; true where that is another one. A table that tells a time again is a log, and told as
/// it stands, as long as each row comes soon enough to be heard; any other order says nothing.
fn put_in_order(rows: &mut [Row], bucket_seconds: u32) -> bool {
    if rows.is_sorted_by_key(|row| row.at_s) {
        return false;
    }
    let length = i64::from(bucket_seconds);
    let mut newest = i64::MIN;
    let is_heard = rows.iter().all(|row| {
        let bucket = row.at_s.div_euclid(length);
        newest = newest.max(bucket);
        newest - bucket < RESTATED_BUCKETS_MAX as i64
    });
    let mut times: Vec<i64> = rows.iter().map(|row| row.at_s).collect();
    times.sort_unstable();
    if is_heard && times.windows(2).any(|pair| pair[0] == pair[1]) {
        return false;
    }
    rows.sort_by_key(|row| row.at_s);
    true
}

/// Tells the rows one by one; `told` hears of every one done.
pub fn tried(mut rows: Vec<Row>, bucket_seconds: u32, settings: &Settings, told: impl Fn(usize)) -> anyhow::Result<Trial> {
    let mut watch = Watch::new(bucket_seconds)?;
    let put_in_order = put_in_order(&mut rows, bucket_seconds);
    let mut trial = Trial { bucket_seconds, rows: rows.len(), restated_rows: 0, put_in_order, findings: Vec::new(), verdicts: Vec::new() };
    let length = i64::from(bucket_seconds);
    // The highest count of each time that may be restated; a bucket has the sum of its times.
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let bucket = row.at_s.div_euclid(length) * length;
        let newest = trial.verdicts.last().map_or(bucket, |verdict| verdict.bucket);
        // What can no longer be restated is not needed any more.
        let oldest = newest.max(bucket) - (RESTATED_BUCKETS_MAX as i64 - 1) * length;
        while counts.first_key_value().is_some_and(|(at_s, _)| *at_s < oldest) {
            counts.pop_first();
        }
        match counts.get_mut(&row.at_s) {
            Some(count) => {
                trial.restated_rows += 1;
                *count = row.count.max(*count);
            }
            None => {
                counts.insert(row.at_s, row.count);
            }
        }
        let count = counts.range(bucket..bucket + length).fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        trial.findings.extend(watch.tell(bucket, count, settings).with_context(|| format!("row {}", index + 1))?);
        trial.keep(watch.verdict(bucket, settings)?);
        told(index + 1);
    }
    Ok(trial)
}

impl Trial {
    /// Buckets come in order, but for the few that are restated.
    fn keep(&mut self, verdict: Verdict) {
        let place = self.verdicts.partition_point(|kept| kept.bucket < verdict.bucket);
        match self.verdicts.get_mut(place) {
            Some(kept) if kept.bucket == verdict.bucket => *kept = verdict,
            _ => self.verdicts.insert(place, verdict),
        }
    }

    pub fn first_bucket(&self) -> i64 {
        self.verdicts.first().map_or(0, |verdict| verdict.bucket)
    }

    pub fn last_bucket(&self) -> i64 {
        self.verdicts.last().map_or(0, |verdict| verdict.bucket)
    }

    /// Buckets from the first to the last of which no row tells.
    pub fn unknown_buckets(&self) -> u64 {
        let span = (self.last_bucket() - self.first_bucket()) / i64::from(self.bucket_seconds) + 1;
        (span as u64).saturating_sub(self.verdicts.len() as u64)
    }

    /// The first bucket with a baseline.
    pub fn baseline_from(&self) -> Option<i64> {
        self.verdicts.iter().find(|verdict| verdict.baseline.is_some()).map(|verdict| verdict.bucket)
    }

    /// Every anomaly, with what was found of it later.
    pub fn anomalies(&self) -> Vec<Anomaly> {
        let mut anomalies: Vec<Anomaly> = Vec::new();
        let of = |anomalies: &mut Vec<Anomaly>, bucket: i64, change: &dyn Fn(&mut Anomaly)| {
            if let Some(anomaly) = anomalies.iter_mut().rev().find(|anomaly| anomaly.first_bucket == bucket) {
                change(anomaly);
            }
        };
        for finding in &self.findings {
            match *finding {
                Finding::Anomaly { first_bucket, seen_at_bucket, count, baseline, score, height, .. } => anomalies.push(Anomaly {
                    first_bucket,
                    moved_to: None,
                    seen_at_bucket,
                    count,
                    baseline,
                    score,
                    height,
                    peak: (seen_at_bucket, count),
                    end: None,
                }),
                Finding::Earlier { told_bucket, first_bucket } => of(&mut anomalies, told_bucket, &|anomaly| anomaly.moved_to = Some(first_bucket)),
                Finding::Subsided { first_bucket, bucket, .. } => of(&mut anomalies, first_bucket, &|anomaly| anomaly.end = Some(bucket)),
                Finding::Lasting { .. } => {}
            }
        }
        for anomaly in &mut anomalies {
            let until = anomaly.end.unwrap_or(i64::MAX);
            let within = self.verdicts.iter().filter(|verdict| (anomaly.from()..until).contains(&verdict.bucket));
            let counts = within.filter_map(|verdict| verdict.count.map(|count| (verdict.bucket, count)));
            anomaly.peak = counts.reduce(|highest, next| if next.1 > highest.1 { next } else { highest }).unwrap_or(anomaly.peak);
        }
        anomalies
    }

    /// The highest buckets outside every anomaly, none near another.
    pub fn silent(&self, anomalies: &[Anomaly]) -> Vec<&Verdict> {
        let spoke = |verdict: &&Verdict| anomalies.iter().any(|one| (one.from()..one.end.unwrap_or(i64::MAX)).contains(&verdict.bucket));
        let told = |verdict: &&Verdict| matches!(verdict.why, Why::StandsOut { .. } | Why::AlreadyTold { .. } | Why::Unknown);
        let mut rest: Vec<&Verdict> = self.verdicts.iter().filter(|verdict| verdict.count > Some(0) && !told(verdict) && !spoke(verdict)).collect();
        rest.sort_by_key(|verdict| (std::cmp::Reverse(verdict.count), verdict.bucket));
        let mut silent: Vec<&Verdict> = Vec::new();
        for verdict in rest {
            if silent.len() == SILENT_MAX {
                break;
            }
            if silent.iter().all(|other| (other.bucket - verdict.bucket).abs() >= SILENT_APART_S) {
                silent.push(verdict);
            }
        }
        silent
    }
}

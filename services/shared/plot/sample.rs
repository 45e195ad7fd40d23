//! From buckets to the steps that are drawn: in order, without gaps, at most so many, the highest count of each kept.

use super::{POINTS_MAX, Plot, PlotBucket};

/// The years 1 to 9999, which every calendar here can write.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Steps of one length, one after the other.
#[derive(Debug)]
pub struct Steps {
    /// The start of the first.
    pub from_s: i64,
    /// The length of one, in seconds.
    pub step_s: i64,
    /// How many buckets each holds.
    pub buckets_each: u64,
    pub steps: Vec<Step>,
}

/// One step; all of it unknown where no bucket is told of.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Step {
    /// The most reports of a bucket in it.
    pub count: Option<u64>,
    /// The mean of the baselines.
    pub baseline: Option<f64>,
    /// The least and the greatest count that is usual anywhere in it.
    pub range: Option<(f64, f64)>,
}

impl Steps {
    pub fn until_s(&self) -> i64 {
        self.from_s + self.step_s * self.steps.len() as i64
    }

    pub fn start_s(&self, index: usize) -> i64 {
        self.from_s + self.step_s * index as i64
    }
}

/// Puts the buckets into steps; None where there is not one.
pub fn steps(plot: &Plot) -> Option<Steps> {
    let bucket_s = i64::from(plot.bucket_seconds.max(1));
    let drawable = || plot.buckets.iter().filter(|bucket| SECONDS.contains(&bucket.start_s));
    let from_s = drawable().map(|bucket| bucket.start_s).min()?;
    let last_s = drawable().map(|bucket| bucket.start_s).max()?;
    let buckets = ((last_s - from_s) / bucket_s + 1) as u64;
    let buckets_each = buckets.div_ceil(POINTS_MAX as u64);
    let step_s = bucket_s * buckets_each as i64;
    let mut steps = vec![Step::default(); buckets.div_ceil(buckets_each) as usize];
    let mut baselines = vec![0_u32; steps.len()];
    for bucket in drawable() {
        let index = ((bucket.start_s - from_s) / step_s) as usize;
        let (Some(step), Some(seen)) = (steps.get_mut(index), baselines.get_mut(index)) else { continue };
        add(step, seen, bucket);
    }
    Some(Steps { from_s, step_s, buckets_each, steps })
}

fn add(step: &mut Step, baselines: &mut u32, bucket: &PlotBucket) {
    let sound = |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value.max(0.0));
    step.count = step.count.max(bucket.count);
    if let Some(baseline) = sound(bucket.baseline) {
        *baselines += 1;
        let before = step.baseline.unwrap_or(0.0);
        step.baseline = Some(before + (baseline - before) / f64::from(*baselines));
    }
    if let (Some(low), Some(high)) = (sound(bucket.low), sound(bucket.high)) {
        let (lowest, highest) = step.range.unwrap_or((low, high));
        step.range = Some((lowest.min(low), highest.max(high)));
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]
mod tests {
    use super::*;

    fn bucket(start_s: i64, count: u64) -> PlotBucket {
        PlotBucket { start_s, count: Some(count), baseline: Some(2.0), low: Some(1.0), high: Some(f64::NAN) }
    }

    #[test]
    fn the_highest_count_survives_any_thinning_and_a_gap_stays_unknown() {
        for many in [1_i64, 599, 600, 601, 5_000, 100_000] {
            let mut buckets: Vec<PlotBucket> = (0..many).rev().map(|number| bucket(number * 60, 3)).collect();
            buckets[many as usize / 2].count = Some(77);
            buckets.push(bucket((many + 2_000) * 60, 5));
            buckets.push(bucket(i64::MAX, 9_999));
            let steps = steps(&Plot { bucket_seconds: 60, buckets, marks: Vec::new() }).unwrap();
            assert!(steps.steps.len() <= POINTS_MAX, "{many}: {}", steps.steps.len());
            assert_eq!(steps.steps.iter().filter_map(|step| step.count).max(), Some(77), "{many}");
            assert!(steps.steps.iter().any(|step| step.count.is_none()), "{many}: the gap is filled");
            assert!(steps.steps.iter().all(|step| step.range.is_none()), "{many}: a range that is no number");
            assert_eq!(steps.steps[0].baseline, Some(2.0));
            assert_eq!(steps.steps.last().unwrap().count, Some(5));
        }
        assert!(steps(&Plot { bucket_seconds: 0, buckets: Vec::new(), marks: Vec::new() }).is_none());
    }
}

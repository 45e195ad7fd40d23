//! What a series usually does: a level, the shape of its day and of its week, and how far it strays.
//!
//! Additive Holt-Winters smoothing with two seasons on the stabilised scale, made robust by holding every residual within two spreads
//! (Gelper, Fried and Croux 2010): an outage moves the baseline a little, a level that stays is learned within days.

use serde::{Deserialize, Serialize};

use crate::surprise::{count_at, held, spread_least};

const HOUR_SECONDS: i64 = 3_600;
const DAY_HOURS: usize = 24;
const WEEK_HOURS: usize = 168;

/// Unix time began on a Thursday; hours of the week are counted from Monday, midnight, UTC.
const EPOCH_HOUR_OF_WEEK: i64 = 72;

/// Residuals beyond so many spreads teach no more than this.
const HELD_SPREADS: f32 = 2.0;

/// How long the level remembers.
const LEVEL_SECONDS: f32 = 3.0 * 86_400.0;

/// How long the spread remembers.
const SPREAD_SECONDS: f32 = 7.0 * 86_400.0;

/// The first steps of the median search, on the stabilised scale: wide enough to leave an outage that the series begins in.
const SEARCH_STEP: f32 = 20.0;

/// The least share of a residual that an hour of the day, and an hour of the week, learns at one visit.
const DAY_RATE_LEAST: f32 = 0.1;
const WEEK_RATE_LEAST: f32 = 0.1;

/// Visits after which an hour's own past outweighs what it shares with the others.
const DAY_PRIOR: f32 = 1.0;
const WEEK_PRIOR: f32 = 4.0;

/// The usual of one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Season {
    /// Settled, known buckets so far.
    known: u32,
    level: f32,
    /// The natural logarithm of the spread.
    spread_log: f32,
    /// Hours of the day, then hours of the week: what each adds to the level, and how often it was seen (up to 255).
    shape: Box<[f32]>,
    visits: Box<[u8]>,
}

/// What is expected of a bucket, on the stabilised scale; a spread of zero says that nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Expected {
    pub place: f32,
    pub spread: f32,
}

impl Season {
    /// Seconds of buckets learned from.
    pub fn known_seconds(&self, bucket_seconds: u32) -> u64 {
        u64::from(self.known) * u64::from(bucket_seconds)
    }

    /// What is expected of the bucket that starts then, whether or not it is trusted yet.
    pub fn expect(&self, start_seconds: i64) -> Expected {
        let (day, week) = hours(start_seconds);
        let shape = |at: usize| self.shape.get(at).copied().unwrap_or(0.0);
        let place = self.level + shape(day) + shape(week);
        Expected { place, spread: self.spread_log.exp().max(spread_least(count_at(place))) }
    }

    /// The same with the doubt that a young series deserves, whose day and week were hardly seen: twice the spread after the warm-up, an
    /// eighth more after eight times as long.
    pub fn expect_with_doubt(&self, start_seconds: i64, bucket_seconds: u32, warm_up_seconds: u32) -> Expected {
        let Expected { place, spread } = self.expect(start_seconds);
        let age = self.known_seconds(bucket_seconds) as f32 / warm_up_seconds.max(1) as f32;
        Expected { place, spread: spread * (1.0 + 1.0 / age.max(1.0)) }
    }

    /// Learns a settled bucket.
    pub fn learn(&mut self, start_seconds: i64, place: f32, bucket_seconds: u32, warm_up_seconds: u32) {
        self.known = self.known.saturating_add(1);
        let known = self.known as f32;
        let bucket = bucket_seconds as f32;
        if self.shape.is_empty() {
            self.level = place;
            self.shape = vec![0.0; DAY_HOURS + WEEK_HOURS].into();
            self.visits = vec![0; DAY_HOURS + WEEK_HOURS].into();
        }
        let expected = self.expect(start_seconds);
        let residual = place - expected.place;
        let spread_rate = (2.0 / known).max(bucket / SPREAD_SECONDS);
        // A search for the median of |residual| / 0.6745, upwards and downwards by equal steps.
        let direction = if residual.abs() > 0.6745 * self.spread_log.exp() { 1.0 } else { -1.0 };
        self.spread_log = (self.spread_log + spread_rate * direction).clamp(-3.0, 3.0);
        if self.known_seconds(bucket_seconds) <= u64::from(warm_up_seconds) {
            self.level += (SEARCH_STEP / known).min(residual.abs()) * residual.signum();
            return;
        }
        let lesson = held(residual, HELD_SPREADS * expected.spread);
        self.level += lesson * (bucket / LEVEL_SECONDS);
        let (day, week) = hours(start_seconds);
        let hour_share = bucket / HOUR_SECONDS as f32;
        self.teach(day, lesson, hour_share, DAY_PRIOR, DAY_RATE_LEAST);
        self.teach(week, lesson, hour_share, WEEK_PRIOR, WEEK_RATE_LEAST);
    }

    fn teach(&mut self, at: usize, lesson: f32, hour_share: f32, prior: f32, rate_least: f32) {
        // Visits are counted in buckets up to 255; in hours they are what the rate follows.
        let hours = f32::from(self.visits[at]) * hour_share;
        let rate = (hour_share / (hours + prior)).max(rate_least * hour_share).min(0.5);
        self.shape[at] += rate * lesson;
        self.visits[at] = self.visits[at].saturating_add(1);
    }

    /// Bytes held outside the struct itself.
    pub fn heap_bytes(&self) -> usize {
        self.shape.len() * size_of::<f32>() + self.visits.len()
    }
}

/// The places of a bucket's hour of the day and hour of the week in the shape.
fn hours(start_seconds: i64) -> (usize, usize) {
    let hour = start_seconds.div_euclid(HOUR_SECONDS);
    let day = hour.rem_euclid(DAY_HOURS as i64) as usize;
    let week = (hour.rem_euclid(WEEK_HOURS as i64) + EPOCH_HOUR_OF_WEEK) as usize % WEEK_HOURS;
    (day, DAY_HOURS + week)
}

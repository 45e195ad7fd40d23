//! Scores any series of numbers, point by point, by how rare each point is in that series' own past.
//!
//! Eight measures of strangeness are taken of each point: how high and how low it lies, the same of its mean with the points before it
//! over a short and a long stretch, how far it is from everything seen at that time of day during the past week, and how far the shape of
//! the last few points is from every shape seen before (nearest neighbour). Each is turned into a surprise, the decimal logarithm of how
//! rare so much of it was (conformal: rank against its own past), what is beyond the usual is summed, and the sum speaks when it is great
//! enough and nothing as great was said a short while ago. Nothing is known of the series but its past; nothing of the future is used.

mod tail;
mod past;

use serde::{Deserialize, Serialize};

use past::Past;
use tail::Tail;

/// How a stream scores. One setting for every series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamSettings {
    /// Points remembered; what is older is forgotten.
    pub memory_points: usize,
    /// Points of the short mean.
    pub short_points: usize,
    /// Points of the long mean.
    pub long_points: usize,
    /// Points of a shape.
    pub shape_points: usize,
    /// The share of the past, at its far end, that the tail is fitted to.
    pub tail_share: f64,
    /// Decades of rarity of a measure that are usual: only what is beyond counts.
    pub usual_decades: f64,
    /// Decades of rarity beyond which a measure counts no more.
    pub most_decades: f64,
    /// Seconds around the same time of another day that are the same time of day.
    pub same_time_seconds: i64,
    /// Days whose same time of day is looked at.
    pub same_time_days: i64,
    /// The sum of surprises that speaks, in decades.
    pub speaks_from_decades: f64,
    /// Points after speaking in which only something louder speaks.
    pub quiet_points: u64,
    /// Decades by which it must be louder.
    pub louder_decades: f64,
}

impl Default for StreamSettings {
    fn default() -> Self {
        StreamSettings {
            memory_points: 4_000,
            short_points: 20,
            long_points: 80,
            shape_points: 8,
            tail_share: 0.02,
            usual_decades: 1.5,
            most_decades: 10.0,
            same_time_seconds: 1_800,
            same_time_days: 7,
            speaks_from_decades: 3.4,
            quiet_points: 150,
            louder_decades: 3.0,
        }
    }
}

/// What a point was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The surprises beyond the usual, summed: decades, zero or more.
    pub surprise: f64,
    /// True when this point should be told.
    pub speaks: bool,
}

/// Why a stream does not take a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotANumber {
    /// It is not finite.
    #[error("a value that is no finite number is refused: leave the point out")]
    Value,
}

/// The measures, in the order in which their tails are kept.
const MEASURES: usize = 8;
const HIGH: usize = 0;
const LOW: usize = 1;
const SHORT_HIGH: usize = 2;
const SHORT_LOW: usize = 3;
const LONG_HIGH: usize = 4;
const LONG_LOW: usize = 5;
const OFF_TIME: usize = 6;
const OFF_SHAPE: usize = 7;

/// The state of one series of numbers. About 0.7 MB with the default memory, see [`Stream::bytes`]. Loaded from a format that keeps every
/// bit of a number, it goes on as if it had not been saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    settings: StreamSettings,
    past: Past,
    tails: Vec<Tail>,
    /// Points since it last spoke, and how surprised it was.
    quiet: Option<(u64, f64)>,
}

impl Default for Stream {
    fn default() -> Self {
        Stream::new(StreamSettings::default())
    }
}

impl Stream {
    /// A series of which nothing is known yet.
    pub fn new(settings: StreamSettings) -> Self {
        let tails = (0..MEASURES).map(|_| Tail::default()).collect();
        Stream { settings, past: Past::default(), tails, quiet: None }
    }

    /// Takes the next point: its time in Unix seconds, which should not go back (it is then taken as the latest), and its value.
    pub fn tell(&mut self, seconds: i64, value: f64) -> Result<Reading, NotANumber> {
        if !value.is_finite() {
            return Err(NotANumber::Value);
        }
        self.past.push(seconds, value, self.settings.memory_points);
        let surprise = self.surprise();
        let before = self.quiet.map(|(points, said)| (points + 1, said));
        let bar = match before {
            Some((points, said)) if points < self.settings.quiet_points => said + self.settings.louder_decades,
            _ => self.settings.speaks_from_decades,
        };
        let speaks = surprise >= self.settings.speaks_from_decades && surprise >= bar;
        self.quiet = if speaks { Some((0, surprise)) } else { before };
        Ok(Reading { surprise, speaks })
    }

    /// Bytes this series takes in memory, those it holds elsewhere included.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.past.heap_bytes() + self.tails.iter().map(Tail::bytes).sum::<usize>()
    }

    /// The newest point's surprises beyond the usual, summed; each measure is learned.
    fn surprise(&mut self) -> f64 {
        let settings = &self.settings;
        let mut measured = [None; MEASURES];
        let both = |measured: &mut [Option<f64>; MEASURES], high: usize, low: usize, value: Option<f64>| {
            measured[high] = value;
            measured[low] = value.map(|value| -value);
        };
        both(&mut measured, HIGH, LOW, self.past.mean(1));
        both(&mut measured, SHORT_HIGH, SHORT_LOW, self.past.mean(settings.short_points));
        both(&mut measured, LONG_HIGH, LONG_LOW, self.past.mean(settings.long_points));
        measured[OFF_TIME] = self.past.off_time(settings.same_time_seconds, settings.same_time_days);
        measured[OFF_SHAPE] = self.past.off_shape(settings.shape_points, settings.memory_points);
        let mut sum = 0.0;
        for (tail, strangeness) in self.tails.iter_mut().zip(measured) {
            let Some(strangeness) = strangeness else { continue };
            let decades = tail.decades(strangeness, settings.tail_share).min(settings.most_decades);
            sum += (decades - settings.usual_decades).max(0.0);
            tail.learn(strangeness, settings.memory_points);
        }
        sum
    }
}

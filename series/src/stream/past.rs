//! The points that are remembered, and what can be measured of the newest against them.

use serde::{Deserialize, Serialize};

const DAY_SECONDS: i64 = 86_400;

/// A shape is compared from so many times its own length on.
const SHAPES_BEFORE: usize = 4;

/// The remembered points, oldest first; times never go back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Past {
    times: Vec<i64>,
    values: Vec<f64>,
}

impl Past {
    /// Adds the newest. What is forgotten is dropped in one go when it is as much as what is kept, so that points lie side by side.
    pub fn push(&mut self, seconds: i64, value: f64, memory: usize) {
        let seconds = self.times.last().map_or(seconds, |last| seconds.max(*last));
        if self.times.len() >= 2 * memory.max(1) {
            let forgotten = self.times.len() - memory.max(1);
            self.times.drain(..forgotten);
            self.values.drain(..forgotten);
        }
        self.times.push(seconds);
        self.values.push(value);
    }

    /// The mean of the newest points; None while there are fewer.
    pub fn mean(&self, points: usize) -> Option<f64> {
        let newest = &self.values[self.values.len().checked_sub(points.max(1))?..];
        Some(newest.iter().sum::<f64>() / newest.len() as f64)
    }

    /// How far the newest value is from the nearest one at the same time of the days before; None on the first day.
    pub fn off_time(&self, around_seconds: i64, days: i64) -> Option<f64> {
        let (value, before) = self.values.split_last()?;
        let (now, times) = self.times.split_last()?;
        let mut nearest: Option<f64> = None;
        for day in 1..=days {
            let then = now.saturating_sub(day.saturating_mul(DAY_SECONDS));
            let from = times.partition_point(|time| *time < then.saturating_sub(around_seconds));
            let to = times.partition_point(|time| *time <= then.saturating_add(around_seconds));
            for other in before.get(from..to).unwrap_or_default() {
                let distance = (value - other).abs();
                nearest = Some(nearest.map_or(distance, |least| least.min(distance)));
            }
        }
        nearest
    }

    /// How far the newest points, taken as one shape, are from the nearest shape before that shares no point with it (Euclidean).
    pub fn off_shape(&self, points: usize, memory: usize) -> Option<f64> {
        let points = points.max(1);
        if self.values.len() <= SHAPES_BEFORE * points {
            return None;
        }
        let (before, shape) = self.values.split_at(self.values.len() - points);
        let mut nearest = f64::INFINITY;
        for other in before.windows(points).rev().take(memory) {
            let mut distance = 0.0;
            for (value, then) in shape.iter().zip(other) {
                distance += (value - then) * (value - then);
                if distance >= nearest {
                    break;
                }
            }
            nearest = nearest.min(distance);
        }
        nearest.is_finite().then(|| nearest.sqrt())
    }

    pub fn heap_bytes(&self) -> usize {
        self.times.capacity() * size_of::<i64>() + self.values.capacity() * size_of::<f64>()
    }
}

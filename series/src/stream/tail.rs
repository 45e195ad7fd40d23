//! How rare a strangeness is among the past ones: by rank, and beyond the greatest ones by an exponential tail.
//!
//! The rank is a conformal p-value (Vovk, Gammerman and Shafer 2005); the tail beyond a high quantile is the peaks-over-threshold method
//! with the exponential member of its family (Pickands 1975; for streams Siffer et al. 2017).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Fewer past values than this tell nothing about rarity.
const PAST_MIN: usize = 50;

/// The fewest values a tail is fitted to.
const TAIL_MIN: usize = 5;

/// The mean excess is taken as at least this share of the way from the median to the quantile: a tail of equal values has none of its own.
const EXCESS_SHARE_MIN: f64 = 0.02;

/// Stands for no spread at all: then any new value is as rare as can be.
const EXCESS_MIN: f64 = 1e-9;

/// Past values of one measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Tail {
    sorted: Vec<f64>,
    in_order: VecDeque<f64>,
}

impl Tail {
    /// −log10 of the share of the past that was as strange; zero while there is too little past.
    pub fn decades(&self, strangeness: f64, tail_share: f64) -> f64 {
        let known = self.sorted.len();
        if known < PAST_MIN {
            return 0.0;
        }
        let above = known - self.sorted.partition_point(|value| *value < strangeness);
        let tail = ((known as f64 * tail_share) as usize).clamp(TAIL_MIN, known - 1);
        let rarity = |count: usize| -((count as f64 + 1.0) / (known as f64 + 1.0)).log10();
        if above > tail {
            return rarity(above);
        }
        let quantile = self.sorted[known - tail - 1];
        let excess = self.sorted[known - tail..].iter().map(|value| value - quantile).sum::<f64>() / tail as f64;
        let excess = excess.max(EXCESS_SHARE_MIN * (quantile - self.sorted[known / 2])).max(EXCESS_MIN);
        rarity(tail) + (strangeness - quantile).max(0.0) / excess / std::f64::consts::LN_10
    }

    /// Remembers one, forgetting the oldest beyond the memory.
    pub fn learn(&mut self, strangeness: f64, memory: usize) {
        let place = self.sorted.partition_point(|value| *value < strangeness);
        self.sorted.insert(place, strangeness);
        self.in_order.push_back(strangeness);
        while self.in_order.len() > memory.max(PAST_MIN) {
            let Some(oldest) = self.in_order.pop_front() else { return };
            let place = self.sorted.partition_point(|value| *value < oldest);
            if place < self.sorted.len() {
                self.sorted.remove(place);
            }
        }
    }

    pub fn bytes(&self) -> usize {
        size_of::<Self>() + (self.sorted.capacity() + self.in_order.capacity()) * size_of::<f64>()
    }
}

//! The recent buckets that may still be restated, without gaps, each with what was expected of it when its time came.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::season::Expected;
use crate::settings::{COUNT_MAX, RESTATED_BUCKETS_MAX};
use crate::surprise::stabilised;

/// Stands for a bucket of which nothing was told.
const UNKNOWN: u32 = u32::MAX;

/// One bucket; saved as its count and what was expected, from which the rest follows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "(u32, f32, f32)", into = "(u32, f32, f32)")]
pub struct Slot {
    count: u32,
    pub expected: Expected,
    /// Spreads above what was expected; zero while unknown or without a baseline.
    pub score: f32,
}

impl Slot {
    pub fn new(expected: Expected) -> Self {
        Slot { count: UNKNOWN, expected, score: 0.0 }
    }

    /// Reports; None when nothing was told.
    pub fn count(&self) -> Option<u64> {
        (self.count != UNKNOWN).then_some(u64::from(self.count))
    }

    pub fn has_baseline(&self) -> bool {
        self.expected.spread > 0.0
    }

    /// Takes the count if it is news: the first, or higher than the one before. Says whether it was.
    pub fn take(&mut self, count: u64) -> bool {
        let count = count.min(COUNT_MAX) as u32;
        if self.count != UNKNOWN && self.count >= count {
            return false;
        }
        self.count = count;
        self.weigh();
        true
    }

    fn weigh(&mut self) {
        if self.has_baseline() && self.count != UNKNOWN {
            self.score = (stabilised(self.count as f32) - self.expected.place) / self.expected.spread;
        }
    }
}

impl From<(u32, f32, f32)> for Slot {
    fn from((count, place, spread): (u32, f32, f32)) -> Self {
        let mut slot = Slot { count, expected: Expected { place, spread }, score: 0.0 };
        slot.weigh();
        slot
    }
}

impl From<Slot> for (u32, f32, f32) {
    fn from(slot: Slot) -> Self {
        (slot.count, slot.expected.place, slot.expected.spread)
    }
}

/// The buckets from the oldest that may be restated to the newest told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Window {
    /// The number of the newest bucket: its start over its length.
    newest: i64,
    slots: VecDeque<Slot>,
}

impl Window {
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub fn newest(&self) -> i64 {
        self.newest
    }

    pub fn oldest(&self) -> i64 {
        self.newest - self.slots.len() as i64 + 1
    }

    pub fn slots(&self) -> impl Iterator<Item = (i64, &Slot)> {
        (self.oldest()..).zip(&self.slots)
    }

    pub fn slot(&self, bucket: i64) -> Option<&Slot> {
        self.slots.get(self.place(bucket)?)
    }

    pub fn slot_mut(&mut self, bucket: i64) -> Option<&mut Slot> {
        let place = self.place(bucket)?;
        self.slots.get_mut(place)
    }

    fn place(&self, bucket: i64) -> Option<usize> {
        usize::try_from(bucket.checked_sub(self.oldest())?).ok().filter(|place| *place < self.slots.len())
    }

    /// Begins at a bucket.
    pub fn begin(&mut self, bucket: i64, slot: Slot) {
        self.newest = bucket;
        self.slots.clear();
        self.slots.push_back(slot);
    }

    /// Opens the next bucket.
    pub fn open(&mut self, slot: Slot) {
        self.newest += 1;
        self.slots.push_back(slot);
    }

    /// Takes the oldest bucket out when there are as many as may be restated.
    pub fn settle(&mut self) -> Option<(i64, Slot)> {
        if self.slots.len() < RESTATED_BUCKETS_MAX { None } else { self.take() }
    }

    /// Takes the oldest bucket out, whatever its age.
    pub fn take(&mut self) -> Option<(i64, Slot)> {
        let oldest = self.oldest();
        self.slots.pop_front().map(|slot| (oldest, slot))
    }

    /// Bytes held outside the struct itself.
    pub fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }
}

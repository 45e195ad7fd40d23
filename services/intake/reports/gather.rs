//! What waits for the next flush, counted together.

use std::collections::HashMap;

use dateline_events::reports::{Count, MAX_FLUSH_BYTES, MAX_FLUSH_COUNTS};

/// What a record has around its counts, in bytes, at most.
const AROUND_BYTES: usize = 128;

/// The counts of the next flush.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// By what is counted apart: a count of nothing.
    sums: HashMap<Count, Sum>,
    bytes: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    count: u64,
    sources: u64,
}

impl Gathered {
    /// Adds the counts of a request, all or none of them; false where they do not fit beside what is there.
    pub(super) fn add(&mut self, counts: &mut Vec<Count>) -> bool {
        let (mut more, mut more_bytes) = (0, 0);
        for count in counts.iter_mut() {
            // The numbers are taken out for a moment: what is left is what it is counted under.
            let (number, sources) = (std::mem::take(&mut count.count), std::mem::take(&mut count.sources));
            if !self.sums.contains_key(count) {
                more += 1;
                more_bytes += count.bytes_max();
            }
            (count.count, count.sources) = (number, sources);
        }
        if self.sums.len() + more > MAX_FLUSH_COUNTS || AROUND_BYTES + self.bytes + more_bytes > MAX_FLUSH_BYTES {
            return false;
        }
        self.bytes += more_bytes;
        for mut count in counts.drain(..) {
            let (number, sources) = (std::mem::take(&mut count.count), std::mem::take(&mut count.sources));
            let is_total = count.window_minutes.is_some();
            let sum = self.sums.entry(count).or_default();
            sum.count = if is_total { sum.count.max(number) } else { sum.count.saturating_add(number) };
            sum.sources = sum.sources.saturating_add(sources);
        }
        true
    }

    /// The counts, in the order of what they count.
    pub(super) fn into_counts(self) -> Vec<Count> {
        let mut counts: Vec<Count> = self.sums.into_iter().map(|(what, Sum { count, sources })| Count { count, sources, ..what }).collect();
        counts.sort_unstable();
        counts
    }

    /// True where a request's counts fit into a flush of their own.
    pub(super) fn fits_alone(counts: &[Count]) -> bool {
        counts.len() <= MAX_FLUSH_COUNTS && AROUND_BYTES + counts.iter().map(Count::bytes_max).sum::<usize>() <= MAX_FLUSH_BYTES
    }
}

//! The order of positions: each once, none left out. Pure; it remembers no more than the gaps that are open.

use std::collections::BTreeMap;

use dateline_events::Position;

use super::report::{Class, Report};

/// So many gaps are held open for a record that comes late; of further ones it is said at once that they are missing.
const OPEN_GAPS_MAX: usize = 1_000;

/// How far records were seen.
#[derive(Debug)]
pub struct Order {
    /// The position that comes next.
    pub expected: Position,
    /// Positions that were passed over, first and last.
    gaps: BTreeMap<Position, Position>,
}

impl Default for Order {
    fn default() -> Self {
        Self { expected: 1, gaps: BTreeMap::new() }
    }
}

impl Order {
    /// Takes the next record's position; true where it stands behind everything before it.
    pub fn take(&mut self, position: Position, report: &mut Report) -> bool {
        if position >= self.expected {
            if position > self.expected {
                self.gaps.insert(self.expected, position - 1);
            }
            if self.gaps.len() > OPEN_GAPS_MAX
                && let Some((from, to)) = self.gaps.pop_first()
            {
                missing(from, to, report);
            }
            self.expected = position + 1;
            return true;
        }
        let gap = self.gaps.range(..=position).next_back().map(|(from, to)| (*from, *to));
        match gap {
            Some((from, to)) if (from..=to).contains(&position) => {
                report.at(Class::OutOfOrder, position, "it stands behind later positions");
                self.gaps.remove(&from);
                self.gaps.extend([(from, position - 1), (position + 1, to)].into_iter().filter(|(from, to)| from <= to));
            }
            _ => report.at(Class::Repeated, position, "it stands there again"),
        }
        false
    }

    /// Something unreadable stands where the next record belongs.
    pub fn unreadable(&mut self, why: &str, report: &mut Report) {
        report.at(Class::EventUnreadable, self.expected, why);
        self.expected += 1;
    }

    /// The end was reached; a checkpoint says that there are so many.
    pub fn end(mut self, size: Position, report: &mut Report) {
        if self.expected <= size {
            self.gaps.insert(self.expected, size);
        }
        for (from, to) in self.gaps {
            missing(from, to, report);
        }
    }
}

fn missing(from: Position, to: Position, report: &mut Report) {
    report.stretch(Class::EventMissing, from, to, if from == to { "it is not there" } else { "they are not there" });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(positions: &[Position], size: Position) -> Vec<(Class, Option<Position>, Option<Position>)> {
        let (mut order, mut report) = (Order::default(), Report::default());
        for position in positions {
            order.take(*position, &mut report);
        }
        order.end(size, &mut report);
        report.findings().map(|finding| (finding.class, finding.position, finding.to)).collect()
    }

    #[test]
    fn gaps_exchanges_and_doublings_are_told_apart() {
        assert_eq!(told(&[1, 2, 3], 3), []);
        assert_eq!(told(&[1, 3], 3), [(Class::EventMissing, Some(2), Some(2))]);
        assert_eq!(told(&[1, 3, 2, 4], 4), [(Class::OutOfOrder, Some(2), Some(2))]);
        assert_eq!(told(&[1, 2, 2, 3], 3), [(Class::Repeated, Some(2), Some(2))]);
        assert_eq!(told(&[1, 2], 9), [(Class::EventMissing, Some(3), Some(9))]);
        assert_eq!(
            told(&[6, 3], 6),
            [(Class::EventMissing, Some(1), Some(2)), (Class::OutOfOrder, Some(3), Some(3)), (Class::EventMissing, Some(4), Some(5))]
        );
    }
}

//! How long it took from one milestone to another, and what is certain by an instant: sums over bounds, and nothing of events.

use dateline_events::{Bounds, Instant, Range};

use super::summary::SummaryMilestone;
use crate::model::{ReportedBy, ServiceMilestones};

/// The restoration that comes last of those of all services, where each is restored.
pub(super) fn last_restored<'a>(restored: Option<&'a SummaryMilestone>, others: &'a [ServiceMilestones]) -> Option<&'a SummaryMilestone> {
    let mut last = restored?;
    for other in others {
        let restored = other.restored.as_ref()?;
        if restored.certain().latest > last.certain().latest {
            last = restored;
        }
    }
    Some(last)
}

/// True where something is certain to have happened by an instant.
pub(super) fn is_certain_by(bounds: Bounds, at: Instant) -> bool {
    bounds.latest.is_some_and(|latest| latest <= at)
}

/// From first seen to acknowledged, where others than the vendor saw it first.
pub(super) fn time_to_acknowledge(first_seen: Option<&SummaryMilestone>, acknowledged: Option<&SummaryMilestone>) -> Option<Range> {
    range(first_seen.filter(|first| first.reported_by != Some(ReportedBy::Vendor)), acknowledged)
}

/// True where the one ends so many microseconds before the other begins.
pub(super) fn is_wholly_before(earlier: Bounds, later: Bounds, by: i64) -> bool {
    earlier.latest.zip(later.earliest).is_some_and(|(end, start)| end.plus(by) <= start)
}

/// The seconds between two intervals, as a range; None where the second lies wholly before the first.
pub(super) fn range(from: Option<&SummaryMilestone>, to: Option<&SummaryMilestone>) -> Option<Range> {
    let (from, to) = (from?.occurred, to?.occurred);
    if is_wholly_before(to, from, 0) {
        return None;
    }
    let seconds = |later: Instant, earlier: Instant| ((later.0 - earlier.0) / Instant::SECOND).max(0);
    Some(Range { seconds_min: seconds(to.earliest?, from.latest?), seconds_max: seconds(to.latest?, from.earliest?) })
}

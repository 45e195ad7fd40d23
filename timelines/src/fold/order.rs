//! Where an event stands in time: its closed bounds and the key that entries sort by.

use dateline_events::{Bounds, Direction, Form, Instant, Kind, Point, Position, When};

use super::contribution::{Class, classes};
use super::{Fold, Held};
use crate::model::{NarrowedBy, Placed};
use crate::rated::rated_at;

/// Anchors of anchors are followed so deep; what leans deeper counts as leaning on nothing.
const MAX_ANCHOR_DEPTH: u32 = 64;

/// What lies on the wrong side of a bound that must hold is warned of from so far on; microseconds.
pub(super) const WRONG_SIDE_MIN: i64 = 10 * Instant::MINUTE;

/// A place in the order: the key, then how many steps behind an equal key's anchor, then the position.
pub(super) type OrderKey = (Instant, i32, Position);

/// An incident's first sign: what closes open bounds below, and what the undated stand right behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FirstSign {
    /// Its lower bound.
    pub earliest: Instant,
    /// Its key in the order.
    pub order: Instant,
}

/// The key that a time gives by itself: its earliest bound before widening, else the upper bound that it names.
pub(super) fn order_hint(when: &When) -> Option<Instant> {
    match &when.form {
        Form::At { at, .. } => Some(at.start()),
        Form::Between(first, _) => Some(first.start()),
        Form::Before { point: Point::Moment(moment), .. } | Form::After { point: Point::Moment(moment), .. } => Some(moment.start()),
        Form::Unknown => when.within.as_ref().map(|(first, _)| first.start()),
        Form::Before { .. } | Form::After { .. } => None,
    }
}

/// True for what cannot come before the first sign: answers, ends, and what is asked afterwards.
fn answers_a_sign(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::VendorAcknowledged(_) | Kind::VendorUpdated(_) | Kind::ServiceRestored(_) | Kind::ReportsSubsided(_) | Kind::FollowupReported(_)
    )
}

impl Fold {
    /// Places one event: bounds closed below with the first sign and above with the earliest time by which a source told it.
    pub(super) fn placed(&self, position: Position, first_sign: Option<FirstSign>) -> (Placed, OrderKey) {
        self.placed_at_depth(position, first_sign, 0)
    }

    fn placed_at_depth(&self, position: Position, first_sign: Option<FirstSign>, depth: u32) -> (Placed, OrderKey) {
        let Some(held) = self.event_at(position) else {
            let (bounds, narrowed_by) = (Bounds::default(), NarrowedBy::default());
            let nowhere = Placed { bounds, own: bounds, narrowed: bounds, narrowed_by, order: Instant(0), anchor: None };
            return (nowhere, (Instant(0), 0, position));
        };
        let event = &held.effective.event;
        if let Some(bounds) = rated_at(event, held.effective.stated, &held.effective.corrections) {
            let order = bounds.earliest.or(bounds.latest).unwrap_or(held.recorded);
            let narrowed_by = NarrowedBy { stated: true, ..NarrowedBy::default() };
            return (Placed { bounds, own: bounds, narrowed: bounds, narrowed_by, order, anchor: None }, (order, 0, position));
        }
        let occurred = event.common.occurred.as_ref();
        let own = occurred.map(When::own_bounds).unwrap_or_default();
        let relation = occurred.and_then(When::relation).filter(|_| depth < MAX_ANCHOR_DEPTH);
        let anchor = relation.and_then(|(reference, direction, just)| {
            let at = self.named(event, reference).filter(|at| self.stands(*at) && *at != position)?;
            let (placed, key) = self.placed_at_depth(at, first_sign, depth + 1);
            Some((at, direction, just, placed, key))
        });
        let first_instant = first_sign.map(|sign| sign.earliest);
        let behind_first = first_sign.map(|sign| sign.order);
        let (bounds, key) = match (anchor, occurred.and_then(order_hint)) {
            (Some((_, direction, just, placed, key)), _) => self.leaning(held, own, direction, just, placed, key),
            (None, Some(hint)) => (own, (hint, 0)),
            (None, None) => (own, (own.earliest.or(behind_first).unwrap_or(held.recorded), 1)),
        };
        let bounds = self.closed(held, bounds, first_instant);
        let (narrowed, narrowed_by) = self.narrowed(held, bounds, first_instant);
        let key = first_sign.filter(|sign| narrowed_by.first_sign && key.0 < sign.order).map_or(key, |sign| (sign.order, 1));
        let placed = Placed { bounds, own, narrowed, narrowed_by, order: key.0, anchor: anchor.map(|(at, ..)| at) };
        (placed, (key.0, key.1, position))
    }

    /// The bounds and key of an event that leans on another. After it: the middle between the anchor and what closes it, so that
    /// "later" stands where an editor would put it; right behind the anchor where nothing closes it.
    fn leaning(&self, held: &Held, own: Bounds, direction: Direction, just: bool, anchor: Placed, key: OrderKey) -> (Bounds, (Instant, i32)) {
        let half_an_hour = if just { 30 * Instant::MINUTE } else { i64::MAX };
        match direction {
            Direction::After => {
                let reach = Bounds {
                    earliest: anchor.bounds.earliest,
                    latest: anchor.bounds.latest.filter(|_| just).map(|latest| latest.plus(half_an_hour)),
                };
                let bounds = own.narrowed_by(reach);
                let told_by = if held.effective.stated_open { None } else { self.told_by(held) };
                let close = [bounds.latest, told_by].into_iter().flatten().min().filter(|close| *close > key.0);
                let order = close.map_or((key.0, key.1 + 1), |close| (Instant(key.0.0 + (close.0 - key.0.0) / 2), 0));
                (bounds, if order.0 == key.0 { (order.0, key.1 + 1) } else { order })
            }
            Direction::Before => {
                let reach =
                    Bounds { latest: anchor.bounds.latest, earliest: anchor.bounds.earliest.filter(|_| just).map(|at| at.plus(-half_an_hour)) };
                let bounds = own.narrowed_by(reach);
                let order = own.earliest.filter(|earliest| *earliest < key.0).map_or((key.0, key.1 - 1), |earliest| (earliest, 0));
                (bounds, order)
            }
        }
    }

    fn closed(&self, held: &Held, bounds: Bounds, first_sign: Option<Instant>) -> Bounds {
        let latest = bounds.latest.or_else(|| self.told_by(held));
        // What a vendor says began by a time is not known to have begun with its first post.
        let is_dated_by_its_end = bounds.latest.is_some() && classes(&held.effective.event).contains(&Class::DatedStart);
        let below = first_sign.filter(|first| !is_dated_by_its_end && latest.is_none_or(|latest| *first < latest));
        Bounds { earliest: bounds.earliest.or(below), latest }
    }

    /// Bounds narrowed by what must be true: nobody answers a sign before the first one, and nobody tells what has not happened, but for
    /// plans. What lies wholly on the wrong side stays as it was said.
    fn narrowed(&self, held: &Held, bounds: Bounds, first_sign: Option<Instant>) -> (Bounds, NarrowedBy) {
        let kind = &held.effective.event.kind;
        let (mut narrowed, mut by) = (bounds, NarrowedBy::default());
        if let Some(first) = first_sign.filter(|_| answers_a_sign(kind))
            && bounds.earliest.is_some_and(|earliest| earliest < first)
            && bounds.latest.is_none_or(|latest| latest > first)
        {
            (narrowed.earliest, by.first_sign) = (Some(first), true);
        }
        if let Some(told_by) = self.told_by(held).filter(|_| !kind.is_maintenance())
            && bounds.latest.is_some_and(|latest| latest > told_by)
            && narrowed.earliest.is_none_or(|earliest| earliest < told_by)
        {
            (narrowed.latest, by.stated) = (Some(told_by), true);
        }
        (narrowed, by)
    }

    /// True where an event is said to have happened ten minutes or more after it was stated.
    pub(super) fn is_stated_too_early(&self, position: Position, bounds: Bounds) -> bool {
        let Some(held) = self.event_at(position).filter(|held| !held.effective.event.kind.is_maintenance()) else { return false };
        bounds.earliest.zip(self.told_by(held)).is_some_and(|(earliest, told_by)| earliest >= told_by.plus(WRONG_SIDE_MIN))
    }

    /// The earliest time by which some source had told it, other wordings of the same statement included.
    fn told_by(&self, held: &Held) -> Option<Instant> {
        let own = held.effective.stated.latest;
        let event = &held.effective.event;
        let root = event.kind.statement().and_then(|statement| statement.same_as.as_ref()).map_or_else(|| event.key(), |same| event.key_of(same));
        let wordings = self.aggregates.told_by(&root);
        [own, wordings].into_iter().flatten().min()
    }

    /// True where the event at a position is folded: not retracted, and certainly stated.
    pub(super) fn stands(&self, position: Position) -> bool {
        self.event_at(position).is_some_and(|held| held.contribution.is_some())
    }
}

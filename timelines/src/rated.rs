//! When a page rated: a rating stands beside its incident's beginning only because an event must have a time, and is told when it was made.

use dateline_events::{Bounds, Event, Kind, When};

use crate::model::{Correction, Item, is_beside_posts};
use crate::silent::is_minor;

/// When a page's rating as it stands was made: when the page last changed it, else when it was first seen with it. None for what is no
/// page's rating, and where nobody says when it was stated.
pub(crate) fn rated_at(event: &Event, stated: Bounds, corrections: &[Correction]) -> Option<Bounds> {
    let Kind::ScopeChanged(scope) = &event.kind else { return None };
    let common = &event.common;
    let rates_alone = scope.severity.is_some() && scope.regions.is_empty() && scope.symptoms.is_empty() && common.symptom_text.is_none();
    if !is_beside_posts(event) || !rates_alone {
        return None;
    }
    let changes_it = |correction: &Correction| correction.changes.iter().any(|(member, old, new)| is_rating(member) && !is_minor(member, old, new));
    let changed = corrections.iter().rev().filter(|correction| changes_it(correction)).find_map(|correction| correction.stated);
    let made = changed.or_else(|| common.stated.as_ref().map(|_| stated)).filter(|made| *made != Bounds::default())?;
    // Nobody rates what has not begun.
    let began = common.occurred.as_ref().and_then(|occurred| When::own_bounds(occurred).earliest);
    Some(Bounds { earliest: made.earliest.max(began), ..made })
}

/// When an item's rating was made.
pub(crate) fn rating_of(item: &Item) -> Option<Bounds> {
    rated_at(&item.event, item.stated, &item.corrections)
}

fn is_rating(member: &str) -> bool {
    matches!(member, "severity" | "reference")
}

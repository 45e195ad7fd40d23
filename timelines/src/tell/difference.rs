//! Two states of one timeline, told as what changed: the first before, the second after. Which states is the caller's business.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::Position;
use dateline_events::kinds::EditKind;

use super::Options;
use super::clock::{Style, Zone};
use super::entry::{correction_mark, value, verdict};
use super::language::{Change, Mark};
use super::teller::Teller;
use super::walk::{cause, item_at, title};
use crate::model::{Correction, Item, Milestone, MilestoneKind, Registry, Timeline};

/// The most heads of added entries that are named one by one.
const HEADS_MAX: usize = 40;

/// What changed from `before` to `after`, a sentence each; one that says so where nothing did. Both are told in one zone:
/// that of `options`, else of `after`, else of `before`; one that does not exist (which `tell` refuses) is told in UTC.
pub fn difference(before: &Timeline, after: &Timeline, registry: &Registry, options: &Options) -> Vec<String> {
    let asked = options.zone.as_deref().or(after.zone.as_deref()).or(before.zone.as_deref());
    let zone = asked.and_then(|name| Zone::find(name).ok()).unwrap_or_else(Zone::utc);
    let before = Teller::in_zone(before, registry, options, zone.clone());
    let after = Teller::in_zone(after, registry, options, zone);
    let clocks: BTreeSet<&String> = before.offsets.names().iter().chain(after.offsets.names()).collect();
    let (before, after) = if clocks.len() > 1 { (naming_clocks(before), naming_clocks(after)) } else { (before, after) };
    let (old, new) = (all_items(before.timeline), all_items(after.timeline));
    let mut changes = Vec::new();
    let mut explained = BTreeSet::new();
    for kind in [MilestoneKind::FirstSeen, MilestoneKind::Acknowledged, MilestoneKind::Restored, MilestoneKind::Cause] {
        changes.extend(moved(kind, (&before, &old), &after, &mut explained));
    }
    if before.timeline.state != after.timeline.state {
        changes.push(Change::State { from: before.timeline.state, to: after.timeline.state });
    }
    let (title_before, title_after) = (title(&before), title(&after));
    if title_before != title_after {
        changes.push(Change::Title { from: title_before, to: title_after });
    }
    changes.extend(entries((&before, &old), (&after, &new)));
    changes.extend(edits((&before, &old), (&after, &new), &explained));
    if changes.is_empty() {
        changes.push(Change::None);
    }
    changes.iter().map(|change| after.lang.change(change)).collect()
}

/// Clocks that were set between the two, or within one of them, are named in both.
fn naming_clocks(mut teller: Teller) -> Teller {
    teller.zone = teller.zone.naming_clocks();
    teller
}

fn milestone(timeline: &Timeline, kind: MilestoneKind) -> Option<&Milestone> {
    match kind {
        MilestoneKind::FirstSeen => timeline.first_seen.as_ref(),
        MilestoneKind::Acknowledged => timeline.acknowledged.as_ref(),
        MilestoneKind::Restored => timeline.restored.as_ref(),
        MilestoneKind::Cause => timeline.cause.as_ref(),
    }
}

/// How a milestone's time changed. Corrections that explain it are noted, so that they are not told twice.
fn moved(kind: MilestoneKind, (before, old): (&Teller, &Items), after: &Teller, explained: &mut BTreeSet<Position>) -> Option<Change> {
    let told = |teller: &Teller| {
        // Of a cause the words matter, not when they were said.
        if kind == MilestoneKind::Cause {
            return cause(teller).map(|(words, ..)| words);
        }
        let item = item_at(teller, milestone(teller.timeline, kind)?.told)?;
        let phrase = teller.phrase(item);
        let closed = teller.closed_by(item, teller.around).filter(|_| phrase.is_open());
        Some(closed.unwrap_or_else(|| teller.lang.time(&phrase, Style::Claim, teller.around)))
    };
    match (told(before), told(after)) {
        (Some(from), Some(to)) if from != to => Some(Change::Moved { milestone: kind, from, to, because: because(kind, old, after, explained) }),
        (None, Some(told)) => Some(Change::Appeared { milestone: kind, told, because: because(kind, old, after, explained) }),
        (Some(told), None) => Some(Change::Disappeared { milestone: kind, told }),
        _ => None,
    }
}

/// Whose claim is told now, and the correction that brought it about.
fn because(kind: MilestoneKind, old: &Items, after: &Teller, explained: &mut BTreeSet<Position>) -> Option<String> {
    let item = item_at(after, milestone(after.timeline, kind)?.told)?;
    let mut parts = vec![who(after, item)];
    for correction in new_corrections(old, item) {
        explained.insert(correction.position);
        let mark = correction_mark(after, item, correction, Some(kind)).map(|mark| after.lang.mark(&mark));
        parts.extend(mark.map(|mark| inside_a_sentence(mark.trim_end_matches(['.', '।']), correction.edit_kind)));
    }
    parts.retain(|part| !part.is_empty());
    Some(parts.join("; ")).filter(|told| !told.is_empty())
}

/// A mark's own first word is no name and begins small; what a source did begins with its name.
fn inside_a_sentence(mark: &str, edit_kind: EditKind) -> String {
    let mut characters = mark.chars();
    match (edit_kind, characters.next()) {
        (EditKind::SourceEdit, _) | (_, None) => mark.to_owned(),
        (_, Some(first)) => first.to_lowercase().chain(characters).collect(),
    }
}

fn who(teller: &Teller, item: &Item) -> String {
    let credit = super::credit::Credit { clock: None, ..teller.credit(&item.event) };
    if credit.publisher.is_empty() { teller.lang.credit(&credit, false) } else { credit.publisher.join(", ") }
}

fn new_corrections<'a>(old: &Items, item: &'a Item) -> Vec<&'a Correction> {
    let known: BTreeSet<Position> =
        old.get(&item.position).map(|old| old.corrections.iter().map(|correction| correction.position).collect()).unwrap_or_default();
    item.corrections.iter().filter(|correction| !known.contains(&correction.position)).collect()
}

/// Every item of a story by its position.
type Items<'a> = BTreeMap<Position, &'a Item>;

fn all_items(timeline: &Timeline) -> Items<'_> {
    let told = timeline.standing().flat_map(|entry| std::iter::once(&entry.item).chain(entry.inside.iter().map(|(_, item)| item)));
    told.map(|item| (item.position, item)).collect()
}

/// Entries and claims that came or went; a retraction is told by itself.
fn entries((before, old): (&Teller, &Items), (after, new): (&Teller, &Items)) -> Vec<Change> {
    let heads = |teller: &Teller, known: &Items, left_out: &BTreeSet<Position>| -> Vec<String> {
        let fresh = teller.timeline.standing().filter(|entry| !known.contains_key(&entry.item.position) && !left_out.contains(&entry.item.position));
        fresh.map(|entry| teller.head(&entry.item)).collect()
    };
    let retracted: BTreeSet<Position> = after.timeline.retracted.iter().map(|item| item.position).collect();
    let mut changes = Vec::new();
    let (mut added, mut removed) = (heads(after, old, &BTreeSet::new()), heads(before, new, &retracted));
    let inside = after.timeline.standing().flat_map(|entry| &entry.inside).filter(|(_, item)| !old.contains_key(&item.position)).count();
    for (list, change) in [(&mut added, true), (&mut removed, false)] {
        if list.is_empty() {
            continue;
        }
        let more = list.len().saturating_sub(HEADS_MAX);
        list.truncate(HEADS_MAX);
        if more > 0 {
            list.push(format!("… +{}", after.lang.number(more as u64)));
        }
        let heads = std::mem::take(list);
        changes.push(if change { Change::Added { heads } } else { Change::Removed { heads } });
    }
    if inside > 0 {
        changes.push(Change::AddedInside { count: inside });
    }
    changes
}

/// Corrections, retractions and verdicts that are new.
fn edits((before, old): (&Teller, &Items), (after, new): (&Teller, &Items), explained: &BTreeSet<Position>) -> Vec<Change> {
    let mut changes = Vec::new();
    for item in new.values().copied() {
        for correction in new_corrections(old, item).into_iter().filter(|correction| !explained.contains(&correction.position)) {
            changes.extend(corrected(after, item, correction));
        }
        let known = old.get(&item.position).and_then(|old| old.verdict.as_ref());
        if item.verdict.is_some() && item.verdict.as_ref() != known {
            let mark = verdict(after, item).map(|mark| match mark {
                Mark::Reason { reason, given } => Mark::Unsupported { reason, given },
                other => other,
            });
            changes.extend(mark.map(|mark| Change::Verdict { who: who(after, item), mark }));
        }
    }
    let known: BTreeSet<Position> = before.timeline.retracted.iter().map(|item| item.position).collect();
    for item in after.timeline.retracted.iter().filter(|item| !known.contains(&item.position)) {
        let reason = item.retraction.as_ref().and_then(|retraction| retraction.reason.as_ref()).map(|reason| after.names.text(reason));
        changes.push(Change::Retracted { who: who(after, item), head: after.head(item), reason });
    }
    changes
}

fn corrected(after: &Teller, item: &Item, correction: &Correction) -> Vec<Change> {
    let reason = correction.reason.as_ref().map(|reason| after.names.text(reason));
    let told = |(member, from, to): &(String, serde_json::Value, serde_json::Value)| Change::Corrected {
        who: who(after, item),
        member: member.clone(),
        from: value(after, member, from),
        to: value(after, member, to),
        reason: reason.clone(),
    };
    correction.changes.iter().map(told).collect()
}

//! What a source changed of what it had published, in words: for the mark on its entry, and for the lines under the title where it moved
//! what they tell. Minor edits are told by neither; they stand in the record. The words are the languages'.

use dateline_events::kinds::EditKind;
use dateline_events::{Bounds, Instant, Kind, Range, Severity, Window, plain};
use serde_json::Value;

use super::clean::{at_most, clean};
use super::clock::{Phrase, Style};
use super::entry::{publisher_of, value};
use super::teller::Teller;
use super::walk::item_at;
use crate::model::{Correction, Item, MilestoneKind, is_post};
use crate::silent::{is_minor, text_of};

/// The most characters of changed words in a mark; the whole stands in the record.
const WORDS_CHARS_MAX: usize = 600;

/// So many edits, the last, are told under the title.
const SUMMARY_EDITS_MAX: usize = 3;

/// One edit, ready to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceEdit {
    pub(super) who: String,
    pub(super) announced: bool,
    pub(super) reason: Option<String>,
    /// When; None where nobody says.
    pub(super) when: Option<EditedWhen>,
    pub(super) changes: Vec<SourceChange>,
}

/// When a source changed what it had published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EditedWhen {
    /// So long after that was published.
    After(Range, Publishing),
    /// At a time as told, where nobody says when that was published.
    At(String),
}

/// What publishing it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Publishing {
    /// A post was put up.
    Posted,
    /// It was said to be over.
    Closed,
    /// Anything else was said.
    Published,
}

/// One thing that a source changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceChange {
    pub(super) what: Changed,
    /// What stood there; None: nothing.
    pub(super) from: Option<String>,
    /// What it was changed to; None: nothing.
    pub(super) to: Option<String>,
    /// True where that was changed again, and stands there no more.
    pub(super) is_gone: bool,
}

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Changed {
    Words,
    State,
    Time,
    Start,
    End,
    Name,
    /// A rating; whether to a higher one, where that can be said.
    Severity {
        is_raised: Option<bool>,
    },
    Window,
    /// Another member of `data`.
    Member(String),
}

/// What one correction changed of an item, but for what is minor; None where that is all.
pub(super) fn of(teller: &Teller, item: &Item, correction: &Correction, milestone: Option<MilestoneKind>) -> Option<SourceEdit> {
    let changes = changes(teller, item, correction, milestone);
    (!changes.is_empty()).then(|| edit(teller, item, correction, milestone, changes))
}

/// The edits that moved what the lines under the title tell: when it began and ended, and how it is rated.
pub(super) fn of_milestones(teller: &Teller) -> Vec<SourceEdit> {
    let timeline = teller.timeline;
    let milestones = [(MilestoneKind::FirstSeen, &timeline.first_seen), (MilestoneKind::Restored, &timeline.restored)];
    let told = milestones.into_iter().filter_map(|(kind, milestone)| Some((Some(kind), item_at(teller, milestone.as_ref()?.told)?)));
    let ratings = timeline.standing().map(|entry| &entry.item).filter(|item| matches!(item.event.kind, Kind::ScopeChanged(_)));
    let mut edits: Vec<(Option<Instant>, SourceEdit)> = Vec::new();
    for (milestone, item) in told.chain(ratings.map(|item| (None, item))) {
        for correction in item.corrections.iter().filter(|correction| correction.edit_kind == EditKind::SourceEdit) {
            let mut changes = changes(teller, item, correction, milestone);
            changes.retain(|change| matches!(change.what, Changed::Start | Changed::End | Changed::Severity { .. }));
            if !changes.is_empty() {
                edits.push((correction.stated.and_then(|stated| stated.latest), edit(teller, item, correction, milestone, changes)));
            }
        }
    }
    edits.sort_by_key(|(made, _)| *made);
    let first = edits.len().saturating_sub(SUMMARY_EDITS_MAX);
    // Why stands beside the entry.
    edits.drain(first..).map(|(_, edit)| SourceEdit { reason: None, ..edit }).collect()
}

fn edit(teller: &Teller, item: &Item, correction: &Correction, milestone: Option<MilestoneKind>, changes: Vec<SourceChange>) -> SourceEdit {
    SourceEdit {
        who: publisher_of(teller, item),
        announced: correction.announced,
        reason: correction.reason.as_ref().map(|reason| teller.names.text(reason)),
        when: correction.stated.and_then(|made| when(teller, item, made, milestone)),
        changes,
    }
}

/// When what an item says was changed or taken away, by how long after that it was.
pub(super) fn when(teller: &Teller, item: &Item, made: Bounds, milestone: Option<MilestoneKind>) -> Option<EditedWhen> {
    let publishing = match time_of(item, milestone) {
        Changed::End => Publishing::Closed,
        _ if is_post(&item.event) => Publishing::Posted,
        _ => Publishing::Published,
    };
    let is_told = made != Bounds::default();
    is_told.then(|| elapsed(item.stated, made).map_or_else(|| EditedWhen::At(told(teller, made)), |range| EditedWhen::After(range, publishing)))
}

/// A time at which something was stated.
pub(super) fn told(teller: &Teller, made: Bounds) -> String {
    teller.lang.time(&Phrase::of_bounds(made, &teller.zone), Style::Adverb, teller.around)
}

/// From the first statement to the change: at least from the latest that the one can have been to the earliest of the other.
fn elapsed(first: Bounds, made: Bounds) -> Option<Range> {
    let seconds = |later: Instant, earlier: Instant| ((later.0 - earlier.0) / Instant::SECOND).max(0);
    let seconds_min = made.earliest.zip(first.latest).map_or(0, |(made, first)| seconds(made, first));
    Some(Range { seconds_min, seconds_max: seconds(made.latest?, first.earliest?) })
}

fn changes(teller: &Teller, item: &Item, correction: &Correction, milestone: Option<MilestoneKind>) -> Vec<SourceChange> {
    let is_changed = |wanted: &str| correction.changes.iter().any(|(member, before, after)| member == wanted && !is_minor(member, before, after));
    let is_rating = matches!(item.event.kind, Kind::ScopeChanged(_));
    let is_told = |member: &str| match member {
        // Of a rating the page's own word is told with ours.
        "reference" => !is_changed("severity"),
        // The page's own word says it already.
        "status" => !is_changed("reference"),
        // A rating stands beside a time only because an event must have one.
        "occurred" => !is_rating,
        _ => true,
    };
    let mut told = Vec::new();
    for (member, before, after) in &correction.changes {
        if !is_told(member) || is_minor(member, before, after) {
            continue;
        }
        let (what, from, to) = match member.as_str() {
            "severity" => rating(teller, correction, before, after),
            "reference" if is_rating => (Changed::Severity { is_raised: None }, quoted_word(before), quoted_word(after)),
            "reference" => (Changed::State, quoted_word(before), quoted_word(after)),
            "status" => (Changed::State, in_words(teller, member, before), in_words(teller, member, after)),
            "statement" | "text" => (Changed::Words, in_words(teller, member, before), in_words(teller, member, after)),
            "title" | "headline" => (Changed::Name, in_words(teller, member, before), in_words(teller, member, after)),
            "occurred" => (time_of(item, milestone), in_words(teller, member, before), in_words(teller, member, after)),
            "scheduled" => (Changed::Window, in_words(teller, member, before), in_words(teller, member, after)),
            other => (Changed::Member(other.to_owned()), in_words(teller, member, before), in_words(teller, member, after)),
        };
        // A change that looks like none is not told.
        if from == to {
            continue;
        }
        let later = item.corrections.iter().skip_while(|other| other.position != correction.position).skip(1);
        let is_gone = later.flat_map(|other| &other.changes).any(|(other, before, after)| other == member && !is_minor(other, before, after));
        told.push(SourceChange { what, from, to, is_gone });
    }
    told
}

/// Which time an item tells, where it is a vendor's own.
fn time_of(item: &Item, milestone: Option<MilestoneKind>) -> Changed {
    let is_vendors = item.event.speaks_for_a_vendor() && !is_post(&item.event);
    match (&item.event.kind, milestone) {
        (_, Some(MilestoneKind::Restored)) => Changed::End,
        (_, Some(MilestoneKind::FirstSeen)) => Changed::Start,
        (Kind::ServiceRestored(_) | Kind::MaintenanceCompleted(_), _) if is_vendors => Changed::End,
        (Kind::AnomalyDetected(_) | Kind::MaintenanceAnnounced(_), _) if is_vendors => Changed::Start,
        _ => Changed::Time,
    }
}

/// A rating in the rater's words, where it gave any.
fn rating(teller: &Teller, correction: &Correction, before: &Value, after: &Value) -> (Changed, Option<String>, Option<String>) {
    let severity = |value: &Value| serde_json::from_value::<Severity>(value.clone()).ok();
    let is_raised = severity(before).zip(severity(after)).map(|(before, after)| after > before);
    let reference = correction.changes.iter().find(|(member, ..)| member == "reference");
    let own = reference.and_then(|(_, before, after)| Some((quoted_word(before)?, quoted_word(after)?)));
    let ours = |value: &Value| severity(value).map(|severity| format!("“{}”", teller.lang.severity(severity)));
    let (from, to) = own.map_or_else(|| (ours(before), ours(after)), |(from, to)| (Some(from), Some(to)));
    (Changed::Severity { is_raised }, from, to)
}

fn quoted_word(reference: &Value) -> Option<String> {
    reference.get("status").and_then(Value::as_str).map(quoted)
}

fn quoted(words: &str) -> String {
    format!("“{}”", at_most(&clean(words), WORDS_CHARS_MAX))
}

/// A value as a reader is told it; None for nothing.
fn in_words(teller: &Teller, member: &str, given: &Value) -> Option<String> {
    let ranged = |window: &Window| Phrase::Range(teller.zone.stamp(window.0.start()), teller.zone.stamp(window.1.start()));
    match member {
        _ if given.is_null() => None,
        "statement" => given.pointer("/quotation/text").and_then(Value::as_str).map(|words| quoted(&plain(words))),
        "text" | "title" | "headline" => text_of(given).map(|text| quoted(&plain(text.told_in(teller.lang.tag())))),
        "occurred" => {
            serde_json::from_value(given.clone()).ok().map(|when| teller.lang.time(&Phrase::of(&when, &teller.zone), Style::Head, teller.around))
        }
        "scheduled" => serde_json::from_value(given.clone()).ok().map(|window| teller.lang.time(&ranged(&window), Style::Head, teller.around)),
        "status" => Some(format!("“{}”", value(teller, member, given))),
        _ => Some(value(teller, member, given)),
    }
}

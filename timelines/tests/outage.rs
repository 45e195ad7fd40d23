//! The WhatsApp outage of 25 October 2022, folded: which first report is told and why, what was known when, and every prefix.

use std::collections::BTreeSet;

use crate::support::{MemoryViews, Projector, outage, records_of};
use dateline_events::Instant;
use dateline_timelines::model::{Item, MilestoneKind, Part, Rule, Standing, State, Timeline};

/// The position of the event that opens the incident: three registrations stand before it.
const OPENING: u64 = 4;

fn projected(lines: &str) -> MemoryViews {
    let mut projector = Projector::over(MemoryViews::default());
    projector.page(&records_of(lines), false);
    projector.views
}

fn told(views: &MemoryViews, as_of: u64, known_at: Option<&str>) -> Timeline {
    let known_at = known_at.map(|text| Instant::parse(text).unwrap());
    views.fold(OPENING, as_of, known_at).timeline("whatsapp", &[], None, None)
}

fn ids<'a>(items: impl Iterator<Item = &'a Item>) -> BTreeSet<&'a str> {
    items.map(|item| item.event.id.as_str()).collect()
}

fn all(timeline: &Timeline) -> BTreeSet<&str> {
    ids(timeline.entries.iter().flat_map(|entry| std::iter::once(&entry.item).chain(entry.inside.iter().map(|(_, item)| item))))
}

#[test]
fn every_line_is_an_event_and_none_waits() {
    let records = records_of(&outage());
    let poison: Vec<_> = records.iter().filter_map(|record| record.row.problem.as_ref()).collect();
    assert!(poison.is_empty(), "{poison:?}");
    let views = projected(&outage());
    assert_eq!(views.waiting_positions(), Vec::<u64>::new());
    assert_eq!(crate::support::incidents(&views.rows), BTreeSet::from([OPENING]));
}

#[test]
fn the_first_report_is_1207_because_most_sources_say_so_and_never_1130() {
    let views = projected(&outage());
    let whole = told(&views, u64::MAX, None);
    let first = whole.first_seen.as_ref().unwrap();
    assert_eq!(first.rule, Rule::MostSources);
    assert_eq!(first.occurred.earliest, Instant::parse("2022-10-25T06:37:00Z"));
    assert_eq!(first.spread.earliest, Instant::parse("2022-10-25T06:00:00Z"), "11:30 is among the claims");
    let last = views.cursor;
    for as_of in OPENING + 1..=last {
        let first = told(&views, as_of, None).first_seen.unwrap();
        assert_eq!(first.occurred.earliest, Instant::parse("2022-10-25T06:37:00Z"), "as of {as_of}");
    }
}

#[test]
fn the_misreading_stood_until_it_was_corrected() {
    let views = projected(&outage());
    let before = told(&views, OPENING, None).first_seen.unwrap();
    let after = told(&views, OPENING + 1, None).first_seen.unwrap();
    assert_eq!(before.occurred.earliest, Instant::parse("2022-10-25T06:55:00Z"));
    assert_eq!(after.occurred.earliest, Instant::parse("2022-10-25T06:37:00Z"));
}

#[test]
fn at_1300_nothing_is_certain_and_the_possible_is_given_apart() {
    let timeline = told(&projected(&outage()), u64::MAX, Some("2022-10-25T07:30:00Z"));
    assert_eq!(all(&timeline), BTreeSet::new());
    assert_eq!(timeline.state, State::Unknown);
    assert!(timeline.first_seen.is_none() && timeline.acknowledged.is_none() && timeline.restored.is_none());
    let possibly = ids(timeline.possibly.iter());
    // What told of 13:00 or later cannot have been printed by then.
    for later in ["w01", "w02", "w04", "w05", "w07", "w19", "w25", "w26", "w27", "w41", "w43", "w53", "w54", "w55", "w56", "w58"] {
        assert!(!possibly.contains(later), "{later} cannot have been stated by 13:00");
    }
    for perhaps in ["w09", "w10", "w29", "w45", "abp-1", "w37", "w52"] {
        assert!(possibly.contains(perhaps), "{perhaps} may have been stated by 13:00");
    }
}

#[test]
fn at_1445_three_claims_are_certain_and_at_1800_two_more() {
    let views = projected(&outage());
    let quarter_to_three = told(&views, u64::MAX, Some("2022-10-25T09:15:00Z"));
    assert_eq!(all(&quarter_to_three), BTreeSet::from(["w25", "w26", "w29"]));
    assert_eq!(quarter_to_three.state, State::Acknowledged);
    let possibly = ids(quarter_to_three.possibly.iter());
    assert!(possibly.contains("w43") && possibly.contains("w10") && !possibly.contains("w01") && !possibly.contains("w19"));
    let six = told(&views, u64::MAX, Some("2022-10-25T12:30:00Z"));
    assert_eq!(all(&six), BTreeSet::from(["w19", "w25", "w26", "w27", "w29"]));
    assert!(ids(six.possibly.iter()).contains("w01"));
}

#[test]
fn as_of_every_position_is_the_fold_of_that_prefix() {
    let lines = outage();
    let views = projected(&lines);
    for as_of in OPENING..=views.cursor {
        let prefix: Vec<&str> = lines.lines().take(usize::try_from(as_of).unwrap()).collect();
        assert_eq!(told(&views, as_of, None), told(&projected(&prefix.join("\n")), as_of, None), "as of {as_of}");
    }
}

#[test]
fn milestones_and_what_stands_inside_them() {
    let timeline = told(&projected(&outage()), u64::MAX, None);
    assert_eq!(timeline.state, State::Restored);
    let entry = |kind| timeline.entries.iter().find(|entry| entry.milestone == Some(kind)).unwrap();
    let inside = |kind, part| ids(entry(kind).inside.iter().filter(|(own, _)| *own == part).map(|(_, item)| item));
    assert_eq!(inside(MilestoneKind::FirstSeen, Part::Agreeing), BTreeSet::from(["abp-1", "w10", "w41", "w45"]));
    assert_eq!(inside(MilestoneKind::FirstSeen, Part::PlaceNotSaid), BTreeSet::from(["w17", "w19", "w44"]));
    assert_eq!(inside(MilestoneKind::Acknowledged, Part::Wording), BTreeSet::from(["abp-5", "w26", "w38", "w39", "w51"]));
    assert_eq!(inside(MilestoneKind::Acknowledged, Part::Silent), BTreeSet::from(["w40", "w49", "w50"]));
    assert_eq!(entry(MilestoneKind::Cause).item.event.id, "w53", "an unsupported cause is never the one told");
    assert_eq!(timeline.time_to_acknowledge.map(|range| (range.seconds_min, range.seconds_max)), Some((0, 9360)));
    let standing = |id: &str| timeline.entries.iter().find(|entry| entry.item.event.id == id).map(|entry| entry.item.standing);
    assert_eq!(standing("w59"), Some(Standing::Unsupported));
    assert_eq!(standing("w60"), Some(Standing::Unsupported));
    assert_eq!(standing("w28"), Some(Standing::Disputed));
    assert_eq!(standing("abp-3"), Some(Standing::Lapsed));
    assert_eq!(standing("w56"), Some(Standing::Outdated));
}

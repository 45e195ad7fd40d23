//! The walk through a timeline: title, the lines under it, the entries in their order. The same for every language.

use dateline_events::{Kind, Qualifier};

use super::clean::{SUMMARY_CHARS_MAX, at_most, clean};
use super::clock::{Around, Phrase, Style};
use super::credit::Credit;
use super::hours::{ToldIn, phrase_of_bounds};
use super::language::{FirstSeen, Lang, Note, Says, Summary, Unrestored};
use super::quotation::choose;
use super::teller::Teller;
use super::{Options, Told, ToldEntry, ends, entry, source_edit};
use crate::model::{Entry, Inferred, Item, Milestone, Part, ReportedBy, SaidBy, Standing, State, Timeline, Warning, is_slow};

pub(super) fn told(teller: &Teller) -> Told {
    let timeline = teller.timeline;
    let lists = teller.stretch.lists(timeline);
    let mut told = Told {
        lang: teller.lang.tag(),
        zone: teller.zone.name.clone(),
        title: title(teller),
        kicker: kicker(teller),
        state: timeline.state.as_str(),
        state_label: state_label(teller),
        reports_only: timeline.reports_only,
        summary: kicker(teller).into_iter().chain(teller.lang.summary(&summary(teller))).collect(),
        notes: notes(teller),
        entries: Vec::new(),
        unsupported: Vec::new(),
        background: Vec::new(),
        possibly: lists.possibly.iter().map(|item| entry::single(teller, item)).collect(),
        retracted: Vec::new(),
        clock: teller.clock(),
        headings: teller.lang.words().headings,
    };
    for each in lists.entries {
        let list = match (&each.item.event.kind, each.item.standing) {
            (_, Standing::Unsupported) => &mut told.unsupported,
            (Kind::ContextAdded(_), _) => &mut told.background,
            _ => &mut told.entries,
        };
        list.push(entry::entry(teller, each));
    }
    told.background.extend(lists.links.iter().map(|item| ToldEntry { head: String::new(), ..link(teller, item) }));
    if teller.retracted {
        told.retracted = lists.retracted.iter().map(|item| entry::listed_as_taken_back(teller, item)).collect();
    }
    told.summary.extend(zone_note(teller));
    if teller.lang == Lang::BnBd {
        in_own_words(&mut told, super::bn::own_as_in_bangladesh);
    }
    told
}

/// Rewrites what is ours in a telling: everything but the title, which somebody may have given.
fn in_own_words(told: &mut Told, rewrite: impl Fn(&str) -> String) {
    let rewritten = |line: &mut String| *line = rewrite(line);
    told.summary.iter_mut().chain(&mut told.notes).for_each(rewritten);
    for list in [&mut told.entries, &mut told.unsupported, &mut told.background, &mut told.possibly, &mut told.retracted] {
        for entry in list {
            let details = entry.details.iter_mut().flat_map(|detail| [&mut detail.label, &mut detail.text]);
            [&mut entry.head, &mut entry.text].into_iter().chain(&mut entry.marks).chain(details).for_each(rewritten);
        }
    }
}

/// The state as shown; counts of reports alone are no outage that was detected.
fn state_label(teller: &Teller) -> &'static str {
    match teller.timeline.state {
        State::Detected if teller.timeline.reports_only => teller.lang.words().unusual_reports,
        state => teller.lang.state(state),
    }
}

/// A link to another incident, by that one's title and in its own direction; by the events that it names where the other is not known.
fn link(teller: &Teller, item: &Item) -> ToldEntry {
    let told = entry::single(teller, item);
    let linked = teller.timeline.linked.iter().find(|linked| linked.position == item.position);
    let (Kind::IncidentLinked(link), Some((linked, other))) =
        (&item.event.kind, linked.and_then(|linked| Some((linked, linked.incident.as_deref()?))))
    else {
        return told;
    };
    let options = Options { lang: teller.lang, ..Options::default() };
    let title = title(&Teller::in_zone(other, teller.names.registry, &options, teller.zone.clone()));
    let credit = teller.lang.credit(&teller.credit(&item.event), true);
    ToldEntry { text: teller.lang.finish(&teller.lang.linked(link.relation, linked.is_from, &title), &credit), ..told }
}

/// A desk's headline in the language, else service, nature and date.
pub(super) fn title(teller: &Teller) -> String {
    let timeline = teller.timeline;
    match given_title(teller) {
        Some(given) => clean(given),
        None => teller.lang.title(&services(teller), timeline.nature, timeline.reports_only, date(teller).as_deref()),
    }
}

/// What a headline of somebody's own may leave out: of what, and when.
fn kicker(teller: &Teller) -> Option<String> {
    given_title(teller)?;
    Some(teller.lang.kicker(&services(teller), date(teller).as_deref())).filter(|kicker| !kicker.is_empty())
}

fn given_title<'a>(teller: &Teller<'a>) -> Option<&'a str> {
    teller.timeline.title.as_ref()?.find(teller.lang.tag())
}

fn services(teller: &Teller) -> Vec<String> {
    teller.services().iter().map(|slug| teller.names.service(slug)).collect()
}

fn date(teller: &Teller) -> Option<String> {
    teller.around.day.map(|day| teller.lang.full_date(day))
}

/// In whose time it is told: the names of its clocks over the hours that are told, else at its first bound. Of an outline nothing is said.
fn zone_note(teller: &Teller) -> Option<String> {
    let Timeline { entries, possibly, axes, .. } = teller.timeline;
    let items = entries.iter().map(|entry| &entry.item).chain(possibly);
    let bound = items.map(|item| item.occurred.bounds).find_map(|bounds| bounds.earliest.or(bounds.latest));
    let at = bound.or(axes.known_at).or(axes.at)?;
    match teller.offsets.names() {
        [] => Some(teller.lang.zone_note(&teller.zone, &[teller.zone.abbreviation(at)])),
        names => Some(teller.lang.zone_note(&teller.zone, names)),
    }
}

/// True where a monitor was answered, and slowly.
fn slow(item: Option<&Item>) -> bool {
    item.is_some_and(|item| is_slow(&item.event))
}

fn summary(teller: &Teller) -> Summary {
    let timeline = teller.timeline;
    let mut around = teller.around;
    let first_seen = timeline.first_seen.as_ref().map(|milestone| {
        let item = item_at(teller, milestone.told);
        let is_point = milestone_phrase(teller, milestone, item).0.is_point();
        let (time, by) = (milestone_time(teller, milestone, item, &mut around), detector(teller, &milestone.said_by));
        match (milestone.reported_by, item.is_none_or(|item| entry::is_report(&item.event.kind))) {
            (Some(ReportedBy::Vendor), _) => FirstSeen::Dated { time, is_point, by: says(teller, &milestone.said_by), posted: None },
            _ if milestone.inferred == Some(Inferred::FromProbe) => FirstSeen::Probed { time, is_slow: slow(item), by },
            (_, true) => FirstSeen::Reported { time, by },
            (_, false) => FirstSeen::ToldOf { time, by },
        }
    });
    let acknowledged = timeline.acknowledged.as_ref().map(|milestone| {
        let item = item_at(teller, milestone.told);
        let time = milestone_time(teller, milestone, item, &mut around);
        (time, says(teller, &milestone.said_by), item.is_some_and(|item| teller.phrase(item).is_open()))
    });
    let (first_seen, acknowledged) = posted(first_seen, acknowledged);
    let acknowledged_of = ends::acknowledged_of(teller, &mut around);
    let reopened = ends::reopened(teller, &mut around);
    let ends = ends::ends(teller, &mut around);
    let subsided = timeline.subsided.as_ref().map(|end| {
        let time = claim_time(teller, (end.occurred, end.zone.as_deref()), item_at(teller, end.told), &mut around);
        (time, says(teller, &end.said_by))
    });
    let lasted_in_all = timeline.time_to_restore.map(|range| teller.lang.duration(range));
    let window: Option<(String, Says)> = timeline.standing().find_map(|each| Some((entry::window(teller, &each.item)?, says_of(teller, &each.item))));
    let is_told_of_nothing = timeline.axes.at.is_some() && timeline.standing().all(|entry| entry.possible);
    let names_nobody = !is_told_of_nothing && first_seen.is_none() && acknowledged.is_none() && ends.is_empty() && window.is_none();
    Summary {
        nature: Some(timeline.nature),
        has_entries: timeline.standing().any(|entry| !entry.possible),
        restored_state: matches!(timeline.state, State::Restored | State::Completed),
        reports_only: timeline.reports_only,
        subsided,
        still_open: ends::still_open(teller),
        open_regions: timeline.open_regions.clone(),
        lasted_in: ends::open_elsewhere(teller),
        unrestored: unrestored(teller),
        first_seen,
        acknowledged,
        acknowledged_of,
        ends,
        reopened,
        edits: source_edit::of_milestones(teller),
        unstable: unstable_at_first(teller),
        lasted_in_all,
        lasted: lasted(teller),
        cause: cause(teller),
        has_other_causes: has_other_causes(teller),
        owner: teller.vendor(),
        services: ends::services(teller),
        regions: timeline.regions.iter().map(|region| teller.lang.region(region)).collect(),
        window,
        opened_by: timeline.opened_by.as_ref().filter(|_| names_nobody).map(|said_by| says(teller, said_by)),
    }
}

/// The item at a position, wherever in the story it stands.
pub(super) fn item_at<'a>(teller: &Teller<'a>, position: u64) -> Option<&'a Item> {
    item_in(teller.timeline, position)
}

/// The same, before there is a teller.
pub(super) fn item_in(timeline: &Timeline, position: u64) -> Option<&Item> {
    entry_in(timeline, position).map(|(_, item)| item)
}

/// The entry that holds a position, and the item itself.
pub(super) fn entry_at<'a>(teller: &Teller<'a>, position: u64) -> Option<(&'a Entry, &'a Item)> {
    entry_in(teller.timeline, position)
}

fn entry_in(timeline: &Timeline, position: u64) -> Option<(&Entry, &Item)> {
    timeline.entries.iter().find_map(|entry| {
        if entry.item.position == position {
            return Some((entry, &entry.item));
        }
        entry.inside.iter().find(|(_, item)| item.position == position).map(|(_, item)| (entry, item))
    })
}

/// The time of a milestone, and whether its claim says it.
fn milestone_phrase(teller: &Teller, milestone: &Milestone, item: Option<&Item>) -> (Phrase, bool) {
    claim_phrase(teller, (milestone.occurred, milestone.zone.as_deref()), item)
}

pub(super) fn claim_phrase(teller: &Teller, occurred: ToldIn, item: Option<&Item>) -> (Phrase, bool) {
    let stated = item.map(|item| teller.phrase(item)).filter(|phrase| !phrase.is_open());
    stated.map_or_else(|| phrase_of_bounds(teller.timeline, occurred, item.is_none(), &teller.zone), |phrase| (phrase, true))
}

/// Why no restoration is told, where none is.
fn unrestored(teller: &Teller) -> Unrestored {
    let (timeline, restores) = (teller.timeline, |item: &Item| item.event.kind.restores());
    if timeline.axes.at.is_some() && timeline.standing().any(|entry| entry.possible && restores(&entry.item)) {
        return Unrestored::Possible;
    }
    match timeline.axes.known_at.filter(|_| timeline.possibly.iter().any(restores)) {
        Some(known_at) => Unrestored::NotCertainlyPublished { by: known_time(teller, known_at) },
        None => Unrestored::NotReported,
    }
}

/// When a milestone was: as its claim says, or by its bounds where the claim says no hour or is not at hand (an outline).
fn milestone_time(teller: &Teller, milestone: &Milestone, item: Option<&Item>, around: &mut Around) -> String {
    claim_time(teller, (milestone.occurred, milestone.zone.as_deref()), item, around)
}

pub(super) fn claim_time(teller: &Teller, occurred: ToldIn, item: Option<&Item>, around: &mut Around) -> String {
    let (phrase, is_stated) = claim_phrase(teller, occurred, item);
    let told = teller.lang.time(&phrase, if is_stated { Style::Adverb } else { Style::Claim }, *around);
    if is_stated {
        *around = around.after(&phrase);
    }
    told
}

/// What a vendor dates itself, and posted itself, is told in one: nobody reported it, and it admits nothing.
fn posted(first_seen: Option<FirstSeen>, acknowledged: Option<(String, Says, bool)>) -> (Option<FirstSeen>, Option<(String, Says, bool)>) {
    match (first_seen, acknowledged) {
        (Some(FirstSeen::Dated { time, is_point, by: Says::Vendor(vendor), .. }), Some((posted, Says::Vendor(poster), false)))
            if vendor == poster =>
        {
            (Some(FirstSeen::Dated { time, is_point, by: Says::Vendor(vendor), posted: Some(posted) }), None)
        }
        other => other,
    }
}

/// Who first saw it: the detector that the event names, else those it is counted by.
fn detector(teller: &Teller, said_by: &SaidBy) -> Says {
    let detector = said_by.detected_by.as_ref().map(|speaker| teller.names.speaker(speaker));
    match (detector, said_by.publisher.as_deref()) {
        (Some(detector), None) => Says::Sources(vec![detector]),
        (detector, Some(publisher)) => Says::Publisher { publisher: clean(publisher), named: detector },
        (None, None) => Says::Sources(Credit::of_milestone(said_by, &teller.names).outlets),
    }
}

/// Who says it: the vendor itself, those in whom it was read, or its publisher alone.
pub(super) fn says(teller: &Teller, said_by: &SaidBy) -> Says {
    let mut outlets = Credit::of_milestone(said_by, &teller.names).outlets;
    match said_by.publisher.as_deref() {
        Some(publisher) => Says::Publisher { publisher: clean(publisher), named: None },
        None if said_by.vendor && outlets.len() == 1 => Says::Vendor(outlets.remove(0)),
        None => Says::Sources(outlets),
    }
}

fn says_of(teller: &Teller, item: &Item) -> Says {
    says(teller, &SaidBy::of(&item.event))
}

fn unstable_at_first(teller: &Teller) -> Option<Says> {
    let unstable =
        |item: &Item| matches!(&item.event.kind, Kind::ServiceRestored(restored) if restored.extent == dateline_events::kinds::Extent::Unstable);
    teller.timeline.standing().find(|entry| unstable(&entry.item)).map(|entry| says_of(teller, &entry.item))
}

/// The shortest and the longest that sources say it lasted.
fn lasted(teller: &Teller) -> Option<(String, Option<String>, Says)> {
    let mut said: Vec<(u32, Option<Qualifier>, &Item)> = teller
        .timeline
        .standing()
        .flat_map(|entry| entry.inside.iter().filter(|(part, _)| says_how_long(*part)).map(|(_, item)| item).chain([&entry.item]))
        .filter_map(|item| match &item.event.kind {
            Kind::ServiceRestored(restored) => restored.lasted.as_ref().map(|lasted| (lasted.minutes, lasted.qualifier, item)),
            _ => None,
        })
        .collect();
    // Of equal lengths the plain one is told.
    let plainness = |qualifier: Option<Qualifier>| u8::from(!matches!(qualifier, None | Some(Qualifier::Exactly)));
    said.sort_by_key(|(minutes, qualifier, _)| (*minutes, plainness(*qualifier)));
    let (first, last) = (said.first().copied()?, said.last().copied()?);
    let told = |(minutes, qualifier, _): (u32, Option<Qualifier>, &Item)| teller.lang.lasted_minutes(minutes, qualifier);
    Some((told(first), (last.0 != first.0).then(|| told(last)), says_of(teller, first.2)))
}

/// True for the parts of an entry that may say how long the same thing lasted.
pub(super) fn says_how_long(part: Part) -> bool {
    matches!(part, Part::Duration | Part::Competing | Part::Agreeing | Part::PlaceNotSaid)
}

/// True where some claim of the cause says something else.
fn has_other_causes(teller: &Teller) -> bool {
    let entry = teller.timeline.cause.as_ref().and_then(|cause| entry_at(teller, cause.told)).map(|(entry, _)| entry);
    entry.is_some_and(|entry| {
        entry.inside.iter().filter(|(part, _)| *part != Part::Agreeing).any(|(_, item)| super::details::says_other_words(teller, entry, item))
    })
}

/// The words of the cause as told, whose they are, and where they stand.
pub(super) fn cause(teller: &Teller) -> Option<(String, Option<String>, Says)> {
    let (entry, _) = entry_at(teller, teller.timeline.cause.as_ref()?.told)?;
    match choose(entry, &teller.names) {
        Some(chosen) => {
            let who = chosen.spoken.organisation.or(chosen.spoken.speaker);
            Some((format!("“{}”", at_most(&chosen.spoken.words, SUMMARY_CHARS_MAX)), who, says_of(teller, chosen.item)))
        }
        None => {
            let headline = entry.item.event.common.headline.as_ref().map(|headline| teller.names.text(headline))?;
            Some((at_most(&headline, SUMMARY_CHARS_MAX), None, says_of(teller, &entry.item)))
        }
    }
}

fn notes(teller: &Teller) -> Vec<String> {
    let timeline = teller.timeline;
    let mut notes = Vec::new();
    if let Some(known_at) = timeline.axes.known_at {
        let by = known_time(teller, known_at);
        let possibly = timeline.possibly.len();
        notes.push(if timeline.entries.is_empty() { Note::NothingCertain { by, possibly } } else { Note::KnownAt { by, possibly } });
    }
    if let Some(at) = timeline.axes.at {
        notes.push(Note::At { time: known_time(teller, at) });
    }
    if let Some(position) = timeline.axes.as_of {
        notes.push(Note::AsOf { position });
    }
    notes.extend(timeline.warnings.iter().map(|warning| match warning {
        Warning::RestoredBeforeFirstSeen => Note::RestoredBeforeFirstSeen,
        Warning::AcknowledgedBeforeFirstSeen => Note::AcknowledgedBeforeFirstSeen,
        Warning::StatedBeforeItHappened => Note::StatedBeforeItHappened,
    }));
    if !timeline.without_effect.is_empty() {
        notes.push(Note::WithoutEffect { count: timeline.without_effect.len() });
    }
    notes.iter().map(|note| teller.lang.note(note)).collect()
}

/// An axis' instant: with its day where the story has no other, or is of another day.
fn known_time(teller: &Teller, instant: dateline_events::Instant) -> String {
    entry::instant(teller, instant)
}

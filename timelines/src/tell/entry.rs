//! One entry in words: its head, its sentence with whom it rests on, and what a reader is warned of.

use std::collections::BTreeSet;

use dateline_events::kinds::{Certainty, EditKind, Verdict};
use dateline_events::{Bounds, Event, Instant, Kind, Role, SourceKind, Text, Voice, Window};
use serde_json::Value;

use super::clean::clean;
use super::clock::{Around, Phrase, Style};
use super::credit::published_day;
use super::language::{Mark, Setting};
use super::post::ToldPost;
use super::quotation::{Translated, choose, is_on_a_page};
use super::teller::Teller;
use super::{ToldDetail, ToldEntry, ToldQuotation, details, source_edit};
use crate::model::{Correction, Entry, Item, MilestoneKind, Part, SaidBy, Standing, inferred};
use crate::rated::rating_of;
use crate::stretch::told_inside;

/// The most outlets that are named in one sentence; the rest are counted.
const NAMES_MAX: usize = 40;

/// Tells an entry with what stands inside it; what is too much for one entry is counted.
pub(super) fn entry(teller: &Teller, entry: &Entry) -> ToldEntry {
    let inside = told_inside(entry);
    let more = entry.inside.len() - inside.len();
    if more == 0 {
        return whole(teller, entry);
    }
    let mut told = whole(teller, &Entry { inside: inside.to_vec(), item: entry.item.clone(), ..*entry });
    told.details.push(ToldDetail { label: teller.lang.words().not_shown.to_owned(), text: teller.lang.number(more as u64) });
    told
}

fn whole(teller: &Teller, entry: &Entry) -> ToldEntry {
    let item = &entry.item;
    let chosen = choose(entry, &teller.names);
    let quoted = chosen.as_ref().map_or(item, |chosen| chosen.item);
    let mut credit = teller.credit(&quoted.event);
    credit.translated = chosen.as_ref().and_then(|chosen| chosen.translated.clone());
    if rating_of(item).is_some() {
        // When it was read is on nobody's own clock.
        credit.clock = None;
    }
    let is_statement = chosen.is_some() && item.event.kind.statement().is_some();
    let told_day = teller.phrase(item).day().or(teller.around.day);
    let published =
        published_day(&quoted.event, &teller.zone).filter(|day| is_statement && Some(*day) != told_day && Some(*day) != teller.around.day);
    credit.published = published.map(|day| teller.lang.time(&Phrase::Day(day), Style::Adverb, teller.around));
    let text = sentence(teller, entry, &credit, chosen.as_ref().map(|chosen| chosen.spoken.clone()));
    let text = other_service(teller, item).or_else(|| all_services(teller, item)).map_or(text.clone(), |service| format!("{service}: {text}"));
    let kept_apart = chosen.as_ref().and_then(|chosen| {
        let (quotation, holder) = chosen.original?;
        // A desk's translation is for readers; the original words are unfolded with the claims.
        let is_shown = teller.claims || matches!(chosen.translated, Some(Translated::By(_)));
        let note = teller.lang.original(&teller.lang.language(&quotation.lang.0), &teller.lang.credit(&teller.credit(&holder.event), false));
        is_shown.then(|| ToldQuotation { lang: quotation.lang.0.clone(), text: clean(&quotation.text), note })
    });
    let post =
        chosen.as_ref().filter(|chosen| is_on_a_page(chosen.item)).map(|chosen| (chosen.quotation.text.as_str(), chosen.quotation.lang.0.as_str()));
    let post = post.or_else(|| teller.names.posted_work(&item.event)).and_then(|(words, lang)| ToldPost::of(words, lang));
    let mut marks = marks(teller, item, entry.milestone);
    if entry.possible {
        marks.insert(0, teller.lang.mark(&Mark::Possible));
    }
    for (part, inside) in &entry.inside {
        // What a vendor changed of a claim that is not told is told all the same.
        if *part == Part::Agreeing || inside.event.speaks_for_a_vendor() {
            marks.extend(corrections(teller, inside, entry.milestone.filter(|_| *part == Part::Agreeing)));
        }
    }
    marks.extend(teller.renamed(item.position).flat_map(|renamed| corrections(teller, &renamed.title, None)));
    marks.extend(teller.said_before(item).and_then(|(before, edit)| Some(teller.lang.mark(&correction_mark(teller, before, &edit, None)?))));
    // One edit may change several events; it is told once.
    let mut known = BTreeSet::new();
    marks.retain(|mark| known.insert(mark.clone()));
    ToldEntry {
        position: item.position,
        head: teller.head(item),
        text,
        post,
        retracted: item.retraction.is_some(),
        quotation: kept_apart,
        marks,
        details: details::details(teller, entry, chosen.as_ref()),
        sources: teller.sources(&item.event),
    }
}

/// The services that an item speaks of, by name, where the one that the story began with is none of them.
pub(super) fn other_service(teller: &Teller, item: &Item) -> Option<String> {
    let opening = teller.timeline.opening_service.as_deref().filter(|_| teller.timeline.services.len() > 1)?;
    let is_other = !item.event.kind.is_act() && !item.event.speaks_of_all_services() && item.event.services().all(|service| service != opening);
    is_other.then(|| item.event.services().map(|service| teller.names.service(service)).collect::<Vec<_>>().join(", "))
}

/// Every service that failed, by name, of a restoration that says that all are back.
fn all_services(teller: &Teller, item: &Item) -> Option<String> {
    let timeline = teller.timeline;
    let is_of_all = item.event.kind.restores() && item.event.speaks_of_all_services() && !timeline.other_services.is_empty();
    let services = timeline.opening_service.iter().chain(timeline.other_services.iter().map(|other| &other.service));
    is_of_all.then(|| services.map(|service| teller.names.service(service)).collect::<Vec<_>>().join(", "))
}

/// Tells one item by itself.
pub(super) fn single(teller: &Teller, item: &Item) -> ToldEntry {
    entry(teller, &Entry { item: item.clone(), milestone: None, possible: false, inside: Vec::new() })
}

fn sentence(teller: &Teller, entry: &Entry, credit: &super::credit::Credit, spoken: Option<super::language::Spoken>) -> String {
    let item = &entry.item;
    let around = told_around(teller, item);
    let is_acknowledgment = matches!(item.event.kind, Kind::VendorAcknowledged(_));
    let setting = Setting {
        milestone: entry.milestone,
        opening_region: teller.timeline.opening_region.as_deref(),
        has_further_regions: teller.timeline.regions.len() > 1,
        is_open_elsewhere: !teller.timeline.open_regions.is_empty(),
        spoken,
        by: if is_acknowledgment { teller.closed_by(item, around) } else { None },
        // The vendor of another service is that one's own, or nobody who is known.
        vendor: other_service(teller, item).map_or_else(|| teller.vendor(), |_| teller.names.vendor_of(&item.event.subject)),
        is_vendors: item.event.speaks_for_a_vendor(),
        window: window(teller, item),
        is_under_way: is_under_way(teller, item),
        time: Some((teller.lang.time(&teller.phrase(item), Style::Adverb, teller.around), teller.phrase(item).is_point())),
    };
    let sentence = teller.lang.sentence_in(&item.event, &teller.names, &setting);
    let sentence = acted(teller, item).map_or(sentence.clone(), |(time, is_point)| teller.lang.acted(&sentence, &time, is_point));
    let credit = &credit.clone().beside(&sentence, &item.event);
    let told_credit = teller.lang.credit(credit, true);
    let (agreeing, copies) = agreeing_names(teller, entry);
    let with_copies = |told: String| if copies.is_empty() { told } else { teller.lang.copied(&told, &copies) };
    if entry.milestone == Some(MilestoneKind::FirstSeen) && is_report(&item.event.kind) && !is_found_out(&item.event) {
        return with_copies(teller.lang.first_reports(&sentence, credit, &agreeing));
    }
    if is_negative_cause(&item.event.kind) && !credit.is_empty() {
        let who = if credit.publisher.is_empty() { told_credit } else { credit.publisher.join(", ") };
        return teller.lang.says(&who, &sentence);
    }
    let finished = teller.lang.finish(&sentence, &told_credit);
    with_copies(if agreeing.is_empty() { finished } else { teller.lang.agreeing(&finished, &agreeing) })
}

/// True for a beginning of planned work that is told after another: it goes on.
fn is_under_way(teller: &Teller, item: &Item) -> bool {
    let begins = |item: &Item| matches!(item.event.kind, Kind::MaintenanceStarted(_));
    let before = || teller.timeline.standing().map(|entry| &entry.item).take_while(|other| other.position != item.position);
    begins(item) && before().any(begins)
}

/// When a cause acted, as its source says, and whether that is a time to which something can be dated.
fn acted(teller: &Teller, item: &Item) -> Option<(String, bool)> {
    let Kind::CauseStated(cause) = &item.event.kind else { return None };
    let phrase = cause.effective.as_ref().map(|when| Phrase::of(when, &teller.zone)).filter(|phrase| !phrase.is_open())?;
    Some((teller.lang.time(&phrase, Style::Adverb, teller.around), phrase.is_point()))
}

/// What a reader knows of the time when the sentence begins: of "later" the part of the day that its anchor fell in.
fn told_around(teller: &Teller, item: &Item) -> Around {
    let phrase = teller.phrase(item);
    let anchored = Bounds { earliest: item.occurred.bounds.earliest, latest: None };
    let told = if phrase.is_open() { Phrase::of_bounds(anchored, &teller.zone) } else { phrase };
    teller.around.after(&told)
}

/// True for what users or monitors report; a vendor's own post is not "first reports".
pub(super) fn is_report(kind: &Kind) -> bool {
    matches!(kind, Kind::AnomalyDetected(_) | Kind::ReportsObserved(_) | Kind::ScopeChanged(_))
}

/// True for what the vendor dates itself and for what a monitor found: nobody reported that.
fn is_found_out(event: &Event) -> bool {
    event.speaks_for_a_vendor() || inferred(event).is_some()
}

fn is_negative_cause(kind: &Kind) -> bool {
    matches!(kind, Kind::CauseStated(cause) if cause.known == Some(false))
}

/// Who says the same, and who only printed what another wrote that is told already.
fn agreeing_names(teller: &Teller, entry: &Entry) -> (Vec<String>, Vec<String>) {
    // Nobody bears out what the same one says: each is named once for a value.
    let mut voices: BTreeSet<Voice> = entry.item.event.voices();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let (mut names, mut copies): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut printed: BTreeSet<String> = teller.credit(&entry.item.event).outlets.into_iter().collect();
    for (_, item) in entry.inside.iter().filter(|(part, _)| *part == Part::Agreeing) {
        let (own, credit) = (item.event.voices(), teller.credit(&item.event));
        if !own.is_subset(&voices) {
            names.extend(credit.counted().iter().filter(|name| known.insert((*name).clone())).cloned());
            printed.extend(credit.outlets);
        } else if !credit.origins.is_empty() {
            copies.extend(credit.outlets.into_iter().filter(|outlet| printed.insert(outlet.clone())));
        }
        voices.extend(own);
    }
    let more = names.len().saturating_sub(NAMES_MAX);
    names.truncate(NAMES_MAX);
    if more > 0 {
        names.push(format!("+{}", teller.lang.number(more as u64)));
    }
    copies.truncate(NAMES_MAX);
    (names, copies)
}

/// The window of planned work, in words.
pub(super) fn window(teller: &Teller, item: &Item) -> Option<String> {
    let scheduled = scheduled(&item.event.kind)?;
    let phrase = Phrase::Range(teller.zone.stamp(scheduled.0.start()), teller.zone.stamp(scheduled.1.start()));
    Some(teller.lang.time(&phrase, Style::Claim, teller.around))
}

/// When planned work was to be done.
pub(super) fn scheduled(kind: &Kind) -> Option<&Window> {
    match kind {
        Kind::MaintenanceAnnounced(work) => work.scheduled.as_ref(),
        Kind::MaintenanceStarted(work) => work.scheduled.as_ref(),
        Kind::MaintenanceCompleted(work) => work.scheduled.as_ref(),
        _ => None,
    }
}

/// What a reader is warned of, about one item.
fn marks(teller: &Teller, item: &Item, milestone: Option<MilestoneKind>) -> Vec<String> {
    let mut marks = Vec::new();
    let see = || item.contradicted_by.and_then(|position| teller.place_of(position, item.position));
    match item.standing {
        Standing::Lapsed => marks.push(Mark::Lapsed { see: see() }),
        Standing::Outdated => marks.push(Mark::Outdated { see: see() }),
        Standing::Redacted => marks.push(Mark::Redacted),
        Standing::Disputed if item.verdict.is_none() => marks.push(Mark::Disputed { reason: None, given: None }),
        _ if item.event.common.certainty == Some(Certainty::Disputed) && item.verdict.is_none() => {
            marks.push(Mark::Disputed { reason: None, given: None });
        }
        _ => {}
    }
    marks.extend(verdict(teller, item));
    marks.extend(retraction(teller, item));
    let mut told: Vec<String> = marks.iter().map(|mark| teller.lang.mark(mark)).collect();
    told.extend(corrections(teller, item, milestone));
    told
}

/// The desk's verdict, as a mark.
pub(super) fn verdict(teller: &Teller, item: &Item) -> Option<Mark> {
    let weighing = item.verdict.as_ref()?;
    let reason = weighing.reason.as_ref().map(|reason| teller.names.text(reason));
    let is_later = teller.timeline.axes.known_at.is_some_and(|known_at| weighing.given > known_at);
    let given = is_later.then(|| teller.lang.full_date(teller.zone.stamp(weighing.given).date));
    match weighing.verdict {
        Verdict::Preferred if reason.is_none() && given.is_none() => None,
        Verdict::Preferred => Some(Mark::Preferred { reason, given }),
        Verdict::Confirmed => Some(Mark::Confirmed { reason, given }),
        Verdict::Disputed => Some(Mark::Disputed { reason, given }),
        Verdict::Unsupported if item.standing == Standing::Unsupported && reason.is_some() => Some(Mark::Reason { reason, given }),
        Verdict::Unsupported => Some(Mark::Unsupported { reason, given }),
    }
}

/// Tells one item that was taken back in a list of such: who took it back, and not once more why. What only its watcher booked otherwise
/// nobody took back.
pub(super) fn listed_as_taken_back(teller: &Teller, item: &Item) -> ToldEntry {
    let mark = retraction(teller, item).filter(|_| teller.is_in_the_story(item.position)).map(|mark| match mark {
        Mark::Retracted { who, announced, when, .. } => Mark::Retracted { who, announced, when, reason: None },
        other => other,
    });
    let marks = mark.iter().map(|mark| teller.lang.mark(mark)).collect();
    ToldEntry { marks, retracted: false, ..single(teller, item) }
}

fn retraction(teller: &Teller, item: &Item) -> Option<Mark> {
    let retraction = item.retraction.as_ref()?;
    let reason = retraction.reason.as_ref().map(|reason| teller.names.text(reason));
    let when = retraction.stated.and_then(|made| source_edit::when(teller, item, made, None));
    let is_listing = item.event.common.reference.as_ref().is_some_and(|reference| reference.absent);
    if is_listing && retraction.source == item.event.source && !retraction.announced {
        return Some(Mark::ListedAgain { who: publisher_of(teller, item), when: retraction.stated.map(|made| source_edit::told(teller, made)) });
    }
    // What was removed without a word was removed by its own source; whoever says so only noticed.
    let who = match retraction.announced {
        true => made_by(teller, &retraction.said_by, &retraction.source, retraction.stated),
        false => publisher_of(teller, item),
    };
    Some(Mark::Retracted { who, announced: retraction.announced, when, reason })
}

/// Who made a correction or a retraction. One that was stated is its source's own; else it is the desk's, whatever the desk had read.
fn made_by(teller: &Teller, said_by: &SaidBy, publisher: &str, stated: Option<Bounds>) -> String {
    match stated.filter(|_| said_by.publisher.is_none()) {
        Some(_) => said_by.sources.iter().map(|speaker| teller.names.speaker(speaker)).collect::<Vec<_>>().join(", "),
        None => clean(publisher),
    }
}

/// Whose words an item's edits are: the vendor in which it was read, else the outlet, else its publisher.
pub(super) fn publisher_of(teller: &Teller, item: &Item) -> String {
    let sources = &item.event.common.sources;
    let vendor = sources.iter().find(|source| source.kind == Some(SourceKind::Vendor) && source.role == Role::ReadIn);
    let outlet = || sources.iter().find(|source| source.role == Role::ReadIn);
    vendor.or_else(outlet).map_or_else(|| clean(&item.event.source), |source| teller.names.source(source))
}

/// What was corrected of an item, and what its source changed; what is minor is told nowhere.
fn corrections(teller: &Teller, item: &Item, milestone: Option<MilestoneKind>) -> Vec<String> {
    let marks = item.corrections.iter().filter_map(|correction| correction_mark(teller, item, correction, milestone));
    marks.map(|mark| teller.lang.mark(&mark)).collect()
}

pub(super) fn correction_mark(teller: &Teller, item: &Item, correction: &Correction, milestone: Option<MilestoneKind>) -> Option<Mark> {
    let reason = correction.reason.as_ref().map(|reason| teller.names.text(reason));
    let changes =
        || correction.changes.iter().map(|(member, from, to)| (member.clone(), value(teller, member, from), value(teller, member, to))).collect();
    let who = || made_by(teller, &correction.said_by, &correction.source, correction.stated);
    Some(match correction.edit_kind {
        EditKind::Error => Mark::Correction { who: who(), reason, changes: changes() },
        EditKind::Clarification => Mark::Clarified { who: who(), reason, changes: changes() },
        EditKind::SourceEdit => Mark::SourceEdit(source_edit::of(teller, item, correction, milestone)?),
    })
}

/// A member's value in words: times and texts as told, the rest as JSON.
pub(super) fn value(teller: &Teller, member: &str, value: &Value) -> String {
    const VALUE_CHARS_MAX: usize = 200;
    let told = match member {
        "occurred" | "stated" => serde_json::from_value::<dateline_events::When>(value.clone())
            .ok()
            .map(|when| teller.lang.time(&Phrase::of(&when, &teller.zone), Style::Claim, teller.around)),
        "statement" => value.pointer("/quotation/text").and_then(Value::as_str).map(clean),
        _ => serde_json::from_value::<Text>(value.clone()).ok().map(|text| teller.names.text(&text)),
    };
    let told = told.unwrap_or_else(|| if value.is_null() { "–".to_owned() } else { clean(&value.to_string()) });
    super::clean::at_most(&told, VALUE_CHARS_MAX)
}

/// An instant in words, with its day where that is not the incident's first.
pub(super) fn instant(teller: &Teller, instant: Instant) -> String {
    let phrase = Phrase::At { stamp: teller.zone.stamp(instant), approximate: false };
    teller.lang.time(&phrase, Style::Claim, teller.around)
}

//! What stands inside an entry beside its sentence: other times, other places, other figures, other wordings.

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::kinds::Certainty;
use dateline_events::{Kind, Symptom, Voice, When, normal};

use super::ToldDetail;
use super::clean::clean;
use super::clock::named;
use super::language::{Differing, Spread, ToldClaim};
use super::quotation::{Chosen, choose, left_out, wordings};
use super::teller::Teller;
use crate::model::{Entry, Item, MilestoneKind, Part, Standing};

pub(super) fn details(teller: &Teller, entry: &Entry, chosen: Option<&Chosen>) -> Vec<ToldDetail> {
    // A cause is its words: a spread of times would say nothing of it.
    let is_unfolded = teller.claims || is_short(entry) || entry.milestone == Some(MilestoneKind::Cause);
    let mut told = if is_unfolded { unfolded_claims(teller, entry) } else { folded_claims(teller, entry) };
    told.extend(other_services(teller, entry));
    told.extend(dated_start(teller, entry));
    told.extend(undated(teller, entry));
    told.extend(other_wordings(teller, entry, chosen));
    told.extend(silent(teller, entry));
    told.extend(durations(teller, entry));
    told
}

/// So few competing claims that folding them would hide more than it spares.
fn is_short(entry: &Entry) -> bool {
    const UNFOLDED_CLAIMS_MAX: usize = 3;
    let competing = entry.inside.iter().filter(|(part, _)| matches!(part, Part::Competing | Part::PlaceNotSaid | Part::Elsewhere));
    competing.count() <= UNFOLDED_CLAIMS_MAX
}

/// Amounts with their sources; those of one source stand together.
fn with_credits(teller: &Teller, told: Vec<(String, &Item)>, between: &str) -> String {
    let mut groups: Vec<(String, String)> = Vec::new();
    for (amount, item) in told {
        let credit = teller.lang.credit(&teller.credit(&item.event), false);
        match groups.last_mut().filter(|(_, last)| *last == credit) {
            Some((amounts, _)) => {
                amounts.push_str(between);
                amounts.push_str(&amount);
            }
            None => groups.push((amount, credit)),
        }
    }
    let told = groups.into_iter().map(|(amount, credit)| if credit.is_empty() { amount } else { format!("{amount} ({credit})") });
    told.collect::<Vec<_>>().join(" · ")
}

fn of_part(entry: &Entry, wanted: Part) -> Vec<&Item> {
    entry.inside.iter().filter(|(part, _)| *part == wanted).map(|(_, item)| item).collect()
}

/// Competing claims one by one: the opening region, then those without a place, then the others by region.
fn unfolded_claims(teller: &Teller, entry: &Entry) -> Vec<ToldDetail> {
    let words = teller.lang.words();
    let mut told = Vec::new();
    let opening = teller.timeline.opening_region.as_deref().map(|region| teller.lang.region(region));
    // What differs in its length alone is told by that.
    let is_told_by_length = |item: &Item| {
        let is_same_time =
            item.event.common.occurred.as_ref().and_then(When::value) == entry.item.event.common.occurred.as_ref().and_then(When::value);
        is_same_time && !says_other_words(teller, entry, item) && matches!(&item.event.kind, Kind::ServiceRestored(back) if back.lasted.is_some())
    };
    let competing: Vec<&Item> = of_part(entry, Part::Competing).into_iter().filter(|item| !is_told_by_length(item)).collect();
    told.push((teller.lang.claims_label(differing(teller, entry, &competing), opening.as_deref()), competing));
    told.push((words.place_not_said.to_owned(), of_part(entry, Part::PlaceNotSaid)));
    let mut details: Vec<ToldDetail> = told
        .into_iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(label, items)| ToldDetail { label, text: claims(teller, entry, &items) })
        .collect();
    let elsewhere = of_part(entry, Part::Elsewhere);
    if !elsewhere.is_empty() {
        let text = by_region(&elsewhere)
            .into_iter()
            .map(|(region, items)| format!("{} {}", teller.lang.region(region), claims(teller, entry, &items)))
            .collect::<Vec<_>>()
            .join(" · ");
        details.push(ToldDetail { label: words.elsewhere.to_owned(), text });
    }
    details
}

/// In what claims differ from the one that is told.
fn differing(teller: &Teller, entry: &Entry, items: &[&Item]) -> Differing {
    let value = |item: &Item| item.event.common.occurred.as_ref().and_then(When::value);
    let says_other_words = || items.iter().any(|item| says_other_words(teller, entry, item));
    match entry.milestone {
        Some(MilestoneKind::Cause) if says_other_words() => Differing::Causes,
        _ if items.iter().any(|item| value(item) == value(&entry.item)) => Differing::Words,
        _ => Differing::Times,
    }
}

/// True for a claim that says something else than its entry, and not only at another time.
pub(super) fn says_other_words(teller: &Teller, entry: &Entry, item: &Item) -> bool {
    item.event.common.headline.is_some() || other_words(teller, entry, item).is_some()
}

/// Who says what in a claim, where those are other words than the entry's own.
fn other_words(teller: &Teller, entry: &Entry, item: &Item) -> Option<(Option<String>, String)> {
    let words = |item: &Item| item.event.kind.statement().map(|statement| normal(&statement.quotation.text));
    if words(item).is_none() || words(item) == words(&entry.item) {
        return None;
    }
    let alone = Entry { item: item.clone(), milestone: None, possible: false, inside: Vec::new() };
    let spoken = choose(&alone, &teller.names)?.spoken;
    Some((spoken.organisation.or(spoken.speaker), spoken.words))
}

fn by_region<'a>(items: &[&'a Item]) -> Vec<(&'a str, Vec<&'a Item>)> {
    let mut groups: Vec<(&str, Vec<&Item>)> = Vec::new();
    for item in items {
        let region = item.event.kind.regions().first().map_or("world", String::as_str);
        match groups.iter_mut().find(|(known, _)| *known == region) {
            Some((_, group)) => group.push(item),
            None => groups.push((region, vec![item])),
        }
    }
    groups
}

/// Claims in a row; those that name the same time stand together.
fn claims(teller: &Teller, entry: &Entry, items: &[&Item]) -> String {
    let telling: BTreeSet<_> = std::iter::once(&entry.item).chain(of_part(entry, Part::Agreeing)).flat_map(|item| item.event.voices()).collect();
    let around = teller.around.after(&teller.phrase(&entry.item));
    let told = teller.claimed(&entry.item, around);
    let mut groups: Vec<Vec<ToldClaim>> = Vec::new();
    let mut by_time: BTreeMap<String, usize> = BTreeMap::new();
    let mut voices: BTreeMap<String, BTreeSet<Voice>> = BTreeMap::new();
    for item in items {
        let common = &item.event.common;
        let assumed = common.occurred.as_ref().filter(|when| when.zone_assumed).and_then(|when| when.wording.as_ref());
        let claim = ToldClaim {
            time: teller.claimed(item, around),
            headline: common.headline.as_ref().map(|headline| teller.names.text(headline)),
            spoken: if common.headline.is_some() { None } else { other_words(teller, entry, item) },
            is_disputed: item.standing == Standing::Disputed || common.certainty == Some(Certainty::Disputed),
            credit: teller.credit(&item.event),
            wording: assumed.filter(|wording| teller.lang.reads(&wording.lang.0)).map(|wording| clean(&wording.text)),
            also_told: item.event.voices().iter().any(|voice| telling.contains(voice)).then(|| told.clone()),
        };
        // What has words of its own stands by itself.
        if claim.headline.is_some() || claim.spoken.is_some() || claim.wording.is_some() || claim.is_disputed {
            groups.push(vec![claim]);
            continue;
        }
        // A source that says it twice is listed once for a value.
        let known = voices.entry(claim.time.clone()).or_default();
        let own = item.event.voices();
        if own.is_subset(known) {
            continue;
        }
        known.extend(own);
        let place = *by_time.entry(claim.time.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(claim),
            None => groups.push(vec![claim]),
        }
    }
    groups.iter().map(|group| teller.lang.claim(group)).collect::<Vec<_>>().join(" · ")
}

/// Competing claims in one line: how far they spread, and how many sources there are.
fn folded_claims(teller: &Teller, entry: &Entry) -> Vec<ToldDetail> {
    let here: Vec<&Item> = of_part(entry, Part::Competing).into_iter().chain(of_part(entry, Part::PlaceNotSaid)).collect();
    let elsewhere = of_part(entry, Part::Elsewhere);
    let (here, elsewhere) = (spread(teller, entry, &here), spread(teller, entry, &elsewhere));
    if here.is_none() && elsewhere.is_none() {
        return Vec::new();
    }
    let label = teller.lang.claims_label(Differing::Times, None);
    vec![ToldDetail { label, text: teller.lang.spread(here.as_ref(), elsewhere.as_ref()) }]
}

fn spread(teller: &Teller, entry: &Entry, items: &[&Item]) -> Option<Spread> {
    let times: Vec<_> = items.iter().filter_map(|item| named(item.event.common.occurred.as_ref()?)).collect();
    let first = times.iter().map(|(first, _)| *first).min()?;
    let last = times.iter().map(|(_, last)| *last).max()?;
    let voices: BTreeSet<_> = items.iter().flat_map(|item| item.event.voices()).collect();
    let mut regions: Vec<String> = Vec::new();
    for (region, _) in by_region(items).iter().filter(|(_, items)| items.iter().all(|item| !item.event.kind.regions().is_empty())) {
        regions.push(teller.lang.region(region));
    }
    let around = teller.around.after(&teller.phrase(&entry.item));
    let told = |instant, around| {
        let phrase = super::clock::Phrase::At { stamp: teller.zone.stamp(instant), approximate: false };
        (teller.lang.time(&phrase, super::clock::Style::Claim, around), around.after(&phrase))
    };
    let (first_told, around) = told(first, around);
    let last_told = (last != first).then(|| told(last, around).0);
    Some(Spread { first: first_told, last: last_told, sources: voices.len(), regions })
}

/// What is told of the same milestone of other services, each by its name.
fn other_services(teller: &Teller, entry: &Entry) -> Vec<ToldDetail> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for item in of_part(entry, Part::OtherService) {
        let Some(label) = super::entry::other_service(teller, item) else { continue };
        let told = super::entry::single(teller, item);
        let words = told.text.strip_prefix(&format!("{label}: ")).unwrap_or(&told.text).to_owned();
        let text = [told.head, words].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        match groups.iter_mut().find(|(known, _)| *known == label) {
            Some((_, texts)) => texts.push(text),
            None => groups.push((label, vec![text])),
        }
    }
    groups.into_iter().map(|(label, texts)| ToldDetail { label, text: texts.join(" · ") }).collect()
}

/// When the vendor dates what others saw.
fn dated_start(teller: &Teller, entry: &Entry) -> Option<ToldDetail> {
    let items = of_part(entry, Part::DatedStart);
    (!items.is_empty()).then(|| ToldDetail { label: teller.lang.words().dated_start.to_owned(), text: claims(teller, entry, &items) })
}

/// Figures whose time nobody stated.
fn undated(teller: &Teller, entry: &Entry) -> Option<ToldDetail> {
    let items = of_part(entry, Part::Undated);
    let known: &[Symptom] = entry.item.event.kind.shares().first().map_or(&[], |share| share.symptoms.as_slice());
    let told: Vec<(String, &Item)> =
        items.into_iter().map(|item| (teller.lang.figures(&item.event, known), item)).filter(|(told, _)| !told.is_empty()).collect();
    (!told.is_empty()).then(|| ToldDetail { label: teller.lang.words().other_figures.to_owned(), text: with_credits(teller, told, ", ") })
}

/// Where a wording was printed, and by whom it was said.
type Printed = (String, Option<String>);

/// Other wordings of the statement, and in which languages it was printed.
fn other_wordings(teller: &Teller, entry: &Entry, chosen: Option<&Chosen>) -> Option<ToldDetail> {
    let chosen = chosen?;
    let quoted = [Some(chosen.item.position), chosen.original.map(|(_, item)| item.position)];
    let others: Vec<_> = wordings(entry).into_iter().filter(|(item, _)| !quoted.contains(&Some(item.position))).collect();
    if others.is_empty() {
        return None;
    }
    let label = teller.lang.words().wordings.to_owned();
    if !teller.claims {
        let voices: BTreeSet<_> = others.iter().flat_map(|(item, _)| item.event.voices()).collect();
        return Some(ToldDetail { label, text: teller.lang.outlets(voices.len()) });
    }
    let compared = chosen.original.map_or_else(|| chosen.spoken.words.clone(), |(quotation, _)| clean(&quotation.text));
    let quoted_lang = || chosen.item.event.kind.statement().map(|statement| statement.quotation.lang.primary());
    let compared_lang = chosen.original.map(|(quotation, _)| quotation.lang.primary()).or_else(quoted_lang).unwrap_or(teller.lang.tag());
    let mut sentences = Vec::new();
    let mut languages: Vec<(&str, Vec<Printed>)> = Vec::new();
    for (item, statement) in others {
        let credit = teller.speaker(&item.event);
        if statement.quotation.lang.primary() == compared_lang {
            let words = clean(&statement.quotation.text);
            match left_out(&compared, &words) {
                Some(missing) => sentences.push(teller.lang.wording_without(&credit, &missing)),
                None => sentences.push(format!("{credit}: “{words}”")),
            }
            continue;
        }
        let speaker = statement.speaker.as_ref().map(|speaker| teller.names.text(speaker));
        match languages.iter_mut().find(|(lang, _)| *lang == statement.quotation.lang.primary()) {
            Some((_, who)) => who.push((credit, speaker)),
            None => languages.push((statement.quotation.lang.primary(), vec![(credit, speaker)])),
        }
    }
    for (lang, mut who) in languages {
        // Who speaks is worth saying only where the outlets disagree.
        if who.windows(2).all(|pair| pair[0].1 == pair[1].1) {
            who.iter_mut().for_each(|(_, speaker)| *speaker = None);
        }
        sentences.push(teller.lang.same_in(&teller.lang.language(lang), &who));
    }
    Some(ToldDetail { label, text: sentences.join(teller.lang.words().between_sentences) })
}

/// Sources that had seen no statement.
fn silent(teller: &Teller, entry: &Entry) -> Option<ToldDetail> {
    let words = teller.lang.words();
    let items = of_part(entry, Part::Silent);
    let (outdated, in_time): (Vec<&Item>, Vec<&Item>) = items.into_iter().partition(|item| item.standing == Standing::Outdated);
    let names = |items: &[&Item]| items.iter().map(|item| teller.speaker(&item.event)).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if !in_time.is_empty() {
        let all_unknown = in_time.iter().all(|item| teller.phrase(item).is_open());
        parts.push(if all_unknown { format!("{} ({})", names(&in_time), words.silent_hour_unknown) } else { names(&in_time) });
    }
    if !outdated.is_empty() {
        parts.push(format!("{}, {}", names(&outdated), words.silent_outdated));
    }
    (!parts.is_empty()).then(|| ToldDetail { label: words.silent.to_owned(), text: parts.join("; ") })
}

/// How long it lasted, as the sources say.
fn durations(teller: &Teller, entry: &Entry) -> Option<ToldDetail> {
    let lasted = |item: &Item| match &item.event.kind {
        Kind::ServiceRestored(restored) => restored.lasted.as_ref().map(|lasted| teller.lang.lasted(lasted)),
        _ => None,
    };
    let own = lasted(&entry.item);
    let others = entry.inside.iter().filter(|(part, _)| super::walk::says_how_long(*part)).map(|(_, item)| item);
    let told: Vec<(String, &Item)> = others.filter_map(|item| Some((lasted(item).filter(|told| Some(told) != own.as_ref())?, item))).collect();
    (!told.is_empty())
        .then(|| ToldDetail { label: teller.lang.words().how_long.to_owned(), text: with_credits(teller, told, teller.lang.words().also) })
}

//! English lines that are made of parts: claims, credits at a sentence's end, the summary, the notes.

use dateline_events::kinds::Relation;

use super::edits::source_edit;
use super::numbers::word;
use super::regions::in_sentence;
use super::{according_to, capital, credit, genitive, list, time};
use crate::model::Inferred;
use crate::rows::Nature;
use crate::tell::credit::Credit;
use crate::tell::language::{Differing, End, FirstSeen, Note, Owned, Says, Spread, Summary, ToldClaim, Unrestored};

/// What a quotation stands behind that is a sentence by itself.
const QUOTED_BEHIND: [&str; 4] = [": ", ". ", "? ", "! "];

/// Adds who says it, and a stop unless the sentence ends with somebody's words.
pub(in crate::tell) fn finish(sentence: &str, credit: &str) -> String {
    let quotes = sentence.ends_with('”')
        && sentence.rfind('“').is_some_and(|at| at == 0 || QUOTED_BEHIND.iter().any(|before| sentence[..at].ends_with(before)));
    let has_stop = sentence.ends_with(['.', '!', '?', '…']);
    match (credit.is_empty(), quotes) {
        (true, true) => sentence.to_owned(),
        (true, false) if has_stop => sentence.to_owned(),
        (true, false) => format!("{sentence}."),
        (false, true) => format!("{sentence} ({credit})"),
        (false, false) => format!("{} ({credit}).", sentence.trim_end_matches('.')),
    }
}

/// A stop where the sentence has none, be it inside the quotation that it ends with.
fn stopped(sentence: &str) -> String {
    let has_stop = sentence.trim_end_matches('”').ends_with(['.', '!', '?', '…']);
    if has_stop { sentence.to_owned() } else { format!("{sentence}.") }
}

pub(in crate::tell) fn first_reports(sentence: &str, by: &Credit, others: &[String]) -> String {
    // A copy is credited to whom it copies and to who printed it.
    let credit = if by.origins.is_empty() { credit(by, false) } else { credit(by, true) };
    let told = stopped(&format!("First reports: {sentence}"));
    match (credit.is_empty(), others.is_empty()) {
        (true, _) => told,
        (false, true) => format!("{told} {}.", capital(&credit)),
        (false, false) => format!("{told} {}; the same time in {}.", capital(&credit), others.join(", ")),
    }
}

pub(in crate::tell) fn agreeing(sentence: &str, others: &[String]) -> String {
    format!("{sentence} The same in {}.", others.join(", "))
}

pub(in crate::tell) fn copied(sentence: &str, outlets: &[String]) -> String {
    format!("{sentence} Copied in {}.", list(outlets))
}

/// "…, which acted from 09:58".
pub(in crate::tell) fn acted(sentence: &str, time: &str, is_point: bool) -> String {
    let from = if is_point { "from " } else { "" };
    format!("{}, which acted {from}{time}", sentence.trim_end_matches('.'))
}

pub(in crate::tell) fn says(who: &str, sentence: &str) -> String {
    stopped(&format!("{who}: {sentence}"))
}

/// Claims that name one time: "about 12:25 (The Times of Bengal, which also says 12:07)".
pub(in crate::tell) fn claim(claims: &[ToldClaim]) -> String {
    let Some(first) = claims.first() else { return String::new() };
    let source = |claim: &ToldClaim| {
        let clock = if claim.wording.is_some() { None } else { claim.credit.clock.clone() };
        let told = credit(&Credit { clock, ..claim.credit.clone() }, false);
        let also = claim.also_told.as_ref().map(|also| format!(", which also says {also}")).unwrap_or_default();
        let disputed = if claim.is_disputed { ", disputed" } else { "" };
        format!("{told}{also}{disputed}").trim_start_matches(", ").to_owned()
    };
    if let (Some(wording), Some(clock)) = (&first.wording, &first.credit.clock) {
        return format!("“{wording}” ({}; {}: {})", source(first), time::own_clock(clock), first.time);
    }
    let headline = match (&first.headline, &first.spoken) {
        (Some(headline), _) => format!(": {headline}"),
        (None, Some((Some(who), words))) => format!(" {who}: “{words}”"),
        (None, Some((None, words))) => format!(": “{words}”"),
        (None, None) => String::new(),
    };
    let sources: Vec<String> = claims.iter().map(source).filter(|told| !told.is_empty()).collect();
    if sources.is_empty() { format!("{}{headline}", first.time) } else { format!("{}{headline} ({})", first.time, sources.join("; ")) }
}

pub(in crate::tell) fn claims_label(differing: Differing, region: Option<&str>) -> String {
    let label = match differing {
        Differing::Times => "Other times stated",
        Differing::Causes => return "Other causes stated".to_owned(),
        Differing::Words => "Stated otherwise",
    };
    region.map_or_else(|| label.to_owned(), |region| format!("{label} for {region}"))
}

/// "11:30 to 13:15, nine sources; elsewhere (Italy, UK) 12:00 to 12:45, seven sources".
pub(in crate::tell) fn spread(here: Option<&Spread>, elsewhere: Option<&Spread>) -> String {
    let told = |spread: &Spread| {
        let to = spread.last.as_ref().map(|last| format!(" to {last}")).unwrap_or_default();
        format!("{}{to}, {}", spread.first, outlets(spread.sources))
    };
    let away = |spread: &Spread| format!("elsewhere ({}) {}", spread.regions.join(", "), told(spread));
    here.map(told).into_iter().chain(elsewhere.map(away)).collect::<Vec<_>>().join("; ")
}

pub(in crate::tell) fn outlets(count: usize) -> String {
    if count == 1 { "one source".to_owned() } else { format!("{} sources", word(count as u64)) }
}

pub(in crate::tell) fn wording_without(who: &str, missing: &[String]) -> String {
    if missing.is_empty() {
        return format!("{who}: the same words");
    }
    format!("{who}: without {}", list(&missing.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>()))
}

pub(in crate::tell) fn same_in(language: &str, who: &[(String, Option<String>)]) -> String {
    let told =
        |(outlet, speaker): &(String, Option<String>)| speaker.as_ref().map_or_else(|| outlet.clone(), |speaker| format!("by {speaker} ({outlet})"));
    format!("In {language}: {}", who.iter().map(told).collect::<Vec<_>>().join(", "))
}

pub(in crate::tell) fn original(language: &str, credit: &str) -> String {
    if credit.is_empty() { format!("{language} original") } else { format!("{language} original ({credit})") }
}

/// "WhatsApp outage, Tuesday 25 October 2022".
pub(in crate::tell) fn title(services: &[String], nature: Nature, reports_only: bool, date: Option<&str>) -> String {
    let what = match nature {
        Nature::Outage => "outage",
        Nature::Maintenance => "planned work",
        Nature::Registry => "register",
    };
    let date = date.map(|date| format!(", {date}")).unwrap_or_default();
    if reports_only && !services.is_empty() {
        return format!("Unusual reports about {}{date}", list(services));
    }
    format!("{} {what}{date}", list(services)).trim_start().to_owned()
}

/// "Part of “Acme outage, Monday 4 October 2021”", and "“Bolt outage, Monday 4 October 2021” is part of it".
pub(in crate::tell) fn linked(relation: Relation, is_from: bool, title: &str) -> String {
    match (relation, is_from) {
        (Relation::PartOf, true) => format!("Part of “{title}”"),
        (Relation::PartOf, false) => format!("“{title}” is part of it"),
        (Relation::CausedBy, true) => format!("Caused by “{title}”"),
        (Relation::CausedBy, false) => format!("It caused “{title}”"),
        (Relation::SameAs, _) => format!("The same as “{title}”"),
    }
}

/// "GitHub, Tuesday 18 August 2026".
pub(in crate::tell) fn kicker(services: &[String], date: Option<&str>) -> String {
    let services = list(services);
    [Some(services.as_str()).filter(|services| !services.is_empty()), date].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

pub(in crate::tell) fn summary(summary: &Summary) -> Vec<String> {
    let is_outage = summary.nature == Some(Nature::Outage);
    let who = summary.owner.clone().unwrap_or_else(|| "the vendor".to_owned());
    let mut times: Vec<String> = summary.opened_by.iter().filter_map(|by| by.according_to(according_to)).map(|by| capital(&by)).collect();
    times.extend(summary.first_seen.as_ref().filter(|_| is_outage).map(first_seen));
    times.extend(summary.acknowledged.as_ref().map(|(time, by, is_open)| {
        let open = if *is_open { ", hour not published" } else { "" };
        match by {
            Says::Vendor(vendor) => format!("{} acknowledged it {time}{open}", capital(vendor)),
            by => format!("{} acknowledged it {time}{}{open}", capital(&who), said_by(by)),
        }
    }));
    times.extend(summary.acknowledged_of.as_ref().map(|it| {
        let who = it.vendor.clone().unwrap_or_else(|| "the vendor".to_owned());
        match &it.by {
            Says::Vendor(vendor) => format!("{}: {vendor} acknowledged it {}", it.service, it.time),
            by => format!("{}: {who} acknowledged it {}{}", it.service, it.time, said_by(by)),
        }
    }));
    times.extend(summary.window.as_ref().map(|(window, by)| format!("Planned {window}{}", said_by(by))));
    times.extend(summary.reopened.iter().map(|(end, time, by)| format!("{}, reopened {time}{}", ended(end), said_by(by))));
    let done = if times.is_empty() { "Done" } else { "done" };
    times.extend(summary.ends.iter().map(|end| {
        if !is_outage {
            return format!("{done} {}{}", end.time, said_by(&end.by));
        }
        let unstable = summary.unstable.as_ref().filter(|_| end.is_opening);
        format!("{}{}", ended(end), unstable.map(|by| format!(", unstable at first{}", said_by(by))).unwrap_or_default())
    }));
    if !summary.open_regions.is_empty() {
        let regions: Vec<String> = summary.open_regions.iter().map(|code| in_sentence(code)).collect();
        times.push(format!("no restoration in {} reported", list(&regions)));
    }
    if !summary.still_open.is_empty() {
        times.push(format!("no restoration of {} reported", list(&summary.still_open)));
    } else if summary.ends.is_empty() && summary.reopened.is_empty() && is_outage && summary.has_entries && !summary.restored_state {
        times.extend(not_restored(summary));
    }
    let in_all = summary.lasted_in_all.as_ref().filter(|_| is_outage).map(|lasted| {
        let place = summary.lasted_in.as_ref().map(|code| format!(" in {}", in_sentence(code))).unwrap_or_default();
        format!("Lasted {lasted}{place}")
    });
    let lasted = summary.lasted.as_ref().map(|(first, last, by)| match last {
        Some(last) => format!("(sources: {first} to {last})"),
        None => format!("({first}{})", who_says(by).map(|by| format!(", {by}")).unwrap_or_default()),
    });
    let lasted = [in_all, lasted].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let cause = summary.cause.as_ref().map(|(words, who, by)| {
        let others = if summary.has_other_causes { "; others state another cause" } else { "" };
        format!("Cause: {words}{}{others}", spoken_in(who.as_deref(), by))
    });
    let second = [Some(lasted).filter(|lasted| !lasted.is_empty()), cause];
    let count: usize = summary.services.iter().map(|owned| owned.names.len()).sum();
    let services = summary.services.iter().map(services).collect::<Vec<_>>().join(", ");
    let services = (count > 0).then(|| format!("{}: {services}", if count == 1 { "Service" } else { "Services" }));
    let regions = Some(summary.regions.join(", ")).filter(|regions| !regions.is_empty());
    let third = [services, regions];
    let edits: Vec<String> = summary.edits.iter().map(source_edit).collect();
    let lines = [
        times.join(" · "),
        edits.join(" · "),
        second.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        third.into_iter().flatten().collect::<Vec<_>>().join(" · "),
    ];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

/// "Acme, Bolt (Acme Inc)", "WhatsApp (Meta, which also owns Facebook)".
fn services(owned: &Owned) -> String {
    let owner = owned.owner().map(|vendor| match owned.siblings.as_slice() {
        [] => format!(" ({vendor})"),
        siblings => format!(" ({vendor}, which also owns {})", list(siblings)),
    });
    format!("{}{}", owned.names.join(", "), owner.unwrap_or_default())
}

/// "back about 14:15 (BangaNews)".
fn ended(end: &End) -> String {
    let End { services, region, time, is_point, by, inferred, .. } = end;
    let place = region.as_ref().map(|code| format!(" in {}", in_sentence(code))).unwrap_or_default();
    let of = if services.is_empty() { String::new() } else { format!("{}: ", list(services)) };
    match (inferred, by) {
        (Some(Inferred::LeftList), Says::Vendor(vendor)) => format!("{of}off {} list of open incidents {time}", genitive(vendor)),
        (Some(Inferred::FromPosts), Says::Vendor(vendor)) if *is_point => format!("{of}{vendor} dates the end to {time}"),
        (Some(Inferred::FromPosts), by) => format!("{of}over {time}{}", said_by(by)),
        (Some(Inferred::FromProbe), _) => format!("{of}up {time}"),
        _ => format!("{}back{place} {time}{}", if services.is_empty() { String::new() } else { format!("{} ", list(services)) }, said_by(by)),
    }
}

/// What is told where no restoration is: how its reports stand, and what is known of its end.
fn not_restored(summary: &Summary) -> Vec<String> {
    let subsided = summary.subsided.as_ref().map(|(time, by)| format!("reports subsided {time}{}", said_by(by)));
    let end = match &summary.unrestored {
        _ if summary.reports_only => None,
        Unrestored::Possible => Some("possibly back by then".to_owned()),
        Unrestored::NotCertainlyPublished { by } => Some(format!("no restoration certainly published by {by}")),
        Unrestored::NotReported if subsided.is_some() => Some("nobody says restored".to_owned()),
        Unrestored::NotReported => Some("no restoration reported".to_owned()),
    };
    match (subsided, end) {
        (Some(subsided), Some(end)) => vec![format!("{subsided}, {end}")],
        (subsided, end) => subsided.into_iter().chain(end).collect(),
    }
}

fn first_seen(first: &FirstSeen) -> String {
    match first {
        FirstSeen::Reported { time, by } => format!("First reports {time}{}", said_by(by)),
        FirstSeen::Probed { time, is_slow, by } => {
            format!("The monitor found it {} {time}{}", if *is_slow { "slow" } else { "down" }, said_by(by))
        }
        FirstSeen::ToldOf { time, by } => format!("First told of {time}{}", said_by(by)),
        FirstSeen::Dated { time, is_point, by, posted } => {
            let posted = posted.as_ref().map(|posted| format!(", posted {posted}")).unwrap_or_default();
            match by {
                Says::Vendor(vendor) if *is_point => format!("{} dates the start to {time}{posted}", capital(vendor)),
                by => format!("It began {time}{}{posted}", said_by(by)),
            }
        }
    }
}

/// Whom a claim of the summary rests on, in brackets.
fn said_by(by: &Says) -> String {
    who_says(by).map(|by| format!(" ({by})")).unwrap_or_default()
}

fn who_says(by: &Says) -> Option<String> {
    by.named(according_to)
}

/// Whose words they are, and where they stand: "(Meta, in Hindustan Times)".
fn spoken_in(who: Option<&str>, by: &Says) -> String {
    match (who, by) {
        (None, by) => said_by(by),
        (Some(who), Says::Vendor(_)) => format!(" ({who})"),
        (Some(who), Says::Sources(sources)) if sources.is_empty() => format!(" ({who})"),
        (Some(who), Says::Sources(sources)) => format!(" ({who}, in {})", sources.join(", ")),
        (Some(who), Says::Publisher { publisher, .. }) => format!(" ({who}, {})", according_to(publisher)),
    }
}

pub(in crate::tell) fn note(note: &Note) -> String {
    let claims = |count: usize| if count == 1 { "one claim".to_owned() } else { format!("{} claims", word(count as u64)) };
    match note {
        Note::NothingCertain { by, possibly: 0 } => format!("Nothing is certain to have been stated by {by}."),
        Note::NothingCertain { by, possibly } => format!("Nothing is certain to have been stated by {by}; {} may have been.", claims(*possibly)),
        Note::KnownAt { by, possibly: 0 } => format!("Only what was certainly stated by {by}."),
        Note::KnownAt { by, possibly } => format!("Only what was certainly stated by {by}; {} more may have been.", word(*possibly as u64)),
        Note::RestoredBeforeFirstSeen => "The restoration that is told lies before the first sign: how long it lasted is not known.".to_owned(),
        Note::AcknowledgedBeforeFirstSeen => "The acknowledgment that is told lies before the first sign.".to_owned(),
        Note::StatedBeforeItHappened => "A time that is told lies after the time at which it was told.".to_owned(),
        Note::At { time } => format!("As things stood at {time}."),
        Note::AsOf { position } => format!("As the ledger had it at position {}.", super::number(*position)),
        Note::WithoutEffect { count: 1 } => "One correction is without effect: it would make its event invalid.".to_owned(),
        Note::WithoutEffect { count } => {
            format!("{} corrections are without effect: they would make their events invalid.", capital(&word(*count as u64)))
        }
    }
}

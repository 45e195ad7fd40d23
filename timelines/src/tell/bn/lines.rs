//! Bengali lines that are made of parts: claims, credits at a sentence's end, the summary, the notes.

use dateline_events::kinds::Relation;

use super::edits::source_edit;
use super::numbers::{digits, pieces};
use super::regions::{name, within};
use super::sound::{genitive, locative};
use super::{according_to, credit, joined, time};
use crate::model::Inferred;
use crate::rows::Nature;
use crate::tell::credit::Credit;
use crate::tell::language::{Differing, End, FirstSeen, Lang, Note, Owned, Says, Spread, Summary, ToldClaim, Unrestored};

/// What a quotation stands behind that is a sentence by itself.
const QUOTED_BEHIND: [&str; 4] = [": ", "। ", "? ", "! "];

/// Adds who says it, and a দাঁড়ি unless the sentence ends with somebody's words.
pub(in crate::tell) fn finish(_: Lang, sentence: &str, credit: &str) -> String {
    let quotes = sentence.ends_with('”')
        && sentence.rfind('“').is_some_and(|at| at == 0 || QUOTED_BEHIND.iter().any(|before| sentence[..at].ends_with(before)));
    let has_stop = sentence.ends_with(['।', '.', '!', '?', '…']);
    match (credit.is_empty(), quotes) {
        (true, true) => sentence.to_owned(),
        (true, false) if has_stop => sentence.to_owned(),
        (true, false) => format!("{sentence}।"),
        (false, true) => format!("{sentence} ({credit})"),
        (false, false) => format!("{} ({credit})।", sentence.trim_end_matches(['।', '.'])),
    }
}

/// A দাঁড়ি where the sentence has none, be it inside the quotation that it ends with.
fn stopped(sentence: &str) -> String {
    let has_stop = sentence.trim_end_matches('”').ends_with(['।', '.', '!', '?', '…']);
    if has_stop { sentence.to_owned() } else { format!("{sentence}।") }
}

pub(in crate::tell) fn first_reports(lang: Lang, sentence: &str, by: &Credit, others: &[String]) -> String {
    // A copy is credited to whom it copies and to who printed it.
    let credit = if by.publisher.is_empty() { credit(lang, by, !by.origins.is_empty()) } else { by.publisher.join(", ") };
    let told = stopped(&format!("প্রথম অভিযোগ: {sentence}"));
    match (credit.is_empty(), others.is_empty()) {
        (true, _) => told,
        (false, true) => format!("{told} সূত্র: {credit}।"),
        (false, false) => format!("{told} সূত্র: {credit}; একই সময় দিয়েছে {}।", others.join(", ")),
    }
}

pub(in crate::tell) fn agreeing(_: Lang, sentence: &str, others: &[String]) -> String {
    format!("{sentence} একই কথা জানিয়েছে {}।", others.join(", "))
}

pub(in crate::tell) fn copied(_: Lang, sentence: &str, outlets: &[String]) -> String {
    format!("{sentence} একই লেখা ছেপেছে {}।", joined(outlets))
}

/// "…; কারণটি ঘটে ৯টা ৫৮ মিনিটে".
pub(in crate::tell) fn acted(_: Lang, sentence: &str, time: &str, _is_point: bool) -> String {
    format!("{}; কারণটি ঘটে {time}", sentence.trim_end_matches(['।', '.']))
}

pub(in crate::tell) fn says(_: Lang, who: &str, sentence: &str) -> String {
    stopped(&format!("{who}: {sentence}"))
}

/// Claims that name one time: "১২টা ২৫ নাগাদ (দ্য টাইমস অব বেঙ্গল, ১২টা ৭-ও লিখেছে)".
pub(in crate::tell) fn claim(lang: Lang, claims: &[ToldClaim]) -> String {
    let Some(first) = claims.first() else { return String::new() };
    let source = |claim: &ToldClaim| {
        let clock = if claim.wording.is_some() { None } else { claim.credit.clock.clone() };
        let told = credit(lang, &Credit { clock, ..claim.credit.clone() }, false);
        let hyphen = |also: &str| if also.ends_with(|last: char| ('০'..='৯').contains(&last)) { "-" } else { "" };
        let also = claim.also_told.as_ref().map(|also| format!(", {also}{}ও লিখেছে", hyphen(also))).unwrap_or_default();
        let disputed = if claim.is_disputed { ", এ নিয়ে মতভেদ আছে" } else { "" };
        format!("{told}{also}{disputed}").trim_start_matches(", ").to_owned()
    };
    if let (Some(wording), Some(clock)) = (&first.wording, &first.credit.clock) {
        return format!("“{wording}” ({}; {} ধরলে {})", source(first), time::own_zone(clock), first.time);
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

pub(in crate::tell) fn claims_label(_: Lang, differing: Differing, region: Option<&str>) -> String {
    let label = match differing {
        Differing::Times => "অন্য যে সব সময় বলা হয়েছে",
        Differing::Causes => return "অন্য যে সব কারণ বলা হয়েছে".to_owned(),
        Differing::Words => "অন্য ভাবে যা বলা হয়েছে",
    };
    region.map_or_else(|| label.to_owned(), |region| format!("{} {label}", locative(region)))
}

/// "সকাল সাড়ে ১১টা থেকে ১টা ১৫, ন’টি সূত্র; অন্য দেশে (ইতালি, ব্রিটেন) …".
pub(in crate::tell) fn spread(lang: Lang, here: Option<&Spread>, elsewhere: Option<&Spread>) -> String {
    let told = |spread: &Spread| {
        let to = spread.last.as_ref().map(|last| format!(" থেকে {last}")).unwrap_or_default();
        format!("{}{to}, {}", spread.first, outlets(lang, spread.sources))
    };
    let away = |spread: &Spread| format!("অন্য দেশে ({}) {}", spread.regions.join(", "), told(spread));
    here.map(told).into_iter().chain(elsewhere.map(away)).collect::<Vec<_>>().join("; ")
}

pub(in crate::tell) fn outlets(_: Lang, count: usize) -> String {
    format!("{} সূত্র", pieces(count as u64))
}

pub(in crate::tell) fn wording_without(_: Lang, who: &str, missing: &[String]) -> String {
    if missing.is_empty() {
        return format!("{} বয়ান হুবহু এক", genitive(who));
    }
    format!("{} বয়ানে {} নেই", genitive(who), joined(&missing.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>()))
}

pub(in crate::tell) fn same_in(_: Lang, language: &str, who: &[(String, Option<String>)]) -> String {
    let told = |(outlet, speaker): &(String, Option<String>)| match speaker {
        Some(speaker) => format!("{} নামে ({outlet})", genitive(speaker)),
        None => outlet.clone(),
    };
    format!("{} অনুবাদে: {}", language, who.iter().map(told).collect::<Vec<_>>().join(", "))
}

pub(in crate::tell) fn original(_: Lang, language: &str, credit: &str) -> String {
    if credit.is_empty() { format!("মূল {language}") } else { format!("মূল {language} ({credit})") }
}

/// "হোয়াটসঅ্যাপ বিভ্রাট, মঙ্গলবার ২৫ অক্টোবর ২০২২".
pub(in crate::tell) fn title(_: Lang, services: &[String], nature: Nature, reports_only: bool, date: Option<&str>) -> String {
    let what = match nature {
        Nature::Outage => "বিভ্রাট",
        Nature::Maintenance => "রক্ষণাবেক্ষণের কাজ",
        Nature::Registry => "নথি",
    };
    let date = date.map(|date| format!(", {date}")).unwrap_or_default();
    if reports_only && !services.is_empty() {
        return format!("{} নিয়ে অস্বাভাবিক সংখ্যায় অভিযোগ{date}", joined(services));
    }
    format!("{} {what}{date}", joined(services)).trim_start().to_owned()
}

/// "এটি “…” ঘটনার অংশ".
pub(in crate::tell) fn linked(_: Lang, relation: Relation, is_from: bool, title: &str) -> String {
    match (relation, is_from) {
        (Relation::PartOf, true) => format!("এটি “{title}” ঘটনার অংশ"),
        (Relation::PartOf, false) => format!("“{title}” এরই অংশ"),
        (Relation::CausedBy, true) => format!("“{title}” থেকে এর সূত্রপাত"),
        (Relation::CausedBy, false) => format!("এর জেরে “{title}”"),
        (Relation::SameAs, _) => format!("“{title}” আর এটি একই ঘটনা"),
    }
}

/// "গিটহাব, মঙ্গলবার ১৮ অগস্ট ২০২৬".
pub(in crate::tell) fn kicker(_: Lang, services: &[String], date: Option<&str>) -> String {
    let services = joined(services);
    [Some(services.as_str()).filter(|services| !services.is_empty()), date].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// "পরিষেবা ফেরে ২টো ১৫ নাগাদ (বঙ্গনিউজ)".
fn ended(end: &End) -> String {
    let End { services, region, time, is_point, by, inferred, .. } = end;
    let place = region.as_ref().map(|code| format!("{} ", within(code))).unwrap_or_default();
    let of = if services.is_empty() { String::new() } else { format!("{}: ", joined(services)) };
    match (inferred, by) {
        (Some(Inferred::LeftList), Says::Vendor(vendor)) => format!("{of}{} চলতি বিভ্রাটের তালিকা থেকে বাদ {time}", genitive(vendor)),
        (Some(Inferred::FromPosts), Says::Vendor(vendor)) if *is_point => format!("{of}{} হিসেবে শেষ {time}", genitive(vendor)),
        (Some(Inferred::FromPosts), by) => format!("{of}শেষ {time}{}", said_by(by)),
        (Some(Inferred::FromProbe), _) => format!("{of}আবার সাড়া মেলে {time}"),
        _ => {
            let of = if services.is_empty() { String::new() } else { format!("{} ", of_each(services)) };
            format!("{place}{of}পরিষেবা ফেরে {time}{}", said_by(by))
        }
    }
}

/// "ক-এর ও খ-এর".
fn of_each(services: &[String]) -> String {
    joined(&services.iter().map(|service| genitive(service)).collect::<Vec<_>>())
}

/// "হোয়াটসঅ্যাপ (মালিক মেটা, ফেসবুকও তাদের)".
fn services(owned: &Owned) -> String {
    let owner = owned.owner().map(|vendor| match owned.siblings.as_slice() {
        [] => format!(" (মালিক {vendor})"),
        siblings => format!(" (মালিক {vendor}, {}ও তাদের)", joined(siblings)),
    });
    format!("{}{}", owned.names.join(", "), owner.unwrap_or_default())
}

/// What is told where no restoration is: how its reports stand, and what is known of its end.
fn not_restored(summary: &Summary) -> Vec<String> {
    let subsided = summary.subsided.as_ref().map(|(time, by)| format!("অভিযোগ কমে আসে {time}{}", said_by(by)));
    let end = match &summary.unrestored {
        _ if summary.reports_only => None,
        Unrestored::Possible => Some("তত ক্ষণে হয়তো পরিষেবা ফিরেছে".to_owned()),
        Unrestored::NotCertainlyPublished { by } => Some(format!("{by} পর্যন্ত পরিষেবা ফেরার খবর নিশ্চিত ভাবে প্রকাশিত হয়নি")),
        Unrestored::NotReported if subsided.is_some() => Some("পরিষেবা ফেরার কথা কেউ বলেনি".to_owned()),
        Unrestored::NotReported => Some("পরিষেবা ফেরার খবর নেই".to_owned()),
    };
    match (subsided, end) {
        (Some(subsided), Some(end)) => vec![format!("{subsided}, {end}")],
        (subsided, end) => subsided.into_iter().chain(end).collect(),
    }
}

pub(in crate::tell) fn summary(lang: Lang, summary: &Summary) -> Vec<String> {
    let is_outage = summary.nature == Some(Nature::Outage);
    let who = summary.owner.clone().unwrap_or_else(|| "সংস্থা".to_owned());
    let mut times: Vec<String> = summary.opened_by.iter().filter_map(|by| by.according_to(according_to)).collect();
    times.extend(summary.first_seen.as_ref().filter(|_| is_outage).map(first_seen));
    times.extend(summary.acknowledged.as_ref().map(|(time, by, is_open)| {
        let open = if *is_open { ", ঠিক কখন জানা যায়নি" } else { "" };
        match by {
            Says::Vendor(vendor) => format!("{vendor} সমস্যা মেনে নেয় {time}{open}"),
            by => format!("{who} সমস্যা মেনে নেয় {time}{}{open}", said_by(by)),
        }
    }));
    times.extend(summary.acknowledged_of.as_ref().map(|it| {
        let who = it.vendor.clone().unwrap_or_else(|| "সংস্থা".to_owned());
        match &it.by {
            Says::Vendor(vendor) => format!("{}: {vendor} সমস্যা মেনে নেয় {}", it.service, it.time),
            by => format!("{}: {who} সমস্যা মেনে নেয় {}{}", it.service, it.time, said_by(by)),
        }
    }));
    times.extend(summary.window.as_ref().map(|(window, by)| format!("কাজ হওয়ার কথা {window}{}", said_by(by))));
    times.extend(summary.reopened.iter().map(|(end, time, by)| format!("{}, ফের সমস্যা {time}{}", ended(end), said_by(by))));
    times.extend(summary.ends.iter().map(|end| {
        if !is_outage {
            return format!("কাজ শেষ {}{}", end.time, said_by(&end.by));
        }
        let unstable = summary.unstable.as_ref().filter(|_| end.is_opening);
        format!("{}{}", ended(end), unstable.map(|by| format!(", শুরুতে স্থিতিশীল ছিল না{}", said_by(by))).unwrap_or_default())
    }));
    if !summary.open_regions.is_empty() {
        let regions: Vec<String> = summary.open_regions.iter().map(|code| name(code)).collect();
        times.push(format!("{} পরিষেবা ফেরার খবর নেই", locative(&joined(&regions))));
    }
    if !summary.still_open.is_empty() {
        times.push(format!("{} পরিষেবা ফেরার খবর নেই", of_each(&summary.still_open)));
    } else if summary.ends.is_empty() && summary.reopened.is_empty() && is_outage && summary.has_entries && !summary.restored_state {
        times.extend(not_restored(summary));
    }
    let in_all = summary.lasted_in_all.as_ref().filter(|_| is_outage).map(|lasted| {
        let of = if lasted.ends_with("কম") { lasted.clone() } else { genitive(lasted) };
        let place = summary.lasted_in.as_ref().map(|code| format!("{} ", within(code))).unwrap_or_default();
        format!("{place}বিভ্রাট {of}")
    });
    let lasted = summary.lasted.as_ref().map(|(first, last, by)| match last {
        Some(last) => format!("(সূত্রভেদে {first} থেকে {last})"),
        None => format!("({first}{})", who_says(by).map(|by| format!(", {by}")).unwrap_or_default()),
    });
    let lasted = [in_all, lasted].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let cause = summary.cause.as_ref().map(|(words, who, by)| {
        let others = if summary.has_other_causes { "; অন্য কারণের কথাও বলা হয়েছে" } else { "" };
        format!("কারণ: {words}{}{others}", spoken_in(who.as_deref(), by))
    });
    let second = [Some(lasted).filter(|lasted| !lasted.is_empty()), cause];
    let services = summary.services.iter().map(services).collect::<Vec<_>>().join(", ");
    let services = (!services.is_empty()).then(|| format!("পরিষেবা: {services}"));
    let regions = Some(summary.regions.join(", ")).filter(|regions| !regions.is_empty());
    let edits: Vec<String> = summary.edits.iter().map(|edit| source_edit(lang, edit)).collect();
    let lines = [
        times.join(" · "),
        edits.join(" · "),
        second.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        [services, regions].into_iter().flatten().collect::<Vec<_>>().join(" · "),
    ];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn first_seen(first: &FirstSeen) -> String {
    match first {
        FirstSeen::Reported { time, by } => format!("প্রথম অভিযোগ {time}{}", said_by(by)),
        FirstSeen::Probed { time, is_slow, by } => {
            format!(
                "{} {time}{}",
                if *is_slow {
                    "নজরদারিতে দেরিতে সাড়া মেলে"
                } else {
                    "নজরদারিতে সাড়া মেলেনি"
                },
                said_by(by)
            )
        }
        FirstSeen::ToldOf { time, by } => format!("প্রথম জানা যায় {time}{}", said_by(by)),
        FirstSeen::Dated { time, is_point, by, posted } => {
            let posted = posted.as_ref().map(|posted| format!(", প্রথম পোস্ট {posted}")).unwrap_or_default();
            match by {
                Says::Vendor(vendor) if *is_point => format!("{} হিসেবে শুরু {time}{posted}", genitive(vendor)),
                by => format!("শুরু {time}{}{posted}", said_by(by)),
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

/// Whose words they are, and where they stand: "(মেটা, হিন্দুস্তান টাইমসে)".
fn spoken_in(who: Option<&str>, by: &Says) -> String {
    match (who, by) {
        (None, by) => said_by(by),
        (Some(who), Says::Vendor(_)) => format!(" ({who})"),
        (Some(who), Says::Sources(sources)) if sources.is_empty() => format!(" ({who})"),
        (Some(who), Says::Sources(sources)) => {
            let places: Vec<String> = sources.iter().map(|source| locative(source)).collect();
            format!(" ({who}, {})", places.join(", "))
        }
        (Some(who), Says::Publisher { publisher, .. }) => format!(" ({who}, {})", according_to(publisher)),
    }
}

pub(in crate::tell) fn note(_: Lang, note: &Note) -> String {
    match note {
        Note::NothingCertain { by, possibly: 0 } => format!("{by} পর্যন্ত নিশ্চিত ভাবে কিছুই বলা হয়নি।"),
        Note::NothingCertain { by, possibly } => {
            format!("{by} পর্যন্ত নিশ্চিত ভাবে কিছুই বলা হয়নি; {} দাবি তত ক্ষণে হয়তো বলা হয়েছিল।", pieces(*possibly as u64))
        }
        Note::KnownAt { by, possibly: 0 } => format!("{by} পর্যন্ত যা নিশ্চিত ভাবে বলা হয়েছিল, শুধু তা-ই।"),
        Note::KnownAt { by, possibly } => {
            format!("{by} পর্যন্ত যা নিশ্চিত ভাবে বলা হয়েছিল, শুধু তা-ই; আরও {} দাবি তত ক্ষণে হয়তো বলা হয়েছিল।", pieces(*possibly as u64))
        }
        Note::RestoredBeforeFirstSeen => "পরিষেবা ফেরার যে সময় বলা হয়েছে, তা প্রথম অভিযোগেরও আগের: বিভ্রাট কত ক্ষণের, জানা নেই।".to_owned(),
        Note::AcknowledgedBeforeFirstSeen => "সমস্যা মেনে নেওয়ার যে সময় বলা হয়েছে, তা প্রথম অভিযোগেরও আগের।".to_owned(),
        Note::StatedBeforeItHappened => "একটি ঘটনার যে সময় বলা হয়েছে, তা জানানোর সময়েরও পরের।".to_owned(),
        Note::At { time } => format!("{time} পর্যন্ত যা ঘটেছিল।"),
        Note::AsOf { position } => format!("খতিয়ানের {} নম্বর স্থান পর্যন্ত যা নথিভুক্ত ছিল।", digits(&position.to_string())),
        Note::WithoutEffect { count } => format!("{} সংশোধন কার্যকর হয়নি: তাতে ঘটনার বিবরণই অচল হয়ে যেত।", pieces(*count as u64)),
    }
}

//! Bengali for what a reader is warned of, and for what has changed between two states of a timeline.

use super::edits::{edited_when, source_edit};
use super::numbers::pieces;
use super::state;
use crate::model::MilestoneKind;
use crate::tell::language::{Change, Lang, Mark};

pub(in crate::tell) fn mark(lang: Lang, mark: &Mark) -> String {
    match mark {
        Mark::Disputed { reason, given } => weighed("এ নিয়ে মতভেদ আছে", reason.as_deref(), given.as_deref()),
        Mark::Confirmed { reason, given } => weighed("সমর্থিত", reason.as_deref(), given.as_deref()),
        Mark::Preferred { reason, given } => weighed("ডেস্কের পছন্দ", reason.as_deref(), given.as_deref()),
        Mark::Unsupported { reason, given } => weighed("সমর্থন মেলেনি", reason.as_deref(), given.as_deref()),
        Mark::Reason { reason, given } => reasoned(reason.as_deref(), given.as_deref()),
        Mark::Lapsed { see } => pointed("এখন আর খাটে না", see.as_ref()),
        Mark::Outdated { see } => pointed("প্রকাশের সময়েই পুরনো", see.as_ref()),
        Mark::Correction { who, reason, changes } => changed(&format!("সংশোধন ({who})"), reason.as_deref(), changes),
        Mark::Clarified { who, reason, changes } => changed(&format!("স্পষ্ট করা হয়েছে ({who})"), reason.as_deref(), changes),
        Mark::SourceEdit(edit) => stopped(&source_edit(lang, edit)),
        Mark::Retracted { who, announced, when, reason } => {
            let when = when.as_ref().map(|when| format!("{} ", edited_when(lang, when))).unwrap_or_default();
            let told = if *announced {
                format!("{who} {when}এটি প্রত্যাহার করেছে")
            } else {
                format!("{who} {when}না জানিয়ে এটি সরিয়ে দিয়েছে")
            };
            with_reason(&told, reason.as_deref())
        }
        Mark::ListedAgain { who, when } => {
            format!("{who} {}এটি সেই তালিকায় ফিরিয়ে আনে।", when.as_ref().map(|when| format!("{when} ")).unwrap_or_default())
        }
        Mark::Possible => "তত ক্ষণে হয়তো ঘটেছিল, নিশ্চিত নয়।".to_owned(),
        Mark::Redacted => "লেখাটি নষ্ট করা হয়েছে।".to_owned(),
    }
}

fn with_reason(told: &str, reason: Option<&str>) -> String {
    reason.map_or_else(|| format!("{told}।"), |reason| stopped(&format!("{told}: {reason}")))
}

fn stopped(told: &str) -> String {
    if told.ends_with(['।', '.', '!', '?', '…', '”']) { told.to_owned() } else { format!("{told}।") }
}

fn weighed(word: &str, reason: Option<&str>, given: Option<&str>) -> String {
    let given = given.map(|given| format!(" (পরে জানানো, {given})")).unwrap_or_default();
    with_reason(&format!("{word}{given}"), reason)
}

fn reasoned(reason: Option<&str>, given: Option<&str>) -> String {
    let given = given.map(|given| format!("(পরে জানানো, {given}) ")).unwrap_or_default();
    stopped(&format!("{given}{}", reason.unwrap_or("সমর্থন মেলেনি")))
}

fn pointed(told: &str, see: Option<&(String, bool)>) -> String {
    match see {
        Some((head, true)) => format!("{told}: উপরে “{head}” দেখুন।"),
        Some((head, false)) => format!("{told}: নীচে “{head}” দেখুন।"),
        None => format!("{told}।"),
    }
}

fn changed(word: &str, reason: Option<&str>, changes: &[(String, String, String)]) -> String {
    if reason.is_some() {
        return with_reason(word, reason);
    }
    let told: Vec<String> = changes.iter().map(|(member, from, to)| format!("{} ছিল {from}, হল {to}", self::member(member))).collect();
    with_reason(word, Some(told.join("; ").as_str()).filter(|told| !told.is_empty()))
}

pub(super) fn member(name: &str) -> String {
    match name {
        "occurred" => "সময়".to_owned(),
        "stated" => "বলার সময়".to_owned(),
        "sources" => "সূত্র".to_owned(),
        "regions" => "জায়গা".to_owned(),
        "statement" | "text" => "বয়ান".to_owned(),
        "status" | "reference" => "অবস্থা".to_owned(),
        "scheduled" => "পরিকল্পিত সময়".to_owned(),
        "severity" => "গুরুত্ব".to_owned(),
        "counts" | "shares" => "সংখ্যা".to_owned(),
        "incidentid" => "কোন বিভ্রাট".to_owned(),
        other => crate::tell::clean::clean(other),
    }
}

fn milestone(kind: MilestoneKind) -> &'static str {
    match kind {
        MilestoneKind::FirstSeen => "প্রথম অভিযোগ",
        MilestoneKind::Acknowledged => "সংস্থার স্বীকারোক্তি",
        MilestoneKind::Restored => "পরিষেবা ফেরা",
        MilestoneKind::Cause => "কারণ",
    }
}

pub(in crate::tell) fn change(lang: Lang, change: &Change) -> String {
    let because = |because: &Option<String>| because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default();
    match change {
        Change::Moved { milestone: kind, from, to, because: why } => format!("{}: আগে ছিল {from}, এখন {to}{}।", milestone(*kind), because(why)),
        Change::Appeared { milestone: kind, told, because: why } => format!("{}: এখন জানা গিয়েছে, {told}{}।", milestone(*kind), because(why)),
        Change::Disappeared { milestone: kind, told } => format!("{}: আর বলা হচ্ছে না (আগে ছিল {told})।", milestone(*kind)),
        Change::State { from, to } => format!("অবস্থা: “{}” থেকে “{}”।", state(lang, *from), state(lang, *to)),
        Change::Title { from, to } => format!("শিরোনাম: “{from}” বদলে “{to}”।"),
        Change::Added { heads } => format!("{} অংশ যোগ হয়েছে: {}।", pieces(heads.len() as u64), heads.join("; ")),
        Change::AddedInside { count } => format!("আগের অংশে {} দাবি যোগ হয়েছে।", pieces(*count as u64)),
        Change::Removed { heads } => format!("{} অংশ আর নেই: {}।", pieces(heads.len() as u64), heads.join("; ")),
        Change::Corrected { who, member: name, from, to, reason } => {
            let reason = reason.as_ref().map(|reason| format!("; {}", reason.trim_end_matches(['।', '.']))).unwrap_or_default();
            format!("সংশোধন: {who}, {} ছিল {from}, হল {to}{reason}।", member(name))
        }
        Change::Retracted { who, head, reason } => with_reason(&format!("প্রত্যাহৃত: {who}, {head}"), reason.as_deref()),
        Change::Verdict { who, mark: verdict } => format!("{who}: {}", mark(lang, verdict)),
        Change::None => "কোনও তফাত নেই।".to_owned(),
    }
}

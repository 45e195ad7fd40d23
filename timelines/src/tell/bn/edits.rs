//! Bengali for what a vendor changed silently on its page.

use dateline_events::{Range, Severity};

use super::numbers::{duration, halves, lasted};
use super::sound::genitive;
use super::warnings::member;
use crate::tell::amount::Amount;
use crate::tell::edit::SaidEdit;
use crate::tell::language::Lang;
use crate::tell::source_edit::{Changed, EditedWhen, Publishing, SourceChange, SourceEdit};
use dateline_status_pages::watched::{About, Edited};

/// "গুগল সমাপ্তি ঘোষণার তিন ঘণ্টার মধ্যেই না জানিয়ে শেষের সময় রাত ২টো ৩৪ থেকে রাত ১১টা ৪৩ করেছে"; what words were stands behind that.
pub(super) fn source_edit(lang: Lang, edit: &SourceEdit) -> String {
    let deeds = edit.changes.iter().map(source_deed).collect::<Vec<_>>().join(", ");
    let when = edit.when.as_ref().map(|when| format!(" {}", edited_when(lang, when))).unwrap_or_default();
    let how = if edit.announced { "জানিয়েই" } else { "না জানিয়ে" };
    let behind: Vec<String> = edit.reason.iter().cloned().chain(edit.changes.iter().filter_map(words_before)).collect();
    let behind = if behind.is_empty() { String::new() } else { format!(": {}", behind.join("; ")) };
    format!("{}{when} {how} {deeds}{behind}", edit.who)
}

fn source_deed(change: &SourceChange) -> String {
    let (what, how) = match &change.what {
        Changed::Words => return "বয়ান বদলেছে".to_owned(),
        Changed::State => ("অবস্থা".to_owned(), ""),
        Changed::Time => ("সময়".to_owned(), ""),
        Changed::Start => ("শুরুর সময়".to_owned(), ""),
        Changed::End => ("শেষের সময়".to_owned(), ""),
        Changed::Name => ("শিরোনাম".to_owned(), "বদলে "),
        Changed::Severity { is_raised: Some(true) } => ("গুরুত্ব".to_owned(), "বাড়িয়ে "),
        Changed::Severity { is_raised: Some(false) } => ("গুরুত্ব".to_owned(), "কমিয়ে "),
        Changed::Severity { is_raised: None } => ("গুরুত্ব".to_owned(), ""),
        Changed::Window => ("পরিকল্পিত সময়".to_owned(), ""),
        Changed::Member(name) => (member(name), ""),
    };
    match (&change.from, &change.to) {
        (Some(from), Some(to)) if change.what == Changed::Window => format!("{what} করেছে {to} (আগে ছিল {from})"),
        (Some(from), Some(to)) if change.what == Changed::Name => format!("{what} {from} {how}{to} করেছে"),
        (Some(from), Some(to)) => format!("{what} {from} থেকে {how}{to} করেছে"),
        (None, Some(to)) => format!("{what} যোগ করেছে ({to})"),
        (Some(from), None) => format!("{what} সরিয়ে দিয়েছে (ছিল {from})"),
        (None, None) => format!("{what} বদলেছে"),
    }
}

fn words_before(change: &SourceChange) -> Option<String> {
    let then = change.to.as_ref().filter(|_| change.is_gone).map(|then| format!(", তার পরে {then}")).unwrap_or_default();
    let from = change.from.as_ref().filter(|_| change.what == Changed::Words)?;
    Some(format!("আগে ছিল {from}{then}"))
}

pub(super) fn edited_when(lang: Lang, when: &EditedWhen) -> String {
    let (range, publishing) = match when {
        EditedWhen::At(time) => return time.clone(),
        EditedWhen::After(range, Publishing::Posted) => (*range, "পোস্ট করার"),
        EditedWhen::After(range, Publishing::Closed) => (*range, "সমাপ্তি ঘোষণার"),
        EditedWhen::After(range, Publishing::Published) => (*range, "প্রকাশের"),
    };
    match Amount::of(range) {
        Amount::UnderAMinute => format!("{publishing} এক মিনিটের মধ্যেই"),
        Amount::AtMostMinutes(minutes) => format!("{publishing} {} মধ্যেই", genitive(&halves(minutes))),
        _ => format!("{publishing} {} পরে", duration(lang, range)),
    }
}

/// "গিটহাব প্রকাশের প্রায় তিন ঘণ্টা পরে একটি আপডেটের বয়ান বদলেছে".
pub(in crate::tell) fn edit(lang: Lang, said: &SaidEdit) -> String {
    let after = said.elapsed.map(|range| format!(" {}", after(lang, range))).unwrap_or_default();
    let openly = if said.announced { ", জানিয়েই" } else { "" };
    format!("{}{after} {}{openly}", said.who, deed(lang, said))
}

fn deed(lang: Lang, said: &SaidEdit) -> String {
    match said.what {
        Edited::Words if said.minor => "একটি আপডেটের শুধু যতিচিহ্ন, বিন্যাস বা হরফ বদলেছে".to_owned(),
        Edited::Words => "একটি আপডেটের বয়ান বদলেছে".to_owned(),
        Edited::Status => match (&said.before, &said.after) {
            (Some(before), Some(after)) => format!("একটি আপডেটের অবস্থা “{before}” থেকে “{after}” করেছে"),
            _ => "একটি আপডেটের অবস্থা বদলেছে".to_owned(),
        },
        Edited::Time => moved(lang, "একটি আপডেটের সময়", said),
        Edited::Name if said.minor => "শিরোনামের শুধু যতিচিহ্ন বা হরফ বদলেছে".to_owned(),
        Edited::Name => "শিরোনাম বদলেছে".to_owned(),
        Edited::Start => moved(lang, "শুরুর সময়", said),
        Edited::End => moved(lang, "শেষের সময়", said),
        Edited::Severity => match said.severities {
            Some((before, after)) => {
                let verb = if after < before { "কমিয়ে" } else { "বাড়িয়ে" };
                format!("গুরুত্ব “{}” থেকে {verb} “{}” করেছে", severity(lang, before), severity(lang, after))
            }
            None => "গুরুত্ব বদলেছে".to_owned(),
        },
        Edited::Window => "পরিকল্পিত সময় বদলেছে".to_owned(),
        Edited::Removed => format!("{} সরিয়ে দিয়েছে", part(said)),
        Edited::Returned => format!("{} ফিরিয়ে এনেছে", part(said)),
    }
}

fn part(said: &SaidEdit) -> &'static str {
    match said.about {
        About::Incident if said.is_maintenance => "পরিকল্পিত কাজের গোটা খবরটিই",
        About::Incident => "গোটা ঘটনাটিই",
        About::Post => "একটি আপডেট",
        About::Name => "শিরোনাম",
        About::Start => "শুরুর সময়",
        About::End => "শেষের সময়",
        About::Severity => "গুরুত্বের উল্লেখ",
    }
}

/// A time that is made earlier is brought forward (এগিয়ে), one that is made later is put back (পিছিয়ে).
fn moved(lang: Lang, what: &str, said: &SaidEdit) -> String {
    match said.moved {
        Some((0, _)) => format!("{what} এক মিনিটেরও কম সরিয়েছে"),
        Some((minutes, true)) => format!("{what} {} এগিয়ে এনেছে", lasted(lang, minutes, None)),
        Some((minutes, false)) => format!("{what} {} পিছিয়ে দিয়েছে", lasted(lang, minutes, None)),
        None => format!("{what} বদলেছে"),
    }
}

fn after(lang: Lang, range: Range) -> String {
    if range.seconds_max < 60 {
        "প্রকাশের এক মিনিটের মধ্যেই".to_owned()
    } else {
        format!("প্রকাশের {} পরে", duration(lang, range))
    }
}

pub(in crate::tell) fn severity(_: Lang, severity: Severity) -> &'static str {
    match severity {
        Severity::None => "নেই",
        Severity::Minor => "সামান্য",
        Severity::Major => "বড়",
        Severity::Critical => "চরম",
    }
}

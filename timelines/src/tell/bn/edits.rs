//! Bengali for what a vendor changed silently on its page.

use dateline_events::{Range, Severity};

use super::numbers::{duration, lasted};
use crate::tell::edit::SaidEdit;
use crate::tell::language::Lang;
use dateline_status_pages::watched::{About, Edited};

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

//! Bengali as a Kolkata newsroom writes it, and by a table as a Dhaka newsroom does. Words only; no rules of telling.

mod edits;
mod kinds;
mod lines;
mod numbers;
mod regions;
mod reports;
mod sound;
mod time;
mod warnings;

pub use numbers::digits;

pub(super) use edits::{edit, severity};
pub(super) use kinds::{figures, sentence};
pub(super) use lines::{
    acted, agreeing, claim, claims_label, copied, finish, first_reports, kicker, linked, note, original, outlets, same_in, says, spread, summary,
    title, wording_without,
};
pub(super) use numbers::{duration, lasted, number};
pub(super) use regions::{language, region};
pub(super) use reports::{measure, plot};
pub(super) use time::{full_date, time, zone_note, zone_words};
pub(super) use warnings::{change, mark};

use super::credit::Credit;
use super::language::{Lang, Words};
use super::quotation::Translated;
use crate::model::State;

/// What its readers call the language, as written in India and in Bangladesh.
pub(super) const NAME: &str = "বাংলা (ভারত)";
pub(super) const NAME_IN_BANGLADESH: &str = "বাংলা (বাংলাদেশ)";

/// The name of this program.
pub(super) const DATELINE: &str = "ডেটলাইন";

const WORDS: Words = Words {
    other_figures: "অন্য হিসাব, সময় বলা নেই",
    wordings: "অন্য বয়ান ও অনুবাদ",
    silent: "বিবৃতি মেলেনি বলে জানিয়েছিল",
    silent_hour_unknown: "কখন, জানা নেই",
    silent_outdated: "প্রকাশের সময়েই পুরনো",
    how_long: "কত ক্ষণ",
    place_not_said: "কোথাকার, বলা নেই",
    dated_start: "সংস্থার হিসেবে শুরু",
    elsewhere: "অন্য দেশে",
    between_sentences: "। ",
    also: ", আবার ",
    not_shown: "আরও আছে, এখানে দেখানো হয়নি",
    headings: ["সমর্থন মেলেনি", "প্রেক্ষাপট", "তত ক্ষণে হয়তো বলা হয়েছিল, নিশ্চিত নয়", "প্রত্যাহৃত"],
    unusual_reports: "অস্বাভাবিক অভিযোগ",
};

static IN_INDIA: Words = WORDS;

/// The labels that nobody passes through the table.
static IN_BANGLADESH: Words = Words {
    headings: ["সমর্থন মেলেনি", "প্রেক্ষাপট", "ততক্ষণে হয়তো বলা হয়েছিল, নিশ্চিত নয়", "প্রত্যাহৃত"], ..WORDS
};

pub(super) fn words(lang: Lang) -> &'static Words {
    if lang == Lang::BnBd { &IN_BANGLADESH } else { &IN_INDIA }
}

/// "মোট ৫০,০০০টি ভুক্তির মধ্যে এখানে ১ থেকে ১,০০০ নম্বর। পরের অংশ: …".
pub(super) fn stretch(_: Lang, [first, last, of]: [String; 3], next: Option<&str>) -> String {
    let goes_on = next.map_or_else(String::new, |next| format!(" পরের অংশ: {next}"));
    format!("মোট {of}টি ভুক্তির মধ্যে এখানে {first} থেকে {last} নম্বর।{goes_on}")
}

pub(super) fn state(lang: Lang, state: State) -> &'static str {
    match state {
        State::Detected => "বিভ্রাটের খবর মিলেছে",
        State::Acknowledged => "সংস্থা সমস্যা মেনেছে",
        State::Investigating => "খতিয়ে দেখা হচ্ছে",
        State::Identified => "সমস্যা চিহ্নিত",
        State::Monitoring => "নজর রাখা হচ্ছে",
        State::Restored if lang == Lang::BnBd => "সেবা স্বাভাবিক",
        State::Restored => "পরিষেবা স্বাভাবিক",
        State::Subsided => "অভিযোগ কমে এসেছে",
        State::Scheduled => "আগাম ঘোষণা",
        State::InProgress => "কাজ চলছে",
        State::Completed => "কাজ শেষ",
        State::Unknown if lang == Lang::BnBd => "এখনো জানা নেই",
        State::Unknown => "এখনও জানা নেই",
    }
}

/// The words of a text in Bengali that are others in Bangladesh. Quotations are never passed through it.
pub(super) fn as_in_bangladesh(text: &str) -> String {
    const TABLE: [(&str, &str); 19] = [
        ("মন্ত্রক", "মন্ত্রণালয়"),
        ("বিকেল", "বিকাল"),
        ("অগস্ট", "আগস্ট"),
        ("২টো", "২টা"),
        ("৩টে", "৩টা"),
        ("৪টে", "৪টা"),
        ("আড়াইটে", "আড়াইটা"),
        ("পরিষেবা", "সেবা"),
        ("দু’ঘণ্টা", "দুই ঘণ্টা"),
        ("ছ’ঘণ্টা", "ছয় ঘণ্টা"),
        ("ন’ঘণ্টা", "নয় ঘণ্টা"),
        ("দু’টি", "দুটি"),
        ("ছ’টি", "ছয়টি"),
        ("ন’টি", "নয়টি"),
        ("কোনও", "কোনো"),
        ("এখনও", "এখনো"),
        ("গিয়েছে", "গেছে"),
        ("হিসেব", "হিসাব"),
        (" ক্ষণ", "ক্ষণ"),
    ];
    TABLE.iter().fold(text.to_owned(), |text, (here, there)| if text.contains(here) { text.replace(here, there) } else { text })
}

/// The same of a sentence of our own, in which somebody may be quoted.
pub(super) fn own_as_in_bangladesh(text: &str) -> String {
    let (mut told, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((own, quoted)) = rest.split_once('“') {
        let end = quoted.find('”').map_or(quoted.len(), |at| at + '”'.len_utf8());
        told.push_str(&as_in_bangladesh(own));
        told.push('“');
        told.push_str(&quoted[..end]);
        rest = &quoted[end..];
    }
    told + &as_in_bangladesh(rest)
}

/// "মেটার".
pub(super) fn genitive(_: Lang, name: &str) -> String {
    sound::genitive(name)
}

/// "ক, খ ও গ".
fn joined(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} ও {last}", rest.join(", ")),
    }
}

/// "৭:৫০ UTC; ডাউনডিটেক্টর; রয়টার্স, টাইমসলাইভে"; short: "৭:৫০ UTC, রয়টার্স".
pub(super) fn credit(lang: Lang, credit: &Credit, long: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(credit.clock.as_ref().map(time::own_clock));
    let who = match credit.publisher.as_slice() {
        [] if long => long_credit(credit),
        [] => credit.counted().join(", "),
        own if long => {
            [long_credit(credit), according_to(&own.join(", "))].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        }
        own => according_to(&own.join(", ")),
    };
    match &credit.translated {
        Some(Translated::By(translator)) if !credit.publisher.is_empty() => {
            parts.extend([format!("{} অনুবাদ", sound::genitive(translator)), who]);
        }
        Some(Translated::By(translator)) => parts.push(format!("{} অনুবাদ", sound::genitive(translator))),
        Some(Translated::Desk(_)) | None => parts.push(who),
    }
    let mut told = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    if long {
        told = [Some(told), credit.published.clone()].into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    }
    let translated = match &credit.translated {
        Some(Translated::Desk(from)) => Some(format!("{} থেকে অনূদিত", language(lang, from))),
        _ => None,
    };
    let changed = (long && credit.changed).then(|| "প্রতিবেদনটি পরে বদলানো হয়েছে".to_owned());
    [Some(told), translated, changed].into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

/// "/services/x-এর মতে": who says it, where nobody else was read.
pub(super) fn according_to(publisher: &str) -> String {
    format!("{} মতে", sound::genitive(publisher))
}

fn long_credit(credit: &Credit) -> String {
    let outlets = credit.outlets.join(", ");
    let read = match (credit.origins.is_empty(), credit.outlets.as_slice()) {
        (true, _) => outlets,
        (false, []) => credit.origins.join(", "),
        (false, many) => {
            format!("{}, {}", credit.origins.join(", "), many.iter().map(|outlet| sound::locative(outlet)).collect::<Vec<_>>().join(", "))
        }
    };
    let named = joined(&credit.named);
    let told = match (credit.agencies.is_empty(), named.is_empty()) {
        (true, _) => named,
        (false, true) => joined(&credit.agencies),
        (false, false) => format!("{named} উদ্ধৃত করে {}", joined(&credit.agencies)),
    };
    let is_long = !credit.origins.is_empty() || !credit.agencies.is_empty();
    match (told.is_empty(), read.is_empty()) {
        (true, _) => read,
        (false, true) => told,
        (false, false) => format!("{told}{} {read}", if is_long { ";" } else { "," }),
    }
}

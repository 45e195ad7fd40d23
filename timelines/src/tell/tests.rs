//! What a telling promises, case by case, and the real outage in every language.

mod edits;
mod hours;
mod names;
mod rivals;
mod screen;
mod states;
mod vendors;
mod words;

use std::sync::Arc;

use dateline_events::{Event, Instant, Kind, Position, Range};
use serde_json::{Value, json};

use super::{Lang, Options, Told, difference, tell, text, told_duration, told_number, told_sentence, width_of};
use crate::fold::Fold;
use crate::model::{Registry, Timeline};

const OUTAGE: &str = include_str!("../../../services/commands/demo/whatsapp-2022-10-25.ndjson");
const KOLKATA: &str = "Asia/Kolkata";

/// Events, in order from position 1, as known at an instant, with what is registered.
fn folded(events: impl IntoIterator<Item = Event>, known_at: Option<&str>) -> (Timeline, Registry) {
    let mut fold = Fold::known_at(known_at.map(instant));
    let mut registry = Registry::default();
    for (event, position) in events.into_iter().zip(1..) {
        let recorded = instant("2026-11-20T09:00:00Z");
        if let Kind::ServiceRegistered(_) = event.kind {
            let mut registration = Fold::new();
            registration.apply(position, position, recorded, Arc::new(event));
            registry.services.extend(registration.registration());
        } else {
            fold.apply(position, position, recorded, Arc::new(event));
        }
    }
    (fold.timeline("whatsapp-2022-10-25-0000000000000000", &[], None, None), registry)
}

fn outage(up_to: Position, known_at: Option<&str>) -> (Timeline, Registry) {
    let lines = OUTAGE.lines().zip(1..=up_to).map(|(line, _)| Event::read(line.as_bytes()).unwrap());
    folded(lines, known_at)
}

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn event(id: &str, kind: &str, data: Value) -> Event {
    let envelope =
        json!({"specversion": "1.0", "id": id, "source": "/desks/test", "type": format!("dateline.{kind}.v1"), "subject": "whatsapp", "data": data});
    Event::read(envelope.to_string().as_bytes()).unwrap()
}

fn told(timeline: &Timeline, registry: &Registry, lang: Lang) -> Told {
    tell(timeline, registry, &Options { lang, ..Options::default() }).unwrap()
}

fn when(value: Value) -> dateline_events::When {
    serde_json::from_value(value).unwrap()
}

fn head(value: Value, lang: Lang) -> String {
    let zone = super::clock::Zone::find(KOLKATA).unwrap();
    let around = super::clock::Around { day: Some(zone.stamp(instant("2022-10-25T06:37:00Z")).date), part: None };
    lang.time(&super::clock::Phrase::of(&when(value), &zone), super::clock::Style::Head, around)
}

/// Every half hour of a day, in English, in Indian and in Bangladeshi Bengali where that differs.
const CLOCK: [(&str, &str, &str); 48] = [
    ("00:00", "রাত ১২টা", ""),
    ("00:30", "রাত সাড়ে ১২টা", ""),
    ("01:00", "রাত ১টা", ""),
    ("01:30", "রাত দেড়টা", ""),
    ("02:00", "রাত ২টো", "রাত ২টা"),
    ("02:30", "রাত আড়াইটে", "রাত আড়াইটা"),
    ("03:00", "রাত ৩টে", "রাত ৩টা"),
    ("03:30", "রাত সাড়ে ৩টে", "রাত সাড়ে ৩টা"),
    ("04:00", "ভোর ৪টে", "ভোর ৪টা"),
    ("04:30", "ভোর সাড়ে ৪টে", "ভোর সাড়ে ৪টা"),
    ("05:00", "ভোর ৫টা", ""),
    ("05:30", "ভোর সাড়ে ৫টা", ""),
    ("06:00", "সকাল ৬টা", ""),
    ("06:30", "সকাল সাড়ে ৬টা", ""),
    ("07:00", "সকাল ৭টা", ""),
    ("07:30", "সকাল সাড়ে ৭টা", ""),
    ("08:00", "সকাল ৮টা", ""),
    ("08:30", "সকাল সাড়ে ৮টা", ""),
    ("09:00", "সকাল ৯টা", ""),
    ("09:30", "সকাল সাড়ে ৯টা", ""),
    ("10:00", "সকাল ১০টা", ""),
    ("10:30", "সকাল সাড়ে ১০টা", ""),
    ("11:00", "সকাল ১১টা", ""),
    ("11:30", "সকাল সাড়ে ১১টা", ""),
    ("12:00", "দুপুর ১২টা", ""),
    ("12:30", "দুপুর সাড়ে ১২টা", ""),
    ("13:00", "দুপুর ১টা", ""),
    ("13:30", "দুপুর দেড়টা", ""),
    ("14:00", "দুপুর ২টো", "দুপুর ২টা"),
    ("14:30", "দুপুর আড়াইটে", "দুপুর আড়াইটা"),
    ("15:00", "দুপুর ৩টে", "দুপুর ৩টা"),
    ("15:30", "দুপুর সাড়ে ৩টে", "দুপুর সাড়ে ৩টা"),
    ("16:00", "বিকেল ৪টে", "বিকাল ৪টা"),
    ("16:30", "বিকেল সাড়ে ৪টে", "বিকাল সাড়ে ৪টা"),
    ("17:00", "বিকেল ৫টা", "বিকাল ৫টা"),
    ("17:30", "বিকেল সাড়ে ৫টা", "বিকাল সাড়ে ৫টা"),
    ("18:00", "সন্ধ্যা ৬টা", ""),
    ("18:30", "সন্ধ্যা সাড়ে ৬টা", ""),
    ("19:00", "সন্ধ্যা ৭টা", ""),
    ("19:30", "সন্ধ্যা সাড়ে ৭টা", ""),
    ("20:00", "রাত ৮টা", ""),
    ("20:30", "রাত সাড়ে ৮টা", ""),
    ("21:00", "রাত ৯টা", ""),
    ("21:30", "রাত সাড়ে ৯টা", ""),
    ("22:00", "রাত ১০টা", ""),
    ("22:30", "রাত সাড়ে ১০টা", ""),
    ("23:00", "রাত ১১টা", ""),
    ("23:30", "রাত সাড়ে ১১টা", ""),
];

#[test]
fn every_half_hour_has_its_phrase() {
    for (clock, indian, bangladeshi) in CLOCK {
        let at = json!({"at": format!("2022-10-25T{clock}+05:30[Asia/Kolkata]")});
        assert_eq!(head(at.clone(), Lang::En), clock);
        assert_eq!(head(at.clone(), Lang::Bn), indian);
        assert_eq!(head(at, Lang::BnBd), if bangladeshi.is_empty() { indian } else { bangladeshi });
    }
}

#[test]
fn a_time_is_told_as_it_was_stated() {
    let at = |clock: &str| format!("2022-10-25T{clock}+05:30[Asia/Kolkata]");
    let other = json!({"event": {"id": "e"}});
    let day = |day: &str| format!("2022-10-{day}[Asia/Kolkata]");
    for (when, english, bengali) in [
        (json!({"at": at("12:07")}), "12:07", "দুপুর ১২টা ৭"),
        (json!({"at": at("14:15"), "approximate": true}), "~14:15", "দুপুর ২টো ১৫ নাগাদ"),
        (json!({"at": at("15:00"), "precision": "hour"}), "15:00–15:59", "দুপুর ৩টে"),
        (json!({"at": at("15:00"), "precision": "hour", "approximate": true}), "~15:00", "দুপুর ৩টে নাগাদ"),
        (json!({"at": "2022-10-25T07:50Z"}), "13:20", "দুপুর ১টা ২০"),
        (json!({"between": [at("12:23"), at("12:53")]}), "12:23–12:53", "দুপুর ১২টা ২৩ – ১২টা ৫৩"),
        (json!({"between": [at("09:00"), at("21:00")]}), "09:00–21:00", "সকাল ৯টা – রাত ৯টা"),
        (json!({"before": at("13:00")}), "by 13:00", "দুপুর ১টার মধ্যে"),
        (json!({"before": at("14:15")}), "by 14:15", "দুপুর ২টো ১৫-র মধ্যে"),
        (json!({"before": at("14:42")}), "by 14:42", "দুপুর ২টো ৪২-এর মধ্যে"),
        (json!({"before": at("14:30")}), "by 14:30", "দুপুর আড়াইটের মধ্যে"),
        (json!({"before": "2022-10-28T08:58+05:30[Asia/Kolkata]"}), "by Fri 28 Oct 08:58", "শুক্রবার ২৮ অক্টোবর, সকাল ৮টা ৫৮-র মধ্যে"),
        (json!({"before": at("12:30"), "just": true}), "just before 12:30", "দুপুর সাড়ে ১২টার ঠিক আগে"),
        (json!({"after": at("12:00"), "just": true}), "just after 12:00", "দুপুর ১২টার ঠিক পরে"),
        (json!({"after": at("16:14")}), "after 16:14", "বিকেল ৪টে ১৪-র পরে"),
        (json!({"after": other.clone()}), "later", "পরে"),
        (json!({"after": other.clone(), "within": [at("12:07"), at("14:15")]}), "later", "পরে"),
        (json!({"after": other.clone(), "within": [day("25"), day("25")]}), "later on Tuesday", "পরে, মঙ্গলবারই"),
        (json!({"before": other}), "earlier", "আগে"),
        (json!({"unknown": true}), "hour unknown", "কখন, জানা নেই"),
        (json!({"at": day("26")}), "Wed 26 Oct", "বুধবার ২৬ অক্টোবর"),
        (json!({"at": "2021-10-05[Asia/Kolkata]"}), "Tue 5 Oct 2021", "মঙ্গলবার ৫ অক্টোবর ২০২১"),
        (json!({"between": [day("26"), day("27")]}), "Wed 26 Oct to Thu 27 Oct", "বুধবার ২৬ অক্টোবর থেকে বৃহস্পতিবার ২৭ অক্টোবর"),
    ] {
        assert_eq!(head(when.clone(), Lang::En), english, "{when}");
        assert_eq!(head(when.clone(), Lang::Bn), bengali, "{when}");
    }
}

#[test]
fn numbers_are_grouped_as_readers_group_them() {
    for (value, english, bengali) in [
        (0, "0", "০"),
        (999, "999", "৯৯৯"),
        (1_000, "1,000", "১,০০০"),
        (25_000, "25,000", "২৫,০০০"),
        (100_000, "100,000", "১,০০,০০০"),
        (21_592_004, "21,592,004", "২,১৫,৯২,০০৪"),
        (u64::MAX, "18,446,744,073,709,551,615", "১,৮৪,৪৬,৭৪,৪০,৭৩,৭০,৯৫,৫১,৬১৫"),
    ] {
        assert_eq!(told_number(value, Lang::En), english);
        assert_eq!(told_number(value, Lang::Bn), bengali);
    }
}

#[test]
fn durations_are_rounded_as_a_newsroom_would() {
    for (seconds_min, seconds_max, english, bengali) in [
        (0, 30, "less than a minute", "এক মিনিটেরও কম"),
        (400, 520, "8 minutes", "৮ মিনিট"),
        (2_000, 2_500, "about 40 minutes", "প্রায় ৪০ মিনিট"),
        (5_300, 5_500, "about 90 minutes", "প্রায় দেড় ঘণ্টা"),
        (7_320, 8_040, "about two hours", "প্রায় দু’ঘণ্টা"),
        (9_000, 9_060, "two and a half hours", "আড়াই ঘণ্টা"),
        (0, 9_360, "at most three hours", "খুব বেশি হলে তিন ঘণ্টা"),
        (3_600, 10_800, "one hour to three hours", "এক ঘণ্টা থেকে তিন ঘণ্টা"),
        (21_000, 22_000, "about six hours", "প্রায় ছ’ঘণ্টা"),
        (259_000, 260_000, "about three days", "প্রায় তিন দিন"),
        (-5, i64::MAX, "at most 106,751,991,167,301 days", "খুব বেশি হলে ১০,৬৭,৫১,৯৯,১১,৬৭,৩০১ দিন"),
    ] {
        let range = Range { seconds_min, seconds_max };
        assert_eq!(told_duration(range, Lang::En), english, "{range:?}");
        assert_eq!(told_duration(range, Lang::Bn), bengali, "{range:?}");
    }
}

/// The least that each kind needs.
fn one_of_each_kind() -> Vec<Event> {
    let (unknown, other) = (json!({"unknown": true}), json!({"id": "e"}));
    Kind::NAMES
        .iter()
        .map(|kind| {
            let data = match *kind {
                "service.registered" => json!({"names": {"en": "WhatsApp", "bn": "হোয়াটসঅ্যাপ"}}),
                "cause.stated" => json!({"occurred": unknown, "statement": {"quotation": {"lang": "bn", "text": "c"}}}),
                "vendor.updated" => json!({"occurred": unknown, "status": "investigating"}),
                "service.restored" => json!({"occurred": unknown, "extent": "full"}),
                "followup.reported" => json!({"occurred": unknown, "who": "w", "text": {"en": "t", "bn": "ত"}}),
                "context.added" => json!({"text": {"en": "t", "bn": "ত"}}),
                "statement.translated" => json!({"event": other, "quotation": {"lang": "bn", "text": "q"}}),
                "event.corrected" => json!({"event": other, "patch": {"regions": ["IN"]}, "edit_kind": "error"}),
                "event.retracted" => json!({"event": other}),
                "claim.weighed" => json!({"event": other, "verdict": "disputed"}),
                "incident.linked" => json!({"from": other, "to": {"id": "f"}, "relation": "caused_by"}),
                "incident.titled" => json!({"event": other, "title": {"en": "t", "bn": "ত"}}),
                "event.redacted" => json!({"position": 7, "key": "AAAAAAAAAAAAAAAAAAAAAA", "leaf": "{}"}),
                "reports.observed" => json!({"occurred": unknown, "counts": [{"value": 25000, "qualifier": "more than"}]}),
                "scope.changed" => json!({"occurred": unknown, "regions": ["IT", "TR"]}),
                _ => json!({"occurred": unknown}),
            };
            event(kind, kind, data)
        })
        .collect()
}

#[test]
fn every_kind_has_a_sentence_in_every_language() {
    let registry = Registry::default();
    for event in one_of_each_kind() {
        for lang in Lang::ALL {
            let sentence = told_sentence(&event, &registry, lang);
            assert!(!sentence.trim().is_empty(), "{} in {lang}", event.kind.name());
            let is_bengali = sentence.chars().any(|shown| ('\u{980}'..='\u{9ff}').contains(&shown));
            assert_eq!(is_bengali, lang != Lang::En, "{} in {lang}: {sentence}", event.kind.name());
        }
    }
}

#[test]
fn the_outage_is_told_as_the_editors_wrote_it() {
    let (timeline, registry) = outage(1000, None);
    for (lang, lines) in [
        (
            Lang::En,
            [
                "First reports 12:07 (Downdetector) · Meta acknowledged it between 12:07 and 14:42 (Pune Prime), hour not published · back about 14:15 (BangaNews), unstable at first (Pune Prime)",
                "Other times stated: 11:30 to 13:15, nine sources; elsewhere (Italy, UK, UAE) 12:00 to 12:45, seven sources",
                "69 % of reports: messages not sending; 21 % server connection; 9 % unknown (Downdetector via BGR India).",
                "Peak: India 11,000, UK 68,000, Singapore 19,000 (Downdetector via Hindustan Times).",
                "Sources that had seen no statement: InfoCilento, Poschimbongo (hour unknown); Asianet News Bangla, out of date when printed",
                "Reports down to about 1,000 (Downdetector via Pune Prime).",
                "WhatsApp has submitted its report on the outage (PTI, citing government sources, via Business Today).",
            ],
        ),
        (
            Lang::Bn,
            [
                "প্রথম অভিযোগ দুপুর ১২টা ৭ মিনিটে (ডাউনডিটেক্টর) · মেটা সমস্যা মেনে নেয় ১২টা ৭ থেকে ২টো ৪২-এর মধ্যে (পুনে প্রাইম), ঠিক কখন জানা যায়নি · পরিষেবা ফেরে ২টো ১৫ নাগাদ (বঙ্গনিউজ), শুরুতে স্থিতিশীল ছিল না (পুনে প্রাইম)",
                "বিভ্রাট প্রায় দু’ঘণ্টার (সূত্রভেদে ৯০ মিনিট থেকে তিন ঘণ্টার বেশি)",
                "অভিযোগের ৬৯ শতাংশ মেসেজ না-যাওয়া নিয়ে, ২১ শতাংশ সার্ভার সংযোগ নিয়ে, ৯ শতাংশের কারণ অজানা (ডাউনডিটেক্টর, বিজিআর ইন্ডিয়া)।",
                "অভিযোগ তুঙ্গে: ভারতে ১১,০০০, ব্রিটেনে ৬৮,০০০, সিঙ্গাপুরে ১৯,০০০ (ডাউনডিটেক্টর, হিন্দুস্তান টাইমস)।",
                "মেটা সমস্যা মেনে নেয়, ২টো ৪২-এর মধ্যে। মুখপাত্র বলেন: “আমরা এ ব্যাপারে অবগত যে কেউ কেউ মেসেজ পাঠাতে পারছেন না।",
                "অভিযোগ কমে প্রায় ১,০০০ (ডাউনডিটেক্টর, পুনে প্রাইম)।",
                "বিভ্রাট নিয়ে রিপোর্ট জমা দিয়েছে হোয়াটসঅ্যাপ (সরকারি সূত্র উদ্ধৃত করে পিটিআই; বিজনেস টুডে)।",
            ],
        ),
    ] {
        let shown = text(&told(&timeline, &registry, lang), 100_000);
        for line in lines {
            assert!(shown.contains(line), "missing in {lang}: {line}\n{shown}");
        }
        let precomposed = ['\u{9dc}', '\u{9dd}', '\u{9df}'];
        assert!(!shown.contains(precomposed), "not NFC in {lang}");
    }
}

#[test]
fn a_quotation_is_told_in_the_language_and_its_original_kept_apart() {
    let (timeline, registry) = outage(1000, None);
    let acknowledged = |lang| told(&timeline, &registry, lang).entries.into_iter().find(|entry| entry.position == 45).unwrap();
    let (english, bengali) = (acknowledged(Lang::En), acknowledged(Lang::Bn));
    assert_eq!(english.quotation, None);
    assert!(bengali.text.ends_with("(এবিপি আনন্দের অনুবাদ)"), "{}", bengali.text);
    let original = bengali.quotation.unwrap();
    assert_eq!((original.lang.as_str(), original.note.as_str()), ("en", "মূল ইংরেজি (পুনে প্রাইম)"));
    assert!(original.text.starts_with("We’re aware that some people"));
}

#[test]
fn nothing_certain_is_said_so() {
    let (timeline, registry) = outage(1000, Some("2022-10-25T07:30:00Z"));
    let told = told(&timeline, &registry, Lang::En);
    assert_eq!(told.notes, ["Nothing is certain to have been stated by 13:00; 41 claims may have been."]);
    assert_eq!((told.entries.len(), told.possibly.len(), told.zone.as_str()), (0, 41, KOLKATA));
}

#[test]
fn a_difference_is_told_in_words() {
    let (before, registry) = outage(4, None);
    let (after, _) = outage(5, None);
    let in_english = difference(&before, &after, &registry, &Options::default());
    assert_eq!(
        in_english,
        ["First reports moved from 12:25 to 12:07 (Pune Prime; correction by /desks/demo: The article says 12.07 pm; the desk had typed 12.25)."]
    );
    let in_bengali = difference(&before, &after, &registry, &Options { lang: Lang::Bn, ..Options::default() });
    assert!(in_bengali[0].starts_with("প্রথম অভিযোগ: আগে ছিল দুপুর ১২টা ২৫, এখন দুপুর ১২টা ৭ (পুনে প্রাইম"), "{in_bengali:?}");
    assert_eq!(difference(&after, &after, &registry, &Options::default()), ["No difference."]);
    assert_eq!(difference(&after, &after, &registry, &Options { lang: Lang::Bn, ..Options::default() }), ["কোনও তফাত নেই।"]);
    let all = difference(&after, &outage(1000, None).0, &registry, &Options::default());
    assert!(all.contains(&"State: detected → restored.".to_owned()), "{all:?}");
}

#[test]
fn hostile_text_stays_in_its_line() {
    let hostile = format!("\u{1b}[2J\u{202e}a\u{7}b\r\nc {}", "x ".repeat(30_000));
    let data = json!({"occurred": {"at": "2022-10-25T12:07+05:30[Asia/Kolkata]"}, "headline": hostile, "regions": ["ZZ", "IN-ZZZ"],
        "sources": [{"slug": "s", "role": "read_in", "name": hostile}], "components": [hostile]});
    let (timeline, registry) = folded([event("e", "anomaly.detected", data)], None);
    for lang in Lang::ALL {
        let told = told(&timeline, &registry, lang);
        assert!(told.entries[0].text.chars().count() < 20_000);
        for line in text(&told, 80).lines() {
            assert!(line.chars().all(|shown| !shown.is_control() && shown != '\u{202e}'), "{line:?}");
            assert!(width_of(line) <= 80 || !line.trim().contains(' '), "{line:?}");
        }
        assert!(told.entries[0].text.contains("[2Jab  c x x"), "{}", &told.entries[0].text[..80]);
    }
}

#[test]
fn an_unknown_zone_is_refused_by_name() {
    let (timeline, registry) = outage(10, None);
    let asked = |zone: &str| tell(&timeline, &registry, &Options { zone: Some(zone.to_owned()), ..Options::default() });
    assert_eq!(
        asked("Mars/Olympus").unwrap_err().to_string(),
        "\"Mars/Olympus\" is not an IANA time zone; expected one such as \"Asia/Kolkata\" or \"UTC\""
    );
    assert_eq!(asked("Europe/Rome").unwrap().entries[0].head, "08:37");
}

#[test]
fn a_language_that_nobody_has_written_is_none() {
    let parsed = ["en", "en-IN", "bn", "bn-IN", "bn-BD", "BN-bd", "hi", "", "b", "bn_IN"].map(Lang::parse);
    let (en, bn, bd) = (Some(Lang::En), Some(Lang::Bn), Some(Lang::BnBd));
    assert_eq!(parsed, [en, en, bn, bn, bd, bd, None, None, None, None]);
}

#[test]
fn planned_work_is_told_as_planned_work() {
    let window = json!(["2022-10-25T12:00+05:30[Asia/Kolkata]", "2022-10-25T14:00+05:30[Asia/Kolkata]"]);
    let data =
        json!({"occurred": {"at": "2022-10-25T10:00+05:30[Asia/Kolkata]"}, "scheduled": window, "regions": ["IN"], "text": {"en": "Calls may fail"}});
    let (timeline, registry) = folded([event("e", "maintenance.announced", data)], None);
    let english = told(&timeline, &registry, Lang::En);
    assert_eq!(english.title, "WhatsApp planned work, Tuesday 25 October 2022");
    assert_eq!(english.entries[0].text, "Planned work announced in India, between 12:00 and 14:00: Calls may fail (according to /desks/test).");
    assert!(english.summary[0].ends_with("Planned between 12:00 and 14:00 (according to /desks/test)"), "{:?}", english.summary);
}

#[test]
fn what_a_source_changed_or_took_away_is_shown() {
    let page = json!([{"slug": "github-status", "role": "read_in", "name": {"en": "GitHub", "bn": "গিটহাব"}, "kind": "vendor"}]);
    let post = |id: &str, words: &str| {
        event(
            id,
            "vendor.updated",
            json!({"occurred": {"at": "2022-10-25T07:50Z"}, "status": "investigating", "sources": page,
            "statement": {"organisation": {"en": "GitHub", "bn": "গিটহাব"}, "quotation": {"lang": "en", "text": words}}}),
        )
    };
    let new_words = json!({"organisation": {"en": "GitHub", "bn": "গিটহাব"}, "quotation": {"lang": "en", "text": "All is well."}});
    let edit = json!({"event": {"id": "a"}, "patch": {"statement": new_words}, "edit_kind": "source_edit", "announced": false});
    let events = [
        post("a", "We are looking into it."),
        post("b", "Gone soon."),
        event("c", "event.corrected", edit),
        event("d", "event.retracted", json!({"event": {"id": "b"}, "announced": false})),
    ];
    let (timeline, registry) = folded(events, None);
    for (lang, text, changed, removed) in [
        (
            Lang::En,
            "GitHub, investigating: “All is well.”",
            "GitHub changed the words, without notice: they were “We are looking into it.”",
            "GitHub removed this without notice.",
        ),
        (
            Lang::Bn,
            "গিটহাব খতিয়ে দেখছে: “All is well.”",
            "গিটহাব না জানিয়ে বয়ান বদলেছে: আগে ছিল “We are looking into it.”",
            "গিটহাব না জানিয়ে এটি সরিয়ে দিয়েছে।",
        ),
    ] {
        let told = tell(&timeline, &registry, &Options { lang, retracted: true, ..Options::default() }).unwrap();
        assert_eq!((told.entries[0].text.as_str(), told.entries[0].marks.as_slice()), (text, [changed.to_owned()].as_slice()));
        assert_eq!(told.retracted[0].marks, [removed]);
    }
    assert!(told(&timeline, &registry, Lang::En).retracted.is_empty());
}

#[test]
fn every_text_is_told_for_every_prefix_of_the_ledger() {
    for up_to in (4..=83).step_by(7) {
        let (timeline, registry) = outage(up_to, None);
        for lang in Lang::ALL {
            let told = tell(&timeline, &registry, &Options { lang, claims: true, retracted: true, ..Options::default() }).unwrap();
            assert!(told.entries.iter().all(|entry| !entry.text.is_empty() && !entry.head.is_empty()), "{up_to} in {lang}");
            assert!(!["()", "( ", " )", "“”"].iter().any(|empty| text(&told, 80).contains(empty)), "{up_to} in {lang}");
        }
    }
}

/// The whole outage, laid out in 120 columns; `DATELINE_REWRITE=1` writes the files anew.
#[test]
fn the_whole_outage_is_told_as_committed() {
    let (timeline, registry) = outage(1000, None);
    for (lang, claims, name) in [(Lang::En, false, "en"), (Lang::En, true, "en.claims"), (Lang::Bn, false, "bn"), (Lang::Bn, true, "bn.claims")] {
        let path = format!("{}/src/tell/golden/whatsapp-2022-10-25.{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let told = text(&tell(&timeline, &registry, &Options { lang, claims, ..Options::default() }).unwrap(), 120);
        if std::env::var_os("DATELINE_REWRITE").is_some() {
            std::fs::write(&path, &told).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(told == committed, "{path} differs; read both, then run with DATELINE_REWRITE=1:\n{told}");
    }
}

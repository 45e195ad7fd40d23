//! Clocks that are set within a story, and days that are told as days: in every zone the days that their source told.

use dateline_events::Event;
use serde_json::{Value, json};

use super::super::{Lang, Options, Told, difference, tell, text};
use super::{event, folded};

const BERLIN: &str = "Europe/Berlin";

fn seen(occurred: Value) -> Event {
    event("seen", "anomaly.detected", json!({"occurred": occurred}))
}

fn back(occurred: Value) -> Event {
    event("back", "service.restored", json!({"occurred": occurred, "extent": "full"}))
}

fn at(text: &str) -> Value {
    json!({"at": text, "precision": "minute"})
}

fn told_in(events: impl IntoIterator<Item = Event>, lang: Lang, zone: Option<&str>) -> Told {
    let (timeline, registry) = folded(events, None);
    tell(&timeline, &registry, &Options { lang, zone: zone.map(ToOwned::to_owned), ..Options::default() }).unwrap()
}

fn heads(told: &Told) -> Vec<&str> {
    told.entries.iter().map(|entry| entry.head.as_str()).collect()
}

/// 02:30 twice: once in summer time, an hour later in winter time.
fn twice() -> [Event; 2] {
    [seen(at("2023-10-29T02:30+02:00[Europe/Berlin]")), back(at("2023-10-29T02:30+01:00[Europe/Berlin]"))]
}

#[test]
fn where_the_clocks_are_set_each_time_says_what_they_are_called() {
    let english = told_in(twice(), Lang::En, None);
    assert_eq!(heads(&english), ["02:30 CEST", "02:30 CET"]);
    assert!(english.summary[0].starts_with("First reports 02:30 CEST (") && english.summary[0].contains("back 02:30 CET ("), "{:?}", english.summary);
    assert_eq!(english.summary.last().unwrap(), "All times Berlin time (CEST, then CET); a source’s own clock in brackets");
    let bengali = told_in(twice(), Lang::Bn, None);
    assert_eq!(heads(&bengali), ["CEST রাত আড়াইটে", "CET রাত আড়াইটে"]);
    assert!(bengali.summary[0].contains("প্রথম অভিযোগ CEST রাত আড়াইটেয়"), "{:?}", bengali.summary);
    assert_eq!(bengali.summary.last().unwrap(), "সব সময় বার্লিনের সময় (আগে CEST, পরে CET); সূত্রের নিজের সময় বন্ধনীতে");
    // What a list tells of it, too.
    let (timeline, registry) = folded(twice(), None);
    let mut outline = timeline.clone();
    outline.entries.clear();
    let listed = tell(&outline, &registry, &Options::default()).unwrap();
    assert!(listed.summary[0].contains("02:30 CEST (") && listed.summary[0].contains("02:30 CET ("), "{:?}", listed.summary);
    assert_eq!(english.clock.time(&timeline.entries[1].item, Lang::En), "02:30 CET");
}

#[test]
fn a_range_over_the_change_runs_forward_and_one_beside_it_names_its_clock_once() {
    let clock =
        |from: &str, until: &str| json!({"between": [format!("2023-10-29T{from}[Europe/Berlin]"), format!("2023-10-29T{until}[Europe/Berlin]")]});
    let over = told_in([seen(clock("02:30+02:00", "02:10+01:00"))], Lang::En, None);
    assert_eq!(heads(&over), ["02:30 CEST–02:10 CET"]);
    let beside = [seen(clock("01:10+02:00", "01:20+02:00")), back(clock("04:00+01:00", "04:10+01:00"))];
    assert_eq!(heads(&told_in(beside.clone(), Lang::En, None)), ["01:10–01:20 CEST", "04:00–04:10 CET"]);
    assert_eq!(heads(&told_in(beside, Lang::Bn, None))[0], "CEST রাত ১টা ১০ – ১টা ২০");
}

#[test]
fn clocks_that_are_set_outside_the_hours_told_are_not_named() {
    let days_later = [seen(at("2023-10-28T12:00+02:00[Europe/Berlin]")), back(json!({"at": "2023-11-03[Europe/Berlin]", "precision": "day"}))];
    let told = told_in(days_later, Lang::En, None);
    assert_eq!(heads(&told), ["12:00", "Fri 3 Nov"]);
    assert!(told.summary.last().unwrap().starts_with("All times Berlin time (CEST);"), "{:?}", told.summary);
    // In a zone whose clocks stand still, 02:30 does not come twice.
    assert_eq!(heads(&told_in(twice(), Lang::En, Some("UTC"))), ["00:30", "01:30"]);
}

#[test]
fn a_change_between_two_states_is_told_with_the_names_of_the_clocks() {
    let (before, registry) = folded([seen(at("2023-10-29T02:30+02:00[Europe/Berlin]"))], None);
    let (after, _) = folded([seen(at("2023-10-29T02:30+01:00[Europe/Berlin]"))], None);
    let told = difference(&before, &after, &registry, &Options { zone: Some(BERLIN.to_owned()), ..Options::default() });
    assert!(told[0].starts_with("First reports moved from 02:30 CEST to 02:30 CET"), "{told:?}");
}

#[test]
fn a_day_that_a_source_told_is_that_day_in_every_zone() {
    let day = || seen(json!({"at": "2022-10-25[Asia/Kolkata]", "precision": "day"}));
    let by_day = || seen(json!({"before": "2022-10-25[Asia/Kolkata]"}));
    for zone in ["Asia/Kolkata", "America/Los_Angeles", "Pacific/Auckland"] {
        let told = told_in([day()], Lang::En, Some(zone));
        assert_eq!((told.title.as_str(), heads(&told)[0]), ("Unusual reports about WhatsApp, Tuesday 25 October 2022", "Tue 25 Oct"), "{zone}");
        assert_eq!(told_in([day()], Lang::Bn, Some(zone)).title, "হোয়াটসঅ্যাপ নিয়ে অস্বাভাবিক সংখ্যায় অভিযোগ, মঙ্গলবার ২৫ অক্টোবর ২০২২", "{zone}");
        assert_eq!(told_in([by_day()], Lang::En, Some(zone)).title, "Unusual reports about WhatsApp, Tuesday 25 October 2022", "{zone}");
        let (mut outline, registry) = folded([day()], None);
        let whole = tell(&outline, &registry, &Options { zone: Some(zone.to_owned()), ..Options::default() }).unwrap();
        outline.entries.clear();
        let listed = tell(&outline, &registry, &Options { zone: Some(zone.to_owned()), ..Options::default() }).unwrap();
        assert_eq!(listed.title, whole.title, "{zone}");
        assert!(listed.summary[0].starts_with("First reports 25 Oct ("), "{zone}: {:?}", listed.summary);
    }
}

#[test]
fn every_border_of_days_has_its_date_and_of_years_its_year() {
    let later = json!({"after": {"event": {"id": "seen"}}, "within": ["2022-12-31[Asia/Kolkata]", "2022-12-31[Asia/Kolkata]"]});
    let new_year = event("asked", "followup.reported", json!({"occurred": at("2023-01-02T09:00+05:30[Asia/Kolkata]"), "who": "w", "text": "t"}));
    let events = [seen(at("2022-12-30T23:00+05:30[Asia/Kolkata]")), back(later), new_year];
    let told = told_in(events, Lang::En, None);
    assert_eq!(heads(&told), ["23:00", "later on Sat 31 Dec", "Mon 2 Jan 2023 09:00"]);
    assert!(text(&told, 110).starts_with("WhatsApp outage, Friday 30 December 2022"));
}

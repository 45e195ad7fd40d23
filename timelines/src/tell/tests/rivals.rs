//! What two sources say of one thing: the same, the same at another time, or something else. Nobody's words are told as another's.

use std::sync::Arc;

use dateline_events::Event;
use serde_json::{Value, json};

use super::super::{Lang, Options, Told, tell, text};
use super::instant;
use crate::document;
use crate::fold::Fold;
use crate::model::{Registry, Timeline};

fn said(id: &str, kind: &str, clock: &str, paper: &str, more: Value) -> Event {
    let at = json!({"at": format!("2024-03-05T{clock}Z"), "precision": "minute"});
    let slug = paper.to_lowercase().replace(' ', "-");
    let mut data = json!({"occurred": at, "stated": at, "sources": [{"slug": slug, "name": paper, "role": "read_in", "kind": "press"}]});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let envelope =
        json!({"specversion": "1.0", "id": id, "source": "/desks/x", "type": format!("dateline.{kind}.v1"), "subject": "acme", "data": data});
    Event::read(envelope.to_string().as_bytes()).unwrap()
}

fn words(who: &str, words: &str) -> Value {
    json!({"statement": {"organisation": who, "quotation": {"lang": "en", "text": words}}})
}

fn cause(id: &str, clock: &str, paper: &str, who: &str, text: &str) -> Event {
    said(id, "cause.stated", clock, paper, words(who, text))
}

fn seen() -> Event {
    said("d", "anomaly.detected", "10:00", "Paper A", json!({}))
}

fn back(id: &str, clock: &str, paper: &str, more: Value) -> Event {
    let mut data = json!({"extent": "full"});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    said(id, "service.restored", clock, paper, data)
}

fn folded(events: Vec<Event>) -> Timeline {
    let mut fold = Fold::new();
    for (event, position) in events.into_iter().zip(1..) {
        fold.apply(position, position, instant("2026-11-20T09:00:00Z"), Arc::new(event));
    }
    fold.timeline("acme-2024-03-05-0000000000000000", &[], None, None)
}

fn told(events: &[Event], lang: Lang) -> Told {
    tell(&folded(events.to_vec()), &Registry::default(), &Options { lang, ..Options::default() }).unwrap()
}

/// The whole telling on one line.
fn line(events: &[Event], lang: Lang) -> String {
    text(&told(events, lang), 1_000).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_rival_cause_is_told_in_its_own_words_at_whatever_time() {
    for clock in ["12:00", "13:00"] {
        let events = [seen(), cause("c1", "12:00", "Paper A", "Ministry", "a cut cable"), cause("c2", clock, "Paper B", "Union", "a hack")];
        let english = line(&events, Lang::En);
        assert!(english.contains(&format!("Other causes stated: {clock} Union: “a hack” (Paper B)")), "{english}");
        assert!(english.contains("Cause: “a cut cable” (Ministry, in Paper A); others state another cause"), "{english}");
        assert!(!english.contains("The same in"), "{english}");
        let bengali = line(&events, Lang::Bn);
        assert!(bengali.contains("অন্য যে সব কারণ বলা হয়েছে: ") && bengali.contains("Union: “a hack” (Paper B)"), "{bengali}");
    }
    let rumour = said("c1", "cause.stated", "13:30", "Paper A", json!({"certainty": "disputed", "headline": "Rumour of a hack"}));
    let english = line(&[seen(), cause("c2", "13:00", "Paper B", "Acme", "a wrong setting"), rumour], Lang::En);
    assert!(english.contains("Rumour of a hack (Paper A, disputed)"), "{english}");
}

#[test]
fn the_same_cause_is_the_same_and_another_time_only_another_time() {
    let first = cause("c1", "12:00", "Paper A", "Ministry", "a cut cable");
    let english = line(&[seen(), first.clone(), cause("c2", "12:00", "Paper B", "Ministry", "A  cut cable")], Lang::En);
    assert!(english.contains("The same in Paper B"), "{english}");
    let english = line(&[seen(), first, cause("c2", "13:00", "Paper B", "Ministry", "a cut cable")], Lang::En);
    assert!(english.contains("Other times stated: 13:00 (Paper B)") && !english.contains("another cause"), "{english}");
}

#[test]
fn other_words_of_the_same_minute_are_not_the_same() {
    let acknowledged = |id: &str, paper: &str, text: &str| said(id, "vendor.acknowledged", "10:20", paper, words("Acme", text));
    let headed = said("d2", "anomaly.detected", "10:00", "Paper B", json!({"headline": "Bank cards fail"}));
    let denies = acknowledged("a2", "Paper B", "There is no problem at all.");
    let english = line(&[seen(), headed, acknowledged("a1", "Paper A", "We know."), denies], Lang::En);
    for wanted in ["Stated otherwise: 10:00: Bank cards fail (Paper B)", "Stated otherwise: 10:20 Acme: “There is no problem at all.” (Paper B)"]
    {
        assert!(english.contains(wanted), "{english}");
    }
    assert!(english.contains("Acme acknowledges. “We know.” (Paper A)") && !english.contains("The same"), "{english}");
}

#[test]
fn a_place_alone_and_another_length_are_not_the_same() {
    let english = line(&[seen(), back("r1", "12:00", "Paper A", json!({})), back("r2", "12:00", "Paper B", json!({"regions": ["IT"]}))], Lang::En);
    assert!(english.contains("Elsewhere: Italy 12:00 (Paper B)") && !english.contains("The same"), "{english}");
    let lasted = |minutes: u32| json!({"lasted": {"minutes": minutes}});
    let events =
        [seen(), back("r1", "11:50", "Paper A", lasted(60)), back("r2", "11:50", "Paper B", lasted(90)), back("r3", "11:40", "Paper C", lasted(95))];
    let english = line(&events, Lang::En);
    assert!(
        english.contains("Other times stated: 11:40 (Paper C) How long: 95 minutes (Paper C) · 90 minutes (Paper B)")
            && !english.contains("The same"),
        "{english}"
    );
}

#[test]
fn json_gives_each_claim_its_words() {
    let timeline =
        folded(vec![seen(), cause("c1", "12:00", "Paper A", "Ministry", "a cut cable"), cause("c2", "13:00", "Paper B", "Union", "a hack")]);
    let told = tell(&timeline, &Registry::default(), &Options::default()).unwrap();
    let json = json!(document::timeline(&timeline, timeline.whole(), &told, &Registry::default(), Lang::En, None));
    assert_eq!(json["milestones"]["cause"]["claims"][1]["statement"]["quotation"]["text"], "a hack");
}

#[test]
fn a_copy_is_credited_to_both_and_bears_out_nothing() {
    let copy = |id: &str, kind: &str, clock: &str, paper: &str| {
        let slug = paper.to_lowercase().replace(' ', "-");
        let sources = json!([{"slug": slug, "name": paper, "role": "read_in", "kind": "press"}, {"slug": "agency", "name": "Agency", "role": "syndicated_from"}]);
        let extent = if kind == "service.restored" { json!({"sources": sources, "extent": "full"}) } else { json!({"sources": sources}) };
        said(id, kind, clock, paper, extent)
    };
    let events = [
        copy("d", "anomaly.detected", "10:00", "Paper B"),
        copy("r1", "service.restored", "11:00", "Paper C"),
        copy("r2", "service.restored", "11:00", "Paper B"),
    ];
    let english = line(&events, Lang::En);
    assert!(english.contains("First reports: Unusual number of reports. Agency in Paper B."), "{english}");
    assert!(english.contains("(Agency in Paper C). Copied in Paper B."), "{english}");
    assert!(line(&events, Lang::Bn).contains("একই লেখা ছেপেছে Paper B।"));
}

#[test]
fn the_course_of_planned_work_is_told_step_by_step() {
    let window = json!(["2024-03-05T14:00Z", "2024-03-05T18:00Z"]);
    let work = |id: &str, kind: &str, clock: &str, text: &str| said(id, kind, clock, "Acme status", json!({"scheduled": window, "text": text}));
    let events = [
        work("m1", "maintenance.announced", "09:00", "We move racks."),
        work("m2", "maintenance.started", "14:00", "We begin."),
        work("m3", "maintenance.started", "15:00", "We go on until 17:00."),
        work("m4", "maintenance.completed", "17:00", "It is done."),
    ];
    let english = told(&events, Lang::En);
    let entries: Vec<(&str, &str)> =
        english.entries.iter().map(|entry| (entry.head.as_str(), entry.text.split([',', ':']).next().unwrap())).collect();
    let expected =
        [("09:00", "Planned work announced"), ("14:00", "Planned work begins"), ("15:00", "Planned work goes on"), ("17:00", "Planned work is done")];
    assert_eq!(entries, expected);
    assert!(english.entries[2].text.contains("We go on until 17:00") && english.entries.iter().all(|entry| entry.details.is_empty()));
    assert!(english.summary[0].contains("done 17:00") && !english.summary[0].contains("back"), "{:?}", english.summary);
    assert!(told(&events, Lang::Bn).summary[0].contains("কাজ শেষ"));
}

#[test]
fn who_is_asked_stands_behind_the_verb_and_one_report_is_one() {
    let asks = said("f", "followup.reported", "11:00", "Paper A", json!({"who": "the regulator", "to": "Acme Inc", "text": "asks for a report"}));
    let one = said("o", "reports.observed", "11:30", "Paper A", json!({"counts": [{"value": 1, "per": "total"}]}));
    let rated = said("s", "scope.changed", "12:00", "Paper A", json!({"regions": ["IN"], "severity": "major"}));
    let english = line(&[seen(), asks, one, rated], Lang::En);
    for wanted in ["The regulator asks Acme Inc for a report", " 1 report (Paper A)", "from India too; rated “major”"] {
        assert!(english.contains(wanted), "{wanted}: {english}");
    }
}

//! How the state of an incident is told: of several services, of counts alone, at an instant, and beside other incidents.

use std::sync::Arc;

use dateline_events::Event;
use serde_json::{Value, json};

use super::super::{Lang, Options, Told, tell};
use super::instant;
use crate::fold::Fold;
use crate::model::{Registry, Timeline};

fn event(id: &str, subject: &str, kind: &str, data: Value) -> Event {
    let envelope =
        json!({"specversion": "1.0", "id": id, "source": "/desks/x", "type": format!("dateline.{kind}.v1"), "subject": subject, "data": data});
    Event::read(envelope.to_string().as_bytes()).unwrap()
}

fn at(clock: &str) -> Value {
    json!({"at": format!("2021-10-04T{clock}Z"), "precision": "minute"})
}

/// What somebody tells at a time, read in a source of a kind.
fn said(id: &str, subject: &str, kind: &str, clock: &str, by: (&str, &str), more: Value) -> Event {
    let mut data = json!({"occurred": at(clock), "stated": at(clock), "sources": [{"slug": by.0.to_lowercase().replace(' ', "-"), "name": by.0, "role": "read_in", "kind": by.1}]});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event(id, subject, kind, data)
}

fn registry() -> Registry {
    registered(&[("acme", "Acme", "Acme Inc"), ("bolt", "Bolt", "Acme Inc"), ("cargo", "Cargo", "Acme Inc")])
}

fn registered(services: &[(&str, &str, &str)]) -> Registry {
    let mut registry = Registry::default();
    for (slug, name, vendor) in services.iter().copied() {
        let mut fold = Fold::new();
        let data = json!({"names": {"en": name}, "vendor": {"slug": vendor.to_lowercase().replace(' ', "-"), "name": vendor}});
        fold.apply(1, 1, instant("2026-11-20T09:00:00Z"), Arc::new(event(slug, slug, "service.registered", data)));
        registry.services.extend(fold.registration());
    }
    registry
}

fn folded(events: Vec<Event>, at: Option<&str>) -> Timeline {
    let mut fold = Fold::new();
    for (event, position) in events.into_iter().zip(1..) {
        fold.apply(position, position, instant("2026-11-20T09:00:00Z"), Arc::new(event));
    }
    fold.timeline("acme-2021-10-04-0000000000000000", &[], at.map(instant), None)
}

fn told(timeline: &Timeline, lang: Lang) -> Told {
    tell(timeline, &registry(), &Options { lang, claims: true, ..Options::default() }).unwrap()
}

const PAPER: (&str, &str) = ("Paper A", "press");

fn merged() -> Vec<Event> {
    let count = |value: u32| json!({"counts": [{"value": value, "per": "total"}]});
    let words = |who: &str, text: &str| json!({"statement": {"organisation": who, "quotation": {"lang": "en", "text": text}}});
    vec![
        said("a1", "acme", "anomaly.detected", "16:00", PAPER, count(2500)),
        said("b1", "bolt", "anomaly.detected", "16:00", PAPER, count(13800)),
        said("a2", "acme", "vendor.acknowledged", "16:10", ("Acme on X", "vendor"), words("Acme", "Acme has trouble.")),
        said("b2", "bolt", "vendor.acknowledged", "16:20", ("Bolt on X", "vendor"), words("Bolt", "Bolt has trouble too.")),
        said("a3", "acme", "service.restored", "18:00", PAPER, json!({"extent": "full"})),
    ]
}

#[test]
fn each_service_of_a_merge_is_told_by_its_name() {
    let timeline = folded(merged(), None);
    let english = told(&timeline, Lang::En);
    assert_eq!(english.title, "Acme and Bolt outage, Monday 4 October 2021");
    assert_eq!(english.state, "acknowledged");
    assert_eq!(
        english.summary[0],
        "First reports 16:00 (Paper A) · Acme on X acknowledged it 16:10 · Acme back 18:00 (Paper A) · no restoration of Bolt reported"
    );
    let details: Vec<String> =
        english.entries.iter().flat_map(|entry| &entry.details).map(|detail| format!("{}: {}", detail.label, detail.text)).collect();
    let expected = ["Bolt: 16:00 Unusual number of reports: 13,800 (Paper A).", "Bolt: 16:20 Bolt acknowledges. “Bolt has trouble too.” (Bolt on X)"];
    assert_eq!(details.iter().map(|detail| detail.trim_end_matches('.')).collect::<Vec<_>>(), expected.map(|detail| detail.trim_end_matches('.')));
    assert!(told(&timeline, Lang::Bn).summary[0].ends_with("Bolt-এর পরিষেবা ফেরার খবর নেই"), "{}", told(&timeline, Lang::Bn).summary[0]);
}

#[test]
fn each_service_is_told_with_its_own_vendor_its_own_acknowledgement_and_its_own_end() {
    let bolts = json!({"statement": {"organisation": "Bolt Inc", "quotation": {"lang": "en", "text": "Bolt has trouble"}}});
    let events = vec![
        said("a1", "acme", "anomaly.detected", "16:00", PAPER, json!({"services": ["bolt"]})),
        said("b1", "bolt", "vendor.acknowledged", "16:10", ("Bolt Inc", "vendor"), bolts),
        said("b2", "bolt", "service.restored", "17:00", PAPER, json!({"extent": "full"})),
        said("b3", "bolt", "vendor.updated", "16:20", PAPER, json!({"status": "identified"})),
    ];
    let registry = registered(&[("acme", "Acme", "Acme Inc"), ("bolt", "Bolt", "Bolt Inc")]);
    let told = |lang| tell(&folded(events.clone(), None), &registry, &Options { lang, claims: true, ..Options::default() }).unwrap();
    let english = told(Lang::En);
    let head = "First reports 16:00 (Paper A) · Bolt: Bolt Inc acknowledged it 16:10 · Bolt back 17:00 (Paper A) · no restoration of Acme reported";
    assert_eq!((english.summary[0].as_str(), english.summary[1].as_str()), (head, "Services: Acme (Acme Inc), Bolt (Bolt Inc)"));
    assert!(english.entries.iter().any(|entry| entry.text.starts_with("Bolt: Bolt Inc has found the problem")), "{:?}", english.entries);
    let bengali = told(Lang::Bn).summary;
    let head = "Bolt: Bolt Inc সমস্যা মেনে নেয় ৪টে ১০ মিনিটে · Bolt-এর পরিষেবা ফেরে ৫টায় (Paper A) · Acme-র পরিষেবা ফেরার খবর নেই";
    assert!(bengali[0].ends_with(head) && bengali[1] == "পরিষেবা: Acme (মালিক Acme Inc), Bolt (মালিক Bolt Inc)", "{bengali:?}");
    assert!(told(Lang::BnBd).summary[0].ends_with("৪টা ১০ মিনিটে · Bolt-এর সেবা ফেরে ৫টায় (Paper A) · Acme-র সেবা ফেরার খবর নেই"));
}

#[test]
fn an_end_of_all_services_names_them_all() {
    let all = json!({"extent": "full", "services": "all"});
    let begun = said("a1", "acme", "anomaly.detected", "16:00", PAPER, json!({"services": ["bolt", "cargo"]}));
    let end = said("z", "acme", "service.restored", "18:00", PAPER, all);
    let english = told(&folded(vec![begun.clone(), end.clone()], None), Lang::En);
    assert!(english.summary[0].ends_with(" · Acme, Bolt and Cargo back 18:00 (Paper A)"), "{:?}", english.summary);
    assert_eq!(english.entries[1].text, "Acme, Bolt, Cargo: Service restored (Paper A).");
    // Of those that were back before it is only another time; it stands by itself for the one whose end it is.
    let back =
        |id: &str, service: &str, clock: &str| said(id, service, "service.restored", clock, ("Acme on X", "vendor"), json!({"extent": "full"}));
    let others = vec![begun, back("a2", "acme", "17:00"), back("b2", "bolt", "16:30")];
    let timeline = folded([others.clone(), vec![end]].concat(), None);
    let english = told(&timeline, Lang::En);
    let head = " · Bolt back 16:30 (Acme on X) · Acme back 17:00 (Acme on X) · Cargo back 18:00 (Paper A)";
    assert!(english.summary[0].ends_with(head) && english.summary[1] == "Lasted two hours", "{:?}", english.summary);
    assert_eq!(english.entries.last().unwrap().text, "Acme, Bolt, Cargo: Service restored (Paper A).");
    // What is only known to be of that day may have been the last.
    let day = json!({"extent": "full", "services": "all", "occurred": {"at": "2021-10-04[UTC]", "precision": "day"}, "stated": {"at": "2021-10-05T08:00Z"}});
    let of_the_day = said("z", "acme", "service.restored", "18:00", PAPER, day);
    let head = told(&folded([others, vec![of_the_day]].concat(), None), Lang::En).summary.swap_remove(0);
    assert!(head.rsplit(" · ").next().is_some_and(|last| last.starts_with("Cargo back")), "{head}");
}

#[test]
fn an_end_that_did_not_last_is_told_with_its_reopening_and_ends_nothing() {
    let acme = ("Acme on X", "vendor");
    let mut events = vec![
        said("a1", "acme", "anomaly.detected", "16:00", PAPER, json!({})),
        said("a2", "acme", "service.restored", "17:00", PAPER, json!({"extent": "full"})),
        said("a3", "acme", "vendor.updated", "17:30", acme, json!({"status": "identified"})),
    ];
    let head = |events: &[Event], lang| told(&folded(events.to_vec(), None), lang).summary;
    let open = head(&events, Lang::En);
    assert!(open[0].ends_with(" · back 17:00 (Paper A), reopened 17:30 (Acme on X)"), "{open:?}");
    assert!(!open.iter().any(|line| line.contains("Lasted") || line.contains("no restoration")), "{open:?}");
    assert!(head(&events, Lang::Bn)[0].ends_with("পরিষেবা ফেরে ৫টায় (Paper A), ফের সমস্যা সাড়ে ৫টায় (Acme on X)"), "{:?}", head(&events, Lang::Bn));
    assert!(head(&events, Lang::BnBd)[0].contains("সেবা ফেরে ৫টায় (Paper A), ফের সমস্যা সাড়ে ৫টায়"), "{:?}", head(&events, Lang::BnBd));
    events.push(said("a4", "acme", "service.restored", "18:00", PAPER, json!({"extent": "full"})));
    let over = head(&events, Lang::En);
    assert!(
        over[0].ends_with("back 17:00 (Paper A), reopened 17:30 (Acme on X) · back 18:00 (Paper A)") && over[1] == "Lasted two hours",
        "{over:?}"
    );
}

#[test]
fn a_claim_of_a_place_is_told_with_it_where_others_are_hit_too() {
    let of = |regions: &[&str], more: Value| {
        let mut data = json!({"regions": regions});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    let mut events = vec![
        said("a1", "acme", "anomaly.detected", "10:00", PAPER, of(&["IN"], json!({}))),
        said("a2", "acme", "reports.observed", "10:20", PAPER, of(&["IN"], json!({"counts": [{"value": 12, "per": "total"}]}))),
        said("a3", "acme", "service.restored", "11:00", PAPER, of(&["IN"], json!({"extent": "full"}))),
    ];
    let alone = told(&folded(events.clone(), None), Lang::En);
    assert!(alone.summary[0].ends_with("back 11:00 (Paper A)") && alone.entries[1].text.starts_with("12 reports"), "{alone:?}");
    events.insert(1, said("b", "acme", "anomaly.detected", "10:10", ("Paper B", "press"), of(&["GB"], json!({}))));
    let timeline = folded(events.clone(), None);
    assert_eq!(timeline.open_regions, ["GB"]);
    let english = told(&timeline, Lang::En);
    assert!(english.summary[0].ends_with("back in India 11:00 (Paper A) · no restoration in the UK reported"), "{:?}", english.summary);
    assert_eq!(english.summary[1], "Lasted one hour in India");
    let texts: Vec<&str> = english.entries.iter().map(|entry| entry.text.as_str()).collect();
    assert!(texts.contains(&"India: 12 reports (Paper A).") && texts.contains(&"Service restored in India (Paper A)."), "{texts:?}");
    let bengali = told(&timeline, Lang::Bn);
    assert!(bengali.summary[0].ends_with("ভারতে পরিষেবা ফেরে ১১টায় (Paper A) · ব্রিটেনে পরিষেবা ফেরার খবর নেই"), "{:?}", bengali.summary);
    assert_eq!(bengali.summary[1], "ভারতে বিভ্রাট এক ঘণ্টার");
    assert!(bengali.entries.iter().any(|entry| entry.text.starts_with("ভারত: ")), "{:?}", bengali.entries);
    assert!(told(&timeline, Lang::BnBd).summary[0].ends_with("ব্রিটেনে সেবা ফেরার খবর নেই"));
    // An end that names no place, or that one, covers it; one that may still come does not.
    for regions in [&["GB"][..], &[], &["world"]] {
        let end = said("b2", "acme", "service.restored", "12:00", PAPER, of(regions, json!({"extent": "full"})));
        let over = [events.clone(), vec![end]].concat();
        assert!(folded(over.clone(), None).open_regions.is_empty(), "{regions:?}");
        assert_eq!(folded(over, Some("2021-10-04T11:30:00Z")).open_regions, ["GB"], "{regions:?}");
    }
}

#[test]
fn when_a_cause_acted_is_told_beside_when_it_was_said_and_narrowed_by_nothing() {
    let words =
        |effective: Value| json!({"statement": {"organisation": "Acme", "quotation": {"lang": "en", "text": "a full disk"}}, "effective": effective});
    let told_of = |effective: Value, lang| {
        let cause = said("c", "acme", "cause.stated", "19:00", ("Acme on X", "vendor"), words(effective));
        told(&folded(vec![said("a1", "acme", "anomaly.detected", "16:00", PAPER, json!({})), cause], None), lang).entries[1].text.clone()
    };
    assert_eq!(told_of(at("15:58"), Lang::En), "Acme: “a full disk”, which acted from 15:58 (Acme on X).");
    assert_eq!(told_of(at("19:30"), Lang::En), "Acme: “a full disk”, which acted from 19:30 (Acme on X).", "also what is still to come");
    let between = json!({"between": ["2021-10-04T15:50Z", "2021-10-04T15:58Z"]});
    assert_eq!(told_of(between, Lang::En), "Acme: “a full disk”, which acted between 15:50 and 15:58 (Acme on X).");
    assert_eq!(told_of(json!({"unknown": true}), Lang::En), "Acme: “a full disk” (Acme on X)");
    assert_eq!(told_of(at("15:58"), Lang::Bn), "Acme: “a full disk”; কারণটি ঘটে দুপুর ৩টে ৫৮ মিনিটে (Acme on X)।");
    assert_eq!(told_of(at("15:58"), Lang::BnBd), "Acme: “a full disk”; কারণটি ঘটে দুপুর ৩টা ৫৮ মিনিটে (Acme on X)।");
}

#[test]
fn counts_alone_are_told_as_unusual_reports_until_they_subside() {
    let counter = ("Counts", "monitor");
    let reports = vec![said("r1", "acme", "anomaly.detected", "16:00", counter, json!({"counts": [{"value": 900, "per": "total"}]}))];
    let english = told(&folded(reports.clone(), None), Lang::En);
    assert_eq!((english.title.as_str(), english.state_label), ("Unusual reports about Acme, Monday 4 October 2021", "UNUSUAL REPORTS"));
    assert_eq!(english.summary[0], "First reports 16:00 (Counts)", "nothing failed that could be restored");
    let subsided = [reports, vec![said("r2", "acme", "reports.subsided", "18:00", counter, json!({}))]].concat();
    let english = told(&folded(subsided.clone(), None), Lang::En);
    assert_eq!((english.state, english.state_label), ("subsided", "REPORTS SUBSIDED"));
    assert_eq!(english.summary[0], "First reports 16:00 (Counts) · reports subsided 18:00 (Counts)");
    // Somebody says more: an outage whose end nobody tells.
    let outage = [subsided, vec![said("p", "acme", "anomaly.detected", "16:05", PAPER, json!({}))]].concat();
    let english = told(&folded(outage, None), Lang::En);
    assert_eq!((english.title.as_str(), english.state), ("Acme outage, Monday 4 October 2021", "detected"));
    assert!(english.summary[0].ends_with("reports subsided 18:00 (Counts), nobody says restored"), "{}", english.summary[0]);
}

#[test]
fn what_may_have_happened_by_then_is_marked_and_ends_nothing() {
    let mut events = merged();
    events.retain(|event| event.subject == "acme");
    events[2] = event(
        "a3",
        "acme",
        "service.restored",
        json!({"occurred": {"at": "2021-10-04[UTC]", "precision": "day"}, "stated": {"at": "2021-10-05T08:00Z"}, "extent": "full",
            "sources": [{"slug": "a", "name": "Paper A", "role": "read_in", "kind": "press"}]}),
    );
    let then = told(&folded(events.clone(), Some("2021-10-04T16:30:00Z")), Lang::En);
    assert_eq!(then.state, "acknowledged");
    assert!(then.summary[0].ends_with("possibly back by then"), "{}", then.summary[0]);
    let marks: Vec<&str> = then.entries.iter().flat_map(|entry| &entry.marks).map(String::as_str).collect();
    assert_eq!(marks, ["Possibly by then, not certainly."]);
    let before = told(&folded(events.clone(), Some("2021-10-04T12:00:00Z")), Lang::En);
    assert_eq!((before.state, before.entries.len()), ("unknown", 0));
    let now = told(&folded(events, None), Lang::En);
    let heads: Vec<&str> = now.entries.iter().map(|entry| entry.head.as_str()).collect();
    assert_eq!(heads, ["16:00", "Mon 4 Oct", "16:10"], "on that day, but not before the first reports");
    assert_eq!(now.summary[1], "Lasted at most eight hours");
}

#[test]
fn a_link_is_told_by_the_other_incidents_title_in_its_own_direction() {
    let other = folded(vec![said("b1", "bolt", "anomaly.detected", "16:00", PAPER, json!({}))], None);
    let link = |from: &str, to: &str, relation: &str| {
        event("l", "acme", "incident.linked", json!({"from": {"id": from}, "to": {"id": to}, "relation": relation}))
    };
    let told = |link: Event| {
        let mut timeline = folded(vec![said("a1", "acme", "anomaly.detected", "16:00", PAPER, json!({})), link], None);
        timeline.linked[0].incident = Some(Box::new(other.clone()));
        let background = told(&timeline, Lang::En).background;
        background.into_iter().map(|entry| entry.text).collect::<Vec<_>>().join("\n")
    };
    let title = "“Bolt outage, Monday 4 October 2021”";
    assert_eq!(told(link("a1", "b1", "part_of")), format!("Part of {title} (according to /desks/x)."));
    assert_eq!(told(link("b1", "a1", "part_of")), format!("{title} is part of it (according to /desks/x)."));
    assert_eq!(told(link("a1", "b1", "caused_by")), format!("Caused by {title} (according to /desks/x)."));
    assert_eq!(told(link("b1", "a1", "caused_by")), format!("It caused {title} (according to /desks/x)."));
}

#[test]
fn an_end_that_was_told_before_it_happened_and_reopened_meanwhile_is_left_behind_once() {
    let early = json!({"extent": "full", "occurred": {"before": "2021-10-04T12:00Z"}, "stated": at("11:00")});
    let vendors = |id: &str, clock: &str, status: &str| said(id, "acme", "vendor.updated", clock, ("Acme Inc", "vendor"), json!({"status": status}));
    let events = vec![
        said("a", "acme", "anomaly.detected", "10:00", PAPER, json!({})),
        said("r", "acme", "service.restored", "12:00", PAPER, early),
        vendors("v", "11:30", "investigating"),
    ];
    let open = folded(events.clone(), None);
    assert_eq!((open.restored, open.time_to_restore), (None, None));
    let over = folded(events.into_iter().chain([vendors("w", "13:00", "resolved")]).collect(), None);
    assert_eq!(over.restored.map(|restored| restored.told), Some(4));
}

#[test]
fn sixteen_ends_that_did_not_last_are_told_one_by_one_and_only_a_later_one_ends_it() {
    let vendors = |id: String, minute: usize, status: &str| {
        let clock = format!("{:02}:{:02}", 10 + minute / 60, minute % 60);
        said(&id, "acme", "vendor.updated", &clock, ("Acme Inc", "vendor"), json!({"status": status}))
    };
    let pairs = |count: usize| (0..count).flat_map(move |each| [(each, 4 * each + 2, "resolved"), (each, 4 * each + 4, "investigating")]);
    let seen = || said("a", "acme", "anomaly.detected", "10:00", PAPER, json!({}));
    for (count, told) in [(15, 15), (16, 16), (17, 16), (40, 16)] {
        let posts = pairs(count).map(|(each, minute, status)| vendors(format!("{status}-{each}"), minute, status));
        let events: Vec<Event> = std::iter::once(seen()).chain(posts).collect();
        let open = folded(events.clone(), None);
        assert_eq!((open.reopenings.len(), open.restored.is_none()), (told, true), "{count}");
        let last = vendors("last".to_owned(), 4 * count + 2, "resolved");
        let over = folded(events.into_iter().chain([last]).collect(), None);
        assert_eq!(over.restored.map(|restored| restored.told), Some(2 * count as u64 + 2), "{count}");
    }
}

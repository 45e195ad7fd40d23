//! What a vendor's page says is told as that page's: its dating of the start, its ratings, what it lists, and nothing more.

use dateline_events::Event;
use serde_json::{Value, json};

use super::super::{Lang, Options, tell, text};
use super::{folded, told};
use crate::model::{ReportedBy, Timeline, Warning};

/// An event of the watcher of GitHub's page, or of another publisher.
fn event(source: &str, id: &str, kind: &str, mut data: Value) -> Event {
    if source == "/watchers/github" && kind == "incident.titled" {
        data["sources"] = json!([{"slug": "github", "role": "read_in", "kind": "vendor", "name": "GitHub"}]);
    } else if source == "/watchers/github" {
        let reference = data.as_object_mut().unwrap().entry("reference").or_insert_with(|| json!({}));
        reference.as_object_mut().unwrap().extend([("page".to_owned(), json!("https://status.example")), ("id".to_owned(), json!("i"))]);
        data["sources"] = json!([{"slug": "github", "role": "read_in", "kind": "vendor", "name": "GitHub"}]);
    }
    let envelope =
        json!({"specversion": "1.0", "id": id, "source": source, "type": format!("dateline.{kind}.v1"), "subject": "github", "data": data});
    Event::read(envelope.to_string().as_bytes()).unwrap()
}

/// The same of a monitor.
fn monitor(id: &str, kind: &str, mut data: Value) -> Event {
    data["reference"] = json!({"page": "https://monitor.example", "id": "m"});
    data["sources"] = json!([{"slug": "up", "role": "read_in", "kind": "monitor", "name": "Up"}]);
    event("/watchers/up", id, kind, data)
}

fn page(id: &str, kind: &str, data: Value) -> Event {
    event("/watchers/github", id, kind, data)
}

fn at(minute: &str) -> Value {
    json!({"at": format!("2026-03-01T{minute}Z"), "precision": "minute"})
}

/// A start that the page dates, a rating, a post, and the end of its being listed.
fn outage() -> Vec<Event> {
    let words = json!({"organisation": "github", "quotation": {"lang": "en", "text": "We are looking into it."}});
    let left = json!({"between": ["2026-03-01T14:20:00Z", "2026-03-01T14:41:00Z"]});
    vec![
        page("i/start/1", "anomaly.detected", json!({"occurred": at("13:29")})),
        page("i/severity/1", "scope.changed", json!({"occurred": at("13:29"), "severity": "major", "reference": {"status": "critical"}})),
        page("i/post/1", "vendor.updated", json!({"occurred": at("13:31"), "status": "investigating", "statement": words})),
        page("i/absent/1", "service.restored", json!({"occurred": left, "extent": "full", "reference": {"absent": true}})),
    ]
}

fn texts(timeline: &Timeline, registry: &crate::model::Registry, lang: Lang) -> (Vec<String>, Vec<String>) {
    let told = told(timeline, registry, lang);
    (told.summary, told.entries.into_iter().map(|entry| entry.text).collect())
}

#[test]
fn a_page_alone_dates_its_start_rates_and_lists_and_reports_and_restores_nothing() {
    let (timeline, registry) = folded(outage(), None);
    assert_eq!(timeline.first_seen.as_ref().unwrap().reported_by, Some(ReportedBy::Vendor));
    assert_eq!(timeline.time_to_acknowledge, None);
    let (summary, entries) = texts(&timeline, &registry, Lang::En);
    assert_eq!(summary[0], "GitHub dates the start to 13:29, posted 13:31 · off GitHub’s list of open incidents between 14:20 and 14:41");
    assert_eq!(summary[1], "Lasted about one hour");
    let expected = [
        "GitHub dates the start to 13:29.",
        "GitHub rates it “critical”.",
        "GitHub, investigating: “We are looking into it.”",
        "GitHub took it off its list of open incidents.",
    ];
    assert_eq!(entries, expected);
    let (summary, entries) = texts(&timeline, &registry, Lang::Bn);
    assert!(
        summary[0].starts_with("গিটহাবের হিসেবে শুরু দুপুর ১টা ২৯ মিনিটে, প্রথম পোস্ট ১টা ৩১ মিনিটে · গিটহাবের চলতি বিভ্রাটের তালিকা থেকে বাদ"),
        "{}",
        summary[0]
    );
    assert_eq!(entries[..2], ["গিটহাবের হিসেবে তখনই শুরু।", "গিটহাবের মূল্যায়ন: “critical”"]);
    assert_eq!(entries[3], "গিটহাব চলতি বিভ্রাটের তালিকা থেকে এটি সরিয়ে নেয়।");
}

#[test]
fn where_others_saw_it_the_vendors_dating_stands_inside_what_they_saw() {
    let others = event("/desks/test", "first", "anomaly.detected", json!({"occurred": at("13:25")}));
    let (timeline, registry) = folded(outage().into_iter().chain([others]), None);
    assert_eq!(timeline.first_seen.as_ref().unwrap().reported_by, Some(ReportedBy::Others));
    assert!(timeline.time_to_acknowledge.is_some());
    let told = told(&timeline, &registry, Lang::En);
    assert!(told.summary[0].starts_with("First reports 13:25 (according to /desks/test) · GitHub acknowledged it 13:31"), "{}", told.summary[0]);
    let detail = &told.entries[0].details[0];
    assert_eq!((detail.label.as_str(), detail.text.as_str()), ("The vendor dates the start", "13:29 (GitHub)"));
}

#[test]
fn a_restoration_before_the_first_sign_gives_no_duration_and_a_warning() {
    let events = [
        event("/desks/test", "first", "anomaly.detected", json!({"occurred": at("13:25")})),
        event("/desks/test", "back", "service.restored", json!({"occurred": at("12:10"), "extent": "full"})),
    ];
    let (timeline, registry) = folded(events, None);
    assert_eq!((timeline.time_to_restore, timeline.warnings.as_slice()), (None, [Warning::RestoredBeforeFirstSeen].as_slice()));
    let told = told(&timeline, &registry, Lang::En);
    assert_eq!(told.notes, ["The restoration that is told lies before the first sign: how long it lasted is not known."]);
    assert!(!told.summary.iter().any(|line| line.contains("Lasted")), "{:?}", told.summary);
}

#[test]
fn a_rating_is_told_when_it_was_made_and_not_when_the_trouble_began() {
    let rated = |stated: Value| {
        page(
            "i/severity/1",
            "scope.changed",
            json!({"occurred": at("13:29"), "stated": stated, "severity": "minor", "reference": {"status": "minor"}}),
        )
    };
    let between = |from: &str, to: &str| json!({"between": [format!("2026-03-01T{from}:00Z"), to]});
    let story = |events: Vec<Event>| {
        let (timeline, registry) = folded(outage().into_iter().filter(|event| event.id != "i/severity/1").chain(events), None);
        let told = told(&timeline, &registry, Lang::En);
        told.entries.into_iter().map(|entry| format!("{} {}", entry.head, entry.text)).collect::<Vec<_>>()
    };
    let entries = story(vec![rated(between("13:31", "2026-03-01T13:34:59Z"))]);
    assert_eq!(entries[1..3], ["13:31 GitHub, investigating: “We are looking into it.”", "13:31–13:34 GitHub rates it “minor”."]);
    // A history that was read once, years later.
    let entries = story(vec![rated(between("13:31", "2028-03-01T13:34:59Z"))]);
    assert_eq!(entries[2], "after 13:31 GitHub rates it “minor”.");
    let raised = json!({"event": {"id": "i/severity/1"}, "edit_kind": "source_edit", "announced": false, "stated": between("14:05", "2026-03-01T14:09:59Z"),
        "patch": {"severity": "critical", "reference": {"page": "https://status.example", "id": "i", "status": "critical"}}});
    let entries = story(vec![rated(between("13:31", "2026-03-01T13:34:59Z")), page("i/severity/2", "event.corrected", raised)]);
    assert_eq!(entries[2], "14:05–14:09 GitHub rates it “critical”.", "the rating that stands, when it was made");
}

#[test]
fn a_retraction_and_a_correction_name_who_made_them_and_not_the_outlet_that_was_read() {
    let paper = json!([{"slug": "paper", "role": "read_in", "kind": "press", "name": "Some Paper"}]);
    let correction = json!({"event": {"id": "a"}, "patch": {"occurred": at("13:20")}, "edit_kind": "error", "reason": {"en": "A typing error."}});
    let events = [
        event("/desks/test", "a", "anomaly.detected", json!({"occurred": at("13:25"), "sources": paper})),
        event("/desks/test", "b", "reports.observed", json!({"occurred": at("13:40"), "sources": paper})),
        event("/desks/test", "c", "event.corrected", correction),
        event("/desks/test", "d", "event.retracted", json!({"event": {"id": "b"}, "reason": {"en": "Nobody counted."}})),
    ];
    let (timeline, registry) = folded(events, None);
    let told = tell(&timeline, &registry, &Options { retracted: true, ..Options::default() }).unwrap();
    assert_eq!(told.entries[0].marks, ["Correction by /desks/test: A typing error."]);
    let struck = &told.entries[1];
    assert_eq!((struck.position, struck.retracted, struck.head.as_str()), (2, true, "13:40"), "it stands where it stood");
    assert_eq!(struck.marks, ["Taken back by /desks/test: Nobody counted."]);
    assert_eq!(told.retracted[0].marks, ["Taken back by /desks/test."], "why is told once");
    let laid_out = text(&told, 110);
    assert_eq!(laid_out.matches("Nobody counted").count(), 1, "{laid_out}");
    assert!(laid_out.contains("\n13:40  ~Users report trouble (Some Paper).~\n       Taken back by /desks/test: Nobody counted.\n"), "{laid_out}");
    let folded = text(&tell(&timeline, &registry, &Options::default()).unwrap(), 110);
    assert!(folded.contains("~Users report trouble") && !folded.contains("Taken back:"), "{folded}");
    assert!(!told.summary.iter().any(|line| line.contains("13:40")), "{:?}", told.summary);
}

#[test]
fn a_desk_that_read_a_paper_takes_back_for_itself_and_a_paper_says_when_it_does() {
    let paper = json!([{"slug": "paper", "role": "read_in", "kind": "press", "name": "Some Paper"}]);
    let claim =
        |id: &str, time: &str| event("/desks/test", id, "reports.observed", json!({"occurred": at(time), "sources": paper, "stated": at("14:00")}));
    let back = |id: &str, of: &str, stated: Value| {
        let mut data = json!({"event": {"id": of}, "sources": paper});
        data.as_object_mut().unwrap().extend((!stated.is_null()).then(|| ("stated".to_owned(), stated)));
        event("/desks/test", id, "event.retracted", data)
    };
    let events = [
        event("/desks/test", "first", "anomaly.detected", json!({"occurred": at("13:25")})),
        claim("a", "13:40"),
        claim("b", "13:50"),
        back("c", "a", Value::Null),
        back("d", "b", at("17:00")),
    ];
    let (timeline, registry) = folded(events, None);
    let english = told(&timeline, &registry, Lang::En);
    assert_eq!(english.entries[1].marks, ["Taken back by /desks/test."]);
    assert_eq!(english.entries[2].marks, ["Taken back by Some Paper, three hours after publishing it."]);
    let bengali = told(&timeline, &registry, Lang::Bn);
    assert_eq!(bengali.entries[2].marks, ["Some Paper প্রকাশের তিন ঘণ্টা পরে এটি প্রত্যাহার করেছে।"]);
}

#[test]
fn what_a_watcher_only_books_is_told_as_what_the_page_did() {
    let back = |id: &str, of: &str| page(id, "event.retracted", json!({"event": {"id": of}, "announced": false, "stated": at("15:10")}));
    let post = |word: &str, stated: &str| json!({"occurred": at("13:31"), "stated": at(stated), "reference": {"update": "p", "status": word}});
    let with_status = |mut data: Value| {
        data["status"] = json!("monitoring");
        data
    };
    let absent = json!({"occurred": at("14:30"), "stated": at("14:31"), "extent": "full", "reference": {"absent": true}});
    let events = [
        page("i/start/1", "anomaly.detected", json!({"occurred": at("13:29")})),
        page("i/post/p/1", "vendor.acknowledged", post("Seen", "13:31")),
        page("i/absent/1", "service.restored", absent),
        page("i/status/1", "vendor.updated", with_status(json!({"occurred": at("14:40")}))),
        back("i/absent/2", "i/absent/1"),
        back("i/status/2", "i/status/1"),
        back("i/post/p/2", "i/post/p/1"),
        page("i/post/p/3", "vendor.updated", with_status(post("Monitoring", "15:10"))),
    ];
    let (timeline, registry) = folded(events, None);
    let english = told(&timeline, &registry, Lang::En);
    let heads: Vec<(&str, bool)> = english.entries.iter().map(|entry| (entry.head.as_str(), entry.retracted)).collect();
    assert_eq!(heads, [("13:29", false), ("13:31", false), ("14:30", true)], "{:?}", english.entries);
    assert_eq!(english.entries[1].marks, ["GitHub changed the state from “Seen” to “Monitoring”, 99 minutes after posting it, without notice."]);
    assert_eq!(english.entries[2].text, "GitHub took it off its list of open incidents.");
    assert_eq!(english.entries[2].marks, ["GitHub put it back on that list, 15:10."]);
    assert_eq!(timeline.retracted.len(), 3, "the record has them all");
    let listed = tell(&timeline, &registry, &Options { retracted: true, ..Options::default() }).unwrap().retracted;
    let marks: Vec<usize> = listed.iter().map(|entry| entry.marks.len()).collect();
    assert_eq!(marks, [0, 1, 0], "nobody took back what was said anew: {listed:?}");
    let bengali = told(&timeline, &registry, Lang::Bn);
    assert_eq!(bengali.entries[2].marks, ["গিটহাব দুপুর ৩টে ১০ মিনিটে এটি সেই তালিকায় ফিরিয়ে আনে।"]);
}

#[test]
fn a_follow_up_tells_who_asks_whom() {
    let asks = |id: &str, data: Value| event("/desks/test", id, "followup.reported", data);
    let events = [
        event("/desks/test", "first", "anomaly.detected", json!({"occurred": at("13:25")})),
        asks("f1", json!({"occurred": at("16:00"), "who": "the regulator", "to": "Acme Inc", "text": "asks for a report"})),
        asks("f2", json!({"occurred": at("16:05"), "who": "the regulator", "text": "The regulator asks Acme Inc for a report"})),
    ];
    let (timeline, registry) = folded(events, None);
    let (_, entries) = texts(&timeline, &registry, Lang::En);
    assert_eq!(entries[1], "The regulator asks Acme Inc for a report (according to /desks/test).");
    assert_eq!(entries[2], "The regulator asks Acme Inc for a report (according to /desks/test).");
    let (_, entries) = texts(&timeline, &registry, Lang::Bn);
    assert!(entries[1].starts_with("the regulator: asks for a report (Acme Inc-এর কাছে)"), "{}", entries[1]);
}

#[test]
fn a_headline_of_the_vendors_own_is_followed_by_service_and_date() {
    let named =
        page("i/name/1", "incident.titled", json!({"event": {"id": "i/start/1"}, "title": {"en": "Incident with Actions"}, "stated": at("13:29")}));
    let (timeline, registry) = folded(outage().into_iter().chain([named]), None);
    let english = told(&timeline, &registry, Lang::En);
    let kicker = "GitHub, Sunday 1 March 2026";
    assert_eq!((english.title.as_str(), english.kicker.as_deref(), english.summary[0].as_str()), ("Incident with Actions", Some(kicker), kicker));
    let bengali = told(&timeline, &registry, Lang::Bn);
    assert_eq!((bengali.title.as_str(), bengali.kicker), ("গিটহাব বিভ্রাট, রবিবার ১ মার্চ ২০২৬", None));
}

#[test]
fn a_first_post_that_names_no_state_is_when_the_vendor_posted() {
    let words = json!({"organisation": "github", "quotation": {"lang": "en", "text": "Some of you see errors."}});
    let silent = page("i/post/0", "vendor.updated", json!({"occurred": at("13:30"), "statement": words}));
    let (timeline, registry) = folded(outage().into_iter().chain([silent]), None);
    let summary = told(&timeline, &registry, Lang::En).summary;
    assert!(summary[0].starts_with("GitHub dates the start to 13:29, posted 13:30 · "), "{summary:?}");
}

#[test]
fn a_monitor_finds_down_and_up_and_one_answer_is_told_once() {
    let events = [
        monitor("m/start/1", "anomaly.detected", json!({"occurred": at("11:06")})),
        monitor("m/post/1", "service.restored", json!({"occurred": at("11:30"), "extent": "unstable"})),
        monitor("m/end/1", "service.restored", json!({"occurred": at("11:30"), "extent": "full"})),
    ];
    let (timeline, registry) = folded(events, None);
    let (summary, entries) = texts(&timeline, &registry, Lang::En);
    assert_eq!(summary[..2], ["The monitor found it down 11:06 (Up) · up 11:30", "Lasted 24 minutes"]);
    assert_eq!(entries, ["The monitor finds GitHub down (Up).", "The monitor finds it up again (Up)."]);
    let (summary, _) = texts(&timeline, &registry, Lang::Bn);
    assert_eq!(summary[0], "নজরদারিতে সাড়া মেলেনি সকাল ১১টা ৬ মিনিটে (Up) · আবার সাড়া মেলে সাড়ে ১১টায়");
}

#[test]
fn a_slow_answer_is_no_fall_and_each_finding_is_told() {
    let found = |id: &str, kind: &str, minute: &str, word: &str, more: &Value| {
        let mut data = json!({"occurred": at(minute), "reference": {"page": "https://monitor.example", "id": "m", "status": word}});
        if kind == "scope.changed" {
            data["reference"]["update"] = json!(id);
        }
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data["sources"] = json!([{"slug": "up", "role": "read_in", "kind": "monitor", "name": "Up"}]);
        event("/watchers/up", id, kind, data)
    };
    let rated = |severity: &str| json!({"severity": severity});
    let events = [
        found("m/start/1", "anomaly.detected", "11:06", "degraded", &json!({})),
        found("m/post/2/1", "scope.changed", "11:20", "down", &rated("major")),
        found("m/post/3/1", "scope.changed", "11:30", "degraded", &rated("minor")),
    ];
    let (timeline, registry) = folded(events, None);
    let (summary, entries) = texts(&timeline, &registry, Lang::En);
    assert!(summary[0].starts_with("The monitor found it slow 11:06 (Up)"), "{summary:?}");
    assert_eq!(entries, ["The monitor finds GitHub slow (Up).", "The monitor finds GitHub down (Up).", "The monitor finds GitHub slow (Up)."]);
    let (_, entries) = texts(&timeline, &registry, Lang::Bn);
    assert!(entries[0].contains("দেরিতে সাড়া মেলে") && entries[1].contains("সাড়া মেলেনি"), "{entries:?}");
}

#[test]
fn a_page_that_dates_its_planned_work_announces_nothing_then() {
    let told = |data: Value| {
        let (timeline, registry) = folded([page("w", "maintenance.announced", data)], None);
        [Lang::En, Lang::Bn].map(|lang| texts(&timeline, &registry, lang).1[0].clone())
    };
    let dated = told(json!({"occurred": at("13:29"), "reference": {"page": "https://acme.example", "id": "w"}}));
    assert!(dated[0].ends_with("dates the start of the planned work to 13:29."), "the vendor is not credited with its own word: {dated:?}");
    assert!(dated[1].contains("হিসেবে রক্ষণাবেক্ষণের কাজ শুরু"), "{dated:?}");
    let announced = told(json!({"occurred": at("13:29"), "text": {"en": "We move racks."}}));
    assert!(announced[0].contains("Planned work announced"), "{announced:?}");
}

#[test]
fn work_that_is_called_off_is_not_told_as_done() {
    let told = |word: &str| {
        let data = json!({"occurred": at("13:29"), "reference": {"status": word}, "text": {"en": "We do not."}});
        let (timeline, registry) = folded([page("w", "maintenance.completed", data)], None);
        [Lang::En, Lang::Bn].map(|lang| texts(&timeline, &registry, lang).1[0].clone())
    };
    let off = told("Maintenance cancelled");
    assert!(off[0].contains("Planned work is called off") && off[0].contains("We do not") && off[1].contains("কাজ বাতিল"), "{off:?}");
    assert!(told("completed")[0].contains("Planned work is done"));
}

#[test]
fn a_name_within_what_somebody_wrote_leaves_the_credit_where_it_is() {
    let planned = page("w", "maintenance.announced", json!({"occurred": at("13:29"), "text": {"en": "GitHub moves machines."}}));
    let headed = page("h", "vendor.updated", json!({"occurred": at("13:31"), "status": "investigating", "headline": {"en": "GitHub is slow"}}));
    for (event, expected) in [(planned, "Planned work announced: “GitHub moves machines.” (GitHub)"), (headed, "GitHub is slow (GitHub).")] {
        let (timeline, registry) = folded([event], None);
        assert_eq!(told(&timeline, &registry, Lang::En).entries[0].text, expected);
    }
}

#[test]
fn what_is_only_bounded_is_dated_to_nothing() {
    let events = [
        page("i/start/1", "anomaly.detected", json!({"occurred": {"before": "2026-03-01T14:00:00Z"}})),
        page("i/end/1", "service.restored", json!({"occurred": {"before": "2026-03-01T19:05:00Z"}, "extent": "full"})),
    ];
    let (timeline, registry) = folded(events, None);
    let (summary, entries) = texts(&timeline, &registry, Lang::En);
    assert_eq!(summary[0], "It began by 14:00 (GitHub) · over by 19:05 (GitHub)");
    assert_eq!(entries, ["It began by 14:00 (GitHub).", "It was over by 19:05 (GitHub)."]);
    let (_, entries) = texts(&timeline, &registry, Lang::Bn);
    assert_eq!(entries, ["বিভ্রাট শুরু (গিটহাব)।", "বিভ্রাট শেষ (গিটহাব)।"]);
}

#[test]
fn what_a_vendor_says_without_a_page_is_no_first_report_and_a_part_that_is_back_is_no_end() {
    let source = json!([{"slug": "meta", "role": "read_in", "kind": "vendor", "name": "Meta"}]);
    let start = event("/desks/test", "a", "anomaly.detected", json!({"occurred": at("13:29"), "sources": source}));
    let part = page("i/back/1", "service.restored", json!({"occurred": at("14:00"), "extent": "partial"}));
    let (timeline, registry) = folded([start, part], None);
    let (_, entries) = texts(&timeline, &registry, Lang::En);
    assert_eq!(entries, ["Meta dates the start to 13:29.", "Partly back (GitHub)."]);
}

//! What a page changed silently, in words: as a sentence of its own, and as a mark on its entry.

use std::sync::Arc;

use dateline_events::{Event, Instant};
use serde_json::{Map, Value, json};

use super::super::{Lang, Options, Told, UnknownZone, tell, told_edit};
use crate::fold::Fold;
use crate::model::{Registry, Timeline};
use crate::rows::Nature;
use dateline_status_pages::watched::{ReadEvent, Watched};

const ORGANISATION: &str = "github";

/// A post of 10:00 read at once, and edits of it read at minutes past ten.
fn events(kind: &str, own: Value, patches: &[(i64, Value)]) -> Vec<ReadEvent> {
    let ten = Instant::parse("2026-03-01T10:00:00Z").unwrap();
    let stated = |minute: i64| json!({"between": [ten.plus((minute - 1) * Instant::MINUTE), ten.plus(minute * Instant::MINUTE - Instant::SECOND)]});
    let source = json!([{"slug": "github", "role": "read_in", "kind": "vendor", "name": "GitHub"}]);
    let mut all = vec![("base", kind.to_owned(), own, 1)];
    for (minute, patch) in patches {
        let own = json!({"event": {"id": "base"}, "patch": patch, "edit_kind": "source_edit", "announced": false});
        all.push(("edit", "event.corrected".to_owned(), own, *minute));
    }
    let read = |(number, (id, kind, mut own, minute)): (u64, (&str, String, Value, i64))| {
        own["stated"] = stated(minute);
        own["sources"] = source.clone();
        let id = if id == "base" { id.to_owned() } else { format!("{id}/{number}") };
        let event = json!({"specversion": "1.0", "id": id, "source": "/watchers/github", "type": format!("dateline.{kind}.v1"), "subject": "github", "data": own});
        let event = Event::read_at_the_door(event.to_string().as_bytes()).unwrap();
        ReadEvent { position: number, recorded: ten, event: Arc::new(event) }
    };
    (1..).zip(all).map(read).collect()
}

fn reference(update: Option<&str>, status: Option<&str>) -> Value {
    let mut reference = json!({"page": "https://status.example", "id": "abc"});
    reference.as_object_mut().unwrap().extend(update.map(|update| ("update".to_owned(), json!(update))));
    reference.as_object_mut().unwrap().extend(status.map(|status| ("status".to_owned(), json!(status))));
    reference
}

fn post(words: &str) -> Value {
    json!({"occurred": {"at": "2026-03-01T10:00:00Z"}, "status": "investigating", "reference": reference(Some("p"), Some("Investigating")),
        "statement": statement(words)})
}

fn statement(words: &str) -> Value {
    json!({"organisation": ORGANISATION, "quotation": {"lang": "en", "text": words}})
}

/// The last edit as a sentence, in English and in Bengali, with what stood there and what stands there.
fn sentences(events: Vec<ReadEvent>) -> (String, String, Option<String>, Option<String>) {
    let [watched] = Watched::all(events).try_into().unwrap();
    let edits = watched.edits(None, None);
    let told = |lang| told_edit(&watched, edits.last().unwrap(), &Registry::default(), "UTC", lang).unwrap();
    let (english, bengali) = (told(Lang::En), told(Lang::Bn));
    (english.sentence, bengali.sentence, english.before, english.after)
}

#[test]
fn the_words_of_an_update() {
    let (english, bengali, before, after) =
        sentences(events("vendor.updated", post("It is slow."), &[(181, json!({"statement": statement("It is down.")}))]));
    assert_eq!(english, "GitHub changed the words of an update three hours after posting it");
    assert_eq!(bengali, "গিটহাব প্রকাশের তিন ঘণ্টা পরে একটি আপডেটের বয়ান বদলেছে");
    assert_eq!((before.as_deref(), after.as_deref()), (Some("It is slow."), Some("It is down.")));
    let (english, bengali, before, _) =
        sentences(events("vendor.updated", post("It is <b>slow</b>."), &[(6, json!({"statement": statement("It is slow")}))]));
    assert_eq!(english, "GitHub changed only punctuation, markup or case in an update 5 minutes after posting it");
    assert_eq!(bengali, "গিটহাব প্রকাশের ৫ মিনিট পরে একটি আপডেটের শুধু যতিচিহ্ন, বিন্যাস বা হরফ বদলেছে");
    assert_eq!(before.as_deref(), Some("It is <b>slow</b>."), "the markup is what was changed");
}

#[test]
fn the_beginning_the_severity_the_state_and_the_window() {
    let start = |patch: &str| {
        let own = json!({"occurred": {"at": "2026-03-01T09:50:00Z"}, "reference": reference(None, None)});
        sentences(events("anomaly.detected", own, &[(121, json!({"occurred": {"at": patch}}))]))
    };
    let (english, bengali, before, after) = start("2026-03-01T08:14:00Z");
    assert_eq!(english, "GitHub moved the beginning 96 minutes earlier two hours after publishing it");
    assert_eq!(bengali, "গিটহাব প্রকাশের দু’ঘণ্টা পরে শুরুর সময় ৯৬ মিনিট এগিয়ে এনেছে");
    assert_eq!((before.as_deref(), after.as_deref()), (Some("Sun 1 Mar 2026 09:50 UTC"), Some("Sun 1 Mar 2026 08:14 UTC")));
    let (english, bengali, before, after) = start("2026-03-01T09:50:30Z");
    assert_eq!(english, "GitHub moved the beginning by less than a minute two hours after publishing it");
    assert_eq!(bengali, "গিটহাব প্রকাশের দু’ঘণ্টা পরে শুরুর সময় এক মিনিটেরও কম সরিয়েছে");
    assert_eq!((before.as_deref(), after.as_deref()), (Some("2026-03-01T09:50:00Z"), Some("2026-03-01T09:50:30Z")));
    let (english, bengali, ..) = start("2026-03-01T12:00:00Z");
    assert_eq!(english, "GitHub moved the beginning 2 h 10 min later two hours after publishing it");
    assert_eq!(bengali, "গিটহাব প্রকাশের দু’ঘণ্টা পরে শুরুর সময় ২ ঘণ্টা ১০ মিনিট পিছিয়ে দিয়েছে");

    let own = json!({"occurred": {"at": "2026-03-01T09:50:00Z"}, "severity": "major", "reference": reference(None, None)});
    let (english, bengali, ..) = sentences(events("scope.changed", own, &[(2, json!({"severity": "minor"}))]));
    assert_eq!(english, "GitHub lowered the severity from major to minor 1 minute after publishing it");
    assert_eq!(bengali, "গিটহাব প্রকাশের ১ মিনিট পরে গুরুত্ব “বড়” থেকে কমিয়ে “সামান্য” করেছে");

    let patch = json!({"status": "monitoring", "reference": reference(Some("p"), Some("Monitoring"))});
    let (english, bengali, ..) = sentences(events("vendor.updated", post("It is slow."), &[(61, patch)]));
    assert_eq!(english, "GitHub changed the state of an update from “Investigating” to “Monitoring” one hour after posting it");
    assert_eq!(bengali, "গিটহাব প্রকাশের এক ঘণ্টা পরে একটি আপডেটের অবস্থা “Investigating” থেকে “Monitoring” করেছে");

    let own = json!({"occurred": {"at": "2026-03-01T10:00:00Z"}, "scheduled": ["2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"], "text": {"en": "Work"},
        "reference": reference(Some("p"), Some("Scheduled"))});
    let events = events("maintenance.announced", own, &[(61, json!({"scheduled": ["2026-03-02T10:00:00Z", "2026-03-02T12:30:00Z"]}))]);
    assert_eq!(Watched::all(events.clone())[0].nature, dateline_status_pages::Nature::Maintenance);
    let (english, bengali, _, after) = sentences(events);
    assert_eq!(english, "GitHub changed the planned window one hour after posting it");
    assert_eq!(bengali, "গিটহাব প্রকাশের এক ঘণ্টা পরে পরিকল্পিত সময় বদলেছে");
    assert_eq!(after.as_deref(), Some("between Mon 2 Mar 2026 10:00 and 12:30 UTC"));
}

#[test]
fn a_zone_that_does_not_exist_is_named() {
    let [watched] = Watched::all(events("vendor.updated", post("A"), &[(9, json!({"statement": statement("B")}))])).try_into().unwrap();
    let refused = told_edit(&watched, &watched.edits(None, None)[0], &Registry::default(), "Mars/Base", Lang::En);
    assert_eq!(refused, Err(UnknownZone("Mars/Base".to_owned())));
}

fn read_timeline(events: &[ReadEvent]) -> Timeline {
    let mut fold = Fold::new();
    for read in events {
        fold.apply(read.position, read.position, read.recorded, read.event.clone());
    }
    fold.timeline("github-2026-03-01-0000000000000000", &[], None, None)
}

fn told_of(events: &[ReadEvent], lang: Lang) -> Told {
    tell(&read_timeline(events), &Registry::default(), &Options { lang, ..Options::default() }).unwrap()
}

/// The marks on the one entry, in a language.
fn marks(events: &[ReadEvent], lang: Lang) -> Vec<String> {
    told_of(events, lang).entries.remove(0).marks
}

#[test]
fn a_mark_says_when_and_what_stood_there_and_what_it_was_changed_to_where_that_is_gone_too() {
    let patches = [(20, json!({"statement": statement("It is <i>down</i>.")})), (181, json!({"statement": statement("All is well.")}))];
    let changed = events("vendor.updated", post("It is slow."), &patches);
    assert_eq!(
        marks(&changed, Lang::En),
        [
            "GitHub changed the words, 19 minutes after posting it, without notice: they were “It is slow.”, then “It is down.”",
            "GitHub changed the words, three hours after posting it, without notice: they were “It is down.”"
        ]
    );
    assert_eq!(
        marks(&changed, Lang::Bn),
        [
            "গিটহাব পোস্ট করার ১৯ মিনিট পরে না জানিয়ে বয়ান বদলেছে: আগে ছিল “It is slow.”, তার পরে “It is down.”",
            "গিটহাব পোস্ট করার তিন ঘণ্টা পরে না জানিয়ে বয়ান বদলেছে: আগে ছিল “It is down.”"
        ]
    );
}

#[test]
fn a_mark_tells_times_states_windows_and_what_was_not_given_before() {
    let patch = json!({"status": "monitoring", "reference": reference(Some("p"), Some("Monitoring")), "occurred": {"at": "2026-03-01T09:30:00Z"}});
    let changed = events("vendor.updated", post("It is slow."), &[(20, patch)]);
    let [english] = marks(&changed, Lang::En).try_into().unwrap();
    let expected = "GitHub moved the time from 10:00 to 09:30 and changed the state from “Investigating” to “Monitoring”, 19 minutes after posting it, \
                    without notice.";
    assert_eq!(english, expected);
    let severe = json!({"occurred": {"at": "2026-03-01T10:00:00Z"}, "severity": "major", "reference": reference(None, Some("high"))});
    let patches =
        [(20, json!({"severity": "minor", "reference": reference(None, Some("low"))})), (30, json!({"reference": reference(None, Some("lower"))}))];
    let changed = events("scope.changed", severe, &patches);
    assert_eq!(
        marks(&changed, Lang::En),
        [
            "GitHub lowered the severity from “high” to “low”, 19 minutes after publishing it, without notice.",
            "GitHub changed the severity from “low” to “lower”, 29 minutes after publishing it, without notice."
        ]
    );
    assert_eq!(marks(&changed, Lang::Bn)[0], "গিটহাব প্রকাশের ১৯ মিনিট পরে না জানিয়ে গুরুত্ব “high” থেকে কমিয়ে “low” করেছে।");
    let announced = json!({"occurred": {"at": "2026-03-01T10:00:00Z"}, "text": {"en": "Work"}, "reference": reference(Some("p"), None)});
    let window = json!({"scheduled": ["2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z"]});
    let later = json!({"scheduled": ["2026-03-01T11:00:00Z", "2026-03-01T13:00:00Z"]});
    let changed = events("maintenance.announced", announced, &[(20, window), (30, later)]);
    assert_eq!(
        marks(&changed, Lang::En),
        [
            "GitHub added the planned window, 11:00–12:00, 19 minutes after posting it, without notice.",
            "GitHub moved the planned window from 11:00–12:00 to 11:00–13:00, 29 minutes after posting it, without notice."
        ]
    );
    assert_eq!(marks(&changed, Lang::Bn)[1], "গিটহাব পোস্ট করার ২৯ মিনিট পরে না জানিয়ে পরিকল্পিত সময় করেছে সকাল ১১টা – দুপুর ১টা (আগে ছিল সকাল ১১টা – দুপুর ১২টা)।");
}

/// An event that stands at another position, under another id, with other data.
fn placed(read: &ReadEvent, position: u64, id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> ReadEvent {
    let mut data = read.event.data();
    change(&mut data);
    let kind = format!("dateline.{}.v1", read.event.kind.name());
    let whole = json!({"specversion": "1.0", "id": id, "source": read.event.source, "type": kind, "subject": read.event.subject, "data": data});
    ReadEvent { position, recorded: read.recorded, event: Arc::new(Event::read_at_the_door(whole.to_string().as_bytes()).unwrap()) }
}

/// A vendor's page that said when it was over, moved that by seconds, and then by hours: some time within three hours.
fn moved_end() -> Vec<ReadEvent> {
    let own = json!({"occurred": {"at": "2026-03-01T02:33:40Z"}, "extent": "full", "reference": reference(None, None)});
    let patches = [(1, json!({"occurred": {"at": "2026-03-01T02:34:00Z"}})), (170, json!({"occurred": {"at": "2026-03-01T23:43:00Z"}}))];
    let mut all = events("service.restored", own, &patches);
    let stated = json!({"between": ["2026-03-01T09:59:00Z", "2026-03-01T12:49:59Z"]});
    all[2] = placed(&all[2], 3, "edit/3", |data| drop(data.insert("stated".into(), stated)));
    all
}

#[test]
fn an_edit_of_a_milestone_is_told_under_the_title_and_what_is_minor_nowhere() {
    let changed = moved_end();
    let english = "GitHub moved the end from 02:34 to 23:43, within three hours of closing it, without notice";
    let bengali = "গিটহাব সমাপ্তি ঘোষণার তিন ঘণ্টার মধ্যেই না জানিয়ে শেষের সময় রাত ২টো ৩৪ থেকে রাত ১১টা ৪৩ করেছে";
    let told = told_of(&changed, Lang::En);
    assert_eq!(told.entries[0].marks, [format!("{english}.")], "the edit by less than a minute is not told");
    assert_eq!(told.summary.iter().filter(|line| line.contains("moved the end")).collect::<Vec<_>>(), [english]);
    let told = told_of(&changed, Lang::Bn);
    assert_eq!((told.entries[0].marks.as_slice(), told.summary[1].as_str()), ([format!("{bengali}।")].as_slice(), bengali));
    let told = told_of(&changed, Lang::BnBd);
    assert_eq!(told.summary[1], bengali.replace("২টো", "২টা"));
    let timeline = read_timeline(&changed);
    let minor: Vec<bool> = timeline.entries[0].item.corrections.iter().map(crate::model::Correction::is_minor).collect();
    assert_eq!(minor, [true, false], "both stand in the record");
    let rated = json!({"occurred": {"at": "2026-03-01T10:00:00Z"}, "severity": "minor", "reference": reference(None, Some("low"))});
    let raised = events("scope.changed", rated, &[(20, json!({"severity": "major", "reference": reference(None, Some("high"))}))]);
    assert!(told_of(&raised, Lang::En).summary[1].starts_with("GitHub raised the severity from “low” to “high”, 19 minutes after publishing it"));
}

#[test]
fn an_edit_of_what_stands_inside_an_entry_is_told_there() {
    let own = json!({"occurred": {"at": "2026-03-01T09:50:00Z"}, "reference": reference(None, None)});
    let mut all = events("anomaly.detected", own, &[(121, json!({"occurred": {"at": "2026-03-01T08:14:00Z"}}))]);
    let paper = json!([{"slug": "paper", "role": "read_in", "kind": "press", "name": "Some Paper"}]);
    let data = json!({"occurred": {"at": "2026-03-01T09:55:00Z"}, "sources": paper});
    let event = json!({"specversion": "1.0", "id": "seen", "source": "/desks/test", "type": "dateline.anomaly.detected.v1", "subject": "github", "data": data});
    let event = Arc::new(Event::read_at_the_door(event.to_string().as_bytes()).unwrap());
    all.push(ReadEvent { position: 3, recorded: all[0].recorded, event });
    assert_eq!(marks(&all, Lang::En), ["GitHub moved the beginning from 09:50 to 08:14, two hours after publishing it, without notice."]);
}

#[test]
fn a_headline_that_was_changed_is_told_beside_what_it_heads() {
    let mut all = events("vendor.updated", post("It is slow."), &[]);
    let named = json!({"event": {"id": "first"}, "title": {"en": "Chat is down"}});
    let patches = [(20, json!({"title": {"en": "Chat is slow"}})), (30, json!({"title": {"en": "Chat is slow."}}))];
    for (read, (position, id)) in events("incident.titled", named, &patches).iter().zip([(2, "name"), (3, "name/2"), (4, "name/3")]) {
        let target = if id == "name" { "base" } else { "name" };
        all.push(placed(read, position, id, |data| drop(data.insert("event".into(), json!({"id": target})))));
    }
    assert_eq!(marks(&all, Lang::En), ["GitHub renamed it from “Chat is down” to “Chat is slow”, 19 minutes after publishing it, without notice."]);
    assert_eq!(marks(&all, Lang::Bn), ["গিটহাব প্রকাশের ১৯ মিনিট পরে না জানিয়ে শিরোনাম “Chat is down” বদলে “Chat is slow” করেছে।"]);
    let [renamed] = read_timeline(&all).renamed.try_into().unwrap();
    assert_eq!((renamed.of, renamed.title.corrections.len(), renamed.title.corrections[1].is_minor()), (Some(1), 2, true));
}

#[test]
fn planned_work_whose_end_nobody_told_ends_with_its_window() {
    let announced = |until: &str| json!({"occurred": {"at": "2026-03-01T10:00:00Z"}, "text": {"en": "Work"}, "scheduled": ["2026-03-02T10:00:00Z", until], "reference": reference(Some("p"), None)});
    let over = |events: &[ReadEvent]| {
        let mut fold = Fold::new();
        for read in events {
            fold.apply(read.position, read.position, read.recorded, read.event.clone());
        }
        (fold.summary().nature, fold.summary().over().and_then(|over| over.latest).map(|latest| latest.to_string()))
    };
    let mut work = events("maintenance.announced", announced("2026-03-02T11:00:00Z"), &[]);
    assert_eq!(over(&work), (Nature::Maintenance, Some("2026-03-02T11:00:00Z".into())));
    work = events(
        "maintenance.announced",
        announced("2026-03-02T11:00:00Z"),
        &[(20, json!({"scheduled": ["2026-03-02T10:00:00Z", "2026-03-02T13:00:00Z"]}))],
    );
    assert_eq!(over(&work), (Nature::Maintenance, Some("2026-03-02T13:00:00Z".into())));
    let done = json!({"occurred": {"at": "2026-03-02T10:40:00Z"}, "reference": reference(Some("q"), None)});
    let mut done = events("maintenance.completed", done, &[]);
    done[0].position = 9;
    let mut completed = (*done[0].event).clone();
    completed.id = "done".into();
    work.push(ReadEvent { event: Arc::new(completed), ..done[0].clone() });
    assert_eq!(over(&work), (Nature::Maintenance, Some("2026-03-02T10:40:01Z".into())));
    // Work that names no window goes on until somebody says that it is done.
    let open = events("maintenance.announced", json!({"occurred": {"at": "2026-03-01T10:00:00Z"}, "text": {"en": "Work"}}), &[]);
    assert_eq!(over(&open), (Nature::Maintenance, None));
}

//! The page of then, and what was changed of it: by hand-made events of a watcher that read a page every ten minutes.

use std::sync::Arc;

use dateline_events::{Event, Instant, Severity};
use serde_json::{Value, json};

use super::{About, Edit, Edited, EditedValue, PageItem, Presence, ReadEvent, Watched};
use crate::observation::Nature;

/// When it is asked; only of planned work that is over it matters.
const NOW: Instant = Instant(i64::MAX);

/// A page read at minutes of one hour; what is found at a reading was said since the reading ten minutes before.
#[derive(Default)]
struct Page {
    events: Vec<ReadEvent>,
}

fn minute(minute: i64) -> Instant {
    Instant::parse("2026-03-01T10:00:00Z").unwrap().plus(minute * Instant::MINUTE)
}

fn between(lower: i64, upper: i64) -> Value {
    json!({"between": [minute(lower), minute(upper).plus(-Instant::SECOND)]})
}

impl Page {
    fn say_between(&mut self, lower: i64, upper: i64, id: &str, kind: &str, mut data: Value) {
        data["stated"] = between(lower, upper);
        data["sources"] = json!([{"slug": "github", "role": "read_in", "kind": "vendor", "url": "https://status.example/incidents/abc"}]);
        let event = json!({"specversion": "1.0", "id": id, "source": "/watchers/github", "type": format!("dateline.{kind}.v1"), "subject": "github", "data": data});
        let position = self.events.len() as u64 + 1;
        let event = Arc::new(Event::read_at_the_door(event.to_string().as_bytes()).unwrap());
        self.events.push(ReadEvent { position, recorded: minute(600), event });
    }

    fn say(&mut self, read: i64, id: &str, kind: &str, data: Value) {
        self.say_between(read - 10, read, id, kind, data);
    }

    fn post(&mut self, read: i64, key: &str, number: u32, status: &str, words: &str, at: i64) {
        let data = json!({"occurred": {"at": minute(at)}, "status": status.to_lowercase(),
            "reference": {"page": "https://status.example", "id": "abc", "update": key, "status": status},
            "statement": {"organisation": "github", "quotation": {"lang": "en", "text": words}}});
        self.say(read, &format!("abc/post/{key}/{number}"), "vendor.updated", data);
    }

    fn correct(&mut self, read: i64, id: &str, target: &str, patch: Value) {
        let data = json!({"event": {"id": target}, "patch": patch, "edit_kind": "source_edit", "announced": false});
        self.say(read, id, "event.corrected", data);
    }

    fn retract(&mut self, read: i64, id: &str, target: &str) {
        self.say(read, id, "event.retracted", json!({"event": {"id": target}, "announced": false}));
    }

    fn leave(&mut self, lower: i64, upper: i64, number: u32) {
        let data = json!({"occurred": between(lower, upper), "extent": "full",
            "reference": {"page": "https://status.example", "id": "abc", "absent": true}});
        self.say_between(lower, upper, &format!("abc/absent/{number}"), "service.restored", data);
    }

    /// An incident named "Pull requests", seen at 10:10, begun at 10:01, with one post of 10:02.
    fn opened() -> Self {
        let mut page = Self::default();
        let reference = json!({"page": "https://status.example", "id": "abc"});
        page.say(10, "abc/start/1", "anomaly.detected", json!({"occurred": {"at": minute(1)}, "reference": reference}));
        page.post(10, "p1", 1, "Investigating", "We look into it.", 2);
        page.say(10, "abc/name/1", "incident.titled", json!({"event": {"id": "abc/start/1"}, "title": {"en": "Pull requests"}}));
        let severity = json!({"occurred": {"at": minute(1)}, "reference": reference, "severity": "minor"});
        page.say(10, "abc/severity/1", "scope.changed", severity);
        page
    }

    fn watched(&self) -> Watched {
        let [only] = Watched::all(self.events.clone()).try_into().unwrap();
        only
    }

    fn at(&self, known_at: i64) -> Option<PageItem> {
        self.watched().at(Some(minute(known_at)), None, NOW)
    }

    fn presence(&self, known_at: Instant) -> Option<Presence> {
        let watched = self.watched();
        let presence = watched.presence(Some(known_at), None, NOW);
        assert_eq!(watched.at(Some(known_at), None, NOW).map(|item| item.presence), presence);
        presence
    }

    fn edits(&self) -> Vec<Edit> {
        self.watched().edits(None, None)
    }
}

type Told = (Edited, About, bool, Option<EditedValue>, Option<EditedValue>);

fn told(edits: &[Edit]) -> Vec<Told> {
    edits.iter().map(|edit| (edit.what, edit.about, edit.minor, edit.before.clone(), edit.after.clone())).collect()
}

fn text(text: &str) -> Option<EditedValue> {
    Some(EditedValue::Text(text.to_owned()))
}

fn words(item: &PageItem) -> Vec<&str> {
    item.posts.iter().filter_map(|post| post.words.as_deref()).collect()
}

fn statement(words: &str) -> Value {
    json!({"statement": {"organisation": "github", "quotation": {"lang": "en", "text": words}}})
}

#[test]
fn an_incident_stands_there_from_the_reading_that_found_it() {
    let mut page = Page::opened();
    page.post(30, "p2", 1, "Monitoring", "A fix is out.", 25);
    assert_eq!(page.presence(minute(10).plus(-1)), None);
    let item = page.at(10).unwrap();
    assert_eq!((item.presence, item.name.as_deref(), item.status.as_deref()), (Presence::Listed, Some("Pull requests"), Some("Investigating")));
    assert_eq!((item.started_at, item.severity, item.ended_at), (Some(minute(1)), Some(Severity::Minor), None));
    assert_eq!(words(&page.at(29).unwrap()), ["We look into it."]);
    let item = page.at(30).unwrap();
    assert_eq!((words(&item), item.status.as_deref()), (vec!["A fix is out.", "We look into it."], Some("Monitoring")));
    assert_eq!((item.posts[0].id.as_deref(), item.posts[0].at, item.posts[0].event.as_str()), (Some("p2"), Some(minute(25)), "abc/post/p2/1"));
    // As of the position of the first post alone, only the beginning and that post are known.
    let early = page.watched().at(None, Some(2), NOW).unwrap();
    assert_eq!((early.name.as_deref(), words(&early)), (None, vec!["We look into it."]));
    assert_eq!(page.watched().at(None, Some(0), NOW), None);
}

#[test]
fn the_newest_post_is_the_one_with_the_latest_time_beside_it_then_the_latest_said() {
    let mut page = Page::opened();
    page.post(30, "p2", 1, "Monitoring", "Second.", 25);
    page.post(40, "p3", 1, "Identified", "Written in later.", 20);
    assert_eq!(page.at(40).unwrap().status.as_deref(), Some("Monitoring"));
    page.post(50, "p4", 1, "Resolved", "At the same minute.", 25);
    assert_eq!(page.at(50).unwrap().status.as_deref(), Some("Resolved"));
}

#[test]
fn words_changed_and_changed_back_are_two_edits_and_three_pages() {
    let mut page = Page::opened();
    page.correct(20, "abc/post/p1/2", "abc/post/p1/1", statement("All is well."));
    page.correct(40, "abc/post/p1/3", "abc/post/p1/1", statement("We look into it."));
    assert_eq!(words(&page.at(19).unwrap()), ["We look into it."]);
    assert_eq!(words(&page.at(20).unwrap()), ["All is well."]);
    assert_eq!(words(&page.at(40).unwrap()), ["We look into it."]);
    let edits = page.edits();
    let (first, second) = ("We look into it.", "All is well.");
    let expected = [(Edited::Words, About::Post, false, text(first), text(second)), (Edited::Words, About::Post, false, text(second), text(first))];
    assert_eq!(told(&edits), expected);
    // Said between 10:00 and 10:10, changed between 10:10 and 10:20, and between 10:30 and 10:40.
    let elapsed: Vec<_> = edits.iter().map(|edit| edit.elapsed.map(|range| (range.seconds_min, range.seconds_max))).collect();
    assert_eq!(elapsed, [Some((0, 1200)), Some((1200, 2400))]);
    assert_eq!((edits[0].target, edits[0].position, edits[0].post.as_deref()), (2, 5, Some("p1")));
    assert_eq!(page.watched().edits(Some(minute(39)), None).len(), 1);
    assert_eq!(page.watched().edits(None, Some(4)).len(), 0);
}

#[test]
fn only_markup_or_punctuation_is_minor_and_a_time_moved_by_seconds_too() {
    let mut page = Page::opened();
    page.correct(20, "abc/post/p1/2", "abc/post/p1/1", statement("<p>We look into it!</p>"));
    page.correct(30, "abc/start/2", "abc/start/1", json!({"occurred": {"at": minute(1).plus(59 * Instant::SECOND)}}));
    page.correct(40, "abc/start/3", "abc/start/1", json!({"occurred": {"at": minute(-95)}}));
    page.correct(50, "abc/severity/2", "abc/severity/1", json!({"severity": "critical"}));
    page.correct(50, "abc/name/2", "abc/name/1", json!({"title": {"en": "Everything"}}));
    let minor: Vec<_> = page.edits().iter().map(|edit| (edit.what, edit.minor)).collect();
    let expected = [(Edited::Words, true), (Edited::Start, true), (Edited::Start, false), (Edited::Severity, false), (Edited::Name, false)];
    assert_eq!(minor, expected);
    let item = page.at(50).unwrap();
    assert_eq!((item.started_at, item.severity, item.name.as_deref()), (Some(minute(-95)), Some(Severity::Critical), Some("Everything")));
}

#[test]
fn a_change_of_state_time_and_words_at_once_is_three_edits() {
    let mut page = Page::opened();
    let mut patch = statement("Found it.");
    patch["status"] = json!("identified");
    patch["occurred"] = json!({"at": minute(5)});
    patch["reference"] = json!({"page": "https://status.example", "id": "abc", "update": "p1", "status": "Identified"});
    page.correct(20, "abc/post/p1/2", "abc/post/p1/1", patch);
    let what: Vec<_> = page.edits().iter().map(|edit| edit.what).collect();
    assert_eq!(what, [Edited::Words, Edited::Status, Edited::Time]);
    assert_eq!(page.at(20).unwrap().status.as_deref(), Some("Identified"));
}

#[test]
fn a_post_taken_down_is_gone_until_it_is_put_back() {
    let mut page = Page::opened();
    page.post(20, "p2", 1, "Monitoring", "A fix is out.", 15);
    page.retract(30, "abc/post/p2/2", "abc/post/p2/1");
    page.retract(50, "abc/post/p2/3", "abc/post/p2/2");
    let status = |at| page.at(at).unwrap().status;
    assert_eq!(
        [status(20), status(29), status(30), status(49), status(50)].map(Option::unwrap),
        ["Monitoring", "Monitoring", "Investigating", "Investigating", "Monitoring"]
    );
    let fix = "A fix is out.";
    assert_eq!(
        told(&page.edits()),
        [(Edited::Removed, About::Post, false, text(fix), None), (Edited::Returned, About::Post, false, None, text(fix))]
    );
    assert_eq!(page.at(40).unwrap().presence, Presence::Listed);
}

#[test]
fn a_post_said_anew_as_another_kind_was_changed_not_taken_down() {
    let mut page = Page::default();
    let post = |number: u32, status: &str, words: &str| {
        let reference = json!({"page": "https://status.example", "id": "abc", "update": "p1", "status": status});
        (format!("abc/post/p1/{number}"), json!({"occurred": {"at": minute(2)}, "reference": reference, "text": {"en": words}}))
    };
    let (id, mut data) = post(1, "Scheduled", "Work ahead.");
    data["scheduled"] = json!([minute(60), minute(120)]);
    page.say(10, &id, "maintenance.announced", data);
    page.retract(20, "abc/post/p1/2", "abc/post/p1/1");
    let (id, data) = post(3, "In progress", "Work ahead.");
    page.say(20, &id, "maintenance.started", data);
    assert_eq!(page.watched().nature, Nature::Maintenance);
    assert_eq!(told(&page.edits()), [(Edited::Status, About::Post, false, text("Scheduled"), text("In progress"))]);
    let item = page.at(20).unwrap();
    assert_eq!((item.presence, item.posts.len(), item.status.as_deref()), (Presence::Listed, 1, Some("In progress")));
    assert_eq!([10, 20].map(|at| page.at(at).unwrap().scheduled), [Some((minute(60), minute(120))); 2]);
    page.correct(30, "abc/window/2", "abc/post/p1/1", json!({"scheduled": [minute(60), minute(180)]}));
    assert_eq!(page.at(30).unwrap().scheduled, Some((minute(60), minute(180))));
    assert_eq!(page.edits()[1].what, Edited::Window);
}

#[test]
fn planned_work_stands_there_until_its_window_is_over_and_then_nobody_knows() {
    let mut page = Page::default();
    let mut data = json!({"occurred": {"at": minute(2)}, "scheduled": [minute(30), minute(60)], "text": {"en": "Work ahead."},
        "reference": {"page": "https://status.example", "id": "abc", "update": "p1", "status": "Scheduled"}});
    page.say(10, "abc/post/p1/1", "maintenance.announced", data.clone());
    use Presence::{Absent, Listed, Unknown};
    let seen = |page: &Page| [59, 60, 75, 90].map(|at| page.presence(minute(at)).unwrap());
    assert_eq!(seen(&page), [Listed, Unknown, Unknown, Unknown]);
    let now = |page: &Page, now: i64| page.watched().presence(None, None, minute(now));
    assert_eq!((now(&page, 59), now(&page, 61)), (Some(Listed), Some(Unknown)));
    // A reading after the window still had it, with a post that is new, or an edit.
    data["reference"]["update"] = json!("p2");
    data.as_object_mut().unwrap().remove("scheduled");
    page.say(75, "abc/post/p2/1", "maintenance.completed", data);
    page.correct(90, "abc/post/p2/2", "abc/post/p2/1", json!({"text": {"en": "Done."}}));
    assert_eq!(seen(&page), [Listed, Unknown, Listed, Listed]);
    assert_eq!((now(&page, 90), now(&page, 91)), (Some(Listed), Some(Unknown)));
    // The window is moved, and the list is seen without it.
    page.correct(100, "abc/window/2", "abc/post/p1/1", json!({"scheduled": [minute(30), minute(180)]}));
    assert_eq!([150, 180].map(|at| page.presence(minute(at)).unwrap()), [Listed, Unknown]);
    let left = json!({"occurred": between(190, 200), "reference": {"page": "https://status.example", "id": "abc", "absent": true}});
    page.say_between(190, 200, "abc/absent/1", "maintenance.completed", left);
    assert_eq!(page.presence(minute(200)), Some(Absent));
}

#[test]
fn an_incident_that_left_the_list_is_absent_in_between_nobody_knows() {
    let mut page = Page::opened();
    page.leave(30, 40, 1);
    let presence = |at: Instant| page.presence(at).unwrap();
    assert_eq!(presence(minute(30)), Presence::Listed, "the last reading still had it");
    assert_eq!(presence(minute(30).plus(1)), Presence::Unknown);
    assert_eq!(presence(minute(40).plus(-1)), Presence::Unknown);
    assert_eq!(presence(minute(40)), Presence::Absent);
    assert_eq!(page.watched().presence(None, None, NOW), Some(Presence::Absent));
    assert_eq!(page.edits(), []);
}

#[test]
fn an_incident_that_came_back_to_the_list_is_there_again_and_that_is_no_edit() {
    let mut page = Page::opened();
    page.leave(30, 40, 1);
    page.retract(60, "abc/absent/2", "abc/absent/1");
    page.leave(80, 90, 3);
    let presence = |at: i64| page.presence(minute(at)).unwrap();
    let seen = [40, 50, 51, 60, 80, 85, 90].map(presence);
    use Presence::{Absent, Listed, Unknown};
    assert_eq!(seen, [Absent, Absent, Unknown, Listed, Listed, Unknown, Absent]);
    assert_eq!(page.edits(), []);
}

#[test]
fn a_whole_incident_taken_down_is_one_edit_and_one_when_it_is_put_back() {
    let mut page = Page::opened();
    for part in ["start", "name", "severity", "post/p1"] {
        page.retract(30, &format!("abc/{part}/2"), &format!("abc/{part}/1"));
    }
    assert_eq!(page.presence(minute(20)), Some(Presence::Listed));
    assert_eq!(page.presence(minute(25)), Some(Presence::Unknown));
    assert_eq!(page.presence(minute(30)), Some(Presence::Absent));
    assert_eq!(told(&page.edits()), [(Edited::Removed, About::Incident, false, text("Pull requests"), None)]);
    for part in ["start", "name", "severity", "post/p1"] {
        page.retract(50, &format!("abc/{part}/3"), &format!("abc/{part}/2"));
    }
    assert_eq!(page.presence(minute(50)), Some(Presence::Listed));
    let edits = page.edits();
    assert_eq!(told(&edits[1..]), [(Edited::Returned, About::Incident, false, None, text("Pull requests"))]);
    assert_eq!(words(&page.at(50).unwrap()), ["We look into it."]);
}

#[test]
fn an_end_that_is_stated_moved_and_taken_back() {
    let mut page = Page::opened();
    let over = json!({"occurred": {"at": minute(15)}, "extent": "full", "reference": {"page": "https://status.example", "id": "abc"}});
    page.say(20, "abc/end/1", "service.restored", over);
    page.correct(30, "abc/end/2", "abc/end/1", json!({"occurred": {"at": minute(12)}}));
    page.retract(40, "abc/end/3", "abc/end/1");
    assert_eq!([19, 20, 30, 40].map(|at| page.at(at).unwrap().ended_at), [None, Some(minute(15)), Some(minute(12)), None]);
    let time = |at: i64| Some(EditedValue::Time(minute(at)));
    assert_eq!(told(&page.edits()), [(Edited::End, About::End, false, time(15), time(12)), (Edited::Removed, About::End, false, time(12), None)]);
}

#[test]
fn what_the_watcher_itself_put_right_is_no_edit_of_the_page() {
    let mut page = Page::opened();
    let data = json!({"event": {"id": "abc/start/1"}, "patch": {"occurred": {"at": minute(0)}}, "edit_kind": "error", "announced": true});
    page.say(20, "abc/start/2", "event.corrected", data);
    // A correction that would make its event invalid has no effect.
    page.correct(30, "abc/start/3", "abc/start/1", json!({"occurred": null}));
    assert_eq!((page.at(30).unwrap().started_at, page.edits()), (Some(minute(0)), vec![]));
    // One that is taken back has none either.
    page.correct(40, "abc/name/2", "abc/name/1", json!({"title": {"en": "Other"}}));
    page.retract(50, "abc/name/3", "abc/name/2");
    assert_eq!(page.at(40).unwrap().name.as_deref(), Some("Other"));
    assert_eq!((page.at(50).unwrap().name.as_deref(), page.edits()), (Some("Pull requests"), vec![]));
}

#[test]
fn the_order_of_events_changes_nothing_and_others_say_nothing_of_the_page() {
    let mut page = Page::opened();
    page.correct(20, "abc/post/p1/2", "abc/post/p1/1", statement("All is well."));
    page.leave(30, 40, 1);
    let expected = page.watched();
    let mut events = page.events.clone();
    events.reverse();
    let mut desk = (*events[0].event).clone();
    desk.source = "/desks/demo".into();
    events.push(ReadEvent { position: 900, recorded: minute(600), event: Arc::new(desk) });
    let foreign = json!({"specversion": "1.0", "id": "x", "source": "/desks/demo", "type": "dateline.event.retracted.v1", "subject": "github",
        "data": {"event": {"source": "/watchers/github", "id": "abc/start/1"}}});
    let foreign = Event::read_at_the_door(foreign.to_string().as_bytes()).unwrap();
    events.push(ReadEvent { position: 901, recorded: minute(600), event: Arc::new(foreign) });
    assert_eq!(Watched::all(events), [expected]);
}

#[test]
fn two_incidents_of_a_page_told_as_one_stay_two_on_the_page() {
    let mut page = Page::opened();
    page.say(
        20,
        "def/start/1",
        "anomaly.detected",
        json!({"occurred": {"at": minute(3)}, "reference": {"page": "https://status.example", "id": "def"}}),
    );
    let ids: Vec<String> = Watched::all(page.events).into_iter().map(|watched| watched.id).collect();
    assert_eq!(ids, ["abc", "def"]);
}

#[test]
fn a_long_chain_of_retractions_is_walked_without_recursion() {
    const LINKS: u32 = 20_001;
    let mut page = Page::opened();
    page.retract(20, "abc/post/p1/2", "abc/post/p1/1");
    let mut last = page.events.pop().unwrap();
    for number in 2..2 + LINKS {
        let mut event = (*last.event).clone();
        event.id = format!("abc/post/p1/{number}");
        if let dateline_events::Kind::EventRetracted(act) = &mut event.kind {
            act.event.id = format!("abc/post/p1/{}", number - 1);
        }
        last.event = Arc::new(event);
        page.events.push(ReadEvent { position: page.events.len() as u64 + 1, ..last.clone() });
    }
    // An odd number of them: the last one takes it back.
    assert_eq!(page.at(20).unwrap().posts, []);
    page.events.pop();
    assert_eq!(page.at(20).unwrap().posts.len(), 1);
}

#[test]
fn the_pages_own_state_is_told_until_it_is_taken_back_and_is_no_edit() {
    let mut page = Page::default();
    page.post(10, "a", 1, "Identified", "A cable.", 1);
    page.post(10, "b", 1, "Investigating", "We look.", 2);
    let reference = json!({"page": "https://status.example", "id": "abc", "status": "identified"});
    page.say(10, "abc/status/1", "vendor.updated", json!({"occurred": {"at": minute(3)}, "status": "identified", "reference": reference}));
    page.retract(30, "abc/status/2", "abc/status/1");
    let watched = Watched::all(page.events).remove(0);
    let at = |known: i64| watched.at(Some(minute(known)), None, NOW).unwrap();
    assert_eq!((at(20).status.as_deref(), at(20).posts.len()), (Some("identified"), 2));
    assert_eq!(at(40).status.as_deref(), Some("Investigating"));
    assert!(watched.edits(None, None).is_empty());
}

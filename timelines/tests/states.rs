//! Which incident an event joins long after its last sign, and how an incident stands: by its ends, its counts, its services, and at an instant.

use dateline_events::Instant;
use dateline_timelines::model::{Part, State, Timeline, Warning};
use dateline_timelines::rows::IncidentNumber;
use serde_json::{Value, json};

use crate::support::{MemoryViews, Projector, incidents, records_of};

/// Events of one service that each of two outlets, or the vendor's own page, tells.
struct Story(Vec<String>);

impl Story {
    fn new() -> Self {
        Self(Vec::new())
    }

    /// A paper says it of a service.
    fn paper(self, subject: &str, kind: &str, data: Value) -> Self {
        self.said(subject, kind, "press", data)
    }

    /// The vendor says it of its service.
    fn vendor(self, subject: &str, kind: &str, data: Value) -> Self {
        self.said(subject, kind, "vendor", data)
    }

    /// A page of counts says it.
    fn counter(self, subject: &str, kind: &str, data: Value) -> Self {
        self.said(subject, kind, "monitor", data)
    }

    fn said(mut self, subject: &str, kind: &str, by: &str, mut data: Value) -> Self {
        data["sources"] = json!([{"slug": by, "role": "read_in", "kind": by, "name": by}]);
        let id = format!("e{}", self.0.len() + 1);
        let event =
            json!({"specversion": "1.0", "id": id, "source": "/desks/x", "type": format!("dateline.{kind}.v1"), "subject": subject, "data": data});
        self.0.push(event.to_string());
        self
    }

    fn act(mut self, subject: &str, kind: &str, data: Value) -> Self {
        let id = format!("e{}", self.0.len() + 1);
        let event =
            json!({"specversion": "1.0", "id": id, "source": "/desks/x", "type": format!("dateline.{kind}.v1"), "subject": subject, "data": data});
        self.0.push(event.to_string());
        self
    }

    /// Projected event by event.
    fn views(&self) -> MemoryViews {
        let mut projector = Projector::over(MemoryViews::default());
        for record in records_of(&self.0.join("\n")) {
            projector.page(&[record], false);
        }
        projector.views
    }

    fn told(&self, at: Option<&str>) -> Timeline {
        told(&self.views(), 1, at)
    }
}

fn told(views: &MemoryViews, incident: IncidentNumber, at: Option<&str>) -> Timeline {
    views.fold(incident, u64::MAX, None).timeline("x", &[], at.map(|at| Instant::parse(at).unwrap()), None)
}

/// A time of the first days of March 2026.
fn at(day: u32, clock: &str) -> Value {
    json!({"at": format!("2026-03-{day:02}T{clock}Z"), "precision": "minute"})
}

fn sign(day: u32, clock: &str) -> Value {
    json!({"occurred": at(day, clock), "stated": at(day, clock)})
}

fn with(mut data: Value, name: &str, value: Value) -> Value {
    data[name] = value;
    data
}

fn back(day: u32, clock: &str) -> Value {
    with(sign(day, clock), "extent", json!("full"))
}

fn post(day: u32, clock: &str, status: &str) -> Value {
    with(sign(day, clock), "status", json!(status))
}

/// Where each event of a story is.
fn holders(story: &Story) -> Vec<Vec<IncidentNumber>> {
    let views = story.views();
    (1..=story.0.len() as u64).map(|position| views.holders(position, u64::MAX)).collect()
}

#[test]
fn a_restoration_joins_the_outage_that_nobody_ended_for_seven_days() {
    let outage = || Story::new().paper("ferry", "anomaly.detected", sign(1, "16:00"));
    assert_eq!(outage().paper("ferry", "service.restored", back(8, "15:59")).told(None).state, State::Restored);
    assert_eq!(holders(&outage().paper("ferry", "service.restored", back(8, "16:02")))[1], Vec::<u64>::new());
    // What is over takes no second end, and the last outage before it is the one that is asked.
    let over = outage().paper("ferry", "service.restored", back(1, "17:00"));
    assert_eq!(holders(&over.paper("ferry", "service.restored", back(3, "17:00")))[2], Vec::<u64>::new());
    let two = outage().paper("ferry", "anomaly.detected", sign(3, "09:00"));
    assert_eq!(holders(&two.paper("ferry", "service.restored", back(4, "09:00")))[2], [2]);
    // It may come before what it ends.
    let late = Story::new().paper("ferry", "service.restored", back(5, "12:00")).paper("ferry", "anomaly.detected", sign(1, "16:00"));
    assert_eq!(holders(&late), [[2], [2]]);
}

#[test]
fn a_service_that_is_down_longer_takes_its_own_end_whichever_was_named_first() {
    let both = || Story::new().paper("acme", "anomaly.detected", with(sign(1, "10:00"), "services", json!(["bolt"])));
    for (first, last) in [("acme", "bolt"), ("bolt", "acme")] {
        let one = || both().paper(first, "service.restored", back(1, "11:00"));
        let story = || one().paper(last, "service.restored", back(1, "21:00"));
        assert_eq!(holders(&story()), [[1], [1], [1]], "{last} is back last");
        let told = story().told(None);
        assert_eq!((told.state, told.time_to_restore.map(|range| range.seconds_max)), (State::Restored, Some(11 * 3_600 + 60)));
        // What is reported of it meanwhile is no other outage, and its vendor may say so a day long.
        assert_eq!(holders(&one().paper(last, "reports.observed", sign(1, "15:00")))[2], [1]);
        assert_eq!(holders(&one().vendor(last, "vendor.updated", post(2, "09:00", "resolved")))[2], [1]);
        assert_eq!(holders(&one().vendor(last, "vendor.updated", post(2, "09:00", "identified")))[2], [1]);
        // The one that is back takes no second end; both windows are those of the service.
        assert_eq!(holders(&one().paper(first, "service.restored", back(2, "21:00")))[2], Vec::<u64>::new());
        assert_eq!(holders(&one().paper(last, "service.restored", back(8, "10:02")))[2], Vec::<u64>::new());
        assert_eq!(holders(&one().paper(first, "service.restored", with(back(2, "21:00"), "services", json!("all"))))[2], [1]);
        // Once both are back it is over.
        assert_eq!(holders(&story().paper(last, "reports.observed", sign(2, "00:00")))[3], [4]);
        // The order in which it is told changes nothing.
        let late = both().paper(last, "service.restored", back(1, "21:00")).paper(first, "service.restored", back(1, "11:00"));
        assert_eq!(holders(&late), [[1], [1], [1]]);
    }
    let counts = |data: Value| with(with(data, "services", json!(["bolt"])), "counts", json!([{"value": 900, "per": "total"}]));
    let reports = Story::new().counter("acme", "anomaly.detected", counts(sign(1, "10:00"))).counter("acme", "reports.subsided", sign(1, "11:00"));
    assert_eq!(holders(&reports.counter("bolt", "reports.subsided", sign(3, "10:00")))[2], [1]);
}

#[test]
fn a_vendors_word_joins_within_a_day_and_its_postmortem_within_thirty() {
    let outage = || Story::new().paper("ferry", "anomaly.detected", sign(1, "16:00"));
    assert_eq!(holders(&outage().vendor("ferry", "vendor.acknowledged", sign(2, "15:00")))[1], [1]);
    assert_eq!(holders(&outage().vendor("ferry", "vendor.acknowledged", sign(2, "17:00")))[1], [2], "it opens another");
    let over = || outage().paper("ferry", "service.restored", back(1, "17:00"));
    assert_eq!(holders(&over().vendor("ferry", "vendor.updated", post(20, "12:00", "postmortem")))[2], [1]);
    assert_eq!(holders(&over().vendor("ferry", "vendor.updated", post(31, "18:00", "postmortem")))[2], Vec::<u64>::new());
    let alone = Story::new().vendor("ferry", "vendor.updated", post(20, "12:00", "postmortem"));
    assert!(incidents(&alone.views().rows).is_empty(), "a postmortem opens none");
}

#[test]
fn reports_alone_are_unusual_reports_and_subside() {
    let reports = || Story::new().counter("ferry", "anomaly.detected", with(sign(1, "16:00"), "counts", json!([{"value": 900, "per": "total"}])));
    let told = reports().told(None);
    assert_eq!((told.state, told.reports_only), (State::Detected, true));
    let subsided = || reports().counter("ferry", "reports.subsided", sign(1, "18:00"));
    let told = subsided().told(None);
    assert_eq!((told.state, told.reports_only, told.restored), (State::Subsided, true, None));
    assert_eq!(subsided().counter("ferry", "reports.observed", sign(1, "19:00")).told(None).state, State::Detected);
    // A paper's word makes it an outage; that the reports subsided is told beside it, and ends nothing.
    let outage = || subsided().paper("ferry", "reports.observed", sign(1, "16:30"));
    let told = outage().told(None);
    assert_eq!((told.state, told.reports_only, told.subsided.map(|end| end.told)), (State::Detected, false, Some(2)));
    // Taken back, they are counts alone again.
    assert_eq!(outage().act("ferry", "event.retracted", json!({"event": {"id": "e3"}})).told(None).state, State::Subsided);
    // And long after, the end of reports joins them once.
    assert_eq!(holders(&reports().counter("ferry", "reports.subsided", sign(4, "18:00")))[1], [1]);
    assert_eq!(holders(&subsided().counter("ferry", "reports.subsided", sign(4, "18:00")))[2], Vec::<u64>::new());
}

#[test]
fn a_restoration_on_that_day_stands_behind_the_first_reports_and_is_certain_once_the_day_is_over() {
    let day = json!({"occurred": {"at": "2026-03-01[UTC]", "precision": "day"}, "stated": at(2, "08:00"), "extent": "full"});
    let story = Story::new().paper("ferry", "anomaly.detected", sign(1, "16:00")).vendor("ferry", "vendor.acknowledged", sign(1, "16:16")).paper(
        "ferry",
        "service.restored",
        day,
    );
    let told = story.told(None);
    let order: Vec<u64> = told.entries.iter().map(|entry| entry.item.position).collect();
    assert_eq!((order, told.state), (vec![1, 3, 2], State::Restored));
    let restored = told.entries.iter().find(|entry| entry.item.position == 3).unwrap();
    assert_eq!(restored.item.occurred.narrowed_by.names(), ["first_sign"]);
    assert_eq!(restored.item.occurred.narrowed.earliest, Some(Instant::parse("2026-03-01T16:00:00Z").unwrap()));
    assert_eq!(told.time_to_restore.unwrap().seconds_max, 8 * 3_600, "durations come from what was said");
    let states = [("12:00", State::Unknown), ("16:10", State::Detected), ("16:30", State::Acknowledged), ("23:59", State::Acknowledged)];
    for (clock, state) in states {
        let then = story.told(Some(&format!("2026-03-01T{clock}:00Z")));
        assert_eq!((then.state, then.restored.is_none(), then.time_to_restore), (state, true, None), "{clock}");
        let possible: Vec<u64> = then.entries.iter().filter(|entry| entry.possible).map(|entry| entry.item.position).collect();
        assert_eq!(possible, if clock == "12:00" { vec![] } else { vec![3] }, "{clock}");
    }
    assert_eq!(story.told(Some("2026-03-02T00:00:00Z")).state, State::Restored);
}

#[test]
fn nobody_tells_what_has_not_happened() {
    let early = json!({"occurred": {"between": ["2026-03-01T16:10:00Z", "2026-03-01T20:00:00Z"]}, "stated": at(1, "17:00"), "extent": "full"});
    let told = Story::new().paper("ferry", "anomaly.detected", sign(1, "16:00")).paper("ferry", "service.restored", early).told(None);
    let restored = told.restored.unwrap();
    assert_eq!(restored.narrowed.latest, Some(Instant::parse("2026-03-01T17:01:00Z").unwrap()));
    assert!(told.warnings.is_empty());
    let ahead = json!({"occurred": at(1, "18:00"), "stated": at(1, "17:00"), "extent": "full"});
    let told = Story::new().paper("ferry", "anomaly.detected", sign(1, "16:00")).paper("ferry", "service.restored", ahead).told(None);
    assert_eq!(told.warnings, [Warning::StatedBeforeItHappened]);
    assert_eq!(told.restored.unwrap().narrowed.latest, Some(Instant::parse("2026-03-01T18:01:00Z").unwrap()), "it stays as it was said");
    let before =
        Story::new().paper("ferry", "anomaly.detected", sign(1, "16:00")).vendor("ferry", "vendor.acknowledged", sign(1, "15:00")).told(None);
    assert_eq!((before.warnings, before.time_to_acknowledge), (vec![Warning::AcknowledgedBeforeFirstSeen], None));
}

#[test]
fn only_what_the_vendor_looks_into_afterwards_reopens_an_incident_and_any_later_end_closes_it() {
    let over = || {
        let begun = Story::new().paper("ferry", "anomaly.detected", sign(1, "16:00"));
        begun.paper("ferry", "service.restored", back(1, "17:00"))
    };
    assert_eq!(over().vendor("ferry", "vendor.acknowledged", sign(1, "17:30")).told(None).state, State::Restored);
    assert_eq!(over().vendor("ferry", "vendor.updated", post(1, "17:30", "monitoring")).told(None).state, State::Restored);
    assert_eq!(over().paper("ferry", "vendor.updated", post(1, "17:30", "investigating")).told(None).state, State::Restored, "not the vendor");
    let again = || over().vendor("ferry", "vendor.updated", post(1, "17:30", "investigating"));
    assert_eq!(again().told(None).state, State::Investigating);
    assert_eq!(again().paper("ferry", "service.restored", back(1, "18:00")).told(None).state, State::Restored);
}

#[test]
fn an_end_that_did_not_last_is_no_end_and_what_was_certain_in_between_stays() {
    let minute = |clock: &str| Instant::parse(&format!("2026-03-01T{clock}:00Z")).unwrap();
    let begun = || Story::new().paper("ferry", "anomaly.detected", sign(1, "16:00"));
    let again = || begun().paper("ferry", "service.restored", back(1, "17:00")).vendor("ferry", "vendor.updated", post(1, "17:30", "identified"));
    let told = again().told(None);
    assert_eq!((told.state, told.restored.is_none(), told.time_to_restore), (State::Identified, true, None));
    assert_eq!(told.reopenings.iter().map(|it| (it.back.told, it.again.told)).collect::<Vec<_>>(), [(2, 3)]);
    let row = again().views().fold(1, u64::MAX, None).summary();
    assert_eq!((row.over(), row.reopenings.len()), (None, 1));
    // In between it was over, and says so.
    let between = again().told(Some("2026-03-01T17:10:00Z"));
    assert_eq!((between.state, between.restored.map(|it| it.told), between.reopenings.len()), (State::Restored, Some(2), 0));
    let was_over =
        ["16:59", "17:00", "17:01", "17:29", "17:30", "17:31"].map(minute).map(|at| [true, false].map(|is| row.was_over_for_a_while(at, is)));
    assert_eq!(was_over, [[false, false], [false, true], [true, true], [true, true], [false, true], [false, false]]);
    // The last end is told, whoever's it is: the first one lasted half an hour.
    let over = again().paper("ferry", "service.restored", back(1, "18:00")).told(None);
    assert_eq!((over.state, over.restored.as_ref().map(|it| (it.told, it.claims.len()))), (State::Restored, Some((4, 1))));
    assert_eq!((over.reopenings.len(), over.time_to_restore.map(|range| range.seconds_max)), (1, Some(2 * 3_600 + 60)));
    assert!(over.entries.iter().any(|entry| entry.item.position == 2 && entry.milestone.is_none()), "the first end is an entry of its own");
    let page =
        begun().vendor("ferry", "vendor.updated", post(1, "17:00", "resolved")).vendor("ferry", "vendor.updated", post(1, "17:30", "investigating"));
    let page = page.vendor("ferry", "vendor.updated", post(1, "18:00", "resolved"));
    assert_eq!(page.told(None).restored.map(|it| it.told), Some(4), "also of a page that says both itself");
    assert_eq!(page.told(Some("2026-03-01T17:45:00Z")).state, State::Investigating);
}

#[test]
fn a_service_that_fails_again_is_open_again_alone() {
    let all = with(back(1, "17:00"), "services", json!("all"));
    let both = Story::new().paper("acme", "anomaly.detected", with(sign(1, "16:00"), "services", json!(["bolt"])));
    let told = both.vendor("acme", "service.restored", all).vendor("bolt", "vendor.updated", post(1, "17:30", "identified")).told(None);
    assert_eq!((told.state, told.restored.map(|it| it.told), told.reopenings.len(), told.time_to_restore), (State::Identified, Some(2), 0, None));
    assert!(told.other_services[0].restored.is_none() && told.other_services[0].reopenings[0].again.told == 3);
}

#[test]
fn an_incident_of_several_services_is_over_when_each_is() {
    let both = |data: Value| with(data, "services", json!(["bolt"]));
    let outage = || Story::new().paper("acme", "anomaly.detected", both(sign(1, "16:00")));
    let one = || outage().paper("acme", "service.restored", back(1, "18:00"));
    let told = one().told(None);
    assert_eq!(
        (told.state, told.time_to_restore, told.services.as_slice()),
        (State::Detected, None, ["acme".to_owned(), "bolt".to_owned()].as_slice())
    );
    assert!(told.restored.is_some() && told.other_services[0].restored.is_none());
    let later = one().paper("bolt", "service.restored", back(1, "20:00")).told(None);
    let four_hours = 4 * 3_600;
    assert_eq!((later.state, later.time_to_restore.map(|range| range.seconds_max)), (State::Restored, Some(four_hours + 60)));
    let all = outage().paper("acme", "service.restored", with(back(1, "18:00"), "services", json!("all"))).told(None);
    assert_eq!(all.state, State::Restored);
    // It is found by each service that its opening event names, and by none that a later event adds.
    assert_eq!(holders(&outage().paper("bolt", "reports.observed", sign(1, "16:30")))[1], [1]);
    let added = outage().paper("acme", "scope.changed", with(sign(1, "16:20"), "services", json!(["cargo"])));
    assert_eq!(holders(&added.paper("cargo", "reports.observed", sign(1, "16:30")))[2], [3]);
    // What waits is tried again by each service that it names, and by no other.
    let waits = |services: &[&str]| Story::new().paper("cargo", "service.restored", with(back(1, "18:00"), "services", json!(services)));
    let then = |story: Story| holders(&story.paper("bolt", "anomaly.detected", sign(1, "16:00")))[0].clone();
    assert_eq!((then(waits(&["acme", "bolt"])), then(waits(&["acme"]))), (vec![2], vec![]));
    // The subject comes first.
    let two = outage().paper("cargo", "anomaly.detected", sign(1, "16:10"));
    assert_eq!(holders(&two.paper("cargo", "reports.observed", with(sign(1, "16:20"), "services", json!(["acme"]))))[2], [2]);
}

#[test]
fn what_a_vendor_posts_twice_in_one_minute_is_one_entry() {
    let said = |clock: &str, text: &str| {
        let words = json!({"organisation": "V", "quotation": {"lang": "en", "text": text}});
        with(json!({"occurred": {"at": format!("2026-03-01T{clock}Z")}, "status": "investigating"}), "statement", words)
    };
    let story =
        Story::new().vendor("acme", "vendor.updated", said("16:00:05", "We look.")).vendor("acme", "vendor.updated", said("16:00:40", "We look."));
    let story = story.vendor("acme", "vendor.updated", said("16:01:00", "We look.")).vendor("acme", "vendor.updated", said("16:01:30", "We see."));
    let told = story.told(None);
    let inside: Vec<usize> = told.entries.iter().map(|entry| entry.inside.len()).collect();
    assert_eq!(inside, [1, 0, 0]);
    // Markup is none of its words; planned work is announced twice in the same way.
    let story = Story::new().vendor("acme", "vendor.updated", said("16:00:05", "We look. <b>Now</b>"));
    let told = story.vendor("acme", "vendor.updated", said("16:00:40", "<br />We look.\n\nNow")).told(None);
    assert_eq!(told.entries.iter().map(|entry| entry.inside.len()).collect::<Vec<_>>(), [1]);
    let planned = |clock: &str, text: &str| json!({"occurred": {"at": format!("2026-03-01T{clock}Z")}, "text": {"en": text}});
    let story = Story::new().vendor("acme", "maintenance.announced", planned("16:00:05", "It begins in 60 minutes."));
    let story = story.vendor("acme", "maintenance.announced", planned("16:00:05", "It begins in 60 minutes."));
    let told = story.vendor("acme", "maintenance.announced", planned("16:00:05", "It begins in 30 minutes.")).told(None);
    assert_eq!(told.entries.iter().map(|entry| entry.inside.len()).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn a_merge_keeps_each_services_claims_words_and_counts() {
    let words = |text: &str| json!({"organisation": "V", "quotation": {"lang": "en", "text": text}});
    let story = Story::new()
        .paper("acme", "anomaly.detected", with(sign(1, "16:00"), "counts", json!([{"value": 2500, "per": "total"}])))
        .paper("bolt", "anomaly.detected", with(sign(1, "16:00"), "counts", json!([{"value": 13800, "per": "total"}])))
        .vendor("acme", "vendor.acknowledged", with(sign(1, "16:10"), "statement", words("Acme has trouble.")))
        .vendor("bolt", "vendor.acknowledged", with(sign(1, "16:20"), "statement", words("Bolt has trouble too.")))
        .act("bolt", "incident.linked", json!({"from": {"id": "e2"}, "to": {"id": "e1"}, "relation": "same_as"}))
        .paper("acme", "service.restored", back(1, "18:00"));
    let told = story.told(None);
    assert_eq!(told.state, State::Acknowledged, "Bolt is not restored");
    let inside: Vec<(u64, Part, u64)> =
        told.entries.iter().flat_map(|entry| entry.inside.iter().map(|(part, item)| (entry.item.position, *part, item.position))).collect();
    assert_eq!(inside, [(1, Part::OtherService, 2), (3, Part::OtherService, 4)]);
    let [bolt] = told.other_services.as_slice() else { panic!("{:?}", told.other_services) };
    assert_eq!((bolt.service.as_str(), bolt.acknowledged.as_ref().map(|milestone| milestone.told)), ("bolt", Some(4)));
}

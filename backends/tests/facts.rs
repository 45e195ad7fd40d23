//! What the projector asks for is answered exactly: what is not in the facts does not exist.

use std::collections::BTreeSet;

use dateline_backends::Views;
use dateline_events::Instant;
use dateline_timelines::rows::{Course, Facts, HeadRow, KnownEvent, LinkRow, Needs, ReferenceRow, Rows, ServiceCourse, WaitingRow};

use crate::place::{Place, on_every_engine, views};
use crate::support::{attachment, commit, event_row, head, key, waiting};

on_every_engine! {
    known_events_come_with_the_incidents_that_hold_them_now,
    of_heads_and_links_the_version_in_force_is_known,
    links_are_followed_to_their_ends,
    a_reference_is_kept_by_whom_it_came_first,
    acts_are_found_by_what_they_are_about,
    waiting_events_are_found_by_time_key_incident_and_reference_until_they_are_attached,
}

async fn load(views: &Views, needs: Needs) -> Facts {
    views.load(views.serving().await.unwrap(), needs).await.unwrap()
}

fn set<T: Ord, const N: usize>(values: [T; N]) -> BTreeSet<T> {
    BTreeSet::from(values)
}

async fn known_events_come_with_the_incidents_that_hold_them_now(place: Place) {
    let views = views(&place).await;
    let attachments = vec![attachment(2, 2, 1, true), attachment(2, 2, 2, true), attachment(1, 1, 1, true)];
    commit(&views, 2, Rows { attachments, ..Rows::default() }).await;
    commit(&views, 3, Rows { attachments: vec![attachment(3, 2, 1, false), attachment(3, 2, 3, true)], ..Rows::default() }).await;
    let facts = load(&views, Needs { keys: set([key(2), key(99)]), ..Needs::default() }).await;
    assert_eq!(facts.known, [KnownEvent { event: event_row(2), incidents: vec![2, 3] }]);
    // It comes back: only the last version of an event and incident counts.
    commit(&views, 4, Rows { attachments: vec![attachment(4, 2, 1, true)], ..Rows::default() }).await;
    let facts = load(&views, Needs { keys: set([key(2)]), ..Needs::default() }).await;
    assert_eq!(facts.known[0].incidents, [1, 2, 3]);
}

async fn of_heads_and_links_the_version_in_force_is_known(place: Place) {
    let views = views(&place).await;
    let link = |since, active| LinkRow { event: 4, since, from: 1, to: 2, active };
    let heads = vec![head(1, 1, "whatsapp"), head(1, 3, "whatsapp"), head(2, 2, "whatsapp"), head(4, 4, "signal")];
    commit(&views, 4, Rows { heads, links: vec![link(4, true)], ..Rows::default() }).await;
    commit(&views, 5, Rows { heads: vec![head(2, 5, "whatsapp")], links: vec![link(5, false)], ..Rows::default() }).await;
    let facts = load(&views, Needs { subjects: set(["whatsapp".to_owned()]), links: set([1, 2, 3]), ..Needs::default() }).await;
    assert_eq!(facts.heads, [head(1, 3, "whatsapp"), head(2, 5, "whatsapp")]);
    assert_eq!(facts.links, [link(5, false)], "a link that touches two incidents stands once");
    // An incident whose service was corrected is no longer of the old one.
    let course = |service: &str, course, last| ServiceCourse { service: service.to_owned(), course, last };
    let courses = vec![course("signal", Course::Restored, Some(Instant(-3))), course("b-1", Course::Subsided, None)];
    let moved = HeadRow { id: "whatsapp-2".to_owned(), courses, ..head(2, 6, "signal") };
    commit(&views, 6, Rows { heads: vec![moved.clone()], ..Rows::default() }).await;
    let facts = load(&views, Needs { subjects: set(["whatsapp".to_owned(), "signal".to_owned()]), ..Needs::default() }).await;
    assert_eq!(facts.heads, [moved, head(4, 4, "signal"), head(1, 3, "whatsapp")]);
}

async fn links_are_followed_to_their_ends(place: Place) {
    let views = views(&place).await;
    let link = |event, since, from, to| LinkRow { event, since, from, to, active: event != 11 };
    // A chain 1 – 2 – 3 – 4 and a ring 6 – 7 – 8; the link of 5 led to 4 once, and leads to 6 since it was corrected.
    let rows = vec![link(9, 9, 1, 2), link(10, 10, 2, 3), link(11, 11, 3, 4), link(12, 12, 4, 5), link(13, 13, 6, 7), link(14, 14, 7, 8)];
    commit(&views, 14, Rows { links: rows, ..Rows::default() }).await;
    commit(&views, 16, Rows { links: vec![link(15, 15, 8, 6), link(12, 16, 5, 6)], ..Rows::default() }).await;
    for (asked, found) in [(1, vec![9, 10, 11]), (4, vec![9, 10, 11]), (5, vec![12, 13, 14, 15]), (7, vec![12, 13, 14, 15]), (20, vec![])] {
        let facts = load(&views, Needs { links: set([asked]), ..Needs::default() }).await;
        assert_eq!(facts.links.iter().map(|link| link.event).collect::<Vec<_>>(), found, "from {asked}");
    }
    let facts = load(&views, Needs { links: set([3, 8]), ..Needs::default() }).await;
    assert_eq!(facts.links.len(), 7, "each stands once");
}

async fn a_reference_is_kept_by_whom_it_came_first(place: Place) {
    let views = views(&place).await;
    let reference = |incident, since| ReferenceRow { page: "p".to_owned(), reference: "r".to_owned(), incident, since };
    commit(&views, 2, Rows { references: vec![reference(1, 1), reference(2, 2)], ..Rows::default() }).await;
    commit(&views, 3, Rows { references: vec![reference(3, 3)], ..Rows::default() }).await;
    let asked = set([("p".to_owned(), "r".to_owned()), ("p".to_owned(), "other".to_owned())]);
    assert_eq!(load(&views, Needs { references: asked, ..Needs::default() }).await.references, [reference(1, 1)]);
}

async fn acts_are_found_by_what_they_are_about(place: Place) {
    let views = views(&place).await;
    let mut act = event_row(2);
    act.target = Some(key(1));
    commit(&views, 3, Rows { events: vec![act.clone()], ..Rows::default() }).await;
    assert_eq!(load(&views, Needs { acts: set([key(1), key(3)]), ..Needs::default() }).await.acts, [act]);
}

async fn waiting_events_are_found_by_time_key_incident_and_reference_until_they_are_attached(place: Place) {
    let views = views(&place).await;
    let timed = |event, earliest: Option<i64>, latest: Option<i64>| WaitingRow {
        earliest: earliest.map(Instant),
        latest: latest.map(Instant),
        ..waiting(event, "whatsapp")
    };
    // Found by each of its services, once.
    let of_several = WaitingRow { services: vec!["bolt".to_owned(), "signal".to_owned()], ..timed(8, Some(2_000), Some(2_100)) };
    let by_key = WaitingRow { awaits_keys: vec![key(50), key(51)], ..waiting(4, "whatsapp") };
    let by_incident = WaitingRow { awaits_incident: Some("whatsapp-9".to_owned()), ..waiting(5, "whatsapp") };
    let by_reference = WaitingRow { awaits_reference: Some(("p".to_owned(), "r".to_owned())), ..waiting(6, "whatsapp") };
    let rows = vec![
        timed(1, Some(100), Some(200)),
        timed(2, None, Some(90)),
        timed(3, Some(300), None),
        by_key.clone(),
        by_incident.clone(),
        by_reference.clone(),
        waiting(7, "whatsapp"),
        of_several.clone(),
    ];
    commit(&views, 8, Rows { waiting: rows.clone(), ..Rows::default() }).await;
    let window = |from, to| Needs { waiting_windows: set([("whatsapp".to_owned(), Instant(from), Instant(to))]), ..Needs::default() };
    for (from, to, expected) in [(90, 100, &rows[..2]), (201, 299, &[]), (200, 1_000, &[rows[0].clone(), rows[2].clone()])] {
        let found: Vec<_> = load(&views, window(from, to)).await.waiting.into_iter().map(|(row, _)| row).collect();
        assert_eq!(found, expected, "within [{from}, {to}]");
    }
    for (services, from, to, expected) in [
        (&["bolt"][..], 2_100, 2_200, 1),
        (&["bolt", "signal"], 1_900, 2_000, 1),
        (&["bol", "olt", "signal-2"], 1_900, 2_200, 0),
        (&["signal"], 2_101, 2_200, 0),
    ] {
        let windows = services.iter().map(|service| ((*service).to_owned(), Instant(from), Instant(to))).collect();
        let found = load(&views, Needs { waiting_windows: windows, ..Needs::default() }).await.waiting;
        assert_eq!(found, vec![(of_several.clone(), event_row(8)); expected], "{services:?} within [{from}, {to}]");
    }
    let needs = Needs {
        waiting_keys: set([key(50), key(51)]),
        waiting_incidents: set(["whatsapp-9".to_owned()]),
        waiting_references: set([("p".to_owned(), "r".to_owned())]),
        ..Needs::default()
    };
    let named = [(by_key, event_row(4)), (by_incident, event_row(5)), (by_reference, event_row(6))];
    assert_eq!(load(&views, needs.clone()).await.waiting, named);
    commit(&views, 9, Rows { attachments: vec![attachment(9, 4, 8, true), attachment(9, 5, 8, true)], ..Rows::default() }).await;
    commit(&views, 10, Rows { attachments: vec![attachment(10, 5, 8, false)], ..Rows::default() }).await;
    assert_eq!(load(&views, needs).await.waiting, named[1..], "who was let go waits again");
}

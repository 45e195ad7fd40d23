//! Incidents as of a position: what merged, what moved, what changed when.

use dateline_backends::{Change, EventState, Group, ListQuery, MAX_LISTED_ROWS, ViewsError};
use dateline_timelines::rows::{ChangeRow, MembershipRow, Nature, Rows, SummaryRow};

use crate::place::{Place, on_every_engine, views};
use crate::support::{attachment, commit, event_row, head, key, summary, waiting};

on_every_engine! {
    an_event_that_moved_is_told_where_it_was_then,
    merged_incidents_are_one_group_until_they_are_split,
    what_changed_a_group_last_is_told_as_of_then,
    the_pages_of_a_group_are_the_group,
    changes_come_once_a_position_in_order_and_page_by_page,
    events_are_found_by_position_by_key_and_by_what_is_the_matter,
}

fn membership(incident: u64, since: u64, group: u64) -> MembershipRow {
    MembershipRow { incident, since, group }
}

fn positions(group: Option<Group>) -> Vec<(u64, u64)> {
    group.map(|group| group.events.into_iter().map(|(event, since)| (event.position, since)).collect()).unwrap_or_default()
}

async fn an_event_that_moved_is_told_where_it_was_then(place: Place) {
    let views = views(&place).await;
    let heads = vec![head(1, 1, "whatsapp"), head(2, 2, "whatsapp")];
    let attachments = vec![
        attachment(1, 1, 1, true),
        attachment(2, 2, 2, true),
        attachment(3, 3, 1, true),
        attachment(4, 3, 1, false),
        attachment(4, 3, 2, true),
        attachment(5, 3, 2, false),
        attachment(5, 3, 1, true),
    ];
    commit(&views, 5, Rows { heads, attachments, ..Rows::default() }).await;
    for (incident, as_of, expected) in [
        (1, 2, vec![(1, 1)]),
        (1, 3, vec![(1, 1), (3, 3)]),
        (1, 4, vec![(1, 1)]),
        (2, 4, vec![(2, 2), (3, 4)]),
        (1, 99, vec![(1, 1), (3, 5)]),
        (2, 99, vec![(2, 2)]),
    ] {
        let answer = views.group_events(incident, as_of).await.unwrap();
        assert_eq!((answer.position, positions(answer.value)), (5, expected), "incident {incident} as of {as_of}");
    }
    assert_eq!(views.group_events(2, 1).await.unwrap().value, None, "not opened yet");
    assert_eq!(views.group_events(3, 99).await.unwrap().value, None, "no incident");
}

async fn merged_incidents_are_one_group_until_they_are_split(place: Place) {
    let views = views(&place).await;
    let rows = Rows {
        heads: vec![head(1, 1, "whatsapp"), head(2, 2, "whatsapp")],
        attachments: vec![attachment(1, 1, 1, true), attachment(2, 2, 2, true), attachment(3, 3, 1, true), attachment(4, 3, 2, true)],
        memberships: vec![membership(1, 4, 1), membership(2, 4, 1), membership(1, 6, 1), membership(2, 6, 2)],
        summaries: vec![summary(1, 1, Some(1)), summary(2, 2, Some(2)), summary(1, 4, Some(1)), summary(2, 6, Some(2))],
        ..Rows::default()
    };
    commit(&views, 6, rows).await;
    let merged = views.group_events(2, 4).await.unwrap().value.unwrap();
    assert_eq!((merged.number, &merged.members, &merged.ids), (1, &vec![1, 2], &vec!["whatsapp-1".to_owned(), "whatsapp-2".to_owned()]));
    assert_eq!(positions(Some(merged)), [(1, 1), (2, 2), (3, 3)], "an event of two members stands once");
    let split = views.group_events(2, 6).await.unwrap().value.unwrap();
    assert_eq!((split.number, split.members), (2, vec![2]));
    for (as_of, group, since) in [(3, 2, 2), (4, 1, 4), (5, 1, 4), (6, 2, 6)] {
        let row = views.latest_summary(2, as_of).await.unwrap().value.unwrap();
        assert_eq!((row.group, row.since), (group, since), "as of {as_of}");
    }
    assert_eq!(views.latest_summary(2, 1).await.unwrap().value, None);
    let changes = views.changes(0, 100).await.unwrap().value;
    let at = |position: u64| changes.iter().find(|change| change.position == position).map(|change| change.incidents.clone());
    assert_eq!(at(4), Some(vec![(1, "whatsapp-1".to_owned())]), "told as of then");
    assert_eq!(at(6), Some(vec![(2, "whatsapp-2".to_owned())]));
}

async fn what_changed_a_group_last_is_told_as_of_then(place: Place) {
    let change = |group, since, events| ChangeRow { group, since, events };
    let rows = || Rows {
        heads: vec![head(1, 1, "whatsapp"), head(2, 2, "whatsapp")],
        summaries: vec![summary(1, 1, Some(1)), summary(2, 2, Some(2)), SummaryRow { events: Some(4), ..summary(1, 6, Some(1)) }],
        changes: vec![change(1, 3, 2), change(1, 5, 3), change(2, 6, 2), change(1, 8, 5)],
        ..Rows::default()
    };
    let views = views(&place).await;
    commit(&views, 8, rows()).await;
    for (as_of, since, events) in [(1, 1, 1), (2, 1, 1), (3, 3, 2), (4, 3, 2), (5, 5, 3), (7, 6, 4), (8, 8, 5), (99, 8, 5)] {
        let row = views.latest_summary(1, as_of).await.unwrap().value.unwrap();
        assert_eq!((row.since, row.events), (since, Some(events)), "as of {as_of}");
        let listed = views.list(ListQuery::new(Nature::Outage, as_of, 10)).await.unwrap().value;
        assert_eq!(listed.last(), Some(&row), "listed as of {as_of}");
    }
    // Rows of an older projection, which wrote a version at every change, are read as they are.
    let older = views.begin(4).await.unwrap();
    views.commit(older, 0, 8, Rows { events: (1..=8).map(event_row).collect(), ..rows() }).await.unwrap();
    views.swap(older).await.unwrap();
    let row = views.latest_summary(1, 8).await.unwrap().value.unwrap();
    assert_eq!((row.since, row.events), (6, None));
    assert_eq!(views.list(ListQuery::new(Nature::Outage, 8, 10)).await.unwrap().value.last(), Some(&row));
}

async fn the_pages_of_a_group_are_the_group(place: Place) {
    let views = views(&place).await;
    // Two incidents that share some events, some of which were moved away and back.
    let held = |since: u64, event: u64| {
        (1..=2).filter(move |incident| !(event + incident).is_multiple_of(3)).map(move |incident| attachment(since, event, incident, true))
    };
    let mut attachments: Vec<_> = (1..=20).flat_map(|event| held(event, event)).collect();
    attachments.extend([4, 9, 15].into_iter().flat_map(|event| (1..=2).map(move |incident| attachment(21, event, incident, false))));
    attachments.push(attachment(22, 9, 2, true));
    let heads = vec![head(1, 1, "whatsapp"), head(2, 2, "whatsapp")];
    let memberships = vec![membership(1, 10, 1), membership(2, 10, 1)];
    commit(&views, 22, Rows { heads, attachments, memberships, ..Rows::default() }).await;
    for (incident, as_of) in [(1, 22), (2, 22), (2, 21), (1, 12), (2, 9)] {
        let whole = views.group_events(incident, as_of).await.unwrap().value.unwrap();
        for limit in [1, 2, 5, 100] {
            let (mut paged, mut after) = (Vec::new(), 0);
            loop {
                let page = views.group_page(incident, as_of, after, limit).await.unwrap().value.unwrap();
                assert_eq!((page.number, &page.members), (whole.number, &whole.members));
                let is_last = page.events.len() < limit;
                assert!(page.events.len() <= limit);
                after = page.events.last().map_or(after, |(event, _)| event.position);
                paged.extend(page.events);
                if is_last {
                    break;
                }
            }
            assert_eq!(paged, whole.events, "incident {incident} as of {as_of}, {limit} a page");
        }
    }
    assert_eq!(views.group_page(3, 99, 0, 10).await.unwrap().value, None, "no incident");
    let too_many = views.group_page(1, 22, 0, MAX_LISTED_ROWS + 1).await.err();
    assert_eq!(too_many, Some(ViewsError::TooMany { what: "events", given: MAX_LISTED_ROWS + 1, limit: MAX_LISTED_ROWS }));
}

async fn changes_come_once_a_position_in_order_and_page_by_page(place: Place) {
    let views = views(&place).await;
    let rows = Rows {
        heads: vec![head(1, 1, "whatsapp"), head(2, 2, "whatsapp")],
        attachments: vec![attachment(1, 1, 1, true), attachment(4, 1, 2, true), attachment(4, 1, 1, false)],
        summaries: vec![summary(1, 1, None), summary(2, 2, None), summary(1, 4, None)],
        ..Rows::default()
    };
    commit(&views, 5, rows).await;
    let id = |number: u64| (number, format!("whatsapp-{number}"));
    let expected = [
        Change { position: 1, incidents: vec![id(1)] },
        Change { position: 2, incidents: vec![id(2)] },
        Change { position: 4, incidents: vec![id(1), id(2)] },
    ];
    let answer = views.changes(0, 100).await.unwrap();
    assert_eq!((answer.position, answer.value.as_slice()), (5, &expected[..]));
    assert_eq!(views.changes(0, 2).await.unwrap().value, expected[..2]);
    assert_eq!(views.changes(2, 2).await.unwrap().value, expected[2..]);
}

async fn events_are_found_by_position_by_key_and_by_what_is_the_matter(place: Place) {
    let views = views(&place).await;
    let mut poison = event_row(3);
    poison.problem = Some("not valid JSON".to_owned());
    poison.bytes = None;
    let rows = Rows {
        events: vec![poison.clone()],
        heads: vec![head(1, 1, "whatsapp")],
        attachments: vec![attachment(1, 1, 1, true), attachment(5, 4, 1, true)],
        waiting: vec![waiting(2, "whatsapp"), waiting(4, "whatsapp"), waiting(5, "whatsapp")],
        ..Rows::default()
    };
    commit(&views, 5, rows).await;
    assert_eq!(views.event(1).await.unwrap().value, Some((event_row(1), vec![1])));
    assert_eq!(views.event_by_key(key(3)).await.unwrap().value, Some((poison.clone(), vec![])));
    assert_eq!(views.event(6).await.unwrap().value, None);
    assert_eq!(views.events_where(EventState::Poison, 0, 10).await.unwrap().value, [poison]);
    assert_eq!(views.events_where(EventState::Poison, 3, 10).await.unwrap().value, []);
    assert_eq!(views.events_where(EventState::Unattached, 0, 10).await.unwrap().value, [event_row(2), event_row(5)]);
    assert_eq!(views.events_where(EventState::Unattached, 0, 1).await.unwrap().value, [event_row(2)]);
    assert_eq!(views.events_where(EventState::Unattached, 2, 10).await.unwrap().value, [event_row(5)]);
}

//! Lists show each group once, as of a position, narrowed, sorted, and whole over all pages.

use dateline_backends::{ListQuery, MAX_LISTED_ROWS, Order, Views, ViewsError};
use dateline_events::Instant;
use dateline_timelines::rows::{Nature, Rows, SummaryRow};

use crate::place::{Place, on_every_engine, views};
use crate::support::{commit, head, summary};

on_every_engine! {
    a_list_shows_the_version_of_its_time_and_each_group_once,
    pages_by_the_last_row_leave_nothing_out_and_show_nothing_twice,
    every_filter_narrows_and_all_must_hold,
    a_list_has_a_limit,
    what_lists_leave_out_now_was_listed_once,
}

async fn groups(views: &Views, query: ListQuery) -> Vec<u64> {
    views.list(query).await.unwrap().value.into_iter().map(|row| row.group).collect()
}

fn outages(as_of: u64) -> ListQuery {
    ListQuery::new(Nature::Outage, as_of, 100)
}

async fn a_list_shows_the_version_of_its_time_and_each_group_once(place: Place) {
    let views = views(&place).await;
    let unlisted = SummaryRow { listed: false, ..summary(2, 6, Some(20)) };
    // The start of 1 moves behind that of 2 and back; 2 is merged away at 6.
    let summaries =
        vec![summary(1, 1, Some(10)), summary(2, 2, Some(20)), summary(1, 3, Some(30)), summary(1, 5, Some(10)), unlisted, summary(3, 3, None)];
    commit(&views, 6, Rows { summaries, ..Rows::default() }).await;
    for (as_of, expected) in [(1, vec![1]), (2, vec![2, 1]), (3, vec![1, 2, 3]), (5, vec![2, 1, 3]), (6, vec![1, 3]), (99, vec![1, 3])] {
        assert_eq!(groups(&views, outages(as_of)).await, expected, "as of {as_of}");
        let earliest_first = ListQuery { order: Order::EarliestFirst, ..outages(as_of) };
        let reversed: Vec<_> = expected.into_iter().rev().collect();
        assert_eq!(groups(&views, earliest_first).await, reversed, "earliest first as of {as_of}");
    }
    let answer = views.list(outages(4)).await.unwrap();
    assert_eq!((answer.position, &answer.value[0]), (6, &summary(1, 3, Some(30))));
}

async fn pages_by_the_last_row_leave_nothing_out_and_show_nothing_twice(place: Place) {
    let views = views(&place).await;
    let started = |group: u64| (!group.is_multiple_of(7)).then_some((group / 3).cast_signed());
    let summaries = (1..=50).map(|group| summary(group, group, started(group))).collect();
    commit(&views, 50, Rows { summaries, ..Rows::default() }).await;
    for order in [Order::LatestFirst, Order::EarliestFirst] {
        let whole = groups(&views, ListQuery { order, ..outages(50) }).await;
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = views.list(ListQuery { order, after, limit: 7, ..outages(50) }).await.unwrap().value;
            let Some(last) = page.last() else { break };
            after = Some((last.started, last.group));
            paged.extend(page.into_iter().map(|row| row.group));
        }
        assert_eq!((paged.len(), paged), (50, whole), "{order:?}");
    }
}

async fn every_filter_narrows_and_all_must_hold(place: Place) {
    let views = views(&place).await;
    let both = SummaryRow {
        services: " whatsapp instagram ".to_owned(),
        regions: " IN IT ".to_owned(),
        ended: Some(Instant(50)),
        ..summary(1, 1, Some(10))
    };
    let signal = SummaryRow {
        services: " signal ".to_owned(),
        state: "restored".to_owned(),
        symptoms: " calls ".to_owned(),
        words: "signal fällt in köln aus".to_owned(),
        ..summary(2, 2, Some(60))
    };
    let left = [summary(3, 3, Some(5)), SummaryRow { services: " telegram ".to_owned(), ..summary(3, 4, Some(5)) }];
    let registry = SummaryRow { nature: Nature::Registry, vendor: "meta".to_owned(), ..summary(5, 5, None) };
    let heads = vec![head(1, 1, "whatsapp"), head(2, 2, "whatsapp")];
    let mut summaries = vec![both, signal, registry];
    summaries.extend(left);
    commit(&views, 5, Rows { summaries, heads, ..Rows::default() }).await;
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let some = |values: &[&str]| Some(words(values));
    let all = || outages(5);
    let cases = [
        ("one service", ListQuery { services: some(&["instagram"]), ..all() }, vec![1]),
        ("part of a slug", ListQuery { services: some(&["insta"]), ..all() }, vec![]),
        ("a service that it left", ListQuery { services: some(&["whatsapp"]), ..all() }, vec![1]),
        ("before it left", ListQuery { services: some(&["whatsapp"]), ..outages(3) }, vec![1, 3]),
        ("any of two services", ListQuery { services: some(&["signal", "telegram"]), ..all() }, vec![2, 3]),
        ("region", ListQuery { region: Some("IT".to_owned()), ..all() }, vec![1]),
        ("symptom", ListQuery { symptom: Some("calls".to_owned()), ..all() }, vec![2]),
        ("states", ListQuery { states: some(&["restored", "monitoring"]), ..all() }, vec![2]),
        ("not over by then", ListQuery { from: Some(Instant(50)), ..all() }, vec![2, 3]),
        ("not yet over", ListQuery { from: Some(Instant(49)), ..all() }, vec![2, 1, 3]),
        ("started before", ListQuery { to: Some(Instant(10)), ..all() }, vec![3]),
        ("within", ListQuery { from: Some(Instant(40)), to: Some(Instant(60)), ..all() }, vec![1, 3]),
        ("words", ListQuery { words: words(&["KÖLN", "signal"]), ..all() }, vec![2]),
        ("a word too many", ListQuery { words: words(&["köln", "india"]), ..all() }, vec![]),
        ("ids", ListQuery { ids: some(&["whatsapp-1", "whatsapp-2", "whatsapp-77"]), ..all() }, vec![2, 1]),
        ("several at once", ListQuery { ids: some(&["whatsapp-1", "whatsapp-2"]), states: some(&["detected"]), ..all() }, vec![1]),
        ("none of no services", ListQuery { services: some(&[]), ..all() }, vec![]),
        ("none of no states", ListQuery { states: some(&[]), ..all() }, vec![]),
        ("none of no ids", ListQuery { ids: some(&[]), ..all() }, vec![]),
        ("no words ask for nothing", ListQuery { words: words(&[]), ..all() }, vec![2, 1, 3]),
        ("vendor", ListQuery { vendor: Some("meta".to_owned()), ..ListQuery::new(Nature::Registry, 5, 10) }, vec![5]),
        ("another vendor", ListQuery { vendor: Some("signal".to_owned()), ..ListQuery::new(Nature::Registry, 5, 10) }, vec![]),
    ];
    for (name, query, expected) in cases {
        assert_eq!(groups(&views, query).await, expected, "{name}");
    }
}

async fn a_list_has_a_limit(place: Place) {
    let views = views(&place).await;
    let limit = MAX_LISTED_ROWS;
    assert_eq!(groups(&views, ListQuery { limit, ..outages(1) }).await, Vec::<u64>::new());
    let refused = views.list(ListQuery { limit: limit + 1, ..outages(1) }).await;
    assert_eq!(refused.err(), Some(ViewsError::TooMany { what: "rows", given: limit + 1, limit }));
}

async fn what_lists_leave_out_now_was_listed_once(place: Place) {
    let views = views(&place).await;
    let taken_back = SummaryRow { listed: false, services: String::new(), ..summary(1, 5, None) };
    let work = SummaryRow { nature: Nature::Maintenance, ..summary(3, 3, Some(30)) };
    let never = SummaryRow { listed: false, ..summary(4, 4, Some(40)) };
    let other = SummaryRow { services: " mail ".to_owned(), ..summary(2, 2, Some(20)) };
    let registered = SummaryRow { nature: Nature::Registry, ..summary(6, 6, None) };
    let heads = (1..=6).map(|number| head(number, number, "whatsapp")).collect();
    // The start of 1 was moved, so that it has two places.
    let summaries = vec![summary(1, 1, Some(10)), summary(1, 2, Some(15)), other, work, never, taken_back, registered];
    commit(&views, 6, Rows { heads, summaries, ..Rows::default() }).await;
    assert_eq!(groups(&views, ListQuery { services: Some(vec!["whatsapp".to_owned()]), ..outages(6) }).await, [0; 0]);
    let ever = async |service: &str, after: u64, limit: usize| views.ever_listed(service, after, limit).await.unwrap().value;
    assert_eq!((ever("whatsapp", 0, 100).await, ever("mail", 0, 100).await), (vec![1, 3], vec![2]));
    assert_eq!((ever("whatsapp", 0, 1).await, ever("whatsapp", 1, 1).await, ever("whatsapp", 3, 1).await), (vec![1], vec![3], vec![]));
    let too_many = views.ever_listed("whatsapp", 0, MAX_LISTED_ROWS + 1).await.unwrap_err();
    assert!(matches!(too_many, ViewsError::TooMany { .. }), "{too_many}");
}

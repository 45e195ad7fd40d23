//! Random histories (late, repeated, corrected, retracted, merged, poisoned): however the ledger is cut into pages and wherever
//! the projector starts anew, the views are the same; and the state as of a position is the fold of that prefix.

use std::collections::BTreeSet;

use crate::support::{MemoryViews, Projector, incidents, records_of};
use dateline_timelines::correlate::{ReadRecord, incident_id};
use dateline_timelines::fold::{Fold, Summary};
use dateline_timelines::model::Timeline;
use dateline_timelines::project::FOLD_BYTES_KEPT;
use dateline_timelines::rows::Nature;
use proptest::prelude::*;
use serde_json::{Value, json};

/// One random event, drawn small so that events name each other often.
#[derive(Debug, Clone)]
struct Drawn {
    what: u8,
    subject: u8,
    minute: i64,
    time: u8,
    other: u8,
    third: u8,
    extra: u8,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    (0_u8..24, 0_u8..2, prop_oneof![4 => 0_i64..3000, 1 => 0_i64..30_000], 0_u8..8, any::<u8>(), any::<u8>(), any::<u8>())
        .prop_map(|(what, subject, minute, time, other, third, extra)| Drawn { what, subject, minute, time, other, third, extra })
}

fn moment(minute: i64) -> String {
    let (day, hour, minute) = (minute / 1440 + 1, minute / 60 % 24, minute % 60);
    assert!(day <= 31, "October has no day {day}");
    format!("2022-10-{day:02}T{hour:02}:{minute:02}+00:00[UTC]")
}

fn when(drawn: &Drawn, count: usize) -> Value {
    let at = moment(drawn.minute);
    let named = json!({"event": {"id": id(drawn.third, count)}});
    match drawn.time {
        0..=2 => json!({"at": at}),
        3 => json!({"at": at, "approximate": true}),
        4 => json!({"before": at}),
        5 => json!({"after": named}),
        6 => json!({"between": [at, moment(drawn.minute + 90)]}),
        _ => json!({"unknown": true}),
    }
}

/// Stands for the incident that an event of the history would open; put in once that event is known.
fn incident_of(pick: u8, count: usize) -> String {
    format!("<incident of {}>", usize::from(pick) % count)
}

/// Mostly an event of the history, sometimes one that never comes.
fn id(pick: u8, count: usize) -> String {
    format!("e{}", usize::from(pick) % (count + 2))
}

fn line(index: usize, drawn: &Drawn, count: usize) -> String {
    if drawn.what == 23 {
        return format!(r#"{{"specversion":"1.0","id":"e{index}","source":"/t","type":"dateline.never.heard.v1","subject":"a","data":{{}}}}"#);
    }
    let subject = ["alpha", "beta"][usize::from(drawn.subject)];
    let target = json!({"id": id(drawn.other, count)});
    let region = ["IN", "IT", "GB"][usize::from(drawn.extra % 3)];
    let mut data = json!({"occurred": when(drawn, count), "sources": [{"slug": format!("s{}", drawn.extra % 4), "role": "read_in"}]});
    if let Some(kind) = [None, Some("press"), Some("vendor")][usize::from(drawn.third % 3)] {
        data["sources"][0]["kind"] = json!(kind);
    }
    if drawn.what < 15 && drawn.other.is_multiple_of(5) {
        let service = ["alpha", "beta", "gamma"][usize::from(drawn.other / 5 % 3)];
        data["services"] = json!([service]);
    }
    if drawn.extra.is_multiple_of(3) {
        data["stated"] = json!({"at": moment(drawn.minute + 60)});
    }
    if drawn.extra.is_multiple_of(11) {
        data["reference"] = json!({"page": "https://status.example", "id": format!("r{}", drawn.third % 3)});
    }
    let extra = usize::from(drawn.extra);
    let (status, extent) =
        (["investigating", "identified", "monitoring", "resolved", "postmortem"][extra % 5], ["full", "partial", "unstable"][extra % 3]);
    let verdict = ["preferred", "disputed", "unsupported"][extra % 3];
    let acts = |mut members: Value| {
        members["event"] = target.clone();
        members
    };
    let (kind, data) = match drawn.what {
        0..=3 => ("anomaly.detected", with(data, json!({"regions": [region]}))),
        4 | 5 => ("reports.observed", with(data, json!({"counts": [{"value": 10, "region": region}]}))),
        6 => ("vendor.acknowledged", with(data, json!({"statement": {"quotation": {"lang": "en", "text": "We know."}, "same_as": target}}))),
        7 | 8 => ("vendor.updated", with(data, json!({"status": status}))),
        9 | 10 => ("service.restored", with(data, json!({"extent": extent, "regions": [region]}))),
        11 => ("scope.changed", with(data, json!({"regions": [region], "known": drawn.extra.is_multiple_of(2)}))),
        12 => ("vendor.silent", data),
        13 => ("cause.stated", with(data, json!({"known": drawn.extra.is_multiple_of(2), "headline": "why"}))),
        14 => ("followup.reported", with(data, json!({"who": "x", "text": "y"}))),
        15 => ("maintenance.started", data),
        16 => ("event.corrected", acts(json!({"patch": {"occurred": {"at": moment(drawn.minute)}}, "edit_kind": "error"}))),
        17 if extra % 2 == 0 => ("event.corrected", acts(json!({"patch": {"incidentid": incident_of(drawn.third, count)}, "edit_kind": "error"}))),
        17 => ("event.corrected", acts(json!({"patch": {"regions": [region], "certainty": "disputed"}, "edit_kind": "source_edit"}))),
        18 => ("event.retracted", acts(json!({}))),
        19 => ("claim.weighed", acts(json!({"verdict": verdict}))),
        20 => (
            "incident.linked",
            json!({"from": {"id": id(drawn.third, count)}, "to": target, "relation": if drawn.extra.is_multiple_of(4) { "part_of" } else { "same_as" }}),
        ),
        21 => ("incident.titled", acts(json!({"title": {"en": "A headline"}}))),
        _ => ("service.registered", json!({"names": {"en": subject}, "vendor": {"slug": "v"}})),
    };
    let mut event = json!({"specversion": "1.0", "id": format!("e{index}"), "source": "/t", "type": format!("dateline.{kind}.v1"), "subject": subject, "data": data});
    if drawn.extra.is_multiple_of(13) && drawn.what < 15 {
        event["incidentid"] =
            if drawn.extra.is_multiple_of(2) { json!(incident_of(drawn.third, count)) } else { json!("alpha-2022-10-01-0000000000000000") };
    }
    event.to_string()
}

fn with(mut data: Value, mut more: Value) -> Value {
    data.as_object_mut().unwrap().append(more.as_object_mut().unwrap());
    data
}

/// A history that shows itself line by line when it breaks something.
#[derive(Clone)]
struct History(Vec<ReadRecord>);

impl std::fmt::Debug for History {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for record in &self.0 {
            writeln!(formatter, "{} {}", record.row.position, String::from_utf8_lossy(record.row.bytes.as_deref().unwrap_or_default()))?;
        }
        Ok(())
    }
}

impl std::ops::Deref for History {
    type Target = [ReadRecord];

    fn deref(&self) -> &[ReadRecord] {
        &self.0
    }
}

fn history() -> impl Strategy<Value = History> {
    prop::collection::vec(drawn(), 1..40).prop_map(|drawn| {
        let lines: Vec<String> = drawn.iter().enumerate().map(|(index, one)| line(index, one, drawn.len())).collect();
        let drafts = records_of(&lines.join("\n"));
        let mut text = lines.join("\n");
        for (index, draft) in drafts.iter().enumerate() {
            let id = draft.event.as_ref().map_or_else(String::new, |event| incident_id(event, draft.row.recorded));
            text = text.replace(&format!("<incident of {index}>"), if id.is_empty() { "nowhere" } else { &id });
        }
        History(records_of(&text))
    })
}

fn projected(records: &[ReadRecord], pages: &[(usize, bool)]) -> MemoryViews {
    projected_within(records, pages, FOLD_BYTES_KEPT)
}

fn projected_within(records: &[ReadRecord], pages: &[(usize, bool)], fold_bytes: usize) -> MemoryViews {
    let mut projector = Projector::within(MemoryViews::default(), fold_bytes);
    let mut rest = records;
    let mut cuts = pages.iter().cycle();
    while !rest.is_empty() {
        let (size, restart) = cuts.next().copied().unwrap_or((usize::MAX, false));
        let (page, tail) = rest.split_at(size.clamp(1, rest.len()));
        projector.page(page, restart);
        rest = tail;
    }
    projector.views
}

fn timelines(views: &MemoryViews, as_of: u64) -> Vec<(u64, Timeline)> {
    let opened: BTreeSet<u64> = incidents(&views.rows).into_iter().filter(|number| *number <= as_of).collect();
    opened.into_iter().map(|number| (number, views.fold(number, as_of, None).timeline("x", &[], None, None))).collect()
}

proptest! {
    // A failure is told within a minute, made small or not.
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_time: 60_000, ..ProptestConfig::default() })]

    #[test]
    fn any_pages_any_restarts_and_any_room_for_folds_give_the_same_views(
        records in history(),
        pages in prop::collection::vec((1_usize..9, any::<bool>()), 1..6),
        fold_bytes in prop_oneof![Just(0), Just(FOLD_BYTES_KEPT), 1_usize..100_000],
    ) {
        let whole = projected(&records, &[(usize::MAX, false)]);
        let cut = projected_within(&records, &pages, fold_bytes);
        prop_assert_eq!(&whole.rows.attachments, &cut.rows.attachments);
        prop_assert_eq!(&whole.rows, &cut.rows);
    }

    #[test]
    fn as_of_a_position_is_the_fold_of_that_prefix(records in history(), at in any::<prop::sample::Index>()) {
        let last = at.index(records.len()) + 1;
        let whole = projected(&records, &[(usize::MAX, false)]);
        let prefix = projected(&records[..last], &[(usize::MAX, false)]);
        prop_assert_eq!(timelines(&whole, last as u64), timelines(&prefix, last as u64));
        let summaries = |views: &MemoryViews| views.rows.summaries.iter().filter(|row| row.since <= last as u64).cloned().collect::<Vec<_>>();
        prop_assert_eq!(summaries(&whole), summaries(&prefix));
    }

    #[test]
    fn what_a_list_says_is_what_the_timeline_says(records in history()) {
        let views = projected(&records, &[(3, false)]);
        for number in incidents(&views.rows) {
            let group = views.group_of(number, u64::MAX);
            let (_, listed) = views.summary(group, u64::MAX).unwrap();
            let fold = views.fold(number, u64::MAX, None);
            let mut fresh = fold.summary();
            fresh.changed = listed.changed;
            prop_assert_eq!(&listed, &fresh, "the summary kept by adding up is not the one folded anew");
            let told = fold.timeline("x", &[], None, None);
            prop_assert_eq!((listed.state, listed.regions, listed.time_to_restore), (told.state, told.regions, told.time_to_restore));
            prop_assert_eq!(listed.first_seen.map(|milestone| milestone.told), told.first_seen.map(|milestone| milestone.told));
        }
    }

    #[test]
    fn a_summary_as_of_every_change_is_that_of_the_fold(records in history(), page in 1_usize..9) {
        let views = projected(&records, &[(page, true), (page, false)]);
        let written = views.rows.summaries.iter().map(|row| (row.since, row.group));
        let told: BTreeSet<(u64, u64)> = written.chain(views.rows.changes.iter().map(|row| (row.since, row.group))).collect();
        for (at, group) in told.into_iter().filter(|(at, group)| views.group_of(*group, *at) == *group) {
            let fold = views.fold(group, at, None);
            let Some((row, summary)) = views.summary(group, at) else {
                prop_assert!(fold.registration().is_some(), "only a registry has no summary");
                continue;
            };
            let fresh = Summary { changed: at, ..fold.summary() };
            prop_assert_eq!(&summary, &fresh, "as of {}", at);
            let words = fold.headlines().join(" ").to_lowercase();
            prop_assert!(row.words.ends_with(&words), "{} does not end with {}", row.words, words);
        }
    }

    #[test]
    fn the_order_is_total_and_does_not_depend_on_the_order_of_reading(records in history(), shuffle in any::<u64>()) {
        let views = projected(&records, &[(usize::MAX, false)]);
        for number in incidents(&views.rows) {
            let mut events = views.group(number, u64::MAX).events;
            let told = views.fold(number, u64::MAX, None).timeline("x", &[], None, None);
            events.sort_by_key(|(_, _, record)| record.row.position.wrapping_mul(shuffle | 1));
            let mut fold = Fold::new();
            for (_, since, record) in events {
                if let Some(event) = record.event.clone() {
                    fold.apply(record.row.position, since, record.row.recorded, event);
                }
            }
            let again = fold.timeline("x", &[], None, None);
            prop_assert_eq!(&told.entries, &again.entries);
            let shown: Vec<u64> = told.entries.iter().flat_map(|entry| std::iter::once(entry.item.position).chain(entry.inside.iter().map(|(_, item)| item.position))).collect();
            let once: BTreeSet<u64> = shown.iter().copied().collect();
            prop_assert_eq!(shown.len(), once.len(), "an event stands twice");
        }
    }

    #[test]
    fn every_event_is_held_waits_is_poison_or_is_registered(records in history()) {
        let views = projected(&records, &[(5, true)]);
        let waiting: BTreeSet<u64> = views.waiting_positions().into_iter().collect();
        for row in &views.rows.events {
            let held = !views.holders(row.position, u64::MAX).is_empty();
            let poison = row.problem.is_some();
            prop_assert_eq!(u8::from(held) + u8::from(poison) + u8::from(waiting.contains(&row.position)), 1, "position {} {}", row.position, row.kind);
        }
        prop_assert!(views.rows.heads.iter().all(|head| head.nature != Nature::Registry || head.id.starts_with("registry:")));
    }
}

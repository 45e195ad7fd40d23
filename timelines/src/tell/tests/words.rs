//! The words of Bangladesh's Bengali where they are others than India's, also where no timeline is told; and the apostrophe that is one.

use serde_json::json;

use super::super::bn::{as_in_bangladesh, own_as_in_bangladesh};
use super::super::{Lang, Options, PageWords, tell, told_duration, told_sentence, told_state};
use super::{event, instant};
use crate::fold::Fold;
use crate::model::{Registry, State};

/// Every word of the pages. Whoever adds one must name it here.
fn of_page(words: &PageWords) -> Vec<String> {
    #[rustfmt::skip]
    let PageWords {
        site, tagline, skip, language, incidents, all_incidents, search_for, search, state, all_states, maintenance, nothing_found, nothing_yet,
        next, next_entries, first_entries, known_at, now, as_of, another_time, show, past, reading, timeline, plot, nothing_told, marks, sources,
        stated_beside, unfold, fold, text, json, live, caught_up, connection_lost, cite, checkpoint, true_for, changed_at, edits_of, before, after,
    } = words;
    #[rustfmt::skip]
    let plain = [
        site, tagline, skip, language, incidents, all_incidents, search_for, search, state, all_states, maintenance, nothing_found, nothing_yet,
        next, next_entries, first_entries, known_at, now, as_of, another_time, show, past, reading, timeline, plot, nothing_told, marks, sources,
        stated_beside, unfold, fold, text, json, live, caught_up, connection_lost, cite, checkpoint, before, after,
    ];
    plain.into_iter().map(|word| (*word).to_owned()).chain([true_for("১", "২"), changed_at("১"), edits_of("মেটা")]).collect()
}

#[test]
fn no_word_of_the_pages_is_india_s_where_bangladesh_has_its_own() {
    let mut differ = 0;
    for (here, there) in of_page(PageWords::of(Lang::Bn)).into_iter().zip(of_page(PageWords::of(Lang::BnBd))) {
        assert_eq!(there, as_in_bangladesh(&here));
        differ += usize::from(here != there);
    }
    assert_eq!(differ, 4);
}

#[test]
fn headings_states_and_single_sentences_are_those_of_bangladesh() {
    let timeline = Fold::new().timeline("acme-2021-10-04-0000000000000000", &[], None, None);
    let headings = |lang| tell(&timeline, &Registry::default(), &Options { lang, ..Options::default() }).unwrap().headings;
    assert_eq!(headings(Lang::BnBd).map(ToOwned::to_owned), headings(Lang::Bn).map(as_in_bangladesh));
    assert_ne!(headings(Lang::BnBd), headings(Lang::Bn));
    for state in [State::Detected, State::Acknowledged, State::Investigating, State::Identified, State::Monitoring, State::Restored] {
        assert_eq!(told_state(state, Lang::BnBd), as_in_bangladesh(told_state(state, Lang::Bn)));
    }
    let two_hours = dateline_events::Range { seconds_min: 7_320, seconds_max: 8_040 };
    assert_eq!([Lang::Bn, Lang::BnBd].map(|lang| told_duration(two_hours, lang)), ["প্রায় দু’ঘণ্টা", "প্রায় দুই ঘণ্টা"]);
    let back = event("r", "service.restored", json!({"occurred": {"at": "2021-10-04T16:00Z", "precision": "minute"}, "extent": "full"}));
    assert_eq!([Lang::Bn, Lang::BnBd].map(|lang| told_sentence(&back, &Registry::default(), lang)), ["পরিষেবা স্বাভাবিক", "সেবা স্বাভাবিক"]);
    assert_eq!(own_as_in_bangladesh("পরিষেবা: “পরিষেবা”"), "সেবা: “পরিষেবা”");
}

#[test]
fn a_day_that_a_source_told_is_that_day_in_a_list_whatever_the_zone_of_the_rest() {
    let mut fold = Fold::new();
    let first = json!({"occurred": {"at": "2022-10-25T12:07+05:30[Asia/Kolkata]", "precision": "minute"}});
    let back = json!({"occurred": {"at": "2022-10-26[America/Los_Angeles]", "precision": "day"}, "extent": "full"});
    for (position, (kind, data)) in (1..).zip([("anomaly.detected", first), ("service.restored", back)]) {
        fold.apply(position, position, instant("2026-11-20T09:00:00Z"), std::sync::Arc::new(event(kind, kind, data)));
    }
    for zone in [None, Some("Asia/Dhaka".to_owned())] {
        let options = Options { zone, ..Options::default() };
        let row = tell(&fold.summary().outline("x-2022-10-25-0000000000000000"), &Registry::default(), &options).unwrap();
        assert!(row.summary[0].contains("back 26 Oct (") && !row.summary[0].contains("between"), "{:?}", row.summary);
    }
}

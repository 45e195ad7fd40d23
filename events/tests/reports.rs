//! Reports are read strictly and counted exactly: whatever the form, the order and the repetition.

use dateline_events::Instant;
use dateline_events::reports::{
    BodyForm, Count, Counts, Flush, MAX_FLUSH_BYTES, MAX_NAMED_FAULTS, MAX_REPORT_LINE_BYTES, MAX_REPORT_TEXT_BYTES, MAX_REPORTS, ReportFaults,
    ReportTime, ReportsRefused, Run, Tallied, read_report, read_reports,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The clock at the door: 2026-03-01T10:00:30Z, in the minute 29539320.
fn now() -> ReportTime {
    ReportTime::live(Instant::parse("2026-03-01T10:00:30Z").unwrap())
}

const MINUTE: i64 = 29_539_320;

fn lines_of(body: &str, form: BodyForm) -> Vec<Tallied<'_>> {
    read_reports(body.as_bytes(), form, &now()).unwrap().into_lines()
}

fn faults(body: &[u8], form: BodyForm) -> ReportFaults {
    match read_reports(body, form, &now()) {
        Err(ReportsRefused::Faults(faults)) => faults,
        other => panic!("expected faults, got {other:?}"),
    }
}

#[test]
fn one_an_array_and_lines_say_the_same() {
    let one = r#"{"service":"whatsapp","region":"IN","symptom":"sending","channel":"app","time":"2026-03-01T09:59:59.999Z","text":"no\u0000thing \ud83d\ude00"}"#;
    let other = r#" { "channel" : "w\u0065b", "service":"whatsapp" } "#;
    let array = format!("[{one},\n{other},{one}]");
    let many = format!("{one}\r\n\n{other}\n{one}");
    let counted = lines_of(&array, BodyForm::Json);
    assert_eq!(counted, lines_of(&many, BodyForm::Lines));
    let told: Vec<_> = counted.iter().map(|line| (&*line.channel, line.region.as_deref(), line.minute, line.count)).collect();
    assert_eq!(told, [("app", Some("IN"), MINUTE - 1, 2), ("web", None, MINUTE, 1)]);
    assert_eq!(lines_of(one, BodyForm::Json)[0], Tallied { count: 1, reports: 1, ..counted[0].clone() });
    assert_eq!(format!("{:?} {:?}", counted[1].symptom, counted[0].symptom), "Unknown Sending");
}

#[test]
fn every_fault_of_a_report_is_named_by_its_pointer() {
    let at =
        |text: &str| read_report(text, &now()).map(drop).map_err(|faults| faults.named.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>());
    let long = "x".repeat(MAX_REPORT_TEXT_BYTES + 1);
    for (text, pointers) in [
        (r#"{"symptom":"sending"}"#.to_owned(), vec!["/service"]),
        (
            r#"{"service":"Whats App","region":"India","symptom":"broken","channel":"","time":"today"}"#.into(),
            vec!["/symptom", "/service", "/region", "/channel", "/time"],
        ),
        (r#"{"service":7,"region":null,"total":-1,"window_minutes":1.5}"#.into(), vec!["/region", "/service", "/total", "/window_minutes"]),
        (r#"{"service":"x","from":"somebody","a/b":1}"#.into(), vec!["/a~1b", "/from"]),
        (r#"{"service":"x","service":"y"}"#.into(), vec!["/service"]),
        (r#"{"service":"x","total":3}"#.into(), vec!["/window_minutes", "/time"]),
        (r#"{"service":"x","window_minutes":20}"#.into(), vec!["/total"]),
        (
            r#"{"service":"x","total":1000000001,"window_minutes":1441,"time":"2026-03-01T10:00:00Z","text":""}"#.into(),
            vec!["/total", "/window_minutes", "/text"],
        ),
        (format!(r#"{{"service":"x","text":"{long}"}}"#), vec!["/text"]),
        (r#"{"service":"x","time":"2026-02-28T09:59:59Z"}"#.into(), vec!["/time"]),
        (r#"{"service":"x","time":"2026-03-01T10:06:00Z"}"#.into(), vec!["/time"]),
        (r#"{"service":"x"#.into(), vec![""]),
        ("7".into(), vec![""]),
    ] {
        assert_eq!(at(&text), Err(pointers.into_iter().map(ToOwned::to_owned).collect()), "{text}");
    }
    for text in [
        r#"{"service":"x","time":"2026-02-28T10:00:00Z"}"#.to_owned(),
        r#"{"service":"x","time":"2026-03-01T15:35:59+05:30"}"#.into(),
        format!(r#"{{"service":"x","text":"{}"}}"#, &long[1..]),
        r#"{"service":"x","total":0,"window_minutes":1440,"time":"2026-03-01T10:00:00Z"}"#.into(),
    ] {
        assert_eq!(at(&text), Ok(()), "{text}");
    }
}

#[test]
fn a_history_is_made_of_totals_as_old_as_one_likes() {
    let history = ReportTime { history: true, ..now() };
    let total = r#"{"service":"github","time":"2019-05-06T12:20:00Z","total":3,"window_minutes":20}"#;
    assert!(read_report(total, &now()).is_err());
    assert!(read_report(total, &history).is_ok());
    assert_eq!(read_report(r#"{"service":"github"}"#, &history).unwrap_err().named[0].pointer, "/total");
    assert_eq!(read_report(&total.replace("2019", "1969"), &history).unwrap_err().named[0].pointer, "/time");
}

#[test]
fn a_fault_in_many_is_named_by_item_or_line_and_refuses_all() {
    let good = r#"{"service":"whatsapp"}"#;
    let found = faults(format!("[{good},{{\"service\":\"B A D\"}},{good},7]").as_bytes(), BodyForm::Json);
    assert_eq!(found.named.iter().map(|fault| (fault.line, fault.pointer.as_str())).collect::<Vec<_>>(), [(None, "/1/service"), (None, "/3")]);
    let found = faults(format!("{good}\n\n{{\"service\":\"B A D\"}}\nnothing\n{good}").as_bytes(), BodyForm::Lines);
    assert_eq!(found.named.iter().map(|fault| (fault.line, fault.pointer.as_str())).collect::<Vec<_>>(), [(Some(3), "/service"), (Some(4), "")]);
    assert!(found.is_malformed() && found.to_string().contains("line 3, /service"), "{found}");
    let found = faults("nothing\n".repeat(MAX_NAMED_FAULTS + 7).as_bytes(), BodyForm::Lines);
    assert_eq!((found.named.len(), found.further), (MAX_NAMED_FAULTS, 7));
    let long = format!("{good}{}", " ".repeat(MAX_REPORT_LINE_BYTES)) + r#"{"#;
    assert_eq!(faults(long.as_bytes(), BodyForm::Lines).named[0].line, Some(1));
    assert!(faults(b"{\"service\":\"\xff\"}", BodyForm::Json).to_string().contains("byte 12"));
    for deep in ["[".repeat(200_000), format!("[{}", "{\"service\":".repeat(100_000))] {
        assert!(!faults(deep.as_bytes(), BodyForm::Json).named.is_empty());
        assert!(!faults(&deep.as_bytes()[..MAX_REPORT_LINE_BYTES], BodyForm::Lines).named.is_empty());
    }
}

#[test]
fn a_body_has_at_least_one_report_and_at_most_so_many() {
    let good = r#"{"service":"whatsapp"}"#;
    let many = |count: usize| (vec![good; count].join("\n"), format!("[{}]", vec![good; count].join(",")));
    let (lines, array) = many(MAX_REPORTS);
    assert_eq!(lines_of(&lines, BodyForm::Lines)[0].count, MAX_REPORTS as u64);
    assert_eq!(lines_of(&array, BodyForm::Json)[0].count, MAX_REPORTS as u64);
    let (lines, array) = many(MAX_REPORTS + 1);
    assert_eq!(read_reports(lines.as_bytes(), BodyForm::Lines, &now()).unwrap_err(), ReportsRefused::TooMany);
    assert_eq!(read_reports(array.as_bytes(), BodyForm::Json, &now()).unwrap_err(), ReportsRefused::TooMany);
    for empty in ["", "  \n \n", "[]", " [ ] "] {
        assert_eq!(read_reports(empty.as_bytes(), BodyForm::Json, &now()).unwrap_err(), ReportsRefused::Empty, "{empty:?}");
    }
    assert_eq!(read_reports(b"\n\n", BodyForm::Lines, &now()).unwrap_err(), ReportsRefused::Empty);
}

#[test]
fn a_run_is_a_uuid_in_one_form() {
    for text in ["0184a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(Run::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "0184A1B2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "0184a1b2c3d47e5f8a9b0c1d2e3f4a5b",
        "0184a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b-",
        "+184a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
    ] {
        assert_eq!(Run::parse(text), None, "{text}");
    }
    let made = Run::of_hash(&[0xff; 32]).to_string();
    assert_eq!(made, "ffffffff-ffff-8fff-bfff-ffffffffffff", "version 8, variant of RFC 9562");
    assert_eq!(Run::parse(&made), Some(Run::of_hash(&[0xff; 32])));
}

#[test]
fn a_flush_is_read_as_it_was_written_and_nothing_looser() {
    let flush = Flush::new(Run(7), 3, vec![count("whatsapp", 5, 2, None), count("x", 5, 900, Some(20))]);
    let text = String::from_utf8(flush.bytes().unwrap()).unwrap();
    assert_eq!(
        text,
        r#"{"v":1,"run":"00000000-0000-0000-0000-000000000007","number":3,"counts":[{"service":"whatsapp","symptom":"sending","channel":"app","from":"public","minute":5,"count":2,"sources":1},{"service":"x","symptom":"sending","channel":"app","from":"public","minute":5,"count":900,"window_minutes":20}]}"#
    );
    assert_eq!(Flush::read(text.as_bytes()), Ok(flush.clone()));
    assert!(flush.counts.iter().map(Count::bytes_max).sum::<usize>() > text.len());
    let mut changed: Value = serde_json::from_str(&text).unwrap();
    for (pointer, value) in [("/v", json!(2)), ("/counts/0/service", json!("A")), ("/counts/1/window_minutes", json!(0)), ("/run", json!("x"))] {
        let sound = changed.pointer(pointer).unwrap().clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert!(Flush::read(changed.to_string().as_bytes()).is_err(), "{pointer}");
        *changed.pointer_mut(pointer).unwrap() = sound;
    }
    assert!(Flush::read(format!("{text}{}", " ".repeat(MAX_FLUSH_BYTES)).as_bytes()).is_err());
}

fn count(service: &str, minute: i64, count: u64, window_minutes: Option<u32>) -> Count {
    let sources = u64::from(window_minutes.is_none());
    let value = json!({"service": service, "symptom": "sending", "channel": "app", "from": "public", "minute": minute, "count": count, "sources": sources, "window_minutes": window_minutes});
    serde_json::from_value(value).unwrap()
}

fn any_flushes() -> impl Strategy<Value = Vec<Flush>> {
    let any_count = ("[ab]", 0_i64..3, 0_u64..9, prop::option::of(prop::sample::select(vec![1_u32, 20])))
        .prop_map(|(service, minute, number, window)| count(&service, minute, number, window));
    let counts = prop::collection::vec(any_count, 0..6);
    prop::collection::btree_map((0_u128..3, 0_u64..8), counts, 1..12)
        .prop_map(|named| named.into_iter().map(|((run, number), counts)| Flush::new(Run(run), number, counts)).collect())
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_of_flushes_gives_the_same_counts(
        (flushes, order) in any_flushes().prop_flat_map(|flushes| {
            let last = flushes.len();
            (Just(flushes), prop::collection::vec(0..last, 0..40))
        })
    ) {
        let mut once = Counts::default();
        for flush in &flushes {
            prop_assert!(once.merge(flush));
        }
        // Any beginning with repetitions, then all that is missing, backwards.
        let mut again = Counts::default();
        for index in order {
            again.merge(&flushes[index]);
        }
        for flush in flushes.iter().rev() {
            again.merge(flush);
        }
        for flush in &flushes {
            prop_assert!(again.has_merged(&flush.name()) && !again.merge(flush));
        }
        prop_assert_eq!(&once, &again);
        // And they are what one adds up by hand.
        for (key, minutes) in once.keys() {
            for (minute, cell) in minutes {
                let here = || flushes.iter().flat_map(|flush| &flush.counts).filter(|count| count.key() == *key && count.minute == *minute);
                prop_assert_eq!(cell.count, here().filter(|count| count.window_minutes.is_none()).map(|count| count.count).sum::<u64>());
                for (window, total) in &cell.totals {
                    prop_assert_eq!(Some(*total), here().filter(|count| count.window_minutes == Some(*window)).map(|count| count.count).max());
                }
            }
        }
    }

    #[test]
    fn whatever_is_sent_is_counted_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), words in "[\\[\\]{}\",:0-9a-z \\n\\\\]{0,80}") {
        for form in [BodyForm::Json, BodyForm::Lines] {
            let _ = read_reports(&bytes, form, &now());
            let _ = read_reports(words.as_bytes(), form, &now());
        }
        let _ = Flush::read(&bytes);
    }
}

//! Whatever is told, in whatever order: no panic, bounded memory, the same after saving and loading, nothing said twice.

use dateline_series::{COUNT_MAX, Finding, RESTATED_BUCKETS_MAX, Refused, Settings, Watch, Why};
use proptest::prelude::*;

const BIN: i64 = 300;

/// Tellings around three days of five minutes: mostly in order, some restated, some late, some far away, some huge.
fn tellings() -> impl Strategy<Value = Vec<(i64, u64)>> {
    let count = prop_oneof![6 => 0_u64..4, 3 => 0_u64..60, 1 => 0_u64..5_000, 1 => any::<u64>()];
    let step = prop_oneof![8 => Just(1_i64), 3 => Just(0_i64), 1 => -70_i64..70, 1 => 0_i64..900];
    prop::collection::vec((step, count), 300..900).prop_map(|steps| {
        let mut bucket = 5_000_000_i64;
        steps
            .into_iter()
            .map(|(step, count)| {
                bucket += step;
                (bucket * BIN, count)
            })
            .collect()
    })
}

/// A day and more of quiet, so that there is a baseline to speak against.
fn warm(settings: &Settings) -> Watch {
    let mut watch = Watch::new(BIN as u32).unwrap();
    for bucket in 0..400 {
        watch.tell((5_000_000 - 400 + bucket) * BIN, u64::from(bucket % 7 == 0), settings).unwrap();
    }
    watch
}

/// What names a finding: told twice, it would be the same.
fn name(finding: &Finding) -> String {
    match finding {
        Finding::Anomaly { first_bucket, .. } => format!("anomaly {first_bucket}"),
        Finding::Earlier { told_bucket, first_bucket } => format!("earlier {told_bucket} {first_bucket}"),
        Finding::Lasting { first_bucket, bucket, count, peak, .. } => format!("lasting {first_bucket} {bucket} {count} {peak}"),
        Finding::Subsided { first_bucket, bucket, .. } => format!("subsided {first_bucket} {bucket}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn cut_anywhere_saved_and_loaded_it_goes_on_the_same(tellings in tellings(), cut in any::<prop::sample::Index>()) {
        let settings = Settings::default();
        let mut whole = warm(&settings);
        let mut parted = whole.clone();
        let cut = cut.index(tellings.len());
        for (at, (time, count)) in tellings.iter().enumerate() {
            if at == cut {
                parted = serde_json::from_str(&serde_json::to_string(&parted).unwrap()).unwrap();
            }
            prop_assert_eq!(whole.tell(*time, *count, &settings), parted.tell(*time, *count, &settings));
        }
        prop_assert_eq!(whole, parted);
    }

    #[test]
    fn nothing_is_said_twice_and_equal_counts_say_nothing(tellings in tellings()) {
        let settings = Settings::default();
        let mut watch = warm(&settings);
        let mut said = std::collections::BTreeSet::new();
        for (time, count) in tellings {
            for finding in watch.tell(time, count, &settings).unwrap() {
                prop_assert!(said.insert(name(&finding)), "twice: {}", name(&finding));
            }
            let before = watch.clone();
            prop_assert_eq!(watch.tell(time, count, &settings).unwrap(), vec![]);
            prop_assert_eq!(&watch, &before);
            prop_assert!(watch.bytes() <= 8 * 1_024, "{} bytes", watch.bytes());
        }
    }

    #[test]
    fn a_bucket_told_as_it_grows_ends_where_it_ends_told_once(counts in prop::collection::vec(0_u64..120, 30..120), parts in 1_u64..5) {
        let settings = Settings::default();
        let (mut once, mut growing) = (warm(&settings), warm(&settings));
        let (mut said_once, mut said_growing) = (Vec::new(), Vec::new());
        for (bucket, count) in (5_000_000_i64..).zip(counts) {
            said_once.extend(once.tell(bucket * BIN, count, &settings).unwrap());
            for part in 1..=parts {
                said_growing.extend(growing.tell(bucket * BIN, count * part / parts, &settings).unwrap());
            }
            prop_assert_eq!(once.verdict(bucket * BIN, &settings), growing.verdict(bucket * BIN, &settings));
        }
        let firsts = |said: &[Finding]| {
            said.iter().filter(|finding| matches!(finding, Finding::Anomaly { .. } | Finding::Subsided { .. })).map(name).collect::<Vec<_>>()
        };
        prop_assert_eq!(firsts(&said_once), firsts(&said_growing));
    }

    #[test]
    fn any_time_is_taken_or_refused(time in any::<i64>(), count in any::<u64>(), length in any::<u32>(), later in any::<i64>()) {
        let settings = Settings::default();
        match Watch::new(length) {
            Err(refused) => prop_assert_eq!(refused, Refused::BucketSeconds(length)),
            Ok(mut watch) => {
                for time in [time, later, 0, time.wrapping_add(1), i64::MAX, i64::MIN] {
                    if let Err(refused) = watch.tell(time, count, &settings) {
                        prop_assert_eq!(refused, Refused::Time(time));
                    }
                }
            }
        }
    }
}

#[test]
fn nearly_silent_series_do_not_alarm_at_three_reports() {
    let settings = Settings::default();
    let mut watch = warm(&settings);
    for (bucket, count) in (5_000_000_i64..).zip([0, 0, 0, 1, 0, 3, 0, 0, 3, 2, 0, 1]) {
        assert_eq!(watch.tell(bucket * BIN, count, &settings).unwrap(), []);
        assert!(matches!(watch.verdict(bucket * BIN, &settings).unwrap().why, Why::Usual | Why::TooFew));
    }
}

#[test]
fn a_restated_bucket_is_looked_at_again_and_too_late_is_too_late() {
    let settings = Settings::default();
    let mut watch = warm(&settings);
    for bucket in 5_000_000..5_000_030 {
        watch.tell(bucket * BIN, 0, &settings).unwrap();
    }
    let found = watch.tell(5_000_010 * BIN, 90, &settings).unwrap();
    let [Finding::Anomaly { first_bucket, seen_at_bucket, count: 90, .. }, ..] = found[..] else { panic!("{found:?}") };
    assert_eq!((first_bucket, seen_at_bucket), (5_000_010 * BIN, 5_000_029 * BIN));
    let earlier = watch.tell(5_000_009 * BIN, 80, &settings).unwrap();
    assert_eq!(earlier, [Finding::Earlier { told_bucket: 5_000_010 * BIN, first_bucket: 5_000_009 * BIN }]);
    let last = 5_000_029 - RESTATED_BUCKETS_MAX as i64;
    assert_eq!(watch.judge(last * BIN, 500, &settings).unwrap().why, Why::TooLate);
    assert_eq!(watch.tell(last * BIN, 500, &settings).unwrap(), []);
    assert_ne!(watch.judge((last + 1) * BIN, 500, &settings).unwrap().why, Why::TooLate);
}

#[test]
fn up_down_and_up_again_is_one_anomaly() {
    let settings = Settings::default();
    let mut watch = warm(&settings);
    let mut found = Vec::new();
    let quiet = i64::from(settings.fold_seconds) / BIN;
    let pattern = (0..4 * quiet).map(|bucket| if bucket < 2 * quiet && bucket % 8 < 4 { 70 } else { 0 });
    for (bucket, count) in (5_000_000_i64..).zip(pattern) {
        found.extend(watch.tell(bucket * BIN, count, &settings).unwrap());
    }
    let count = |which: fn(&Finding) -> bool| found.iter().filter(|finding| which(finding)).count();
    assert_eq!(count(|finding| matches!(finding, Finding::Anomaly { .. })), 1);
    assert_eq!(count(|finding| matches!(finding, Finding::Subsided { .. })), 1);
    assert!(count(|finding| matches!(finding, Finding::Lasting { .. })) <= 3, "{found:?}");
}

#[test]
fn an_unknown_bucket_is_not_a_quiet_one() {
    let settings = Settings::default();
    let mut watch = warm(&settings);
    watch.tell(5_000_000 * BIN, 90, &settings).unwrap();
    // Seventeen hours of silence, then as high as before: the same anomaly, with nothing said of its end.
    let found = watch.tell(5_000_200 * BIN, 95, &settings).unwrap();
    assert!(matches!(found[..], [Finding::Lasting { .. }]), "{found:?}");
    // A day and more of it: over for want of knowledge, at the first bucket not known; what comes is another.
    let found = watch.tell(5_000_600 * BIN, 95, &settings).unwrap();
    assert!(matches!(found[..], [Finding::Subsided { bucket, .. }, Finding::Anomaly { .. }] if bucket == 5_000_201 * BIN), "{found:?}");
}

#[test]
fn a_level_that_stays_becomes_the_usual() {
    let settings = Settings::default();
    let mut watch = warm(&settings);
    let mut over_after = None;
    for bucket in 5_000_000..5_000_000 + 60 * 288 {
        for finding in watch.tell(bucket * BIN, 40 + (bucket % 5) as u64, &settings).unwrap() {
            if matches!(finding, Finding::Subsided { .. }) {
                over_after.get_or_insert((bucket - 5_000_000) / 288);
            }
        }
    }
    println!("a rise from 0 to 40 reports for good is the usual after {over_after:?} days");
    assert!(over_after.is_some_and(|days| (3..=45).contains(&days)), "{over_after:?}");
}

#[test]
fn more_than_can_be_counted_is_the_most() {
    let settings = Settings::default();
    let mut watch = warm(&settings);
    watch.tell(5_000_000 * BIN, u64::MAX, &settings).unwrap();
    assert_eq!(watch.verdict(5_000_000 * BIN, &settings).unwrap().count, Some(COUNT_MAX));
}

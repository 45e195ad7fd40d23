//! Who says it: many addresses are nobody in particular, and one key is one voice, whatever regions and channels it names.

use super::{Log, count, minute, read};

const DAY: i64 = 24 * 60;

fn certainties(log: &Log) -> Vec<String> {
    let said = read(log);
    said.events().iter().filter_map(|event| event["data"]["certainty"].as_str()).map(ToOwned::to_owned).collect()
}

fn flood(from: &[&str]) -> Log {
    let mut log = Log::new();
    log.quiet(0, 3 * DAY);
    for number in 3 * DAY..3 * DAY + 90 {
        let regions = ["IN", "IT", "TR", "BR"];
        let voices = from.iter().flat_map(|from| regions.map(|region| count(Some(region), "sending", from, minute(number), 40)));
        log.push(minute(number), voices.collect());
    }
    log
}

#[test]
fn one_key_is_one_word_whatever_it_says_and_whoever_joins_it_without_one() {
    for voice in [&["public"][..], &["a key"], &["public", "a key"]] {
        let certainties = certainties(&flood(voice));
        assert!(!certainties.is_empty() && certainties.iter().all(|certainty| certainty == "reported"), "{voice:?}: {certainties:?}");
    }
}

#[test]
fn a_voice_that_reports_as_usual_confirms_nothing() {
    let mut log = Log::new();
    for number in 0..3 * DAY + 90 {
        let mut counts = vec![count(Some("IN"), "app", "the vendor's app", minute(number), 20)];
        if number >= 3 * DAY {
            counts.push(count(Some("IN"), "sending", "a key", minute(number), 300));
        }
        log.push(minute(number), counts);
    }
    let certainties = certainties(&log);
    assert!(!certainties.is_empty() && certainties.iter().all(|certainty| certainty == "reported"), "{certainties:?}");
}

#[test]
fn two_keys_that_both_stand_out_confirm_each_other() {
    let certainties = certainties(&flood(&["a key", "another key"]));
    assert_eq!(certainties.first().map(String::as_str), Some("confirmed"), "{certainties:?}");
}

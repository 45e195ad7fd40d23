//! How much the score on the benchmark owes to its setting: every parameter moved by a fifth and a tenth either way, and the threshold
//! chosen without the folder it is then measured on. Takes minutes: `DATELINE_LONG=1`.

use std::collections::BTreeMap;

use dateline_series::StreamSettings;
use serde_json::Value;

use crate::benchmark::{Series, gain, score, series};
use crate::nab::all;
use crate::needs;

/// With any one parameter moved by up to a fifth, the score stays above this: no peak is sat on.
const MOVED_MIN: f64 = 66.0;

/// The default with one parameter so many times as great; whole numbers stay whole.
fn moved(name: &str, times: f64) -> StreamSettings {
    let Value::Object(mut fields) = serde_json::to_value(StreamSettings::default()).unwrap() else { panic!("no object") };
    let value = &fields[name];
    let changed = value
        .as_u64()
        .map_or_else(|| serde_json::json!(value.as_f64().unwrap() * times), |whole| serde_json::json!((whole as f64 * times).round() as u64));
    fields.insert(name.to_owned(), changed);
    serde_json::from_value(Value::Object(fields)).unwrap()
}

#[test]
fn no_parameter_is_on_a_peak() {
    if !needs::long_run() {
        return;
    }
    let Some(series) = series() else { return };
    let base = score(&all(&series, &StreamSettings::default()));
    println!("the default: {base:.2}\nparameter, times 0.8, 0.9, 1.1, 1.2");
    let Value::Object(fields) = serde_json::to_value(StreamSettings::default()).unwrap() else { panic!("no object") };
    let mut least = base;
    for (name, value) in &fields {
        let scores: Vec<f64> = [0.8, 0.9, 1.1, 1.2].iter().map(|times| score(&all(&series, &moved(name, *times)))).collect();
        println!("{name} = {value}: {scores:.1?}");
        least = scores.into_iter().fold(least, f64::min);
    }
    assert!(least >= MOVED_MIN, "{least:.1}");
}

#[test]
fn a_threshold_chosen_on_other_folders_does_as_well() {
    if !needs::long_run() {
        return;
    }
    let Some(series) = series() else { return };
    let folder = |series: &Series| series.name.split('/').next().unwrap().to_owned();
    let thresholds: Vec<f64> = (0..13).map(|step| 1.6 + 0.3 * f64::from(step)).collect();
    // Gains by folder and threshold.
    let mut gains: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (number, speaks_from_decades) in thresholds.iter().enumerate() {
        let detections = all(&series, &StreamSettings { speaks_from_decades: *speaks_from_decades, ..StreamSettings::default() });
        println!("threshold {speaks_from_decades:.1}: {:.2}", score(&detections));
        for (series, found) in detections {
            gains.entry(folder(series)).or_insert_with(|| vec![0.0; thresholds.len()])[number] += gain(series, &found);
        }
    }
    let windows = |name: Option<&str>| -> f64 {
        series.iter().filter(|series| name.is_none_or(|name| folder(series) == name)).map(|series| series.windows.len() as f64).sum()
    };
    let mut left_out = 0.0;
    for (name, own) in &gains {
        let others = |number: &usize| gains.iter().filter(|(other, _)| *other != name).map(|(_, gains)| gains[*number]).sum::<f64>();
        let chosen = (0..thresholds.len()).max_by(|left, right| others(left).total_cmp(&others(right))).unwrap();
        println!("{name}: threshold {:.1} chosen on the others, gain {:.2} of {} windows", thresholds[chosen], own[chosen], windows(Some(name)));
        left_out += own[chosen];
    }
    let score = 100.0 * (left_out + windows(None)) / (2.0 * windows(None));
    println!("each folder by the threshold chosen on the others: {score:.2}");
    assert!(score >= MOVED_MIN, "{score:.2}");
}

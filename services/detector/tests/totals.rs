//! Series of totals as others publish them: the real ones of 2019 and 2020, read where they are.

use dateline_events::Instant;
use dateline_events::reports::{Count, Flush, Run};
use serde_json::json;

use super::EventDraft;
use crate::detector::service_watches::ServiceWatches;
use crate::needs::shared_data;

/// A series of reports in windows of twenty minutes; None where it is not here.
fn series(name: &str) -> Option<Vec<(i64, u64)>> {
    let text = std::fs::read_to_string(shared_data(&format!("outage-report/max-per-bin/{name}"))?).unwrap();
    let rows = text.lines().skip(1).filter_map(|line| {
        let (time, reports) = line.split_once(',')?;
        Some((Instant::parse(time)?.0.div_euclid(Instant::MINUTE), reports.parse().ok()?))
    });
    Some(rows.collect())
}

#[test]
fn a_real_outage_is_told_from_its_first_window_and_the_first_days_say_nothing() {
    let Some(rows) = series("whatsapp.csv") else { return };
    let total = |(minute, count): &(i64, u64)| -> Count {
        let form = json!({"service": "whatsapp", "symptom": "unknown", "channel": "outage-report", "from": "a monitor", "minute": minute, "count": count, "window_minutes": 20});
        serde_json::from_value(form).unwrap()
    };
    let (mut watches, mut said) = (ServiceWatches::default(), EventDraft::default());
    for (chunk, position) in rows.chunks(900).zip(1..) {
        let flush = Flush::new(Run(position.into()), 1, chunk.iter().map(total).collect());
        watches.take(position, &flush).iter().for_each(|one| said.hear(&one.event));
    }
    let firsts: Vec<&str> =
        said.events().iter().filter(|event| event["type"] == "dateline.anomaly.detected.v1").map(|event| event["id"].as_str().unwrap()).collect();
    println!("{} anomalies in 18 months: {firsts:?}", firsts.len());
    assert!(firsts.contains(&"whatsapp/20200714T194000Z/0"), "{firsts:?}");
    assert!(
        firsts.iter().any(|id| id.starts_with("whatsapp/20190703T")) && firsts.iter().any(|id| id.starts_with("whatsapp/20200119T")),
        "{firsts:?}"
    );
    assert!(firsts.iter().all(|id| !id.starts_with("whatsapp/201904")), "there was no baseline: {firsts:?}");
    assert!(firsts.len() < 40, "{firsts:?}");
}

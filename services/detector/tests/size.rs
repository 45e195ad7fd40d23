//! What many series cost: 100,000 with `DATELINE_LONG=1`, else a few. Prints bytes a series and time a report.

use std::time::Instant;

use dateline_events::reports::{Count, Flush, Run};

use super::{count, minute};
use crate::detector::service_watches::ServiceWatches;

const SERVICES: usize = 250;
const SERVICES_LONG: usize = 25_000;

/// Memory of this process that is not a file's, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: Vec<u64> = text.split_whitespace().map(|field| field.parse().unwrap()).collect();
    (pages[1] - pages[2]) * 4_096
}

#[test]
fn many_series_cost_little_each_and_a_report_costs_what_its_keys_cost() {
    let services = if std::env::var_os("DATELINE_LONG").is_some() { SERVICES_LONG } else { SERVICES };
    let before = resident();
    let mut watches = ServiceWatches::default();
    let mut position = 0;
    let mut take = |watches: &mut ServiceWatches, at: i64, reports: u64| {
        let begun = Instant::now();
        let mut said = 0;
        for chunk in (0..services).collect::<Vec<_>>().chunks(1_000) {
            position += 1;
            let of = |service: &usize| -> Count {
                Count { service: format!("service{service}"), ..count(Some("IN"), "app", "public", minute(at), reports) }
            };
            said += watches.take(position, &Flush::new(Run(1), position, chunk.iter().map(of).collect()).written(minute(at))).len();
        }
        (begun.elapsed(), said)
    };
    for hour in 0..24 {
        take(&mut watches, hour * 60, 1);
    }
    let (_, series) = watches.size();
    assert_eq!(series, 3 * services, "over everything, of the region and of the publisher");
    let bytes = (resident() - before) / (4 * services as u64);
    let (one, said) = take(&mut watches, 24 * 60, 1);
    let (many, _) = take(&mut watches, 24 * 60 + 1, 1_000_000);
    println!(
        "{services} services of 4 series each: {bytes} bytes a series; {:.1} µs a count, whether it counts 1 report or a million ({:.1} µs)",
        one.as_secs_f64() * 1e6 / services as f64,
        many.as_secs_f64() * 1e6 / services as f64,
    );
    assert_eq!(said, 0, "a report an hour is nothing to speak of");
    assert!(services < SERVICES_LONG || bytes < 6_000, "{bytes} bytes a series");
}

//! Eighteen months of real user reports of five services: known outages are found where they began, and little else is said.

use std::collections::BTreeMap;

use dateline_series::{Finding, Settings, Watch, Why};

use crate::data::{clock, seconds, text};

const SERVICES: [&str; 5] = ["whatsapp", "facebook", "twitter", "github", "gmail"];

/// The bins in these files are of 20 minutes.
const BIN: i64 = 1_200;

/// The tellings of one file, in its order: bin start, reports.
fn tellings(name: &str) -> Option<Vec<(i64, u64)>> {
    let text = text(&format!("outage-report/{name}"))?;
    Some(text.lines().skip(1).map(|line| line.split_once(',').unwrap()).map(|(time, count)| (seconds(time), count.trim().parse().unwrap())).collect())
}

fn findings(tellings: &[(i64, u64)]) -> Vec<Finding> {
    let settings = Settings::default();
    let mut watch = Watch::new(BIN as u32).unwrap();
    tellings.iter().flat_map(|(bin, count)| watch.tell(*bin, *count, &settings).unwrap()).collect()
}

#[test]
fn counts_alarms_per_service_and_month() {
    for service in SERVICES {
        let Some(told) = tellings(&format!("max-per-bin/{service}.csv")) else { return };
        let found = findings(&told);
        let mut lasting = 0;
        let mut per = BTreeMap::new();
        for finding in &found {
            match finding {
                Finding::Anomaly { first_bucket, seen_at_bucket, count, baseline, spread, score, height } => {
                    println!(
                        "{service} {} seen +{} count {count} baseline {baseline:.1} spread {spread:.1} score {score:.1} height {height:.0}",
                        clock(*first_bucket),
                        (seen_at_bucket - first_bucket) / BIN
                    );
                    *per.entry(clock(*first_bucket)[..7].to_owned()).or_insert(0) += 1;
                }
                Finding::Lasting { .. } => lasting += 1,
                Finding::Subsided { bucket, peak, .. } => println!("    until {} peak {peak}", clock(*bucket)),
                Finding::Earlier { .. } => println!("    {finding:?}"),
            }
        }
        println!("{service}: {} anomalies, {lasting} lasting; a month {per:?}", per.values().sum::<i32>());
    }
}

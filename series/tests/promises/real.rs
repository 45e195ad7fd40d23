//! Eighteen months of real user reports of five services: known outages are found where they began, and little else is said.

use std::collections::BTreeMap;

use dateline_series::{Finding, Settings, Watch, Why};

use crate::data::{clock, seconds, text};
use crate::outages::{Anomaly, BIN, SERVICES, anomalies, findings, tellings};

/// Outages that the press wrote of: service, the bucket in which the reports rise, and how many buckets later the first may lie.
const KNOWN: [(&str, &str, i64); 7] = [
    ("whatsapp", "2020-07-14T19:40:00Z", 1),
    ("whatsapp", "2019-07-03T13:40:00Z", 1),
    ("whatsapp", "2020-01-19T10:40:00Z", 1),
    ("facebook", "2019-07-03T13:40:00Z", 1),
    ("facebook", "2019-11-28T14:00:00Z", 1),
    ("twitter", "2019-07-11T18:40:00Z", 1),
    // Folded with the one of 06:40Z, which is told as its new peak.
    ("twitter", "2019-10-02T01:00:00Z", 1),
];

/// Anomalies that an editor is asked to look at, a service and month at most, on average.
const A_MONTH_MAX: f64 = 4.0;

/// GitHub's own incidents: start and end in Unix seconds, of the rows that have both.
fn github_incidents() -> Option<Vec<(i64, i64)>> {
    let text = text("outage-report/github_operator_failures_2019-20.csv")?;
    let row = |line: &str| {
        let mut fields = line.split(',').skip(1).map(|field| field.trim().parse::<i64>().ok());
        Some((fields.next()??, fields.next()??)).filter(|(start, end)| *start > 0 && *end > 0)
    };
    Some(text.lines().filter_map(row).collect())
}

#[test]
fn known_outages_are_found_where_the_reports_rise() {
    for (service, rise, late) in KNOWN {
        let Some(told) = tellings(&format!("max-per-bin/{service}.csv")) else { return };
        let found = anomalies(&findings(&told).1);
        let rise = seconds(rise);
        let running = |anomaly: &&Anomaly| anomaly.first <= rise + late * BIN && anomaly.until.is_none_or(|until| until > rise);
        let anomaly = found.iter().find(running).unwrap_or_else(|| panic!("{service} {} is missed", clock(rise)));
        println!("{service} {}: first {}, seen at {}", clock(rise), clock(anomaly.first), clock(anomaly.seen_at));
        assert!(anomaly.seen_at <= rise + late * BIN, "{anomaly:?}");
        assert!(anomaly.first >= rise - BIN, "{anomaly:?}");
    }
}

#[test]
fn a_series_that_begins_in_an_outage_says_that_it_has_no_baseline() {
    let settings = Settings::default();
    for service in ["whatsapp", "facebook"] {
        let Some(told) = tellings(&format!("max-per-bin/{service}.csv")) else { return };
        let mut watch = Watch::new(BIN as u32).unwrap();
        for (bin, count) in told.iter().take(72) {
            assert!(matches!(watch.judge(*bin, *count, &settings).unwrap().why, Why::NoBaseline { .. }));
            assert_eq!(watch.tell(*bin, *count, &settings).unwrap(), []);
        }
    }
}

#[test]
fn alarms_are_few_enough_to_be_looked_at() {
    for service in SERVICES {
        let Some(told) = tellings(&format!("max-per-bin/{service}.csv")) else { return };
        let found = anomalies(&findings(&told).1);
        let mut months: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for anomaly in &found {
            let lasted = anomaly.until.map_or(-1, |until| (until - anomaly.first) / 60);
            println!(
                "{service} {} seen +{} min, peak {}, {:.0} times the baseline, {lasted} min, told {} times",
                clock(anomaly.first),
                (anomaly.seen_at - anomaly.first) / 60,
                anomaly.peak,
                anomaly.height,
                anomaly.lasting + 2
            );
            months.entry(clock(anomaly.first)[..7].to_owned()).or_default().push(format!("{:.0}", anomaly.height));
        }
        let a_month = found.len() as f64 / (told.len() as f64 * BIN as f64 / 86_400.0 / 30.44);
        let peaks = |least: u64| found.iter().filter(|anomaly| anomaly.peak >= least).count();
        println!(
            "{service}: {} anomalies, {a_month:.1} a month; peaks of 20 and more: {}, 50: {}, 100: {}",
            found.len(),
            peaks(20),
            peaks(50),
            peaks(100)
        );
        println!("{service}: heights by month {months:?}");
        assert!(a_month <= A_MONTH_MAX, "{service}: {a_month} a month");
    }
}

#[test]
fn users_of_github_report_before_its_operator_does() {
    let (Some(told), Some(incidents)) = (tellings("max-per-bin/github.csv"), github_incidents()) else { return };
    assert_eq!(incidents.len(), 67);
    let found = anomalies(&findings(&told).1);
    let (from, to) = (told[0].0, told[told.len() - 1].0);
    let inside: Vec<_> = incidents.iter().filter(|(start, end)| *start >= from && *end <= to).collect();
    let (mut leads, mut felt, mut felt_found) = (Vec::new(), 0, 0);
    let mut matched = vec![false; found.len()];
    for (start, end) in &inside {
        let near = |anomaly: &Anomaly| anomaly.first <= *end && anomaly.until.unwrap_or(to) >= *start - 3_600;
        let most: Option<u64> = told.iter().filter(|(bin, _)| (*start - BIN..*end).contains(bin)).map(|(_, count)| *count).max();
        let position = found.iter().position(near);
        if most >= Some(15) {
            (felt, felt_found) = (felt + 1, felt_found + usize::from(position.is_some()));
        }
        let Some(at) = position else {
            println!("missed: {} to {}, at most {} reports in 20 minutes", clock(*start), clock(*end), most.unwrap_or(0));
            continue;
        };
        matched[at] = true;
        // A bucket is seen when it ends.
        let lead = (*start - found[at].seen_at - BIN) / 60;
        println!("found: {} at {}, {lead} minutes before the operator, peak {}", clock(*start), clock(found[at].first), found[at].peak);
        leads.push(lead);
    }
    leads.sort_unstable();
    let unmatched: Vec<String> = (0..found.len()).filter(|at| !matched[*at]).map(|at| clock(found[at].first)).collect();
    println!("github: {} of {} incidents found, {} missed", leads.len(), inside.len(), inside.len() - leads.len());
    println!("github: lead in minutes (negative: after the operator) {leads:?}; anomalies without an incident {unmatched:?}");
    println!("github: of the {felt} incidents with a bucket of 15 reports and more, {felt_found} found");
    assert!(felt >= 10 && felt_found == felt, "{felt_found} of {felt} incidents that users felt are found");
}

#[test]
fn restated_counts_end_where_the_highest_counts_end() {
    for service in SERVICES {
        let (Some(raw), Some(highest)) = (tellings(&format!("raw/{service}.csv.gz")), tellings(&format!("max-per-bin/{service}.csv"))) else {
            return;
        };
        let (restated_watch, restated) = findings(&raw);
        let (watch, once) = findings(&highest);
        let named = |found: &[Finding]| anomalies(found).iter().map(|anomaly| (anomaly.first, anomaly.until)).collect::<Vec<_>>();
        assert_eq!(named(&restated), named(&once), "{service}");
        let settings = Settings::default();
        for (bin, _) in highest.iter().rev().take(60) {
            assert_eq!(restated_watch.verdict(*bin, &settings), watch.verdict(*bin, &settings), "{service} {}", clock(*bin));
        }
        let saved = serde_json::to_string(&watch).unwrap().len();
        println!("{service}: {} tellings restated, {} once, the same {} anomalies", raw.len(), highest.len(), anomalies(&once).len());
        println!("{service}: {} bytes in memory, {saved} as JSON", watch.bytes());
    }
}

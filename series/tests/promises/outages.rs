//! What is read of the folder of real user reports, and what a watch says of it.

use dateline_series::{Finding, Settings, Watch};

use crate::data::{seconds, text};

pub const SERVICES: [&str; 5] = ["whatsapp", "facebook", "twitter", "github", "gmail"];

/// The bins in these files are of 20 minutes.
pub const BIN: i64 = 1_200;

/// The tellings of one file, in its order: bin start, reports.
pub fn tellings(name: &str) -> Option<Vec<(i64, u64)>> {
    let text = text(&format!("outage-report/{name}"))?;
    let telling = |line: &str| line.split_once(',').map(|(time, count)| (seconds(time), count.trim().parse().unwrap()));
    Some(text.lines().skip(1).filter_map(telling).collect())
}

pub fn findings(tellings: &[(i64, u64)]) -> (Watch, Vec<Finding>) {
    let settings = Settings::default();
    let mut watch = Watch::new(BIN as u32).unwrap();
    let found = tellings.iter().flat_map(|(bin, count)| watch.tell(*bin, *count, &settings).unwrap()).collect();
    (watch, found)
}

/// An anomaly with all that was said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    pub first: i64,
    pub seen_at: i64,
    pub peak: u64,
    pub height: f64,
    pub until: Option<i64>,
    pub lasting: usize,
}

pub fn anomalies(findings: &[Finding]) -> Vec<Anomaly> {
    let mut found: Vec<Anomaly> = Vec::new();
    for finding in findings {
        if let Finding::Anomaly { first_bucket, seen_at_bucket, count, height, .. } = finding {
            let (first, seen_at) = (*first_bucket, *seen_at_bucket);
            found.push(Anomaly { first, seen_at, peak: *count, height: *height, until: None, lasting: 0 });
            continue;
        }
        let (Finding::Lasting { first_bucket, .. }
        | Finding::Subsided { first_bucket, .. }
        | Finding::Earlier { told_bucket: first_bucket, .. }
        | Finding::Anomaly { first_bucket, .. }) = finding;
        let anomaly = found.iter_mut().rfind(|anomaly| anomaly.first == *first_bucket).unwrap();
        match finding {
            Finding::Lasting { peak, .. } => (anomaly.peak, anomaly.lasting) = (*peak, anomaly.lasting + 1),
            Finding::Subsided { peak, bucket, .. } => (anomaly.peak, anomaly.until) = (*peak, Some(*bucket)),
            Finding::Earlier { .. } | Finding::Anomaly { .. } => {}
        }
    }
    found
}

//! The plots of users' reports, in the state store: the detector leaves them there, the reader draws them. One of each service as it is now, and one
//! of each anomaly, which stays when the reports themselves are long gone.

use std::collections::BTreeMap;

use anyhow::Context;
use dateline_backends::StateStore;
use dateline_events::Instant;

use crate::shared::plot::Plot;

/// Of one day so many anomalies of a service have a plot; those with the lowest peaks give way.
const MAX_A_DAY: usize = 24;

const DAY_S: i64 = 86_400;

/// The plots of the anomalies that began on one day, by their first buckets, in Unix seconds.
type Day = BTreeMap<i64, Plot>;

fn now_key(service: &str) -> String {
    format!("plots.{service}.now")
}

fn day_key(service: &str, at_s: i64) -> String {
    let text = Instant(at_s.saturating_mul(Instant::SECOND)).to_string();
    format!("plots.{service}.{}", text.split('T').next().unwrap_or_default())
}

/// Leaves the plot of now, over what is there.
pub async fn put_now(state_store: &StateStore, service: &str, plot: &Plot) -> anyhow::Result<()> {
    let value = serde_json::to_vec(plot)?;
    state_store.update(&now_key(service), |_| Ok(Some(value.clone()))).await.map(drop)
}

/// Leaves the plot of an anomaly whose first bucket begins then.
pub async fn put_anomaly(state_store: &StateStore, service: &str, first_s: i64, plot: &Plot) -> anyhow::Result<()> {
    let peak = |plot: &Plot| plot.buckets.iter().filter_map(|bucket| bucket.count).max();
    let with = |there: Option<&[u8]>| {
        let mut day: Day = there.map(serde_json::from_slice).transpose().context("the plots of a day cannot be read")?.unwrap_or_default();
        day.insert(first_s, plot.clone());
        if day.len() > MAX_A_DAY
            && let Some(lowest) = day.iter().filter(|(first, _)| **first != first_s).min_by_key(|(_, plot)| peak(plot)).map(|(first, _)| *first)
        {
            day.remove(&lowest);
        }
        Ok(Some(serde_json::to_vec(&day)?))
    };
    state_store.update(&day_key(service, first_s), with).await.map(drop)
}

/// The plot of now; or that of an anomaly which shows a moment, in Unix seconds. None: there is none.
pub async fn get(state_store: &StateStore, service: &str, at_s: Option<i64>) -> anyhow::Result<Option<Plot>> {
    let unreadable = || format!("a plot of {service} in the state store cannot be read");
    if let Some((value, _)) = state_store.get(&now_key(service)).await? {
        let plot: Plot = serde_json::from_slice(&value).with_context(unreadable)?;
        if at_s.is_none_or(|at_s| shows(&plot, at_s)) {
            return Ok(Some(plot));
        }
    }
    let Some(at_s) = at_s else { return Ok(None) };
    // An anomaly may have begun the day before.
    let mut near: Day = Day::new();
    for day in [at_s.saturating_sub(DAY_S), at_s] {
        if let Some((value, _)) = state_store.get(&day_key(service, day)).await? {
            near.extend(serde_json::from_slice::<Day>(&value).with_context(unreadable)?);
        }
    }
    Ok(near.into_iter().filter(|(_, plot)| shows(plot, at_s)).min_by_key(|(first_s, _)| first_s.abs_diff(at_s)).map(|(_, plot)| plot))
}

fn shows(plot: &Plot, at_s: i64) -> bool {
    let starts = || plot.buckets.iter().filter(|bucket| bucket.count.is_some()).map(|bucket| bucket.start_s);
    starts().min().zip(starts().max()).is_some_and(|(first, last)| (first..last + i64::from(plot.bucket_seconds)).contains(&at_s))
}

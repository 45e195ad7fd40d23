//! The plots of users' reports, in the keep: the detector leaves them there, the reader draws them. One of each service as it is now, and one
//! of each anomaly, which stays when the reports themselves are long gone.

use anyhow::Context;
use dateline_backends::{Keep, KeepError};
use dateline_events::Instant;

use crate::plot::Plot;

/// A plot is put so often against another writer of it, who wrote something newer or the same.
const TRIES: usize = 3;

/// Which plot of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// The newest buckets.
    Now,
    /// Of the anomaly whose first bucket begins then, in Unix seconds.
    Anomaly(i64),
}

impl Which {
    fn key(self, service: &str) -> String {
        match self {
            Self::Now => format!("plots/{service}/now"),
            Self::Anomaly(first_s) => format!("{}{first_s}", year(service, first_s)),
        }
    }
}

/// The anomalies of one year stand together: the keep lists a thousand at once.
fn year(service: &str, at_s: i64) -> String {
    let text = Instant(at_s.saturating_mul(Instant::SECOND)).to_string();
    format!("plots/{service}/{}/", text.get(..4).unwrap_or("0000"))
}

/// Leaves a plot in the keep, over what is there.
pub async fn put(keep: &Keep, service: &str, which: Which, plot: &Plot) -> anyhow::Result<()> {
    let (key, value) = (which.key(service), serde_json::to_vec(plot)?);
    for _ in 0..TRIES {
        let there = keep.get(&key).await?;
        if there.as_ref().is_some_and(|(bytes, _)| *bytes == value) {
            return Ok(());
        }
        match keep.put(&key, &value, there.map(|(_, revision)| revision)).await {
            Err(KeepError::Changed { .. }) => {}
            put => return Ok(put.map(drop)?),
        }
    }
    anyhow::bail!("{key} is written by somebody else again and again")
}

/// The plot of now; or that of an anomaly which shows a moment, in Unix seconds. None: there is none.
pub async fn get(keep: &Keep, service: &str, at_s: Option<i64>) -> anyhow::Result<Option<Plot>> {
    if let Some((value, _)) = keep.get(&Which::Now.key(service)).await? {
        let plot = read(&value, service)?;
        if at_s.is_none_or(|at_s| shows(&plot, at_s)) {
            return Ok(Some(plot));
        }
    }
    let Some(at_s) = at_s else { return Ok(None) };
    let place = year(service, at_s);
    let firsts = keep.list(&place).await?;
    let nearest = firsts.iter().filter_map(|entry| Some((entry.key[place.len()..].parse::<i64>().ok()?, entry)));
    let Some((_, entry)) = nearest.min_by_key(|(first_s, _)| first_s.abs_diff(at_s)) else { return Ok(None) };
    Ok(Some(read(&entry.value, service)?).filter(|plot| shows(plot, at_s)))
}

fn read(value: &[u8], service: &str) -> anyhow::Result<Plot> {
    serde_json::from_slice(value).with_context(|| format!("a plot of {service} in the keep cannot be read"))
}

fn shows(plot: &Plot, at_s: i64) -> bool {
    let starts = || plot.buckets.iter().filter(|bucket| bucket.count.is_some()).map(|bucket| bucket.start_s);
    starts().min().zip(starts().max()).is_some_and(|(first, last)| (first..last + i64::from(plot.bucket_seconds)).contains(&at_s))
}

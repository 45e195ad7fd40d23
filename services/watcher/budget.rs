//! What one page may bring in an hour: a page is in its vendor's hands, and could fill the disk. A page that brings more is stopped, and
//! stays so, over restarts too, until somebody says that it may go on. What a page says is not known here.

use dateline_backends::{StateError, StateStore};
use dateline_events::Instant;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// So many incidents that were not known may come from a page in an hour, where its file says nothing. A first reading of the longest page
/// seen brings a quarter of it.
pub const INCIDENTS_AN_HOUR: u64 = 2_000;

/// So many bytes of events may come from a page in an hour, where its file says nothing.
pub const BYTES_AN_HOUR: u64 = 32 * 1024 * 1024;

/// The hour, in microseconds.
const HOUR: i64 = 3_600 * Instant::SECOND;

/// How much one page may bring in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Incidents that were not known.
    pub incidents_an_hour: u64,
    /// Bytes of events.
    pub bytes_an_hour: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { incidents_an_hour: INCIDENTS_AN_HOUR, bytes_an_hour: BYTES_AN_HOUR }
    }
}

/// The page brought more, and is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("stopped at {since}: {why}; look at it, then let it go on with `dateline pages resume {service}`, or allow it more in the file of pages")]
pub struct OverBudget {
    service: String,
    since: Instant,
    why: String,
}

/// What the state store remembers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Spent {
    began: Option<Instant>,
    incidents: u64,
    bytes: u64,
    stopped: Option<Stopped>,
    /// Somebody looked: what comes next is taken, however much it is.
    #[serde(default)]
    resumed: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stopped {
    since: Instant,
    why: String,
}

impl Spent {
    /// Takes what a reading brings, or stops the page.
    fn take(&mut self, allowance: Allowance, incidents: u64, bytes: u64, now: Instant) {
        // A clock that was set back does not make the hour longer.
        if self.began.is_none_or(|began| now.0 - began.0 >= HOUR || now < began) {
            (self.began, self.incidents, self.bytes) = (Some(now), 0, 0);
        }
        let (all_incidents, all_bytes) = (self.incidents.saturating_add(incidents), self.bytes.saturating_add(bytes));
        let is_over = all_incidents > allowance.incidents_an_hour || all_bytes > allowance.bytes_an_hour;
        if is_over && !self.resumed {
            let Allowance { incidents_an_hour, bytes_an_hour } = allowance;
            let why = format!(
                "it would bring {all_incidents} new incidents and {all_bytes} bytes of events within an hour; {incidents_an_hour} and {bytes_an_hour} are allowed"
            );
            self.stopped = Some(Stopped { since: now, why });
        } else {
            (self.incidents, self.bytes) = (all_incidents, all_bytes);
            self.resumed = false;
        }
    }
}

/// Takes from a page's budget what a reading brings; noted before it is published. A reading that does not fit stops the page, and
/// nothing of it is published.
pub async fn spend(state_store: &StateStore, service: &str, allowance: Allowance, incidents: u64, bytes: u64, now: Instant) -> anyhow::Result<()> {
    let mut over = None;
    let taken = |there: Option<&[u8]>| {
        let mut spent = read(service, there)?;
        if spent.stopped.is_none() {
            spent.take(allowance, incidents, bytes, now);
        }
        let value = serde_json::to_vec(&spent)?;
        over = over_budget(service, spent);
        anyhow::Ok(Some(value))
    };
    state_store.update(&place(service), taken).await?;
    over.map_or(Ok(()), |over| Err(over.into()))
}

/// Why a page is stopped; None where it is not.
pub async fn stopped(state_store: &StateStore, service: &str) -> Result<Option<OverBudget>, StateError> {
    let there = state_store.get(&place(service)).await?;
    Ok(over_budget(service, read(service, there.as_ref().map(|(value, _)| value.as_slice()))?))
}

/// Lets a page go on: what it brings next is taken once, then its budget begins anew. False where it was not stopped.
pub async fn resume(state_store: &StateStore, service: &str) -> anyhow::Result<bool> {
    let anew = |there: Option<&[u8]>| {
        let anew = Spent { resumed: true, ..Spent::default() };
        Ok(read(service, there)?.stopped.map(|_| serde_json::to_vec(&anew)).transpose()?)
    };
    state_store.update(&place(service), anew).await
}

fn over_budget(service: &str, spent: Spent) -> Option<OverBudget> {
    spent.stopped.map(|Stopped { since, why }| OverBudget { service: service.to_owned(), since, why })
}

fn read(service: &str, there: Option<&[u8]>) -> Result<Spent, StateError> {
    let spent = there.map(serde_json::from_slice).transpose();
    let unreadable = |error| StateError::Engine(format!("what is kept of the budget of {service} is unreadable: {error}"));
    Ok(spent.map_err(unreadable)?.unwrap_or_default())
}

fn place(service: &str) -> String {
    format!("watch/{service}/budget")
}

#[cfg(test)]
mod tests {
    //! An hour's budget, to the byte.

    use super::*;

    const ALLOWANCE: Allowance = Allowance { incidents_an_hour: 10, bytes_an_hour: 1_000 };

    fn takes(spent: &mut Spent, incidents: u64, bytes: u64, minute: i64) -> bool {
        spent.take(ALLOWANCE, incidents, bytes, Instant(minute * Instant::MINUTE));
        spent.stopped.is_none()
    }

    #[test]
    fn what_is_allowed_is_taken_and_one_more_stops_the_page() {
        for (incidents, bytes) in [(1, 0), (0, 1)] {
            let mut spent = Spent::default();
            assert!(takes(&mut spent, 4, 400, 0) && takes(&mut spent, 6, 600, 59));
            assert!(!takes(&mut spent, incidents, bytes, 59), "{incidents} {bytes}");
        }
    }

    #[test]
    fn after_an_hour_and_after_somebody_looked_it_begins_anew() {
        let mut spent = Spent::default();
        assert!(takes(&mut spent, 10, 1_000, 0) && takes(&mut spent, 10, 1_000, 60), "an hour later");
        assert!(takes(&mut spent, 10, 1_000, 10), "a clock that was set back");
        let mut spent = Spent { resumed: true, ..Spent::default() };
        assert!(takes(&mut spent, 99, 99_999, 0), "somebody looked");
        assert!(!takes(&mut spent, 0, 1, 1), "once");
    }
}

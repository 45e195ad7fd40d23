//! A flush: what an intake counted since the one before, as one record of the log of reports.
//!
//! It is named by the intake's run and a number, so that it counts once however often it is read or sent.

use serde::{Deserialize, Serialize};

use super::{MAX_FLUSH_BYTES, MAX_FLUSH_COUNTS, REPORT_WINDOW_MINUTES_MAX, Run};
use crate::fault::Faults;
use crate::lexical::{is_name, is_region, is_slug};
use crate::limits::SOURCE_BYTES_MAX;
use crate::shapes::{Region, Slug, Symptom};

/// The version of the record.
pub const FLUSH_VERSION: u32 = 1;

/// One record of the log of reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flush {
    /// [`FLUSH_VERSION`].
    pub v: u32,
    /// The run of the intake that counted.
    pub run: Run,
    /// Its number within the run.
    pub number: u64,
    /// The minute since 1970-01-01T00:00Z in which the intake wrote it: it was up then, and what nobody reported until then was quiet.
    /// None for a history, which says nothing of now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<i64>,
    /// What was counted, at most [`MAX_FLUSH_COUNTS`]; nothing, where an intake only says that it is up.
    pub counts: Vec<Count>,
}

/// What a flush is called: two of one name are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlushName {
    /// The run.
    pub run: Run,
    /// The number within it.
    pub number: u64,
}

/// How many reports, of what, in which minute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The service's slug.
    pub service: Slug,
    /// Where; None where it was not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// What fails.
    pub symptom: Symptom,
    /// The slug of the way it came by.
    pub channel: Slug,
    /// Who said it: an API key's name in the record, or "public". Set by the intake alone, never by a body.
    pub from: String,
    /// The minute since 1970-01-01T00:00Z; of a total, the first of its window.
    pub minute: i64,
    /// How many reports. Of single reports those of this flush alone: they add up over flushes. Of a total, all of its window.
    pub count: u64,
    /// How many distinct reporters (addresses or keys) were new to this key and minute, as far as the intake remembers; 0 for totals.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sources: u64,
    /// The window's length in minutes where it is a total: the highest number said of a window holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_minutes: Option<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Flush {
    /// A flush of this version.
    pub fn new(run: Run, number: u64, counts: Vec<Count>) -> Self {
        Self { v: FLUSH_VERSION, run, number, written: None, counts }
    }

    /// The same, written in a minute since 1970-01-01T00:00Z.
    #[must_use]
    pub fn written(self, minute: i64) -> Self {
        Self { written: Some(minute), ..self }
    }

    /// Its name.
    pub fn name(&self) -> FlushName {
        FlushName { run: self.run, number: self.number }
    }

    /// The record: JSON, its members in their order, without spaces.
    ///
    /// # Errors
    /// When it has no form in JSON: it is not to be stored then.
    pub fn bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// Reads a record. What does not follow the rules, or is of a later version, is refused: a follower names it and goes on.
    pub fn read(bytes: &[u8]) -> Result<Self, Faults> {
        if bytes.len() > MAX_FLUSH_BYTES {
            return Err(Faults::one("", format!("a flush has at most {MAX_FLUSH_BYTES} bytes")));
        }
        let flush: Self = serde_json::from_slice(bytes).map_err(|error| Faults::one("", format!("no flush: {error}")))?;
        let mut faults = Faults::default();
        if flush.v != FLUSH_VERSION {
            faults.add("/v", format!("expected {FLUSH_VERSION}: a newer program wrote it"));
        }
        if flush.counts.len() > MAX_FLUSH_COUNTS {
            faults.add("/counts", format!("expected at most {MAX_FLUSH_COUNTS}"));
        }
        for (index, count) in flush.counts.iter().enumerate() {
            count.rules(&format!("/counts/{index}"), &mut faults);
        }
        faults.none_or_error().map(|()| flush)
    }
}

impl Count {
    fn rules(&self, pointer: &str, faults: &mut Faults) {
        let mut demand = |sound: bool, member: &str, expected: &str| {
            if !sound {
                faults.add(format!("{pointer}/{member}"), expected);
            }
        };
        demand(is_slug(&self.service), "service", "expected a slug");
        demand(is_slug(&self.channel), "channel", "expected a slug");
        demand(self.region.as_deref().is_none_or(is_region), "region", "expected a region");
        demand(is_name(&self.from, SOURCE_BYTES_MAX), "from", "expected 1 to 512 bytes without control characters");
        demand(self.window_minutes.is_none_or(|minutes| (1..=REPORT_WINDOW_MINUTES_MAX).contains(&minutes)), "window_minutes", "expected 1 to 1440");
    }

    /// A bound on the bytes that it takes in a record, the comma behind it included: nothing in it is longer once it is escaped but
    /// `from`, which may double.
    pub fn bytes_max(&self) -> usize {
        const NAMES_AND_NUMBERS: usize = 200;
        let region = self.region.as_deref().map_or(0, str::len);
        NAMES_AND_NUMBERS + self.service.len() + region + self.channel.len() + 2 * self.from.len()
    }
}

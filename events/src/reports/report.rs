//! One report as it is counted: borrowed from the body it came in.

use std::borrow::Cow;

use super::{MAX_REPORT_TEXT_BYTES, REPORT_EARLY_MINUTES_MAX, REPORT_LATE_MINUTES_MAX, REPORT_TOTAL_MAX, REPORT_WINDOW_MINUTES_MAX, UNKNOWN};
use crate::fault::Faults;
use crate::lexical::{is_region, is_slug};
use crate::shapes::Symptom;
use crate::time::Instant;

/// One report, or one total of a series.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Report<'a> {
    /// The service's slug. It need not be registered.
    pub service: Cow<'a, str>,
    /// Where; None where it was not said.
    pub region: Option<Cow<'a, str>>,
    /// What fails.
    pub symptom: Symptom,
    /// The slug of the way it came by ("app", "web", "downdetector").
    pub channel: Cow<'a, str>,
    /// The minute since 1970-01-01T00:00Z; of a total, the first of its window.
    pub minute: i64,
    /// How many.
    pub amount: Amount,
}

/// How many reports one report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Amount {
    /// One user's own.
    One,
    /// So many in a window of so many minutes.
    Total {
        /// The reports; at most [`REPORT_TOTAL_MAX`].
        count: u64,
        /// The window's length, 1 to [`REPORT_WINDOW_MINUTES_MAX`] minutes.
        window_minutes: u32,
    },
}

/// What times a report may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportTime {
    /// The clock at the door: what a report without a time means.
    pub now: Instant,
    /// True for a history: totals alone, as old as anybody likes. False: at most [`REPORT_LATE_MINUTES_MAX`] ago.
    pub history: bool,
}

impl ReportTime {
    /// What happens now.
    pub fn live(now: Instant) -> Self {
        Self { now, history: false }
    }

    /// What happened long ago.
    pub fn history(now: Instant) -> Self {
        Self { now, history: true }
    }
}

/// The minute that an instant lies in, since 1970-01-01T00:00Z.
pub(crate) fn minute_of(instant: Instant) -> i64 {
    instant.0.div_euclid(Instant::MINUTE)
}

/// The members of a report, each of its JSON type, not yet looked at.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    pub service: Option<Cow<'a, str>>,
    pub region: Option<Cow<'a, str>>,
    pub symptom: Option<Symptom>,
    pub channel: Option<Cow<'a, str>>,
    pub time: Option<Cow<'a, str>>,
    pub text: Option<Cow<'a, str>>,
    pub total: Option<u64>,
    pub window_minutes: Option<u64>,
    /// Members that were noted as faulty already, so that they are not called missing too.
    pub noted: Vec<&'static str>,
}

impl<'a> Members<'a> {
    /// The report that they are; None, with every fault noted, where they are none.
    pub(super) fn report(self, time: &ReportTime, faults: &mut Faults) -> Option<Report<'a>> {
        let found = faults.named.len();
        if self.service.as_deref().is_some_and(|service| !is_slug(service)) {
            faults.add("/service", "expected the service's slug: 1 to 64 lower-case letters, digits and hyphens");
        }
        if self.service.is_none() && !self.noted.contains(&"service") {
            faults.add("/service", "missing member");
        }
        if let Some(region) = self.region.as_deref().filter(|region| !is_region(region)) {
            let shown: String = region.chars().take(40).collect();
            faults.add("/region", format!("{shown:?} is not a region; expected an ISO 3166 code such as \"IN\" or \"IN-WB\", or \"world\""));
        }
        if self.channel.as_deref().is_some_and(|channel| !is_slug(channel)) {
            faults.add("/channel", "expected a slug such as \"app\", \"web\" or \"downdetector\": 1 to 64 lower-case letters, digits and hyphens");
        }
        if self.text.as_deref().is_some_and(|text| text.len() > MAX_REPORT_TEXT_BYTES) {
            faults.add("/text", format!("expected at most {MAX_REPORT_TEXT_BYTES} bytes; it is not kept in any case"));
        }
        let amount = self.amount(time, faults);
        let minute = self.minute(time, faults);
        match (self.service, amount, minute) {
            (Some(service), Some(amount), Some(minute)) if faults.named.len() == found => Some(Report {
                service,
                region: self.region,
                symptom: self.symptom.unwrap_or(Symptom::Unknown),
                channel: self.channel.unwrap_or(Cow::Borrowed(UNKNOWN)),
                minute,
                amount,
            }),
            _ => None,
        }
    }

    fn amount(&self, time: &ReportTime, faults: &mut Faults) -> Option<Amount> {
        let was_noted = |name| self.noted.contains(&name);
        if self.total.is_some_and(|total| total > REPORT_TOTAL_MAX) {
            faults.add("/total", format!("expected at most {REPORT_TOTAL_MAX}"));
        }
        let window_minutes = self.window_minutes.map(|minutes| u32::try_from(minutes).unwrap_or(u32::MAX));
        if window_minutes.is_some_and(|minutes| !(1..=REPORT_WINDOW_MINUTES_MAX).contains(&minutes)) {
            faults.add("/window_minutes", format!("expected 1 to {REPORT_WINDOW_MINUTES_MAX} minutes"));
        }
        match (self.total, window_minutes) {
            (Some(count), Some(window_minutes)) => {
                if self.text.is_some() {
                    faults.add("/text", "a total has no text; leave it out");
                }
                Some(Amount::Total { count, window_minutes })
            }
            (None, None) if time.history && !was_noted("total") && !was_noted("window_minutes") => {
                faults.add("/total", "missing member; a history is made of totals: send \"total\" and \"window_minutes\"");
                None
            }
            (None, None) => Some(Amount::One),
            (Some(_), None) if !was_noted("window_minutes") => {
                faults.add("/window_minutes", "missing member; a total is counted over a window");
                None
            }
            (None, Some(_)) if !was_noted("total") => {
                faults.add("/total", "missing member; a window without a total says nothing: leave it out, or send both");
                None
            }
            _ => None,
        }
    }

    fn minute(&self, time: &ReportTime, faults: &mut Faults) -> Option<i64> {
        let now = minute_of(time.now);
        let Some(text) = &self.time else {
            if self.total.is_some() && !self.noted.contains(&"time") {
                faults.add("/time", "missing member; a total says when its window begins");
            }
            return Some(now);
        };
        let Some(instant) = Instant::parse(text) else {
            faults.add("/time", "expected RFC 3339, such as \"2022-10-25T06:37:00Z\"");
            return None;
        };
        let minute = minute_of(instant);
        if minute > now + REPORT_EARLY_MINUTES_MAX {
            faults.add("/time", format!("lies more than {REPORT_EARLY_MINUTES_MAX} minutes ahead of the clock here, which says {}", shown(time.now)));
            return None;
        }
        if time.history && minute < 0 {
            faults.add("/time", "expected a time after 1970-01-01T00:00:00Z");
            return None;
        }
        if !time.history && minute < now - REPORT_LATE_MINUTES_MAX {
            let hours = REPORT_LATE_MINUTES_MAX / 60;
            faults.add("/time", format!("lies more than {hours} hours back; what is older is sent as a history of totals (?history=true)"));
            return None;
        }
        Some(minute)
    }
}

fn shown(instant: Instant) -> Instant {
    Instant(minute_of(instant).saturating_mul(Instant::MINUTE))
}

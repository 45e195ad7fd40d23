//! The reports of one request, counted: one look-up a report, and nothing of it is copied.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::report::{Amount, Report};
use crate::shapes::Symptom;

/// What one request says, counted.
#[derive(Debug, Default)]
pub struct Tally<'a> {
    cells: HashMap<Place<'a>, Sum>,
    reports: u64,
    totals: u64,
}

/// What is counted apart.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Place<'a> {
    service: Cow<'a, str>,
    region: Option<Cow<'a, str>>,
    symptom: Symptom,
    channel: Cow<'a, str>,
    minute: i64,
    /// Of a total.
    window_minutes: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Sum {
    /// Where the first of it stood among the cells.
    order: u32,
    count: u64,
    reports: u64,
}

/// One line of a tally: what is counted apart, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tallied<'a> {
    /// The service's slug.
    pub service: Cow<'a, str>,
    /// Where.
    pub region: Option<Cow<'a, str>>,
    /// What fails.
    pub symptom: Symptom,
    /// The way it came by.
    pub channel: Cow<'a, str>,
    /// The minute since 1970.
    pub minute: i64,
    /// How many.
    pub count: u64,
    /// How many reports and totals were read for it.
    pub reports: u64,
    /// The window of a total, in minutes; None: single reports.
    pub window_minutes: Option<u32>,
}

impl<'a> Tally<'a> {
    /// Counts one more.
    pub fn add(&mut self, report: Report<'a>) {
        let Report { service, region, symptom, channel, minute, amount } = report;
        let (count, window_minutes) = match amount {
            Amount::One => (1, None),
            Amount::Total { count, window_minutes } => (count, Some(window_minutes)),
        };
        self.reports += 1;
        self.totals += u64::from(window_minutes.is_some());
        // A request has at most `MAX_REPORTS` reports.
        let order = u32::try_from(self.cells.len()).unwrap_or(u32::MAX);
        match self.cells.entry(Place { service, region, symptom, channel, minute, window_minutes }) {
            Entry::Vacant(place) => drop(place.insert(Sum { order, count, reports: 1 })),
            Entry::Occupied(mut place) => {
                let sum = place.get_mut();
                sum.reports += 1;
                // Of totals of one window the highest holds; single reports add up.
                sum.count = if window_minutes.is_some() { count.max(sum.count) } else { sum.count.saturating_add(count) };
            }
        }
    }

    /// How many reports and totals were read.
    pub fn reports(&self) -> u64 {
        self.reports
    }

    /// How many of them are totals.
    pub fn totals(&self) -> u64 {
        self.totals
    }

    /// How many are counted apart.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// The lines, in the order in which each was first read.
    pub fn into_lines(self) -> Vec<Tallied<'a>> {
        let mut lines: Vec<(Place<'a>, Sum)> = self.cells.into_iter().collect();
        lines.sort_unstable_by_key(|(_, sum)| sum.order);
        let line = |(place, sum): (Place<'a>, Sum)| {
            let Place { service, region, symptom, channel, minute, window_minutes } = place;
            Tallied { service, region, symptom, channel, minute, count: sum.count, reports: sum.reports, window_minutes }
        };
        lines.into_iter().map(line).collect()
    }
}

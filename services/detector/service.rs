//! All that the detector knows of one service: its measures, and what it said of them. Everything in it follows from the flushes that were
//! taken in, in their order.

use dateline_events::reports::Count;
use dateline_series::{BUCKET_SECONDS_MAX, RESTATED_BUCKETS_MAX, Settings, Verdict};
use serde::{Deserialize, Serialize};

use super::draft;
use super::episode::{Episodes, Line, Measure, Statement, What};
use super::measured::{Breakdown, Counted, LocatedFinding, Measured};
use super::ticks::Ticks;
use crate::shared::plot::{Mark, MarkKind, Plot, PlotBucket};

/// Single reports are judged in buckets of so many seconds: long enough that 15 reports are few, short enough to be early.
pub const BUCKET_S: u32 = 300;

/// So many publishers' totals of one service are watched; further ones are not.
const MAX_TOTALS: usize = 64;

/// A report may lie so far ahead of its flush, in minutes: clocks differ. What lies further ahead is not believed.
pub const AHEAD_MINUTES_MAX: i64 = 10;

/// So many series of one service are watched; further regions and publishers count for the whole alone.
const MAX_SERIES: usize = 2_000;

/// A publisher's totals that nothing was heard of for so long, in seconds of intakes being up, stand out no more: nothing is known of them.
const SILENT_S: i64 = 24 * 3_600;

/// What is known of one service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// The last bucket of single reports that is over, by its start.
    closed_s: Option<i64>,
    measures: Vec<(Measure, Measured)>,
    episodes: Episodes,
}

/// What is to be published about a service.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDraft {
    /// The event.
    pub event: Vec<u8>,
    /// The same in a sentence, for the log.
    pub sentence: String,
    /// The service.
    pub service: String,
    /// The start of the anomaly's first bucket, in Unix seconds, and the picture of it.
    pub picture: (i64, Plot),
}

impl Service {
    /// True while something stands out.
    pub fn stands_out(&self) -> bool {
        self.episodes.stand()
    }

    /// So many series.
    pub fn series(&self) -> usize {
        self.measures.iter().map(|(_, measured)| measured.series()).sum()
    }

    /// The last bucket of single reports that it was told is over.
    pub fn closed_s(&self) -> Option<i64> {
        self.closed_s
    }

    /// Takes in what a flush counted of it, oldest first; `written` is the minute in which the flush was written.
    pub fn take(&mut self, name: &str, written: Option<i64>, ticks: &Ticks, counts: &[&Count], settings: &Settings) -> Vec<EventDraft> {
        let mut said = self.pass(name, ticks, settings);
        let (mut found, mut minute) = (Vec::new(), None);
        for count in counts {
            // What is said of a minute is said before the next one is known: a flush may hold days of a history.
            if minute.replace(count.minute).is_some_and(|before| before != count.minute) && !found.is_empty() {
                said.extend(self.hear(name, std::mem::take(&mut found), settings));
            }
            if written.is_some_and(|written| count.minute > written.saturating_add(AHEAD_MINUTES_MAX)) {
                continue;
            }
            let Some((measure, seconds)) = measure_of(count) else { continue };
            let is_full = self.series() >= MAX_SERIES;
            let Some(measured) = self.measure(&measure, seconds) else { continue };
            let counted = Counted {
                at_s: count.minute.saturating_mul(60),
                region: count.region.as_ref(),
                symptom: count.symptom,
                count: count.count,
                from: &count.from,
                is_full,
                heard_s: ticks.open_s().unwrap_or(0),
            };
            found.extend(measured.take(&counted, settings).into_iter().map(|found| (measure.clone(), found)));
        }
        said.extend(self.hear(name, found, settings));
        said
    }

    /// Time passed: a bucket in which an intake was up and nobody reported had no reports. One in which none was up is not known.
    pub fn pass(&mut self, name: &str, ticks: &Ticks, settings: &Settings) -> Vec<EventDraft> {
        let Some(open_s) = ticks.open_s() else { return Vec::new() };
        let Some(closed_s) = self.closed_s.replace(open_s - i64::from(BUCKET_S)) else { return Vec::new() };
        let mut said = Vec::new();
        for bucket in ticks.over_after(closed_s) {
            let mut found = Vec::new();
            for (measure, measured) in self.measures.iter_mut().filter(|(measure, _)| *measure == Measure::Single) {
                found.extend(measured.close(bucket, settings).into_iter().map(|found| (measure.clone(), found)));
            }
            said.extend(self.hear(name, found, settings));
        }
        let silent = self.measures.iter().filter(|(measure, measured)| *measure != Measure::Single && measured.heard_s() + SILENT_S < open_s);
        let silent: Vec<Measure> = silent.map(|(measure, _)| measure.clone()).collect();
        self.episodes.fall_silent(&silent);
        said
    }

    fn measure(&mut self, measure: &Measure, seconds: u32) -> Option<&mut Measured> {
        let at = match self.measures.iter().position(|(other, _)| other == measure) {
            Some(at) => at,
            None if self.measures.len() > MAX_TOTALS || self.series() >= MAX_SERIES => return None,
            None => {
                self.measures.push((measure.clone(), Measured::new(seconds, *measure != Measure::Single).ok()?));
                self.measures.len() - 1
            }
        };
        self.measures.get_mut(at).map(|(_, measured)| measured)
    }

    fn hear(&mut self, name: &str, found: Vec<(Measure, LocatedFinding)>, settings: &Settings) -> Vec<EventDraft> {
        if found.is_empty() {
            return Vec::new();
        }
        let measures = &self.measures;
        let of = |measure: &Measure| measures.iter().find(|(other, _)| other == measure).map(|(_, measured)| measured);
        let about = |line: &Line, from_s: i64, until_s: i64| -> Breakdown {
            of(&line.measure).map(|measured| measured.breakdown(from_s, until_s, line.region.as_ref())).unwrap_or_default()
        };
        let statements: Vec<Statement> = self.episodes.hear(found, &about);
        let said = |statement: &Statement| {
            let seconds = of(&statement.measure).map_or(BUCKET_S, Measured::bucket_seconds);
            let picture = (statement.first_s, picture(of(&statement.measure), statement, settings));
            EventDraft {
                event: draft::event(name, seconds, statement),
                sentence: draft::sentence(name, statement),
                service: name.to_owned(),
                picture,
            }
        };
        statements.iter().map(said).collect()
    }

    /// The picture of now: of the measure with the newest buckets, single reports first.
    pub fn picture(&self, settings: &Settings) -> Option<Plot> {
        let newest = |measured: &Measured| measured.newest_s().unwrap_or(i64::MIN);
        let shown = self.measures.iter().max_by_key(|(measure, measured)| (newest(measured), *measure == Measure::Single));
        let mark = |first_s: &i64| Mark { at_s: *first_s, kind: MarkKind::First, label: String::new() };
        shown.map(|(_, measured)| plot(measured, self.anomalies().iter().map(mark).collect(), settings))
    }

    /// The starts of what stands out now.
    pub fn anomalies(&self) -> Vec<i64> {
        self.episodes.standing().map(|episode| episode.first_s).collect()
    }
}

/// The picture of an anomaly as far as it was told.
fn picture(measured: Option<&Measured>, statement: &Statement, settings: &Settings) -> Plot {
    let mark = |at_s: i64, kind: MarkKind| Mark { at_s, kind, label: String::new() };
    let mut marks = vec![mark(statement.first_s, MarkKind::First)];
    if let What::Subsided { bucket_s, .. } = statement.what {
        marks.push(mark(bucket_s, MarkKind::End));
    }
    match measured {
        Some(measured) => {
            let mut plot = plot(measured, marks, settings);
            let standing = plot.buckets.iter().filter(|bucket| bucket.start_s >= statement.first_s && bucket.count.is_some());
            let peak = standing.max_by_key(|bucket| (bucket.count, std::cmp::Reverse(bucket.start_s)));
            let at_s = peak.map(|bucket| bucket.start_s);
            plot.marks.extend(at_s.map(|at_s| mark(at_s, MarkKind::Peak)));
            plot
        }
        None => Plot { bucket_seconds: BUCKET_S, buckets: Vec::new(), marks },
    }
}

/// The newest buckets of a measure.
fn plot(measured: &Measured, marks: Vec<Mark>, settings: &Settings) -> Plot {
    let newest = measured.newest_s().unwrap_or(0);
    let bucket = |verdict: Verdict| PlotBucket {
        start_s: verdict.bucket,
        count: verdict.count,
        baseline: verdict.baseline,
        low: verdict.low,
        high: verdict.high,
    };
    let buckets = measured.verdicts(newest, RESTATED_BUCKETS_MAX, settings).into_iter().map(bucket).collect();
    Plot { bucket_seconds: measured.bucket_seconds(), buckets, marks }
}

/// The measure that a count belongs to, and the length of its buckets in seconds. A window of more than an hour is no series to watch.
fn measure_of(count: &Count) -> Option<(Measure, u32)> {
    match count.window_minutes {
        None => Some((Measure::Single, BUCKET_S)),
        Some(window_minutes) => {
            let seconds = window_minutes.saturating_mul(60);
            let measure = Measure::Total { from: count.from.clone(), channel: count.channel.clone(), window_minutes };
            (seconds <= BUCKET_SECONDS_MAX).then_some((measure, seconds))
        }
    }
}

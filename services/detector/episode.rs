//! From what the watches of a service find to what is said: one anomaly for the service, where it spread, how it went on, and that it
//! subsided. It says what was seen, never that the service failed, and never that the vendor mended it.

use std::collections::BTreeSet;

use dateline_events::reports::FROM_PUBLIC;
use dateline_events::{Region, Symptom};
use dateline_series::Finding;
use serde::{Deserialize, Serialize};

use super::measured::{Breakdown, LocatedFinding};

/// So many holders of API keys must see it, each in a series of its own, before it is more than one publisher's word. Whoever has no key
/// is nobody here: addresses are cheap.
const VOICES_MIN: usize = 2;

/// What begins within so many seconds of an anomaly is part of it: as far as an incident reaches (EVENTS.md).
const JOINS_WITHIN_S: i64 = 6 * 3_600;

/// While it stands out what is told of it may be rare: then it reaches so much further, in seconds.
const STANDS_S: i64 = 7 * 24 * 3_600;

/// So many anomalies of one service are remembered: one of now, those of histories that are being imported, and the last that are over.
const MAX_EPISODES: usize = 16;

/// Which numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Single reports.
    Single,
    /// Totals, as one publisher states them.
    Total {
        /// The publisher.
        from: String,
        /// The way they came by.
        channel: String,
        /// The length of their windows, in minutes.
        window_minutes: u32,
    },
}

/// One series of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub measure: Measure,
    /// None: over all regions.
    pub region: Option<Region>,
    /// The one publisher of single reports; None: all.
    pub voice: Option<String>,
}

/// An anomaly of a service, as far as it was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// The start of its first bucket as it was told, in Unix seconds: its name.
    pub first_s: i64,
    /// The newest bucket that anything was said of.
    last_s: i64,
    /// The series that was first.
    lead: Line,
    /// The series that stand out now.
    standing: Vec<Line>,
    /// The holders of keys whose series stood out.
    voices: BTreeSet<String>,
    /// Where, as told.
    pub regions: Vec<Region>,
    /// True once several voices said it.
    is_confirmed: bool,
    /// The number of the last event that was said of it; None: nothing yet.
    said: Option<u32>,
}

/// What is to be said.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The anomaly's first bucket as it was told.
    pub first_s: i64,
    /// The number of the event, 0 for the first.
    pub number: u32,
    pub what: What,
    pub measure: Measure,
    /// Where; empty where no region stands out by itself.
    pub regions: Vec<Region>,
    /// True once several voices said it.
    pub is_confirmed: bool,
    /// What the reports are about.
    pub about: Breakdown,
}

/// The kind of it.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// More reports than usual.
    Anomaly {
        /// Its first bucket: the anomaly's own, unless it came again.
        first_s: i64,
        /// In the bucket that made it sure.
        count: u64,
        baseline: f64,
        score: f64,
        height: f64,
    },
    /// It began earlier, as restated counts show.
    Earlier {
        /// The first bucket as it is now known.
        first_s: i64,
    },
    /// It stands out in further regions too.
    Spread,
    /// It goes on; or another voice says so.
    Lasting { bucket_s: i64, count: u64, baseline: f64, peak: u64 },
    /// As few as usual again.
    Subsided { bucket_s: i64, count: u64, baseline: f64, peak: u64 },
}

/// What is known of a line when something is said of it.
pub type About<'a> = dyn Fn(&Line, i64, i64) -> Breakdown + 'a;

/// The anomalies of a service: those that stand, and the last that are over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Episodes(Vec<Episode>);

impl Episodes {
    /// True while something stands out.
    pub fn stand(&self) -> bool {
        self.standing().next().is_some()
    }

    /// What stands out now.
    pub fn standing(&self) -> impl Iterator<Item = &Episode> {
        self.0.iter().filter(|episode| !episode.standing.is_empty())
    }

    /// Nothing is heard of these measures any more: what they showed stands no longer, and nobody can say that it is over.
    pub fn fall_silent(&mut self, silent: &[Measure]) {
        for episode in &mut self.0 {
            episode.standing.retain(|line| !silent.contains(&line.measure));
        }
    }

    /// Takes what was found in one flush, and answers what is to be said.
    pub fn hear(&mut self, found: Vec<(Measure, LocatedFinding)>, about: &About<'_>) -> Vec<Statement> {
        let mut statements = Vec::new();
        for (measure, LocatedFinding { region, voice, finding }) in found {
            let line = Line { measure, region, voice };
            match finding {
                Finding::Anomaly { .. } => self.anomaly(&line, &finding, &mut statements, about),
                Finding::Earlier { told_bucket, first_bucket } => statements.extend(self.earlier(&line, told_bucket, first_bucket, about)),
                Finding::Lasting { first_bucket, bucket, count, baseline, peak } => {
                    statements.extend(self.lasting(&line, first_bucket, bucket, What::Lasting { bucket_s: bucket, count, baseline, peak }, about));
                }
                Finding::Subsided { first_bucket, bucket, count, baseline, peak } => {
                    statements.extend(self.subsided(&line, first_bucket, What::Subsided { bucket_s: bucket, count, baseline, peak }, about));
                }
            }
        }
        statements
    }

    /// The anomaly that something which began then belongs to.
    fn near(&self, first_s: i64) -> Option<usize> {
        let reaches = |episode: &Episode| {
            let further = if episode.standing.is_empty() { JOINS_WITHIN_S } else { STANDS_S };
            episode.first_s - JOINS_WITHIN_S <= first_s && first_s <= episode.last_s + further
        };
        self.0.iter().rposition(reaches)
    }

    /// The anomaly in which a series stands out; else the one that it belongs to by its time.
    fn of(&self, line: &Line, first_s: i64) -> Option<usize> {
        self.0
            .iter()
            .rposition(|episode| episode.standing.contains(line) && episode.first_s - JOINS_WITHIN_S <= first_s)
            .or_else(|| self.near(first_s))
    }

    /// A series stands out: it opens an anomaly of the service, or joins the one that is open, or opens one anew that was over.
    fn anomaly(&mut self, line: &Line, finding: &Finding, statements: &mut Vec<Statement>, about: &About<'_>) {
        let Finding::Anomaly { first_bucket, seen_at_bucket, count, baseline, score, height, .. } = *finding else { return };
        let found = self.near(first_bucket);
        let at = found.unwrap_or_else(|| {
            if self.0.len() >= MAX_EPISODES {
                let over = self.0.iter().position(|episode| episode.standing.is_empty());
                self.0.remove(over.unwrap_or(0));
            }
            self.0.push(Episode::new(line.clone(), first_bucket, seen_at_bucket));
            self.0.len() - 1
        });
        let episode = &mut self.0[at];
        if episode.standing.is_empty() {
            let told = about(&line.everywhere(), first_bucket, seen_at_bucket);
            episode.lead = line.clone();
            statements.push(episode.say(What::Anomaly { first_s: first_bucket, count, baseline, score, height }, Vec::new(), told));
        }
        episode.last_s = episode.last_s.max(seen_at_bucket);
        if !episode.standing.contains(line) {
            episode.standing.push(line.clone());
        }
        // What is found in one flush is said in one event.
        let first = episode.first_s;
        let opening =
            statements.iter_mut().rev().find(|statement| statement.first_s == first && matches!(statement.what, What::Anomaly { .. } | What::Spread));
        let new_region = line.region.clone().filter(|region| !episode.regions.contains(region));
        episode.regions.extend(new_region.clone());
        let is_news = episode.listen(line);
        match opening {
            Some(opening) => {
                opening.regions.extend(new_region);
                opening.is_confirmed |= is_news;
            }
            None => {
                if let Some(region) = new_region {
                    let told = about(line, first, episode.last_s);
                    statements.push(episode.say(What::Spread, vec![region], told));
                } else if is_news {
                    let told = about(line, first, episode.last_s);
                    statements.push(episode.say(What::Lasting { bucket_s: seen_at_bucket, count, baseline, peak: count }, Vec::new(), told));
                }
            }
        }
    }

    fn earlier(&mut self, line: &Line, told_s: i64, first_s: i64, about: &About<'_>) -> Option<Statement> {
        let episode = self.0.iter_mut().find(|episode| episode.lead == *line && episode.first_s == told_s)?;
        let told = about(line, first_s, episode.last_s);
        Some(episode.say(What::Earlier { first_s }, Vec::new(), told))
    }

    /// One series tells how it goes on; the others only stand out.
    fn lasting(&mut self, line: &Line, first_s: i64, bucket_s: i64, what: What, about: &About<'_>) -> Option<Statement> {
        let at = self.of(line, first_s)?;
        let episode = &mut self.0[at];
        episode.last_s = episode.last_s.max(bucket_s);
        if episode.lead != *line {
            return None;
        }
        let told = about(line, episode.first_s, episode.last_s);
        Some(episode.say(what, line.region.iter().cloned().collect(), told))
    }

    /// It is over once no series stands out any more.
    fn subsided(&mut self, line: &Line, first_s: i64, what: What, about: &About<'_>) -> Option<Statement> {
        let at = self.of(line, first_s)?;
        let episode = &mut self.0[at];
        let stood = episode.standing.iter().position(|other| other == line)?;
        episode.standing.remove(stood);
        if let What::Subsided { bucket_s, .. } = what {
            episode.last_s = episode.last_s.max(bucket_s);
        }
        if !episode.standing.is_empty() {
            return None;
        }
        let told = about(&line.everywhere(), episode.first_s, episode.last_s);
        let regions = episode.regions.clone();
        Some(episode.say(what, regions, told))
    }
}

impl Line {
    fn everywhere(&self) -> Self {
        Self { region: None, voice: None, ..self.clone() }
    }
}

impl Episode {
    fn new(lead: Line, first_s: i64, last_s: i64) -> Self {
        let (standing, voices, regions) = (Vec::new(), BTreeSet::new(), Vec::new());
        Self { first_s, last_s, lead, standing, voices, regions, is_confirmed: false, said: None }
    }

    /// Notes whose series stands out; true where that makes it more than one publisher's word.
    fn listen(&mut self, line: &Line) -> bool {
        let voice = match (&line.measure, &line.voice) {
            (Measure::Total { from, .. }, _) => Some(from),
            (Measure::Single, Some(voice)) => Some(voice),
            // All together are nobody in particular: each is watched by itself.
            (Measure::Single, None) => None,
        };
        self.voices.extend(voice.filter(|voice| *voice != FROM_PUBLIC).cloned());
        let is_news = !self.is_confirmed && self.voices.len() >= VOICES_MIN;
        self.is_confirmed |= is_news;
        is_news
    }

    fn say(&mut self, what: What, regions: Vec<Region>, about: Breakdown) -> Statement {
        let number = self.said.map_or(0, |said| said + 1);
        self.said = Some(number);
        let measure = self.lead.measure.clone();
        Statement { first_s: self.first_s, number, what, measure, regions, is_confirmed: self.is_confirmed, about }
    }
}

impl Breakdown {
    /// What part of the reports is about what, the most first; those below a share are left out, and so is what nobody said.
    pub fn shares(&self, share_min: f64) -> Vec<(Symptom, f64)> {
        let all: u64 = self.symptoms.iter().map(|(_, count)| *count).sum();
        let share = |count: u64| (count as f64 / all as f64 * 100.0).round() / 100.0;
        let told = self.symptoms.iter().filter(|(symptom, count)| all > 0 && *count > 0 && *symptom != Symptom::Unknown);
        told.map(|(symptom, count)| (*symptom, share(*count))).filter(|(_, share)| *share >= share_min).collect()
    }
}

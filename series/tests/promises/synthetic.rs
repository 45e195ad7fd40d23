//! Ten thousand made-up series with the shape of a day and a week: how often the watch speaks where nothing happened, and how often it
//! is silent where something did. The ordinary run takes every twentieth; `DATELINE_LONG=1` takes all.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;

use dateline_series::{Finding, Settings, Watch};

use crate::chance::Chance;

const SERIES: u64 = 10_000;
const THINNED: u64 = 20;
const BIN: i64 = 1_200;
const DAY: i64 = 86_400;

/// Monday, 6 January 2020.
const START: i64 = 1_578_268_800;
const DAYS: i64 = 42;

/// False alarms in a hundred series and thirty days of an ordinary life: an editor of twenty series is called in vain once a month at
/// most. By Siegmund's approximation two spreads of allowance and four to be sure are one false alarm in 100 million buckets of
/// independent normal noise; what is counted here comes of noise that wanders, and of shapes not yet learned.
const FALSE_IN_A_HUNDRED_MAX: f64 = 5.0;

/// Outages of ten times the baseline and at least sixty reports a bucket for an hour and more, found within two buckets: the share.
const FOUND_MIN: f64 = 0.97;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    Plain,
    Holidays,
    HalvedForGood,
    DoubledForGood,
    Silences,
    LaunchDay,
    Outage,
}

const LIVES: [Life; 7] = [Life::Plain, Life::Holidays, Life::HalvedForGood, Life::DoubledForGood, Life::Silences, Life::LaunchDay, Life::Outage];

/// What the watch said of one series.
struct Outcome {
    life: Life,
    alarms: Vec<i64>,
    /// The start of the outage, when there was one.
    outage: Option<i64>,
}

fn live(number: u64) -> Outcome {
    let life = LIVES[(number % LIVES.len() as u64) as usize];
    let mut chance = Chance::new(number + 1);
    // Levels of 0.02 to 300 reports in 20 minutes; the day's swing, the weekend and the peak's hour differ.
    let level = 10_f64.powf(chance.between(-1.7, 2.5));
    let (swing, weekend, peak) = (chance.between(0.2, 0.9), chance.between(0.5, 1.2), chance.share());
    let (stir, lasting) = (chance.between(0.02, 0.15), chance.between(0.3, 0.95));
    let event_day = 21 + (chance.share() * 15.0) as i64;
    let event = START + event_day * DAY + (chance.share() * 60.0) as i64 * BIN;
    let event_bins = 3 + (chance.share() * 12.0) as i64;
    let settings = Settings::default();
    let mut watch = Watch::new(BIN as u32).unwrap();
    let (mut mood, mut alarms) = (0.0, Vec::new());
    for bin in (START..START + DAYS * DAY).step_by(BIN as usize) {
        let day = (bin - START) / DAY;
        let hour = (bin % DAY) as f64 / DAY as f64;
        mood = lasting * mood + stir * chance.normal();
        let mut mean = level * (1.0 + swing * (std::f64::consts::TAU * (hour - peak)).sin()) * mood.exp();
        mean *= if day % 7 >= 5 { weekend } else { 1.0 };
        match life {
            Life::Holidays if [18, 25, 26, 33].contains(&day) => mean *= 0.4,
            Life::HalvedForGood if bin >= event => mean *= 0.5,
            Life::DoubledForGood if bin >= event => mean *= 2.0,
            Life::Silences if (day % 9 == 4 && hour > 0.3) || (24..27).contains(&day) => continue,
            Life::LaunchDay if day == event_day => mean *= 1.0 + 3.0 * (std::f64::consts::PI * hour).sin(),
            Life::Outage if (event..event + event_bins * BIN).contains(&bin) => mean = (mean * 10.0).max(60.0),
            _ => {}
        }
        for finding in watch.tell(bin, chance.poisson(mean), &settings).unwrap() {
            if let Finding::Anomaly { seen_at_bucket, .. } = finding {
                alarms.push(seen_at_bucket);
            }
        }
    }
    Outcome { life, alarms, outage: (life == Life::Outage).then_some(event) }
}

fn lives(step: u64) -> Vec<Outcome> {
    let (sender, outcomes) = channel();
    std::thread::scope(|scope| {
        for half in 0..2 {
            let sender = sender.clone();
            scope.spawn(move || {
                // A step that shares no divisor with the number of lives takes all of them in turn.
                for number in (half * step..SERIES).step_by(2 * step as usize) {
                    sender.send(live(number)).unwrap();
                }
            });
        }
    });
    drop(sender);
    outcomes.iter().collect()
}

#[test]
fn false_alarms_are_few_and_outages_are_found() {
    let step = if std::env::var("DATELINE_LONG").is_ok() { 1 } else { THINNED };
    let outcomes = lives(step);
    let (mut of_life, mut found, mut outages) = (BTreeMap::<Life, (f64, f64)>::new(), 0, 0);
    for outcome in &outcomes {
        let right = |at: &&i64| outcome.outage.is_some_and(|start| (start..start + 3 * BIN).contains(at));
        if outcome.outage.is_some() {
            (outages, found) = (outages + 1, found + usize::from(outcome.alarms.iter().any(|at| right(&at))));
        }
        let wrong = outcome.alarms.iter().filter(|at| !right(at)).count();
        let sum = of_life.entry(outcome.life).or_default();
        *sum = (sum.0 + 1.0, sum.1 + wrong as f64);
    }
    for (life, (series, wrong)) in &of_life {
        let in_a_hundred = 100.0 * wrong / series * 30.0 / (DAYS - 2) as f64;
        println!("{life:?}: {series} series, {wrong} alarms where nothing broke, {in_a_hundred:.1} in 100 series and 30 days");
        // A launch day is a rise, and a level that doubles is one too: they are counted, not promised.
        let promised = !matches!(life, Life::LaunchDay | Life::DoubledForGood);
        assert!(!promised || in_a_hundred <= FALSE_IN_A_HUNDRED_MAX, "{life:?}: {in_a_hundred:.1}");
    }
    println!("outages: {found} of {outages} found within two buckets");
    assert!(found as f64 >= FOUND_MIN * outages as f64, "{found} of {outages}");
}

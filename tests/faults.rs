//! The distributed house, a process a role on real servers, under faults that chance chooses: each may have failed without having
//! happened, or have happened although it failed. Whatever was acknowledged stands in the ledger, once, where its receipt says.
//!
//! A handful of faults ordinarily, over 100 with `DATELINE_LONG=1`. `DATELINE_FAULT_SEED` repeats the faults of an earlier run.

mod checker;
mod cluster;
mod full;
mod kinds;
mod namespaces;
mod partition;
mod publishers;
mod stations;
mod tally;

use std::sync::Arc;
use std::time::Instant;

use crate::killed::book::Chance;
use crate::nats::Nats;
use crate::postgres::{Fsync, Postgres};
use crate::proxy::Proxy;
use crate::support::folder;
use kinds::{Kind, Target};
use publishers::{Load, Press};
use stations::{Stations, Ways};

/// Every kind so often in the long run; ordinarily so many by chance, beside those that always come.
const ROUNDS_LONG: usize = 4;
const BY_CHANCE: usize = 5;
const ALWAYS: [Kind; 3] = [Kind::PublishLost, Kind::AcknowledgementLost, Kind::ProjectorTerminatedInMidCopy];

/// In the long run everything is checked after so many faults.
const CHECK_EVERY: usize = 11;

/// True where the long run is asked for.
fn is_long() -> bool {
    std::env::var_os("DATELINE_LONG").is_some()
}

/// Chance, and the seed that repeats it.
fn seeded(name: &str) -> Chance {
    let given = std::env::var("DATELINE_FAULT_SEED").ok().map(|text| text.parse().unwrap());
    let seed: u64 = given.unwrap_or_else(|| Chance::new().below(u64::MAX));
    println!("{name}: DATELINE_FAULT_SEED={seed}");
    Chance::of(seed)
}

/// The same in an order by chance.
fn shuffled<T: Copy>(all: &[T], chance: &mut Chance) -> Vec<T> {
    let mut left = all.to_vec();
    let mut order = Vec::new();
    while !left.is_empty() {
        order.push(left.swap_remove(usize::try_from(chance.below(left.len() as u64)).unwrap()));
    }
    order
}

fn faults(chance: &mut Chance) -> Vec<Kind> {
    if is_long() {
        return (0..ROUNDS_LONG).flat_map(|_| shuffled(&Kind::ALL, chance)).collect();
    }
    let others: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !ALWAYS.contains(kind)).collect();
    let mut chosen: Vec<Kind> = shuffled(&others, chance).into_iter().take(BY_CHANCE).collect();
    chosen.extend(ALWAYS);
    shuffled(&chosen, chance)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nothing_acknowledged_is_lost_or_told_twice() {
    let mut chance = seeded("faults of one house");
    let begun = Instant::now();
    let (_folder, path) = folder();
    let (bus, database) = (Nats::start(), Arc::new(Postgres::start(Fsync::On)));
    let (to_bus, to_database, reader_to_database) = (Proxy::to(bus.port), Proxy::to(database.port()), Proxy::to(database.port()));
    let views = database.create_database();
    let ways = Ways {
        folder: path,
        first_intake: bus.url_by_way_of(to_bus.port()),
        bus: bus.url(),
        projectors: to_database.url(&views),
        first_reader: reader_to_database.url(&views),
        database: views,
    };
    let press = Press::default();
    let stations = Stations::start(&ways, &press.intakes);
    let mut target = Target { bus, database, to_bus, to_database, reader_to_database, stations };
    let chosen = faults(&mut chance);
    let mut load = Load::start(&press, &mut chance);
    checker::goes_on(&press, &target.stations, "at the start").await;
    for (number, kind) in (1..).zip(&chosen) {
        let when = format!("after fault {number} of {}, {}", chosen.len(), kind.name());
        let injected = Instant::now();
        press.tally.inject(kind.name());
        target.inject(*kind, &mut chance).await;
        let lasted = injected.elapsed();
        checker::goes_on(&press, &target.stations, &when).await;
        println!(
            "{:6.1} s: {when}: it lasted {:.1} s, and {:.1} s until all went on",
            begun.elapsed().as_secs_f64(),
            lasted.as_secs_f64(),
            (injected.elapsed() - lasted).as_secs_f64()
        );
        if number % CHECK_EVERY == 0 {
            load.end().await;
            checker::holds(&press, &target.stations, &when).await;
            load = Load::start(&press, &mut chance);
        }
    }
    load.end().await;
    let head = checker::holds(&press, &target.stations, "in the end").await;
    let timelines = checker::tells_the_same_from_scratch(&press, &target.stations).await;
    let all = press.tally.print();
    println!("{} faults, {head} events, {timelines} timelines told the same from scratch, {:.1} s", all.injected, begun.elapsed().as_secs_f64());
    assert_eq!(all.injected, chosen.len() as u64);
    assert!(press.tally.count(Kind::AcknowledgementLost.name()).answered > 0 && all.answered > 0, "the publishers were hardly at work");
}

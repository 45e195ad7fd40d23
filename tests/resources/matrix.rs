//! Every route under every attack: health is answered within a second, memory keeps within its bounds, and afterwards everything is right.

use std::time::{Duration, Instant};

use super::attacks::Attack;
use super::ground::Ground;
use super::probe::Probe;
use super::routes::{Route, all};
use super::{alone, is_long, ordinarily_or_long, runtime};

/// How long an attack on a route goes on.
const LENGTH: Duration = Duration::from_millis(500);
const LENGTH_LONG: Duration = Duration::from_secs(2);

/// How much stands in the views: small incidents, and events of the endless one.
const FILLED: (u64, u64) = (300, 600);
const FILLED_LONG: (u64, u64) = (3_000, 5_000);

/// The routes of the ordinary run, one an attack: what is dearest there.
const ORDINARY: [(Attack, &str); 6] = [
    (Attack::LargestBody, "post /v1/events"),
    (Attack::HalfBody, "post /v1/reports"),
    (Attack::SlowDrip, "post /v1/events"),
    (Attack::Silence, "get /v1/live"),
    (Attack::Connections, "get /v1/incidents"),
    (Attack::ThreeTimesTheLoad, "get /v1/incidents/{id}/timeline"),
];

/// The attacks of this run.
fn planned() -> Vec<(Attack, Route)> {
    let routes = all();
    let mut planned = Vec::new();
    for route in &routes {
        for attack in Attack::ALL {
            if is_long() || ORDINARY.iter().any(|(one, name)| *one == attack && *name == route.name) {
                planned.push((attack, route.clone()));
            }
        }
    }
    planned
}

#[test]
fn no_attack_on_a_route_stops_the_server_or_passes_its_memory() {
    let _alone = alone();
    let runtime = runtime();
    let (incidents, endless) = ordinarily_or_long(FILLED, FILLED_LONG);
    let mut ground = runtime.block_on(Ground::filled(&[], incidents, endless));
    let length = ordinarily_or_long(LENGTH, LENGTH_LONG);
    let planned = planned();
    assert!(planned.len() >= ORDINARY.len(), "a route of the ordinary run is gone: {planned:?}");
    let mut faults = Vec::new();
    println!("| route | attack | answers | health, slowest of, ms | resident at most, MiB | right again after, ms |\n|---|---|---|---|---|---|");
    for (attack, route) in planned {
        ground.forget_the_most();
        let probe = Probe::start(ground.address);
        let statuses = runtime.block_on(attack.run(ground.address, &route, length));
        let asked = probe.end();
        let begun = Instant::now();
        let fault = runtime.block_on(ground.fault());
        let answers: Vec<String> = statuses.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        println!(
            "| {} | {} | {} | {} of {} | {} | {} |",
            route.name,
            attack.name(),
            answers.join(", "),
            if asked.failed.is_empty() { asked.worst_ms.to_string() } else { format!("{} failed", asked.failed.len()) },
            asked.questions,
            ground.most_mib(),
            begun.elapsed().as_millis()
        );
        if fault.is_some() {
            // The next attack meets a server that is whole.
            ground = runtime.block_on(Ground::filled(&[], incidents, endless));
        }
        faults.extend(asked.fault().into_iter().chain(fault).map(|fault| format!("{}, {}: {fault}", route.name, attack.name())));
    }
    assert!(faults.is_empty(), "{} faults:\n  {}", faults.len(), faults.join("\n  "));
}

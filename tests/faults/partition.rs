//! A network partition, made with network namespaces (root alone may): one of three nats-servers is cut off from everybody, or from its
//! peers alone while clients still reach it; also the leader. The others go on, and nothing acknowledged by either side is lost.
//!
//! The test runs itself once more inside the hub's namespace, so that no address of the machine is touched.

use std::process::Command;
use std::time::Instant;

use super::cluster::{leader, level, stations};
use super::kinds::{lasts, stopped_ms};
use super::namespaces::{Namespaces, address, hub, ip, node};
use super::publishers::{Load, Press};
use super::{checker, is_long, seeded, shuffled};
use crate::nats::Nats;
use crate::needs;
use crate::postgres::shared;
use crate::support::folder;

const NODES: usize = 3;
const TEST: &str = "faults::partition::a_node_that_is_cut_off_acknowledges_nothing_that_is_lost";

/// Names the namespaces to the test that runs in them.
const INSIDE: &str = "DATELINE_FAULT_NAMESPACES";

const ROUNDS_LONG: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    leader: bool,
    /// Clients still reach it.
    from_peers_alone: bool,
}

const ALL: [Cut; 4] = [
    Cut { leader: true, from_peers_alone: false },
    Cut { leader: true, from_peers_alone: true },
    Cut { leader: false, from_peers_alone: false },
    Cut { leader: false, from_peers_alone: true },
];

fn name(cut: Cut) -> &'static str {
    match (cut.leader, cut.from_peers_alone) {
        (true, false) => "partition: leader cut off",
        (true, true) => "partition: leader cut off from its peers",
        (false, false) => "partition: follower cut off",
        (false, true) => "partition: follower cut off from its peers",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_acknowledges_nothing_that_is_lost() {
    if let Ok(prefix) = std::env::var(INSIDE) {
        return inside(&prefix).await;
    }
    if !needs::root("make network namespaces") {
        return;
    }
    let Some(namespaces) = needs::found("no network namespaces can be made here", Namespaces::make(NODES)) else { return };
    let mut again = Command::new("ip");
    again.args(["netns", "exec", &hub(&namespaces.prefix)]).arg(std::env::current_exe().unwrap());
    again.args(["--exact", TEST, "--nocapture", "--test-threads=1"]).env(INSIDE, &namespaces.prefix);
    let ran = tokio::task::spawn_blocking(move || again.output().unwrap()).await.unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    println!("{said}");
    assert!(ran.status.success() && said.contains("1 passed"), "inside the namespaces");
}

impl Cut {
    /// Cuts a node off, or heals it.
    fn set(self, prefix: &str, number: usize, cut: bool) {
        if !self.from_peers_alone {
            let state = if cut { "down" } else { "up" };
            return ip(&format!("-n {} link set port{number} {state}", hub(prefix))).unwrap();
        }
        let verb = if cut { "add" } else { "del" };
        for peer in (1..=NODES).filter(|peer| *peer != number) {
            ip(&format!("-n {} route {verb} blackhole {}/32", node(prefix, number), address(peer))).unwrap();
        }
    }
}

async fn inside(prefix: &str) {
    let mut chance = seeded("partitions");
    let begun = Instant::now();
    let (_folder, path) = folder();
    let hosts: Vec<String> = (1..=NODES).map(address).collect();
    let places: Vec<(&str, Option<String>)> = (1..).zip(&hosts).map(|(number, host)| (host.as_str(), Some(node(prefix, number)))).collect();
    let nodes = Nats::cluster(&places);
    let press = Press::default();
    let stations = stations(&nodes, path, shared().create_database(), &press);
    let mut chosen: Vec<Cut> = (0..ROUNDS_LONG).flat_map(|_| shuffled(&ALL, &mut chance)).collect();
    if !is_long() {
        chosen.truncate(1);
    }
    let load = Load::start(&press, &mut chance);
    checker::goes_on(&press, &stations, "at the start").await;
    for (number, cut) in (1..).zip(&chosen) {
        let when = format!("after fault {number} of {}, {}", chosen.len(), name(*cut));
        let leading = leader(&nodes).await;
        let place = if cut.leader { leading } else { (leading + 1) % NODES };
        press.tally.inject(name(*cut));
        cut.set(prefix, place + 1, true);
        if cut.from_peers_alone {
            // Who is connected to it has nobody to ask, and cannot see that others have.
            lasts(2 * stopped_ms(&mut chance));
        } else {
            checker::goes_on(&press, &stations, &format!("{}, with two of three", name(*cut))).await;
        }
        let lasted = begun.elapsed();
        cut.set(prefix, place + 1, false);
        checker::goes_on(&press, &stations, &when).await;
        println!("{:6.1} s: {when}: all goes on; healed at {:.1} s", begun.elapsed().as_secs_f64(), lasted.as_secs_f64());
    }
    load.end().await;
    level(&nodes).await;
    let head = checker::holds(&press, &stations, "in the end").await;
    let timelines = checker::tells_the_same_from_scratch(&press, &stations).await;
    let all = press.tally.print();
    println!("{} partitions, {head} events, {timelines} timelines, {:.1} s", all.injected, begun.elapsed().as_secs_f64());
}

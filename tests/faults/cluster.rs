//! A ledger on three nats-servers: one of them, the leader, two or all fail, and come back. What a partition does is another room.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::kinds::{down_ms, lasts, stopped_ms};
use super::publishers::{Load, Press};
use super::stations::{Stations, Ways, until};
use super::{checker, is_long, seeded, shuffled};
use crate::killed::book::Chance;
use crate::nats::Nats;
use crate::postgres::shared;
use crate::support::folder;

/// Every kind so often in the long run; ordinarily so many by chance, beside the leader's end.
const ROUNDS_LONG: usize = 2;
const BY_CHANCE: usize = 1;

/// A cluster has chosen a leader within this.
const ELECTED_WITHIN: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    LeaderKilled,
    FollowerKilled,
    LeaderStopped,
    FollowerStopped,
    TwoKilled,
    AllKilled,
}

const ALL: [Kind; 6] = [Kind::LeaderKilled, Kind::FollowerKilled, Kind::LeaderStopped, Kind::FollowerStopped, Kind::TwoKilled, Kind::AllKilled];

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::LeaderKilled => "of three: leader killed",
        Kind::FollowerKilled => "of three: follower killed",
        Kind::LeaderStopped => "of three: leader stopped and continued",
        Kind::FollowerStopped => "of three: follower stopped and continued",
        Kind::TwoKilled => "of three: two killed",
        Kind::AllKilled => "of three: all killed",
    }
}

/// Which node leads the ledger's stream.
pub async fn leader(nodes: &[Nats]) -> usize {
    let client = async_nats::connect(nodes.iter().map(Nats::place).collect::<Vec<_>>()).await.unwrap();
    let begun = Instant::now();
    loop {
        let told = client.request("$JS.API.STREAM.INFO.ledger", "".into()).await;
        let told = told.ok().and_then(|answer| serde_json::from_slice::<Value>(&answer.payload).ok());
        let named = told.as_ref().and_then(|told| told.pointer("/cluster/leader")?.as_str());
        if let Some(found) = named.and_then(|name| nodes.iter().position(|node| node.name() == name)) {
            return found;
        }
        assert!(begun.elapsed() < ELECTED_WITHIN, "no leader was elected: {told:?}\n{}", faults_of(nodes));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the servers themselves call an error of a stream: one that stops it is not to be waited for.
fn faults_of(nodes: &[Nats]) -> String {
    let lines = |node: &Nats| node.log().lines().filter(|line| line.contains("[ERR]") && line.contains("stream")).collect::<Vec<_>>().join("\n");
    nodes.iter().map(|node| format!("{}: {}", node.name(), lines(node))).collect::<Vec<_>>().join("\n")
}

/// The roles on a cluster, with their views in a database of their own.
pub fn stations(nodes: &[Nats], folder: std::path::PathBuf, database: String, press: &Press) -> Stations {
    let bus = Nats::cluster_url(nodes);
    let (projectors, first_reader) = (database.clone(), database.clone());
    Stations::start(&Ways { folder, first_intake: bus.clone(), bus, projectors, first_reader, database }, &press.intakes)
}

/// Brings a fault about and puts an end to it; what the majority can do meanwhile, it does.
async fn inject(kind: Kind, nodes: &mut [Nats], press: &Press, stations: &Stations, chance: &mut Chance) {
    let leading = leader(nodes).await;
    let other = (leading + 1 + usize::try_from(chance.below(2)).unwrap()) % nodes.len();
    match kind {
        Kind::LeaderKilled | Kind::FollowerKilled => {
            let killed = if kind == Kind::LeaderKilled { leading } else { other };
            nodes[killed].kill();
            checker::goes_on(press, stations, &format!("{}, with two of three", name(kind))).await;
            nodes[killed].restart();
        }
        Kind::LeaderStopped | Kind::FollowerStopped => {
            let stopped = if kind == Kind::LeaderStopped { leading } else { other };
            nodes[stopped].signal("STOP");
            lasts(stopped_ms(chance));
            nodes[stopped].signal("CONT");
        }
        Kind::TwoKilled => {
            nodes[leading].kill();
            nodes[other].kill();
            lasts(down_ms(chance));
            for killed in [leading, other] {
                nodes[killed].spawn();
            }
            nodes.iter().for_each(Nats::until_ready);
        }
        Kind::AllKilled => {
            nodes.iter_mut().for_each(Nats::kill);
            lasts(down_ms(chance));
            nodes.iter_mut().for_each(Nats::spawn);
            nodes.iter().for_each(Nats::until_ready);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_on_three_servers_loses_nothing_when_some_or_all_of_them_fail() {
    let mut chance = seeded("faults of a cluster");
    let begun = Instant::now();
    let (_folder, path) = folder();
    let mut nodes = Nats::cluster(&[("127.0.0.1", None), ("127.0.0.1", None), ("127.0.0.1", None)]);
    let press = Press::default();
    let stations = stations(&nodes, path, shared().create_database(), &press);
    let mut chosen = vec![Kind::LeaderKilled];
    if is_long() {
        chosen = (0..ROUNDS_LONG).flat_map(|_| shuffled(&ALL, &mut chance)).collect();
    } else {
        chosen.extend(shuffled(&ALL[1..], &mut chance).into_iter().take(BY_CHANCE));
    }
    let load = Load::start(&press, &mut chance);
    let replayers: Vec<_> = stations.urls("reader").into_iter().map(|url| tokio::spawn(checker::replays(press.clone(), url))).collect();
    checker::goes_on(&press, &stations, "at the start").await;
    for (number, kind) in (1..).zip(&chosen) {
        let when = format!("after fault {number} of {}, {}", chosen.len(), name(*kind));
        press.tally.inject(name(*kind));
        inject(*kind, &mut nodes, &press, &stations, &mut chance).await;
        checker::goes_on(&press, &stations, &when).await;
        println!("{:6.1} s: {when}: all goes on", begun.elapsed().as_secs_f64());
    }
    load.end().await;
    for replayer in replayers {
        let (held, older) = replayer.await.unwrap();
        println!("{held} replays reached the position that they named; {older} of them named one from before the last receipt");
    }
    level(&nodes).await;
    let head = checker::holds(&press, &stations, "in the end").await;
    let timelines = checker::tells_the_same_from_scratch(&press, &stations).await;
    let all = press.tally.print();
    println!("{} faults of a cluster, {head} events, {timelines} timelines, {:.1} s", all.injected, begun.elapsed().as_secs_f64());
}

/// Waits until every node holds what the leader holds: then it does not matter which of them answers the checker.
pub async fn level(nodes: &[Nats]) {
    let client = async_nats::connect(nodes.iter().map(Nats::place).collect::<Vec<_>>()).await.unwrap();
    let last_told = Mutex::new(Value::Null);
    let all_current = || async {
        let Ok(answer) = client.request("$JS.API.STREAM.INFO.ledger", "".into()).await else { return false };
        let told: Value = serde_json::from_slice(&answer.payload).unwrap_or_default();
        let replicas = told.pointer("/cluster/replicas").and_then(Value::as_array).cloned().unwrap_or_default();
        let current = |replica: &Value| replica["current"] == true && replica["lag"].as_u64().unwrap_or(0) == 0;
        *last_told.lock().unwrap() = told["cluster"].clone();
        replicas.len() + 1 == nodes.len() && replicas.iter().all(current)
    };
    let what = || format!("the replicas hold what the leader holds: {}\n{}", last_told.lock().unwrap(), faults_of(nodes));
    until(ELECTED_WITHIN, all_current, what).await;
}

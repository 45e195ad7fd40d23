//! One integration binary: a module a promise, against the real executable and real files.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;
#[path = "support/servers.rs"]
mod servers;
#[path = "support/nats.rs"]
mod nats;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/stranger.rs"]
mod stranger;
#[path = "support/proxy.rs"]
#[expect(dead_code, reason = "the test programs share their support")]
mod proxy;
#[path = "support/house.rs"]
mod house;
#[path = "support/needs.rs"]
mod needs;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/cage.rs"]
mod cage;
mod asking;

mod access;
mod audit;
mod both_engines;
mod clock;
mod commands;
mod crowds;
mod damage;
mod detect;
mod detecting;
mod faults;
mod flips;
mod foreign;
mod full_disk;
mod gaps;
mod http;
mod inbox;

mod intake;
mod keys;
mod killed;
mod openapi;
mod passed_over;
mod poison;
mod pooler;
mod reading;
mod readme;
mod redact;
mod replayed;
mod reports;
mod resources;
mod roles;
mod scans;
mod sealed;
mod secrets;
mod supervised;
mod synced;
mod tidy;
mod vendors;
mod voices;
mod watched;
mod watching;

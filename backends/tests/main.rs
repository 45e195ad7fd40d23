//! The promises of the doors, kept by every engine: one module a promise, real files and servers, nothing mocked.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[macro_use]
mod support;
#[path = "../../tests/support/needs.rs"]
#[expect(dead_code, reason = "the test programs share their support")]
mod needs;
#[path = "../../tests/support/servers.rs"]
mod servers;
#[path = "../../tests/support/nats.rs"]
#[expect(dead_code, reason = "the test programs share their support")]
mod nats;

mod archive;
mod broken_connections;
mod bus;
mod commitments;
mod compare_and_swap;
mod copying;
mod engines_agree;
mod facts;
mod failing;
mod fencing;
mod following;
mod former;
mod full_database;
mod full_disk;
mod golden;
mod groups;
mod lists;
mod lost_on_the_bus;
mod once_for_ever;
mod open_transactions;
mod place;
#[path = "../../tests/support/postgres.rs"]
mod postgres;
#[path = "../../tests/support/proxy.rs"]
#[expect(dead_code, reason = "the test programs share their support")]
mod proxy;
mod reopening;
mod reports;
mod role_state;
mod set_aside;
#[path = "../../tests/support/stranger.rs"]
mod stranger;

//! The promises of the doors, kept by the embedded engine: one module a promise, real files, nothing mocked.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[macro_use]
mod support;
#[path = "../../tests/support/nats.rs"]
mod nats;

mod bus;
mod compare_and_swap;
mod facts;
mod failing;
mod fencing;
mod following;
mod full_disk;
mod golden;
mod groups;
mod lists;
mod once_for_ever;
mod reopening;

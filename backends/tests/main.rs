//! The promises of the doors, kept by every engine: one module a promise, real files and servers, nothing mocked.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

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
mod place;
#[path = "../../tests/support/postgres.rs"]
mod postgres;
mod reopening;
mod support;

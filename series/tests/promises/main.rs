//! What the watch promises, a module a promise.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../../../tests/support/needs.rs"]
#[expect(dead_code, reason = "the test programs share their support")]
mod needs;
mod data;
mod outages;
mod real;
mod chance;
mod synthetic;
mod any_tellings;
mod size;

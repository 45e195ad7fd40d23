//! What the watch and the scorer promise, a module a promise.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod data;
mod outages;
mod real;
mod benchmark;
mod nab;
mod nab_settings;
mod chance;
mod synthetic;
mod any_tellings;
mod size;

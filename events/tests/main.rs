//! What a single event and a report must meet, a module a promise.
#![expect(clippy::unwrap_used, reason = "a test may fail so")]

mod any_input;
mod contracts;
mod door;
mod golden;
mod publisher;
mod reports;

//! What each part of a watcher promises alone, without a network. The whole is tested with the real program.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod address;
mod feed_state;
mod pages;
mod outbox;
mod reading;
mod schedule;

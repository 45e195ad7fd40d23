//! The roles of Dateline, one file or folder each, and what puts them together.
//!
//! A role never imports another role: what they share is the doors (`doors`), the web (`http`) and the API keys (`keys`).
//! How things are kept is the business of `backends`, what they mean that of `events` and `timelines`.

#[cfg(test)]
#[path = "../tests/support/needs.rs"]
#[expect(dead_code, reason = "the test programs share their support")]
mod needs;

pub mod shared;
pub mod intake;
pub mod projector;
pub mod archive;
pub mod watcher;
pub mod detector;
pub mod reader;
pub mod serve;
pub mod demo;
pub mod commands;

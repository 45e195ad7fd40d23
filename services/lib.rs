//! The roles of Dateline, a folder each; the commands that start them, and what they share.
//!
//! A role imports `shared` and no other role; `shared` imports neither roles nor commands; `commands` put everything together.
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
pub mod notary;
pub mod reader;
pub mod commands;

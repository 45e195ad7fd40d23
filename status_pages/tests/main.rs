//! What the dialects promise, a module a promise.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../../tests/support/needs.rs"]
#[expect(dead_code, reason = "the test programs share their support")]
mod needs;
mod real;
mod support;

mod statuspage;
mod gcp;
mod aws;
mod cstate;
mod upptime;
mod slack;
mod feed;
mod nesting;
mod plain_feed;
mod stated_feed;
mod dated_feed;
mod real_feeds;
mod difference;
mod any_input;

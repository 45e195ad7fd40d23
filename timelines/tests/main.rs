//! One integration binary of the pure room: a module a promise.
#![expect(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test that cannot go on says where; JSON is written in place")]

mod support;

mod desks;
mod histories;
mod outage;
mod pages;
mod states;

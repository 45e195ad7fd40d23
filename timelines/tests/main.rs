//! One integration binary of the pure room: a module a promise.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

mod histories;
mod outage;

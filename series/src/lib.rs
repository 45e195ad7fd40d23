//! From counts of user reports to few findings that can be trusted. Pure: no I/O, no clock, no chance; what is known is told as an
//! argument, and the same tellings give the same findings.
//!
//! [`Watch`] is the state of one series of counts: tell it each bucket's count and it answers with [`Finding`]s, at most a few an
//! outage. The method, its sources in the literature, its figures and its limits stand in docs/detect.md.
//!
//! What must not be here: names of services, events, time zones, where counts come from.

mod watch;
mod finding;
mod settings;
mod season;
mod window;
mod episode;
mod told;
mod surprise;

pub use finding::{Finding, Verdict, Why};
pub use settings::{BUCKET_SECONDS_MAX, BUCKET_SECONDS_MIN, COUNT_MAX, RESTATED_BUCKETS_MAX, Settings};
pub use watch::{Refused, Watch};

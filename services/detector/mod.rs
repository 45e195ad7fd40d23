//! The detector: follows the log of users' reports, and publishes the few things that they show, like any other publisher. How counts
//! are judged is `dateline_series`'; here is which counts belong together, and what is said of them.
//!
//! It never says that a service failed, only that more users reported than usual; and it remembers in the state store what it learned. Killed at
//! any moment it reads the flushes since then once more, and says the same under the same ids.

mod measured;
mod episode;
mod draft;
mod ticks;
mod service;
mod service_watches;
mod baselines;
mod bounds;
mod follow;

#[cfg(test)]
mod tests;

pub use follow::{Detector, State};

//! Answers that are there already: they are given at once, before a request is counted or waits for its turn.
//!
//! Who keeps them is the role's own business.

use std::fmt;
use std::sync::Arc;

use axum::http::request::Parts;
use axum::response::Response;

/// Looks for an answer that is there already.
#[derive(Clone)]
pub struct Ready(Arc<Look>);

type Look = dyn Fn(&Parts) -> Option<Response> + Send + Sync;

impl Ready {
    /// Answers by a function that waits for nothing, and answers what any reader may see who sends such a head.
    pub fn new(answer: impl Fn(&Parts) -> Option<Response> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    /// The answer, where it is there.
    pub fn answer(&self, head: &Parts) -> Option<Response> {
        (self.0)(head)
    }
}

impl Default for Ready {
    /// Nothing is there.
    fn default() -> Self {
        Self::new(|_| None)
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ready")
    }
}

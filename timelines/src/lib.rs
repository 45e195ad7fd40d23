//! What is read: which incident an event belongs to, the fold of an incident's events into its timeline, its order, and
//! its telling in a language.
//!
//! Pure: no input or output, no clock, no randomness, no async. Where rows are kept is the business of `backends`.

pub mod correlate;
pub mod document;
pub mod fold;
pub mod model;
pub mod project;
mod rated;
pub mod rows;
mod said_by;
mod silent;
pub mod stretch;
pub mod tell;

/// The version of the projection: its rows, its rules of correlation and its fold. A change of any of them raises it,
/// and every view is rebuilt beside the old one.
pub const PROJECTION_VERSION: u32 = 9;

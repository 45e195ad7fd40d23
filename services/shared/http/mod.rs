//! What every role that speaks HTTP shares: problems, parameters, who is calling, and the server with its limits.

pub mod accept;
pub mod address;
mod client;
pub mod caller;
pub mod problem;
pub mod parameters;
pub mod budget;
pub mod bodies;
pub mod places;
mod files;
mod hosts;
mod reads;
mod ready;
mod turn;
mod scan;
mod wire;
pub mod packed;
mod connection;
pub mod listener;

pub use bodies::{Bodies, Received};
pub use caller::{Caller, Gate};
pub use client::Client;
pub use listener::Listener;
pub use problem::Problem;
pub use ready::Ready;

/// The largest body that is read, in bytes; a batch of 1,000 ordinary events is a twentieth of it.
pub const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// An event may be written more widely than it is kept (spaces between members, data as base64): as it is sent it has at most so many
/// bytes. What is larger is not read at all.
pub const MAX_SENT_EVENT_BYTES: usize = 1024 * 1024;

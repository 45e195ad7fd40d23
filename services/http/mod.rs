//! What every role that speaks HTTP shares: problems, parameters, who is calling, and the server with its limits.

pub mod address;
pub mod caller;
pub mod parameters;
pub mod problem;
pub mod server;

pub use caller::{Caller, Gate};
pub use problem::Problem;

/// The largest body that is read, in bytes; a batch of 1,000 ordinary events is a twentieth of it.
pub const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

//! The distributed engine: the ledger and the keep on NATS JetStream, the views and the archive on PostgreSQL.
//! The only room that names `async_nats` and `postgres`.
//!
//! What the bytes say is not known here, except that two of them can be the same event.

mod address;
mod bus;
mod inbox;
mod keep;
mod ledger;

pub use inbox::Inbox;
pub use keep::Keep;
pub use ledger::{Follower, Ledger};

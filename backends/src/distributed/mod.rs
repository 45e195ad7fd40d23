//! The distributed engine: ledger, state store, role state, inbox and reports on NATS JetStream, views and archive on PostgreSQL. The only
//! room that names `async_nats` and `postgres`.
//!
//! What the bytes say is not known here, except that two of them can be the same event. A connection to PostgreSQL belongs to one
//! thread for its whole life; a client that is used or dropped inside an async task panics.

mod bus_address;
mod bus;
mod answers;
mod ledger;
mod bucket;
mod state_store;
mod role_state;
mod inbox;
mod reports;
mod database_address;
mod database;
mod views;
mod archive;

pub use archive::Archive;
pub use inbox::Inbox;
pub use ledger::{Follower, Ledger};
pub use reports::Reports;
pub use role_state::RoleState;
pub use state_store::StateStore;
pub use views::Views;

//! The embedded engine: SQLite files. The only room that names `rusqlite`.
//!
//! A connection belongs to one thread for its whole life; the async side sends work and awaits the answer. No statement is
//! ever held across an await.

mod alone;
mod archive;
mod fault;
mod file;
mod state_store;
mod role_state;
mod ledger;
mod private;
mod reports;
mod sum;
mod views;

pub use archive::Archive;
pub use ledger::{Follower, Ledger};
pub use private::is_sealed;
pub use reports::Reports;
pub use role_state::RoleState;
pub use state_store::StateStore;
pub use views::Views;

//! The embedded engine: three SQLite files. The only room that names `rusqlite`.
//!
//! A connection belongs to one thread for its whole life; the async side sends work and awaits the answer. No statement is
//! ever held across an await.

mod file;
mod keep;
mod ledger;
mod threads;
mod views;

pub use keep::Keep;
pub use ledger::{Follower, Ledger};
pub use views::Views;

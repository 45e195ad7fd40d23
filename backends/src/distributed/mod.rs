//! The distributed engine: tables of a PostgreSQL database. The only room that names `postgres`.
//!
//! A connection belongs to one thread for its whole life; a client that is used or dropped inside an async task panics.

mod address;
mod archive;
mod database;
mod views;

pub use archive::Archive;
pub use views::Views;

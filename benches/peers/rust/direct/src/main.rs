//! Drives Dateline in process and over HTTP, bare SQLite, bare JetStream, UmaDB and Message DB. Which of them, where and how long, `benches/peers/run` says.
//!
//! A store a file; how callers are driven and what is printed stands in `shared`, and is the same for every store.

#[path = "../../shared/mod.rs"]
mod shared;
mod dateline;
mod http;
mod sqlite;
mod jetstream;
mod umadb;
mod message_db;

use shared::Failure;
use shared::drive::{Asked, drive};
use shared::report::Line;

/// The allocator that Dateline's own program has; every store's client here has it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let asked = Asked::read()?;
    match asked.store.as_str() {
        "dateline" | "dateline-jetstream" => match dateline::Store::open(&asked.address).await {
            Ok(store) => drive(store, &asked).await,
            Err(failure) => {
                Line::new(&asked.store, "absent").failed(&failure);
                Ok(())
            }
        },
        "dateline-http" => drive(http::Store::open(&asked.address), &asked).await,
        "sqlite" => drive(sqlite::Store::open(&asked.address)?, &asked).await,
        "jetstream" => drive(jetstream::Store::open(&asked.address).await?, &asked).await,
        "umadb" => drive(umadb::Store::open(&asked.address), &asked).await,
        "message-db" => drive(message_db::Store::open(&asked.address, message_db::Categories::One), &asked).await,
        "message-db-categories" => drive(message_db::Store::open(&asked.address, message_db::Categories::EachCaller), &asked).await,
        other => Err(format!("{other:?} is no store of this driver").into()),
    }
}

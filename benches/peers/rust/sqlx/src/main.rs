//! Drives postgres-es and disintegrate-postgres, in a program of their own: they link another SQLite than Dateline, and a program has one.
//!
//! A store a file; how callers are driven and what is printed stands in `shared`, and is the same for every store.

#[path = "../../shared/mod.rs"]
mod shared;
mod disintegrate;
mod postgres_es;

use shared::Failure;
use shared::drive::{Asked, drive};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// Connections: one for each of the most callers, and some for what the libraries do beside.
const CONNECTIONS: u32 = 40;

/// The allocator that the other driver has too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let asked = Asked::read()?;
    let pool: PgPool = PgPoolOptions::new().max_connections(CONNECTIONS).min_connections(CONNECTIONS).connect(&asked.address).await?;
    match asked.store.as_str() {
        "postgres-es" => drive(postgres_es::Store::new(pool), &asked).await,
        "disintegrate" => drive(disintegrate::Store::create(pool).await?, &asked).await,
        other => Err(format!("{other:?} is no store of this driver").into()),
    }
}

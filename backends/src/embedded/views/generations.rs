//! Generations: which serves, which is being built, how one takes over from the other, and the cursor of each.
//!
//! What is in their tables is not looked at.

use std::time::{SystemTime, UNIX_EPOCH};

use dateline_events::Position;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::schema::{self, PROJECTOR, sql};
use crate::embedded::file::position;
use crate::views::{Generation, ViewsError};

/// Drops what was retired, and creates a serving generation where there is none.
pub(super) fn prepare(connection: &mut Connection, version: u32) -> Result<(), ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    drop_all(&transaction, "retired")?;
    if serving(&transaction)?.is_none() {
        create(&transaction, version, "serving")?;
    }
    Ok(transaction.commit()?)
}

/// Begins a new generation; one that was begun before is dropped.
pub(super) fn begin(connection: &mut Connection, version: u32) -> Result<Generation, ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    drop_all(&transaction, "building")?;
    let generation = create(&transaction, version, "building")?;
    transaction.commit()?;
    Ok(generation)
}

/// Lets `to` serve; answers its cursor.
pub(super) fn swap(connection: &mut Connection, to: Generation) -> Result<Position, ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (old, serving) = serving_cursor(&transaction)?;
    if old.number == to.number {
        return Ok(serving);
    }
    let reached = cursor(&transaction, to.number)?;
    if reached < serving {
        return Err(ViewsError::Behind { cursor: reached, serving });
    }
    drop_all(&transaction, "retired")?;
    transaction.execute("UPDATE generations SET state = 'retired' WHERE number = ?1", [old.number])?;
    let swapped = transaction.execute("UPDATE generations SET state = 'serving' WHERE number = ?1 AND state = 'building'", [to.number])?;
    if swapped == 0 {
        return Err(ViewsError::Gone { number: to.number });
    }
    transaction.commit()?;
    Ok(reached)
}

/// The serving generation and its cursor.
pub(super) fn serving_cursor(connection: &Connection) -> Result<(Generation, Position), ViewsError> {
    // The number and the cursor are two statements: outside a transaction a swap can fall between them, and the old
    // generation is still there then, since it is dropped a swap later.
    let generation = serving(connection)?.ok_or_else(|| ViewsError::Engine("no generation serves: open the views anew".to_owned()))?;
    Ok((generation, cursor(connection, generation.number)?))
}

/// Whether a generation serves.
pub(super) fn serves(connection: &Connection, number: u32) -> Result<bool, ViewsError> {
    Ok(serving(connection)?.is_some_and(|generation| generation.number == number))
}

/// A generation's cursor.
pub(super) fn cursor(connection: &Connection, number: u32) -> Result<Position, ViewsError> {
    let mut statement =
        connection.prepare_cached(&sql(number, "SELECT position FROM @cursor WHERE follower = ?1")).map_err(|error| gone_or_failed(error, number))?;
    statement.query_row([PROJECTOR], |row| position(row, 0)).map_err(|error| gone_or_failed(error, number))
}

/// A generation whose tables are not there was dropped.
pub(super) fn gone_or_failed(error: rusqlite::Error, number: u32) -> ViewsError {
    if error.to_string().contains("no such table") { ViewsError::Gone { number } } else { error.into() }
}

fn serving(connection: &Connection) -> Result<Option<Generation>, ViewsError> {
    let mut statement = connection.prepare_cached("SELECT number, version FROM generations WHERE state = 'serving'")?;
    Ok(statement.query_row([], |row| Ok(Generation { number: row.get(0)?, version: row.get(1)? })).optional()?)
}

fn create(transaction: &Transaction<'_>, version: u32, state: &str) -> Result<Generation, ViewsError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let created = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    transaction.execute("INSERT INTO generations (version, state, created) VALUES (?1, ?2, ?3)", params![version, state, created])?;
    let number = u32::try_from(transaction.last_insert_rowid()).map_err(|error| ViewsError::Engine(error.to_string()))?;
    transaction.execute_batch(&sql(number, schema::CREATE))?;
    Ok(Generation { number, version })
}

fn drop_all(transaction: &Transaction<'_>, state: &str) -> Result<(), ViewsError> {
    let mut statement = transaction.prepare("SELECT number FROM generations WHERE state = ?1")?;
    let numbers = statement.query_map([state], |row| row.get(0))?.collect::<Result<Vec<u32>, _>>()?;
    for number in numbers {
        for table in schema::TABLES {
            transaction.execute_batch(&sql(number, &format!("DROP TABLE @{table}")))?;
        }
        transaction.execute("DELETE FROM generations WHERE number = ?1", [number])?;
    }
    Ok(())
}

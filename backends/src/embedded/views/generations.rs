//! Generations: which serves, which is being built, how one takes over from the other, and the cursor of each.
//!
//! What is in their tables is not looked at.

use dateline_events::Position;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::decode;
use super::schema::{self, PROJECTOR, sql};
use crate::clock::now;
use crate::embedded::file::{self, number, position};
use crate::views::{Generation, ViewsError};

/// Why views are begun anew: the file before them was damaged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anew {
    /// They answer once they have read up to here; None: whoever opens the ledger will say.
    pub floor: Option<Position>,
    /// Their generations have numbers above this one.
    pub above: u32,
}

/// What stands for a floor that is not known yet.
const UNKNOWN: i64 = -1;

/// Drops what was retired, and creates a serving generation where there is none.
pub(super) fn prepare(connection: &mut Connection, version: u32, anew: Option<Anew>) -> Result<(), ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(anew) = anew {
        let floor = anew.floor.map_or(UNKNOWN, number);
        transaction.execute("INSERT OR REPLACE INTO floor (number, position) VALUES (1, ?1)", [floor])?;
        if anew.above > 0 && serving(&transaction)?.is_none() {
            transaction.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('generations', ?1)", [anew.above])?;
        }
    }
    add_sums(&transaction)?;
    drop_all(&transaction, "retired")?;
    if serving(&transaction)?.is_none() {
        create(&transaction, version, "serving")?;
    }
    Ok(transaction.commit()?)
}

/// Tables from before rows had checksums get the column; their rows are taken on trust until the next generation.
fn add_sums(transaction: &Transaction<'_>) -> Result<(), ViewsError> {
    for number in numbers(transaction, "summed = 0")? {
        let has: bool =
            transaction
                .query_row("SELECT EXISTS (SELECT 1 FROM pragma_table_info(?1) WHERE name = 'sum')", [sql(number, "@cursor")], |row| row.get(0))?;
        if !has {
            for table in &schema::TABLES {
                transaction.execute_batch(&sql(number, &format!("ALTER TABLE @{} ADD COLUMN sum INTEGER", table.name)))?;
            }
        }
    }
    Ok(())
}

/// Holds the tables of every generation of this version against their definition, and every row against its checksum.
pub(super) fn check_rows(connection: &Connection, version: u32) -> Result<(), ViewsError> {
    for number in numbers(connection, &format!("summed = 1 AND version = {version}"))? {
        file::check_definitions(connection, &[sql(number, schema::CREATE).as_str()])?;
        for table in &schema::TABLES {
            let unsound: i64 = connection.query_row(&sql(number, &table.unsound()), [], |row| row.get(0))?;
            if unsound > 0 {
                return Err(ViewsError::Damaged { detail: format!("{unsound} rows of {} are not what was written", table.name) });
            }
        }
    }
    Ok(())
}

fn numbers(connection: &Connection, which: &str) -> rusqlite::Result<Vec<u32>> {
    connection.prepare(&format!("SELECT number FROM generations WHERE {which}"))?.query_map([], |row| row.get(0))?.collect()
}

/// Views that were begun anew answer only once they have read far enough.
pub(super) fn check_floor(connection: &Connection, cursor: Position) -> Result<(), ViewsError> {
    let mut statement = connection.prepare_cached("SELECT position FROM floor WHERE number = 1")?;
    let floor: Option<i64> = statement.query_row([], |row| row.get(0)).optional()?;
    match floor.map(Position::try_from) {
        None => Ok(()),
        Some(Ok(until)) if until <= cursor => Ok(()),
        Some(until) => Err(ViewsError::Rebuilding { position: cursor, until: until.ok() }),
    }
}

/// Sets a floor that was not known, also for views that have read nothing yet: a file that is gone must not pass for an empty history.
pub(super) fn settle_floor(connection: &Connection, floor: Position) -> Result<(), ViewsError> {
    let found: Option<i64> = connection.query_row("SELECT position FROM floor WHERE number = 1", [], |row| row.get(0)).optional()?;
    let unsettled = match found {
        Some(found) => found == UNKNOWN,
        None => floor > 0 && serving_cursor(connection)?.1 == 0,
    };
    if unsettled {
        connection.execute("INSERT OR REPLACE INTO floor (number, position) VALUES (1, ?1)", [number(floor)])?;
    }
    Ok(())
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

/// Drops all but the generation that serves, overwrites their pages, and empties the log, which holds copies.
pub(super) fn forget_retired(connection: &mut Connection) -> Result<(), ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    drop_all(&transaction, "retired")?;
    drop_all(&transaction, "building")?;
    transaction.commit()?;
    if file::empty_log(connection)? { Ok(()) } else { Err(ViewsError::Busy) }
}

/// The serving generation and its cursor.
pub(super) fn serving_cursor(connection: &Connection) -> Result<(Generation, Position), ViewsError> {
    // The number and the cursor are two statements: outside a transaction a swap can fall between them, and the old
    // generation is still there then, since it is dropped a swap later.
    let generation = serving(connection)?.ok_or_else(|| ViewsError::Engine("no generation serves: open the views anew".to_owned()))?;
    Ok((generation, cursor(connection, generation.number)?))
}

/// Whether what stands there can be read as it is: a generation serves, and all have checksums.
pub(super) fn is_readable(connection: &Connection) -> Result<bool, ViewsError> {
    Ok(serving(connection)?.is_some() && numbers(connection, "summed = 0")?.is_empty())
}

/// Whether a generation serves.
pub(super) fn serves(connection: &Connection, number: u32) -> Result<bool, ViewsError> {
    Ok(serving(connection)?.is_some_and(|generation| generation.number == number))
}

/// A generation's cursor.
pub(super) fn cursor(connection: &Connection, generation: u32) -> Result<Position, ViewsError> {
    let statement =
        connection.prepare_cached(&sql(generation, &format!("SELECT {} FROM @cursor c WHERE c.follower = ?1", schema::CURSOR.select("c"))));
    let read =
        statement.and_then(|mut statement| statement.query_row([PROJECTOR], |row| decode::sound(row, 2, "cursor").and_then(|()| position(row, 1))));
    read.map_err(|error| gone_or_failed(connection, error, generation))
}

/// A generation that is not among those that there are was dropped, and its tables with it.
pub(super) fn gone_or_failed(connection: &Connection, error: rusqlite::Error, number: u32) -> ViewsError {
    let there = connection.query_row("SELECT EXISTS (SELECT 1 FROM generations WHERE number = ?1)", [number], |row| row.get(0));
    if matches!(there, Ok(false)) { ViewsError::Gone { number } } else { error.into() }
}

fn serving(connection: &Connection) -> Result<Option<Generation>, ViewsError> {
    // One from before rows had checksums counts as of no version: the projector builds another beside it.
    let mut statement = connection.prepare_cached("SELECT number, iif(summed, version, 0) FROM generations WHERE state = 'serving'")?;
    Ok(statement.query_row([], |row| Ok(Generation { number: row.get(0)?, version: row.get(1)? })).optional()?)
}

fn create(transaction: &Transaction<'_>, version: u32, state: &str) -> Result<Generation, ViewsError> {
    transaction.execute("INSERT INTO generations (version, state, created, summed) VALUES (?1, ?2, ?3, 1)", params![version, state, now().0])?;
    let number = u32::try_from(transaction.last_insert_rowid()).map_err(|error| ViewsError::Engine(error.to_string()))?;
    transaction.execute_batch(&sql(number, schema::CREATE))?;
    Ok(Generation { number, version })
}

fn drop_all(transaction: &Transaction<'_>, state: &str) -> Result<(), ViewsError> {
    for number in numbers(transaction, &format!("state = '{state}'"))? {
        for table in &schema::TABLES {
            transaction.execute_batch(&sql(number, &format!("DROP TABLE @{}", table.name)))?;
        }
        transaction.execute("DELETE FROM generations WHERE number = ?1", [number])?;
    }
    Ok(())
}

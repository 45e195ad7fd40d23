//! Generations: which serves, which is being built, how one takes over from the other, and the cursor of each.
//!
//! What is in their tables is not looked at. Whoever creates, swaps or drops holds one advisory lock; readers and commits of
//! pages need none, and nobody ever waits long for a reader: a schema that is still read is dropped another time.

use dateline_events::Position;
use postgres::Row;

use super::NOTIFY;
use super::schema::{self, name, sql};
use crate::distributed::database::{DatabaseError, OpenTransaction, Session, WRITE, position};
use crate::views::{Generation, ViewsError};

/// The version of `dateline.generations` and of what a generation's tables mean to this engine.
const FORMAT_VERSION: i32 = 1;

/// How long dropping a schema waits for those who read it, in milliseconds; others queue behind it meanwhile.
const DROP_WAITS_MS: u64 = 100;

/// Lets go of what was retired, and creates a serving generation where there is none.
pub(super) fn prepare(session: &mut Session, version: u32) -> Result<(), ViewsError> {
    session.transaction(WRITE, |transaction| {
        transaction.prepare_schema("views", FORMAT_VERSION, schema::CREATE_GENERATIONS)?;
        transaction.execute("UPDATE dateline.generations SET state = 'dropped' WHERE state = 'retired'", &[])?;
        if serving(transaction)?.is_none() {
            create(transaction, version, "serving")?;
        }
        Ok::<(), ViewsError>(())
    })?;
    drop_unread(session)
}

/// Begins a new generation; one that was begun before is gone.
pub(super) fn begin(session: &mut Session, version: u32) -> Result<Generation, ViewsError> {
    let generation = session.transaction(WRITE, |transaction| {
        transaction.lock_schemas()?;
        transaction.execute("UPDATE dateline.generations SET state = 'dropped' WHERE state = 'building'", &[])?;
        create(transaction, version, "building")
    })?;
    drop_unread(session)?;
    Ok(generation)
}

/// Lets `to` serve; answers its cursor.
pub(super) fn swap(session: &mut Session, to: Generation) -> Result<Position, ViewsError> {
    let reached = session.transaction(WRITE, |transaction| {
        transaction.lock_schemas()?;
        // Locked in the order of their numbers, so that neither cursor moves before the swap is committed.
        let number = i64::from(to.number);
        transaction.query("SELECT FROM dateline.generations WHERE state = 'serving' OR number = $1 ORDER BY number FOR UPDATE", &[&number])?;
        let (old, serving) = serving_cursor(transaction)?;
        if old.number == to.number {
            return Ok(serving);
        }
        let reached = cursor(transaction, to.number)?;
        if reached < serving {
            return Err(ViewsError::Behind { cursor: reached, serving });
        }
        transaction.execute("UPDATE dateline.generations SET state = 'dropped' WHERE state = 'retired' AND number <> $1", &[&number])?;
        transaction.execute("UPDATE dateline.generations SET state = 'retired' WHERE number = $1", &[&i64::from(old.number)])?;
        let swapped =
            transaction.execute("UPDATE dateline.generations SET state = 'serving' WHERE number = $1 AND state = 'building'", &[&number])?;
        if swapped == 0 {
            return Err(ViewsError::Gone { number: to.number });
        }
        transaction.batch(NOTIFY)?;
        Ok(reached)
    })?;
    drop_unread(session)?;
    Ok(reached)
}

/// Drops all but the generation that serves. What a table was made of is freed with it; the write-ahead log has it until it is recycled.
pub(super) fn forget_retired(session: &mut Session) -> Result<(), ViewsError> {
    session.transaction(WRITE, |transaction| {
        transaction.lock_schemas()?;
        transaction.execute("UPDATE dateline.generations SET state = 'dropped' WHERE state IN ('retired', 'building')", &[])?;
        Ok::<(), ViewsError>(())
    })?;
    drop_unread(session)?;
    let left = session.statement(|transaction| transaction.query("SELECT FROM dateline.generations WHERE state = 'dropped'", &[]))?;
    if left.is_empty() { Ok(()) } else { Err(ViewsError::Busy) }
}

/// The serving generation and its cursor.
pub(super) fn serving_cursor(transaction: &mut OpenTransaction<'_>) -> Result<(Generation, Position), ViewsError> {
    serving(transaction)?.ok_or_else(|| ViewsError::Engine("no generation serves: open the views anew".to_owned()))
}

/// A generation's cursor.
pub(super) fn cursor(transaction: &mut OpenTransaction<'_>, number: u32) -> Result<Position, ViewsError> {
    let found = transaction.first("SELECT position FROM dateline.generations WHERE number = $1 AND state <> 'dropped'", &[&i64::from(number)])?;
    let row = found.ok_or(ViewsError::Gone { number })?;
    Ok(position(row.try_get(0)?))
}

/// A generation whose tables are not there was dropped.
pub(super) fn gone_or_failed(error: DatabaseError, number: u32) -> ViewsError {
    if matches!(error, DatabaseError::Undefined(_)) { ViewsError::Gone { number } } else { error.into() }
}

fn serving(transaction: &mut OpenTransaction<'_>) -> Result<Option<(Generation, Position)>, ViewsError> {
    let found = transaction.first("SELECT number, version, position FROM dateline.generations WHERE state = 'serving'", &[])?;
    found.map(|row| Ok((generation(&row)?, position(row.try_get(2)?)))).transpose()
}

fn generation(row: &Row) -> Result<Generation, ViewsError> {
    let read =
        |column| -> Result<u32, ViewsError> { u32::try_from(row.try_get::<_, i64>(column)?).map_err(|error| ViewsError::Engine(error.to_string())) };
    Ok(Generation { number: read(0)?, version: read(1)? })
}

fn create(transaction: &mut OpenTransaction<'_>, version: u32, state: &str) -> Result<Generation, ViewsError> {
    let insert = "INSERT INTO dateline.generations (version, state) VALUES ($1, $2) RETURNING number, version";
    let rows = transaction.query(insert, &[&i64::from(version), &state])?;
    let row = rows.first().ok_or_else(|| ViewsError::Engine("a generation was not numbered".to_owned()))?;
    let generation = generation(row)?;
    transaction.batch(&format!("CREATE SCHEMA {}", name(generation.number)))?;
    transaction.batch(&sql(generation.number, schema::CREATE))?;
    Ok(generation)
}

/// Drops the schemas of generations that are no more, each in a transaction of its own. One that is still read stays for the
/// next open, begin or swap: a waiting DROP would hold up everyone who comes after it.
fn drop_unread(session: &mut Session) -> Result<(), ViewsError> {
    let numbers = session.statement(|transaction| transaction.query("SELECT number FROM dateline.generations WHERE state = 'dropped'", &[]));
    for row in numbers? {
        let number: i64 = row.try_get(0)?;
        let dropped = session.transaction(WRITE, |transaction| {
            transaction.batch(&format!("SET LOCAL lock_timeout = {DROP_WAITS_MS}"))?;
            transaction.lock_schemas()?;
            transaction.batch(&format!("DROP SCHEMA IF EXISTS dateline_g{number} CASCADE"))?;
            transaction.execute("DELETE FROM dateline.generations WHERE number = $1", &[&number])
        });
        match dropped {
            Ok(_) => {}
            Err(DatabaseError::Locked(reason)) => tracing::info!(number, reason, "a generation of the views is still read; it is dropped later"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

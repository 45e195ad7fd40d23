//! Reading the ledger's file: synchronous, one short transaction a call.

use dateline_events::{EventKey, Instant, Position};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::commitments::{self, Holding};
use crate::embedded::fault::{is_of_the_page, is_of_the_value};
use crate::embedded::file::{number, position};
use crate::ledger::{Head, MAX_PAGE_BYTES, MAX_PAGE_RECORDS, Page, Record};
use crate::ledger_error::LedgerError;
use crate::soundness::{CheckedRecord, Commitment};

/// What a record is read from. A source that is missing is found out as a value that cannot be read.
const FROM: &str = "SELECT e.position, e.recorded, e.salt, s.source, e.id, e.bytes, c.leaf
    FROM events e LEFT JOIN sources s ON s.number = e.source LEFT JOIN commitments c ON c.position = e.position";

/// The same in a file that has no commitments yet.
const FROM_UNCOMMITTED: &str =
    "SELECT e.position, e.recorded, e.salt, s.source, e.id, e.bytes, NULL FROM events e LEFT JOIN sources s ON s.number = e.source";

/// The source under whose number the keys of copied redactions stand: whoever copied them knew no more than the key.
pub(super) const UNNAMED: &str = "";

/// So many positions in a row may be unreadable before a scan takes that for the end.
const MAX_UNREADABLE: Position = 1_000_000;

pub(super) fn head(connection: &Connection) -> Result<Head, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT position, recorded FROM events ORDER BY position DESC LIMIT 1")?;
    let found = statement.query_row([], |row| Ok(Head { position: position(row, 0)?, recorded: Some(Instant(row.get(1)?)) })).optional()?;
    Ok(found.unwrap_or_default())
}

/// A statement on records.
fn prepare<'a>(connection: &'a Connection, condition: &str) -> rusqlite::Result<CachedStatement<'a>> {
    let from = if commitments::has_commitments(connection)? { FROM } else { FROM_UNCOMMITTED };
    connection.prepare_cached(&format!("{from} WHERE {condition}"))
}

/// The record at a position, which must hold against its commitment.
pub(super) fn get(connection: &Connection, at: Position) -> Result<Option<Record>, LedgerError> {
    let mut holding = Holding::new(connection)?;
    let mut statement = prepare(connection, "e.position = ?1")?;
    match statement.query_row([number(at)], |row| found(row, &mut holding)).optional() {
        Ok(found) => found.map(sound).transpose(),
        Err(error) if is_of_the_value(&error) || is_of_the_page(&error) => Err(LedgerError::Altered { position: at }),
        Err(error) => Err(error.into()),
    }
}

fn sound(found: CheckedRecord) -> Result<Record, LedgerError> {
    match found.commitment {
        Commitment::Broken => Err(LedgerError::Altered { position: found.record.position }),
        _ => Ok(found.record),
    }
}

/// The records with these ids, each of which must hold.
pub(super) fn find(connection: &mut Connection, keys: &[(String, String)]) -> Result<Vec<Option<Record>>, LedgerError> {
    let transaction = connection.transaction()?;
    let mut statement =
        transaction.prepare_cached("SELECT position FROM events WHERE source = (SELECT number FROM sources WHERE source = ?1) AND id = ?2")?;
    let mut position_of = |source: &str, id: &str| statement.query_row([source, id], |row| position(row, 0)).optional();
    let found = keys.iter().map(|(source, id)| {
        let at = match position_of(source, id)? {
            Some(at) => Some(at),
            None => position_of(UNNAMED, EventKey::of(source, id).as_str())?,
        };
        let Some(at) = at else { return Ok(None) };
        match get(&transaction, at)? {
            Some(record) if record.key == EventKey::of(source, id) => Ok(Some(record)),
            _ => Err(LedgerError::Misled { position: at }),
        }
    });
    found.collect()
}

/// What is still there after a position, gaps included; a row that the file cannot give any more is passed over.
pub(super) fn scan(connection: &mut Connection, after: Position) -> Result<Vec<CheckedRecord>, LedgerError> {
    let transaction = connection.transaction()?;
    let mut until = after;
    // The end is not asked of a file that may not know it any more: the search ends after a long stretch of nothing.
    while until < after + MAX_UNREADABLE {
        let found = scan_page(&transaction, until)?;
        if !found.is_empty() {
            return Ok(found);
        }
        let ended: rusqlite::Result<bool> =
            transaction.prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM events WHERE position > ?1)")?.query_row([number(until)], |row| row.get(0));
        if matches!(ended, Ok(true)) {
            break;
        }
        until += MAX_PAGE_RECORDS as Position;
    }
    Ok(Vec::new())
}

/// What can be read of the next page.
pub(super) fn scan_page(connection: &Connection, after: Position) -> Result<Vec<CheckedRecord>, LedgerError> {
    let mut holding = Holding::new(connection)?;
    let limit = i64::try_from(MAX_PAGE_RECORDS).unwrap_or(i64::MAX);
    let mut statement = prepare(connection, "e.position > ?1 ORDER BY e.position LIMIT ?2")?;
    let whole: rusqlite::Result<Vec<CheckedRecord>> =
        statement.query_map(params![number(after), limit], |row| found(row, &mut holding)).and_then(Iterator::collect);
    let error = match whole {
        Ok(records) => return Ok(records),
        Err(error) if is_of_the_value(&error) || is_of_the_page(&error) => error,
        Err(error) => return Err(error.into()),
    };
    tracing::warn!(%error, after, "a page of the ledger cannot be read whole; its rows are read one by one");
    let mut one = prepare(connection, "e.position = ?1")?;
    let mut readable = Vec::new();
    for position in after + 1..=after + MAX_PAGE_RECORDS as Position {
        match one.query_row([number(position)], |row| found(row, &mut holding)).optional() {
            Ok(found) => readable.extend(found),
            // Passed over, as what is not there is: whoever scans names both. A disk that fails is another fault.
            Err(error) if is_of_the_value(&error) || is_of_the_page(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(readable)
}

/// The records after a position up to another, as they are.
pub(super) fn between(connection: &Connection, after: Position, until: Position) -> Result<Vec<CheckedRecord>, LedgerError> {
    let mut holding = Holding::new(connection)?;
    let mut statement = prepare(connection, "e.position > ?1 AND e.position <= ?2 ORDER BY e.position")?;
    let rows = statement.query_map(params![number(after), number(until)], |row| found(row, &mut holding))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The page after a position; None when there is nothing after it. It ends before a record that is not what was written; one that
/// begins with such a record is an error that names it.
pub(super) fn page(connection: &mut Connection, after: Position) -> Result<Option<Page>, LedgerError> {
    let transaction = connection.transaction()?;
    let head = head(&transaction)?.position;
    if head < after {
        return Err(LedgerError::Shorter { known: after, head });
    }
    let mut records = Vec::with_capacity(usize::try_from(head - after).unwrap_or(usize::MAX).min(MAX_PAGE_RECORDS));
    match fill_page(&transaction, after, &mut records) {
        Err(error) if records.is_empty() => Err(error),
        // What stands before it is true; the next page says what is the matter.
        Ok(()) | Err(LedgerError::Missing { .. } | LedgerError::Altered { .. }) => Ok((!records.is_empty()).then_some(Page { records, head })),
        Err(error) => Err(error),
    }
}

fn fill_page(connection: &Connection, after: Position, records: &mut Vec<Record>) -> Result<(), LedgerError> {
    let mut holding = Holding::new(connection)?;
    let mut statement = prepare(connection, "e.position > ?1 ORDER BY e.position LIMIT ?2")?;
    let mut rows = statement.query(params![number(after), i64::try_from(MAX_PAGE_RECORDS).unwrap_or(i64::MAX)])?;
    let mut bytes = 0;
    while bytes < MAX_PAGE_BYTES {
        let expected = after + 1 + records.len() as Position;
        let read = rows.next().and_then(|row| row.map(|row| found(row, &mut holding)).transpose());
        let found = match read {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(error) if is_of_the_value(&error) || is_of_the_page(&error) => {
                tracing::warn!(%error, position = expected, "a row of the ledger cannot be read");
                return Err(LedgerError::Altered { position: expected });
            }
            Err(error) => return Err(error.into()),
        };
        if found.record.position != expected {
            return Err(LedgerError::Missing { position: expected });
        }
        let record = sound(found)?;
        bytes += record.bytes.as_ref().map_or(0, Vec::len);
        records.push(record);
    }
    Ok(())
}

fn found(row: &Row<'_>, holding: &mut Holding) -> rusqlite::Result<CheckedRecord> {
    let (source, id): (String, String) = (row.get(3)?, row.get(4)?);
    let key = if source.is_empty() { EventKey::parse(&id).unwrap_or_else(|| EventKey::of(&source, &id)) } else { EventKey::of(&source, &id) };
    let bytes: Option<Vec<u8>> = row.get(5)?;
    // The row keeps both after a redaction, so that the id stays taken; a reader is told what every engine can tell.
    let (source, id) = if bytes.is_some() { (source, id) } else { Default::default() };
    let record = Record { position: position(row, 0)?, recorded: Instant(row.get(1)?), key, salt: row.get(2)?, source, id, bytes };
    let leaf: Option<[u8; 32]> = row.get(6)?;
    let commitment = holding.hold(&record, leaf.as_ref());
    Ok(CheckedRecord { record, commitment, leaf })
}

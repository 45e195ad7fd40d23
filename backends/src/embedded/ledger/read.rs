//! Reading the ledger's file: synchronous, one short transaction a call.

use dateline_events::{EventKey, Instant, Position};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::embedded::file::{number, position};
use crate::ledger::{Head, LedgerError, MAX_PAGE_BYTES, MAX_PAGE_RECORDS, Page, Record};

const COLUMNS: &str = "SELECT e.position, e.recorded, e.salt, s.source, e.id, e.bytes FROM events e JOIN sources s ON s.number = e.source";

/// The source under whose number the keys of copied redactions stand: whoever copied them knew no more than the key.
pub(super) const UNNAMED: &str = "";

/// So many positions in a row may be unreadable before a scan takes that for the end.
const MAX_UNREADABLE: Position = 1_000_000;

pub(super) fn head(connection: &Connection) -> Result<Head, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT position, recorded FROM events ORDER BY position DESC LIMIT 1")?;
    let found = statement.query_row([], |row| Ok(Head { position: position(row.get(0)?), recorded: Some(Instant(row.get(1)?)) })).optional()?;
    Ok(found.unwrap_or_default())
}

pub(super) fn get(connection: &Connection, at: Position) -> Result<Option<Record>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE e.position = ?1"))?;
    Ok(statement.query_row([number(at)], record).optional()?)
}

pub(super) fn find(connection: &mut Connection, keys: &[(String, String)]) -> Result<Vec<Option<Record>>, LedgerError> {
    let transaction = connection.transaction()?;
    let mut statement =
        transaction.prepare_cached(&format!("{COLUMNS} WHERE e.source = (SELECT number FROM sources WHERE source = ?1) AND e.id = ?2"))?;
    let mut find = |source: &str, id: &str| statement.query_row([source, id], record).optional();
    let found = keys.iter().map(|(source, id)| match find(source, id)? {
        Some(record) => Ok(Some(record)),
        None => Ok(find(UNNAMED, EventKey::of(source, id).as_str())?),
    });
    found.collect()
}

/// What is still there after a position, gaps included; a row that the file cannot give any more is passed over.
pub(super) fn scan(connection: &mut Connection, after: Position) -> Result<Vec<Record>, LedgerError> {
    let transaction = connection.transaction()?;
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} WHERE e.position > ?1 ORDER BY e.position LIMIT ?2"))?;
    let limit = i64::try_from(MAX_PAGE_RECORDS).unwrap_or(i64::MAX);
    let whole: rusqlite::Result<Vec<Record>> = statement.query_map(params![number(after), limit], record).and_then(Iterator::collect);
    let error = match whole {
        Ok(records) => return Ok(records),
        Err(error) => error,
    };
    tracing::warn!(%error, after, "a page of the ledger cannot be read whole; its rows are read one by one");
    let mut one = transaction.prepare_cached(&format!("{COLUMNS} WHERE e.position = ?1"))?;
    let mut until = after;
    // The end is not asked of a file that may not know it any more: the search ends after a long stretch of nothing.
    let mut found = Vec::new();
    while found.is_empty() && until < after + MAX_UNREADABLE {
        for position in until + 1..=until + MAX_PAGE_RECORDS as Position {
            found.extend(one.query_row([number(position)], record).ok());
        }
        until += MAX_PAGE_RECORDS as Position;
    }
    Ok(found)
}

/// The page after a position; None when there is nothing after it.
pub(super) fn page(connection: &mut Connection, after: Position) -> Result<Option<Page>, LedgerError> {
    let transaction = connection.transaction()?;
    let head = head(&transaction)?.position;
    if head < after {
        return Err(LedgerError::Shorter { known: after, head });
    }
    let mut records = Vec::with_capacity(usize::try_from(head - after).unwrap_or(usize::MAX).min(MAX_PAGE_RECORDS));
    let mut bytes = 0;
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} WHERE e.position > ?1 ORDER BY e.position LIMIT ?2"))?;
    let mut rows = statement.query(params![number(after), i64::try_from(MAX_PAGE_RECORDS).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        let record = record(row)?;
        let expected = after + 1 + records.len() as Position;
        if record.position != expected {
            return Err(LedgerError::Missing { position: expected });
        }
        bytes += record.bytes.as_ref().map_or(0, Vec::len);
        records.push(record);
        if bytes >= MAX_PAGE_BYTES {
            break;
        }
    }
    Ok((!records.is_empty()).then_some(Page { records, head }))
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let (source, id): (String, String) = (row.get(3)?, row.get(4)?);
    let key = if source.is_empty() { EventKey::parse(&id).unwrap_or_else(|| EventKey::of(&source, &id)) } else { EventKey::of(&source, &id) };
    let bytes: Option<Vec<u8>> = row.get(5)?;
    // The row keeps both after a redaction, so that the id stays taken; a reader is told what every engine can tell.
    let (source, id) = if bytes.is_some() { (source, id) } else { Default::default() };
    Ok(Record { position: position(row.get(0)?), recorded: Instant(row.get(1)?), key, salt: row.get(2)?, source, id, bytes })
}

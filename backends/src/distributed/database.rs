//! A connection to PostgreSQL that is opened when it is needed and anew when it broke, and the driver's errors in our words.
//!
//! Nothing here knows a table of a door.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use dateline_events::{Instant, Position};
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::types::ToSql;
use postgres::{Client, Config, NoTls, Row, Statement};
use thiserror::Error;

use crate::{ArchiveError, ViewsError};

/// Prepared statements that a connection keeps; with one more, all are let go.
const CACHED_STATEMENTS: usize = 128;

/// After a connection broke, who needs it waits so long for the server to come back, in milliseconds. Later requests are refused
/// at once, so that a dead database does not hold up everybody in turn.
const RECONNECT_FOR_MS: u64 = 2_000;

/// The pause between two attempts to connect, in milliseconds.
const RECONNECT_EVERY_MS: u64 = 50;

/// Work is begun so often at most when connections break under it.
const ATTEMPTS: usize = 3;

/// Whether sessions are shared is tried so often, each time by one more connection, before the database is used.
const SHARING_TRIES: usize = 3;

/// The advisory lock of whoever creates, swaps or drops schemas: "Dateline" as a number.
const SCHEMAS_LOCK: i64 = 0x4461_7465_6c69_6e65;

/// A COPY is handed to the driver in parts of so many bytes.
const COPY_PART_BYTES: usize = 256 * 1024;

/// A transaction that changes something.
pub(super) const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// A transaction that sees one moment.
pub(super) const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// What every connection of ours is set to; the driver's own settings stand in the address.
/// Every question has its index, and the tables may have grown from nothing since a statement was planned: a plan that reads a
/// whole table, or sorts what an index has in order, is never the right one. So plans are made once, and made so.
const SETTINGS: &str = "SET idle_in_transaction_session_timeout = 30000; SET lock_timeout = 10000; SET jit = off;
    SET max_parallel_workers_per_gather = 0; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
    SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET enable_sort = off;
    SET client_min_messages = warning;";

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It answers readers, each within 10 s.
    Read,
    /// It writes what can be derived again, a page within 60 s. The last commits may be lost with the power, rows and cursor
    /// together: the projector reads the ledger again from the cursor that is left.
    WriteDisposable,
    /// It writes what must survive loss of power.
    WritePrecious,
}

impl Purpose {
    /// What the server is told when the connection is opened.
    pub(super) fn settings(self) -> &'static str {
        match self {
            Self::Read => "SET statement_timeout = 10000; SET default_transaction_read_only = on;",
            Self::WriteDisposable => "SET statement_timeout = 60000; SET synchronous_commit = off;",
            Self::WritePrecious => "SET statement_timeout = 60000; SET synchronous_commit = on;",
        }
    }
}

/// Why the database did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum DatabaseError {
    #[error("the disk of the database is full")]
    Full,
    /// A table or schema is not there.
    #[error("{0}")]
    Undefined(String),
    /// Another session holds a lock for longer than we wait.
    #[error("{0}: another session of the database holds a lock; see pg_locks, and try again")]
    Locked(String),
    /// Several connections end in one session: a pooler that hands sessions out by the transaction.
    #[error(
        "the database is reached through a pooler that shares its sessions (as PgBouncer does with pool_mode=transaction): prepared statements and settings would be others'; name PostgreSQL's own address, or set pool_mode=session"
    )]
    Shared,
    /// The connection is gone; whether the last statement was done is not known.
    #[error("the connection to the database broke ({0}): try again; if this stays, see whether PostgreSQL runs and can be reached")]
    Broken(String),
    #[error("{0}")]
    Other(String),
}

impl DatabaseError {
    /// What the driver refused before it asked any server.
    pub(super) fn refused(error: &postgres::Error) -> Self {
        Self::Other(format!("the address of the database was not understood: {}", in_words(error)))
    }
}

impl From<postgres::Error> for DatabaseError {
    fn from(error: postgres::Error) -> Self {
        let words = in_words(&error);
        let Some(state) = error.code() else {
            let source = std::error::Error::source(&error);
            let broken = error.is_closed() || source.is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
            return if broken { Self::Broken(words) } else { Self::Other(words) };
        };
        match *state {
            SqlState::DISK_FULL => Self::Full,
            SqlState::UNDEFINED_TABLE | SqlState::INVALID_SCHEMA_NAME => Self::Undefined(words),
            SqlState::LOCK_NOT_AVAILABLE => Self::Locked(words),
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Self::Broken(words),
            _ if state.code().starts_with("08") || state.code() == "57P05" => Self::Broken(words),
            _ => Self::Other(words),
        }
    }
}

/// PostgreSQL's own message: the driver's shows only that there was one.
fn in_words(error: &postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        let detail = said.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
        return format!("{}{detail} [{}]", said.message(), said.code().code());
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl From<DatabaseError> for ViewsError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Full => Self::Full,
            other => Self::Engine(other.to_string()),
        }
    }
}

impl From<postgres::Error> for ViewsError {
    fn from(error: postgres::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl From<DatabaseError> for ArchiveError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Full => Self::Full,
            other => Self::Engine(other.to_string()),
        }
    }
}

impl From<postgres::Error> for ArchiveError {
    fn from(error: postgres::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

/// One connection, opened by the first work that needs it. It belongs to one thread.
pub(super) struct Session {
    config: Arc<Config>,
    purpose: Purpose,
    open: Option<Open>,
    /// Since when no connection could be opened.
    broken_since: Option<Clock>,
}

struct Open {
    client: Client,
    statements: HashMap<String, Statement>,
    /// The channel that is listened on.
    heard: Option<&'static str>,
}

impl Open {
    fn new(client: Client) -> Self {
        Self { client, statements: HashMap::new(), heard: None }
    }

    /// Waits for a notification on a channel; those that came meanwhile are one.
    fn hear(&mut self, channel: &'static str, at_most: Duration) -> Result<(), postgres::Error> {
        if self.heard != Some(channel) {
            self.client.batch_execute(&format!("LISTEN {channel}"))?;
            self.heard = Some(channel);
        }
        let mut notifications = self.client.notifications();
        if notifications.timeout_iter(at_most).next()?.is_some() {
            while notifications.iter().next()?.is_some() {}
        }
        Ok(())
    }
}

/// What became of work whose connection may have broken.
pub(super) enum Once<T, E> {
    /// It was done, or refused.
    Answered(Result<T, E>),
    /// The connection broke; whether it was done is not known.
    Broke(E),
}

impl Session {
    pub(super) fn new(config: Arc<Config>, purpose: Purpose) -> Self {
        Self { config, purpose, open: None, broken_since: None }
    }

    /// Runs work in one transaction. When the connection breaks under it, it is run again on a fresh one: only for work that may
    /// be done twice.
    pub(super) fn transaction<T, E: From<DatabaseError>>(
        &mut self,
        begin: &str,
        mut work: impl FnMut(&mut OpenTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut attempt = 1;
        loop {
            match self.once(begin, &mut work) {
                Once::Answered(outcome) => return outcome,
                Once::Broke(error) if attempt == ATTEMPTS => return Err(error),
                Once::Broke(_) => attempt += 1,
            }
        }
    }

    /// Runs one statement by itself, again on a fresh connection where one broke.
    pub(super) fn statement<T, E: From<DatabaseError>>(&mut self, mut work: impl FnMut(&mut OpenTransaction<'_>) -> Result<T, E>) -> Result<T, E> {
        self.transaction("", &mut work)
    }

    /// Runs work in one transaction, once. Without `begin` every statement stands by itself.
    pub(super) fn once<T, E: From<DatabaseError>>(&mut self, begin: &str, work: impl FnOnce(&mut OpenTransaction<'_>) -> Result<T, E>) -> Once<T, E> {
        let open = match self.connected() {
            Ok(open) => open,
            Err(error) => return Once::Answered(Err(error.into())),
        };
        let mut transaction = OpenTransaction { open, broken: false };
        let outcome = transaction.within(begin, work);
        if !transaction.broken {
            return Once::Answered(outcome);
        }
        self.open = None;
        match outcome {
            Err(error) => Once::Broke(error),
            // The work did not mind; but the connection is not used again.
            Ok(value) => Once::Answered(Ok(value)),
        }
    }

    /// Waits until somebody notifies the channel, at most so long. Where nobody can be heard (a standby takes no LISTEN), for all of that time.
    pub(super) fn wait_for_news(&mut self, channel: &'static str, at_most: Duration) {
        let began = Clock::now();
        if !self.connected().is_ok_and(|open| open.hear(channel, at_most).is_ok()) {
            std::thread::sleep(at_most.saturating_sub(began.elapsed()));
        }
    }

    fn connected(&mut self) -> Result<&mut Open, DatabaseError> {
        if self.open.as_ref().is_some_and(|open| open.client.is_closed()) {
            self.open = None;
        }
        while self.open.is_none() {
            match connect(&self.config, self.purpose) {
                Ok(client) => {
                    self.open = Some(Open::new(client));
                    self.broken_since = None;
                }
                Err(error @ DatabaseError::Broken(_)) => {
                    let since = *self.broken_since.get_or_insert_with(Clock::now);
                    if since.elapsed() >= Duration::from_millis(RECONNECT_FOR_MS) {
                        return Err(error);
                    }
                    std::thread::sleep(Duration::from_millis(RECONNECT_EVERY_MS));
                }
                Err(error) => return Err(error),
            }
        }
        self.open.as_mut().ok_or_else(|| DatabaseError::Other("no connection".to_owned()))
    }
}

/// Refuses a way to the database on which connections do not keep their sessions. A session is known by its process: where another
/// connection meets ours there, or ours is in another one a moment later, they are shared. Each of the others holds its transaction open,
/// so that a pooler that hands sessions out in turn must come back to ours.
pub(super) fn check_sessions(config: &Arc<Config>) -> Result<(), DatabaseError> {
    let mut ours = Session::new(Arc::clone(config), Purpose::Read);
    let own = process_of(&mut ours)?;
    let mut others = Vec::with_capacity(SHARING_TRIES);
    for _ in 0..SHARING_TRIES {
        let mut other = connect(config, Purpose::Read)?;
        // One that hands sessions out by the statement refuses it.
        other
            .batch_execute("BEGIN")
            .map_err(|error| if error.code() == Some(&SqlState::PROTOCOL_VIOLATION) { DatabaseError::Shared } else { error.into() })?;
        let mut open = Open::new(other);
        let theirs = OpenTransaction { open: &mut open, broken: false }.process()?;
        others.push(open);
        if theirs == own || process_of(&mut ours)? != own {
            return Err(DatabaseError::Shared);
        }
    }
    Ok(())
}

#[expect(clippy::redundant_closure_for_method_calls, reason = "the method alone is not general enough for the compiler")]
fn process_of(session: &mut Session) -> Result<String, DatabaseError> {
    session.statement(|transaction| transaction.process())
}

fn connect(config: &Config, purpose: Purpose) -> Result<Client, DatabaseError> {
    // Any connection that cannot be opened may be opened later, but for what only a person can put right: who we are.
    let mut client = config.connect(NoTls).map_err(|error| match error.code() {
        Some(_) => DatabaseError::from(error),
        None => DatabaseError::Broken(in_words(&error)),
    })?;
    client.batch_execute(&format!("{SETTINGS} {}", purpose.settings()))?;
    Ok(client)
}

/// The time between BEGIN and COMMIT on one connection.
pub(super) struct OpenTransaction<'a> {
    open: &'a mut Open,
    broken: bool,
}

impl OpenTransaction<'_> {
    fn within<T, E: From<DatabaseError>>(&mut self, begin: &str, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        if begin.is_empty() {
            return work(self);
        }
        self.batch(begin)?;
        match work(self) {
            Ok(value) => {
                self.batch("COMMIT")?;
                Ok(value)
            }
            Err(error) => {
                if !self.broken && self.batch("ROLLBACK").is_err() {
                    self.broken = true;
                }
                Err(error)
            }
        }
    }

    /// The rows that a statement answers. It is prepared once a connection.
    pub(super) fn query(&mut self, text: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, DatabaseError> {
        let statement = self.prepared(text)?;
        let answered = self.open.client.query(&statement, parameters);
        self.noted(answered)
    }

    /// The first row that a statement answers.
    pub(super) fn first(&mut self, text: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, DatabaseError> {
        Ok(self.query(text, parameters)?.into_iter().next())
    }

    /// How many rows a statement changed.
    pub(super) fn execute(&mut self, text: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, DatabaseError> {
        let statement = self.prepared(text)?;
        let answered = self.open.client.execute(&statement, parameters);
        self.noted(answered)
    }

    /// Several statements without parameters, in one round trip.
    pub(super) fn batch(&mut self, text: &str) -> Result<(), DatabaseError> {
        let answered = self.open.client.batch_execute(text);
        self.noted(answered)
    }

    /// The server's process that answers; asked without a prepared statement, which a pooler may not know.
    fn process(&mut self) -> Result<String, DatabaseError> {
        let answered = self.open.client.simple_query("SELECT pg_backend_pid()");
        let answered = self.noted(answered)?;
        let told = answered.iter().find_map(|message| match message {
            postgres::SimpleQueryMessage::Row(row) => row.get(0).map(ToOwned::to_owned),
            _ => None,
        });
        told.ok_or_else(|| DatabaseError::Other("the database does not say which process answers".to_owned()))
    }

    /// Sends rows that are encoded already to a `COPY … FROM STDIN (FORMAT binary)`.
    pub(super) fn copy(&mut self, text: &str, rows: &[u8]) -> Result<u64, DatabaseError> {
        let statement = self.prepared(text)?;
        let sent = send(&mut self.open.client, &statement, rows);
        self.noted(sent)
    }

    /// Until the transaction ends, nobody else creates, swaps or drops what is ours in this database.
    pub(super) fn lock_schemas(&mut self) -> Result<(), DatabaseError> {
        self.execute("SELECT pg_advisory_xact_lock($1)", &[&SCHEMAS_LOCK]).map(drop)
    }

    /// Creates the tables of one part in the schema `dateline` where they are missing; those of another version are refused.
    pub(super) fn prepare_schema(&mut self, part: &str, version: i32, create: &str) -> Result<(), DatabaseError> {
        self.lock_schemas()?;
        // Asked for first: to create what is there already still needs the right to create.
        if self.first("SELECT FROM pg_namespace WHERE nspname = 'dateline'", &[])?.is_none() {
            self.batch("CREATE SCHEMA dateline")?;
        }
        if self.first("SELECT FROM pg_tables WHERE schemaname = 'dateline' AND tablename = 'formats'", &[])?.is_none() {
            self.batch("CREATE TABLE dateline.formats (part text PRIMARY KEY, version integer NOT NULL)")?;
        }
        let found = self.first("SELECT version FROM dateline.formats WHERE part = $1", &[&part])?;
        let found = found.map(|row| row.try_get::<_, i32>(0)).transpose()?;
        match found {
            Some(found) if found == version => Ok(()),
            Some(found) => Err(DatabaseError::Other(format!(
                "the {part} in this database are of version {found}, this program reads version {version}: use the program that wrote them, or another database"
            ))),
            None => {
                self.batch(create)?;
                self.execute("INSERT INTO dateline.formats (part, version) VALUES ($1, $2)", &[&part, &version]).map(drop)
            }
        }
    }

    fn prepared(&mut self, text: &str) -> Result<Statement, DatabaseError> {
        if let Some(statement) = self.open.statements.get(text) {
            return Ok(statement.clone());
        }
        let prepared = self.open.client.prepare(text);
        let statement = self.noted(prepared)?;
        if self.open.statements.len() >= CACHED_STATEMENTS {
            self.open.statements.clear();
        }
        self.open.statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Notes whether the connection broke.
    fn noted<T>(&mut self, outcome: Result<T, postgres::Error>) -> Result<T, DatabaseError> {
        outcome.map_err(|error| {
            let error = DatabaseError::from(error);
            self.broken |= matches!(error, DatabaseError::Broken(_));
            error
        })
    }
}

fn send(client: &mut Client, statement: &Statement, rows: &[u8]) -> Result<u64, postgres::Error> {
    let mut writer = client.copy_in(statement)?;
    for part in rows.chunks(COPY_PART_BYTES) {
        // What the server said meanwhile, and that the connection broke, is told by `finish`.
        if writer.write_all(part).is_err() {
            break;
        }
    }
    writer.finish()
}

/// A position as PostgreSQL keeps it.
pub(super) fn number(position: Position) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A position as PostgreSQL kept it.
pub(super) fn position(number: i64) -> Position {
    Position::try_from(number).unwrap_or_default()
}

/// A time as PostgreSQL kept it.
pub(super) fn instant(microseconds: Option<i64>) -> Option<Instant> {
    microseconds.map(Instant)
}

/// A limit of rows as PostgreSQL takes it.
pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

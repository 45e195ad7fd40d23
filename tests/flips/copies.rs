//! A history on disk, and damaged copies of it.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use tokio::sync::Mutex;

use crate::support::{OUTAGE, TestServer, anomaly, folder, get, publish};

/// The page size of all files.
pub const PAGE_BYTES: usize = 4096;

/// Events beside those of the demo, and how many services they are of.
const EVENTS: usize = 2_000;
const SERVICES: usize = 40;

/// The files of a history.
const NAMES: [&str; 3] = ["ledger.db", "state.db", "views.db"];

/// What is done to a file.
#[derive(Debug, Clone)]
pub enum Damage {
    /// One byte is changed.
    Flip { page: usize, at: usize, mask: u8 },
    /// The file ends before a page.
    Cut { page: usize },
}

impl Damage {
    /// A byte of the page, chosen by its number and the length of the file: the same one in every run.
    pub fn flip(page: usize, length: usize) -> Self {
        let chance = BuildHasherDefault::<DefaultHasher>::default().hash_one((page, length));
        let at = page * PAGE_BYTES + (chance as usize % PAGE_BYTES);
        Self::Flip { page, at, mask: (chance >> 32) as u8 | 1 }
    }

    pub fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Flip { at, mask, .. } => bytes[*at] ^= mask,
            Self::Cut { page } => bytes.truncate(page * PAGE_BYTES),
        }
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flip { page, at, mask } => write!(formatter, "page {} byte {} xor {mask:#04x}", page + 1, at % PAGE_BYTES),
            Self::Cut { page } => write!(formatter, "cut after {page} pages"),
        }
    }
}

/// The demo and 2,000 events more, stored, folded, and everything at rest; with what a server on it answers.
pub struct History {
    folder: tempfile::TempDir,
    pub answers: Vec<(String, u16, String)>,
}

impl History {
    /// The history that the tests of this room share; it goes away with the last of them.
    pub async fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<History>> = Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(history) = shared.upgrade() {
            return history;
        }
        let history = Arc::new(Self::make().await);
        *shared = Arc::downgrade(&history);
        history
    }

    async fn make() -> Self {
        let (folder, data) = folder();
        {
            let server = TestServer::start(&data);
            publish(&server.url, &OUTAGE.lines().collect::<Vec<_>>()).await;
            for first in (0..EVENTS).step_by(500) {
                let minute = |number: usize| format!("2023-{:02}-{:02}T{:02}:{:02}Z", 1 + number % 12, 1 + number % 28, number % 24, number % 60);
                let lines: Vec<String> = (first..first + 500)
                    .map(|number| anomaly(&format!("more-{number:05}"), &format!("service-{}", number % SERVICES), &minute(number)))
                    .collect();
                publish(&server.url, &lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
            }
            let head = OUTAGE.lines().count() + EVENTS;
            let (status, told) = get(&format!("{}/v1/incidents?min_position={head}&wait_ms=60000", server.url)).await;
            assert_eq!(status, 200, "{told}");
            assert_eq!(server.terminate(), Some(0));
        }
        for name in NAMES {
            let file = rusqlite::Connection::open(data.join(name)).unwrap();
            file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
        let mut history = Self { folder, answers: Vec::new() };
        let (_copy, data) = history.copy();
        let server = TestServer::start(&data);
        history.answers = super::told::answers(&server.url).await;
        assert!(
            history.answers.iter().all(|(_, status, _)| *status == 200),
            "{:?}",
            history.answers.iter().map(|(path, status, _)| (path, status)).collect::<Vec<_>>()
        );
        history
    }

    pub fn bytes(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(file)).unwrap()
    }

    /// A copy of all files.
    pub fn copy(&self) -> (tempfile::TempDir, PathBuf) {
        let (folder, data) = folder();
        for name in NAMES {
            std::fs::copy(self.folder.path().join(name), data.join(name)).unwrap();
        }
        (folder, data)
    }

    /// Whether a file holds what the undamaged one holds, row by row, and every index fits.
    pub fn is_the_same(&self, file: &Path) -> bool {
        let name = file.file_name().unwrap();
        matches!((content(file), content(&self.folder.path().join(name))), (Ok(damaged), Ok(whole)) if damaged == whole)
    }
}

/// Everything in every table, and what SQLite says of the structure.
fn content(file: &Path) -> rusqlite::Result<Vec<String>> {
    let connection = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut content: Vec<String> = column(&connection, "PRAGMA integrity_check")?;
    content.extend(column(&connection, "SELECT type || name || tbl_name || ifnull(sql, '') FROM sqlite_schema ORDER BY name")?);
    for table in column(&connection, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")? {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let values: Result<Vec<rusqlite::types::Value>, _> = (0..columns).map(|column| row.get(column)).collect();
            content.push(format!("{table} {:?}", values?));
        }
    }
    Ok(content)
}

fn column(connection: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

//! What goes wrong with a SQLite file, told apart by SQLite's own codes, and what each door calls it.
//!
//! What to do about it is the doors' business.

use rusqlite::ErrorCode;

use crate::threads::ThreadError;
use crate::{ArchiveError, KeepError, LedgerError, ReportsError, ViewsError};

/// Why a file could not be opened or used.
#[derive(Debug)]
pub(super) enum FileError {
    /// No room.
    Full,
    /// Anything else, in words.
    Other(String),
}

impl From<rusqlite::Error> for FileError {
    fn from(error: rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) { Self::Full } else { Self::Other(error.to_string()) }
    }
}

impl From<ThreadError> for FileError {
    fn from(error: ThreadError) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<FileError> for ArchiveError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Full => Self::Full,
            FileError::Other(text) => Self::Engine(text),
        }
    }
}

impl From<rusqlite::Error> for ArchiveError {
    fn from(error: rusqlite::Error) -> Self {
        FileError::from(error).into()
    }
}

impl From<FileError> for LedgerError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Full => Self::Full,
            FileError::Other(text) => Self::Engine(text),
        }
    }
}

impl From<FileError> for ViewsError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Full => Self::Full,
            FileError::Other(text) => Self::Engine(text),
        }
    }
}

impl From<FileError> for KeepError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Full => Self::Full,
            FileError::Other(text) => Self::Engine(text),
        }
    }
}

impl From<FileError> for ReportsError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Full => Self::Full,
            FileError::Other(text) => Self::Engine(text),
        }
    }
}

impl From<rusqlite::Error> for ReportsError {
    fn from(error: rusqlite::Error) -> Self {
        FileError::from(error).into()
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        FileError::from(error).into()
    }
}

impl From<rusqlite::Error> for ViewsError {
    fn from(error: rusqlite::Error) -> Self {
        FileError::from(error).into()
    }
}

impl From<rusqlite::Error> for KeepError {
    fn from(error: rusqlite::Error) -> Self {
        FileError::from(error).into()
    }
}

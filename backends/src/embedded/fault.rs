//! What goes wrong with a SQLite file, told apart by SQLite's own codes, and what each door calls it.
//!
//! What to do about it is the doors' business.

use std::path::Path;

use rusqlite::{ErrorCode, ffi};

use crate::threads::ThreadError;
use crate::{ArchiveError, LedgerError, ReportsError, RoleStateError, StateError, ViewsError};

/// Why a file could not be opened or used.
#[derive(Debug)]
pub(super) enum FileError {
    /// No room.
    Full,
    /// What it holds is not what was written, in words.
    Damaged(String),
    /// The disk failed to read or to write, in words.
    Disk(String),
    /// Anything else, in words.
    Other(String),
}

/// An error that can say which file it is about.
pub(super) trait OfAFile: From<FileError> {
    /// The same, naming the file.
    fn at(self, path: &Path) -> Self;
}

fn named(detail: &mut String, path: &Path) {
    let path = path.display().to_string();
    if !detail.starts_with(&path) {
        *detail = format!("{path}: {detail}");
    }
}

impl OfAFile for FileError {
    fn at(mut self, path: &Path) -> Self {
        if let Self::Damaged(detail) | Self::Disk(detail) = &mut self {
            named(detail, path);
        }
        self
    }
}

macro_rules! of_a_file {
    ($($error:ident),*) => {
        $(impl OfAFile for $error {
            fn at(mut self, path: &Path) -> Self {
                if let Self::Damaged { detail } | Self::Disk { detail } = &mut self {
                    named(detail, path);
                }
                self
            }
        })*
    };
}

of_a_file!(ArchiveError, RoleStateError, StateError, LedgerError, ReportsError, ViewsError);

impl From<rusqlite::Error> for FileError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        match &error {
            rusqlite::Error::SqliteFailure(cause, _) => match cause.code {
                ErrorCode::DiskFull => Self::Full,
                // The file that connections share beside a database could not be made as long as it must be.
                ErrorCode::SystemIoFailure if cause.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Self::Full,
                ErrorCode::SystemIoFailure => Self::Disk(text),
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged(text),
                _ => Self::Other(text),
            },
            _ if is_of_the_value(&error) => Self::Damaged(text),
            _ => Self::Other(text),
        }
    }
}

/// A value that cannot be read back. The tables are strict: such a value was never written there.
pub(super) fn is_of_the_value(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

/// Whether the page that a row stands on cannot be used.
pub(super) fn is_of_the_page(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

impl From<ThreadError> for FileError {
    fn from(error: ThreadError) -> Self {
        Self::Other(error.to_string())
    }
}

/// What each door calls the same faults.
macro_rules! faults_of {
    ($($door:ident),+) => {$(
        impl From<FileError> for $door {
            fn from(error: FileError) -> Self {
                match error {
                    FileError::Full => Self::Full,
                    FileError::Damaged(detail) => Self::Damaged { detail },
                    FileError::Disk(detail) => Self::Disk { detail },
                    FileError::Other(text) => Self::Engine(text),
                }
            }
        }

        impl From<rusqlite::Error> for $door {
            fn from(error: rusqlite::Error) -> Self {
                FileError::from(error).into()
            }
        }
    )+};
}

faults_of!(LedgerError, ViewsError, StateError, RoleStateError, ReportsError, ArchiveError);

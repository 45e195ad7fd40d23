//! Rows as `COPY … FROM STDIN (FORMAT binary)` takes them, encoded before the transaction begins, and again usable when it must
//! be begun anew.
//!
//! The format: PostgreSQL's documentation of COPY, "Binary Format".

use crate::distributed::database::number;
use dateline_events::Position;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// The length that stands for NULL.
const NULL: i32 = -1;

/// The rows of one table.
#[derive(Debug)]
pub(super) struct Rows {
    bytes: Vec<u8>,
    count: u64,
}

impl Rows {
    pub(super) fn new() -> Self {
        let mut bytes = SIGNATURE.to_vec();
        // No flags, no extension of the header.
        bytes.extend_from_slice(&[0; 8]);
        Self { bytes, count: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The whole stream, with its end, and how many rows it holds.
    pub(super) fn finish(mut self) -> (Vec<u8>, u64) {
        self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        (self.bytes, self.count)
    }

    /// Begins a row of so many columns.
    pub(super) fn row(&mut self, columns: i16) -> &mut Self {
        self.count += 1;
        self.bytes.extend_from_slice(&columns.to_be_bytes());
        self
    }

    /// A `bytea` or `text` column. A value is far below the two gigabytes that a length can say.
    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(value);
        self
    }

    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    pub(super) fn position(&mut self, value: Position) -> &mut Self {
        self.bytes(&number(value).to_be_bytes())
    }

    pub(super) fn bigint(&mut self, value: i64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(super) fn integer(&mut self, value: i32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(super) fn boolean(&mut self, value: bool) -> &mut Self {
        self.bytes(&[u8::from(value)])
    }

    pub(super) fn null(&mut self) -> &mut Self {
        self.bytes.extend_from_slice(&NULL.to_be_bytes());
        self
    }

    pub(super) fn maybe_bytes(&mut self, value: Option<&[u8]>) -> &mut Self {
        match value {
            Some(value) => self.bytes(value),
            None => self.null(),
        }
    }

    pub(super) fn maybe_bigint(&mut self, value: Option<i64>) -> &mut Self {
        match value {
            Some(value) => self.bigint(value),
            None => self.null(),
        }
    }
}

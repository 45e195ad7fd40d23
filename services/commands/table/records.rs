//! The records of a table, one by one with their lines: empty lines are passed over, and a record goes on over the end of a line that is
//! quoted. Which separator they have is seen from the first one.

use std::io::{BufRead, Read};

/// A record is at most so long, in bytes.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

/// A table unpacks to at most so many bytes.
const TABLE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// What may stand between fields. Where the first record has several of them, the first of these is it.
const SEPARATORS: [u8; 3] = [b'\t', b';', b','];

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A source of bytes that never gives more than one record at once: whoever has read one knows on which line it began.
pub(super) struct Records<R> {
    input: R,
    /// The current record, and how much of it was given.
    record: Vec<u8>,
    given: usize,
    /// The line on which it began; the lines that were read.
    line: u64,
    lines: u64,
    /// Bytes that were read.
    bytes: u64,
    separator: u8,
    fault: Option<String>,
}

impl<R: BufRead> Records<R> {
    /// Reads the first record.
    pub(super) fn open(input: R) -> std::io::Result<Self> {
        let mut records = Self { input, record: Vec::new(), given: 0, line: 1, lines: 0, bytes: 0, separator: b',', fault: None };
        // What is wrong with it is said to whoever reads it.
        let first = records.next();
        if let Err(error) = first
            && records.fault.is_none()
        {
            return Err(error);
        }
        if let Some(named) = named_separator(&records.record) {
            records.record.clear();
            records.separator = named;
        } else if let Some(found) = SEPARATORS.into_iter().find(|separator| outside_quotes(&records.record).any(|byte| byte == *separator)) {
            records.separator = found;
        }
        Ok(records)
    }

    pub(super) fn separator(&self) -> u8 {
        self.separator
    }

    /// The line on which the current record began, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Why no more is given, where that is the table's own fault.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.clone()
    }

    /// The next record; an empty one at the end.
    fn next(&mut self) -> std::io::Result<()> {
        (self.given, self.line) = (0, self.lines + 1);
        self.record.clear();
        loop {
            let begun = self.record.len();
            let read = self.input.by_ref().take(RECORD_BYTES_MAX as u64 + 1).read_until(b'\n', &mut self.record)?;
            self.lines += u64::from(read > 0);
            self.bytes += read as u64;
            if self.bytes > TABLE_BYTES_MAX {
                return Err(self.refuse(format!("the table has more than {TABLE_BYTES_MAX} bytes, unpacked; give a part of the series")));
            }
            if self.lines == 1 && self.record.starts_with(BYTE_ORDER_MARK) {
                self.record.drain(..BYTE_ORDER_MARK.len());
            }
            if self.record.len() > RECORD_BYTES_MAX {
                return Err(self.refuse(too_long(begun)));
            }
            let is_open = self.record.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
            if is_open && read > 0 {
                continue;
            }
            if is_open {
                return Err(self.refuse("a quotation mark that is not closed; the rest was not read".to_owned()));
            }
            if read == 0 {
                return Ok(());
            }
            if !self.record.trim_ascii().is_empty() {
                // So that the record ends with this very byte.
                let text = self.record.trim_ascii_end().len();
                let end = self.record[text..].iter().position(|byte| matches!(byte, b'\r' | b'\n')).map_or(self.record.len(), |at| text + at);
                self.record.truncate(end);
                self.record.push(b'\n');
                return Ok(());
            }
            self.record.clear();
            self.line = self.lines + 1;
        }
    }

    fn refuse(&mut self, why: String) -> std::io::Error {
        self.record.clear();
        self.fault = Some(why.clone());
        std::io::Error::other(why)
    }
}

fn too_long(begun: usize) -> String {
    let is = if begun > 0 { "with what is quoted in it longer" } else { "longer" };
    format!("{is} than {RECORD_BYTES_MAX} bytes; is it a time and a count a line? The rest was not read")
}

impl<R: BufRead> Read for Records<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if let Some(why) = &self.fault {
            return Err(std::io::Error::other(why.clone()));
        }
        if self.given == self.record.len() {
            self.next()?;
        }
        let rest = &self.record[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}

/// The separator that a first line `sep=;` names, as spreadsheets write it.
fn named_separator(record: &[u8]) -> Option<u8> {
    let named = match record.trim_ascii_start() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator, b'\n' | b'\r' | b' ', ..] => *separator,
        _ => return None,
    };
    SEPARATORS.contains(&named).then_some(named)
}

fn outside_quotes(record: &[u8]) -> impl Iterator<Item = u8> {
    let mut is_quoted = false;
    record.iter().copied().filter(move |byte| {
        is_quoted ^= *byte == b'"';
        !is_quoted
    })
}

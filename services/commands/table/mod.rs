//! A table of counts in a file, a time and a count a row, as others write it: plain or gzip, with one of three separators, quoted or not.
//! Each row that cannot be read is named by its line; none is read as something else. What is counted is not asked here.

mod records;
mod columns;
mod times;
mod counts;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use anyhow::{Context, bail};
use dateline_events::Instant;
use flate2::bufread::MultiGzDecoder;

pub use columns::Asked;
pub use times::time;

use columns::Columns;
use records::Records;

/// A table has at most so many rows.
pub const ROWS_MAX: usize = 2_000_000;

/// So many faults are told one by one; the rest is counted.
const FAULTS_TOLD_MAX: usize = 100;

/// So much of a text is shown that an error message stays a line, in characters.
const SHOWN_CHARS: usize = 40;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a table says, in the order of the file.
#[derive(Debug, Default)]
pub struct Table {
    /// The rows that could be read.
    pub rows: Vec<Row>,
    /// What could not be: the line, and why.
    faults: Vec<(u64, String)>,
    /// How many further ones there are.
    further: usize,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The line that it begins on, from 1.
    pub line: u64,
    /// When.
    pub at: Instant,
    /// How many.
    pub count: u64,
}

impl Table {
    /// Reads a file, `-` is standard input. It is an error where the file ends in the middle, or is too large.
    pub fn read(file: &Path, asked: &Asked) -> anyhow::Result<Self> {
        let name = || format!("cannot read {}", file.display());
        let input: Box<dyn Read> =
            if file == Path::new("-") { Box::new(std::io::stdin().lock()) } else { Box::new(std::fs::File::open(file).with_context(name)?) };
        Self::of(unpacked(input).with_context(name)?, asked).with_context(name)
    }

    fn of(input: impl BufRead, asked: &Asked) -> anyhow::Result<Self> {
        let mut table = Self::default();
        let records = Records::open(input).context("the file is cut or damaged")?;
        let separator = records.separator();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).delimiter(separator).from_reader(records);
        let (mut record, mut columns) = (csv::StringRecord::new(), None);
        loop {
            let read = reader.read_record(&mut record);
            let line = reader.get_ref().line();
            match read {
                Ok(true) => {}
                Ok(false) => return Ok(table),
                Err(error) if error.is_io_error() => match reader.get_ref().fault() {
                    Some(why) => {
                        table.fault(line, why);
                        return Ok(table);
                    }
                    None => return Err(error).context("the file is cut or damaged"),
                },
                Err(_) => {
                    table.fault(line, "not UTF-8; save the table as CSV in UTF-8".to_owned());
                    continue;
                }
            }
            let Some(columns) = &columns else {
                match Columns::of(&record, asked) {
                    Ok(found) => {
                        if !found.is_heading() {
                            table.row(line, &record, &found, asked);
                        }
                        columns = Some(found);
                    }
                    Err(why) => {
                        table.fault(line, why);
                        return Ok(table);
                    }
                }
                continue;
            };
            if table.rows.len() == ROWS_MAX {
                bail!("more than {ROWS_MAX} rows; give a part of the series");
            }
            table.row(line, &record, columns, asked);
        }
    }

    fn row(&mut self, line: u64, record: &csv::StringRecord, columns: &Columns, asked: &Asked) {
        let row = columns.fields(record).and_then(|(at, count)| Ok(Row { line, at: time(at, asked.zone.as_deref())?, count: counts::count(count)? }));
        match row {
            Ok(row) => self.rows.push(row),
            Err(why) => self.fault(line, why),
        }
    }

    /// Notes what is wrong with a line.
    pub fn fault(&mut self, line: u64, why: String) {
        if self.faults.len() < FAULTS_TOLD_MAX { self.faults.push((line, why)) } else { self.further += 1 }
    }

    /// All that is wrong, a line each, behind the sentence that says what became of the file; None where nothing is.
    pub fn faults(&self, became: &str) -> Option<String> {
        if self.faults.is_empty() {
            return None;
        }
        let mut told = became.to_owned();
        for (line, why) in &self.faults {
            let _ = write!(told, "\n  line {line}: {why}");
        }
        if self.further > 0 {
            let _ = write!(told, "\n  and {} more", self.further);
        }
        Some(told)
    }
}

/// The same bytes, unpacked where they begin as gzip does.
fn unpacked(mut input: Box<dyn Read>) -> anyhow::Result<Box<dyn BufRead>> {
    let mut start = Vec::new();
    input.by_ref().take(GZIP.len() as u64).read_to_end(&mut start)?;
    let is_gzip = start == GZIP;
    let whole = BufReader::new(Cursor::new(start).chain(input));
    Ok(if is_gzip { Box::new(BufReader::new(MultiGzDecoder::new(whole))) } else { Box::new(whole) })
}

/// The beginning of a text, for an error message.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

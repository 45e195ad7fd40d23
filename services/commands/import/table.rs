//! A file of users' reports: CSV of time and number, a row a bin, plain or gzip. Read whole, or not at all.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, bail};
use dateline_events::Instant;
use dateline_events::reports::{REPORT_TOTAL_MAX, REPORT_WINDOW_MINUTES_MAX};
use flate2::bufread::MultiGzDecoder;

/// A file has at most so many rows, and unpacks to at most so many bytes.
const MAX_ROWS: usize = 2_000_000;
const MAX_BYTES: u64 = 1 << 30;

/// So many faulty rows of a file are named; how many more there are is said.
const MAX_NAMED_ROWS: usize = 100;

/// What the columns may be called.
const TIMES: [&str; 3] = ["timestamp", "time", "minute"];
const NUMBERS: [&str; 3] = ["reports", "count", "total"];

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Bins: the highest number said of each, by the minute since 1970 that it begins with.
    pub bins: BTreeMap<i64, u64>,
    /// Rows that were read.
    pub rows: usize,
    /// Rows that are faulty: the line, and why; where there are any, nothing of the file is to be sent.
    pub faults: Vec<(u64, String)>,
    /// How many further ones there are.
    pub further: usize,
}

impl Table {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut input = BufReader::new(file);
        let is_packed = input.fill_buf().with_context(|| format!("cannot read {}", path.display()))?.starts_with(&[0x1f, 0x8b]);
        let unpacked: Box<dyn Read> = if is_packed { Box::new(MultiGzDecoder::new(input)) } else { Box::new(input) };
        Self::of(unpacked.take(MAX_BYTES)).with_context(|| format!("cannot read {}", path.display()))
    }

    fn of(input: impl Read) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(input);
        let (mut table, mut columns) = (Self::default(), (0, 1));
        let mut record = csv::StringRecord::new();
        let mut is_first = true;
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return Ok(table),
                Err(error) if error.is_io_error() => return Err(error).context("the file is cut or damaged"),
                Err(error) => {
                    table.fault(error.position().map_or(0, csv::Position::line), error.to_string());
                    continue;
                }
            }
            if std::mem::take(&mut is_first)
                && let Some(named) = header(&record)
            {
                columns = named;
                continue;
            }
            table.rows += 1;
            if table.rows > MAX_ROWS {
                bail!("more than {MAX_ROWS} rows: split the file");
            }
            match row(&record, columns) {
                Ok((minute, number)) => {
                    let bin = table.bins.entry(minute).or_insert(number);
                    *bin = number.max(*bin);
                }
                Err(why) => table.fault(record.position().map_or(0, csv::Position::line), why),
            }
        }
    }

    fn fault(&mut self, line: u64, why: String) {
        if self.faults.len() < MAX_NAMED_ROWS { self.faults.push((line, why)) } else { self.further += 1 }
    }

    /// The most frequent distance between two bins, in minutes; the shorter of two as frequent. None where no two are a day apart or less.
    pub(super) fn bin_minutes(&self) -> Option<u32> {
        let mut distances: BTreeMap<i64, usize> = BTreeMap::new();
        for (first, second) in self.bins.keys().zip(self.bins.keys().skip(1)) {
            *distances.entry(second - first).or_default() += 1;
        }
        let likely = distances.into_iter().filter(|(minutes, _)| *minutes <= i64::from(REPORT_WINDOW_MINUTES_MAX));
        let most = likely.max_by_key(|(minutes, times)| (*times, std::cmp::Reverse(*minutes)))?;
        u32::try_from(most.0).ok()
    }
}

/// The places of the two columns, where the first record names them.
fn header(record: &csv::StringRecord) -> Option<(usize, usize)> {
    let place =
        |names: [&str; 3]| record.iter().position(|field| names.iter().any(|name| name.eq_ignore_ascii_case(field.trim_start_matches('\u{feff}'))));
    Some((place(TIMES)?, place(NUMBERS)?))
}

fn row(record: &csv::StringRecord, (time, number): (usize, usize)) -> Result<(i64, u64), String> {
    let field = |place: usize| record.get(place).ok_or_else(|| format!("has no column {}", place + 1));
    let (time, number) = (field(time)?, field(number)?);
    let shown = |text: &str| text.chars().take(40).collect::<String>();
    let instant = Instant::parse(time).ok_or_else(|| format!("{:?} is no RFC 3339 time such as 2022-10-25T06:37:00Z", shown(time)))?;
    let number: u64 = number.parse().map_err(|_| format!("{:?} is no whole number, 0 or more", shown(number)))?;
    if number > REPORT_TOTAL_MAX {
        return Err(format!("{number} is more than {REPORT_TOTAL_MAX}"));
    }
    Ok((instant.0.div_euclid(Instant::MINUTE), number))
}

#[cfg(test)]
mod tests {
    //! Tables with and without header; each faulty row by its line; the bin's length from the rows.

    use super::Table;

    fn read(text: &str) -> Table {
        Table::of(text.as_bytes()).unwrap_or_default()
    }

    #[test]
    fn columns_are_found_by_name_or_are_the_first_two() {
        let plain = read("2019-04-14T11:20:00Z,210\n2019-04-14T11:40:00Z,299\n2019-04-14T12:00:00Z,1\n2019-04-14T13:40:00Z,1\n");
        let named = read(
            "\u{feff}Reports, other ,TIMESTAMP\r\n210,x,2019-04-14T13:20:00+02:00\r\n\r\n\"299\",\"a,b\",2019-04-14T11:40:00Z\r\n1,,2019-04-14T12:00:00Z\r\n1,,2019-04-14T13:40:00Z",
        );
        assert_eq!((plain.bins.len(), plain.bin_minutes(), &plain.faults), (4, Some(20), &vec![]));
        assert_eq!((&plain.bins, plain.rows), (&named.bins, named.rows));
    }

    #[test]
    fn of_a_bin_that_is_restated_the_highest_number_holds() {
        let table = read("2019-04-14T11:20:00Z,5\n2019-04-14T11:20:00Z,9\n2019-04-14T11:20:59Z,7\n");
        assert_eq!((table.rows, table.bins.into_values().collect::<Vec<_>>()), (3, vec![9]));
    }

    #[test]
    fn every_faulty_row_is_named_by_its_line() {
        let table = read(
            "timestamp,reports\n2019-04-14T11:20:00Z,5\n2019-04-14 11:40,5\n2019-04-14T12:00:00Z\n2019-04-14T12:20:00Z,-1\n2019-04-14T12:40:00Z,1e3\n",
        );
        assert_eq!(table.faults.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4, 5, 6], "{:?}", table.faults);
        assert_eq!(read("").bin_minutes(), None);
    }
}

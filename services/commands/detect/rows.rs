//! Reads a series from a file: a row a line, each a time and a count. What cannot be read is named by its line.

use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use anyhow::{Context, bail};
use dateline_events::Instant;
use flate2::read::MultiGzDecoder;

/// A series has at most so many rows.
pub const ROWS_MAX: usize = 2_000_000;

/// A row is at most so long, in bytes.
pub const LINE_BYTES_MAX: usize = 1_024;

/// So many faults are told one by one; the rest is counted.
pub const FAULTS_TOLD_MAX: usize = 10;

/// The years 0 to 9999, in Unix seconds: what a watch takes.
const SECONDS: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// What the columns may be called, where there are more than two.
const TIMES: [&str; 3] = ["timestamp", "time", "minute"];
const COUNTS: [&str; 4] = ["reports", "count", "total", "value"];

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// When, Unix seconds.
    pub at_s: i64,
    pub count: u64,
}

#[derive(Debug, Default)]
struct Faults {
    told: Vec<String>,
    all: usize,
}

impl Faults {
    fn add(&mut self, line: usize, why: &str) {
        self.all += 1;
        if self.told.len() < FAULTS_TOLD_MAX {
            self.told.push(format!("line {line}: {why}"));
        }
    }

    /// No fault, or all of them in one error: a series with holes that nobody chose would be judged as another one.
    fn end(self) -> anyhow::Result<()> {
        if self.all == 0 {
            return Ok(());
        }
        let more = self.all - self.told.len();
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let lines = if self.all == 1 { "a line" } else { "lines" };
        bail!("{lines} cannot be read; nothing was judged:\n  {}{more}", self.told.join("\n  "))
    }
}

/// Reads all rows, in the order of the file.
pub fn read(file: &Path) -> anyhow::Result<Vec<Row>> {
    let name = || format!("{}", file.display());
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(file).with_context(|| format!("cannot read {}", name()))?)
    };
    rows(unpacked(input).with_context(name)?).with_context(name)
}

/// The same bytes, unpacked where they begin as gzip does.
fn unpacked(mut input: Box<dyn Read>) -> anyhow::Result<Box<dyn BufRead>> {
    let mut start = Vec::new();
    input.by_ref().take(GZIP.len() as u64).read_to_end(&mut start)?;
    let is_gzip = start == GZIP;
    let whole = BufReader::new(Cursor::new(start).chain(input));
    Ok(if is_gzip { Box::new(BufReader::new(MultiGzDecoder::new(whole))) } else { Box::new(whole) })
}

fn rows(mut input: impl BufRead) -> anyhow::Result<Vec<Row>> {
    let (mut rows, mut faults) = (Vec::new(), Faults::default());
    let (mut line, mut columns) = (Vec::new(), None);
    for number in 1_usize.. {
        line.clear();
        let read = input.by_ref().take(LINE_BYTES_MAX as u64 + 2).read_until(b'\n', &mut line).context("cannot be read to its end")?;
        if read == 0 {
            break;
        }
        if number > ROWS_MAX + 1 {
            bail!("more than {ROWS_MAX} rows; give a part of the series");
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if text.len() > LINE_BYTES_MAX {
            faults.add(number, &format!("longer than {LINE_BYTES_MAX} bytes; is it a time and a count a line? The rest was not read"));
            break;
        }
        let Ok(text) = std::str::from_utf8(text) else {
            faults.add(number, "not UTF-8; save the table as CSV in UTF-8");
            continue;
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            continue;
        }
        if rows.is_empty() && faults.all == 0 && columns.is_none() {
            columns = named_columns(text);
            if columns.is_some() {
                continue;
            }
        }
        match row(text, columns) {
            Ok(row) => rows.push(row),
            Err(_) if number == 1 && is_heading(text) => {}
            Err(why) => faults.add(number, &why),
        }
    }
    faults.end()?;
    Ok(rows)
}

fn fields(text: &str) -> Vec<&str> {
    text.split([',', ';', '\t']).map(|field| field.trim().trim_matches('"').trim()).collect()
}

/// A heading has neither a time nor a count.
fn is_heading(text: &str) -> bool {
    matches!(fields(text)[..], [time, count] if seconds(time).is_err() && count.parse::<f64>().is_err() && !count.is_empty())
}

/// The places of time and count, where a heading names both.
fn named_columns(text: &str) -> Option<(usize, usize)> {
    let fields = fields(text);
    let place = |names: &[&str]| fields.iter().position(|field| names.iter().any(|name| name.eq_ignore_ascii_case(field)));
    place(&TIMES).zip(place(&COUNTS))
}

fn row(text: &str, columns: Option<(usize, usize)>) -> Result<Row, String> {
    let fields = fields(text);
    let found = match columns {
        Some((time, count)) => fields.get(time).zip(fields.get(count)),
        None if fields.len() == 2 => fields.first().zip(fields.get(1)),
        None => None,
    };
    let Some((time, count)) = found else {
        return Err(format!("expected a time and a count with a comma between, found {:?}", shown(text)));
    };
    let at_s = seconds(time)?;
    let count =
        count.parse().map_err(|_| format!("the count {:?} is no whole number from 0 on; leave a row out where nothing is known", shown(count)))?;
    Ok(Row { at_s, count })
}

/// So much of a text that an error message stays a line.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A time in any of the ways of writing, as Unix seconds; a day alone is its beginning in UTC.
pub fn seconds(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let found = if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        let spaced = text.replacen(' ', "T", 1);
        let written = [spaced.clone(), format!("{spaced}Z"), format!("{spaced}:00Z"), format!("{spaced}T00:00:00Z")];
        written.iter().find_map(|text| Instant::parse(text)).map(|instant| instant.0.div_euclid(Instant::SECOND))
    };
    match found {
        Some(at_s) if SECONDS.contains(&at_s) => Ok(at_s),
        Some(_) => Err(format!("the time {:?} is beyond the year 9999 or before the year 0; Unix times are in seconds here", shown(text))),
        None => Err(format!("the time {:?} is not understood; write 2020-07-14T19:40:00Z, \"2020-07-14 19:40:00\" (UTC) or 1594755600", shown(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn a_time_is_read_in_every_way_of_writing_it() {
        for text in [
            "2020-07-14T19:40:00Z",
            "2020-07-14 19:40:00",
            "2020-07-14 19:40",
            "2020-07-14T19:40:00",
            "2020-07-15T01:10:00+05:30",
            "2020-07-14 19:40:00.250Z",
            "1594755600",
        ] {
            assert_eq!(seconds(text), Ok(1_594_755_600), "{text}");
        }
        assert_eq!(seconds("2020-07-14"), Ok(1_594_684_800));
        assert_eq!(seconds("-1"), Ok(-1));
        for text in ["", "yesterday", "2020-13-01 00:00:00", "1594755600000", "-", "99999999999999999999", "19:40"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}

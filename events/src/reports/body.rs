//! The forms in which reports are sent: one object, an array, or NDJSON. A body is read whole or refused whole.

use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::read::{Written, read_report};
use super::report::ReportTime;
use super::tally::Tally;
use super::{MAX_NAMED_FAULTS, MAX_REPORT_LINE_BYTES, MAX_REPORTS};
use crate::fault::{Fault, Faults};
use crate::items::{ItemsRefused, items_of};

/// How the reports of a body are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyForm {
    /// JSON: one object, or an array of them.
    Json,
    /// One object a line; blank lines are passed over.
    Lines,
}

/// One fault, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportFault {
    /// The line of NDJSON, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// JSON pointer into the body, or into the line.
    pub pointer: String,
    /// What is wrong and what is expected.
    pub detail: String,
}

/// What is wrong with a body: the first [`MAX_NAMED_FAULTS`] faults, and how many more there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportFaults {
    /// The faults that are named; never empty in an error.
    pub named: Vec<ReportFault>,
    /// How many further ones were found.
    pub further: usize,
}

/// Why no report of a body was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportsRefused {
    /// More reports than one body may have ([`MAX_REPORTS`]).
    TooMany,
    /// There is none in it.
    Empty,
    /// Something is wrong with them.
    Faults(ReportFaults),
}

impl ReportFaults {
    fn add(&mut self, line: Option<usize>, before: &str, faults: Faults) {
        self.further += faults.further;
        for Fault { pointer, detail, .. } in faults.named {
            if self.named.len() < MAX_NAMED_FAULTS {
                // The reader of one line counts it as its first.
                let detail = if line.is_some() { detail.replace(" at line 1 column ", " at column ") } else { detail };
                self.named.push(ReportFault { line, pointer: format!("{before}{pointer}"), detail });
            } else {
                self.further += 1;
            }
        }
    }

    /// True where a part of the body is no JSON at all.
    pub fn is_malformed(&self) -> bool {
        self.named.iter().any(|fault| fault.pointer.is_empty())
    }

    fn refused(self) -> Result<(), ReportsRefused> {
        if self.named.is_empty() { Ok(()) } else { Err(ReportsRefused::Faults(self)) }
    }
}

impl fmt::Display for ReportFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.named.iter().enumerate() {
            formatter.write_str(if index == 0 { "" } else { "; " })?;
            if let Some(line) = fault.line {
                write!(formatter, "line {line}{}", if fault.pointer.is_empty() { "" } else { ", " })?;
            }
            let place = if fault.pointer.is_empty() && fault.line.is_none() { "the body" } else { &fault.pointer };
            write!(formatter, "{place}: {}", fault.detail)?;
        }
        if self.further > 0 {
            write!(formatter, "; and {} more", self.further)?;
        }
        Ok(())
    }
}

/// Reads and counts a body of at most [`MAX_REPORTS`] reports; anything wrong with one of them refuses all.
pub fn read_reports<'a>(body: &'a [u8], form: BodyForm, time: &ReportTime) -> Result<Tally<'a>, ReportsRefused> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let mut faults = ReportFaults::default();
        faults.add(None, "", Faults::one("", format!("not UTF-8: byte {} does not belong to a character", error.valid_up_to())));
        ReportsRefused::Faults(faults)
    })?;
    // A byte order mark is no part of what follows (RFC 8259, section 8.1: a reader may pass over it).
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tally = match form {
        BodyForm::Lines => lines(text, time)?,
        BodyForm::Json if text.trim_start().starts_with('[') => array(text, time)?,
        BodyForm::Json if text.trim().is_empty() => return Err(ReportsRefused::Empty),
        BodyForm::Json => {
            let mut tally = Tally::default();
            let mut faults = ReportFaults::default();
            match read_report(text, time) {
                Ok(report) => tally.add(report),
                Err(found) => faults.add(None, "", found),
            }
            faults.refused()?;
            tally
        }
    };
    if tally.reports() == 0 { Err(ReportsRefused::Empty) } else { Ok(tally) }
}

fn lines<'a>(text: &'a str, time: &ReportTime) -> Result<Tally<'a>, ReportsRefused> {
    let (mut tally, mut faults, mut reports) = (Tally::default(), ReportFaults::default(), 0);
    for (number, line) in (1..).zip(text.split('\n')) {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        reports += 1;
        if reports > MAX_REPORTS {
            return Err(ReportsRefused::TooMany);
        }
        if line.len() > MAX_REPORT_LINE_BYTES {
            faults.add(Some(number), "", Faults::one("", format!("longer than {MAX_REPORT_LINE_BYTES} bytes; is it one report a line?")));
            continue;
        }
        match read_report(line, time) {
            Ok(report) => tally.add(report),
            Err(found) => faults.add(Some(number), "", found),
        }
    }
    faults.refused().map(|()| tally)
}

fn array<'a>(text: &'a str, time: &ReportTime) -> Result<Tally<'a>, ReportsRefused> {
    let mut tally = Tally::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Items { tally: &mut tally, time }.deserialize(&mut reader).and_then(|()| reader.end());
    if read.is_ok() {
        return Ok(tally);
    }
    // Something is wrong: every item is read for itself, so that each fault is named by its place.
    let mut faults = ReportFaults::default();
    let items = match items_of(text.as_bytes(), MAX_REPORTS) {
        Ok(items) => items,
        Err(ItemsRefused::TooMany) => return Err(ReportsRefused::TooMany),
        Err(ItemsRefused::NotAnArray(error)) => {
            faults.add(None, "", Faults::one("", format!("not a JSON array of reports: {error}")));
            return Err(ReportsRefused::Faults(faults));
        }
    };
    let mut tally = Tally::default();
    for (index, item) in items.into_iter().enumerate() {
        match read_report(item.get(), time) {
            Ok(report) => tally.add(report),
            Err(found) => faults.add(None, &format!("/{index}"), found),
        }
    }
    faults.refused().map(|()| tally)
}

/// Counts the items of an array as they are read.
struct Items<'t, 'a> {
    tally: &'t mut Tally<'a>,
    time: &'t ReportTime,
}

impl<'de> DeserializeSeed<'de> for Items<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of reports")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut faults = Faults::default();
        while let Some(written) = items.next_element::<Written<'de>>()? {
            match written.report(self.time, &mut faults) {
                Some(report) if self.tally.reports() < MAX_REPORTS as u64 => self.tally.add(report),
                _ => return Err(A::Error::custom("read again, item by item")),
            }
        }
        Ok(())
    }
}

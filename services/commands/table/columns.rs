//! Which columns of a table are the time and the count: those that are asked for, or that are called so, or the only two.

use csv::StringRecord;
use dateline_events::Instant;

use super::counts::count;
use super::shown;
use super::times::time;

/// What the columns may be called where nobody says so.
const TIMES: [&str; 3] = ["timestamp", "time", "minute"];
const COUNTS: [&str; 4] = ["reports", "count", "total", "value"];

/// So many columns of a heading are named in an error message.
const COLUMNS_TOLD_MAX: usize = 20;

/// What somebody says of a table.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What the column of times is called.
    pub time: Option<String>,
    /// What the column of counts is called.
    pub count: Option<String>,
    /// The IANA time zone of times that do not say theirs; None: UTC.
    pub zone: Option<String>,
}

impl Asked {
    /// What was asked on the command line; it is an error where the zone is none.
    pub fn of(time: Option<&String>, count: Option<&String>, zone: Option<&String>) -> anyhow::Result<Self> {
        if let Some(zone) = zone
            && Instant::from_local("2000-01-01T00:00", zone).is_none()
        {
            anyhow::bail!("the zone {:?} is not known: expected an IANA time zone such as Europe/Berlin", shown(zone));
        }
        Ok(Self { time: time.cloned(), count: count.cloned(), zone: zone.cloned() })
    }
}

/// Where the two stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    time: usize,
    count: usize,
    /// How many fields a record has.
    fields: usize,
    is_heading: bool,
}

impl Columns {
    /// From the first record of a table, which may be its heading.
    pub(super) fn of(first: &StringRecord, asked: &Asked) -> Result<Self, String> {
        let fields = first.len();
        let heading = |time, count| Ok(Self { time, count, fields, is_heading: true });
        let found = (place(first, "time", asked.time.as_deref(), &TIMES)?, place(first, "count", asked.count.as_deref(), &COUNTS)?);
        let has_time = || first.iter().any(|field| time(field, asked.zone.as_deref()).is_ok());
        let is_row = || has_time() || fields == 2 && first.iter().any(|field| count(field).is_ok());
        match found {
            (Some(time), Some(count)) => heading(time, count),
            // What the other one of two is called is nobody's matter.
            (Some(time), None) if fields == 2 && asked.count.is_none() => heading(time, 1 - time),
            (None, Some(count)) if fields == 2 && asked.time.is_none() => heading(1 - count, count),
            _ if asked.time.is_some() || asked.count.is_some() => Err(lacking(first, asked, found)),
            _ if is_row() && fields == 2 => Ok(Self { time: 0, count: 1, fields, is_heading: false }),
            _ if is_row() => Err(format!("{fields} fields and no heading: expected a time and a count a line, or a heading that names both")),
            (None, None) if fields == 2 => heading(0, 1),
            _ => Err(lacking(first, asked, found)),
        }
    }

    pub(super) fn is_heading(&self) -> bool {
        self.is_heading
    }

    /// The time and the count of a record. One with more fields than its table, or fewer, has a count or a note with a separator in it.
    pub(super) fn fields<'a>(&self, record: &'a StringRecord) -> Result<(&'a str, &'a str), String> {
        let is_whole = record.len() >= self.fields && record.iter().skip(self.fields).all(str::is_empty);
        match (record.get(self.time), record.get(self.count)) {
            (Some(time), Some(count)) if is_whole => Ok((time, count)),
            _ => {
                let first = if self.is_heading { "heading" } else { "first line" };
                let rule = "what holds a separator stands in quotation marks";
                Err(format!("{} fields, but the {first} has {}; expected a time and a count, and {rule}", record.len(), self.fields))
            }
        }
    }
}

/// The place of the one column that is called so.
fn place(first: &StringRecord, what: &str, asked: Option<&str>, usual: &[&str]) -> Result<Option<usize>, String> {
    let is_called = |field: &str| match asked {
        Some(name) => name.trim().eq_ignore_ascii_case(field),
        None => usual.iter().any(|name| name.eq_ignore_ascii_case(field)),
    };
    let places: Vec<usize> = first.iter().enumerate().filter(|(_, field)| is_called(field)).map(|(place, _)| place).collect();
    match places[..] {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ if asked.is_some() => Err(format!("{} columns are called {:?}; {}", places.len(), asked.unwrap_or_default(), listed(first))),
        _ => Err(format!("{} columns may be the {what}: name it with --{what}-column; {}", places.len(), listed(first))),
    }
}

/// What is not there, and what is.
fn lacking(first: &StringRecord, asked: &Asked, (time, count): (Option<usize>, Option<usize>)) -> String {
    let (what, name, usual) = match (time, count) {
        (None, _) => ("time", &asked.time, TIMES.as_slice()),
        _ => ("count", &asked.count, COUNTS.as_slice()),
    };
    match name {
        Some(name) => format!("no column is called {:?}; {}", shown(name), listed(first)),
        None => format!("no column is called {}: name that of the {what}s with --{what}-column; {}", usual.join(" or "), listed(first)),
    }
}

fn listed(first: &StringRecord) -> String {
    let names: Vec<String> = first.iter().take(COLUMNS_TOLD_MAX).map(|name| format!("{:?}", shown(name))).collect();
    let more = if first.len() > COLUMNS_TOLD_MAX { format!(" and {} more", first.len() - COLUMNS_TOLD_MAX) } else { String::new() };
    format!("the columns are {}{more}", names.join(", "))
}

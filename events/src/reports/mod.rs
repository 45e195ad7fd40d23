//! Users' reports, and what becomes of them: counts. One report says that one user found a service failing; it is never an event by
//! itself, and nothing of it is kept but that it was counted.
//!
//! A number is either *added* (single reports: they add up) or a *total* ("in the 20 minutes from 11:20 there were 210": it may be
//! restated, and the highest holds). Where flushes are kept, and who may report, is not known here.

mod report;
mod read;
mod tally;
mod body;
mod run;
mod flush;
mod counts;

pub use body::{BodyForm, ReportFault, ReportFaults, ReportsRefused, read_reports};
pub use counts::{Cell, Counts, ReportKey};
pub use flush::{Count, FLUSH_VERSION, Flush, FlushName};
pub use read::read_report;
pub use report::{Amount, Report, ReportTime};
pub use run::Run;
pub use tally::{Tallied, Tally};

/// The longest free text of a report, in bytes. It is bounded and dropped: words of users are no evidence that anybody could check,
/// and they hold names and numbers that nobody should keep.
pub const MAX_REPORT_TEXT_BYTES: usize = 2_048;

/// The most reports of one request.
pub const MAX_REPORTS: usize = 10_000;

/// The largest body of reports, in bytes: 10,000 reports of 400 bytes.
pub const MAX_REPORTS_BODY_BYTES: usize = 4 * 1024 * 1024;

/// The longest line of NDJSON, in bytes: a report with its longest text, every character of it escaped.
pub const MAX_REPORT_LINE_BYTES: usize = 16 * 1024;

/// So many faults of one request are named; how many more there are is said.
pub const MAX_NAMED_FAULTS: usize = 100;

/// A report may speak of so long ago, in minutes: a phone that was offline for a night still counts.
pub const REPORT_LATE_MINUTES_MAX: i64 = 24 * 60;

/// A report may lie so far ahead of the clock here, in minutes: clocks differ.
pub const REPORT_EARLY_MINUTES_MAX: i64 = 5;

/// The largest total of one window.
pub const REPORT_TOTAL_MAX: u64 = 1_000_000_000;

/// The longest window of a total, in minutes: a day.
pub const REPORT_WINDOW_MINUTES_MAX: u32 = 24 * 60;

/// The most counts of one flush.
pub const MAX_FLUSH_COUNTS: usize = 1_000;

/// The largest flush, in bytes: below what a message on the bus may have (256 KB).
pub const MAX_FLUSH_BYTES: usize = 224 * 1024;

/// Who said it, where nobody is named.
pub const FROM_PUBLIC: &str = "public";

/// What a report says of symptom or channel where it does not say.
pub(crate) const UNKNOWN: &str = "unknown";

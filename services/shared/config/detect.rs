//! The flags of `dateline detect`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::Format;

/// What to judge, and how to answer.
#[derive(Debug, Args)]
pub struct DetectFlags {
    /// A table of times and counts of reports, gzip or not; - is standard input
    ///
    /// Separated by commas, semicolons or tabs, in any order. Times are RFC 3339, "YYYY-MM-DD HH:MM", or Unix seconds or milliseconds;
    /// counts are whole numbers; the same time again restates its count. What may mean two things, such as 4,000, is refused by its line.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The column of times [default: timestamp, time or minute; of two columns the first]
    #[arg(long, value_name = "NAME")]
    pub time_column: Option<String>,
    /// The column of counts [default: reports, count, total or value; of two columns the second]
    #[arg(long, value_name = "NAME")]
    pub count_column: Option<String>,
    /// The IANA time zone of times without an offset, those of --from and --to too [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// The length of a bucket in minutes, 1 to 60; auto is the distance between the rows
    #[arg(long, default_value = "auto", value_name = "MINUTES|auto")]
    pub bucket: BucketFlag,
    /// Draw the counts, what was usual, and what was found, as SVG
    #[arg(long, value_name = "OUT.svg")]
    pub plot: Option<PathBuf>,
    /// Draw from then on [default: a day before the first anomaly of a long series]
    #[arg(long, value_name = "TIME", requires = "plot")]
    pub from: Option<String>,
    /// Draw up to then [default: a day after the last anomaly of a long series]
    #[arg(long, value_name = "TIME", requires = "plot")]
    pub to: Option<String>,
    /// Also say of every bucket why it spoke or did not
    #[arg(long)]
    pub verdicts: bool,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketFlag {
    /// As the rows stand.
    Auto,
    /// So many minutes.
    Minutes(u32),
}

impl FromStr for BucketFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "auto" => Ok(Self::Auto),
            Ok(minutes @ 1..=60) => Ok(Self::Minutes(minutes)),
            _ => Err("give whole minutes from 1 to 60, or auto".to_owned()),
        }
    }
}

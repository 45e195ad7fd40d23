//! The flags of `dateline import`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use dateline_status_pages::Dialect;

use super::Format;
use crate::shared::suggest;

/// What to import.
#[derive(Debug, Args)]
pub struct ImportFlags {
    /// The language of the files
    #[arg(value_enum, value_name = "DIALECT")]
    pub kind: ImportKind,
    /// The files; for git, the folder of the repository
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// For git: the file, from that folder on; each commit's version of it is read, as of the time of the commit
    #[arg(long, value_name = "FILE", required_if_eq("kind", "git"))]
    pub path: Option<PathBuf>,
    /// For git: the language of the file
    #[arg(long, value_name = "DIALECT", required_if_eq("kind", "git"), value_parser = dialects())]
    pub dialect: Option<String>,
    /// The service's slug [default: of the page's name; for versions and reports, the file's name up to its first dot]
    #[arg(long, value_name = "SLUG")]
    pub service: Option<String>,
    /// The vendor's slug [default: that of the service]
    #[arg(long, value_name = "SLUG")]
    pub vendor: Option<String>,
    /// The name of the service and its vendor [default: as the page gives it]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The language that the page is written in
    #[arg(long, default_value = "en", value_name = "TAG")]
    pub text_lang: String,
    /// For atom, aws and reports: the IANA time zone of dates that say none, or one of two meanings such as IST [default: UTC for those that say none]
    #[arg(long, value_name = "ZONE", alias = "tz")]
    pub zone: Option<String>,
    /// For versions: a table of incident_id, first_seen_at, last_seen_at, first_absent_at; without it nothing counts as restored
    #[arg(long, value_name = "FILE")]
    pub visibility: Option<PathBuf>,
    /// For saved pages: when they were read; without it, what they say counts as stated by the time that the ledger takes it
    #[arg(long, value_name = "TIME")]
    pub read_at: Option<String>,
    /// For reports: the column of times [default: timestamp, time or minute; of two columns the first]
    #[arg(long, value_name = "NAME")]
    pub time_column: Option<String>,
    /// For reports: the column of counts [default: reports, count, total or value; of two columns the second]
    #[arg(long, value_name = "NAME")]
    pub count_column: Option<String>,
    /// For reports: where they come from, an ISO 3166 code [default: not said]
    #[arg(long, value_name = "CODE", value_parser = suggest::region)]
    pub region: Option<String>,
    /// For reports: what fails [default: unknown]
    #[arg(long, default_value = "unknown", value_name = "SYMPTOM", value_parser = suggest::symptom)]
    pub symptom: String,
    /// For reports: the slug of the way they came by, such as downdetector [default: unknown]
    #[arg(long, default_value = "unknown", value_name = "SLUG", value_parser = suggest::slug_alone)]
    pub channel: String,
    /// For reports: how long the bin of a row is, in minutes; auto takes the most frequent distance between two rows
    #[arg(long, default_value = "auto", value_name = "N|auto")]
    pub bin_minutes: String,
    /// Read and compare, publish nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// The words for the languages of pages.
fn dialects() -> PossibleValuesParser {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::name))
}

/// The languages of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportKind {
    /// Atlassian Statuspage: summary.json, incidents.json, scheduled-maintenances.json
    Statuspage,
    /// Google Cloud: incidents.json
    Gcp,
    /// The old AWS dashboard: data.json
    Aws,
    /// RSS and Atom, those of a Statuspage post by post
    Atom,
    /// cState: issues in Markdown
    Cstate,
    /// Upptime: history/*.yml, history/summary.json, a table of its commits
    Upptime,
    /// Slack's status API, version 2: current, history
    Slack,
    /// A git repository of saved pages: the versions of one file
    Git,
    /// A history: one version of one incident a line, JSON
    Versions,
    /// Users' reports: CSV of time and number, a row a bin; the highest number of a bin holds
    Reports,
}

//! The flags of the auditor's commands.

use std::path::PathBuf;

use clap::Args;
use dateline_events::Position;
use dateline_proofs::VerifierKey;

use super::Format;

/// What `audit check` looks at.
#[derive(Debug, Args)]
pub struct CheckFlags {
    /// The receipt (C2SP tlog-proof), as /v1/events/POSITION/receipt gives it; - is standard input
    #[arg(value_name = "RECEIPT")]
    pub receipt: PathBuf,
    /// The event: its exact bytes, a line of `audit replay`, or the answer of /v1/events/POSITION
    #[arg(value_name = "EVENT")]
    pub event: PathBuf,
    /// Further keys
    #[command(flatten)]
    pub keys: KeyFlags,
}

/// What `audit verify` looks at.
#[derive(Debug, Args)]
pub struct VerifyFlags {
    /// A server's address, a data folder or a folder that `audit export` made; by default the server at --url, else the files of --data
    #[arg(value_name = "URL|DIR")]
    pub place: Option<String>,
    /// A checkpoint of this log that was kept earlier: the log must go on from it
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Further keys
    #[command(flatten)]
    pub keys: KeyFlags,
}

/// Keys of the log beside the one that --log-key names.
#[derive(Debug, Args)]
pub struct KeyFlags {
    /// A further public key of the same log beside --log-key, such as the one before a rotation; may be given again
    #[arg(long = "also-key", value_name = "NAME+ID+KEY")]
    pub also: Vec<VerifierKey>,
}

/// What `audit prove` makes.
#[derive(Debug, Args)]
pub struct ProveFlags {
    /// The event's position
    #[arg(value_name = "POSITION")]
    pub position: Position,
    /// Where to write the receipt [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

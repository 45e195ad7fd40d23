//! Flags and commands: one definition yields the parser, the help and the completions.

use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use dateline_backends::Address;

use super::help::{CLIENT, FILES, SERVER, with_examples};
use super::renamed::Renamed;
use super::secret::silenced;
use super::{CheckFlags, ColorFlag, DetectFlags, ImportFlags, ProveFlags, Secret, VerifyFlags, WebFlags};
use crate::shared::suggest;

/// Dateline keeps the history of service outages: who saw it first, when the vendor admitted it, when it was over, what each
/// of those claims rests on, and what was known at any given moment.
#[derive(Debug, Parser)]
#[command(name = "dateline", version, about, max_term_width = 110)]
pub struct Flags {
    /// A TOML file with settings; by default dateline.toml in the current folder, if there is one
    #[arg(long, global = true, help_heading = FILES, env = "DATELINE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder of the embedded files [default: data]
    #[arg(long, global = true, help_heading = FILES, env = "DATELINE_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The ledger, sqlite:PATH or nats://USER@HOST:PORT?replicas=N&password_file=PATH&monitor=http://HOST:PORT [default: sqlite:DIR/ledger.db]
    #[arg(long, global = true, help_heading = FILES, env = "DATELINE_LEDGER", value_name = "URL")]
    pub ledger: Option<Address>,
    /// The views, sqlite:PATH or postgres://USER@HOST/DATABASE?password_file=PATH [default: sqlite:DIR/views.db]
    #[arg(long, global = true, help_heading = FILES, env = "DATELINE_VIEWS", value_name = "URL")]
    pub views: Option<Address>,
    /// The state store, sqlite:PATH or nats://… [default: beside the ledger]
    #[arg(long, global = true, help_heading = FILES, env = "DATELINE_STATE_STORE", value_name = "URL")]
    pub state_store: Option<Address>,
    /// What roles remember, sqlite:PATH or nats://… [default: beside the state store]
    #[arg(long, global = true, help_heading = FILES, env = "DATELINE_ROLE_STATE", value_name = "URL")]
    pub role_state: Option<Address>,
    /// What the state store was called in earlier versions
    #[arg(long, global = true, help_heading = FILES, env = "DATELINE_KEEP", value_name = "URL", hide = true)]
    keep: Option<Renamed>,
    /// The archive, sqlite:PATH or postgres://… [default: in the views' PostgreSQL; none where they are a file]
    #[arg(long, global = true, help_heading = FILES, env = "DATELINE_ARCHIVE", value_name = "URL")]
    pub archive: Option<Address>,
    /// The log of users' reports, sqlite:PATH or nats://…; none takes no reports [default: beside the ledger]
    #[arg(long, global = true, help_heading = FILES, env = "DATELINE_REPORTS", value_name = "URL")]
    pub reports: Option<Address>,
    /// Let everyone report that a service fails, without an API key; an address counts only a few times an hour
    #[arg(long, global = true, help_heading = SERVER, env = "DATELINE_OPEN_REPORTS")]
    pub open_reports: bool,
    /// So many reports of one service an API key may bring in a minute; what is above does not count [default: 100000]
    #[arg(long, global = true, help_heading = SERVER, env = "DATELINE_KEY_REPORTS_A_MINUTE", value_name = "N")]
    pub key_reports_a_minute: Option<u64>,
    /// So much memory the projector keeps folded incidents in, in MiB, or the largest alone; those not touched for longest are
    /// loaded again when they are needed [default: 64]
    #[arg(long, global = true, help_heading = SERVER, env = "DATELINE_FOLD_MEMORY_MIB", value_name = "N")]
    pub fold_memory_mib: Option<usize>,
    /// The file of the key that signs the log; made at the first start [default: DIR/log.key]
    #[arg(long, global = true, help_heading = SERVER, env = "DATELINE_LOG_KEY_FILE", value_name = "FILE")]
    pub log_key_file: Option<PathBuf>,
    /// The public key of the log, as it was printed once: nothing is sealed, and nothing believed, that another key signed
    #[arg(long, global = true, help_heading = SERVER, env = "DATELINE_LOG_KEY", value_name = "NAME+ID+KEY")]
    pub log_key: Option<String>,
    /// What a new log is called, for ever: an address without https://, such as news.example/log [default: a name made of chance]
    #[arg(long, global = true, help_heading = SERVER, env = "DATELINE_LOG_ORIGIN", value_name = "NAME")]
    pub log_origin: Option<String>,
    /// The address of a proxy whose X-Forwarded-For says who reports; may be given again. Without it that header is not read
    #[arg(long = "proxy", global = true, help_heading = SERVER, env = "DATELINE_PROXIES", value_name = "IP", value_delimiter = ',')]
    pub proxies: Vec<std::net::IpAddr>,
    /// What bounds a server
    #[command(flatten)]
    pub web: WebFlags,
    /// Where to listen [default: 127.0.0.1:7310]
    #[arg(long, global = true, help_heading = SERVER, env = "DATELINE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The server that commands talk to: https://…, http://… or HOST:PORT; without it they talk to the one that runs on the files, else use
    /// the files
    #[arg(long, global = true, help_heading = CLIENT, env = "DATELINE_URL", value_name = "URL")]
    pub url: Option<Address>,
    /// The API key for that server
    #[arg(long, global = true, help_heading = CLIENT, env = "DATELINE_KEY", value_name = "KEY")]
    pub key: Option<Secret>,
    /// A file that holds the API key for that server, for whoever would not show it to everybody who lists processes
    #[arg(long, global = true, help_heading = CLIENT, env = "DATELINE_KEY_FILE", value_name = "FILE", conflicts_with = "key")]
    pub key_file: Option<PathBuf>,
    /// Let everyone read, also from other machines
    #[arg(long, global = true, help_heading = SERVER, env = "DATELINE_OPEN_READING")]
    pub open_reading: bool,
    /// What to log to stderr: error, warn, info, debug, or by module [default: warn]
    #[arg(long, global = true, help_heading = FILES, env = "DATELINE_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play the WhatsApp outage of 25 October 2022 through every role, and print its timeline in English and Bengali
    Demo {
        /// Stay up afterwards, and print addresses to open
        #[arg(long)]
        serve: bool,
        /// Unfold competing claims
        #[arg(long)]
        claims: bool,
    },
    /// Run every role in one process
    Serve,
    /// Run the intake alone: it takes events in and appends them to the ledger
    Intake,
    /// Run the projector alone: it follows the ledger and folds it into the views
    Projector,
    /// Run the reader alone: it answers newsrooms, programs and auditors from the views
    Reader,
    /// Run the archive alone: it keeps a second, unchangeable copy of every record
    Archive,
    /// Run the detector alone: it follows users' reports, and publishes what they show to the intake at --url
    Detector,
    /// Run the notary alone: it follows the ledger, and signs checkpoints of the Merkle tree over it
    Notary,
    /// Watch vendors' status pages: read them politely, and publish what they say and what they change in silence
    ///
    /// With --url it publishes to that server and shows its own state at --listen; without, it runs every role in this process.
    Watch {
        /// The pages: a TOML file
        #[arg(value_name = "PAGES.toml")]
        pages: PathBuf,
        /// Also connect to addresses that are not public (this machine, one's own network), and read as often as every second
        #[arg(long)]
        allow_private: bool,
    },
    /// Say what becomes of watched pages that brought more than they may
    #[command(subcommand)]
    Pages(PagesCommand),
    /// Ask the process that listens at --listen (or --url) whether it is ready; the answer is the exit code
    Health,
    /// Publish events: a CloudEvent a line, from files or from standard input; a line without an id gets one made of its content
    Publish {
        /// NDJSON files; - is standard input
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// How to answer
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Import vendors' status pages, or series of users' reports, from files, gzip or not; what was read before is passed over
    Import(ImportFlags),
    /// Tell a timeline: of an incident, or of a service's latest incident
    Timeline {
        /// An incident's id, or a service's slug
        #[arg(value_name = "INCIDENT|SERVICE")]
        which: String,
        /// How to read
        #[command(flatten)]
        read: ReadFlags,
        /// Unfold competing claims
        #[arg(long)]
        claims: bool,
        /// List what was taken back behind the story, too
        #[arg(long)]
        retracted: bool,
        /// What was going on in the world by then: a day or a time
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// Print it at once, also where it is longer than the screen
        #[arg(long)]
        no_pager: bool,
    },
    /// List incidents
    Incidents {
        /// How to read
        #[command(flatten)]
        read: ReadFlags,
        /// Only of this service
        #[arg(long, value_name = "SLUG")]
        service: Option<String>,
        /// Only of this vendor
        #[arg(long, value_name = "SLUG")]
        vendor: Option<String>,
        /// Only in this region, an ISO 3166 code
        #[arg(long, value_name = "CODE", value_parser = suggest::region)]
        region: Option<String>,
        /// Only in this state
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Only with these words
        #[arg(long, short, value_name = "WORDS")]
        q: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Try a series of counted reports: what the detector would have said of it, when, and why not sooner
    ///
    /// It reads a file and touches no ledger. The answer is no (exit code 1) where it has no anomaly.
    Detect(DetectFlags),
    /// Build the views anew beside the old ones, from the first event on, and swap them in
    Rebuild,
    /// Destroy the text of an event, and say so in the ledger: it cannot be taken back
    Redact(RedactFlags),
    /// Check the record
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Check the ledger, restore it from the archive, and carry it between engines
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Check the views against the ledger
    #[command(subcommand)]
    Views(ViewsCommand),
    /// Make, list, revoke and purge API keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Say what publishers on the bus may publish
    #[command(subcommand)]
    Publishers(PublishersCommand),
    /// Show, rotate and retire the key that signs the log
    #[command(subcommand)]
    LogKey(LogKeyCommand),
    /// Print completions for a shell
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// How to read.
#[derive(Debug, Args)]
pub struct ReadFlags {
    /// The language: en or bn [default: en]
    #[arg(long, default_value = "en", value_name = "TAG")]
    pub lang: String,
    /// The IANA time zone, of days and times without an offset too; by default the incident's own, for lists UTC
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// Only what sources had certainly stated by then: a day (its end, in --tz) or a time
    #[arg(long, value_name = "TIME")]
    pub known_at: Option<String>,
    /// Only what the ledger had recorded by then: a position, or a time
    #[arg(long, value_name = "POSITION|TIME")]
    pub as_of: Option<String>,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Colours: auto shows them where the output is a terminal, unless NO_COLOR is set or TERM is dumb
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorFlag,
}

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// What to audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Stream the ledger as NDJSON with the exact bytes of every event
    Replay {
        /// Up to a position, or up to what was recorded by a time
        #[arg(long, value_name = "POSITION|TIME")]
        until: Option<String>,
        /// Instead of the events, fold them anew and tell this incident's (or service's) timeline as of then
        #[arg(long, value_name = "INCIDENT|SERVICE")]
        timeline: Option<String>,
        /// The language of that timeline
        #[arg(long, default_value = "en", value_name = "TAG")]
        lang: String,
    },
    /// Check a receipt and its event without asking anybody: the log's signature, the place in its tree, the event's commitment
    Check(CheckFlags),
    /// Verify a whole log: signature, tree, every tile, every event, and that nothing is missing; the answer is the exit code
    Verify(VerifyFlags),
    /// Write the receipt of an event: the proof that it is in the signed log
    Prove(ProveFlags),
    /// Write the log, its events and what opens them into a folder that other people's tools read
    Export {
        /// The folder; it is made, or is empty
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Fold the ledger anew, and name every position and incident that the views have otherwise: what `views check` does
    Drift,
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Hold every position against its commitment and the archive, and name those that are missing or altered; the answer is the exit code
    Check {
        /// Instead, list who speaks for whom: each publisher with the vendors and outlets that it names as where it was read
        #[arg(long)]
        voices: bool,
        /// How to answer; for --voices
        #[arg(long, value_enum, default_value_t, requires = "voices")]
        format: Format,
    },
    /// Make a new ledger from the archive and from what is left behind its end, and make it current; stop the intakes first
    Restore {
        /// Do not note in the new ledger that API keys were made: where there never were any, everybody on this machine may publish
        #[arg(long)]
        open: bool,
    },
    /// Carry a ledger to another place, positions, recorded times and salts intact
    Copy {
        /// sqlite:PATH or nats://…
        #[arg(value_name = "FROM")]
        from: Address,
        /// sqlite:PATH or nats://…; empty, or what an earlier copy left
        #[arg(value_name = "TO")]
        to: Address,
    },
}

/// What to do with the views.
#[derive(Debug, Subcommand)]
pub enum ViewsCommand {
    /// Fold the ledger anew, and name every position and incident that the views have otherwise; the answer is the exit code
    Check,
}

/// What to do with API keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key; it is shown once
    Create {
        /// What to call it
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What its holder may do; may be given again
        ///
        /// publish:SOURCE: publish as this source and what lies below it (publish:*: any); cite: name outlets as where it was read;
        /// vendor:SLUG: name this vendor so (vendor:*: any); register: register services that others registered first; report: bring
        /// in users' reports; edit: a desk, which corrects others, links, titles, weighs, cites,
        /// speaks for vendors and registers;
        /// read; audit: replay the ledger.
        #[arg(long = "scope", value_name = crate::shared::scopes::SCOPES, required = true)]
        scopes: Vec<ScopeFlag>,
        /// How to answer
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// List the keys (never the keys themselves)
    List {
        /// How to answer
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Remove the keys that were revoked from the list
    Purge,
    /// Revoke a key by its id
    Revoke {
        /// The id, as listed
        id: String,
    },
}

/// Which text to destroy, and why.
#[derive(Debug, Args)]
pub struct RedactFlags {
    /// The position of the event
    pub position: u64,
    /// Why: a law, a court's order, a source's safety. It stays in the ledger for everybody to read, for ever
    #[arg(long, value_name = "TEXT")]
    pub ground: String,
    /// On whose word. It stays in the ledger, too
    #[arg(long, value_name = "TEXT")]
    pub authority: String,
    /// The position is damaged: what stands there is given up, and the leaf that was sealed goes into the redaction
    #[arg(long)]
    pub damaged: bool,
    /// Do not ask first
    #[arg(long)]
    pub yes: bool,
}

/// What to do with the key that signs the log.
#[derive(Debug, Subcommand)]
pub enum LogKeyCommand {
    /// Print the public keys, the one in force first: give the line to auditors by another way than this server
    Show,
    /// Put a new key in force; the old one signs too until it is retired. Start the notary anew afterwards
    Rotate,
    /// Let the old keys sign no more, once every auditor knows the new one. Start the notary anew afterwards
    Retire,
    /// Give up a log whose key is lost or stolen: its last checkpoint is kept, and the next start begins a new log over the whole ledger
    Abandon {
        /// The name of the log to give up, as its checkpoints have it: it cannot be taken back
        #[arg(long, value_name = "NAME")]
        origin: String,
    },
}

/// What to do with watched pages.
#[derive(Debug, Subcommand)]
pub enum PagesCommand {
    /// Let a page go on that brought more than it may in an hour; what it brings next is taken once, whatever it is
    Resume {
        /// The service's slug, as in the file of pages
        #[arg(value_name = "SERVICE")]
        service: String,
    },
}

/// What to do with publishers on the bus.
#[derive(Debug, Subcommand)]
pub enum PublishersCommand {
    /// Let a NATS user publish; replaces what it was allowed before
    Allow {
        /// The NATS user: 1 to 64 of a-z 0-9 -
        name: String,
        /// What it may do, as for `dateline keys create`; may be given again
        #[arg(long = "scope", value_name = "publish:SOURCE|cite|vendor:SLUG|register|edit", required = true)]
        scopes: Vec<ScopeFlag>,
    },
    /// List the publishers
    List {
        /// How to answer
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Take everything from a publisher
    Revoke {
        /// The NATS user
        name: String,
    },
}

/// A scope as written.
#[derive(Debug, Clone)]
pub struct ScopeFlag(pub String);

impl std::str::FromStr for ScopeFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        crate::shared::scopes::Scopes::default().add(text).map(|()| Self(text.to_owned()))
    }
}

impl Flags {
    /// The parser. No help shows what a setting has in the environment: it may be an address with a password.
    pub fn parser() -> clap::Command {
        // `-h` shows a command's own flags, `--help` these settings too.
        with_examples(Self::command().mut_args(|arg| {
            let is_global = arg.is_global_set();
            arg.hide_env_values(true).hide_short_help(is_global)
        }))
    }

    /// Reads the words of this process; an error shows no secret.
    pub fn read() -> Result<Self, clap::Error> {
        Self::parser().try_get_matches().and_then(|found| Self::from_arg_matches(&found)).map_err(silenced)
    }
}

/// Writes the completions of a shell.
pub fn complete(shell: clap_complete::Shell, out: &mut dyn std::io::Write) {
    clap_complete::generate(shell, &mut Flags::parser(), "dateline", out);
}

//! Settings: flags, then environment (`DATELINE_…`), then a TOML file. The only room that reads the environment.

mod flags;
mod audit;
mod detect;
mod import;
mod file;
mod help;
mod renamed;
mod secret;
mod terminal;
mod web;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail};
use dateline_backends::Address;
use dateline_proofs::VerifierKey;
use dateline_timelines::project::FOLD_BYTES_KEPT;

use crate::shared::supervise::Planted;

pub use audit::{CheckFlags, KeyFlags, ProveFlags, VerifyFlags};
pub use detect::{BucketFlag, DetectFlags};
pub use flags::{
    AuditCommand, Command, Flags, Format, KeysCommand, LedgerCommand, LogKeyCommand, PagesCommand, PublishersCommand, ReadFlags, RedactFlags,
    ScopeFlag, ViewsCommand, complete,
};
pub use import::{ImportFlags, ImportKind};
pub use secret::Secret;
pub use terminal::{ColorFlag, Pager, Terminal};

pub use web::{Web, WebFlags};

/// Everything a command needs to know.
#[derive(Debug)]
pub struct Settings {
    /// What to do.
    pub command: Command,
    /// Where things are kept.
    pub addresses: Addresses,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The server that commands talk to; None: the files themselves.
    pub url: Option<Address>,
    /// The API key for that server.
    pub key: Option<Secret>,
    /// True to open reading to all, also beyond loopback.
    pub open_reading: bool,
    /// Who may report, and how much.
    pub reporting: Reporting,
    /// What bounds a server towards whoever asks it.
    pub web: Web,
    /// So many bytes of folded incidents the projector keeps.
    pub fold_bytes: usize,
    /// Whose key signs the log.
    pub log: LogSettings,
}

/// Whose key signs the log.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// The file of the secret key.
    pub key_path: PathBuf,
    /// The public key that must be the one in the file, where an operator names it.
    pub key: Option<VerifierKey>,
    /// What a new log is called; None: a name is made for it.
    pub origin: Option<String>,
}

/// Who may report, and how much.
#[derive(Debug, Clone)]
pub struct Reporting {
    /// True where everybody may report without an API key; an address then counts only a few times an hour.
    pub open: bool,
    /// So many reports of one service an API key may bring in a minute.
    pub key_reports_a_minute: u64,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
}

impl Default for Reporting {
    fn default() -> Self {
        Self { open: false, key_reports_a_minute: KEY_REPORTS_A_MINUTE, proxies: Vec::new() }
    }
}

/// So many reports of one service an API key may bring in a minute, where nothing is set: it is there for a
/// loop gone wild, not for a busy day.
const KEY_REPORTS_A_MINUTE: u64 = 100_000;

/// Where things are kept, by URL.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The folder of the embedded files.
    pub data: PathBuf,
    /// The ledger.
    pub ledger: Address,
    /// The views.
    pub views: Address,
    /// The state store.
    pub state_store: Address,
    /// What roles remember.
    pub role_state: Address,
    /// The archive; None: there is none.
    pub archive: Option<Address>,
    /// The log of users' reports; None: none are taken.
    pub reports: Option<Address>,
}

/// The names of git's own variables in the environment: they lead it to other repositories, and to programs.
pub fn variables_of_git() -> Vec<OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| name.as_encoded_bytes().starts_with(b"GIT_")).collect()
}

/// A role that a process can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Takes events in.
    Intake,
    /// Folds them into timelines.
    Projector,
    /// Answers what is asked.
    Reader,
    /// Copies every record into the archive.
    Archive,
    /// Follows users' reports, and publishes what they show.
    Detector,
    /// Signs checkpoints of the Merkle tree over the ledger.
    Notary,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Intake, Self::Projector, Self::Reader, Self::Archive, Self::Detector, Self::Notary];
}

/// What a server needs.
#[derive(Debug, Clone)]
pub struct Serving {
    /// Which roles it plays.
    pub roles: Vec<Role>,
    /// Where things are kept.
    pub addresses: Addresses,
    /// Where to listen.
    pub listen: SocketAddr,
    /// True to open reading to all.
    pub open_reading: bool,
    /// Who may report, and how much.
    pub reporting: Reporting,
    /// What bounds it towards whoever asks it.
    pub web: Web,
    /// So many bytes of folded incidents the projector keeps.
    pub fold_bytes: usize,
    /// Whose key signs the log.
    pub log: LogSettings,
    /// The intake that a role publishes to which has none in its own process, with the API key for it.
    pub publish_to: Option<(Address, Option<Secret>)>,
    /// A panic that a test plants.
    pub planted: Option<Planted>,
}

impl Serving {
    /// A server with these roles, as the settings have it.
    pub fn of(settings: &Settings, roles: &[Role]) -> Self {
        let (addresses, reporting) = (settings.addresses.clone(), settings.reporting.clone());
        let publish_to = settings.url.clone().map(|url| (url, settings.key.clone()));
        let (listen, open_reading, web, fold_bytes) = (settings.listen, settings.open_reading, settings.web.clone(), settings.fold_bytes);
        let (log, planted) = (settings.log.clone(), planted());
        Self { roles: roles.to_vec(), addresses, listen, open_reading, reporting, web, fold_bytes, log, publish_to, planted }
    }

    /// True if it plays this role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Why there are no settings.
#[derive(Debug)]
pub enum Stop {
    /// Help, version or a usage fault was printed; leave with this code.
    Said(u8),
    /// Something else is wrong with them.
    Wrong(String),
}

impl Addresses {
    /// The embedded files in one folder.
    pub fn in_folder(data: PathBuf) -> Self {
        let file = |name: &str| Address::from(format!("sqlite:{}", data.join(name).display()));
        let (state_store, role_state, reports) = (file(STATE), file(ROLE_STATE), Some(file(REPORTS)));
        Self { ledger: file("ledger.db"), views: file("views.db"), state_store, role_state, reports, archive: None, data }
    }

    /// A ledger by its address alone, with the state store that stands beside it, and with what stands beside that.
    pub fn of_ledger(ledger: &Address) -> Self {
        let (state_store, reports) = (beside(ledger, STATE), Some(beside(ledger, REPORTS)));
        let role_state = beside(&state_store, ROLE_STATE);
        Self { ledger: ledger.clone(), state_store, role_state, reports, ..Self::in_folder(PathBuf::from("data")) }
    }

    /// The bus on which publishers send events, where the ledger is on one.
    pub fn inbox(&self) -> Option<&Address> {
        (self.ledger.parts().0 == "nats").then_some(&self.ledger)
    }

    /// True where everything is kept in the folder of the embedded files.
    pub fn all_in_the_folder(&self) -> bool {
        let usual = Self::in_folder(self.data.clone());
        let of = |addresses: &Self| [&addresses.ledger, &addresses.views, &addresses.state_store, &addresses.role_state].map(Address::clone);
        of(self) == of(&usual)
    }
}

/// Reads the settings of this process.
pub fn read() -> Result<Settings, Stop> {
    let flags = Flags::read().map_err(|error| {
        // Printing fails only where nobody reads it.
        let _ = error.print();
        Stop::Said(u8::try_from(error.exit_code()).unwrap_or(2))
    })?;
    watch_logs(flags.log.as_deref());
    settings(flags).map_err(|error| Stop::Wrong(format!("{error:#}")))
}

/// How this program was called, for commands to print that work as printed.
pub fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "dateline".to_owned())
}

fn settings(flags: Flags) -> anyhow::Result<Settings> {
    let file = file::read(flags.config.as_deref())?;
    let file_web = file.web();
    let data = flags.data.or(file.data).unwrap_or_else(|| PathBuf::from("data"));
    let mut addresses = Addresses::in_folder(data);
    if let Some(ledger) = flags.ledger.or(file.ledger) {
        addresses.state_store = beside(&ledger, STATE);
        addresses.reports = Some(beside(&ledger, REPORTS));
        addresses.ledger = ledger;
    }
    if let Some(views) = flags.views.or(file.views) {
        // The database that holds the views holds the archive too, where nothing else is said.
        addresses.archive = is_postgres(&views).then(|| views.clone());
        addresses.views = views;
    }
    if let Some(archive) = flags.archive.or(file.archive) {
        addresses.archive = Some(archive);
    }
    if let Some(reports) = flags.reports.or(file.reports) {
        addresses.reports = Some(reports).filter(|reports| reports.with_secrets() != "none");
    }
    if let Some(state_store) = flags.state_store.or(file.state_store) {
        addresses.state_store = state_store;
    }
    addresses.role_state = flags.role_state.or(file.role_state).unwrap_or_else(|| beside(&addresses.state_store, ROLE_STATE));
    let listen = flags.listen.or(file.listen).unwrap_or_else(|| "127.0.0.1:7310".to_owned());
    let listen = listen.parse().with_context(|| format!("\"{listen}\" is no address to listen on; expected one such as 127.0.0.1:7310"))?;
    let key = key(flags.key, flags.key_file).transpose().or_else(|| key(file.key, file.key_file).transpose()).transpose()?;
    let reporting = Reporting {
        open: flags.open_reports || file.open_reports,
        key_reports_a_minute: flags.key_reports_a_minute.or(file.key_reports_a_minute).unwrap_or(KEY_REPORTS_A_MINUTE),
        proxies: if flags.proxies.is_empty() { file.proxies } else { flags.proxies },
    };
    let web = Web::of(flags.web, file_web, &reporting.proxies)?;
    let log = LogSettings {
        key_path: flags.log_key_file.or(file.log_key_file).unwrap_or_else(|| addresses.data.join(LOG_KEY)),
        key: flags.log_key.or(file.log_key).map(|key| key.parse().with_context(|| format!("--log-key {key}"))).transpose()?,
        origin: flags.log_origin.or(file.log_origin),
    };
    Ok(Settings {
        command: flags.command,
        addresses,
        listen,
        url: flags.url.or(file.url),
        key,
        open_reading: flags.open_reading || file.open_reading,
        reporting,
        web,
        fold_bytes: flags.fold_memory_mib.or(file.fold_memory_mib).map_or(FOLD_BYTES_KEPT, |mib| mib.saturating_mul(1024 * 1024)),
        log,
    })
}

/// The API key as it is given, or as a file holds it.
fn key(given: Option<Secret>, file: Option<PathBuf>) -> anyhow::Result<Option<Secret>> {
    match (given, file) {
        (Some(_), Some(_)) => bail!("key and key-file are both set: give one of them"),
        (given @ Some(_), None) => Ok(given),
        (None, file) => file.map(|path| Secret::of_file(&path)).transpose(),
    }
}

/// `DATELINE_PLANT_PANIC=ROLE:TIMES`, for tests of the executable: only a debug build knows of it.
fn planted() -> Option<Planted> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let text = std::env::var("DATELINE_PLANT_PANIC").ok()?;
    let (role, times) = text.rsplit_once(':')?;
    Some(Planted { role: role.to_owned(), left: Arc::new(Mutex::new(times.parse().ok()?)) })
}

fn is_postgres(address: &Address) -> bool {
    matches!(address.parts().0, "postgres" | "postgresql")
}

/// The file of the key that signs the log, in the folder of the embedded files.
const LOG_KEY: &str = "log.key";

/// The files that stand beside the ledger's, and the one that stands beside the state store's.
const STATE: &str = "state.db";
const ROLE_STATE: &str = "role_state.db";
const REPORTS: &str = "reports.db";

/// What stands beside another store: a file in its folder, or on the same bus.
fn beside(other: &Address, file: &str) -> Address {
    match other.file() {
        Some(path) => format!("sqlite:{}", std::path::Path::new(path).with_file_name(file).display()).into(),
        None => other.clone(),
    }
}

/// Logs go to stderr, so that output stays fit for a pipe.
fn watch_logs(filter: Option<&str>) {
    use std::io::IsTerminal;
    let filter = tracing_subscriber::EnvFilter::new(filter.unwrap_or("warn"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    subscriber.init();
}

#[cfg(test)]
mod tests {
    //! Where things are kept where only some of it is said.
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

    use clap::FromArgMatches as _;

    use super::*;

    #[test]
    fn what_roles_remember_stands_beside_the_state_store_unless_a_place_is_named() {
        let role_state = |words: &[&str]| {
            let matches = Flags::parser().try_get_matches_from([&["dateline", "demo"], words].concat()).unwrap();
            settings(Flags::from_arg_matches(&matches).unwrap()).unwrap().addresses.role_state.with_secrets().to_owned()
        };
        for (words, expected) in [
            (&[][..], "sqlite:data/role_state.db"),
            (&["--data", "d"], "sqlite:d/role_state.db"),
            (&["--ledger", "sqlite:a/l.db"], "sqlite:a/role_state.db"),
            (&["--ledger", "sqlite:a/l.db", "--state-store", "sqlite:b/s.db"], "sqlite:b/role_state.db"),
            (&["--ledger", "nats://h:1?replicas=3"], "nats://h:1?replicas=3"),
            (&["--ledger", "nats://h:1", "--state-store", "sqlite:b/s.db"], "sqlite:b/role_state.db"),
            (&["--state-store", "nats://h:1", "--role-state", "sqlite:c/r.db"], "sqlite:c/r.db"),
        ] {
            assert_eq!(role_state(words), expected, "{words:?}");
        }
        assert_eq!(Addresses::of_ledger(&"sqlite:a/l.db".into()).role_state.with_secrets(), "sqlite:a/role_state.db");
    }
}

//! The server that runs on the files of a folder, so that a command beside it sends it what it would else append itself.
//!
//! The server writes `server.json` beside its ledger: where it listens, and a token that lets in whoever can read that file. The file is
//! for the owner of the ledger alone (0600), who could also make an API key, or stop the server and append: the token opens nothing that
//! was closed. It is new at every start. The server holds a lock on the file, which the operating system gives back with the process: a
//! file that nobody holds was left by a server that is gone, and is not believed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use dateline_backends::Address;
use serde::{Deserialize, Serialize};

use crate::shared::config::{Addresses, Role, Secret, Serving};

/// The file beside the ledger.
const NAME: &str = "server.json";

/// The file is at most so large, in bytes.
const FILE_BYTES_MAX: u64 = 4_096;

/// The server that runs on the files.
#[derive(Debug)]
pub struct RunningServer {
    /// Where this machine asks it.
    pub url: Address,
    /// Lets in whoever can read the file.
    pub token: Secret,
    /// Its process id.
    pub process: u32,
    /// True where it also answers readers.
    pub answers_readers: bool,
}

/// What the file says.
#[derive(Serialize, Deserialize)]
struct Form {
    url: String,
    process: u32,
    token: String,
    reader: bool,
}

/// The file of this process; it is removed when this is dropped.
#[derive(Debug)]
pub struct Announcement {
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // One that stays is not believed: nobody holds it any more.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A new token.
pub fn new_token() -> anyhow::Result<Secret> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    Ok(Secret(dateline_events::hexadecimal(&random)))
}

/// Says where this server listens. Only a process that holds the ledger for itself may say it; None where the ledger is not in a file.
pub fn announce(serving: &Serving, listens: SocketAddr, token: &Secret) -> anyhow::Result<Option<Announcement>> {
    let Some(path) = place(&serving.addresses).filter(|_| serving.has(Role::Intake)) else { return Ok(None) };
    // Who listens everywhere is asked on this machine.
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let url = format!("http://{}", SocketAddr::new(ip, listens.port()));
    let form = Form { url, process: std::process::id(), token: token.0.clone(), reader: serving.has(Role::Reader) };
    let file = write(&path, &form).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Some(Announcement { path, _file: file }))
}

/// It gets its name when it is whole and held: nobody ever reads half of it.
fn write(path: &Path, form: &Form) -> std::io::Result<File> {
    let new = path.with_extension("json.new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec(form)?)?;
    file.lock()?;
    std::fs::rename(&new, path)?;
    Ok(file)
}

/// The server that runs on these files now.
pub fn find(addresses: &Addresses) -> Option<RunningServer> {
    let owner = std::fs::metadata(addresses.ledger.file()?).ok()?.uid();
    let file = File::open(place(addresses)?).ok()?;
    let found = file.metadata().ok()?;
    // In a folder that several people share, somebody else could have put it there.
    let is_the_owners = found.uid() == owner && found.mode() & 0o077 == 0;
    let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    if !is_the_owners || !is_held {
        return None;
    }
    let mut text = Vec::new();
    (&file).take(FILE_BYTES_MAX).read_to_end(&mut text).ok()?;
    let Form { url, process, token, reader } = serde_json::from_slice(&text).ok()?;
    Some(RunningServer { url: url.into(), token: Secret(token), process, answers_readers: reader })
}

fn place(addresses: &Addresses) -> Option<PathBuf> {
    addresses.ledger.file().map(|ledger| Path::new(ledger).with_file_name(NAME))
}

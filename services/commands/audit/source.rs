//! Where an auditor's bytes come from: a server, the files of a data folder, or a folder that `audit export` made. Nothing is judged here.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::http::StatusCode;
use bytes::Bytes;
use dateline_backends::{CheckedRecord, Commitment, Ledger, LedgerOptions, Record, RoleState, RoleStateError};
use dateline_events::Position;
use dateline_proofs::TileAddress;

use super::line::{self, LINE_BYTES_MAX};
use crate::shared::api_client::{ApiClient, problem_text};
use crate::shared::config::{Addresses, Settings};
use crate::shared::merkle_log::{Sealed, SealedError, key, narrowed};
use crate::shared::stores::{current_number, has_no_state_store, open_state_store};

/// What a server is asked for at once, in records.
const PAGE_RECORDS: usize = 256;

/// What a server does not answer is asked for again so often, after a pause that doubles, in milliseconds.
const TRIES_MAX: u32 = 6;
const PAUSE_MS_MIN: u64 = 100;

/// The file of events in an exported folder.
pub const EVENTS: &str = "events.ndjson";

/// The checkpoint in an exported folder.
pub const CHECKPOINT: &str = "checkpoint";

/// Where bytes come from.
pub enum Source {
    /// A server's `/log/…` and its replay.
    Server(Arc<ApiClient>),
    /// The files of a data folder, or the stores that settings name.
    Stores(Box<StoresSource>),
    /// A folder of static files.
    Folder(PathBuf),
}

/// The stores of a ledger and its log.
pub struct StoresSource {
    ledger: Ledger,
    sealed: Result<Option<Sealed>, String>,
    role_state: Option<RoleState>,
}

/// What stands at an address.
#[derive(Debug, Clone)]
pub enum Held {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing that can be read.
    Missing(String),
}

/// One record, as it was found.
#[derive(Debug, Clone)]
pub enum Found {
    /// A record, with the leaf hash that stands beside it where there is one.
    Record(Record, Beside),
    /// Something that cannot be read, where the next record belongs.
    Unreadable(String),
}

/// The leaf hash that the ledger keeps beside a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// None is kept here.
    Nothing,
    /// This one.
    Hash([u8; 32]),
    /// There should be one.
    Lost,
}

impl Source {
    /// The server, the folder or the files that the settings name.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        if let Some(url) = &settings.url {
            return Ok(Self::Server(Arc::new(ApiClient::server(url, settings.key.clone(), None)?)));
        }
        Ok(Self::Stores(Box::new(StoresSource::open(&settings.addresses).await?)))
    }

    /// The signed checkpoint.
    pub async fn checkpoint(&self) -> anyhow::Result<Held> {
        match self {
            Self::Server(api) => ask(api, "/log/checkpoint").await,
            Self::Stores(stores) => Ok(match &stores.sealed {
                Ok(Some(sealed)) => Held::Bytes(sealed.note.to_string().into_bytes()),
                Ok(None) => Held::Missing("nothing was sealed".to_owned()),
                Err(why) => Held::Missing(why.clone()),
            }),
            Self::Folder(folder) => file(&folder.join(CHECKPOINT)),
        }
    }

    /// The tile or the bundle of entries at an address; of a partial one that is gone, what the full one has of it.
    pub async fn tile(&self, address: TileAddress) -> anyhow::Result<Held> {
        match self {
            Self::Server(api) => ask(api, &format!("/log/{address}")).await,
            Self::Stores(stores) => stores.tile(address).await,
            Self::Folder(folder) => {
                let held = file(&folder.join(address.to_string()))?;
                if let (Held::Missing(_), true) = (&held, address.is_partial())
                    && let Held::Bytes(whole) = file(&folder.join(address.full().to_string()))?
                {
                    return Ok(narrowed(&whole, address).map_or_else(Held::Missing, Held::Bytes));
                }
                Ok(held)
            }
        }
    }

    /// The records, from the first on.
    pub fn records(&self) -> anyhow::Result<Records> {
        Ok(match self {
            Self::Server(api) => Records::Server { api: Arc::clone(api), after: 0 },
            Self::Stores(stores) => Records::Ledger { ledger: stores.ledger.clone(), after: 0 },
            Self::Folder(folder) => {
                let path = folder.join(EVENTS);
                let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
                Records::Lines { lines: BufReader::new(file) }
            }
        })
    }
}

impl StoresSource {
    /// Opens them to read. A ledger that is shorter than it should be is no error here: that is what an auditor wants to see.
    pub async fn open(addresses: &Addresses) -> anyhow::Result<Self> {
        let (mut number, mut sealed) = (1, Ok(None));
        if !has_no_state_store(addresses) {
            let state_store = open_state_store(addresses).await?;
            number = current_number(&state_store).await?;
            sealed = match Sealed::load(&state_store).await {
                Ok(found) => Ok(found.map(|(sealed, _)| sealed)),
                Err(SealedError::Damaged(why)) => Err(why),
                Err(error @ SealedError::State(_)) => Err(error.to_string()),
            };
        }
        let ledger = Ledger::open(&addresses.ledger, LedgerOptions::reader().numbered(number)).await?;
        let is_there = addresses.role_state.file().is_none_or(|file| Path::new(file).exists());
        let role_state = if is_there { Some(RoleState::open(addresses.role_state.clone()).await?) } else { None };
        Ok(Self { ledger, sealed, role_state })
    }

    async fn tile(&self, address: TileAddress) -> anyhow::Result<Held> {
        let at_the_edge = self.sealed.as_ref().ok().and_then(Option::as_ref).and_then(|sealed| sealed.at_the_edge(address));
        if let Some(bytes) = at_the_edge {
            return Ok(Held::Bytes(bytes));
        }
        let missing = || Ok(Held::Missing("it is not there".to_owned()));
        let Some(role_state) = &self.role_state else { return missing() };
        match role_state.get(&key(address)).await {
            Ok(Some(whole)) if address.is_partial() => Ok(narrowed(&whole, address).map_or_else(Held::Missing, Held::Bytes)),
            Ok(Some(whole)) => Ok(Held::Bytes(whole)),
            Ok(None) => missing(),
            Err(error @ RoleStateError::Damaged { .. }) => Ok(Held::Missing(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}

/// The records of a source, page by page, whatever gaps there are.
pub enum Records {
    /// From a server.
    Server {
        /// The server.
        api: Arc<ApiClient>,
        /// What comes next stands behind this.
        after: Position,
    },
    /// From a ledger.
    Ledger {
        /// The ledger.
        ledger: Ledger,
        /// What comes next stands behind this.
        after: Position,
    },
    /// From a file of lines.
    Lines {
        /// The file.
        lines: BufReader<File>,
    },
}

impl Records {
    /// The next page; empty at the end.
    pub async fn page(&mut self) -> anyhow::Result<Vec<Found>> {
        match self {
            Self::Server { api, after } => {
                let path = format!("/v1/events?after={after}&limit={PAGE_RECORDS}&trailer=1");
                let bytes = match ask(api, &path).await? {
                    Held::Bytes(bytes) => bytes,
                    Held::Missing(why) => bail!("the server has no replay: {why}"),
                };
                let found = page_of(&bytes)?;
                // What a server sends out of turn is told; it is asked on from the farthest position.
                let last = found.iter().filter_map(Found::position).max().unwrap_or(*after);
                *after = last.max(*after + found.len() as Position);
                Ok(found)
            }
            Self::Ledger { ledger, after } => {
                let page = ledger.scan(*after).await?;
                *after = page.last().map_or(*after, |found| found.record.position);
                Ok(page.into_iter().map(Found::of).collect())
            }
            Self::Lines { lines } => lines_of(lines),
        }
    }
}

impl Found {
    fn of(checked: CheckedRecord) -> Self {
        let beside = match (checked.leaf, checked.commitment) {
            (Some(hash), _) => Beside::Hash(hash),
            (None, Commitment::Broken) => Beside::Lost,
            (None, _) => Beside::Nothing,
        };
        Self::Record(checked.record, beside)
    }

    /// Where it stands.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Record(record, _) => Some(record.position),
            Self::Unreadable(_) => None,
        }
    }

    fn of_line(line: &[u8]) -> Self {
        line::read(line).map_or_else(Self::Unreadable, |record| Self::Record(record, Beside::Nothing))
    }
}

/// The records of one answer. One that ends without its last line broke off.
fn page_of(bytes: &[u8]) -> anyhow::Result<Vec<Found>> {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let end = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (lines, last) = body.split_at(end);
    if !last.starts_with(br#"{"dateline":"end""#) {
        bail!("the server's replay broke off: {}", String::from_utf8_lossy(&last[..last.len().min(200)]));
    }
    Ok(lines.split_inclusive(|byte| *byte == b'\n').map(Found::of_line).collect())
}

fn lines_of(lines: &mut BufReader<File>) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    while found.len() < PAGE_RECORDS {
        let mut line = Vec::new();
        if lines.take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.last() != Some(&b'\n') && line.len() == LINE_BYTES_MAX {
            lines.skip_until(b'\n')?;
            found.push(Found::Unreadable(format!("the line has more than {LINE_BYTES_MAX} bytes")));
            continue;
        }
        found.push(Found::of_line(&line));
    }
    Ok(found)
}

fn file(path: &Path) -> anyhow::Result<Held> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Held::Bytes(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Held::Missing("it is not there".to_owned())),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// What a server has at a path. What passes (it is busy, a connection broke) is asked again.
async fn ask(api: &ApiClient, path: &str) -> anyhow::Result<Held> {
    let mut tries = 1;
    loop {
        let why = match api.answer(path).await {
            Ok((status, body)) if status.is_success() => return Ok(Held::Bytes(Bytes::into(body))),
            Ok((StatusCode::NOT_FOUND, body)) => return Ok(Held::Missing(problem_text(StatusCode::NOT_FOUND, &body))),
            Ok((status, body)) if !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS => bail!(problem_text(status, &body)),
            Ok((status, body)) => anyhow::Error::msg(problem_text(status, &body)),
            Err(error) => error,
        };
        if tries == TRIES_MAX {
            return Err(why);
        }
        tokio::time::sleep(Duration::from_millis(PAUSE_MS_MIN << tries)).await;
        tries += 1;
    }
}

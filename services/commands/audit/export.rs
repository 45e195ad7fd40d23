//! `audit export` and `audit prove`: what an auditor takes away. A folder of static files as C2SP tlog-tiles lays a log out, with the
//! events and what opens them; or one receipt.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};
use dateline_events::Position;
use dateline_proofs::{Checkpoint, Note, TileAddress, bundles_of, tiles_of};
use futures_util::{StreamExt, stream};

use super::source::{CHECKPOINT, EVENTS, Found, Held, Source};
use crate::commands::sealing::Sealing;
use crate::commands::{Answer, Progress, say};
use crate::reader::replay_line;
use crate::shared::api_client::ApiClient;
use crate::shared::config::{ProveFlags, Settings};
use crate::shared::stores::{ledger_to_read, open_state_store};

/// So many tiles are fetched at once.
const TILES_AT_ONCE: usize = 8;

/// What to do with the folder.
const AUDIT: &str = "AUDIT.md";

/// Writes the log up to its checkpoint into a folder.
pub async fn export(settings: &Settings, folder: &Path) -> anyhow::Result<Answer> {
    make_empty(folder)?;
    let source = Source::open(settings).await?;
    let Held::Bytes(note) = source.checkpoint().await? else {
        bail!("nothing was sealed: there is no log to export yet; the notary seals within about a second of the first event")
    };
    let checkpoint: Checkpoint = Note::parse(&note)?.text().parse()?;
    let size = checkpoint.size();
    let fetched = tiles_of(size).chain(bundles_of(size)).map(|address| {
        let source = &source;
        async move { anyhow::Ok((address, source.tile(address).await?)) }
    });
    let mut fetched = stream::iter(fetched).buffered(TILES_AT_ONCE);
    let progress = Progress::new("exporting", size);
    while let Some(tile) = fetched.next().await {
        let (address, held) = tile?;
        match held {
            Held::Bytes(bytes) => write_tile(folder, address, &bytes)?,
            Held::Missing(why) => bail!("{address} is not to be had ({why}): `dateline audit verify` says what is the matter"),
        }
    }
    let events = events(&source, folder, size, &progress).await?;
    write(&folder.join(AUDIT), guide(checkpoint.origin()).as_bytes())?;
    // The checkpoint last: a folder that has none was not finished.
    write(&folder.join(CHECKPOINT), &note)?;
    progress.end();
    say(&format!("{}: {events} events under the checkpoint of {}, {size} leaves\n", folder.display(), checkpoint.origin()))?;
    Ok(Answer::Done)
}

/// Writes the receipt of a position.
pub async fn prove(settings: &Settings, flags: &ProveFlags) -> anyhow::Result<Answer> {
    let position = flags.position;
    let receipt = match &settings.url {
        Some(url) => {
            let api = ApiClient::server(url, settings.key.clone(), None)?;
            api.get(&format!("/v1/events/{position}/receipt")).await?.to_vec()
        }
        None => {
            let addresses = &settings.addresses;
            let (ledger, state_store) = (ledger_to_read(addresses).await?, open_state_store(addresses).await?);
            let log = Sealing::open(&addresses.role_state, &state_store).await?.log;
            let head = ledger.head().await?.position;
            if position == 0 || position > head {
                bail!("the ledger ends at position {head}; there is no position {position}");
            }
            let receipt = log.receipt(&ledger, position).await?;
            receipt
                .with_context(|| format!("position {position} is not sealed yet: the notary of `dateline serve` seals it"))?
                .to_string()
                .into_bytes()
        }
    };
    match &flags.out {
        Some(path) => write(path, &receipt)?,
        None => say(std::str::from_utf8(&receipt).context("the receipt is not utf-8")?)?,
    }
    Ok(Answer::Done)
}

/// The records up to the checkpoint, a line each.
async fn events(source: &Source, folder: &Path, size: u64, progress: &Progress) -> anyhow::Result<u64> {
    let path = folder.join(EVENTS);
    let failed = || format!("cannot write {}", path.display());
    let mut out = BufWriter::new(std::fs::File::create_new(&path).with_context(failed)?);
    let (mut records, mut written) = (source.records()?, 0);
    'pages: while written < size {
        let page = records.page().await?;
        if page.is_empty() {
            break;
        }
        for found in page {
            let record = match found {
                Found::Record(record, _) => record,
                Found::Unreadable(why) => bail!("position {} cannot be read: {why}", written + 1),
            };
            if record.position > size {
                break 'pages;
            }
            must_follow(written, record.position)?;
            out.write_all(&replay_line(&record)?).with_context(failed)?;
            written = record.position;
        }
        progress.at(written, size);
    }
    must_follow(written, size + 1)?;
    out.flush().with_context(failed)?;
    Ok(written)
}

fn must_follow(before: Position, position: Position) -> anyhow::Result<()> {
    if position == before + 1 {
        return Ok(());
    }
    bail!("position {} is not there: `dateline audit verify` says what is the matter", before + 1)
}

fn make_empty(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut entries = std::fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    if entries.next().is_some() {
        bail!("{} is not empty: name a new folder", folder.display());
    }
    Ok(())
}

fn write_tile(folder: &Path, address: TileAddress, bytes: &[u8]) -> anyhow::Result<()> {
    let path = folder.join(address.to_string());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
    }
    write(&path, bytes)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// What stands in AUDIT.md.
fn guide(origin: &str) -> String {
    include_str!("AUDIT.md").replace("{origin}", origin)
}

//! `audit verify`: reads a log once, block by block of 256 leaves, and holds entries, tiles and events against each other and against
//! what was signed. It remembers the edge of the tree and what it found, never the events.

use anyhow::{Context, bail};
use dateline_events::{Instant, Position};
use dateline_proofs::{Checkpoint, Hash, Note, Tile, TileAddress, VerifierKey, bundles_of, decode_bundle, leaf_hash};
use futures_util::{StreamExt, stream};

use super::absences::Absences;
use super::judge::{Case, Differing};
use super::leaves::{Prepared, Text, recorded_of};
use super::order::Order;
use super::prepared::Prepare;
use super::report::{Class, FINDINGS_TOLD_MAX, Report, Unsealed};
use super::source::{Beside, Held, Source};
use super::tree::{Growing, Mismatch, below_all, compare};
use crate::commands::Progress;

/// So many blocks are fetched at once.
const BLOCKS_AT_ONCE: usize = 8;

/// Verifies a log by the keys that may sign it; it must go on from an earlier checkpoint where one is given.
pub async fn verify(source: &Source, keys: &[VerifierKey], since: Option<&Checkpoint>) -> anyhow::Result<Report> {
    let mut report = Report::default();
    report.since = since.map(Checkpoint::size);
    let signed = checkpoint(source.checkpoint().await?, keys, &mut report);
    let size = signed.as_ref().map_or(0, Checkpoint::size);
    let records = Prepare::start(source.records()?);
    let progress = Progress::new("verifying", size);
    let mut verifying = Verifying {
        source,
        size,
        records,
        report,
        order: Order::default(),
        absences: Absences::default(),
        recorded: None,
        entries: Growing::new(since.map(Checkpoint::size)),
        events: Growing::new(None),
        mismatches: Vec::new(),
        differing: Vec::new(),
    };
    verifying.blocks(&progress).await?;
    verifying.tail().await?;
    progress.end();
    let Verifying { mut report, order, absences, entries, events, mismatches, differing, .. } = verifying;
    order.end(size, &mut report);
    absences.end(&mut report);
    match &signed {
        Some(signed) => {
            let (entries_root, events_root) = (entries.root(), events.root());
            let since = since.map(|since| (since, entries.marked()));
            Case { source, signed, entries_root, events_root, mismatches, differing, since }.judge(&mut report).await?;
        }
        None if since.is_some_and(|since| since.size() > 0) => report.whole(Class::RolledBack, "it was sealed before"),
        None => {}
    }
    Ok(report)
}

/// An earlier checkpoint, which one of the keys must have signed.
pub fn earlier(bytes: &[u8], keys: &[VerifierKey]) -> anyhow::Result<Checkpoint> {
    let note = Note::parse(bytes).context("the earlier checkpoint is none")?;
    Ok(Checkpoint::open(&note, keys).context("the earlier checkpoint cannot be believed")?.0)
}

/// Reads the checkpoint. One that nobody known signed is told, and everything is held against it all the same.
fn checkpoint(held: Held, keys: &[VerifierKey], report: &mut Report) -> Option<Checkpoint> {
    let bytes = match held {
        Held::Bytes(bytes) => bytes,
        Held::Missing(why) => {
            report.whole(Class::CheckpointUnreadable, why);
            return None;
        }
    };
    let read = Note::parse(&bytes).map_err(|error| error.to_string()).and_then(|note| {
        let opened = Checkpoint::open(&note, keys).map(|(checkpoint, _)| checkpoint);
        opened.or_else(|error| {
            let said: Checkpoint = note.text().parse().map_err(|error: dateline_proofs::CheckpointError| error.to_string())?;
            report.whole(Class::CheckpointForged, error.to_string());
            Ok(said)
        })
    });
    match read {
        Ok(checkpoint) => {
            (report.log, report.size, report.root) = (Some(checkpoint.origin().to_owned()), checkpoint.size(), Some(checkpoint.root()));
            Some(checkpoint)
        }
        Err(why) => {
            report.whole(Class::CheckpointUnreadable, why);
            None
        }
    }
}

/// 256 leaves, fewer at the right edge.
struct Block {
    address: TileAddress,
    entries: Held,
    tile: Held,
}

struct Verifying<'a> {
    source: &'a Source,
    size: u64,
    records: Prepare,
    report: Report,
    order: Order,
    absences: Absences,
    /// When the last record was recorded, as far as the log says so.
    recorded: Option<Instant>,
    entries: Growing,
    events: Growing,
    mismatches: Vec<Mismatch>,
    differing: Vec<Differing>,
}

impl Verifying<'_> {
    async fn blocks(&mut self, progress: &Progress) -> anyhow::Result<()> {
        let source = self.source;
        let fetched = bundles_of(self.size).map(|address| async move {
            let tile = TileAddress::hashes(0, address.index(), address.width())?;
            let (entries, tile) = tokio::try_join!(source.tile(address), source.tile(tile))?;
            anyhow::Ok(Block { address, entries, tile })
        });
        let mut fetched = stream::iter(fetched).buffered(BLOCKS_AT_ONCE);
        while let Some(block) = fetched.next().await {
            let block = block?;
            let (from, to) = below_all(block.address, self.size);
            if !self.block(block, from, to).await? {
                // Nothing is there, and nothing comes any more: a size that somebody invented has no end.
                self.report.stretch(Class::EntriesMissing, from, self.size, "entries, tiles and events end before");
                self.entries.push(None);
                self.events.push(None);
                break;
            }
            progress.at(to, self.size);
        }
        for tile in self.entries.partial_tiles() {
            let held = self.source.tile(tile.address()).await?;
            self.hold(&tile, &held);
        }
        Ok(())
    }

    /// Holds one block; false where nothing of it is there and the records have ended.
    async fn block(&mut self, block: Block, from: Position, to: Position) -> anyhow::Result<bool> {
        let entries = self.entries_of(block.address, &block.entries, from, to);
        let mut events: Vec<Option<Hash>> = vec![None; usize::from(block.address.width())];
        while self.records.next_position().await?.is_some_and(|next| next.unwrap_or(self.order.expected) <= to) {
            let Some(record) = self.records.take() else { break };
            let Some(record) = self.in_place(record) else { continue };
            let place = record.position.checked_sub(from).and_then(|place| usize::try_from(place).ok()).unwrap_or(usize::MAX);
            let entry = entries.as_ref().and_then(|entries| entries.get(place)).map(String::as_str);
            let hash = self.leaf(&record, entry);
            if let Some(event) = events.get_mut(place) {
                *event = hash;
            }
        }
        let address = TileAddress::hashes(0, block.address.index(), block.address.width())?;
        let stored = decoded(address, &block.tile).ok();
        if entries.is_none() && stored.is_none() && self.records.next_position().await?.is_none() && events.iter().all(Option::is_none) {
            return Ok(false);
        }
        for (place, event) in events.into_iter().enumerate() {
            let entry = entries.as_ref().and_then(|entries| entries.get(place)).map(|entry| leaf_hash(entry.as_bytes()));
            let tiled = stored.as_ref().and_then(|tile| tile.hashes().get(place)).copied();
            self.events.push(event);
            for full in self.entries.push(entry.or(tiled).or(event)) {
                let above = if full.address() == address { None } else { Some(self.source.tile(full.address()).await?) };
                self.hold(&full, above.as_ref().unwrap_or(&block.tile));
            }
        }
        Ok(true)
    }

    /// The leaves of a bundle; None where there is none.
    fn entries_of(&mut self, address: TileAddress, held: &Held, from: Position, to: Position) -> Option<Vec<String>> {
        let read = match held {
            Held::Bytes(bytes) => decode_bundle(bytes, address.width()).map_err(|error| error.to_string()),
            Held::Missing(why) => Err(why.clone()),
        };
        let text = |entry: &[u8]| String::from_utf8_lossy(entry).into_owned();
        match read {
            Ok(entries) => Some(entries.into_iter().map(text).collect()),
            Err(why) => {
                self.report.stretch(Class::EntriesMissing, from, to, format!("{address}: {why}"));
                None
            }
        }
    }

    /// A record that can be read and stands in its place.
    fn in_place(&mut self, record: Result<Prepared, String>) -> Option<Prepared> {
        match record {
            Ok(record) => self.order.take(record.position, &mut self.report).then_some(record),
            Err(why) => {
                self.order.unreadable(&why, &mut self.report);
                None
            }
        }
    }

    /// Holds a record against its leaf; answers the hash of the leaf that it gives.
    fn leaf(&mut self, record: &Prepared, entry: Option<&str>) -> Option<Hash> {
        let Prepared { position, .. } = *record;
        let is_sealed = position <= self.size;
        // The order is that of the times which were sealed.
        let recorded = entry.and_then(recorded_of).unwrap_or(record.recorded);
        if self.recorded.is_some_and(|before| recorded < before) {
            self.report.at(Class::RecordedFalls, position, format!("{} lies before the time of an earlier position", recorded.with_six_digits()));
        }
        self.recorded = self.recorded.max(Some(recorded));
        if let Some(why) = record.misnamed {
            self.report.at(Class::NameAltered, position, why);
        }
        let entry_hash = entry.map(|entry| leaf_hash(entry.as_bytes()));
        match &record.text {
            Text::There { leaf, hash, redaction } => {
                if let Some(redaction) = redaction {
                    self.absences.cover(redaction, is_sealed, &mut self.report);
                }
                match entry {
                    Some(entry) if entry != leaf => self.differs(position, leaf, *hash, entry),
                    _ => self.agrees(record, is_sealed, *hash),
                }
                Some(*hash)
            }
            Text::Absent => {
                self.absences.add(position, record.key, entry_hash, &mut self.report);
                if recorded != record.recorded {
                    self.report.at(Class::RecordedAltered, position, "the recorded time is not the one in its leaf");
                }
                if let Some(hash) = entry_hash {
                    self.beside(record, hash);
                }
                entry_hash
            }
            Text::Half => {
                self.report.at(Class::EventAltered, position, "of text and salt only one is there");
                None
            }
        }
    }

    fn agrees(&mut self, record: &Prepared, is_sealed: bool, hash: Hash) {
        self.report.events += u64::from(is_sealed);
        // Where names are altered the ledger's own check fails by that.
        if record.misnamed.is_none() {
            self.beside(record, hash);
        }
    }

    fn beside(&mut self, record: &Prepared, hash: Hash) {
        let says = match record.beside {
            Beside::Hash(kept) if kept != hash.0 => "the hash beside the record is another one",
            Beside::Lost => "the hash beside the record is not there",
            Beside::Hash(_) | Beside::Nothing => return,
        };
        self.report.at(Class::CommitmentAltered, record.position, says);
    }

    fn differs(&mut self, position: Position, leaf: &str, hash: Hash, entry: &str) {
        if self.differing.len() < FINDINGS_TOLD_MAX {
            self.differing.push(Differing { position, found: leaf.to_owned(), hash, entry: entry.to_owned() });
        } else {
            self.report.at(Class::EventAltered, position, "text, salt and time do not give its leaf");
        }
    }

    /// Holds a stored tile against the one that the entries give.
    fn hold(&mut self, computed: &Tile, held: &Held) {
        let address = computed.address();
        let (from, to) = below_all(address, self.size);
        match decoded(address, held) {
            Err(why) => self.report.stretch(Class::TileMissing, from, to, format!("{address}: {why}")),
            Ok(stored) => match compare(computed, stored) {
                Some(_) if self.mismatches.len() >= FINDINGS_TOLD_MAX => {
                    self.report.stretch(Class::TileAltered, from, to, format!("{address} is not the tile of the entries"));
                }
                found => self.mismatches.extend(found),
            },
        }
    }

    /// What stands behind the checkpoint: it is not sealed, and held against itself alone.
    async fn tail(&mut self) -> anyhow::Result<()> {
        while self.records.next_position().await?.is_some() {
            let Some(record) = self.records.take() else { break };
            let Some(record) = self.in_place(record) else { continue };
            self.leaf(&record, None);
            if record.position > self.size {
                let from = self.report.unsealed.map_or(record.position, |unsealed| unsealed.from);
                self.report.unsealed = Some(Unsealed { from, to: record.position });
            }
        }
        Ok(())
    }
}

fn decoded(address: TileAddress, held: &Held) -> Result<Tile, String> {
    match held {
        Held::Bytes(bytes) => Tile::decode(address, bytes).map_err(|error| error.to_string()),
        Held::Missing(why) => Err(why.clone()),
    }
}

/// The keys that may sign the log.
pub fn keys(named: Option<&VerifierKey>, also: &[VerifierKey]) -> anyhow::Result<Vec<VerifierKey>> {
    let keys: Vec<VerifierKey> = named.into_iter().chain(also).cloned().collect();
    let Some(first) = keys.first() else {
        bail!(
            "name the log's public key with --log-key: the line NAME+ID+KEY that its operator gave you by another way than the server (`dateline log-key show` prints it)"
        )
    };
    if let Some(other) = keys.iter().find(|key| key.name() != first.name()) {
        bail!("--log-key and --also-key name two logs, {} and {}: the keys of one log have one name", first.name(), other.name());
    }
    Ok(keys)
}

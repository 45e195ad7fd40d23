//! What is altered where entries, tiles and events do not agree: the one of them that leads to the signed root is right.

use std::collections::{HashMap, HashSet};

use dateline_events::Position;
use dateline_proofs::{Checkpoint, Hash, ProveError, Tile, TileAddress, consistency_proof, root_from_tiles, root_of, verify_consistency};
use thiserror::Error;

use super::leaves::difference;
use super::report::{Class, Report};
use super::source::{Held, Source};
use super::tree::{Mismatch, below, level_of, parent};

/// A proof asks for at most so many tiles: two a level, and one more.
const PROOF_TILES_MAX: usize = 32;

/// An event whose leaf is not the one in the bundle.
#[derive(Debug)]
pub struct Differing {
    /// Where it stands.
    pub position: Position,
    /// The leaf that text, salt and time give.
    pub found: String,
    /// The hash of that leaf.
    pub hash: Hash,
    /// The leaf in the bundle.
    pub entry: String,
}

/// Everything that does not agree.
pub struct Case<'a> {
    /// Where tiles are read.
    pub source: &'a Source,
    /// What was signed.
    pub signed: &'a Checkpoint,
    /// The root that the entries give.
    pub entries_root: Option<Hash>,
    /// The root that the events give.
    pub events_root: Option<Hash>,
    /// Tiles that the entries do not give.
    pub mismatches: Vec<Mismatch>,
    /// Events that do not give their entries.
    pub differing: Vec<Differing>,
    /// An earlier checkpoint, and the root that the entries give at its size.
    pub since: Option<(&'a Checkpoint, Option<Hash>)>,
}

impl Case<'_> {
    /// Notes what is altered.
    pub async fn judge(&self, report: &mut Report) -> anyhow::Result<()> {
        self.go_on(report).await?;
        if self.entries_root == Some(self.signed.root()) {
            self.tiles_altered(report, |_| true);
            self.events_altered(report, &HashSet::new());
            return Ok(());
        }
        if self.events_root == Some(self.signed.root()) {
            for differing in &self.differing {
                report.at(Class::EntryAltered, differing.position, "its text and salt give the signed leaf, and the bundle has another one");
            }
            let authentic = self.authentic().await?;
            self.tiles_altered(report, |address| !authentic.contains(&address));
            return Ok(());
        }
        if self.signed_by_tiles().await? {
            return self.below_the_tiles(report).await;
        }
        if let Some(_root) = self.entries_root {
            let (from, to) = self.narrowed();
            report.stretch(Class::RootDiffers, from, to, "the root of the entries is not the signed one");
        }
        self.tiles_altered(report, |_| true);
        self.events_altered(report, &HashSet::new());
        Ok(())
    }

    /// Whether the log goes on from the earlier checkpoint.
    async fn go_on(&self, report: &mut Report) -> anyhow::Result<()> {
        let Some((since, by_entries)) = self.since else { return Ok(()) };
        let (old, new) = (since.size(), self.signed.size());
        if old > new {
            report.stretch(Class::RolledBack, new + 1, old, format!("{old} leaves were sealed, and the checkpoint has {new}"));
            return Ok(());
        }
        let goes_on = if self.entries_root == Some(self.signed.root()) {
            by_entries == Some(since.root())
        } else if !self.signed_by_tiles().await? {
            // Neither entries nor tiles are those that were signed: they prove nothing about the checkpoint.
            true
        } else {
            let proof = with_tiles(self.source, |tiles| consistency_proof(old, new, |address| tile_of(tiles, address))).await?;
            proof.is_none_or(|proof| verify_consistency(old, &since.root(), new, &self.signed.root(), &proof).is_ok())
        };
        if !goes_on {
            report.stretch(Class::Forked, 1, old, format!("the first {old} leaves do not give the root that was sealed then"));
        }
        Ok(())
    }

    /// The tiles lead to the signed root and the entries do not: what is below a hash of a tile that is right is not.
    async fn below_the_tiles(&self, report: &mut Report) -> anyhow::Result<()> {
        let (size, authentic) = (self.signed.size(), self.authentic().await?);
        let is_right = |address| authentic.contains(&address);
        let mut signed_leaves = HashMap::new();
        for Mismatch { stored, places } in self.mismatches.iter().filter(|mismatch| is_right(mismatch.stored.address())) {
            for place in places {
                let (from, to) = below(stored.address(), *place, size);
                if level_of(stored.address()) == 0 {
                    signed_leaves.extend(stored.hashes().get(usize::from(*place)).map(|hash| (from, *hash)));
                    report.at(Class::EntryAltered, from, "the bundle does not have the signed leaf");
                } else if !self.is_told_finer(stored.address(), from, to, &is_right) {
                    report.stretch(Class::LeavesRewritten, from, to, "the entries do not give the signed hash over them");
                }
            }
        }
        self.tiles_altered(report, |address| !is_right(address));
        // Of an event that gives the signed leaf only the entry is altered.
        let right = self.differing.iter().filter(|differing| signed_leaves.get(&differing.position) == Some(&differing.hash));
        self.events_altered(report, &right.map(|differing| differing.position).collect());
        Ok(())
    }

    /// Whether a tile below, which is right too, says more exactly which leaves are not.
    fn is_told_finer(&self, above: TileAddress, from: Position, to: Position, is_right: &impl Fn(TileAddress) -> bool) -> bool {
        let lower = self.mismatches.iter().map(|mismatch| mismatch.stored.address()).filter(|address| level_of(*address) < level_of(above));
        lower.filter(|address| is_right(*address)).any(|address| (from..=to).contains(&below(address, 0, self.signed.size()).0))
    }

    fn tiles_altered(&self, report: &mut Report, is_altered: impl Fn(TileAddress) -> bool) {
        for Mismatch { stored, places } in self.mismatches.iter().filter(|mismatch| is_altered(mismatch.stored.address())) {
            let Some(first) = places.first() else { continue };
            let (from, to) = below(stored.address(), *first, self.signed.size());
            report.stretch(Class::TileAltered, from, to, format!("hash {first} of {} is another one", stored.address()));
        }
    }

    fn events_altered(&self, report: &mut Report, right: &HashSet<Position>) {
        for differing in self.differing.iter().filter(|differing| !right.contains(&differing.position)) {
            let (class, says) = difference(&differing.found, &differing.entry);
            report.at(class, differing.position, says);
        }
    }

    /// Where the altered leaves are, as far as the earlier checkpoint tells.
    fn narrowed(&self) -> (Position, Position) {
        let size = self.signed.size();
        match self.since.filter(|(since, _)| since.size() <= size) {
            Some((since, root)) if root == Some(since.root()) => ((since.size() + 1).min(size), size),
            Some((since, Some(_))) => (1, since.size().max(1)),
            _ => (1, size),
        }
    }

    async fn signed_by_tiles(&self) -> anyhow::Result<bool> {
        let size = self.signed.size();
        let root = with_tiles(self.source, |tiles| root_from_tiles(size, |address| tile_of(tiles, address))).await?;
        Ok(root == Some(self.signed.root()))
    }

    /// Which of the tiles that the entries do not give lead to the signed root.
    async fn authentic(&self) -> anyhow::Result<HashSet<TileAddress>> {
        let mut authentic = HashSet::new();
        if !self.signed_by_tiles().await? {
            return Ok(authentic);
        }
        for mismatch in &self.mismatches {
            if self.leads_up(&mismatch.stored).await? {
                authentic.insert(mismatch.stored.address());
            }
        }
        Ok(authentic)
    }

    /// Whether a tile's root stands in the tile above it, and so on up to the right edge, which leads to the signed root.
    async fn leads_up(&self, tile: &Tile) -> anyhow::Result<bool> {
        let mut tile = tile.clone();
        while !tile.address().is_partial() {
            let Some((address, place)) = parent(tile.address(), self.signed.size()) else { return Ok(false) };
            let Held::Bytes(bytes) = self.source.tile(address).await? else { return Ok(false) };
            let Ok(above) = Tile::decode(address, &bytes) else { return Ok(false) };
            if above.hashes().get(usize::from(place)) != Some(&root_of(tile.hashes())) {
                return Ok(false);
            }
            tile = above;
        }
        Ok(true)
    }
}

/// A tile that a proof needs, and that is to be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} is to be fetched")]
struct Wanted(TileAddress);

fn tile_of(tiles: &HashMap<TileAddress, Vec<u8>>, address: TileAddress) -> Result<Vec<u8>, Wanted> {
    tiles.get(&address).cloned().ok_or(Wanted(address))
}

/// Makes something of tiles: what it asks for and is not there yet is fetched, and it is made again. None where a tile is not to be had.
async fn with_tiles<Made>(
    source: &Source,
    make: impl Fn(&HashMap<TileAddress, Vec<u8>>) -> Result<Made, ProveError<Wanted>>,
) -> anyhow::Result<Option<Made>> {
    let mut tiles = HashMap::new();
    while tiles.len() <= PROOF_TILES_MAX {
        let address = match make(&tiles) {
            Ok(made) => return Ok(Some(made)),
            Err(ProveError::Read(Wanted(address))) => address,
            Err(_) => return Ok(None),
        };
        let Held::Bytes(bytes) = source.tile(address).await? else { return Ok(None) };
        tiles.insert(address, bytes);
    }
    Ok(None)
}

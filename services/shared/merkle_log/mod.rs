//! The Merkle log over the ledger, as it is kept: position p is leaf p − 1. What was sealed last stands in the state store, full tiles and
//! bundles in role state, each under its path. The notary writes them; whoever answers readers reads them. Nothing is signed here.

mod leaves;
mod routes;
mod sealed;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dateline_backends::{Ledger, LedgerError, RoleState, RoleStateError, StateStore};
use dateline_events::Position;
use dateline_proofs::{Hash, ProveError, SealedReceipt, TILE_HASHES, Tile, TileAddress, TileContent, decode_bundle, encode_bundle, inclusion_proof};
use thiserror::Error;

pub use leaves::{Opening, leaf_of};
pub use routes::routes;
pub use sealed::{Sealed, SealedError};

/// What was sealed last is asked for again after so long, in milliseconds.
const FRESH_MS: u64 = 50;

/// Where full tiles stand in role state, before their paths.
const PREFIX: &str = "log/";

/// A proof asks for at most so many tiles: two a level, and one more.
const PROOF_TILES_MAX: usize = 32;

/// The log, to be read. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MerkleLog {
    state_store: StateStore,
    role_state: RoleState,
    seen: Arc<Mutex<Option<Seen>>>,
}

/// What was sealed when it was looked at.
#[derive(Debug)]
struct Seen {
    when: Instant,
    sealed: Option<Arc<Sealed>>,
}

/// Why the log does not answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogError {
    /// What was sealed last is not to be had.
    #[error(transparent)]
    Sealed(#[from] SealedError),
    /// Role state failed.
    #[error(transparent)]
    Tiles(#[from] RoleStateError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A tile that the sealed tree has is not there.
    #[error("{0} of the sealed log is not there: the notary makes it anew from the ledger when it is started again")]
    Missing(TileAddress),
    /// A tile is not what was written.
    #[error("{address} of the sealed log is damaged ({why}): move the file of role state away, and the notary makes it anew from the ledger")]
    Damaged {
        /// The tile.
        address: TileAddress,
        /// What is wrong with it.
        why: String,
    },
}

impl MerkleLog {
    /// The log that is kept in these stores.
    pub fn new(state_store: StateStore, role_state: RoleState) -> Self {
        Self { state_store, role_state, seen: Arc::default() }
    }

    /// What was sealed last, at most 50 ms ago; None before the first seal.
    pub async fn sealed(&self) -> Result<Option<Arc<Sealed>>, LogError> {
        let fresh = self.seen().as_ref().filter(|seen| seen.when.elapsed() < Duration::from_millis(FRESH_MS)).map(|seen| seen.sealed.clone());
        if let Some(sealed) = fresh {
            return Ok(sealed);
        }
        let when = Instant::now();
        let sealed = Sealed::load(&self.state_store).await?.map(|(sealed, _)| Arc::new(sealed));
        *self.seen() = Some(Seen { when, sealed: sealed.clone() });
        Ok(sealed)
    }

    /// Waits until a position is sealed; false where that takes longer.
    pub async fn until_sealed(&self, position: Position, wait: Duration) -> Result<bool, LogError> {
        let deadline = Instant::now() + wait;
        loop {
            if self.sealed().await?.is_some_and(|sealed| sealed.checkpoint.size() >= position) {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(FRESH_MS).min(deadline.saturating_duration_since(Instant::now()))).await;
        }
    }

    /// The bytes at an address as the sealed tree has them; None where it does not reach so far.
    pub async fn bytes(&self, sealed: &Sealed, address: TileAddress) -> Result<Option<Vec<u8>>, LogError> {
        if let Some(bytes) = sealed.at_the_edge(address) {
            return Ok(Some(bytes));
        }
        if !reaches(sealed.checkpoint.size(), address) {
            return Ok(None);
        }
        let whole = self.role_state.get(&key(address)).await?.ok_or(LogError::Missing(address.full()))?;
        if !address.is_partial() {
            return Ok(Some(whole));
        }
        // What was partial once is the beginning of the full one.
        narrowed(&whole, address).map(Some).map_err(|why| LogError::Damaged { address: address.full(), why })
    }

    /// The receipt of a position of the ledger: its leaf is in the tree of the checkpoint. The salt that opens the leaf goes with it where
    /// the text was not destroyed. None where the position is not sealed yet.
    pub async fn receipt(&self, ledger: &Ledger, position: Position) -> Result<Option<SealedReceipt>, LogError> {
        let Some(sealed) = self.sealed().await? else { return Ok(None) };
        let size = sealed.checkpoint.size();
        let Some(index) = position.checked_sub(1).filter(|index| *index < size) else { return Ok(None) };
        let record = ledger.get(position).await?.ok_or(LedgerError::Missing { position })?;
        let leaf = leaf_of(ledger, &record).await?.ok_or(LedgerError::Altered { position })?;
        let extra = Opening { leaf, salt: record.salt }.to_bytes();
        let proof = self.proof(&sealed, |tiles| inclusion_proof(index, size, |address| tile_of(tiles, address))).await?;
        Ok(Some(SealedReceipt { extra: Some(extra), index, proof, checkpoint: sealed.note.clone() }))
    }

    /// The leaf of a position as it was sealed; None where the sealed tree does not reach so far.
    pub async fn leaf(&self, position: Position) -> Result<Option<String>, LogError> {
        let Some(sealed) = self.sealed().await? else { return Ok(None) };
        let size = sealed.checkpoint.size();
        let Some(index) = position.checked_sub(1).filter(|index| *index < size) else { return Ok(None) };
        let width = u64::from(TILE_HASHES);
        let (bundle, place) = (index / width, index % width);
        let entries = u16::try_from((size - bundle * width).min(width)).unwrap_or(TILE_HASHES);
        let damaged = |why: String| LogError::Sealed(SealedError::Damaged(why));
        let address = TileAddress::entries(bundle, entries).map_err(|error| damaged(error.to_string()))?;
        let bytes = self.bytes(&sealed, address).await?.ok_or(LogError::Missing(address))?;
        let leaves = decode_bundle(&bytes, entries).map_err(|error| damaged(error.to_string()))?;
        let leaf = usize::try_from(place).ok().and_then(|place| leaves.get(place)).ok_or_else(|| damaged(format!("{address} has no such entry")))?;
        Ok(Some(String::from_utf8_lossy(leaf).into_owned()))
    }

    /// Makes a proof from tiles: what it asks for and is not there yet is fetched, and it is made again.
    async fn proof(
        &self,
        sealed: &Sealed,
        make: impl Fn(&HashMap<TileAddress, Vec<u8>>) -> Result<Vec<Hash>, ProveError<Wanted>>,
    ) -> Result<Vec<Hash>, LogError> {
        let mut tiles = HashMap::new();
        loop {
            let address = match make(&tiles) {
                Ok(proof) => return Ok(proof),
                Err(ProveError::Read(Wanted(address))) if tiles.len() < PROOF_TILES_MAX => address,
                Err(ProveError::Read(Wanted(address))) => return Err(LogError::Missing(address)),
                Err(error) => return Err(SealedError::Damaged(error.to_string()).into()),
            };
            let bytes = self.bytes(sealed, address).await?.ok_or(LogError::Missing(address))?;
            tiles.insert(address, bytes);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tile that a proof needs, and that is to be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} is to be fetched")]
struct Wanted(TileAddress);

fn tile_of(tiles: &HashMap<TileAddress, Vec<u8>>, address: TileAddress) -> Result<Vec<u8>, Wanted> {
    tiles.get(&address).cloned().ok_or(Wanted(address))
}

/// Where a full tile or bundle stands in role state; of a partial one, where it will stand.
pub fn key(address: TileAddress) -> String {
    format!("{PREFIX}{}", address.full())
}

/// Whether a tree of this size has what stands at an address.
fn reaches(size: u64, address: TileAddress) -> bool {
    let height = match address.content() {
        TileContent::Entries => 0,
        TileContent::Hashes { level } => 8 * u32::from(level),
    };
    let there = size.checked_shr(height).unwrap_or(0);
    let end = address.index().checked_mul(u64::from(TILE_HASHES)).and_then(|first| first.checked_add(u64::from(address.width())));
    end.is_some_and(|end| end <= there)
}

/// The first hashes, or entries, of a full tile, as the partial one at an address has them.
pub fn narrowed(whole: &[u8], address: TileAddress) -> Result<Vec<u8>, String> {
    if address.content() == TileContent::Entries {
        let entries = decode_bundle(whole, TILE_HASHES).map_err(|error| error.to_string())?;
        return encode_bundle(&entries[..usize::from(address.width())]).map_err(|error| error.to_string());
    }
    let tile = Tile::decode(address.full(), whole).map_err(|error| error.to_string())?;
    Ok(tile.hashes()[..usize::from(address.width())].iter().flat_map(|hash| hash.0).collect())
}

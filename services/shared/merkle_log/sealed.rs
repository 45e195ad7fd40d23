//! What the notary sealed last: the signed checkpoint, and the right edge of its tree, which a tile cannot hold yet. Both are one value of
//! the state store, so whoever reads one reads the other that belongs to it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dateline_backends::{Revision, StateError, StateStore};
use dateline_proofs::{
    Checkpoint, CheckpointError, Note, TILE_HASHES, Tile, TileAddress, TileContent, TileError, Tree, decode_bundle, encode_bundle,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where it stands in the state store.
const KEY: &str = "log/sealed";

/// A log that was sealed at least once.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The checkpoint as it was signed: what `/log/checkpoint` answers.
    pub note: Note,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The partial tiles of its tree, lowest level first.
    pub tiles: Vec<Tile>,
    /// The leaves behind the last full bundle.
    pub leaves: Vec<Vec<u8>>,
}

/// Why the sealed log is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SealedError {
    /// The state store failed, or somebody else sealed first.
    #[error(transparent)]
    State(#[from] StateError),
    /// The value is no sealed log.
    #[error("{KEY:?} in the state store holds no sealed log ({0}): put a backup of the state store in its place")]
    Damaged(String),
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Form {
    /// The signed note.
    note: String,
    /// The partial tiles by their paths, base64.
    tiles: BTreeMap<String, String>,
    /// The partial bundle of entries, base64.
    entries: String,
}

impl Sealed {
    /// What is sealed now, with its revision; None before the first seal.
    pub async fn load(state_store: &StateStore) -> Result<Option<(Self, Revision)>, SealedError> {
        let Some((value, revision)) = state_store.get(KEY).await? else { return Ok(None) };
        Ok(Some((Self::read(&value).map_err(SealedError::Damaged)?, revision)))
    }

    /// Puts it in the place of what was sealed before, by compare-and-swap: of two notaries one is refused.
    pub async fn store(&self, state_store: &StateStore, before: Option<Revision>) -> Result<Revision, SealedError> {
        let tiles = self.tiles.iter().map(|tile| (tile.address().to_string(), STANDARD.encode(tile.encode()))).collect();
        let entries =
            if self.leaves.is_empty() { Vec::new() } else { encode_bundle(&self.leaves).map_err(|error| SealedError::Damaged(error.to_string()))? };
        let form = Form { note: self.note.to_string(), tiles, entries: STANDARD.encode(entries) };
        let value = serde_json::to_vec(&form).map_err(|error| SealedError::Damaged(error.to_string()))?;
        Ok(state_store.put(KEY, &value, before).await?)
    }

    /// Ends this log: what was sealed is put aside under its size, and the next notary begins a new one. Answers what was put aside.
    pub async fn abandon(state_store: &StateStore, sealed: &Self, revision: Revision) -> Result<Self, SealedError> {
        let value = sealed.note.to_string().into_bytes();
        let aside = format!("log/abandoned/{}", sealed.checkpoint.size());
        match state_store.put(&aside, &value, None).await {
            Ok(_) | Err(StateError::Changed { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        state_store.delete(KEY, revision).await?;
        Ok(sealed.clone())
    }

    /// The tree that was sealed, to go on from. That its root is the signed one is looked at here.
    pub fn tree(&self) -> Result<Tree, SealedError> {
        let tree = Tree::resume(self.checkpoint.size(), &self.tiles).map_err(|error| SealedError::Damaged(error.to_string()))?;
        if tree.root() != self.checkpoint.root() {
            return Err(SealedError::Damaged("its tiles have another root than its checkpoint".to_owned()));
        }
        Ok(tree)
    }

    /// The bytes at an address, where it lies at the right edge and reaches so far.
    pub fn at_the_edge(&self, address: TileAddress) -> Option<Vec<u8>> {
        let width = usize::from(address.width());
        if address.content() == TileContent::Entries {
            let whole = self.checkpoint.size() / u64::from(TILE_HASHES);
            let leaves = self.leaves.get(..width).filter(|_| address.index() == whole)?;
            return encode_bundle(leaves).ok();
        }
        let tile = self.tiles.iter().find(|tile| tile.address().full() == address.full())?;
        Some(tile.hashes().get(..width)?.iter().flat_map(|hash| hash.0).collect())
    }

    fn read(value: &[u8]) -> Result<Self, String> {
        let form: Form = serde_json::from_slice(value).map_err(|error| error.to_string())?;
        let note = Note::parse(form.note.as_bytes()).map_err(|error| error.to_string())?;
        let checkpoint: Checkpoint = note.text().parse().map_err(|error: CheckpointError| error.to_string())?;
        let tile = |(path, bytes): (&String, &String)| {
            let address: TileAddress = path.parse().map_err(|error: TileError| error.to_string())?;
            let bytes = STANDARD.decode(bytes).map_err(|error| error.to_string())?;
            Tile::decode(address, &bytes).map_err(|error| error.to_string())
        };
        let mut tiles = form.tiles.iter().map(tile).collect::<Result<Vec<_>, _>>()?;
        tiles.sort_by_key(Tile::address);
        let entries = STANDARD.decode(&form.entries).map_err(|error| error.to_string())?;
        let width = u16::try_from(checkpoint.size() % u64::from(TILE_HASHES)).map_err(|error| error.to_string())?;
        let leaves = if width == 0 { Vec::new() } else { decode_bundle(&entries, width).map_err(|error| error.to_string())? };
        Ok(Self { note, checkpoint, tiles, leaves: leaves.into_iter().map(<[u8]>::to_vec).collect() })
    }
}

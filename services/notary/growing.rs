//! The tree as it grows: a leaf a position, and the tiles and bundles that each push makes full.

use dateline_backends::{Ledger, Record};
use dateline_events::Position;
use dateline_proofs::{TILE_HASHES, Tile, TileAddress, Tree, encode_bundle, leaf_hash};

use super::NotaryError;
use crate::shared::merkle_log::{key, leaf_of};

/// The tree of the first positions of a ledger.
#[derive(Debug, Default)]
pub struct Growing {
    tree: Tree,
    /// The leaves behind the last full bundle.
    leaves: Vec<Vec<u8>>,
    /// What became full since it was taken last: where it is kept, and its bytes.
    full: Vec<(String, Vec<u8>)>,
}

impl Growing {
    /// Goes on from a tree and the leaves behind its last full bundle.
    pub fn from(tree: Tree, leaves: Vec<Vec<u8>>) -> Self {
        Self { tree, leaves, full: Vec::new() }
    }

    /// The tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The leaves behind the last full bundle.
    pub fn leaves(&self) -> &[Vec<u8>] {
        &self.leaves
    }

    /// Adds the leaves of the records that come next.
    pub async fn push(&mut self, ledger: &Ledger, records: &[Record]) -> Result<(), NotaryError> {
        for record in records {
            let leaf = leaf_of(ledger, record).await?.ok_or(NotaryError::Unexplained(record.position))?;
            let full = self.tree.push(leaf_hash(leaf.as_bytes()));
            self.full.extend(full.iter().map(|tile: &Tile| (key(tile.address()), tile.encode())));
            self.leaves.push(leaf.into_bytes());
            if self.leaves.len() == usize::from(TILE_HASHES) {
                self.bundle()?;
            }
        }
        Ok(())
    }

    /// What became full since this was asked last: where it is kept, and its bytes.
    pub fn take_full(&mut self) -> Vec<(String, Vec<u8>)> {
        std::mem::take(&mut self.full)
    }

    fn bundle(&mut self) -> Result<(), NotaryError> {
        let index = self.tree.size() / u64::from(TILE_HASHES) - 1;
        let address = TileAddress::entries(index, TILE_HASHES)?;
        self.full.push((key(address), encode_bundle(&self.leaves)?));
        self.leaves.clear();
        Ok(())
    }
}

/// The leaf at a position as the ledger has it; None where it has none, or its text is destroyed and nothing explains that.
pub async fn leaf_at(ledger: &Ledger, position: Position) -> Result<Option<Vec<u8>>, NotaryError> {
    let Some(record) = ledger.get(position).await? else { return Ok(None) };
    Ok(leaf_of(ledger, &record).await?.map(String::into_bytes))
}

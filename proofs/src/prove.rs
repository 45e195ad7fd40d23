//! Proofs made from tiles: that a leaf is in a tree, and that a tree goes on from a smaller one (RFC 6962, sections 2.1.1 and 2.1.2).
//!
//! A reader brings the bytes of a tile by its address. It is asked for each tile that is needed once, and for no other. It may bring
//! the full tile in place of a partial one, since a log may delete those.

use thiserror::Error;

use crate::hash::{EMPTY_ROOT, HASH_BYTES, Hash, node_hash};
use crate::tile::{TILE_HASHES, TILE_HEIGHT, Tile, TileAddress, TileContent, TileError, root_of_full, tile_at};

/// Why no proof was made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProveError<E> {
    /// The reader did not bring a tile.
    #[error(transparent)]
    Read(E),
    /// What the reader brought is not that tile.
    #[error(transparent)]
    Tile(TileError),
    /// The tree has no such leaf.
    #[error("leaf {index} is beyond a tree of {size} leaves")]
    Beyond {
        /// The leaf's number, from 0.
        index: u64,
        /// How many leaves the tree has.
        size: u64,
    },
    /// A tree does not go on from a larger one.
    #[error("a tree of {new} leaves does not go on from one of {old}")]
    Shrunk {
        /// How many leaves the earlier tree has.
        old: u64,
        /// How many leaves the later tree has.
        new: u64,
    },
}

/// The proof that leaf `index`, counted from 0, is in the tree of `size` leaves: from its sibling up. It costs a read for each level of
/// tiles, two at the right edge.
pub fn inclusion_proof<E>(index: u64, size: u64, read: impl FnMut(TileAddress) -> Result<Vec<u8>, E>) -> Result<Vec<Hash>, ProveError<E>> {
    if index >= size {
        return Err(ProveError::Beyond { index, size });
    }
    let mut tiles = Tiles { size, read, held: Vec::new() };
    let (mut proof, mut from, mut to) = (Vec::new(), 0, size);
    while let Some(left) = left_leaves(to - from) {
        let middle = from + left;
        if index < middle {
            proof.push(tiles.root(middle, to)?);
            to = middle;
        } else {
            proof.push(tiles.root(from, middle)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `new` leaves begins with the tree of `old` leaves. It is empty where they are the same, and for `old` = 0.
pub fn consistency_proof<E>(old: u64, new: u64, read: impl FnMut(TileAddress) -> Result<Vec<u8>, E>) -> Result<Vec<Hash>, ProveError<E>> {
    if old > new {
        return Err(ProveError::Shrunk { old, new });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let mut tiles = Tiles { size: new, read, held: Vec::new() };
    let (mut proof, mut from, mut to) = (Vec::new(), 0, new);
    while let Some(left) = left_leaves(to - from).filter(|_| old != to) {
        let middle = from + left;
        if old <= middle {
            proof.push(tiles.root(middle, to)?);
            to = middle;
        } else {
            proof.push(tiles.root(from, middle)?);
            from = middle;
        }
    }
    // Where the old tree is a subtree by itself, whoever verifies knows its root.
    if from > 0 {
        proof.push(tiles.root(from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The root of the tree of `size` leaves, made of its rightmost tiles.
pub fn root_from_tiles<E>(size: u64, read: impl FnMut(TileAddress) -> Result<Vec<u8>, E>) -> Result<Hash, ProveError<E>> {
    if size == 0 {
        return Ok(EMPTY_ROOT);
    }
    Tiles { size, read, held: Vec::new() }.root(0, size)
}

/// How many of so many leaves are left of the middle: the largest power of two below that number; None for one leaf or none.
fn left_leaves(leaves: u64) -> Option<u64> {
    leaves.checked_sub(1)?.checked_ilog2().map(|bits| 1 << bits)
}

/// The tiles of a tree of this size, those that were read held.
struct Tiles<Read> {
    size: u64,
    read: Read,
    held: Vec<Tile>,
}

impl<E, Read: FnMut(TileAddress) -> Result<Vec<u8>, E>> Tiles<Read> {
    /// The root over the leaves from one to before another, which stand as RFC 6962 divides a tree.
    fn root(&mut self, from: u64, to: u64) -> Result<Hash, ProveError<E>> {
        let (mut subtrees, mut from) = (Vec::new(), from);
        while let Some(height) = (to - from).checked_ilog2() {
            subtrees.push(self.node(height, from >> height)?);
            from += 1 << height;
        }
        Ok(subtrees.into_iter().rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT))
    }

    /// The root of the perfect subtree of 2^height leaves, the index-th of those.
    fn node(&mut self, height: u32, index: u64) -> Result<Hash, ProveError<E>> {
        let (level, within) = (height / TILE_HEIGHT, height % TILE_HEIGHT);
        // A size has 64 bits, so that the level is 7 at most and the shift loses nothing.
        let first = index << within;
        let content = TileContent::Hashes { level: level as u8 };
        let (tile, offset) = (first / u64::from(TILE_HASHES), (first % u64::from(TILE_HASHES)) as usize);
        let beyond = ProveError::Beyond { index, size: self.size };
        let Some(address) = tile_at(content, tile, self.size) else { return Err(beyond) };
        self.tile(address)?.hashes().get(offset..offset + (1 << within)).and_then(root_of_full).ok_or(beyond)
    }

    fn tile(&mut self, address: TileAddress) -> Result<&Tile, ProveError<E>> {
        let held = self.held.iter().position(|tile| tile.address() == address);
        let number = match held {
            Some(number) => number,
            None => {
                let bytes = (self.read)(address).map_err(ProveError::Read)?;
                let wanted = usize::from(address.width()) * HASH_BYTES;
                let is_full = bytes.len() == usize::from(TILE_HASHES) * HASH_BYTES;
                let bytes = if is_full { &bytes[..wanted] } else { &bytes };
                self.held.push(Tile::decode(address, bytes).map_err(ProveError::Tile)?);
                self.held.len() - 1
            }
        };
        Ok(&self.held[number])
    }
}

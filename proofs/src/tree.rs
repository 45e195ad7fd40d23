//! A Merkle tree (RFC 6962, section 2.1) that only grows at its right edge, and remembers no more than that edge.

use thiserror::Error;

use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::tile::{TILE_HASHES, TILE_HEIGHT, Tile, TileAddress, TileContent, partial_tiles_of, root_of_full};

/// The most leaves of a tree that is resumed: other people's tools hold sizes in 63 bits.
pub const TREE_LEAVES_MAX: u64 = i64::MAX as u64;

/// A tree that leaves are pushed to. Each push costs one node hash on average; a root costs at most one for each bit of the size.
/// It holds at most 255 hashes for each level of tiles.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    size: u64,
    /// The roots of the perfect subtrees that the tree is made of, biggest first: one for each 1 among the bits of its size.
    subtrees: Vec<Hash>,
    /// What the partial tile of each level holds so far.
    partial: Vec<Vec<Hash>>,
}

/// Why a tree is not resumed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TreeError {
    /// More leaves than other tools can count.
    #[error("a tree of {0} leaves is larger than 2^63 - 1")]
    TooLarge(u64),
    /// A partial tile of that size is not there.
    #[error("a tree of {size} leaves is resumed from {tile}, which is not there")]
    Missing {
        /// How many leaves the tree has.
        size: u64,
        /// The tile.
        tile: TileAddress,
    },
    /// A tile is no partial tile of that size, or stands there twice.
    #[error("{tile} is no partial tile of a tree of {size} leaves, or it was given twice")]
    Foreign {
        /// How many leaves the tree has.
        size: u64,
        /// The tile.
        tile: TileAddress,
    },
}

impl Tree {
    /// A tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree of `size` leaves from its partial tiles ([`partial_tiles_of`]), in any order. Whether they are the right ones is not
    /// known here: hold [`root`](Self::root) against a checkpoint.
    pub fn resume(size: u64, tiles: &[Tile]) -> Result<Self, TreeError> {
        if size > TREE_LEAVES_MAX {
            return Err(TreeError::TooLarge(size));
        }
        let wanted: Vec<TileAddress> = partial_tiles_of(size).collect();
        for (number, tile) in tiles.iter().map(Tile::address).enumerate() {
            if !wanted.contains(&tile) || tiles[..number].iter().any(|before| before.address() == tile) {
                return Err(TreeError::Foreign { size, tile });
            }
        }
        let mut tree = Self { size, ..Self::default() };
        for address in wanted {
            let tile = tiles.iter().find(|tile| tile.address() == address).ok_or(TreeError::Missing { size, tile: address })?;
            *tree.partial_at(address) = tile.hashes().to_vec();
        }
        // The biggest subtrees are in the highest tiles, and stand first within each.
        for hashes in tree.partial.iter().rev() {
            let mut rest = hashes.as_slice();
            while let Some(width) = rest.len().checked_ilog2() {
                let (subtree, behind) = rest.split_at(1 << width);
                tree.subtrees.extend(root_of_full(subtree));
                rest = behind;
            }
        }
        Ok(tree)
    }

    /// Adds a leaf by its hash. Answers the tiles that it made full, lowest level first: mostly none, one in 256 pushes.
    pub fn push(&mut self, leaf_hash: Hash) -> Vec<Tile> {
        let mut full = Vec::new();
        let mut node = leaf_hash;
        // As many subtrees join as there are 1s at the end of the size in binary: a counter that carries.
        let joining = self.size.trailing_ones();
        full.extend(self.note(node, 0));
        for height in 1..=joining {
            let Some(left) = self.subtrees.pop() else { break };
            node = node_hash(&left, &node);
            full.extend(self.note(node, height));
        }
        self.subtrees.push(node);
        self.size += 1;
        full
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its root hash.
    pub fn root(&self) -> Hash {
        self.subtrees.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
    }

    /// The partial tiles of its size, lowest level first. With the full ones that [`push`](Self::push) answered they are all its tiles.
    pub fn partial_tiles(&self) -> Vec<Tile> {
        partial_tiles_of(self.size).filter_map(|address| Tile::of(address, self.partial.get(level_of(address))?.clone()).ok()).collect()
    }

    /// Writes the root of a perfect subtree of this height into its tile; answers the tile if it is full by that.
    fn note(&mut self, node: Hash, height: u32) -> Option<Tile> {
        if !height.is_multiple_of(TILE_HEIGHT) {
            return None;
        }
        let level = u8::try_from(height / TILE_HEIGHT).ok()?;
        // Before the leaf is counted: the node is the last of its level in the tree with it.
        let index = (self.size >> height) / u64::from(TILE_HASHES);
        let address = TileAddress::hashes(level, index, TILE_HASHES).ok()?;
        let hashes = self.partial_at(address);
        hashes.push(node);
        if hashes.len() < usize::from(TILE_HASHES) {
            return None;
        }
        let hashes = std::mem::take(hashes);
        Tile::of(address, hashes).ok()
    }

    fn partial_at(&mut self, address: TileAddress) -> &mut Vec<Hash> {
        let level = level_of(address);
        if self.partial.len() <= level {
            self.partial.resize_with(level + 1, Vec::new);
        }
        &mut self.partial[level]
    }
}

fn level_of(address: TileAddress) -> usize {
    match address.content() {
        TileContent::Entries => 0,
        TileContent::Hashes { level } => usize::from(level),
    }
}

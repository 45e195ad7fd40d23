//! The tree that the entries give, and where the stored tiles differ from it. Pure.

use dateline_events::Position;
use dateline_proofs::{Hash, TILE_HASHES, Tile, TileAddress, TileContent, Tree};

/// A tree that grows from the entries; it is lost where a leaf is to be had nowhere.
#[derive(Debug)]
pub struct Growing {
    tree: Option<Tree>,
    /// At this size the root is kept.
    mark: Option<u64>,
    marked: Option<Hash>,
}

/// A stored tile that is not the one that the entries give.
#[derive(Debug)]
pub struct Mismatch {
    /// The tile as it is stored.
    pub stored: Tile,
    /// Which of its hashes differ, by their places within it.
    pub places: Vec<u16>,
}

impl Growing {
    /// An empty tree whose root at a size is wanted later.
    pub fn new(mark: Option<u64>) -> Self {
        let tree = Tree::new();
        let marked = mark.filter(|mark| *mark == 0).map(|_| tree.root());
        Self { tree: Some(tree), mark, marked }
    }

    /// Adds the next leaf, where it is known; answers the tiles that are full by that.
    pub fn push(&mut self, leaf: Option<Hash>) -> Vec<Tile> {
        let (Some(tree), Some(leaf)) = (&mut self.tree, leaf) else {
            self.tree = None;
            return Vec::new();
        };
        let full = tree.push(leaf);
        if self.mark == Some(tree.size()) {
            self.marked = Some(tree.root());
        }
        full
    }

    /// The tiles at the right edge.
    pub fn partial_tiles(&self) -> Vec<Tile> {
        self.tree.as_ref().map(Tree::partial_tiles).unwrap_or_default()
    }

    /// The root; None where a leaf was not to be had.
    pub fn root(&self) -> Option<Hash> {
        self.tree.as_ref().map(Tree::root)
    }

    /// The root that it had at the size that was asked for.
    pub fn marked(&self) -> Option<Hash> {
        self.marked
    }
}

/// Where a stored tile differs from the one that the entries give.
pub fn compare(computed: &Tile, stored: Tile) -> Option<Mismatch> {
    let pairs = computed.hashes().iter().zip(stored.hashes());
    let places: Vec<u16> = (0..).zip(pairs).filter(|(_, (computed, stored))| computed != stored).map(|(place, _)| place).collect();
    (!places.is_empty()).then_some(Mismatch { stored, places })
}

/// The positions below one hash of a tile, first and last, in a tree of this size.
pub fn below(address: TileAddress, place: u16, size: u64) -> (Position, Position) {
    let height = 8 * u32::from(level_of(address));
    let number = address.index() * u64::from(TILE_HASHES) + u64::from(place);
    let end = (number + 1).checked_shl(height).filter(|end| end >> height == number + 1).unwrap_or(u64::MAX);
    ((number << height) + 1, end.min(size))
}

/// The positions below a whole tile, first and last.
pub fn below_all(address: TileAddress, size: u64) -> (Position, Position) {
    (below(address, 0, size).0, below(address, address.width() - 1, size).1)
}

/// The level of a tile; entries are at level 0.
pub fn level_of(address: TileAddress) -> u8 {
    match address.content() {
        TileContent::Entries => 0,
        TileContent::Hashes { level } => level,
    }
}

/// The tile that has the root of a full tile among its hashes, and the place there.
pub fn parent(address: TileAddress, size: u64) -> Option<(TileAddress, u16)> {
    let width = u64::from(TILE_HASHES);
    let level = level_of(address).checked_add(1)?;
    let there = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
    let index = address.index() / width;
    let hashes = there.checked_sub(index * width)?.min(width);
    let parent = TileAddress::hashes(level, index, u16::try_from(hashes).ok()?).ok()?;
    Some((parent, u16::try_from(address.index() % width).ok()?))
}

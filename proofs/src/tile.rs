//! Tiles as C2SP tlog-tiles cuts a tree into them: their addresses, which of them a tree has, and their bytes.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::hash::{HASH_BYTES, Hash, node_hash};
use crate::lines::{decimal, shown};

/// How many hashes, or entries, a full tile has.
pub const TILE_HASHES: u16 = 256;

/// The highest level that an address can name. A tree of 2⁶⁴ leaves needs none above 7.
pub const TILE_LEVEL_MAX: u8 = 63;

/// How many levels of the tree one level of tiles spans: 2⁸ = 256.
pub(crate) const TILE_HEIGHT: u32 = 8;

/// The highest level of tiles that a tree with a 64-bit size has.
const LEVEL_OF_A_TREE_MAX: u8 = 7;

/// The longest path, that of the last bundle that 64 bits can name.
const PATH_BYTES_MAX: usize = "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255".len();

/// Where a tile or a bundle of entries stands: `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`, relative to the log's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileAddress {
    content: TileContent,
    index: u64,
    /// 1 to 256; 256 is a full tile.
    width: u16,
}

/// What the bytes at an address are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TileContent {
    /// Hashes of 32 bytes. At level 0 those of leaves, above it the roots of full tiles one level below.
    Hashes {
        /// 0 to 63.
        level: u8,
    },
    /// The leaves themselves ([`decode_bundle`](crate::decode_bundle)).
    Entries,
}

/// A tile of hashes with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    address: TileAddress,
    hashes: Vec<Hash>,
}

/// What is wrong with an address or with a tile's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TileError {
    /// The level is above 63.
    #[error("level {0} of a tile is above 63")]
    Level(u8),
    /// The width is 0 or above 256.
    #[error("a tile is 1 to 256 wide, not {0}")]
    Width(u16),
    /// The text is no path of a tile.
    #[error("`{path}` is no path of a tile: {why}")]
    Path {
        /// The path, shortened.
        path: String,
        /// Which rule it breaks.
        why: &'static str,
    },
    /// The address is one of entries, and hashes were wanted.
    #[error("{0} is a bundle of entries, not a tile of hashes")]
    NoHashes(TileAddress),
    /// The bytes do not fill the tile.
    #[error("{address} has {wanted} bytes, not {got}")]
    Length {
        /// The tile.
        address: TileAddress,
        /// 32 times its width.
        wanted: usize,
        /// How many there are.
        got: usize,
    },
}

impl TileAddress {
    /// A tile of hashes; `width` is 256 for a full one.
    pub fn hashes(level: u8, index: u64, width: u16) -> Result<Self, TileError> {
        if level > TILE_LEVEL_MAX {
            return Err(TileError::Level(level));
        }
        Self::checked(TileContent::Hashes { level }, index, width)
    }

    /// A bundle of entries; `width` is 256 for a full one.
    pub fn entries(index: u64, width: u16) -> Result<Self, TileError> {
        Self::checked(TileContent::Entries, index, width)
    }

    fn checked(content: TileContent, index: u64, width: u16) -> Result<Self, TileError> {
        if (1..=TILE_HASHES).contains(&width) { Ok(Self { content, index, width }) } else { Err(TileError::Width(width)) }
    }

    /// Whether it holds hashes or entries.
    pub fn content(&self) -> TileContent {
        self.content
    }

    /// Its place within its level, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// True for one that grows: it is narrower than 256, and another one takes its place later.
    pub fn is_partial(&self) -> bool {
        self.width < TILE_HASHES
    }

    /// The full tile that takes its place; itself where it is full.
    pub fn full(&self) -> Self {
        Self { width: TILE_HASHES, ..*self }
    }
}

/// Every tile of hashes of a tree with `size` leaves, lowest level first.
pub fn tiles_of(size: u64) -> impl Iterator<Item = TileAddress> {
    tiles_between(0, size)
}

/// The tiles of hashes that a tree of `new` leaves has and one of `old` leaves has not, lowest level first. None where `new` ≤ `old`.
pub fn tiles_between(old: u64, new: u64) -> impl Iterator<Item = TileAddress> {
    (0..=LEVEL_OF_A_TREE_MAX).flat_map(move |level| between(TileContent::Hashes { level }, old, new))
}

/// The partial tiles of hashes of a tree with `size` leaves, lowest level first: at most one a level.
pub fn partial_tiles_of(size: u64) -> impl Iterator<Item = TileAddress> {
    (0..=LEVEL_OF_A_TREE_MAX).filter_map(move |level| rightmost(TileContent::Hashes { level }, size)).filter(TileAddress::is_partial)
}

/// Every bundle of entries of a tree with `size` leaves.
pub fn bundles_of(size: u64) -> impl Iterator<Item = TileAddress> {
    bundles_between(0, size)
}

/// The bundles of entries that a tree of `new` leaves has and one of `old` leaves has not. None where `new` ≤ `old`.
pub fn bundles_between(old: u64, new: u64) -> impl Iterator<Item = TileAddress> {
    between(TileContent::Entries, old, new)
}

/// How many hashes, or entries, stand at the level of this content.
fn hashes_at(content: TileContent, size: u64) -> u64 {
    match content {
        TileContent::Entries => size,
        TileContent::Hashes { level } => size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0),
    }
}

fn between(content: TileContent, old: u64, new: u64) -> impl Iterator<Item = TileAddress> {
    let width = u64::from(TILE_HASHES);
    let (before, now) = (hashes_at(content, old), hashes_at(content, new));
    // Full tiles of the old tree are left out; its partial one grew if there are more hashes.
    let first = before / width;
    let end = if now > before { now.div_ceil(width) } else { first };
    (first..end).map(move |index| TileAddress { content, index, width: (now - index * width).min(width) as u16 })
}

/// The last tile of the level of this content; None where the level has no hash.
fn rightmost(content: TileContent, size: u64) -> Option<TileAddress> {
    let index = hashes_at(content, size).checked_sub(1)? / u64::from(TILE_HASHES);
    tile_at(content, index, size)
}

/// The tile of this index as a tree with `size` leaves has it; None where it has no such tile.
pub(crate) fn tile_at(content: TileContent, index: u64, size: u64) -> Option<TileAddress> {
    let width = u64::from(TILE_HASHES);
    let there = hashes_at(content, size).checked_sub(index.checked_mul(width)?)?.min(width);
    (there > 0).then_some(TileAddress { content, index, width: there as u16 })
}

impl Tile {
    /// Reads the bytes of the tile at an address: exactly 32 for each hash.
    pub fn decode(address: TileAddress, bytes: &[u8]) -> Result<Self, TileError> {
        let wanted = usize::from(address.width) * HASH_BYTES;
        if bytes.len() != wanted {
            return Err(TileError::Length { address, wanted, got: bytes.len() });
        }
        let (hashes, _) = bytes.as_chunks::<HASH_BYTES>();
        Self::of(address, hashes.iter().copied().map(Hash).collect())
    }

    /// A tile of these hashes.
    pub fn of(address: TileAddress, hashes: Vec<Hash>) -> Result<Self, TileError> {
        if address.content == TileContent::Entries {
            return Err(TileError::NoHashes(address));
        }
        let wanted = usize::from(address.width);
        if hashes.len() != wanted {
            return Err(TileError::Length { address, wanted: wanted * HASH_BYTES, got: hashes.len() * HASH_BYTES });
        }
        Ok(Self { address, hashes })
    }

    /// Where it stands.
    pub fn address(&self) -> TileAddress {
        self.address
    }

    /// Its hashes, left to right.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Its bytes, as they are served.
    pub fn encode(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }
}

/// The root over 2ⁿ hashes, which stand side by side in one tile; None where there is none.
pub(crate) fn root_of_full(hashes: &[Hash]) -> Option<Hash> {
    match hashes {
        [] => None,
        [one] => Some(*one),
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            Some(node_hash(&root_of_full(left)?, &root_of_full(right)?))
        }
    }
}

impl fmt::Display for TileAddress {
    /// The path, without a slash before it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            TileContent::Entries => formatter.write_str("tile/entries/")?,
            TileContent::Hashes { level } => write!(formatter, "tile/{level}/")?,
        }
        let mut groups = vec![self.index % 1_000];
        let mut above = self.index / 1_000;
        while above > 0 {
            groups.push(above % 1_000);
            above /= 1_000;
        }
        for group in groups.iter().skip(1).rev() {
            write!(formatter, "x{group:03}/")?;
        }
        write!(formatter, "{:03}", groups[0])?;
        if self.is_partial() { write!(formatter, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for TileAddress {
    type Err = TileError;

    /// Reads the one path that [`Display`](fmt::Display) prints for it, and no other.
    fn from_str(path: &str) -> Result<Self, TileError> {
        let refused = |why| TileError::Path { path: shown(path), why };
        if path.len() > PATH_BYTES_MAX {
            return Err(refused("it is too long"));
        }
        let rest = path.strip_prefix("tile/").ok_or(refused("it does not begin with tile/"))?;
        let (level, rest) = rest.split_once('/').ok_or(refused("tile/ must be followed by a level, or by entries, and a slash"))?;
        let (index, width) = match rest.split_once(".p/") {
            None => (rest, TILE_HASHES),
            Some((index, width)) => {
                let width = decimal(width).and_then(|width| u16::try_from(width).ok()).filter(|width| (1..TILE_HASHES).contains(width));
                (index, width.ok_or(refused(".p/ must be followed by a width of 1 to 255"))?)
            }
        };
        let index = index_of(index).ok_or(refused("an index must be groups of three digits, all but the last one behind an x"))?;
        if level == "entries" {
            return Self::entries(index, width);
        }
        let level = decimal(level).and_then(|level| u8::try_from(level).ok()).filter(|level| *level <= TILE_LEVEL_MAX);
        Self::hashes(level.ok_or(refused("a level must be 0 to 63"))?, index, width)
    }
}

/// Reads `x001/x234/067` as 1234067; None for what no index is printed as.
fn index_of(text: &str) -> Option<u64> {
    let mut index = 0_u64;
    let mut groups = text.split('/').peekable();
    let mut is_first = true;
    while let Some(group) = groups.next() {
        let is_last = groups.peek().is_none();
        let digits = if is_last { group } else { group.strip_prefix('x')? };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) || (is_first && !is_last && digits == "000") {
            return None;
        }
        index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        is_first = false;
    }
    Some(index)
}

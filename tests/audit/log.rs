//! A log as its formats say it: the lines of a replay, leaves, and the tiles that they give. What the generator of tamperings works on.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dateline_events::{Instant, LeafKind, commitment, leaf_bytes};
use dateline_proofs::{Hash, TILE_HASHES, Tile, TileAddress, Tree, encode_bundle, leaf_hash};

/// SplitMix64: numbers that a seed gives, the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `from` to `to`.
    pub fn of(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }
}

/// The text of an event in its line; None where it was destroyed.
pub fn event_of(line: &str) -> Option<&str> {
    let (_, event) = line.split_once(",\"event\":")?;
    event.strip_suffix("}\n")
}

/// The same line with another text.
pub fn with_event(line: &str, event: &str) -> String {
    let (before, _) = line.split_once(",\"event\":").unwrap();
    format!("{before},\"event\":{event}}}\n")
}

/// The value of one of the texts before the event.
pub fn value_of<'a>(line: &'a str, name: &str) -> &'a str {
    line.split_once(&format!("\"{name}\":\"")).and_then(|(_, rest)| rest.split_once('"')).map(|(value, _)| value).unwrap()
}

/// The same line with another value.
pub fn with_value(line: &str, name: &str, value: &str) -> String {
    line.replacen(&format!("\"{name}\":\"{}\"", value_of(line, name)), &format!("\"{name}\":\"{value}\""), 1)
}

/// The leaf that a line gives; None where its text was destroyed.
pub fn leaf_of(line: &str) -> Option<String> {
    let event = event_of(line)?.as_bytes();
    let salt: [u8; 32] = STANDARD.decode(value_of(line, "salt")).unwrap().try_into().unwrap();
    Some(leaf_bytes(Instant::parse(value_of(line, "recorded")).unwrap(), LeafKind::of(event), &commitment(&salt, event)))
}

/// Every tile and bundle over some leaves, by path; the partial tiles and the partial bundle apart; the root.
pub struct Built {
    pub full: BTreeMap<String, Vec<u8>>,
    pub edge: BTreeMap<String, Vec<u8>>,
    pub root: Hash,
}

impl Built {
    pub fn of(leaves: &[String]) -> Self {
        let (mut tree, mut full, mut edge) = (Tree::new(), BTreeMap::new(), BTreeMap::new());
        let entry = |tile: &Tile| (tile.address().to_string(), tile.encode());
        for leaf in leaves {
            full.extend(tree.push(leaf_hash(leaf.as_bytes())).iter().map(entry));
        }
        edge.extend(tree.partial_tiles().iter().map(entry));
        for (index, block) in (0..).zip(leaves.chunks(usize::from(TILE_HASHES))) {
            let address = TileAddress::entries(index, u16::try_from(block.len()).unwrap()).unwrap();
            let place = if address.is_partial() { &mut edge } else { &mut full };
            place.insert(address.to_string(), encode_bundle(block).unwrap());
        }
        Self { full, edge, root: tree.root() }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (&String, &Vec<u8>)> {
        self.full.iter().chain(&self.edge)
    }
}

/// The checksum that a row of the small files carries: CRC-32 of its values, each behind its type and its length.
pub fn row_sum(values: &[Value<'_>]) -> i64 {
    let mut crc = u32::MAX;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            crc ^= u32::from(*byte);
            (0..8).for_each(|_| crc = (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1)));
        }
    };
    for value in values {
        let (kind, bytes): (u8, Vec<u8>) = match value {
            Value::Number(number) => (1, number.to_le_bytes().to_vec()),
            Value::Text(text) => (3, text.as_bytes().to_vec()),
            Value::Blob(bytes) => (4, bytes.to_vec()),
        };
        add(&[kind]);
        add(&bytes.len().to_le_bytes());
        add(&bytes);
    }
    i64::from(!crc)
}

/// A value of a row.
pub enum Value<'a> {
    Number(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

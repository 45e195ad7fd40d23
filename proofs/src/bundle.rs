//! Entry bundles of C2SP tlog-tiles: leaves one behind the other, each behind its length.

use thiserror::Error;

use crate::tile::TILE_HASHES;

/// The most bytes of an entry: its length is written in 16 bits.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// The most entries of a bundle.
const ENTRIES_MAX: usize = TILE_HASHES as usize;

/// How many bytes an entry's length is written in.
const LENGTH_BYTES: usize = 2;

/// Why bytes are no bundle, or entries fit into none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BundleError {
    /// A bundle has at least one entry: an empty one is never served.
    #[error("a bundle holds at least one entry")]
    Empty,
    /// More than 256 entries.
    #[error("a bundle holds at most {ENTRIES_MAX} entries")]
    TooMany,
    /// An entry is longer than 16 bits can say.
    #[error("entry {number} has {bytes} bytes, and at most {ENTRY_BYTES_MAX} fit")]
    TooLong {
        /// Its number within the bundle, from 0.
        number: usize,
        /// How many bytes it has.
        bytes: usize,
    },
    /// The bytes end within an entry or its length.
    #[error("the bundle ends within entry {number}")]
    CutOff {
        /// Its number within the bundle, from 0.
        number: usize,
    },
    /// The bundle does not hold as many entries as its address says.
    #[error("the bundle holds {got} entries, and its address says {wanted}")]
    Width {
        /// The width of its address.
        wanted: u16,
        /// How many entries it holds.
        got: usize,
    },
}

/// The bytes of a bundle of 1 to 256 entries: each behind its length, 16 bits, most significant byte first.
pub fn encode_bundle<Entry: AsRef<[u8]>>(entries: &[Entry]) -> Result<Vec<u8>, BundleError> {
    check_count(entries.len())?;
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| entry.as_ref().len() + LENGTH_BYTES).sum());
    for (number, entry) in entries.iter().enumerate() {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::TooLong { number, bytes: entry.len() })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// The entries of the bundle whose address has this width: exactly as many, and nothing behind them.
pub fn decode_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let (mut entries, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let cut_off = BundleError::CutOff { number: entries.len() };
        check_count(entries.len() + 1)?;
        let Some((length, behind)) = rest.split_first_chunk::<LENGTH_BYTES>() else { return Err(cut_off) };
        let Some((entry, behind)) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length))) else { return Err(cut_off) };
        entries.push(entry);
        rest = behind;
    }
    check_count(entries.len())?;
    if entries.len() != usize::from(width) {
        return Err(BundleError::Width { wanted: width, got: entries.len() });
    }
    Ok(entries)
}

fn check_count(entries: usize) -> Result<(), BundleError> {
    match entries {
        0 => Err(BundleError::Empty),
        1..=ENTRIES_MAX => Ok(()),
        _ => Err(BundleError::TooMany),
    }
}

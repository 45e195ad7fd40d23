//! A tree kept whole, to hold the one that keeps its edge against, and keys that everybody may know.

use std::convert::Infallible;

use dateline_proofs::{Checkpoint, CosignerKey, Hash, SignerKey, TILE_HASHES, TileAddress, TileContent, VerifierKey, leaf_hash, root_of};

/// The origin of the log of these tests.
pub const ORIGIN: &str = "dateline.example/log";

/// All hashes of a tree that tiles hold, by level.
pub struct WholeTree {
    levels: Vec<Vec<Hash>>,
}

impl WholeTree {
    pub fn of(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while levels.last().unwrap().len() >= usize::from(TILE_HASHES) {
            let next = levels.last().unwrap().chunks_exact(usize::from(TILE_HASHES)).map(root_of).collect();
            levels.push(next);
        }
        Self { levels }
    }

    /// A tree of so many leaves, each different.
    pub fn of_size(size: usize) -> Self {
        Self::of(leaves(size))
    }

    pub fn leaves(&self) -> &[Hash] {
        &self.levels[0]
    }

    pub fn size(&self) -> u64 {
        self.leaves().len() as u64
    }

    pub fn root_at(&self, size: u64) -> Hash {
        root_of(&self.leaves()[..size as usize])
    }

    /// The bytes of a tile, by the definition of C2SP tlog-tiles.
    pub fn tile(&self, address: TileAddress) -> Vec<u8> {
        let TileContent::Hashes { level } = address.content() else { panic!("{address} holds entries") };
        let from = address.index() as usize * usize::from(TILE_HASHES);
        let hashes = &self.levels[usize::from(level)][from..from + usize::from(address.width())];
        hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// A reader of its tiles.
    pub fn reader(&self) -> impl FnMut(TileAddress) -> Result<Vec<u8>, Infallible> {
        |address| Ok(self.tile(address))
    }
}

pub fn leaves(size: usize) -> Vec<Hash> {
    (0..size).map(|number| leaf_hash(format!("leaf {number}").as_bytes())).collect()
}

pub fn hash(hexadecimal: &str) -> Hash {
    Hash(bytes(hexadecimal).try_into().unwrap())
}

pub fn bytes(hexadecimal: &str) -> Vec<u8> {
    (0..hexadecimal.len()).step_by(2).map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap()).collect()
}

pub fn log_key(number: u8) -> SignerKey {
    SignerKey::from_seed(ORIGIN, [number; 32]).unwrap()
}

pub fn witness_key(number: u8) -> CosignerKey {
    CosignerKey::from_seed(&format!("witness.example/w{number}"), [100 + number; 32]).unwrap()
}

pub fn verifiers(keys: &[&SignerKey]) -> Vec<VerifierKey> {
    keys.iter().map(|key| key.verifier().clone()).collect()
}

/// The checkpoint of the tree of the first `size` leaves.
pub fn checkpoint(tree: &WholeTree, size: u64) -> Checkpoint {
    Checkpoint::new(ORIGIN, size, tree.root_at(size)).unwrap()
}

//! What verifies proofs, by the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2. They take any numbers and any hashes.

use thiserror::Error;

use crate::hash::{EMPTY_ROOT, Hash, node_hash};

/// The most hashes of a proof that a leaf is in a tree: one for each bit of a size.
pub const PROOF_HASHES_MAX: usize = 64;

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The tree has no such leaf.
    #[error("leaf {index} is beyond a tree of {size} leaves")]
    Beyond {
        /// The leaf's number, from 0.
        index: u64,
        /// How many leaves the tree has.
        size: u64,
    },
    /// The later tree is smaller than the earlier one.
    #[error("a tree of {new} leaves does not go on from one of {old}")]
    Shrunk {
        /// How many leaves the earlier tree has.
        old: u64,
        /// How many leaves the later tree has.
        new: u64,
    },
    /// Not as many hashes as the sizes want.
    #[error("the proof has {0} hashes, more or fewer than trees of these sizes want")]
    Length(usize),
    /// The hashes lead to another root.
    #[error("the proof leads to another root than that of the tree of {size} leaves")]
    Root {
        /// How many leaves the tree has.
        size: u64,
    },
}

/// Verifies that the leaf of this hash is number `index`, counted from 0, of the tree with this size and root. Size and root belong
/// together by a checkpoint: a proof binds the root alone, and may hold under another size too.
pub fn verify_inclusion(leaf_hash: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Beyond { index, size });
    }
    let mut climb = Climb { node: index, last: size - 1 };
    let mut hash = *leaf_hash;
    for sibling in proof {
        match climb.step().ok_or(ProofError::Length(proof.len()))? {
            Side::Left => hash = node_hash(sibling, &hash),
            Side::Right => hash = node_hash(&hash, sibling),
        }
    }
    climb.is_at_the_root().then_some(()).ok_or(ProofError::Length(proof.len()))?;
    (hash == *root).then_some(()).ok_or(ProofError::Root { size })
}

/// Verifies that the tree of `new` leaves begins with that of `old` leaves; sizes and roots belong together by checkpoints. An empty tree begins every tree: then the proof is empty,
/// and the old root that of the empty tree.
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    if old == 0 || old == new {
        return verify_without_hashes(old, old_root, new, new_root, proof);
    }
    let length = || ProofError::Length(proof.len());
    // Where the old tree is a perfect one, it is itself where the proof begins.
    let (first, proof_rest) = if old.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or_else(length)? };
    let mut climb = Climb { node: old - 1, last: new - 1 };
    while climb.node & 1 == 1 {
        climb.up();
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in proof_rest {
        match climb.step().ok_or_else(length)? {
            Side::Left => {
                old_hash = node_hash(sibling, &old_hash);
                new_hash = node_hash(sibling, &new_hash);
            }
            Side::Right => new_hash = node_hash(&new_hash, sibling),
        }
    }
    climb.is_at_the_root().then_some(()).ok_or_else(length)?;
    (old_hash == *old_root).then_some(()).ok_or(ProofError::Root { size: old })?;
    (new_hash == *new_root).then_some(()).ok_or(ProofError::Root { size: new })
}

/// The root over all leaves of a tree, by their hashes.
pub fn root_of(leaf_hashes: &[Hash]) -> Hash {
    match leaf_hashes {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        leaves => {
            let middle = 1 << (leaves.len() - 1).ilog2();
            let (left, right) = leaves.split_at(middle);
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

fn verify_without_hashes(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::Length(proof.len()));
    }
    if old == 0 && *old_root != EMPTY_ROOT {
        return Err(ProofError::Root { size: old });
    }
    // Both are known, or a tree without leaves has a root that none has.
    let is_root = if old == new { new_root == old_root } else { true };
    is_root.then_some(()).ok_or(ProofError::Root { size: new })
}

/// A way from a leaf to the root: the number of the node, and of the last one, at the height that was reached.
struct Climb {
    node: u64,
    last: u64,
}

/// Where a sibling stands.
enum Side {
    Left,
    Right,
}

impl Climb {
    /// Goes up to the next node that has a sibling in the proof; None where the root was reached already.
    fn step(&mut self) -> Option<Side> {
        if self.is_at_the_root() {
            return None;
        }
        let is_left = self.node & 1 == 1 || self.node == self.last;
        if is_left {
            // The last node of a row may have no sibling: it goes up as it is.
            while self.node & 1 == 0 && self.node != 0 {
                self.up();
            }
        }
        self.up();
        Some(if is_left { Side::Left } else { Side::Right })
    }

    fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }

    fn is_at_the_root(&self) -> bool {
        self.last == 0
    }
}

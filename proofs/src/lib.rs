//! Bytes to hashes, signatures and proofs, in formats that other people's tools verify: the Merkle trees of RFC 6962, and of C2SP
//! signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-proof, tlog-witness and tlog-policy. No format of our own.
//!
//! Pure: no input or output, no clock, no randomness, no async. Seeds of keys, times and tiles are told as arguments. Whatever bytes
//! come in, nothing here panics.
//!
//! What must not be here: what an event or a leaf says, where tiles are kept, the other crates of this workspace.

mod hash;
mod lines;
mod tile;
mod bundle;
mod tree;
mod prove;
mod verify;
mod key;
mod note;
mod cosignature;
mod checkpoint;
mod receipt;
mod witness;
mod policy;

pub use bundle::{BundleError, ENTRY_BYTES_MAX, decode_bundle, encode_bundle};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::{CosignerKey, TIMESTAMP_SECONDS_MAX, cosigned_at_seconds};
pub use hash::{EMPTY_ROOT, HASH_BYTES, Hash, HashError, leaf_hash, node_hash};
pub use key::{KEY_TEXT_BYTES_MAX, KeyError, SEED_BYTES, SignatureType, SignerKey, VerifierKey};
pub use note::{NOTE_BYTES_MAX, Note, NoteError, SIGNATURES_MAX, Signature};
pub use policy::{
    POLICY_BYTES_MAX, POLICY_GROUPS_MAX, POLICY_LOGS_MAX, POLICY_WITNESSES_MAX, Policy, PolicyError, PolicyFault, PolicyLog, PolicyWitness,
};
pub use prove::{ProveError, consistency_proof, inclusion_proof, root_from_tiles};
pub use receipt::{RECEIPT_BYTES_MAX, ReceiptError, SealedReceipt};
pub use tile::{
    TILE_HASHES, TILE_LEVEL_MAX, Tile, TileAddress, TileContent, TileError, bundles_between, bundles_of, partial_tiles_of, tiles_between, tiles_of,
};
pub use tree::{TREE_LEAVES_MAX, Tree, TreeError};
pub use verify::{PROOF_HASHES_MAX, ProofError, root_of, verify_consistency, verify_inclusion};
pub use witness::{
    ADD_CHECKPOINT_BYTES_MAX, AddCheckpoint, CONSISTENCY_LINES_MAX, LastCosigned, WitnessAnswer, WitnessDecision, WitnessError, decide,
    monitored_path,
};

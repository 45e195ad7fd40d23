//! What proofs promise, a module a promise.
#![expect(clippy::unwrap_used, reason = "a test may fail so")]

mod support;
mod hashes;
mod tiles;
mod bundles;
mod trees;
mod proving;
mod notes;
mod keys;
mod cosignatures;
mod checkpoints;
mod receipts;
mod witnesses;
mod policies;
mod any_bytes;
mod oracles;

//! The full tiles in role state: kept as they come, and made anew from the ledger where they are lost. They are derived, so nothing is lost
//! with them but time: about as long as a replay takes.

use dateline_backends::{Ledger, MAX_ROLE_STATE_ENTRIES, RoleState};
use dateline_proofs::{Checkpoint, Note, TILE_HASHES, TileAddress, TileError, decode_bundle};

use super::growing::Growing;
use super::{NotaryError, Signer};
use crate::shared::merkle_log::key;

/// Keeps what became full.
pub async fn keep(role_state: &RoleState, mut full: Vec<(String, Vec<u8>)>) -> Result<(), NotaryError> {
    while !full.is_empty() {
        let rest = full.split_off(full.len().min(MAX_ROLE_STATE_ENTRIES));
        role_state.put(std::mem::replace(&mut full, rest)).await?;
    }
    Ok(())
}

/// Whether the full tiles of a tree of this size are there: the last of each level and the last bundle, which are written last.
pub async fn are_there(role_state: &RoleState, size: u64) -> Result<bool, NotaryError> {
    for address in last_full(size)? {
        if role_state.get(&key(address)).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The last leaf of a tree of this size, as it was sealed.
pub async fn leaf_at(role_state: &RoleState, growing: &Growing, size: u64) -> Result<Option<Vec<u8>>, NotaryError> {
    if let Some(leaf) = growing.leaves().last() {
        return Ok(Some(leaf.clone()));
    }
    let Some(index) = (size / u64::from(TILE_HASHES)).checked_sub(1) else { return Ok(None) };
    let Some(bundle) = role_state.get(&key(TileAddress::entries(index, TILE_HASHES)?)).await? else { return Ok(None) };
    Ok(decode_bundle(&bundle, TILE_HASHES)?.last().map(|leaf| leaf.to_vec()))
}

/// Grows the tree from the ledger to the size of a checkpoint that was signed, keeps its full tiles, and holds its root against it.
pub async fn remake(growing: &mut Growing, ledger: &Ledger, role_state: &RoleState, signed: &Checkpoint) -> Result<(), NotaryError> {
    let size = signed.size();
    let mut follower = ledger.follow(growing.tree().size());
    while growing.tree().size() < size {
        let Some(page) = follower.try_next().await? else {
            return Err(NotaryError::Older { sealed: size, head: growing.tree().size() });
        };
        let wanted = page.records.iter().take_while(|record| record.position <= size).count();
        growing.push(ledger, &page.records[..wanted]).await?;
        keep(role_state, growing.take_full()).await?;
    }
    if growing.tree().root() == signed.root() { Ok(()) } else { Err(NotaryError::Rewritten { sealed: size }) }
}

/// Where role state keeps a checkpoint that was signed, beside the tiles.
const CHECKPOINT: &str = "log/checkpoint";

/// Keeps a signed checkpoint beside the tiles.
pub async fn keep_checkpoint(role_state: &RoleState, note: &Note) -> Result<(), NotaryError> {
    Ok(role_state.put(vec![(CHECKPOINT.to_owned(), note.to_string().into_bytes())]).await?)
}

/// The checkpoint that is kept beside the tiles, where these keys signed it.
pub async fn checkpoint(role_state: &RoleState, signer: &Signer) -> Result<Option<Checkpoint>, NotaryError> {
    let Some(bytes) = role_state.get(CHECKPOINT).await? else { return Ok(None) };
    let (note, keys) = (Note::parse(&bytes).ok(), signer.verifiers());
    Ok(note.and_then(|note| Checkpoint::open(&note, &keys).ok().map(|(checkpoint, _)| checkpoint)))
}

/// The last full bundle and the last full tile of each level.
fn last_full(size: u64) -> Result<Vec<TileAddress>, TileError> {
    let width = u64::from(TILE_HASHES);
    let mut last = Vec::new();
    let mut full = size / width;
    if let Some(index) = full.checked_sub(1) {
        last.push(TileAddress::entries(index, TILE_HASHES)?);
    }
    for level in 0.. {
        let Some(index) = full.checked_sub(1) else { break };
        last.push(TileAddress::hashes(level, index, TILE_HASHES)?);
        full /= width;
    }
    Ok(last)
}

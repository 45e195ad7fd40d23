//! The notary: follows the ledger, grows the Merkle tree over its leaves, and signs a checkpoint of it about once a second.
//!
//! Full tiles are written before the checkpoint that needs them. The checkpoint goes into the state store by compare-and-swap, so that two
//! notaries, or a ledger that was rolled back, cannot sign two histories. What an event says is not looked at here.

mod growing;
mod kept;
mod signer;

use std::time::Duration;

use dateline_backends::{Follower, Ledger, LedgerError, Page, Revision, RoleState, RoleStateError, StateError, StateStore};
use dateline_events::Position;
use dateline_proofs::{BundleError, Checkpoint, CheckpointError, NoteError, TILE_HASHES, TileError};
use thiserror::Error;
use tokio::time::Instant;

use self::growing::Growing;
use crate::shared::following::{Follow, Step};
use crate::shared::merkle_log::{Sealed, SealedError};
use crate::shared::supervise::Progress;

pub use signer::{KEYS_MAX, Signer, SignerError};

/// What is new is sealed at the latest after so long, in milliseconds.
const SEAL_MS: u64 = 1_000;

/// So many new leaves are sealed at once, but not more often than every so many milliseconds: each seal is a commit of the state store.
const SEAL_LEAVES: u64 = 256;
const SEAL_MS_MIN: u64 = 250;

/// Why the notary does not seal.
#[derive(Debug, Error)]
pub enum NotaryError {
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Role state failed.
    #[error(transparent)]
    Tiles(#[from] RoleStateError),
    /// The state store failed, or another notary was faster.
    #[error(transparent)]
    Sealed(#[from] SealedError),
    /// The checkpoint cannot be written.
    #[error("a checkpoint cannot be written: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint cannot be signed.
    #[error("a checkpoint cannot be signed: {0}")]
    Note(#[from] NoteError),
    /// A tile cannot be named.
    #[error("a tile cannot be kept: {0}")]
    Tile(#[from] TileError),
    /// A bundle cannot be written.
    #[error("a bundle of entries cannot be written: {0}")]
    Bundle(#[from] BundleError),
    /// What was signed is by another key, or of another log.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The ledger ends before what was sealed.
    #[error(
        "{sealed} positions were sealed, and the ledger ends at {head}: it is older than what was signed. Nothing is signed until it has them again: `dateline ledger restore` brings them back from the archive"
    )]
    Older {
        /// How many were sealed.
        sealed: Position,
        /// Where the ledger ends.
        head: Position,
    },
    /// The ledger gives another root than the one that was signed.
    #[error(
        "the first {sealed} positions of the ledger do not give the root that was signed: the ledger was rewritten, or it is another one. Nothing is signed; `dateline audit verify` names the first position that differs"
    )]
    Rewritten {
        /// How many were sealed.
        sealed: Position,
    },
    /// A text was destroyed, and no redaction says what its leaf was.
    #[error("the text at position {0} is destroyed, and no redaction in the ledger carries its leaf: nothing is signed")]
    Unexplained(Position),
}

/// Where the notary keeps what it makes.
#[derive(Debug, Clone)]
pub struct Places {
    /// What was sealed last.
    pub state_store: StateStore,
    /// Full tiles.
    pub role_state: RoleState,
}

/// Follows the ledger behind what is sealed.
pub struct Notary {
    ledger: Ledger,
    places: Places,
    signer: Signer,
    follower: Follower,
    growing: Growing,
    /// How many leaves are sealed, and the revision of what says so.
    sealed: u64,
    revision: Option<Revision>,
    /// When it was sealed last.
    sealed_at: Option<Instant>,
    /// The ledger's head, as last seen.
    head: Position,
}

impl Notary {
    /// Its name, in readiness and in logs.
    pub const NAME: &str = "notary";

    /// Goes on behind what was sealed last. Tiles that are not there are made anew from the ledger, and held against what was signed.
    pub async fn open(ledger: Ledger, places: Places, signer: Signer) -> Result<Self, NotaryError> {
        let head = ledger.head().await?.position;
        let mut growing = Growing::default();
        let sealed = Sealed::load(&places.state_store).await?;
        if let Some((sealed, _)) = &sealed {
            signer.must_have_signed(sealed)?;
            let size = sealed.checkpoint.size();
            must_reach(size, head)?;
            if kept::are_there(&places.role_state, size).await? {
                growing = Growing::from(sealed.tree()?, sealed.leaves.clone());
                // A ledger that was rolled back and has grown again has another record there.
                if growing::leaf_at(&ledger, size).await? != kept::leaf_at(&places.role_state, &growing, size).await? {
                    return Err(NotaryError::Rewritten { sealed: size });
                }
            } else {
                kept::remake(&mut growing, &ledger, &places.role_state, &sealed.checkpoint).await?;
            }
        }
        // Where the state store was lost, or is older, role state still knows what was signed.
        if let Some(known) = kept::checkpoint(&places.role_state, &signer).await?.filter(|known| known.size() > growing.tree().size()) {
            must_reach(known.size(), head)?;
            kept::remake(&mut growing, &ledger, &places.role_state, &known).await?;
        }
        let (sealed, revision) = sealed.map_or((0, None), |(sealed, revision)| (sealed.checkpoint.size(), Some(revision)));
        Ok(Self { follower: ledger.follow(growing.tree().size()), ledger, places, signer, growing, sealed, revision, sealed_at: None, head })
    }

    /// When what is new must be sealed; None where nothing is new.
    fn due(&self) -> Option<Instant> {
        let new = self.growing.tree().size().saturating_sub(self.sealed);
        let pause = if new >= SEAL_LEAVES { SEAL_MS_MIN } else { SEAL_MS };
        (new > 0).then(|| self.sealed_at.map_or_else(Instant::now, |at| at + Duration::from_millis(pause)))
    }

    /// Signs the tree as it is now. Whoever sealed meanwhile was faster: then this one goes on behind it.
    async fn seal(&mut self) -> Result<(), NotaryError> {
        let tree = self.growing.tree();
        let size = tree.size();
        let checkpoint = Checkpoint::new(self.signer.origin(), size, tree.root())?;
        let note = self.signer.sign(&checkpoint)?;
        let sealed = Sealed { note, checkpoint, tiles: tree.partial_tiles(), leaves: self.growing.leaves().to_vec() };
        self.revision = Some(sealed.store(&self.places.state_store, self.revision).await?);
        // A second place knows it where it is worth a commit: with each bundle that became full, and the first time.
        if self.sealed == 0 || self.sealed / u64::from(TILE_HASHES) < size / u64::from(TILE_HASHES) {
            kept::keep_checkpoint(&self.places.role_state, &sealed.note).await?;
        }
        (self.sealed, self.sealed_at) = (size, Some(Instant::now()));
        Ok(())
    }

    fn progress(&self) -> Step {
        Step::Reached(Progress { position: self.sealed, head: self.head.max(self.sealed) })
    }
}

/// What comes next: records, or the time to seal.
pub enum Turn {
    /// Further records.
    Records(Page),
    /// What is new has waited long enough.
    Seal,
}

impl Follow for Notary {
    type Page = Turn;
    type Error = NotaryError;

    async fn next(&mut self) -> Result<Turn, NotaryError> {
        let Some(due) = self.due() else { return Ok(Turn::Records(self.follower.next().await?)) };
        // What is due comes first: records never cease where many publish.
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(due) => Ok(Turn::Seal),
            page = self.follower.next() => Ok(Turn::Records(page?)),
        }
    }

    async fn take(&mut self, turn: Turn) -> Result<Step, NotaryError> {
        match turn {
            Turn::Seal => self.seal().await?,
            Turn::Records(page) => {
                self.head = page.head;
                self.growing.push(&self.ledger, &page.records).await?;
                kept::keep(&self.places.role_state, self.growing.take_full()).await?;
            }
        }
        Ok(self.progress())
    }

    async fn end(mut self) -> Result<(), NotaryError> {
        if self.due().is_some() {
            self.seal().await?;
        }
        Ok(())
    }

    fn is_fault(error: &NotaryError) -> bool {
        !matches!(error, NotaryError::Sealed(SealedError::State(StateError::Changed { .. })))
    }
}

/// A ledger that ends before what was sealed is older than that.
fn must_reach(sealed: Position, head: Position) -> Result<(), NotaryError> {
    if head < sealed { Err(NotaryError::Older { sealed, head }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;

//! Why a ledger did not do what was asked, and what to do then.

use dateline_events::Position;
use thiserror::Error;

use crate::address::Address;

/// What to do when the ledger is not what it was.
const WAY_ON: &str = "keep what is there; `dateline ledger check` names every such position, `dateline ledger restore` makes a new ledger from the archive, and where there is none, a backup must take its place";

/// Why the ledger did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// Nothing of the batch was stored. The writer goes on when there is room again.
    #[error("the ledger's disk is full: nothing was stored; free some space and send the same events again")]
    Full,
    /// Another process appends to the same file.
    #[error("another process writes the ledger {path}: stop it, or wait until it is done")]
    Locked {
        /// The ledger's file.
        path: String,
    },
    /// More waits than is good; nothing of the batch was stored.
    #[error("the ledger's queue is full: nothing was stored; send the same events again a little later")]
    Overloaded,
    /// A commit failed, so whether the batch was stored is not known.
    #[error("the ledger's writer stopped ({reason}): send the same events again; if this stays, look at the disk and start the process anew")]
    Stopped {
        /// What the engine said.
        reason: String,
    },
    /// The ledger ends before a position that is known to exist: it was rolled back or damaged.
    #[error("the ledger ends at position {head}, but position {known} is known to exist: nothing is appended; {WAY_ON}")]
    Shorter {
        /// What is known to exist.
        known: Position,
        /// Where the ledger ends.
        head: Position,
    },
    /// A position is not there although the ledger goes on after it.
    #[error("position {position} is not in the ledger: {WAY_ON}")]
    Missing {
        /// The position.
        position: Position,
    },
    /// What stands at a position is not what the ledger wrote there.
    #[error("what stands at position {position} is not what the ledger wrote: {WAY_ON}")]
    Altered {
        /// The position.
        position: Position,
    },
    /// The index of ids does not lead to a position, so an id could be taken twice.
    #[error("the ledger's index of ids does not lead to position {position}: nothing is appended; {WAY_ON}")]
    Misled {
        /// The position.
        position: Position,
    },
    /// The file's pages are not what was written.
    #[error("the ledger's file is damaged ({detail}): nothing is appended; {WAY_ON}")]
    Damaged {
        /// Which file, and what the engine said.
        detail: String,
    },
    /// The disk failed to read or to write.
    #[error("the ledger's disk fails ({detail}): see what the system says of it, and copy what it still gives to another one")]
    Disk {
        /// Which file, and what the engine said.
        detail: String,
    },
    /// A message that no intake wrote stands in the ledger's subjects.
    #[error(
        "position {position} of the ledger's stream holds a message of somebody else (it lacks what an intake writes with each): take away the right to publish to the ledger's subjects; {WAY_ON}"
    )]
    Foreign {
        /// The position.
        position: Position,
    },
    /// A setting of the server or the stream would lose or change what was acknowledged.
    #[error("{place} is no place for a ledger: {detail}")]
    Unsafe {
        /// Which server or stream.
        place: String,
        /// Which setting, and what it does.
        detail: String,
    },
    /// The wall clock ran ahead, and is not believed yet; nothing was stored.
    #[error("this machine's clock ran ahead and is not believed yet: nothing was stored; send the same events again in {retry_s} s")]
    ClockUnsettled {
        /// After so many seconds it is believed, in seconds.
        retry_s: u16,
    },
    /// It was closed for good: another ledger was made from it.
    #[error("this ledger was closed, and another one was made from it: start the process anew, the state store says which is current")]
    Closed,
    /// The bus cannot be reached just now; nothing is known to be stored.
    #[error("the ledger cannot be reached: {reason}")]
    Unreachable {
        /// What the bus said.
        reason: String,
    },
    /// A reader kept the old text alive; it is not destroyed yet.
    #[error("a reader still holds the old text of position {position}: ask again when long reads have ended")]
    Busy {
        /// The position.
        position: Position,
    },
    /// More was given than one call takes.
    #[error("{given} {what} in one call, at most {limit}: send less at a time")]
    TooMany {
        /// What was counted.
        what: &'static str,
        /// How many there were.
        given: usize,
        /// How many may be.
        limit: usize,
    },
    /// This process opened the ledger for reading.
    #[error("the ledger was opened for reading: appending and redacting belong to the process that opened it as the writer")]
    ReadOnly,
    /// The address of a ledger was not understood.
    #[error("{0:?} is no ledger's address: write sqlite:PATH or nats://HOST:PORT{hint}", hint = .0.hint())]
    Address(Address),
    /// The engine failed in a way that has no name here.
    #[error("the ledger's engine failed: {0}")]
    Engine(String),
}

//! The contract of the inbox: where publishers on the bus send events, and where the intake takes them from. NATS only.
//!
//! What an event says, and who may say it, is not looked at here.

use bytes::Bytes;
use thiserror::Error;

use crate::distributed;

/// The most deliveries that one call of `Inbox::receive` hands out.
pub const MAX_DELIVERIES: usize = 1_000;

/// The largest message that the inbox keeps, in bytes, headers included: so large that whoever sends an event that is too large (64 KiB
/// are the most) is told so by the intake. The server itself refuses what is larger.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// A header of a message is at most so long, name and value together, in bytes.
pub const MAX_HEADER_BYTES: usize = 1024;

/// The subject that a publisher wants its answer at is at most so long, in bytes: a server cuts off whoever sends it a longer line than it
/// reads (4 KiB), so the answer to one message would cut off the intake.
pub const MAX_REPLY_SUBJECT_BYTES: usize = 256;

/// A message that is not acknowledged within so many seconds is handed out again.
pub const ACKNOWLEDGE_WITHIN_S: u64 = 30;

/// So many messages wait in the inbox at most; then it refuses further ones, and publishers keep them.
pub const MAX_WAITING_MESSAGES: u64 = 100_000;

/// The same in bytes, in MiB. The server sets that much of its disk aside at once: on a smaller disk the next one is tried.
pub(crate) const MAX_WAITING_MIB: [u64; 3] = [512, 64, 8];

/// Refusals are kept up to so many bytes, in MiB; then the oldest go.
pub(crate) const MAX_REFUSED_MIB: [u64; 3] = [128, 16, 2];

/// The inbox: a work queue that any number of intakes share, each with an inbox that it opened itself.
///
/// A message that was received and not acknowledged within `ACKNOWLEDGE_WITHIN_S` seconds is handed out again, to whoever
/// asks: an intake that was killed loses nothing, and the ledger takes no event twice.
pub type Inbox = distributed::Inbox;

/// One message that a publisher sent.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The publisher: the NATS user, by the last token of the subject, which its permissions bind it to.
    pub publisher: String,
    /// The headers, as they came: name and value.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub payload: Bytes,
    /// Where it is acknowledged.
    pub(crate) acknowledge_at: String,
}

/// Why the inbox did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InboxError {
    /// The bus cannot be reached just now.
    #[error("the inbox cannot be reached: {0}")]
    Unreachable(String),
    /// JetStream refused.
    #[error("the inbox cannot be used: {0}")]
    Engine(String),
}

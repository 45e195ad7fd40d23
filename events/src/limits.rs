//! How long and how large what an event holds may be.

/// The largest structured event that is accepted, in bytes.
pub const MAX_EVENT_BYTES: usize = 64 * 1024;
/// The longest `source` and the longest context attribute, in bytes.
pub(crate) const SOURCE_BYTES_MAX: usize = 512;
/// The longest `id`, in bytes.
pub(crate) const ID_BYTES_MAX: usize = 256;
/// The shortest window or duration.
pub(crate) const MINUTES_MIN: u32 = 1;
/// The largest integer that every JSON reader keeps exactly (RFC 7493, section 2.2).
pub(crate) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

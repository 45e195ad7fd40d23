//! What vendors' status pages say: one file a dialect turns bytes into an [`Observation`], and [`difference`] turns what was
//! observed, beside what was observed before, into events.
//!
//! Pure: no input or output, no clock, no randomness, no async. When a page was read, and where its bytes came from, is handed in.
//! Every dialect answers any bytes with an observation or with the reason why they are unreadable; an unreadable page is evidence of
//! nothing.

mod observation;
mod dialects;
mod versions;
mod sound;
mod page_state;
mod recall;
mod difference;
pub mod watched;

pub use dialects::written::FeedZone;
pub use dialects::{Dialect, MAX_PAGE_BYTES};
pub use difference::{Changes, Draft, Edited, Page, Reading, SilentEdit, difference, incident, left, returned};
pub use observation::{Facts, Listing, Nature, Observation, Refused, SeenIncident, SeenPost, SeenTime, Status, Unreadable};
pub use page_state::{Field, PageState, PostKind, Remembered, RememberedPost, Told};
pub use versions::{Version, Visibility, read_version, read_visibility};

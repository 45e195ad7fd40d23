//! What is said: the envelope, the kinds of event, time, text, and the rules that one event must meet by itself.
//!
//! Pure: no input or output, no clock, no randomness, no async. What needs a second event to be decided
//! (which incident, which claim is told) belongs to `timelines`; how bytes are kept belongs to `backends`.

mod limits;
mod lexical;
mod event;
mod envelope;
mod attributes;
mod key;
mod leaf;
mod time;
mod text;
mod words;
mod shapes;
pub mod kinds;
mod check;
mod publisher;
mod voices;
mod fault;
mod json;
mod size;
mod items;
mod base64_data;
mod content_id;
mod hexadecimal;
mod percent;
pub mod reports;
pub mod schema;

pub use base64_data::from_base64;
pub use content_id::content_id;
pub use envelope::{same_event, structured_form};
pub use event::Event;
pub use fault::{Fault, Faults, MAX_EVENT_FAULTS};
pub use hexadecimal::{hexadecimal, sha256_hex};
pub use items::{ItemsRefused, items_of};
pub use json::read_strict;
pub use key::EventKey;
pub use kinds::{Common, Kind};
pub use leaf::{LeafHasher, LeafKind, commitment, leaf_bytes, leaf_hash};
pub use lexical::{TYPE_PREFIX, TYPE_SUFFIX, is_region, is_slug, slug_of};
pub use limits::MAX_EVENT_BYTES;
pub use percent::{PercentFault, percent_decoded, percent_encoded};
pub use publisher::source_fault;
pub use shapes::{
    Count, Lasted, Link, Per, Qualifier, Quotation, Ref, Reference, Region, Role, Severity, Share, Slug, Source, SourceKind, Statement, Symptom,
    Translation, Vendor, Window,
};
pub use text::{Language, Text};
pub use time::{Bounds, Direction, Form, Instant, Moment, Point, Precision, Range, When, Wording};
pub use voices::Voice;
pub use words::{entities_read, normal, plain};

/// An event's place in the ledger: 1, 2, 3 … without gaps.
pub type Position = u64;

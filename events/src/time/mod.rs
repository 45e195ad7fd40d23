//! Time as it was told: an instant, a moment with its zone and width, and `When`, an interval with its wording.
//!
//! Nothing here knows what time it is now, and nothing here says a time in words (that is `timelines`).

mod instant;
mod moment;
mod range;
mod schema;
mod when;

pub use instant::Instant;
pub use moment::{Moment, Shape};
pub use range::Range;
pub use when::{Bounds, Direction, Form, Point, Precision, When, Wording};

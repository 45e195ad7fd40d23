//! `When`: an interval with its wording, never a bare instant. Bounds are derivable, or known to be open.

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Instant, Moment, Shape};
use crate::shapes::Ref;
use crate::text::Language;

/// When something happened, or was stated, as its source told it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub struct When {
    /// Which of the five ways of telling.
    pub form: Form,
    /// Narrows a `before`, an `after` or an `unknown` ("later on Tuesday").
    pub within: Option<(Moment, Moment)>,
    /// The source's own words.
    pub wording: Option<Wording>,
    /// True where the source named no zone and the publisher assumed one.
    pub zone_assumed: bool,
}

/// The five ways of telling a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// At a moment, to a precision.
    At {
        /// The moment.
        at: Moment,
        /// How finely it was told.
        precision: Precision,
        /// "About".
        approximate: bool,
    },
    /// From the start of the first to the end of the second.
    Between(Moment, Moment),
    /// Before a moment (which it includes) or an event.
    Before {
        /// What it leans on.
        point: Point,
        /// Within half an hour of it.
        just: bool,
    },
    /// From the start of a moment, or after an event.
    After {
        /// What it leans on.
        point: Point,
        /// Within half an hour of it.
        just: bool,
    },
    /// Nobody said.
    Unknown,
}

/// What a `before` or an `after` leans on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Point {
    /// A moment.
    Moment(Moment),
    /// Another event.
    Event {
        /// Which one.
        event: Ref,
    },
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PointVisitor)
    }
}

/// Reads a [`Point`] by its JSON type, so that a fault inside names its member.
struct PointVisitor;

impl<'de> Visitor<'de> for PointVisitor {
    type Value = Point;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a moment such as \"2022-10-25T12:07+05:30[Asia/Kolkata]\", or {\"event\":{\"source\":…,\"id\":…}}")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Point, E> {
        Moment::parse(text).map(Point::Moment).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Point, A::Error> {
        let OfEvent { event } = OfEvent::deserialize(MapAccessDeserializer::new(members))?;
        Ok(Point::Event { event })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfEvent {
    event: Ref,
}

/// Which side of its anchor a relative time lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Before it.
    Before,
    /// After it.
    After,
}

/// How finely a moment was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// To the second.
    Second,
    /// To the minute: 12:07 is [12:07:00, 12:08:00).
    Minute,
    /// To the hour.
    Hour,
    /// To the day.
    Day,
}

/// The source's own words for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// The language of the words.
    pub lang: Language,
    /// The words.
    #[serde(deserialize_with = "crate::text::words")]
    #[schemars(regex(pattern = crate::lexical::WORDS))]
    pub text: String,
}

/// A half-open interval; a missing bound is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Bounds {
    /// The first instant it can have been.
    pub earliest: Option<Instant>,
    /// The first instant it cannot have been any more.
    pub latest: Option<Instant>,
}

impl Bounds {
    /// Both bounds known.
    pub fn closed(earliest: Instant, latest: Instant) -> Self {
        Self { earliest: Some(earliest), latest: Some(latest) }
    }

    /// The part that both have in common; a bound missing on one side is taken from the other.
    #[must_use]
    pub fn narrowed_by(self, other: Self) -> Self {
        let earliest = self.earliest.max(other.earliest);
        let latest = match (self.latest, other.latest) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        Self { earliest, latest }
    }
}

impl When {
    /// At a moment, to the precision that it was written in.
    pub fn at(moment: Moment) -> Self {
        let precision = finest(moment.shape());
        Self { form: Form::At { at: moment, precision, approximate: false }, within: None, wording: None, zone_assumed: false }
    }

    /// The bounds that stand in the event itself; what leans on another event leaves that side open.
    pub fn own_bounds(&self) -> Bounds {
        let told = match &self.form {
            Form::At { at, precision, approximate } => widened(at_interval(at, *precision), *precision, *approximate),
            Form::Between(first, second) => Bounds::closed(first.start(), second.end()),
            Form::Before { point: Point::Moment(moment), just } => {
                Bounds { earliest: just.then(|| moment.start().plus(-JUST)), latest: Some(moment.end()) }
            }
            Form::After { point: Point::Moment(moment), just } => {
                Bounds { earliest: Some(moment.start()), latest: just.then(|| moment.start().plus(JUST)) }
            }
            Form::Before { .. } | Form::After { .. } | Form::Unknown => Bounds::default(),
        };
        match &self.within {
            Some((first, second)) => told.narrowed_by(Bounds::closed(first.start(), second.end())),
            None => told,
        }
    }

    /// The value as stated, before any widening: what claims are compared by. None for what is not `at`.
    pub fn value(&self) -> Option<(Instant, Instant)> {
        match &self.form {
            Form::At { at, precision, .. } => Some(at_interval(at, *precision)),
            _ => None,
        }
    }

    /// The event that this time leans on, and on which side of it.
    pub fn relation(&self) -> Option<(&Ref, Direction, bool)> {
        match &self.form {
            Form::Before { point: Point::Event { event }, just } => Some((event, Direction::Before, *just)),
            Form::After { point: Point::Event { event }, just } => Some((event, Direction::After, *just)),
            _ => None,
        }
    }

    /// The zone that it was told in, if any moment in it names one.
    pub fn zone(&self) -> Option<&str> {
        self.moments().into_iter().find_map(Moment::zone)
    }

    /// Every moment that is written in it.
    pub fn moments(&self) -> Vec<&Moment> {
        self.named_moments().into_iter().map(|(_, moment)| moment).collect()
    }

    /// Every moment that is written in it, each with its place inside the time, as the end of a JSON pointer.
    pub(crate) fn named_moments(&self) -> Vec<(&'static str, &Moment)> {
        let mut moments = match &self.form {
            Form::At { at, .. } => vec![("at", at)],
            Form::Between(first, second) => vec![("between/0", first), ("between/1", second)],
            Form::Before { point: Point::Moment(moment), .. } => vec![("before", moment)],
            Form::After { point: Point::Moment(moment), .. } => vec![("after", moment)],
            _ => vec![],
        };
        if let Some((first, second)) = &self.within {
            moments.extend([("within/0", first), ("within/1", second)]);
        }
        moments
    }
}

/// "Just before" and "just after": half an hour on that side.
pub const JUST: i64 = 30 * Instant::MINUTE;

fn at_interval(at: &Moment, precision: Precision) -> (Instant, Instant) {
    let width = match precision {
        Precision::Day => return (at.start(), if at.shape() == Shape::Day { at.end() } else { at.start().plus(24 * Instant::HOUR) }),
        Precision::Hour => Instant::HOUR,
        Precision::Minute => Instant::MINUTE,
        Precision::Second => Instant::SECOND,
    };
    (at.start(), at.start().plus(width))
}

fn widened((start, end): (Instant, Instant), precision: Precision, approximate: bool) -> Bounds {
    let width = match (approximate, precision) {
        (false, _) | (true, Precision::Day) => 0,
        (true, Precision::Second | Precision::Minute) => 5 * Instant::MINUTE,
        (true, Precision::Hour) => 30 * Instant::MINUTE,
    };
    Bounds::closed(start.plus(-width), end.plus(width))
}

fn finest(shape: Shape) -> Precision {
    match shape {
        Shape::Second => Precision::Second,
        Shape::Minute => Precision::Minute,
        Shape::Day => Precision::Day,
    }
}

/// `When` as it stands in JSON: exactly one of `at`, `between`, `before`, `after`, `unknown`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Members {
    /// At this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Moment>,
    /// How finely `at` was told; by default as finely as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    precision: Option<Precision>,
    /// "About": widens a minute by 5 minutes and an hour by 30 to both sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate: Option<bool>,
    /// From the start of the first to the end of the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    between: Option<(Moment, Moment)>,
    /// Before this moment, or event.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Point>,
    /// After this moment, or event.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Point>,
    /// "Just" before or after: within 30 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    just: Option<bool>,
    /// True: nobody said when.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<bool>,
    /// Narrows `before`, `after` and `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<(Moment, Moment)>,
    /// The source's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    wording: Option<Wording>,
    /// True where the publisher assumed the zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone_assumed: Option<bool>,
}

impl TryFrom<Members> for When {
    type Error = String;

    fn try_from(members: Members) -> Result<Self, String> {
        let Members { at, precision, approximate, between, before, after, just, unknown, within, wording, zone_assumed } = members;
        let ways = [at.is_some(), between.is_some(), before.is_some(), after.is_some(), unknown.is_some()];
        if ways.iter().filter(|way| **way).count() != 1 {
            return Err("a time has exactly one of \"at\", \"between\", \"before\", \"after\", \"unknown\"".into());
        }
        if at.is_none() && (precision.is_some() || approximate.is_some()) {
            return Err("\"precision\" and \"approximate\" belong to \"at\" only".into());
        }
        if just.is_some() && before.is_none() && after.is_none() {
            return Err("\"just\" belongs to \"before\" and \"after\" only".into());
        }
        if within.is_some() && before.is_none() && after.is_none() && unknown.is_none() {
            return Err("\"within\" belongs to \"before\", \"after\" and \"unknown\" only".into());
        }
        let just = just.unwrap_or(false);
        let form = match (at, between, before, after, unknown) {
            (Some(at), ..) => at_form(at, precision, approximate.unwrap_or(false))?,
            (_, Some((first, second)), ..) => {
                ordered(&first, &second, "between")?;
                Form::Between(first, second)
            }
            (_, _, Some(point), ..) => Form::Before { point, just },
            (_, _, _, Some(point), _) => Form::After { point, just },
            (.., Some(true)) => Form::Unknown,
            _ => return Err("\"unknown\" is true or left out".into()),
        };
        if let Some((first, second)) = &within {
            ordered(first, second, "within")?;
        }
        let when = Self { form, within, wording, zone_assumed: zone_assumed.unwrap_or(false) };
        match when.own_bounds() {
            Bounds { earliest: Some(earliest), latest: Some(latest) } if earliest >= latest => Err("\"within\" leaves no time at all".into()),
            _ => Ok(when),
        }
    }
}

fn at_form(at: Moment, precision: Option<Precision>, approximate: bool) -> Result<Form, String> {
    let precision = precision.unwrap_or(finest(at.shape()));
    if precision < finest(at.shape()) {
        return Err(format!("\"{}\" is not written as finely as its precision says", at.text));
    }
    Ok(Form::At { at, precision, approximate })
}

fn ordered(first: &Moment, second: &Moment, member: &str) -> Result<(), String> {
    if first.start() < second.end() { Ok(()) } else { Err(format!("\"{member}\" ends before it begins: {} to {}", first.text, second.text)) }
}

impl From<When> for Members {
    fn from(when: When) -> Self {
        let mut members = Self { within: when.within, wording: when.wording, zone_assumed: when.zone_assumed.then_some(true), ..Self::default() };
        match when.form {
            Form::At { at, precision, approximate } => {
                members.at = Some(at);
                members.precision = Some(precision);
                members.approximate = approximate.then_some(true);
            }
            Form::Between(first, second) => members.between = Some((first, second)),
            Form::Before { point, just } => {
                members.before = Some(point);
                members.just = just.then_some(true);
            }
            Form::After { point, just } => {
                members.after = Some(point);
                members.just = just.then_some(true);
            }
            Form::Unknown => members.unknown = Some(true),
        }
        members
    }
}

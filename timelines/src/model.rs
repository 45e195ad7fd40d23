//! A timeline as folded: which entries, in which order, under which axes; the same for every language.
//! Words for readers belong to `tell`, its form in JSON to `document`.

use std::sync::Arc;

use dateline_events::kinds::{EditKind, Verdict};
use dateline_events::{Bounds, Event, EventKey, Instant, Position, Quotation, Range, Region, Slug, Symptom, Text, Vendor};
use serde::{Deserialize, Serialize};

use crate::fold::SummaryMilestone;
use crate::rows::Nature;
pub use crate::said_by::{
    Inferred, SaidBy, Speaker, dates_planned_work, inferred, is_beside_posts, is_called_off, is_count, is_found, is_post, is_slow,
};
pub use crate::silent::Renamed;

/// An incident's story under the axes asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The incident's id.
    pub incident: String,
    /// The ids of incidents merged into it, ascending by number; they redirect here.
    pub merged: Vec<String>,
    /// Outage or maintenance.
    pub nature: Nature,
    /// Its services' slugs; that of the opening event first.
    pub services: Vec<Slug>,
    /// Those of them that its headline names.
    pub title_services: Vec<Slug>,
    /// Who says the event that opened it.
    pub opened_by: Option<SaidBy>,
    /// A headline that a desk gave it and that holds under the axes.
    pub title: Option<Text>,
    /// How it stands.
    pub state: State,
    /// True while nothing but counts of reports is known of it: unusual reports, and no outage yet.
    pub reports_only: bool,
    /// The last word on its reports, where that is that they subsided and nobody says that it is over.
    pub subsided: Option<SummaryMilestone>,
    /// Every region told of, in the order first told of.
    pub regions: Vec<Region>,
    /// Every symptom told of.
    pub symptoms: Vec<Symptom>,
    /// The service of the opening sign, by which state and milestones are told.
    pub opening_service: Option<Slug>,
    /// The milestones of its other services that something disrupted.
    pub other_services: Vec<ServiceMilestones>,
    /// The region of the opening event (its first), by which state and milestones are told; None: no place said.
    pub opening_region: Option<Region>,
    /// When it was first seen.
    pub first_seen: Option<Milestone>,
    /// When the vendor admitted it.
    pub acknowledged: Option<Milestone>,
    /// When it was wholly over; None while it lasts, also where it was over before and is not any more.
    pub restored: Option<Milestone>,
    /// The restorations that did not last.
    pub reopenings: Vec<Reopening>,
    /// Where something failed and nobody says that it is back, where that is told of its opening region.
    pub open_regions: Vec<Region>,
    /// Why it happened.
    pub cause: Option<Milestone>,
    /// From first seen to acknowledged, in seconds; None where nobody but the vendor claims to have seen it first.
    pub time_to_acknowledge: Option<Range>,
    /// From first seen to restored, in seconds.
    pub time_to_restore: Option<Range>,
    /// What does not fit together.
    pub warnings: Vec<Warning>,
    /// The zone that most of the opening event's kind were told in; what a reader sees unless asking for another.
    pub zone: Option<String>,
    /// The story, in order; what was taken back stands in it where it stood.
    pub entries: Vec<Entry>,
    /// What may have been stated by `known_at` and may have happened by then, but is not certain to have been stated; never folded in. By
    /// milestone, then in the order of the story.
    pub possibly: Vec<Item>,
    /// What was taken back, in order of position.
    pub retracted: Vec<Item>,
    /// The headlines that their source changed, by position.
    pub renamed: Vec<Renamed>,
    /// Links to other incidents, other than "same as".
    pub links: Vec<Item>,
    /// What those lead to.
    pub linked: Vec<Linked>,
    /// Corrections that would have made their event invalid: without effect, and listed.
    pub without_effect: Vec<Position>,
    /// The axes that it was folded under.
    pub axes: Axes,
    /// The last event that changed this incident.
    pub changed: Position,
}

impl Timeline {
    /// The entries of the story that were not taken back.
    pub fn standing(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.item.retraction.is_none())
    }
}

/// Whose telling a first sign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportedBy {
    /// The vendor's own, which dates the start afterwards: nobody else claims to have seen it.
    Vendor,
    /// Users, monitors or the press.
    Others,
}

/// What does not fit together in a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The restoration that is told lies wholly before the first sign: no duration is given.
    RestoredBeforeFirstSeen,
    /// The acknowledgement that is told lies wholly before the first sign, by ten minutes or more.
    AcknowledgedBeforeFirstSeen,
    /// What is told of a milestone was stated ten minutes or more before it is said to have happened.
    StatedBeforeItHappened,
}

/// The three axes of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Axes {
    /// What was going on in the world then.
    pub at: Option<Instant>,
    /// Only what sources had certainly stated by then.
    pub known_at: Option<Instant>,
    /// Only what the ledger had recorded up to this position.
    pub as_of: Option<Position>,
}

/// The other end of a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Linked {
    /// The position of the link.
    pub position: Position,
    /// True where this incident is the one that the link begins at: a part of the other, or caused by it.
    pub is_from: bool,
    /// The event at the other end.
    pub other: EventKey,
    /// The incident that holds it, without its entries; None where it was not looked up, or there is none.
    pub incident: Option<Box<Timeline>>,
}

/// How an incident stands, in the field's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is its own explanation")]
pub enum State {
    Detected,
    Acknowledged,
    Investigating,
    Identified,
    Monitoring,
    Restored,
    /// Nothing but counts of reports is known of it, and they have subsided.
    Subsided,
    /// Planned work that has been announced.
    Scheduled,
    /// Planned work under way.
    InProgress,
    /// Planned work that is done.
    Completed,
    /// Nothing certain is known under the axes asked for.
    Unknown,
}

impl State {
    /// The word, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Detected => "detected",
            Self::Acknowledged => "acknowledged",
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Restored => "restored",
            Self::Subsided => "subsided",
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Unknown => "unknown",
        }
    }
}

/// The moments that competing claims are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is its own explanation")]
pub enum MilestoneKind {
    FirstSeen,
    Acknowledged,
    Restored,
    Cause,
}

/// One milestone: the value told, the rule that chose it, and every claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Milestone {
    /// The position of the claim that is told.
    pub told: Position,
    /// Why that one.
    pub rule: Rule,
    /// When, as told; open bounds closed by the fold.
    pub occurred: Bounds,
    /// The same, narrowed by what must be true.
    pub narrowed: Bounds,
    /// Who says so.
    pub said_by: SaidBy,
    /// How it was inferred, where nobody said it.
    pub inferred: Option<Inferred>,
    /// Of first seen: whose telling it is.
    pub reported_by: Option<ReportedBy>,
    /// Of an outline: the zone in which it was told, where that is another than the incident's.
    pub zone: Option<String>,
    /// The earliest and the latest that any claim of the same region says.
    pub spread: Bounds,
    /// Every claim, the told one first, then by order in time.
    pub claims: Vec<Claim>,
}

/// The milestones of one service of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceMilestones {
    /// The service.
    pub service: Slug,
    /// When it was first seen there.
    pub first_seen: Option<SummaryMilestone>,
    /// When the vendor admitted it.
    pub acknowledged: Option<SummaryMilestone>,
    /// When it was wholly over there.
    pub restored: Option<SummaryMilestone>,
    /// The restorations there that did not last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reopenings: Vec<Reopening>,
}

/// A restoration that did not last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reopening {
    /// When it was back.
    pub back: SummaryMilestone,
    /// The vendor's word, after that, that it is not over.
    pub again: SummaryMilestone,
}

/// One source's statement of a milestone.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The event's position.
    pub position: Position,
    /// The services it speaks of; none: all of them.
    pub services: Vec<Slug>,
    /// The region it speaks of; None: all, or none said.
    pub region: Option<Region>,
    /// When, as it says; open bounds closed by the fold.
    pub occurred: Bounds,
    /// Whether it is told.
    pub standing: Standing,
}

/// Why one claim is told and not another; in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A desk prefers it.
    Editor,
    /// The vendor says it of itself.
    Vendor,
    /// Most sources name this value.
    MostSources,
    /// Its interval is the narrowest.
    Narrowest,
    /// It is the earliest.
    Earliest,
    /// It stands first in the ledger.
    LowestPosition,
}

/// How a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is told.
    Told,
    /// Another claim of the same milestone is told.
    Other,
    /// A desk or its source calls it disputed.
    Disputed,
    /// A desk found no support for it.
    Unsupported,
    /// A negative claim that a later event contradicts.
    Lapsed,
    /// A negative claim that was contradicted before it was printed.
    Outdated,
    /// It is told as corrected.
    Corrected,
    /// It was taken back.
    Retracted,
    /// Its text was destroyed.
    Redacted,
}

/// One place in the story.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The event that is told here.
    pub item: Item,
    /// The milestone that it is.
    pub milestone: Option<MilestoneKind>,
    /// Under `at`: true where it may have happened by then, and is not certain to have.
    pub possible: bool,
    /// The rest that belongs here, in the order of telling.
    pub inside: Vec<(Part, Item)>,
}

/// In what way an event belongs inside another's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// It says the same, from another source.
    Agreeing,
    /// It states the same milestone otherwise, for the same region (that of the opening event).
    Competing,
    /// It states the same milestone for no named place.
    PlaceNotSaid,
    /// It states the same milestone for another region.
    Elsewhere,
    /// It states the same milestone for another service.
    OtherService,
    /// It is another wording, translation or attribution of the same statement.
    Wording,
    /// It says that there is no statement yet.
    Silent,
    /// It counts reports at a time that nobody stated.
    Undated,
    /// It says how long it lasted.
    Duration,
    /// It is when the vendor dates the start, which others saw.
    DatedStart,
}

/// An event as it stands under the axes asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its position.
    pub position: Position,
    /// When the ledger took it.
    pub recorded: Instant,
    /// The event with every correction in effect applied.
    pub event: Arc<Event>,
    /// When it happened, placed among the others.
    pub occurred: Placed,
    /// When it was stated; the recorded time where nobody said.
    pub stated: Bounds,
    /// How it stands.
    pub standing: Standing,
    /// For `Lapsed` and `Outdated`: the position of the event that contradicts it.
    pub contradicted_by: Option<Position>,
    /// The corrections in effect, by position.
    pub corrections: Vec<Correction>,
    /// The retraction in effect.
    pub retraction: Option<Retraction>,
    /// The verdict in force.
    pub verdict: Option<Weighing>,
    /// Its quotation in other languages, as translated by acts, by position.
    pub translations: Vec<(Quotation, Option<Text>)>,
}

/// A time placed in the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The bounds, open ones closed by the fold where it can.
    pub bounds: Bounds,
    /// The bounds as the event itself has them, before closing.
    pub own: Bounds,
    /// The bounds narrowed by what must be true: what is certain by an instant is decided by these, what is told by the others.
    pub narrowed: Bounds,
    /// By what they were narrowed.
    pub narrowed_by: NarrowedBy,
    /// What entries sort by.
    pub order: Instant,
    /// The event that it stands after or before, if it is in the story.
    pub anchor: Option<Position>,
}

/// What must be true of a time, whatever its source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NarrowedBy {
    /// Nobody answers a sign before the first one.
    pub first_sign: bool,
    /// Nobody tells what has not happened.
    pub stated: bool,
}

impl NarrowedBy {
    /// Their names, as in JSON.
    pub fn names(self) -> Vec<&'static str> {
        [(self.first_sign, "first_sign"), (self.stated, "stated")].into_iter().filter_map(|(is_so, name)| is_so.then_some(name)).collect()
    }
}

/// A correction in effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// The position of the correction.
    pub position: Position,
    /// What kind of edit it is.
    pub edit_kind: EditKind,
    /// True where whoever made it said so.
    pub announced: bool,
    /// Why.
    pub reason: Option<Text>,
    /// When the source made it; None for a desk's.
    pub stated: Option<Bounds>,
    /// Each member of `data` that it changed, with what stood there and what stands there now.
    pub changes: Vec<(String, serde_json::Value, serde_json::Value)>,
    /// Its publisher.
    pub source: String,
    /// Who made it.
    pub said_by: SaidBy,
}

/// A retraction in effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Retraction {
    /// The position of the retraction.
    pub position: Position,
    /// Why.
    pub reason: Option<Text>,
    /// True where whoever took it back said so.
    pub announced: bool,
    /// When the source took it back; None for a desk's.
    pub stated: Option<Bounds>,
    /// Its publisher.
    pub source: String,
    /// Who took it back.
    pub said_by: SaidBy,
}

/// A desk's verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighing {
    /// The position of the verdict.
    pub position: Position,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<Text>,
    /// When the ledger took it: "given later, on …".
    pub given: Instant,
}

/// What is registered of services: what timelines call them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Registry {
    /// The incident's own services and those of the same vendors, by slug.
    pub services: Vec<RegisteredService>,
}

/// One service as registered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegisteredService {
    /// Its slug.
    pub slug: Slug,
    /// Its names by language.
    pub names: Text,
    /// Its genitives.
    pub genitives: Option<Text>,
    /// Whose it is.
    pub vendor: Option<Vendor>,
    /// The service that it is a part of.
    pub parent: Option<Slug>,
    /// Its home page.
    pub homepage: Option<String>,
    /// Its status page.
    pub status_page: Option<String>,
}

impl Registry {
    /// The service with this slug.
    pub fn service(&self, slug: &str) -> Option<&RegisteredService> {
        self.services.iter().find(|service| service.slug == slug)
    }
}

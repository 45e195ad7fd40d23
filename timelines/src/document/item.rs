//! What one event makes of an entry: the event as it stands, when it happened and was stated, and the words of the answer's language.

use std::collections::HashMap;

use dateline_events::kinds::{Certainty, EditKind, Services, Verdict};
use dateline_events::{Bounds, Kind, Position, Source, Statement, Text, When};
use serde::Serialize;
use serde_json::Value;

use crate::model::{Claim, Correction, Inferred, Item, Milestone, Part, Renamed, ReportedBy, Retraction, Rule, SaidBy, Standing, Weighing};
use crate::stretch::told_claims;
use crate::tell::{Lang, ToldClock, ToldEntry};

/// What the forms are made with: what was told of each event, and the clock.
pub(super) struct Scribe<'a> {
    pub(super) told_entries: HashMap<Position, &'a ToldEntry>,
    pub(super) items: HashMap<Position, &'a Item>,
    pub(super) lang: Lang,
    pub(super) clock: &'a ToldClock,
}

/// An event by the name that its publisher gave it.
#[derive(Serialize)]
pub(super) struct EventName<'a> {
    pub(super) source: &'a str,
    pub(super) id: &'a str,
}

#[derive(Serialize)]
pub(super) struct ItemForm<'a> {
    position: Position,
    event: EventName<'a>,
    kind: &'static str,
    subject: &'a str,
    services: Option<&'a Services>,
    occurred: Option<OccurredForm<'a>>,
    stated: StatedForm<'a>,
    recorded: String,
    standing: Standing,
    certainty: Option<Certainty>,
    statement: Option<&'a Statement>,
    /// The kind's own members, as they stand.
    data: Option<&'a Kind>,
    publisher: &'a str,
    speaks_for_a_vendor: bool,
    sources: &'a [Source],
    corrections: Vec<CorrectionForm<'a>>,
    retraction: Option<RetractionForm<'a>>,
    verdict: Option<VerdictForm<'a>>,
    contradicted_by: Option<Position>,
    #[serde(flatten)]
    told: Option<ToldForm<'a>>,
}

/// What was told of it, where it has a place of its own.
#[derive(Serialize)]
struct ToldForm<'a> {
    text: &'a str,
    head: &'a str,
    marks: &'a [String],
}

#[derive(Serialize)]
pub(super) struct InsideForm<'a> {
    part: Part,
    #[serde(flatten)]
    item: ItemForm<'a>,
}

/// The time as in the event and as told, with its bounds as the fold closed and narrowed them, and by what it narrowed them.
#[derive(Serialize)]
struct OccurredForm<'a> {
    #[serde(flatten)]
    when: &'a When,
    #[serde(flatten)]
    bounds: Bounds,
    narrowed: Vec<&'static str>,
    told: String,
}

#[derive(Serialize)]
struct StatedForm<'a> {
    #[serde(flatten)]
    when: Option<&'a When>,
    #[serde(flatten)]
    bounds: Bounds,
}

#[derive(Serialize)]
struct CorrectionForm<'a> {
    position: Position,
    edit_kind: EditKind,
    announced: bool,
    minor: bool,
    reason: Option<&'a Text>,
    source: &'a str,
    stated: Option<Bounds>,
    changes: Vec<ChangeForm<'a>>,
}

/// A headline that its source changed.
#[derive(Serialize)]
pub(super) struct RenamedForm<'a> {
    position: Position,
    event: EventName<'a>,
    of: Option<Position>,
    title: Option<&'a Text>,
    corrections: Vec<CorrectionForm<'a>>,
}

#[derive(Serialize)]
struct ChangeForm<'a> {
    member: &'a str,
    before: &'a Value,
    after: &'a Value,
}

#[derive(Serialize)]
struct RetractionForm<'a> {
    position: Position,
    reason: Option<&'a Text>,
    announced: bool,
    stated: Option<Bounds>,
    source: &'a str,
    said_by: &'a SaidBy,
}

#[derive(Serialize)]
struct VerdictForm<'a> {
    position: Position,
    verdict: Verdict,
    reason: Option<&'a Text>,
    given: String,
}

#[derive(Serialize)]
pub(super) struct MilestoneForm<'a> {
    event: Option<EventName<'a>>,
    position: Position,
    rule: Rule,
    said_by: &'a SaidBy,
    inferred: Option<Inferred>,
    reported_by: Option<ReportedBy>,
    occurred: Option<OccurredForm<'a>>,
    spread: Bounds,
    claims_count: usize,
    claims: Vec<ClaimForm<'a>>,
}

#[derive(Serialize)]
struct ClaimForm<'a> {
    event: Option<EventName<'a>>,
    position: Position,
    services: &'a [String],
    region: Option<&'a str>,
    occurred: Option<OccurredForm<'a>>,
    standing: Standing,
    certainty: Option<Certainty>,
    headline: Option<&'a Text>,
    statement: Option<&'a Statement>,
    publisher: Option<&'a str>,
    speaks_for_a_vendor: Option<bool>,
    sources: Option<&'a [Source]>,
}

impl<'a> Scribe<'a> {
    pub(super) fn milestone(&self, milestone: &'a Milestone) -> MilestoneForm<'a> {
        let told = self.items.get(&milestone.told).copied();
        MilestoneForm {
            event: told.map(EventName::of),
            position: milestone.told,
            rule: milestone.rule,
            said_by: &milestone.said_by,
            inferred: milestone.inferred,
            reported_by: milestone.reported_by,
            occurred: told.and_then(|item| self.occurred(item)),
            spread: milestone.spread,
            claims_count: milestone.claims.len(),
            claims: told_claims(&milestone.claims).iter().map(|claim| self.claim(claim)).collect(),
        }
    }

    fn claim(&self, claim: &'a Claim) -> ClaimForm<'a> {
        let item = self.items.get(&claim.position).copied();
        ClaimForm {
            event: item.map(EventName::of),
            position: claim.position,
            services: &claim.services,
            region: claim.region.as_deref(),
            occurred: item.and_then(|item| self.occurred(item)),
            standing: claim.standing,
            certainty: item.and_then(|item| item.event.common.certainty),
            headline: item.and_then(|item| item.event.common.headline.as_ref()),
            statement: item.and_then(|item| item.event.kind.statement()),
            publisher: item.map(|item| item.event.source.as_str()),
            speaks_for_a_vendor: item.map(|item| item.event.speaks_for_a_vendor()),
            sources: item.map(|item| item.event.common.sources.as_slice()),
        }
    }

    pub(super) fn inside(&self, part: Part, item: &'a Item) -> InsideForm<'a> {
        InsideForm { part, item: self.item(item) }
    }

    pub(super) fn item(&self, item: &'a Item) -> ItemForm<'a> {
        self.item_told(item, self.told_entries.get(&item.position).copied())
    }

    pub(super) fn item_told(&self, item: &'a Item, told: Option<&'a ToldEntry>) -> ItemForm<'a> {
        let event = &item.event;
        ItemForm {
            position: item.position,
            event: EventName::of(item),
            kind: event.kind.name(),
            subject: &event.subject,
            services: event.common.services.as_ref(),
            occurred: self.occurred(item),
            stated: StatedForm { when: event.common.stated.as_ref(), bounds: item.stated },
            recorded: item.recorded.with_six_digits(),
            standing: item.standing,
            certainty: event.common.certainty,
            statement: event.kind.statement(),
            data: (item.standing != Standing::Redacted).then_some(&event.kind),
            publisher: &event.source,
            speaks_for_a_vendor: event.speaks_for_a_vendor(),
            sources: &event.common.sources,
            corrections: item.corrections.iter().map(CorrectionForm::from).collect(),
            retraction: item.retraction.as_ref().map(RetractionForm::from),
            verdict: item.verdict.as_ref().map(VerdictForm::from),
            contradicted_by: item.contradicted_by,
            told: told.map(|told| ToldForm { text: &told.text, head: &told.head, marks: &told.marks }),
        }
    }

    fn occurred(&self, item: &'a Item) -> Option<OccurredForm<'a>> {
        let when = item.event.common.occurred.as_ref()?;
        let (bounds, narrowed) = (item.occurred.narrowed, item.occurred.narrowed_by.names());
        Some(OccurredForm { when, bounds, narrowed, told: self.clock.time(item, self.lang) })
    }
}

impl<'a> EventName<'a> {
    pub(super) fn of(item: &'a Item) -> Self {
        Self { source: &item.event.source, id: &item.event.id }
    }
}

impl<'a> From<&'a Correction> for CorrectionForm<'a> {
    fn from(correction: &'a Correction) -> Self {
        let changes = correction.changes.iter().map(|(member, before, after)| ChangeForm { member, before, after }).collect();
        Self {
            position: correction.position,
            edit_kind: correction.edit_kind,
            announced: correction.announced,
            minor: correction.is_minor(),
            reason: correction.reason.as_ref(),
            source: &correction.source,
            stated: correction.stated,
            changes,
        }
    }
}

impl<'a> From<&'a Renamed> for RenamedForm<'a> {
    fn from(renamed: &'a Renamed) -> Self {
        let item = &renamed.title;
        let title = if let Kind::IncidentTitled(titled) = &item.event.kind { Some(&titled.title) } else { None };
        let corrections = item.corrections.iter().map(CorrectionForm::from).collect();
        Self { position: item.position, event: EventName::of(item), of: renamed.of, title, corrections }
    }
}

impl<'a> From<&'a Retraction> for RetractionForm<'a> {
    fn from(retraction: &'a Retraction) -> Self {
        let Retraction { position, reason, announced, stated, source, said_by } = retraction;
        Self { position: *position, reason: reason.as_ref(), announced: *announced, stated: *stated, source, said_by }
    }
}

impl<'a> From<&'a Weighing> for VerdictForm<'a> {
    fn from(weighing: &'a Weighing) -> Self {
        let Weighing { position, verdict, reason, given } = weighing;
        Self { position: *position, verdict: *verdict, reason: reason.as_ref(), given: given.with_six_digits() }
    }
}

//! A timeline as JSON: the contract's members, with the words of one language in them. Written straight from the timeline: nothing is put
//! together in between.

mod item;

use std::collections::{BTreeMap, HashMap};

use dateline_events::{Bounds, Kind, Position, Range, Ref, Region, Slug, Symptom, Text};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::model::{
    Axes, Inferred, Item, Linked, Milestone, MilestoneKind, Reopening, ReportedBy, Rule, SaidBy, ServiceMilestones, State, Timeline, Warning,
};
use crate::model::{Entry, Registry};
use crate::rows::Nature;
use crate::stretch::{Stretch, told_inside, told_renamed, told_without_effect};
use crate::tell::{Lang, Told, ToldEntry};
use item::{EventName, InsideForm, ItemForm, MilestoneForm, RenamedForm, Scribe};

/// The JSON form of a stretch of a timeline, told. `told` must be of the same stretch of the same timeline; `next` is the address of the
/// stretch behind it.
pub fn timeline<'a>(
    timeline: &'a Timeline,
    stretch: Stretch,
    told: &'a Told,
    registry: &'a Registry,
    lang: Lang,
    next: Option<&'a str>,
) -> impl Serialize + 'a {
    let shown = stretch.lists(timeline);
    let lists = [&told.entries, &told.unsupported, &told.background, &told.possibly];
    let told_entries = lists.into_iter().flatten().map(|entry| (entry.position, entry)).collect();
    // What was taken back is told where it stood; in the list of it once more, where that is asked for.
    let told_again: HashMap<Position, &ToldEntry> = told.retracted.iter().map(|entry| (entry.position, entry)).collect();
    let items = items(timeline).map(|item| (item.position, item)).collect();
    let scribe = Scribe { told_entries, items, lang, clock: &told.clock };
    let entry = |entry: &'a Entry| EntryForm {
        item: scribe.item(&entry.item),
        milestone: entry.milestone,
        possible: entry.possible,
        inside_count: entry.inside.len(),
        inside: told_inside(entry).iter().map(|(part, item)| scribe.inside(*part, item)).collect(),
    };
    TimelineForm {
        common: CommonForm::of(timeline, told, registry, |milestone| scribe.milestone(milestone)),
        entries: shown.entries.iter().map(entry).collect(),
        possibly: shown.possibly.iter().map(|item| scribe.item(item)).collect(),
        retracted: shown.retracted.iter().map(|item| scribe.item_told(item, told_again.get(&item.position).copied())).collect(),
        renamed: told_renamed(&timeline.renamed).iter().map(RenamedForm::from).collect(),
        links: shown.links.iter().filter_map(|item| LinkForm::of(item, &timeline.linked)).collect(),
        without_effect: told_without_effect(&timeline.without_effect),
        page: PageForm { first: stretch.from + 1, last: stretch.until, of: stretch.of, next },
    }
}

/// The JSON form of a timeline without its entries, told; `events` names those at [`told_positions`], by source and id.
pub fn in_short<'a>(
    timeline: &'a Timeline,
    told: &'a Told,
    registry: &'a Registry,
    events: &'a BTreeMap<Position, (String, String)>,
) -> impl Serialize + 'a {
    let milestone = |milestone: &'a Milestone| ShortMilestoneForm {
        event: events.get(&milestone.told).map(|(source, id)| EventName { source, id }),
        position: milestone.told,
        rule: milestone.rule,
        said_by: &milestone.said_by,
        inferred: milestone.inferred,
        reported_by: milestone.reported_by,
        occurred: milestone.narrowed,
    };
    CommonForm::of(timeline, told, registry, milestone)
}

/// The positions of the claims that are told for milestones.
pub fn told_positions(timeline: &Timeline) -> impl Iterator<Item = Position> {
    let milestones = [&timeline.first_seen, &timeline.acknowledged, &timeline.restored, &timeline.cause];
    milestones.into_iter().flatten().map(|milestone| milestone.told)
}

/// What a timeline says of itself, with or without its entries.
#[derive(Serialize)]
struct CommonForm<'a, M> {
    incident: &'a str,
    merged: &'a [String],
    nature: Nature,
    title: TitleForm<'a>,
    kicker: Option<&'a str>,
    services: &'a [Slug],
    vendor: Option<&'a str>,
    state: State,
    reports_only: bool,
    subsided: Option<SubsidedForm<'a>>,
    regions: &'a [Region],
    symptoms: &'a [Symptom],
    opened_by: Option<&'a SaidBy>,
    milestones: MilestonesForm<M>,
    reopenings: &'a [Reopening],
    open_regions: &'a [Region],
    other_services: &'a [ServiceMilestones],
    time_to_acknowledge: Option<Range>,
    time_to_restore: Option<Range>,
    warnings: &'a [Warning],
    summary: &'a [String],
    notes: &'a [String],
    axes: Axes,
    changed: Position,
    lang: &'a str,
    tz: &'a str,
}

#[derive(Serialize)]
struct MilestonesForm<M> {
    first_seen: Option<M>,
    acknowledged: Option<M>,
    restored: Option<M>,
    cause: Option<M>,
}

#[derive(Serialize)]
struct ShortMilestoneForm<'a> {
    event: Option<EventName<'a>>,
    position: Position,
    rule: Rule,
    said_by: &'a SaidBy,
    inferred: Option<Inferred>,
    reported_by: Option<ReportedBy>,
    occurred: Bounds,
}

#[derive(Serialize)]
struct SubsidedForm<'a> {
    position: Position,
    said_by: &'a SaidBy,
    occurred: Bounds,
}

#[derive(Serialize)]
struct TimelineForm<'a> {
    #[serde(flatten)]
    common: CommonForm<'a, MilestoneForm<'a>>,
    entries: Vec<EntryForm<'a>>,
    possibly: Vec<ItemForm<'a>>,
    retracted: Vec<ItemForm<'a>>,
    renamed: Vec<RenamedForm<'a>>,
    links: Vec<LinkForm<'a>>,
    without_effect: &'a [Position],
    page: PageForm<'a>,
}

#[derive(Serialize)]
struct EntryForm<'a> {
    #[serde(flatten)]
    item: ItemForm<'a>,
    milestone: Option<MilestoneKind>,
    possible: bool,
    inside_count: usize,
    inside: Vec<InsideForm<'a>>,
}

/// Which places of the timeline these are, and where the next ones are found.
#[derive(Serialize)]
struct PageForm<'a> {
    first: usize,
    last: usize,
    of: usize,
    next: Option<&'a str>,
}

/// A link, with the end at which this incident is, and the incident at the other.
#[derive(Serialize)]
struct LinkForm<'a> {
    position: Position,
    event: EventName<'a>,
    relation: dateline_events::kinds::Relation,
    from: &'a Ref,
    to: &'a Ref,
    reason: Option<&'a Text>,
    here: Option<&'static str>,
    incident: Option<&'a str>,
}

/// A desk's headline in its languages, else the generated one in the language of the answer.
struct TitleForm<'a> {
    given: Option<&'a Text>,
    told: &'a Told,
}

impl Serialize for TitleForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut title = serializer.serialize_map(None)?;
        if let Some(Text::ByLanguage(given)) = self.given {
            for (language, words) in given.iter().filter(|(language, _)| *language != self.told.lang) {
                title.serialize_entry(language, words)?;
            }
        }
        title.serialize_entry(self.told.lang, &self.told.title)?;
        title.end()
    }
}

impl<'a, M> CommonForm<'a, M> {
    fn of(timeline: &'a Timeline, told: &'a Told, registry: &'a Registry, milestone: impl Fn(&'a Milestone) -> M) -> Self {
        Self {
            incident: &timeline.incident,
            merged: &timeline.merged,
            nature: timeline.nature,
            title: TitleForm { given: timeline.title.as_ref(), told },
            kicker: told.kicker.as_deref(),
            services: &timeline.services,
            vendor: vendor(timeline, registry),
            state: timeline.state,
            reports_only: timeline.reports_only,
            subsided: timeline.subsided.as_ref().map(|end| SubsidedForm { position: end.told, said_by: &end.said_by, occurred: end.certain() }),
            regions: &timeline.regions,
            symptoms: &timeline.symptoms,
            opened_by: timeline.opened_by.as_ref(),
            milestones: MilestonesForm {
                first_seen: timeline.first_seen.as_ref().map(&milestone),
                acknowledged: timeline.acknowledged.as_ref().map(&milestone),
                restored: timeline.restored.as_ref().map(&milestone),
                cause: timeline.cause.as_ref().map(&milestone),
            },
            reopenings: &timeline.reopenings,
            open_regions: &timeline.open_regions,
            other_services: &timeline.other_services,
            time_to_acknowledge: timeline.time_to_acknowledge,
            time_to_restore: timeline.time_to_restore,
            warnings: &timeline.warnings,
            summary: &told.summary,
            notes: &told.notes,
            axes: timeline.axes,
            changed: timeline.changed,
            lang: told.lang,
            tz: &told.zone,
        }
    }
}

impl<'a> LinkForm<'a> {
    fn of(item: &'a Item, linked: &'a [Linked]) -> Option<Self> {
        let Kind::IncidentLinked(link) = &item.event.kind else { return None };
        let linked = linked.iter().find(|linked| linked.position == item.position);
        Some(Self {
            position: item.position,
            event: EventName::of(item),
            relation: link.relation,
            from: &link.from,
            to: &link.to,
            reason: link.reason.as_ref(),
            here: linked.map(|linked| if linked.is_from { "from" } else { "to" }),
            incident: linked.and_then(|linked| linked.incident.as_ref()).map(|other| other.incident.as_str()),
        })
    }
}

/// Whose the services are.
fn vendor<'a>(timeline: &Timeline, registry: &'a Registry) -> Option<&'a str> {
    timeline.title_services.iter().find_map(|slug| registry.service(slug)?.vendor.as_ref()).map(|vendor| vendor.slug.as_str())
}

fn items(timeline: &Timeline) -> impl Iterator<Item = &Item> {
    timeline.entries.iter().flat_map(|entry| std::iter::once(&entry.item).chain(entry.inside.iter().map(|(_, item)| item)))
}

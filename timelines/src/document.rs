//! A timeline as JSON: the contract's members, with the words of one language in them.

use std::collections::{BTreeMap, HashMap};

use dateline_events::{Bounds, Instant, Kind, Position, When};
use serde_json::{Map, Value, json};

use crate::model::{Claim, Item, Linked, Milestone, Part, Registry, Standing, Timeline};
use crate::stretch::{Stretch, told_claims, told_inside, told_without_effect};
use crate::tell::{Lang, Told, ToldClock, ToldEntry};

/// The JSON form of a stretch of a timeline, told. `told` must be of the same stretch of the same timeline.
pub fn timeline(timeline: &Timeline, stretch: Stretch, told: &Told, registry: &Registry, lang: Lang) -> Value {
    let shown = stretch.lists(timeline);
    let lists = [&told.entries, &told.unsupported, &told.background, &told.possibly, &told.retracted];
    let told_entries = lists.into_iter().flatten().map(|entry| (entry.position, entry)).collect();
    let items = items(timeline).map(|item| (item.position, item)).collect();
    let scribe = Scribe { told_entries, items, lang, clock: &told.clock };
    let mut members = in_common(timeline, told, registry, |milestone| json!(scribe.milestone(milestone)));
    let entries = json!({
        "entries": shown.entries.iter().map(|entry| {
            let mut members = scribe.item(&entry.item);
            members.insert("milestone".into(), json!(entry.milestone));
            members.insert("possible".into(), json!(entry.possible));
            members.insert("inside_count".into(), json!(entry.inside.len()));
            members.insert("inside".into(), told_inside(entry).iter().map(|(part, item)| scribe.inside(*part, item)).collect());
            Value::Object(members)
        }).collect::<Vec<_>>(),
        "possibly": shown.possibly.iter().map(|item| Value::Object(scribe.item(item))).collect::<Vec<_>>(),
        "retracted": shown.retracted.iter().map(|item| Value::Object(scribe.item(item))).collect::<Vec<_>>(),
        "links": shown.links.iter().map(|item| link(item, &timeline.linked)).collect::<Vec<_>>(),
        "without_effect": told_without_effect(&timeline.without_effect),
        "page": {"first": stretch.from + 1, "last": stretch.until, "of": stretch.of, "next": null},
    });
    if let Value::Object(entries) = entries {
        members.extend(entries);
    }
    Value::Object(members)
}

/// What a timeline says of itself, with or without its entries.
fn in_common(timeline: &Timeline, told: &Told, registry: &Registry, milestone: impl Fn(Option<&Milestone>) -> Value) -> Map<String, Value> {
    let mut members = Map::new();
    let mut say = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    say("incident", json!(timeline.incident));
    say("merged", json!(timeline.merged));
    say("nature", json!(timeline.nature));
    say("title", title(timeline, told));
    say("kicker", json!(told.kicker));
    say("services", json!(timeline.services));
    say("vendor", json!(vendor(timeline, registry)));
    say("state", json!(timeline.state));
    say("reports_only", json!(timeline.reports_only));
    say(
        "subsided",
        json!(timeline.subsided.as_ref().map(|end| json!({"position": end.told, "said_by": end.said_by, "occurred": bounds(end.certain())}))),
    );
    say("regions", json!(timeline.regions));
    say("symptoms", json!(timeline.symptoms));
    say("opened_by", json!(timeline.opened_by));
    let milestones = json!({
        "first_seen": milestone(timeline.first_seen.as_ref()),
        "acknowledged": milestone(timeline.acknowledged.as_ref()),
        "restored": milestone(timeline.restored.as_ref()),
        "cause": milestone(timeline.cause.as_ref()),
    });
    say("milestones", milestones);
    say("other_services", json!(timeline.other_services));
    say("time_to_acknowledge", json!(timeline.time_to_acknowledge));
    say("time_to_restore", json!(timeline.time_to_restore));
    say("warnings", json!(timeline.warnings));
    say("summary", json!(told.summary));
    say("notes", json!(told.notes));
    say("axes", json!(timeline.axes));
    say("changed", json!(timeline.changed));
    say("lang", json!(told.lang));
    say("tz", json!(told.zone));
    members
}

/// The positions of the claims that are told for milestones.
pub fn told_positions(timeline: &Timeline) -> impl Iterator<Item = Position> {
    let milestones = [&timeline.first_seen, &timeline.acknowledged, &timeline.restored, &timeline.cause];
    milestones.into_iter().flatten().map(|milestone| milestone.told)
}

/// The JSON form of a timeline without its entries, told; `events` names those at [`told_positions`].
pub fn in_short(timeline: &Timeline, told: &Told, registry: &Registry, events: &BTreeMap<Position, Value>) -> Value {
    let milestone = |milestone: Option<&Milestone>| {
        let short = milestone.map(|milestone| {
            json!({
                "event": events.get(&milestone.told), "position": milestone.told, "rule": milestone.rule,
                "said_by": milestone.said_by, "inferred": milestone.inferred, "reported_by": milestone.reported_by,
                "occurred": bounds(milestone.narrowed),
            })
        });
        json!(short)
    };
    Value::Object(in_common(timeline, told, registry, milestone))
}

/// Whose the services are.
fn vendor<'a>(timeline: &Timeline, registry: &'a Registry) -> Option<&'a str> {
    timeline.title_services.iter().find_map(|slug| registry.service(slug)?.vendor.as_ref()).map(|vendor| vendor.slug.as_str())
}

/// A desk's headline in its languages, else the generated one in the language of the answer.
fn title(timeline: &Timeline, told: &Told) -> Value {
    let mut title = timeline.title.as_ref().map(|title| json!(title)).filter(Value::is_object).unwrap_or_else(|| json!({}));
    if let Some(titles) = title.as_object_mut() {
        titles.insert(told.lang.to_owned(), json!(told.title));
    }
    title
}

struct Scribe<'a> {
    told_entries: HashMap<Position, &'a ToldEntry>,
    items: HashMap<Position, &'a Item>,
    lang: Lang,
    clock: &'a ToldClock,
}

impl Scribe<'_> {
    fn milestone(&self, milestone: Option<&Milestone>) -> Value {
        let Some(milestone) = milestone else { return Value::Null };
        let item = |claim: &Claim| self.items.get(&claim.position).copied();
        let told = self.items.get(&milestone.told).copied();
        json!({
            "event": told.map(event_ref),
            "position": milestone.told,
            "rule": milestone.rule,
            "said_by": milestone.said_by,
            "inferred": milestone.inferred,
            "reported_by": milestone.reported_by,
            "occurred": told.map(|item| self.occurred(item)),
            "spread": bounds(milestone.spread),
            "claims_count": milestone.claims.len(),
            "claims": told_claims(&milestone.claims).iter().map(|claim| {
                let found = item(claim);
                json!({
                    "event": found.map(event_ref),
                    "position": claim.position,
                    "services": claim.services,
                    "region": claim.region,
                    "occurred": found.map(|item| self.occurred(item)),
                    "standing": claim.standing,
                    "publisher": found.map(|item| &item.event.source),
                    "speaks_for_a_vendor": found.map(|item| item.event.speaks_for_a_vendor()),
                    "sources": found.map(|item| json!(item.event.common.sources)),
                })
            }).collect::<Vec<_>>(),
        })
    }

    fn inside(&self, part: Part, item: &Item) -> Value {
        let mut members = self.item(item);
        members.insert("part".into(), json!(part));
        Value::Object(members)
    }

    fn item(&self, item: &Item) -> Map<String, Value> {
        let told = self.told_entries.get(&item.position);
        let members = json!({
            "position": item.position,
            "event": event_ref(item),
            "kind": item.event.kind.name(),
            "subject": item.event.subject,
            "services": item.event.common.services,
            "occurred": self.occurred(item),
            "stated": stated(item),
            "recorded": item.recorded.with_six_digits(),
            "standing": item.standing,
            "certainty": item.event.common.certainty,
            "statement": item.event.kind.statement(),
            "data": data(item),
            "publisher": item.event.source,
            "speaks_for_a_vendor": item.event.speaks_for_a_vendor(),
            "sources": item.event.common.sources,
            "corrections": item.corrections.iter().map(|correction| json!({
                "position": correction.position,
                "edit_kind": correction.edit_kind,
                "announced": correction.announced,
                "reason": correction.reason,
                "source": correction.source,
                "stated": correction.stated.map(bounds),
                "changes": correction.changes.iter().map(|(member, before, after)| json!({"member": member, "before": before, "after": after})).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "retraction": item.retraction.as_ref().map(|retraction| json!({
                "position": retraction.position, "reason": retraction.reason, "announced": retraction.announced, "source": retraction.source,
            })),
            "verdict": item.verdict.as_ref().map(|weighing| json!({
                "position": weighing.position, "verdict": weighing.verdict, "reason": weighing.reason, "given": weighing.given.with_six_digits(),
            })),
            "contradicted_by": item.contradicted_by,
        });
        let Value::Object(mut members) = members else { return Map::new() };
        if let Some(told) = told {
            members.insert("text".into(), json!(told.text));
            members.insert("head".into(), json!(told.head));
            members.insert("marks".into(), json!(told.marks));
        }
        members
    }

    /// The time as in the event and as told, with its bounds as the fold closed and narrowed them, and by what it narrowed them.
    fn occurred(&self, item: &Item) -> Value {
        let Some(occurred) = &item.event.common.occurred else { return Value::Null };
        let mut members = when(occurred);
        members.insert("earliest".into(), instant(item.occurred.narrowed.earliest));
        members.insert("latest".into(), instant(item.occurred.narrowed.latest));
        members.insert("narrowed".into(), json!(item.occurred.narrowed_by.names()));
        members.insert("told".into(), json!(self.clock.time(item, self.lang)));
        Value::Object(members)
    }
}

fn items(timeline: &Timeline) -> impl Iterator<Item = &Item> {
    timeline.entries.iter().flat_map(|entry| std::iter::once(&entry.item).chain(entry.inside.iter().map(|(_, item)| item)))
}

fn stated(item: &Item) -> Value {
    let mut members = item.event.common.stated.as_ref().map(when).unwrap_or_default();
    members.insert("earliest".into(), instant(item.stated.earliest));
    members.insert("latest".into(), instant(item.stated.latest));
    Value::Object(members)
}

fn when(when: &When) -> Map<String, Value> {
    match serde_json::to_value(when) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// The kind's own members, as they stand.
fn data(item: &Item) -> Value {
    if item.standing == Standing::Redacted { Value::Null } else { json!(item.event.kind) }
}

fn event_ref(item: &Item) -> Value {
    json!({"source": item.event.source, "id": item.event.id})
}

/// A link, with the end at which this incident is, and the incident at the other.
fn link(item: &Item, linked: &[Linked]) -> Value {
    let Kind::IncidentLinked(link) = &item.event.kind else { return Value::Null };
    let linked = linked.iter().find(|linked| linked.position == item.position);
    let here = linked.map(|linked| if linked.is_from { "from" } else { "to" });
    let incident = linked.and_then(|linked| linked.incident.as_ref()).map(|other| &other.incident);
    json!({
        "position": item.position, "event": event_ref(item), "relation": link.relation, "from": link.from, "to": link.to, "reason": link.reason,
        "here": here, "incident": incident,
    })
}

fn bounds(bounds: Bounds) -> Value {
    json!({"earliest": instant(bounds.earliest), "latest": instant(bounds.latest)})
}

fn instant(instant: Option<Instant>) -> Value {
    instant.map_or(Value::Null, |instant| json!(instant))
}

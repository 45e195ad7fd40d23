//! What changes an attachment once made: a link, the retraction of a link, a corrected `incidentid`. Nothing else does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dateline_events::kinds::Relation;
use dateline_events::{Event, EventKey, Kind, Position};

use super::place::Pass;
use super::subject_of_id;
use crate::fold::Fold;
use crate::rows::{AttachmentRow, EventRow, IncidentNumber, LinkRow, MembershipRow, Nature};

/// An act's chain (a retraction of a retraction of …) is followed so deep.
const MAX_CHAIN: usize = 64;

impl Pass<'_> {
    /// After an act was attached: where the event at the end of its chain is a link, or is named elsewhere by a correction,
    /// brings links and attachments in line with the acts in effect.
    pub(super) fn follow_acts(&mut self, row: &EventRow, event: &Event) {
        if matches!(&event.kind, Kind::IncidentLinked(_)) {
            self.settle(row);
        } else if matches!(event.kind, Kind::EventCorrected(_) | Kind::EventRetracted(_)) {
            let Some(base) = self.base_of(event) else { return };
            let is_link = base.kind == "incident.linked";
            let names_an_incident = matches!(&event.kind, Kind::EventCorrected(act) if act.patch.contains_key("incidentid"));
            let on_an_act =
                event.kind.target().and_then(|target| self.known(event.key_of(target))).is_some_and(|known| known.event.kind.starts_with("event."));
            if is_link || names_an_incident || on_an_act {
                self.settle(&base);
            }
        }
    }

    /// The event at the end of a chain of acts.
    fn base_of(&mut self, act: &Event) -> Option<EventRow> {
        let mut key = act.key_of(act.kind.target()?);
        for _ in 0..MAX_CHAIN {
            let row = self.known(key)?.event.clone();
            if !matches!(row.kind.as_str(), "event.corrected" | "event.retracted" | "claim.weighed") {
                return Some(row);
            }
            key = row.target?;
        }
        None
    }

    fn settle(&mut self, base: &EventRow) {
        let (effective, in_effect, acts) = self.effective(base);
        let Some(effective) = effective else { return };
        match &effective.kind {
            Kind::IncidentLinked(link) => {
                let ends = (self.incident_holding(effective.key_of(&link.from)), self.incident_holding(effective.key_of(&link.to)));
                if let (Some(from), Some(to)) = ends {
                    self.relink(LinkRow { event: base.position, since: self.now, from, to, active: in_effect && link.relation == Relation::SameAs });
                }
            }
            _ => self.move_to_named(base, &effective, &acts),
        }
    }

    /// An event under the acts in effect, whether it is in effect itself, and the positions of all acts about it.
    fn effective(&mut self, base: &EventRow) -> (Option<Arc<Event>>, bool, Vec<EventRow>) {
        let mut fold = Fold::new();
        let mut acts = Vec::new();
        let mut open = vec![base.clone()];
        let mut seen = BTreeSet::new();
        while let Some(row) = open.pop() {
            if !seen.insert(row.position) {
                continue;
            }
            if let Some(event) = self.read_again(&row) {
                fold.apply(row.position, row.position, row.recorded, Arc::new(event));
            }
            open.extend(self.acts_about(row.key));
            if row.position != base.position {
                acts.push(row);
            }
        }
        (fold.effective_event(base.position), fold.is_in_effect(base.position), acts)
    }

    fn acts_about(&mut self, key: EventKey) -> Vec<EventRow> {
        self.needs.acts.insert(key);
        let past = self.knowledge.acts.get(&key).into_iter().flat_map(BTreeMap::values);
        let here = self.acts.get(&key).into_iter().flatten().filter_map(|place| self.rows.events.get(*place));
        let mut acts: BTreeMap<Position, EventRow> = past.chain(here).map(|row| (row.position, row.clone())).collect();
        acts.retain(|_, row| row.problem.is_none());
        acts.into_values().collect()
    }

    /// Moves an event, with the acts about it, to the incident that its corrected `incidentid` names.
    fn move_to_named(&mut self, base: &EventRow, effective: &Event, acts: &[EventRow]) {
        // An act stands where what it is about stands, and a registration in its registry, whatever they name.
        let Some(id) = effective.incidentid.as_ref().filter(|_| !effective.kind.is_act()) else { return };
        let subject = subject_of_id(id).unwrap_or(&effective.subject).to_owned();
        let Some(to) = self.head_by_id(id, &subject).filter(|head| head.nature != Nature::Registry).map(|head| head.number) else { return };
        let Some(from) = self.incident_holding(base.key).filter(|from| *from != to) else { return };
        for row in acts.iter().chain([base]) {
            let Some(known) = self.known_mut(row.key) else { continue };
            let Some(place) = known.incidents.iter_mut().find(|incident| **incident == from) else { continue };
            *place = to;
            known.incidents.sort_unstable();
            known.incidents.dedup();
            for (incident, present) in [(from, false), (to, true)] {
                self.rows.attachments.push(AttachmentRow { since: self.now, event: row.position, incident, present });
            }
        }
    }

    /// Puts a link in force or out of it, and says which incidents are one now.
    fn relink(&mut self, link: LinkRow) {
        let mut links = self.links_around(&[link.from, link.to]);
        let before = components(links.values().filter(|link| link.active));
        if links.get(&link.event).is_some_and(|old| (old.from, old.to, old.active) == (link.from, link.to, link.active)) {
            return;
        }
        if !link.active && !links.contains_key(&link.event) {
            return;
        }
        links.insert(link.event, link.clone());
        let after = components(links.values().filter(|link| link.active));
        self.rows.links.retain(|row| row.event != link.event || row.since != link.since);
        self.links.put(&link);
        self.rows.links.push(link);
        let touched: BTreeSet<IncidentNumber> = before.keys().chain(after.keys()).copied().collect();
        for incident in touched {
            let group = |groups: &BTreeMap<IncidentNumber, IncidentNumber>| groups.get(&incident).copied().unwrap_or(incident);
            if group(&before) != group(&after) {
                self.rows.memberships.retain(|row| row.incident != incident || row.since != self.now);
                self.rows.memberships.push(MembershipRow { incident, since: self.now, group: group(&after) });
            }
        }
    }

    /// Every link that touches these incidents, or one that those links touch, and so on; its version in force.
    fn links_around(&mut self, incidents: &[IncidentNumber]) -> BTreeMap<Position, LinkRow> {
        let mut found: BTreeMap<Position, LinkRow> = BTreeMap::new();
        let mut open: Vec<IncidentNumber> = incidents.to_vec();
        let mut seen = BTreeSet::new();
        while let Some(incident) = open.pop() {
            if !seen.insert(incident) {
                continue;
            }
            self.needs.links.insert(incident);
            let past = self.knowledge.links.at(incident).filter(|link| self.links.get(link.event).is_none());
            for link in past.chain(self.links.at(incident)) {
                open.extend([link.from, link.to]);
                found.insert(link.event, link.clone());
            }
        }
        found
    }
}

/// Which group each linked incident is in: the lowest number that links lead to.
fn components<'a>(links: impl Iterator<Item = &'a LinkRow>) -> BTreeMap<IncidentNumber, IncidentNumber> {
    let mut groups: BTreeMap<IncidentNumber, IncidentNumber> = BTreeMap::new();
    for link in links {
        let group = |groups: &BTreeMap<_, _>, incident: IncidentNumber| groups.get(&incident).copied().unwrap_or(incident);
        let (from, to) = (group(&groups, link.from), group(&groups, link.to));
        let (kept, dropped) = (from.min(to), from.max(to));
        groups.entry(link.from).or_insert(link.from);
        groups.entry(link.to).or_insert(link.to);
        for member in groups.values_mut().filter(|member| **member == dropped) {
            *member = kept;
        }
    }
    groups
}

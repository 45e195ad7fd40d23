//! What is known of the past while a page is placed: facts that were asked for, and the heads that are kept between pages.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use dateline_events::{EventKey, Position};

use super::heads::SubjectHeads;
use super::links::Links;
use super::references::References;
use crate::rows::{EventRow, Facts, HeadRow, IncidentNumber, KnownEvent, Needs, Rows, WaitingRow};

/// So many bytes of heads are kept between pages; past it those of services that the last page did not touch are let go. Those of the
/// services that it touched stay: the next page needs them again.
const HEAD_BYTES_KEPT: usize = 16 * 1024 * 1024;

/// What is known of the past.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    asked: Needs,
    pub(super) known: HashMap<EventKey, KnownEvent>,
    pub(super) subjects: HashMap<String, SubjectHeads>,
    /// The service of every head that stands there.
    services: HashMap<IncidentNumber, String>,
    /// Heads asked for one by one; those of services asked for whole stand there.
    pub(super) heads: HashMap<IncidentNumber, HeadRow>,
    pub(super) references: References,
    pub(super) links: Links,
    pub(super) acts: HashMap<EventKey, BTreeMap<Position, EventRow>>,
    pub(super) waiting: BTreeMap<Position, (WaitingRow, Arc<EventRow>)>,
    nothing_waits: bool,
}

impl Knowledge {
    /// Nothing is known; `nothing_waits` says that no event in the views waits, so that nobody has to ask.
    pub fn new(nothing_waits: bool) -> Self {
        Self { nothing_waits, ..Self::default() }
    }

    /// What is known of views that hold nothing yet: nothing waits, and no reference need be asked for.
    pub fn of_empty_views() -> Self {
        Self { references: References::of_empty_views(), ..Self::new(true) }
    }

    /// True where it is known that no event waits.
    pub fn nothing_waits(&self) -> bool {
        self.nothing_waits
    }

    /// Takes in what was asked and what was answered. What was asked and not answered does not exist.
    pub fn absorb(&mut self, needs: Needs, facts: Facts) {
        self.known.extend(facts.known.into_iter().map(|known| (known.event.key, known)));
        for subject in &needs.subjects {
            self.subjects.entry(subject.clone()).or_default();
        }
        let (whole, single): (Vec<_>, Vec<_>) =
            facts.heads.into_iter().partition(|head| head.found_by().any(|service| needs.subjects.contains(service)));
        self.heads.extend(single.into_iter().map(|head| (head.number, head)));
        self.asked.subjects.extend(needs.subjects.iter().cloned());
        self.put_heads(whole);
        for row in facts.references {
            self.references.put((row.page, row.reference), Some(row.incident));
        }
        for reference in needs.references {
            self.references.put(reference, None);
        }
        for link in facts.links {
            // Links were followed to their ends: nothing is left to ask about either.
            self.asked.links.extend([link.from, link.to]);
            self.links.put(&link);
        }
        for act in facts.acts {
            if let Some(target) = act.target {
                self.acts.entry(target).or_default().insert(act.position, act);
            }
        }
        self.waiting.extend(facts.waiting.into_iter().map(|(waiting, row)| (waiting.event, (waiting, Arc::new(row)))));
        let asked = &mut self.asked;
        asked.keys.extend(needs.keys);
        asked.subjects.extend(needs.subjects);
        asked.incidents.extend(needs.incidents);
        asked.links.extend(needs.links);
        asked.acts.extend(needs.acts);
        asked.waiting_windows.extend(needs.waiting_windows);
        asked.waiting_keys.extend(needs.waiting_keys);
        asked.waiting_incidents.extend(needs.waiting_incidents);
        asked.waiting_references.extend(needs.waiting_references);
    }

    fn put_heads(&mut self, heads: impl IntoIterator<Item = HeadRow>) {
        for head in heads {
            let of_services: Vec<String> = head.found_by().filter(|service| self.asked.subjects.contains(*service)).map(ToOwned::to_owned).collect();
            for service in of_services {
                self.services.entry(head.number).or_insert_with(|| service.clone());
                self.subjects.entry(service).or_default().put(head.clone());
            }
        }
    }

    /// The head of an incident, where its service's were asked for whole.
    pub(super) fn head_of_a_service(&self, incident: IncidentNumber) -> Option<&HeadRow> {
        self.subjects.get(self.services.get(&incident)?)?.get(incident)
    }

    /// The part of `needs` that was not asked yet.
    pub fn missing(&self, needs: &Needs) -> Needs {
        let asked = &self.asked;
        let waiting = !self.nothing_waits;
        Needs {
            keys: needs.keys.difference(&asked.keys).copied().collect(),
            subjects: needs.subjects.difference(&asked.subjects).cloned().collect(),
            incidents: needs.incidents.difference(&asked.incidents).copied().collect(),
            references: needs.references.iter().filter(|reference| !self.references.knows(reference)).cloned().collect(),
            links: needs.links.difference(&asked.links).copied().collect(),
            acts: needs.acts.difference(&asked.acts).copied().collect(),
            waiting_windows: needs.waiting_windows.difference(&asked.waiting_windows).filter(|_| waiting).cloned().collect(),
            waiting_keys: needs.waiting_keys.difference(&asked.waiting_keys).filter(|_| waiting).copied().collect(),
            waiting_incidents: needs.waiting_incidents.difference(&asked.waiting_incidents).filter(|_| waiting).cloned().collect(),
            waiting_references: needs.waiting_references.difference(&asked.waiting_references).filter(|_| waiting).cloned().collect(),
        }
    }

    /// After a page was committed: keeps heads and references, brought up to date, and forgets the rest.
    pub fn keep_heads(&mut self, rows: &Rows) {
        let touched: BTreeSet<&str> = rows.events.iter().map(|row| row.subject.as_str()).collect();
        self.put_heads(rows.heads.clone());
        let kept: usize = self.subjects.values().map(SubjectHeads::bytes).sum();
        if kept > HEAD_BYTES_KEPT {
            self.subjects.retain(|subject, _| touched.contains(subject.as_str()));
            self.services.retain(|_, subject| touched.contains(subject.as_str()));
        }
        let (subjects, services) = (std::mem::take(&mut self.subjects), std::mem::take(&mut self.services));
        for row in &rows.references {
            self.references.put((row.page.clone(), row.reference.clone()), Some(row.incident));
        }
        self.references.bound();
        let references = std::mem::take(&mut self.references);
        let nothing_waits = self.nothing_waits && rows.waiting.is_empty();
        let asked = Needs { subjects: subjects.keys().cloned().collect(), ..Needs::default() };
        *self = Self { asked, subjects, services, references, nothing_waits, ..Self::default() };
    }
}

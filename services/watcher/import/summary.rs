//! What an import saw and did, in numbers: for people, and as JSON.

use std::collections::{BTreeMap, BTreeSet};

use dateline_status_pages::{Draft, Nature, Observation, SeenIncident};
use serde_json::{Value, json};

use super::super::published::Published;

/// So many refusals are told one by one; the rest is counted.
const MAX_TOLD_REFUSALS: usize = 1_000;

/// What an import saw and did.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    incidents: BTreeSet<String>,
    /// Versions of single incidents that were read.
    pub versions: u64,
    /// Of these, such as were read before.
    pub passed_over: u64,
    /// Events by kind.
    kinds: BTreeMap<&'static str, u64>,
    /// Silent edits, of planned work apart, by what was changed: how many, in which incidents, and how many change no word and no minute.
    edits: BTreeMap<(bool, &'static str), Edits>,
    /// Events stored, and events that had been said already.
    pub published: u64,
    /// Events that had been said already.
    pub known: u64,
    refusals: u64,
    told_refusals: Vec<(String, String)>,
    unreadable: Vec<(String, String)>,
    registered: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
struct Edits {
    all: u64,
    minor: u64,
    incidents: BTreeSet<String>,
    telling: BTreeSet<String>,
}

impl Summary {
    pub(super) fn version(&mut self, incident: &SeenIncident, passed_over: bool) {
        self.versions += 1;
        self.passed_over += u64::from(passed_over);
        if !self.incidents.contains(&incident.id) {
            self.incidents.insert(incident.id.clone());
        }
    }

    pub(super) fn read(&mut self, observation: &Observation, known: usize) {
        self.versions += observation.incidents.len() as u64;
        self.passed_over += known as u64;
        self.incidents.extend(observation.incidents.iter().map(|incident| incident.id.clone()));
        for refused in &observation.refused {
            self.refused(refused.what.clone(), refused.why.clone());
        }
    }

    pub(super) fn known(&mut self, incidents: usize) {
        self.versions += incidents as u64;
        self.passed_over += incidents as u64;
    }

    pub(super) fn said(&mut self, draft: &Draft) {
        *self.kinds.entry(draft.kind).or_default() += 1;
        for edit in &draft.edits {
            let edits = self.edits.entry((draft.nature == Nature::Maintenance, edit.what.name())).or_default();
            edits.all += 1;
            edits.minor += u64::from(edit.minor);
            edits.incidents.insert(draft.incident.clone());
            if !edit.minor {
                edits.telling.insert(draft.incident.clone());
            }
        }
    }

    pub(super) fn published(&mut self, published: Published) {
        self.published += published.fresh as u64;
        self.known += published.known as u64;
        let untold = (published.rejected.len() - published.refused.len()) as u64;
        for (what, why) in published.refused {
            self.refused(what, why);
        }
        self.refusals += untold;
    }

    pub(super) fn refused(&mut self, what: String, why: String) {
        self.refusals += 1;
        if self.told_refusals.len() < MAX_TOLD_REFUSALS {
            self.told_refusals.push((what, why));
        }
    }

    pub(super) fn unreadable(&mut self, file: String, why: String) {
        self.unreadable.push((file, why));
    }

    /// True once for each service.
    pub(super) fn first_of(&mut self, service: &str) -> bool {
        self.registered.insert(service.to_owned())
    }

    /// True where something could not be taken.
    pub fn has_refusals(&self) -> bool {
        self.refusals > 0 || !self.unreadable.is_empty()
    }

    /// Events by kind, all together.
    pub fn events(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let of = |planned: bool| {
            let edits = self.edits.iter().filter(|((maintenance, _), _)| *maintenance == planned);
            let form = |edits: &Edits| json!({"edits": edits.all, "minor": edits.minor, "incidents": edits.incidents.len(), "incidents_not_minor": edits.telling.len()});
            edits.map(|((_, what), edits)| (*what, form(edits))).collect::<BTreeMap<&str, Value>>()
        };
        let pairs = |pairs: &[(String, String)]| pairs.iter().map(|(what, why)| json!({"what": what, "why": why})).collect::<Vec<_>>();
        json!({
            "incidents": self.incidents.len(), "versions": self.versions, "passed_over": self.passed_over, "events": self.kinds, "edits": of(false), "edits_of_planned_work": of(true),
            "published": self.published, "known": self.known, "refused": self.refusals, "refusals": pairs(&self.told_refusals),
            "unreadable": pairs(&self.unreadable),
        })
    }

    /// For people.
    pub fn text(&self, dry_run: bool) -> String {
        let mut lines = vec![format!(
            "{} incidents in {} versions ({} read before); {} events",
            self.incidents.len(),
            self.versions,
            self.passed_over,
            self.events()
        )];
        lines.extend(self.kinds.iter().map(|(kind, count)| format!("  {count:>7}  {kind}")));
        if !self.edits.is_empty() {
            lines.push(
                "silent edits, and in how many incidents (in brackets: without those of punctuation, markup, case, or less than a minute):".into(),
            );
        }
        for ((planned, what), edits) in &self.edits {
            let telling = edits.all - edits.minor;
            let of = if *planned { "of planned work" } else { "incidents" };
            lines.push(format!("  {:>7}  {what} in {} {of} ({telling} in {})", edits.all, edits.incidents.len(), edits.telling.len()));
        }
        for (file, why) in &self.unreadable {
            lines.push(format!("unreadable, and evidence of nothing: {file}: {why}"));
        }
        for (what, why) in &self.told_refusals {
            lines.push(format!("refused: {what}: {why}"));
        }
        if self.refusals as usize > self.told_refusals.len() {
            lines.push(format!("refused: {} more", self.refusals as usize - self.told_refusals.len()));
        }
        lines.push(if dry_run {
            "a dry run: nothing was published".to_owned()
        } else {
            format!("{} published, {} said already, {} refused", self.published, self.known, self.refusals)
        });
        lines.join("\n") + "\n"
    }
}

//! What an audit found: findings of named classes, in the order of the positions that they are about, for people and as JSON.

use std::collections::BTreeMap;

use dateline_events::Position;
use dateline_proofs::Hash;
use serde::{Serialize, Serializer};

/// So many findings are told, those of the lowest positions; all are counted.
pub const FINDINGS_TOLD_MAX: usize = 1_000;

/// What is the matter. The names are for programs, and stay. Of two findings at one position, that of the earlier class is told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// There is no signed checkpoint, or what stands there is none.
    CheckpointUnreadable,
    /// No key that was named signed the checkpoint.
    CheckpointForged,
    /// The log is shorter than it was.
    RolledBack,
    /// The log does not go on from the checkpoint that was kept.
    Forked,
    /// The tree as a whole is not the signed one, and nothing in it says where.
    RootDiffers,
    /// Leaves of a stretch are not the signed ones.
    LeavesRewritten,
    /// A bundle of entries is not there or cannot be read.
    EntriesMissing,
    /// A leaf in a bundle is not the signed one.
    EntryAltered,
    /// A position is not there.
    EventMissing,
    /// What stands at a position cannot be read.
    EventUnreadable,
    /// A text or its salt is not the one that was sealed.
    EventAltered,
    /// A recorded time is not the one that was sealed.
    RecordedAltered,
    /// Source, id or key are not those of the text.
    NameAltered,
    /// A position stands where it does not belong.
    OutOfOrder,
    /// A position stands there twice.
    Repeated,
    /// A recorded time lies before the one of an earlier position.
    RecordedFalls,
    /// A text is not there, and no redaction says why.
    AbsenceUncovered,
    /// A redaction says something else of the position than the log.
    RedactionDiffers,
    /// The hash that the ledger keeps beside a record is not that of its leaf.
    CommitmentAltered,
    /// A tile is not there or cannot be read.
    TileMissing,
    /// A hash in a tile is not the signed one.
    TileAltered,
}

impl Class {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CheckpointUnreadable => "checkpoint_unreadable",
            Self::CheckpointForged => "checkpoint_forged",
            Self::RolledBack => "rolled_back",
            Self::Forked => "forked",
            Self::RootDiffers => "root_differs",
            Self::LeavesRewritten => "leaves_rewritten",
            Self::EntriesMissing => "entries_missing",
            Self::EntryAltered => "entry_altered",
            Self::EventMissing => "event_missing",
            Self::EventUnreadable => "event_unreadable",
            Self::EventAltered => "event_altered",
            Self::RecordedAltered => "recorded_altered",
            Self::NameAltered => "name_altered",
            Self::OutOfOrder => "out_of_order",
            Self::Repeated => "repeated",
            Self::RecordedFalls => "recorded_falls",
            Self::AbsenceUncovered => "absence_uncovered",
            Self::RedactionDiffers => "redaction_differs",
            Self::CommitmentAltered => "commitment_altered",
            Self::TileMissing => "tile_missing",
            Self::TileAltered => "tile_altered",
        }
    }

    /// What it means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::CheckpointUnreadable => "there is no signed checkpoint to hold anything against",
            Self::CheckpointForged => "somebody other than the log's owner wrote the checkpoint, or the key is not this log's",
            Self::RolledBack => "positions that were sealed are gone from the log",
            Self::Forked => "the log tells another history than the one that was sealed before",
            Self::RootDiffers => "leaves, tiles and events agree with each other and not with what was signed: one or more positions were changed",
            Self::LeavesRewritten => "the leaves of these positions were changed together with the tiles over them",
            Self::EntriesMissing => "the leaves of these positions are not in the log",
            Self::EntryAltered => "the log's own leaf of this position was changed after it was signed",
            Self::EventMissing => "a position that was recorded is gone",
            Self::EventUnreadable => "a position was damaged",
            Self::EventAltered => "this is not what was sealed: the text or its salt was changed, or exchanged with those of another position",
            Self::RecordedAltered => "the time at which the event was recorded was changed",
            Self::NameAltered => "the event is filed under a source or an id that its text does not have",
            Self::OutOfOrder => "the order of positions was changed",
            Self::Repeated => "a position was doubled",
            Self::RecordedFalls => "an event claims to be recorded before an earlier one was",
            Self::AbsenceUncovered => "a text was taken away without a redaction in the log",
            Self::RedactionDiffers => "a redaction does not carry the key and the leaf of the position that it speaks of",
            Self::CommitmentAltered => "the ledger's own check of this record was changed",
            Self::TileMissing => "a part of the tree is not there; it can be made anew from the entries",
            Self::TileAltered => "a hash of the tree over these positions was changed; the entries below are as they were signed",
        }
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that is the matter, with the positions that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub class: Class,
    /// The first position; None where it is about the log as a whole.
    pub position: Option<Position>,
    /// The last position: the same as the first one where the place is known exactly.
    pub to: Option<Position>,
    /// What was seen.
    pub says: String,
    /// What it means.
    pub means: &'static str,
}

/// A stretch of positions beyond the checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Unsealed {
    /// The first of them.
    pub from: Position,
    /// The last of them.
    pub to: Position,
}

/// What an audit found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The log's name.
    pub log: Option<String>,
    /// How many leaves its checkpoint has.
    pub size: u64,
    /// The root of its checkpoint.
    #[serde(serialize_with = "hash")]
    pub root: Option<Hash>,
    /// How many events were held against their leaves.
    pub events: u64,
    /// How many texts were destroyed and are covered by a redaction.
    pub redacted: u64,
    /// How many of those redactions are not sealed themselves yet.
    pub redacted_by_unsealed: u64,
    /// What is beyond the checkpoint, and not sealed yet.
    pub unsealed: Option<Unsealed>,
    /// How large the log was that it goes on from, where that was asked.
    pub since: Option<u64>,
    /// All of them, counted.
    pub findings_total: u64,
    /// The first ones.
    #[serde(serialize_with = "values")]
    findings: Findings,
}

/// By place, class, and the order in which they were noted.
type Findings = BTreeMap<(Position, Class, u64), Finding>;

impl Report {
    /// Notes a finding about the log as a whole.
    pub fn whole(&mut self, class: Class, says: impl Into<String>) {
        self.note(class, None, None, says.into());
    }

    /// Notes a finding about one position.
    pub fn at(&mut self, class: Class, position: Position, says: impl Into<String>) {
        self.note(class, Some(position), Some(position), says.into());
    }

    /// Notes a finding about a stretch of positions.
    pub fn stretch(&mut self, class: Class, from: Position, to: Position, says: impl Into<String>) {
        self.note(class, Some(from), Some(to), says.into());
    }

    /// The findings that are told, in order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.values()
    }

    /// For programs: one JSON document.
    pub fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = match (&self.log, self.root) {
            (Some(log), Some(root)) => format!("log {log}, {} leaves, root {root}\n", self.size),
            _ => "no checkpoint\n".to_owned(),
        };
        text += &format!("{} events opened their leaves, {} texts were destroyed under a redaction", self.events, self.redacted);
        if self.redacted_by_unsealed > 0 {
            text += &format!(" ({} of the redactions are not sealed yet)", self.redacted_by_unsealed);
        }
        text += "\n";
        if let Some(Unsealed { from, to }) = self.unsealed {
            text += &format!("positions {from} to {to} are not sealed yet\n");
        }
        if let Some(since) = self.since.filter(|_| self.findings_total == 0) {
            text += &format!("it goes on from the log of {since} leaves\n");
        }
        for finding in self.findings() {
            let place = match (finding.position, finding.to) {
                (Some(from), Some(to)) if from != to => format!("positions {from} to {to}"),
                (Some(from), _) => format!("position {from}"),
                _ => "the log".to_owned(),
            };
            text += &format!("{place}  {}  {}: {}\n", finding.class.as_str(), finding.says, finding.means);
        }
        let untold = self.findings_total - self.findings.len() as u64;
        if untold > 0 {
            text += &format!("and {untold} further findings\n");
        }
        text += &match self.findings_total {
            0 => "nothing found\n".to_owned(),
            1 => "1 finding\n".to_owned(),
            findings => format!("{findings} findings\n"),
        };
        text
    }

    fn note(&mut self, class: Class, position: Option<Position>, to: Option<Position>, says: String) {
        self.findings_total += 1;
        let finding = Finding { class, position, to, says, means: class.meaning() };
        // What is the matter with the log as a whole comes first.
        let place = if class <= Class::Forked { 0 } else { position.unwrap_or(0) };
        self.findings.insert((place, class, self.findings_total), finding);
        if self.findings.len() > FINDINGS_TOLD_MAX {
            self.findings.pop_last();
        }
    }
}

fn hash<S: Serializer>(root: &Option<Hash>, serializer: S) -> Result<S::Ok, S::Error> {
    root.map(|root| root.to_string()).serialize(serializer)
}

fn values<S: Serializer>(findings: &Findings, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(findings.values())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_positions_are_told_and_all_are_counted() {
        let mut report = Report::default();
        for position in (1..=FINDINGS_TOLD_MAX as Position + 7).rev() {
            report.at(Class::EventAltered, position, "x");
        }
        assert_eq!(report.findings_total, FINDINGS_TOLD_MAX as u64 + 7);
        let told: Vec<_> = report.findings().map(|finding| finding.position).collect();
        assert_eq!((told.len(), told[0]), (FINDINGS_TOLD_MAX, Some(1)));
        assert!(report.text().contains("and 7 further findings"));
    }
}

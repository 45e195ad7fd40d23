//! What is remembered of a page: what was said about each incident so far, and how often each part of it changed. Texts are kept as
//! hashes: the words themselves stand in the ledger.
//!
//! Everything in it follows from what was read, and so from the events that were published of that: where it is lost, it is made again from
//! them (`recall`).

use std::collections::{BTreeMap, BTreeSet};

use dateline_events::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dialects::Dialect;
use crate::observation::Nature;

/// What is remembered of the incidents of one page, by the page's own ids.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PageState {
    /// The incidents.
    pub incidents: BTreeMap<String, Remembered>,
}

/// What was said about one incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    /// The page's address in its references: that of the first reading, whatever later ones call it.
    pub page: String,
    /// Trouble, or planned work.
    pub nature: Nature,
    /// The id of the event that opened it.
    pub opener: String,
    /// When it was last read, in each dialect.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub read: BTreeMap<Dialect, Instant>,
    /// The list that told it last, where several do, and when that says that it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<(String, Instant)>,
    /// The lists on which it stood at their last reading.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub listed: BTreeSet<String>,
    /// Its headline.
    #[serde(default, skip_serializing_if = "Field::is_new")]
    pub name: Field<String>,
    /// Hashes of the headline as each dialect told it at its last reading.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<Dialect, u64>,
    /// Hashes of what it was before, without markup, punctuation and case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past_names: Vec<u64>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Field::is_new")]
    pub start: Field<Instant>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Field::is_new")]
    pub end: Field<Instant>,
    /// How bad it is, the page's own word.
    #[serde(default, skip_serializing_if = "Field::is_new")]
    pub severity: Field<String>,
    /// How it stands, the page's own word, where it says otherwise than its newest post.
    #[serde(default, skip_serializing_if = "Field::is_new")]
    pub state: Field<String>,
    /// The planned window.
    #[serde(default, skip_serializing_if = "Field::is_new")]
    pub window: Field<(Instant, Instant)>,
    /// Whether it left a list of what is not resolved.
    #[serde(default, skip_serializing_if = "Field::is_new")]
    pub absent: Field<()>,
    /// Its posts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub posts: Vec<RememberedPost>,
    /// True where this was made again from events: on which lists it stood is not known then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recalled: bool,
}

/// One thing that a page says, and that can change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field<T> {
    /// So many events were said about it; the number in the id of the last.
    pub said: u32,
    /// Its value as last said.
    pub value: Option<T>,
    /// The dialect that told it.
    pub by: Option<Dialect>,
    /// Where it was taken back: the number of the event that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<u32>,
}

/// One post as remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RememberedPost {
    /// Its part of the ids of its events.
    pub key: String,
    /// The page's own id of it, once a dialect that has one was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The kind of its first event.
    pub kind: PostKind,
    /// So many events were said about it.
    pub said: u32,
    /// The number of its event that is corrected and retracted: 1, unless it became another kind.
    pub base: u32,
    /// The time beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// True where that is told to the minute only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_the_minute: bool,
    /// The dialect whose words were said last.
    pub by: Dialect,
    /// How each dialect told it at its last reading.
    pub told: BTreeMap<Dialect, Told>,
    /// Hash of its words without markup, punctuation and case.
    pub normal: u64,
    /// The same of what its words were before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<u64>,
    /// Where it was taken down: the number of the event that said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<u32>,
    /// The dialect that took it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_by: Option<Dialect>,
}

/// A post as one dialect told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Hash of its words as they stand.
    pub raw: u64,
    /// The page's own word for its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The minute beside it, since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minute: Option<i64>,
}

/// What kind of event a post became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostKind {
    /// `vendor.acknowledged`: a first post that names no state.
    Acknowledged,
    /// `vendor.updated`.
    Updated,
    /// `maintenance.announced`.
    Announced,
    /// `maintenance.started`.
    Started,
    /// `maintenance.completed`.
    Completed,
    /// `service.restored`, unstable: a monitor saw it up again for a moment.
    Flapping,
    /// `scope.changed`: a monitor saw it down, or slow, once more.
    Found,
}

/// So many earlier wordings of a post are remembered.
const MAX_PAST_WORDINGS: usize = 16;

impl<T> Default for Field<T> {
    fn default() -> Self {
        Self { said: 0, value: None, by: None, gone: None }
    }
}

impl<T> Field<T> {
    /// True while nothing was said about it.
    pub fn is_new(&self) -> bool {
        self.said == 0
    }

    /// True where it was said and not taken back.
    pub fn stands(&self) -> bool {
        self.said > 0 && self.gone.is_none()
    }
}

impl Remembered {
    /// An incident of which nothing was said.
    pub(crate) fn new(page: &str, nature: Nature) -> Self {
        Self {
            page: page.to_owned(),
            nature,
            opener: String::new(),
            read: BTreeMap::new(),
            told: None,
            listed: BTreeSet::new(),
            name: Field::default(),
            names: BTreeMap::new(),
            past_names: Vec::new(),
            start: Field::default(),
            end: Field::default(),
            severity: Field::default(),
            state: Field::default(),
            window: Field::default(),
            absent: Field::default(),
            posts: Vec::new(),
            recalled: false,
        }
    }

    /// Forgets what the first event about a part of it would have said.
    fn forget(&mut self, event: &str, part: &str) {
        match part {
            "start/1" => self.start = Field::default(),
            "name/1" => self.name = Field::default(),
            "severity/1" => self.severity = Field::default(),
            "status/1" => self.state = Field::default(),
            "end/1" => self.end = Field::default(),
            "absent/1" => self.absent = Field::default(),
            _ => self.posts.retain(|post| post.said > 1 || part.strip_prefix("post/").and_then(|rest| rest.strip_suffix("/1")) != Some(&post.key)),
        }
        if self.opener == event {
            self.opener.clear();
        }
    }

    /// When it was last read in any dialect but this one.
    pub(crate) fn read_elsewhere(&self, dialect: Dialect) -> Option<Instant> {
        self.read.iter().filter(|(other, _)| **other != dialect).map(|(_, read)| *read).max()
    }
}

impl PageState {
    /// An event was refused: what it would have been the first to say was not said, and is said once it can be. Answers whose it was.
    pub fn unsaid(&mut self, event: &str) -> Option<String> {
        let ends: Vec<usize> = event.match_indices('/').map(|(place, _)| place).collect();
        let end = ends.into_iter().rev().find(|end| self.incidents.contains_key(&event[..*end]))?;
        let (incident, part) = (&event[..end], &event[end + 1..]);
        self.incidents.get_mut(incident)?.forget(event, part);
        Some(incident.to_owned())
    }
}

/// Notes what words were before, the latest so many of them.
pub(crate) fn note_past(past: &mut Vec<u64>, normal: u64) {
    past.push(normal);
    if past.len() > MAX_PAST_WORDINGS {
        past.remove(0);
    }
}

/// 64 bits of SHA-256: enough to tell the wordings of one post apart.
pub(crate) fn hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    u64::from_be_bytes([digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]])
}

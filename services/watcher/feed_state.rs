//! What a watcher remembers of each feed, in the state store, so that one which was killed goes on where it was: nothing is lost, nothing said
//! twice. The state store's compare-and-swap also shows that somebody else reads the same feed.
//!
//! What a page said is not kept here but in the page's memory.

use dateline_backends::{Revision, StateError, StateStore};
use dateline_events::{Instant, sha256_hex};
use serde::{Deserialize, Serialize};

use super::fetch::{Failure, Validators};
use super::pages::Feed;
use super::schedule::{RETRY_AFTER_MOST_MS, backed_off};

/// A reason is remembered up to so many bytes.
const MAX_WHY_BYTES: usize = 1_000;

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is remembered of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedState {
    /// The address; another one under the same key is not believed.
    pub url: String,
    /// What was read last.
    #[serde(default)]
    pub state: State,
    /// The page was certainly as it was read at this instant or later.
    pub last_read: Option<Instant>,
    /// It was last tried then.
    pub last_tried: Option<Instant>,
    /// Until then the server asked to be left alone.
    pub leave_alone_until: Option<Instant>,
    /// How often in a row reading failed.
    #[serde(default)]
    pub failures: u32,
    /// Why, the last time.
    pub why: Option<String>,
    /// How many incidents stand on the page.
    #[serde(default)]
    pub incidents: u64,
    /// The SHA-256 of what was taken last, hexadecimal.
    pub sha256: Option<String>,
    /// The server's `ETag` of that.
    pub etag: Option<String>,
    /// The server's `Last-Modified` of that.
    pub last_modified: Option<String>,
    /// Which watcher wrote this.
    #[serde(default)]
    pub by: String,
    /// Of which version that one is: another one may read more out of the same page.
    #[serde(default)]
    pub version: String,
}

/// What is known of a feed's page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was not tried yet.
    #[default]
    Waiting,
    /// It was read.
    Seen,
    /// The server says that there is no such page.
    Absent,
    /// It could not be read: evidence of nothing.
    Unreadable,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Seen, Self::Absent, Self::Unreadable];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Seen => "seen",
            Self::Absent => "absent",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What became of an entry that was put.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// It is there.
    Done,
    /// Another watcher wrote it meanwhile; what it wrote is remembered now.
    Another,
}

/// A feed's entry in the state store.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What is remembered.
    pub memory: FeedState,
    key: String,
    revision: Option<Revision>,
}

/// What was taken last.
#[derive(Debug, Clone, Default)]
pub struct Last {
    sha256: Option<String>,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl FeedState {
    /// Notes that something else is about to be taken: killed meanwhile, whoever reads next must not take what stood there before for
    /// what was taken last. Answers what was.
    pub fn begin(&mut self) -> Last {
        Last { sha256: self.sha256.take(), etag: self.etag.take(), last_modified: self.last_modified.take() }
    }

    /// What was taken last stays that.
    pub fn take_back(&mut self, last: Last) {
        (self.sha256, self.etag, self.last_modified) = (last.sha256, last.etag, last.last_modified);
    }

    /// The validators of what was taken last.
    pub fn validators(&self) -> Validators {
        if self.version != VERSION {
            return Validators::default();
        }
        Validators { etag: self.etag.clone(), last_modified: self.last_modified.clone() }
    }

    /// True for the bytes that were taken last.
    pub fn is_taken(&self, sha256: &str) -> bool {
        self.version == VERSION && self.sha256.as_deref() == Some(sha256)
    }

    /// How long a feed that is read every so often must still wait, after this was remembered, in milliseconds.
    pub fn waits_ms(&self, every_ms: u64, now: Instant) -> u64 {
        let usual = self.last_tried.map(|tried| tried.plus(micros(backed_off(every_ms, self.failures))));
        let until = usual.max(self.leave_alone_until.filter(|_| self.failures > 0));
        until.map_or(0, |until| u64::try_from(until.0.saturating_sub(now.0) / 1_000).unwrap_or(0))
    }

    /// Notes that the page was read.
    pub fn note_read(&mut self, as_of: Instant) {
        self.last_read = self.last_read.max(Some(as_of));
        (self.state, self.failures, self.why, self.leave_alone_until) = (State::Seen, 0, None, None);
    }

    /// Notes that it was not.
    pub fn note_failure(&mut self, failure: &Failure) {
        self.state = if failure.absent { State::Absent } else { State::Unreadable };
        self.failures = self.failures.saturating_add(1);
        self.leave_alone_until = self.last_tried.zip(failure.retry_after_ms).map(|(tried, ms)| tried.plus(micros(ms.min(RETRY_AFTER_MOST_MS))));
        self.set_why(&failure.why);
    }

    /// Notes why reading failed.
    pub fn set_why(&mut self, why: &str) {
        let end = (0..=MAX_WHY_BYTES.min(why.len())).rev().find(|end| why.is_char_boundary(*end)).unwrap_or(0);
        self.why = Some(why[..end].to_owned());
    }
}

impl Entry {
    /// What the state store holds of a feed.
    pub async fn load(state_store: &StateStore, feed: &Feed) -> Result<Self, StateError> {
        let url = feed.url.as_str();
        let key = format!("watch/{}/feed/{}", feed.page.service, &sha256_hex(url.as_bytes())[..16]);
        let mut entry = Self { memory: FeedState { url: url.to_owned(), ..FeedState::default() }, key, revision: None };
        entry.look(state_store).await?;
        Ok(entry)
    }

    /// Looks again; true if somebody wrote it since.
    pub async fn look(&mut self, state_store: &StateStore) -> Result<bool, StateError> {
        let Some((value, revision)) = state_store.get(&self.key).await? else { return Ok(false) };
        if self.revision == Some(revision) {
            return Ok(false);
        }
        self.revision = Some(revision);
        match serde_json::from_slice::<FeedState>(&value) {
            Ok(memory) if memory.url == self.memory.url => self.memory = memory,
            Ok(memory) => tracing::warn!(key = self.key, other = memory.url, "the state store's entry is of another address; it is not believed"),
            Err(error) => tracing::warn!(key = self.key, %error, "the state store's entry is not understood; it is not believed"),
        }
        Ok(true)
    }

    /// Puts what is remembered. Once it is put, it survives a loss of power.
    pub async fn put(&mut self, state_store: &StateStore, by: &str) -> Result<Put, StateError> {
        by.clone_into(&mut self.memory.by);
        VERSION.clone_into(&mut self.memory.version);
        let value = serde_json::to_vec(&self.memory).map_err(|error| StateError::Engine(error.to_string()))?;
        match state_store.put(&self.key, &value, self.revision).await {
            Ok(revision) => {
                self.revision = Some(revision);
                Ok(Put::Done)
            }
            Err(StateError::Changed { .. }) => {
                let mine = self.memory.clone();
                self.look(state_store).await?;
                if self.memory.by != by {
                    return Ok(Put::Another);
                }
                // It was this watcher's own word: an earlier answer of the state store was lost.
                self.memory = mine;
                self.revision = Some(state_store.put(&self.key, &value, self.revision).await?);
                Ok(Put::Done)
            }
            Err(error) => Err(error),
        }
    }
}

fn micros(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX).saturating_mul(1_000)
}

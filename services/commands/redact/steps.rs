//! The steps of a redaction, in an order in which each may be the last before a kill: the same command then takes them all again, and ends.
//!
//! First the ledger says it. Then goes what watchers remember, which is found by the text; then the text itself in ledger and archive; then
//! the views, which are made anew without it.

use std::time::{Duration, Instant};

use dateline_backends::{Archive, ArchiveError, Ledger, LedgerError, Outcome, Record, StateStore, Views, ViewsError};
use dateline_events::{Event, EventKey, Position};
use dateline_timelines::project::FOLD_BYTES_KEPT;
use dateline_timelines::rows::{Nature, Needs};

use super::{Asked, Report, draft, remembered};
use crate::projector::{ProjectError, Projector, rebuild};
use crate::shared::merkle_log::{MerkleLog, leaf_of};

/// One try waits so long for the views, in milliseconds.
const VIEWS_WAIT_MS: u64 = 5_000;

/// They are looked at so often, in milliseconds.
const LOOK_EVERY_MS: u64 = 25;

/// What holds texts, opened.
#[derive(Debug, Clone)]
pub struct Redacting {
    /// The ledger, to be written.
    pub ledger: Ledger,
    /// The views.
    pub views: Views,
    /// What watchers remember.
    pub state_store: StateStore,
    /// The archive, where there is one.
    pub archive: Option<Archive>,
    /// The signed log, which knows the leaf of a position that is damaged.
    pub log: Option<MerkleLog>,
    /// True where nobody else may project: a command on the files themselves.
    pub projects: bool,
}

/// Why a try did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    /// It cannot be done so; nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// It is not done yet: the same again is worth trying.
    #[error("{0}")]
    Waits(String),
    /// Something failed; the same again goes on from there.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<LedgerError> for RedactError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Busy { .. } => Self::Waits(error.to_string()),
            error => Self::Failed(error.into()),
        }
    }
}

impl From<ArchiveError> for RedactError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Busy { .. } => Self::Waits(format!("archive: {error}")),
            error => Self::Failed(error.into()),
        }
    }
}

impl From<ViewsError> for RedactError {
    fn from(error: ViewsError) -> Self {
        match error {
            ViewsError::Busy | ViewsError::Rebuilding { .. } | ViewsError::Gone { .. } => Self::Waits(error.to_string()),
            error => Self::Failed(error.into()),
        }
    }
}

impl From<ProjectError> for RedactError {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::Views(error) => error.into(),
            error => Self::Failed(error.into()),
        }
    }
}

/// A redaction that stands in the ledger.
struct Standing {
    redaction: Position,
    fresh: bool,
}

impl Redacting {
    /// Takes every step, whichever were taken before.
    pub async fn redact(&self, asked: &Asked) -> Result<Report, RedactError> {
        let position = asked.position;
        let standing = self.say(asked).await?;
        let mut destroyed = Vec::new();
        let found = self.found(position).await?;
        if let Some(bytes) = found.as_ref().and_then(|record| record.bytes.as_deref()) {
            match remembered::forget(&self.state_store, bytes).await? {
                Some(true) => destroyed.push("what a watcher remembers of its page".to_owned()),
                Some(false) => {}
                None => return Err(RedactError::Waits("a reader still holds the old text in the state store".to_owned())),
            }
        }
        self.ledger.destroy(position).await?;
        destroyed.push("the ledger".to_owned());
        destroyed.extend(self.in_the_archive(position).await?);
        let key = found.map(|record| record.key);
        self.in_the_views(key, standing.redaction).await?;
        destroyed.push("the views, which were made anew without it".to_owned());
        let quoted_by = match key {
            Some(key) => self.quoted_by(key).await?,
            None => Vec::new(),
        };
        tracing::info!(position, redaction = standing.redaction, "a text was destroyed");
        Ok(Report { position, redaction: standing.redaction, fresh: standing.fresh, destroyed, quoted_by })
    }

    /// What stands at a position, sound or not.
    async fn found(&self, position: Position) -> Result<Option<Record>, RedactError> {
        let scanned = self.ledger.scan(position.saturating_sub(1)).await?;
        Ok(scanned.into_iter().map(|checked| checked.record).find(|record| record.position == position))
    }

    /// The redaction, in the ledger: the one that stands there, or a new one.
    async fn say(&self, asked: &Asked) -> Result<Standing, RedactError> {
        let position = asked.position;
        let refused = |detail: String| Err(RedactError::Refused(detail));
        let head = self.ledger.head().await?.position;
        if position == 0 || position > head {
            return refused(format!("the ledger ends at position {head}; there is no position {position}"));
        }
        if let Some((redaction, _)) = self.ledger.redaction_of(position).await? {
            return Ok(Standing { redaction, fresh: false });
        }
        let (record, leaf) = if asked.damaged { self.damaged(position).await? } else { self.sound(position).await? };
        // What is damaged stops a projector that has not read it yet; one that has read it kept what stood there.
        if !asked.damaged {
            self.views_reach(position).await?;
        }
        let (incident, kept) = self.incident_of(&record).await?;
        let own = record.bytes.as_deref().filter(|_| !asked.damaged);
        let event = own.or(kept.as_deref().filter(|_| asked.damaged)).and_then(|bytes| Event::read(bytes).ok());
        if event.as_ref().is_some_and(|event| event.source == dateline_backends::REDACTION_SOURCE) {
            return refused(format!("position {position} is a redaction itself, which stays: it says why a text is gone"));
        }
        let redaction = draft::redaction(asked, &record, event.as_ref(), incident.as_deref(), leaf);
        if let Err(faults) = Event::read(&redaction.bytes) {
            return refused(format!("the redaction cannot be written: {faults}"));
        }
        match self.ledger.append(vec![redaction]).await?.pop() {
            Some(Outcome::Stored(receipt)) => Ok(Standing { redaction: receipt.position, fresh: receipt.fresh }),
            // Somebody else was quicker, on another ground.
            Some(Outcome::Conflict { position: redaction, .. }) => Ok(Standing { redaction, fresh: false }),
            None => Err(RedactError::Failed(anyhow::anyhow!("the ledger did not say what became of the redaction"))),
        }
    }

    async fn sound(&self, position: Position) -> Result<(Record, String), RedactError> {
        let record = match self.ledger.get(position).await {
            Err(LedgerError::Altered { .. } | LedgerError::Missing { .. }) => {
                let detail = format!(
                    "what stands at position {position} is damaged: give --damaged to give it up, and the leaf that was sealed goes into the redaction; `dateline ledger restore` brings it back from an archive"
                );
                return Err(RedactError::Refused(detail));
            }
            found => found?.ok_or(LedgerError::Missing { position })?,
        };
        let leaf = leaf_of(&self.ledger, &record).await?;
        let leaf = leaf.ok_or_else(|| RedactError::Refused(format!("the text at position {position} is gone already, and no redaction says why")))?;
        Ok((record, leaf))
    }

    async fn damaged(&self, position: Position) -> Result<(Record, String), RedactError> {
        match self.ledger.get(position).await {
            Ok(Some(_)) => return Err(RedactError::Refused(format!("position {position} is sound: leave --damaged out"))),
            Ok(None) | Err(LedgerError::Altered { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(record) = self.found(position).await? else { return Err(LedgerError::Missing { position }.into()) };
        let sealed = match &self.log {
            Some(log) => log.leaf(position).await.map_err(|error| RedactError::Failed(error.into()))?,
            None => None,
        };
        let leaf = sealed.ok_or_else(|| {
            RedactError::Refused(format!(
                "the leaf of position {position} was never sealed, so nothing says what stood there: `dateline ledger restore` brings it back from an archive"
            ))
        })?;
        Ok((record, leaf))
    }

    /// The id of the incident that holds an event, by its own number, where that was there when the event came; and the bytes that the views
    /// have of the event.
    async fn incident_of(&self, record: &Record) -> Result<(Option<String>, Option<Vec<u8>>), RedactError> {
        let generation = self.views.serving().await?;
        let needs = Needs { keys: [record.key].into(), ..Needs::default() };
        let known = self.views.load(generation, needs).await?.known;
        let Some(known) = known.into_iter().next() else { return Ok((None, None)) };
        let bytes = known.event.bytes;
        let holder = known.incidents.into_iter().next().filter(|number| *number <= record.position);
        let Some(number) = holder else { return Ok((None, bytes)) };
        let needs = Needs { incidents: [number].into(), ..Needs::default() };
        let heads = self.views.load(generation, needs).await?.heads;
        let head = heads.into_iter().find(|head| head.number == number && head.nature != Nature::Registry);
        Ok((head.map(|head| head.id), bytes))
    }

    async fn in_the_archive(&self, position: Position) -> Result<Option<String>, RedactError> {
        let Some(archive) = &self.archive else { return Ok(None) };
        if archive.destroy(position).await? {
            return Ok(Some("the archive".to_owned()));
        }
        // Its archiver may have the text in hand already. Where nobody archives now, it will take what is left.
        if self.projects { Ok(None) } else { Err(RedactError::Waits(format!("the archive has not come to position {position} yet"))) }
    }

    /// The views as they are without the text; everything else that their files held is overwritten.
    async fn in_the_views(&self, key: Option<EventKey>, redaction: Position) -> Result<(), RedactError> {
        self.views_reach(redaction).await?;
        if let Some(key) = key {
            let needs = Needs { keys: [key].into(), ..Needs::default() };
            let known = self.views.load(self.views.serving().await?, needs).await?.known;
            if known.iter().any(|known| known.event.bytes.is_some() && !known.event.is_tombstone()) {
                // Their cursor has passed the redaction, and they hold the text: whoever projected was of an earlier version.
                rebuild(&self.ledger, &self.views, FOLD_BYTES_KEPT, |_, _| {}).await?;
            }
        }
        Ok(self.views.forget_retired().await?)
    }

    /// The views have read as far as a position, by this process where nobody else may.
    async fn views_reach(&self, position: Position) -> Result<(), RedactError> {
        if self.projects {
            let generation = self.views.serving().await?;
            let projector = Projector::new(&self.ledger, &self.views, generation, FOLD_BYTES_KEPT).await?;
            match projector.up_to(self.ledger.head().await?.position).await {
                Err(ProjectError::Redacted(_)) => drop(rebuild(&self.ledger, &self.views, FOLD_BYTES_KEPT, |_, _| {}).await?),
                // Somebody else projects: then it is waited for.
                Err(ProjectError::Views(ViewsError::Fenced { .. })) => {}
                projected => projected?,
            }
        }
        let begun = Instant::now();
        loop {
            let cursor = self.views.cursor(self.views.serving().await?).await?;
            if cursor >= position {
                return Ok(());
            }
            if begun.elapsed() > Duration::from_millis(VIEWS_WAIT_MS) {
                return Err(RedactError::Waits(format!("the views have read up to position {cursor}, and must reach {position}")));
            }
            tokio::time::sleep(Duration::from_millis(LOOK_EVERY_MS)).await;
        }
    }

    /// Acts that are about an event, and may quote it.
    async fn quoted_by(&self, key: EventKey) -> Result<Vec<Position>, RedactError> {
        let needs = Needs { acts: [key].into(), ..Needs::default() };
        let acts = self.views.load(self.views.serving().await?, needs).await?.acts;
        let mut positions: Vec<Position> = acts.iter().filter(|act| act.bytes.is_some() && !act.is_tombstone()).map(|act| act.position).collect();
        positions.sort_unstable();
        Ok(positions)
    }
}

//! Pages of changes, read once for all streams that stand at the same place: ten thousand streams cost the views one question a
//! change, not ten thousand, and share what they are told.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dateline_backends::{Change, Views, ViewsError};
use dateline_events::Position;
use dateline_timelines::rows::IncidentNumber;
use tokio::sync::OnceCell;

/// So many changes are read at once.
const PAGE: usize = 500;

/// So many pages are kept for others.
const PAGES_MAX: usize = 64;

/// For so long: after a rebuild the same question may have another answer.
const KEPT: Duration = Duration::from_secs(1);

/// Changes behind a position.
#[derive(Debug)]
pub struct Page {
    /// The changes.
    pub changes: Vec<Change>,
    /// How far the views had read.
    pub position: Position,
    /// The positions that changed the incident asked for; None: all are wanted.
    pub wanted: Option<BTreeSet<Position>>,
}

/// The pages that were read last. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Pages(Arc<Mutex<VecDeque<Arc<Kept>>>>);

#[derive(Debug)]
struct Kept {
    asked: Asked,
    at: Instant,
    page: OnceCell<Arc<Page>>,
}

/// What an answer depends on: the incident, the position, and how far the views were known to have read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    incident: Option<IncidentNumber>,
    after: Position,
    seen: Position,
}

impl Pages {
    /// The page behind a position. Of those who ask for the same at once, one asks the views; if that one leaves, the next does.
    pub async fn read(&self, views: &Views, incident: Option<IncidentNumber>, after: Position) -> Result<Arc<Page>, ViewsError> {
        let seen = *views.watch_cursor().borrow();
        let kept = self.kept(Asked { incident, after, seen });
        kept.page.get_or_try_init(|| read(views, incident, after)).await.cloned()
    }

    fn kept(&self, asked: Asked) -> Arc<Kept> {
        // Nobody panics while holding this lock; if somebody did, what it guards is only a cache.
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while pages.front().is_some_and(|oldest| pages.len() > PAGES_MAX || oldest.at.elapsed() >= KEPT) {
            pages.pop_front();
        }
        if let Some(kept) = pages.iter().find(|kept| kept.asked == asked) {
            return kept.clone();
        }
        let kept = Arc::new(Kept { asked, at: Instant::now(), page: OnceCell::new() });
        pages.push_back(kept.clone());
        kept
    }
}

async fn read(views: &Views, incident: Option<IncidentNumber>, after: Position) -> Result<Arc<Page>, ViewsError> {
    let found = views.changes(after, PAGE).await?;
    let last = found.value.last().map_or(after, |change| change.position);
    let wanted = match incident {
        Some(incident) => Some(changes_of(views, incident, after, last).await?),
        None => None,
    };
    Ok(Arc::new(Page { changes: found.value, position: found.position, wanted }))
}

/// The positions within a page that changed the incident, whichever group told it then: the versions of its summary, from the last one
/// backwards. A merge or a split within the page is followed too.
async fn changes_of(views: &Views, incident: IncidentNumber, after: Position, last: Position) -> Result<BTreeSet<Position>, ViewsError> {
    let (mut positions, mut until) = (BTreeSet::new(), last);
    while until > after {
        let found = views.latest_summary(incident, until).await?.value;
        let Some(summary) = found.filter(|summary| summary.since > after) else { break };
        positions.insert(summary.since);
        until = summary.since - 1;
    }
    Ok(positions)
}

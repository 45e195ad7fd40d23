//! Pages of changes, read once for all streams that stand at the same place: ten thousand streams cost the views one question a
//! change, not ten thousand, and share what they are told.

use std::collections::BTreeSet;
use std::sync::Arc;

use dateline_backends::{Change, Reached, Views, ViewsError};
use dateline_events::Position;
use dateline_timelines::rows::IncidentNumber;

use crate::shared::cache::{Cache, Large};

/// So many changes are read at once.
const PAGE: usize = 500;

/// So many bytes of pages are kept for others.
const PAGES_BYTES_MAX: usize = 4 * 1024 * 1024;

/// An incident of a change takes about so many.
const INCIDENT_BYTES: usize = 128;

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
#[derive(Debug, Clone)]
pub struct Pages(Cache<Asked, Arc<Page>>);

impl Default for Pages {
    fn default() -> Self {
        Self(Cache::new(PAGES_BYTES_MAX, INCIDENT_BYTES, Large::Dropped))
    }
}

/// What an answer depends on: the incident, the position, and how far the views were known to have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Asked {
    incident: Option<IncidentNumber>,
    after: Position,
    seen: Reached,
}

impl Pages {
    /// The page behind a position. Of those who ask for the same at once, one asks the views.
    pub async fn read(&self, views: &Views, incident: Option<IncidentNumber>, after: Position) -> Result<Arc<Page>, ViewsError> {
        let seen = *views.watch_reached().borrow();
        let views = views.clone();
        let reading = move |_| async move {
            let page = read(&views, incident, after).await?;
            let bytes = page.changes.iter().map(|change| change.incidents.len()).sum::<usize>() * INCIDENT_BYTES;
            Ok((page, bytes))
        };
        self.0.get_or_make(Asked { incident, after, seen }, |_| true, reading).await
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

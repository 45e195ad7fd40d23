//! The reader: answers what newsrooms, programs and auditors ask, from the views, and streams what changes.
//! It writes nothing.

mod axes;
mod answer;
mod answers;
mod last_changes;
mod catalogue;
mod cite;
mod timeline_reader;
mod edits;
mod events;
mod replay;
mod feeds;
mod histories;
mod incidents;
mod listed;
mod live;
mod named;
mod openapi;
mod page_events;
mod receipts;
mod redacted;
mod reports;
mod site;
mod stretch;
mod timeline;
mod watched;
pub mod pages;

use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};
use dateline_backends::{Ledger, StateStore, Views};
use dateline_timelines::model::Timeline;
use tokio::sync::watch;

use crate::shared::cache::{Cache, Large};
use crate::shared::http::Gate;
use crate::shared::merkle_log::MerkleLog;
use answers::Answers;
use histories::Histories;
use stretch::StoryName;

pub use axes::ReadAxes;
pub use replay::line as replay_line;
pub use timeline_reader::{Asked, Story, TimelineReader};

/// So many bytes of folded timelines are kept.
const STORIES_BYTES_MAX: usize = 48 * 1024 * 1024;

/// A folded timeline takes about so many.
const STORY_BYTES: usize = 64 * 1024;

/// What the reader needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    timelines: TimelineReader,
    /// Where the plots are.
    state_store: StateStore,
    gate: Gate,
    /// Whole answers.
    answers: Answers,
    /// Timelines as they were folded lately.
    stories: Cache<StoryName, Arc<Timeline>>,
    histories: Histories,
    /// The signed log, where this process can read it.
    log: Option<MerkleLog>,
    /// What live streams are told.
    pages: live::Pages,
    stop: watch::Receiver<bool>,
}

impl Reader {
    /// A reader of these views; live streams end when `stop` turns true.
    pub fn new(ledger: Ledger, views: Views, state_store: StateStore, gate: Gate, stop: watch::Receiver<bool>) -> Self {
        Self {
            timelines: TimelineReader::new(ledger, views),
            state_store,
            gate,
            answers: Answers::default(),
            stories: Cache::new(STORIES_BYTES_MAX, STORY_BYTES, Large::Dropped),
            histories: Histories::default(),
            log: None,
            pages: live::Pages::default(),
            stop,
        }
    }

    /// The same beside the signed log, which proves that events are in it.
    pub fn sealed_by(self, log: Option<&MerkleLog>) -> Self {
        Self { log: log.cloned(), ..self }
    }

    /// Its routes.
    pub fn routes(self) -> Router {
        let kept = Router::new()
            .route("/v1/incidents", get(incidents::list))
            .route("/v1/incidents/{id}", get(incidents::summary))
            .route("/v1/incidents/{id}/timeline", get(timeline::by_accept))
            .route("/v1/incidents/{id}/timeline.json", get(timeline::json))
            .route("/v1/incidents/{id}/timeline.txt", get(timeline::text))
            .route("/v1/services", get(catalogue::list))
            .route("/v1/services/{slug}", get(catalogue::one))
            .route("/", get(site::list))
            .route("/incidents/{id}", get(site::incident))
            .route_layer(middleware::from_fn_with_state(self.clone(), answers::keep));
        Router::new()
            .route("/v1/incidents/{id}/events", get(events::of_incident))
            .route("/v1/incidents/{id}/cite", get(cite::one))
            .route("/v1/incidents/{id}/edits", get(edits::of_incident))
            .route("/v1/incidents/{id}/live", get(live::of_incident))
            .route("/v1/live", get(live::everything))
            .route("/v1/events", get(events::list))
            .route("/v1/events/{position}", get(events::one))
            .route("/v1/events/{position}/receipt", get(receipts::one))
            .route("/v1/services/{slug}/reports.svg", get(reports::svg))
            .route("/v1/watch/pages/{page}", get(watched::page))
            .route("/v1/watch/pages/{page}/events", get(page_events::list))
            .route("/v1/vendors/{slug}/edits", get(edits::of_vendor))
            .route("/v1/vendors/{slug}/edits.atom", get(feeds::atom))
            .route("/v1/vendors/{slug}/edits.feed.json", get(feeds::json_feed))
            .route("/openapi.json", get(openapi::document))
            .route("/assets/dateline.css", get(site::style))
            .route("/assets/live.js", get(site::script))
            .merge(kept)
            .with_state(self)
    }
}

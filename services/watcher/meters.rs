//! What a watcher counts, for Prometheus. No incident, page or address becomes a label: the number of series stays what it is.

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::feed_state::State;

/// How a request for a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A page that was not known.
    Page,
    /// The server said that it is unchanged.
    NotModified,
    /// The server sent it, and it is unchanged.
    Same,
    /// There is no such page.
    Absent,
    /// It could not be read.
    Unreadable,
}

/// Counters and gauges. They belong to one watcher, not to the process.
pub struct Meters {
    handle: PrometheusHandle,
    requests: [Counter; 5],
    feeds: [Gauge; 4],
    /// Requests under way.
    pub in_flight: Gauge,
    /// Feeds whose page brought more than it may.
    pub stopped: Gauge,
    /// Bytes of pages, unpacked.
    pub read_bytes: Counter,
    /// The longest time since a feed was last read.
    pub since_read: Gauge,
    /// Events that became new in the ledger.
    pub published: Counter,
    /// Corrections and retractions among them.
    pub edits: Counter,
    /// Readings that could not be published, and are tried again.
    pub unpublished: Counter,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Page, Self::NotModified, Self::Same, Self::Absent, Self::Unreadable];

    fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::NotModified => "not_modified",
            Self::Same => "same",
            Self::Absent => "absent",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Meters {
    /// All at zero.
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        with_local_recorder(&recorder, || {
            describe_counter!("dateline_watch_requests_total", "Pages asked for, by how that ended");
            describe_counter!("dateline_watch_read_bytes_total", "Bytes of pages that were read, unpacked");
            describe_counter!("dateline_watch_events_published_total", "Events that became new in the ledger");
            describe_counter!("dateline_watch_edits_published_total", "Corrections and retractions among them");
            describe_counter!("dateline_watch_unpublished_total", "Tries at publishing a reading that failed, and are repeated");
            describe_gauge!("dateline_watch_feeds", "Feeds by the state of their page");
            describe_gauge!("dateline_watch_in_flight", "Readings under way");
            describe_gauge!("dateline_watch_stopped_feeds", "Feeds that are not read, because their page brought more than it may in an hour");
            describe_gauge!("dateline_watch_oldest_read_seconds", "Since the feed that was not read for longest was read");
            Self {
                handle,
                requests: Outcome::ALL.map(|outcome| counter!("dateline_watch_requests_total", "outcome" => outcome.name())),
                feeds: State::ALL.map(|state| gauge!("dateline_watch_feeds", "state" => state.name())),
                in_flight: gauge!("dateline_watch_in_flight"),
                stopped: gauge!("dateline_watch_stopped_feeds"),
                read_bytes: counter!("dateline_watch_read_bytes_total"),
                since_read: gauge!("dateline_watch_oldest_read_seconds"),
                published: counter!("dateline_watch_events_published_total"),
                edits: counter!("dateline_watch_edits_published_total"),
                unpublished: counter!("dateline_watch_unpublished_total"),
            }
        })
    }

    /// The counter of requests that ended so.
    pub fn requests(&self, outcome: Outcome) -> &Counter {
        &self.requests[outcome as usize]
    }

    /// The gauge of feeds in a state.
    pub fn feeds(&self, state: State) -> &Gauge {
        &self.feeds[state as usize]
    }

    /// The text form that Prometheus reads.
    pub fn text(&self) -> String {
        self.handle.render()
    }
}

//! What a page says at one reading, in the same shape for every dialect. Nothing here knows what was said before.

use std::collections::BTreeSet;

use dateline_events::kinds::VendorStatus;
use dateline_events::{Instant, Moment, Precision, Severity};
use thiserror::Error;

/// What a page says at one reading.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// What the page says of itself.
    pub facts: Facts,
    /// What it means that an incident does not stand on it.
    pub listing: Listing,
    /// The incidents, in the page's own order.
    pub incidents: Vec<SeenIncident>,
    /// What stands on it and could not be read, and why. The rest is good all the same.
    pub refused: Vec<Refused>,
    /// The ids of incidents that stand on it and could not be read: they are not missing.
    pub unread: BTreeSet<String>,
    /// True where something stands on it of which not even the id could be read: then it is evidence of nobody's absence.
    pub unnamed: bool,
}

/// What a page says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Whose page it is ("GitHub").
    pub name: Option<String>,
    /// Its address for readers; an incident's reference names it.
    pub url: Option<String>,
}

/// What it means that an incident does not stand on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listing {
    /// The page lists what is not resolved: what left it is over. Planned work is listed until it is done.
    Unresolved,
    /// The page lists the newest: what is missing and not older than the oldest listed was taken down.
    Newest,
    /// Nothing.
    #[default]
    Partial,
}

/// One incident as a page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenIncident {
    /// The page's own id of it.
    pub id: String,
    /// Where a reader finds it.
    pub url: Option<String>,
    /// Trouble, or planned work; None where the page does not say.
    pub nature: Option<Nature>,
    /// Its headline.
    pub name: Option<String>,
    /// When the page says that it began. None: it does not say.
    pub started: Option<SeenTime>,
    /// By when it had begun, where the page does not say when it did.
    pub began_by: Option<SeenTime>,
    /// When the page says that it was over; not when a post about it was written.
    pub ended: Option<SeenTime>,
    /// By when it was over, where the page says only that it was.
    pub ended_by: Option<SeenTime>,
    /// The page's own word for how it was over, where that is another than its end ("cancelled").
    pub end_word: Option<String>,
    /// How it stands, where the page says otherwise than its newest post; and the page's own word for that.
    pub state: Option<(Status, String)>,
    /// How bad the page says that it is, in our words.
    pub severity: Option<Severity>,
    /// The page's own word for that ("high", "maintenance").
    pub severity_word: Option<String>,
    /// The planned window.
    pub scheduled: Option<(Instant, Instant)>,
    /// The parts of the service that it names, each once.
    pub components: Vec<String>,
    /// The service that it names, where one page speaks for several; a slug.
    pub service: Option<(String, String)>,
    /// When the page says that it last changed it.
    pub updated: Option<Instant>,
    /// Its posts, oldest first.
    pub posts: Vec<SeenPost>,
    /// True where some of its posts could not be read, or the page does not list them: what is missing was not taken down.
    pub partial: bool,
    /// True where the page drops its oldest posts, and names it by the oldest: it is known again by its posts' ids.
    pub rolls: bool,
}

/// Trouble, or planned work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    /// Trouble.
    Outage,
    /// Planned work; never counted as an outage.
    Maintenance,
}

/// One post about an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenPost {
    /// The page's own id of it; None where it has none: then it is recognised by its time and its words.
    pub id: Option<String>,
    /// The time that stands beside it.
    pub at: Option<SeenTime>,
    /// By when it was written, where the time beside it cannot be read.
    pub by: Option<SeenTime>,
    /// When the page says that it wrote it, or last changed it.
    pub updated: Option<Instant>,
    /// The state that it names, in the field's words.
    pub status: Option<Status>,
    /// The page's own word for that ("Update", "SERVICE_OUTAGE").
    pub status_word: Option<String>,
    /// Its words: verbatim, markup included, where the page gives them as text; without markup where the page is markup.
    pub words: Option<String>,
}

/// The state that a post names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Of trouble.
    Vendor(VendorStatus),
    /// Of planned work: it is announced.
    Scheduled,
    /// Of planned work: it is under way (or done, and being checked).
    InProgress,
    /// Of planned work: it is done.
    Completed,
    /// Of trouble: the word of a post that the page itself says is not how it stood then.
    Overruled,
}

/// A time as a page gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenTime {
    /// The moment.
    pub moment: Moment,
    /// How finely it is told.
    pub precision: Precision,
    /// The page's own words for it, where they say less than the moment does ("8:14 AM PDT").
    pub wording: Option<String>,
    /// True where the page names no zone and UTC was assumed.
    pub zone_assumed: bool,
}

/// Something on a page that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What: an incident's or a post's id, or its place on the page.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Why a page is unreadable. It is evidence of nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

impl SeenTime {
    /// An instant with its seconds, told in UTC.
    pub fn second(instant: Instant) -> Option<Self> {
        let whole = Instant(instant.0.div_euclid(Instant::SECOND) * Instant::SECOND);
        Moment::parse(&whole.to_string()).ok().map(|moment| Self { moment, precision: Precision::Second, wording: None, zone_assumed: false })
    }

    /// Where it begins.
    pub fn start(&self) -> Instant {
        self.moment.start()
    }
}

impl SeenIncident {
    /// An incident of which nothing is known but its id.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            url: None,
            nature: None,
            name: None,
            started: None,
            began_by: None,
            ended: None,
            ended_by: None,
            end_word: None,
            state: None,
            severity: None,
            severity_word: None,
            scheduled: None,
            components: Vec::new(),
            service: None,
            updated: None,
            posts: Vec::new(),
            partial: false,
            rolls: false,
        }
    }
}

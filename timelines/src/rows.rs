//! The rows that the projector writes and the facts that it asks for: plain data, so that any engine can keep them.
//!
//! All rows are append-only versions by position: `since` is the position whose event made them. None is ever changed,
//! so the state as of position P is found among the rows with `since <= P`.

use std::collections::BTreeSet;

use dateline_events::{EventKey, Instant, Position};
use serde::{Deserialize, Serialize};

/// An incident's number: the position of the event that opened it. Merging does not change it.
pub type IncidentNumber = Position;

/// What an incident is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    /// A disruption.
    #[default]
    Outage,
    /// Planned work.
    Maintenance,
    /// Not an incident: what is registered of one service.
    Registry,
}

impl Nature {
    /// One word, as kept in a column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::Maintenance => "maintenance",
            Self::Registry => "registry",
        }
    }

    /// Reads what [`Nature::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Outage, Self::Maintenance, Self::Registry].into_iter().find(|nature| nature.as_str() == text)
    }
}

/// Everything one page of the ledger adds to the views.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// One per position.
    pub events: Vec<EventRow>,
    /// Which incident holds which event.
    pub attachments: Vec<AttachmentRow>,
    /// Events that no incident holds yet.
    pub waiting: Vec<WaitingRow>,
    /// What later events are correlated by.
    pub heads: Vec<HeadRow>,
    /// The vendors' own ids of incidents.
    pub references: Vec<ReferenceRow>,
    /// "Same as" links between incidents.
    pub links: Vec<LinkRow>,
    /// Which incidents are one after merging.
    pub memberships: Vec<MembershipRow>,
    /// What lists show and search.
    pub summaries: Vec<SummaryRow>,
    /// Positions that changed a group and left its summary as it was.
    pub changes: Vec<ChangeRow>,
}

/// One event of the ledger, as the reader needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its place in the ledger (primary key).
    pub position: Position,
    /// When the ledger took it.
    pub recorded: Instant,
    /// The publisher; empty where the bytes are gone or were never readable.
    pub source: String,
    /// The event's id.
    pub id: String,
    /// Its key (unique).
    pub key: EventKey,
    /// Its kind's name; empty for a poison event.
    pub kind: String,
    /// The service's slug.
    pub subject: String,
    /// The key of the event that this act is about (indexed), for the kinds that are about one.
    pub target: Option<EventKey>,
    /// The exact bytes; of a text that was destroyed those of its redaction, None where that is not known.
    pub bytes: Option<Vec<u8>>,
    /// Why it could not be read (a poison event).
    pub problem: Option<String>,
}

impl EventRow {
    /// True where the text was destroyed: the row holds the bytes of its redaction then, and neither source nor id.
    pub fn is_tombstone(&self) -> bool {
        self.source.is_empty() && self.kind == REDACTED
    }
}

/// The kind of a redaction.
const REDACTED: &str = "event.redacted";

/// Says that from `since` on, incident `incident` holds (or no longer holds) the event at `event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRow {
    /// The position whose event brought it about.
    pub since: Position,
    /// The event's position.
    pub event: Position,
    /// The incident, by its own number, not that of a merged group.
    pub incident: IncidentNumber,
    /// False where it was moved away.
    pub present: bool,
}

/// An event that waits. It stays in the table; it waits no more once an attachment of it is present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRow {
    /// The event's position (primary key).
    pub event: Position,
    /// The service's slug.
    pub subject: String,
    /// The further services that it speaks of.
    pub services: Vec<String>,
    /// The nature of incident that it can join by time.
    pub nature: Nature,
    /// Its earliest bound; None with `latest` None: it cannot join by time.
    pub earliest: Option<Instant>,
    /// Its latest bound.
    pub latest: Option<Instant>,
    /// The events that it names.
    pub awaits_keys: Vec<EventKey>,
    /// The incident id that it names.
    pub awaits_incident: Option<String>,
    /// The reference that it carries: page and id.
    pub awaits_reference: Option<(String, String)>,
}

impl WaitingRow {
    /// The services by which it can be found.
    pub fn found_by(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.subject.as_str()).chain(self.services.iter().map(String::as_str))
    }
}

/// How far an incident has come, by the events attached to it so far, whatever is retracted of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Course {
    /// Counts of reports are all that there is of it.
    #[default]
    Reports,
    /// The same, and the reports are said to have subsided.
    Subsided,
    /// Somebody says more than counts do, and nobody that it is over.
    Disrupted,
    /// Somebody says that it is over.
    Restored,
}

impl Course {
    /// The word that views keep.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::Subsided => "subsided",
            Self::Disrupted => "disrupted",
            Self::Restored => "restored",
        }
    }

    /// Reads such a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Reports, Self::Subsided, Self::Disrupted, Self::Restored].into_iter().find(|course| course.as_str() == word)
    }
}

/// How far one service of an incident of several has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCourse {
    /// The service's slug.
    pub service: String,
    /// How far it has come.
    pub course: Course,
    /// The end of the last sign that names it.
    pub last: Option<Instant>,
}

/// What later events are correlated by. The version with the highest `since` is the one in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadRow {
    /// The incident.
    pub number: IncidentNumber,
    /// The position whose event changed it.
    pub since: Position,
    /// The incident's id, for ever.
    pub id: String,
    /// The service's slug.
    pub subject: String,
    /// Further services that its opening event names, by which it is found too.
    pub services: Vec<String>,
    /// Outage, maintenance, or the registry of a service.
    pub nature: Nature,
    /// The start of the first sign.
    pub span_start: Option<Instant>,
    /// The end of the last sign.
    pub span_end: Option<Instant>,
    /// The end of the last sign that something was still wrong.
    pub disrupted_until: Option<Instant>,
    /// The end of the last sign that it was wholly restored.
    pub restored_until: Option<Instant>,
    /// How far it has come; of several services how far any has.
    pub course: Course,
    /// The same for each service that a sign says to fail or to be back; empty where that is the subject alone.
    pub courses: Vec<ServiceCourse>,
    /// The references that it carries: page and id.
    pub references: Vec<(String, String)>,
}

impl HeadRow {
    /// Every service that it is found by.
    pub fn found_by(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.subject.as_str()).chain(self.services.iter().map(String::as_str))
    }

    /// True where it is found by this service.
    pub fn is_of(&self, service: &str) -> bool {
        self.found_by().any(|own| own == service)
    }
}

/// A vendor's own id of an incident. First come, first kept: (page, reference) is the primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceRow {
    /// The status page.
    pub page: String,
    /// The incident's id there.
    pub reference: String,
    /// The incident here.
    pub incident: IncidentNumber,
    /// The position whose event brought it.
    pub since: Position,
}

/// A "same as" link between two incidents; the version with the highest `since` is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// The position of the `incident.linked` event.
    pub event: Position,
    /// The position whose event made this version.
    pub since: Position,
    /// The one.
    pub from: IncidentNumber,
    /// The other.
    pub to: IncidentNumber,
    /// False while the link is retracted.
    pub active: bool,
}

/// Says that from `since` on, incident `incident` is told as part of `group` (its own number when alone).
/// Written only once a merge or a split touches the incident; without a row an incident is its own group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipRow {
    /// The incident.
    pub incident: IncidentNumber,
    /// The position whose event brought it about.
    pub since: Position,
    /// The group: the lowest number among the merged incidents.
    pub group: IncidentNumber,
}

/// Says that the position `since` changed a group, without changing what its summary says: only how many events it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeRow {
    /// The group's number.
    pub group: IncidentNumber,
    /// The position whose event changed it.
    pub since: Position,
    /// How many events it holds since then, acts included.
    pub events: usize,
}

/// What lists show and search: one incident (group) from `since` on, until its next version. A version is written only where it says something
/// else than the one before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SummaryRow {
    /// The group's number.
    pub group: IncidentNumber,
    /// The position whose event made this version; where it is read back, the last one that changed the group.
    pub since: Position,
    /// How many events it holds then, acts included. None where it is read back from rows of an older projection, whose JSON says it.
    pub events: Option<usize>,
    /// The incident's id.
    pub id: String,
    /// Outage, maintenance, or the registry of a service.
    pub nature: Nature,
    /// False while it is merged into another group (it is then told there, and left out of lists).
    pub listed: bool,
    /// The slugs of its services, each with a space before and after: " whatsapp instagram ".
    pub services: String,
    /// For a registry row: the vendor's slug. Empty otherwise.
    pub vendor: String,
    /// The state's word.
    pub state: String,
    /// Region codes, each with a space before and after.
    pub regions: String,
    /// Symptoms, each with a space before and after.
    pub symptoms: String,
    /// The earliest bound of the told first sign, else of the span; what lists sort by.
    pub started: Option<Instant>,
    /// The latest bound of the told restoration, else the end of the planned window; None while it lasts.
    pub ended: Option<Instant>,
    /// Lower-cased words to search in: titles, headlines.
    pub words: String,
    /// The whole summary as JSON; how many events there are and what changed it last are zero in it.
    pub json: String,
}

/// What the projector asks the views for before it can place a page of events. Everything is exact, nothing is a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Events by key.
    pub keys: BTreeSet<EventKey>,
    /// All incidents of these services.
    pub subjects: BTreeSet<String>,
    /// These incidents, of whatever service.
    pub incidents: BTreeSet<IncidentNumber>,
    /// Incidents by the vendor's own id: page and id.
    pub references: BTreeSet<(String, String)>,
    /// Links that touch these incidents, those that touch what these lead to, and so on.
    pub links: BTreeSet<IncidentNumber>,
    /// Acts about these events, whole.
    pub acts: BTreeSet<EventKey>,
    /// Waiting events that speak of these services and can join by time within [earliest, latest].
    pub waiting_windows: BTreeSet<(String, Instant, Instant)>,
    /// Waiting events that name these events.
    pub waiting_keys: BTreeSet<EventKey>,
    /// Waiting events that name these incident ids.
    pub waiting_incidents: BTreeSet<String>,
    /// Waiting events that carry these references: page and id.
    pub waiting_references: BTreeSet<(String, String)>,
}

impl Needs {
    /// True when nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What the views know of the needs, in no particular order. What is not in it does not exist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Events by key, each with the incidents that hold it now.
    pub known: Vec<KnownEvent>,
    /// The heads in force of the services and the incidents asked for; one may stand twice.
    pub heads: Vec<HeadRow>,
    /// The references asked for.
    pub references: Vec<ReferenceRow>,
    /// The links in force (active or not) that touch the incidents asked for, followed to their ends: also every link that touches what one
    /// of them leads to.
    pub links: Vec<LinkRow>,
    /// The acts asked for.
    pub acts: Vec<EventRow>,
    /// The waiting events asked for that still wait, with their bytes; each once.
    pub waiting: Vec<(WaitingRow, EventRow)>,
}

/// An event that the views hold, with the incidents that hold it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEvent {
    /// The event.
    pub event: EventRow,
    /// The incidents that hold it now, by their own numbers, ascending.
    pub incidents: Vec<IncidentNumber>,
}

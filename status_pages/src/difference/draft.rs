//! The events of a watcher: their ids, their form, and how each change is counted.

use dateline_events::{Instant, Severity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Page, Reading};
use crate::observation::{Nature, SeenTime};

/// An event to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its id: the page's id of the incident, the part of it that is spoken of, and the number of the change.
    pub id: String,
    /// Its kind.
    pub kind: &'static str,
    /// Its data, members in alphabetical order.
    pub data: Map<String, Value>,
    /// The incident, by the page's own id.
    pub incident: String,
    /// Whether it is trouble, or planned work.
    pub nature: Nature,
    /// What was edited silently, where that is what it says.
    pub edits: Vec<SilentEdit>,
}

/// A silent change of what was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SilentEdit {
    /// What was changed.
    pub what: Edited,
    /// True where only markup, punctuation, spacing or case changed, or a time by less than a minute.
    pub minor: bool,
}

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edited {
    /// The words of a post.
    Words,
    /// The incident's headline.
    Name,
    /// When it began.
    Start,
    /// When it was over.
    End,
    /// How bad it is.
    Severity,
    /// The planned window.
    Window,
    /// The time beside a post.
    Time,
    /// The state that a post names.
    Status,
    /// A post, or the incident, was taken down.
    Removed,
    /// What was taken down stands there again.
    Returned,
}

impl Edited {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Name => "name",
            Self::Start => "start",
            Self::End => "end",
            Self::Severity => "severity",
            Self::Window => "window",
            Self::Time => "time",
            Self::Status => "status",
            Self::Removed => "removed",
            Self::Returned => "returned",
        }
    }
}

impl Draft {
    /// A correction of what the watcher took a page to say, not an edit of the page.
    pub(super) fn own_reading(&mut self) {
        self.edits.clear();
        if let Some(kind) = self.data.get_mut("edit_kind") {
            *kind = json!("clarification");
            self.data.remove("announced");
        }
    }

    /// The exact bytes to publish: the same input gives the same bytes.
    pub fn bytes(&self, page: &Page<'_>) -> Vec<u8> {
        let event = json!({
            "data": self.data,
            "datacontenttype": "application/json",
            "id": self.id,
            "source": page.source(),
            "specversion": "1.0",
            "subject": page.service,
            "type": format!("dateline.{}.v1", self.kind),
        });
        event.to_string().into_bytes()
    }
}

/// What the events about one incident have in common at one reading.
pub(super) struct Setting<'a> {
    pub page: &'a Page<'a>,
    pub reading: &'a Reading<'a>,
    pub incident: &'a str,
    pub nature: Nature,
    /// Where a reader finds the incident.
    pub url: Option<&'a str>,
    /// The address of its page, in references.
    pub reference_page: &'a str,
    /// The last reading without what is new.
    pub since: Option<Instant>,
    /// True where something else was read later than this: then it tells only what that did not know.
    pub is_old: bool,
}

impl Setting<'_> {
    pub fn id(&self, part: &str, number: u32) -> String {
        format!("{}/{part}/{number}", self.incident)
    }

    /// An event about the world; `updated` is when the page says that it wrote it.
    pub fn draft(&self, part: &str, number: u32, kind: &'static str, updated: Option<Instant>, own: Value) -> Draft {
        self.edit(part, number, kind, updated, own, Vec::new())
    }

    /// A correction of an event by its source.
    pub fn correction(&self, part: &str, number: u32, target: &str, updated: Option<Instant>, patch: &Value, edits: Vec<SilentEdit>) -> Draft {
        let own = json!({"announced": false, "edit_kind": "source_edit", "event": {"id": target}, "patch": patch});
        self.edit(part, number, "event.corrected", updated, own, edits)
    }

    /// An event taken back by its source.
    pub fn retraction(&self, part: &str, number: u32, target: &str, edits: Vec<SilentEdit>) -> Draft {
        self.edit(part, number, "event.retracted", None, json!({"announced": false, "event": {"id": target}}), edits)
    }

    fn edit(&self, part: &str, number: u32, kind: &'static str, updated: Option<Instant>, own: Value, edits: Vec<SilentEdit>) -> Draft {
        let mut members = match own {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        members.insert("sources".into(), json!([self.source()]));
        members.insert("stated".into(), self.stated(updated));
        members.retain(|_, value| !value.is_null());
        Draft { id: self.id(part, number), kind, data: sorted(members), incident: self.incident.to_owned(), nature: self.nature, edits }
    }

    /// The page, as the source of a claim.
    fn source(&self) -> Value {
        let url = self.url.unwrap_or(self.reference_page);
        let mut source = Map::new();
        source.insert("kind".into(), json!(if self.reading.dialect == crate::Dialect::Upptime { "monitor" } else { "vendor" }));
        source.extend(self.page.name.map(|name| ("name".to_owned(), json!(name))));
        source.extend(self.reading.read.map(|read| ("retrieved_at".to_owned(), json!(read))));
        source.insert("role".into(), json!("read_in"));
        source.extend((!self.reading.sha256.is_empty()).then(|| ("sha256".to_owned(), json!(self.reading.sha256))));
        source.insert("slug".into(), json!(self.page.vendor));
        source.insert("url".into(), json!(url));
        Value::Object(source)
    }

    /// When the page stated it: after the last reading without it and after it was written, before the reading that found it.
    fn stated(&self, updated: Option<Instant>) -> Value {
        stated(updated.max(self.since), self.reading.read)
    }

    /// The vendor's own name for the incident, and for a post of it.
    pub fn reference(&self, update: Option<&str>, status: Option<&str>) -> Value {
        let mut reference = Map::new();
        reference.insert("id".into(), json!(self.incident));
        reference.insert("page".into(), json!(self.reference_page));
        reference.extend(status.map(|status| ("status".to_owned(), json!(status))));
        reference.extend(update.map(|update| ("update".to_owned(), json!(update))));
        Value::Object(reference)
    }
}

/// A time of stating between two instants, half-open; the upper one missing where nobody noted the reading.
pub(super) fn stated(after: Option<Instant>, before: Option<Instant>) -> Value {
    // A moment with seconds covers one: an interval up to an instant ends with the second before it.
    let last = before.map(|before| before.plus(-Instant::SECOND));
    match (after, last) {
        (Some(after), Some(last)) => json!({"between": [after.min(last), last]}),
        (None, Some(last)) => json!({"before": last}),
        (Some(after), None) => json!({"after": after}),
        (None, None) => json!({"unknown": true}),
    }
}

/// When it happened, as the page tells it.
pub(super) fn occurred(time: Option<&SeenTime>, lang: &str) -> Value {
    let Some(time) = time else { return json!({"unknown": true}) };
    let mut when = Map::new();
    when.insert("at".into(), json!(time.moment.text));
    when.insert("precision".into(), json!(time.precision));
    when.extend(
        time.wording.as_deref().filter(|words| !words.trim().is_empty()).map(|words| ("wording".to_owned(), json!({"lang": lang, "text": words}))),
    );
    when.extend(time.zone_assumed.then(|| ("zone_assumed".to_owned(), json!(true))));
    Value::Object(when)
}

/// That it happened by a time at the latest.
pub(super) fn latest(time: Option<&SeenTime>, lang: &str) -> Value {
    let mut when = occurred(time, lang);
    if let Some(members) = when.as_object_mut()
        && let Some(at) = members.remove("at")
    {
        members.remove("precision");
        members.insert("before".into(), at);
    }
    when
}

/// The word for a severity.
pub(super) fn severity_word(severity: Severity) -> String {
    json!(severity).as_str().unwrap_or_default().to_owned()
}

/// Members in alphabetical order, whatever order the map keeps.
fn sorted(members: Map<String, Value>) -> Map<String, Value> {
    let mut members: Vec<(String, Value)> = members.into_iter().collect();
    members.sort_by(|left, right| left.0.cmp(&right.0));
    members.into_iter().collect()
}

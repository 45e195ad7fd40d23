//! What is remembered of a page, made again from the events that were published of it, where it was lost: they hold what the page said.
//! On which lists an incident stood is not in them, nor in which dialect it was read: that is taken to be the one in which the page is
//! read now, unless the posts' names show that a Statuspage's feed was read for its page, or the page for its feed.

use std::collections::BTreeMap;

use dateline_events::{Instant, Moment, normal};
use serde_json::Value;

use crate::dialects::Dialect;
use crate::observation::{Listing, Nature};
use crate::page_state::{Field, PageState, PostKind, Remembered, RememberedPost, Told, hash, note_past};

/// A page's own words for a state after which nothing more is expected of an incident.
const OVER: [&str; 3] = ["resolved", "completed", "postmortem"];

/// One event, in the parts of which it is made.
struct Said<'e> {
    /// The part of the incident that it is about.
    part: &'e str,
    /// The number of the change.
    number: u32,
    kind: &'e str,
    id: &'e str,
    data: &'e Value,
    /// What is said anew: of a correction its patch.
    values: &'e Value,
}

impl PageState {
    /// What is remembered after these events, the CloudEvents of one page's watcher in the order of the ledger. What is none of a
    /// watcher's is passed over.
    pub fn recalled(events: &[Value], dialect: Dialect) -> Self {
        let mut state = Self::default();
        for event in events {
            state.hear(event, dialect);
        }
        state
    }

    /// The first reading of a list since: what must have stood on it at its last reading is taken to have, so that it can be missed.
    /// Answers the ids of such incidents.
    pub fn assume_listed(&mut self, list: &str, listing: Listing) -> Vec<String> {
        let is_due = |remembered: &Remembered| match listing {
            Listing::Unresolved => !remembered.is_over(),
            Listing::Newest => true,
            Listing::Partial => false,
        };
        let due = self.incidents.iter_mut().filter(|(_, remembered)| remembered.recalled && is_due(remembered));
        due.filter_map(|(id, remembered)| remembered.listed.insert(list.to_owned()).then(|| id.clone())).collect()
    }

    fn hear(&mut self, event: &Value, dialect: Dialect) -> Option<()> {
        let (id, data) = (event["id"].as_str()?, &event["data"]);
        let kind = event["type"].as_str()?.strip_prefix("dateline.")?.strip_suffix(".v1")?;
        let reference = &data["reference"];
        let named = reference["id"].as_str().filter(|named| id.strip_prefix(*named).is_some_and(|rest| rest.starts_with('/')));
        // What names no incident is about an event that does.
        let incident = named.or_else(|| id.rmatch_indices('/').map(|(end, _)| &id[..end]).find(|prefix| self.incidents.contains_key(*prefix)))?;
        let (part, number) = id[incident.len() + 1..].rsplit_once('/')?;
        let values = if kind == "event.corrected" { &data["patch"] } else { data };
        let said = Said { part, number: number.parse().ok()?, kind, id, data, values };
        if !self.incidents.contains_key(incident) {
            let nature = if kind.starts_with("maintenance.") { Nature::Maintenance } else { Nature::Outage };
            self.incidents.insert(incident.to_owned(), Remembered { recalled: true, ..Remembered::new(reference["page"].as_str()?, nature) });
        }
        self.incidents.get_mut(incident)?.hear(&said, dialect);
        Some(())
    }
}

impl Remembered {
    /// True where it left the list of what is not resolved, or was told to be over.
    fn is_over(&self) -> bool {
        let last = self.posts.iter().rev().find(|post| post.gone.is_none());
        let word = last.and_then(|post| post.told.get(&post.by)?.status.as_deref());
        self.absent.stands() || self.end.stands() || word.is_some_and(|word| OVER.contains(&word.to_lowercase().as_str()))
    }

    fn hear(&mut self, said: &Said<'_>, dialect: Dialect) {
        // The page's own dialect, where its posts do not show another one.
        let by = self.posts.first().map_or(dialect, |post| post.by);
        let page = if dialect == Dialect::Atom { by } else { dialect };
        match said.part {
            "start" => said.about(&mut self.start, by, instant),
            "name" => self.name(said, by),
            "severity" => said.about(&mut self.severity, page, |values| values["reference"]["status"].as_str().map(ToOwned::to_owned)),
            "status" => said.about(&mut self.state, page, |values| values["reference"]["status"].as_str().map(ToOwned::to_owned)),
            "end" => said.about(&mut self.end, page, instant),
            "window" => said.about(&mut self.window, by, window),
            "absent" => {
                said.about(&mut self.absent, by, |_| Some(()));
                self.absent.by = None;
            }
            part => match part.strip_prefix("post/") {
                Some(key) => self.post(said, key, dialect),
                None => return,
            },
        }
        let is_base = said.part == "start" || said.part.starts_with("post/");
        if self.opener.is_empty() && is_base {
            said.id.clone_into(&mut self.opener);
        }
        if let Some(window) = window(said.data).filter(|_| self.window.is_new()) {
            self.window = Field { said: 1, value: Some(window), by: Some(by), gone: None };
        }
        // Whoever missed it on the list did not read it.
        let was_missed = said.part == "absent" && said.kind != "event.retracted";
        let read = said.data["sources"][0]["retrieved_at"].as_str().filter(|_| !was_missed).and_then(Instant::parse);
        if let Some(read) = read {
            let last = self.read.entry(page).or_insert(read);
            *last = read.max(*last);
        }
    }

    fn name(&mut self, said: &Said<'_>, by: Dialect) {
        let before = self.name.value.clone();
        said.about(&mut self.name, by, |values| text(&values["title"]));
        let (Some(now), normal) = (&self.name.value, |name: &str| hash(&normal(name))) else { return };
        self.names = BTreeMap::from([(by, hash(now))]);
        if let Some(before) = before.map(|before| normal(&before)).filter(|before| *before != normal(now)) {
            note_past(&mut self.past_names, before);
        }
    }

    fn post(&mut self, said: &Said<'_>, key: &str, dialect: Dialect) {
        let place = self.posts.iter().position(|post| post.key == key);
        let Some(kind) = PostKind::of(said) else {
            if let Some(place) = place {
                self.posts[place].act(said);
            }
            return;
        };
        let Some(place) = place else { return self.posts.push(RememberedPost::first(said, key, kind, dialect)) };
        // It was said anew, as another kind of event.
        let post = &mut self.posts[place];
        if self
            .opener
            .strip_suffix(&format!("/{}", post.base))
            .is_some_and(|opener| said.id.strip_suffix(&format!("/{}", said.number)) == Some(opener))
        {
            said.id.clone_into(&mut self.opener);
        }
        (post.kind, post.said, post.base, post.gone, post.gone_by) = (kind, said.number, said.number, None, None);
        post.words(said);
    }
}

impl Said<'_> {
    /// What it says of one field.
    fn about<T>(&self, field: &mut Field<T>, by: Dialect, value: impl Fn(&Value) -> Option<T>) {
        match self.kind {
            "event.retracted" => self.take_back(&mut field.gone),
            "event.corrected" => field.value = value(self.values).or(field.value.take()),
            _ => *field = Field { said: 0, value: value(self.values), by: Some(by), gone: None },
        }
        field.said = self.number;
    }

    /// A retraction takes back what was said, or what took it back.
    fn take_back(&self, gone: &mut Option<u32>) {
        let target = self.data["event"]["id"].as_str().and_then(|target| target.rsplit_once('/')?.1.parse().ok());
        *gone = if gone.is_some() && *gone == target { None } else { Some(self.number) };
    }
}

impl PostKind {
    /// The kind of post that an event says; None of an act.
    fn of(said: &Said<'_>) -> Option<Self> {
        Some(match said.kind {
            "vendor.acknowledged" => Self::Acknowledged,
            "vendor.updated" => Self::Updated,
            "maintenance.announced" => Self::Announced,
            "maintenance.started" => Self::Started,
            "maintenance.completed" => Self::Completed,
            "service.restored" => Self::Flapping,
            "scope.changed" => Self::Found,
            _ => return None,
        })
    }
}

impl RememberedPost {
    /// A post as its first event says it.
    fn first(said: &Said<'_>, key: &str, kind: PostKind, dialect: Dialect) -> Self {
        let name = said.data["reference"]["update"].as_str().unwrap_or(key);
        let is_dated = key.starts_with("undated") || key.find('Z').is_some_and(|end| Instant::parse(&key[..=end]).is_some());
        let by = match dialect {
            Dialect::Statuspage if is_dated => Dialect::Atom,
            Dialect::Atom if !is_dated && key != crate::dialects::feed::ONLY_POST => Dialect::Statuspage,
            other => other,
        };
        let has_id = matches!(by, Dialect::Statuspage | Dialect::Gcp | Dialect::Upptime) || by == Dialect::Atom && !is_dated;
        let mut post = Self {
            key: key.to_owned(),
            id: has_id.then(|| name.to_owned()),
            kind,
            said: said.number,
            base: said.number,
            at: None,
            to_the_minute: false,
            by,
            told: BTreeMap::from([(by, Told { raw: hash(""), status: None, minute: None })]),
            normal: hash(&normal("")),
            past: Vec::new(),
            gone: None,
            gone_by: None,
        };
        post.words(said);
        post.past.clear();
        if key.starts_with("undated") {
            (post.at, post.to_the_minute) = (None, false);
        }
        post
    }

    fn act(&mut self, said: &Said<'_>) {
        self.said = said.number;
        if said.kind == "event.retracted" {
            said.take_back(&mut self.gone);
            self.gone_by = self.gone.map(|_| self.by);
        } else {
            self.words(said);
        }
    }

    /// Takes what an event says of words, time and state; what it does not name stays.
    fn words(&mut self, said: &Said<'_>) {
        let values = said.values;
        let told = self.told.entry(self.by).or_insert(Told { raw: hash(""), status: None, minute: None });
        if let Some(words) = text(&values["statement"]["quotation"]["text"]).or_else(|| text(&values["text"])) {
            told.raw = hash(&words);
            let now = hash(&normal(&words));
            if now != self.normal {
                note_past(&mut self.past, self.normal);
                self.normal = now;
            }
        }
        if let Some(at) = instant(values) {
            (self.at, self.to_the_minute) = (Some(at), values["occurred"]["precision"] != "second");
            told.minute = Some(at.0.div_euclid(Instant::MINUTE));
        }
        if values["reference"].is_object() {
            told.status = values["reference"]["status"].as_str().map(ToOwned::to_owned);
        }
    }
}

/// When it happened, as the page told it.
fn instant(values: &Value) -> Option<Instant> {
    Some(Moment::parse(values["occurred"]["at"].as_str()?).ok()?.start())
}

fn window(values: &Value) -> Option<(Instant, Instant)> {
    let bound = |place: usize| Instant::parse(values["scheduled"][place].as_str()?);
    Some((bound(0)?, bound(1)?))
}

/// A text, or the only one by language.
fn text(value: &Value) -> Option<String> {
    let only = value.as_object().and_then(|texts| texts.values().next());
    only.unwrap_or(value).as_str().map(ToOwned::to_owned)
}

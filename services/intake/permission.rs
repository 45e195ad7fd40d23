//! Who may say what: a publisher speaks for its own sources and takes back its own words; to name somebody else as where it was read needs
//! a right to it; a desk may touch all. Asked of an event as it is published, and of what a correction makes of its event.

use axum::http::StatusCode;
use dateline_backends::Ledger;
use dateline_events::kinds::{EventCorrected, ServiceRegistered};
use dateline_events::{Event, Kind, Ref, Role, Source, Statement};
use serde_json::{Map, Value};

use super::registrants::{Registrant, Registrants};
use crate::shared::http::{Caller, Problem};

/// A correction of a correction of … is looked into so deep; what lies deeper needs a desk.
const MAX_CORRECTIONS_DEEP: usize = 8;

/// The members of `data` that only a registration has.
const REGISTRATION: [&str; 6] = ["names", "genitives", "vendor", "parent", "homepage", "status_page"];

/// The members of `data` in which an act names events.
const NAMED: [&str; 3] = ["event", "from", "to"];

/// Decides whether an event may be said.
#[derive(Debug, Clone)]
pub struct Permission {
    ledger: Ledger,
    registrants: Registrants,
}

impl Permission {
    /// Looks up what is corrected in the ledger, and who registered what with the registrants.
    pub fn new(ledger: Ledger, registrants: Registrants) -> Self {
        Self { ledger, registrants }
    }

    /// Refuses what the caller may not publish, naming the scope that is missing. A registration that may be published is noted first.
    pub async fn check(&self, caller: &Caller, event: &Event) -> Result<(), Problem> {
        if !caller.may_publish_as(&event.source) {
            return Err(caller.refuse(&format!("publish:{}", event.source)));
        }
        let mut said = event.clone();
        for _ in 0..MAX_CORRECTIONS_DEEP {
            self.may_say(caller, &said).await?;
            let Kind::EventCorrected(correction) = &said.kind else { return Ok(()) };
            patch_alone(caller, &said, &correction.patch)?;
            match self.corrected(caller, &said, correction).await? {
                Some(result) => said = result,
                None if !caller.may_register() && is_of_a_registration(&correction.patch) => return Err(caller.refuse("register")),
                None => return Ok(()),
            }
        }
        if caller.is_desk() { Ok(()) } else { Err(caller.refuse("edit")) }
    }

    /// What one event says, by itself.
    async fn may_say(&self, caller: &Caller, event: &Event) -> Result<(), Problem> {
        if !caller.is_desk() {
            may_act(caller, event)?;
            for source in event.read_in() {
                self.may_read_in(caller, source, &event.subject).await?;
            }
        }
        match &event.kind {
            Kind::ServiceRegistered(service) => self.may_register(caller, event, service).await,
            _ => Ok(()),
        }
    }

    /// What a correction makes of its event; None where that event is not there yet, or where the correction would make it invalid.
    async fn corrected(&self, caller: &Caller, act: &Event, correction: &EventCorrected) -> Result<Option<Event>, Problem> {
        // A desk may make of it what it likes; only what is registered is noted.
        if caller.is_desk() && !is_of_a_registration(&correction.patch) && !correction.patch.contains_key("patch") {
            return Ok(None);
        }
        let (source, id) = act.resolve(&correction.event);
        let found = self.ledger.find(&[(source.to_owned(), id.to_owned())]).await?.into_iter().next().flatten();
        let target = found.and_then(|record| record.bytes).and_then(|bytes| Event::read(&bytes).ok());
        Ok(target.and_then(|target| target.patched(&correction.patch).ok()))
    }

    /// May the caller say that it was read in this source?
    async fn may_read_in(&self, caller: &Caller, source: &Source, subject: &str) -> Result<(), Problem> {
        if !source.is_vendor() {
            return if caller.may_cite() { Ok(()) } else { Err(caller.refuse("cite")) };
        }
        if !caller.speaks_for(&source.slug) {
            return Err(caller.refuse(&format!("vendor:{}", source.slug)));
        }
        let Some(service) = self.registrants.get(subject).await?.filter(|service| service.registered) else { return Ok(()) };
        if source.slug == subject || service.vendor.as_ref() == Some(&source.slug) {
            return Ok(());
        }
        let whose = service.vendor.map_or_else(|| format!("no vendor but {subject} itself"), |vendor| format!("the vendor {vendor}"));
        let detail = format!(
            "{} does not speak for {subject}, which is registered with {whose}; name that one, register the service anew, or use a key with the scope edit",
            source.slug
        );
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail))
    }

    /// Who registered a slug first may register it again; whom others named as a vendor is theirs to name.
    async fn may_register(&self, caller: &Caller, event: &Event, service: &ServiceRegistered) -> Result<(), Problem> {
        let vendor = service.vendor.as_ref().map(|vendor| vendor.slug.as_str());
        let may_touch = |slug: &str, there: &Registrant| {
            let is_own = caller.may_publish_as(&there.source) || caller.may_register();
            if is_own || (slug != event.subject && caller.speaks_for(slug)) { Ok(()) } else { Err(registered_by_another(caller, slug, there)) }
        };
        for slug in vendor.iter().copied().chain([event.subject.as_str()]) {
            if let Some(there) = self.registrants.get_now(slug).await? {
                may_touch(slug, &there)?;
            }
        }
        if let Some(vendor) = vendor.filter(|vendor| *vendor != event.subject) {
            let note = Registrant { source: event.source.clone(), registered: false, vendor: None };
            self.registrants.note(vendor, note, |there| may_touch(vendor, there)).await?;
        }
        let note = Registrant { source: event.source.clone(), registered: true, vendor: vendor.map(ToOwned::to_owned) };
        self.registrants.note(&event.subject, note, |there| may_touch(&event.subject, there)).await
    }
}

/// Acts that touch what others published.
fn may_act(caller: &Caller, event: &Event) -> Result<(), Problem> {
    match &event.kind {
        Kind::ClaimWeighed(_) | Kind::IncidentLinked(_) => return Err(caller.refuse("edit")),
        Kind::IncidentTitled(_) | Kind::StatementTranslated(_) if named_is_others(caller, event, event.kind.target()).is_some() => {
            return Err(caller.refuse("edit"));
        }
        Kind::EventCorrected(_) | Kind::EventRetracted(_) => {
            if let Some(source) = named_is_others(caller, event, event.kind.target()) {
                let detail =
                    format!("an API key corrects or retracts only what it may publish itself; {source} is not covered; a desk needs the scope edit");
                return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail));
            }
        }
        _ => {}
    }
    let same_as = event.kind.statement().and_then(|statement| statement.same_as.as_ref());
    match named_is_others(caller, event, same_as) {
        Some(_) => Err(caller.refuse("edit")),
        None => Ok(()),
    }
}

/// The publisher of a named event, where that is another's.
fn named_is_others<'a>(caller: &Caller, event: &'a Event, named: Option<&'a Ref>) -> Option<&'a str> {
    named.map(|named| event.resolve(named).0).filter(|source| !caller.may_publish_as(source))
}

fn is_of_a_registration(patch: &Map<String, Value>) -> bool {
    REGISTRATION.iter().any(|member| patch.contains_key(*member))
}

fn registered_by_another(caller: &Caller, slug: &str, there: &Registrant) -> Problem {
    let problem = caller.refuse("register");
    let detail = format!("{slug} was registered first by {}, who may register it again; {}", there.source, problem.detail);
    Problem { detail, ..problem }
}

/// A member of a patch. What has not the shape that is asked for makes its event invalid, and never has an effect.
fn member<T: serde::de::DeserializeOwned>(patch: &Map<String, Value>, name: &str) -> Option<T> {
    patch.get(name).and_then(|value| serde_json::from_value(value.clone()).ok())
}

/// What a patch needs by itself, whatever it is that it corrects: that may come later, or be corrected otherwise by then.
fn patch_alone(caller: &Caller, act: &Event, patch: &Map<String, Value>) -> Result<(), Problem> {
    if caller.is_desk() {
        return Ok(());
    }
    for source in member::<Vec<Source>>(patch, "sources").into_iter().flatten().filter(|source| source.role == Role::ReadIn) {
        let (held, scope) = match source.is_vendor() {
            true => (caller.speaks_for(&source.slug), format!("vendor:{}", source.slug)),
            false => (caller.may_cite(), "cite".to_owned()),
        };
        if !held {
            return Err(caller.refuse(&scope));
        }
    }
    let same_as = member::<Statement>(patch, "statement").and_then(|statement| statement.same_as);
    let named = NAMED.iter().filter_map(|name| member::<Ref>(patch, name));
    if same_as.into_iter().chain(named).any(|named| named_is_others(caller, act, Some(&named)).is_some()) {
        return Err(caller.refuse("edit"));
    }
    match patch.get("patch") {
        Some(Value::Object(inner)) => patch_alone(caller, act, inner),
        _ => Ok(()),
    }
}

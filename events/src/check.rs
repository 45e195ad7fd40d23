//! The rules that a single event must meet, each fault named by its pointer.

use serde_json::{Map, Value};

use crate::event::Event;
use crate::fault::{Faults, token};
use crate::kinds::{Kind, MAX_SERVICES, MAX_SOURCES, Services};
use crate::lexical::{is_name, is_region, is_slug};
use crate::limits::{ID_BYTES_MAX, SOURCE_BYTES_MAX};
use crate::publisher::{name_fault, source_fault};
use crate::shapes::{Per, Ref, Role, Source, Window};
use crate::time::{Form, Moment, Point, When};

/// The one member of `data` in which a null says something: it removes what it names.
const PATCH: &str = "patch";

/// Takes out every null of `data` and notes it: "not said" has one form, the member left out.
pub(crate) fn without_nulls(data: &mut Map<String, Value>, faults: &mut Faults) {
    for (member, value) in data.iter().filter(|(member, _)| *member != PATCH) {
        note_nulls(value, format!("/data/{}", token(member)), faults);
    }
    data.retain(|_, value| !value.is_null());
}

fn note_nulls(value: &Value, pointer: String, faults: &mut Faults) {
    match value {
        Value::Null => faults.add(pointer, "null says nothing; leave the member out"),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| note_nulls(item, format!("{pointer}/{index}"), faults)),
        Value::Object(members) => members.iter().for_each(|(name, member)| note_nulls(member, format!("{pointer}/{}", token(name)), faults)),
        _ => {}
    }
}

/// A kind that speaks of the world says when; an act has no time in the world.
pub(crate) fn occurred_rule(name: &str, data: &Map<String, Value>, faults: &mut Faults) {
    let pointer = "/data/occurred";
    let is_noted = faults.named.iter().any(|fault| fault.pointer == pointer);
    match data.contains_key("occurred") {
        true if Kind::names_act(name) => faults.add(pointer, "an act on the record has no time in the world; leave it out"),
        false if Kind::needs_occurred(name) && !is_noted => faults.add(pointer, "missing member; if nobody said when, send {\"unknown\":true}"),
        _ => {}
    }
}

/// The rules between members, true of every event in the ledger.
pub(crate) fn rules(event: &Event) -> Faults {
    let mut faults = Faults::default();
    let common = &event.common;
    if common.sources.len() > MAX_SOURCES {
        faults.add("/data/sources", format!("at most {MAX_SOURCES} sources"));
    }
    services_rules(event, &mut faults);
    for (index, source) in common.sources.iter().enumerate() {
        source_rules(source, &format!("/data/sources/{index}"), &mut faults);
    }
    for (index, region) in event.kind.regions().iter().enumerate() {
        region_rule(region, &format!("/data/regions/{index}"), &mut faults);
    }
    number_rules(event, &mut faults);
    kind_rules(event, &mut faults);
    reference_rules(event, &mut faults);
    faults
}

fn services_rules(event: &Event, faults: &mut Faults) {
    match &event.common.services {
        None => {}
        Some(_) if event.kind.is_act() => faults.add("/data/services", "an act on the record speaks of no further service; leave it out"),
        Some(Services::All(_)) if !matches!(event.kind, Kind::ServiceRestored(_)) => {
            faults.add("/data/services", "\"all\" is for service.restored; here name the services by their slugs");
        }
        Some(Services::All(_)) => {}
        Some(Services::Named(named)) => {
            if named.is_empty() || named.len() > MAX_SERVICES {
                faults.add("/data/services", format!("expected 1 to {MAX_SERVICES} services"));
            }
            for (index, service) in named.iter().enumerate().take(MAX_SERVICES) {
                if !is_slug(service) {
                    faults.add(format!("/data/services/{index}"), "expected 1 to 64 lower-case letters, digits and hyphens");
                } else if named[..index].contains(service) {
                    faults.add(format!("/data/services/{index}"), format!("\"{service}\" stands there twice"));
                }
            }
        }
    }
    if event.common.inferred.is_some() && !matches!(event.kind, Kind::AnomalyDetected(_) | Kind::ServiceRestored(_)) {
        faults.add("/data/inferred", "only anomaly.detected and service.restored are inferred; leave it out");
    }
}

fn source_rules(source: &Source, pointer: &str, faults: &mut Faults) {
    if !is_slug(&source.slug) {
        faults.add(format!("{pointer}/slug"), "expected 1 to 64 lower-case letters, digits and hyphens");
    }
    if source.sha256.as_deref().is_some_and(|hash| hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        faults.add(format!("{pointer}/sha256"), "expected 64 hexadecimal digits");
    }
    if let Some(url) = &source.url {
        url_rule(url, &format!("{pointer}/url"), faults);
    }
}

/// Only web addresses: anything else (`javascript:`) could run where a page links to it.
fn url_rule(url: &str, pointer: &str, faults: &mut Faults) {
    let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme) && url.len() > scheme.len());
    if !is_web || url.chars().any(|character| character.is_control() || character == ' ') {
        faults.add(pointer, "expected a web address that begins with https:// or http://, without spaces");
    }
}

fn region_rule(region: &str, pointer: &str, faults: &mut Faults) {
    if !is_region(region) {
        faults.add(pointer, format!("\"{region}\" is not a region; expected an ISO 3166 code such as \"IN\" or \"IN-WB\", or \"world\""));
    }
}

fn number_rules(event: &Event, faults: &mut Faults) {
    for (index, count) in event.kind.counts().iter().enumerate() {
        let pointer = format!("/data/counts/{index}");
        match (count.per, count.window_minutes) {
            (Some(Per::Window), None) => faults.add(format!("{pointer}/window_minutes"), "missing member; \"per\" is \"window\""),
            (_, Some(0)) => faults.add(format!("{pointer}/window_minutes"), "expected at least 1 minute"),
            _ => {}
        }
        if let Some(region) = &count.region {
            region_rule(region, &format!("{pointer}/region"), faults);
        }
    }
    for (index, share) in event.kind.shares().iter().enumerate() {
        let pointer = format!("/data/shares/{index}");
        if !(0.0..=1.0).contains(&share.share) {
            faults.add(format!("{pointer}/share"), "expected a number from 0 to 1; 69 % is 0.69");
        }
        if let Some(region) = &share.region {
            region_rule(region, &format!("{pointer}/region"), faults);
        }
    }
}

fn kind_rules(event: &Event, faults: &mut Faults) {
    match &event.kind {
        Kind::ServiceRegistered(service) => {
            for (member, url) in [("homepage", &service.homepage), ("status_page", &service.status_page)] {
                if let Some(url) = url {
                    url_rule(url, &format!("/data/{member}"), faults);
                }
            }
            if service.vendor.as_ref().is_some_and(|vendor| !is_slug(&vendor.slug)) {
                faults.add("/data/vendor/slug", "expected 1 to 64 lower-case letters, digits and hyphens");
            }
            if service.parent.as_deref().is_some_and(|parent| !is_slug(parent)) {
                faults.add("/data/parent", "expected 1 to 64 lower-case letters, digits and hyphens");
            }
        }
        Kind::ContextAdded(context) => {
            for (index, link) in context.links.iter().enumerate() {
                url_rule(&link.url, &format!("/data/links/{index}/url"), faults);
            }
        }
        Kind::CauseStated(cause) => {
            if let Some(url) = &cause.url {
                url_rule(url, "/data/url", faults);
            }
            if cause.known != Some(false) && cause.statement.is_none() && event.common.headline.is_none() {
                faults.add("/data/statement", "missing member; a known cause needs a statement or a headline");
            }
        }
        Kind::VendorUpdated(updated) if updated.status.is_none() && updated.statement.is_none() && event.common.headline.is_none() => {
            faults.add("/data/status", "missing member; an update names a state, or has a statement or a headline");
        }
        Kind::ServiceRestored(restored) if restored.lasted.as_ref().is_some_and(|lasted| lasted.minutes == 0) => {
            faults.add("/data/lasted/minutes", "expected at least 1 minute");
        }
        Kind::EventCorrected(correction) => patch_rules(&correction.patch, faults),
        _ => {}
    }
    if let Some((first, second)) = scheduled(&event.kind)
        && first.start() >= second.end()
    {
        faults.add("/data/scheduled", format!("ends before it begins: {} to {}", first.text, second.text));
    }
    for (index, component) in event.common.components.iter().enumerate() {
        blank_rule(component, &format!("/data/components/{index}"), faults);
    }
    let named = match &event.kind {
        Kind::AnomalyDetected(sign) => sign.detected_by.as_ref().map(|text| (text, "/data/detected_by")),
        Kind::ReportsObserved(sign) => sign.channel.as_ref().map(|text| (text, "/data/channel")),
        Kind::ReportsSubsided(sign) => sign.channel.as_ref().map(|text| (text, "/data/channel")),
        _ => None,
    };
    if let Some((text, pointer)) = named {
        blank_rule(text, pointer, faults);
    }
}

/// Which members a patch may hold depends on the event that it corrects; here is asked what is true of all.
fn patch_rules(patch: &Map<String, Value>, faults: &mut Faults) {
    if patch.is_empty() {
        faults.add("/data/patch", "an empty patch changes nothing; name a member of the event's data and its new value, or null");
    }
    match patch.get("incidentid") {
        None | Some(Value::Null) => {}
        Some(Value::String(id)) if is_name(id, SOURCE_BYTES_MAX) => {}
        Some(_) => faults.add("/data/patch/incidentid", "expected 1 to 512 bytes of text without control characters, or null"),
    }
}

fn blank_rule(text: &str, pointer: &str, faults: &mut Faults) {
    if text.trim().is_empty() {
        faults.add(pointer, "an empty text; leave it out instead");
    }
}

fn scheduled(kind: &Kind) -> Option<&Window> {
    match kind {
        Kind::MaintenanceAnnounced(work) => work.scheduled.as_ref(),
        Kind::MaintenanceStarted(work) => work.scheduled.as_ref(),
        Kind::MaintenanceCompleted(work) => work.scheduled.as_ref(),
        _ => None,
    }
}

fn reference_rules(event: &Event, faults: &mut Faults) {
    let mut named: Vec<(&Ref, String)> = event.kind.named().into_iter().map(|(reference, member)| (reference, format!("/data/{member}"))).collect();
    for (pointer, when) in times(event) {
        let (point, member) = match &when.form {
            Form::Before { point, .. } => (point, "before"),
            Form::After { point, .. } => (point, "after"),
            _ => continue,
        };
        if let Point::Event { event } = point {
            named.push((event, format!("{pointer}/{member}/event")));
        }
    }
    for (reference, pointer) in named {
        if reference.source.as_deref().is_some_and(|source| !is_name(source, SOURCE_BYTES_MAX) || source.contains(' ')) {
            faults.add(format!("{pointer}/source"), "no event has such a source; expected 1 to 512 bytes without spaces or control characters");
        }
        if !is_name(&reference.id, ID_BYTES_MAX) {
            faults.add(format!("{pointer}/id"), "no event has such an id; expected 1 to 256 bytes without control characters");
        }
        if event.resolve(reference) == (event.source.as_str(), event.id.as_str()) {
            faults.add(pointer, "an event cannot name itself; name another one");
        }
    }
    if let Some(reference) = &event.common.reference {
        if reference.page.len() > SOURCE_BYTES_MAX {
            faults.add("/data/reference/page", format!("expected at most {SOURCE_BYTES_MAX} bytes"));
        }
        url_rule(&reference.page, "/data/reference/page", faults);
        if !is_name(&reference.id, ID_BYTES_MAX) {
            faults.add("/data/reference/id", "expected 1 to 256 bytes without control characters");
        }
        for (member, word) in [("update", &reference.update), ("status", &reference.status)] {
            if word.as_deref().is_some_and(|word| !is_name(word, ID_BYTES_MAX)) {
                faults.add(format!("/data/reference/{member}"), "expected 1 to 256 bytes without control characters");
            }
        }
    }
}

/// Every time that stands in an event, with its pointer.
fn times(event: &Event) -> Vec<(String, &When)> {
    let mut times: Vec<(String, Option<&When>)> =
        vec![("/data/occurred".to_owned(), event.common.occurred.as_ref()), ("/data/stated".to_owned(), event.common.stated.as_ref())];
    for (index, source) in event.common.sources.iter().enumerate() {
        times.push((format!("/data/sources/{index}/published"), source.published.as_ref()));
        times.push((format!("/data/sources/{index}/updated"), source.updated.as_ref()));
    }
    times.push((
        "/data/effective".to_owned(),
        match &event.kind {
            Kind::ContextAdded(context) => context.effective.as_ref(),
            Kind::CauseStated(cause) => cause.effective.as_deref(),
            _ => None,
        },
    ));
    times.into_iter().filter_map(|(pointer, when)| Some((pointer, when?))).collect()
}

/// What is asked of an event when it is handed in, and not of one that the ledger already holds.
pub(crate) fn at_the_door(event: &Event) -> Faults {
    let mut faults = Faults::default();
    name_rules(event, &mut faults);
    for (pointer, when) in times(event) {
        for (place, moment) in when.named_moments() {
            zone_rule(moment, format!("{pointer}/{place}"), &mut faults);
        }
    }
    if let Some((first, second)) = scheduled(&event.kind) {
        zone_rule(first, "/data/scheduled/0".to_owned(), &mut faults);
        zone_rule(second, "/data/scheduled/1".to_owned(), &mut faults);
    }
    if matches!(event.kind, Kind::EventRedacted(_)) {
        faults.add("/type", "a redaction is a record of the ledger's own; it comes from `dateline redact` only");
    }
    if event.common.sources.iter().any(|source| source.role == Role::SyndicatedFrom)
        && !event.common.sources.iter().any(|source| source.role == Role::ReadIn)
    {
        faults.add("/data/sources", "a copy names where it was read (role read_in) beside what it was copied from");
    }
    faults
}

/// The names that an event gives to itself and to its publisher.
fn name_rules(event: &Event, faults: &mut Faults) {
    if let Some(detail) = source_fault(&event.source) {
        faults.add("/source", detail);
    }
    let named = [("/id", Some(&event.id)), ("/incidentid", event.incidentid.as_ref())];
    let named = named.into_iter().chain([("/causationid", event.causationid.as_ref()), ("/correlationid", event.correlationid.as_ref())]);
    for (pointer, name) in named {
        if let Some(detail) = name.and_then(|name| name_fault(name)) {
            faults.add(pointer, detail);
        }
    }
}

fn zone_rule(moment: &Moment, pointer: String, faults: &mut Faults) {
    if let Some(fault) = moment.zone_fault() {
        faults.add(pointer, fault);
    }
}

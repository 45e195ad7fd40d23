//! The rules that a single event must meet, each fault named by its pointer.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::envelope::{Event, TYPE_PREFIX, TYPE_SUFFIX};
use crate::fault::{Faults, token};
use crate::kinds::Kind;
use crate::shapes::{Per, Ref, Role, Source};
use crate::time::{Instant, Moment, When};

const MAX_SOURCE_BYTES: usize = 512;
const MAX_ID_BYTES: usize = 256;
const MAX_SLUG_BYTES: usize = 64;
const MAX_SOURCES: usize = 32;

/// Lower-case letters, digits and hyphens, 1 to 64 bytes.
pub fn is_slug(text: &str) -> bool {
    (1..=MAX_SLUG_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Reads the context attributes as text, noting what is wrong with them.
pub(crate) fn attributes(envelope: &Map<String, Value>, faults: &mut Faults) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    for (name, value) in envelope {
        let pointer = format!("/{}", token(name));
        if name == "data_base64" {
            continue;
        }
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            faults.add(pointer, "a CloudEvents attribute has a name of lower-case letters and digits");
            continue;
        }
        match value {
            Value::String(text) => drop(read.insert(name.clone(), text.clone())),
            Value::Number(_) | Value::Bool(_) if !KNOWN.contains(&name.as_str()) => {}
            _ => faults.add(pointer, "expected a string"),
        }
    }
    for name in ["specversion", "id", "source", "type", "subject"] {
        if !envelope.contains_key(name) {
            faults.add(format!("/{name}"), "missing member");
        }
    }
    let mut demand = |name: &str, sound: &dyn Fn(&str) -> bool, expected: &str| {
        if let Some(text) = read.get(name)
            && !sound(text)
        {
            faults.add(format!("/{name}"), expected);
        }
    };
    demand("specversion", &|text| text == "1.0", "expected \"1.0\"");
    demand("id", &|text| is_name(text, MAX_ID_BYTES), "expected 1 to 256 bytes without control characters");
    demand("source", &|text| is_name(text, MAX_SOURCE_BYTES) && !text.contains(' '), "expected a URI reference of 1 to 512 bytes, such as \"/desks/demo\"");
    demand("subject", &is_slug, "expected the service's slug: 1 to 64 lower-case letters, digits and hyphens");
    demand("time", &|text| Instant::parse(text).is_some(), "expected RFC 3339, such as \"2022-10-25T06:37:00Z\"");
    demand("datacontenttype", &is_json, "expected \"application/json\"");
    for name in ["incidentid", "causationid", "correlationid", "traceparent", "tracestate"] {
        demand(name, &|text| is_name(text, MAX_SOURCE_BYTES), "expected 1 to 512 bytes without control characters");
    }
    read
}

const KNOWN: [&str; 12] = [
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "incidentid", "causationid", "correlationid", "traceparent",
];

fn is_name(text: &str, bytes_max: usize) -> bool {
    (1..=bytes_max).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn is_json(text: &str) -> bool {
    let media_type = text.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json") || media_type.to_ascii_lowercase().ends_with("+json")
}

/// The kind that `type` names, if this program reads it.
pub(crate) fn kind_of_type(text: &str, faults: &mut Faults) -> Option<String> {
    let Some(versioned) = text.strip_prefix(TYPE_PREFIX) else {
        faults.add("/type", format!("\"{text}\" is not a kind of Dateline's; expected \"dateline.<kind>.v1\""));
        return None;
    };
    let name = versioned.strip_suffix(TYPE_SUFFIX);
    if let Some(name) = name.filter(|name| Kind::NAMES.contains(name)) {
        return Some(name.to_owned());
    }
    let without_version = versioned.rsplit_once(".v").map_or(versioned, |(name, _)| name);
    let detail = if name.is_none() && Kind::NAMES.contains(&without_version) {
        format!("\"{text}\": this program reads version 1 of {without_version} only; send \"{TYPE_PREFIX}{without_version}{TYPE_SUFFIX}\"")
    } else {
        format!("\"{text}\" is not a known kind; known are {}", Kind::NAMES.join(", "))
    };
    faults.add("/type", detail);
    None
}

/// The rules between members, true of every event in the ledger.
pub(crate) fn rules(event: &Event) -> Faults {
    let mut faults = Faults::default();
    let common = &event.common;
    match (&common.occurred, event.kind.is_act() || matches!(event.kind, Kind::ContextAdded(_))) {
        (None, false) => faults.add("/data/occurred", "missing member; if nobody said when, send {\"unknown\":true}"),
        (Some(_), true) if event.kind.is_act() => faults.add("/data/occurred", "an act on the record has no time in the world; leave it out"),
        _ => {}
    }
    if common.sources.len() > MAX_SOURCES {
        faults.add("/data/sources", format!("at most {MAX_SOURCES} sources"));
    }
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
        faults.add(pointer, "expected an address that begins with https:// or http://");
    }
}

fn region_rule(region: &str, pointer: &str, faults: &mut Faults) {
    let (country, part) = region.split_once('-').map_or((region, None), |(country, part)| (country, Some(part)));
    let country_is_sound = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    let part_is_sound = part.is_none_or(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    if region != "world" && !(country_is_sound && part_is_sound) {
        faults.add(pointer, format!("\"{region}\" is not a region; expected an ISO 3166 code such as \"IN\" or \"IN-WB\", or \"world\""));
    }
}

fn number_rules(event: &Event, faults: &mut Faults) {
    for (index, count) in event.kind.counts().iter().enumerate() {
        let pointer = format!("/data/counts/{index}");
        if count.per == Some(Per::Window) && count.window_minutes.is_none() {
            faults.add(format!("{pointer}/window_minutes"), "missing member; \"per\" is \"window\"");
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
        Kind::EventCorrected(correction) if correction.patch.is_empty() => {
            faults.add("/data/patch", "an empty patch changes nothing");
        }
        _ => {}
    }
}

fn reference_rules(event: &Event, faults: &mut Faults) {
    let mut named: Vec<(&Ref, &str)> = event.kind.refs().into_iter().map(|reference| (reference, "/data")).collect();
    for (when, pointer) in [(&event.common.occurred, "/data/occurred"), (&event.common.stated, "/data/stated")] {
        named.extend(when.iter().filter_map(When::relation).map(|(reference, ..)| (reference, pointer)));
    }
    for (reference, pointer) in named {
        let source_is_sound = reference.source.as_deref().is_none_or(|source| is_name(source, MAX_SOURCE_BYTES));
        if !source_is_sound || !is_name(&reference.id, MAX_ID_BYTES) {
            faults.add(pointer, "names an event by a source or id that no event can have");
        }
        if event.resolve(reference) == (event.source.as_str(), event.id.as_str()) {
            faults.add(pointer, "an event cannot name itself");
        }
    }
    if let Some(reference) = &event.common.reference
        && !(is_name(&reference.page, MAX_SOURCE_BYTES) && is_name(&reference.id, MAX_ID_BYTES))
    {
        faults.add("/data/reference", "expected a page of 1 to 512 and an id of 1 to 256 bytes without control characters");
    }
}

/// What is asked of an event when it is handed in, and not of one that the ledger already holds.
pub(crate) fn at_the_door(event: &Event) -> Faults {
    let mut faults = Faults::default();
    let mut times = vec![("/data/occurred".to_owned(), &event.common.occurred), ("/data/stated".to_owned(), &event.common.stated)];
    for (index, source) in event.common.sources.iter().enumerate() {
        times.push((format!("/data/sources/{index}/published"), &source.published));
        times.push((format!("/data/sources/{index}/updated"), &source.updated));
    }
    if let Kind::ContextAdded(context) = &event.kind {
        times.push(("/data/effective".to_owned(), &context.effective));
    }
    for (pointer, when) in times {
        for fault in when.iter().flat_map(When::moments).filter_map(Moment::zone_fault) {
            faults.add(pointer.clone(), fault);
        }
    }
    if matches!(event.kind, Kind::EventRedacted(_)) {
        faults.add("/type", "a redaction is a record of the ledger's own; it comes from `dateline redact` only");
    }
    if event.common.sources.iter().any(|source| source.role == Role::SyndicatedFrom) && !event.common.sources.iter().any(|source| source.role == Role::ReadIn) {
        faults.add("/data/sources", "a copy names where it was read (role read_in) beside what it was copied from");
    }
    faults
}

//! The table of a monitor's commits: columns parted by tabs, `committed_at` and `subject` among them, `commit` where there is one. A
//! subject such as "🟥 Manual is down (503 in 120 ms) [skip ci] [upptime]" tells how a site was found; other subjects are passed over.
//!
//! A site that flaps is one incident: up and down again within `FOLD_MINUTES` is no end. Each finding in it is a post. An incident of
//! `MAX_FINDINGS` ends as soon as the site is up, and the next trouble is another one: what comes later changes nothing of it.

use std::collections::BTreeMap;

use dateline_events::Instant;
use jiff::tz::TimeZone;

use super::slug::slug;
use super::{State, trouble};
use crate::observation::{Observation, Refused, SeenIncident, SeenPost, SeenTime};

/// A site that is up for no longer than this between two times of trouble was not well.
const FOLD_MINUTES: i64 = 30;

/// After so many findings an incident takes no more but its end: half of what is read of one incident.
const MAX_FINDINGS: usize = 500;

/// One finding.
struct Finding {
    at: Instant,
    state: State,
    id: String,
    words: String,
}

/// Reads a table.
pub(super) fn table(text: &str) -> Result<Observation, String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').quoting(false).flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| headers.iter().position(|header| header.trim() == name);
    let missing = |name: &str| format!("a table without a column \"{name}\"");
    let (time, subject) = (column("committed_at").ok_or_else(|| missing("committed_at"))?, column("subject").ok_or_else(|| missing("subject"))?);
    let commit = column("commit");
    let mut observation = Observation::default();
    let mut sites: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for (place, row) in reader.records().enumerate() {
        let row = row.map_err(|error| error.to_string())?;
        let Some((site, state, words)) = row.get(subject).and_then(finding) else { continue };
        let told = row.get(time).unwrap_or_default().trim();
        let Some(at) = Instant::parse(told) else {
            let why = format!("\"{told}\" is not an RFC 3339 time such as \"2026-08-11T11:06:25Z\"");
            observation.refused.push(Refused { what: format!("row {}", place + 1), why });
            continue;
        };
        let commit = commit.and_then(|column| row.get(column)).map(str::trim).filter(|commit| !commit.is_empty());
        let id = commit.map_or_else(|| format!("{}-{}", state.word(), compact(at)), ToOwned::to_owned);
        sites.entry(site.to_owned()).or_default().push(Finding { at, state, id, words: words.to_owned() });
    }
    for (site, mut findings) in sites {
        // A log stands newest first, a table often oldest first; within a second the file's order holds.
        if findings.first().zip(findings.last()).is_some_and(|(first, last)| first.at > last.at) {
            findings.reverse();
        }
        findings.sort_by_key(|finding| finding.at);
        observation.incidents.extend(runs(&site, findings));
    }
    observation.incidents.sort_by_key(|incident| incident.started.as_ref().map(SeenTime::start));
    Ok(observation)
}

/// The site, its state and the subject without its tags; None where a subject tells of none.
fn finding(subject: &str) -> Option<(&str, State, &str)> {
    let mut words = subject.trim();
    while let Some((before, tag)) = words.strip_suffix(']').and_then(|open| open.rsplit_once('[')) {
        if tag.contains(']') {
            break;
        }
        words = before.trim_end();
    }
    // "(503 in 120 ms)"
    let told = words.strip_suffix(')').and_then(|open| open.rsplit_once('(')).map_or(words, |(before, _)| before).trim_end();
    let endings = [
        (" is up", State::Up),
        (" performance has improved", State::Up),
        (" is down", State::Down),
        (" is degraded", State::Degraded),
        (" has degraded performance", State::Degraded),
    ];
    let (site, state) = endings.iter().find_map(|(ending, state)| Some((told.strip_suffix(ending)?, *state)))?;
    let site = ["🟩", "🟥", "🟨"].iter().find_map(|square| site.strip_prefix(square)).unwrap_or(site);
    let site = site.trim_start_matches('\u{fe0f}').trim();
    (!site.is_empty()).then_some((site, state, words))
}

/// The incidents of one site; findings stand oldest first.
fn runs(site: &str, findings: Vec<Finding>) -> Vec<SeenIncident> {
    let slug = slug(site);
    let mut incidents = Vec::new();
    let mut run: Vec<Finding> = Vec::new();
    for finding in findings {
        let is_well = run.last().is_none_or(|last| last.state == State::Up);
        match finding.state {
            State::Up if is_well => {}
            State::Up => run.push(finding),
            _ => {
                let is_full = run.len() >= MAX_FINDINGS;
                let has_ended = run.last().filter(|_| is_well).is_some_and(|up| is_full || finding.at.0 - up.at.0 > FOLD_MINUTES * Instant::MINUTE);
                if has_ended {
                    incidents.extend(incident(&slug, site, std::mem::take(&mut run)));
                }
                // The same state once more is the same finding.
                if run.last().is_none_or(|last| last.state != finding.state && !is_full) {
                    run.push(finding);
                }
            }
        }
    }
    incidents.extend(incident(&slug, site, run));
    incidents
}

fn incident(slug: &str, site: &str, run: Vec<Finding>) -> Option<SeenIncident> {
    let (first, last) = (run.first()?, run.last()?);
    let worst = run.iter().map(|finding| finding.state).max()?;
    let mut incident = trouble(format!("{slug}-{}", compact(first.at)), slug, site, worst);
    // The headline is of the whole run; how bad it was when it began, its first finding says.
    incident.severity = first.state.severity();
    incident.severity_word = Some(first.state.word().to_owned());
    incident.started = SeenTime::second(first.at);
    incident.ended = SeenTime::second(last.at).filter(|_| last.state == State::Up);
    incident.updated = Some(last.at);
    incident.posts = run.into_iter().map(post).collect();
    Some(incident)
}

fn post(finding: Finding) -> SeenPost {
    SeenPost {
        id: Some(finding.id),
        at: SeenTime::second(finding.at),
        by: None,
        updated: None,
        status: None,
        status_word: Some(finding.state.word().to_owned()),
        words: Some(finding.words),
    }
}

/// A UTC second that an id can hold: `20260811T110625Z`.
fn compact(instant: Instant) -> String {
    let civil = instant.timestamp().to_zoned(TimeZone::UTC).datetime();
    let (year, month, day) = (civil.year(), civil.month(), civil.day());
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", civil.hour(), civil.minute(), civil.second())
}

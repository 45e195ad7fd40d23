//! A silent edit of a page in words: who changed what, how long after it was published, what stood there and what stands there
//! now. What was edited is found by `watched`; the words are the languages'.

use dateline_events::{Instant, Range, Severity};
use serde::Serialize;

use dateline_status_pages::Nature;

use super::UnknownZone;
use super::clean::clean;
use super::clock::{Around, Phrase, Style, Zone};
use super::language::Lang;
use super::names::Names;
use crate::model::Registry;
use dateline_status_pages::watched::{About, Edit, Edited, EditedValue, Watched};

/// A silent edit in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldEdit {
    /// Who changed what, and how long after; without a stop at its end.
    pub sentence: String,
    /// What stood there, on one line.
    pub before: Option<String>,
    /// What stands there now, on one line.
    pub after: Option<String>,
}

/// What the sentence of an edit is made of.
#[derive(Debug, Clone)]
pub(super) struct SaidEdit {
    pub(super) who: String,
    pub(super) what: Edited,
    pub(super) about: About,
    pub(super) is_maintenance: bool,
    pub(super) minor: bool,
    pub(super) announced: bool,
    /// How long after it was published.
    pub(super) elapsed: Option<Range>,
    /// By how many minutes a time was moved, and whether to an earlier one.
    pub(super) moved: Option<(u32, bool)>,
    pub(super) severities: Option<(Severity, Severity)>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// Tells an edit of what a page said. Times are told in `zone`.
///
/// # Errors
/// When the zone does not exist.
pub fn told_edit(watched: &Watched, edit: &Edit, registry: &Registry, zone: &str, lang: Lang) -> Result<ToldEdit, UnknownZone> {
    let zone = Zone::find(zone)?;
    let names = Names { lang, registry };
    let who = watched.vendor.as_ref().map(|source| names.vendor_of_page(&source.slug, source.name.as_ref()));
    let in_seconds = same_minute(edit);
    let value = |value: &Option<EditedValue>| value.as_ref().map(|value| told_value(value, &zone, lang, in_seconds));
    let (before, after) = (value(&edit.before), value(&edit.after));
    let said = SaidEdit {
        who: who.unwrap_or_else(|| clean(&watched.source)),
        what: edit.what,
        about: edit.about,
        is_maintenance: watched.nature == Nature::Maintenance,
        minor: edit.minor,
        announced: edit.announced,
        elapsed: edit.elapsed,
        moved: moved(edit),
        severities: severities(edit),
        before: before.clone(),
        after: after.clone(),
    };
    Ok(ToldEdit { sentence: lang.edit(&said), before, after })
}

/// Two times that a telling to the minute would not tell apart.
fn same_minute(edit: &Edit) -> bool {
    let (Some(EditedValue::Time(before)), Some(EditedValue::Time(after))) = (&edit.before, &edit.after) else { return false };
    before.0.div_euclid(Instant::MINUTE) == after.0.div_euclid(Instant::MINUTE)
}

fn told_value(value: &EditedValue, zone: &Zone, lang: Lang, in_seconds: bool) -> String {
    let told = |phrase: &Phrase, at: Instant| format!("{} {}", lang.time(phrase, Style::Claim, Around::default()), zone.abbreviation(at));
    match value {
        EditedValue::Text(text) => clean(text),
        EditedValue::Time(at) if in_seconds => at.to_string(),
        EditedValue::Time(at) => told(&Phrase::At { stamp: zone.stamp(*at), approximate: false }, *at),
        // A window within which the clocks are set says at each end what they are called.
        EditedValue::Window(from, until) if zone.abbreviation(*from) != zone.abbreviation(*until) => {
            let zone = zone.clone().naming_clocks();
            lang.time(&Phrase::Range(zone.stamp(*from), zone.stamp(*until)), Style::Claim, Around::default())
        }
        EditedValue::Window(from, until) => told(&Phrase::Range(zone.stamp(*from), zone.stamp(*until)), *from),
        EditedValue::Severity(severity) => lang.severity(*severity).to_owned(),
    }
}

fn moved(edit: &Edit) -> Option<(u32, bool)> {
    let (Some(EditedValue::Time(before)), Some(EditedValue::Time(after))) = (&edit.before, &edit.after) else { return None };
    let minutes = before.0.abs_diff(after.0) / Instant::MINUTE.unsigned_abs();
    Some((u32::try_from(minutes).unwrap_or(u32::MAX), after < before))
}

fn severities(edit: &Edit) -> Option<(Severity, Severity)> {
    match (&edit.before, &edit.after) {
        (Some(EditedValue::Severity(before)), Some(EditedValue::Severity(after))) => Some((*before, *after)),
        _ => None,
    }
}

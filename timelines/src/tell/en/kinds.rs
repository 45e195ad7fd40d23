//! An English sentence for each kind of event. A new kind does not compile until it has one here.

use dateline_events::kinds::{Extent, FollowupReported, Relation, ServiceRestored, VendorStatus, Verdict};
use dateline_events::{Count, Event, Kind, Region, Severity, Share, Statement, Symptom};

use super::numbers::{count, lasted, number, qualified};
use super::regions::{in_sentence, region};
use super::{capital, list};
use crate::model::{Inferred, dates_planned_work, inferred, is_called_off, is_found, is_slow};
use crate::tell::clean::{at_most, clean};
use crate::tell::language::{Setting, Spoken, rated};
use crate::tell::names::Names;
use crate::tell::quotation::spoken;

/// What the event says, without its time, its sources and a stop.
pub(in crate::tell) fn sentence(event: &Event, names: &Names, setting: &Setting) -> String {
    if let Some(headline) = event.common.headline.as_ref().filter(|headline| headline.find("en").is_some()) {
        return at_place(&names.text(headline), event.kind.regions(), setting);
    }
    let told = match &event.kind {
        Kind::ServiceRegistered(service) => format!("{} is registered", names.text(&service.names)),
        Kind::AnomalyDetected(sign) => anomaly(event, sign.detected_by.as_deref(), names, setting),
        Kind::ReportsObserved(sign) => reports(&sign.regions, event, names, setting),
        Kind::ReportsSubsided(sign) => subsided(&sign.counts, &sign.regions),
        Kind::ScopeChanged(scope) if scope.known == Some(false) => "Not yet known whether other countries are hit".to_owned(),
        Kind::ScopeChanged(scope) => scope_changed(event, &scope.regions, &scope.symptoms, scope.severity, names),
        Kind::VendorAcknowledged(said) => acknowledged(said.statement.as_ref(), names, setting),
        Kind::VendorUpdated(said) => updated(said.status, said.statement.as_ref(), names, setting),
        Kind::ServiceRestored(back) => with_statement(restored(event, back, names, setting), back.statement.as_ref(), names, setting),
        Kind::CauseStated(cause) if cause.known == Some(false) => "the reason is still not known".to_owned(),
        Kind::CauseStated(cause) => caused(cause.statement.as_ref(), names, setting),
        Kind::FollowupReported(followup) => followed(followup, names),
        Kind::ContextAdded(context) => names.text(&context.text),
        Kind::StatementTranslated(act) => format!("In {}: “{}”", super::language(&act.quotation.lang.0), clean(&act.quotation.text)),
        Kind::EventCorrected(act) => act.reason.as_ref().map_or("Correction".to_owned(), |reason| format!("Correction: {}", names.text(reason))),
        Kind::EventRetracted(act) => act.reason.as_ref().map_or("Taken back".to_owned(), |reason| format!("Taken back: {}", names.text(reason))),
        Kind::VendorSilent(silent) => {
            let who = silent.organisation.as_ref().map(|who| names.organisation(who)).or_else(|| setting.vendor.clone());
            who.map_or("No statement so far".to_owned(), |who| format!("No statement from {who} so far"))
        }
        Kind::ClaimWeighed(act) => {
            format!("{}{}", verdict(act.verdict), act.reason.as_ref().map(|reason| format!(": {}", names.text(reason))).unwrap_or_default())
        }
        Kind::MaintenanceAnnounced(_) if dates_planned_work(event) => {
            dated("start of the planned work", "Planned work begins", &names.vendor_itself(event).unwrap_or_default(), setting)
        }
        Kind::MaintenanceAnnounced(work) => planned("Planned work announced", &work.regions, names.work(work.text.as_ref(), event), setting),
        Kind::MaintenanceStarted(work) => {
            let told = if setting.is_under_way { "Planned work goes on" } else { "Planned work begins" };
            planned(told, &work.regions, names.work(work.text.as_ref(), event), setting)
        }
        Kind::MaintenanceCompleted(work) => {
            let told = if is_called_off(event) { "Planned work is called off" } else { "Planned work is done" };
            planned(told, &work.regions, names.work(work.text.as_ref(), event), setting)
        }
        Kind::IncidentLinked(link) => format!("{} ({} → {})", relation(link.relation), clean(&link.from.id), clean(&link.to.id)),
        Kind::IncidentTitled(act) => names.text(&act.title),
        Kind::EventRedacted(act) => format!("The text at position {} was destroyed", number(act.position)),
    };
    let headline = event.common.headline.as_ref().map(|headline| format!(": “{}”", names.text(headline))).unwrap_or_default();
    let components =
        Some(clean(&event.common.components.join(", "))).filter(|components| !components.is_empty() && !told.contains(components.as_str()));
    let components = components.map(|components| format!(" ({components})")).unwrap_or_default();
    format!("{told}{headline}{components}")
}

/// Verbs behind which it stands whom somebody asks or tells something.
const ASKED_OF: [&str; 15] =
    ["ask", "asks", "asked", "tells", "told", "urges", "urged", "orders", "ordered", "warns", "warned", "summons", "summoned", "fines", "fined"];

/// Who does what, to whom: as the text says, where it is a sentence that names who does it.
fn followed(followup: &FollowupReported, names: &Names) -> String {
    let (who, text) = (names.text(&followup.who), names.text(&followup.text));
    let is_named = |name: &str| text.to_lowercase().contains(&name.to_lowercase());
    if is_named(&who) {
        return text;
    }
    let Some(to) = followup.to.as_ref().map(|to| names.organisation(to)).filter(|to| !is_named(to)) else {
        return format!("{} {text}", capital(&who));
    };
    match text.split_once(' ').filter(|(verb, _)| ASKED_OF.contains(verb)) {
        Some((verb, what)) => format!("{} {verb} {to} {what}", capital(&who)),
        None => format!("{} {text} (to {to})", capital(&who)),
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Preferred => "Preferred",
        Verdict::Confirmed => "Confirmed",
        Verdict::Disputed => "Disputed",
        Verdict::Unsupported => "Not supported",
    }
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::CausedBy => "Caused by another incident",
        Relation::PartOf => "Part of another incident",
        Relation::SameAs => "The same as another incident",
    }
}

/// A headline, with its place before it where the story is not told for that place alone.
fn at_place(headline: &str, regions: &[Region], setting: &Setting) -> String {
    if regions.is_empty() || setting.milestone.is_some() {
        return headline.to_owned();
    }
    format!("{}: {headline}", list(&regions.iter().map(|code| region(code)).collect::<Vec<_>>()))
}

fn anomaly(event: &Event, detected_by: Option<&str>, names: &Names, setting: &Setting) -> String {
    let Kind::AnomalyDetected(sign) = &event.kind else { return String::new() };
    let place = if sign.regions.is_empty() { String::new() } else { format!(" from {}", places(&sign.regions)) };
    let detector = detected_by.map(|slug| names.detector(slug, event));
    if let (None, Some(vendor)) = (detected_by, names.vendor_itself(event)) {
        return dated("start", "It began", &vendor, setting);
    }
    if detected_by.is_none() && inferred(event) == Some(Inferred::FromProbe) {
        return found(event, names);
    }
    let mut told = detector.map_or(format!("Unusual number of reports{place}"), |who| format!("{who} sees an unusual number of reports{place}"));
    let figures = figures(event, &[]);
    let measure = sign.measure.as_ref().map(|measure| names.text(measure));
    let baseline = sign.baseline.map(|usual| format!("usually {usual}"));
    let more: Vec<String> = [Some(figures).filter(|told| !told.is_empty()), measure, baseline].into_iter().flatten().collect();
    if !more.is_empty() {
        told = format!("{told}: {}", more.join(", "));
    }
    told
}

/// "GitHub dates the start to 13:29"; what is only bounded is dated by nobody: "It began by 14:00".
fn dated(what: &str, otherwise: &str, vendor: &str, setting: &Setting) -> String {
    match &setting.time {
        Some((time, true)) => format!("{vendor} dates the {what} to {time}"),
        Some((time, false)) => format!("{otherwise} {time}"),
        None => format!("{vendor} dates the {what} to this time"),
    }
}

/// How a monitor finds it.
fn found(event: &Event, names: &Names) -> String {
    format!("The monitor finds {} {}", names.asked(event), if is_slow(event) { "slow" } else { "down" })
}

/// "Italy and Turkey", with articles.
fn places(regions: &[Region]) -> String {
    list(&regions.iter().map(|code| in_sentence(code)).collect::<Vec<_>>())
}

fn reports(regions: &[Region], event: &Event, names: &Names, setting: &Setting) -> String {
    let told = [counts(event.kind.counts(), true), shares(event.kind.shares(), &[])];
    let figures = told.into_iter().filter(|told| !told.is_empty()).collect::<Vec<_>>().join("; ");
    let symptoms = event.common.symptom_text.as_ref().map(|text| names.text(text));
    // Figures may name their places themselves.
    let is_placed = event.kind.counts().iter().any(|count| count.region.is_some()) || event.kind.shares().iter().any(|share| share.region.is_some());
    if setting.names(regions) && !is_placed && (!figures.is_empty() || symptoms.is_some()) {
        let place = list(&regions.iter().map(|code| region(code)).collect::<Vec<_>>());
        return format!(
            "{place}: {}",
            [Some(figures).filter(|told| !told.is_empty()), symptoms].into_iter().flatten().collect::<Vec<_>>().join("; ")
        );
    }
    match (figures.is_empty(), symptoms) {
        (true, Some(symptoms)) => capital(&symptoms),
        (true, None) if regions.is_empty() => "Users report trouble".to_owned(),
        (true, None) => format!("Users in {} report trouble", places(regions)),
        (false, Some(symptoms)) => format!("{}; {symptoms}", capital(&figures)),
        (false, None) => capital(&figures),
    }
}

/// Counts and shares, without the words around them.
pub(in crate::tell) fn figures(event: &Event, known: &[Symptom]) -> String {
    let told = [counts(event.kind.counts(), false), shares(event.kind.shares(), known)];
    told.iter().filter(|told| !told.is_empty()).cloned().collect::<Vec<_>>().join("; ")
}

fn counts(counts: &[Count], with_unit: bool) -> String {
    let peaks = counts.len() > 1 && counts.iter().all(|count| count.peak);
    let mut says_reports = !with_unit;
    let told: Vec<String> = counts
        .iter()
        .map(|each| {
            let place = each.region.as_deref().map(region);
            let amount = count(each);
            let reports = if each.value == 1 { " report" } else { " reports" };
            let unit = if std::mem::replace(&mut says_reports, true) { "" } else { reports };
            let what = if each.symptoms.is_empty() { String::new() } else { format!(" of {}", symptoms(&each.symptoms)) };
            match (place, each.from, each.peak) {
                (Some(place), Some(from), _) => format!("{place}: reports {} from {} to {amount}{what}", direction(from, each.value), number(from)),
                (None, Some(from), _) => format!("reports {} from {} to {amount}{what}", direction(from, each.value), number(from)),
                (Some(place), None, true) if peaks => format!("{place} {amount}{what}"),
                (Some(place), None, true) => format!("{place}: a peak of {amount}{unit}{what}"),
                (None, None, true) => format!("a peak of {amount}{unit}{what}"),
                (Some(place), None, false) => format!("{place} {}", unit_inside(each, &amount, unit, &what)),
                (None, None, false) => unit_inside(each, &amount, unit, &what),
            }
        })
        .collect();
    if peaks { format!("Peak: {}", told.join(", ")) } else { told.join(", ") }
}

/// "more than 25,000 reports", "more than 60,000 reports an hour".
fn unit_inside(each: &Count, amount: &str, unit: &str, what: &str) -> String {
    let bare = qualified(&number(each.value), each.qualifier);
    amount.strip_prefix(&bare).map_or_else(|| format!("{amount}{unit}{what}"), |over| format!("{bare}{unit}{what}{over}"))
}

fn direction(from: u64, to: u64) -> &'static str {
    if to < from { "fall" } else { "rise" }
}

fn shares(shares: &[Share], known: &[Symptom]) -> String {
    let mut says_reports = !known.is_empty();
    let told: Vec<String> = shares
        .iter()
        .map(|share| {
            let place = share.region.as_deref().map(|code| format!("{} ", region(code))).unwrap_or_default();
            let percent = format!("{place}{}", qualified(&format!("{} %", percent(share.share)), share.qualifier));
            let of_reports = if std::mem::replace(&mut says_reports, true) { "" } else { " of reports:" };
            if share.symptoms == known { percent } else { format!("{percent}{of_reports} {}", symptoms(&share.symptoms)) }
        })
        .collect();
    told.join("; ")
}

/// A share in percent, with at most one decimal.
fn percent(share: f64) -> String {
    let tenths = (share * 1000.0).round() / 10.0;
    if (tenths - tenths.round()).abs() < 0.05 { format!("{tenths:.0}") } else { format!("{tenths:.1}") }
}

pub(super) fn symptoms(symptoms: &[Symptom]) -> String {
    if symptoms == [Symptom::Sending, Symptom::Receiving] {
        return "can neither read nor send".to_owned();
    }
    list(&symptoms.iter().map(|symptom| self::symptom(*symptom).to_owned()).collect::<Vec<_>>())
}

fn symptom(symptom: Symptom) -> &'static str {
    match symptom {
        Symptom::Sending => "messages not sending",
        Symptom::Receiving => "messages not arriving",
        Symptom::Connection => "server connection",
        Symptom::App => "the app",
        Symptom::Website => "the website",
        Symptom::Login => "logging in",
        Symptom::Calls => "calls",
        Symptom::Media => "photos and videos",
        Symptom::Payments => "payments",
        Symptom::Api => "the API",
        Symptom::Latency => "slowness",
        Symptom::Other => "other",
        Symptom::Unknown => "unknown",
    }
}

fn subsided(counts: &[Count], regions: &[Region]) -> String {
    let place = if regions.is_empty() { String::new() } else { format!(" in {}", places(regions)) };
    let told: Vec<String> = counts
        .iter()
        .map(|each| format!("{}{}", each.region.as_deref().map(|code| format!("{} ", region(code))).unwrap_or_default(), count(each)))
        .collect();
    if told.is_empty() { format!("Reports back to normal{place}") } else { format!("Reports down{place} to {}", told.join(", ")) }
}

fn scope_changed(event: &Event, regions: &[Region], hit: &[Symptom], severity: Option<Severity>, names: &Names) -> String {
    if is_found(event) {
        return found(event, names);
    }
    let mut parts = Vec::new();
    if !regions.is_empty() {
        parts.push(format!("Trouble is reported from {} too", places(regions)));
    }
    match &event.common.symptom_text {
        Some(text) => parts.push(names.text(text)),
        None if !hit.is_empty() => parts.push(format!("Affected: {}", symptoms(hit))),
        None => {}
    }
    let severity = severity.map(|severity| {
        let word = rated(event, severity);
        let rated = if parts.is_empty() { "Rated" } else { "rated" };
        names.vendor_itself(event).map_or_else(|| format!("{rated} “{word}”"), |vendor| format!("{vendor} rates it “{word}”"))
    });
    parts.extend(severity);
    if parts.is_empty() { "The extent of the trouble has changed".to_owned() } else { parts.join("; ") }
}

fn acknowledged(statement: Option<&Statement>, names: &Names, setting: &Setting) -> String {
    let said = said(statement, names, setting);
    let who = said.as_ref().and_then(|said| said.organisation.clone()).or_else(|| setting.vendor.clone()).unwrap_or_else(|| "The vendor".to_owned());
    let by = setting.by.as_ref().map(|by| format!(", {by}")).unwrap_or_default();
    match said {
        Some(said) => format!("{who} acknowledges{by}. {}", quoted(&said, Some(&who), false)),
        None => format!("{who} acknowledges the trouble{by}"),
    }
}

fn updated(status: Option<VendorStatus>, statement: Option<&Statement>, names: &Names, setting: &Setting) -> String {
    let said = said(statement, names, setting);
    let who = said.as_ref().and_then(|said| said.organisation.clone()).or_else(|| setting.vendor.clone()).unwrap_or_else(|| "The vendor".to_owned());
    let Some(status) = status else {
        return said.map_or_else(|| format!("{who} says how it stands"), |said| format!("{who}: “{}”", said.words));
    };
    let (word, sentence) = match status {
        VendorStatus::Investigating => ("investigating", "is investigating"),
        VendorStatus::Identified => ("identified", "has found the problem"),
        VendorStatus::Monitoring => ("monitoring", "has put a fix in place and is watching it"),
        VendorStatus::Resolved => ("resolved", "says that it is resolved"),
        VendorStatus::Postmortem => ("afterwards", "publishes its own account"),
    };
    match said {
        // A person's words speak for themselves; a status page's need the status that stands beside them.
        Some(said) if said.speaker.is_some() && status == VendorStatus::Resolved => quoted(&said, None, true),
        Some(said) => format!("{who}, {word}: “{}”", said.words),
        None => format!("{who} {sentence}"),
    }
}

fn restored(event: &Event, back: &ServiceRestored, names: &Names, setting: &Setting) -> String {
    if let (Some(inferred), Some(source)) = (inferred(event), event.read_in().next().map(|source| names.source(source))) {
        return match inferred {
            Inferred::LeftList => format!("{source} took it off its list of open incidents"),
            Inferred::FromPosts => dated("end", "It was over", &source, setting),
            Inferred::FromProbe => "The monitor finds it up again".to_owned(),
        };
    }
    let regions = &back.regions;
    let place = if setting.names_of_end(regions) { format!(" in {}", places(regions)) } else { String::new() };
    let after = back.lasted.as_ref().map(|said| format!(", after {}", lasted(said.minutes, said.qualifier))).unwrap_or_default();
    match back.extent {
        Extent::Full => format!("Service restored{place}{after}"),
        Extent::Partial => format!("Partly back{place}{after}"),
        Extent::Unstable => format!("Service begins to return{place}{after}, not stable"),
    }
}

fn caused(statement: Option<&Statement>, names: &Names, setting: &Setting) -> String {
    match said(statement, names, setting) {
        Some(said) if said.speaker.is_none() && said.organisation.is_none() => format!("Cause: “{}”", said.words),
        Some(said) => quoted(&said, None, true),
        None => "A cause is stated".to_owned(),
    }
}

fn with_statement(told: String, statement: Option<&Statement>, names: &Names, setting: &Setting) -> String {
    match said(statement, names, setting) {
        Some(said) => format!("{told}. {}", quoted(&said, None, true)),
        None => told,
    }
}

fn said(statement: Option<&Statement>, names: &Names, setting: &Setting) -> Option<Spoken> {
    setting.spoken.clone().or_else(|| statement.map(|statement| spoken(statement, &statement.quotation, false, names)))
}

/// "A spokesperson: “…”"; by the organisation's name where that is short enough to stand for its people.
fn quoted(said: &Spoken, told: Option<&str>, by_organisation: bool) -> String {
    let speaker = said.speaker.as_deref().unwrap_or_default();
    let shortened = told.and_then(|who| speaker.strip_prefix("a ")?.strip_prefix(who)?.strip_prefix(' ').map(|role| format!("a {role}")));
    let who = match (&said.organisation, by_organisation) {
        (Some(organisation), true) => organisation.clone(),
        _ => shortened.unwrap_or_else(|| speaker.to_owned()),
    };
    let words = &said.words;
    if who.is_empty() { format!("“{words}”") } else { format!("{}: “{words}”", capital(&at_most(&who, 200))) }
}

fn planned(told: &str, regions: &[Region], text: Option<String>, setting: &Setting) -> String {
    let place = if regions.is_empty() { String::new() } else { format!(" in {}", places(regions)) };
    let window = setting.window.as_ref().map(|window| format!(", {window}")).unwrap_or_default();
    let text = text.map(|text| if setting.is_vendors { format!(": “{text}”") } else { format!(": {text}") }).unwrap_or_default();
    format!("{told}{place}{window}{text}")
}

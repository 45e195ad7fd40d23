//! A Bengali sentence for each kind of event. A new kind does not compile until it has one here.

use dateline_events::kinds::{Extent, FollowupReported, Relation, VendorStatus, Verdict};
use dateline_events::{Count, Event, Kind, Region, Severity, Share, Statement, Symptom};

use super::joined;
use super::numbers::{count, digits, lasted, qualified};
use super::regions::{language, name, within};
use super::sound::{genitive, locative};
use crate::model::{Inferred, dates_planned_work, inferred, is_called_off, is_found, is_slow};
use crate::tell::clean::{at_most, clean};
use crate::tell::language::{Lang, Setting, Spoken, rated};
use crate::tell::names::Names;
use crate::tell::quotation::spoken;

/// What the event says, without its time, its sources and a stop.
pub(in crate::tell) fn sentence(lang: Lang, event: &Event, names: &Names, setting: &Setting) -> String {
    if let Some(headline) = event.common.headline.as_ref().filter(|headline| headline.find(lang.tag()).is_some()) {
        return at_place(&names.text(headline), event.kind.regions(), setting);
    }
    let text = |text: Option<&dateline_events::Text>| text.map(|text| names.text(text));
    let because = |reason: Option<&dateline_events::Text>| text(reason).map(|reason| format!(": {reason}")).unwrap_or_default();
    let told = match &event.kind {
        Kind::ServiceRegistered(service) => format!("নথিভুক্ত পরিষেবা: {}", names.text(&service.names)),
        Kind::AnomalyDetected(sign) => anomaly(lang, event, sign.detected_by.as_deref(), (names, setting)),
        Kind::ReportsObserved(sign) => reports(lang, &sign.regions, event, (names, setting)),
        Kind::ReportsSubsided(sign) => subsided(lang, &sign.counts, &sign.regions),
        Kind::ScopeChanged(scope) if scope.known == Some(false) => "অন্য কোনও দেশে সমস্যা হচ্ছে কি না, তখনও জানা যায়নি".to_owned(),
        Kind::ScopeChanged(scope) => scope_changed(event, &scope.regions, &scope.symptoms, scope.severity, names),
        Kind::VendorAcknowledged(said) => acknowledged(said.statement.as_ref(), names, setting),
        Kind::VendorUpdated(said) => updated(said.status, said.statement.as_ref(), names, setting),
        Kind::ServiceRestored(back) => with_statement(restored(lang, event, names, setting), back.statement.as_ref(), names, setting),
        Kind::CauseStated(cause) if cause.known == Some(false) => "কারণ এখনও অজানা".to_owned(),
        Kind::CauseStated(cause) => caused(cause.statement.as_ref(), names, setting),
        Kind::FollowupReported(followup) => followed(followup, names),
        Kind::ContextAdded(context) => names.text(&context.text),
        Kind::StatementTranslated(act) => format!("{} অনুবাদ: “{}”", language(lang, &act.quotation.lang.0), clean(&act.quotation.text)),
        Kind::EventCorrected(act) => format!("সংশোধন{}", because(act.reason.as_ref())),
        Kind::EventRetracted(act) => format!("প্রত্যাহৃত{}", because(act.reason.as_ref())),
        Kind::VendorSilent(silent) => {
            let who = silent.organisation.as_ref().map(|who| names.organisation(who)).or_else(|| setting.vendor.clone());
            who.map_or("তখনও কোনও বিবৃতি মেলেনি".to_owned(), |who| {
                format!("{} কোনও বিবৃতি তখনও মেলেনি", names.genitive(&who))
            })
        }
        Kind::ClaimWeighed(act) => format!("{}{}", verdict(act.verdict), because(act.reason.as_ref())),
        Kind::MaintenanceAnnounced(_) if dates_planned_work(event) => {
            let vendor = names.vendor_itself(event).unwrap_or_default();
            format!("{} হিসেবে রক্ষণাবেক্ষণের কাজ শুরু", genitive(&vendor))
        }
        Kind::MaintenanceAnnounced(work) => planned("রক্ষণাবেক্ষণের কাজের আগাম ঘোষণা", &work.regions, names.work(work.text.as_ref(), event), setting),
        Kind::MaintenanceStarted(work) => {
            let told = if setting.is_under_way {
                "রক্ষণাবেক্ষণের কাজ চলছে"
            } else {
                "রক্ষণাবেক্ষণের কাজ শুরু"
            };
            planned(told, &work.regions, names.work(work.text.as_ref(), event), setting)
        }
        Kind::MaintenanceCompleted(work) => {
            let told = if is_called_off(event) {
                "রক্ষণাবেক্ষণের কাজ বাতিল"
            } else {
                "রক্ষণাবেক্ষণের কাজ শেষ"
            };
            planned(told, &work.regions, names.work(work.text.as_ref(), event), setting)
        }
        Kind::IncidentLinked(link) => format!("{} ({} → {})", relation(link.relation), clean(&link.from.id), clean(&link.to.id)),
        Kind::IncidentTitled(act) => names.text(&act.title),
        Kind::EventRedacted(act) => format!("{} নম্বর স্থানের লেখাটি নষ্ট করা হয়েছে", digits(&act.position.to_string())),
    };
    let headline = text(event.common.headline.as_ref()).map(|headline| format!(": “{headline}”")).unwrap_or_default();
    let is_probe = matches!(event.kind, Kind::AnomalyDetected(_)) && inferred(event) == Some(Inferred::FromProbe);
    let components = Some(clean(&event.common.components.join(", "))).filter(|components| !components.is_empty() && !is_probe);
    let components = components.map(|components| format!(" ({components})")).unwrap_or_default();
    format!("{told}{headline}{components}")
}

/// Who does what, to whom: as the text says, where it is a sentence that names who does it.
fn followed(followup: &FollowupReported, names: &Names) -> String {
    let (who, text) = (names.text(&followup.who), names.text(&followup.text));
    if text.contains(&who) {
        return text;
    }
    let to = followup.to.as_ref().map(|to| names.organisation(to)).filter(|to| !text.contains(to.as_str()));
    format!("{who}: {text}{}", to.map(|to| format!(" ({} কাছে)", genitive(&to))).unwrap_or_default())
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Preferred => "ডেস্কের পছন্দ",
        Verdict::Confirmed => "সমর্থিত",
        Verdict::Disputed => "এ নিয়ে মতভেদ আছে",
        Verdict::Unsupported => "সমর্থন মেলেনি",
    }
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::CausedBy => "অন্য একটি বিভ্রাটের জেরে",
        Relation::PartOf => "অন্য একটি বিভ্রাটের অংশ",
        Relation::SameAs => "অন্য একটি বিভ্রাটের সঙ্গে অভিন্ন",
    }
}

/// A headline, with its place before it where the story is not told for that place alone.
fn at_place(headline: &str, regions: &[Region], setting: &Setting) -> String {
    if regions.is_empty() || setting.milestone.is_some() {
        return headline.to_owned();
    }
    format!("{} {headline}", places_within(regions))
}

/// "ইতালি ও তুরস্কে": only the last takes the ending.
fn places_within(regions: &[Region]) -> String {
    locative(&places(regions))
}

fn places(regions: &[Region]) -> String {
    joined(&regions.iter().map(|code| name(code)).collect::<Vec<_>>())
}

/// "গিটহাবের হিসেবে তখনই শুরু"; what is only bounded is dated by nobody: "বিভ্রাট শুরু".
fn dated(what: &str, vendor: &str, setting: &Setting) -> String {
    if matches!(setting.time, Some((_, false))) {
        format!("বিভ্রাট {what}")
    } else {
        format!("{} হিসেবে তখনই {what}", genitive(vendor))
    }
}

/// How a monitor finds it.
fn found(event: &Event, names: &Names) -> String {
    let answer = if is_slow(event) { "দেরিতে সাড়া মেলে" } else { "সাড়া মেলেনি" };
    format!("নজরদারিতে {} {answer}", names.genitive(&names.asked(event)))
}

fn anomaly(lang: Lang, event: &Event, detected_by: Option<&str>, (names, setting): (&Names, &Setting)) -> String {
    let Kind::AnomalyDetected(sign) = &event.kind else { return String::new() };
    let place = if sign.regions.is_empty() { String::new() } else { format!("{} থেকে ", places(&sign.regions)) };
    let detector = detected_by.map(|slug| names.detector(slug, event));
    if let (None, Some(vendor)) = (detected_by, names.vendor_itself(event)) {
        return dated("শুরু", &vendor, setting);
    }
    if detected_by.is_none() && inferred(event) == Some(Inferred::FromProbe) {
        return found(event, names);
    }
    let told = match detector {
        Some(who) => format!("{} ধরা পড়ে, {place}অস্বাভাবিক হারে অভিযোগ আসছে", locative(&who)),
        None => format!("{place}অস্বাভাবিক হারে অভিযোগ আসতে শুরু করে"),
    };
    let figures = Some(figures(lang, event, &[])).filter(|figures| !figures.is_empty());
    let measure = sign.measure.as_ref().map(|measure| names.text(measure));
    let baseline = sign.baseline.map(|usual| format!("সাধারণত {}", digits(&usual.to_string())));
    let more: Vec<String> = [figures, measure, baseline].into_iter().flatten().collect();
    if more.is_empty() { told } else { format!("{told}: {}", more.join(", ")) }
}

fn reports(lang: Lang, regions: &[Region], event: &Event, (names, setting): (&Names, &Setting)) -> String {
    let told = [counts(lang, event.kind.counts(), true), shares(event.kind.shares(), &[])];
    let figures = told.into_iter().filter(|told| !told.is_empty()).collect::<Vec<_>>().join("; ");
    let symptoms = event.common.symptom_text.as_ref().map(|text| names.text(text));
    // Figures may name their places themselves.
    let is_placed = event.kind.counts().iter().any(|count| count.region.is_some()) || event.kind.shares().iter().any(|share| share.region.is_some());
    if setting.names(regions) && !is_placed && (!figures.is_empty() || symptoms.is_some()) {
        let told = [Some(figures).filter(|told| !told.is_empty()), symptoms].into_iter().flatten().collect::<Vec<_>>().join("; ");
        return format!("{}: {told}", places(regions));
    }
    match (figures.is_empty(), symptoms) {
        (true, Some(symptoms)) => symptoms,
        (true, None) if regions.is_empty() => "ব্যবহারকারীরা সমস্যার কথা জানান".to_owned(),
        (true, None) => format!("{} ব্যবহারকারীরা সমস্যার কথা জানান", genitive(&places(regions))),
        (false, Some(symptoms)) if figures.contains(&symptoms) => figures,
        (false, Some(symptoms)) => format!("{figures}; {symptoms}"),
        (false, None) => figures,
    }
}

/// Counts and shares, without the words around them.
pub(in crate::tell) fn figures(lang: Lang, event: &Event, known: &[Symptom]) -> String {
    let mut counted = counts(lang, event.kind.counts(), false);
    let is_total = |each: &Count| each.per == Some(dateline_events::Per::Total) && each.region.is_none() && each.from.is_none() && !each.peak;
    if let [only] = event.kind.counts()
        && is_total(only)
    {
        counted = format!("মোট {counted}");
    }
    [counted, shares(event.kind.shares(), known)].into_iter().filter(|told| !told.is_empty()).collect::<Vec<_>>().join("; ")
}

fn counts(lang: Lang, counts: &[Count], with_unit: bool) -> String {
    let peaks = counts.len() > 1 && counts.iter().all(|count| count.peak);
    let mut names_reports = peaks;
    let mut told: Vec<String> = counts
        .iter()
        .map(|each| {
            let place = each.region.as_deref().map(|code| format!("{} ", within(code))).unwrap_or_default();
            let what = if each.symptoms.is_empty() { String::new() } else { format!(" ({})", symptoms(&each.symptoms)) };
            let amount = format!("{}{what}", count(lang, each));
            match (each.from, each.peak && !peaks) {
                (Some(from), _) => {
                    names_reports = true;
                    format!("{place}অভিযোগ {} থেকে {} {amount}", qualified(lang, from, None), direction(from, each.value))
                }
                (None, true) => {
                    names_reports = true;
                    let place = each.region.as_deref().map(|code| format!("{}: ", name(code))).unwrap_or_default();
                    format!("{place}সর্বোচ্চ {amount} অভিযোগ")
                }
                (None, false) => format!("{place}{amount}"),
            }
        })
        .collect();
    if let Some(last) = told.last_mut().filter(|_| with_unit && !names_reports) {
        let pieces = if last == "১" { "টি" } else { "" };
        last.push_str(&format!("{pieces} অভিযোগ"));
    }
    if peaks { format!("অভিযোগ তুঙ্গে: {}", told.join(", ")) } else { told.join(", ") }
}

fn direction(from: u64, to: u64) -> &'static str {
    if to < from { "কমে" } else { "বেড়ে" }
}

fn shares(shares: &[Share], known: &[Symptom]) -> String {
    let mut says_reports = !known.is_empty();
    let told: Vec<String> = shares
        .iter()
        .map(|share| {
            let place = share.region.as_deref().map(|code| format!("{} ", within(code))).unwrap_or_default();
            let of_reports = if std::mem::replace(&mut says_reports, true) { "" } else { "অভিযোগের " };
            format!("{place}{of_reports}{}", share_of(share, known))
        })
        .collect();
    told.join(", ")
}

/// "৬৯ শতাংশ মেসেজ না-যাওয়া নিয়ে", "৯ শতাংশের কারণ অজানা".
fn share_of(share: &Share, known: &[Symptom]) -> String {
    use dateline_events::Qualifier;
    let about = if matches!(share.qualifier, Some(Qualifier::About | Qualifier::Nearly)) { "প্রায় " } else { "" };
    let percent = format!("{about}{} শতাংশ", percent(share.share));
    let percent = if share.qualifier == Some(Qualifier::MoreThan) { format!("{percent}ের বেশি") } else { percent };
    match share.symptoms.as_slice() {
        same if same == known => percent,
        [Symptom::Unknown] => format!("{} কারণ অজানা", genitive(&percent)),
        [Symptom::Sending, Symptom::Receiving] => format!("{percent} মেসেজ পড়তেও পারছেন না, পাঠাতেও পারছেন না"),
        others => format!("{percent} {} নিয়ে", symptoms(others)),
    }
}

/// A share in percent, with at most one decimal.
fn percent(share: f64) -> String {
    let tenths = (share * 1000.0).round() / 10.0;
    digits(&if (tenths - tenths.round()).abs() < 0.05 { format!("{tenths:.0}") } else { format!("{tenths:.1}") })
}

fn symptoms(symptoms: &[Symptom]) -> String {
    joined(&symptoms.iter().map(|symptom| self::symptom(*symptom).to_owned()).collect::<Vec<_>>())
}

fn symptom(symptom: Symptom) -> &'static str {
    match symptom {
        Symptom::Sending => "মেসেজ না-যাওয়া",
        Symptom::Receiving => "মেসেজ না-আসা",
        Symptom::Connection => "সার্ভার সংযোগ",
        Symptom::App => "অ্যাপ",
        Symptom::Website => "ওয়েবসাইট",
        Symptom::Login => "লগ-ইন",
        Symptom::Calls => "কল",
        Symptom::Media => "ছবি ও ভিডিয়ো",
        Symptom::Payments => "টাকা লেনদেন",
        Symptom::Api => "এপিআই",
        Symptom::Latency => "ধীর গতি",
        Symptom::Other => "অন্য সমস্যা",
        Symptom::Unknown => "অজানা সমস্যা",
    }
}

fn subsided(lang: Lang, counts: &[Count], regions: &[Region]) -> String {
    let place = if regions.is_empty() { String::new() } else { format!("{} ", places_within(regions)) };
    let told: Vec<String> = counts
        .iter()
        .map(|each| format!("{}{}", each.region.as_deref().map(|code| format!("{} ", within(code))).unwrap_or_default(), count(lang, each)))
        .collect();
    if told.is_empty() {
        format!("{place}অভিযোগ আবার স্বাভাবিক মাত্রায়")
    } else {
        format!("{place}অভিযোগ কমে {}", told.join(", "))
    }
}

fn scope_changed(event: &Event, regions: &[Region], hit: &[Symptom], severity: Option<Severity>, names: &Names) -> String {
    if is_found(event) {
        return found(event, names);
    }
    let mut parts = Vec::new();
    if !regions.is_empty() {
        parts.push(format!("{} থেকেও সমস্যার কথা জানা যায়", places(regions)));
    }
    match &event.common.symptom_text {
        Some(text) => parts.push(names.text(text)),
        None if !hit.is_empty() => parts.push(format!("সমস্যা {} নিয়ে", symptoms(hit))),
        None => {}
    }
    parts.extend(severity.map(|severity| {
        let word = rated(event, severity);
        names.vendor_itself(event).map_or_else(|| format!("মূল্যায়ন: “{word}”"), |vendor| format!("{} মূল্যায়ন: “{word}”", genitive(&vendor)))
    }));
    if parts.is_empty() { "সমস্যার পরিধি বদলেছে".to_owned() } else { parts.join("; ") }
}

fn acknowledged(statement: Option<&Statement>, names: &Names, setting: &Setting) -> String {
    let said = said(statement, names, setting);
    let who = organisation(said.as_ref(), setting);
    let by = setting.by.as_ref().map(|by| format!(", {by}")).unwrap_or_default();
    match said {
        Some(said) => format!("{who} সমস্যা মেনে নেয়{by}। {}", spoken_words(&said, Some(&who), names)),
        None => format!("{who} সমস্যা মেনে নেয়{by}"),
    }
}

fn organisation(said: Option<&Spoken>, setting: &Setting) -> String {
    said.and_then(|said| said.organisation.clone()).or_else(|| setting.vendor.clone()).unwrap_or_else(|| "সংস্থা".to_owned())
}

fn updated(status: Option<VendorStatus>, statement: Option<&Statement>, names: &Names, setting: &Setting) -> String {
    let said = said(statement, names, setting);
    let who = organisation(said.as_ref(), setting);
    let Some(status) = status else {
        return said.map_or_else(|| format!("{who} পরিস্থিতি জানায়"), |said| format!("{who}: “{}”", said.words));
    };
    match said {
        // A person's words speak for themselves; a status page's need the status that stands beside them.
        Some(said) if said.speaker.is_some() && status == VendorStatus::Resolved => format!("{who}: “{}”", said.words),
        Some(said) => {
            let told = match status {
                VendorStatus::Investigating => "খতিয়ে দেখছে",
                VendorStatus::Identified => "সমস্যা চিহ্নিত করেছে",
                VendorStatus::Monitoring => "নজর রাখছে",
                VendorStatus::Resolved => "জানায়, সমস্যা মিটেছে",
                VendorStatus::Postmortem => "পরে বিবরণ দেয়",
            };
            format!("{who} {told}: “{}”", said.words)
        }
        None => match status {
            VendorStatus::Investigating => format!("{who} সমস্যাটি খতিয়ে দেখছে"),
            VendorStatus::Identified => format!("{who} সমস্যা চিহ্নিত করেছে"),
            VendorStatus::Monitoring => format!("{who} সমস্যা মিটিয়ে নজর রাখছে"),
            VendorStatus::Resolved => format!("{who} জানায়, সমস্যা মিটেছে"),
            VendorStatus::Postmortem => format!("{who} ঘটনার বিবরণ প্রকাশ করে"),
        },
    }
}

fn restored(lang: Lang, event: &Event, names: &Names, setting: &Setting) -> String {
    let Kind::ServiceRestored(back) = &event.kind else { return String::new() };
    if let (Some(inferred), Some(source)) = (inferred(event), event.read_in().next().map(|source| names.source(source))) {
        return match inferred {
            Inferred::LeftList => format!("{source} চলতি বিভ্রাটের তালিকা থেকে এটি সরিয়ে নেয়"),
            Inferred::FromPosts => dated("শেষ", &source, setting),
            Inferred::FromProbe => "নজরদারিতে আবার সাড়া মেলে".to_owned(),
        };
    }
    let regions = &back.regions;
    let place = if setting.names_of_end(regions) { format!("{} ", places_within(regions)) } else { String::new() };
    let after = back.lasted.as_ref().map(|said| format!("{} পরে ", lasted(lang, said.minutes, said.qualifier))).unwrap_or_default();
    let place = format!("{after}{place}");
    match back.extent {
        Extent::Full => format!("{place}পরিষেবা স্বাভাবিক"),
        Extent::Partial => format!("{place}পরিষেবা আংশিক ফেরে"),
        Extent::Unstable => format!("{place}পরিষেবা ফিরতে শুরু করে, তবে স্থিতিশীল নয়"),
    }
}

fn caused(statement: Option<&Statement>, names: &Names, setting: &Setting) -> String {
    let Some(said) = said(statement, names, setting) else { return "কারণ জানানো হয়".to_owned() };
    match said.organisation.clone().or_else(|| said.speaker.clone()) {
        Some(who) => format!("{}: “{}”", at_most(&who, 200), said.words),
        None => format!("কারণ: “{}”", said.words),
    }
}

fn with_statement(told: String, statement: Option<&Statement>, names: &Names, setting: &Setting) -> String {
    match said(statement, names, setting) {
        Some(said) => format!("{told}। {}", spoken_words(&said, None, names)),
        None => told,
    }
}

fn said(statement: Option<&Statement>, names: &Names, setting: &Setting) -> Option<Spoken> {
    setting.spoken.clone().or_else(|| statement.map(|statement| spoken(statement, &statement.quotation, false, names)))
}

/// "মুখপাত্র বলেন: “…”": an organisation just named is not named again.
fn spoken_words(said: &Spoken, told: Option<&str>, names: &Names) -> String {
    let speaker = said.speaker.as_deref().unwrap_or_default();
    let role = told.and_then(|who| speaker.strip_prefix(names.genitive(who).as_str())).map_or(speaker, str::trim_start);
    match (role.is_empty(), &said.organisation) {
        (false, organisation) if organisation.as_deref() != Some(role) => format!("{} বলেন: “{}”", at_most(role, 200), said.words),
        (_, Some(organisation)) if told != Some(organisation.as_str()) => format!("{organisation}: “{}”", said.words),
        _ => format!("বিবৃতি: “{}”", said.words),
    }
}

fn planned(told: &str, regions: &[Region], text: Option<String>, setting: &Setting) -> String {
    let place = if regions.is_empty() { String::new() } else { format!("{} ", places_within(regions)) };
    let window = setting.window.as_ref().map(|window| format!(", {window}")).unwrap_or_default();
    let text = text.map(|text| if setting.is_vendors { format!(": “{text}”") } else { format!(": {text}") }).unwrap_or_default();
    format!("{place}{told}{window}{text}")
}

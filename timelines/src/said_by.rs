//! Who says an event, and what it rests on: said, inferred, or only counted.

use dateline_events::kinds::Extent;
pub use dateline_events::kinds::Inferred;
use dateline_events::{Event, Kind, Role, Slug, Source, SourceKind, Text};
use serde::{Deserialize, Serialize};

/// How an event was inferred: as it says itself, or, of those that were published before it could be said, by what it rests on; None for
/// what somebody said.
pub fn inferred(event: &Event) -> Option<Inferred> {
    if event.common.inferred.is_some() {
        return event.common.inferred;
    }
    let reference = event.common.reference.as_ref()?;
    let is_inferable = matches!(event.kind, Kind::ServiceRestored(_) | Kind::AnomalyDetected(_)) && event.kind.statement().is_none();
    // That it is back in part a page says; only the whole end follows from what it lists.
    let is_whole = !matches!(&event.kind, Kind::ServiceRestored(back) if back.extent != Extent::Full);
    let is_probe = || event.read_in().any(|source| source.kind == Some(SourceKind::Monitor)) && event.kind.counts().is_empty();
    match is_inferable {
        true if event.speaks_for_a_vendor() && is_whole => Some(if reference.absent { Inferred::LeftList } else { Inferred::FromPosts }),
        true if is_probe() => Some(Inferred::FromProbe),
        _ => None,
    }
}

/// True where a monitor was answered, and slowly: it found nothing down.
pub fn is_slow(event: &Event) -> bool {
    let word = event.common.reference.as_ref().and_then(|reference| reference.status.as_deref());
    word == Some("degraded") && (inferred(event) == Some(Inferred::FromProbe) || is_found(event))
}

/// True for what a monitor found after the first time: down, or slow, once more.
pub fn is_found(event: &Event) -> bool {
    let is_monitors = || event.read_in().any(|source| source.kind == Some(SourceKind::Monitor));
    matches!(event.kind, Kind::ScopeChanged(_)) && is_post(event) && is_monitors()
}

/// True for what a page puts up as a post.
pub fn is_post(event: &Event) -> bool {
    event.common.reference.as_ref().is_some_and(|reference| reference.update.is_some())
}

/// True for what a vendor's page says of an incident beside its posts: when it began, how it is rated.
pub fn is_beside_posts(event: &Event) -> bool {
    event.common.reference.is_some() && !is_post(event) && event.speaks_for_a_vendor()
}

/// True where a page dates the beginning of its planned work, and announces nothing anew.
pub fn dates_planned_work(event: &Event) -> bool {
    is_beside_posts(event) && matches!(&event.kind, Kind::MaintenanceAnnounced(work) if work.text.is_none() && work.scheduled.is_none())
}

/// True where planned work is over because it was called off, as the page's own word says ("Maintenance cancelled").
pub fn is_called_off(event: &Event) -> bool {
    let word = event.common.reference.as_ref().and_then(|reference| reference.status.as_deref()).unwrap_or_default().to_lowercase();
    matches!(event.kind, Kind::MaintenanceCompleted(_)) && (word.contains("cancelled") || word.contains("canceled"))
}

/// True for a sign that only counts reports: nobody who was there, no press, vendor or regulator says that something fails.
pub fn is_count(event: &Event) -> bool {
    let counts = matches!(event.kind, Kind::AnomalyDetected(_) | Kind::ReportsObserved(_) | Kind::ReportsSubsided(_));
    let says_more = |source: &Source| matches!(source.kind, Some(SourceKind::Press | SourceKind::Vendor | SourceKind::Regulator));
    counts && inferred(event) != Some(Inferred::FromProbe) && !event.read_in().any(says_more)
}

/// Who says a claim, in brief: what a line that names it needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SaidBy {
    /// The publisher, where nobody was read in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Those by whom it is counted: a copy by what it copied, else where it was read. At most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Speaker>,
    /// True where the vendor says it of itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub vendor: bool,
    /// Who detected it, as its sources say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_by: Option<Speaker>,
}

/// A source by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    /// Its identity.
    pub slug: Slug,
    /// As readers know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
}

impl SaidBy {
    /// So many sources are named in brief.
    const MAX_SOURCES: usize = 3;

    /// Who says an event.
    pub fn of(event: &Event) -> Self {
        let speaker = |source: &Source| Speaker { slug: source.slug.clone(), name: source.name.clone() };
        let publisher = event.own_voice().map(ToOwned::to_owned);
        let copied = || event.common.sources.iter().filter(|source| source.role == Role::SyndicatedFrom);
        let counted: Vec<&Source> = match (&publisher, copied().next()) {
            (Some(_), _) => Vec::new(),
            (None, Some(_)) => copied().collect(),
            (None, None) => event.read_in().collect(),
        };
        let detected_by = match &event.kind {
            Kind::AnomalyDetected(sign) => sign.detected_by.as_ref(),
            _ => None,
        };
        let detector = detected_by.and_then(|slug| event.common.sources.iter().find(|source| source.slug == *slug));
        Self {
            publisher,
            vendor: event.speaks_for_a_vendor(),
            sources: counted.into_iter().take(Self::MAX_SOURCES).map(speaker).collect(),
            detected_by: detector.map(speaker),
        }
    }
}

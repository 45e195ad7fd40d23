//! A list of incidents as JSON, written straight from the rows: nothing is put together in between.

use dateline_events::{Instant, Position, Range, Region, Slug, Symptom};
use dateline_timelines::fold::SummaryMilestone;
use dateline_timelines::model::{Axes, Reopening, SaidBy, State, Warning};
use dateline_timelines::rows::Nature;
use dateline_timelines::tell::Told;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::incidents::{Listed, ListedIncident};

#[derive(Serialize)]
struct ListForm<'a> {
    incidents: Vec<IncidentForm<'a>>,
    axes: Axes,
    position: Position,
    lang: &'a str,
}

#[derive(Serialize)]
struct IncidentForm<'a> {
    incident: &'a str,
    nature: Nature,
    title: TitleForm<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kicker: Option<&'a str>,
    services: &'a [Slug],
    state: State,
    state_label: &'a str,
    reports_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    subsided: Option<&'a SummaryMilestone>,
    ongoing: Option<&'static str>,
    regions: &'a [Region],
    symptoms: &'a [Symptom],
    opened_by: Option<&'a SaidBy>,
    first_seen: Option<&'a SummaryMilestone>,
    acknowledged: Option<&'a SummaryMilestone>,
    restored: Option<&'a SummaryMilestone>,
    #[serde(skip_serializing_if = "<[Reopening]>::is_empty")]
    reopenings: &'a [Reopening],
    #[serde(skip_serializing_if = "<[Region]>::is_empty")]
    open_regions: &'a [Region],
    cause: Option<&'a SummaryMilestone>,
    time_to_acknowledge: Option<Range>,
    time_to_restore: Option<Range>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_end: Option<Instant>,
    #[serde(skip_serializing_if = "<[Warning]>::is_empty")]
    warnings: &'a [Warning],
    events: usize,
    changed: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'a str>,
    links: LinksForm,
}

/// Where the signed checkpoint is that the record rests on.
pub const CHECKPOINT: &str = "/log/checkpoint";

/// Where more of an incident is found.
#[derive(Serialize)]
pub struct LinksForm {
    #[serde(rename = "self")]
    own: String,
    timeline: String,
    live: String,
    page: String,
    cite: String,
    checkpoint: &'static str,
}

/// The headline in the language of the answer.
struct TitleForm<'a>(&'a Told);

impl Serialize for TitleForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut title = serializer.serialize_map(Some(1))?;
        title.serialize_entry(self.0.lang, &self.0.title)?;
        title.end()
    }
}

impl LinksForm {
    /// Those of the incident with an id.
    pub fn of(id: &str) -> Self {
        let own = format!("/v1/incidents/{id}");
        let (timeline, live, cite) = (format!("{own}/timeline"), format!("{own}/live"), format!("{own}/cite"));
        Self { timeline, live, page: format!("/incidents/{id}"), cite, checkpoint: CHECKPOINT, own }
    }
}

impl<'a> IncidentForm<'a> {
    fn of(item: &'a ListedIncident, told: &'a Told) -> Self {
        let (summary, id) = (&item.summary, item.row.id.as_str());
        Self {
            incident: id,
            nature: summary.nature,
            title: TitleForm(told),
            kicker: told.kicker.as_deref(),
            services: &summary.services,
            state: summary.state,
            state_label: told.state_label,
            reports_only: summary.reports_only,
            subsided: summary.subsided.as_ref(),
            ongoing: item.ongoing,
            regions: &summary.regions,
            symptoms: &summary.symptoms,
            opened_by: summary.opened_by.as_ref(),
            first_seen: summary.first_seen.as_ref(),
            acknowledged: summary.acknowledged.as_ref(),
            restored: summary.restored.as_ref(),
            reopenings: &summary.reopenings,
            open_regions: &summary.open_regions,
            cause: summary.cause.as_ref(),
            time_to_acknowledge: summary.time_to_acknowledge,
            time_to_restore: summary.time_to_restore,
            planned_end: summary.planned_end,
            warnings: &summary.warnings,
            events: summary.events,
            changed: summary.changed,
            zone: summary.zone.as_deref(),
            links: LinksForm::of(id),
        }
    }
}

/// The form of a page of a list, with each of its incidents told.
pub fn form<'a>(listed: &'a Listed, told: &'a [Told]) -> impl Serialize + 'a {
    let incidents = listed.items.iter().zip(told).map(|(item, told)| IncidentForm::of(item, told)).collect();
    let axes = Axes { at: listed.axes.at, known_at: listed.axes.known_at, as_of: listed.axes.as_of };
    ListForm { incidents, axes, position: listed.standing.position, lang: listed.lang.tag() }
}

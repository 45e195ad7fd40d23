//! A list of incidents as JSON, written as it is and not by way of a JSON value. Members stand in the order of their names, at every depth.

use dateline_events::{Bounds, Instant, Position, Range, Region, Slug, Symptom, Text};
use dateline_timelines::fold::SummaryMilestone;
use dateline_timelines::model::{Inferred, ReportedBy, Rule, SaidBy, Speaker, State, Warning};
use dateline_timelines::rows::Nature;
use dateline_timelines::tell::Told;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::axes::ReadAxes;
use super::incidents::{Listed, ListedIncident};

#[derive(Serialize)]
struct ListForm<'a> {
    axes: AxesForm,
    incidents: Vec<IncidentForm<'a>>,
    lang: &'a str,
    position: Position,
}

#[derive(Serialize)]
struct AxesForm {
    as_of: Option<Position>,
    at: Option<Instant>,
    known_at: Option<Instant>,
}

#[derive(Serialize)]
struct IncidentForm<'a> {
    acknowledged: Option<MilestoneForm<'a>>,
    cause: Option<MilestoneForm<'a>>,
    changed: Position,
    events: usize,
    first_seen: Option<MilestoneForm<'a>>,
    incident: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kicker: Option<&'a str>,
    links: LinksForm,
    nature: Nature,
    ongoing: Option<&'static str>,
    opened_by: Option<SaidByForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_end: Option<Instant>,
    regions: &'a [Region],
    reports_only: bool,
    restored: Option<MilestoneForm<'a>>,
    services: &'a [Slug],
    state: State,
    state_label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subsided: Option<MilestoneForm<'a>>,
    symptoms: &'a [Symptom],
    time_to_acknowledge: Option<RangeForm>,
    time_to_restore: Option<RangeForm>,
    title: TitleForm<'a>,
    #[serde(skip_serializing_if = "<[Warning]>::is_empty")]
    warnings: &'a [Warning],
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'a str>,
}

#[derive(Serialize)]
struct MilestoneForm<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    inferred: Option<Inferred>,
    #[serde(skip_serializing_if = "Option::is_none")]
    narrowed: Option<Bounds>,
    occurred: Bounds,
    #[serde(skip_serializing_if = "Option::is_none")]
    reported_by: Option<ReportedBy>,
    rule: Rule,
    said_by: SaidByForm<'a>,
    told: Position,
}

#[derive(Serialize)]
struct SaidByForm<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    detected_by: Option<SpeakerForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<SpeakerForm<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    vendor: bool,
}

#[derive(Serialize)]
struct SpeakerForm<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a Text>,
    slug: &'a Slug,
}

#[derive(Serialize)]
struct RangeForm {
    seconds_max: i64,
    seconds_min: i64,
}

#[derive(Serialize)]
struct LinksForm {
    live: String,
    page: String,
    #[serde(rename = "self")]
    own: String,
    timeline: String,
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

impl<'a> From<&'a SummaryMilestone> for MilestoneForm<'a> {
    fn from(milestone: &'a SummaryMilestone) -> Self {
        let SummaryMilestone { told, rule, occurred, narrowed, said_by, inferred, reported_by } = milestone;
        let said_by = said_by.into();
        Self { inferred: *inferred, narrowed: *narrowed, occurred: *occurred, reported_by: *reported_by, rule: *rule, said_by, told: *told }
    }
}

impl<'a> From<&'a SaidBy> for SaidByForm<'a> {
    fn from(said_by: &'a SaidBy) -> Self {
        let SaidBy { publisher, sources, vendor, detected_by } = said_by;
        let sources = sources.iter().map(SpeakerForm::from).collect();
        Self { detected_by: detected_by.as_ref().map(Into::into), publisher: publisher.as_deref(), sources, vendor: *vendor }
    }
}

impl<'a> From<&'a Speaker> for SpeakerForm<'a> {
    fn from(speaker: &'a Speaker) -> Self {
        Self { name: speaker.name.as_ref(), slug: &speaker.slug }
    }
}

impl From<Range> for RangeForm {
    fn from(range: Range) -> Self {
        Self { seconds_max: range.seconds_max, seconds_min: range.seconds_min }
    }
}

impl From<ReadAxes> for AxesForm {
    fn from(axes: ReadAxes) -> Self {
        Self { as_of: axes.as_of, at: axes.at, known_at: axes.known_at }
    }
}

impl<'a> IncidentForm<'a> {
    fn of(item: &'a ListedIncident, told: &'a Told) -> Self {
        let (summary, id) = (&item.summary, item.row.id.as_str());
        let milestone = |milestone: &'a Option<SummaryMilestone>| milestone.as_ref().map(MilestoneForm::from);
        Self {
            acknowledged: milestone(&summary.acknowledged),
            cause: milestone(&summary.cause),
            changed: summary.changed,
            events: summary.events,
            first_seen: milestone(&summary.first_seen),
            incident: id,
            kicker: told.kicker.as_deref(),
            links: LinksForm {
                live: format!("/v1/incidents/{id}/live"),
                page: format!("/incidents/{id}"),
                own: format!("/v1/incidents/{id}"),
                timeline: format!("/v1/incidents/{id}/timeline"),
            },
            nature: summary.nature,
            ongoing: item.ongoing,
            opened_by: summary.opened_by.as_ref().map(Into::into),
            planned_end: summary.planned_end,
            regions: &summary.regions,
            reports_only: summary.reports_only,
            restored: milestone(&summary.restored),
            services: &summary.services,
            state: summary.state,
            state_label: told.state_label,
            subsided: milestone(&summary.subsided),
            symptoms: &summary.symptoms,
            time_to_acknowledge: summary.time_to_acknowledge.map(Into::into),
            time_to_restore: summary.time_to_restore.map(Into::into),
            title: TitleForm(told),
            warnings: &summary.warnings,
            zone: summary.zone.as_deref(),
        }
    }
}

/// A page of a list, with each of its incidents told.
pub fn written(listed: &Listed, told: &[Told]) -> serde_json::Result<Vec<u8>> {
    let incidents = listed.items.iter().zip(told).map(|(item, told)| IncidentForm::of(item, told)).collect();
    let form = ListForm { axes: listed.axes.into(), incidents, lang: listed.lang.tag(), position: listed.standing.position };
    serde_json::to_vec(&form)
}

#[cfg(test)]
mod tests {
    //! The members are those of the value that the summary itself makes, in the same order.

    use serde::Serialize;
    use serde_json::Value;

    use super::*;

    /// As it is written is how its members are sorted.
    fn sorted(form: &impl Serialize) -> Value {
        let written = serde_json::to_string(form).expect("JSON");
        let value: Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(value.to_string(), written);
        value
    }

    #[test]
    fn what_says_a_milestone_is_written_as_the_summary_has_it() {
        let speaker = r#"{"slug":"pune-prime","name":{"en":"Pune Prime","bn":"পুনে প্রাইম"}}"#;
        for said_by in
            ["{}".to_owned(), format!(r#"{{"publisher":"/desks/me","sources":[{speaker},{{"slug":"x"}}],"vendor":true,"detected_by":{speaker}}}"#)]
        {
            let milestone =
                format!(r#"{{"told":7,"rule":"vendor","occurred":{{"earliest":null,"latest":"2022-10-25T06:37:00Z"}},"said_by":{said_by}}}"#);
            let milestone: SummaryMilestone = serde_json::from_str(&milestone).expect("a milestone");
            assert_eq!(sorted(&MilestoneForm::from(&milestone)), serde_json::json!(milestone));
        }
        let range = Range { seconds_min: 1, seconds_max: 2 };
        assert_eq!(sorted(&RangeForm::from(range)), serde_json::json!(range));
    }
}

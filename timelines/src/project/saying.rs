//! What a summary says of a group, without what changes with every event: two that are equal need one row.

use dateline_events::{Instant, Position};

use crate::fold::{Fold, Summary};
use crate::model::RegisteredService;
use crate::rows::{IncidentNumber, Nature, SummaryRow};

/// So much text is kept to search in, for one incident, in bytes.
const MAX_WORDS_BYTES: usize = 4096;

/// What is said of a group.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SummaryContent {
    /// Of the registry of a service.
    Registry(Box<RegisteredService>),
    /// Of an incident: without the number of its events and what changed it last.
    Incident { summary: Box<Summary>, started: Option<Instant>, headlines: Vec<String> },
}

impl SummaryContent {
    /// What a fold says.
    pub(super) fn of(fold: &Fold) -> Self {
        if let Some(service) = fold.registration() {
            return Self::Registry(Box::new(service));
        }
        let summary = Summary { events: 0, changed: 0, ..fold.summary() };
        let started = summary.first_seen.as_ref().and_then(|milestone| milestone.occurred.earliest).or_else(|| fold.first_start());
        Self::Incident { summary: Box::new(summary), started, headlines: fold.headlines().into_iter().map(ToOwned::to_owned).collect() }
    }

    /// The row that says it from a position on.
    pub(super) fn row(&self, group: IncidentNumber, since: Position, id: &str, events: usize) -> serde_json::Result<SummaryRow> {
        Ok(SummaryRow { group, since, events: Some(events), id: id.to_owned(), ..self.columns()? })
    }

    fn columns(&self) -> serde_json::Result<SummaryRow> {
        match self {
            Self::Registry(service) => registered(service),
            Self::Incident { summary, started, headlines } => listed(summary, *started, headlines),
        }
    }
}

fn listed(summary: &Summary, started: Option<Instant>, headlines: &[String]) -> serde_json::Result<SummaryRow> {
    let symptoms = summary.symptoms.iter().map(|symptom| serde_json::from_value(serde_json::to_value(symptom)?));
    let symptoms: Vec<String> = symptoms.collect::<serde_json::Result<_>>()?;
    Ok(SummaryRow {
        nature: summary.nature,
        // An incident whose every sign was taken back is listed no more; its page still tells what was.
        listed: !summary.services.is_empty(),
        services: spaced(&summary.services),
        state: summary.state.as_str().to_owned(),
        regions: spaced(&summary.regions),
        symptoms: spaced(&symptoms),
        started,
        ended: summary.over().and_then(|over| over.latest),
        words: words(headlines, &summary.services),
        json: serde_json::to_string(summary)?,
        ..SummaryRow::default()
    })
}

fn registered(service: &RegisteredService) -> serde_json::Result<SummaryRow> {
    Ok(SummaryRow {
        nature: Nature::Registry,
        listed: true,
        services: spaced(std::slice::from_ref(&service.slug)),
        vendor: service.vendor.as_ref().map(|vendor| vendor.slug.clone()).unwrap_or_default(),
        words: service.names.all().join(" ").to_lowercase(),
        json: serde_json::to_string(service)?,
        ..SummaryRow::default()
    })
}

fn spaced(words: &[String]) -> String {
    if words.is_empty() { String::new() } else { format!(" {} ", words.join(" ")) }
}

fn words(headlines: &[String], services: &[String]) -> String {
    let mut words = services.join(" ");
    for text in headlines {
        if words.len() + text.len() > MAX_WORDS_BYTES {
            break;
        }
        words.push(' ');
        words.push_str(&text.to_lowercase());
    }
    words
}

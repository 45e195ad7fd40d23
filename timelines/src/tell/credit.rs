//! Whom a sentence rests on: the outlet it was read in, whom that outlet copies, whom it names. Which of them is shown
//! is decided here; the words that join them are the languages'.

use dateline_events::{Event, Kind, Role, Source, SourceKind};
use jiff::civil::Date;

use super::clean::clean;
use super::clock::{OwnClock, Zone, own_clock};
use super::names::Names;
use super::quotation::Translated;
use crate::model::{SaidBy, dates_planned_work};

/// Whom a sentence rests on, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Credit {
    /// The publisher, where it was read in nobody: it speaks as itself.
    pub(super) publisher: Vec<String>,
    /// Where it was read.
    pub(super) outlets: Vec<String>,
    /// Whose text the outlet copied.
    pub(super) origins: Vec<String>,
    /// Whom the outlet names.
    pub(super) named: Vec<String>,
    /// An agency that the outlet names beside its own informants.
    pub(super) agencies: Vec<String>,
    /// The source's own clock, where it is not the reader's.
    pub(super) clock: Option<OwnClock>,
    /// When it was published, where that is another day.
    pub(super) published: Option<String>,
    /// True where the outlet changed its text afterwards.
    pub(super) changed: bool,
    /// Who translated the words that are quoted.
    pub(super) translated: Option<Translated>,
}

impl Credit {
    /// Reads it from an event. Ordinary users and the speaker of a statement are not named: the sentence speaks of them.
    pub(super) fn of(event: &Event, names: &Names, zone: &Zone) -> Self {
        let sources = &event.common.sources;
        let with_role = |role: Role| sources.iter().filter(move |source| source.role == role);
        let list = |role: Role| with_role(role).map(|source| names.source(source)).collect::<Vec<_>>();
        let own = event.own_voice();
        let is_shown = |source: &&Source| !is_spoken_of(source, event, names);
        let (press, others): (Vec<&Source>, Vec<&Source>) =
            with_role(Role::AttributedTo).filter(is_shown).partition(|source| source.kind == Some(SourceKind::Press));
        // An agency cites officials and unnamed informants; a monitor that it stands beside is named beside it.
        let cites = others.iter().all(|source| matches!(source.kind, None | Some(SourceKind::Regulator)));
        let (press, others) = if cites { (press, others) } else { (Vec::new(), press.into_iter().chain(others).collect()) };
        let told = |sources: Vec<&Source>| sources.into_iter().map(|source| names.source(source)).collect::<Vec<_>>();
        Self {
            publisher: own.map(clean).into_iter().collect(),
            outlets: list(Role::ReadIn),
            // Nobody's text can be copied from a place where nobody read it.
            origins: if own.is_some() { Vec::new() } else { list(Role::SyndicatedFrom) },
            named: told(others),
            agencies: told(press),
            clock: event.common.occurred.as_ref().and_then(|when| own_clock(when, zone)),
            published: None,
            changed: with_role(Role::ReadIn).any(|source| source.updated.is_some()),
            translated: None,
        }
    }

    /// The same beside a sentence that begins with the vendor whose own words or acts it tells: that vendor need not be named again. A name
    /// within words that somebody wrote says nothing of who speaks.
    pub(super) fn beside(mut self, sentence: &str, event: &Event) -> Self {
        let is_made_here = event.common.headline.is_none() && event.common.symptom_text.is_none() && tells_an_act(event);
        let names_nobody_else = self.origins.is_empty() && self.named.is_empty() && self.agencies.is_empty() && self.translated.is_none();
        if let ([outlet], true) = (self.outlets.as_slice(), is_made_here && names_nobody_else && event.speaks_for_a_vendor())
            && sentence.strip_prefix(outlet.as_str()).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
        {
            self.outlets.clear();
        }
        self
    }

    /// In brief, of a milestone.
    pub(super) fn of_milestone(said_by: &SaidBy, names: &Names) -> Self {
        Self {
            publisher: said_by.publisher.iter().map(|publisher| clean(publisher)).collect(),
            outlets: said_by.sources.iter().map(|speaker| names.speaker(speaker)).collect(),
            ..Self::default()
        }
    }

    /// The names by which the claim is counted: whom the outlet copied, else the outlet, else the publisher itself.
    pub(super) fn counted(&self) -> &[String] {
        if !self.origins.is_empty() {
            &self.origins
        } else if !self.outlets.is_empty() {
            &self.outlets
        } else {
            &self.publisher
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counted().is_empty() && self.agencies.is_empty()
    }
}

/// True for what is told with its vendor as the subject.
fn tells_an_act(event: &Event) -> bool {
    use Kind::{AnomalyDetected, ScopeChanged, ServiceRestored, VendorAcknowledged, VendorUpdated};
    let is_such = matches!(&event.kind, AnomalyDetected(_) | ScopeChanged(_) | ServiceRestored(_) | VendorAcknowledged(_) | VendorUpdated(_));
    is_such || dates_planned_work(event)
}

fn is_spoken_of(source: &Source, event: &Event, names: &Names) -> bool {
    let speaks = event.kind.statement().is_some() && source.kind == Some(SourceKind::Vendor);
    let acts = matches!(&event.kind, Kind::FollowupReported(followup) if names.organisation(&followup.who) == names.source(source));
    speaks || acts || source.kind == Some(SourceKind::UserReports)
}

/// The day on which it could first be read, where its outlet names one.
pub(super) fn published_day(event: &Event, zone: &Zone) -> Option<Date> {
    let outlet = event.common.sources.iter().find(|source| source.role == Role::ReadIn)?;
    super::clock::Phrase::of(outlet.published.as_ref()?, zone).day()
}

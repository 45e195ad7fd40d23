//! What can be asked of any kind: its statement, its regions, the events it names, whether it is an act or a sign.

use super::{Extent, Kind, VendorStatus};
use crate::shapes::{Count, Ref, Region, Share, Statement, Symptom};
use crate::text::Text;

impl Kind {
    /// True for an act: an event about the record, not the world. It needs no `occurred` and obeys `as_of` only.
    pub fn is_act(&self) -> bool {
        Self::names_act(self.name())
    }

    /// As [`Kind::is_act`], by the kind's name.
    pub(crate) fn names_act(name: &str) -> bool {
        matches!(
            name,
            "service.registered"
                | "statement.translated"
                | "claim.weighed"
                | "incident.linked"
                | "incident.titled"
                | "event.corrected"
                | "event.retracted"
                | "event.redacted"
        )
    }

    /// True for the names of kinds that speak of the world at a time; context may be timeless.
    pub(crate) fn needs_occurred(name: &str) -> bool {
        !Self::names_act(name) && name != "context.added"
    }

    /// True for a sign: the kinds whose times make an incident's span.
    pub fn is_sign(&self) -> bool {
        matches!(
            self,
            Self::AnomalyDetected(_)
                | Self::ReportsObserved(_)
                | Self::ReportsSubsided(_)
                | Self::ScopeChanged(_)
                | Self::VendorAcknowledged(_)
                | Self::VendorUpdated(_)
                | Self::VendorSilent(_)
                | Self::ServiceRestored(_)
        ) || self.is_maintenance()
    }

    /// What is said of planned work.
    pub fn planned_text(&self) -> Option<&Text> {
        match self {
            Self::MaintenanceAnnounced(work) => work.text.as_ref(),
            Self::MaintenanceStarted(work) => work.text.as_ref(),
            Self::MaintenanceCompleted(work) => work.text.as_ref(),
            _ => None,
        }
    }

    /// True for planned work, which is never counted as an outage.
    pub fn is_maintenance(&self) -> bool {
        matches!(self, Self::MaintenanceAnnounced(_) | Self::MaintenanceStarted(_) | Self::MaintenanceCompleted(_))
    }

    /// True for the kinds that open an incident when they have a bound.
    pub fn can_open(&self) -> bool {
        self.is_maintenance()
            || matches!(self, Self::AnomalyDetected(_) | Self::ReportsObserved(_) | Self::VendorAcknowledged(_) | Self::VendorUpdated(_))
    }

    /// True where the event says that the service works again, wholly.
    pub fn restores(&self) -> bool {
        match self {
            Self::ServiceRestored(restored) => restored.extent == Extent::Full,
            Self::VendorUpdated(updated) => updated.status == Some(VendorStatus::Resolved),
            Self::MaintenanceCompleted(_) => true,
            _ => false,
        }
    }

    /// The event that this one is about, for kinds that name exactly one.
    pub fn target(&self) -> Option<&Ref> {
        match self {
            Self::EventCorrected(act) => Some(&act.event),
            Self::EventRetracted(act) => Some(&act.event),
            Self::ClaimWeighed(act) => Some(&act.event),
            Self::StatementTranslated(act) => Some(&act.event),
            Self::IncidentTitled(act) => Some(&act.event),
            _ => None,
        }
    }

    /// What was said, word for word.
    pub fn statement(&self) -> Option<&Statement> {
        match self {
            Self::VendorAcknowledged(said) => said.statement.as_ref(),
            Self::VendorUpdated(said) => said.statement.as_ref(),
            Self::ServiceRestored(said) => said.statement.as_ref(),
            Self::CauseStated(said) => said.statement.as_ref(),
            _ => None,
        }
    }

    /// The regions that it speaks of.
    pub fn regions(&self) -> &[Region] {
        match self {
            Self::AnomalyDetected(sign) => &sign.regions,
            Self::ReportsObserved(sign) => &sign.regions,
            Self::ReportsSubsided(sign) => &sign.regions,
            Self::ScopeChanged(sign) => &sign.regions,
            Self::ServiceRestored(sign) => &sign.regions,
            Self::MaintenanceAnnounced(work) => &work.regions,
            Self::MaintenanceStarted(work) => &work.regions,
            Self::MaintenanceCompleted(work) => &work.regions,
            _ => &[],
        }
    }

    /// The counts of reports in it.
    pub fn counts(&self) -> &[Count] {
        match self {
            Self::AnomalyDetected(sign) => &sign.counts,
            Self::ReportsObserved(sign) => &sign.counts,
            Self::ReportsSubsided(sign) => &sign.counts,
            _ => &[],
        }
    }

    /// The shares of reports in it.
    pub fn shares(&self) -> &[Share] {
        match self {
            Self::AnomalyDetected(sign) => &sign.shares,
            Self::ReportsObserved(sign) => &sign.shares,
            Self::ReportsSubsided(sign) => &sign.shares,
            _ => &[],
        }
    }

    /// The symptoms that it names, in counts and shares too; may repeat.
    pub fn symptoms(&self) -> Vec<Symptom> {
        let own: &[Symptom] = if let Self::ScopeChanged(sign) = self { &sign.symptoms } else { &[] };
        let counted = self.counts().iter().flat_map(|count| &count.symptoms);
        let shared = self.shares().iter().flat_map(|share| &share.symptoms);
        own.iter().chain(counted).chain(shared).copied().collect()
    }

    /// Every event that its own members name.
    pub fn refs(&self) -> Vec<&Ref> {
        self.named().into_iter().map(|(reference, _)| reference).collect()
    }

    /// Every event that its own members name, each with the pointer of its member inside `data`.
    pub(crate) fn named(&self) -> Vec<(&Ref, &'static str)> {
        let mut named: Vec<(&Ref, &str)> = self.target().into_iter().map(|target| (target, "event")).collect();
        if let Self::IncidentLinked(link) = self {
            named.extend([(&link.from, "from"), (&link.to, "to")]);
        }
        if let Some(statement) = self.statement() {
            named.extend(statement.same_as.iter().map(|original| (original, "statement/same_as")));
            named.extend(
                statement.translation.iter().filter_map(|translation| translation.of.as_ref()).map(|original| (original, "statement/translation/of")),
            );
        }
        named
    }
}

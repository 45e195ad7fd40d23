//! Every kind of event, one file each. To add one: write its file, add its line to the list below, and the compiler
//! asks for its sentence in every language.

use serde::Serialize;
use serde_json::{Map, Value};

mod common;
mod reading;

pub use common::{AllServices, Certainty, Common, Inferred, Services};
pub(crate) use common::{MAX_SERVICES, MAX_SOURCES};
pub(crate) use reading::read_members;

macro_rules! kinds {
    ($($module:ident :: $name:ident = $text:literal),* $(,)?) => {
        $(mod $module;)*
        $(pub use $module::*;)*

        /// What an event says, by kind.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Kind {
            $(
                #[doc = concat!("`", $text, "`")]
                $name($name),
            )*
        }

        impl Kind {
            /// The names of all kinds, as they stand in `type` between `dateline.` and `.v1`.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// The kind's name.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $text,)* }
            }

            /// Reads the members of `data` that belong to the kind alone; None for an unknown kind.
            pub(crate) fn read(name: &str, members: Map<String, Value>, faults: &mut crate::Faults) -> Option<Option<Self>> {
                match name {
                    $($text => Some(read_members::<$name>(members, faults).map(Self::$name)),)*
                    _ => None,
                }
            }

            /// The JSON Schema of the kind's own members.
            pub(crate) fn own_schema(name: &str, generator: &mut schemars::SchemaGenerator) -> Option<schemars::Schema> {
                match name {
                    $($text => Some(<$name as schemars::JsonSchema>::json_schema(generator)),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    service_registered::ServiceRegistered = "service.registered",
    anomaly_detected::AnomalyDetected = "anomaly.detected",
    reports_observed::ReportsObserved = "reports.observed",
    reports_subsided::ReportsSubsided = "reports.subsided",
    scope_changed::ScopeChanged = "scope.changed",
    vendor_acknowledged::VendorAcknowledged = "vendor.acknowledged",
    vendor_updated::VendorUpdated = "vendor.updated",
    service_restored::ServiceRestored = "service.restored",
    cause_stated::CauseStated = "cause.stated",
    followup_reported::FollowupReported = "followup.reported",
    context_added::ContextAdded = "context.added",
    statement_translated::StatementTranslated = "statement.translated",
    event_corrected::EventCorrected = "event.corrected",
    event_retracted::EventRetracted = "event.retracted",
    vendor_silent::VendorSilent = "vendor.silent",
    claim_weighed::ClaimWeighed = "claim.weighed",
    maintenance_announced::MaintenanceAnnounced = "maintenance.announced",
    maintenance_started::MaintenanceStarted = "maintenance.started",
    maintenance_completed::MaintenanceCompleted = "maintenance.completed",
    incident_linked::IncidentLinked = "incident.linked",
    incident_titled::IncidentTitled = "incident.titled",
    event_redacted::EventRedacted = "event.redacted",
}

mod facts;

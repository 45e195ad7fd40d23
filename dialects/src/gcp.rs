//! To be written.
use crate::observation::{Observation, Unreadable};
/// Reads a page.
pub fn parse(_bytes: &[u8]) -> Result<Observation, Unreadable> {
    Err(Unreadable("not read yet".into()))
}
/// True for an incident of Google's.
pub(crate) fn is_incident(json: &str) -> bool {
    json.contains("\"external_desc\"")
}
/// One incident of the list.
pub(crate) fn incident_version(_json: &str) -> Result<(crate::SeenIncident, crate::Facts), String> {
    Err("not read yet".into())
}

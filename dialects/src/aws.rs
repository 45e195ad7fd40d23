//! To be written.
use crate::observation::{Observation, Unreadable};
/// Reads a page.
pub fn parse(_bytes: &[u8]) -> Result<Observation, Unreadable> {
    Err(Unreadable("not read yet".into()))
}
/// One event of the list.
pub(crate) fn event_version(_json: &str) -> Result<(crate::SeenIncident, crate::Facts), String> {
    Err("not read yet".into())
}

//! To be written.
use crate::observation::{Observation, Unreadable};
/// Reads a page.
pub fn parse(_bytes: &[u8]) -> Result<Observation, Unreadable> {
    Err(Unreadable("not read yet".into()))
}
/// One entry of a feed's history, as JSON: id, published, updated, title, content, link.
pub(crate) fn entry_version(_json: &str) -> Result<(crate::SeenIncident, crate::Facts), String> {
    Err("not read yet".into())
}

//! To be written.
use crate::observation::{Observation, Unreadable};
/// Reads a page.
pub fn parse(_bytes: &[u8], _name: &str) -> Result<Observation, Unreadable> {
    Err(Unreadable("not read yet".into()))
}

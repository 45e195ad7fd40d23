//! Files that are not ours and no part of the project, read where they are.

use std::io::Read;

use crate::needs::shared_data;

/// The text of one, unpacked; None where it is missing.
pub fn text(name: &str) -> Option<String> {
    let bytes = std::fs::read(shared_data(name)?).unwrap();
    let mut text = String::new();
    if name.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    Some(text)
}

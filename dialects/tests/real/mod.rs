//! Files that are not ours, kept beside the project: read where they are, passed over where they are not.

use std::io::Read;
use std::path::PathBuf;

/// The text of one, unpacked; None, and a line that says so, where it is missing.
pub fn text(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("passed over: {name} is not here");
        return None;
    };
    let mut text = String::new();
    if name.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    Some(text)
}

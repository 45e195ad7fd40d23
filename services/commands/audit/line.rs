//! A line of a replay, and the answer of `/v1/events/{position}`: what they say of a record, with the exact bytes of its event.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dateline_backends::Record;
use dateline_events::{EventKey, Instant, Position};
use dateline_proofs::TREE_LEAVES_MAX;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A line is at most so long, in bytes: an event has 64 KiB.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;

/// The record that a line of a replay holds; the error says what it lacks.
pub fn read(line: &[u8]) -> Result<Record, String> {
    let form: Form<'_> = serde_json::from_slice(line).map_err(|error| format!("the line is not one of a replay ({error})"))?;
    let recorded = form.recorded.as_deref().and_then(Instant::parse).ok_or("the line has no recorded time")?;
    let key = form.key.as_deref().and_then(EventKey::parse).ok_or("the line has no key")?;
    let bytes = form.bytes()?;
    let salt = form.salt.as_deref().map(salt_of).transpose()?;
    let (source, id) = (form.source.unwrap_or_default(), form.id.unwrap_or_default());
    let position = form.position.filter(|position| (1..TREE_LEAVES_MAX).contains(position)).ok_or("the line has no position")?;
    Ok(Record { position, recorded, key, salt, source: source.into_owned(), id: id.into_owned(), bytes })
}

/// What a document says of an event that it carries.
#[derive(Debug, PartialEq, Eq)]
pub struct Carried {
    /// Where it stands.
    pub position: Position,
    /// When it was recorded.
    pub recorded: Instant,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
}

/// The event that a line of a replay or an answer of the server carries; None where the document is neither, or carries no text.
pub fn carried(document: &[u8]) -> Option<Carried> {
    let form: Form<'_> = serde_json::from_slice(document).ok()?;
    let recorded = form.recorded.as_deref().and_then(Instant::parse)?;
    Some(Carried { position: form.position?, recorded, bytes: form.bytes().ok()?? })
}

#[derive(Deserialize)]
struct Form<'a> {
    position: Option<Position>,
    #[serde(borrow)]
    recorded: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    key: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    source: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    salt: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    event_base64: Option<std::borrow::Cow<'a, str>>,
}

impl Form<'_> {
    fn bytes(&self) -> Result<Option<Vec<u8>>, String> {
        match (self.event, self.event_base64.as_deref()) {
            (Some(_), Some(_)) => Err("the line holds two texts".to_owned()),
            (Some(event), None) => Ok(Some(event.get().as_bytes().to_vec())),
            (None, Some(base64)) => STANDARD.decode(base64).map(Some).map_err(|_| "the text of the line is no base64".to_owned()),
            // A salt is there where a text is: the text is the word null.
            (None, None) => Ok(self.salt.is_some().then(|| b"null".to_vec())),
        }
    }
}

fn salt_of(base64: &str) -> Result<[u8; 32], String> {
    let bytes = STANDARD.decode(base64).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| "the salt of the line is not 32 bytes in base64".to_owned())
}

#[cfg(test)]
mod tests {
    use crate::reader::replay_line;

    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        for bytes in [Some("{\"id\": 1 }"), Some("{\n\"id\":1}"), Some(" {}"), Some("no JSON \u{e9}"), Some("null"), None] {
            let bytes = bytes.map(|text| text.as_bytes().to_vec());
            let key = EventKey::of("/a", "\"1\"\n");
            let salt = bytes.as_ref().map(|_| [9; 32]);
            let record =
                Record { position: 7, recorded: Instant(1_795_396_177_000_001), key, salt, source: "/a".into(), id: "\"1\"\n".into(), bytes };
            let line = replay_line(&record).expect("a line");
            assert_eq!(read(&line), Ok(record.clone()));
            assert_eq!(carried(&line).map(|carried| carried.bytes), record.bytes);
        }
    }
}

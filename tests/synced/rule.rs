//! The rule: what an answer speaks of was written, and a sync of that file began after the write and ended before the answer began.
//!
//! Pure: calls go in, what covers each answer comes out. How the calls were recorded is not known here.

use std::collections::{BTreeMap, BTreeSet};

use super::trace::Call;

/// Every event of the test has an id that begins so and ends with [`DIGITS`] digits.
pub const ID: &str = "synced-";
pub const DIGITS: usize = 6;

/// A page of SQLite's write-ahead log has a header of so many bytes, written by itself.
const FRAME_HEADER: usize = 24;

/// The header of a message in a block of nats-server: length, sequence.
const MESSAGE_HEADER: usize = 12;

/// Where a thing was written, and the line on which the last write that belongs to it had ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub file: String,
    pub ended: usize,
}

/// What was told, of which things, and the line on which the telling began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub began: usize,
    pub of: BTreeSet<String>,
}

/// The syncs that stand between writes and answers: for each answer the lines on which they began.
pub type Covers = Vec<BTreeSet<usize>>;

/// Holds every answer against what was written. The error names the first answer that left too early.
pub fn covered(calls: &[Call], written: &BTreeMap<String, Written>, answers: &[Answer]) -> Result<Covers, String> {
    let mut covers = Covers::new();
    for answer in answers {
        let mut by = BTreeSet::new();
        for thing in &answer.of {
            let Written { file, ended } = written.get(thing).ok_or_else(|| format!("{thing} was answered and never written"))?;
            let between = |call: &&Call| call.is_sync() && &call.target == file && call.began > *ended && call.ended < answer.began;
            let sync = calls.iter().find(between);
            let sync = sync.ok_or_else(|| {
                format!("{thing} was written to {file} up to line {ended} and answered on line {} without a sync between", answer.began)
            })?;
            by.insert(sync.began);
        }
        covers.push(by);
    }
    Ok(covers)
}

/// What said that it was stored must have been said after what it relies on was said.
pub fn in_order(first: &[Answer], then: &[Answer]) -> Result<(), String> {
    for answer in then {
        for thing in &answer.of {
            let relied_on = first.iter().any(|earlier| earlier.of.contains(thing) && earlier.began < answer.began);
            if !relied_on {
                return Err(format!("{thing} was answered on line {} before the bus had acknowledged it", answer.began));
            }
        }
    }
    Ok(())
}

/// The ids that SQLite committed to a write-ahead log: each belongs to the transaction that first holds it, whose last write is the page
/// behind a header that says how many pages the file then has.
pub fn committed(calls: &[Call], log: impl Fn(&str) -> bool) -> BTreeMap<String, Written> {
    let mut written = BTreeMap::new();
    let (mut waiting, mut commits) = (BTreeSet::new(), false);
    for call in calls.iter().filter(|call| call.writes_to(&log)) {
        if call.bytes.len() == FRAME_HEADER {
            commits = call.bytes[4..8] != [0; 4];
            continue;
        }
        waiting.extend(ids(&call.bytes).into_iter().filter(|id| !written.contains_key(id)));
        if commits {
            commits = false;
            let last = Written { file: call.target.clone(), ended: call.ended };
            written.extend(std::mem::take(&mut waiting).into_iter().map(|id| (id, last.clone())));
        }
    }
    written
}

/// The messages that nats-server wrote into the blocks of a stream: by sequence, and the ids in them.
pub fn stored(calls: &[Call], block: impl Fn(&str) -> bool) -> (BTreeMap<String, Written>, BTreeMap<String, String>) {
    let (mut written, mut sequences) = (BTreeMap::new(), BTreeMap::new());
    for call in calls.iter().filter(|call| call.writes_to(&block)) {
        let mut rest = call.bytes.as_slice();
        while rest.len() >= MESSAGE_HEADER {
            let number = |at: usize, bytes: usize| (0..bytes).map(|place| u64::from(rest[at + place]) << (8 * place)).sum::<u64>();
            // The highest bit of the length says that there are headers.
            let length = usize::try_from(number(0, 4) & 0x7fff_ffff).unwrap();
            let message = &rest[..length.clamp(MESSAGE_HEADER, rest.len())];
            let sequence = number(4, 8).to_string();
            sequences.extend(ids(message).into_iter().map(|id| (id, sequence.clone())));
            written.entry(sequence).or_insert(Written { file: call.target.clone(), ended: call.ended });
            rest = &rest[message.len()..];
        }
    }
    (written, sequences)
}

/// The answers that say that events are stored: the ids in them. What follows on the same socket belongs to the answer before it.
pub fn receipts(calls: &[Call]) -> Vec<Answer> {
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    let mut answers: Vec<Answer> = Vec::new();
    for call in calls.iter().filter(|call| call.is_to_a_socket()) {
        if call.bytes.starts_with(b"HTTP/1.1 ") {
            open.insert(&call.target, answers.len());
            answers.push(Answer { began: call.began, of: BTreeSet::new() });
        }
        if let Some(answer) = open.get(call.target.as_str()) {
            answers[*answer].of.extend(ids(&call.bytes));
        }
    }
    answers.retain(|answer| !answer.of.is_empty());
    answers
}

/// The acknowledgements of a stream that nats-server sent: of one message, or of a batch by its last one.
pub fn acknowledgements(calls: &[Call], stream: &str) -> Vec<Answer> {
    let begin = format!("{{\"stream\":\"{stream}\"");
    let mut answers = Vec::new();
    for call in calls.iter().filter(|call| call.is_to_a_socket()) {
        let text = String::from_utf8_lossy(&call.bytes);
        for (at, _) in text.match_indices(&begin) {
            let whole = text[at..].split_once('}').map_or("", |(whole, _)| whole);
            let number = |name: &str| whole.split_once(&format!("\"{name}\":"))?.1.split(',').next()?.parse::<u64>().ok();
            let Some(last) = number("seq") else { continue };
            let first = last + 1 - number("count").unwrap_or(1);
            answers.push(Answer { began: call.began, of: (first..=last).map(|sequence| sequence.to_string()).collect() });
        }
    }
    answers
}

/// The ids of the test's events.
fn ids(bytes: &[u8]) -> BTreeSet<String> {
    let begins = |window: &[u8]| window.starts_with(ID.as_bytes()) && window[ID.len()..].iter().all(u8::is_ascii_digit);
    let found = bytes.windows(ID.len() + DIGITS).filter(|window| begins(window));
    found.map(|window| String::from_utf8_lossy(window).into_owned()).collect()
}

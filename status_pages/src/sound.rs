//! What a page says, made fit for events: pages are strangers' and may hold anything. What is taken out no reader could see.

use std::collections::BTreeSet;

use dateline_events::{Instant, hexadecimal};
use sha2::{Digest, Sha256};

use crate::observation::{Facts, Observation, Refused, SeenIncident};

/// So many posts of one incident are read; the longest seen had 66.
const MAX_POSTS: usize = 1_000;

/// So many incidents are read on one page.
const MAX_INCIDENTS: usize = 10_000;

/// A post's words are cut after so many bytes: with everything else an event has to hold them (64 KiB).
const MAX_WORDS_BYTES: usize = 30 * 1024;

/// A name is at most so long, in characters.
const MAX_NAME_CHARS: usize = 2_000;

/// An id longer than this, in bytes, is known by its hash: an event's id holds two of them.
const MAX_ID_BYTES: usize = 100;

/// A page's own words for a state are at most so long, in bytes.
const MAX_STATUS_BYTES: usize = 100;

/// Makes a whole page fit.
pub(crate) fn page(mut observation: Observation) -> Observation {
    facts(&mut observation.facts);
    let mut fit = Vec::with_capacity(observation.incidents.len().min(MAX_INCIDENTS));
    let mut ids = BTreeSet::new();
    for (place, seen) in observation.incidents.into_iter().enumerate() {
        let name = seen.id.clone();
        let refused = |why: String| Refused { what: name.clone(), why };
        if place >= MAX_INCIDENTS {
            observation.refused.push(Refused { what: "the rest of the page".into(), why: format!("at most {MAX_INCIDENTS} incidents are read") });
            observation.unnamed = true;
            break;
        }
        match incident(seen) {
            Ok((seen, faults)) if ids.insert(seen.id.clone()) => {
                observation.refused.extend(faults.into_iter().map(refused));
                fit.push(seen);
            }
            Ok(_) => observation.refused.push(refused("the page lists this id twice; the first is read".into())),
            Err(why) => {
                observation.unread.insert(short(&name));
                observation.refused.push(refused(why));
            }
        }
    }
    observation.incidents = fit;
    observation
}

/// Makes what a page says of itself fit.
pub(crate) fn facts(facts: &mut Facts) {
    facts.name = facts.name.take().map(|name| words(&name, MAX_NAME_CHARS)).filter(|name| !name.trim().is_empty());
    facts.url = facts.url.take().filter(|url| is_web(url));
}

/// Makes an incident fit, and says what of it is left out; or says why it cannot be told.
pub(crate) fn incident(mut seen: SeenIncident) -> Result<(SeenIncident, Vec<String>), String> {
    if seen.id.trim().is_empty() {
        return Err("it has no id".into());
    }
    if seen.posts.len() > MAX_POSTS {
        return Err(format!("{} posts; at most {MAX_POSTS} are read", seen.posts.len()));
    }
    seen.id = short(&seen.id);
    seen.url = seen.url.filter(|url| is_web(url));
    seen.name = seen.name.map(|name| words(&name, MAX_NAME_CHARS)).filter(|name| !name.trim().is_empty());
    seen.severity_word = seen.severity_word.take().filter(|word| is_word(word));
    seen.components = seen.components.iter().map(|name| words(name, MAX_NAME_CHARS)).filter(|name| !name.trim().is_empty()).collect();
    seen.scheduled = seen.scheduled.filter(|(from, until)| from.0.div_euclid(Instant::SECOND) < until.0.div_euclid(Instant::SECOND));
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    let mut posts = std::mem::take(&mut seen.posts);
    for post in &mut posts {
        post.id = post.id.as_deref().filter(|id| !id.trim().is_empty()).map(short);
        post.words = post.words.take().map(|text| words(&text, usize::MAX)).filter(|text| !text.trim().is_empty());
        if let Some(text) = post.words.as_mut().filter(|text| text.len() > MAX_WORDS_BYTES) {
            faults.push(format!("a post of {} bytes; its words are cut after {MAX_WORDS_BYTES}", text.len()));
            let end = (0..=MAX_WORDS_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        post.status_word = post.status_word.take().filter(|word| is_word(word));
    }
    posts.retain(|post| match &post.id {
        Some(id) if !ids.insert(id.clone()) => {
            faults.push(format!("its post {id} is listed twice; the first is read"));
            false
        }
        _ => true,
    });
    seen.posts = posts;
    Ok((seen, faults))
}

fn is_word(word: &str) -> bool {
    !word.trim().is_empty() && word.len() <= MAX_STATUS_BYTES && !word.chars().any(char::is_control)
}

/// The words, without the one character that not every engine can keep.
fn words(text: &str, chars_max: usize) -> String {
    text.chars().filter(|character| *character != '\0').take(chars_max).collect()
}

/// An id as it stands, or its hash where it is too long for an event's id or holds what no id may.
fn short(id: &str) -> String {
    let fits = id.len() <= MAX_ID_BYTES && !id.chars().any(char::is_control);
    if fits {
        return id.to_owned();
    }
    hexadecimal(&Sha256::digest(id.as_bytes())[..16])
}

/// An address that a page may be linked to by.
fn is_web(url: &str) -> bool {
    const MAX_URL_BYTES: usize = 512;
    let has_scheme = ["https://", "http://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    has_scheme && url.len() <= MAX_URL_BYTES && !url.chars().any(|character| character.is_control() || character.is_whitespace())
}

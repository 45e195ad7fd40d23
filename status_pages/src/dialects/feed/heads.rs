//! The state that a headline or a body tells, at its head or at its end, and what is left of the text: "RESOLVED – Web fails", "[Fixed] Web",
//! "Web fails (Resolved)", "<b>Resolved</b> - It is over." Which entries tell of one thing is not asked here.
//!
//! A word counts only where it is a state and something parts it from the rest. At the end "update" and "closed" are none: a road is closed, and
//! software has an update.

use crate::dialects::statuspage;
use crate::observation::{Nature, Status};

/// A word for a state is no longer than this, in bytes.
const MAX_STATE_BYTES: usize = 40;

/// How AWS begins its headlines; the first says that it is over.
const AWS_BEGINNINGS: [&str; 6] =
    ["Service is operating normally", "Informational message", "Performance issues", "Service disruption", "Service degradation", "Service impact"];

/// What may part a state from the rest.
const PARTING: [char; 5] = [':', '-', '–', '—', '|'];

/// Other words for it that trouble is over.
const OVER: [&str; 6] = ["fixed", "closed", "mitigated", "solved", "restored", "recovered"];

/// The words of Statuspages in other languages.
const TRANSLATED: [(&str, &str); 11] = [
    ("untersuchung", "investigating"),
    ("identifiziert", "identified"),
    ("überwachung", "monitoring"),
    ("gelöst", "resolved"),
    ("behoben", "resolved"),
    ("abgeschlossen", "completed"),
    ("résolu", "resolved"),
    ("resuelto", "resolved"),
    ("resolvido", "resolved"),
    ("risolto", "resolved"),
    ("opgelost", "resolved"),
];

/// Nothing more is expected after this word.
pub(super) fn is_over(word: &str, nature: Nature) -> bool {
    use dateline_events::kinds::VendorStatus::{Postmortem, Resolved};
    matches!(status(word, nature), Some(Status::Completed | Status::Vendor(Resolved | Postmortem)))
}

/// The state that a word names.
pub(super) fn status(word: &str, nature: Nature) -> Option<Status> {
    if word == AWS_BEGINNINGS[0] {
        return statuspage::status("resolved", nature);
    }
    // incident.io says "Maintenance scheduled", "Maintenance in progress", "Maintenance complete".
    match word.to_lowercase().trim_start_matches("maintenance ") {
        "complete" => Some(Status::Completed),
        word if OVER.contains(&word) => statuspage::status("resolved", nature),
        word => {
            let known = TRANSLATED.iter().find(|(translated, _)| *translated == word).map_or(word, |(_, known)| known);
            statuspage::status(known, nature)
        }
    }
}

fn is_state(word: &str) -> bool {
    word.len() <= MAX_STATE_BYTES && (is_update(word) || status(word, Nature::Outage).is_some())
}

fn is_update(word: &str) -> bool {
    word.eq_ignore_ascii_case("update")
}

/// The word for a state in a headline, and the rest. What AWS begins with is a word for a state too, unless one in brackets says more.
pub(super) fn headed(title: &str) -> (Option<String>, String) {
    let title = title.trim();
    let beginning = AWS_BEGINNINGS.into_iter().find(|beginning| title.strip_prefix(beginning).is_some_and(|rest| rest.starts_with(':')));
    let mut rest = beginning.map_or(title, |beginning| title[beginning.len() + 1..].trim_start());
    let mut word = beginning.map(ToOwned::to_owned);
    if beginning.is_none()
        && let Some((state, without)) = at_head(rest).or_else(|| at_end(rest)).or_else(|| is_state(rest).then_some((rest, "")))
    {
        word = Some(state.to_owned());
        rest = without;
    }
    let (bracketed, rest) = without_brackets(rest);
    (bracketed.or(word), rest.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// "Resolved: …", "RESOLVED – …", "**Resolved** - …", "[Resolved] …", "(Resolved) …".
fn at_head(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if let Some(inside) = text.strip_prefix(['[', '(']) {
        let (word, rest) = inside.split_once([']', ')'])?;
        return Some((bare(word), rest.trim_start().trim_start_matches(PARTING).trim_start())).filter(|(word, _)| is_state(word));
    }
    let at = text.find(PARTING)?;
    let (word, rest) = parted(text, at)?;
    Some((bare(word), rest.trim_start())).filter(|(word, _)| is_state(word))
}

/// "… - Resolved", "… (Resolved)", "… [Fixed]".
fn at_end(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end();
    if let Some(open) = text.strip_suffix([')', ']']) {
        let at = open.rfind(['(', '['])?;
        let word = bare(&open[at + 1..]);
        return (is_state(word) && !is_update(word)).then(|| (word, text[..at].trim_end()));
    }
    let at = text.rfind(PARTING)?;
    let (rest, word) = parted(text, at)?;
    let word = bare(word);
    let is_told = is_state(word) && !is_update(word) && !word.eq_ignore_ascii_case("closed");
    is_told.then(|| (word, rest.trim_end()))
}

/// What stands before and behind a mark, where it parts: a colon before a space, a hyphen between two, a dash beside one.
fn parted(text: &str, at: usize) -> Option<(&str, &str)> {
    let (before, rest) = text.split_at(at);
    let mark = rest.chars().next()?;
    let after = rest[mark.len_utf8()..].trim_start_matches(['*', '_']);
    let (is_open, is_closed) = (before.ends_with(char::is_whitespace), after.is_empty() || after.starts_with(char::is_whitespace));
    let parts = match mark {
        ':' => is_closed,
        '-' | '|' => is_open && is_closed,
        _ => is_open || is_closed,
    };
    parts.then_some((before, after))
}

/// A word without the marks that set it in bold.
fn bare(word: &str) -> &str {
    word.trim().trim_matches(['*', '_']).trim()
}

/// The first state in brackets, and the text without it; other languages bracket it once more, beside it.
fn without_brackets(text: &str) -> (Option<String>, String) {
    let (mut found, mut left, mut rest) = (None, String::with_capacity(text.len()), text);
    while let Some(open) = rest.find('[') {
        let Some(length) = rest[open..].find(']') else { break };
        let inside = rest[open + 1..open + length].trim();
        if is_state(inside) {
            found.get_or_insert_with(|| inside.to_owned());
        } else if inside.is_ascii() {
            left.push_str(&rest[..=open + length]);
            rest = &rest[open + length + 1..];
            continue;
        }
        left.push_str(&rest[..open]);
        rest = &rest[open + length + 1..];
    }
    left.push_str(rest);
    if found.is_some() { (found, left) } else { (None, text.to_owned()) }
}

/// The word by which the headline of planned work says that it is called off, wherever it stands.
pub(super) fn cancelled(title: &str) -> Option<&str> {
    let mut before = "";
    for word in title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let is_told = ["cancelled", "canceled"].iter().any(|known| word.eq_ignore_ascii_case(known));
        if is_told && !before.eq_ignore_ascii_case("not") {
            return Some(word);
        }
        before = word;
    }
    None
}

/// "Status: Resolved" on the first line, and what follows it.
pub(super) fn body_state<'w>(words: &'w str, content: &str) -> Option<(String, &'w str)> {
    let (first, rest) = words.split_once('\n').unwrap_or((words, ""));
    let word = bare(first.trim().trim_start_matches(['*', '_']).strip_prefix("Status:")?);
    let is_marked = content.trim_start().starts_with("<b>Status:") || content.trim_start().starts_with("<strong>Status:");
    let fits = !word.is_empty() && word.len() <= MAX_STATE_BYTES;
    (fits && (is_marked || is_state(word))).then(|| (word.to_owned(), rest.trim()))
}

/// "Resolved - It is over.", and the state alone on the first line where it is set in bold; "update" is no state by itself.
pub(super) fn body_head<'w>(words: &'w str, content: &str) -> Option<(String, &'w str)> {
    let (first, rest) = words.split_once('\n').unwrap_or((words, ""));
    let is_bold = || {
        let markup = content.trim_start().trim_start_matches("<p>").trim_start();
        ["<b>", "<strong>", "<b ", "<strong ", "**", "__"].iter().any(|mark| markup.starts_with(mark))
    };
    let alone = Some(bare(first).trim_end_matches(['.', ':'])).filter(|word| is_state(word) && is_bold());
    let (word, rest) = match alone {
        Some(word) => (word, rest),
        None => at_head(first).map(|(word, after)| (word, &words[first.len() - after.len()..]))?,
    };
    (!is_update(word)).then(|| (word.to_owned(), rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn tells(title: &str, word: &str, headline: &str) {
        let told = headed(title);
        assert_eq!((told.0.as_deref().unwrap_or_default(), told.1.as_str()), (word, headline), "{title}");
    }

    #[test]
    fn a_state_stands_at_the_head_of_a_headline_or_at_its_end() {
        for title in ["RESOLVED – Web", "RESOLVED — Web", "RESOLVED: Web", "RESOLVED - Web", "[RESOLVED] Web", "(RESOLVED) Web", "**RESOLVED** - Web"]
        {
            tells(title, "RESOLVED", "Web");
        }
        for title in ["Web (Fixed)", "Web [Fixed]", "Web - Fixed", "Web: Fixed", "Web – Fixed", "Fixed: Web", "Fixed | Web"] {
            tells(title, "Fixed", "Web");
            assert_eq!(status("Fixed", Nature::Outage), statuspage::status("resolved", Nature::Outage));
        }
        tells("Mitigated - Network - Some services", "Mitigated", "Network - Some services");
        tells("Closed: Tape", "Closed", "Tape");
        tells("Maintenance cancelled: Tape", "Maintenance cancelled", "Tape");
        tells("Resolved", "Resolved", "");
        tells("Gelöst: Pier", "Gelöst", "Pier");
    }

    #[test]
    fn a_word_that_nothing_parts_or_that_is_no_state_tells_none() {
        for title in [
            "Pier 3: closed",
            "Bridge - Closed",
            "Windows - Update",
            "Update-server fails",
            "Resolved-address lists fail",
            "Web fails (again)",
            "a: b",
        ] {
            tells(title, "", title);
        }
    }

    #[test]
    fn a_state_stands_at_the_head_of_a_body() {
        let told = |content: &str| body_head(&dateline_events::plain(content), content).map(|(word, rest)| format!("{word}|{rest}"));
        for content in [
            "<p><b>Resolved</b> - ok</p>",
            "Resolved: ok",
            "<strong>Resolved</strong><br>ok",
            "[Resolved] ok",
            "**Resolved** – ok",
            "<b>Resolved.</b><br/>ok",
        ] {
            assert_eq!(told(content).as_deref(), Some("Resolved|ok"), "{content}");
        }
        assert_eq!(told("Resolved - one<br>two").as_deref(), Some("Resolved|one\ntwo"));
        for content in ["Resolved<br>ok", "Update: ok", "<b>Update</b><br>ok", "It is resolved: ok", "Water."] {
            assert_eq!(told(content), None, "{content}");
        }
    }
}

//! The prose of an issue, post by post. The front matter is not read here.
//!
//! Posts are paragraphs that begin with `*Status* -` (one star or more), or follow a line of `---`, or follow a `{{< track "…" >}}`,
//! which is the time of the post before it. Usually the newest stands first; where times or states show that it is otherwise, they
//! are believed. A post without a time has none, but for the oldest, whose time is the issue's: it keeps it when others follow.

use crate::dialects::statuspage;
use crate::observation::{Nature, Refused, SeenPost, SeenTime, Status};

/// A word for a state is no longer than this.
const MAX_WORD_BYTES: usize = 40;

/// A shortcode is no longer than this.
const MAX_SHORTCODE_BYTES: usize = 200;

/// What the prose says.
pub(super) struct Prose {
    /// Oldest first.
    pub posts: Vec<SeenPost>,
    /// Times that could not be read.
    pub refused: Vec<Refused>,
}

/// Reads the prose.
pub(super) fn read(prose: &str, date: &SeenTime, id: &str) -> Prose {
    let mut refused = Vec::new();
    let sections = sections(prose);
    let mut posts = Vec::new();
    for (place, section) in sections.iter().enumerate() {
        let (text, tracked) = without_tracks(section);
        let at = tracked.and_then(|told| {
            let time = super::time(&told);
            if time.is_none() {
                let why = format!("its time \"{told}\" is not one such as \"2018-04-13 15:54:00\"; the post is kept without it");
                refused.push(Refused { what: format!("{id}, post {}", place + 1), why });
            }
            time
        });
        let (word, words) = marked(text.trim());
        if word.is_some() || !words.is_empty() {
            let words = Some(words.to_owned()).filter(|words| !words.is_empty());
            posts.push(SeenPost { id: None, at, by: None, updated: None, status: None, status_word: word.map(ToOwned::to_owned), words });
        }
    }
    order(&mut posts);
    if let Some(first) = posts.first_mut() {
        first.at.get_or_insert_with(|| date.clone());
    }
    // "Update" leaves the state as it was.
    let mut state = None;
    for post in &mut posts {
        let word = post.status_word.as_deref().unwrap_or_default();
        post.status = if word.eq_ignore_ascii_case("update") { state } else { status(word) };
        state = post.status;
    }
    Prose { posts, refused }
}

/// The posts, as they stand in the file.
fn sections(prose: &str) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    let (mut fence, mut begins) = (None, true);
    let mut after_blank = true;
    for line in prose.lines() {
        let trimmed = line.trim();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        if fence.is_none() && is_rule(trimmed) {
            begins = true;
            continue;
        }
        if fence.is_none() && trimmed.is_empty() {
            // A time ends its post.
            begins |= sections.last().is_some_and(|section| section.trim_end().ends_with("}}"));
            after_blank = true;
        } else if fence.is_none() && (begins || (after_blank && marked(trimmed).0.is_some())) {
            sections.push(String::new());
            (begins, after_blank) = (false, false);
        } else {
            after_blank = false;
        }
        if mark.is_some() {
            fence = if fence.is_none() { mark } else { fence.filter(|open| Some(*open) != mark) };
        }
        if let Some(section) = sections.last_mut() {
            section.push_str(line);
            section.push('\n');
        }
    }
    sections
}

/// A line of `---`, `***` or `___`.
fn is_rule(line: &str) -> bool {
    line.len() >= 3 && ['-', '*', '_'].iter().any(|mark| line.chars().all(|character| character == *mark))
}

/// The text without its shortcodes, and the time in the first of them.
fn without_tracks(section: &str) -> (String, Option<String>) {
    let (mut text, mut time, mut rest) = (String::with_capacity(section.len()), None, section);
    while let Some(at) = rest.find("{{") {
        let (before, shortcode) = rest.split_at(at);
        let end = shortcode.as_bytes()[..shortcode.len().min(MAX_SHORTCODE_BYTES)].windows(2).position(|pair| pair == b"}}");
        let inside = end.and_then(|end| Some((shortcode[2..end].trim_matches(['<', '%', '>', ' ']).strip_prefix("track")?, end + 2)));
        text.push_str(before);
        match inside {
            Some((told, length)) => {
                time.get_or_insert_with(|| told.trim_matches(['"', '\'', '`', ' ']).to_owned());
                rest = &shortcode[length..];
            }
            None => {
                text.push_str("{{");
                rest = &shortcode[2..];
            }
        }
    }
    text.push_str(rest);
    (text, time)
}

/// The word for the state that a post begins with, in emphasis and with a dash or alone on its line, and the words.
fn marked(text: &str) -> (Option<&str>, &str) {
    let found = || {
        let inside = text.trim_start_matches('*');
        let stars = text.len() - inside.len();
        let end = inside.find('*').filter(|end| (1..=3).contains(&stars) && (1..=MAX_WORD_BYTES).contains(end))?;
        let after = inside[end..].trim_start_matches('*');
        let word = inside[..end].trim();
        let (line, below) = after.split_once('\n').unwrap_or((after, ""));
        let words = ["-", "–", "—", ":"].iter().find_map(|dash| after.trim_start_matches(' ').strip_prefix(dash));
        let words = words.or_else(|| line.trim().is_empty().then_some(below))?;
        (!word.is_empty() && !word.contains('\n')).then_some((Some(word), words.trim()))
    };
    found().unwrap_or((None, text))
}

/// Brings posts into the order in which they were written.
fn order(posts: &mut [SeenPost]) {
    let times: Vec<_> = posts.iter().filter_map(|post| post.at.as_ref().map(SeenTime::start)).collect();
    let later = times.windows(2).filter(|pair| pair[0] < pair[1]).count();
    let sooner = times.windows(2).filter(|pair| pair[0] > pair[1]).count();
    let known: Vec<u8> = posts.iter().filter_map(|post| progress(status(post.status_word.as_deref()?)?)).collect();
    let ends_further = known.first().zip(known.last()).is_some_and(|(first, last)| first < last);
    if !(later > sooner || (later == sooner && ends_further)) {
        posts.reverse();
    }
    if times.len() == posts.len() {
        posts.sort_by_key(|post| post.at.as_ref().map(SeenTime::start));
    }
}

/// Of planned work "Resolved" says that it is done.
pub(super) fn of_planned_work(post: &mut SeenPost) {
    use dateline_events::kinds::VendorStatus::{Postmortem, Resolved};
    if let Some(Status::Vendor(Resolved | Postmortem)) = post.status {
        post.status = Some(Status::Completed);
    }
}

/// How far along a state is.
fn progress(status: Status) -> Option<u8> {
    use dateline_events::kinds::VendorStatus::{Identified, Investigating, Monitoring, Postmortem, Resolved};
    Some(match status {
        Status::Scheduled | Status::Vendor(Investigating) => 0,
        Status::InProgress | Status::Vendor(Identified) => 1,
        Status::Vendor(Monitoring) => 2,
        Status::Completed | Status::Vendor(Resolved) => 3,
        Status::Vendor(Postmortem) | Status::Overruled => 4,
    })
}

fn status(word: &str) -> Option<Status> {
    let word = word.to_ascii_lowercase().replace('-', "");
    let word = if word == "fixed" { "resolved" } else { word.as_str() };
    statuspage::status(word, Nature::Outage)
}

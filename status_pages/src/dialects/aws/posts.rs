//! The posts of an event of AWS, out of one piece of HTML: `<div><span class="yellowfg"> 8:14 AM PDT</span>&nbsp;Words.</div>`, again
//! and again, oldest first. What the times mean is not asked here. Posts are found in one pass, however broken the HTML is.

use dateline_events::plain;

use crate::dialects::as_markup;

/// The class of the span in which a time is printed.
const TIME_CLASS: &str = "yellowfg";

/// A post as it is printed.
pub(super) struct PrintedPost {
    /// The words in the place of a time.
    pub time: Option<String>,
    /// The rest, without markup; may be empty.
    pub words: String,
}

/// The posts of a description, in its order.
pub(super) fn split(description: &str) -> Vec<PrintedPost> {
    // Upper case A to Z alone is lowered: every place in one text is the same place in the other.
    let lower = description.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut start = 0;
    for end in boundaries(&lower) {
        add_posts(&description[start..end], &lower[start..end], &mut found);
        start = end;
    }
    found
}

/// Where an outermost block begins or ends; the last is the end of the text.
fn boundaries(lower: &str) -> Vec<usize> {
    let (mut found, mut depth) = (Vec::new(), 0_usize);
    for (at, _) in lower.match_indices('<') {
        let (tag, is_end) = lower[at + 1..].strip_prefix('/').map_or((&lower[at + 1..], false), |tag| (tag, true));
        let is_block = tag.strip_prefix("div").is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()));
        match (is_block, is_end, depth) {
            (false, ..) | (true, true, 0) => continue,
            (true, false, _) => depth += 1,
            (true, true, _) => depth -= 1,
        }
        if depth == usize::from(!is_end) {
            found.push(at);
        }
    }
    found.push(lower.len());
    found
}

/// A block is one post; or several, where the vendor forgot to close it.
fn add_posts(block: &str, lower: &str, found: &mut Vec<PrintedPost>) {
    let (mut from, mut time) = (0, None);
    while let Some(span) = next_time(lower, from) {
        add(time.take(), &block[from..span.start], found);
        time = Some(plain(&block[span.inner..span.end])).filter(|time| !time.is_empty());
        from = span.end;
    }
    add(time, &block[from..], found);
}

fn add(time: Option<String>, markup: &str, found: &mut Vec<PrintedPost>) {
    let words = as_markup(&plain(markup));
    if time.is_some() || !words.is_empty() {
        found.push(PrintedPost { time, words });
    }
}

struct TimeSpan {
    start: usize,
    inner: usize,
    end: usize,
}

/// The next span that holds a time; None too where a tag is never closed, for then nothing after it is one either.
fn next_time(lower: &str, mut from: usize) -> Option<TimeSpan> {
    loop {
        let start = from + lower[from..].find("<span")?;
        let inner = start + lower[start..].find('>')? + 1;
        if lower[start..inner].contains(TIME_CLASS) {
            let end = inner + lower[inner..].find("</span")?;
            return Some(TimeSpan { start, inner, end });
        }
        from = inner;
    }
}

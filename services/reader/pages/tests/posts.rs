//! A vendor's post on a page: all its words, in a few elements that the template names, and nothing of its own as markup.

use dateline_timelines::tell::ToldPost;
use proptest::prelude::*;

use super::*;

/// Ways to write words, some of them meant ill; `W` is the words.
const WAYS: [&str; 26] = [
    "W",
    "**W**",
    "_W_ and",
    "`W`",
    "~~W~~",
    "[W](https://acme.example/a?b=1&c='2')",
    "[W](javascript:alert(1))",
    "<https://acme.example/W>",
    "https://acme.example/W.",
    "- W",
    "1. W",
    "7) W",
    "> W",
    "# W",
    "```W\nx\n```",
    "[W]: said",
    "- [W]: said",
    "<b>W</b>",
    "<p>W</p>",
    "<br/>W",
    "<a href=\"https://acme.example\" onclick=\"alert(1)\">W</a>",
    "<img src=x onerror=alert(1)> W",
    "2 < 3 > 1 & W",
    "&lt;script&gt;W&lt;/script&gt;",
    "&amp;lt;W&amp;gt; &#x3c;",
    "\u{202e}W\u{2066}\u{0}",
];

/// The page of a story with this post in it.
fn page_with(post: &str) -> Option<String> {
    let post = ToldPost::of(post, "en")?;
    let mut told = told("calm");
    told.entries.truncate(1);
    told.entries[0].text = format!("GitHub, investigating: “{}” (GitHub).", post.words);
    told.entries[0].post = Some(post);
    Some(incident(&view(&told, "calm", Lang::En, false)).unwrap())
}

/// The markup of the post alone.
fn post_of(html: &str) -> &str {
    let (_, post) = html.split_once("<blockquote class=\"post\" lang=\"en\" dir=\"auto\">").expect("the page shows the post");
    post.split_once("</blockquote>").unwrap().0
}

/// The words that stand between the elements, and the elements.
fn read(markup: &str) -> (String, Vec<String>) {
    let (mut words, mut elements, mut rest) = (String::new(), Vec::new(), markup);
    while let Some((before, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        words.push_str(before);
        words.push(' ');
        elements.push(tag.to_owned());
        rest = after;
    }
    words.push_str(rest);
    (words, elements)
}

fn is_ours(element: &str) -> bool {
    let name = element.trim_start_matches('/');
    let is_link = name.starts_with("a href=\"http") && name.ends_with("\" rel=\"nofollow noopener noreferrer\"");
    let is_item = name.strip_prefix("li value=\"").and_then(|rest| rest.strip_suffix('"')).is_some_and(|number| number.parse::<u64>().is_ok());
    is_link || is_item || ["p", "ul", "ol", "li", "a", "strong", "em", "code", "s", "br"].contains(&name)
}

proptest! {
    #[test]
    fn every_word_of_a_post_is_there_and_nothing_of_it_is_markup(
        parts in proptest::collection::vec((0..WAYS.len(), prop_oneof![Just(" "), Just("\n"), Just("\n\n"), Just("\n  ")]), 1..12)
    ) {
        let word = |place: usize| format!("word{place}x");
        let post: String = parts.iter().enumerate().map(|(place, (way, between))| format!("{}{between}", WAYS[*way].replace('W', &word(place)))).collect();
        let html = page_with(&post).expect("there are words");
        Page::read(&html).is_whole();
        let (words, elements) = read(post_of(&html));
        prop_assert!(elements.iter().all(|element| is_ours(element)), "{elements:?} of {post:?}");
        let mut rest = words.as_str();
        for place in 0..parts.len() {
            let found = rest.find(&word(place));
            prop_assert!(found.is_some(), "{} of {post:?} is not in {words:?}", word(place));
            rest = &rest[found.unwrap_or(0)..];
        }
    }
}

#[test]
fn a_post_keeps_its_paragraphs_lists_links_and_emphasis_and_stands_between_who_says_it_and_whom_it_rests_on() {
    let html = page_with("**Summary:** it is slow.\n\n- one\n- [two](https://acme.example/x)\n\n3. three").unwrap();
    let expected = "<p><strong>Summary:</strong> it is slow.</p>\n<ul>\n<li>one</li>\n<li><a href=\"https://acme.example/x\" \
                    rel=\"nofollow noopener noreferrer\">two</a></li>\n</ul>\n<ol>\n<li value=\"3\">three</li>\n</ol>";
    assert_eq!(post_of(&html).trim(), expected);
    assert!(html.contains("<p class=\"sentence\"><bdi>GitHub, investigating:</bdi></p>"), "{html}");
    assert!(html.contains("<p class=\"credit\"><bdi>(GitHub).</bdi></p>"), "{html}");
}

#[test]
fn only_a_long_post_folds() {
    let (short, long) = (page_with(&"word ".repeat(119)).unwrap(), page_with(&"word ".repeat(121)).unwrap());
    assert!(!short.contains("<details id=\"entry-1-post\""), "{short}");
    assert!(long.contains("<details id=\"entry-1-post\" class=\"long\">\n<summary><bdi>word word"), "{long}");
    assert_eq!(post_of(&long).matches("word").count(), 121, "all of it stands in the fold");
}

//! The feeds of silent edits: well formed whatever a page said, complete, and told apart from each other for ever.

use std::collections::BTreeSet;

use serde_json::json;

use super::edits::edited;
use super::{Watcher, each, statement};
use crate::asking::{House, get, get_with};

/// An element of an XML document: its name with its attributes as written, its text, and what stands in it.
#[derive(Debug, Default)]
struct Element {
    tag: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn name(&self) -> &str {
        self.tag.split_whitespace().next().unwrap_or_default()
    }

    #[track_caller]
    fn one(&self, name: &str) -> &Element {
        let found: Vec<&Element> = self.children.iter().filter(|child| child.name() == name).collect();
        assert_eq!(found.len(), 1, "{name} in {self:?}");
        found[0]
    }
}

/// Reads a document strictly: one root, every tag closed, no bare `&` or `<`, no character that XML 1.0 forbids.
#[track_caller]
fn parse(document: &str) -> Element {
    let forbidden = |character: char| (character < ' ' && !matches!(character, '\t' | '\n' | '\r')) || matches!(character, '\u{fffe}' | '\u{ffff}');
    assert!(!document.contains(forbidden), "a character that XML forbids: {document:?}");
    let mut rest = document.strip_prefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>").expect("an XML declaration").trim_start();
    let mut open = vec![Element::default()];
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        open.last_mut().unwrap().text.push_str(&unescaped(text));
        let (tag, after) = tag[1..].split_once('>').expect("a tag that ends");
        rest = after;
        assert!(!tag.contains('<') && !tag.starts_with('!'), "markup in a tag: {tag}");
        if let Some(name) = tag.strip_prefix('/') {
            let closed = open.pop().unwrap();
            assert_eq!(closed.name(), name, "a tag closes another");
            open.last_mut().expect("no more closing tags than opening ones").children.push(closed);
        } else if let Some(empty) = tag.strip_suffix('/') {
            open.last_mut().unwrap().children.push(Element { tag: unescaped(empty), ..Element::default() });
        } else {
            open.push(Element { tag: unescaped(tag), ..Element::default() });
        }
    }
    assert!(rest.trim().is_empty() && open.len() == 1, "not closed: {open:?} {rest}");
    let root = open.remove(0);
    assert_eq!(root.children.len(), 1);
    root.children.into_iter().next().unwrap()
}

#[track_caller]
fn unescaped(text: &str) -> String {
    assert!(!text.contains("]]>"), "]]> in text: {text}");
    let mut parts = text.split('&');
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';').expect("an entity that ends");
        told.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            other => panic!("an unknown entity: {other}"),
        });
        told.push_str(after);
    }
    told
}

#[tokio::test]
async fn the_atom_feed_is_whole() {
    let house = edited().await;
    let answer = get(&house.at("/v1/vendors/github/edits.atom")).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/atom+xml");
    let feed = parse(&answer.text());
    assert_eq!((feed.name(), feed.tag.contains("xmlns=\"http://www.w3.org/2005/Atom\"")), ("feed", true));
    assert_eq!(feed.one("title").text, "What GitHub changed on its status page");
    assert!(feed.one("link").tag.contains("rel=\"self\"") && feed.one("link").tag.contains(&house.at("/v1/vendors/github/edits.atom")), "{feed:?}");
    feed.one("author").one("name");
    let entries: Vec<&Element> = feed.children.iter().filter(|child| child.name() == "entry").collect();
    assert_eq!(entries.len(), 7);
    let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.one("id").text.as_str()).collect();
    assert_eq!(ids.len(), 7, "every entry has an id of its own: {ids:?}");
    let times: Vec<&str> = entries.iter().map(|entry| entry.one("updated").text.as_str()).collect();
    assert_eq!(times.iter().max(), Some(&feed.one("updated").text.as_str()));
    let last = entries[6];
    assert_eq!(last.one("title").text, "GitHub changed the words of an update about three hours after posting it");
    assert_eq!(last.one("content").text, "Pull requests · Sunday 1 March 2026\n\nBefore: We look into it.\n\nAfter: All is well.");
    assert_eq!(last.one("published").text, super::minute(190));
    let link = last.one("link").tag.split_once("href=\"").unwrap().1.trim_end_matches(['"', '/', ' ']).to_owned();
    get(&link).await.expect(200);
    // Whoever has it is told so.
    let etag = answer.header("etag").to_owned();
    get_with(&house.at("/v1/vendors/github/edits.atom"), &[("if-none-match", &etag)]).await.expect(304);
    let narrowed = parse(&get(&house.at("/v1/vendors/github/edits.atom?kind=start&lang=bn")).await.expect(200).text());
    assert_eq!(narrowed.children.iter().filter(|child| child.name() == "entry").count(), 1);
    assert!(narrowed.tag.contains("xml:lang=\"bn\"") && narrowed.one("title").text.starts_with("স্ট্যাটাস"), "{narrowed:?}");
}

#[tokio::test]
async fn the_json_feed_is_whole() {
    let house = edited().await;
    let answer = get(&house.at("/v1/vendors/github/edits.feed.json?minor=false")).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/feed+json");
    let feed = answer.json();
    assert_eq!((&feed["version"], &feed["language"]), (&"https://jsonfeed.org/version/1.1".into(), &"en".into()));
    assert_eq!(feed["feed_url"], house.at("/v1/vendors/github/edits.feed.json?minor=false"));
    let items = feed["items"].as_array().unwrap();
    assert_eq!((items.len(), each(&feed["items"], "id").into_iter().collect::<BTreeSet<_>>().len()), (6, 6));
    assert_eq!(items[5]["content_text"], "Pull requests · Sunday 1 March 2026\n\nBefore: We look into it.\n\nAfter: All is well.");
    get(items[5]["url"].as_str().unwrap()).await.expect(200);
    get(&house.at("/v1/vendors/nobody/edits.feed.json")).await.problem(404);
    get(&house.at("/v1/vendors/nobody/edits.atom")).await.problem(404);
}

#[tokio::test]
async fn a_vendor_without_edits_has_feeds_without_entries() {
    let house = House::start();
    let page = Watcher { house: &house, service: "github" };
    page.open(10, "abc", "Pull requests", "We look into it.").await;
    house.caught_up().await;
    let feed = parse(&get(&house.at("/v1/vendors/github/edits.atom")).await.expect(200).text());
    assert!(feed.children.iter().all(|child| child.name() != "entry"));
    assert_eq!(feed.one("updated").text, "1970-01-01T00:00:00Z");
    assert_eq!(get(&house.at("/v1/vendors/github/edits.feed.json")).await.expect(200).json()["items"], json!([]));
}

#[tokio::test]
async fn what_a_page_says_stays_text_in_the_feeds() {
    let house = House::start();
    let page = Watcher { house: &house, service: "github" };
    let evil = "</content></entry><script>alert(1)</script> ]]> &amp; <![CDATA[ \u{1}\u{8}\u{b}\u{1b}\u{7f}\u{85}\u{202e}\u{fffe}\u{ffff} 'x' \"y\"";
    page.open(10, "abc", &evil.replace('\u{1}', ""), "Before it.").await;
    page.correct(20, "abc/post/p1/2", "abc/post/p1/1", json!({"statement": statement(evil)})).await;
    page.correct(30, "abc/post/p1/3", "abc/post/p1/1", json!({"statement": statement("After it.")})).await;
    house.caught_up().await;
    // What calls itself the host is no address of ours.
    let hostile = [("x-forwarded-proto", "javascript")];
    let feed = parse(&get_with(&house.at("/v1/vendors/github/edits.atom?lang=en&kind=words&limit=9"), &hostile).await.expect(200).text());
    let entries: Vec<&Element> = feed.children.iter().filter(|child| child.name() == "entry").collect();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        assert!(entry.one("content").text.contains("</content></entry><script>alert(1)</script> ]]> &amp; <![CDATA["), "{entry:?}");
        assert!(entry.one("content").children.is_empty() && !entry.one("content").text.contains('\u{202e}'));
        assert!(!entry.one("link").tag.contains("javascript"));
    }
    let json = get(&house.at("/v1/vendors/github/edits.feed.json")).await.expect(200).json();
    assert!(json["items"][0]["content_text"].as_str().unwrap().contains("<script>alert(1)</script>"));
    assert!(json["items"][0].get("content_html").is_none());
}

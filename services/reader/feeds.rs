//! A vendor's silent edits as feeds: Atom (RFC 4287) and JSON Feed 1.1. Everything in them that a page said is text, never markup.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use bytes::Bytes;
use dateline_events::{Instant, percent_encoded};
use dateline_timelines::tell::{Lang, PageWords};
use serde_json::json;

use super::Reader;
use super::answer::answer;
use super::edits::{self, Listed, LocatedEdit, OfVendor, published};
use super::watched::seconds;
use crate::shared::cache::tag;
use crate::shared::http::{Problem, parameters};

const ATOM: &str = "application/atom+xml";
const JSON_FEED: &str = "application/feed+json";

pub async fn atom(State(reader): State<Reader>, Path(slug): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let listed = find(&reader, &slug, &headers, &uri).await?;
    Ok(tagged(&headers, &listed, ATOM, atom_of(&listed, &slug, &Addresses::of(&headers, &uri))))
}

pub async fn json_feed(State(reader): State<Reader>, Path(slug): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let listed = find(&reader, &slug, &headers, &uri).await?;
    Ok(tagged(&headers, &listed, JSON_FEED, json_of(&listed, &Addresses::of(&headers, &uri))))
}

async fn find(reader: &Reader, slug: &str, headers: &HeaderMap, uri: &Uri) -> Result<Listed, Problem> {
    reader.gate.reader(headers).await?;
    let parameters: OfVendor = parameters::read(uri)?;
    edits::find(reader, slug, parameters, headers).await
}

/// Feeds are asked for again and again, and seldom change.
fn tagged(headers: &HeaderMap, listed: &Listed, media_type: &'static str, body: String) -> Response {
    let etag = format!("\"{:032x}\"", tag(&body));
    answer(headers, listed.standing, Some(&etag), media_type, Bytes::from(body))
}

/// How this server was called, for whole addresses.
struct Addresses {
    origin: String,
    own: String,
}

impl Addresses {
    fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let host = text("host");
        let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'-' | b'[' | b']'));
        let scheme = if text("x-forwarded-proto") == "https" { "https" } else { "http" };
        // Without a name that can be trusted in an address, addresses are of this server, whatever it is called.
        let origin = if is_host { format!("{scheme}://{host}") } else { String::new() };
        let own = format!("{origin}{}", uri.path_and_query().map_or("/", |address| address.as_str()));
        Self { origin, own }
    }

    fn incident(&self, found: &LocatedEdit, lang: Lang) -> String {
        format!("{}/incidents/{}?lang={}", self.origin, percent_encoded(&found.incident), lang.tag())
    }
}

fn title(listed: &Listed) -> String {
    (PageWords::of(listed.lang).edits_of)(&listed.vendor)
}

/// The incident with the day of the edit, what stood there and what stands there now, each on lines of its own.
fn content(found: &LocatedEdit, lang: Lang) -> String {
    let PageWords { before, after, .. } = PageWords::of(lang);
    let line = |label: &str, text: &Option<String>| text.as_ref().map(|text| format!("{label}: {text}"));
    let head = [found.name.as_deref(), Some(found.date.as_str())].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let lines = [Some(head), line(before, &found.told.before), line(after, &found.told.after)];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// A name for ever: one event may say several edits.
fn id(found: &LocatedEdit) -> String {
    format!("urn:dateline:edit:{}:{}:{}", found.edit.position, found.edit.what.as_str(), found.edit.target)
}

fn atom_of(listed: &Listed, slug: &str, addresses: &Addresses) -> String {
    let updated = listed.edits.iter().map(|found| found.edit.recorded).max().unwrap_or(Instant(0));
    let mut feed = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    feed.push_str(&format!("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n", listed.lang.tag()));
    let mut element = |name: &str, text: &str| feed.push_str(&format!("<{name}>{}</{name}>\n", escaped(text)));
    element("id", &format!("urn:dateline:edits:{slug}"));
    element("title", &title(listed));
    element("updated", &seconds(Some(updated)).unwrap_or_default());
    feed.push_str("<author><name>Dateline</name></author>\n");
    feed.push_str(&format!("<link rel=\"self\" type=\"{ATOM}\" href=\"{}\"/>\n", escaped(&addresses.own)));
    for found in &listed.edits {
        feed.push_str("<entry>\n");
        let mut element = |name: &str, text: &str| feed.push_str(&format!("<{name}>{}</{name}>\n", escaped(text)));
        element("id", &id(found));
        element("title", &found.told.sentence);
        element("published", &seconds(Some(published(&found.edit))).unwrap_or_default());
        element("updated", &seconds(Some(found.edit.recorded)).unwrap_or_default());
        feed.push_str(&format!("<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n", escaped(&addresses.incident(found, listed.lang))));
        feed.push_str(&format!("<content type=\"text\">{}</content>\n</entry>\n", escaped(&content(found, listed.lang))));
    }
    feed.push_str("</feed>\n");
    feed
}

fn json_of(listed: &Listed, addresses: &Addresses) -> String {
    let items = listed.edits.iter().map(|found| {
        json!({
            "id": id(found),
            "url": addresses.incident(found, listed.lang),
            "title": found.told.sentence,
            "content_text": content(found, listed.lang),
            "date_published": seconds(Some(published(&found.edit))),
            "date_modified": seconds(Some(found.edit.recorded)),
            "language": listed.lang.tag(),
        })
    });
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": title(listed),
        "home_page_url": format!("{}/", addresses.origin),
        "feed_url": addresses.own,
        "language": listed.lang.tag(),
        "items": items.collect::<Vec<_>>(),
    })
    .to_string()
}

/// Text for XML 1.0: what it cannot hold is left out, what it would read as markup is written otherwise.
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&#39;"),
            '\t' | '\n' => written.push(character),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {}
            shown => written.push(shown),
        }
    }
    written
}

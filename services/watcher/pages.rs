//! The file of pages: which pages are read, in which language they speak, and how often. What is wrong with it is said in full, with
//! the page's name and what to do.
//!
//! Nothing is fetched here, and no address is looked up.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use dateline_events::is_slug;
use dateline_status_pages::{Dialect, FeedZone};
use serde::Deserialize;
use url::Url;

use super::address::Reach;
use super::budget::Allowance;
use super::page_publisher::Page;

/// So many pages at most stand in a file.
pub const MAX_PAGES: usize = 2_000;

/// A page has so many feeds at most.
pub const MAX_FEEDS_PER_PAGE: usize = 16;

/// So many feeds at most stand in a file.
pub const MAX_FEEDS: usize = 4_000;

/// The file is at most so large, in bytes.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// How often a page is read where nothing is said, in seconds.
pub const EVERY_DEFAULT_S: u32 = 60;

/// A page is read at most so often, in seconds: it belongs to somebody else.
pub const EVERY_LEAST_S: u32 = 10;

/// The same where private addresses are allowed.
const EVERY_LEAST_PRIVATE_S: u32 = 1;

/// A page is read at least so often, in seconds.
pub const EVERY_MOST_S: u32 = 24 * 60 * 60;

/// A contact has at most so many bytes.
const MAX_CONTACT_BYTES: usize = 200;

/// A name has at most so many bytes.
const MAX_NAME_BYTES: usize = 200;

/// An address has at most so many bytes.
const MAX_URL_BYTES: usize = 2_000;

/// What is to be watched.
#[derive(Debug)]
pub struct Watched {
    /// Who to write to about these readings; part of the user agent.
    pub contact: Option<String>,
    /// The feeds, in the file's order.
    pub feeds: Vec<Feed>,
    /// How many pages they belong to.
    pub pages: usize,
}

/// One address that is read.
#[derive(Debug, Clone)]
pub struct Feed {
    /// The page it belongs to.
    pub page: Arc<Page>,
    /// Where it is.
    pub url: Url,
    /// Its language.
    pub dialect: Dialect,
    /// The zone of its dates that do not say theirs.
    pub zone: Option<FeedZone>,
    /// How often it is read, in seconds.
    pub every_s: u32,
    /// How much its page may bring in an hour.
    pub allowance: Allowance,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    every_s: Option<i64>,
    incidents_an_hour: Option<u64>,
    bytes_an_hour: Option<u64>,
    contact: Option<String>,
    #[serde(default)]
    page: Vec<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageForm {
    service: String,
    name: Option<String>,
    vendor: Option<String>,
    #[serde(default = "english")]
    lang: String,
    every_s: Option<i64>,
    incidents_an_hour: Option<u64>,
    bytes_an_hour: Option<u64>,
    #[serde(default)]
    feed: Vec<FeedForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedForm {
    url: String,
    dialect: String,
    zone: Option<String>,
    every_s: Option<i64>,
}

fn english() -> String {
    "en".to_owned()
}

/// Reads a file of pages.
pub fn read(path: &Path, reach: Reach) -> anyhow::Result<Watched> {
    let bytes = std::fs::metadata(path).with_context(|| format!("cannot read the pages {}", path.display()))?.len();
    ensure!(bytes <= MAX_FILE_BYTES, "the pages {}: {bytes} bytes; a file of pages has at most {MAX_FILE_BYTES}", path.display());
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the pages {}", path.display()))?;
    parse(&text, reach).with_context(|| format!("the pages {} are not understood", path.display()))
}

/// Reads the text of such a file.
pub fn parse(text: &str, reach: Reach) -> anyhow::Result<Watched> {
    let file: FileForm = toml::from_str(text)?;
    ensure!(!file.page.is_empty(), "there is no page; write one as [[page]] with service = \"…\" and at least one [[page.feed]]");
    ensure!(file.page.len() <= MAX_PAGES, "{} pages; a file has at most {MAX_PAGES}: share them among several watchers", file.page.len());
    let contact = file.contact.as_deref().map(checked_contact).transpose()?;
    let every_s = file.every_s.map(|given| checked_every(given, reach)).transpose()?.unwrap_or(EVERY_DEFAULT_S);
    let usual = Allowance::default();
    let allowance = Allowance {
        incidents_an_hour: file.incidents_an_hour.unwrap_or(usual.incidents_an_hour),
        bytes_an_hour: file.bytes_an_hour.unwrap_or(usual.bytes_an_hour),
    };
    let (pages, mut feeds) = (file.page.len(), Vec::new());
    let mut services: HashMap<String, usize> = HashMap::new();
    let mut urls: HashMap<Url, String> = HashMap::new();
    for (number, table) in (1..).zip(file.page) {
        // Named before it is understood, so that a fault can be found.
        let named = match table.get("service").and_then(toml::Value::as_str) {
            Some(service) => format!("page {number} (\"{service}\")"),
            None => format!("page {number}"),
        };
        let page: PageForm = table.try_into().with_context(|| named.clone())?;
        if let Some(other) = services.insert(page.service.clone(), number) {
            bail!("{named}: page {other} is of the same service; put the feeds of both under one [[page]]");
        }
        for feed in feeds_of(page, every_s, allowance, reach).with_context(|| named.clone())? {
            if let Some(other) = urls.insert(feed.url.clone(), named.clone()) {
                bail!("{named}: {} stands under {other} already; name every address once", feed.url);
            }
            feeds.push(feed);
        }
    }
    ensure!(feeds.len() <= MAX_FEEDS, "{} feeds; a file has at most {MAX_FEEDS}: share them among several watchers", feeds.len());
    Ok(Watched { contact, feeds, pages })
}

fn feeds_of(form: PageForm, every_s: u32, allowance: Allowance, reach: Reach) -> anyhow::Result<Vec<Feed>> {
    ensure!(is_slug(&form.service), "service \"{}\" is no slug; write 1 to 64 of the characters a-z 0-9 -", form.service);
    if let Some(vendor) = &form.vendor {
        ensure!(is_slug(vendor), "vendor \"{vendor}\" is no slug; write 1 to 64 of the characters a-z 0-9 -");
    }
    if let Some(name) = &form.name {
        let fits = !name.trim().is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains(char::is_control);
        ensure!(fits, "name {name:?}: write 1 to {MAX_NAME_BYTES} bytes without control characters, or leave it out");
    }
    ensure!(is_language(&form.lang), "lang \"{}\" is no language tag; write one such as en, de or pt-BR", form.lang);
    ensure!(!form.feed.is_empty(), "it has no feed; write at least one [[page.feed]] with url = \"…\" and dialect = \"…\"");
    ensure!(form.feed.len() <= MAX_FEEDS_PER_PAGE, "{} feeds; a page has at most {MAX_FEEDS_PER_PAGE}", form.feed.len());
    let every_s = form.every_s.map(|given| checked_every(given, reach)).transpose()?.unwrap_or(every_s);
    let allowance = Allowance {
        incidents_an_hour: form.incidents_an_hour.unwrap_or(allowance.incidents_an_hour),
        bytes_an_hour: form.bytes_an_hour.unwrap_or(allowance.bytes_an_hour),
    };
    let page = Arc::new(Page { service: form.service, name: form.name, vendor: form.vendor, lang: form.lang });
    let feed = |feed: FeedForm| -> anyhow::Result<Feed> {
        let dialect = Dialect::ALL.into_iter().find(|dialect| dialect.name() == feed.dialect);
        let dialect = dialect.with_context(|| {
            let known: Vec<&str> = Dialect::ALL.into_iter().map(Dialect::name).collect();
            format!("dialect \"{}\" of {} is unknown; write one of {}", feed.dialect, feed.url, known.join(", "))
        })?;
        let every_s = feed.every_s.map(|given| checked_every(given, reach)).transpose()?.unwrap_or(every_s);
        let zone = feed.zone.as_deref().map(|name| checked_zone(name, dialect)).transpose()?;
        Ok(Feed { page: page.clone(), url: checked_url(&feed.url, reach)?, dialect, zone, every_s, allowance })
    };
    form.feed.into_iter().map(feed).collect()
}

fn checked_url(text: &str, reach: Reach) -> anyhow::Result<Url> {
    let shown: String = text.chars().take(200).collect();
    ensure!(text.len() <= MAX_URL_BYTES, "url \"{shown}…\" has {} bytes; an address has at most {MAX_URL_BYTES}", text.len());
    let mut url =
        Url::parse(text).with_context(|| format!("url \"{shown}\" is no address; write one such as https://www.githubstatus.com/history.atom"))?;
    reach.check(&url).with_context(|| format!("url \"{shown}\""))?;
    // What stands behind # is never sent, and makes no other address.
    url.set_fragment(None);
    Ok(url)
}

fn checked_zone(name: &str, dialect: Dialect) -> anyhow::Result<FeedZone> {
    ensure!(dialect.has_zone(), "zone = \"{name}\": only the dates of a feed, dialect = \"atom\", and of \"aws\" have one");
    FeedZone::parse(name).with_context(|| format!("zone = \"{name}\" is no IANA time zone; write one such as Europe/Berlin"))
}

fn checked_every(given: i64, reach: Reach) -> anyhow::Result<u32> {
    let least = if reach == Reach::Everything { EVERY_LEAST_PRIVATE_S } else { EVERY_LEAST_S };
    match u32::try_from(given) {
        Ok(every_s) if (least..=EVERY_MOST_S).contains(&every_s) => Ok(every_s),
        _ => bail!("every_s = {given}: a page is read every {least} to {EVERY_MOST_S} seconds"),
    }
}

/// It stands in a header, within parentheses.
fn checked_contact(contact: &str) -> anyhow::Result<String> {
    let fits = |byte: u8| (b' '..=b'~').contains(&byte) && !b"()\\".contains(&byte);
    ensure!(
        (1..=MAX_CONTACT_BYTES).contains(&contact.len()) && contact.bytes().all(fits),
        "contact {contact:?}: write an address of a page or a mailbox, 1 to {MAX_CONTACT_BYTES} characters of ASCII without parentheses"
    );
    Ok(contact.to_owned())
}

/// The form of a language tag (RFC 5646); whether there is such a language is not asked.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is_primary = parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase()));
    is_primary && tag.len() <= 35 && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

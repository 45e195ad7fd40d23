//! `dateline import`: the same parsers and the same difference as the live watcher, over files. What was read already is passed over;
//! a second run publishes nothing.

mod lines;
mod summary;
mod versions;
mod git;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use dateline_backends::StateStore;
use dateline_events::{Instant, Language, sha256_hex, slug_of};
use dateline_status_pages::{
    self as dialects, Dialect, Draft, FeedZone, Listing, MAX_PAGE_BYTES, Nature, Observation, Visibility, difference, read_visibility,
};

use super::outbox::open_page_memory;
use super::page_memory::PageMemory;
use super::page_publisher::{Page, Who, registration};
use super::published::Published;
use crate::shared::publisher::{PublishQueue, Publisher};

pub use summary::Summary;

/// A table of visibility is at most so large, in bytes.
const MAX_TABLE_BYTES: u64 = 64 * 1024 * 1024;

/// What to import.
#[derive(Debug, Clone)]
pub struct Order {
    /// The language of the files; None for histories of versions, whose lines say it.
    pub dialect: Option<Dialect>,
    /// The files; the folder of a git repository, where a file in it is named.
    pub files: Vec<PathBuf>,
    /// The file in a git repository whose versions are read.
    pub path: Option<PathBuf>,
    /// The service; else the page's own name, or the file's up to its first dot.
    pub service: Option<String>,
    /// The vendor's slug; else that of the service.
    pub vendor: Option<String>,
    /// The vendor's name; else as the page gives it.
    pub name: Option<String>,
    /// The language that the page is written in.
    pub lang: String,
    /// The zone of a feed's dates that do not say theirs.
    pub zone: Option<FeedZone>,
    /// When each incident was on the page.
    pub visibility: Option<PathBuf>,
    /// When the file was read on the web.
    pub read_at: Option<Instant>,
    /// Publish and remember nothing.
    pub dry_run: bool,
}

/// A page as it was saved.
struct Saved<'a> {
    /// The file that it stood in.
    file: &'a Path,
    /// What a summary calls it.
    what: String,
    /// The file's name: some dialects keep an incident's id there.
    name: String,
    bytes: Vec<u8>,
    /// When it was read on the web.
    read_at: Option<Instant>,
}

/// An import under way.
pub struct Import {
    order: Order,
    /// None for a dry run: nothing is published.
    publisher: Option<Publisher>,
    queue: Option<PublishQueue<Vec<u8>>>,
    published: Published,
    state_store: Option<StateStore>,
    books: BTreeMap<String, PageMemory>,
    /// The lists that files of this run held, by service, and when each was read last.
    read: BTreeMap<(String, String), Instant>,
    summary: Summary,
}

impl Import {
    /// Prepares an import; without a publisher it is a dry run.
    pub fn new(order: Order, publisher: Option<Publisher>, state_store: Option<StateStore>) -> Self {
        let queue = publisher.clone().map(PublishQueue::new);
        let (books, read) = (BTreeMap::new(), BTreeMap::new());
        Self { order, publisher, queue, published: Published::default(), state_store, books, read, summary: Summary::default() }
    }

    /// Imports every file; `progress` is told how many bytes of each are read.
    pub async fn run(mut self, progress: &(dyn Fn(u64, u64) + Send + Sync)) -> anyhow::Result<Summary> {
        if self.order.read_at.is_some() && self.order.dialect.is_none() {
            bail!("--read-at says when pages were read: the lines of a history of versions say it themselves");
        }
        if self.order.path.is_some() && (self.order.read_at.is_some() || self.order.files.len() > 1) {
            bail!("`dateline import git` reads one repository, whose commits say when each version was read: it takes no --read-at");
        }
        if self.order.zone.is_some() && !self.order.dialect.is_some_and(Dialect::has_zone) {
            bail!("--zone is of dates that may not say theirs: it belongs to `dateline import atom` and `dateline import aws`");
        }
        if self.order.visibility.is_some() && (self.order.files.len() > 1 || self.order.dialect.is_some()) {
            bail!("--visibility belongs to one history: `dateline import versions FILE --visibility TABLE`");
        }
        for file in self.order.files.clone() {
            let done = match (self.order.dialect, self.order.path.clone()) {
                (Some(dialect), Some(path)) => self.git(dialect, &file, &path, progress).await,
                (Some(dialect), None) => self.page(dialect, &file).await,
                (None, _) => self.versions(&file, progress).await,
            };
            done.with_context(|| file.display().to_string())?;
        }
        self.flush().await?;
        if let Some(state_store) = &self.state_store {
            for book in self.books.values_mut() {
                book.save(state_store).await?;
            }
        }
        Ok(self.summary)
    }

    /// One page as it was saved in a file.
    async fn page(&mut self, dialect: Dialect, file: &Path) -> anyhow::Result<()> {
        let bytes = read_file(file, MAX_PAGE_BYTES as u64)?;
        self.saved(dialect, &Saved { file, what: file.display().to_string(), name: file_name(file), bytes, read_at: self.order.read_at }).await
    }

    /// One page as it was saved.
    async fn saved(&mut self, dialect: Dialect, saved: &Saved<'_>) -> anyhow::Result<()> {
        let Saved { file, what, name, bytes, read_at } = saved;
        let observation = match dialect.read_in(bytes, name, self.order.zone.as_ref()) {
            Ok(observation) => observation,
            // Evidence of nothing: it changes nothing, and is told.
            Err(unreadable) => {
                self.summary.unreadable(what.clone(), unreadable.to_string());
                return Ok(());
            }
        };
        let page = self.whose(file, observation.facts.name.as_deref(), dialect)?;
        let hash = sha256_hex(bytes);
        let list = list_of(dialect, name, &observation);
        self.book(&page.service, dialect).await?;
        let book = self.books.get_mut(&page.service).context("the page has a book")?;
        if read_at.is_none() && book.has_taken(&hash) {
            self.summary.known(observation.incidents.len());
            return Ok(());
        }
        let who = Who::of(&page, &observation.facts, dialect, book);
        let read_before = book.lists.get(&list).copied();
        if let Some(read) = *read_at {
            let of = (page.service.clone(), list.clone());
            if let Some(why) = self.read.get(&of).and_then(|before| cannot_follow(read, *before)) {
                self.summary.refused(what.clone(), why.into());
                return Ok(());
            }
            self.read.insert(of, read);
        }
        if let (Some(read), Some(before)) = (*read_at, read_before)
            && read <= before
        {
            self.summary.known(observation.incidents.len());
            return Ok(());
        }
        book.assume_listed(&list, observation.listing);
        let reading = dialects::Reading { dialect, list: &list, read: *read_at, as_of: None, read_before, sha256: &hash };
        let changes = difference(&who.page(&page), &reading, &observation, &book.memory);
        self.summary.read(&observation, changes.known);
        let (drafts, touched) = (changes.drafts, changes.touched);
        self.register(&page, &who, &drafts).await?;
        for draft in &drafts {
            self.say(draft, &who.page(&page)).await?;
        }
        let book = self.books.get_mut(&page.service).context("the page has a book")?;
        book.absorb(touched);
        match read_at {
            Some(read) => book.read(&list, *read),
            None => book.note_taken(&hash),
        }
        Ok(())
    }

    /// Whose page a file is.
    fn whose(&self, file: &Path, page_name: Option<&str>, dialect: Dialect) -> anyhow::Result<Page> {
        let service = match (&self.order.service, page_name) {
            (Some(service), _) => service.clone(),
            (None, Some(name)) if !slug_of(name).is_empty() => slug_of(name),
            (None, _) if self.order.dialect.is_none() => {
                let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                slug_of(name.split('.').next().unwrap_or_default())
            }
            _ => String::new(),
        };
        if !dateline_events::is_slug(&service) {
            bail!("which service is it? a {} file does not say: name it with --service SLUG", dialect.name());
        }
        if let Some(vendor) = self.order.vendor.as_deref().filter(|vendor| !dateline_events::is_slug(vendor)) {
            bail!("--vendor {vendor}: expected 1 to 64 lower-case letters, digits and hyphens");
        }
        if Language::parse(&self.order.lang).is_none() {
            bail!("--text-lang {}: expected a BCP 47 tag such as en", self.order.lang);
        }
        Ok(Page { service, name: self.order.name.clone(), vendor: self.order.vendor.clone(), lang: self.order.lang.clone() })
    }

    async fn book(&mut self, service: &str, dialect: Dialect) -> anyhow::Result<()> {
        if !self.books.contains_key(service) {
            let book = match (&self.state_store, &self.publisher) {
                (Some(state_store), Some(publisher)) => open_page_memory(state_store, publisher, service, dialect).await?,
                (Some(state_store), None) => PageMemory::open(state_store, service).await?,
                (None, _) => PageMemory::empty(service),
            };
            self.books.insert(service.to_owned(), book);
        }
        Ok(())
    }

    async fn register(&mut self, page: &Page, who: &Who, drafts: &[Draft]) -> anyhow::Result<()> {
        let Some(publisher) = &self.publisher else { return Ok(()) };
        if !drafts.is_empty()
            && self.summary.first_of(&page.service)
            && let Some(event) = registration(publisher.api(), page, who).await?
        {
            self.push(event).await?;
        }
        Ok(())
    }

    async fn say(&mut self, draft: &Draft, page: &dialects::Page<'_>) -> anyhow::Result<()> {
        self.summary.said(draft);
        if self.queue.is_some() { self.push(draft.bytes(page)).await } else { Ok(()) }
    }

    async fn push(&mut self, event: Vec<u8>) -> anyhow::Result<()> {
        let Some(queue) = &mut self.queue else { return Ok(()) };
        for (event, outcome) in queue.push(event).await? {
            self.published.count(&event, outcome)?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> anyhow::Result<()> {
        let Some(queue) = &mut self.queue else { return Ok(()) };
        for (event, outcome) in queue.flush().await? {
            self.published.count(&event, outcome)?;
        }
        for book in self.books.values_mut() {
            self.published.rejected.iter().for_each(|event| book.unsaid(event));
        }
        self.summary.published(std::mem::take(&mut self.published));
        Ok(())
    }
}

/// The name of the list that a file holds, whatever the file is called: by what it lists. Of an Upptime each file is one site's, and of cState
/// one issue's.
fn list_of(dialect: Dialect, name: &str, observation: &Observation) -> String {
    let holds = |nature: Nature| observation.incidents.iter().any(|seen| seen.nature.unwrap_or(Nature::Outage) == nature);
    let list = match observation.listing {
        Listing::Unresolved => "unresolved",
        Listing::Newest | Listing::Partial if holds(Nature::Outage) && holds(Nature::Maintenance) => "newest",
        Listing::Newest | Listing::Partial if holds(Nature::Maintenance) => "newest-planned",
        Listing::Newest | Listing::Partial => "newest-outages",
    };
    let of = if matches!(dialect, Dialect::Upptime | Dialect::Cstate) { name } else { "" };
    format!("file-{}-{list}-{of}", dialect.name())
}

/// Why what was read then cannot follow what this import read of the same list before.
fn cannot_follow(read: Instant, before: Instant) -> Option<&'static str> {
    match read.cmp(&before) {
        // Both cannot be what stood there then.
        Ordering::Equal => Some("another file of this import holds the same list, read at the same time: import each with its own --read-at"),
        Ordering::Less => Some("it goes back in time: a version that was read later stands before it"),
        Ordering::Greater => None,
    }
}

/// The name of a file, that of what is packed in it.
fn file_name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().trim_end_matches(".gz").to_owned()).unwrap_or_default()
}

/// A whole file, unpacked where it is gzip, up to a size.
fn read_file(file: &Path, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    whole(std::fs::File::open(file).context("cannot be read")?, bytes_max)
}

/// All that can be read, unpacked where it is gzip, up to a size.
fn whole(input: impl Read + Send + 'static, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    lines::unpacked(input)?.take(bytes_max + 1).read_to_end(&mut bytes).context("cannot be read")?;
    if bytes.len() as u64 > bytes_max {
        bail!("larger than {bytes_max} bytes, unpacked");
    }
    Ok(bytes)
}

/// The table of visibility, where one was named.
fn visibility(order: &Order) -> anyhow::Result<BTreeMap<String, Vec<Visibility>>> {
    let Some(file) = &order.visibility else { return Ok(BTreeMap::new()) };
    let table = read_file(file, MAX_TABLE_BYTES).with_context(|| file.display().to_string())?;
    read_visibility(&table).with_context(|| file.display().to_string())
}

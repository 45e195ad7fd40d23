//! Histories of versions: each line is taken by itself; what was on the page beside it, the table of visibility says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Context;
use dateline_events::{Instant, sha256_hex};
use dateline_status_pages::{self as dialects, Dialect, SeenIncident, Version, Visibility, incident, left, read_version, returned};
use tokio::sync::mpsc;

use super::super::page_publisher::{Page, Who};
use super::lines::Lines;
use super::{Import, visibility};

/// So many lines are read ahead of those that are published.
const LINES_AHEAD: usize = 512;

/// Progress is told every so many lines.
const LINES_A_STEP: u64 = 64;

/// A line as read on its own thread.
struct ReadLine {
    number: u64,
    version: Result<(Box<Version>, String), String>,
    read_bytes: u64,
}

/// An incident left the page, or came back.
#[derive(Clone, Copy)]
enum Step {
    Left(Visibility),
    /// It was last absent at this time.
    Returned(Instant),
}

/// The incidents that will leave the page, or come back.
#[derive(Default)]
struct Leaving {
    /// By when, then by id, then by which time it is.
    due: BTreeMap<(Instant, String, usize), Step>,
    /// Those that were due before any line told of them: the file is not in order of time over all incidents.
    unmet: BTreeMap<(Instant, String, usize), Step>,
    /// The incidents that this file told of, with the latest version of each.
    met: HashMap<String, Instant>,
}

impl Import {
    pub(super) async fn versions(&mut self, file: &Path, progress: &(dyn Fn(u64, u64) + Send + Sync)) -> anyhow::Result<()> {
        let opened = std::fs::File::open(file).context("cannot be read")?;
        let size = opened.metadata().map(|metadata| metadata.len()).unwrap_or(0);
        let page = self.whose(file, None, Dialect::Statuspage)?;
        let table = visibility(&self.order)?;
        let mut leaving = Leaving { due: due(&table), ..Leaving::default() };
        let (sender, mut lines) = mpsc::channel(LINES_AHEAD);
        let reading = tokio::task::spawn_blocking(move || read(opened, &sender));
        while let Some(line) = lines.recv().await {
            if line.number % LINES_A_STEP == 0 {
                progress(line.read_bytes, size.max(line.read_bytes));
            }
            match line.version {
                Ok((version, hash)) => {
                    self.book(&page.service, version.dialect).await?;
                    self.leave(&page, &mut leaving, Some(version.recorded)).await?;
                    self.version(&page, &version, &hash, line.number, &mut leaving.met).await?;
                }
                Err(why) => self.summary.refused(format!("line {}", line.number), why),
            }
        }
        reading.await.context("the reading thread ended")??;
        self.book(&page.service, Dialect::Statuspage).await?;
        self.leave(&page, &mut leaving, None).await?;
        leaving.due = std::mem::take(&mut leaving.unmet);
        self.leave(&page, &mut leaving, None).await?;
        for id in leaving.unmet.into_keys().map(|(_, id, _)| id).collect::<BTreeSet<_>>() {
            self.summary.refused(id, "it stands in the table of visibility, and in no version".into());
        }
        Ok(())
    }

    async fn version(&mut self, page: &Page, version: &Version, hash: &str, line: u64, met: &mut HashMap<String, Instant>) -> anyhow::Result<()> {
        let reading =
            dialects::Reading { dialect: version.dialect, list: "", read: Some(version.recorded), as_of: None, read_before: None, sha256: hash };
        let book = self.books.get_mut(&page.service).context("the page has a book")?;
        let who = Who::of(page, &version.facts, version.dialect, book);
        let remembered = book.memory.incidents.get(&version.incident.id);
        let id = &version.incident.id;
        if met.get(id).is_some_and(|before| version.recorded < *before) {
            let why = format!("it goes back in time: a later version of {id} stands before it; sort the lines by recorded_at");
            self.summary.refused(format!("line {line}"), why);
            return Ok(());
        }
        met.insert(id.clone(), version.recorded);
        let changed = incident(&who.page(page), &reading, &version.incident, remembered);
        self.summary.version(&version.incident, changed.is_none());
        let Some((after, drafts)) = changed else { return Ok(()) };
        book.absorb(BTreeMap::from([(version.incident.id.clone(), after)]));
        self.register(page, &who, &drafts).await?;
        for draft in &drafts {
            self.say(draft, &who.page(page)).await?;
        }
        Ok(())
    }

    /// Says of everything that left the page by an instant (None: at all), or came back, that it did.
    async fn leave(&mut self, page: &Page, leaving: &mut Leaving, by: Option<Instant>) -> anyhow::Result<()> {
        while let Some(entry) = leaving.due.first_entry().filter(|entry| by.is_none_or(|by| entry.key().0 <= by)) {
            let ((at, id, time), step) = entry.remove_entry();
            let book = self.books.get_mut(&page.service).context("the page has a book")?;
            let Some(remembered) = book.memory.incidents.get(&id) else {
                leaving.unmet.insert((at, id, time), step);
                continue;
            };
            let mut after = remembered.clone();
            let who = Who::of(page, &dialects::Facts::default(), Dialect::Statuspage, book);
            let reading = dialects::Reading { dialect: Dialect::Statuspage, list: "", read: Some(at), as_of: None, read_before: None, sha256: "" };
            let (whose, gone) = (who.page(page), SeenIncident::new(id.clone()));
            let drafts = match step {
                Step::Left(seen) => left(&whose, &reading, &gone, &mut after, Some(seen.last_seen), Some(at)),
                Step::Returned(last_absent) => returned(&whose, &reading, &gone, &mut after, last_absent),
            };
            book.absorb(BTreeMap::from([(id, after)]));
            for draft in &drafts {
                self.say(draft, &who.page(page)).await?;
            }
        }
        Ok(())
    }
}

/// What a table of visibility says, step by step.
fn due(table: &BTreeMap<String, Vec<Visibility>>) -> BTreeMap<(Instant, String, usize), Step> {
    let mut due = BTreeMap::new();
    for (id, spans) in table {
        let mut last_absent = None;
        for (time, seen) in spans.iter().enumerate() {
            if let Some(absent) = last_absent {
                due.insert((seen.first_seen, id.clone(), 2 * time), Step::Returned(absent));
            }
            last_absent = seen.first_absent;
            if let Some(absent) = seen.first_absent {
                due.insert((absent, id.clone(), 2 * time + 1), Step::Left(*seen));
            }
        }
    }
    due
}

/// Unpacks and reads lines, until there are no more or nobody takes them.
fn read(file: std::fs::File, sender: &mpsc::Sender<ReadLine>) -> anyhow::Result<()> {
    let mut lines = Lines::open(file, Arc::new(AtomicU64::new(0)))?;
    while let Some((number, line)) = lines.next()? {
        let version = read_version(&line).map(|version| (Box::new(version), sha256_hex(&line))).map_err(|error| error.to_string());
        if sender.blocking_send(ReadLine { number, version, read_bytes: lines.read_bytes() }).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

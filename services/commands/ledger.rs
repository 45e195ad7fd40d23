//! `dateline ledger check|restore|copy`: the ledger held against itself and the archive, made anew from it, and carried between engines.

use std::time::Instant;

use anyhow::{Context, bail};
use dateline_backends::{Address, Archive, CheckedRecord, Commitment, Ledger, LedgerError, LedgerOptions, Record};
use dateline_events::Position;

use super::{Answer, Progress, say};
use crate::shared::config::{Addresses, LedgerCommand, Settings};
use crate::shared::stores::{current_number, known_reach, ledger_to_read, make_current, open_state_store};

/// Positions are compared by the page.
const PAGE: usize = 1_000;

/// So many faults are shown one by one; all are counted.
const MAX_SHOWN: usize = 1_000;

/// Runs one of the commands on the ledger.
pub async fn run(settings: &Settings, command: &LedgerCommand) -> anyhow::Result<Answer> {
    match command {
        LedgerCommand::Check { voices: true, format } => super::voices::run(settings, *format).await,
        LedgerCommand::Check { .. } => check(settings).await,
        LedgerCommand::Restore { open } => restore(settings, *open).await,
        LedgerCommand::Copy { from, to } => copy(from, to).await,
    }
}

async fn archive(settings: &Settings) -> anyhow::Result<Option<Archive>> {
    match &settings.addresses.archive {
        Some(url) => Ok(Some(Archive::open(url).await?)),
        None => Ok(None),
    }
}

/// What is the matter with one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It is not in the ledger.
    Missing,
    /// It is there, but not what the archive holds.
    Altered(&'static str),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => formatter.write_str("MISSING"),
            Self::Altered(what) => write!(formatter, "ALTERED ({what})"),
        }
    }
}

/// How a position of the ledger stands beside the same position of the archive, and to its own commitment.
fn compare(held: &Record, found: Option<&CheckedRecord>) -> Option<Fault> {
    let Some(found) = found else { return Some(Fault::Missing) };
    let parts = [
        ("key", held.key == found.record.key),
        ("recorded time", held.recorded == found.record.recorded),
        ("salt", held.salt == found.record.salt),
        ("text", held.bytes == found.record.bytes),
        (COMMITMENT, found.commitment != Commitment::Broken),
    ];
    parts.into_iter().find(|(_, same)| !same).map(|(what, _)| Fault::Altered(what))
}

/// What differs where there is no archive to say it more finely.
const COMMITMENT: &str = "it is not what the ledger committed to";

/// Tells faults as they are found, and counts them.
#[derive(Default)]
struct FaultReport {
    faults: u64,
}

impl FaultReport {
    fn fault(&mut self, position: Position, fault: Fault, note: &str) -> anyhow::Result<()> {
        self.line(&format!("{position}  {fault}{note}"))
    }

    fn line(&mut self, text: &str) -> anyhow::Result<()> {
        self.faults += 1;
        if self.faults as usize <= MAX_SHOWN { say(&format!("{text}\n")) } else { Ok(()) }
    }
}

/// Holds every position against its commitment and, where there is one, the archive, and says which are missing or altered. The answer
/// is no where one is.
async fn check(settings: &Settings) -> anyhow::Result<Answer> {
    let state_store = open_state_store(&settings.addresses).await?;
    let archive = archive(settings).await?;
    let number = current_number(&state_store).await?;
    let opened = Ledger::open(&settings.addresses.ledger, LedgerOptions::reader().numbered(number)).await;
    let archived = match &archive {
        Some(archive) => archive.head().await?,
        None => 0,
    };
    let known = archived.max(known_reach(&state_store, number).await?);
    let ledger = match opened {
        Err(LedgerError::Engine(detail) | LedgerError::Damaged { detail }) => {
            say(&format!("1 to {known}  MISSING (ledger {number} cannot be read at all: {detail})\n"))?;
            return Ok(Answer::No);
        }
        opened => opened?,
    };
    let begun = Instant::now();
    let progress = Progress::new("checking", known);
    let (mut scan, mut told) = (Scan::new(&ledger, 0), FaultReport::default());
    if let Some(archive) = &archive {
        beside_the_archive(archive, archived, &mut scan, &mut told, &progress).await?;
    }
    let end = by_itself(archived, known, &mut scan, &mut told, &progress).await?;
    let structure = ledger.structure().await?;
    for fault in structure.iter().flatten() {
        told.line(&format!("the file's structure  {fault}"))?;
    }
    progress.end();
    let committed = match (&structure, ledger.soundness().taken_as_found) {
        (None, _) => String::new(),
        (Some(_), 0) => format!(", {} against their commitments", scan.held),
        (Some(_), older) => format!(", {} against their commitments (up to position {older} those were made of what was found)", scan.held),
    };
    let archived =
        if archive.is_some() { format!("{archived} of them held against the archive") } else { "no archive to hold them against".to_owned() };
    let verdict = match (told.faults, archive.is_some()) {
        (0, _) => "nothing is missing or altered".to_owned(),
        (faults, true) => format!("{faults} missing or altered; `dateline ledger restore` makes a new ledger from the archive"),
        (faults, false) => format!("{faults} missing or altered; without an archive (--archive) a backup of the ledger must take its place"),
    };
    say(&format!("ledger {number}: {end} positions, {archived}{committed}, in {:.1} s: {verdict}\n", begun.elapsed().as_secs_f64()))?;
    Ok(if told.faults == 0 { Answer::Done } else { Answer::No })
}

/// Holds what the archive has against the ledger.
async fn beside_the_archive(
    archive: &Archive,
    archived: Position,
    scan: &mut Scan<'_>,
    told: &mut FaultReport,
    progress: &Progress,
) -> anyhow::Result<()> {
    let mut after = 0;
    while after < archived {
        let page = archive.page(after, PAGE).await?;
        let Some(last) = page.last().map(|record| record.position) else { bail!("the archive ends at {after}, not at {archived}") };
        for held in &page {
            let found = scan.at(held.position).await?;
            if let Some(fault) = compare(held, found.as_ref()) {
                // A text that was destroyed since the archive took it is no fault: its redaction says so.
                let destroyed = found.is_none() && scan.ledger.redacted(held.position).await?.is_some();
                if !destroyed {
                    told.fault(held.position, fault, "")?;
                }
            }
        }
        after = last;
        progress.at(after, archived);
    }
    Ok(())
}

/// Behind the archive's end the ledger can only be held against itself. Answers where it ends.
async fn by_itself(
    archived: Position,
    known: Position,
    scan: &mut Scan<'_>,
    told: &mut FaultReport,
    progress: &Progress,
) -> anyhow::Result<Position> {
    const NOWHERE: &str = " (not in the archive either)";
    let mut expected = archived + 1;
    while let Some(found) = scan.next().await? {
        for missing in expected..found.record.position {
            if scan.ledger.redacted(missing).await?.is_none() {
                told.fault(missing, Fault::Missing, NOWHERE)?;
            }
        }
        if found.commitment == Commitment::Broken {
            told.fault(found.record.position, Fault::Altered(COMMITMENT), NOWHERE)?;
        }
        expected = found.record.position + 1;
        progress.at(expected - 1, known);
    }
    for missing in expected..=known {
        told.fault(missing, Fault::Missing, NOWHERE)?;
    }
    Ok(expected - 1)
}

/// Reads what is left of a ledger, in order.
struct Scan<'a> {
    ledger: &'a Ledger,
    after: Position,
    page: std::vec::IntoIter<CheckedRecord>,
    ahead: Option<CheckedRecord>,
    ended: bool,
    /// So many were held against a commitment.
    held: u64,
}

impl<'a> Scan<'a> {
    fn new(ledger: &'a Ledger, after: Position) -> Self {
        Self { ledger, after, page: Vec::new().into_iter(), ahead: None, ended: false, held: 0 }
    }

    /// The next record that is there.
    async fn next(&mut self) -> anyhow::Result<Option<CheckedRecord>> {
        if let Some(found) = self.ahead.take() {
            return Ok(Some(found));
        }
        if self.page.len() == 0 && !self.ended {
            let page = self.ledger.scan(self.after).await?;
            self.ended = page.is_empty();
            self.after = page.last().map_or(self.after, |found| found.record.position);
            self.held += page.iter().filter(|found| found.commitment != Commitment::Absent).count() as u64;
            self.page = page.into_iter();
        }
        Ok(self.page.next())
    }

    /// The record at a position, where it is there; positions are asked for in order.
    async fn at(&mut self, position: Position) -> anyhow::Result<Option<CheckedRecord>> {
        while let Some(found) = self.next().await? {
            if found.record.position == position {
                return Ok(Some(found));
            }
            if found.record.position > position {
                self.ahead = Some(found);
                return Ok(None);
            }
        }
        Ok(None)
    }
}

/// Makes a new ledger from the archive, and from what the damaged one holds behind the archive's end; then it becomes the current one.
async fn restore(settings: &Settings, open: bool) -> anyhow::Result<Answer> {
    let state_store = open_state_store(&settings.addresses).await?;
    let archive = archive(settings).await?;
    let archive = archive.context(
        "there is no archive to make the ledger anew from: name it with --archive sqlite:PATH or postgres://…; without one a backup of the ledger must take its place",
    )?;
    let number = current_number(&state_store).await?;
    let damaged = close(settings, number).await?;
    let new = Ledger::open(&settings.addresses.ledger, LedgerOptions::writer().numbered(number + 1)).await?;
    if !open && !new.keys_made().await? {
        let failed =
            "the new ledger could not note that API keys were made: restore with the intake's own login, or with --open where there never were any";
        new.mark_keys_made().await.context(failed)?;
    }
    let archived = archive.head().await?;
    let begun = Instant::now();
    let mut after = new.head().await?.position;
    if after > 0 {
        say(&format!("ledger {} was begun before, and goes on at position {}\n", number + 1, after + 1))?;
    }
    let progress = Progress::new("restoring", archived);
    while after < archived {
        let page = archive.page(after, PAGE).await?;
        let Some(last) = page.last().map(|record| record.position) else { bail!("the archive ends at {after}, not at {archived}") };
        new.copy(page).await?;
        after = last;
        progress.at(after, archived);
    }
    let tail = match &damaged {
        Some(damaged) => copy_tail(damaged, &new, after).await?,
        None => 0,
    };
    progress.end();
    let reached = new.head().await?.position;
    let known = known_reach(&state_store, number).await?;
    if reached < known {
        say(&format!(
            "positions {} to {known} were acknowledged, and are neither in the archive nor in the damaged ledger: they are lost\n",
            reached + 1
        ))?;
    }
    make_current(&state_store, number, number + 1).await?;
    say(&format!(
        "ledger {} is current: {reached} positions, {archived} from the archive and {tail} from ledger {number}, in {:.1} s; running roles stop by themselves, start them anew\n",
        number + 1,
        begun.elapsed().as_secs_f64()
    ))?;
    Ok(if reached < known { Answer::No } else { Answer::Done })
}

/// The damaged ledger, closed, so that no intake is told that an event is stored which is not taken over. None: nothing of it can be read.
async fn close(settings: &Settings, number: u32) -> anyhow::Result<Option<Ledger>> {
    let url = &settings.addresses.ledger;
    let embedded = url.file().is_some();
    let options = if embedded { LedgerOptions::writer() } else { LedgerOptions::reader() };
    match Ledger::open(url, options.numbered(number)).await {
        Ok(ledger) => {
            ledger.close().await?;
            Ok(Some(ledger))
        }
        Err(error @ LedgerError::Locked { .. }) => Err(error.into()),
        Err(error) => {
            say(&format!("nothing is taken from ledger {number}, which cannot be opened: {error}\n"))?;
            Ok(None)
        }
    }
}

/// Copies what stands behind a position without a gap; answers how many records.
async fn copy_tail(from: &Ledger, to: &Ledger, after: Position) -> anyhow::Result<u64> {
    let mut scan = Scan::new(from, after);
    let (mut batch, mut copied, mut expected) = (Vec::new(), 0, after + 1);
    while let Some(found) = scan.next().await? {
        while expected < found.record.position {
            let Some(destroyed) = from.redacted(expected).await? else { break };
            batch.push(destroyed);
            expected += 1;
        }
        if found.record.position != expected {
            say(&format!("position {expected} is lost; what stands behind it in the damaged ledger is left out\n"))?;
            break;
        }
        if found.commitment == Commitment::Broken {
            say(&format!("position {expected} is altered, and is not in the archive: it is taken over as it is, and the new ledger names it\n"))?;
            copied += batch.len() as u64 + 1;
            to.copy(std::mem::take(&mut batch)).await?;
            to.copy_as_found(found).await?;
            expected += 1;
            continue;
        }
        batch.push(found.record);
        expected += 1;
        if batch.len() >= PAGE {
            copied += batch.len() as u64;
            to.copy(std::mem::take(&mut batch)).await?;
        }
    }
    copied += batch.len() as u64;
    to.copy(batch).await?;
    Ok(copied)
}

/// Carries a ledger to another place, positions, recorded times and salts intact; may be called again where it broke off.
async fn copy(from: &Address, to: &Address) -> anyhow::Result<Answer> {
    // The one that its state store calls current: a ledger that was restored leaves the damaged one behind.
    let source = ledger_to_read(&Addresses::of_ledger(from)).await.context("cannot open the ledger that is copied from")?;
    let target = Ledger::open(to, LedgerOptions::writer()).await.context("cannot open the ledger that is copied to")?;
    let begun = Instant::now();
    let reached = target.head().await?.position;
    if reached > 0 {
        let (last, there) = (source.get(reached).await?, target.get(reached).await?);
        if last.is_none() || last != there {
            bail!("the ledger that is copied to holds something else at position {reached}: copy into an empty place");
        }
    }
    if source.keys_made().await? {
        target.mark_keys_made().await.context("the ledger that is copied to could not note that API keys were made")?;
    }
    let mut follower = source.follow(reached);
    let progress = Progress::new("copying", source.head().await?.position);
    while let Some(page) = follower.try_next().await? {
        progress.at(follower.position(), page.head);
        target.copy(page.records).await?;
    }
    progress.end();
    let head = target.head().await?.position;
    say(&format!("copied {} positions, {head} in all, in {:.1} s\n", head - reached, begun.elapsed().as_secs_f64()))?;
    Ok(Answer::Done)
}

//! `dateline audit`: what an auditor asks. Here is the replay: the ledger as NDJSON of the exact bytes, or folded anew up to then.

mod report;
mod line;
mod source;
mod leaves;
mod order;
mod absences;
mod prepared;
mod tree;
mod judge;
mod verify;
mod check;
mod export;
mod from_server;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use dateline_backends::{Ledger, Views};
use dateline_events::{Instant, Position};
use dateline_timelines::PROJECTION_VERSION;
use dateline_timelines::tell::{self, Lang, Options};

use self::source::Source;
use super::{Answer, Progress, say};
use crate::projector::Projector;
use crate::reader::{ReadAxes, TimelineReader, replay_line};
use crate::shared::api_client::ApiClient;
use crate::shared::config::{Addresses, AuditCommand, ColorFlag, Command, Format, Settings, Terminal, VerifyFlags};
use crate::shared::sealed::Scratch;
use crate::shared::stores::{Use, ledger_to_read};

/// The width of a timeline as text, in columns.
const TEXT_WIDTH: usize = 110;

/// Up to where an audit reads.
#[derive(Debug, Clone, Copy)]
enum Until {
    Position(Position),
    Recorded(Instant),
}

/// Runs one of the audits.
pub async fn run(settings: &Settings, command: &AuditCommand) -> anyhow::Result<Answer> {
    let (until, timeline, lang) = match command {
        AuditCommand::Replay { until, timeline, lang } => (until, timeline, lang),
        AuditCommand::Check(flags) => return check::run(settings, flags),
        AuditCommand::Verify(flags) => return verified(settings, flags).await,
        AuditCommand::Prove(flags) => return export::prove(settings, flags).await,
        AuditCommand::Export { folder } => return export::export(settings, folder).await,
        AuditCommand::Drift => return super::views::check(settings).await,
    };
    let until = until.as_deref().map(read_until).transpose()?;
    match (timeline, &settings.url) {
        (None, None) => replay(settings, until).await,
        (None, Some(_)) => {
            let api = ApiClient::open(settings, Use::Read).await?;
            from_server::replay(&api, until, &mut std::io::BufWriter::new(std::io::stdout().lock())).await?;
            Ok(Answer::Done)
        }
        (Some(which), None) => refold(settings, until, which, lang).await,
        (Some(_), Some(_)) => bail!("a replay is folded anew from the files; leave --url out and name them with --data"),
    }
}

/// Where `audit verify` was told where to look: the settings name that place, before anything is opened.
pub fn aim(settings: &mut Settings) -> anyhow::Result<()> {
    let Command::Audit(AuditCommand::Verify(VerifyFlags { place: Some(place), .. })) = &settings.command else { return Ok(()) };
    let folder = Path::new(place);
    if folder.is_dir() {
        settings.addresses = Addresses::in_folder(folder.to_owned());
        settings.url = None;
    } else if place.contains(':') {
        settings.url = Some(place.clone().into());
    } else {
        bail!(
            "{place} is no folder and no server's address: name one such as https://dateline.example.org, a data folder, or one that `audit export` made"
        );
    }
    Ok(())
}

/// Verifies a log, and says what was found.
async fn verified(settings: &Settings, flags: &VerifyFlags) -> anyhow::Result<Answer> {
    let keys = verify::keys(settings.log.key.as_ref(), &flags.keys.also)?;
    let since = match &flags.since {
        Some(path) => Some(verify::earlier(&std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?, &keys)?),
        None => None,
    };
    let exported = flags.place.as_ref().map(PathBuf::from).filter(|folder| folder.is_dir() && !has_a_ledger(folder));
    let source = match exported {
        Some(folder) => Source::Folder(folder),
        None => Source::open(settings).await?,
    };
    let report = verify::verify(&source, &keys, since.as_ref()).await?;
    say(&if flags.format == Format::Json { report.json()? } else { report.text() })?;
    Ok(if report.findings_total == 0 { Answer::Done } else { Answer::No })
}

/// A data folder has a ledger, an exported one has lines.
fn has_a_ledger(folder: &Path) -> bool {
    Addresses::in_folder(folder.to_owned()).ledger.file().is_some_and(|ledger| Path::new(ledger).exists())
}

fn read_until(text: &str) -> anyhow::Result<Until> {
    if let Ok(position) = text.parse() {
        return Ok(Until::Position(position));
    }
    let instant = crate::shared::http::parameters::instant("--until", text).map_err(|problem| anyhow::Error::msg(problem.detail))?;
    Ok(Until::Recorded(instant))
}

/// True for what comes after the end of what is read.
fn is_beyond(until: Option<Until>, position: Position, recorded: Instant) -> bool {
    match until {
        None => false,
        Some(Until::Position(last)) => position > last,
        Some(Until::Recorded(last)) => recorded > last,
    }
}

async fn open(settings: &Settings) -> anyhow::Result<Ledger> {
    ledger_to_read(&settings.addresses).await
}

async fn replay(settings: &Settings, until: Option<Until>) -> anyhow::Result<Answer> {
    let ledger = open(settings).await?;
    let mut follower = ledger.follow(0);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let progress = Progress::new("replaying", ledger.head().await?.position);
    while let Some(page) = follower.try_next().await? {
        for record in &page.records {
            let beyond = is_beyond(until, record.position, record.recorded);
            let written = if beyond { out.flush() } else { out.write_all(&replay_line(record)?) };
            match written {
                // Whoever read has seen enough.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(Answer::Done),
                written => written?,
            }
            if beyond {
                return Ok(Answer::Done);
            }
        }
        progress.at(follower.position(), page.head);
    }
    out.flush()?;
    progress.end();
    Ok(Answer::Done)
}

/// Projects a copy of the ledger up to then into views of its own, which are thrown away, and tells the timeline from them:
/// what the files' own views say plays no part.
async fn refold(settings: &Settings, until: Option<Until>, which: &str, lang: &str) -> anyhow::Result<Answer> {
    let lang = Lang::parse(lang).with_context(|| format!("timelines are not told in \"{lang}\" yet; ask for en or bn"))?;
    let ledger = open(settings).await?;
    let folder = Scratch::new()?;
    let views = Views::open(&format!("sqlite:{}", folder.path.join("views.db").display()), PROJECTION_VERSION).await?;
    let projector = Projector::new(&ledger, &views, views.serving().await?, settings.fold_bytes).await?;
    let last = last_position(&ledger, until).await?;
    projector.up_to(last).await?;
    let timelines = TimelineReader::new(ledger, views);
    let axes = ReadAxes { at: None, known_at: None, as_of: Some(last) };
    let found = timelines.find(which, axes).await.map_err(|problem| anyhow::Error::msg(problem.detail))?;
    let story = timelines.fold(&found).await.map_err(|problem| anyhow::Error::msg(problem.detail))?;
    let told = tell::tell(&story.timeline, &story.registry.0, &Options { lang, ..Options::default() })?;
    let screen = Terminal::of_process(ColorFlag::Auto).screen;
    say(&screen.map_or_else(|| tell::text(&told, TEXT_WIDTH), |screen| tell::text_on(&told, screen)))?;
    say(&format!("\nfolded anew from positions 1 to {last}\n"))?;
    Ok(Answer::Done)
}

async fn last_position(ledger: &Ledger, until: Option<Until>) -> anyhow::Result<Position> {
    let head = ledger.head().await?.position;
    match until {
        None => Ok(head),
        Some(Until::Position(last)) => Ok(last.min(head)),
        Some(Until::Recorded(instant)) => {
            // Recorded times never fall, so halving finds the last one up to then.
            let (mut low, mut high) = (0, head);
            while low < high {
                let middle = low + (high - low).div_ceil(2);
                let record = ledger.get(middle).await?;
                if record.is_some_and(|record| record.recorded <= instant) {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            Ok(low)
        }
    }
}

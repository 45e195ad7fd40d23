//! `dateline redact`: destroys the text of an event, after the ledger says so. A server that runs on the same files does it; else this
//! process does.

mod draft;
mod remembered;
mod remains;
mod routes;
mod steps;

use std::io::{BufRead, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use axum::http::StatusCode;
use dateline_backends::Archive;
use dateline_events::Position;
use serde::{Deserialize, Serialize};

use super::sealing::Sealing;
use super::{Answer, say};
use crate::shared::api_client::ApiClient;
use crate::shared::config::{RedactFlags, Settings};
use crate::shared::running;
use crate::shared::stores::{Stores, Use};

pub use routes::routes;
pub use steps::{RedactError, Redacting};

/// What waits for long reads to end, or for the views, is tried for so long, in seconds; every step is taken again then.
const HELD_S_MAX: u64 = 600;

/// Between two tries, in milliseconds.
const TRY_AGAIN_MS: u64 = 500;

/// Where a server takes it.
const PATH: &str = "/v1/redactions";

/// Which text is to be destroyed, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The position.
    pub position: Position,
    /// Why.
    pub ground: String,
    /// On whose word.
    pub authority: String,
    /// True where what stands there is damaged, and given up.
    #[serde(default)]
    pub damaged: bool,
}

/// What was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// The position whose text is gone.
    pub position: Position,
    /// The position of the redaction.
    pub redaction: Position,
    /// False where it had been redacted before: what a kill may have left undone was done.
    pub fresh: bool,
    /// Where the text was destroyed.
    pub destroyed: Vec<String>,
    /// Other events that are about it, and may quote it.
    pub quoted_by: Vec<Position>,
}

/// Redacts.
pub async fn run(settings: &Settings, flags: &RedactFlags) -> anyhow::Result<Answer> {
    if settings.url.is_some() {
        bail!("redact works on the files, or through the server that runs on them, and on no other: leave --url out, and name the files with --data");
    }
    let asked = Asked {
        position: flags.position,
        ground: flags.ground.trim().to_owned(),
        authority: flags.authority.trim().to_owned(),
        damaged: flags.damaged,
    };
    if !flags.yes && !is_confirmed(&asked)? {
        eprintln!("nothing was done");
        return Ok(Answer::No);
    }
    let Some(report) = redact(settings, &asked).await? else { return Ok(Answer::No) };
    tell(settings, &report)?;
    Ok(Answer::Done)
}

/// Asks on a terminal; without one nobody could answer.
fn is_confirmed(asked: &Asked) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("redact asks before it destroys, and this is no terminal: give --yes where it is meant");
    }
    eprint!(
        "The text at position {} will be destroyed for ever, in the ledger and in everything made of it. Ground and authority stay for everybody to read:\n  ground: {}\n  authority: {}\nDestroy it? [y/N] ",
        asked.position, asked.ground, asked.authority
    );
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// Tries until nothing holds the text any more. None: it was refused, and that was said.
async fn redact(settings: &Settings, asked: &Asked) -> anyhow::Result<Option<Report>> {
    let hands = Hands::open(settings).await?;
    let begun = Instant::now();
    let mut told = String::new();
    loop {
        let waits_for = match hands.redact(asked).await? {
            // An earlier try of this run may have said it.
            Tried::Done(report) => return Ok(Some(Report { fresh: report.fresh || !told.is_empty(), ..report })),
            Tried::Refused(detail) => {
                eprintln!("dateline: {detail}");
                return Ok(None);
            }
            Tried::Waits(detail) => detail,
        };
        if begun.elapsed() > Duration::from_secs(HELD_S_MAX) {
            bail!("it is not done: {waits_for}. The redaction stands in the ledger; run the same command again, and it goes on from there");
        }
        if told != waits_for {
            eprintln!("{waits_for}; trying again");
            told = waits_for;
        }
        tokio::time::sleep(Duration::from_millis(TRY_AGAIN_MS)).await;
    }
}

/// How one try ended.
enum Tried {
    Done(Report),
    /// It cannot be done so.
    Refused(String),
    /// Something is not done yet.
    Waits(String),
}

/// Who does it.
enum Hands {
    /// The server that runs on the files.
    Server(Box<ApiClient>),
    /// This process.
    Own(Box<Redacting>),
}

impl Hands {
    async fn open(settings: &Settings) -> anyhow::Result<Self> {
        if let Some(running) = running::find(&settings.addresses) {
            return Ok(Self::Server(Box::new(ApiClient::server(&running.url, Some(running.token), None)?)));
        }
        let stores = Stores::open(&settings.addresses, Use::Append).await?;
        let archive = match &settings.addresses.archive {
            Some(address) => Some(Archive::open(address).await?),
            None => None,
        };
        let sealing = Sealing::open(&settings.addresses.role_state, &stores.state_store).await?;
        Ok(Self::Own(Box::new(Redacting {
            ledger: stores.ledger,
            views: stores.views,
            state_store: stores.state_store,
            archive,
            log: Some(sealing.log),
            projects: true,
        })))
    }

    async fn redact(&self, asked: &Asked) -> anyhow::Result<Tried> {
        match self {
            Self::Server(server) => {
                let answered = server.post(PATH, "application/json", serde_json::to_vec(asked)?).await?;
                match answered.status {
                    StatusCode::OK => Ok(Tried::Done(serde_json::from_slice(&answered.body).context("the server's answer cannot be read")?)),
                    StatusCode::SERVICE_UNAVAILABLE => Ok(Tried::Waits(answered.problem())),
                    StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => Ok(Tried::Refused(answered.problem())),
                    StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                        bail!(
                            "the server on these files takes no redactions: it is an intake alone, or of an earlier version; stop it, and run this again"
                        )
                    }
                    _ => bail!(answered.problem()),
                }
            }
            Self::Own(redacting) => match redacting.redact(asked).await {
                Ok(report) => Ok(Tried::Done(report)),
                Err(RedactError::Refused(detail)) => Ok(Tried::Refused(detail)),
                Err(RedactError::Waits(detail)) => Ok(Tried::Waits(detail)),
                Err(RedactError::Failed(error)) => Err(error),
            },
        }
    }
}

fn tell(settings: &Settings, report: &Report) -> anyhow::Result<()> {
    let Report { position, redaction, fresh, destroyed, quoted_by } = report;
    let begun = if *fresh { "is redacted" } else { "was redacted before; what may have been left undone was done" };
    say(&format!("position {position} {begun}: position {redaction} of the ledger says so\n"))?;
    for place in destroyed {
        say(&format!("  destroyed in {place}\n"))?;
    }
    if !quoted_by.is_empty() {
        let positions: Vec<String> = quoted_by.iter().map(ToString::to_string).collect();
        say(&format!("events that are about it and may quote it, each to be redacted by itself: positions {}\n", positions.join(", ")))?;
    }
    say("not reached by this command:\n")?;
    for place in remains::of(&settings.addresses) {
        say(&format!("  {place}\n"))?;
    }
    Ok(())
}

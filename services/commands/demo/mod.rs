//! `dateline demo`: plays the WhatsApp outage of 25 October 2022 through intake, ledger, projector and reader, over HTTP like
//! any publisher and any newsroom, and prints what a newsroom would see.

mod receipt;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use dateline_backends::Ledger;
use dateline_events::Position;
use dateline_timelines::tell::{self, Lang, Options};

use crate::commands::read::fitting;
use crate::commands::serve::Server;
use crate::commands::{Answer, say};
use crate::notary::Signer;
use crate::reader::{ReadAxes, TimelineReader};
use crate::shared::api_client::{ApiClient, local_server, path_with};
use crate::shared::config::{self, Addresses, ColorFlag, Role, Serving, Settings, Terminal};
use crate::shared::publisher::{Outcome, Publisher};
use crate::shared::running;
use crate::shared::stores::{Stores, Use};

/// The outage, an event a line, as a desk wrote it down from its sources.
pub const OUTAGE: &str = include_str!("whatsapp-2022-10-25.ndjson");

/// The lines up to the claim that the desk misread; the next line corrects it.
const UP_TO_MISREADING: usize = 4;

/// The source and the id of its first event.
const FIRST: (&str, &str) = ("/desks/demo", "reg-whatsapp");

/// Plays it.
pub async fn run(settings: &Settings, serve: bool, claims: bool) -> anyhow::Result<Answer> {
    let listen = if serve { settings.listen } else { SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
    let serving = Serving { listen, ..Serving::of(settings, &Role::ALL) };
    let Stage { running, api, timelines } = Stage::of(settings, &serving).await?;
    let at = api.named();
    let publisher = Publisher::patient(Arc::new(api));
    say(&format!("Dateline plays the WhatsApp outage of 25 October 2022 through intake, ledger, projector and reader ({at}).\n\n"))?;

    let misread = publish(&publisher, 0..UP_TO_MISREADING).await?;
    let corrected = publish(&publisher, UP_TO_MISREADING..UP_TO_MISREADING + 1).await?;
    let last = publish(&publisher, UP_TO_MISREADING + 1..usize::MAX).await?;
    let (last_position, for_screen) = (last.to_string(), fitting(Terminal::of_process(ColorFlag::Auto).screen));
    for lang in ["en", "bn"] {
        let mut parameters = vec![("lang", Some(lang)), ("min_position", Some(last_position.as_str())), ("claims", claims.then_some("true"))];
        parameters.extend(for_screen.iter().map(|(name, value)| (*name, value.as_deref())));
        let told = publisher.api().get(&path_with("/v1/incidents/whatsapp/timeline.txt", &parameters)).await?;
        say(&format!("{}\n", String::from_utf8_lossy(&told)))?;
    }
    say(&correction(&timelines, misread, corrected).await?)?;
    let keys = match running.as_ref().and_then(|running| running.log_keys.clone()) {
        Some((keys, _)) => keys,
        None => Signer::load(&settings.log.key_path)?
            .context("the server beside this demo has its log's key elsewhere: name it with --log-key-file")?
            .verifiers(),
    };
    say(&receipt::checked(publisher.api(), timelines.ledger(), &keys, corrected).await?)?;
    say(&format!(
        "What was done: {} events went through POST /v1/events into the ledger (positions 1 to {last}), the projector folded them\ninto one incident, and the reader told it.{}\n",
        OUTAGE.lines().count(),
        kept_in(&serving.addresses)
    ))?;
    say(&next_steps(&serving.addresses, misread))?;
    match running {
        Some(running) => {
            if serve {
                let told = crate::commands::shutdown_signal()?;
                say(&format!("\n{}", crate::commands::welcome(&running, &serving)))?;
                told.await;
            }
            running.stop().await;
        }
        None => say(&format!("\nA server ran on these files already, and it goes on: open {at}/\n"))?,
    }
    Ok(Answer::Done)
}

/// What the demo is played on.
struct Stage {
    /// The roles of this process; None beside a server that runs on the same files.
    running: Option<Server>,
    api: ApiClient,
    timelines: TimelineReader,
}

impl Stage {
    async fn of(settings: &Settings, serving: &Serving) -> anyhow::Result<Self> {
        let stage = if running::find(&settings.addresses).is_some() {
            let Stores { ledger, views, .. } = Stores::open(&settings.addresses, Use::Read).await?;
            only_a_demo(&ledger, &settings.addresses).await?;
            Self { running: None, api: ApiClient::open(settings, Use::Append).await?, timelines: TimelineReader::new(ledger, views) }
        } else {
            let running = Server::start(serving).await?;
            only_a_demo(&running.ledger, &settings.addresses).await?;
            let views = running.views.clone().context("the demo runs every role, and found no views")?;
            let timelines = TimelineReader::new(running.ledger.clone(), views);
            // Where there are keys, the demo publishes with the right of whoever holds the files.
            let api = match running::find(&settings.addresses) {
                Some(found) => ApiClient::server(&found.url, Some(found.token), None)?,
                None => local_server(running.address)?,
            };
            Self { api, running: Some(running), timelines }
        };
        Ok(stage)
    }
}

/// What is published stays for ever: the demo adds nothing to the record of others.
async fn only_a_demo(ledger: &Ledger, addresses: &Addresses) -> anyhow::Result<()> {
    match ledger.get(1).await? {
        Some(first) if (first.source.as_str(), first.id.as_str()) != FIRST => bail!(
            "the ledger {} holds other events, and what is published can never be taken out again; play the demo in a folder of its own: `dateline demo --data demo`",
            addresses.ledger
        ),
        _ => Ok(()),
    }
}

/// Publishes some of the lines, as one batch; answers the last position.
async fn publish(publisher: &Publisher, lines: std::ops::Range<usize>) -> anyhow::Result<Position> {
    let events: Vec<&[u8]> = OUTAGE.lines().skip(lines.start).take(lines.len()).map(str::as_bytes).collect();
    let mut last = 0;
    for outcome in publisher.publish(&events).await {
        match outcome {
            Outcome::Fresh(position) | Outcome::Known(position) => last = last.max(position),
            Outcome::Conflict(why) | Outcome::Refused(why) => bail!("the demo's own event was refused: {why}"),
            Outcome::TryAgain(again) => return Err(again.into()),
        }
    }
    Ok(last)
}

/// What the correction changed, in words, in both languages.
async fn correction(timelines: &TimelineReader, misread: Position, corrected: Position) -> anyhow::Result<String> {
    let mut text = format!("The desk had misread its first source, and corrected itself. From position {misread} to position {corrected}:\n");
    for lang in [Lang::En, Lang::Bn] {
        let before = story(timelines, misread).await?;
        let after = story(timelines, corrected).await?;
        let options = Options { lang, ..Options::default() };
        for line in tell::difference(&before.timeline, &after.timeline, &after.registry.0, &options) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text.push('\n');
    Ok(text)
}

async fn story(timelines: &TimelineReader, as_of: Position) -> anyhow::Result<crate::reader::Story> {
    let axes = ReadAxes { at: None, known_at: None, as_of: Some(as_of) };
    let found = timelines.find("whatsapp", axes).await.map_err(|problem| anyhow::Error::msg(problem.detail))?;
    timelines.fold(&found).await.map_err(|problem| anyhow::Error::msg(problem.detail))
}

fn kept_in(addresses: &Addresses) -> String {
    if addresses.all_in_the_folder() { format!(" The files are in {}.", addresses.data.display()) } else { String::new() }
}

fn next_steps(addresses: &Addresses, misread: Position) -> String {
    let program = word(&config::program());
    // Addresses may hold secrets: whoever gave them gives them again.
    let (flags, again) = match addresses.all_in_the_folder() {
        true if addresses.data == Path::new("data") => (String::new(), ""),
        true => (format!(" --data {}", word(&addresses.data.display().to_string())), ""),
        false => (String::new(), ", with the same --ledger and --views"),
    };
    format!(
        "Try next{again}:\n  {program} timeline whatsapp{flags} --known-at 2022-10-25T14:45+05:30\n  {program} timeline whatsapp{flags} --lang bn --claims\n  {program} audit replay{flags} --until {misread} --timeline whatsapp\n"
    )
}

/// A word as a shell reads it back: quoted where it holds more than plain characters.
fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=+:,@%".contains(&byte);
    if text.bytes().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

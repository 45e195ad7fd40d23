//! `dateline import`: status pages from files, whole histories of them, and series of users' reports.

mod reports;

use std::sync::Arc;

use anyhow::{Context, bail};
use dateline_backends::StateStore;
use dateline_status_pages::{Dialect, FeedZone};

use super::{Answer, Progress, say};
use crate::shared::api_client::ApiClient;
use crate::shared::config::{Format, ImportFlags, ImportKind, Settings};
use crate::shared::http::parameters::instant;
use crate::shared::publisher::Publisher;
use crate::shared::stores::{Use, has_no_state_store, open_state_store};
use crate::watcher::import::{Import, Order};

/// Imports; the answer is no where something was refused or unreadable.
pub async fn run(settings: &Settings, flags: &ImportFlags) -> anyhow::Result<Answer> {
    if flags.kind != ImportKind::Git && (flags.path.is_some() || flags.dialect.is_some()) {
        bail!("--path and --dialect are of a git repository: `dateline import git FOLDER --path FILE --dialect DIALECT`");
    }
    match flags.kind {
        ImportKind::Reports => reports::run(settings, flags).await,
        _ => pages(settings, flags).await,
    }
}

async fn pages(settings: &Settings, flags: &ImportFlags) -> anyhow::Result<Answer> {
    let read_at = flags.read_at.as_deref().map(|text| instant("--read-at", text)).transpose();
    let order = Order {
        dialect: dialect(flags),
        files: flags.files.clone(),
        path: flags.path.clone(),
        service: flags.service.clone(),
        vendor: flags.vendor.clone(),
        name: flags.name.clone(),
        lang: flags.text_lang.clone(),
        zone: flags.zone.as_deref().map(zone).transpose()?,
        visibility: flags.visibility.clone(),
        read_at: read_at.map_err(|problem| anyhow::Error::msg(problem.detail))?,
        dry_run: flags.dry_run,
    };
    let (publisher, state_store) = if flags.dry_run {
        (None, remembered(settings).await?)
    } else {
        (Some(Publisher::patient(Arc::new(ApiClient::open(settings, Use::Append).await?))), Some(open_state_store(&settings.addresses).await?))
    };
    // What is remembered may have to be made again from everything that was published.
    if let Some(publisher) = &publisher {
        publisher.api().settle().await?;
    }
    let progress = Progress::new(if flags.kind == ImportKind::Git { "importing (versions)" } else { "importing (bytes)" }, 0);
    let import = Import::new(order, publisher.clone(), state_store);
    let summary =
        import.run(&|done, of| progress.at(done, of)).await.context("the import stopped; what was published stays, and a new run goes on")?;
    progress.end();
    if let Some(publisher) = &publisher {
        publisher.api().settle().await?;
    }
    match flags.format {
        Format::Text => say(&summary.text(flags.dry_run))?,
        Format::Json => say(&format!("{}\n", summary.json()))?,
    }
    Ok(if summary.has_refusals() { Answer::No } else { Answer::Done })
}

/// What is remembered, without making a state store where there is none.
async fn remembered(settings: &Settings) -> anyhow::Result<Option<StateStore>> {
    Ok(if has_no_state_store(&settings.addresses) { None } else { Some(open_state_store(&settings.addresses).await?) })
}

fn zone(name: &str) -> anyhow::Result<FeedZone> {
    FeedZone::parse(name).with_context(|| format!("--zone {name}: expected an IANA time zone such as Europe/Berlin"))
}

fn dialect(flags: &ImportFlags) -> Option<Dialect> {
    Some(match flags.kind {
        ImportKind::Statuspage => Dialect::Statuspage,
        ImportKind::Gcp => Dialect::Gcp,
        ImportKind::Aws => Dialect::Aws,
        ImportKind::Atom => Dialect::Atom,
        ImportKind::Cstate => Dialect::Cstate,
        ImportKind::Upptime => Dialect::Upptime,
        ImportKind::Slack => Dialect::Slack,
        ImportKind::Git => return Dialect::ALL.into_iter().find(|dialect| Some(dialect.name()) == flags.dialect.as_deref()),
        ImportKind::Versions | ImportKind::Reports => return None,
    })
}

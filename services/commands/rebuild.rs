//! `dateline rebuild`: builds the views anew beside the old ones and swaps them in; readers go on meanwhile.

use std::time::Instant;

use anyhow::bail;
use dateline_backends::ViewsError;

use super::{Answer, Progress, say};
use crate::projector::{self, ProjectError};
use crate::shared::config::Settings;
use crate::shared::stores::{Stores, Use};

/// Rebuilds.
pub async fn run(settings: &Settings) -> anyhow::Result<Answer> {
    if settings.url.is_some() {
        bail!("rebuild works on the files, not through a server; leave --url out and name the files with --data");
    }
    let stores = Stores::open(&settings.addresses, Use::Read).await?;
    let begun = Instant::now();
    let progress = Progress::new("rebuilding", stores.ledger.head().await?.position);
    let rebuilding = || projector::rebuild(&stores.ledger, &stores.views, settings.fold_bytes, |cursor, head| progress.at(cursor, head));
    let position = match rebuilding().await {
        // The old file turned out to be damaged, was set aside, and another one begun: once more, into that.
        Err(ProjectError::Views(ViewsError::Damaged { .. })) => rebuilding().await?,
        rebuilt => rebuilt?,
    };
    progress.end();
    if let Some(aside) = stores.views.set_aside() {
        say(&format!("the views were damaged ({}): they are set aside as {}\n", aside.detail, aside.to))?;
    }
    say(&format!("rebuilt the views from {position} events in {:.1} s\n", begun.elapsed().as_secs_f64()))?;
    Ok(Answer::Done)
}

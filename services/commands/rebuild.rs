//! `dateline rebuild`: builds the views anew beside the old ones and swaps them in; readers go on meanwhile.

use std::time::Instant;

use anyhow::bail;

use super::{Answer, Progress, say};
use crate::config::Settings;
use crate::doors::{Doors, Use};
use crate::projector;

/// Rebuilds.
pub async fn run(settings: &Settings) -> anyhow::Result<Answer> {
    if settings.url.is_some() {
        bail!("rebuild works on the files, not through a server; leave --url out and name the files with --data");
    }
    let doors = Doors::open(&settings.addresses, Use::Read).await?;
    let begun = Instant::now();
    let progress = Progress::new("rebuilding", doors.ledger.head().await?.position);
    let position = projector::rebuild(&doors.ledger, &doors.views, settings.fold_bytes, |cursor, head| progress.at(cursor, head)).await?;
    progress.end();
    say(&format!("rebuilt the views from {position} events in {:.1} s\n", begun.elapsed().as_secs_f64()))?;
    Ok(Answer::Done)
}

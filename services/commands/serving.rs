//! `dateline serve`: every role in one process, until it is told to stop.

use super::{Answer, say};
use crate::config::{Serving, Settings};
use crate::serve::House;

/// Serves until SIGINT or SIGTERM; then lets requests under way end.
pub async fn serve(settings: &Settings) -> anyhow::Result<Answer> {
    let serving = Serving { addresses: settings.addresses.clone(), listen: settings.listen, open_reading: settings.open_reading };
    let house = House::start(&serving).await?;
    say(&addresses(&house, &serving.addresses.data.display().to_string()))?;
    until_told().await?;
    house.stop().await;
    Ok(Answer::Done)
}

/// What to open in a browser, and what to ask.
pub fn addresses(house: &House, files: &str) -> String {
    let at = house.address;
    format!(
        "serving at http://{at}\n  pages     http://{at}/\n  incidents http://{at}/v1/incidents\n  contract  http://{at}/openapi.json\n  files     {files}\nstop with Ctrl-C\n"
    )
}

/// Waits for SIGINT or SIGTERM.
pub async fn until_told() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

//! `dateline serve` and the roles of their own: until they are told to stop.

use anyhow::bail;

use super::{Answer, say};
use crate::commands::serve::Server;
use crate::shared::config::{Role, Serving, Settings};

/// Serves until SIGINT or SIGTERM; then lets requests under way end.
pub async fn serve(settings: &Settings, roles: &[Role]) -> anyhow::Result<Answer> {
    let serving = Serving::of(settings, roles);
    let mut running = Server::start(&serving).await?;
    say(&welcome(&running, &serving))?;
    let replaced = tokio::select! {
        told = shutdown_signal() => { told?; None }
        reason = running.until_replaced() => Some(reason),
    };
    running.stop().await;
    match replaced {
        Some(reason) => bail!(reason),
        None => Ok(Answer::Done),
    }
}

/// What to open in a browser, and what to ask.
pub fn welcome(running: &Server, serving: &Serving) -> String {
    let (at, kept) = (running.address, &serving.addresses);
    let mut text = format!("serving at http://{at}\n");
    if serving.has(Role::Reader) {
        text.push_str(&format!("  pages     http://{at}/\n  incidents http://{at}/v1/incidents\n  contract  http://{at}/openapi.json\n"));
    }
    if kept.all_in_the_folder() {
        text.push_str(&format!("  files     {}\n", kept.data.display()));
    } else {
        text.push_str(&format!("  ledger    {}\n  views     {}\n", kept.ledger, kept.views));
    }
    text.push_str("stop with Ctrl-C\n");
    text
}

/// Waits for SIGINT or SIGTERM.
pub async fn shutdown_signal() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

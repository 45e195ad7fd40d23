//! `dateline serve` and the roles of their own: until they are told to stop.

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

use super::{Answer, say};
use crate::commands::serve::Server;
use crate::shared::config::{Role, Serving, Settings};

/// Serves until SIGINT or SIGTERM; then lets requests under way end.
pub async fn serve(settings: &Settings, roles: &[Role]) -> anyhow::Result<Answer> {
    let serving = Serving::of(settings, roles);
    let mut running = Server::start(&serving).await?;
    let told = shutdown_signal()?;
    say(&welcome(&running, &serving))?;
    if let Some((keys, true)) = &running.log_keys {
        let key = keys.first().map(ToString::to_string).unwrap_or_default();
        eprintln!("the log has a new key, told once; give this line to auditors by another way than this server:\n  {key}");
    }
    let replaced = tokio::select! {
        () = told => None,
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

/// SIGINT or SIGTERM. Both are caught from this call on: whoever says that it serves has asked before, and is never ended by one of them
/// half done.
pub fn shutdown_signal() -> std::io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

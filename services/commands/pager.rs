//! Shows on a terminal page by page what is longer than its screen.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::say;
use crate::shared::config::Pager;

/// What a shell answers where the program that it is to run cannot be run, or is not there.
const NOT_RUN: [i32; 2] = [126, 127];

/// How `less` behaves where the reader does not say: it ends where all fits, shows colours, and leaves the text on the screen.
const LESS_FLAGS: &str = "FRX";

/// Shows a text: by the pager where it is longer than the screen, else at once.
pub async fn show(text: &str, pager: Option<&Pager>) -> anyhow::Result<()> {
    match pager.filter(|pager| text.lines().count() >= pager.rows) {
        Some(pager) if shown_by(text, pager).await => Ok(()),
        _ => say(text),
    }
}

/// False where there is no such program.
async fn shown_by(text: &str, pager: &Pager) -> bool {
    let mut command = match pager.words.as_deref() {
        None => Command::new("less"),
        Some(words) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", words]);
            shell
        }
    };
    if pager.words.is_none() {
        command.arg(format!("-{LESS_FLAGS}"));
    } else if !pager.less_is_set {
        command.env("LESS", LESS_FLAGS);
    }
    // Whoever interrupts a search in the pager does not want to be left without it.
    let _kept = signal(SignalKind::interrupt());
    let Ok(mut child) = command.stdin(Stdio::piped()).spawn() else { return false };
    if let Some(mut stdin) = child.stdin.take() {
        // Whoever has seen enough leaves the rest.
        let _ = stdin.write_all(text.as_bytes()).await;
    }
    child.wait().await.is_ok_and(|status| !status.code().is_some_and(|code| NOT_RUN.contains(&code)))
}

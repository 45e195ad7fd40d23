//! `dateline log-key`: the key that signs the log. The public line that it prints reaches auditors by another way than the server does.

use anyhow::{Context, bail};

use super::sealing::seed;
use super::{Answer, say};
use crate::notary::{Signer, SignerError};
use crate::shared::config::{LogKeyCommand, Settings};
use crate::shared::merkle_log::Sealed;
use crate::shared::stores::open_state_store;

/// Runs one of the commands on the log's key.
pub async fn run(settings: &Settings, command: &LogKeyCommand) -> anyhow::Result<Answer> {
    if let LogKeyCommand::Abandon { origin } = command {
        return abandon(settings, origin).await;
    }
    let path = &settings.log.key_path;
    let signer = Signer::load(path)?.with_context(|| {
        format!(
            "there is no key at {}: `dateline serve` (or `dateline notary`) makes one at its first start; name another place with --log-key-file",
            path.display()
        )
    })?;
    let signer = match command {
        LogKeyCommand::Rotate => signer.rotated(seed()?)?,
        LogKeyCommand::Retire => signer.retired()?,
        LogKeyCommand::Show | LogKeyCommand::Abandon { .. } => signer,
    };
    say(&signer.verifiers().iter().map(|key| format!("{key}\n")).collect::<String>())?;
    match command {
        LogKeyCommand::Rotate => eprintln!(
            "the first key is new, and both sign after the notary's next start: tell auditors the new line, then run `dateline log-key retire`"
        ),
        LogKeyCommand::Retire => eprintln!("only this key signs after the notary's next start"),
        _ => {}
    }
    Ok(Answer::Done)
}

/// Sets the sealed log and its key aside, under names that say which log it was.
async fn abandon(settings: &Settings, origin: &str) -> anyhow::Result<Answer> {
    let state_store = open_state_store(&settings.addresses).await?;
    let Some((sealed, revision)) = Sealed::load(&state_store).await? else { bail!("nothing was sealed: there is no log to give up") };
    let sealed_as = sealed.checkpoint.origin();
    if sealed_as != origin {
        bail!("the log is called {sealed_as}, not {origin}: name it so to give it up");
    }
    let kept = Sealed::abandon(&state_store, &sealed, revision).await?;
    let path = &settings.log.key_path;
    let aside = path.with_extension("key.abandoned");
    match std::fs::rename(path, &aside) {
        Ok(()) => eprintln!("the key was moved to {}", aside.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(SignerError::File { path: path.clone(), done: "moved", source }.into()),
    }
    say(&format!("{}\n", kept.note))?;
    eprintln!(
        "the log {origin} ends with this checkpoint of {} positions: give it to every auditor, with the line of the new key that the next start prints. They hold the new log against it: its first {} leaves must have this root",
        kept.checkpoint.size(),
        kept.checkpoint.size()
    );
    Ok(Answer::Done)
}

//! `dateline keys`: make, list, revoke and purge API keys, in the state store itself.

use std::path::Path;

use dateline_backends::{LedgerError, StateStore};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Answer, say};
use crate::shared::config::{Format, KeysCommand, Settings};
use crate::shared::keys::{Keys, StoredKey};
use crate::shared::scopes::Scopes;
use crate::shared::stores::{Use, open_ledger, open_state_store};

/// Runs one of the commands on keys.
pub async fn run(settings: &Settings, command: &KeysCommand) -> anyhow::Result<Answer> {
    let state_store = open_state_store(&settings.addresses).await?;
    let keys = Keys::new(state_store.clone());
    let now = OffsetDateTime::now_utc().format(&Rfc3339)?;
    match command {
        KeysCommand::Create { name, scopes, format } => {
            let held = Scopes::read(scopes.iter().map(|scope| scope.0.as_str())).map_err(anyhow::Error::msg)?;
            let (key, stored) = keys.create(name, held, &now).await?;
            mark(settings, &state_store).await;
            match format {
                Format::Text => say(&format!("{key}\n"))?,
                Format::Json => say(&format!("{}\n", json!({"key": key, "id": stored.id, "scopes": stored.scopes.written()})))?,
            }
            if *format == Format::Text {
                eprintln!("this key is shown once and kept nowhere; its id is {}, for `dateline keys revoke`", stored.id);
            }
            Ok(Answer::Done)
        }
        KeysCommand::List { format } => {
            let mut after = String::new();
            loop {
                let page = keys.list(&after).await?;
                let Some(last) = page.last() else { return Ok(Answer::Done) };
                after.clone_from(&last.id);
                page.iter().try_for_each(|key| show(key, *format))?;
            }
        }
        KeysCommand::Purge => {
            say(&format!("{} revoked keys are removed\n", keys.purge().await?))?;
            Ok(Answer::Done)
        }
        KeysCommand::Revoke { id } => {
            if keys.revoke(id, &now).await? {
                say(&format!("{id} is revoked; running servers refuse it within two seconds\n"))?;
                Ok(Answer::Done)
            } else {
                eprintln!("dateline: there is no key with the id {id}; `dateline keys list` shows them");
                Ok(Answer::No)
            }
        }
    }
}

/// An embedded ledger that nobody writes just now is told that keys were made. Else its intake notices, and tells it.
async fn mark(settings: &Settings, state_store: &StateStore) {
    let is_there = settings.addresses.ledger.file().is_some_and(|path| Path::new(path).exists());
    if !is_there {
        return;
    }
    let marked = async { Ok::<_, anyhow::Error>(open_ledger(&settings.addresses, state_store, Use::Append, 0).await?.0.mark_keys_made().await?) };
    match marked.await {
        Err(error) if matches!(error.downcast_ref(), Some(LedgerError::Locked { .. })) => {}
        Err(error) => tracing::warn!(error = format!("{error:#}"), "the ledger could not note that API keys were made; its intake will"),
        Ok(()) => {}
    }
}

fn show(key: &StoredKey, format: Format) -> anyhow::Result<()> {
    let scopes = key.scopes.written();
    match format {
        Format::Text => {
            let state = key.revoked.as_ref().map_or_else(|| "in force".to_owned(), |when| format!("revoked {when}"));
            say(&format!("{}  {}  {}  made {}  {state}\n", key.id, key.name, scopes.join(" "), key.created))
        }
        Format::Json => {
            let told = json!({"id": key.id, "name": key.name, "scopes": scopes, "created": key.created, "revoked": key.revoked});
            say(&format!("{told}\n"))
        }
    }
}

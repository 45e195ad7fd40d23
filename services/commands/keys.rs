//! `dateline keys`: make, list and revoke API keys, in the keep itself.

use dateline_backends::Keep;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Answer, say};
use crate::config::{Format, KeysCommand, Settings};
use crate::keys::{Keys, Scopes};

/// Runs one of the commands on keys.
pub async fn run(settings: &Settings, command: &KeysCommand) -> anyhow::Result<Answer> {
    let keys = Keys::new(Keep::open(&settings.addresses.keep).await?);
    let now = OffsetDateTime::now_utc().format(&Rfc3339)?;
    match command {
        KeysCommand::Create { name, scopes, format } => {
            let held = Scopes::read(scopes.iter().map(|scope| scope.0.as_str())).map_err(anyhow::Error::msg)?;
            let (key, stored) = keys.create(name, held, &now).await?;
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
            for key in keys.list().await? {
                let scopes = key.scopes.written();
                match format {
                    Format::Text => {
                        let state = key.revoked.as_ref().map_or_else(|| "in force".to_owned(), |when| format!("revoked {when}"));
                        say(&format!("{}  {}  {}  made {}  {state}\n", key.id, key.name, scopes.join(" "), key.created))?;
                    }
                    Format::Json => say(&format!(
                        "{}\n",
                        json!({"id": key.id, "name": key.name, "scopes": scopes, "created": key.created, "revoked": key.revoked})
                    ))?,
                }
            }
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

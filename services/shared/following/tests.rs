//! A follower that fails is opened again and named until it is sound; one that is told to stop ends between two steps.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::sync::{Arc, Mutex};

use dateline_events::Position;

use super::*;

const PACE: Pace = Pace { sound: Duration::from_millis(150), step_ends: Duration::from_millis(100) };

/// Whoever is busy asks to be left alone for so long.
const ASKED: Duration = Duration::from_millis(400);

/// What a test sees of its role.
#[derive(Debug, Default)]
struct Seen {
    /// Why it was said not to go on each time that it was opened.
    opened: Vec<Option<String>>,
    /// Everything up to here was taken.
    position: Position,
    ended: bool,
}

/// Counts up to a head, fails at a position, once or more often, and hangs at another.
#[derive(Clone)]
struct Counting {
    head: Position,
    fails_at: Position,
    /// So often.
    failures: usize,
    hangs_at: Position,
    why: &'static str,
    roles: Roles,
    seen: Arc<Mutex<Seen>>,
}

impl Counting {
    fn new(head: Position) -> Self {
        Self { head, fails_at: 0, failures: 1, hangs_at: 0, why: "it cannot be taken", roles: Roles::default(), seen: Arc::default() }
    }

    async fn open(self) -> Result<Self, String> {
        self.seen.lock().unwrap().opened.push(self.roles.remark_on("counting"));
        Ok(self)
    }

    /// Runs it; answers what tells it to stop, and the run.
    fn run(&self) -> (watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let (stop, stopped) = watch::channel(false);
        let counting = self.clone();
        (stop, tokio::spawn(run("counting", self.roles.clone(), move || counting.clone().open(), stopped, PACE)))
    }
}

impl Follow for Counting {
    type Page = Position;
    type Error = String;

    async fn next(&mut self) -> Result<Position, String> {
        let next = self.seen.lock().unwrap().position + 1;
        if next > self.head { std::future::pending().await } else { Ok(next) }
    }

    async fn take(&mut self, page: Position) -> Result<Step, String> {
        if page == self.hangs_at {
            return std::future::pending().await;
        }
        let mut seen = self.seen.lock().unwrap();
        if page == self.fails_at && seen.opened.len() <= self.failures {
            return Err(self.why.to_owned());
        }
        seen.position = page;
        Ok(Step::Reached(Progress { position: page, head: self.head }))
    }

    async fn end(self) -> Result<(), String> {
        self.seen.lock().unwrap().ended = true;
        Ok(())
    }

    fn asks_to_wait(error: &String) -> Option<Duration> {
        error.contains("busy").then_some(ASKED)
    }
}

/// Waits until something holds, for a moment.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = tokio::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn what_fails_is_named_tried_again_from_where_the_output_ends_and_named_no_more() {
    let counting = Counting { fails_at: 3, ..Counting::new(5) };
    let (stop, running) = counting.run();
    until("it goes on", || counting.roles.progress().get("counting") == Some(&Progress { position: 5, head: 5 })).await;
    assert!(counting.roles.remarks().is_empty(), "{:?}", counting.roles.remarks());
    assert_eq!(counting.seen.lock().unwrap().opened, [None, Some("it cannot be taken".to_owned())]);
    stop.send_replace(true);
    running.await.unwrap();
    assert!(counting.seen.lock().unwrap().ended);
}

#[tokio::test]
async fn pauses_grow_from_failure_to_failure_and_whoever_asks_to_be_left_alone_is() {
    let begun = tokio::time::Instant::now();
    let counting = Counting { fails_at: 1, failures: 3, ..Counting::new(1) };
    let (_stop, _running) = counting.run();
    until("it goes on", || counting.seen.lock().unwrap().position == 1).await;
    assert!(begun.elapsed() >= Duration::from_millis(PAUSE_MS_FIRST * 7), "{:?}", begun.elapsed());
    let begun = tokio::time::Instant::now();
    let busy = Counting { fails_at: 1, why: "it is busy", ..Counting::new(1) };
    let (_stop, _running) = busy.run();
    until("it goes on", || busy.seen.lock().unwrap().position == 1).await;
    assert!(begun.elapsed() >= ASKED, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_follower_for_which_nothing_comes_is_sound_after_a_while() {
    let counting = Counting::new(0);
    counting.roles.remark("counting", "it could not be opened");
    let (stop, running) = counting.run();
    until("it is named no more", || counting.roles.remarks().is_empty()).await;
    stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test]
async fn a_step_that_does_not_end_is_dropped_when_the_role_is_told_to_stop_and_nothing_is_kept_of_it() {
    let counting = Counting { hangs_at: 2, ..Counting::new(2) };
    let (stop, running) = counting.run();
    until("the first step is taken", || counting.seen.lock().unwrap().position == 1).await;
    let begun = tokio::time::Instant::now();
    stop.send_replace(true);
    running.await.unwrap();
    assert!(begun.elapsed() >= PACE.step_ends);
    assert!(!counting.seen.lock().unwrap().ended);
}

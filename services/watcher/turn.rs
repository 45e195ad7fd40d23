//! One turn of one feed: it is read, what it says is published, and what is to be remembered is put in the state store, in that order.
//! Killed between any two, a watcher reads once more and finds its events in the ledger already.
//!
//! When the next turn comes is not decided here.

use std::sync::Arc;
use std::time::Duration;

use dateline_backends::{StateError, StateStore, now};
use dateline_events::{Instant, sha256_hex};
use tokio::sync::watch;

use super::body::Held;
use super::budget::{self, OverBudget};
use super::feed_state::{Entry, Put};
use super::fetch::{Failure, Fetched, Fetcher, Validators};
use super::meters::{Meters, Outcome};
use super::page_publisher::{NotTaken, PagePublisher, Reading, Taken};
use super::pages::Feed;
use super::schedule::Ended;
use crate::shared::back_off::BackOff;
use crate::shared::publisher::TryAgain;
use crate::shared::supervise::Roles;

/// What could not be published is tried again after so long, in milliseconds; twice as long after each further try, up to the most; later
/// where the server asks for it.
const PUBLISH_AGAIN_MS: u64 = 1_000;
const PUBLISH_AGAIN_MOST_MS: u64 = 60_000;

/// Where another watcher reads a feed, this one looks whether it still does each time that the feed was due so often.
const STAND_BY_TURNS: u64 = 2;

/// What every turn works with.
pub struct TurnContext {
    pub fetcher: Fetcher,
    pub page_publisher: PagePublisher,
    pub state_store: StateStore,
    pub meters: Arc<Meters>,
    /// The name of this watcher in the state store; chance.
    pub by: String,
    /// Where it is shown that a page is stopped.
    pub roles: Roles,
}

/// What is known of a feed between its turns.
pub struct Place {
    /// The feed.
    pub feed: Arc<Feed>,
    /// What is remembered of it.
    pub entry: Entry,
    /// What was read, and could not be published yet.
    pub unpublished: Option<Unpublished>,
    /// True while another watcher reads it.
    pub standing_by: bool,
}

/// A reading that waits to be published.
pub struct Unpublished {
    held: Held,
    sha256: String,
    validators: Validators,
    as_of: Instant,
    read_at: Instant,
    back_off: BackOff,
}

/// How a turn ended.
pub struct Turn {
    /// The feed's place, as it is now.
    pub place: Place,
    /// For the schedule.
    pub ended: Ended,
    /// What was made of it.
    pub taken: Taken,
}

impl Place {
    /// What is known of a feed at a start.
    pub async fn load(state_store: &StateStore, feed: Arc<Feed>) -> Result<Self, StateError> {
        let entry = Entry::load(state_store, &feed).await?;
        Ok(Self { feed, entry, unpublished: None, standing_by: false })
    }

    fn every_ms(&self) -> u64 {
        u64::from(self.feed.every_s) * 1_000
    }

    fn stand_by(&mut self) -> Ended {
        self.standing_by = true;
        Ended::Again { after_ms: STAND_BY_TURNS * self.every_ms() }
    }
}

impl TurnContext {
    /// Takes a feed's turn. Told to stop, it reads no further, but brings to an end what was read.
    pub async fn turn(&self, mut place: Place, stop: watch::Receiver<bool>) -> Turn {
        let mut taken = Taken::default();
        let ended = self.work(&mut place, &mut taken, stop).await;
        Turn { place, ended, taken }
    }

    async fn work(&self, place: &mut Place, taken: &mut Taken, mut stop: watch::Receiver<bool>) -> Ended {
        if place.standing_by && !self.takes_over(place).await {
            return place.stand_by();
        }
        if self.is_stopped(place).await {
            return Ended::Again { after_ms: place.every_ms() };
        }
        let read = match place.unpublished.take() {
            Some(read) => read,
            None => {
                place.entry.memory.last_tried = Some(now());
                let validators = place.entry.memory.validators();
                let fetched = tokio::select! {
                    fetched = self.fetcher.read(&place.feed.url, &validators) => fetched,
                    _ = stop.wait_for(|stop| *stop) => return Ended::Again { after_ms: place.every_ms() },
                };
                match self.sorted(place, fetched) {
                    Ok(Some(read)) => read,
                    Ok(None) => return self.remember(place, Ended::Read).await,
                    Err(failure) => return self.failed(place, &failure).await,
                }
            }
        };
        let last = place.entry.memory.begin();
        match place.entry.put(&self.state_store, &self.by).await {
            Ok(Put::Done) => {}
            Ok(Put::Another) => return place.stand_by(),
            Err(error) => return self.unpublished(place, read, &error.into()),
        }
        match self.page_publisher.take(&place.feed.page, reading(place, &read)).await {
            Ok(done) => {
                self.meters.requests(Outcome::Page).increment(1);
                self.meters.published.increment(done.published as u64);
                self.meters.edits.increment(done.edits as u64);
                for refused in &done.refused {
                    tracing::info!(service = place.feed.page.service, url = %place.feed.url, what = refused.what, why = refused.why, "part of a page cannot be read");
                }
                let memory = &mut place.entry.memory;
                memory.incidents = done.incidents as u64;
                memory.note_read(read.as_of);
                memory.sha256 = Some(read.sha256);
                (memory.etag, memory.last_modified) = (read.validators.etag, read.validators.last_modified);
                *taken = done;
                self.remember(place, Ended::Read).await
            }
            Err(NotTaken::Unreadable(why)) => {
                // What it said last stays what is asked for: should it come back unchanged, it was read.
                place.entry.memory.take_back(last);
                self.meters.requests(Outcome::Unreadable).increment(1);
                self.failed(place, &Failure::new(why)).await
            }
            Err(NotTaken::TooMuch(why)) => {
                self.meters.requests(Outcome::Unreadable).increment(1);
                self.failed(place, &Failure::new(why)).await
            }
            Err(NotTaken::OverBudget(over)) => {
                // It is read anew when it may go on; what was taken last stays what is asked for.
                place.entry.memory.take_back(last);
                self.stop_page(place, &over);
                self.remember(place, Ended::Again { after_ms: place.every_ms() }).await
            }
            Err(NotTaken::Unpublished(error)) => self.unpublished(place, read, &error),
        }
    }

    /// What was fetched and is new; None where it is what it was.
    fn sorted(&self, place: &mut Place, fetched: Result<Fetched, Failure>) -> Result<Option<Unpublished>, Failure> {
        let fetched = fetched.inspect_err(|failure| {
            let outcome = if failure.absent { Outcome::Absent } else { Outcome::Unreadable };
            self.meters.requests(outcome).increment(1);
        })?;
        let memory = &mut place.entry.memory;
        let Some((held, validators)) = fetched.page else {
            self.meters.requests(Outcome::NotModified).increment(1);
            memory.note_read(fetched.as_of);
            return Ok(None);
        };
        self.meters.read_bytes.increment(held.bytes().len() as u64);
        let sha256 = sha256_hex(held.bytes());
        if memory.is_taken(&sha256) {
            self.meters.requests(Outcome::Same).increment(1);
            memory.note_read(fetched.as_of);
            (memory.etag, memory.last_modified) = (validators.etag, validators.last_modified);
            return Ok(None);
        }
        let back_off = BackOff::new(Duration::from_millis(PUBLISH_AGAIN_MS), Duration::from_millis(PUBLISH_AGAIN_MOST_MS));
        Ok(Some(Unpublished { held, sha256, validators, as_of: fetched.as_of, read_at: fetched.read_at, back_off }))
    }

    async fn failed(&self, place: &mut Place, failure: &Failure) -> Ended {
        tracing::info!(service = place.feed.page.service, url = %place.feed.url, why = failure.why, "a page cannot be read");
        place.entry.memory.note_failure(failure);
        self.remember(place, Ended::Failed { retry_after_ms: failure.retry_after_ms }).await
    }

    /// What is read stays where it is until it is published; what is remembered does not move meanwhile.
    fn unpublished(&self, place: &mut Place, mut read: Unpublished, error: &anyhow::Error) -> Ended {
        self.meters.unpublished.increment(1);
        tracing::warn!(service = place.feed.page.service, url = %place.feed.url, error = format!("{error:#}"), "a reading could not be published; trying again");
        let asked = error.downcast_ref::<TryAgain>().and_then(|again| again.after);
        let after_ms = read.back_off.pause(asked).as_millis() as u64;
        place.entry.memory.set_why(&format!("it was read, and could not be published: {error:#}"));
        place.unpublished = Some(read);
        Ended::Again { after_ms }
    }

    /// Puts what is remembered in the state store. Where the state store is away it is remembered in this process, and put the next time.
    async fn remember(&self, place: &mut Place, ended: Ended) -> Ended {
        match place.entry.put(&self.state_store, &self.by).await {
            Ok(Put::Done) => ended,
            Ok(Put::Another) => {
                tracing::warn!(service = place.feed.page.service, url = %place.feed.url, "another watcher reads this page; standing by");
                place.stand_by()
            }
            Err(error) => {
                tracing::warn!(service = place.feed.page.service, url = %place.feed.url, %error, "the state store does not take what is remembered of a page");
                ended
            }
        }
    }

    /// Looks whether a page that is stopped may go on.
    async fn is_stopped(&self, place: &mut Place) -> bool {
        let service = &place.feed.page.service;
        if self.roles.remark_on(&page_of(service)).is_none() {
            return false;
        }
        match budget::stopped(&self.state_store, service).await {
            Ok(None) => {
                tracing::warn!(service, "the page goes on");
                self.roles.withdraw(&page_of(service));
                false
            }
            Ok(Some(over)) => {
                place.entry.memory.set_why(&over.to_string());
                true
            }
            Err(error) => {
                tracing::warn!(service, %error, "the state store does not say whether a page that is stopped may go on");
                true
            }
        }
    }

    fn stop_page(&self, place: &mut Place, over: &OverBudget) {
        tracing::error!(service = place.feed.page.service, url = %place.feed.url, %over, "a page brings more than it may, and is read no more");
        place.entry.memory.set_why(&over.to_string());
        self.roles.remark(&page_of(&place.feed.page.service), &over.to_string());
    }

    /// True if the watcher that was seen at a feed wrote nothing since this one looked last.
    async fn takes_over(&self, place: &mut Place) -> bool {
        match place.entry.look(&self.state_store).await {
            Ok(false) => {
                tracing::warn!(service = place.feed.page.service, url = %place.feed.url, "the other watcher reads this page no longer; taking it over");
                place.standing_by = false;
                true
            }
            Ok(true) => false,
            Err(error) => {
                tracing::warn!(%error, "the state store does not say whether another watcher reads a page");
                false
            }
        }
    }
}

/// What a remark on a service's page is about.
pub fn page_of(service: &str) -> String {
    format!("the page of {service}")
}

fn reading<'a>(place: &'a Place, read: &'a Unpublished) -> Reading<'a> {
    let url = &place.feed.url;
    Reading {
        dialect: place.feed.dialect,
        zone: place.feed.zone.as_ref(),
        url: url.as_str(),
        name: url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default(),
        bytes: read.held.bytes(),
        read_at: read.read_at,
        as_of: read.as_of,
        previous_read: place.entry.memory.last_read,
    }
}

//! When each feed is read next: spread over its interval, one request at a time a host, not too many at once, and ever more rarely where
//! reading fails.
//!
//! Pure: what time it is, is handed in; what is read, and how, is not known here.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

/// So many requests at most are under way at once.
pub const MAX_IN_FLIGHT: usize = 64;

/// Between the end of a request and the next one to the same host, in milliseconds.
pub const HOST_PAUSE_MS: u64 = 1_000;

/// A feed that fails is read at least so often, in milliseconds.
pub const BACK_OFF_MOST_MS: u64 = 60 * 60 * 1_000;

/// A server may ask to be left alone for so long at most, in milliseconds.
pub const RETRY_AFTER_MOST_MS: u64 = 6 * 60 * 60 * 1_000;

/// The first readings after a start are spread over so long at most, in milliseconds.
pub const SPREAD_MOST_MS: u64 = 60 * 1_000;

/// Milliseconds since some beginning that the caller knows.
pub type Millis = u64;

/// When feeds are read. A feed is known by its place in the list that was handed in.
#[derive(Debug)]
pub struct Schedule {
    feeds: Vec<Timing>,
    hosts: Vec<Host>,
    due: BinaryHeap<Reverse<(Millis, Due)>>,
    /// Hosts whose turn has come.
    called: VecDeque<usize>,
    in_flight: usize,
    pause_ms: u64,
}

/// A feed as it is handed in.
#[derive(Debug, Clone)]
pub struct Planned<'a> {
    /// The host that it is read from.
    pub host: &'a str,
    /// How often.
    pub every_ms: u64,
    /// A number of its own, from which its share of chance is drawn: the same at every start.
    pub seed: u64,
    /// Failed so often in a row before.
    pub failures: u32,
    /// Not to be read sooner.
    pub not_before: Millis,
}

/// How a reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The page was read.
    Read,
    /// It was not; the server may have said how long to wait.
    Failed {
        /// How long, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// Nothing is known of the page; it is its turn again after so long, in milliseconds.
    Again {
        /// How long.
        after_ms: u64,
    },
}

#[derive(Debug)]
struct Timing {
    host: usize,
    every_ms: u64,
    seed: u64,
    turns: u64,
    failures: u32,
    next: Millis,
}

#[derive(Debug, Default)]
struct Host {
    /// Feeds whose time has come, in that order.
    waiting: VecDeque<usize>,
    busy: bool,
    /// True while its turn is in the heap, or has come.
    queued: bool,
    free_at: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Feed(usize),
    Host(usize),
}

impl Schedule {
    /// A schedule that begins now, at 0.
    pub fn new<'a>(planned: impl IntoIterator<Item = Planned<'a>>, pause_ms: u64) -> Self {
        let (mut feeds, mut hosts, mut due) = (Vec::new(), Vec::new(), BinaryHeap::new());
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for Planned { host, every_ms, seed, failures, not_before } in planned {
            let host = *numbers.entry(host).or_insert_with(|| {
                hosts.push(Host::default());
                hosts.len() - 1
            });
            let every_ms = every_ms.max(1);
            let next = not_before.max(mixed(seed) % every_ms.min(SPREAD_MOST_MS)).min(RETRY_AFTER_MOST_MS.max(every_ms));
            due.push(Reverse((next, Due::Feed(feeds.len()))));
            feeds.push(Timing { host, every_ms, seed, turns: 0, failures, next });
        }
        Self { feeds, hosts, due, called: VecDeque::new(), in_flight: 0, pause_ms }
    }

    /// The next feed to read now, if there is one; whoever gets it says later that it is [`done`](Self::done).
    pub fn next(&mut self, now: Millis) -> Option<usize> {
        loop {
            if self.in_flight < MAX_IN_FLIGHT
                && let Some(host) = self.called.pop_front()
                && let Some(feed) = self.begin(host)
            {
                return Some(feed);
            }
            self.due.peek().filter(|Reverse((at, _))| *at <= now)?;
            let Reverse((_, due)) = self.due.pop()?;
            match due {
                Due::Feed(feed) => {
                    let host = self.feeds[feed].host;
                    self.hosts[host].waiting.push_back(feed);
                    self.call(host, now);
                }
                Due::Host(host) => self.called.push_back(host),
            }
        }
    }

    /// When to ask again at the latest; None: not before something is done.
    pub fn wake(&self) -> Option<Millis> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// A feed that was given out has been dealt with.
    pub fn done(&mut self, feed: usize, now: Millis, ended: Ended) {
        let timing = &mut self.feeds[feed];
        timing.turns += 1;
        timing.next = now.saturating_add(timing.wait_ms(ended));
        self.due.push(Reverse((timing.next, Due::Feed(feed))));
        let number = timing.host;
        let host = &mut self.hosts[number];
        host.busy = false;
        host.free_at = now.saturating_add(self.pause_ms);
        self.in_flight -= 1;
        self.call(number, now);
    }

    /// When a feed is to be read next; one that is being read was to be read then.
    pub fn next_of(&self, feed: usize) -> Millis {
        self.feeds[feed].next
    }

    /// How many requests are under way.
    #[cfg(test)]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Gives a host its turn, as soon as it is free.
    fn call(&mut self, number: usize, now: Millis) {
        let host = &mut self.hosts[number];
        if !host.busy && !host.queued && !host.waiting.is_empty() {
            host.queued = true;
            self.due.push(Reverse((now.max(host.free_at), Due::Host(number))));
        }
    }

    fn begin(&mut self, number: usize) -> Option<usize> {
        let host = &mut self.hosts[number];
        host.queued = false;
        let feed = host.waiting.pop_front()?;
        host.busy = true;
        self.in_flight += 1;
        Some(feed)
    }
}

impl Timing {
    fn wait_ms(&mut self, ended: Ended) -> u64 {
        let (usual, at_least) = match ended {
            Ended::Again { after_ms } => return after_ms,
            Ended::Read => {
                self.failures = 0;
                (self.every_ms, 0)
            }
            Ended::Failed { retry_after_ms } => {
                self.failures = self.failures.saturating_add(1);
                (backed_off(self.every_ms, self.failures), retry_after_ms.unwrap_or(0).min(RETRY_AFTER_MOST_MS))
            }
        };
        // A tenth more or less, so that what began together does not stay together.
        let chance = mixed(self.seed.wrapping_add(self.turns)) % 2_001;
        let wait = usual.saturating_mul(9_000 + chance) / 10_000;
        wait.max(at_least)
    }
}

/// Twice the interval after the first failure, four times after the second, up to an hour; never sooner than usual.
pub fn backed_off(every_ms: u64, failures: u32) -> u64 {
    let doubled = every_ms.saturating_mul(2_u64.saturating_pow(failures));
    doubled.min(BACK_OFF_MOST_MS.max(every_ms))
}

/// Spreads numbers evenly (SplitMix64, the last step): chance that is the same every time.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

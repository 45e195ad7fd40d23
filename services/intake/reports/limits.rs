//! How much of one source counts: what keeps one flood from making an outage.
//!
//! Everything here is remembered by a keyed hash of 64 bits, in tables of a bounded size: no address is kept. A table that is full
//! forgets nobody; whoever is not in it is limited until entries have lapsed.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant as Clock;

use dateline_events::reports::{FROM_PUBLIC, Tallied};

use crate::shared::http::address::network;

/// An address counts with at most so many reports of one service in an hour: a household, not a street.
const ADDRESS_SERVICE_REPORTS_AN_HOUR: u64 = 5;

/// And with so many of all services together.
const ADDRESS_REPORTS_AN_HOUR: u64 = 30;

/// So many addresses (with a service each) are remembered at once; 40 bytes each.
const MAX_ADDRESSES: usize = 200_000;

/// So many pairs of API key and service are remembered at once.
const MAX_KEYS: usize = 50_000;

/// So many different things (service, region, symptom, channel, from) are counted in an hour: of API keys together, and of everybody
/// else together. Any slug is taken, since reports may come before anybody registered the service; this bounds what that can cost.
const MAX_KEY_SERIES: usize = 50_000;
const MAX_PUBLIC_SERIES: usize = 5_000;

/// So many pairs of reporter and counted minute are remembered, to tell distinct sources; beyond, further ones count as none.
const MAX_SOURCES: usize = 200_000;

const HOUR_S: u64 = 3_600;
const MINUTE_S: u64 = 60;

/// A full table is looked through for what has lapsed at most so often, in seconds.
const SWEEP_EVERY_S: u64 = 10;

/// Who reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reporter {
    /// The holder of an API key, by the name that the record has of it.
    Key(String),
    /// Whoever holds the machine, before there is a key.
    Owner,
    /// Somebody without a key.
    Address(IpAddr),
}

/// The limits, with what is remembered for them.
#[derive(Debug)]
pub(super) struct Limits {
    begun: Clock,
    hashing: RandomState,
    key_reports_a_minute: u64,
    tables: Mutex<Tables>,
}

#[derive(Debug)]
struct Tables {
    services_of_addresses: RateTable,
    addresses: RateTable,
    keys: RateTable,
    key_series: RateTable,
    public_series: RateTable,
    sources: RateTable,
    /// What was taken since the last request was admitted.
    taken: Vec<Taken>,
}

#[derive(Debug, Clone, Copy)]
enum Table {
    ServicesOfAddresses,
    Addresses,
    Keys,
    KeySeries,
    PublicSeries,
    Sources,
}

/// A part of somebody's room, and when the window began that it belongs to.
#[derive(Debug)]
struct Taken {
    table: Table,
    who: u64,
    count: u64,
    began_s: u64,
}

/// The room that a request takes up until it is durable. It is given back when this is dropped, unless it was kept.
#[derive(Debug)]
pub(super) struct Reserved {
    limits: Arc<Limits>,
    taken: Vec<Taken>,
}

impl Reserved {
    /// Nothing.
    pub(super) fn nothing(limits: &Arc<Limits>) -> Self {
        Self { limits: limits.clone(), taken: Vec::new() }
    }

    /// It was counted.
    pub(super) fn keep(mut self) {
        self.taken.clear();
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.taken.is_empty() {
            let mut tables = self.limits.tables();
            self.taken.drain(..).for_each(|taken| tables.table(taken.table).give_back(&taken));
        }
    }
}

impl Tables {
    fn table(&mut self, table: Table) -> &mut RateTable {
        match table {
            Table::ServicesOfAddresses => &mut self.services_of_addresses,
            Table::Addresses => &mut self.addresses,
            Table::Keys => &mut self.keys,
            Table::KeySeries => &mut self.key_series,
            Table::PublicSeries => &mut self.public_series,
            Table::Sources => &mut self.sources,
        }
    }

    /// Counts as much of what is wanted as there is room for, and answers how much.
    fn take(&mut self, table: Table, who: u64, wanted: u64, limit: u64, now_s: u64) -> u64 {
        let windows = self.table(table);
        let count = windows.take(who, wanted, limit, now_s);
        if let Some(window) = windows.entries.get(&who).filter(|_| count > 0) {
            let began_s = window.began_s;
            self.taken.push(Taken { table, who, count, began_s });
        }
        count
    }
}

/// How much was counted of each in its window, which begins with its first.
#[derive(Debug)]
struct RateTable {
    window_s: u64,
    entries_max: usize,
    swept_s: Option<u64>,
    entries: HashMap<u64, Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began_s: u64,
    count: u64,
}

impl Reporter {
    /// What the record says.
    pub(super) fn from(&self) -> &str {
        match self {
            Self::Key(name) => name,
            Self::Owner | Self::Address(_) => FROM_PUBLIC,
        }
    }
}

impl Limits {
    pub(super) fn new(key_reports_a_minute: u64) -> Self {
        let tables = Tables {
            services_of_addresses: RateTable::new(HOUR_S, MAX_ADDRESSES),
            addresses: RateTable::new(HOUR_S, MAX_ADDRESSES),
            keys: RateTable::new(MINUTE_S, MAX_KEYS),
            key_series: RateTable::new(HOUR_S, MAX_KEY_SERIES),
            public_series: RateTable::new(HOUR_S, MAX_PUBLIC_SERIES),
            sources: RateTable::new(HOUR_S, MAX_SOURCES),
            taken: Vec::new(),
        };
        Self { begun: Clock::now(), hashing: RandomState::new(), key_reports_a_minute, tables: Mutex::new(tables) }
    }

    /// Takes off the lines what is above a limit: a line whose `reports` are 0 then does not count. Answers for each line how many
    /// distinct sources are new to it, and what is reserved for them.
    pub(super) fn admit(self: &Arc<Self>, reporter: &Reporter, lines: &mut [Tallied<'_>]) -> (Vec<u64>, Reserved) {
        let now_s = self.begun.elapsed().as_secs();
        let mut tables = self.tables();
        let sources = lines.iter_mut().map(|line| self.admit_line(&mut tables, reporter, line, now_s)).collect();
        let taken = std::mem::take(&mut tables.taken);
        (sources, Reserved { limits: self.clone(), taken })
    }

    /// Nobody panics while holding the lock; what it guards may be used on in any case.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit_line(&self, tables: &mut Tables, reporter: &Reporter, line: &mut Tallied<'_>, now_s: u64) -> u64 {
        let series = (&line.service, &line.region, line.symptom, &line.channel);
        let from = reporter.from();
        let known = match reporter {
            Reporter::Address(_) => tables.take(Table::PublicSeries, self.hash(&(series, from)), 1, u64::MAX, now_s),
            _ => tables.take(Table::KeySeries, self.hash(&(series, from)), 1, u64::MAX, now_s),
        };
        // Of one key, the totals of a window are one number; a part of them would be none.
        let wanted = if line.window_minutes.is_some() { 1 } else { line.count };
        let granted = if known == 0 { 0 } else { self.grant(tables, reporter, &line.service, wanted, now_s) };
        if line.window_minutes.is_none() {
            line.count = granted;
            line.reports = granted;
        } else if granted == 0 {
            line.reports = 0;
        }
        if granted == 0 || line.window_minutes.is_some() {
            return 0;
        }
        let place = (&line.service, &line.region, line.symptom, &line.channel, line.minute);
        let hash = match reporter {
            Reporter::Address(address) => self.hash(&(place, network(*address))),
            named => self.hash(&(place, named.from())),
        };
        tables.take(Table::Sources, hash, 1, 1, now_s)
    }

    fn grant(&self, tables: &mut Tables, reporter: &Reporter, service: &str, wanted: u64, now_s: u64) -> u64 {
        match reporter {
            Reporter::Address(address) => {
                let (line, with_service) = (self.hash(&network(*address)), self.hash(&(network(*address), service)));
                let room = tables.addresses.room(line, ADDRESS_REPORTS_AN_HOUR, now_s);
                let granted = tables.take(Table::ServicesOfAddresses, with_service, wanted.min(room), ADDRESS_SERVICE_REPORTS_AN_HOUR, now_s);
                tables.take(Table::Addresses, line, granted, ADDRESS_REPORTS_AN_HOUR, now_s)
            }
            named => tables.take(Table::Keys, self.hash(&(named.from(), service)), wanted, self.key_reports_a_minute, now_s),
        }
    }

    fn hash(&self, what: &impl Hash) -> u64 {
        self.hashing.hash_one(what)
    }
}

impl RateTable {
    fn new(window_s: u64, entries_max: usize) -> Self {
        Self { window_s, entries_max, swept_s: None, entries: HashMap::new() }
    }

    /// How much more counts of this one; 0 where it is not remembered and there is no room to.
    fn room(&mut self, who: u64, limit: u64, now_s: u64) -> u64 {
        match self.entries.get(&who) {
            Some(window) if now_s - window.began_s < self.window_s => limit.saturating_sub(window.count),
            Some(_) => limit,
            None => {
                if self.entries.len() >= self.entries_max {
                    self.sweep(now_s);
                }
                if self.entries.len() < self.entries_max { limit } else { 0 }
            }
        }
    }

    /// Counts as much of what is wanted as there is room for, and answers how much.
    fn take(&mut self, who: u64, wanted: u64, limit: u64, now_s: u64) -> u64 {
        let granted = wanted.min(self.room(who, limit, now_s));
        if granted > 0 {
            let window = self.entries.entry(who).or_insert(Window { began_s: now_s, count: 0 });
            if now_s - window.began_s >= self.window_s {
                *window = Window { began_s: now_s, count: 0 };
            }
            window.count = window.count.saturating_add(granted);
        }
        granted
    }

    /// Gives back what was taken, where its window still runs.
    fn give_back(&mut self, taken: &Taken) {
        let Some(window) = self.entries.get_mut(&taken.who).filter(|window| window.began_s == taken.began_s) else { return };
        window.count = window.count.saturating_sub(taken.count);
        if window.count == 0 {
            self.entries.remove(&taken.who);
        }
    }

    fn sweep(&mut self, now_s: u64) {
        if self.swept_s.is_none_or(|swept| now_s - swept >= SWEEP_EVERY_S) {
            self.swept_s = Some(now_s);
            let window_s = self.window_s;
            self.entries.retain(|_, window| now_s - window.began_s < window_s);
        }
    }
}

#[cfg(test)]
mod tests {
    //! What is above a limit does not count, and a full table forgets nobody.

    use super::{RateTable, Table, Taken};

    #[test]
    fn what_is_given_back_is_there_again_and_only_in_its_own_window() {
        let mut windows = RateTable::new(60, 10);
        assert_eq!(windows.take(1, 5, 5, 100), 5);
        let taken = |count, began_s| Taken { table: Table::Keys, who: 1, count, began_s };
        windows.give_back(&taken(2, 100));
        assert_eq!(windows.take(1, 9, 5, 100), 2);
        windows.give_back(&taken(5, 40));
        assert_eq!(windows.take(1, 9, 5, 100), 0, "of a window that is over nothing comes back");
        windows.give_back(&taken(5, 100));
        assert!(windows.entries.is_empty(), "nor does it keep a place");
    }

    #[test]
    fn a_window_begins_with_its_first_and_lapses_as_a_whole() {
        let mut windows = RateTable::new(60, 10);
        assert_eq!([windows.take(1, 3, 5, 100), windows.take(1, 3, 5, 159), windows.take(1, 1, 5, 159)], [3, 2, 0]);
        assert_eq!([windows.take(1, 9, 5, 160), windows.take(2, 9, 5, 160)], [5, 5]);
    }

    #[test]
    fn a_full_table_limits_whoever_is_new_and_forgets_nobody_before_the_time() {
        let mut windows = RateTable::new(60, 3);
        for who in 1..=3 {
            assert_eq!(windows.take(who, 1, 5, who), 1);
        }
        assert_eq!((windows.take(4, 1, 5, 50), windows.take(2, 9, 5, 50)), (0, 4), "the fourth is limited, the second goes on");
        assert_eq!(windows.take(4, 1, 5, 61), 1, "the first has lapsed");
        assert_eq!(windows.take(5, 1, 5, 61), 0, "and the place is taken");
    }
}

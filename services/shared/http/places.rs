//! Places for connections: ordinary ones, those of live streams, and a reserve in which whoever comes too many asks how the server is.
//!
//! An address has a share of each. Whoever finds no ordinary place gets one of the reserve: there the newest pushes out the oldest,
//! of its own address or else of the one that has most, so that a question that is asked and answered at once always finds a place.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use tokio::sync::Notify;

use super::Problem;
use super::address::network;

/// So many connections of publishers and readers are held at once.
pub const CONNECTIONS_MAX: usize = 1_024;

/// So many live streams are held beside them.
pub const LIVE_MAX: usize = 10_000;

/// So many connections are held of one address, where nothing is set.
pub const ADDRESS_CONNECTIONS: usize = 256;

/// Of the connections that an address may hold, it may hold one part in so many again as live streams.
const LIVE_PART: usize = 4;

/// So many connections beyond are held for a moment, and so many of one address.
pub const RESERVE_MAX: usize = 64;
const ADDRESS_RESERVE: usize = 8;

/// How many places there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Connections of publishers and readers.
    pub connections: usize,
    /// Live streams.
    pub live: usize,
    /// Connections of one address.
    pub of_an_address: usize,
}

/// The places of a server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    quotas: Quotas,
    /// Proxies, which stand for many and have no share.
    proxies: Vec<IpAddr>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    connections: usize,
    live: usize,
    of: HashMap<IpAddr, Own>,
    /// The reserve, oldest first.
    reserve: VecDeque<(IpAddr, Arc<Notify>)>,
}

/// What one address has taken.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Own {
    connections: usize,
    live: usize,
}

/// A place, given back when dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    address: IpAddr,
    kind: Mutex<Kind>,
}

#[derive(Debug, Clone)]
enum Kind {
    Ordinary,
    /// Of a live stream, which counts for this address.
    Live(IpAddr),
    /// Of the reserve: it is pushed out by this.
    Reserve(Arc<Notify>),
}

impl Places {
    /// So many places.
    pub fn new(quotas: Quotas, proxies: &[IpAddr]) -> Self {
        Self(Arc::new(Inner { quotas, proxies: proxies.to_vec(), taken: Mutex::default() }))
    }

    /// A place for a connection from an address. There is always one: in the reserve, it may be gone in a moment.
    pub fn enter(&self, address: IpAddr) -> Place {
        let address = address.to_canonical();
        let (has_share, address) = (!self.0.proxies.contains(&address), network(address));
        let mut taken = self.taken();
        let own = taken.of.get(&address).copied().unwrap_or_default();
        let quotas = self.0.quotas;
        let kind = if (has_share && own.connections >= quotas.of_an_address) || taken.connections >= quotas.connections {
            taken.reserve(address)
        } else {
            taken.count(address, |own| own.connections += 1);
            taken.connections += 1;
            Kind::Ordinary
        };
        Place { places: self.clone(), address, kind: Mutex::new(kind) }
    }

    /// Nobody panics while holding this lock.
    fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn reserve(&mut self, address: IpAddr) -> Kind {
        let own = self.reserve.iter().filter(|(holder, _)| *holder == address).count();
        let pushed = if own >= ADDRESS_RESERVE {
            self.reserve.iter().position(|(holder, _)| *holder == address)
        } else {
            (self.reserve.len() >= RESERVE_MAX).then(|| self.oldest_of_most())
        };
        if let Some((_, pushed)) = pushed.and_then(|place| self.reserve.remove(place)) {
            pushed.notify_one();
        }
        let push = Arc::new(Notify::new());
        self.reserve.push_back((address, push.clone()));
        Kind::Reserve(push)
    }

    /// The oldest of an address that has most of the reserve: a crowd pushes out its own, and not who asks once from elsewhere.
    fn oldest_of_most(&self) -> usize {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for (holder, _) in &self.reserve {
            *counts.entry(*holder).or_default() += 1;
        }
        let most = counts.values().max().copied().unwrap_or(0);
        self.reserve.iter().position(|(holder, _)| counts.get(holder) == Some(&most)).unwrap_or(0)
    }

    /// Changes what an address has taken; one that has taken nothing is forgotten.
    fn count(&mut self, address: IpAddr, change: impl FnOnce(&mut Own)) {
        let own = self.of.entry(address).or_default();
        change(own);
        if *own == Own::default() {
            self.of.remove(&address);
        }
    }
}

impl Place {
    /// True in the reserve.
    pub fn is_reserve(&self) -> bool {
        matches!(*self.kind(), Kind::Reserve(_))
    }

    /// Ends when the place has to be given up.
    pub async fn pushed_out(&self) {
        let kind = self.kind().clone();
        match kind {
            Kind::Reserve(push) => push.notified().await,
            Kind::Ordinary | Kind::Live(_) => std::future::pending().await,
        }
    }

    /// Gives the ordinary place back for one of a live stream, which counts for an address.
    pub fn go_live(&self, address: IpAddr) -> Result<(), Problem> {
        let mut kind = self.kind();
        if !matches!(*kind, Kind::Ordinary) {
            return Err(too_many("there is no room for a live stream just now"));
        }
        let address = address.to_canonical();
        let (has_share, address) = (!self.places.0.proxies.contains(&address), network(address));
        let Quotas { live, of_an_address, .. } = self.places.0.quotas;
        let most = of_an_address.div_ceil(LIVE_PART);
        let mut taken = self.places.taken();
        if taken.live >= live {
            return Err(too_many(&format!("{live} live streams are open")));
        }
        if has_share && taken.of.get(&address).is_some_and(|own| own.live >= most) {
            return Err(too_many(&format!("{most} live streams are open from this address")));
        }
        taken.live += 1;
        taken.connections -= 1;
        taken.count(address, |own| own.live += 1);
        taken.count(self.address, |own| own.connections -= 1);
        *kind = Kind::Live(address);
        Ok(())
    }

    /// Nobody panics while holding this lock.
    fn kind(&self) -> std::sync::MutexGuard<'_, Kind> {
        self.kind.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let kind = self.kind().clone();
        let mut taken = self.places.taken();
        match kind {
            Kind::Ordinary => {
                taken.connections -= 1;
                taken.count(self.address, |own| own.connections -= 1);
            }
            Kind::Live(address) => {
                taken.live -= 1;
                taken.count(address, |own| own.live -= 1);
            }
            Kind::Reserve(push) => taken.reserve.retain(|(_, other)| !Arc::ptr_eq(other, &push)),
        }
    }
}

/// All places of a kind are taken.
pub fn too_many(what: &str) -> Problem {
    let detail = format!("{what}; come again a little later");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-connections", "Too many connections", detail).retry(5)
}

#[cfg(test)]
mod tests;

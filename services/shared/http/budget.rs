//! Memory that many requests share: what each holds is charged to a key or an address, none of which holds more than its share, and
//! is given back when the charge is dropped. What is held is not known here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// A key or an address holds at most one part in so many.
const SHARES: usize = 4;

/// Whom memory is charged to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Holder {
    /// The holder of an API key, by its id.
    Key(Arc<str>),
    /// Somebody without one.
    Address(IpAddr),
}

/// So many bytes, shared. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes_max: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    of: HashMap<Holder, usize>,
}

/// What one request holds of a budget.
#[derive(Debug)]
pub struct Charge {
    budget: Budget,
    holder: Holder,
    bytes: usize,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRoom {
    /// Others hold it; it will be given back.
    Now,
    /// It is more than the share of one holder.
    Ever,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self(Arc::new(Inner { bytes_max, held: Mutex::default() }))
    }

    /// A charge of nothing yet.
    pub fn open(&self, holder: Holder) -> Charge {
        Charge { budget: self.clone(), holder, bytes: 0 }
    }

    /// What one holder may hold at most, in bytes.
    pub fn share_bytes(&self) -> usize {
        self.0.bytes_max / SHARES
    }

    /// True where nothing is left.
    pub fn is_spent(&self) -> bool {
        self.held().bytes >= self.0.bytes_max
    }

    /// Nobody panics while holding this lock.
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Charge {
    /// So much is held, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Holds so many bytes in all, at once or not at all.
    pub fn grow_to(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let Some(more) = bytes.checked_sub(self.bytes).filter(|more| *more > 0) else { return Ok(()) };
        let share = self.budget.share_bytes();
        if bytes > share {
            return Err(NoRoom::Ever);
        }
        let mut held = self.budget.held();
        let own = held.of.get(&self.holder).copied().unwrap_or(0);
        if own + more > share || held.bytes + more > self.budget.0.bytes_max {
            return Err(NoRoom::Now);
        }
        held.bytes += more;
        held.of.insert(self.holder.clone(), own + more);
        drop(held);
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut held = self.budget.held();
        held.bytes -= self.bytes;
        if let Some(own) = held.of.get_mut(&self.holder) {
            *own -= self.bytes;
            if *own == 0 {
                held.of.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    //! Nobody holds more than a share, all together no more than there is, and what is dropped is given back.

    use super::{Budget, Charge, Holder, NoRoom};

    fn holding(budget: &Budget, name: &str, bytes: usize) -> Result<Charge, NoRoom> {
        let mut charge = budget.open(Holder::Key(name.into()));
        charge.grow_to(bytes).map(|()| charge)
    }

    #[test]
    fn one_holder_has_a_quarter_and_all_together_the_whole() {
        let budget = Budget::new(400);
        let first = holding(&budget, "a", 60);
        assert!(first.is_ok() && holding(&budget, "a", 40).is_ok());
        assert_eq!(holding(&budget, "a", 41).err(), Some(NoRoom::Now), "the share is taken by the same holder");
        assert_eq!(holding(&budget, "b", 101).err(), Some(NoRoom::Ever), "no holder has so much");
        let others: Vec<_> = ["b", "c", "d"].map(|name| holding(&budget, name, 100)).into_iter().collect();
        assert!(others.iter().all(Result::is_ok) && !budget.is_spent());
        assert_eq!(holding(&budget, "e", 41).err(), Some(NoRoom::Now), "the whole is taken");
        let last = holding(&budget, "e", 40);
        assert!(last.is_ok() && budget.is_spent());
        drop((first, others, last));
        assert_eq!(budget.held().of.len(), 0, "holders of nothing are remembered");
        assert!(holding(&budget, "a", 100).is_ok());
    }
}

//! What was made lately and is asked for again: folded timelines and representations, so that they are not made for every reader.
//! An entry is named by everything it depends on, so nothing in here can ever be out of date.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::shared::http::Problem;

/// What is larger than this share of the room is made for every reader.
const LARGEST_SHARE: usize = 2;

/// Things by name, bounded by bytes; the half not used for longest goes when there is no room. Cheap to clone.
#[derive(Debug)]
pub struct Cache<T> {
    kept: Arc<Mutex<Kept<T>>>,
    bytes_max: usize,
}

impl<T> Clone for Cache<T> {
    fn clone(&self) -> Self {
        Self { kept: Arc::clone(&self.kept), bytes_max: self.bytes_max }
    }
}

/// A thing that is being made for all who ask for it.
type Making<T> = Shared<BoxFuture<'static, Result<T, Problem>>>;

#[derive(Debug)]
struct Kept<T> {
    things: HashMap<u128, Thing<T>>,
    making: HashMap<u128, Making<T>>,
    bytes: usize,
    turn: u64,
}

#[derive(Debug)]
struct Thing<T> {
    value: T,
    bytes: usize,
    used: u64,
}

/// The name of a thing: a hash over all that it depends on.
pub fn name(parts: &impl Hash) -> u128 {
    let mut halves = [DefaultHasher::new(), DefaultHasher::new()];
    0_u8.hash(&mut halves[1]);
    for half in &mut halves {
        parts.hash(half);
    }
    let [high, low] = halves;
    (u128::from(high.finish()) << 64) | u128::from(low.finish())
}

impl<T: Clone + Send + Sync + 'static> Cache<T> {
    /// Room for so many bytes.
    pub fn new(bytes_max: usize) -> Self {
        let kept = Kept { things: HashMap::new(), making: HashMap::new(), bytes: 0, turn: 0 };
        Self { kept: Arc::new(Mutex::new(kept)), bytes_max }
    }

    /// What is kept under a name, else what `make` makes, with its size in bytes. It is made once for all who ask meanwhile, and by a task
    /// of its own: it is made to its end, and kept, also where whoever asked first has left.
    pub async fn get_or_make<F>(&self, name: u128, make: F) -> Result<T, Problem>
    where
        F: Future<Output = Result<(T, usize), Problem>> + Send + 'static,
    {
        let making = {
            let mut kept = self.lock();
            if let Some(value) = kept.get(name) {
                return Ok(value);
            }
            kept.making.get(&name).cloned().unwrap_or_else(|| {
                let making = self.start(name, make);
                kept.making.insert(name, making.clone());
                making
            })
        };
        making.await
    }

    fn start<F>(&self, name: u128, make: F) -> Making<T>
    where
        F: Future<Output = Result<(T, usize), Problem>> + Send + 'static,
    {
        let cache = self.clone();
        // The lock is held by whoever starts it, so that it ends after it was noted.
        let task = tokio::spawn(async move {
            let made = make.await;
            let mut kept = cache.lock();
            kept.making.remove(&name);
            made.map(|(value, bytes)| {
                kept.put(name, value.clone(), bytes, cache.bytes_max);
                value
            })
        });
        let cache = self.clone();
        let made = async move {
            task.await.unwrap_or_else(|error| {
                cache.lock().making.remove(&name);
                Err(Problem::internal(format!("the answer could not be made: {error}")))
            })
        };
        made.boxed().shared()
    }

    /// Nobody panics while holding this lock; if somebody did, what it guards is only a cache.
    fn lock(&self) -> std::sync::MutexGuard<'_, Kept<T>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Kept<T> {
    fn get(&mut self, name: u128) -> Option<T> {
        self.turn += 1;
        let thing = self.things.get_mut(&name)?;
        thing.used = self.turn;
        Some(thing.value.clone())
    }

    fn put(&mut self, name: u128, value: T, bytes: usize, bytes_max: usize) {
        if bytes > bytes_max / LARGEST_SHARE {
            return;
        }
        self.turn += 1;
        self.bytes += bytes;
        if let Some(old) = self.things.insert(name, Thing { value, bytes, used: self.turn }) {
            self.bytes -= old.bytes;
        }
        if self.bytes > bytes_max {
            let mut uses: Vec<u64> = self.things.values().map(|thing| thing.used).collect();
            uses.sort_unstable();
            let younger_half = uses.get(uses.len() / 2).copied().unwrap_or(0);
            self.things.retain(|_, thing| thing.used >= younger_half);
            self.bytes = self.things.values().map(|thing| thing.bytes).sum();
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_was_begun_is_made_once_and_kept_although_who_asked_left() {
        let cache = Cache::<u32>::new(100);
        let (made, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
        let make = || {
            let (made, go) = (Arc::clone(&made), Arc::clone(&go));
            async move {
                go.acquire().await.unwrap().forget();
                made.fetch_add(1, Ordering::Relaxed);
                Ok((7, 10))
            }
        };
        // Polled once, then dropped: the client is gone.
        assert!(cache.get_or_make(1, make()).now_or_never().is_none());
        let (one, other) = (cache.get_or_make(1, make()), cache.get_or_make(1, make()));
        go.add_permits(1);
        assert_eq!((one.await.unwrap(), other.await.unwrap(), made.load(Ordering::Relaxed)), (7, 7, 1));
        assert_eq!(cache.get_or_make(1, async { panic!("it is kept") }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_failure_is_told_and_not_kept() {
        let cache = Cache::<u32>::new(100);
        assert!(cache.get_or_make(1, async { Err(Problem::internal("no")) }).await.is_err());
        assert_eq!(cache.get_or_make(1, async { panic!("it breaks") }).await.unwrap_err().title, "Something failed here");
        assert_eq!(cache.get_or_make(1, async { Ok((7, 10)) }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn it_holds_so_many_bytes_and_not_more() {
        let cache = Cache::<u32>::new(100);
        for number in 0..50 {
            cache.get_or_make(number, async { Ok((7, 10)) }).await.unwrap();
            assert!(cache.lock().bytes <= 100);
        }
        assert!(cache.lock().things.contains_key(&49), "the last stays");
        let at_the_limit = cache.get_or_make(100, async { Ok((7, 50)) }).await.unwrap();
        cache.get_or_make(101, async { Ok((7, 51)) }).await.unwrap();
        assert_eq!(at_the_limit, 7);
        let kept = cache.lock();
        assert_eq!([100, 101].map(|name| kept.things.contains_key(&name)), [true, false]);
    }
}

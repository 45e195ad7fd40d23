//! What was made lately and is asked for again: kept under its whole name within so many bytes, and made once for all who ask at once.
//!
//! What a thing depends on is for whoever asks: a name may say all of it, or `holds` tells whether what is kept is still true.

use std::borrow::Borrow;
use std::hash::{Hash, RandomState};
use std::sync::{Arc, PoisonError, RwLock};

use quick_cache::sync::{Cache as QuickCache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use tokio::task::JoinError;

/// What the cache itself needs for a thing, beside the thing and its name, in bytes; about.
const BYTES_A_THING: usize = 256;

/// A thing of more than one part in so many of the room is made for everybody who asks, unless it may stand alone.
const LARGEST_PART: usize = 2;

/// What becomes of a thing that is larger than its part of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Large {
    /// Only who waits for it gets it; it is not kept.
    Dropped,
    /// It is kept, and everything else goes.
    Alone,
}

/// Things by name, bounded by bytes. What is asked for often stays. Cheap to clone.
#[derive(Debug)]
pub struct Cache<K, V> {
    kept: Arc<Kept<K, V>>,
    bytes_max: usize,
    large: Large,
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self { kept: Arc::clone(&self.kept), bytes_max: self.bytes_max, large: self.large }
    }
}

type Kept<K, V> = QuickCache<K, Entry<V>, Bytes, RandomState, DefaultLifecycle<K, Entry<V>>>;

/// A thing's place and its weight, which never changes: a thing that was made anew is another entry of the same place.
#[derive(Debug)]
struct Entry<V> {
    place: Arc<Place<V>>,
    bytes: usize,
}

impl<V> Clone for Entry<V> {
    fn clone(&self) -> Self {
        Self { place: Arc::clone(&self.place), bytes: self.bytes }
    }
}

/// Where a thing is, and whose turn it is to make it.
#[derive(Debug)]
struct Place<V> {
    value: RwLock<Option<V>>,
    making: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Bytes;

impl<K, V> Weighter<K, Entry<V>> for Bytes {
    fn weight(&self, _: &K, entry: &Entry<V>) -> u64 {
        entry.bytes as u64
    }
}

impl<V: Clone> Place<V> {
    fn empty() -> Arc<Self> {
        Arc::new(Self { value: RwLock::new(None), making: tokio::sync::Mutex::new(()) })
    }

    /// Nobody panics while holding this lock.
    fn value(&self) -> Option<V> {
        self.value.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, value: V) {
        *self.value.write().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }
}

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Room for so many bytes, of about so many a thing.
    pub fn new(bytes_max: usize, bytes_a_thing: usize, large: Large) -> Self {
        let options = OptionsBuilder::new()
            // One shard: a part of the room would be too small for a large thing.
            .shards(1)
            .estimated_items_capacity(bytes_max / bytes_a_thing.max(1))
            .weight_capacity(bytes_max as u64)
            .build();
        // Only a missing capacity is an error.
        let options = options.unwrap_or_else(|error| unreachable!("{error}"));
        let kept = Kept::with_options(options, Bytes, RandomState::new(), DefaultLifecycle::default());
        Self { kept: Arc::new(kept), bytes_max, large }
    }

    /// What is kept under a name.
    pub fn get<Q>(&self, name: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.kept.get(name)?.place.value()
    }

    /// Keeps a thing of so many bytes in the place of what was there.
    pub fn put(&self, name: K, value: V, bytes: usize) {
        let place = self.place(&name);
        self.keep(name, &place, value, bytes);
    }

    /// What is kept under a name, where it `holds`; else what `make` makes of it, with its size in bytes. It is made once for all who ask
    /// meanwhile, and by a task of its own: to its end, and kept, also where whoever asked first has left. A failure is not kept: whoever
    /// waited tries again.
    pub async fn get_or_make<E, F>(
        &self,
        name: K,
        holds: impl Fn(&V) -> bool + Send + 'static,
        make: impl FnOnce(Option<V>) -> F + Send + 'static,
    ) -> Result<V, E>
    where
        F: Future<Output = Result<(V, usize), E>> + Send,
        E: From<JoinError> + Send + 'static,
    {
        let place = self.place(&name);
        if let Some(value) = place.value().filter(&holds) {
            return Ok(value);
        }
        let cache = self.clone();
        let making = tokio::spawn(async move {
            let _turn = place.making.lock().await;
            let before = place.value();
            if let Some(value) = before.as_ref().filter(|value| holds(value)) {
                return Ok(value.clone());
            }
            match make(before).await {
                Ok((value, bytes)) => {
                    cache.keep(name, &place, value.clone(), bytes);
                    Ok(value)
                }
                Err(error) => {
                    // An empty place is nobody's: names that have no answer take no room.
                    cache.kept.remove_if(&name, |entry| Arc::ptr_eq(&entry.place, &place) && place.value().is_none());
                    Err(error)
                }
            }
        });
        making.await?
    }

    fn place(&self, name: &K) -> Arc<Place<V>> {
        let empty = || Ok::<_, std::convert::Infallible>(Entry { place: Place::empty(), bytes: BYTES_A_THING });
        let Ok(entry) = self.kept.get_or_insert_with(name, empty);
        entry.place
    }

    fn keep(&self, name: K, place: &Arc<Place<V>>, value: V, bytes: usize) {
        place.put(value);
        let largest = self.bytes_max / LARGEST_PART;
        let bytes = bytes + BYTES_A_THING;
        if bytes > largest && self.large == Large::Dropped {
            // Whoever waits has the place, and finds it there.
            self.kept.remove_if(&name, |entry| Arc::ptr_eq(&entry.place, place));
            return;
        }
        if bytes > largest {
            // The cache would weigh it against the others, and might let go of it.
            self.kept.clear();
        }
        // What is larger than all the room takes as much of it as the cache gives to one.
        self.kept.insert(name, Entry { place: Arc::clone(place), bytes: bytes.min(self.bytes_max / 10 * 9) });
    }
}

/// A hash over parts that say all of something, for an ETag: the same for the same parts, in every process of this build.
pub fn tag(parts: &impl Hash) -> u128 {
    use std::hash::{DefaultHasher, Hasher as _};
    let mut halves = [DefaultHasher::new(), DefaultHasher::new()];
    0_u8.hash(&mut halves[1]);
    for half in &mut halves {
        parts.hash(half);
    }
    let [high, low] = halves;
    (u128::from(high.finish()) << 64) | u128::from(low.finish())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;

    use super::*;
    use crate::shared::http::Problem;

    fn cache(large: Large) -> Cache<u32, u32> {
        Cache::new(10_000, 100, large)
    }

    async fn made(cache: &Cache<u32, u32>, name: u32, bytes: usize) -> u32 {
        cache.get_or_make(name, |_| true, move |_| async move { Ok::<_, Problem>((7, bytes)) }).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_begun_is_made_once_and_kept_although_who_asked_left() {
        let cache = cache(Large::Dropped);
        let (made, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
        let ask = || {
            let (made, go) = (Arc::clone(&made), Arc::clone(&go));
            let make = move |_| async move {
                go.acquire().await.unwrap().forget();
                made.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Problem>((7, 10))
            };
            cache.get_or_make(1, |_| true, make)
        };
        // Polled once, then dropped: the client is gone.
        assert!(ask().now_or_never().is_none());
        let (one, other) = (ask(), ask());
        go.add_permits(1);
        let (one, other) = tokio::join!(one, other);
        assert_eq!((one.unwrap(), other.unwrap(), made.load(Ordering::Relaxed)), (7, 7, 1));
        assert_eq!((ask().await.unwrap(), cache.get(&1)), (7, Some(7)));
    }

    #[tokio::test]
    async fn what_holds_no_more_is_made_of_what_was_there() {
        let cache = cache(Large::Dropped);
        for expected in [1, 2, 3] {
            let made = cache.get_or_make(1, move |value| *value >= expected, |before| async move { Ok::<_, Problem>((before.unwrap_or(0) + 1, 10)) });
            assert_eq!(made.await.unwrap(), expected);
        }
        assert_eq!(made(&cache, 1, 10).await, 3, "it holds");
    }

    #[tokio::test]
    async fn a_failure_is_told_and_not_kept() {
        let cache = cache(Large::Dropped);
        let failed = cache.get_or_make(1, |_| true, |_| async { Err::<(u32, usize), _>(Problem::internal("no")) });
        assert!(failed.await.is_err());
        assert_eq!(cache.kept.len(), 0, "a name without a thing takes no room");
        let broken = cache.get_or_make(1, |_| true, |_| async { panic!("it breaks") });
        let broken: Result<u32, Problem> = broken.await;
        assert_eq!((broken.unwrap_err().title, cache.get(&1)), ("Something failed here".to_owned(), None));
        assert_eq!(made(&cache, 1, 10).await, 7);
    }

    #[tokio::test]
    async fn it_holds_so_many_bytes_and_not_more() {
        let cache = cache(Large::Dropped);
        for name in 0..200 {
            made(&cache, name, 1_000).await;
            assert!(cache.kept.weight() <= 10_000);
        }
        let kept = (0..200).filter(|name| cache.get(name).is_some()).count();
        assert!((6..=9).contains(&kept), "{kept} are kept");
        made(&cache, 300, 5_000 - BYTES_A_THING).await;
        assert_eq!((made(&cache, 301, 5_001 - BYTES_A_THING).await, cache.get(&300), cache.get(&301)), (7, Some(7), None));
    }

    #[tokio::test]
    async fn what_is_larger_than_all_the_room_may_stand_alone() {
        let cache = cache(Large::Alone);
        made(&cache, 1, 50_000).await;
        assert_eq!(cache.get(&1), Some(7));
        made(&cache, 2, 60_000).await;
        assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(7)), "the last one stays");
    }
}

//! Representations that were made lately, so that the same timeline is not folded and told for every reader.
//! An entry is named by everything it depends on, so nothing in here can ever be out of date.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

/// So many bytes of representations are kept.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Representations by name; the oldest half goes when there is no room.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    bodies: HashMap<u128, (Bytes, u64)>,
    bytes: usize,
    turn: u64,
}

/// The name of a representation: a hash over all that it depends on.
pub fn name(parts: &impl Hash) -> u128 {
    let mut halves = [DefaultHasher::new(), DefaultHasher::new()];
    0_u8.hash(&mut halves[1]);
    for half in &mut halves {
        parts.hash(half);
    }
    let [high, low] = halves;
    (u128::from(high.finish()) << 64) | u128::from(low.finish())
}

impl Cache {
    /// What is kept under a name.
    pub fn get(&self, name: u128) -> Option<Bytes> {
        let mut kept = self.lock();
        kept.turn += 1;
        let turn = kept.turn;
        let (body, used) = kept.bodies.get_mut(&name)?;
        *used = turn;
        Some(body.clone())
    }

    /// Keeps a representation.
    pub fn put(&self, name: u128, body: Bytes) {
        if body.len() > MAX_BYTES / 8 {
            return;
        }
        let mut kept = self.lock();
        kept.turn += 1;
        let turn = kept.turn;
        kept.bytes += body.len();
        if let Some((old, _)) = kept.bodies.insert(name, (body, turn)) {
            kept.bytes -= old.len();
        }
        if kept.bytes > MAX_BYTES {
            let mut uses: Vec<u64> = kept.bodies.values().map(|(_, used)| *used).collect();
            uses.sort_unstable();
            let oldest_half = uses[uses.len() / 2];
            kept.bodies.retain(|_, (_, used)| *used >= oldest_half);
            kept.bytes = kept.bodies.values().map(|(body, _)| body.len()).sum();
        }
    }

    /// Nobody panics while holding this lock; if somebody did, what it guards is only a cache.
    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

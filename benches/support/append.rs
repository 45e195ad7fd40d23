//! Appending through the ledger's door, by so many callers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dateline_backends::Ledger;

use super::generate::small;

/// How a run appends.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Callers at once, each waiting for its receipt before the next call.
    pub callers: usize,
    /// Events a call.
    pub batch: usize,
    /// Whether ids sort as they come.
    pub sorted: bool,
}

/// Appends so many events; answers the seconds.
pub async fn run(ledger: &Ledger, shape: Shape, events: usize, next: &Arc<AtomicU64>) -> f64 {
    let calls = events / shape.batch / shape.callers;
    let mut prepared = Vec::new();
    for _ in 0..shape.callers {
        let batches: Vec<Vec<_>> =
            (0..calls).map(|_| (0..shape.batch).map(|_| small(next.fetch_add(1, Ordering::Relaxed), shape.sorted)).collect()).collect();
        prepared.push(batches);
    }
    let begun = std::time::Instant::now();
    let callers: Vec<_> = prepared
        .into_iter()
        .map(|batches| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                for batch in batches {
                    if let Err(error) = ledger.append(batch).await {
                        panic!("the ledger refused a batch: {error}");
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        if caller.await.is_err() {
            panic!("a caller failed");
        }
    }
    begun.elapsed().as_secs_f64()
}

//! What a detector remembers, in a real state store: whole or not at all, taken over by whoever comes later, and never spoilt by the one before.

use dateline_backends::StateStore;

use super::{Log, count, minute};
use crate::detector::baselines::Baselines;
use crate::detector::service_watches::ServiceWatches;

fn fed(minutes: i64) -> ServiceWatches {
    let mut log = Log::new();
    log.quiet(0, minutes);
    for number in 0..300 {
        log.push(
            minute(minutes + number / 60),
            vec![dateline_events::reports::Count { service: format!("s{number}"), ..count(None, "app", "public", minute(minutes), 1) }],
        );
    }
    let mut watches = ServiceWatches::default();
    for (flush, position) in log.0.iter().zip(1..) {
        watches.take(position, flush);
    }
    watches
}

async fn save(book: &mut Baselines, state_store: &StateStore, watches: &mut ServiceWatches) -> anyhow::Result<()> {
    let changed = watches.take_changed();
    book.save(state_store, watches.position(), watches.ticks(), watches.services(), changed.iter()).await
}

#[tokio::test]
async fn what_is_written_is_read_again_and_a_detector_that_was_taken_over_spoils_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state_store = StateStore::open(&format!("sqlite:{}", folder.path().join("state.db").display())).await.unwrap();
    let (mut one, nothing) = Baselines::open(&state_store).await.unwrap();
    assert!(nothing.services.is_empty() && nothing.position == 0);
    let mut watches = fed(600);
    for _ in 0..3 {
        save(&mut one, &state_store, &mut watches).await.unwrap();
        watches = ServiceWatches::new(super::kept(&watches));
    }
    // Another one takes over, and writes; the first does not know yet, and writes something else.
    let (mut other, remembered) = Baselines::open(&state_store).await.unwrap();
    assert_eq!((&remembered.services, remembered.position), (watches.services(), watches.position()));
    assert_eq!(remembered.services.len(), 301);
    let mut further = fed(900);
    save(&mut other, &state_store, &mut further).await.unwrap();
    let mut stale = fed(700);
    let refused = save(&mut one, &state_store, &mut stale).await.unwrap_err();
    assert!(refused.to_string().contains("another detector took over"), "{refused}");
    let (_, read) = Baselines::open(&state_store).await.unwrap();
    assert_eq!((&read.services, read.position, &read.ticks), (further.services(), further.position(), further.ticks()));
}

//! Events that come one by one: gathered into batches, of which one is under way while the next is gathered.

use anyhow::Context;
use tokio::task::JoinHandle;

use super::sending::Held;
use super::{Outcome, Publisher, is_full};

/// Events, each with what became of it.
type Settled<E> = Vec<(E, Outcome)>;

/// Events on their way, each with what the caller knows of it.
pub struct PublishQueue<E> {
    publisher: Publisher,
    waiting: Vec<E>,
    waiting_bytes: usize,
    under_way: Option<JoinHandle<(Settled<E>, Held)>>,
    held: Held,
}

impl<E: AsRef<[u8]> + Send + Sync + 'static> PublishQueue<E> {
    /// Nothing waits yet.
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher, waiting: Vec::new(), waiting_bytes: 0, under_way: None, held: Held::default() }
    }

    /// Takes an event; answers what became of events before it, where that is known by now.
    pub async fn push(&mut self, event: E) -> anyhow::Result<Settled<E>> {
        self.waiting_bytes += event.as_ref().len() + 1;
        self.waiting.push(event);
        if is_full(self.waiting.len(), self.waiting_bytes) { self.send().await } else { Ok(Vec::new()) }
    }

    /// Sends the rest; answers what became of all events that nothing was said of yet.
    pub async fn flush(&mut self) -> anyhow::Result<Settled<E>> {
        let mut settled = self.send().await?;
        settled.extend(self.arrived().await?);
        Ok(settled)
    }

    /// True once the server takes nothing at all, so that nothing more is sent.
    pub fn is_held(&self) -> bool {
        self.held.everything.is_some()
    }

    async fn send(&mut self) -> anyhow::Result<Settled<E>> {
        let settled = self.arrived().await?;
        let (events, publisher, mut held) = (std::mem::take(&mut self.waiting), self.publisher.clone(), self.held.clone());
        self.waiting_bytes = 0;
        self.under_way = Some(tokio::spawn(async move {
            let outcomes = publisher.settle(&events.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &mut held).await;
            (events.into_iter().zip(outcomes).collect(), held)
        }));
        Ok(settled)
    }

    async fn arrived(&mut self) -> anyhow::Result<Settled<E>> {
        let Some(under_way) = self.under_way.take() else { return Ok(Vec::new()) };
        let (settled, held) = under_way.await.context("the publishing task ended")?;
        self.held = held;
        Ok(settled)
    }
}

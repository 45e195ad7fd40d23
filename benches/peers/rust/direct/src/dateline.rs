//! Dateline through its door `Ledger`: whatever engine the address names. No engine is known here.

use dateline_backends::{Ledger, LedgerOptions, NewEvent, Outcome};
use dateline_events::Event;

use crate::shared::document::{Numbers, Writer};
use crate::shared::{self, Failure, Said};

/// The ledger.
pub struct Store(Ledger);

/// Everybody shares the one ledger.
pub struct Caller(Ledger);

impl Store {
    /// An error says that this build has no engine for the address, or that the engine refuses.
    pub async fn open(address: &str) -> Result<Self, Failure> {
        // Refused at the door, events would be rebuilt as poison, which is quicker.
        for said in Writer::new(&Numbers::new()).next(2) {
            Event::read_at_the_door(said.document.as_bytes()).map_err(|faults| format!("the door refuses {}: {faults}", said.document))?;
        }
        Ok(Self(Ledger::open(address, LedgerOptions::writer()).await?))
    }
}

impl shared::Store for Store {
    type Caller = Caller;

    async fn caller(&self, _: usize) -> Result<Caller, Failure> {
        Ok(Caller(self.0.clone()))
    }

    async fn replay(&self) -> Result<u64, Failure> {
        let (mut follower, mut last) = (self.0.follow(0), 0);
        while let Some(page) = follower.try_next().await? {
            for record in page.records {
                if record.position != last + 1 {
                    return Err(format!("position {} follows {last}", record.position).into());
                }
                last = record.position;
            }
        }
        Ok(last)
    }
}

impl shared::Caller for Caller {
    async fn append(&mut self, said: &[Said]) -> Result<(), Failure> {
        let new = |said: &Said| NewEvent { source: "/bench".to_owned(), id: said.id.to_string(), bytes: said.document.clone().into_bytes() };
        for outcome in self.0.append(said.iter().map(new).collect()).await? {
            if let Outcome::Conflict { position, .. } = outcome {
                return Err(format!("position {position} holds another event under the same id").into());
            }
        }
        Ok(())
    }
}

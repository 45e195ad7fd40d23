//! UmaDB through its Rust client over gRPC: an incident is a tag, and every append is conditional on it.

use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_dcb::{DcbAppendCondition, DcbEvent, DcbEventStoreAsync, DcbQuery, DcbQueryItem};

use crate::shared::{self, Failure, Said};

/// A server.
pub struct Store {
    address: String,
}

/// A connection of its own, and the position of the last event of its incident.
pub struct Caller {
    client: AsyncUmaDbClient,
    last: Option<u64>,
}

impl Store {
    /// The server creates its file by itself.
    pub fn open(address: &str) -> Self {
        Self { address: address.to_owned() }
    }
}

impl shared::Store for Store {
    type Caller = Caller;

    async fn caller(&self, _: usize) -> Result<Caller, Failure> {
        Ok(Caller { client: UmaDbClient::new(self.address.clone()).connect_async().await?, last: None })
    }

    async fn replay(&self) -> Result<u64, Failure> {
        let client = UmaDbClient::new(self.address.clone()).connect_async().await?;
        let mut answer = client.read(None, None, false, None).await?;
        let (mut count, mut last) = (0, 0);
        loop {
            let batch = answer.next_batch().await?;
            if batch.is_empty() {
                return Ok(count);
            }
            for event in batch {
                if event.position <= last {
                    return Err(format!("position {} follows {last}", event.position).into());
                }
                last = event.position;
                count += 1;
            }
        }
    }
}

impl shared::Caller for Caller {
    async fn append(&mut self, said: &[Said]) -> Result<(), Failure> {
        let Some(first) = said.first() else { return Ok(()) };
        let incident = format!("incident:{}", first.incident);
        let after = if first.version == 0 { None } else { self.last };
        let unchanged = DcbAppendCondition::new(DcbQuery::new().item(DcbQueryItem::new().tags([incident.as_str()]))).after(after);
        let event =
            |said: &Said| DcbEvent::new().event_type("reports.observed").tags([incident.as_str()]).data(said.document.as_bytes()).uuid(said.id);
        self.last = Some(self.client.append(said.iter().map(event).collect(), Some(unchanged), None).await?);
        Ok(())
    }
}

//! Message DB through its function `write_message`, with the expected version; a connection a caller, the statement prepared.
//!
//! It has no batch of its own; as its client library does, several writes of one stream go in one transaction, here without waiting
//! between them. Its lock is a category's: callers of one category wait for each other until the commit is synced.

use futures_util::future::try_join_all;
use serde_json::Value;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, NoTls, Statement};

use crate::shared::{self, Failure, Said};

/// Callers at most; each may have a category of its own.
const MAX_CALLERS: usize = 32;

/// Messages of a page, its default.
const PAGE: i64 = 1_000;

/// Whether all callers write one category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Categories {
    /// One category and so one order of all events.
    One,
    /// A category a caller: nobody waits for another's lock, and there is no order of all.
    EachCaller,
}

/// A database with Message DB installed.
pub struct Store {
    address: String,
    categories: Categories,
}

/// A connection of its own.
pub struct Caller {
    client: Client,
    write: Statement,
    category: String,
}

impl Store {
    /// Connects when callers come.
    pub fn open(address: &str, categories: Categories) -> Self {
        Self { address: address.to_owned(), categories }
    }

    fn category(&self, caller: usize) -> String {
        match self.categories {
            Categories::One => "incident".to_owned(),
            Categories::EachCaller => format!("incident{caller}"),
        }
    }

    async fn connect(&self) -> Result<Client, Failure> {
        let (client, connection) = tokio_postgres::connect(&self.address, NoTls).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("a connection ended: {error}");
            }
        });
        client.batch_execute("SET search_path TO message_store, public").await?;
        Ok(client)
    }
}

impl shared::Store for Store {
    type Caller = Caller;

    async fn caller(&self, number: usize) -> Result<Caller, Failure> {
        let client = self.connect().await?;
        let write = client.prepare("SELECT write_message($1::varchar, $2::varchar, $3::varchar, $4::jsonb, NULL, $5::bigint)").await?;
        Ok(Caller { client, write, category: self.category(number) })
    }

    async fn replay(&self) -> Result<u64, Failure> {
        let client = self.connect().await?;
        let read = client.prepare("SELECT global_position, data FROM get_category_messages($1::varchar, $2::bigint, $3::bigint)").await?;
        let callers = if self.categories == Categories::One { 1 } else { MAX_CALLERS };
        let mut count = 0;
        for caller in 0..callers {
            let (category, mut last) = (self.category(caller), 0_i64);
            loop {
                let page = client.query(&read, &[&category, &(last + 1), &PAGE]).await?;
                for row in &page {
                    let (position, _data): (i64, String) = (row.get(0), row.get(1));
                    if position <= last {
                        return Err(format!("position {position} follows {last}").into());
                    }
                    last = position;
                    count += 1;
                }
                if page.len() < PAGE as usize {
                    break;
                }
            }
        }
        Ok(count)
    }
}

impl shared::Caller for Caller {
    async fn append(&mut self, said: &[Said]) -> Result<(), Failure> {
        match said {
            [event] => write(&self.client, &self.write, &self.category, event).await,
            batch => {
                let transaction = self.client.transaction().await?;
                try_join_all(batch.iter().map(|event| write(transaction.client(), &self.write, &self.category, event))).await?;
                Ok(transaction.commit().await?)
            }
        }
    }
}

async fn write(client: &Client, write: &Statement, category: &str, event: &Said) -> Result<(), Failure> {
    let document: Json<Value> = Json(serde_json::from_str(&event.document)?);
    let stream = format!("{category}-{}", event.incident);
    client.query_one(write, &[&event.id.to_string(), &stream, &"ReportsObserved", &document, &(event.version as i64 - 1)]).await?;
    Ok(())
}

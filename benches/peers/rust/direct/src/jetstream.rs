//! Bare JetStream: the stream and the headers that Dateline's ledger needs, and nothing around them. One event is a single publish,
//! several are one atomic batch. No group commit, no look-up after a refusal.

use std::time::Duration;

use async_nats::jetstream::consumer::push::OrderedConfig;
use async_nats::jetstream::stream::{Config, StorageType};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use dateline_events::EventKey;
use futures_util::StreamExt;

use crate::shared::{self, Failure, Said};

/// A stream that takes all of `ledger.>`.
pub struct Store {
    address: String,
}

/// A connection of its own.
pub struct Caller {
    context: Context,
    client: Client,
}

impl Store {
    /// Creates the stream.
    pub async fn open(address: &str) -> Result<Self, Failure> {
        let config = Config {
            name: "LEDGER".to_owned(),
            subjects: vec!["ledger.>".to_owned()],
            storage: StorageType::File,
            allow_direct: true,
            allow_atomic_publish: true,
            deny_purge: true,
            ..Config::default()
        };
        jetstream::new(async_nats::connect(address).await?).create_stream(config).await?;
        Ok(Self { address: address.to_owned() })
    }
}

impl shared::Store for Store {
    type Caller = Caller;

    async fn caller(&self, _: usize) -> Result<Caller, Failure> {
        let client = async_nats::connect(&self.address).await?;
        let context = jetstream::ContextBuilder::new().timeout(Duration::from_secs(30)).build(client.clone());
        Ok(Caller { context, client })
    }

    async fn replay(&self) -> Result<u64, Failure> {
        let client = async_nats::connect(&self.address).await?;
        let stream = jetstream::new(client.clone()).get_stream("LEDGER").await?;
        let consumer = stream.create_consumer(OrderedConfig { deliver_subject: client.new_inbox(), ..OrderedConfig::default() }).await?;
        let (mut messages, mut last) = (consumer.messages().await?, 0);
        while let Some(message) = messages.next().await {
            let message = message?;
            let (sequence, pending) = {
                let place = message.info()?;
                (place.stream_sequence, place.pending)
            };
            if sequence != last + 1 {
                return Err(format!("sequence {sequence} follows {last}").into());
            }
            last = sequence;
            if pending == 0 {
                break;
            }
        }
        Ok(last)
    }
}

impl shared::Caller for Caller {
    async fn append(&mut self, said: &[Said]) -> Result<(), Failure> {
        match said {
            [event] => {
                let (subject, headers) = addressed(event);
                self.context.publish_with_headers(subject, headers, Bytes::from(event.document.clone())).await?.await?;
                Ok(())
            }
            batch => self.batch(batch).await,
        }
    }
}

impl Caller {
    /// The last message alone is answered, when all are stored.
    async fn batch(&self, said: &[Said]) -> Result<(), Failure> {
        let name = said[0].id.simple().to_string();
        for (number, event) in (1..).zip(said) {
            let (subject, mut headers) = addressed(event);
            headers.insert("Nats-Batch-Id", name.as_str());
            headers.insert("Nats-Batch-Sequence", number.to_string());
            let bytes = Bytes::from(event.document.clone());
            if number < said.len() {
                self.client.publish_with_headers(subject, headers, bytes).await?;
                continue;
            }
            headers.insert("Nats-Batch-Commit", "1");
            let answer = self.client.request_with_headers(subject, headers, bytes).await?;
            let answer: serde_json::Value = serde_json::from_slice(&answer.payload)?;
            if answer["count"].as_u64() != Some(said.len() as u64) {
                return Err(format!("the batch was refused: {answer}").into());
            }
        }
        Ok(())
    }
}

/// The subject and the headers of LEDGER's record: an id is stored once for ever.
fn addressed(event: &Said) -> (String, HeaderMap) {
    let key = EventKey::of("/bench", &event.id.to_string());
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
    headers.insert("Nats-Expected-Last-Subject-Sequence-Subject", format!("ledger.{key}.>"));
    headers.insert("Dateline-Recorded", "1700000000000000");
    headers.insert("Dateline-Salt", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    (format!("ledger.{key}.e"), headers)
}

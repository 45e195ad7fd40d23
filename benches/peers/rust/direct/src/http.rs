//! Dateline over the wire: `dateline serve` over HTTP/1.1, through reqwest, a client that others wrote.

use reqwest::StatusCode;
use serde_json::Value;

use crate::shared::{self, Failure, Said};

/// A server.
pub struct Store {
    address: String,
}

/// A connection of its own, kept open.
pub struct Caller {
    client: reqwest::Client,
    events: String,
}

impl Store {
    pub fn open(address: &str) -> Self {
        Self { address: address.to_owned() }
    }
}

impl shared::Store for Store {
    type Caller = Caller;

    async fn caller(&self, _: usize) -> Result<Caller, Failure> {
        Ok(Caller { client: reqwest::Client::builder().no_proxy().build()?, events: format!("{}/v1/events", self.address) })
    }

    async fn replay(&self) -> Result<u64, Failure> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let answer = client.get(format!("{}/v1/events?after=0", self.address)).send().await?.error_for_status()?;
        let (lines, mut last) = (answer.bytes().await?, 0);
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let position = serde_json::from_slice::<Value>(line)?["position"].as_u64();
            if position != Some(last + 1) {
                return Err(format!("position {position:?} follows {last}").into());
            }
            last += 1;
        }
        Ok(last)
    }
}

impl shared::Caller for Caller {
    async fn append(&mut self, said: &[Said]) -> Result<(), Failure> {
        let (media_type, body) = match said {
            [one] => ("application/cloudevents+json", one.document.clone()),
            many => {
                let documents: Vec<&str> = many.iter().map(|said| said.document.as_str()).collect();
                ("application/cloudevents-batch+json", format!("[{}]", documents.join(",")))
            }
        };
        let answer = self.client.post(&self.events).header("content-type", media_type).body(body).send().await?;
        let status = answer.status();
        // The answer is read to its end, so that the connection can be used again.
        let told = answer.bytes().await?;
        // 200: a call that was made again, of what the ledger has by now.
        if status == StatusCode::CREATED || status == StatusCode::OK {
            return Ok(());
        }
        Err(format!("{status}: {}", String::from_utf8_lossy(&told)).into())
    }
}

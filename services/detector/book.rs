//! What the detector remembers, in the keep, a service at a time: packed, in pieces, the head last. A head that is there names a whole
//! writing; the pieces of the writing before are left alone until then.

use std::io::{Read, Write};

use anyhow::{Context, bail};
use dateline_backends::{Keep, Revision};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::service::Service;

/// A piece, in bytes.
const PIECE_BYTES: usize = 384 * 1024;

/// What is remembered of one service is at most so large, in bytes, unpacked.
const MAX_SERVICE_BYTES: u64 = 64 * 1024 * 1024;

/// Where it stands in the keep.
const PLACE: &str = "detector/";

/// Says which pieces are the service's.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Head {
    /// Written so often; odd and even writings have pieces of their own.
    writing: u64,
    pieces: usize,
    sha256: String,
}

/// The head of what was last written of a service.
#[derive(Debug, Clone, Default)]
pub struct Page {
    writing: u64,
    head: Option<Revision>,
}

/// All services, with the head of each.
pub async fn open(keep: &Keep) -> anyhow::Result<Vec<(String, Service, Page)>> {
    let mut services = Vec::new();
    for group in 0..=u8::MAX {
        let place = format!("{PLACE}{group:02x}/heads/");
        for entry in keep.list(&place).await? {
            let name = entry.key[place.len()..].to_owned();
            let broken = || format!("what the keep holds under {} cannot be read: put it aside; the detector learns that service anew", entry.key);
            let head: Head = serde_json::from_slice(&entry.value).with_context(broken)?;
            let mut packed = Vec::new();
            for number in 0..head.pieces {
                let (piece, _) = keep.get(&piece(&name, head.writing, number)).await?.with_context(broken)?;
                packed.extend(piece);
            }
            if digest(&packed) != head.sha256 {
                bail!(broken());
            }
            let mut bytes = Vec::new();
            GzDecoder::new(packed.as_slice()).take(MAX_SERVICE_BYTES).read_to_end(&mut bytes).with_context(broken)?;
            let service: Service = serde_json::from_slice(&bytes).with_context(broken)?;
            services.push((name, service, Page { writing: head.writing, head: Some(entry.revision) }));
        }
    }
    Ok(services)
}

impl Page {
    /// Writes a service down. Somebody else's writing is never written over.
    pub async fn save(&mut self, keep: &Keep, name: &str, service: &Service) -> anyhow::Result<()> {
        let mut packing = GzEncoder::new(Vec::new(), Compression::fast());
        packing.write_all(&serde_json::to_vec(service)?)?;
        let packed = packing.finish()?;
        let writing = self.writing + 1;
        let pieces: Vec<&[u8]> = packed.chunks(PIECE_BYTES).collect();
        for (number, bytes) in pieces.iter().enumerate() {
            let key = piece(name, writing, number);
            let there = keep.get(&key).await?.map(|(_, revision)| revision);
            keep.put(&key, bytes, there).await?;
        }
        let head = Head { writing, pieces: pieces.len(), sha256: digest(&packed) };
        let key = format!("{PLACE}{}/heads/{name}", group_of(name));
        let revision = keep.put(&key, &serde_json::to_vec(&head)?, self.head).await;
        self.head = Some(revision.context("another detector runs: let one of them end")?);
        self.writing = writing;
        Ok(())
    }
}

fn piece(name: &str, writing: u64, number: usize) -> String {
    let side = if writing.is_multiple_of(2) { "even" } else { "odd" };
    format!("{PLACE}{}/pieces/{name}/{side}/{number}", group_of(name))
}

/// Two hexadecimal digits of the name's hash: the keep lists a thousand at once.
fn group_of(name: &str) -> String {
    format!("{:02x}", Sha256::digest(name.as_bytes())[0])
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

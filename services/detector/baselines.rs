//! What the detector remembers, in the state store: how far it read, when an intake was up, and every service, in groups. One head names all of a
//! writing; it is put last, by compare-and-swap, so that a writing is there whole or not at all.
//!
//! A group has two places, and a writing uses the one that the head does not name. Whoever takes over writes the head first, and from
//! then on into places of its own: the one before, which may not know yet, cannot spoil what the head names.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use anyhow::{Context, bail};
use dateline_backends::{Revision, StateError, StateStore};
use dateline_events::sha256_hex;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::service::Service;
use super::ticks::Ticks;

/// A piece, in bytes.
const PIECE_BYTES: usize = 384 * 1024;

/// Groups of services, by their names' hashes.
const GROUPS: u32 = 256;

/// A group is at most so large, in bytes, unpacked: that is written which can be read.
const MAX_GROUP_BYTES: u64 = 256 * 1024 * 1024;

/// Where the head stands. Dots part the keys, as they part subjects: a user of the bus can be given all below `detector`.
const HEAD: &str = "detector.head";

/// Names everything of the last writing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Head {
    /// How often a detector took over.
    owner: u64,
    /// The last flush that is in it.
    position: u64,
    ticks: Ticks,
    groups: BTreeMap<u32, Place>,
}

/// Where a group stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    key: String,
    pieces: usize,
    sha256: String,
}

/// What one detector remembers, held by it alone.
#[derive(Debug)]
pub struct Baselines {
    head: Head,
    revision: Revision,
}

/// What stood in it.
#[derive(Debug, Default)]
pub struct Remembered {
    pub position: u64,
    pub ticks: Ticks,
    pub services: BTreeMap<String, Service>,
}

impl Baselines {
    /// Takes over what is remembered, and reads it. A group that cannot be read is named, and its services are learned anew.
    pub async fn open(state_store: &StateStore) -> anyhow::Result<(Self, Remembered)> {
        let found = state_store.get(HEAD).await?;
        let (mut head, revision) = match found {
            Some((bytes, revision)) => {
                let read = serde_json::from_slice::<Head>(&bytes);
                (read.with_context(|| format!("what the state store holds under {HEAD} is of another program"))?, Some(revision))
            }
            None => (Head::default(), None),
        };
        head.owner += 1;
        let revision = state_store.put(HEAD, &serde_json::to_vec(&head)?, revision).await.map_err(another)?;
        let mut services = BTreeMap::new();
        for (group, place) in &head.groups {
            match read(state_store, place).await {
                Ok(read) => services.extend(read),
                Err(error) => tracing::error!(group, error = format!("{error:#}"), "a group of services is not understood; they are learned anew"),
            }
        }
        let remembered = Remembered { position: head.position, ticks: head.ticks.clone(), services };
        Ok((Self { head, revision }, remembered))
    }

    /// Writes down the groups of the services that changed, and how far everything reaches.
    pub async fn save<'s>(
        &mut self,
        state_store: &StateStore,
        position: u64,
        ticks: &Ticks,
        services: &'s BTreeMap<String, Service>,
        changed: impl Iterator<Item = &'s String>,
    ) -> anyhow::Result<()> {
        let due: std::collections::BTreeSet<u32> = changed.map(|name| group_of(name)).collect();
        let mut groups: BTreeMap<u32, BTreeMap<&String, &Service>> = due.iter().map(|group| (*group, BTreeMap::new())).collect();
        for (name, service) in services {
            if let Some(group) = groups.get_mut(&group_of(name)) {
                group.insert(name, service);
            }
        }
        let mut head = Head { position, ticks: ticks.clone(), ..self.head.clone() };
        for (group, services) in groups {
            let place = self.write(state_store, group, &serde_json::to_vec(&services)?).await?;
            head.groups.insert(group, place);
        }
        self.revision = state_store.put(HEAD, &serde_json::to_vec(&head)?, Some(self.revision)).await.map_err(another)?;
        self.head = head;
        Ok(())
    }

    async fn write(&self, state_store: &StateStore, group: u32, bytes: &[u8]) -> anyhow::Result<Place> {
        if bytes.len() as u64 > MAX_GROUP_BYTES {
            bail!(
                "a group of services takes {} bytes, more than {MAX_GROUP_BYTES}: fewer regions and publishers of one service must be told apart",
                bytes.len()
            );
        }
        let mut packing = GzEncoder::new(Vec::new(), Compression::fast());
        packing.write_all(bytes)?;
        let packed = packing.finish()?;
        // Two places of this owner; those of the one before are a third and a fourth.
        let of_owner = |side: &str| format!("detector.group.{group}.{}.{side}", self.head.owner % 2);
        let named = self.head.groups.get(&group).map(|place| place.key.as_str());
        let key = [of_owner("a"), of_owner("b")].into_iter().find(|key| named != Some(key)).unwrap_or_else(|| of_owner("a"));
        let pieces: Vec<&[u8]> = packed.chunks(PIECE_BYTES).collect();
        for (number, bytes) in pieces.iter().enumerate() {
            let key = format!("{key}.{number}");
            let there = state_store.get(&key).await?.map(|(_, revision)| revision);
            state_store.put(&key, bytes, there).await.map_err(another)?;
        }
        Ok(Place { key, pieces: pieces.len(), sha256: sha256_hex(&packed) })
    }
}

async fn read(state_store: &StateStore, place: &Place) -> anyhow::Result<BTreeMap<String, Service>> {
    let mut packed = Vec::new();
    for number in 0..place.pieces {
        let (piece, _) = state_store.get(&format!("{}.{number}", place.key)).await?.context("a piece is missing")?;
        packed.extend(piece);
    }
    if sha256_hex(&packed) != place.sha256 {
        bail!("its pieces are not those that the head names");
    }
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice()).take(MAX_GROUP_BYTES).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn another(error: StateError) -> anyhow::Error {
    match error {
        StateError::Changed { .. } => anyhow::anyhow!("another detector took over: let one of them end"),
        other => other.into(),
    }
}

fn group_of(name: &str) -> u32 {
    u32::from(Sha256::digest(name.as_bytes())[0]) % GROUPS
}

//! Honest histories are never accused: events of any size, destroyed texts, sealed anywhere, with what is not sealed yet behind it.

use std::path::Path;

use dateline_backends::{REDACTION_SOURCE, Record};
use dateline_events::{EventKey, Instant, LeafKind, Position, commitment, leaf_bytes};
use dateline_proofs::{Checkpoint, Note, SignerKey, TILE_HASHES, Tile, TileAddress, Tree, encode_bundle, leaf_hash};
use futures_util::{StreamExt, stream};

use super::source::{CHECKPOINT, EVENTS, Source};
use super::verify::{earlier, verify};
use crate::reader::replay_line;

/// So many histories in the ordinary run.
const HISTORIES: u64 = 1_000;

/// The seed of the histories: the n-th has this plus n.
const SEED: u64 = 0x6461_7465_6c69_6e65;

/// SplitMix64: numbers that a seed gives, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.as_chunks_mut::<8>().0.iter_mut().for_each(|part| *part = self.next().to_le_bytes());
        bytes
    }
}

/// A ledger as it may honestly be: each record with its leaf.
fn history(random: &mut Random) -> Vec<(Record, String)> {
    // Mostly within one block; some reach over the first full tiles.
    let events = if random.below(12) == 0 { 250 + random.below(400) } else { 1 + random.below(40) };
    let (mut recorded, mut records) = (1_795_396_177_000_000, Vec::<(Record, String)>::new());
    for position in 1..=events {
        // Several may be recorded at one time.
        recorded += i64::try_from(random.below(3)).expect("small") * 1_700_001;
        let target = random.below(events) + 1;
        // A redaction itself is never destroyed: it is what covers an absence.
        let may_go = |record: &Record| record.bytes.is_some() && record.source != REDACTION_SOURCE;
        let destroys = random.below(15) == 0 && target < position && may_go(&records[target as usize - 1].0);
        let (source, id, bytes) = match (destroys, random.below(10)) {
            (true, _) => {
                let (left, leaf) = &mut records[target as usize - 1];
                (left.salt, left.bytes) = (None, None);
                let (key, leaf) = (left.key.as_str(), serde_json::Value::String(leaf.clone()));
                (left.source, left.id) = (String::new(), String::new());
                let data = format!(r#"{{"position":{target},"key":"{key}","leaf":{leaf}}}"#);
                let (source, id) = (REDACTION_SOURCE.to_owned(), target.to_string());
                let bytes = format!(r#"{{"source":"{source}","id":"{id}","type":"dateline.event.redacted.v1","data":{data}}}"#);
                (source, id, bytes)
            }
            // What cannot be read is kept and sealed like everything else.
            (false, 0) => ("/tests".to_owned(), position.to_string(), format!("poison \n {position}")),
            (false, size) => {
                let text = "ঢ ".repeat(random.below(size * size * 20) as usize);
                let bytes = format!("{{ \"source\":\"/tests\",\"id\":\"{position}\", \"data\":\"{text}\"}}");
                ("/tests".to_owned(), position.to_string(), bytes)
            }
        };
        let (salt, bytes, recorded) = (random.bytes(), bytes.into_bytes(), Instant(recorded));
        let leaf = leaf_bytes(recorded, LeafKind::of(&bytes), &commitment(&salt, &bytes));
        let key = EventKey::of(&source, &id);
        records.push((Record { position, recorded, key, salt: Some(salt), source, id, bytes: Some(bytes) }, leaf));
    }
    records
}

/// Writes a log of the first records into a folder; answers its checkpoint as it was at an earlier size too.
fn write(folder: &Path, records: &[(Record, String)], sizes: (u64, u64), key: &SignerKey) -> [Note; 2] {
    let put = |path: String, bytes: &[u8]| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    };
    let (mut tree, mut notes) = (Tree::new(), Vec::new());
    let seal = |tree: &Tree| Checkpoint::new(key.verifier().name(), tree.size(), tree.root()).expect("a checkpoint").sign(&[key]).expect("a note");
    let put_tile = |tile: &Tile| put(tile.address().to_string(), &tile.encode());
    notes.extend((sizes.0 == 0).then(|| seal(&tree)));
    for (_, leaf) in &records[..sizes.1 as usize] {
        tree.push(leaf_hash(leaf.as_bytes())).iter().for_each(put_tile);
        notes.extend((sizes.0 == tree.size()).then(|| seal(&tree)));
    }
    tree.partial_tiles().iter().for_each(put_tile);
    for (index, block) in (0..).zip(records[..sizes.1 as usize].chunks(usize::from(TILE_HASHES))) {
        let leaves: Vec<&[u8]> = block.iter().map(|(_, leaf)| leaf.as_bytes()).collect();
        let address = TileAddress::entries(index, u16::try_from(leaves.len()).expect("at most 256")).expect("an address");
        put(address.to_string(), &encode_bundle(&leaves).expect("a bundle"));
    }
    let lines: Vec<u8> = records.iter().flat_map(|(record, _)| replay_line(record).expect("a line")).collect();
    put(EVENTS.to_owned(), &lines);
    notes.push(seal(&tree));
    put(CHECKPOINT.to_owned(), notes[1].to_string().as_bytes());
    notes.try_into().expect("two checkpoints")
}

/// So many histories are written and verified at once.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn no_honest_history_is_accused() {
    let told = stream::iter(0..HISTORIES).map(|number| tokio::spawn(told(number))).buffer_unordered(AT_ONCE);
    told.for_each(async |told| told.expect("no history panics")).await;
}

async fn told(number: u64) {
    let random = &mut Random(SEED.wrapping_add(number));
    let records = history(random);
    // A redaction that is not sealed yet covers its text all the same.
    let size = random.below(records.len() as u64) + 1;
    let before: Position = random.below(size + 1);
    let key = SignerKey::from_seed("tests.example/log", random.bytes()).expect("a key");
    let folder = tempfile::tempdir().expect("a folder");
    let [since, _] = write(folder.path(), &records, (before, size), &key);
    let keys = [key.verifier().clone()];
    let since = earlier(since.to_string().as_bytes(), &keys).expect("a checkpoint");
    let report = verify(&Source::Folder(folder.path().to_owned()), &keys, Some(&since)).await.expect("a report");
    assert_eq!(report.findings_total, 0, "history {number}:\n{}", report.text());
    assert_eq!(report.size, size, "history {number}");
    let absent = records.iter().filter(|(record, _)| record.bytes.is_none()).count() as u64;
    let sealed = records.iter().filter(|(record, _)| record.position <= size && record.bytes.is_some()).count() as u64;
    assert_eq!((report.redacted, report.events), (absent, sealed), "history {number}");
    let unsealed = (size < records.len() as u64).then_some((size + 1, records.len() as u64));
    assert_eq!(report.unsealed.map(|unsealed| (unsealed.from, unsealed.to)), unsealed, "history {number}");
}

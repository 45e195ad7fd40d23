//! What a tree costs beside the limit, SHA-256 alone, in one run: `cargo bench -p dateline-proofs --bench leaves`.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use dateline_proofs::{
    Checkpoint, SealedReceipt, SignerKey, TILE_HASHES, TileAddress, Tree, encode_bundle, inclusion_proof, leaf_hash, root_of, verify_inclusion,
};
use sha2::{Digest, Sha256};

/// So many leaves.
const LEAVES: u64 = 1_000_000;

/// So many proofs are made and verified.
const PROOFS: u64 = 10_000;

fn leaf(number: u64) -> String {
    format!(r#"{{"c":"{number:043}=","k":"event","rec":"2026-11-23T01:09:37.123456Z","v":1}}"#)
}

fn seconds(what: &str, count: u64, work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    let taken = begun.elapsed().as_secs_f64();
    println!("{what:42} {:>12.0}/s {:>9.3} s", count as f64 / taken, taken);
    taken
}

fn main() {
    let count = LEAVES;
    let leaves: Vec<String> = (0..count).map(leaf).collect();
    // The limit: the hash of each leaf, and nothing else.
    let limit = seconds("SHA-256 of the leaves alone", count, || {
        for leaf in &leaves {
            black_box(Sha256::digest(leaf.as_bytes()));
        }
    });
    let (mut tree, mut tiles) = (Tree::new(), HashMap::new());
    let grown = seconds("leaf hash, push, full tiles", count, || {
        for leaf in &leaves {
            tiles.extend(tree.push(leaf_hash(leaf.as_bytes())).into_iter().map(|tile| (tile.address(), tile.encode())));
        }
    });
    println!("{:42} {:>11.0} %", "of the limit", 100.0 * limit / grown);
    tiles.extend(tree.partial_tiles().into_iter().map(|tile| (tile.address(), tile.encode())));
    let hashes: Vec<_> = leaves.iter().map(|leaf| leaf_hash(leaf.as_bytes())).collect();
    seconds("root of leaf hashes, at once", count, || assert_eq!(root_of(&hashes), tree.root()));
    let read = |address: TileAddress| tiles.get(&address).or_else(|| tiles.get(&address.full())).cloned().ok_or(());
    let proofs: Vec<_> = (0..PROOFS.min(count)).map(|number| number * (count / PROOFS.min(count))).collect();
    let mut made = Vec::new();
    seconds("inclusion proofs from tiles", proofs.len() as u64, || {
        made.extend(proofs.iter().map(|index| (*index, inclusion_proof(*index, count, read).expect("a proof"))));
    });
    seconds("inclusion proofs verified", made.len() as u64, || {
        for (index, proof) in &made {
            verify_inclusion(&hashes[*index as usize], *index, count, proof, &tree.root()).expect("it is in the tree");
        }
    });
    let key = SignerKey::from_seed("bench.example/log", [7; 32]).expect("a key");
    let note = Checkpoint::new("bench.example/log", count, tree.root()).expect("a checkpoint").sign(&[&key]).expect("a note");
    let extra = [leaf(0).as_bytes(), b"\n", &[0; 32]].concat();
    let receipt = SealedReceipt { extra: Some(extra), index: made[0].0, proof: made[0].1.clone(), checkpoint: note };
    println!("{:42} {:>12} bytes", "a receipt", receipt.to_string().len());
    let of_hashes: usize = tiles.values().map(Vec::len).sum();
    let of_entries: usize = leaves.chunks(usize::from(TILE_HASHES)).map(|leaves| encode_bundle(leaves).expect("a bundle").len()).sum();
    println!(
        "{:42} {:>9.1} + {:.1} bytes a leaf",
        "tiles, and bundles of entries",
        of_hashes as f64 / count as f64,
        of_entries as f64 / count as f64
    );
}

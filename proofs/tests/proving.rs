//! Every proof of every tree verifies, and nothing that differs from it by one bit, hash, index or size does.

use std::convert::Infallible;

use dateline_proofs::{
    EMPTY_ROOT, Hash, ProofError, ProveError, TileAddress, TileError, consistency_proof, inclusion_proof, root_from_tiles, verify_consistency,
    verify_inclusion,
};
use proptest::prelude::*;

use super::hashes::published_leaves;
use super::support::{WholeTree, hash};

const A: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const B: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const C: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const D: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const E: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const F: &str = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
const G: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

fn included(tree: &WholeTree, index: u64, size: u64) -> Vec<Hash> {
    inclusion_proof(index, size, tree.reader()).unwrap()
}

fn consistent(tree: &WholeTree, old: u64, new: u64) -> Vec<Hash> {
    consistency_proof(old, new, tree.reader()).unwrap()
}

#[test]
fn the_published_trees_have_the_published_proofs() {
    let tree = WholeTree::of(published_leaves());
    for (index, size, proof) in [(0, 1, vec![]), (0, 8, vec![A, B, C]), (5, 8, vec![D, E, F]), (2, 3, vec![super::hashes::ROOTS[1]])] {
        let proof: Vec<Hash> = proof.into_iter().map(hash).collect();
        assert_eq!(included(&tree, index, size), proof, "leaf {index} of {size}");
    }
    for (old, new, proof) in [(1, 1, vec![]), (1, 8, vec![A, B, C]), (6, 8, vec![G, E, F]), (2, 5, vec![B, D])] {
        let proof: Vec<Hash> = proof.into_iter().map(hash).collect();
        assert_eq!(consistent(&tree, old, new), proof, "{old} to {new}");
    }
}

#[test]
fn every_proof_of_small_trees_verifies() {
    let tree = WholeTree::of_size(66);
    for size in 1..=tree.size() {
        let root = tree.root_at(size);
        for index in 0..size {
            let proof = included(&tree, index, size);
            assert_eq!(verify_inclusion(&tree.leaves()[index as usize], index, size, &proof, &root), Ok(()), "{index} of {size}");
        }
        for old in 0..=size {
            let proof = consistent(&tree, old, size);
            assert_eq!(verify_consistency(old, &tree.root_at(old), size, &root, &proof), Ok(()), "{old} to {size}");
        }
    }
}

/// Lists that differ from this one by one bit, two hashes that changed places, one more or less.
fn altered(proof: &[Hash], bit: usize) -> Vec<Vec<Hash>> {
    let mut found = vec![[proof, &[Hash([9; 32])]].concat(), [&[Hash([9; 32])], proof].concat()];
    for number in 0..proof.len() {
        let mut flipped = proof.to_vec();
        flipped[number].0[bit / 8 % 32] ^= 1 << (bit % 8);
        found.push(flipped);
        found.push([&proof[..number], &proof[number + 1..]].concat());
        if number > 0 {
            let mut swapped = proof.to_vec();
            swapped.swap(number - 1, number);
            found.push(swapped);
        }
    }
    found
}

#[test]
fn every_flipped_bit_is_refused() {
    let tree = WholeTree::of_size(300);
    let root = tree.root_at(300);
    for (index, old) in [(0, 1), (255, 255), (256, 256), (299, 299), (130, 77)] {
        let (leaf, included, consistent) = (tree.leaves()[index], included(&tree, index as u64, 300), consistent(&tree, old, 300));
        for bit in 0..256 {
            let flip = |hash: &mut Hash| hash.0[bit / 8] ^= 1 << (bit % 8);
            for number in 0..included.len() {
                let mut altered = included.clone();
                flip(&mut altered[number]);
                assert!(verify_inclusion(&leaf, index as u64, 300, &altered, &root).is_err(), "bit {bit} of hash {number}");
            }
            for number in 0..consistent.len() {
                let mut altered = consistent.clone();
                flip(&mut altered[number]);
                assert!(verify_consistency(old, &tree.root_at(old), 300, &root, &altered).is_err(), "bit {bit} of hash {number}");
            }
        }
    }
}

/// On which side each sibling of a leaf stands, from the root down, by the definition of RFC 6962.
fn ways(index: u64, size: u64) -> Vec<bool> {
    if size == 1 {
        return vec![];
    }
    let left = 1 << (size - 1).ilog2();
    let is_left = index < left;
    let below = if is_left { ways(index, left) } else { ways(index - left, size - left) };
    [vec![is_left], below].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_altered_inclusion_proof_is_refused(size in 1..1_200_u64, index in any::<u64>(), bit in 0..256_usize, other in any::<u64>()) {
        let tree = WholeTree::of_size(size as usize);
        let (index, root) = (index % size, tree.root_at(size));
        let (leaf, proof) = (tree.leaves()[index as usize], included(&tree, index, size));
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
        for altered in altered(&proof, bit) {
            prop_assert!(verify_inclusion(&leaf, index, size, &altered, &root).is_err());
        }
        let flipped = |hash: Hash| { let mut hash = hash; hash.0[bit / 8] ^= 1 << (bit % 8); hash };
        prop_assert!(verify_inclusion(&flipped(leaf), index, size, &proof, &root).is_err());
        prop_assert!(verify_inclusion(&leaf, index, size, &proof, &flipped(root)).is_err());
        for wrong in (0..size).filter(|wrong| *wrong != index).step_by(7).chain([size, u64::MAX]) {
            prop_assert!(verify_inclusion(&leaf, wrong, size, &proof, &root).is_err(), "leaf {} for {}", wrong, index);
        }
        // A proof binds the root, not the size: another size holds where the way to the root is the same, and nowhere else.
        for wrong in (1..size + 40).chain([other]).filter(|wrong| *wrong != size) {
            let is_same_way = index < wrong && ways(index, wrong) == ways(index, size);
            prop_assert_eq!(verify_inclusion(&leaf, index, wrong, &proof, &root).is_ok(), is_same_way, "{} for {}", wrong, size);
        }
    }

    #[test]
    fn an_altered_consistency_proof_is_refused(old in 1..900_u64, more in 0..900_u64, bit in 0..256_usize) {
        let new = old + more;
        let tree = WholeTree::of_size(new as usize);
        let (old_root, new_root, proof) = (tree.root_at(old), tree.root_at(new), consistent(&tree, old, new));
        prop_assert_eq!(verify_consistency(old, &old_root, new, &new_root, &proof), Ok(()));
        for altered in altered(&proof, bit) {
            prop_assert!(verify_consistency(old, &old_root, new, &new_root, &altered).is_err());
        }
        let flipped = |hash: Hash| { let mut hash = hash; hash.0[bit / 8] ^= 1 << (bit % 8); hash };
        prop_assert!(verify_consistency(old, &flipped(old_root), new, &new_root, &proof).is_err());
        prop_assert!(verify_consistency(old, &old_root, new, &flipped(new_root), &proof).is_err());
        if more > 0 {
            prop_assert!(verify_consistency(old, &new_root, new, &old_root, &proof).is_err());
            prop_assert!(verify_consistency(new, &new_root, old, &old_root, &proof).is_err());
        }
        // A fork: one leaf of the old tree is another one in the new tree.
        let mut leaves = tree.leaves().to_vec();
        leaves[bit % old as usize].0[0] ^= 1;
        let forked = WholeTree::of(leaves);
        let proof = consistent(&forked, old, new);
        prop_assert!(verify_consistency(old, &old_root, new, &forked.root_at(new), &proof).is_err());
    }

    #[test]
    fn any_numbers_and_hashes_are_answered(old in any::<u64>(), new in any::<u64>(), index in any::<u64>(), count in 0..80_usize, same in any::<bool>()) {
        let proof: Vec<Hash> = (0..count).map(|number| Hash([number as u8; 32])).collect();
        let root = Hash([1; 32]);
        prop_assert!(verify_inclusion(&Hash([2; 32]), index, new, &proof, &root).is_err());
        let other = if same { root } else { Hash([3; 32]) };
        let is_same_tree = old == new && same && count == 0;
        prop_assert_eq!(verify_consistency(old, &root, new, &other, &proof).is_ok(), is_same_tree);
    }
}

#[test]
fn the_largest_sizes_are_answered() {
    let (root, proof) = (Hash([1; 32]), [Hash([2; 32]); 66]);
    for size in [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) + 1, (1 << 63) - 1] {
        for count in 0..=proof.len() {
            for index in [0, 1, size / 2, size - 1, size] {
                assert!(verify_inclusion(&root, index, size, &proof[..count], &root).is_err());
                assert_eq!(verify_consistency(index, &root, size, &root, &proof[..count]).is_ok(), index == size && count == 0);
            }
        }
    }
    // The longest ways: 64 hashes, one for each bit.
    assert_eq!(verify_inclusion(&root, u64::MAX - 1, u64::MAX, &proof[..64], &root), Err(ProofError::Length(64)));
    assert_eq!(verify_inclusion(&root, 0, u64::MAX, &proof[..64], &root), Err(ProofError::Root { size: u64::MAX }));
    assert_eq!(verify_inclusion(&root, 0, u64::MAX, &proof[..65], &root), Err(ProofError::Length(65)));
}

#[test]
fn the_empty_tree_begins_every_tree_and_holds_nothing() {
    let (root, other) = (Hash([1; 32]), Hash([2; 32]));
    assert_eq!(verify_consistency(0, &EMPTY_ROOT, 5, &root, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &EMPTY_ROOT, 0, &EMPTY_ROOT, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &EMPTY_ROOT, 5, &root, &[other]), Err(ProofError::Length(1)));
    assert_eq!(verify_consistency(0, &root, 5, &root, &[]), Err(ProofError::Root { size: 0 }));
    assert_eq!(verify_consistency(0, &EMPTY_ROOT, 0, &root, &[]), Err(ProofError::Root { size: 0 }));
    assert_eq!(verify_consistency(5, &root, 5, &other, &[]), Err(ProofError::Root { size: 5 }));
    assert_eq!(verify_consistency(5, &root, 5, &root, &[other]), Err(ProofError::Length(1)));
    assert_eq!(verify_consistency(6, &root, 5, &other, &[]), Err(ProofError::Shrunk { old: 6, new: 5 }));
    assert_eq!(verify_inclusion(&root, 0, 0, &[], &EMPTY_ROOT), Err(ProofError::Beyond { index: 0, size: 0 }));
}

#[test]
fn a_proof_reads_the_tiles_on_its_way_and_each_once() {
    let tree = WholeTree::of_size(70_000);
    let mut read = Vec::new();
    let mut noting = |address: TileAddress| {
        read.push(address.to_string());
        tree.reader()(address)
    };
    inclusion_proof(1_000, 70_000, &mut noting).unwrap();
    read.sort();
    assert_eq!(read, ["tile/0/003", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17"]);
    let mut count = 0;
    let root = root_from_tiles(70_000, |address| {
        count += 1;
        tree.reader()(address)
    });
    assert_eq!((root.unwrap(), count), (tree.root_at(70_000), 3));
    assert_eq!(root_from_tiles(0, tree.reader()).unwrap(), EMPTY_ROOT);
}

#[test]
fn a_full_tile_stands_in_for_a_partial_one() {
    let tree = WholeTree::of_size(1_024);
    let mut only_full = |address: TileAddress| {
        Ok::<_, Infallible>(tree.tile(if address.content() == (TileAddress::hashes(0, 0, 1).unwrap().content()) { address.full() } else { address }))
    };
    assert_eq!(inclusion_proof(600, 700, &mut only_full).unwrap(), included(&tree, 600, 700));
    assert_eq!(consistency_proof(300, 700, &mut only_full).unwrap(), consistent(&tree, 300, 700));
}

#[test]
fn what_the_reader_says_is_passed_on() {
    let lost = |_: TileAddress| Err("lost");
    assert_eq!(inclusion_proof(3, 10, lost), Err(ProveError::Read("lost")));
    assert_eq!(consistency_proof(3, 10, lost), Err(ProveError::Read("lost")));
    assert_eq!(root_from_tiles(3, lost), Err(ProveError::Read("lost")));
    let address = TileAddress::hashes(0, 0, 10).unwrap();
    let short = |_: TileAddress| Ok::<_, Infallible>(vec![0; 319]);
    assert_eq!(inclusion_proof(3, 10, short), Err(ProveError::Tile(TileError::Length { address, wanted: 320, got: 319 })));
    assert_eq!(inclusion_proof(10, 10, lost), Err(ProveError::Beyond { index: 10, size: 10 }));
    assert_eq!(inclusion_proof(0, 0, lost), Err(ProveError::Beyond { index: 0, size: 0 }));
    assert_eq!(consistency_proof(11, 10, lost), Err(ProveError::Shrunk { old: 11, new: 10 }));
    // Nothing is needed for these.
    assert_eq!(consistency_proof(0, u64::MAX, lost), Ok(vec![]));
    assert_eq!(consistency_proof(10, 10, lost), Ok(vec![]));
    assert_eq!(inclusion_proof(0, 1, lost), Ok(vec![]));
}

#[test]
fn proofs_of_the_largest_trees_are_made() {
    // Every hash is the same: what counts is that no number overflows.
    let same = |address: TileAddress| Ok::<_, Infallible>(vec![7; 32 * usize::from(address.width())]);
    for size in [u64::MAX, 1 << 63, (1 << 63) + 1] {
        let root = root_from_tiles(size, same).unwrap();
        for index in [0, size / 2, size - 1] {
            let proof = inclusion_proof(index, size, same).unwrap();
            assert!(proof.len() <= 64);
            // A last leaf beside perfect subtrees alone is in a true tree: no full tile is hashed.
            let is_at_the_edge = index == size - 1 && size % 2 == 1;
            assert!(!is_at_the_edge || verify_inclusion(&Hash([7; 32]), index, size, &proof, &root).is_ok());
            consistency_proof(index, size, same).unwrap();
        }
    }
}

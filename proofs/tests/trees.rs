//! The tree that keeps its edge has the roots and tiles of the whole one, and goes on from its partial tiles.

use std::collections::BTreeMap;

use dateline_proofs::{EMPTY_ROOT, Hash, TREE_LEAVES_MAX, Tile, TileAddress, Tree, TreeError, partial_tiles_of, tiles_of};
use proptest::prelude::*;

use super::hashes::{ROOTS, published_leaves};
use super::support::{WholeTree, hash, leaves};

fn partial_tiles(tree: &WholeTree) -> Vec<Tile> {
    partial_tiles_of(tree.size()).map(|address| Tile::decode(address, &tree.tile(address)).unwrap()).collect()
}

#[test]
fn the_published_leaves_grow_the_published_roots() {
    let mut tree = Tree::new();
    assert_eq!((tree.size(), tree.root(), tree.partial_tiles()), (0, EMPTY_ROOT, vec![]));
    for (leaf, root) in published_leaves().into_iter().zip(ROOTS) {
        assert_eq!(tree.push(leaf), []);
        assert_eq!(tree.root(), hash(root), "{} leaves", tree.size());
    }
}

#[test]
fn full_tiles_come_once_and_with_the_partial_ones_they_are_all() {
    let whole = WholeTree::of_size(256 * 256 + 700);
    let (mut tree, mut written) = (Tree::new(), BTreeMap::new());
    for (number, leaf) in whole.leaves().iter().enumerate() {
        for tile in tree.push(*leaf) {
            assert!(!tile.address().is_partial());
            assert_eq!(written.insert(tile.address(), tile.encode()), None, "{} came twice", tile.address());
        }
        let size = number as u64 + 1;
        if [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, whole.size()].contains(&size) {
            let partial = tree.partial_tiles().into_iter().map(|tile| (tile.address(), tile.encode()));
            let all: BTreeMap<TileAddress, Vec<u8>> = written.clone().into_iter().chain(partial).collect();
            assert_eq!(all.keys().copied().collect::<Vec<_>>(), tiles_of(size).collect::<Vec<_>>(), "{size} leaves");
            assert!(all.iter().all(|(address, bytes)| *bytes == whole.tile(*address)), "{size} leaves");
            assert_eq!(tree.root(), whole.root_at(size), "{size} leaves");
        }
    }
}

#[test]
fn tiles_that_a_push_fills_come_lowest_first() {
    let mut tree = Tree::new();
    let mut last = Vec::new();
    for leaf in leaves(65_536) {
        last = tree.push(leaf);
    }
    let paths: Vec<String> = last.iter().map(|tile| tile.address().to_string()).collect();
    assert_eq!(paths, ["tile/0/255", "tile/1/000"]);
}

#[test]
fn a_tree_is_resumed_from_exactly_its_partial_tiles() {
    let whole = WholeTree::of_size(70_000);
    let tiles = partial_tiles(&whole);
    assert_eq!(Tree::resume(70_000, &tiles).unwrap().root(), whole.root_at(70_000));
    let reversed: Vec<Tile> = tiles.iter().rev().cloned().collect();
    assert_eq!(Tree::resume(70_000, &reversed).unwrap().root(), whole.root_at(70_000), "in any order");
    for (number, missing) in tiles.iter().enumerate() {
        let mut fewer = tiles.clone();
        fewer.remove(number);
        let refused = Tree::resume(70_000, &fewer).unwrap_err();
        assert_eq!(refused, TreeError::Missing { size: 70_000, tile: missing.address() });
        let twice = [tiles.as_slice(), std::slice::from_ref(missing)].concat();
        assert_eq!(Tree::resume(70_000, &twice).unwrap_err(), TreeError::Foreign { size: 70_000, tile: missing.address() });
    }
    assert!(matches!(Tree::resume(69_999, &tiles), Err(TreeError::Foreign { .. })), "of another size");
    assert_eq!(Tree::resume(0, &[]).unwrap().root(), EMPTY_ROOT);
}

#[test]
fn a_tree_of_2_to_the_63_leaves_is_not_resumed() {
    let tile = |address: TileAddress| Tile::of(address, vec![Hash([7; 32]); usize::from(address.width())]).unwrap();
    let tiles: Vec<Tile> = partial_tiles_of(TREE_LEAVES_MAX).map(tile).collect();
    let mut tree = Tree::resume(TREE_LEAVES_MAX, &tiles).unwrap();
    // The push that fills tiles of all eight levels but the last.
    assert_eq!(tree.push(Hash([8; 32])).len(), 7);
    assert_eq!(tree.size(), TREE_LEAVES_MAX + 1);
    assert_eq!(Tree::resume(TREE_LEAVES_MAX + 1, &[]).unwrap_err(), TreeError::TooLarge(1 << 63));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_resumed_tree_goes_on_as_the_one_before(size in 0..2_000_usize, more in 0..600_usize) {
        let all = leaves(size + more);
        let whole = WholeTree::of(all[..size].to_vec());
        let mut kept = Tree::new();
        for leaf in &all[..size] {
            kept.push(*leaf);
        }
        let mut resumed = Tree::resume(size as u64, &kept.partial_tiles()).unwrap();
        prop_assert_eq!(kept.partial_tiles(), partial_tiles(&whole));
        for leaf in &all[size..] {
            prop_assert_eq!(kept.push(*leaf), resumed.push(*leaf));
        }
        prop_assert_eq!((kept.root(), kept.partial_tiles()), (resumed.root(), resumed.partial_tiles()));
        prop_assert_eq!(kept.root(), WholeTree::of(all).root_at((size + more) as u64));
    }
}

//! Tiles have the addresses of C2SP tlog-tiles, and a tree has exactly the tiles that it says.

use std::collections::BTreeSet;

use dateline_proofs::{
    Hash, TILE_HASHES, TILE_LEVEL_MAX, Tile, TileAddress, TileContent, TileError, bundles_between, bundles_of, partial_tiles_of, tiles_between,
    tiles_of,
};
use proptest::prelude::*;

fn paths(tiles: impl Iterator<Item = TileAddress>) -> Vec<String> {
    tiles.map(|tile| tile.to_string()).collect()
}

#[test]
fn addresses_are_written_as_c2sp_has_them() {
    for (address, path) in [
        (TileAddress::hashes(0, 1_234_067, 256), "tile/0/x001/x234/067"),
        (TileAddress::hashes(63, 0, 1), "tile/63/000.p/1"),
        (TileAddress::hashes(3, 999, 255), "tile/3/999.p/255"),
        (TileAddress::hashes(1, 1_000, 256), "tile/1/x001/000"),
        (TileAddress::entries(5, 256), "tile/entries/005"),
        (TileAddress::entries(1_000_000, 17), "tile/entries/x001/x000/000.p/17"),
        (TileAddress::entries(u64::MAX, 255), "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255"),
    ] {
        assert_eq!(address.clone().unwrap().to_string(), path);
        assert_eq!(path.parse(), address, "{path}");
    }
}

#[test]
fn no_other_text_is_an_address() {
    for wrong in [
        "",
        "tile",
        "tile/0",
        "/tile/0/000",
        "tile/0/",
        "tile/0/000/",
        "tile/00/000",
        "tile/+1/000",
        "tile/-1/000",
        "tile/64/000",
        "tile/256/000",
        "tile//000",
        "tile/data/000",
        "tile/Entries/000",
        "tile/8/0/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/+01",
        "tile/0/x000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001/x001",
        "tile/0/X001/001",
        "tile/0/x0a1/001",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/000.p/65537",
        "tile/0/000 ",
        // One more than 64 bits hold, and much more.
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert!(matches!(wrong.parse::<TileAddress>(), Err(TileError::Path { .. })), "{wrong}");
    }
    let endless = format!("tile/0/{}000", "x001/".repeat(100_000));
    let refused = endless.parse::<TileAddress>().unwrap_err().to_string();
    assert!(refused.len() < 200, "an endless path is shortened: {refused}");
}

#[test]
fn levels_and_widths_have_bounds() {
    assert!(TileAddress::hashes(TILE_LEVEL_MAX, 0, 256).is_ok());
    assert_eq!(TileAddress::hashes(TILE_LEVEL_MAX + 1, 0, 256), Err(TileError::Level(64)));
    assert_eq!(TileAddress::hashes(0, 0, 0), Err(TileError::Width(0)));
    assert_eq!(TileAddress::hashes(0, 0, TILE_HASHES + 1), Err(TileError::Width(257)));
    assert_eq!(TileAddress::entries(0, 0), Err(TileError::Width(0)));
    let partial = TileAddress::hashes(1, 7, 255).unwrap();
    assert!(partial.is_partial() && !partial.full().is_partial());
    assert_eq!(partial.full(), TileAddress::hashes(1, 7, 256).unwrap());
}

#[test]
fn a_tree_of_70_000_leaves_has_the_tiles_that_c2sp_counts() {
    let tiles = paths(tiles_of(70_000));
    assert_eq!(tiles.iter().filter(|path| path.starts_with("tile/0/") && !path.contains(".p/")).count(), 273);
    assert_eq!(tiles[273..], ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]);
    assert_eq!(paths(partial_tiles_of(70_000)), ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
    assert_eq!(paths(tiles_of(256)), ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(paths(partial_tiles_of(256)), ["tile/1/000.p/1"]);
    assert_eq!(paths(tiles_of(0)), [""; 0]);
    assert_eq!(paths(bundles_of(0)), [""; 0]);
    assert_eq!(paths(bundles_of(257)), ["tile/entries/000", "tile/entries/001.p/1"]);
    // The largest size has one tile of level 7, almost full.
    assert_eq!(paths(partial_tiles_of(u64::MAX)).last().unwrap(), "tile/7/000.p/255");
}

#[test]
fn what_is_new_is_what_grew() {
    assert_eq!(paths(tiles_between(100, 101)), ["tile/0/000.p/101"]);
    assert_eq!(paths(tiles_between(255, 257)), ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]);
    assert_eq!(paths(tiles_between(257, 258)), ["tile/0/001.p/2"]);
    assert_eq!(paths(tiles_between(70_000, 70_000)), [""; 0]);
    assert_eq!(paths(tiles_between(70_000, 10)), [""; 0]);
    assert_eq!(paths(bundles_between(255, 257)), ["tile/entries/000", "tile/entries/001.p/1"]);
    assert_eq!(paths(bundles_between(256, 256)), [""; 0]);
    assert_eq!(paths(bundles_between(512, 3)), [""; 0]);
}

#[test]
fn the_bytes_of_a_tile_fill_it() {
    let address = TileAddress::hashes(0, 0, 3).unwrap();
    let bytes: Vec<u8> = (0..96).collect();
    let tile = Tile::decode(address, &bytes).unwrap();
    assert_eq!((tile.encode(), tile.hashes().len(), tile.address()), (bytes.clone(), 3, address));
    for length in [0, 1, 95] {
        let refused = Tile::decode(address, &bytes[..length]);
        assert_eq!(refused, Err(TileError::Length { address, wanted: 96, got: length }));
    }
    assert!(Tile::decode(address, &[bytes.as_slice(), &[0]].concat()).is_err());
    assert!(Tile::of(address, vec![Hash([0; 32]); 2]).is_err());
    let entries = TileAddress::entries(0, 3).unwrap();
    assert_eq!(Tile::decode(entries, &bytes), Err(TileError::NoHashes(entries)));
}

proptest! {
    #[test]
    fn any_address_reads_back(level in prop::option::of(0..=TILE_LEVEL_MAX), index in any::<u64>(), width in 1..=TILE_HASHES) {
        let address = match level {
            Some(level) => TileAddress::hashes(level, index, width),
            None => TileAddress::entries(index, width),
        };
        prop_assert_eq!(address.clone().unwrap().to_string().parse(), address);
    }

    #[test]
    fn old_tiles_and_new_ones_are_all_tiles(old in 0..200_000_u64, more in 0..70_000_u64) {
        let new = old + more;
        let had: BTreeSet<_> = tiles_of(old).collect();
        let has: BTreeSet<_> = tiles_of(new).collect();
        let came: BTreeSet<_> = tiles_between(old, new).collect();
        prop_assert_eq!(&came, &has.difference(&had).copied().collect::<BTreeSet<_>>());
        // Only partial ones go.
        prop_assert!(had.difference(&has).all(TileAddress::is_partial));
        prop_assert_eq!(has.iter().filter(|tile| tile.is_partial()).copied().collect::<Vec<_>>(), partial_tiles_of(new).collect::<Vec<_>>());
        // The widths of a level are the hashes that there are.
        for level in 0..3_u8 {
            let wide: u64 = has.iter().filter(|tile| tile.content() == TileContent::Hashes { level }).map(|tile| u64::from(tile.width())).sum();
            prop_assert_eq!(wide, new >> (8 * level));
        }
        let entries: u64 = bundles_of(new).map(|bundle| u64::from(bundle.width())).sum();
        prop_assert_eq!(entries, new);
    }
}

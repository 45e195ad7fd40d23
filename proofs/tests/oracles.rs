//! Others' programs agree: ct-merkle on roots and proofs, tlog_tiles on tiles, proofs and checkpoints, signed_note on keys and notes.
//! What they write is accepted, what is written here they accept, and what was tampered with both refuse.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use dateline_proofs::{
    Checkpoint, Hash, Note, SignerKey, TileAddress, TileContent, Tree, VerifierKey, consistency_proof, inclusion_proof, leaf_hash, tiles_between,
    tiles_of, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use sha2::Sha256;
use signed_note::{Note as OtherNote, Signer as _, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint as OtherCheckpoint, Tile as OtherTile, TileHashReader, TileReader, check_record, check_tree, prove_record, prove_tree};

use super::support::{ORIGIN, WholeTree, log_key, verifiers};

fn ours(hash: &tlog_tiles::Hash) -> Hash {
    Hash(hash.0)
}

fn theirs(hash: &Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(hash.0)
}

fn their_proof(proof: &[Hash]) -> Vec<tlog_tiles::Hash> {
    proof.iter().map(theirs).collect()
}

/// The tile that tlog_tiles means, which has the height in its path, and calls entries data.
fn address_of(tile: &OtherTile) -> TileAddress {
    assert_eq!(tile.height(), 8);
    tile.path().replacen("tile/8/", "tile/", 1).replacen("tile/data/", "tile/entries/", 1).parse().unwrap()
}

/// Our tiles, for the reader of tlog_tiles, which checks each against the root.
struct OurTiles<'a>(&'a WholeTree);

impl TileReader for OurTiles<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[OtherTile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        Ok(tiles.iter().map(|tile| self.0.tile(address_of(tile))).collect())
    }

    fn save_tiles(&self, _: &[OtherTile], _: &[Vec<u8>]) {}
}

fn bytes_of(number: usize) -> Vec<u8> {
    format!("leaf {number}").into_bytes()
}

fn ct_root(size: u64, root: &Hash) -> RootHash<Sha256> {
    RootHash::new(root.0.into(), size)
}

fn raw(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

fn parse(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks_exact(32).map(|hash| Hash(hash.try_into().unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn ct_merkle_has_the_same_roots_and_proofs(old in 1..600_usize, more in 0..600_usize, index in any::<prop::sample::Index>(), bit in 0..256_usize) {
        let size = old + more;
        let (mut tree, mut other) = (Tree::new(), MemoryBackedTree::<Sha256, Vec<u8>>::new());
        let mut old_root = tree.root();
        for number in 0..size {
            tree.push(leaf_hash(&bytes_of(number)));
            other.push(bytes_of(number));
            if number + 1 == old {
                old_root = tree.root();
            }
        }
        let (root, whole, index) = (tree.root(), WholeTree::of_size(size), index.index(size));
        prop_assert_eq!(root.0.to_vec(), other.root().as_bytes().to_vec());
        let included = inclusion_proof(index as u64, size as u64, whole.reader()).unwrap();
        prop_assert_eq!(&included, &parse(other.prove_inclusion(index).as_bytes()));
        let consistent = consistency_proof(old as u64, size as u64, whole.reader()).unwrap();
        prop_assert_eq!(&consistent, &parse(other.prove_consistency(more).as_bytes()));
        // Both verify it, and refuse one that differs by a bit.
        let leaf = leaf_hash(&bytes_of(index));
        let both = |proof: &[Hash]| {
            let other = InclusionProof::<Sha256>::try_from_bytes(raw(proof)).unwrap();
            let theirs = ct_root(size as u64, &root).verify_inclusion(&bytes_of(index), index as u64, &other).is_ok();
            (verify_inclusion(&leaf, index as u64, size as u64, proof, &root).is_ok(), theirs)
        };
        prop_assert_eq!(both(&included), (true, true));
        let both_consistent = |proof: &[Hash]| {
            let other = ConsistencyProof::<Sha256>::try_from_bytes(raw(proof)).unwrap();
            let theirs = ct_root(size as u64, &root).verify_consistency(&ct_root(old as u64, &old_root), &other).is_ok();
            (verify_consistency(old as u64, &old_root, size as u64, &root, proof).is_ok(), theirs)
        };
        prop_assert_eq!(both_consistent(&consistent), (true, true));
        for number in 0..included.len() {
            let mut altered = included.clone();
            altered[number].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(both(&altered), (false, false));
        }
        for number in 0..consistent.len() {
            let mut altered = consistent.clone();
            altered[number].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(both_consistent(&altered), (false, false));
        }
    }

    #[test]
    fn tlog_tiles_reads_our_tiles_and_makes_the_same_proofs(old in 1..1_200_u64, more in 0..1_200_u64, index in any::<u64>()) {
        let size = old + more;
        let (whole, index) = (WholeTree::of_size(size as usize), index % size);
        let (old_root, root) = (whole.root_at(old), whole.root_at(size));
        let tiles = OurTiles(&whole);
        let reader = TileHashReader::new(size, theirs(&root), &tiles);
        let leaf = whole.leaves()[index as usize];
        prop_assert_eq!(ours(&tlog_tiles::record_hash(&bytes_of(index as usize))), leaf);
        let included = inclusion_proof(index, size, whole.reader()).unwrap();
        prop_assert_eq!(&their_proof(&included), &prove_record(size, index, &reader).unwrap());
        prop_assert!(check_record(&their_proof(&included), size, theirs(&root), index, theirs(&leaf)).is_ok());
        let consistent = consistency_proof(old, size, whole.reader()).unwrap();
        prop_assert_eq!(&their_proof(&consistent), &prove_tree(size, old, &reader).unwrap());
        prop_assert!(check_tree(&their_proof(&consistent), size, theirs(&root), old, theirs(&old_root)).is_ok());
    }

    #[test]
    fn tlog_tiles_says_the_same_of_any_sizes(old in 1..70_u64, new in 1..70_u64, claimed_old in 1..70_u64, claimed_new in 1..70_u64, index in 0..70_u64, claimed_index in 0..70_u64) {
        let (old, new) = (old.min(new), old.max(new));
        let whole = WholeTree::of_size(new as usize);
        let (old_root, root, index) = (whole.root_at(old), whole.root_at(new), index % new);
        let proof = consistency_proof(old, new, whole.reader()).unwrap();
        let verdict = verify_consistency(claimed_old, &old_root, claimed_new, &root, &proof).is_ok();
        prop_assert_eq!(verdict, check_tree(&their_proof(&proof), claimed_new, theirs(&root), claimed_old, theirs(&old_root)).is_ok());
        let (leaf, proof) = (whole.leaves()[index as usize], inclusion_proof(index, new, whole.reader()).unwrap());
        let verdict = verify_inclusion(&leaf, claimed_index, claimed_new, &proof, &root).is_ok();
        prop_assert_eq!(verdict, check_record(&their_proof(&proof), claimed_new, theirs(&root), claimed_index, theirs(&leaf)).is_ok());
    }

    #[test]
    fn tlog_tiles_has_the_same_addresses(level in 0..=63_u8, index in any::<u64>(), width in 1..=256_u16, is_data in any::<bool>()) {
        let level = if is_data { 0 } else { level };
        let other = OtherTile::new(8, level, index, u32::from(width), is_data);
        let address = if is_data { TileAddress::entries(index, width) } else { TileAddress::hashes(level, index, width) }.unwrap();
        prop_assert_eq!(address_of(&other), address);
        let path = address.to_string().replacen("tile/", "tile/8/", 1).replacen("/entries/", "/data/", 1);
        prop_assert_eq!(OtherTile::from_path(&path).unwrap(), other);
    }

    #[test]
    fn tlog_tiles_refuses_the_same_paths(rest in "(x[01]{3}/){0,2}[01]{3}(\\.p/[1-9][0-9]{0,2})?|[x01.p/]{1,12}") {
        // Their reader panics at a width of 0, which is refused here.
        prop_assume!(!rest.rsplit_once(".p/").is_some_and(|(_, width)| width.bytes().all(|digit| digit == b'0')));
        let (ours, theirs) = (format!("tile/0/{rest}").parse::<TileAddress>(), OtherTile::from_path(&format!("tile/8/0/{rest}")));
        prop_assert_eq!(ours.is_ok(), theirs.is_ok());
    }

    #[test]
    fn tlog_tiles_lists_the_same_tiles(old in 0..300_000_u64, more in 0..70_000_u64) {
        let new = old + more;
        let listed: Vec<TileAddress> = OtherTile::new_tiles(8, old, new).iter().map(address_of).collect();
        prop_assert_eq!(tiles_between(old, new).collect::<Vec<_>>(), listed);
        let all: Vec<TileAddress> = OtherTile::new_tiles(8, 0, new).iter().map(address_of).collect();
        prop_assert_eq!(tiles_of(new).collect::<Vec<_>>(), all);
    }

    #[test]
    fn tlog_tiles_has_the_same_checkpoints(origin in "[^\\pC]{1,20}", size in any::<u64>(), root in any::<[u8; 32]>(), extensions in prop::collection::vec("[^\\pC]{1,9}", 0..3), at in any::<prop::sample::Index>(), with in "[ 0a\n=]{0,2}") {
        let lines: String = extensions.iter().map(|line| format!("{line}\n")).collect();
        let mut checkpoint = Checkpoint::new(&origin, size, Hash(root)).unwrap();
        for line in &extensions {
            checkpoint = checkpoint.with_extension(line).unwrap();
        }
        let other = OtherCheckpoint::new(&origin, size, tlog_tiles::Hash(root), &lines).unwrap();
        prop_assert_eq!(other.to_bytes(), checkpoint.text().into_bytes());
        // What was damaged is the same to both.
        let mut text = checkpoint.text();
        let at = at.index(text.len());
        if text.is_char_boundary(at) {
            text.insert_str(at, &with);
            if let (Ok(ours), Ok(other)) = (text.parse::<Checkpoint>(), OtherCheckpoint::from_bytes(text.as_bytes())) {
                prop_assert_eq!((ours.origin(), ours.size(), ours.root()), (other.origin(), other.size(), Hash(other.hash().0)));
            }
        }
    }

    #[test]
    fn signed_note_has_the_same_keys_and_signatures(name in "[^ +\\pC\\pZ]{1,30}", seed in any::<[u8; 32]>(), text in "[^\\pC]{0,30}(\n[^\\pC]{0,10}){0,3}") {
        let text = format!("{text}\n");
        let key = SignerKey::from_seed(&name, seed).unwrap();
        // They read our keys and sign the same bytes.
        let signer = StandardSigner::new(&key.secret_text()).unwrap();
        let verifier = StandardVerifier::new(&key.verifier().to_string()).unwrap();
        prop_assert_eq!((signer.name(), signer.key_id()), (key.verifier().name(), key.verifier().id()));
        let mut other = OtherNote::new(text.as_bytes(), &[]).unwrap();
        other.add_sigs(&[&signer]).unwrap();
        let note = Note::sign(&text, &[&key]).unwrap();
        prop_assert_eq!(note.to_string().into_bytes(), other.to_bytes());
        // Each accepts what the other wrote.
        let known: Vec<VerifierKey> = verifiers(&[&key]);
        prop_assert!(Note::parse(&other.to_bytes()).unwrap().verify(&known).is_ok());
        let list = VerifierList::new(vec![Box::new(verifier)]);
        prop_assert!(OtherNote::from_bytes(note.to_string().as_bytes()).unwrap().verify(&list).is_ok());
    }

    #[test]
    fn signed_note_refuses_the_same_notes(bit in 0..8_u8, at in any::<prop::sample::Index>(), cut in any::<bool>()) {
        let note = Note::sign("one\n\ntwo\n", &[&log_key(1), &log_key(2)]).unwrap();
        let mut bytes = note.to_string().into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        let known = verifiers(&[&log_key(1), &log_key(2)]);
        let list = VerifierList::new(known.iter().map(|key| Box::new(StandardVerifier::new(&key.to_string()).unwrap()) as Box<dyn signed_note::Verifier>).collect());
        let ours = Note::parse(&bytes).is_ok_and(|note| note.verify(&known).is_ok());
        let theirs = OtherNote::from_bytes(&bytes).is_ok_and(|note| note.verify(&list).is_ok());
        prop_assert_eq!(ours, theirs, "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn tlog_tiles_finds_a_tile_that_was_tampered_with() {
    struct Tampered<'a>(&'a WholeTree);
    impl TileReader for Tampered<'_> {
        fn height(&self) -> u8 {
            8
        }
        fn read_tiles(&self, tiles: &[OtherTile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
            let mut read = OurTiles(self.0).read_tiles(tiles)?;
            for (tile, bytes) in tiles.iter().zip(&mut read) {
                if address_of(tile).content() == (TileContent::Hashes { level: 0 }) {
                    bytes[0] ^= 1;
                }
            }
            Ok(read)
        }
        fn save_tiles(&self, _: &[OtherTile], _: &[Vec<u8>]) {}
    }
    let whole = WholeTree::of_size(1_000);
    let root = whole.root_at(1_000);
    let tiles = Tampered(&whole);
    assert!(prove_record(1_000, 5, &TileHashReader::new(1_000, theirs(&root), &tiles)).is_err());
    // Here the reader's tiles are taken as they are, and the proof made of them does not verify.
    let tampered = |address: TileAddress| {
        let mut bytes = whole.tile(address);
        bytes[0] ^= u8::from(address.content() == TileContent::Hashes { level: 0 });
        Ok::<_, std::convert::Infallible>(bytes)
    };
    let proof = inclusion_proof(5, 1_000, tampered).unwrap();
    assert!(verify_inclusion(&whole.leaves()[5], 5, 1_000, &proof, &root).is_err());
}

#[test]
fn a_whole_signed_checkpoint_is_read_by_both() {
    let checkpoint = Checkpoint::new(ORIGIN, 5, WholeTree::of_size(5).root_at(5)).unwrap();
    let note = checkpoint.sign(&[&log_key(1), &log_key(2)]).unwrap().to_string();
    let other = OtherNote::from_bytes(note.as_bytes()).unwrap();
    let vkeys = [1, 2].map(|number| StandardVerifier::new(&log_key(number).verifier().to_string()).unwrap());
    let list = VerifierList::new(vkeys.map(|key| Box::new(key) as Box<dyn signed_note::Verifier>).into());
    assert_eq!(other.verify(&list).unwrap().0.len(), 2);
    let read = OtherCheckpoint::from_bytes(other.text()).unwrap();
    assert_eq!((read.origin(), read.size(), Hash(read.hash().0)), (ORIGIN, 5, checkpoint.root()));
}

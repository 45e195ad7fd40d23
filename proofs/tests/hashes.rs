//! Hashes are those of RFC 6962: the vectors that Certificate Transparency published, and text that reads back.

use dateline_proofs::{EMPTY_ROOT, Hash, HashError, leaf_hash, node_hash, root_of};
use sha2::{Digest, Sha256};

use super::support::{bytes, hash};

/// The eight leaves of Certificate Transparency's tests, and the roots of the trees of the first one, two … of them.
pub const LEAVES: [&str; 8] = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
pub const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

pub fn published_leaves() -> Vec<Hash> {
    LEAVES.iter().map(|leaf| leaf_hash(&bytes(leaf))).collect()
}

#[test]
fn the_empty_tree_has_the_hash_of_nothing() {
    assert_eq!(EMPTY_ROOT, hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_eq!(EMPTY_ROOT.0, <[u8; 32]>::from(Sha256::digest([])));
    assert_eq!(root_of(&[]), EMPTY_ROOT);
}

#[test]
fn the_published_trees_have_their_roots() {
    let leaves = published_leaves();
    for (size, root) in (1..).zip(ROOTS) {
        assert_eq!(root_of(&leaves[..size]), hash(root), "{size} leaves");
    }
}

#[test]
fn a_leaf_is_no_node() {
    let (left, right) = (leaf_hash(b"left"), leaf_hash(b"right"));
    let both = [left.0, right.0].concat();
    assert_ne!(leaf_hash(&both), node_hash(&left, &right));
    assert_ne!(node_hash(&left, &right), node_hash(&right, &left));
    assert_ne!(leaf_hash(b""), EMPTY_ROOT);
}

#[test]
fn a_hash_has_one_text() {
    let text = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let hash: Hash = text.parse().unwrap();
    assert_eq!(hash.to_string(), text);
    assert_eq!(format!("{hash:?}"), format!("Hash({text})"));
    // One byte too few and too many, no padding, the other alphabet, bits that say nothing, spaces.
    for wrong in [
        "",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2Ii",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I",
        "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=",
        " CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    ] {
        assert_eq!(wrong.parse::<Hash>(), Err(HashError), "{wrong}");
    }
}

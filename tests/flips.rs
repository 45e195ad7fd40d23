//! Damage in the embedded files is found, or changes no answer: a flipped byte in each page of ledger, state and views, and each file cut
//! short at each page.
//!
//! Every answer of a server on the damaged copy equals that of the undamaged one or is not 200, or the server says at start which file is
//! damaged. What no answer shows is harmless where the tables still hold the same and every index fits them; else it went unnoticed.

mod copies;
mod told;

use std::collections::BTreeMap;
use std::path::Path;

use copies::{Damage, History, PAGE_BYTES};
use told::Outcome;

use crate::needs;

/// What is damaged: the file, and one in how many of its pages is flipped and cut at, in the ordinary run and in the long one.
const FILES: [(&str, [usize; 2], [usize; 2]); 3] =
    [("ledger.db", [100, 1], [150, 10]), ("keep.db", [1, 1], [1, 1]), ("views.db", [400, 1], [600, 30])];

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_found_or_changes_no_answer() {
    let history = History::make().await;
    let run = usize::from(needs::long_run());
    let mut unnoticed = Vec::new();
    for (file, flips, cuts) in FILES {
        let bytes = history.bytes(file);
        let pages = 0..bytes.len() / PAGE_BYTES;
        let flips = pages.clone().step_by(flips[run]).map(|page| Damage::flip(page, bytes.len()));
        // A file that is gone altogether is another promise: the ledger remembers that there were keys.
        let cuts = pages.skip(1).step_by(cuts[run]).map(|page| Damage::Cut { page });
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for damage in flips.chain(cuts) {
            let outcome = told::of(&history, Path::new(file), &damage).await;
            *counts.entry(outcome.name()).or_default() += 1;
            match outcome {
                Outcome::Wrong(what) => panic!("{file}, {damage}: {what}"),
                Outcome::Unnoticed(what) => unnoticed.push(format!("{file}, {damage}: {what}")),
                _ => {}
            }
        }
        println!("{file}: {counts:?}");
    }
    println!("unnoticed: {}", unnoticed.len());
    let precious: Vec<_> = unnoticed.iter().filter(|what| !what.starts_with("views.db")).collect();
    assert!(precious.is_empty(), "{precious:#?}");
}

//! Damage in the embedded files is found, or changes no answer: a flipped byte in each page of ledger, state and views, each file cut
//! short at each page, and reads, writes and syncs that fail.
//!
//! Every answer of a server on the damaged copy equals that of the undamaged one or is not 200, or the server says at start which file is
//! damaged. What no answer shows is harmless where the tables still hold the same and every index fits them; else it went unnoticed.

mod copies;
mod injected;
mod told;

use std::collections::BTreeMap;
use std::path::Path;

use copies::{Damage, History, PAGE_BYTES};
use injected::{Came, Fault};
use told::Outcome;

use crate::needs;

/// What is damaged: the file, and one in how many of its pages is flipped and cut at, in the ordinary run and in the long one.
const FILES: [(&str, [usize; 2], [usize; 2]); 3] =
    [("ledger.db", [100, 1], [150, 10]), ("state.db", [1, 1], [1, 1]), ("views.db", [400, 1], [600, 30])];

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_found_or_changes_no_answer() {
    let history = History::shared().await;
    let run = usize::from(needs::long_run());
    let mut unnoticed = Vec::new();
    for (file, flips, cuts) in FILES {
        let bytes = history.bytes(file);
        let pages = 0..bytes.len() / PAGE_BYTES;
        let flips = pages.clone().step_by(flips[run]).map(|page| Damage::flip(page, bytes.len()));
        // Cut before its first page, nothing is left of a file.
        let cuts = pages.step_by(cuts[run]).map(|page| Damage::Cut { page });
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

/// Which calls fail, and the how manieth of them in the ordinary run: of each file some, and of each kind of call.
const FAILING: [(&str, &str, &[usize]); 9] = [
    ("ledger.db", "pread64", &[200]),
    ("ledger.db", "pwrite64", &[2]),
    ("ledger.db", "fsync,fdatasync", &[2]),
    ("state.db", "pread64", &[3]),
    ("state.db", "pwrite64", &[]),
    ("state.db", "fsync,fdatasync", &[]),
    ("views.db", "pread64", &[]),
    ("views.db", "pwrite64", &[2]),
    ("views.db", "fsync,fdatasync", &[]),
];

/// In the long run the first calls fail one by one, then ever fewer of them, up to this one or the last.
const ONE_BY_ONE: usize = 12;
const NTH_MAX: usize = 20_000;

fn next(nth: usize) -> usize {
    if nth < ONE_BY_ONE { nth + 1 } else { nth + nth / 3 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_is_told_or_changes_no_answer_and_loses_nothing() {
    let Some(()) = needs::found("calls cannot be made to fail here", injected::possible()) else { return };
    let history = History::shared().await;
    let is_long = needs::long_run();
    let (mut counts, mut unnoticed): (BTreeMap<String, usize>, _) = (BTreeMap::new(), Vec::new());
    let mut calls_failed = 0;
    for (file, calls, short) in FAILING {
        let all = std::iter::successors(Some(1), |nth| Some(next(*nth))).take_while(|nth| *nth <= NTH_MAX);
        let chosen: Vec<usize> = if is_long { all.collect() } else { short.to_vec() };
        for nth in chosen {
            let fault = Fault { file, calls, nth };
            let (came, injected) = injected::of(&history, fault).await;
            calls_failed += injected;
            let is_last = injected == 0;
            let name = match came {
                Came::Unnoticed(what) => {
                    unnoticed.push(format!("{fault:?}: {what}"));
                    "unnoticed".to_owned()
                }
                came => format!("{came:?}"),
            };
            println!("{fault:?}: {name}, {injected} calls failed");
            *counts.entry(name).or_default() += 1;
            if is_last {
                break;
            }
        }
    }
    println!("{calls_failed} calls failed in {} runs: {counts:?}", counts.values().sum::<usize>());
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}

//! Appends in process, A B A B with bare SQLite.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use dateline_backends::{Ledger, LedgerOptions};
use tokio::runtime::Runtime;

use crate::Options;
use crate::support::append::{Shape, run};
use crate::support::generate::small;
use crate::support::machine::median;
use crate::support::raw::RawLedger;

pub fn measure(runtime: &Runtime, options: &Options) {
    println!(
        "### Append, in process\n\n| callers × events a call | ids | ours, events/s | raw SQLite, rows/s, in commits of | ratio |\n|---|---|---|---|---|"
    );
    let shapes = [(1, 1, 1_000), (32, 1, 16_000), (64, 1, 32_000), (8, 100, 64_000), (8, 1_000, 96_000)];
    for (callers, batch, events) in shapes {
        for sorted in [true, false] {
            pair(runtime, Shape { callers, batch, sorted }, options.scaled(events), options.pairs);
        }
    }
    println!();
}

fn pair(runtime: &Runtime, shape: Shape, events: usize, pairs: usize) {
    let folder = crate::support::folder();
    let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let ledger = runtime.block_on(Ledger::open(&url, LedgerOptions::writer())).expect("a ledger");
    let mut raw = RawLedger::open(&folder.path().join("raw.db")).expect("raw SQLite");
    let next = Arc::new(AtomicU64::new(1));
    // Once without measuring: it shows how many events one commit gathers, which the raw side then does too.
    let before = ledger.commits();
    runtime.block_on(run(&ledger, shape, events, &next));
    let commit = (events as f64 / (ledger.commits() - before) as f64).round().max(1.0) as usize;
    let (mut ours, mut theirs, mut ratios, mut unique) = (Vec::new(), Vec::new(), Vec::new(), 1_u64 << 40);
    for _ in 0..pairs {
        let mine = events as f64 / runtime.block_on(run(&ledger, shape, events, &next));
        let prepared: Vec<_> = (unique..unique + events as u64).map(|number| small(number, shape.sorted)).collect();
        unique += events as u64;
        let begun = std::time::Instant::now();
        for page in prepared.chunks(commit) {
            raw.insert(page).expect("an insert");
        }
        let bare = events as f64 / begun.elapsed().as_secs_f64();
        ours.push(mine);
        theirs.push(bare);
        ratios.push(mine / bare);
    }
    let ids = if shape.sorted { "sorted" } else { "random" };
    println!("| {} × {} | {ids} | {:.0} | {:.0}, {commit} | {:.2} |", shape.callers, shape.batch, median(ours), median(theirs), median(ratios));
}

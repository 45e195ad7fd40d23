//! Criterion: appends in process, beside bare SQLite inserting the same rows in commits of the same size.
//! `cargo bench --bench append`; for ratios of interleaved runs see `cargo bench --bench load -- --only append`.
#![expect(dead_code, reason = "the benches share their support")]

mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dateline_backends::{Ledger, LedgerOptions};
use support::append::{Shape, run};
use support::generate::small;
use support::raw::RawLedger;

const SHAPES: [(&str, Shape, usize); 5] = [
    ("1 caller", Shape { callers: 1, batch: 1, sorted: true }, 200),
    ("32 callers", Shape { callers: 32, batch: 1, sorted: true }, 3_200),
    ("64 callers", Shape { callers: 64, batch: 1, sorted: true }, 6_400),
    ("8 callers x 100", Shape { callers: 8, batch: 100, sorted: true }, 8_000),
    ("8 callers x 1000", Shape { callers: 8, batch: 1_000, sorted: true }, 16_000),
];

fn append(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for (name, shape, events) in SHAPES {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).throughput(Throughput::Elements(events as u64)).measurement_time(Duration::from_secs(5));
        let folder = support::folder();
        let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
        let ledger = runtime.block_on(Ledger::open(&url, LedgerOptions::writer())).expect("a ledger");
        let next = Arc::new(AtomicU64::new(1));
        group.bench_function("ledger", |bencher| {
            bencher.iter_custom(|rounds| Duration::from_secs_f64((0..rounds).map(|_| runtime.block_on(run(&ledger, shape, events, &next))).sum()));
        });
        let mut raw = RawLedger::open(&folder.path().join("raw.db")).expect("raw SQLite");
        let mut unique = 1 << 40;
        let commit = (shape.callers * shape.batch).min(1_000);
        group.bench_function("raw SQLite", |bencher| {
            bencher.iter_custom(|rounds| {
                let mut took = Duration::ZERO;
                for _ in 0..rounds {
                    unique += events as u64;
                    let prepared: Vec<_> = (unique..unique + events as u64).map(|number| small(number, shape.sorted)).collect();
                    let begun = std::time::Instant::now();
                    for page in prepared.chunks(commit) {
                        raw.insert(page).expect("an insert");
                    }
                    took += begun.elapsed();
                }
                took
            });
        });
        group.finish();
    }
}

criterion_group!(benches, append);
criterion_main!(benches);

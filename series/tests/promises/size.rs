//! A hundred thousand series fit in memory, and a telling costs little. Figures of speed are printed, not promised.

use std::time::Instant;

use dateline_series::{Settings, Watch};

use crate::chance::Chance;

/// Bytes a series, what it holds on the heap included.
const BYTES_MAX: usize = 3 * 1_024;

#[test]
fn a_series_is_small_however_long_it_is_told() {
    let settings = Settings::default();
    let (series, buckets) = if std::env::var("DATELINE_LONG").is_ok() { (100_000, 300) } else { (1_000, 300) };
    let mut watches: Vec<Watch> = (0..series).map(|_| Watch::new(1_200).unwrap()).collect();
    let mut chance = Chance::new(7);
    let counts: Vec<u64> = (0..4_096).map(|_| chance.poisson(3.0)).collect();
    let started = Instant::now();
    let mut told = 0_usize;
    for bucket in 0..buckets {
        for (number, watch) in watches.iter_mut().enumerate() {
            let outage = u64::from(bucket > 200) * 100;
            told += watch.tell(bucket * 1_200, counts[(number * 31 + bucket as usize * 7) % counts.len()] + outage, &settings).unwrap().len();
        }
    }
    let nanoseconds = started.elapsed().as_nanos() as f64 / (f64::from(series) * buckets as f64);
    let bytes = watches.iter().map(Watch::bytes).max().unwrap();
    let saved = serde_json::to_string(&watches[0]).unwrap().len();
    let all = watches.iter().map(Watch::bytes).sum::<usize>() as f64 / 1e6;
    println!("{series} series: {bytes} bytes each at most ({} in the struct), {all:.0} MB together, {saved} bytes as JSON", size_of::<Watch>());
    println!("{nanoseconds:.0} ns a telling (one thread), {told} findings");
    assert!(bytes <= BYTES_MAX, "{bytes} bytes a series, {BYTES_MAX} are promised");
}

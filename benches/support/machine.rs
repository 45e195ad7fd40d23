//! What machine this is, what its disk can do, and what a process holds.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// The machine in one line.
pub fn line() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = read("/proc/meminfo").lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024 / 1024;
    let model =
        read("/proc/cpuinfo").lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1)).unwrap_or("?").to_owned();
    format!("{cores} cores ({model}), {memory} GiB, Linux {}", read("/proc/sys/kernel/osrelease").trim())
}

/// Median and worst of 50 `fdatasync` of 4 KiB in a folder, in milliseconds.
pub fn sync_ms(folder: &Path) -> (f64, f64) {
    let Ok(mut file) = std::fs::File::create(folder.join("probe")) else { return (0.0, 0.0) };
    let mut took: Vec<Duration> = Vec::new();
    for _ in 0..50 {
        let begun = Instant::now();
        if file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).is_err() {
            return (0.0, 0.0);
        }
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    (took[25].as_secs_f64() * 1e3, took[49].as_secs_f64() * 1e3)
}

/// Resident memory of a process now and at most, in MiB.
pub fn memory_mib(process: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| {
        status.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// A share of the way through sorted values.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = ((sorted.len() as f64 - 1.0) * share).round() as usize;
    sorted.get(at).copied().unwrap_or(0.0)
}

//! What machine this is, what its disk can do, and what a process holds.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// The machine in one line.
pub fn line() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = read("/proc/meminfo").lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024 / 1024;
    let model =
        read("/proc/cpuinfo").lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1)).unwrap_or("?").to_owned();
    format!("{cores} cores ({model}), {memory} GiB, Linux {}", read("/proc/sys/kernel/osrelease").trim())
}

/// So often the disk is probed.
const SYNCS: usize = 200;

/// p50 and p99 of `fdatasync` after 4 KiB in a folder, in milliseconds.
pub fn sync_ms(folder: &Path) -> (f64, f64) {
    let mut file = std::fs::File::create(folder.join("probe")).expect("a file to probe with");
    let mut took: Vec<f64> = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let begun = Instant::now();
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("a sync");
        took.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    (percentile(&took, 0.5), percentile(&took, 0.99))
}

/// A disk that answers a sync within this at the median is called quick, in milliseconds.
const QUICK_MS: f64 = 0.6;

/// A disk that was written much is slow for a while on some machines: waits until it is quick again, two minutes at most.
pub fn until_quick(folder: &Path) {
    let begun = Instant::now();
    while sync_ms(folder).0 > QUICK_MS && begun.elapsed().as_secs() < 120 {
        std::thread::sleep(std::time::Duration::from_secs(2));
    }
}

/// The processor time that a process has used, in milliseconds.
pub fn processor_ms(process: u32) -> u64 {
    // Linux counts in hundredths of a second (USER_HZ); the name in parentheses may hold spaces.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    (ticks(11) + ticks(12)) * 10
}

/// What a process holds, in MiB.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// Resident now.
    pub resident: u64,
    /// Resident at most.
    pub most: u64,
    /// What no file backs, of the resident memory.
    pub anonymous: u64,
}

impl std::fmt::Display for Memory {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} MiB resident at most, {} MiB of anonymous memory", self.most, self.anonymous)
    }
}

/// Resident memory of a process; nothing of one that has ended.
pub fn memory_mib(process: u32) -> Memory {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| {
        status.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
    };
    Memory { resident: field("VmRSS:"), most: field("VmHWM:"), anonymous: field("RssAnon:") }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The middle one, and the least and the most.
pub fn spread(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let [least, most] = [values.first(), values.last()].map(|value| value.copied().unwrap_or(0.0));
    format!("{:.digits$} ({least:.digits$} to {most:.digits$})", median(values))
}

/// A share of the way through sorted values.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = ((sorted.len() as f64 - 1.0) * share).round() as usize;
    sorted.get(at).copied().unwrap_or(0.0)
}

//! A memory cgroup for one process (version 1 or 2, whichever the machine has), and what a process holds. No promise is tested here.

use std::fs;
use std::path::{Path, PathBuf};

/// The files of a version: its limit, that of swap, what happened.
const FILES: [[&str; 3]; 2] =
    [["memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control"], ["memory.max", "memory.swap.max", "memory.events"]];

/// A memory cgroup of its own, removed when dropped; its processes must have ended by then.
pub struct Cage {
    at: PathBuf,
    events: &'static str,
}

impl Cage {
    /// Makes one in a folder of cgroups.
    pub fn make(parent: &Path, mebibytes: u64) -> Self {
        let at = parent.join(format!("dateline-test-{}", uuid::Uuid::now_v7()));
        fs::create_dir(&at).unwrap();
        let [limit, swap, events] = FILES.into_iter().find(|[limit, ..]| at.join(limit).is_file()).unwrap();
        let bytes = (mebibytes << 20).to_string();
        fs::write(at.join(limit), &bytes).unwrap();
        // Swap must not take what the limit forbids; a machine without swap may not have the file.
        let _ = fs::write(at.join(swap), if limit == "memory.max" { "0" } else { &bytes });
        Self { at, events }
    }

    /// The file that takes a process id.
    pub fn processes(&self) -> PathBuf {
        self.at.join("cgroup.procs")
    }

    /// How many of its processes the kernel has killed.
    pub fn killed(&self) -> u64 {
        let events = fs::read_to_string(self.at.join(self.events)).unwrap_or_default();
        events.lines().find_map(|line| line.strip_prefix("oom_kill ")).and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    }
}

impl Drop for Cage {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.at);
    }
}

/// Resident memory of a process now and at most, in MiB.
pub fn memory_mib(process: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0);
    (field("VmRSS:") / 1024, field("VmHWM:") / 1024)
}

/// From here on "at most" is counted anew, where the machine allows it.
pub fn forget_the_most(process: u32) {
    let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
}

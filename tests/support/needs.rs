//! What a test lacks here. The test is counted and named at the end of tests/run, and it fails where `DATELINE_REQUIRE_ALL` is set.
//! No test passes over anything in another way (tests/tidy holds that).
//!
//! A test asks first and returns when the answer is no: `let Some(file) = needs::shared_data("gcp/incidents.json") else { return };`

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A file: each test that lacks something adds a line with its reason, its name and what it lacks, with tabs between. tests/run reads it.
pub const GATHERED: &str = "DATELINE_PASSED_OVER";

/// Where it is set, a test that lacks something fails.
pub const REQUIRED: &str = "DATELINE_REQUIRE_ALL";

/// The folder of other people's real data; without it the one beside the repository is read.
pub const DATA: &str = "DATELINE_TEST_DATA";

/// A file or folder of other people's real data, which is no part of the project.
pub fn shared_data(path: &str) -> Option<PathBuf> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = crate_root.ancestors().filter(|folder| folder.join("Cargo.lock").is_file()).last().unwrap_or(crate_root);
    let file = std::env::var_os(DATA).map_or_else(|| root.join("../shared/data"), PathBuf::from).join(path);
    found("the real data is not here", if file.exists() { Ok(file) } else { Err(path.to_owned()) })
}

/// A program that others make. tests/run installs what it can.
pub fn tool(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&folders).any(|folder| folder.join(name).is_file());
    found("a tool is not installed", if is_there { Ok(()) } else { Err(name.to_owned()) }).is_some()
}

/// True for root. Others may not do what the words say, such as "make network namespaces".
pub fn root(what: &str) -> bool {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    found("only root may do it", if is_root { Ok(()) } else { Err(what.to_owned()) }).is_some()
}

/// The folder in which a test may make control groups that limit memory (version 1 or 2).
pub fn cgroup() -> Option<PathBuf> {
    let trial = |parent: &Path| {
        let group = parent.join(format!("dateline-trial-{}", std::process::id()));
        let is_made = std::fs::create_dir(&group).is_ok();
        let limits = ["memory.limit_in_bytes", "memory.max"].iter().any(|limit| group.join(limit).exists());
        // It holds no process, so nothing keeps it.
        is_made && std::fs::remove_dir(&group).is_ok() && limits
    };
    let parent = ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"].into_iter().map(Path::new).find(|parent| trial(parent));
    found("no control group that limits memory can be made", parent.map(Path::to_path_buf).ok_or_else(|| "cgroups".to_owned()))
}

/// True in `tests/run --long`. What is left to it is counted too, and no failure.
pub fn long_run() -> bool {
    let is_long = std::env::var_os("DATELINE_LONG").is_some();
    if !is_long {
        gather("left to tests/run --long", "");
    }
    is_long
}

/// The thing itself; where it could not be had, the error says what is lacking, and the test counts as passed over for this reason.
pub fn found<T>(reason: &str, thing: Result<T, String>) -> Option<T> {
    let lacking = match thing {
        Ok(thing) => return Some(thing),
        Err(lacking) => lacking,
    };
    assert!(std::env::var_os(REQUIRED).is_none(), "{reason}: {lacking}; {REQUIRED} is set, so nothing may be passed over");
    gather(reason, &lacking);
    None
}

fn gather(reason: &str, lacking: &str) {
    let test = std::thread::current().name().unwrap_or("a test without a name").to_owned();
    let mut line = String::new();
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    writeln!(line, "{reason}\t{}/{test}\t{}", env!("CARGO_PKG_NAME"), one_line(lacking)).expect("memory takes it");
    // Past the test's own captured output, so that whoever runs cargo alone sees it.
    drop(write!(std::io::stderr(), "passed over: {line}"));
    if let Some(file) = std::env::var_os(GATHERED) {
        // One write of a short line with O_APPEND: test programs that run at once do not mix theirs.
        let written = std::fs::File::options().create(true).append(true).open(&file).and_then(|mut file| file.write_all(line.as_bytes()));
        written.unwrap_or_else(|error| panic!("what is passed over cannot be written to {}: {error}", file.display()));
    }
}

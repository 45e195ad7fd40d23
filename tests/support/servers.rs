//! Where the real servers are that tests and benches start.

use std::path::{Path, PathBuf};

/// The folder where tests/run has put the real servers, or the one that DATELINE_TEST_SERVERS names.
pub fn servers() -> PathBuf {
    let given = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = root.ancestors().filter(|folder| folder.join("Cargo.lock").is_file()).last().unwrap_or(root);
    let target = || given("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder)).join("tools/servers");
    let servers = given("DATELINE_TEST_SERVERS").unwrap_or_else(target);
    assert!(servers.is_dir(), "the servers that this test needs are not in {}: run tests/run, which puts them there", servers.display());
    servers
}

//! Network namespaces of a test's own: a hub where the test runs, and one a node, joined by a bridge in the hub. They are gone when the
//! test process ends, however it ends. What runs in them is not known here.

use std::process::{Child, Command, Stdio};

/// Waits for the end of whoever holds the other end of its input, then ends what still runs in the namespaces and removes them; links
/// and addresses go with them.
const GUARD: &str = r#"read -r _; for name in "$@"; do ip netns pids "$name" | xargs -r kill -9; ip netns del "$name"; done"#;

/// The hub with its nodes.
pub struct Namespaces {
    pub prefix: String,
    guard: Child,
}

/// The hub's namespace.
pub fn hub(prefix: &str) -> String {
    format!("{prefix}-hub")
}

/// The namespace of a node: 1, 2, 3.
pub fn node(prefix: &str, number: usize) -> String {
    format!("{prefix}-{number}")
}

/// The address of a node, in a network that only these namespaces know.
pub fn address(number: usize) -> String {
    format!("10.93.7.{number}")
}

/// Runs `ip` with these words; what it said where it failed.
pub fn ip(words: &str) -> Result<(), String> {
    let ran = Command::new("ip").args(words.split(' ')).output().map_err(|error| format!("ip cannot be run: {error}"))?;
    if ran.status.success() { Ok(()) } else { Err(format!("ip {words}: {}", String::from_utf8_lossy(&ran.stderr).trim())) }
}

impl Namespaces {
    /// Makes them; the reason where that is not allowed.
    pub fn make(nodes: usize) -> Result<Self, String> {
        let prefix = format!("dateline-{}", std::process::id());
        let hub = hub(&prefix);
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "guard", &hub]).args((1..=nodes).map(|number| node(&prefix, number)));
        let guard = guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(|error| error.to_string())?;
        // From here on the guard removes what was made, also half of it.
        let made = Self { prefix, guard };
        ip(&format!("netns add {hub}"))?;
        ip(&format!("-n {hub} link set lo up"))?;
        ip(&format!("-n {hub} link add bridge type bridge"))?;
        ip(&format!("-n {hub} addr add {}/24 dev bridge", address(254)))?;
        ip(&format!("-n {hub} link set bridge up"))?;
        for number in 1..=nodes {
            let node = node(&made.prefix, number);
            ip(&format!("netns add {node}"))?;
            ip(&format!("-n {hub} link add port{number} type veth peer name outside netns {node}"))?;
            ip(&format!("-n {hub} link set port{number} master bridge up"))?;
            ip(&format!("-n {node} addr add {}/24 dev outside", address(number)))?;
            ip(&format!("-n {node} link set outside up"))?;
            ip(&format!("-n {node} link set lo up"))?;
        }
        Ok(made)
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        // The guard does the rest, as it would if the process ended here.
        drop(self.guard.stdin.take());
        drop(self.guard.wait());
    }
}

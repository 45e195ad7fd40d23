//! The public SDKs of CloudEvents, for Python and for JavaScript, publish unchanged: structured, binary and batch, with a content type
//! and without. `tests/run` installs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{exact, replay};
use crate::asking::House;
use crate::needs;

/// The folder of an SDK, if it is there and the program that it is for.
pub fn sdk(language: &str, package: &str) -> Option<PathBuf> {
    let folder = folder().join(language);
    let installed = if folder.join(package).is_dir() { Ok(folder) } else { Err(format!("cloudevents for {language}")) };
    let program = if language == "python" { "python3" } else { "node" };
    needs::found("a public SDK is not installed", installed).filter(|_| needs::tool(program))
}

/// Where tests/run has put the SDKs.
pub fn folder() -> PathBuf {
    let given = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = given("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    given("DATELINE_TEST_SDKS").unwrap_or_else(|| target.join("tools/sdks"))
}

/// Every event that was sent is kept once, in one form, with its data as JSON.
async fn publishes(house: &House, mut program: Command) {
    let said = program.output().unwrap();
    assert!(said.status.success(), "{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    let sent: usize = String::from_utf8(said.stdout).unwrap().trim().parse().unwrap();
    let kept = replay(&house.url).await;
    assert_eq!(kept.len(), sent);
    for line in kept {
        let event: serde_json::Value = serde_json::from_slice(&exact(&line)).unwrap();
        assert_eq!(event["data"]["occurred"]["at"], "2024-03-05T12:07Z", "{event}");
        assert!(event.get("data_base64").is_none(), "{event}");
    }
}

#[tokio::test]
async fn the_python_sdk_publishes_unchanged() {
    let Some(folder) = sdk("python", "cloudevents") else { return };
    let house = House::start();
    let mut program = Command::new("python3");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/intake/sdks/publish.py");
    program.arg("-B").arg(script).arg(house.url.trim_start_matches("http://")).env("PYTHONPATH", folder);
    publishes(&house, program).await;
}

#[tokio::test]
async fn the_javascript_sdk_publishes_unchanged() {
    let Some(folder) = sdk("node", "node_modules/cloudevents") else { return };
    let house = House::start();
    let mut program = Command::new("node");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/intake/sdks/publish.mjs");
    program.arg(script).arg(folder.join("node_modules")).arg(&house.url);
    publishes(&house, program).await;
}

//! Nothing is passed over silently: a test that lacks what it needs is named with its reason, and fails where everything is required.
//! This test program runs one test of its own again, with another folder of real data.

use std::process::{Command, Output};

use crate::needs;
use crate::support::folder;

/// A test that needs real data.
const TEST: &str = "detect::a_gzip_with_restatements_is_heard_as_it_was_told";

fn run_again(set: &[(&str, &str)]) -> Output {
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", TEST, "--nocapture"]).env_remove(needs::REQUIRED).env_remove(needs::GATHERED).env_remove(needs::DATA);
    again.envs(set.iter().copied()).output().unwrap()
}

#[test]
fn a_test_without_its_data_is_named_and_fails_where_everything_is_required() {
    let (_folder, path) = folder();
    let (empty, gathered) = (path.display().to_string(), path.join("passed-over"));
    let lacking = [(needs::DATA, empty.as_str()), (needs::GATHERED, gathered.to_str().unwrap())];
    let passed = run_again(&lacking);
    let line = format!("the real data is not here\tdateline/{TEST}\toutage-report/raw/whatsapp.csv.gz\n");
    let said = String::from_utf8_lossy(&passed.stderr).into_owned();
    assert!(passed.status.success() && said.contains(&line), "{said}");
    assert_eq!(std::fs::read_to_string(&gathered).unwrap(), line);

    let failed = run_again(&[&lacking[..], &[(needs::REQUIRED, "1")]].concat());
    let said = String::from_utf8_lossy(&failed.stderr);
    assert!(!failed.status.success() && said.contains("nothing may be passed over"), "{said}");
    assert_eq!(std::fs::read_to_string(&gathered).unwrap(), line, "a failure is no second line");
}

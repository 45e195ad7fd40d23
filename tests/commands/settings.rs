//! Settings: flags before environment before the TOML file; what is not understood is named. And completions.

use std::path::Path;

use super::{bare, ends, said};
use crate::support::folder;

/// In which of the folders `keys create` made its state store.
fn made_in(folder: &Path) -> Vec<&'static str> {
    ["file", "environment", "flag", "data"].into_iter().filter(|name| folder.join(name).join("state.db").exists()).collect()
}

const MAKE_KEY: [&str; 6] = ["keys", "create", "--name", "test", "--scope", "read"];

#[test]
fn a_flag_comes_before_the_environment_and_that_before_the_file() {
    let sayings: [(bool, bool, bool, &str); 4] =
        [(false, false, false, "data"), (true, false, false, "file"), (true, true, false, "environment"), (true, true, true, "flag")];
    for (file, environment, flag, expected) in sayings {
        let (_folder, folder) = folder();
        let mut command = bare(&folder);
        command.args(MAKE_KEY);
        if file {
            std::fs::write(folder.join("dateline.toml"), "data = \"file\"\n").unwrap();
        }
        if environment {
            command.env("DATELINE_DATA", "environment");
        }
        if flag {
            command.args(["--data", "flag"]);
        }
        let (code, _, stderr) = said(&command.output().unwrap());
        assert_eq!((code, made_in(&folder).as_slice()), (Some(0), &[expected][..]), "{stderr}");
    }
}

#[test]
fn another_file_can_be_named_and_an_unknown_member_of_it_is() {
    let (_folder, folder) = folder();
    std::fs::write(folder.join("other.toml"), "data = \"file\"\n").unwrap();
    let (code, _, stderr) = said(&bare(&folder).args(["--config", "other.toml"]).args(MAKE_KEY).output().unwrap());
    assert_eq!((code, made_in(&folder).as_slice()), (Some(0), &["file"][..]), "{stderr}");
    for (text, named) in [("databse = \"x\"\n", "databse"), ("listen = 7310\n", "listen"), ("data = \"unclosed\n", "other.toml")] {
        std::fs::write(folder.join("other.toml"), text).unwrap();
        let (code, _, stderr) = said(&bare(&folder).args(["--config", "other.toml"]).args(MAKE_KEY).output().unwrap());
        assert!(code == Some(2) && stderr.contains(named) && stderr.contains("other.toml"), "{code:?} {stderr}");
    }
    let (_, stderr) = ends(&folder, &["serve", "--listen", "nowhere"], 2);
    assert!(stderr.contains("nowhere") && stderr.contains("127.0.0.1:7310"), "{stderr}");
    let (_, stderr) = ends(&folder, &["incidents", "--config", "absent.toml"], 2);
    assert!(stderr.contains("absent.toml"), "{stderr}");
}

#[test]
fn completions_for_every_usual_shell() {
    let (_folder, folder) = folder();
    for shell in ["bash", "zsh", "fish"] {
        let (script, stderr) = ends(&folder, &["completions", shell], 0);
        for word in ["timeline", "replay", "known-at"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
        assert!(stderr.is_empty(), "{shell}: {stderr}");
    }
}

#[test]
fn the_help_of_a_command_shows_its_own_flags_first_and_examples_last() {
    let (_folder, folder) = folder();
    let (short, _) = ends(&folder, &["timeline", "-h"], 0);
    assert!(short.contains("--known-at") && short.contains("Examples:\n  dateline timeline") && !short.contains("--ledger"), "{short}");
    let (long, _) = ends(&folder, &["timeline", "--help"], 0);
    let places: Vec<usize> = ["--known-at", "Where things are kept:", "--ledger", "Examples:"].map(|part| long.find(part).unwrap()).to_vec();
    assert!(places.is_sorted(), "{places:?}\n{long}");
    let (whole, _) = ends(&folder, &["--help"], 0);
    assert!(whole.contains("Exit codes: 0 ") && whole.contains("DATELINE_LEDGER"), "{whole}");
}

#[test]
fn a_setting_under_its_former_name_is_refused_with_the_name_of_today() {
    let (_folder, folder) = folder();
    std::fs::write(folder.join("former.toml"), "keep = \"sqlite:x.db\"\n").unwrap();
    let mut in_the_environment = bare(&folder);
    in_the_environment.env("DATELINE_KEEP", "sqlite:x.db");
    for (mut command, words) in
        [(bare(&folder), vec!["--keep", "sqlite:x.db"]), (in_the_environment, vec![]), (bare(&folder), vec!["--config", "former.toml"])]
    {
        let (code, _, stderr) = said(&command.args(&words).args(MAKE_KEY).output().unwrap());
        assert_eq!(code, Some(2), "{words:?}: {stderr}");
        for name in ["--state-store", "DATELINE_STATE_STORE", "state-store"] {
            assert!(stderr.contains(name), "{words:?}: {stderr}");
        }
    }
    assert!(made_in(&folder).is_empty());
}

#[test]
fn the_state_store_of_an_earlier_version_is_found_and_takes_its_name_of_today() {
    let (_folder, folder) = folder();
    std::fs::create_dir(folder.join("data")).unwrap();
    std::fs::write(folder.join("data/keep.db"), include_bytes!("../../backends/tests/former/keep.db")).unwrap();
    let (code, stdout, stderr) = said(&bare(&folder).args(["keys", "list"]).output().unwrap());
    assert!(code == Some(0) && stdout.contains("3f8c32588d7a  desk  read"), "{stdout}{stderr}");
    assert_eq!(made_in(&folder), ["data"]);
    assert!(!folder.join("data/keep.db").exists());
}

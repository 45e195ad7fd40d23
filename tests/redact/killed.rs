//! A redaction that is killed anywhere is ended by the same command.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{holding, is_sound, redact, said, sign, told};
use crate::support::{command, folder};

/// So many redactions are killed, each somewhat later than the one before.
const KILLS: u32 = 24;

/// The last is killed after about the time that a whole one takes, and half as long again.
const REACH: f64 = 1.5;

#[test]
fn after_a_kill_anywhere_the_same_command_ends_it() {
    let (_folder, data) = folder();
    let file = data.join("events.ndjson");
    let texts = u64::from(KILLS) + 1;
    let mut lines: Vec<String> = (1..=texts).map(|number| told(&number.to_string(), "2022-10-25T06:37Z")).collect();
    lines.extend((1..=600).map(|number| sign(&format!("sign-{number}"), "2022-10-25T07:00Z")));
    std::fs::write(&file, lines.join("\n")).unwrap();
    let published = command(&data).args(["publish", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(published.status.code(), Some(0), "{}", said(&published));
    std::fs::remove_file(&file).unwrap();
    let begun = Instant::now();
    assert_eq!(redact(&data, &[], texts).status.code(), Some(0));
    let whole = begun.elapsed();
    let mut ended = 0;
    for number in 1..=KILLS {
        let position = u64::from(number);
        let words = ["redact", &position.to_string(), "--ground", "g", "--authority", "a", "--yes"];
        let mut child = command(&data).args(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * REACH * f64::from(number) / f64::from(KILLS)));
        let _ = child.kill();
        ended += u32::from(child.wait().unwrap().success());
        let words = ["redact", &position.to_string(), "--ground", "another", "--authority", "somebody else", "--yes"];
        let again = command(&data).args(words).output().unwrap();
        assert_eq!(again.status.code(), Some(0), "killed the {number}th time: {}", said(&again));
    }
    assert!(ended < KILLS, "none was killed on its way");
    assert_eq!(holding(&data), Vec::<PathBuf>::new(), "no file holds a text");
    is_sound(&data, &[]);
}

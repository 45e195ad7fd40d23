//! Secrets: a password that stands in a setting, rightly or mistyped, reaches no output, no log and no help; files and folders are for
//! their owner alone; and a key can come from a file.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::{PROGRAM, TestServer, anomaly, folder, run};

/// What must not be seen anywhere.
const SECRET: &str = "topsecret";

/// A command on a folder, which knows no setting but those that it is given, and logs all it can.
fn bare(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DATELINE_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).env("DATELINE_LOG", "trace");
    command
}

/// Runs it, and looks for the secret in all that it says; answers what it said.
fn silent(command: &mut Command, case: &str) -> String {
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains(SECRET), "{case}: {said}");
    said
}

/// Addresses with a secret in them: each with a scheme that the setting takes, then mistyped.
fn addresses(scheme: &str) -> Vec<String> {
    let mistyped = format!("{}q", scheme.trim_end_matches('s'));
    [
        "S://me:topsecret@127.0.0.1:1/x",
        "S://me:abc?topsecret@127.0.0.1:1/x",
        "S://me:p@topsecret#1@127.0.0.1:1/x",
        "S://me:topsecret",
        "S://127.0.0.1:1/x?pass=topsecret",
        "S://127.0.0.1:1/x?topsecret",
        "M://me:topsecret@h:1",
        "M:/me:topsecret@h:1",
        "me:topsecret@h",
    ]
    .iter()
    .map(|form| form.replace("S:", &format!("{scheme}:")).replace("M:", &format!("{mistyped}:")))
    .collect()
}

/// Every setting that may hold a password, its scheme, and a command that uses it.
const SETTINGS: [(&str, &str, &[&str]); 6] = [
    ("ledger", "nats", &["audit", "replay"]),
    ("views", "postgres", &["incidents"]),
    ("state-store", "nats", &["keys", "list"]),
    ("archive", "postgres", &["ledger", "check"]),
    ("reports", "nats", &["publish", "e.ndjson"]),
    ("url", "http", &["incidents"]),
];

/// Runs the cases on a few threads: most of the time is starting a process.
fn all<Case: Sync>(cases: &[Case], try_one: impl Fn(&Case) + Sync) {
    std::thread::scope(|scope| {
        for part in cases.chunks(cases.len().div_ceil(4)) {
            scope.spawn(|| part.iter().for_each(&try_one));
        }
    });
}

#[test]
fn no_password_in_an_address_is_ever_printed() {
    let (_folder, folder) = folder();
    std::fs::write(folder.join("e.ndjson"), anomaly("1", "mail", "2026-03-01T10:00Z")).unwrap();
    // A ledger, so that a command comes as far as the setting that it is about.
    assert!(run(&folder, &["publish", "e.ndjson"]).status.success());
    let data = folder.to_str().unwrap();
    let cases: Vec<_> = SETTINGS.into_iter().flat_map(|setting| addresses(setting.1).into_iter().map(move |address| (setting, address))).collect();
    all(&cases, |((name, _, words), address)| {
        let case = format!("--{name} {address}");
        let said = silent(bare(&folder).args(["--data", data, &format!("--{name}"), address]).args(*words), &case);
        assert!(!said.is_empty(), "{case}: it says nothing");
        if address.contains("abc?") || address.contains("p@") {
            assert!(said.contains(if *name == "url" { "--key-file" } else { "percent-encoded" }), "{case}: no hint: {said}");
        }
    });
    let copies: Vec<(String, String)> =
        addresses("nats").into_iter().flat_map(|address| [(address.clone(), "sqlite:x.db".into()), ("sqlite:x.db".into(), address)]).collect();
    all(&copies, |(from, to)| drop(silent(bare(&folder).args(["ledger", "copy", from, to]), &format!("copy {from} {to}"))));
}

#[test]
fn neither_the_environment_nor_a_file_nor_the_help_gives_one_away() {
    let (_folder, folder) = folder();
    let mut help = bare(&folder);
    for (name, scheme, words) in SETTINGS {
        let address = format!("{scheme}://me:topsecret@127.0.0.1:1/x");
        let variable = format!("DATELINE_{}", name.to_uppercase().replace('-', "_"));
        help.env(&variable, &address);
        silent(bare(&folder).env(&variable, &address).args(words), &variable);
        std::fs::write(folder.join("settings.toml"), format!("{name} = \"{address}\"\n")).unwrap();
        silent(bare(&folder).args(["--config", "settings.toml"]).args(words), name);
    }
    silent(help.env("DATELINE_KEY", SECRET).arg("--help"), "--help");
    silent(help.args(["keys", "create"]), "help of a command");
    for wrong in
        ["ledger = \"nats://me:topsecret@h\n", "ledger = [\"nats://me:topsecret@h\"]\n", "key = { topsecret = 1 }\n", "ledger = nats://topsecret@h\n"]
    {
        std::fs::write(folder.join("settings.toml"), wrong).unwrap();
        let said = silent(bare(&folder).args(["--config", "settings.toml", "incidents"]), wrong);
        assert!(said.contains("settings.toml") && said.contains("line 1"), "{said}");
    }
    // Words that are no flags, and keys.
    for words in [&["incidents", "nats://me:topsecret@h"][..], &["--ledgr=nats://me:topsecret@h", "incidents"], &["nats://me:topsecret@h"]] {
        silent(bare(&folder).args(words), &words.join(" "));
    }
    silent(bare(&folder).args(["--url", "http://127.0.0.1:1", "--key", SECRET, "incidents"]), "--key");
}

#[test]
fn a_key_comes_from_a_file() {
    let (_folder, folder) = folder();
    let made = run(&folder, &["keys", "create", "--name", "x", "--scope", "publish:/tests", "--scope", "cite"]);
    let key = String::from_utf8(made.stdout).unwrap();
    std::fs::write(folder.join("key"), &key).unwrap();
    std::fs::write(folder.join("e.ndjson"), anomaly("1", "mail", "2026-03-01T10:00Z")).unwrap();
    let server = TestServer::start(&folder);
    let publish = |flags: &[&str]| run(&folder, &[&["--url", &server.url], flags, &["publish", "e.ndjson"]].concat());
    assert_ne!(publish(&[]).status.code(), Some(0), "without a key");
    let done = publish(&["--key-file", "key"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::write(folder.join("dateline.toml"), "key-file = \"key\"\n").unwrap();
    assert_eq!(publish(&[]).status.code(), Some(0));
    for (flags, says) in [(&["--key-file", "absent"][..], "absent"), (&["--key-file", "key", "--key", "x"], "cannot be used with")] {
        let refused = publish(flags);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && said.contains(says), "{said}");
    }
}

#[test]
fn what_is_kept_is_for_its_owner_alone_and_what_was_open_is_narrowed() {
    let (_folder, folder) = folder();
    let data = folder.join("data");
    std::fs::create_dir(&data).unwrap();
    let modes = || {
        let mut modes: Vec<(String, u32)> = std::fs::read_dir(&data)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata().unwrap().permissions().mode() & 0o777))
            .collect();
        modes.push((".".into(), std::fs::metadata(&data).unwrap().permissions().mode() & 0o777));
        modes
    };
    let open: Vec<(String, u32)> = {
        let server = TestServer::start(&data);
        let modes = modes();
        drop(server);
        modes
    };
    // The log and the index beside a file are there while a server that was killed had it open.
    assert!(open.len() > 8 && open.iter().all(|(name, mode)| *mode == if name == "." { 0o700 } else { 0o600 }), "{open:?}");
    for (name, _) in &open {
        let wider = if name == "." { 0o755 } else { 0o644 };
        std::fs::set_permissions(data.join(name), std::fs::Permissions::from_mode(wider)).unwrap();
    }
    let listed = run(&data, &["keys", "list"]);
    let said = String::from_utf8_lossy(&listed.stderr).into_owned();
    assert_eq!(said.matches("could read it").count(), 1, "told once: {said}");
    drop(TestServer::start(&data));
    assert!(modes().iter().all(|(_, mode)| mode & 0o077 == 0), "{:?}", modes());
}

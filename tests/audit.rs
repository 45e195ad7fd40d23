//! An auditor finds whatever was tampered with, says what and where, and accuses nobody who is honest: over HTTP, in a data folder, in a
//! copy that nobody may write, and in an exported folder.

mod files;
mod log;
mod tampering;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use dateline_backends::{Ledger, LedgerOptions, NewEvent, REDACTION_SOURCE};
use dateline_proofs::SignerKey;
use serde_json::Value;

use self::log::{Random, event_of, leaf_of, value_of};
use self::tampering::{Expected, Kind, Place, World};
use crate::both_engines::history;
use crate::support::{TestServer, command, folder, publish, run};

/// The seed of the tamperings: the n-th has this plus n.
const SEED: u64 = 20_221_025;

/// Each kind of tampering is drawn so often; with `DATELINE_LONG=1` more often.
const DRAWN: usize = 7;
const DRAWN_LONG: usize = 40;

/// So many events are sealed when the earlier checkpoint is kept, and so many follow.
const BEFORE: usize = 217;
const AFTER: usize = 400;

/// A log on real files: the demo, a history, and two texts that were destroyed.
struct Ground {
    /// The data folder, not served.
    data: PathBuf,
    /// An export of it.
    export: PathBuf,
    world: World,
    key: String,
    _folder: tempfile::TempDir,
}

async fn ground() -> Ground {
    let (folder, root) = folder();
    let data = root.join("data");
    std::fs::create_dir(&data).unwrap();
    says(&data, &["demo"], 0);
    let lines: Vec<String> = history::lines(BEFORE + AFTER).lines().map(str::to_owned).collect();
    let server = TestServer::start(&data);
    let before = grown(&server, &lines[..BEFORE]).await;
    grown(&server, &lines[BEFORE..]).await;
    server.terminate();
    let replay = says(&data, &["audit", "replay"], 0);
    let destroyed = redact(&data, &replay.lines().map(|line| format!("{line}\n")).collect::<Vec<_>>(), &[40, 520]).await;
    let server = TestServer::start(&data);
    let checkpoint = sealed(&server, destroyed[1].1).await;
    server.terminate();
    let key = says(&data, &["log-key", "show"], 0).trim().to_owned();
    let export = root.join("export");
    says(&data, &["audit", "export", export.to_str().unwrap()], 0);
    let lines: Vec<String> = std::fs::read_to_string(export.join("events.ndjson")).unwrap().lines().map(|line| format!("{line}\n")).collect();
    let leaves = replay
        .lines()
        .chain(lines[replay.lines().count()..].iter().map(|line| line.trim_end()))
        .map(|line| leaf_of(&format!("{line}\n")).unwrap())
        .collect();
    let secret = std::fs::read_to_string(data.join("log.key")).unwrap();
    let secret = SignerKey::parse(secret.trim()).unwrap();
    let other = SignerKey::from_seed(secret.verifier().name(), [7; 32]).unwrap();
    let size_before = before.lines().nth(1).unwrap().parse().unwrap();
    let world = World { key: secret, other, lines, leaves, before: size_before, destroyed, checkpoint, checkpoint_before: before };
    Ground { data, export, world, key, _folder: folder }
}

/// Publishes events, and answers the checkpoint when they are sealed.
async fn grown(server: &TestServer, lines: &[String]) -> String {
    let mut last = 0;
    for batch in lines.chunks(100) {
        let items = publish(&server.url, &batch.iter().map(String::as_str).collect::<Vec<_>>()).await;
        last = items.last().unwrap()["receipt"]["position"].as_u64().unwrap_or_else(|| panic!("{:?}", items.last()));
    }
    sealed(server, last).await
}

async fn sealed(server: &TestServer, position: u64) -> String {
    for _ in 0..600 {
        let checkpoint = reqwest::get(format!("{}/log/checkpoint", server.url)).await.unwrap().text().await.unwrap();
        if checkpoint.lines().nth(1).and_then(|size| size.parse::<u64>().ok()).is_some_and(|size| size >= position) {
            return checkpoint;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("position {position} was not sealed");
}

/// Destroys texts under redactions; answers both positions of each.
async fn redact(data: &Path, lines: &[String], targets: &[u64]) -> Vec<(u64, u64)> {
    let ledger = Ledger::open(&format!("sqlite:{}", data.join("ledger.db").display()), LedgerOptions::writer()).await.unwrap();
    let mut destroyed = Vec::new();
    for target in targets {
        let line = &lines[tampering::place(*target)];
        let data = serde_json::json!({ "position": target, "key": value_of(line, "key"), "leaf": leaf_of(line).unwrap(), "ground": "a test" });
        let event = serde_json::json!({
            "specversion": "1.0", "source": REDACTION_SOURCE, "id": target.to_string(), "type": "dateline.event.redacted.v1", "data": data,
        });
        let event = NewEvent { source: REDACTION_SOURCE.to_owned(), id: target.to_string(), bytes: event.to_string().into_bytes() };
        ledger.append(vec![event]).await.unwrap();
        destroyed.push((*target, ledger.head().await.unwrap().position));
        ledger.destroy(*target).await.unwrap();
    }
    destroyed
}

fn says(data: &Path, arguments: &[&str], code: i32) -> String {
    let output = run(data, arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// What `audit verify` says of a place, as JSON, and its exit code.
fn verify(place: &str, key: &str, since: Option<&Path>) -> (Option<i32>, Value) {
    let mut command = command(Path::new("."));
    command.args(["audit", "verify", place, "--log-key", key, "--format", "json"]);
    since.map(|since| command.arg("--since").arg(since));
    let output = command.output().unwrap();
    let said = serde_json::from_slice(&output.stdout);
    (output.status.code(), said.unwrap_or_else(|_| panic!("{place}: {}", String::from_utf8_lossy(&output.stderr))))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        match path.is_dir() {
            true => copy(&path, &to.join(name)),
            // The auditor reads neither views nor reports.
            false if ["views.db", "reports.db"].contains(&name.to_str().unwrap()) => {}
            false => drop(std::fs::copy(&path, to.join(name)).unwrap()),
        }
    }
}

fn seal(folder: &Path, sealed: bool) {
    for file in std::fs::read_dir(folder).unwrap() {
        std::fs::set_permissions(file.unwrap().path(), std::fs::Permissions::from_mode(if sealed { 0o444 } else { 0o600 })).unwrap();
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(if sealed { 0o555 } else { 0o700 })).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_log_is_clean_wherever_it_is_read() {
    let ground = ground().await;
    let Ground { data, export, world, key, .. } = &ground;
    let since = data.join("checkpoint.before");
    std::fs::write(&since, &world.checkpoint_before).unwrap();
    let sealed = data.with_file_name("sealed");
    copy(data, &sealed);
    seal(&sealed, true);
    let server = TestServer::start(data);
    let expected = (world.size(), world.size() - 2, 2);
    for place in [data.to_str().unwrap(), sealed.to_str().unwrap(), export.to_str().unwrap(), &server.url] {
        let (code, said) = verify(place, key, Some(&since));
        assert_eq!(code, Some(0), "{place}: {said}");
        let found = (said["size"].as_u64().unwrap(), said["events"].as_u64().unwrap(), said["redacted"].as_u64().unwrap());
        assert_eq!(found, expected, "{place}: {said}");
    }
    seal(&sealed, false);
    // What is exported from a server is what is exported from the files.
    let from_server = data.with_file_name("from-server");
    says(data, &["audit", "export", from_server.to_str().unwrap(), "--url", &server.url], 0);
    for file in ["events.ndjson", "checkpoint", "AUDIT.md", "tile/0/000", "tile/entries/001"] {
        assert!(std::fs::read(from_server.join(file)).unwrap() == std::fs::read(export.join(file)).unwrap(), "{file}");
    }
    says(data, &["audit", "export", export.to_str().unwrap()], 2);
    // For people, too; and another key is not believed.
    assert!(says(data, &["audit", "verify", "--log-key", key], 0).ends_with("nothing found\n"));
    let other = world.other.verifier().to_string();
    assert!(says(data, &["audit", "verify", "--log-key", &other], 1).contains("checkpoint_forged"));
    says(data, &["audit", "verify"], 2);
    says(data, &["audit", "verify", "nowhere", "--log-key", key], 2);
    says(data, &["audit", "verify", "http://127.0.0.1:9", "--log-key", key], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_holds_for_its_event_and_key_alone() {
    let Ground { data, world, key, .. } = &ground().await;
    let position = 100;
    let line = &world.lines[tampering::place(position)];
    let event = event_of(line).unwrap();
    let server = TestServer::start(data);
    let answer = reqwest::get(format!("{}/v1/events/{position}?min_position={position}", server.url)).await.unwrap().text().await.unwrap();
    let receipt = says(data, &["audit", "prove", "100", "--url", &server.url], 0);
    says(data, &["audit", "prove", "100", "--out", "receipt"], 0);
    assert_eq!(std::fs::read_to_string(data.join("receipt")).unwrap(), receipt);
    says(data, &["audit", "prove", "100000"], 2);
    let put = |name: &str, text: &str| std::fs::write(data.join(name), text).unwrap();
    let check = |receipt: &str, event: &str, key: &str, code: i32, wanted: &str| {
        put("receipt", receipt);
        put("event", event);
        let said = says(data, &["audit", "check", "receipt", "event", "--log-key", key], code);
        assert!(said.contains(wanted), "{said}");
    };
    for event in [event, line.as_str(), answer.as_str()] {
        check(&receipt, event, key, 0, &format!("holds: position {position}, recorded {}", value_of(line, "recorded")));
    }
    let next = &world.lines[tampering::place(position + 1)];
    for event in [&format!("{event}\n"), &tampering::altered(line), next, &line.replacen("\"position\":100", "\"position\":101", 1)] {
        check(&receipt, event, key, 1, "does not hold: event");
    }
    let other = world.other.verifier().to_string();
    check(&receipt, event, &other, 1, "does not hold: checkpoint");
    // One character of each line of the receipt.
    for (number, wanted) in (0..receipt.lines().count()).zip(["receipt", "", "inclusion"].iter().chain(std::iter::repeat(&""))) {
        let mut lines: Vec<String> = receipt.lines().map(str::to_owned).collect();
        if lines[number].is_empty() {
            continue;
        }
        // Of the index the number, of the others something within.
        let at = if lines[number].starts_with("index ") { 6 } else { lines[number].char_indices().nth(lines[number].chars().count() / 2).unwrap().0 };
        let byte = lines[number].as_bytes()[at];
        lines[number].replace_range(at..at + 1, if byte == b'7' { "8" } else { "7" });
        check(&(lines.join("\n") + "\n"), event, key, 1, &format!("does not hold: {wanted}"));
    }
    // A destroyed text is proved to have been there, and nothing opens it.
    let destroyed = says(data, &["audit", "prove", "40"], 0);
    check(&destroyed, event, key, 1, "does not hold: opening");
    says(data, &["audit", "check", "nowhere", "event", "--log-key", key], 2);
    says(data, &["audit", "check", "receipt", "event"], 2);
}

#[test]
fn drift_is_what_a_check_of_the_views_says() {
    let (_folder, data) = folder();
    says(&data, &["demo"], 0);
    let told = |data: &Path, code| {
        let [drift, check] = [["audit", "drift"], ["views", "check"]].map(|words| says(data, &words, code));
        let lines = |said: &str| said.lines().map(|line| line.split(", in ").next().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(lines(&drift), lines(&check));
        drift
    };
    assert!(told(&data, 0).contains("no difference"));
    // A text that is gone from the ledger is still in the views.
    rusqlite::Connection::open(data.join("ledger.db"))
        .unwrap()
        .execute("UPDATE events SET bytes = NULL, salt = NULL WHERE position = 40", [])
        .unwrap();
    assert!(told(&data, 1).starts_with("position 40  ALTERED"));
}

/// One tampering, applied to a copy and looked at by the auditor; the fault where it is not found as it must be.
fn attempt(ground: &Ground, from: &Path, (name, tamper): &Kind, number: u64) -> Result<(), String> {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path().join("copy");
    copy(from, &place);
    let expected = tamper(&ground.world, &place, &mut Random(SEED + number));
    let since = expected.since.as_ref().map(|checkpoint| {
        let path = scratch.path().join("since");
        std::fs::write(&path, checkpoint).unwrap();
        path
    });
    let key = expected.key.as_ref().unwrap_or(&ground.key);
    let (code, said) = verify(place.to_str().unwrap(), key, since.as_deref());
    let first = &said["findings"][0];
    let is_as_expected = code == Some(1) && first["class"] == expected.class && is_there(first, &expected);
    if is_as_expected { Ok(()) } else { Err(format!("{name}, seed {}: expected {expected:?}\nexit code {code:?}, {said:#}", SEED + number)) }
}

fn is_there(finding: &Value, expected: &Expected) -> bool {
    let (from, to) = (finding["position"].as_u64(), finding["to"].as_u64());
    match expected.place {
        Place::Anywhere => true,
        Place::At(position) => from == Some(position),
        Place::Around(position) => from.is_some_and(|from| from <= position) && to.is_some_and(|to| position <= to),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tampering_is_found_and_named() {
    let ground = ground().await;
    let drawn = if std::env::var_os("DATELINE_LONG").is_some() { DRAWN_LONG } else { DRAWN };
    let kinds: Vec<(&Path, &Kind)> = tampering::OF_AN_EXPORT
        .iter()
        .map(|kind| (ground.export.as_path(), kind))
        .chain(files::OF_FILES.iter().map(|kind| (ground.data.as_path(), kind)))
        .collect();
    let left: Mutex<Vec<(u64, (&Path, &Kind))>> = Mutex::new((0..).zip((0..drawn).flat_map(|_| kinds.iter().copied())).collect());
    let total = left.lock().unwrap().len();
    assert!(total >= 300, "{total} tamperings");
    let faults = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let Some((number, (from, kind))) = left.lock().unwrap().pop() else { return };
                    if let Err(fault) = attempt(&ground, from, kind, number) {
                        faults.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} of {total} tamperings were not found as they must be:\n{}", faults.len(), faults.join("\n\n"));
}

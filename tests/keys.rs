//! API keys over the years: a state store that was lost does not open the door, more than a page of them stops nobody, and those that were
//! revoked can be removed.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use dateline::shared::keys::{KeyFault, Keys};
use dateline::shared::scopes::Scopes;
use dateline_backends::StateStore;

use crate::asking::{STRUCTURED, client, send};
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::support::{TestServer, anomaly, command, folder, run};

/// More than the state store lists at once.
const KEYS: usize = 1_001;

fn make_key(data: &Path) -> String {
    let made = run(data, &["keys", "create", "--name", "x", "--scope", "publish:/tests", "--scope", "cite"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// What a server says that must not start.
fn refusal(data: &Path, flags: &[&str]) -> String {
    let mut child =
        command(data).arg("serve").args(["--listen", "127.0.0.1:0"]).args(flags).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    child.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{said}");
    said
}

fn lose_the_state_store(data: &Path) {
    for entry in std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.file_name().unwrap().to_string_lossy().starts_with("state.db") {
            std::fs::remove_file(entry).unwrap();
        }
    }
}

fn a_ledger(data: &Path) {
    std::fs::write(data.join("e.ndjson"), anomaly("1", "mail", "2026-03-01T10:00Z")).unwrap();
    assert!(run(data, &["publish", "e.ndjson"]).status.success());
}

#[tokio::test]
async fn a_lost_state_store_does_not_open_the_door() {
    // Where the key is made while nobody serves, where the intake notices it, and where it is used first.
    for case in ["made", "noticed", "used"] {
        let (_folder, data) = folder();
        a_ledger(&data);
        if case == "made" {
            make_key(&data);
        } else {
            let server = TestServer::start(&data);
            let key = make_key(&data);
            let event = anomaly("2", "mail", "2026-03-01T10:01Z");
            let request = client().post(format!("{}/v1/events", server.url)).header("content-type", STRUCTURED).body(event);
            if case == "used" {
                send(request.bearer_auth(key)).await.expect(201);
            } else {
                until_marked(&data).await;
            }
            server.kill();
        }
        lose_the_state_store(&data);
        let said = refusal(&data, &[]);
        assert!(said.contains("keys create") && said.contains("remembers"), "{case}: {said}");
        make_key(&data);
        drop(TestServer::start(&data));
    }
}

async fn until_marked(data: &Path) {
    let address = format!("sqlite:{}", data.join("ledger.db").display());
    let ledger = dateline_backends::Ledger::open(&address, dateline_backends::LedgerOptions::reader()).await.unwrap();
    let begun = std::time::Instant::now();
    while !ledger.keys_made().await.unwrap() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "the intake does not notice that keys were made");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn copies_and_restored_ledgers_remember_it_too() {
    let (_folder, data) = folder();
    a_ledger(&data);
    make_key(&data);
    let (ledger, archive) = (format!("sqlite:{}", data.join("ledger.db").display()), format!("sqlite:{}", data.join("archive.db").display()));
    let copy = data.join("copy");
    let copied = format!("sqlite:{}", copy.join("ledger.db").display());
    assert!(run(&data, &["ledger", "copy", &ledger, &copied]).status.success());
    assert!(refusal(&copy, &[]).contains("keys create"));
    // An empty archive: everything is taken from what is left of the ledger.
    assert!(run(&data, &["ledger", "restore", "--archive", &archive]).status.success());
    let address = dateline_backends::Ledger::open(&ledger, dateline_backends::LedgerOptions::reader().numbered(2)).await.unwrap();
    assert!(address.keys_made().await.unwrap(), "restored without the mark");
    drop(address);
    assert!(run(&data, &["ledger", "restore", "--open", "--archive", &archive]).status.success());
    let open = dateline_backends::Ledger::open(&ledger, dateline_backends::LedgerOptions::reader().numbered(3)).await.unwrap();
    assert!(!open.keys_made().await.unwrap(), "--open");
}

#[test]
fn a_bucket_apart_remembers_it_on_the_bus() {
    let (_folder, data) = folder();
    let server = Nats::start();
    let kept = Kept { ledger: server.url(), flags: vec!["--reports".into(), "none".into()], ..Kept::in_folder(&data) };
    let made = kept.run(&["--state-store", &server.url(), "keys", "create", "--name", "x", "--scope", "read"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    // The intake that finds a key marks it at its start; then another state store is named, and every role refuses.
    let mut known = kept.clone();
    known.flags.extend(["--state-store".into(), server.url()]);
    drop(Role::start(&known, "intake"));
    let mut lost = kept;
    lost.flags.extend(["--state-store".into(), format!("sqlite:{}", data.join("other.db").display())]);
    for role in ["intake", "reader"] {
        let said = Role::try_start(&lost, role).err().unwrap_or_else(|| panic!("{role} started without its keys"));
        assert!(said.contains("keys create"), "{role}: {said}");
    }
}

#[tokio::test]
async fn more_keys_than_a_page_stop_nobody_and_revoked_ones_are_removed() {
    let (_folder, data) = folder();
    let keys = Keys::new(StateStore::open(format!("sqlite:{}", data.join("state.db").display())).await.unwrap());
    let mut last = String::new();
    for number in 0..KEYS {
        let (key, stored) =
            keys.create(&format!("key {number}"), Scopes::read(["publish:/tests", "cite"]).unwrap(), "2026-03-01T10:00:00Z").await.unwrap();
        last = key;
        if number >= 3 {
            continue;
        }
        assert!(keys.revoke(&stored.id, "2026-03-01T10:00:00Z").await.unwrap());
    }
    let mut server = command(&data).args(["serve", "--listen", "0.0.0.0:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let url = first.trim().trim_start_matches("serving at ").replace("0.0.0.0", "127.0.0.1");
    let event = anomaly("1", "mail", "2026-03-01T10:00Z");
    send(client().post(format!("{url}/v1/events")).header("content-type", STRUCTURED).bearer_auth(last).body(event)).await.expect(201);
    let listed = || String::from_utf8(run(&data, &["keys", "list"]).stdout).unwrap().lines().count();
    assert_eq!(listed(), KEYS);
    let purged = run(&data, &["keys", "purge"]);
    assert!(String::from_utf8_lossy(&purged.stdout).starts_with("3 revoked"), "{purged:?}");
    assert_eq!(listed(), KEYS - 3);
    server.kill().unwrap();
    server.wait().unwrap();
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_no_unknown_key() {
    let (_folder, data) = folder();
    let state_store = StateStore::open(format!("sqlite:{}", data.join("state.db").display())).await.unwrap();
    let keys = Keys::new(state_store.clone());
    let (key, stored) = keys.create("a desk", Scopes::read(["read"]).unwrap(), "2026-03-01T10:00:00Z").await.unwrap();
    let place = format!("api-key/{}", stored.id);
    let (_, revision) = state_store.get(&place).await.unwrap().unwrap();
    state_store.put(&place, b"{\"id\":", Some(revision)).await.unwrap();
    assert!(matches!(Keys::new(state_store.clone()).check(&key).await, Err(KeyFault::StateStore(_))), "its holder would be told that it is unknown");
    assert!(matches!(Keys::new(state_store).check("dateline_000000000000.x").await, Err(KeyFault::Unknown)));
}

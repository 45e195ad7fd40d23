//! Other people's programs accept what is sealed, and reject what was tampered with: Go's golang.org/x/mod (signed notes, tree hashes, proofs).

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dateline_proofs::{Note, SignerKey, TileAddress, VerifierKey, consistency_proof};

use crate::asking::{BATCH, House, get, post};
use crate::needs;
use crate::support::{anomaly, run};

/// Where Debian puts Go's packages.
const PACKAGES: &str = "/usr/share/gocode";

/// More than two full tiles, and some.
const EVENTS: usize = 700;

/// A size that the log had before.
const OLD: u64 = 300;

/// The program, compiled; None where there is no Go.
fn program(folder: &Path) -> Option<PathBuf> {
    if !needs::tool("go") {
        return None;
    }
    let has_mod = Path::new(PACKAGES).join("src/golang.org/x/mod/sumdb/note").is_dir();
    needs::found("a tool is not installed", if has_mod { Ok(()) } else { Err("golang-golang-x-mod-dev".to_owned()) })?;
    let (program, source) = (folder.join("log"), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/log.go"));
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program).arg(source).env("GO111MODULE", "off").env("GOPATH", PACKAGES).env("GOFLAGS", "");
    let made = go.env("GOCACHE", folder.join("cache")).env("HOME", folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(program)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn go_accepts_what_is_sealed_and_rejects_what_was_tampered_with() {
    let scratch = tempfile::tempdir().unwrap();
    let Some(program) = program(scratch.path()) else { return };
    let house = House::start();
    for from in (0..EVENTS).step_by(350) {
        let events: Vec<String> = (from..from + 350).map(|number| anomaly(&number.to_string(), "mail", "2026-03-01T10:00Z")).collect();
        post(&house.url, BATCH, format!("[{}]", events.join(","))).await.expect(201);
    }
    let keys = String::from_utf8(run(&house.data, &["log-key", "show"]).stdout).unwrap();
    let (vkey, export) = (keys.trim(), scratch.path().join("export"));
    let begun = std::time::Instant::now();
    while get(&house.at(&format!("/v1/events/{EVENTS}/receipt"))).await.status != 200 {
        assert!(begun.elapsed().as_secs() < 30, "the last event is not sealed");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let exported = run(&house.data, &["audit", "export", &export.display().to_string()]);
    assert!(exported.status.success(), "{}", said(&exported));
    what_the_export_says_works(&export, vkey);
    std::fs::create_dir(export.join("receipts")).unwrap();
    for position in [1, 256, 257, 512, EVENTS] {
        let receipt = get(&house.at(&format!("/v1/events/{position}/receipt"))).await.expect(200).body;
        std::fs::write(export.join(format!("receipts/{position}")), receipt).unwrap();
    }
    let read = |address: TileAddress| std::fs::read(export.join(address.to_string()));
    let proof = consistency_proof(OLD, EVENTS as u64, read).unwrap();
    let lines: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
    std::fs::write(export.join("consistency"), format!("{OLD}\n{lines}")).unwrap();
    let check = |key: &str| Command::new(&program).arg("check").arg(&export).arg(key).output().unwrap();
    let whole = check(vkey);
    assert!(whole.status.success() && said(&whole).contains("700 leaves, 5 receipts"), "{}", said(&whole));
    // One letter of each, at its place: what was signed, who signed, a leaf, a proof, the leaf of a receipt, the way from the old tree.
    for (file, place) in
        [("checkpoint", 40), ("checkpoint", 140), ("tile/entries/001", 30), ("receipts/257", 60), ("receipts/257", 400), ("consistency", 10)]
    {
        let path = export.join(file);
        let bytes = std::fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        std::fs::write(&path, &changed).unwrap();
        let checked = check(vkey);
        assert!(!checked.status.success(), "{file}, byte {place}: {}", said(&checked));
        std::fs::write(&path, bytes).unwrap();
    }
    let stranger = SignerKey::from_seed("other.example/log", [1; 32]).unwrap().verifier().to_string();
    assert!(!check(&stranger).status.success());
    assert!(check(vkey).status.success());
}

/// The programs that AUDIT.md prints, as whoever opens the export finds them: they accept it, and reject an event that was changed.
fn what_the_export_says_works(export: &Path, vkey: &str) {
    let text = std::fs::read_to_string(export.join("AUDIT.md")).unwrap();
    for name in ["main.go", "check.py"] {
        let (_, rest) = text.split_once(&format!("    cat > {name} <<'END'\n")).unwrap();
        let (program, _) = rest.split_once("    END\n").unwrap();
        let lines: String = program.lines().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect();
        std::fs::write(export.join(name), lines).unwrap();
    }
    assert!(text.contains(&format!("GO111MODULE=off GOPATH={PACKAGES} go run main.go KEY")));
    let mut go = Command::new("go");
    go.args(["run", "main.go", vkey]).current_dir(export).env("GO111MODULE", "off").env("GOPATH", PACKAGES);
    let opened = go.env("GOFLAGS", "").env("GOCACHE", export.with_file_name("cache")).env("HOME", export).output().unwrap();
    assert!(opened.status.success() && said(&opened).contains("\n700\n"), "{}", said(&opened));
    let python = || Command::new("python3").arg("check.py").current_dir(export).output().unwrap();
    let whole = python();
    assert!(whole.status.success() && said(&whole).contains("700 events open theirs"), "{}", said(&whole));
    let events = std::fs::read_to_string(export.join("events.ndjson")).unwrap();
    std::fs::write(export.join("events.ndjson"), events.replacen("2026-03-01T10:00Z", "2026-03-01T11:00Z", 1)).unwrap();
    let changed = python();
    assert!(!changed.status.success() && said(&changed).contains("position 1 does not open its leaf"), "{}", said(&changed));
    std::fs::write(export.join("events.ndjson"), events).unwrap();
}

#[test]
fn a_key_of_ours_signs_in_go_and_we_open_what_it_signed() {
    let scratch = tempfile::tempdir().unwrap();
    let Some(program) = program(scratch.path()) else { return };
    let key = SignerKey::from_seed("test.example/log", [7; 32]).unwrap();
    let text = "test.example/log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    let signed = Command::new(&program).args(["sign", key.secret_text().trim(), text]).output().unwrap();
    assert!(signed.status.success(), "{}", said(&signed));
    let note = Note::parse(&signed.stdout).unwrap();
    let known: [VerifierKey; 1] = [key.verifier().clone()];
    assert!(note.text() == text && note.verify(&known).is_ok());
    let stranger = [SignerKey::from_seed("test.example/log", [8; 32]).unwrap().verifier().clone()];
    assert!(note.verify(&stranger).is_err());
}

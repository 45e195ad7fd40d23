//! A git repository of saved pages is read as the same pages saved in files, each as of its commit; what cannot be read is named by its
//! commit; nothing that the repository brings with it is run.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{import, summary};
use crate::needs;
use crate::support::{command, folder, run};

/// A repository that a test makes, in a folder of its own.
struct Repository(PathBuf);

impl Repository {
    /// None where git is not installed.
    fn start(parent: &Path) -> Option<Self> {
        if !needs::tool("git") {
            return None;
        }
        let repository = Self(parent.join("snapshots"));
        std::fs::create_dir(&repository.0).unwrap();
        repository.git(&["init", "-q"], "");
        Some(repository)
    }

    fn git(&self, words: &[&str], time: &str) -> String {
        let mut git = Command::new("git");
        for name in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{name}_NAME"), "Tests").env(format!("GIT_{name}_EMAIL"), "tests@example.org");
        }
        // When it was written is not when it was committed.
        git.env("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z").env("GIT_COMMITTER_DATE", time).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let ran = git.arg("-C").arg(&self.0).args(words).output().unwrap();
        assert!(ran.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// Commits everything that stands there now, at a time; answers the commit.
    fn commit(&self, time: &str) -> String {
        self.git(&["add", "-A"], "");
        self.git(&["commit", "-q", "--allow-empty", "-m", "A reading"], time);
        self.git(&["rev-parse", "HEAD"], "")
    }

    /// Commits a file with this in it.
    fn save(&self, file: &str, bytes: impl AsRef<[u8]>, time: &str) -> String {
        let file = self.0.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
        self.commit(time)
    }
}

fn time(minute: u32) -> String {
    format!("2024-05-01T10:{minute:02}:00Z")
}

/// A page of Acme's with one incident, whose post says this.
fn page(words: &str) -> String {
    json!({"page": {"id": "acme", "name": "Acme", "url": "https://status.acme.example"}, "incidents": [{
        "id": "aaaa", "name": "Slow answers", "status": "investigating", "impact": "minor", "page_id": "acme", "shortlink": "https://status.acme.example/i/aaaa",
        "created_at": time(0), "started_at": time(0), "updated_at": time(1), "components": [],
        "incident_updates": [{"id": "u1", "status": "investigating", "body": words, "display_at": time(1), "created_at": time(1), "updated_at": time(1)}]}]})
    .to_string()
}

/// The events of a ledger, without when they were taken.
fn events(files: &Path) -> Vec<Value> {
    let replayed = String::from_utf8(run(files, &["audit", "replay"]).stdout).unwrap();
    replayed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].take()).collect()
}

fn two_folders(parent: &Path) -> [PathBuf; 2] {
    ["ours", "theirs"].map(|name| {
        std::fs::create_dir(parent.join(name)).unwrap();
        parent.join(name)
    })
}

fn git_import(files: &Path, repository: &Repository, path: &str, dialect: &str) -> Value {
    import(files, &["git", repository.0.to_str().unwrap(), "--path", path, "--dialect", dialect])
}

#[test]
fn a_repository_is_read_as_the_same_pages_saved_one_by_one() {
    let (_folder, files) = folder();
    let Some(repository) = Repository::start(&files) else { return };
    // The words come back, the file is renamed and changes its mode with nothing else in it, goes away and comes back.
    let versions = [(5, "We look."), (10, "All is well."), (20, "We look."), (40, "It was a cable.")];
    repository.save("notes.txt", "Not a page.", &time(1));
    repository.save("old/page.json", page(versions[0].1), &time(5));
    // Another page, which the first one's copy becomes, has a history of its own.
    std::fs::write(repository.0.join("other.json"), page(versions[0].1)).unwrap();
    repository.save("old/page.json", page(versions[1].1), &time(10));
    repository.git(&["mv", "old/page.json", "incidents.json"], "");
    repository.commit(&time(15));
    repository.save("incidents.json", page(versions[2].1), &time(20));
    repository.git(&["update-index", "--chmod=+x", "incidents.json"], "");
    repository.git(&["commit", "-q", "-m", "A mode"], &time(25));
    repository.git(&["rm", "-qf", "incidents.json"], "");
    repository.commit(&time(30));
    repository.save("incidents.json", page(versions[2].1), &time(35));
    repository.save("incidents.json", page(versions[3].1), &time(40));

    let [ours, theirs] = two_folders(&files);
    let first = git_import(&ours, &repository, "incidents.json", "statuspage");
    // Saved one by one, a page is named by its file alone.
    for (minute, words) in versions {
        std::fs::write(files.join("incidents.json"), page(words)).unwrap();
        import(&theirs, &["statuspage", files.join("incidents.json").to_str().unwrap(), "--read-at", &time(minute)]);
    }
    assert_eq!(first["edits"]["words"]["edits"], 3, "{first}");
    let told = events(&ours);
    assert_eq!((told.len() as u64, &first["versions"]), (first["published"].as_u64().unwrap(), &json!(4)), "{first}");
    assert_eq!(told, events(&theirs));
    let again = git_import(&ours, &repository, "incidents.json", "statuspage");
    assert_eq!(
        (&again["published"], &again["known"], &again["passed_over"], &again["refused"]),
        (&json!(0), &json!(0), &json!(4), &json!(0)),
        "{again}"
    );
    let copied = git_import(&files, &repository, "other.json", "statuspage");
    assert_eq!((&copied["versions"], &copied["passed_over"]), (&json!(1), &json!(0)), "{copied}");
    // What is committed later goes on from there.
    repository.save("incidents.json", page("It is over."), &time(50));
    let later = git_import(&ours, &repository, "incidents.json", "statuspage");
    assert_eq!((&later["published"], &later["passed_over"]), (&json!(1), &json!(4)), "{later}");
}

#[test]
fn an_issue_of_cstate_is_one_incident_from_its_first_commit_on() {
    let (_folder, files) = folder();
    let Some(repository) = Repository::start(&files) else { return };
    let issue = |resolved: bool, words: &str| {
        format!(
            "---\ntitle: Mail is slow\ndate: 2024-05-01 09:58:00\nresolved: {resolved}\nseverity: disrupted\naffected:\n  - Mail\nsection: issue\n---\n\n{words}\n"
        )
    };
    let versions = [(5, issue(false, "We look.")), (20, issue(false, "It was a disk."))];
    for (minute, text) in &versions {
        repository.save("content/issues/mail.md", text, &time(*minute));
    }
    // A subfolder is a place to begin from, too.
    let below = repository.0.join("content");
    let [ours, theirs] = two_folders(&files);
    import(&ours, &["git", below.to_str().unwrap(), "--path", "issues/mail.md", "--dialect", "cstate", "--service", "mail"]);
    for (minute, text) in &versions {
        std::fs::write(files.join("mail.md"), text).unwrap();
        import(&theirs, &["cstate", files.join("mail.md").to_str().unwrap(), "--service", "mail", "--read-at", &time(*minute)]);
    }
    assert!(events(&ours).len() > 2);
    assert_eq!(events(&ours), events(&theirs));
}

#[test]
fn a_version_that_cannot_be_read_is_named_by_its_commit_and_the_rest_is_read() {
    let (_folder, files) = folder();
    let Some(repository) = Repository::start(&files) else { return };
    repository.save("page.json", page("One."), &time(5));
    let broken = repository.save("page.json", "<html>Down for maintenance", &time(10));
    let lost = repository.save("page.json", page("Two."), &time(15));
    let blob = repository.git(&["rev-parse", "HEAD:page.json"], "");
    let damaged = repository.save("page.json", page("Three."), &time(20));
    let cut = repository.git(&["rev-parse", "HEAD:page.json"], "");
    let superseded = repository.save("page.json", page("Four."), &time(25));
    repository.save("page.json", page("Five."), &time(25));
    let back = repository.save("page.json", page("Six."), &time(24));
    std::fs::remove_file(repository.0.join("page.json")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", repository.0.join("page.json")).unwrap();
    let link = repository.commit(&time(30));
    std::fs::remove_file(repository.0.join("page.json")).unwrap();
    repository.save("page.json", page("Seven."), &time(35));
    let object = |blob: &str| repository.0.join(".git/objects").join(&blob[..2]).join(&blob[2..]);
    std::fs::remove_file(object(&blob)).unwrap();
    std::fs::remove_file(object(&cut)).unwrap();
    std::fs::write(object(&cut), "nothing that git packed").unwrap();

    let told = git_import(&files, &repository, "page.json", "statuspage");
    let named = |list: &str| told[list].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let of = |commits: &[&String]| commits.iter().map(|commit| format!("page.json, commit {commit}")).collect::<Vec<_>>();
    assert_eq!(named("unreadable"), of(&[&broken, &lost, &damaged, &link]), "{told}");
    assert_eq!(named("refusals"), of(&[&superseded, &back]), "{told}");
    assert_eq!((&told["versions"], &told["edits"]["words"]["edits"]), (&json!(3), &json!(2)), "{told}");
    let mut larger = page("Eight.").into_bytes();
    larger.resize(32 * 1024 * 1024 + 1, b' ');
    let large = repository.save("page.json", larger, &time(40));
    let told = git_import(&files, &repository, "page.json", "statuspage");
    assert!(told["unreadable"].to_string().contains(&large) && told["unreadable"].to_string().contains("larger than"), "{told}");
}

#[test]
fn nothing_that_a_repository_brings_is_run() {
    let (_folder, files) = folder();
    let Some(repository) = Repository::start(&files) else { return };
    repository.save("page.json", page("One."), &time(5));
    std::fs::write(repository.0.join(".gitattributes"), "*.json diff=own filter=own\n").unwrap();
    repository.save("page.json", page("Two."), &time(10));
    let ran = files.join("ran");
    let program = format!("touch {}; cat", ran.display());
    for name in [
        "core.fsmonitor",
        "core.pager",
        "pager.log",
        "diff.external",
        "diff.own.command",
        "diff.own.textconv",
        "filter.own.smudge",
        "filter.own.clean",
        "gpg.program",
        "core.sshCommand",
        "core.editor",
        "core.askPass",
        "alias.log",
        "alias.cat-file",
    ] {
        repository.git(&["config", name, &program], "");
    }
    repository.git(&["config", "log.showSignature", "true"], "");
    let hooks = repository.0.join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    for hook in ["post-index-change", "reference-transaction", "fsmonitor-watchman"] {
        std::fs::write(hooks.join(hook), format!("#!/bin/sh\n{program}\n")).unwrap();
        std::fs::set_permissions(hooks.join(hook), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let ran_out = command(&files)
        .args(["import", "git", repository.0.to_str().unwrap(), "--path", "page.json", "--dialect", "statuspage", "--format", "json"])
        .env("GIT_EXTERNAL_DIFF", &program)
        .env("GIT_PAGER", &program)
        .env("GIT_DIR", files.join("elsewhere"))
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "core.fsmonitor")
        .env("GIT_CONFIG_VALUE_0", &program)
        .output()
        .unwrap();
    assert_eq!(summary(&ran_out)["versions"], 2);
    assert!(!ran.exists());
}

#[test]
fn what_is_wrong_with_the_whole_is_said_with_what_to_do() {
    let (_folder, files) = folder();
    let Some(repository) = Repository::start(&files) else { return };
    let folder = repository.0.to_str().unwrap();
    let import = |words: &[&str]| {
        let ran = command(&files).args(["import", "git"]).args(words).output().unwrap();
        (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    let of = |folder: &str, path: &str| import(&[folder, "--path", path, "--dialect", "statuspage"]);
    let refused = |(code, said): (Option<i32>, String), part: &str| assert!(code == Some(2) && said.contains(part), "no {part:?}: {code:?} {said}");
    refused(of(folder, "page.json"), "no commit yet");
    repository.save("pages/page.json", page("One."), &time(5));
    refused(of(folder, "other.json"), "has a file other.json");
    refused(of(folder, "*/page.json"), "has a file */page.json");
    refused(of(folder, "pages"), "--path pages is a folder");
    refused(of(folder, "pages/"), "--path pages is a folder");
    refused(of(folder, "."), "is a folder");
    refused(of(folder, "../page.json"), "out of the repository");
    refused(import(&[folder, "--path=--output=gone", "--dialect", "statuspage"]), "has a file --output=gone");
    std::fs::create_dir(files.join("plain")).unwrap();
    refused(of(files.join("plain").to_str().unwrap(), "page.json"), "no git repository");
    refused(of(files.join("gone").to_str().unwrap(), "page.json"), "is no folder");
    refused(import(&[folder, "--path", "pages/page.json"]), "--dialect");
    refused(import(&[folder, "--path", "pages/page.json", "--dialect", "versions"]), "statuspage");
    refused(import(&[folder, "--path", "pages/page.json", "--dialect", "statuspage", "--read-at", &time(1)]), "takes no --read-at");
    let ran = command(&files).args(["import", "statuspage", "page.json", "--path", "page.json"]).output().unwrap();
    refused((ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned()), "`dateline import git");
    let words = ["import", "git", folder, "--path", "pages/page.json", "--dialect", "statuspage"];
    let ran = command(&files).args(words).env("PATH", &files).output().unwrap();
    refused((ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned()), "git is not installed");
}

//! Without `--allow-private` nothing on this machine or in its network is asked; and over TLS nobody is believed who cannot show who
//! they are.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::response::IntoResponse;

use super::process::{Watcher, page, pages};
use super::vendor::{Vendor, summary};
use crate::support::{command, folder, run};

#[tokio::test(flavor = "multi_thread")]
async fn pages_on_this_machine_are_refused() {
    let (_folder, data) = folder();
    let vendor = Vendor::start().await;
    vendor.say("/summary.json", |_, _| summary(&[]).into_response());
    let port = vendor.address.port();
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0"] {
        let file = pages(&data, &page("mail", 10, &[format!("http://{host}:{port}/summary.json")]));
        let ended = run(&data, &["watch", file.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{host}: {said}");
        assert!(said.contains("page 1 (\"mail\")") && said.contains("is no public address; only --allow-private reads such pages"), "{host}: {said}");
    }
    // A name is judged by where it leads.
    let url = format!("http://localhost:{port}/summary.json");
    let (_trusted, certificate) = certificate(&data);
    let watcher = Watcher::start_with(&data, &pages(&data, &page("mail", 10, std::slice::from_ref(&url))), &[], &[("SSL_CERT_FILE", &certificate)]);
    let feed = watcher.until_state(&url, "unreadable").await;
    let why = feed["why"].as_str().unwrap();
    assert!(why.starts_with("localhost leads to ") && why.ends_with("is no public address; only --allow-private reads such pages"), "{why}");
    assert!(vendor.asked("/summary.json").is_empty(), "it was asked all the same");
    watcher.kill();
    // Another folder: there nothing failed yet, and it need not wait.
    let (_other, fresh) = folder();
    let watcher = Watcher::start(&fresh, &data.join("pages.toml"));
    watcher.until_state(&url, "seen").await;
}

#[test]
fn a_file_that_is_not_understood_is_said_and_nothing_is_started() {
    let (_folder, data) = folder();
    let file = pages(&data, &page("mail", 10, &["https://status.mail.example/".to_owned()]).replace("statuspage", "statusage"));
    let ended = run(&data, &["watch", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("pages.toml are not understood: page 1 (\"mail\"): dialect \"statusage\""), "{said}");
    assert!(!data.join("ledger.db").exists());
    let missing = run(&data, &["watch", "nowhere.toml"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot read the pages nowhere.toml"));
}

/// A certificate for localhost that nobody signed but itself: the private key's file, and the certificate's.
pub fn certificate(data: &Path) -> (String, String) {
    let (key, certificate) = (data.join("key.pem"), data.join("certificate.pem"));
    let (key, certificate) = (key.to_str().unwrap().to_owned(), certificate.to_str().unwrap().to_owned());
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &certificate])
        .output();
    match made {
        Ok(made) => assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr)),
        Err(error) => panic!("openssl makes the certificate of this test: {error}"),
    }
    (key, certificate)
}

/// OpenSSL's own server over a folder of files, killed when dropped.
pub struct Tls {
    child: Child,
    pub port: u16,
}

impl Tls {
    pub fn start(folder: &Path, key: &str, certificate: &str) -> Self {
        let mut child = Command::new("openssl")
            .current_dir(folder)
            .args(["s_server", "-accept", "127.0.0.1:0", "-WWW", "-key", key, "-cert", certificate])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // "ACCEPT 127.0.0.1:40123"
        let port = lines.find_map(|line| line.unwrap().strip_prefix("ACCEPT ").and_then(|place| place.rsplit(':').next()?.parse().ok()));
        // Read on, so that the server never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: port.expect("openssl s_server listens") }
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_signed_is_refused_and_named_and_one_that_is_trusted_is_read() {
    let (_folder, data) = folder();
    let (key, certificate) = certificate(&data);
    let www = data.join("www");
    std::fs::create_dir(&www).unwrap();
    std::fs::write(www.join("summary.json"), summary(&[1])).unwrap();
    let server = Tls::start(&www, &key, &certificate);
    let right = format!("https://localhost:{}/summary.json", server.port);
    let wrong = format!("https://127.0.0.1:{}/summary.json", server.port);
    let file = pages(&data, &page("mail", 1, &[right.clone(), wrong.clone()]));
    let watcher = Watcher::start(&data, &file);
    for url in [&right, &wrong] {
        let feed = watcher.until_state(url, "unreadable").await;
        let why = feed["why"].as_str().unwrap();
        assert!(why.starts_with("TLS failed: invalid peer certificate: "), "{why}");
    }
    watcher.kill();
    let watcher = Watcher::start_with(&data, &file, &["--allow-private"], &[("SSL_CERT_FILE", &certificate)]);
    let feed = watcher.until_state(&right, "seen").await;
    assert_eq!(feed["incidents"], 1, "{feed}");
    let feed = watcher.until(&wrong, "named", |feed| feed["why"].as_str().is_some_and(|why| why.contains("not valid for name"))).await;
    assert_eq!(feed["state"], "unreadable", "another host's certificate: {feed}");
    watcher.kill();
    // Nothing is read over https where no certificate is trusted, and that is said at once.
    std::fs::write(data.join("empty.pem"), "").unwrap();
    let mut command = command(&data);
    command.arg("watch").arg(&file).args(["--allow-private", "--listen", "127.0.0.1:0"]);
    let mut child = command.env("SSL_CERT_FILE", "empty.pem").env_remove("SSL_CERT_DIR").stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.code() == Some(2) && said.contains("no certificate is trusted on this machine"), "{:?} {said}", ended.status);
}

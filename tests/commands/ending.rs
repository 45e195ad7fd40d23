//! How commands end: a reader who leaves is no error, a second writer is refused, SIGTERM is a graceful end.

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{ends, said, with_outage};
use crate::support::{PROGRAM, TestServer, command, folder, get};

/// A server that was told to stop has stopped within this, whoever still reads.
const GRACE: Duration = Duration::from_secs(2);

#[test]
fn a_reader_who_leaves_is_no_error() {
    let (_folder, data) = folder();
    with_outage(&data);
    let arguments: [&[&str]; 7] = [
        &["audit", "replay"],
        &["timeline", "whatsapp"],
        &["incidents", "--format", "json"],
        &["completions", "zsh"],
        &["keys", "create", "--name", "x", "--scope", "read", "--format", "json"],
        &["demo"],
        &["--help"],
    ];
    for arguments in arguments {
        // Nobody reads this pipe any more before the first byte is written.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command(&data).args(arguments).stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let (code, _, stderr) = said(&output);
        assert!(code == Some(0) && stderr.is_empty(), "dateline {}: {code:?} {stderr}", arguments.join(" "));
    }
    let line = format!("set -o pipefail; '{PROGRAM}' --data '{}' audit replay | head -1", data.display());
    let (code, stdout, stderr) = said(&Command::new("bash").args(["-c", &line]).output().unwrap());
    assert!(code == Some(0) && stdout.lines().count() == 1 && stderr.is_empty(), "{code:?} {stdout} {stderr}");
}

#[test]
fn a_second_server_on_the_same_data_or_address_is_refused() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let (_, stderr) = ends(&data, &["serve", "--listen", "127.0.0.1:0"], 2);
    assert!(stderr.contains("another process") && stderr.contains("stop it"), "{stderr}");
    let (_other, elsewhere) = folder();
    let (_, stderr) = ends(&elsewhere, &["serve", "--listen", server.url.strip_prefix("http://").unwrap()], 2);
    assert!(stderr.contains("--listen"), "{stderr}");
    let (_third, third) = folder();
    let (_, stderr) = ends(&third, &["serve", "--listen", "0.0.0.0:0"], 2);
    assert!(stderr.contains("dateline keys create"), "open to other machines without a key: {stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_gracefully_while_a_live_stream_is_open() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let mut stream = reqwest::get(format!("{}/v1/live?after=0", server.url)).await.unwrap();
    let first = stream.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: caught-up"), "{first:?}");
    let begun = Instant::now();
    let code = tokio::task::spawn_blocking(|| server.terminate()).await.unwrap();
    assert_eq!(code, Some(0));
    assert!(begun.elapsed() < GRACE, "it took {:?}", begun.elapsed());
    while stream.chunk().await.is_ok_and(|chunk| chunk.is_some()) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_a_silent_or_half_finished_request_hold_it_up() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let silent = TcpStream::connect(&address).unwrap();
    let mut half = TcpStream::connect(&address).unwrap();
    half.write_all(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/cloudevents+json\r\ncontent-length: 1000\r\n\r\n{").unwrap();
    // Answered after both, so both were accepted.
    assert_eq!(get(&format!("{}/health/ready", server.url)).await.0, 200);
    let begun = Instant::now();
    let code = tokio::task::spawn_blocking(|| server.terminate()).await.unwrap();
    assert_eq!(code, Some(0));
    assert!(begun.elapsed() < GRACE, "it took {:?}", begun.elapsed());
    drop((silent, half));
}

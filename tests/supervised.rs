//! A role that panics is named by readiness, started again, and does its work; told to stop, the process ends in time.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::needs;
use crate::support::{anomaly, command, folder, get, publish};

#[tokio::test]
async fn a_role_that_panics_is_named_and_started_again() {
    let built = if cfg!(debug_assertions) { Ok(()) } else { Err("debug assertions".to_owned()) };
    if needs::found("only a debug build can be told to panic", built).is_none() {
        return;
    }
    let (_folder, data) = folder();
    let mut serve = command(&data);
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("DATELINE_PLANT_PANIC", "projector:2").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = serve.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let url = first.trim().strip_prefix("serving at ").unwrap().to_owned();
    let ready = format!("{url}/health/ready");
    let begun = Instant::now();
    let told = loop {
        let (status, told) = get(&ready).await;
        if status == 503 {
            break told;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it is not named: {told}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let projector = &told["roles_down"]["projector"];
    assert!(projector["times"].as_u64() >= Some(1) && projector["why"].as_str().unwrap().contains("planted by a test"), "{told}");
    // It is at work again before it is called sound.
    publish(&url, &[&anomaly("a", "mail", "2026-03-01T10:00Z[UTC]")]).await;
    assert_eq!(get(&format!("{url}/v1/services?min_position=1&wait_ms=20000")).await.0, 200);
    while get(&ready).await.0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", get(&ready).await.1);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(get(&ready).await.1.get("roles_down").is_none());
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

//! A page whose name is pointed to this machine, or one of another site, can neither publish nor replay.

use crate::asking::{House, STRUCTURED, client, get_with, head, send};
use crate::support::{TestServer, anomaly, folder, run};

#[tokio::test]
async fn a_page_that_was_pointed_here_neither_publishes_nor_replays() {
    let house = House::start();
    let event = || client().post(house.at("/v1/events")).header("content-type", STRUCTURED).body(anomaly("rebind", "mail", "2026-03-01T10:00Z[UTC]"));
    for path in ["/v1/events?after=0", "/", "/health/live"] {
        let problem = get_with(&house.at(path), &[("host", "evil.example")]).await.problem(421);
        assert!(problem["detail"].as_str().unwrap().contains("--allow-host"), "{problem}");
    }
    send(event().header("host", "evil.example").header("origin", "http://evil.example")).await.problem(421);
    send(event().header("origin", "http://evil.example")).await.problem(403);
    send(event().header("origin", "null")).await.problem(403);
    assert_eq!(head(&house.url).await, 0, "something was published");
    let port = house.url.rsplit_once(':').unwrap().1;
    send(event().header("host", format!("localhost:{port}")).header("origin", format!("http://localhost:{port}"))).await.expect(201);
    get_with(&house.at("/v1/incidents"), &[("origin", "http://evil.example")]).await.expect(200);
}

#[tokio::test]
async fn a_name_that_is_allowed_is_answered_to() {
    let (_folder, data) = folder();
    let server = TestServer::start_with(&data, &["--allow-host", "status.example.org", "--allow-host", "intake"]);
    for host in ["status.example.org", "Status.Example.Org:443", "intake:7311", "127.0.0.5", "[::1]:80", "LOCALHOST"] {
        get_with(&format!("{}/health/live", server.url), &[("host", host)]).await.expect(200);
    }
    get_with(&format!("{}/health/live", server.url), &[("host", "example.org")]).await.problem(421);
    for (wrong, said) in [(["--allow-host", "http://x"], "--allow-host"), (["--connections-per-address", "0"], "--connections-per-address")] {
        let output = run(&data, &[&["serve"][..], &wrong].concat());
        assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains(said), "{output:?}");
    }
}

#[tokio::test]
async fn once_there_is_a_key_a_replay_needs_one_on_ones_own_machine_too() {
    let house = House::start();
    get_with(&house.at("/v1/events?after=0"), &[]).await.expect(200);
    let made = |scope: &str| {
        let output = run(&house.data, &["keys", "create", "--name", "a test", "--scope", scope]);
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().lines().find_map(|line| Some(line[line.find("dateline_")?..].trim().to_owned())).unwrap()
    };
    let (read, audit) = (made("read"), made("audit"));
    let as_key = |key: &str| client().get(house.at("/v1/events?after=0")).bearer_auth(key);
    let asked = std::time::Instant::now();
    while get_with(&house.at("/v1/events?after=0"), &[]).await.status == 200 {
        assert!(asked.elapsed().as_secs() < 5, "a key was made, and a replay needs none");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    get_with(&house.at("/v1/events?after=0"), &[]).await.problem(401);
    send(as_key(&read)).await.problem(403);
    send(as_key(&audit)).await.expect(200);
    get_with(&house.at("/v1/incidents"), &[]).await.expect(200);
}

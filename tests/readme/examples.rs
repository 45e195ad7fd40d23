//! What stands under examples/ works: the file of pages has every field, and the settings for nginx and systemd do what they say.
//! The publishers and the events are run by the pages that show them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt;

use crate::house::{Kept, Role};
use crate::intake::sdks;
use crate::nats::{Nats, free_port};
use crate::needs;
use crate::support::{OUTAGE, PROGRAM, TestServer, anomaly, folder, get, publish, run};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(example(name)).unwrap()
}

/// The fields that the program knows, as it lists them for one that it does not know.
fn fields(pages: &str) -> Vec<String> {
    let (_folder, data) = folder();
    std::fs::write(data.join("pages.toml"), pages).unwrap();
    let said = String::from_utf8(run(&data, &["watch", "pages.toml"]).stderr).unwrap();
    let (_, listed) = said.split_once("expected one of ").unwrap_or_else(|| panic!("no fields are listed: {said}"));
    listed.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

#[test]
fn the_file_of_pages_shows_every_field() {
    let pages = text("pages.toml");
    let parts = ["nonsense = 1\n", "[[page]]\nservice = \"x\"\nnonsense = 1\n", "[[page]]\nservice = \"x\"\n[[page.feed]]\nnonsense = 1\n"];
    for part in parts {
        let fields = fields(part);
        assert!(fields.len() > 2, "{fields:?}");
        for field in fields {
            assert!(
                pages.contains(&format!("\n{field} = ")) || pages.contains(&format!("[[{field}]]")) || pages.contains(&format!(".{field}]]")),
                "{field}"
            );
        }
    }
    let (_folder, data) = folder();
    // The pages are understood; that they are read is seen by the watcher's own tests, which ask nobody else's server.
    std::fs::write(data.join("pages.toml"), pages.replace("every_s = 300", "every_s = 3")).unwrap();
    let said = String::from_utf8(run(&data, &["watch", "pages.toml"]).stderr).unwrap();
    assert!(said.contains("every_s = 3: a page is read every 10 to 86400 seconds"), "nothing else is wrong with it: {said}");
}

#[test]
fn the_unit_of_systemd_is_sound() {
    if !needs::tool("systemd-analyze") {
        return;
    }
    let (_folder, data) = folder();
    let unit = data.join("dateline.service");
    std::fs::write(&unit, text("dateline.service").replace("/usr/local/bin/dateline", PROGRAM)).unwrap();
    let checked = Command::new("systemd-analyze").arg("verify").arg(&unit).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && !said.contains("dateline.service"), "{said}");
}

/// nginx, killed when it is dropped.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

impl Nginx {
    /// The example's site on a port of its own, without TLS, in front of a server.
    fn start(folder: &Path, port: u16, server: &str) -> Self {
        let site = text("nginx.conf")
            .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"))
            .replace("server 127.0.0.1:7310;", &format!("server {server};"));
        let site: String = site.lines().filter(|line| !line.trim_start().starts_with("ssl_certificate")).map(|line| format!("{line}\n")).collect();
        let paths: String =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {}/{name};\n", folder.display())).concat();
        let settings = format!(
            "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;\nevents {{}}\nhttp {{ access_log off;\n{paths}{site}}}\n",
            folder.display()
        );
        std::fs::write(folder.join("nginx.conf"), settings).unwrap();
        let child = Command::new("nginx").arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || std::fs::read_to_string(folder.join("error.log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(20), "nginx does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
        Self(child)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_nginx_pages_are_read_and_live_streams_are_not_held_back() {
    if !needs::tool("nginx") {
        return;
    }
    let (_folder, data) = folder();
    let server = TestServer::start_with(&data, &["--proxy", "127.0.0.1", "--allow-host", "dateline.example.org"]);
    let port = free_port();
    let _nginx = Nginx::start(&data, port, server.url.strip_prefix("http://").unwrap());
    let client = reqwest::Client::builder().resolve("dateline.example.org", ([127, 0, 0, 1], port).into()).build().unwrap();
    let url = format!("http://dateline.example.org:{port}");
    let page = client.get(format!("{url}/")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let stream = client.get(format!("{url}/v1/live")).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    let mut stream = stream.bytes_stream();
    publish(&url.replace("dateline.example.org", "localhost"), &[&anomaly("1", "whatsapp", "2022-10-25T06:37Z")]).await;
    let mut said = String::new();
    while !said.contains("whatsapp") {
        let chunk = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.unwrap_or_else(|_| panic!("the message is held back: {said}"));
        said += &String::from_utf8_lossy(&chunk.unwrap().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_publisher_on_nats_gets_its_receipts() {
    let Some(sdk) = sdks::sdk("python", "nats") else { return };
    let (_folder, data) = folder();
    let bus = Nats::start();
    let kept = Kept { ledger: bus.url(), ..Kept::in_folder(&data) };
    let script = text("publish_nats.py");
    let allow = script.lines().find_map(|line| line.trim().strip_prefix("dateline publishers allow ")).unwrap();
    let allowed: Vec<&str> = ["publishers", "allow"].into_iter().chain(allow.split(' ')).collect();
    assert!(kept.run(&allowed).status.success());
    let intake = Role::start(&kept, "intake");
    let said = Command::new("python3")
        .arg(example("publish_nats.py"))
        .args([&format!("nats://127.0.0.1:{}", bus.port), "example"])
        .arg(example("outage.ndjson"))
        .env("PYTHONPATH", sdk)
        .output()
        .unwrap();
    let (told, wrong) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    let lines = text("outage.ndjson").lines().count();
    assert!(told.lines().count() == lines && told.ends_with(&format!("cause: stored at position {lines}, new\n")), "{told}{wrong}");
    drop(intake);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_say_what_the_demo_says() {
    let demo = OUTAGE.replace("/desks/demo", "/desks/example");
    let of = |lines: &str, kind: &str| -> Vec<serde_json::Value> {
        let events = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        events.filter(|event| event["type"] == format!("dateline.{kind}.v1")).map(|event| event["data"]["sources"].clone()).collect()
    };
    for kind in ["anomaly.detected", "reports.observed", "vendor.acknowledged", "service.restored", "cause.stated"] {
        let known = of(&demo, kind);
        let shown = of(&text("outage.ndjson"), kind);
        assert!(
            shown.len() == 1 && shown.iter().all(|sources| known.contains(sources)),
            "{kind}: what an example says stands in the demo, source for source"
        );
    }
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let items = publish(&server.url, &text("outage.ndjson").lines().collect::<Vec<_>>()).await;
    assert!(items.iter().all(|item| item["receipt"]["fresh"] == true), "{items:?}");
    let (status, timeline) = get(&format!("{}/v1/incidents/whatsapp/timeline?min_position={}", server.url, items.len())).await;
    assert_eq!((status, &timeline["state"]), (200, &"restored".into()), "{timeline}");
}

//! `dateline watch` as a process, and what it shows of itself.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{command, get};

/// A running watcher, killed when dropped.
pub struct Watcher {
    child: Child,
    /// Where it shows itself.
    pub url: String,
}

/// A page with feeds of the dialect `statuspage`.
pub fn page(service: &str, every_s: u32, urls: &[String]) -> String {
    let feeds: String = urls.iter().map(|url| format!("[[page.feed]]\nurl = \"{url}\"\ndialect = \"statuspage\"\n")).collect();
    format!("[[page]]\nservice = \"{service}\"\nevery_s = {every_s}\n{feeds}\n")
}

/// Writes a file of pages.
pub fn pages(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("pages.toml");
    std::fs::write(&path, text).unwrap();
    path
}

impl Watcher {
    /// Watches a file of pages, on this machine too.
    pub fn start(data: &Path, pages: &Path) -> Self {
        Self::start_with(data, pages, &["--allow-private"], &[])
    }

    /// The same with other flags, and variables of the environment.
    pub fn start_with(data: &Path, pages: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = command(data);
        if !flags.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let log = std::fs::File::create(data.join(format!("watch-{}.log", uuid::Uuid::now_v7()))).unwrap();
        // Which certificates this machine trusts is said by a test, or is the system's own business; never half and half.
        command.env_remove("SSL_CERT_DIR");
        command.arg("watch").arg(pages).args(flags).envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        let Some(url) = first.trim().strip_prefix("serving at ") else { panic!("the watcher did not start: {first:?}\n{}", logs(data)) };
        Self { url: url.to_owned(), child }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits for its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        std::process::Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        self.child.wait().unwrap().code()
    }

    /// What it shows.
    pub async fn state(&self) -> Value {
        let (status, told) = get(&format!("{}/v1/watch", self.url)).await;
        assert_eq!(status, 200, "{told}");
        told
    }

    /// What it shows of a feed.
    pub async fn feed(&self, url: &str) -> Value {
        let told = self.state().await;
        let feed = told["feeds"].as_array().unwrap().iter().find(|feed| feed["url"] == url);
        feed.unwrap_or_else(|| panic!("no feed {url} in {told}")).clone()
    }

    /// Waits until what it shows of a feed is so.
    pub async fn until(&self, url: &str, what: &str, so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let feed = self.feed(url).await;
            if so(&feed) {
                return feed;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "not in a minute: {what}: {feed:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a feed is in a state.
    pub async fn until_state(&self, url: &str, state: &str) -> Value {
        self.until(url, state, |feed| feed["state"] == state).await
    }

    /// A line of its metrics.
    pub async fn metric(&self, name: &str) -> f64 {
        let (_, text) = get(&format!("{}/metrics", self.url)).await;
        let text = text.as_str().unwrap().to_owned();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in\n{text}"));
        line.trim().parse().unwrap()
    }

    /// A figure of the kernel's about it, such as `VmHWM`, in KiB.
    pub fn kernel(&self, name: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:"))).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What watchers in a folder logged.
pub fn logs(data: &Path) -> String {
    let mut said = String::new();
    for entry in std::fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "log") {
            std::fs::File::open(path).unwrap().read_to_string(&mut said).unwrap();
        }
    }
    said
}

/// An instant as it is shown, in microseconds.
pub fn micros(value: &Value) -> i64 {
    dateline_events::Instant::parse(value.as_str().unwrap_or_else(|| panic!("no instant: {value}"))).unwrap().0
}

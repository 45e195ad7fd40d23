//! The load command: every figure of BENCHMARKS.md beside its raw limit, measured in the same run.
//!
//! `cargo bench --bench load -- [--only append|http|project|timeline|serve] [--events N]`

mod support;
#[path = "load/append.rs"]
mod append;
#[path = "load/client.rs"]
mod client;
#[path = "load/http.rs"]
mod http;
#[path = "load/project.rs"]
mod project;
#[path = "load/server.rs"]
mod server;
#[path = "load/timeline.rs"]
mod timeline;

use support::machine;

/// Events of the large runs.
const EVENTS: u64 = 1_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let only = value("--only").map(String::as_str);
    let events = value("--events").and_then(|text| text.parse().ok()).unwrap_or(EVENTS);
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    println!("{}", machine::line());
    let (median, worst) = machine::sync_ms(folder.path());
    println!("fdatasync of 4 KiB before: median {median:.2} ms, worst of 50 {worst:.2} ms\n");
    if wanted("append") {
        append::measure(&runtime);
    }
    if wanted("http") {
        http::measure(&runtime);
    }
    if wanted("project") {
        project::measure(&runtime, events);
    }
    if wanted("timeline") || wanted("serve") {
        timeline::measure(&runtime, events);
    }
    let (median, worst) = machine::sync_ms(folder.path());
    println!("fdatasync of 4 KiB after: median {median:.2} ms, worst of 50 {worst:.2} ms");
}

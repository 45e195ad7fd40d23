//! The load command: every figure of BENCHMARKS.md beside its raw limit, measured in the same run, A B A B.
//!
//! `cargo bench --bench load -- [--events N] [--only PART,…] [--quick] [--program PATH]`
//!
//! The parts: append, bus, distributed, histories, http, import, project, reports, timeline, serve.
//!
//! `--program` measures another build of `dateline`; where others build into the same target folder, give it a copy.

mod support;
#[path = "../tests/support/servers.rs"]
mod servers;
#[path = "../tests/support/postgres.rs"]
#[expect(clippy::unwrap_used, reason = "a server that a bench cannot start ends it")]
#[expect(dead_code, reason = "a bench kills no server")]
mod postgres;
#[path = "../tests/support/nats.rs"]
#[expect(dead_code, reason = "a bench kills no server")]
mod nats;
#[path = "load/append.rs"]
mod append;
#[path = "load/bus.rs"]
mod bus;
#[path = "load/client.rs"]
mod client;
#[path = "load/distributed.rs"]
mod distributed;
#[path = "load/histories.rs"]
mod histories;
#[path = "../tests/both_engines/history.rs"]
mod history;
#[path = "load/http.rs"]
mod http;
#[path = "load/import.rs"]
mod import;
#[path = "load/project.rs"]
mod project;
#[path = "load/reports.rs"]
mod reports;
#[path = "load/serve.rs"]
mod serve;
#[path = "load/server.rs"]
mod server;
#[path = "load/timeline.rs"]
mod timeline;
#[path = "load/visible.rs"]
mod visible;

use std::path::PathBuf;

use support::machine;

/// Events of the large runs, and of a quick one.
const EVENTS: u64 = 1_000_000;
const EVENTS_QUICK: u64 = 20_000;

/// Pairs of interleaved runs; the middle one of each side is shown.
const PAIRS: usize = 5;
const PAIRS_QUICK: usize = 1;

/// What was asked for on the command line.
pub struct Options {
    /// Events of the large runs.
    pub events: u64,
    /// Pairs of interleaved runs.
    pub pairs: usize,
    /// Short runs, to see that everything works; their figures mean little.
    pub quick: bool,
    /// The program that is measured.
    pub program: PathBuf,
}

impl Options {
    /// So many, or a tenth of it in a quick run.
    pub fn scaled(&self, count: usize) -> usize {
        if self.quick { count / 10 } else { count }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let options = Options {
        events: value("--events").map_or(if quick { EVENTS_QUICK } else { EVENTS }, |text| text.parse().expect("--events takes a number")),
        pairs: if quick { PAIRS_QUICK } else { PAIRS },
        quick,
        program: value("--program").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_dateline")), PathBuf::from),
    };
    let only: Option<Vec<&str>> = value("--only").map(|names| names.split(',').collect());
    let wanted = |name: &str| only.as_ref().is_none_or(|only| only.contains(&name));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    support::generate::assert_that_all_pass_the_door();
    println!("{}\n", machine::line());
    probe("before");
    if wanted("append") {
        append::measure(&runtime, &options);
    }
    if wanted("bus") {
        bus::measure(&runtime, &options);
    }
    if wanted("distributed") {
        distributed::measure(&runtime, &options);
    }
    if wanted("histories") {
        histories::measure(&runtime, &options);
    }
    if wanted("http") {
        http::measure(&runtime, &options);
    }
    if wanted("import") {
        import::measure(&options);
    }
    if wanted("project") {
        project::measure(&runtime, &options);
    }
    if wanted("reports") {
        reports::measure(&runtime, &options);
    }
    if wanted("timeline") || wanted("serve") {
        let filled = support::folder();
        runtime.block_on(project::fill(filled.path(), options.events, support::generate::event));
        let rebuilt = server::rebuild(&options.program, filled.path());
        println!("Rebuild of {} events: {:.1} s, {}.\n", options.events, rebuilt.seconds, rebuilt.memory);
        if wanted("timeline") {
            timeline::measure(&runtime, &options, filled.path());
        }
        if wanted("serve") {
            serve::measure(&runtime, &options, filled.path());
        }
    }
    probe("after");
}

fn probe(when: &str) {
    let (median, slow) = machine::sync_ms(support::folder().path());
    println!("fdatasync of 4 KiB {when}: p50 {median:.2} ms, p99 {slow:.2} ms\n");
}

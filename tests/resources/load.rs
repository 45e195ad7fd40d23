//! Accepted work under too much of it: of 1, 2 and 3 times what can be done at best, at least 80 % of that best is done, and the rest is
//! told so.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::ground::{Ground, event};
use super::pace::{Load, closed_loop, open_loop};
use super::probe::Probe;
use super::{alone, is_long, ordinarily_or_long, runtime};

/// So much of the best is done under any load. Ordinarily other tests run beside this one, sometimes more and sometimes less of them.
const SHARE_MIN: f64 = 0.5;
const SHARE_MIN_LONG: f64 = 0.8;

/// Connections in a closed loop; the best of them counts.
const CLOSED: [u16; 2] = [32, 128];

/// Connections of the open loop, in the long run more than there are places, and their addresses.
const OPEN: u16 = 300;
const OPEN_LONG: u16 = 1_200;
const ADDRESSES: u16 = 12;

/// Publishing requests, each with an event of its own, of a hundred services.
fn publishing() -> impl Fn() -> Vec<u8> + Clone + Send + 'static {
    let next = Arc::new(AtomicU64::new(1 << 40));
    move || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let body = event(number, &format!("service-{}", number % 100), number / 100 % 600);
        let head = "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\n";
        format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }
}

async fn best(server: SocketAddr, length: Duration) -> f64 {
    let (mut best, request): (f64, _) = (0.0, publishing());
    for connections in CLOSED {
        let done = closed_loop(server, connections, length, request.clone()).await;
        best = best.max(done.rate_of(201));
    }
    best
}

#[test]
fn most_of_what_can_be_done_is_done_under_three_times_the_load() {
    let _alone = alone();
    let runtime = runtime();
    let length = ordinarily_or_long(Duration::from_secs(1), Duration::from_secs(10));
    let baseline = std::env::var_os("DATELINE_BASELINE").map(PathBuf::from);
    let best = match &baseline {
        Some(program) => {
            let other = Ground::of(program, &[]);
            runtime.block_on(best(other.address, length))
        }
        None => {
            let own = Ground::start(&[]);
            runtime.block_on(best(own.address, length))
        }
    };
    println!("closed-loop best of {}: {best:.0} events/s\n", baseline.map_or_else(|| "this build".into(), |program| program.display().to_string()));
    println!(
        "| load | offered/s | accepted/s | of the best | accepted p50 / p99, ms | shed/s | shed p50 / p99, ms | no answer | found no connection | health, ms | MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let mut faults = Vec::new();
    let loads: &[f64] = if is_long() { &[1.0, 2.0, 3.0] } else { &[3.0] };
    for times in loads {
        let mut ground = runtime.block_on(Ground::filled(&[], 0, 0));
        let probe = Probe::start(ground.address);
        let load = Load { rate: best * times, length, connections: ordinarily_or_long(OPEN, OPEN_LONG), addresses: ADDRESSES };
        let done = runtime.block_on(open_loop(ground.address, load, publishing()));
        let asked = probe.end();
        let (share, shed) = (done.rate_of(201) / best, done.rate_of(503) + done.rate_of(429));
        println!(
            "| {times} × | {:.0} | {:.0} | {share:.2} | {:.0} / {:.0} | {shed:.0} | {:.0} / {:.0} | {} | {} | {} | {} |",
            load.rate,
            done.rate_of(201),
            done.took(201, 0.5),
            done.took(201, 0.99),
            done.took(503, 0.5),
            done.took(503, 0.99),
            done.statuses.get(&0).copied().unwrap_or(0),
            done.turned_away,
            asked.worst_ms,
            ground.most_mib()
        );
        if share < ordinarily_or_long(SHARE_MIN, SHARE_MIN_LONG) {
            faults.push(format!("{times} ×: {share:.2} of the best is accepted"));
        }
        if let Some(other) = done.statuses.keys().find(|status| ![0, 201, 429, 503].contains(*status)) {
            faults.push(format!("{times} ×: answered with {other}: {:?}", done.statuses));
        }
        if done.silent_sheds > 0 {
            faults.push(format!("{times} ×: {} of 503 without Retry-After", done.silent_sheds));
        }
        faults.extend(asked.fault().into_iter().chain(runtime.block_on(ground.fault())).map(|fault| format!("{times} ×: {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

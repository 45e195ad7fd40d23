//! What many pages cost: 500 with `DATELINE_LONG=1`, else a few, on a server of this machine. Prints processor seconds and requests in flight.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::IntoResponse;

use super::process::{Watcher, page, pages};
use super::vendor::{Vendor, summary};
use crate::support::{command, folder, get};

const PAGES: usize = 24;
const PAGES_LONG: usize = 500;

/// Every page answers so much later, as if it were far away.
const FAR: Duration = Duration::from_millis(100);

/// Processor time of a process so far, in seconds: the kernel counts in hundredths.
fn processor_s(id: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields: Vec<&str> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks as f64 / 100.0
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pages_cost_little() {
    let is_long = std::env::var_os("DATELINE_LONG").is_some();
    let (count, every_s, watch_s) = if is_long { (PAGES_LONG, 10, 60) } else { (PAGES, 1, 5) };
    let (_folder, data) = folder();
    let vendor = Vendor::listen("0.0.0.0:0").await;
    vendor.pause(FAR);
    let mut text = String::new();
    for number in 0..count {
        let path = format!("/{number}/summary.json");
        // A host each, and a page of a usual size.
        let body = summary(&(0..20).collect::<Vec<u32>>());
        let etag = format!("\"{number}\"");
        vendor.say(&path, move |headers, _| {
            if headers.get("if-none-match").is_some_and(|given| *given == etag) {
                return StatusCode::NOT_MODIFIED.into_response();
            }
            ([("etag", etag.clone())], body.clone()).into_response()
        });
        let url = format!("http://127.0.{}.{}:{}{path}", 1 + number / 250, 1 + number % 250, vendor.address.port());
        text.push_str(&page(&format!("service{number}"), every_s, &[url]));
    }
    let watcher = Watcher::start(&data, &pages(&data, &text));
    let begun = Instant::now();
    while watcher.metric("dateline_watch_feeds{state=\"seen\"}").await < count as f64 {
        assert!(begun.elapsed() < Duration::from_secs(90), "not all {count} pages were read: {:#}", watcher.state().await["totals"]);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let first_s = begun.elapsed().as_secs_f64();
    // What the first readings brought is folded in the same process: the watching is measured once that is done.
    while get(&format!("{}/health/ready", watcher.url)).await.1["positions_behind"] != 0 {
        assert!(begun.elapsed() < Duration::from_secs(240), "the views do not catch up");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (told_s, first_processor_s) = (begun.elapsed().as_secs_f64(), processor_s(watcher.id()));
    let (asked_before, ..) = vendor.load();
    tokio::time::sleep(Duration::from_secs(watch_s)).await;
    let (asked, most_of_one_host, most_at_once) = vendor.load();
    let (asked, processor_s) = (asked - asked_before, processor_s(watcher.id()) - first_processor_s);
    println!(
        "{count} pages, every {every_s} s, {} ms away: all read first after {first_s:.1} s, told after {told_s:.1} s and {first_processor_s:.2} s of processor; then {asked} requests in {watch_s} s, \
         {processor_s:.2} s of processor ({:.3} ms a request); at most {most_at_once} in flight; {} MiB at most",
        FAR.as_millis(),
        processor_s * 1_000.0 / asked.max(1) as f64,
        watcher.kernel("VmHWM") / 1024,
    );
    let expected = count * usize::try_from(watch_s).unwrap() / usize::try_from(every_s).unwrap();
    assert!(asked > expected * 7 / 10, "{asked} requests where about {expected} were due");
    assert!(asked < expected * 12 / 10, "{asked} requests where about {expected} were due");
    assert!(most_at_once <= 64 && most_of_one_host == 1, "{most_at_once} at once, {most_of_one_host} of one host");
    let health = command(&data).args(["health", "--url", &watcher.url]).status().unwrap();
    assert!(health.success());
}

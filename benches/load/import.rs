//! Importing a history of a large status page end to end, A B A B with unpacking and parsing the same file and nothing else.
//! The file is other people's: it is read where it is, and without it nothing is measured.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::Options;
use crate::nats::Nats;
use crate::postgres::{Fsync, Postgres};
use crate::support::machine::{median, memory_mib};

/// Pairs at most.
const MAX_PAIRS: usize = 3;

/// The process's memory is looked at so often, in milliseconds.
const LOOK_EVERY_MS: u64 = 10;

/// The history, and the table of what was visible when.
pub const HISTORY: [&str; 2] =
    ["../shared/data/statuspage/cloudflare/cloudflare.versions.jsonl.gz", "../shared/data/statuspage/cloudflare/cloudflare.visibility.csv"];

pub struct Imported {
    seconds: f64,
    pub events: f64,
    memory_mib: u64,
}

pub fn measure(options: &Options) {
    let files = HISTORY.map(|file| Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    if !files.iter().all(|file| file.exists()) {
        println!("passed over: {} is not here\n", files[0].display());
        return;
    }
    let folder = crate::support::folder();
    let (versions, half) = halved(&files[0], folder.path());
    println!("### Import of {versions} versions of a status page, views brought up to date\n");
    println!(
        "| kept in | versions/s | events/s | unpacking and parsing alone, versions/s | ratio | at most, MiB | of the first half, MiB |\n|---|---|---|---|---|---|---|"
    );
    let database = Postgres::start(Fsync::On);
    for engine in ["SQLite", "JetStream and PostgreSQL"] {
        let (mut ours, mut events, mut alone, mut ratios, mut memory, mut memory_half) = (vec![], vec![], vec![], vec![], 0, 0);
        for number in 0..options.pairs.min(MAX_PAIRS) {
            let bus = (engine != "SQLite").then(Nats::start);
            let views = bus.as_ref().map(|_| database.create_database());
            let at = |part: &str| {
                let data = folder.path().join(format!("{part}-{number}-{}", engine.len())).display().to_string();
                let mut flags = vec!["--data".to_owned(), data];
                if let (Some(bus), Some(views)) = (&bus, &views) {
                    flags.extend(["--ledger".to_owned(), bus.url(), "--views".to_owned(), views.clone()]);
                }
                flags
            };
            if bus.is_none() {
                memory_half = import(&options.program, &at("half"), &half, &files[1]).memory_mib;
            }
            let imported = import(&options.program, &at("whole"), &files[0], &files[1]);
            let parsed = parse(&files[0]);
            ours.push(versions as f64 / imported.seconds);
            events.push(imported.events / imported.seconds);
            alone.push(versions as f64 / parsed);
            ratios.push(parsed / imported.seconds);
            memory = imported.memory_mib;
        }
        let half = if memory_half == 0 { "–".to_owned() } else { memory_half.to_string() };
        println!("| {engine} | {:.0} | {:.0} | {:.0} | {:.2} | {memory} | {half} |", median(ours), median(events), median(alone), median(ratios));
    }
    println!();
}

/// How many lines there are, and a file of the first half of them.
fn halved(file: &Path, folder: &Path) -> (usize, PathBuf) {
    let lines: Vec<String> = lines(file).collect();
    let half = folder.join("half.versions.jsonl");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&half).expect("a file"));
    for line in &lines[..lines.len() / 2] {
        writeln!(out, "{line}").expect("a line");
    }
    (lines.len(), half)
}

fn lines(file: &Path) -> impl Iterator<Item = String> {
    let packed = std::fs::File::open(file).expect("the history");
    BufReader::new(flate2::read::MultiGzDecoder::new(packed)).lines().map(|line| line.expect("a line"))
}

/// Seconds to unpack and parse it, and nothing else.
fn parse(file: &Path) -> f64 {
    let begun = Instant::now();
    let parsed = lines(file).map(|line| serde_json::from_str::<Value>(&line).expect("JSON")).filter(|line| line["incident"].is_object()).count();
    assert!(parsed > 0);
    begun.elapsed().as_secs_f64()
}

pub fn import(program: &Path, flags: &[String], versions: &Path, table: &Path) -> Imported {
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(flags)
        .args(["import", "versions"])
        .arg(versions)
        .arg("--visibility")
        .arg(table)
        .args(["--service", "large", "--format", "json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    // What it says may be more than a pipe holds.
    let mut out = child.stdout.take().expect("its output");
    let saying = std::thread::spawn(move || {
        let mut said = String::new();
        out.read_to_string(&mut said).map(|_| said)
    });
    let mut memory_mib_max = 0;
    while child.try_wait().expect("its state").is_none() {
        memory_mib_max = memory_mib(child.id()).most.max(memory_mib_max);
        std::thread::sleep(std::time::Duration::from_millis(LOOK_EVERY_MS));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let said = saying.join().expect("the reading thread").expect("its output");
    let said: Value = serde_json::from_str(&said).expect("a summary");
    Imported { seconds, events: said["published"].as_f64().expect("a number"), memory_mib: memory_mib_max }
}

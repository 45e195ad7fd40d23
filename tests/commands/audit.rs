//! `dateline audit replay`: the record up to then, and the timeline folded anew from it.

use serde_json::Value;

use super::{ends, said, with_outage};
use crate::support::{OUTAGE, TestServer, folder, run};

/// Positions of the outage at which the timelines are compared; with `DATELINE_LONG=1` all.
const SAMPLES: usize = 10;

#[test]
fn a_replay_gives_the_exact_bytes_and_ends_at_a_position_or_a_time() {
    let (_folder, data) = folder();
    // In two parts, so that there are two recorded times.
    let lines: Vec<&str> = OUTAGE.lines().collect();
    std::fs::write(data.join("first.ndjson"), lines[..20].join("\n")).unwrap();
    ends(&data, &["publish", "first.ndjson"], 0);
    let events = with_outage(&data);
    let (whole, _) = ends(&data, &["audit", "replay"], 0);
    let records: Vec<Value> = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), events);
    for (record, line) in records.iter().zip(&lines) {
        assert_eq!(record["event"], serde_json::from_str::<Value>(line).unwrap());
    }
    let at_20 = records[19]["recorded"].as_str().unwrap();
    assert!(at_20 < records[20]["recorded"].as_str().unwrap(), "the second part was recorded later");
    let first_20: String = whole.split_inclusive('\n').take(20).collect();
    let server = TestServer::start(&data);
    for until in ["20", at_20] {
        assert_eq!(ends(&data, &["audit", "replay", "--until", until], 0).0, first_20, "--until {until}");
        assert_eq!(ends(&data, &["audit", "replay", "--until", until, "--url", &server.url], 0).0, first_20, "--until {until} through a server");
    }
    assert_eq!(ends(&data, &["audit", "replay", "--until", "1000000"], 0).0, whole);
    assert_eq!(ends(&data, &["audit", "replay", "--until", "2020-01-01T00:00:00Z"], 0).0, "");
    let (_, stderr) = ends(&data, &["audit", "replay", "--until", "yesterday"], 2);
    assert!(stderr.contains("yesterday"), "{stderr}");
}

#[test]
fn folded_anew_up_to_a_position_is_the_timeline_as_of_it() {
    let (_folder, data) = folder();
    let events = with_outage(&data);
    let step = if std::env::var_os("DATELINE_LONG").is_some() { 1 } else { events.div_ceil(SAMPLES) };
    let positions = (1..=events).filter(|position| position % step == 0 || *position == events || *position == 4);
    for position in positions.map(|position| position.to_string()) {
        for lang in ["en", "bn"] {
            let (code, anew, stderr) = said(&run(&data, &["audit", "replay", "--until", &position, "--timeline", "whatsapp", "--lang", lang]));
            let (view_code, view, view_stderr) = said(&run(&data, &["timeline", "whatsapp", "--as-of", &position, "--lang", lang]));
            assert_eq!(code, view_code, "position {position}: {stderr} {view_stderr}");
            let anew = anew.strip_suffix(&format!("\nfolded anew from positions 1 to {position}\n")).unwrap_or(&anew);
            assert_eq!(anew, view, "position {position}, {lang}");
        }
    }
}

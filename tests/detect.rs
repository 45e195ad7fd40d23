//! `dateline detect`: on real reports it speaks of the known outage and says why it was silent; what it cannot read it names by line; the
//! exit code is the answer. Its plot is one sound SVG.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use dateline_events::Instant;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::needs::shared_data;
use crate::support::{command, folder};

/// When WhatsApp's reports began to rise.
const RISE: &str = "2020-07-14T19:40:00Z";

/// A time of an answer.
fn instant(value: &Value) -> Instant {
    value.as_str().and_then(Instant::parse).unwrap_or_else(|| panic!("{value} is no RFC 3339 time"))
}

/// Reports of five services in 20-minute buckets, 2019 and 2020.
fn reports(path: &str) -> Option<PathBuf> {
    shared_data(&format!("outage-report/{path}"))
}

fn detect(folder: &Path, arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut child =
        command(folder).arg("detect").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that reads no standard input may end before it is written.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn in_json(folder: &Path, arguments: &[&str], input: &[u8], code: i32) -> Value {
    let (found, stdout, stderr) = detect(folder, &[arguments, &["--format", "json"]].concat(), input);
    assert_eq!(found, Some(code), "{arguments:?}: {stdout} {stderr}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

/// Four quiet days of ten-minute buckets from 2022-01-01T00:00:00Z on, and an outage of 90 minutes at the end of the third.
fn quiet_days() -> Vec<(i64, u64)> {
    let bucket = |number: i64| (1_640_995_200 + number * 600, if (432..441).contains(&number) { 400 } else { 2 + (number % 3) as u64 });
    (0..576).map(bucket).collect()
}

fn table(rows: &[(i64, u64)]) -> String {
    rows.iter().map(|(at_s, count)| format!("{at_s},{count}\n")).collect()
}

#[test]
fn the_whatsapp_outage_of_july_2020_is_spoken_of_at_once_and_silence_is_explained() {
    let Some(file) = reports("max-per-bin/whatsapp.csv") else { return };
    let (_folder, folder) = folder();
    let (code, text, stderr) = detect(&folder, &[file.to_str().unwrap()], b"");
    assert_eq!(code, Some(0), "{stderr}");
    let at = text.find("2020-07-14 19:40  seen ").unwrap_or_else(|| panic!("the outage is not spoken of:\n{text}"));
    let outage: String = text[at..].lines().take(3).collect();
    for part in ["41 reports, baseline 0", "peak 1471 at 20:20", "back to the usual 2020-07-14 2"] {
        assert!(outage.contains(part), "no {part:?} in {outage}");
    }
    for part in [
        "40787 rows, 40787 buckets of 20 min, 2019-04-14 11:20 to 2020-10-31 23:00 UTC; 1 between them is not known",
        "a baseline from 2019-04-1",
        "no baseline yet: ",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let told = in_json(&folder, &[file.to_str().unwrap(), "--verdicts"], b"", 0);
    let finding = told["findings"].as_array().unwrap().iter().find(|one| one["finding"] == "anomaly" && one["first_bucket"] == RISE).unwrap();
    assert!(instant(&finding["seen_at_bucket"]) <= Instant::parse(RISE).unwrap().plus(20 * Instant::MINUTE), "{finding}");
    let verdicts = told["verdicts"].as_array().unwrap();
    assert_eq!((verdicts.len(), verdicts[0]["why"].as_str(), verdicts[0]["count"].as_u64()), (40_787, Some("no_baseline"), Some(767)));
    let rise = verdicts.iter().find(|verdict| verdict["bucket"] == RISE).unwrap();
    assert_eq!((rise["count"].as_u64(), rise["why"].as_str()), (Some(41), Some("stands_out")), "{rise}");
    assert_eq!(told["silent"][0]["why"], "no_baseline", "{}", told["silent"]);
}

#[test]
fn a_gzip_with_restatements_is_heard_as_it_was_told() {
    let Some(file) = reports("raw/whatsapp.csv.gz") else { return };
    let (_folder, folder) = folder();
    let told = in_json(&folder, &[file.to_str().unwrap()], b"", 0);
    assert_eq!(
        (told["restated_rows"].as_u64(), told["put_in_order"].as_bool(), told["rows"].as_u64()),
        (Some(4_086), Some(false), Some(44_873)),
        "{told}"
    );
    assert!(told["findings"].as_array().unwrap().iter().any(|one| one["first_bucket"] == RISE), "{told}");
    // The same through standard input, and unpacked.
    let packed = std::fs::read(&file).unwrap();
    assert_eq!(in_json(&folder, &["-"], &packed, 0)["findings"], told["findings"]);
}

#[test]
fn the_answer_is_no_where_nothing_rises_and_times_may_be_written_in_any_way() {
    let (_folder, folder) = folder();
    let rows = quiet_days();
    let as_seconds = in_json(&folder, &["-"], table(&rows).as_bytes(), 0);
    assert_eq!((as_seconds["anomalies"].as_u64(), as_seconds["bucket_seconds"].as_u64()), (Some(1), Some(600)), "{as_seconds}");
    let written =
        |heading: &str, row: fn(i64, u64) -> String| heading.to_owned() + &rows.iter().map(|(at, count)| row(*at, *count)).collect::<String>();
    fn local(at: i64, count: u64) -> String {
        let at = time::OffsetDateTime::from_unix_timestamp(at).unwrap();
        format!("\"{} {:02}:{:02}:00\";{count}\r\n", at.date(), at.hour(), at.minute())
    }
    assert_eq!(in_json(&folder, &["-"], written("\u{feff}zeit;zahl\r\n", local).as_bytes(), 0), as_seconds);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(table(&rows).as_bytes()).unwrap();
    assert_eq!(in_json(&folder, &["-"], &packed.finish().unwrap(), 0), as_seconds);
    let quiet: Vec<(i64, u64)> = rows.iter().map(|(at, count)| (*at, (*count).min(4))).collect();
    let (code, text, stderr) = detect(&folder, &["-"], table(&quiet).as_bytes());
    assert!(code == Some(1) && text.contains("No anomaly") && stderr.is_empty(), "{code:?} {text} {stderr}");
    // A bucket of twenty minutes has the sum of its two rows.
    let told = in_json(&folder, &["-", "--bucket", "20", "--verdicts"], table(&rows).as_bytes(), 0);
    let highest = told["verdicts"].as_array().unwrap().iter().filter_map(|verdict| verdict["count"].as_u64()).max();
    assert_eq!((told["buckets"].as_u64(), highest), (Some(288), Some(800)), "{told}");
    let wide = format!("region,reports,time\n{}", rows.iter().map(|(at, count)| format!("IN,{count},{at}\n")).collect::<String>());
    assert_eq!(in_json(&folder, &["-"], wide.as_bytes(), 0), as_seconds);
}

#[test]
fn rows_may_stand_in_any_order_and_a_gap_is_not_known() {
    let (_folder, folder) = folder();
    let mut rows = quiet_days();
    let in_order = in_json(&folder, &["-"], table(&rows).as_bytes(), 0);
    rows.reverse();
    let (code, text, _) = detect(&folder, &["-"], table(&rows).as_bytes());
    assert!(code == Some(0) && text.contains("another order than that of time, and were put in it"), "{code:?} {text}");
    let mut reversed = in_json(&folder, &["-"], table(&rows).as_bytes(), 0);
    assert_eq!((&in_order["put_in_order"], reversed["put_in_order"].take()), (&false.into(), true.into()));
    assert_eq!((&reversed["findings"], &reversed["silent"]), (&in_order["findings"], &in_order["silent"]));
    rows.reverse();
    rows.drain(100..130);
    let told = in_json(&folder, &["-"], table(&rows).as_bytes(), 0);
    assert_eq!(told["unknown_buckets"].as_u64(), Some(30), "{told}");
}

#[test]
fn what_cannot_be_read_is_named_by_its_line_and_nothing_is_judged() {
    let (_folder, folder) = folder();
    let long = format!("1,1\n2,{}\n", "9".repeat(70_000));
    let cut = {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(table(&quiet_days()).as_bytes()).unwrap();
        let mut packed = packed.finish().unwrap();
        packed.truncate(packed.len() / 2);
        packed
    };
    let many: String = (0..125).map(|number| format!("day {number},x\n")).collect();
    let cases: [(&[u8], &[&str]); 14] = [
        (b"time,reports\n600,\"4,000\"\n1200;5\n", &["line 2", "may be 4000 or 4", "line 3"]),
        (b"day,when,visits\n1,600,3\n", &["no column is called", "\"when\", \"visits\"", "--time-column"]),
        (b"", &["there is no row"]),
        (b"timestamp,reports\n\n", &["there is no row"]),
        (b"time,count\n600,1\n1200,-4\n", &["line 3", "\"-4\"", "whole number"]),
        (b"600,1\nyesterday,4\n", &["line 2", "\"yesterday\"", "2020-07-14T19:40:00Z"]),
        (b"1594755600000000,4\n", &["line 1", "beyond the year 9999"]),
        (b"600,1,2\n", &["line 1", "a time and a count"]),
        (b"600,1\n\xff\xfe,2\n", &["line 2", "UTF-8"]),
        (b"0,1\n600,2\n1207,2\n1300,2\n1999,4\n", &["no regular distance", "--bucket MINUTES"]),
        (b"2020-01-01,4\n2020-01-02,4\n", &["86400 s apart", "3600 s"]),
        (long.as_bytes(), &["line 2", "longer than 65536 bytes"]),
        (many.as_bytes(), &["line 2", "line 101", "and 24 more"]),
        (&cut, &["cut or damaged"]),
    ];
    for (input, named) in cases {
        let (code, stdout, stderr) = detect(&folder, &["-"], input);
        let shown = String::from_utf8_lossy(&input[..input.len().min(60)]).into_owned();
        assert!(code == Some(2) && stdout.is_empty(), "{shown:?}: {code:?} {stdout} {stderr}");
        for part in named {
            assert!(stderr.contains(part), "{shown:?}: no {part:?} in {stderr}");
        }
    }
    let (code, _, stderr) = detect(&folder, &["absent.csv"], b"");
    assert!(code == Some(2) && stderr.contains("absent.csv"), "{code:?} {stderr}");
    for flags in [&["-", "--bucket", "0"][..], &["-", "--bucket", "61"], &["-", "--from", "2020-01-01"]] {
        assert_eq!(detect(&folder, flags, b"600,1\n1200,2\n").0, Some(2), "{flags:?}");
    }
}

#[test]
fn times_are_of_the_zone_and_columns_are_those_that_are_named() {
    let (_folder, folder) = folder();
    let rows = quiet_days();
    let expected = in_json(&folder, &["-"], table(&rows).as_bytes(), 0);
    let local = |(at, count): &(i64, u64)| {
        let at = time::OffsetDateTime::from_unix_timestamp(at + 5 * 3_600 + 1_800).unwrap();
        format!("{} {:02}:{:02},{count},7\n", at.date(), at.hour(), at.minute())
    };
    let wide = "seen,visits,reports\n".to_owned() + &rows.iter().map(local).collect::<String>();
    let flags = ["-", "--tz", "Asia/Kolkata", "--time-column", "seen", "--count-column", "visits"];
    assert_eq!(in_json(&folder, &flags, wide.as_bytes(), 0), expected);
    let (code, _, stderr) = detect(&folder, &["-", "--tz", "Mars/Olympus"], b"600,1\n");
    assert!(code == Some(2) && stderr.contains("Mars/Olympus"), "{code:?} {stderr}");
}

#[test]
fn a_plot_shows_the_outage_or_the_part_that_is_asked_for() {
    let Some(file) = reports("max-per-bin/whatsapp.csv") else { return };
    let (_folder, folder) = folder();
    let plot = |more: &[&str], code: i32| {
        let (found, text, stderr) = detect(&folder, &[&[file.to_str().unwrap(), "--plot", "out.svg"], more].concat(), b"");
        assert_eq!(found, Some(code), "{text} {stderr}");
        (std::fs::read_to_string(folder.join("out.svg")).unwrap_or_default(), text, stderr)
    };
    let (svg, text, _) = plot(&["--from", "2020-07-13", "--to", "2020-07-16T00:00:00Z"], 0);
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>") && svg.len() < 128 * 1_024, "{} bytes", svg.len());
    for part in ["first 19:40", "peak 1,471", "usual again 22:00", "14 Jul", "prefers-color-scheme:dark", "Anomaly from 2020-07-14 19:40"] {
        assert!(svg.contains(part), "no {part:?} in {svg}");
    }
    assert!(text.contains("out.svg: 2020-07-13 00:00 to 2020-07-16 00:00 UTC"), "{text}");
    let (whole, text, _) = plot(&[], 0);
    assert!(whole.contains("each step: the highest of 68") && whole.contains("1,471 · 14 Jul"), "{whole}");
    assert!(text.contains("2019-04-14 11:20 to 2020-10-31 23:00"), "{text}");
    let (_, _, stderr) = plot(&["--from", "2031-01-01", "--to", "2031-01-02"], 2);
    assert!(stderr.contains("no bucket lies from 2031-01-01"), "{stderr}");
    let (_, _, stderr) = plot(&["--from", "soon"], 2);
    assert!(stderr.contains("--from") && stderr.contains("soon"), "{stderr}");
}

#[test]
fn a_plot_of_a_long_series_with_one_anomaly_is_drawn_around_it() {
    let (_folder, folder) = folder();
    let mut rows = quiet_days();
    let last = rows[rows.len() - 1].0;
    rows.extend((1..=6 * 24 * 20).map(|number| (last + 600 * number, 3)));
    std::fs::write(folder.join("<b>&.csv"), table(&rows)).unwrap();
    let told = in_json(&folder, &["<b>&.csv", "--plot", "out.svg"], b"", 0);
    let (from, first) = (instant(&told["plot"]["from"]), instant(&told["findings"][0]["first_bucket"]));
    assert!(from == first.plus(-24 * Instant::HOUR) && instant(&told["plot"]["to"]) < instant(&told["last_bucket"]), "{told}");
    assert!(std::fs::read_to_string(folder.join("out.svg")).unwrap().contains("<title>&lt;b&gt;&amp;: reports"));
}

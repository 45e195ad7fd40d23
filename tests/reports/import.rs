//! Series of users' reports come from files as totals of a history: whole, restated rows and all, the same whenever they are
//! imported, and each faulty row named by its line.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use dateline_events::Instant;
use dateline_events::reports::Counts;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::{cells, counts};
use crate::needs::shared_data;
use crate::support::{TestServer, folder, run};

const SERVICES: [&str; 5] = ["facebook", "github", "gmail", "twitter", "whatsapp"];

/// The real series of all services; None where one is not here.
fn real(folder: &str, ending: &str) -> Option<Vec<PathBuf>> {
    SERVICES.iter().map(|service| shared_data(&format!("outage-report/{folder}/{service}.{ending}"))).collect()
}

/// The highest number of each minute, read by hand.
fn by_hand(path: &Path) -> BTreeMap<i64, u64> {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    if path.extension().is_some_and(|ending| ending == "gz") {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    let mut bins = BTreeMap::new();
    for line in text.lines().skip(1) {
        let (time, number) = line.split_once(',').unwrap();
        let (minute, number): (i64, u64) = (Instant::parse(time).unwrap().0 / 60_000_000, number.parse().unwrap());
        let bin = bins.entry(minute).or_insert(number);
        *bin = number.max(*bin);
    }
    bins
}

fn import(data: &Path, more: &[&str], files: &[PathBuf]) -> (Option<i32>, Value, String) {
    let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let output = run(data, &[&["import", "reports", "--format", "json"], more, &files].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    let summary = serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap_or(Value::Null);
    (output.status.code(), summary, said + &String::from_utf8_lossy(&output.stderr))
}

fn totals(counts: &Counts, service: &str) -> BTreeMap<i64, u64> {
    cells(counts, service).into_iter().map(|(_, minute, cell)| (minute, cell.totals[&20])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_real_series_is_imported_whole_and_a_second_time_changes_nothing() {
    let (Some(raw), Some(one_a_bin)) = (real("raw", "csv.gz"), real("max-per-bin", "csv")) else { return };
    let (_folder, data) = folder();
    let (code, dry, said) = import(&data, &["--channel", "outage-report", "--dry-run"], &raw);
    assert_eq!(code, Some(0), "{said}");
    assert!(!data.join("reports.db").exists() && dry["bins"].as_u64() > Some(200_000), "{said}");
    let (code, first, said) = import(&data, &["--channel", "outage-report"], &raw);
    assert_eq!((code, &first["known"], &first["bins"]), (Some(0), &Value::from(0), &dry["bins"]), "{said}");
    let (before, flushes) = counts(&data).await;
    for (service, file) in SERVICES.iter().zip(&raw) {
        let expected = by_hand(file);
        assert!(expected.len() > 39_000, "{service}: {}", expected.len());
        assert_eq!(totals(&before, service), expected, "{service}");
    }
    let server = TestServer::start(&data);
    let (code, again, said) = import(&data, &["--channel", "outage-report", "--url", &server.url], &raw);
    assert_eq!((code, &again["flushes"], &again["known"]), (Some(0), &first["flushes"], &first["flushes"]), "{said}");
    // One row a bin, with the highest number: nothing new either.
    let (code, tidy, said) = import(&data, &["--channel", "outage-report", "--url", &server.url], &one_a_bin);
    assert_eq!((code, &tidy["bins"], &tidy["known"]), (Some(0), &first["bins"], &first["flushes"]), "{said}");
    let (after, flushes_after) = counts(&data).await;
    assert_eq!((after, flushes_after.len()), (before, flushes.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restated_file_raises_what_it_restates() {
    let (_folder, data) = folder();
    let file = data.join("mail.csv");
    let write = |rows: &str| std::fs::write(&file, rows).unwrap();
    write("2019-04-14T11:20:00Z,210\n2019-04-14T11:40:00Z,0\n");
    let more = ["--region", "IN", "--symptom", "sending"];
    assert_eq!(import(&data, &more, std::slice::from_ref(&file)).0, Some(0));
    write("timestamp,reports\n2019-04-14T11:20:00Z,813\n2019-04-14T11:40:00Z,0\n2019-04-14T11:20:00Z,1\n");
    let (code, summary, said) = import(&data, &more, std::slice::from_ref(&file));
    assert_eq!((code, &summary["restated"], &summary["known"]), (Some(0), &Value::from(1), &Value::from(0)), "{said}");
    let (counts, _) = counts(&data).await;
    assert_eq!(totals(&counts, "mail").into_values().collect::<Vec<_>>(), [813, 0]);
    assert!(cells(&counts, "mail").iter().all(|(key, _, _)| (key.region.as_deref(), key.channel.as_str()) == (Some("IN"), "unknown")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_as_somebody_elses_spreadsheet_wrote_it_is_read_or_refused_by_line() {
    let (_folder, data) = folder();
    let file = data.join("mail.csv");
    let more = ["--zone", "Asia/Kolkata", "--count-column", "visits"];
    std::fs::write(&file, "sep=;\nminute;visits;note\n\"2019-04-14 17:10\";\"1.234.567\";\"a; b\"\n1555240800000;299;\n").unwrap();
    let (code, _, said) = import(&data, &more, std::slice::from_ref(&file));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(totals(&counts(&data).await.0, "mail").into_values().collect::<Vec<_>>(), [299, 1_234_567]);
    std::fs::write(&file, "minute,visits\n2019-04-14 17:10,\"4,000\"\n2019-04-14 17:30,5\n2019-04-14 17:50,1,5\n").unwrap();
    let (code, summary, said) = import(&data, &more, std::slice::from_ref(&file));
    assert!(code == Some(1) && summary["flushes"] == 0 && said.contains("line 2") && said.contains("line 4"), "{said}");
    let (code, _, said) = import(&data, &["--count-column", "clicks"], std::slice::from_ref(&file));
    assert!(code == Some(1) && said.contains("no column is called") && said.contains("visits"), "{said}");
}

#[test]
fn a_file_with_a_faulty_row_is_named_by_line_and_nothing_of_it_is_sent() {
    let (_folder, data) = folder();
    let write = |name: &str, text: &str| {
        std::fs::write(data.join(name), text).unwrap();
        data.join(name)
    };
    let bad = write("bad.csv", "timestamp,reports\n2019-04-14T11:20:00Z,1\nyesterday,5\n2019-04-14T11:40:00Z,many\n");
    let (code, summary, said) = import(&data, &[], std::slice::from_ref(&bad));
    assert_eq!((code, &summary["flushes"]), (Some(1), &Value::from(0)), "{said}");
    assert!(said.contains("line 3") && said.contains("yesterday") && said.contains("line 4"), "{said}");
    let one = write("one.csv", "2019-04-14T11:20:00Z,1\n");
    let (code, _, said) = import(&data, &[], std::slice::from_ref(&one));
    assert!(code == Some(1) && said.contains("--bin-minutes"), "{said}");
    assert_eq!(import(&data, &["--bin-minutes", "15"], std::slice::from_ref(&one)).0, Some(0));
    for (more, says) in [(["--bin-minutes", "0"], "1 to 1440"), (["--service", "No Slug"], "slug"), (["--bin-minutes", "day"], "auto")] {
        let (code, _, said) = import(&data, &more, std::slice::from_ref(&one));
        assert!(code == Some(1) && said.contains(says), "{said}");
    }
    let (code, _, said) = import(&data, &["--symptom", "broken", "--bin-minutes", "15"], std::slice::from_ref(&one));
    assert!(code == Some(2) && said.contains("--symptom") && said.contains("sending"), "{said}");
    let (code, _, said) = import(&data, &["--reports", "none", "--bin-minutes", "15"], std::slice::from_ref(&one));
    assert!(code == Some(2) && said.contains("takes no reports"), "{said}");
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    (0..10_000).for_each(|bin| writeln!(packed, "{},{}", 1_555_240_800 + 1_200 * bin, bin % 7).unwrap());
    let bytes = packed.finish().unwrap();
    let cut = data.join("cut.csv.gz");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let (code, _, said) = import(&data, &[], std::slice::from_ref(&cut));
    assert!(code == Some(2) && said.contains("cut or damaged"), "{said}");
}

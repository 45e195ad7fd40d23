//! What others write is read as what it means, or refused by its line: separators, quotation, marks in numbers, times, names of columns.

use dateline_events::Instant;

use super::counts::count;
use super::records::RECORD_BYTES_MAX;
use super::{Asked, FAULTS_TOLD_MAX, Table, time};

fn read_as(text: impl AsRef<[u8]>, asked: &Asked) -> Table {
    Table::of(text.as_ref(), asked).unwrap()
}

fn read(text: impl AsRef<[u8]>) -> Table {
    read_as(text, &Asked::default())
}

/// Seconds since 1970 and the count of each row.
fn rows(table: &Table) -> Vec<(i64, u64)> {
    assert_eq!(table.faults("refused"), None);
    table.rows.iter().map(|row| (row.at.0 / Instant::SECOND, row.count)).collect()
}

#[track_caller]
fn refused(table: &Table, parts: &[&str]) {
    let told = table.faults("refused").unwrap();
    for part in parts {
        assert!(told.contains(part), "no {part:?} in {told}");
    }
}

#[test]
fn a_table_has_one_separator_and_quotation() {
    let expected = [(1_555_240_800, 210), (1_555_242_000, 299)];
    for text in [
        "2019-04-14T11:20:00Z,210\n2019-04-14T11:40:00Z,299",
        "\u{feff}Reports, other ,TIMESTAMP\r\n210,x,2019-04-14T13:20:00+02:00\r\n\r\n\"299\",\"a, 5\",2019-04-14T11:40:00Z\r\n",
        "zeit;zahl\n2019-04-14 11:20;210\n\"2019-04-14 11:40\";\"299\"\n",
        "sep=;\r\ntime;note;value\r\n2019-04-14 11:20;a,b;210\r\n2019-04-14 11:40;;299\r\n",
        "time\treports\tnote\n2019-04-14 11:20\t210\t\n2019-04-14 11:40\t299\t5; or so\n",
        "time,note,reports\n1555240800,\"of two\n\nlines, and \"\"7\"\"\",210\n1555242000000,,299\n",
        "when,reports\n1555240800,210,,\n1555242000,299\n",
    ] {
        assert_eq!(rows(&read(text)), expected, "{text}");
    }
}

#[test]
fn every_faulty_row_is_named_by_its_line() {
    let table = read("\ntime,reports\r\n600,1\r\n\r\n1200,4,000\r\n1800;3\r\n2400\r\n\"3000\n\",x\n3600,2\n\u{1f}\n".as_bytes());
    let lines: Vec<u64> = table.faults.iter().map(|(line, _)| *line).collect();
    assert_eq!((lines, table.rows.len(), table.rows[1].line), (vec![5, 6, 7, 8, 11], 2, 10), "{:?}", table.faults);
    refused(&table, &["line 5: 3 fields, but the heading has 2", "line 8: the count \"x\""]);
    refused(&read(b"600,1\n\xff\xfe,2\n"), &["line 2: not UTF-8"]);
    refused(&read("600,1\n1200,\"2\n1800,3\n"), &["line 2: a quotation mark that is not closed"]);
    let many: String = (0..=FAULTS_TOLD_MAX + 2).map(|number| format!("day {number},x\n")).collect();
    refused(&read(many), &["line 2:", &format!("line {}:", FAULTS_TOLD_MAX + 1), "and 2 more"]);
    let at_most = format!("600,{}1\n", " ".repeat(RECORD_BYTES_MAX - 6));
    assert_eq!(rows(&read(&at_most)), [(600, 1)]);
    refused(&read(format!("600,1\n {at_most}")), &["line 2: longer than 65536 bytes"]);
}

#[test]
fn a_count_is_read_where_its_marks_mean_one_thing_and_else_refused() {
    for (text, expected) in [
        ("0", 0),
        ("007", 7),
        ("1,234,567", 1_234_567),
        ("1.234.567", 1_234_567),
        ("12,34,567", 1_234_567),
        ("4 000", 4_000),
        ("4\u{202f}000", 4_000),
        ("4'000", 4_000),
        ("5.0", 5),
        ("5,00", 5),
        ("1234.000", 1_234),
        ("1.234,00", 1_234),
        ("0.000", 0),
    ] {
        assert_eq!(count(text), Ok(expected), "{text}");
    }
    for text in ["4,000", "1.234", "999,999"] {
        assert!(count(text).unwrap_err().contains("by what its mark means"), "{text}");
    }
    for text in ["1,5", "1.5", "0,500", "1234.5", "1,23,4", "1,2345", "12 34", "-4", "+4", "1e3", "", ".", "5.", "NaN", "4,000.5", "1,234.567,8", "৪"]
    {
        assert!(count(text).unwrap_err().contains("whole number"), "{text}");
    }
    assert!(count("99999999999999999999").unwrap_err().contains("larger than any count"));
}

#[test]
fn a_time_is_read_in_every_way_of_writing_it() {
    let at = |text: &str, zone: Option<&str>| time(text, zone).map(|instant| instant.to_string());
    for text in [
        "2020-07-14T19:40:00Z",
        "2020-07-14 19:40:00",
        "2020-07-14 19:40",
        "2020-07-14T19:40:00",
        "2020-07-15T01:10:00+05:30",
        "2020-07-15 01:10 +0530",
        "2020-07-14 21:40+02",
        "2020-07-14 19:40 UTC",
        "1594755600",
        "1594755600000",
    ] {
        assert_eq!(at(text, None).as_deref(), Ok("2020-07-14T19:40:00Z"), "{text}");
    }
    assert_eq!(at("2020-07-14", None).as_deref(), Ok("2020-07-14T00:00:00Z"));
    assert_eq!(at("2020-07-14 9:40:00.250Z", None).as_deref(), Ok("2020-07-14T09:40:00.25Z"));
    assert_eq!(at("-1", None).as_deref(), Ok("1969-12-31T23:59:59Z"));
    // What says its own offset is not of the zone.
    let zone = Some("Europe/Berlin");
    assert_eq!(at("2024-07-01 12:00", zone).as_deref(), Ok("2024-07-01T10:00:00Z"));
    assert_eq!(at("2024-07-01 12:00Z", zone).as_deref(), Ok("2024-07-01T12:00:00Z"));
    assert_eq!(at("2024-01-01", zone).as_deref(), Ok("2023-12-31T23:00:00Z"));
    assert!(at("2024-10-27 02:30", zone).unwrap_err().contains("twice in Europe/Berlin"));
    assert!(at("2024-03-31 02:30", zone).unwrap_err().contains("was not in Europe/Berlin"));
    for text in ["", "yesterday", "2020-13-01 00:00:00", "1594755600000000", "-", "99999999999999999999", "19:40", "03/04/2025 10:00", "2020-07-14x"]
    {
        assert!(time(text, None).is_err(), "{text}");
    }
    for text in ["2020-07-14 07:40 PM", "2020-07-14 07:40 CET", "2020-07-14 07:40:00,123"] {
        assert!(time(text, zone).unwrap_err().contains("no offset"), "{text}");
    }
}

#[test]
fn columns_are_those_that_are_asked_for_or_called_so() {
    let wide = "day,when,visits,reports\n2019-04-14,600,7,1\n2019-04-14,1200,8,2\n";
    let asked = |time: Option<&str>, count: Option<&str>| Asked { time: time.map(Into::into), count: count.map(Into::into), zone: None };
    assert_eq!(rows(&read_as(wide, &asked(Some("When"), None))), [(600, 1), (1200, 2)]);
    assert_eq!(rows(&read_as(wide, &asked(Some("when"), Some("visits")))), [(600, 7), (1200, 8)]);
    assert_eq!(rows(&read_as("reports,when\n1,600\n", &asked(Some("when"), None))), [(600, 1)]);
    let columns = "the columns are \"day\", \"when\", \"visits\", \"reports\"";
    refused(&read(wide), &["line 1: no column is called timestamp or time or minute", "--time-column", columns]);
    refused(&read_as(wide, &asked(Some("when"), Some("count"))), &["line 1: no column is called \"count\"", columns]);
    refused(&read("time,count,total\n600,1,2\n"), &["line 1: 2 columns may be the count", "--count-column", "\"total\""]);
    refused(&read("600,1,2\n"), &["line 1: 3 fields and no heading", "a time and a count"]);
}

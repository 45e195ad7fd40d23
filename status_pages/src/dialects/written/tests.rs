//! Dates as documents write them.

use dateline_events::Precision::{self, Day, Hour, Minute, Second};

use super::{FeedZone, Written};

fn read(text: &str, zone: &str) -> Result<(String, Precision, bool), String> {
    let zone = FeedZone::parse(zone);
    Written::read(text, zone.as_ref()).map(|written| (written.time.moment.text, written.time.precision, written.time.zone_assumed))
}

#[track_caller]
fn is(text: &str, moment: &str, precision: Precision, assumed: bool) {
    assert_eq!(read(text, ""), Ok((moment.to_owned(), precision, assumed)), "{text}");
}

#[track_caller]
fn is_no_date(text: &str, why: &str) {
    let fault = read(text, "").map_or_else(|fault| fault, |date| format!("{date:?}"));
    assert!(fault.contains(why) && fault.contains("cannot be read"), "{text}: {fault}");
}

#[test]
fn a_zone_of_one_meaning_is_read_by_its_name() {
    for (zone, hour) in [("CEST", "04"), ("CET", "05"), ("MESZ", "04"), ("GMT+0200", "04"), ("GMT +2", "04"), ("UTC+2:00", "04"), ("EEST", "03")] {
        is(&format!("Tue, 03 Jun 2025 06:00:00 {zone}"), &format!("2025-06-03T{hour}:00:00Z"), Second, false);
    }
    is("Tue, 03 Jun 2025 06:00:00 JST", "2025-06-02T21:00:00Z", Second, false);
    is("Tue, 03 Jun 2025 06:00:00 AKDT", "2025-06-03T14:00:00Z", Second, false);
    is("Tue, 03 Jun 2025 06:00:00 PST", "2025-06-03T14:00:00Z", Second, false);
    is("Tue, 3 Jun 25 06:00 +0200 (CEST)", "2025-06-03T04:00Z", Minute, false);
    is("2025-06-03 06:00:00 +0200 CEST", "2025-06-03T04:00:00Z", Second, false);
    is("2025-06-03 06:00 Europe/Berlin", "2025-06-03T06:00+02:00[Europe/Berlin]", Minute, false);
}

#[test]
fn a_zone_of_two_meanings_needs_the_feeds_own() {
    for (name, zone, moment) in [
        ("IST", "Asia/Kolkata", "2025-06-03T06:00:00+05:30[Asia/Kolkata]"),
        ("IST", "Europe/Dublin", "2025-06-03T06:00:00+01:00[Europe/Dublin]"),
        ("BST", "Europe/London", "2025-06-03T06:00:00+01:00[Europe/London]"),
        ("CST", "Asia/Shanghai", "2025-06-03T06:00:00+08:00[Asia/Shanghai]"),
        // The winter's name in summer.
        ("CST", "America/Chicago", "2025-06-03T06:00:00-06:00"),
    ] {
        let text = format!("Tue, 03 Jun 2025 06:00:00 {name}");
        assert_eq!(read(&text, zone), Ok((moment.to_owned(), Second, true)), "{name} in {zone}");
        is_no_date(&text, "name the feed's \"zone\"");
    }
    let elsewhere = read("Tue, 03 Jun 2025 06:00:00 IST", "Asia/Tokyo").unwrap_or_else(|why| (why, Second, false)).0;
    assert!(elsewhere.contains("none of them in Asia/Tokyo"), "{elsewhere}");
    is_no_date("Tue, 03 Jun 2025 06:00:00 QQQ", "offset is not known");
    // What names its zone is not moved by the feed's.
    assert_eq!(read("2025-06-03T06:00:00Z", "Asia/Kolkata"), Ok(("2025-06-03T06:00:00Z".into(), Second, false)));
}

#[test]
fn a_date_without_a_zone_is_of_the_feeds_own_or_of_utc_and_says_so() {
    for text in ["Tue, 03 Jun 2025 06:00:00", "2025-06-03 06:00:00", "2025-06-03T06:00:00", "Di, 3. Juni 2025 06:00:00", "Tue Jun 3 06:00:00 2025"] {
        is(text, "2025-06-03T06:00:00Z", Second, true);
        assert_eq!(read(text, "Asia/Kolkata"), Ok(("2025-06-03T06:00:00+05:30[Asia/Kolkata]".into(), Second, true)), "{text}");
    }
    is("2025-06-03", "2025-06-03[UTC]", Day, true);
    is("June 3rd, 2025", "2025-06-03[UTC]", Day, true);
    assert_eq!(read("03.06.2025", "Asia/Kolkata"), Ok(("2025-06-03[Asia/Kolkata]".into(), Day, true)));
}

#[test]
fn each_order_and_clock_is_read_as_finely_as_it_is_told() {
    for text in [
        "2025-06-03T06:00:00Z",
        "2025-06-03t06:00:00.25z",
        "20250603T060000Z",
        "2025/06/03 06:00:00 GMT",
        "Tuesday, 03-Jun-25 06:00:00 GMT",
        "Di, 03 Jun 2025 08:00:00 +0200",
        "mar., 3 juin 2025 06:00:00 UTC",
        "Tue Jun  3 06:00:00 UTC 2025",
        "Tue, Jun 3 2025 06:00:00 AM UTC",
        "2025-06-03 06:00:00,25 UTC",
    ] {
        is(text, "2025-06-03T06:00:00Z", Second, false);
    }
    is("2025-06-03T06:00+05:30", "2025-06-03T00:30Z", Minute, false);
    is("Jun 3, 2025 6:05 p.m. EDT", "2025-06-03T22:05Z", Minute, false);
    is("3 June 2025 at 6pm UTC", "2025-06-03T18:00Z", Hour, false);
    is("6 PM UTC, Jun 3 2025", "2025-06-03T18:00Z", Hour, false);
    is("06/13/2025 12:30 AM UTC", "2025-06-13T00:30Z", Minute, false);
    is("Mon, 30 Jun 2025 24:00:00 GMT", "2025-07-01T00:00:00Z", Second, false);
    is("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", Second, false);
    is("2025-06-03Z", "2025-06-03[UTC]", Day, false);
    is("2025-06-03+02:00", "2025-06-03T00:00+02:00", Day, false);
    let fraction = Written::read("2025-06-03T06:00:00.25Z", None).map(|written| written.instant.to_string());
    assert_eq!(fraction.as_deref(), Ok("2025-06-03T06:00:00.25Z"));
}

#[test]
fn what_has_two_meanings_or_none_is_refused_and_says_why() {
    is_no_date("", "it is empty");
    is_no_date("about 2025-06-03 06:00", "\"about\" is a time zone");
    is_no_date("soon", "no day, month and year");
    is_no_date("03/06/2025 06:00", "two days, by the order");
    is_no_date("Tue, 31 Jun 2025 06:00:00 GMT", "no day of the calendar");
    is_no_date("Tue, 03 Jun 2025 24:30:00 GMT", "no time of day");
    is_no_date("Tue, 03 Jun 2025 18:00:00 PM", "contradicts");
    is_no_date("Tue, 03 Jun 2025 6:0 GMT", "no time of day");
    is_no_date("0001-01-01T00:00:00Z", "nobody set it");
    is_no_date("2025-06-03 2025-06-04", "two days");
    is_no_date("Jun 3 Jul 2025", "two months");
    is_no_date("2025-06-03 06:00 +25:00", "not understood");
    is_no_date("2025-06-03 06:00 UTC CEST", "two time zones");
    is_no_date(&"9".repeat(101), "more than 100 characters");
}

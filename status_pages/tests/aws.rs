//! The old dashboard of AWS is read, and its posts are dated though it prints few dates.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use dateline_events::kinds::VendorStatus;
use dateline_events::{Instant, Precision, Severity};
use dateline_status_pages::{Dialect, FeedZone, Listing, Nature, Observation, SeenIncident, Status, Unreadable, Version, read_version};
use flate2::read::GzDecoder;
use proptest::prelude::*;
use serde_json::json;

use crate::needs::shared_data;

/// So far from `date` may the first post of an event lie.
const NEAR_SECONDS: i64 = 5 * 60;

fn read(page: &[u8]) -> Result<Observation, Unreadable> {
    Dialect::Aws.read(page, "data.json")
}

/// A page with one event of these printed times, which began at an instant.
fn printed_at(date: &str, times: &[&str]) -> SeenIncident {
    let date = Instant::parse(date).unwrap().0 / Instant::SECOND;
    let description: String = times.iter().map(|time| format!(r#"<div><span class="yellowfg">{time}</span>&nbsp;Words.</div>"#)).collect();
    let event = json!({"service": "queues-us-east-1", "date": date.to_string(), "status": "1", "description": description});
    read(json!({"current": [event], "archive": []}).to_string().as_bytes()).unwrap().incidents.remove(0)
}

/// When the posts of such an event were written.
fn placed(date: &str, times: &[&str]) -> Vec<String> {
    let text = |post: &dateline_status_pages::SeenPost| {
        post.at.as_ref().map_or("-".to_owned(), |at| at.moment.text.replace("[America/Los_Angeles]", "[LA]"))
    };
    printed_at(date, times).posts.iter().map(text).collect()
}

/// A real page, which is not part of the project; None where it is missing.
fn real(name: &str) -> Option<Vec<u8>> {
    shared_data(&format!("aws/{name}")).map(|path| std::fs::read(path).unwrap())
}

fn real_versions() -> Option<Vec<Version>> {
    let bytes = real("aws.versions.jsonl.gz")?;
    let lines = BufReader::new(GzDecoder::new(&bytes[..])).lines();
    let read = lines
        .enumerate()
        .map(|(number, line)| read_version(line.unwrap().as_bytes()).unwrap_or_else(|fault| panic!("version {}: {fault}", number + 1)));
    Some(read.collect())
}

#[test]
fn an_event_is_read() {
    let page = json!({
        "archive": [{"service": "queues-eu-west-1", "date": 1_640_190_858, "status": 3, "details": "",
            "service_name": "Queues (Ireland)", "summary": "[RESOLVED] Increased Error Rates ",
            "description": "<div><span class=\"yellowfg\"> 8:34 AM PST</span>&nbsp;We are looking into <b>errors</b> &amp; delays.</div>\
                <div><span class=\"yellowfg\"> 9:10 AM PST</span>&nbsp;It is over.<br>See <a href=\"https://x.example/1\">here</a>.</div>"}],
        "current": [],
    });
    let page = read(page.to_string().as_bytes()).unwrap();
    assert_eq!(page.facts.url.as_deref(), Some("https://status.aws.amazon.com"));
    assert_eq!((page.listing, page.refused.len()), (Listing::Partial, 0));
    let incident = &page.incidents[0];
    assert_eq!(incident.id, "queues-eu-west-1-1640190858");
    assert_eq!((incident.nature, incident.severity), (Some(Nature::Outage), Some(Severity::Critical)));
    assert_eq!((incident.name.as_deref(), incident.updated), (Some("Increased Error Rates"), None));
    assert_eq!(incident.components, ["Queues (Ireland)"]);
    let [first, last] = &incident.posts[..] else { panic!("{:?}", incident.posts) };
    let at = first.at.as_ref().unwrap();
    assert_eq!(at.moment.text, "2021-12-22T08:34-08:00[America/Los_Angeles]");
    assert_eq!((at.precision, at.wording.as_deref(), at.zone_assumed), (Precision::Minute, Some("8:34 AM PST"), false));
    assert_eq!(incident.started.as_ref(), Some(at), "it is within five minutes of the event's own second");
    assert_eq!((first.id.as_deref(), first.status), (None, None));
    assert_eq!(first.words.as_deref(), Some("We are looking into errors & delays."));
    assert_eq!(last.words.as_deref(), Some("It is over.\nSee here."));
    assert_eq!((last.status, last.status_word.as_deref()), (Some(Status::Vendor(VendorStatus::Resolved)), Some("RESOLVED")));
}

#[test]
fn what_is_over_is_marked_in_the_headline_or_by_status_0() {
    let marked = |summary: &str, status: serde_json::Value| {
        let description = "<div><span class='yellowfg'>8:14 AM PDT</span> One.</div>";
        let event = json!({"service": "q", "date": "1", "summary": summary, "status": status, "description": description});
        let incident = read(json!({"current": [event]}).to_string().as_bytes()).unwrap().incidents.remove(0);
        (incident.name.unwrap_or_default(), incident.severity, incident.posts[0].status_word.clone())
    };
    let owned = |word: &str| Some(word.to_owned());
    assert_eq!(marked("[RESOLVED]  Delays", json!("2")), ("Delays".into(), Some(Severity::Major), owned("RESOLVED")));
    assert_eq!(marked(" [Resolved] Delays", json!(1)), ("Delays".into(), Some(Severity::Minor), owned("RESOLVED")));
    assert_eq!(marked("[解決済み] 遅延 | [RESOLVED] Delays", json!(0)), ("[解決済み] 遅延 | [RESOLVED] Delays".into(), None, owned("RESOLVED")));
    assert_eq!(marked("Delays", json!("0")), ("Delays".into(), None, owned("0")));
    assert_eq!(marked("[RESOLVE", json!("9")), ("[RESOLVE".into(), None, None));
    assert_eq!(marked("エラー率", json!(1)), ("エラー率".into(), Some(Severity::Minor), None));
}

#[test]
fn a_clock_that_runs_backwards_is_the_next_day() {
    let times = [" 9:50 PM PDT", "11:58 PM PDT", "12:10 AM PDT", " 6:00 AM PDT", " 5:00 AM PDT"];
    let days = [
        "2021-06-30T21:50-07:00[LA]",
        "2021-06-30T23:58-07:00[LA]",
        "2021-07-01T00:10-07:00[LA]",
        "2021-07-01T06:00-07:00[LA]",
        "2021-07-02T05:00-07:00[LA]",
    ];
    assert_eq!(placed("2021-07-01T04:50:20Z", &times), days);
}

#[test]
fn the_first_post_lies_nearest_the_event_on_either_side_of_midnight() {
    assert_eq!(placed("2021-07-01T07:01:00Z", &["11:59 PM PDT"]), ["2021-06-30T23:59-07:00[LA]"]);
    assert_eq!(placed("2021-07-01T06:59:00Z", &["12:01 AM PDT"]), ["2021-07-01T00:01-07:00[LA]"]);
}

#[test]
fn the_hour_that_comes_twice_and_the_hour_that_is_left_out() {
    let twice = ["12:55 AM PDT", " 1:40 AM PDT", " 1:10 AM PST", " 1:40 AM PST"];
    let placed_twice = ["2021-11-07T00:55-07:00[LA]", "2021-11-07T01:40-07:00[LA]", "2021-11-07T01:10-08:00[LA]", "2021-11-07T01:40-08:00[LA]"];
    assert_eq!(placed("2021-11-07T07:55:30Z", &twice), placed_twice);
    let left_out = ["11:50 PM PST", " 1:59 AM PST", " 3:00 AM PDT"];
    assert_eq!(placed("2021-03-14T07:50:30Z", &left_out), ["2021-03-13T23:50-08:00[LA]", "2021-03-14T01:59-08:00[LA]", "2021-03-14T03:00-07:00[LA]"]);
    assert_eq!(placed("2021-07-01T16:00:00Z", &["8:00 AM PST"]), ["2021-07-01T08:00-08:00"], "the offset is believed, the zone left out");
}

#[test]
fn a_printed_date_is_believed_first() {
    assert_eq!(
        placed("2021-12-22T07:50:00Z", &["11:50 PM PST", "Dec 22,  3:00 AM PST", " 2:00 AM PST", "Dec 27, 1:00 AM PST"]),
        ["2021-12-21T23:50-08:00[LA]", "2021-12-22T03:00-08:00[LA]", "2021-12-23T02:00-08:00[LA]", "2021-12-27T01:00-08:00[LA]"]
    );
    assert_eq!(
        placed("2022-01-01T07:58:00Z", &["11:58 PM PST", "January 1 12:34 AM PST"]),
        ["2021-12-31T23:58-08:00[LA]", "2022-01-01T00:34-08:00[LA]"],
        "over New Year"
    );
    assert_eq!(placed("2022-01-03T07:58:00Z", &["Dec 31 , 11:58 PM PST"]), ["2021-12-31T23:58-08:00[LA]"], "the year that is nearest");
    assert_eq!(placed("2022-01-03T07:58:00Z", &["Feb 29, 2020, 1:00 PM PST"]), ["2020-02-29T13:00-08:00[LA]"], "its own year");
    assert_eq!(placed("2021-10-08T00:04:00Z", &[" 7:00 PM PDT", "Oct 6, 8:00 PM PDT"]), ["2021-10-06T19:00-07:00[LA]", "2021-10-06T20:00-07:00[LA]"]);
}

#[test]
fn what_contradicts_the_order_has_no_time_and_keeps_its_words() {
    let times = ["Dec 22, 3:00 AM PST", "Dec 21, 3:00 AM PST", " 2:00 AM PST", "Dec 22, 4:00 AM PST", " 5:00 AM PST"];
    assert_eq!(
        placed("2021-12-22T11:00:00Z", &times),
        ["2021-12-22T03:00-08:00[LA]", "-", "-", "2021-12-22T04:00-08:00[LA]", "2021-12-22T05:00-08:00[LA]"]
    );
    assert_eq!(printed_at("2021-12-22T11:00:00Z", &times).posts[1].words.as_deref(), Some("Dec 21, 3:00 AM PST Words."));
    for strange in
        ["13:00 AM PST", "8:60 AM PST", "Dec 32, 8:14 AM PST", "soon", "+8:14 AM PST", "8:14 AM PST PST PST PST", "8:14 AM IST", "8:14 AM QQQ"]
    {
        let incident = printed_at("2021-12-22T11:00:00Z", &[strange]);
        assert_eq!((incident.posts.len(), incident.posts[0].at.is_none()), (1, true), "{strange}");
        assert_eq!(incident.posts[0].words.as_deref(), Some(format!("{strange} Words.").as_str()));
    }
}

#[test]
fn a_time_is_read_in_every_zone_that_a_feed_knows_or_named() {
    let page = |time: &str, zone: &str| {
        let description = format!(r#"<div><span class="yellowfg">{time}</span>&nbsp;We look.</div>"#);
        let event = json!({"service": "q", "date": 1_714_550_400, "status": "1", "description": description});
        let page = json!({"current": [event]}).to_string();
        Dialect::Aws.read_in(page.as_bytes(), "data.json", FeedZone::parse(zone).as_ref()).unwrap()
    };
    for (time, zone, moment, assumed) in [
        ("1:10 AM UTC", "", "2024-05-01T01:10Z", false),
        ("1:10 AM CEST", "", "2024-05-01T01:10+02:00", false),
        ("1:10 PM JST", "", "2024-05-01T13:10+09:00", false),
        ("13:10 MESZ", "", "2024-05-01T13:10+02:00", false),
        ("1:10 PM GMT+0530", "", "2024-05-01T13:10+05:30", false),
        ("1:10 PM IST", "Asia/Kolkata", "2024-05-01T13:10+05:30[Asia/Kolkata]", true),
        ("1:10 AM", "", "2024-05-01T01:10Z", true),
        ("1:10 PM", "Asia/Kolkata", "2024-05-01T13:10+05:30[Asia/Kolkata]", true),
        ("Apr 30, 24:00 UTC", "", "2024-05-01T00:00Z", false),
    ] {
        let observation = page(time, zone);
        let at = observation.incidents[0].posts[0].at.clone().unwrap_or_else(|| panic!("{time}: {:?}", observation.refused));
        assert_eq!((at.moment.text.as_str(), at.zone_assumed, at.wording.as_deref()), (moment, assumed, Some(time)), "{time}");
        assert!(observation.refused.is_empty(), "{time}: {:?}", observation.refused);
    }
    let observation = page("1:10 PM IST", "");
    assert_eq!((observation.refused[0].what.as_str(), observation.incidents[0].posts.len()), ("q-1714550400, post 1", 1));
    assert!(observation.refused[0].why.contains("name the feed's \"zone\""), "{:?}", observation.refused);
}

#[test]
fn an_event_whose_first_post_was_written_at_another_time_began_when_it_says() {
    let began = |time: &str| printed_at("2021-12-22T16:34:18Z", &[time]).started.unwrap().moment.text;
    assert_eq!(began("8:30 AM PST"), "2021-12-22T08:30-08:00[America/Los_Angeles]");
    assert_eq!(began("8:39 AM PST"), "2021-12-22T08:39-08:00[America/Los_Angeles]");
    assert_eq!(began("8:29 AM PST"), "2021-12-22T16:34:18Z");
    assert_eq!(began("8:40 AM PST"), "2021-12-22T16:34:18Z");
    assert_eq!(began("soon"), "2021-12-22T16:34:18Z");
}

#[test]
fn posts_are_found_in_broken_markup_too() {
    let words = |description: &str| {
        let event = json!({"service": "q", "date": 0, "description": description});
        let incident = read(json!({"current": [event]}).to_string().as_bytes()).unwrap().incidents.remove(0);
        incident.posts.into_iter().map(|post| (post.at.is_some(), post.words.unwrap_or_default())).collect::<Vec<_>>()
    };
    let one = |words: &str| (true, words.to_owned());
    let undated = |words: &str| (false, words.to_owned());
    let span = r#"<SPAN CLASS="yellowfg">8:14 AM PDT</SPAN>"#;
    assert_eq!(words(&format!("<div>{span} One.<div>{span} Two.</div>")), [one("One."), one("Two.")], "a block that was not closed");
    assert_eq!(words(&format!("{span} One.{span} Two.")), [one("One."), one("Two.")], "no blocks");
    assert_eq!(words(&format!("<div>{span} One.</div> \n<div>Nothing printed.</div><div></div>")), [one("One."), undated("Nothing printed.")]);
    assert_eq!(words(&format!("<div>{span} One <div>inside</div> of it.</div>")), [one("One\ninside\nof it.")]);
    assert_eq!(words("Only words, 3 < 4"), [undated("Only words, 3 < 4")]);
    assert_eq!(words(&format!("<div>{span}</div></div></div>")), [one("")], "a time without words");
    assert_eq!(words(r#"<div><span class="yellowfg">8:14 AM PDT"#), [undated("8:14 AM PDT")], "cut in the middle");
    assert_eq!(words(""), []);
}

#[test]
fn what_cannot_be_read_is_refused_alone() {
    let page = br#"{"archive": [{"service": "q", "date": "soon"}, {"date": "1"}, {"service": " ", "date": "1"}, 7, {"service": "q", "date": -1}],
      "current": [{"service": "q", "date": "1", "summary": "Once"}, {"service": "q", "date": 1, "summary": "Twice"}, {"service": "q", "date": 253402300800}]}"#;
    let page = read(page).unwrap();
    assert_eq!((page.incidents.len(), page.incidents[0].name.as_deref()), (1, Some("Once")));
    let refused: Vec<_> = page.refused.iter().map(|refused| refused.what.as_str()).collect();
    assert_eq!(refused, ["archive 0", "archive 1", "archive 2", "archive 3", "archive 4", "q-1", "current 2"]);
}

#[test]
fn what_is_no_dashboard_is_unreadable() {
    let whole = r#"{"archive": [], "current": []}"#;
    assert_eq!(read(whole.as_bytes()).unwrap().incidents.len(), 0);
    let cut = (0..whole.len()).map(|end| &whole[..end]);
    for page in ["", " \r\n", "<html><body>503</body></html>", "[]", "{}", "null", r#"{"archive": {}}"#].into_iter().chain(cut) {
        assert!(read(page.as_bytes()).is_err(), "{page:?} was read");
    }
}

#[test]
fn a_page_lists_at_most_ten_thousand_events() {
    let page = |count: usize| {
        let events: Vec<_> = (1..count).map(|date| json!({"service": "q", "date": date})).collect();
        json!({"archive": events, "current": [{"service": "q", "date": 0}]}).to_string()
    };
    assert_eq!(read(page(10_000).as_bytes()).unwrap().incidents.len(), 10_000);
    assert!(read(page(10_001).as_bytes()).unwrap_err().to_string().contains("at most 10000"));
}

#[test]
fn a_description_has_at_most_256_kibibytes() {
    let page = |bytes: usize| json!({"current": [{"service": "q", "date": 0, "description": "x".repeat(bytes)}]}).to_string();
    assert_eq!(read(page(256 * 1024).as_bytes()).unwrap().incidents.len(), 1);
    assert!(read(page(256 * 1024 + 1).as_bytes()).unwrap().refused[0].why.contains("at most 262144"));
}

proptest! {
    #[test]
    fn no_printed_times_run_backwards(
        date in 0_i64..4_000_000_000,
        times in prop::collection::vec(("((Jan|Mar|Nov|Dec) [123]?[0-9], (20[0-2][0-9], )?)?", "(1[0-2]|[1-9]):[0-5][0-9] [AP]M P[DS]T"), 0..12),
    ) {
        let printed: Vec<String> = times.iter().map(|(day, clock)| format!("{day}{clock}")).collect();
        let printed: Vec<&str> = printed.iter().map(String::as_str).collect();
        let incident = printed_at(&Instant(date * Instant::SECOND).to_string(), &printed);
        prop_assert_eq!(incident.posts.len(), printed.len());
        let placed: Vec<_> = incident.posts.iter().filter_map(|post| post.at.as_ref()).collect();
        prop_assert!(placed.is_sorted_by_key(|at| at.start()), "{printed:?}: {placed:#?}");
        prop_assert!(placed.iter().all(|at| at.moment.zone_fault().is_none()));
        let is_undated = printed.iter().all(|time| time.len() <= "12:00 AM PST".len());
        prop_assert!(!is_undated || placed.len() == printed.len(), "clock times alone can always be placed: {printed:?}");
    }
}

#[test]
fn every_real_version_is_read_and_its_times_never_run_backwards() {
    let Some(versions) = real_versions() else { return };
    let (mut posts, mut timed, mut in_zone, mut resolved) = (0, 0, 0, 0);
    for version in &versions {
        let incident = &version.incident;
        assert_eq!(version.dialect, Dialect::Aws);
        assert!(incident.name.is_some() && incident.started.is_some() && !incident.posts.is_empty(), "{incident:?}");
        let times: Vec<_> = incident.posts.iter().filter_map(|post| post.at.as_ref()).collect();
        assert!(times.is_sorted_by_key(|at| at.start()), "{}: times run backwards: {times:#?}", incident.id);
        assert!(times.iter().all(|at| at.moment.zone_fault().is_none()), "{}: a zone contradicts its offset", incident.id);
        let newest = times.last().unwrap().start();
        assert!(newest <= version.recorded, "{}: a post of {newest} was read at {}", incident.id, version.recorded);
        posts += incident.posts.len();
        timed += times.len();
        in_zone += times.iter().filter(|at| at.moment.zone() == Some("America/Los_Angeles")).count();
        resolved += incident.posts.iter().filter(|post| post.status.is_some()).count();
    }
    println!("{} versions are read, with {posts} posts, {timed} of them timed, {in_zone} in their zone, {resolved} resolved", versions.len());
    assert_eq!((versions.len(), posts, timed, in_zone), (1543, 5438, 5438, 5438));
}

/// Why the first post of an event lies far from its `date`, as far as the page tells.
fn why_far(id: &str, incident: &SeenIncident, date: i64, all: &BTreeMap<String, SeenIncident>) -> &'static str {
    let local = Instant(date * Instant::SECOND).to_local_minute("America/Los_Angeles").unwrap();
    let (hour, minute) = local[11..].split_once(':').unwrap();
    let clock = format!("{}:{minute}", (hour.parse::<u8>().unwrap() + 11) % 12 + 1);
    let names_it = |words: &str| words.split(|character: char| !character.is_ascii_digit() && character != ':').any(|word| word == clock);
    if incident.posts.iter().any(|post| post.words.as_deref().is_some_and(names_it)) {
        return "its words name that minute as the beginning";
    }
    let service = id.rsplit_once('-').unwrap().0;
    let is_near = |other: &i64| (1..2 * 24 * 3600).contains(&other.abs_diff(date));
    let again = |(other, _): (&String, &SeenIncident)| {
        other.rsplit_once('-').is_some_and(|(name, second)| name == service && second.parse().is_ok_and(|second| is_near(&second)))
    };
    if all.iter().any(again) { "the service is listed again about that time" } else { "the page does not say why" }
}

#[test]
fn the_first_post_lies_within_five_minutes_of_the_event_in_555_of_576() {
    let Some(versions) = real_versions() else { return };
    let newest: BTreeMap<String, SeenIncident> = versions.into_iter().map(|version| (version.incident.id.clone(), version.incident)).collect();
    let (mut near, mut far) = (0, Vec::new());
    for (id, incident) in &newest {
        let date: i64 = id.rsplit_once('-').unwrap().1.parse().unwrap();
        let first = incident.posts[0].at.as_ref().unwrap();
        let seconds = first.start().0 / Instant::SECOND - date;
        if seconds.abs() <= NEAR_SECONDS {
            assert_eq!(incident.started.as_ref(), Some(first), "{id}");
            near += 1;
        } else {
            assert_eq!(incident.started.as_ref().unwrap().start().0, date * Instant::SECOND, "{id}");
            let why = why_far(id, incident, date, &newest);
            far.push(format!("{id}: the page prints \"{}\", {} minutes from its `date`: {why}", first.wording.as_deref().unwrap(), seconds / 60));
        }
    }
    println!("{near} of {} first posts lie within five minutes of the event; the others:\n{}", newest.len(), far.join("\n"));
    assert_eq!((near, newest.len()), (555, 576));
}

#[test]
fn the_real_page_is_read_and_a_cut_one_never() {
    let Some(bytes) = real("data.last-of-2022.json") else { return };
    let page = read(&bytes).unwrap();
    assert_eq!((page.incidents.len(), page.refused.len()), (65, 0), "{:?}", page.refused);
    let whole = bytes.trim_ascii_end().len();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..1000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let cut = usize::try_from(state % whole as u64).unwrap();
        assert!(read(&bytes[..cut]).is_err(), "cut after {cut} of {whole} bytes, it was read");
    }
}

//! The posts of a Statuspage's feed, or of one like it, whose dates are written in other ways, or cannot be read.

use dateline_events::{Event, Instant, Precision};
use dateline_status_pages::{Changes, Dialect, Draft, FeedZone, Nature, Observation, Page, PageState, Reading, difference};

const PAGE: Page<'static> = Page { service: "quay", vendor: "quay", name: Some("Quay"), lang: "en", url: "https://quay.example" };

/// A feed with one entry; its posts are time and word, the newest first.
fn feed(published: &str, posts: &[(&str, &str)]) -> String {
    let post = |(time, word): &(&str, &str)| format!("<p><small>{time}</small><br><strong>{word}</strong> - Words of {word}.</p>");
    let posts: String = posts.iter().map(post).collect();
    let dates = if published.is_empty() { String::new() } else { format!("<pubDate>{published}</pubDate>") };
    format!(
        "<rss version=\"2.0\"><channel><title>Quay</title><item><title>Pier</title><guid>g</guid><link>https://quay.example/i/ab</link>{dates}<description><![CDATA[{posts}]]></description></item></channel></rss>"
    )
}

fn read(feed: &str, zone: &str) -> Observation {
    Dialect::Atom.read_in(feed.as_bytes(), "feed", FeedZone::parse(zone).as_ref()).unwrap()
}

/// The moments of the posts, oldest first; "by" where only a bound is known.
fn times(observation: &Observation) -> Vec<String> {
    let time = |post: &dateline_status_pages::SeenPost| match (&post.at, &post.by) {
        (Some(at), _) => at.moment.text.clone(),
        (None, by) => format!("by {}", by.as_ref().map_or("-", |by| &by.moment.text)),
    };
    observation.incidents[0].posts.iter().map(time).collect()
}

/// The events of a first reading; the door takes each.
fn said(observation: &Observation) -> Vec<Draft> {
    let read = Instant::parse("2026-11-30T00:00:00Z");
    let reading = Reading { dialect: Dialect::Atom, list: "feed", as_of: None, read, read_before: None, sha256: "" };
    let Changes { drafts, .. } = difference(&PAGE, &reading, observation, &PageState::default());
    for draft in &drafts {
        Event::read_at_the_door(&draft.bytes(&PAGE)).unwrap_or_else(|faults| panic!("{faults}: {draft:?}"));
    }
    drafts
}

#[test]
fn halves_of_the_day_seconds_and_other_names_of_zones_are_read() {
    for (published, posts, expected) in [
        (
            "Thu, 04 Jul 2024 12:10:00 -0400",
            [("Jul 4, 12:10 PM EDT", "Resolved"), ("Jul 4, 11:00 AM EDT", "Investigating")],
            ["2024-07-04T11:00-04:00", "2024-07-04T12:10-04:00"],
        ),
        (
            "Fri, 04 Oct 2024 11:00:00 +0200",
            [("Okt 4, 11:00 MESZ", "Resolved"), ("Okt 4, 10:00 MESZ", "Investigating")],
            ["2024-10-04T10:00+02:00", "2024-10-04T11:00+02:00"],
        ),
        (
            "Wed, 02 Sep 2026 09:10:00 +0000",
            [("Sep 2, 10:30:00 GMT+0", "Resolved"), ("Sep <var data-var='date'>2</var>, 09:10:00 GMT+0", "Investigating")],
            ["2026-09-02T09:10:00Z", "2026-09-02T10:30:00Z"],
        ),
        (
            "Thu, 01 Jan 2026 00:00:30 +0000",
            [("Dec 31, 24:00 UTC", "Resolved"), ("Dec 31, 11:30 p.m. UTC", "Investigating")],
            ["2025-12-31T23:30Z", "2026-01-01T00:00Z"],
        ),
    ] {
        let observation = read(&feed(published, &posts), "");
        assert_eq!((times(&observation), observation.refused.len()), (expected.map(ToOwned::to_owned).to_vec(), 0), "{published}");
        assert_eq!(observation.incidents[0].posts[1].status_word.as_deref(), Some("Resolved"));
    }
    let seconds = read(&feed("Wed, 02 Sep 2026 09:10:00 +0000", &[("Sep 2, 09:10:09 UTC", "Resolved")]), "");
    assert_eq!(seconds.incidents[0].posts[0].at.as_ref().unwrap().precision, Precision::Second);
}

#[test]
fn a_zone_of_two_meanings_is_the_feeds_or_that_of_the_entrys_own_minute_or_named() {
    let posts = [("Jul 4, 11:00 IST", "Resolved"), ("Jul 4, 10:00 IST", "Investigating")];
    let far = feed("Thu, 04 Jul 2024 20:00:00 +0000", &posts);
    let jerusalem = read(&far, "Asia/Jerusalem");
    // The winter's name in summer, as whoever wrote it says.
    assert_eq!((times(&jerusalem), jerusalem.refused.len()), (vec!["2024-07-04T10:00+02:00".to_owned(), "2024-07-04T11:00+02:00".to_owned()], 0));
    assert!(jerusalem.incidents[0].posts.iter().all(|post| post.at.as_ref().unwrap().zone_assumed));
    assert_eq!(times(&read(&far, "Asia/Kolkata"))[0], "2024-07-04T10:00+05:30[Asia/Kolkata]");
    // Its minute is the entry's own in Dublin alone; where the feed's zone is known, that decides.
    let near = feed("Thu, 04 Jul 2024 10:00:30 +0000", &posts);
    assert_eq!(times(&read(&near, "")), ["2024-07-04T10:00+01:00", "2024-07-04T11:00+01:00"]);
    assert_eq!(times(&read(&near, "Asia/Kolkata"))[0], "2024-07-04T10:00+05:30[Asia/Kolkata]");
    for name in ["IST", "BST", "CST"] {
        let named = read(&far.replace("IST", name), "");
        assert_eq!(times(&named), ["by 2024-07-04T20:00:00Z"; 2], "{name}");
        assert_eq!(named.refused.iter().map(|refused| refused.what.as_str()).collect::<Vec<_>>(), ["ab, post 1", "ab, post 2"]);
        assert!(named.refused[0].why.contains("name the feed's \"zone\""), "{:?}", named.refused);
    }
}

#[test]
fn a_post_that_cannot_be_dated_was_written_by_the_next_and_its_incident_is_never_of_today() {
    let posts =
        [("Jul 4, 11:00 UTC", "Resolved"), ("Jul 4, 10:30 QQQ", "Monitoring"), ("early on", "Nothing"), ("Jul 4, 10:00 QQQ", "Investigating")];
    let observation = read(&feed("Thu, 04 Jul 2024 11:00:00 +0000", &posts), "");
    assert_eq!(times(&observation), ["by 2024-07-04T11:00Z", "by 2024-07-04T11:00Z", "2024-07-04T11:00Z"]);
    let bound = r#"{"before":"2024-07-04T11:00Z""#;
    for draft in said(&observation).iter().filter(|draft| draft.id.contains("/start/") || draft.id.contains("/post/undated")) {
        assert!(draft.data["occurred"].to_string().starts_with(bound), "{draft:?}");
    }
    let all = read(&feed("Thu, 04 Jul 2024 11:00:00 +0000", &posts[1..]), "");
    assert_eq!((times(&all)[0].as_str(), all.refused.len()), ("by 2024-07-04T11:00:00Z", 2));
    // An entry that is older than its own posts bounds none of them.
    let older = read(&feed("Thu, 04 Jul 2024 09:00:00 +0000", &[posts[1], posts[0]]), "");
    assert_eq!(times(&older), ["2024-07-04T11:00Z", "by -"]);
    let nothing = read(&feed("", &posts[1..]), "");
    assert!(nothing.incidents.is_empty() && nothing.refused[0].why.starts_with("none of its dates can be read"), "{:?}", nothing.refused);
}

#[test]
fn a_window_is_read_by_the_same_rule_as_the_posts() {
    let with = |zone: &str| {
        let head = format!("<p><strong>THIS IS A SCHEDULED EVENT Jan 2, 11:00 PM - Jan 3, 02:00 AM {zone}</strong></p><p><small>");
        feed("Thu, 02 Jan 2025 23:00:00 +0100", &[("Dec 28, 10:00 AM UTC", "Scheduled")]).replacen("<p><small>", &head, 1)
    };
    let incident = &read(&with("CET"), "").incidents[0];
    let window = incident.scheduled.map(|(from, until)| (from.to_string(), until.to_string()));
    assert_eq!((incident.nature, window), (Some(Nature::Maintenance), Some(("2025-01-02T22:00:00Z".into(), "2025-01-03T01:00:00Z".into()))));
    let named = read(&with("IST"), "");
    assert_eq!((named.incidents[0].scheduled, named.refused[0].what.as_str()), (None, "ab, its window"));
}

#[test]
fn words_that_look_like_markup_are_not_taken_for_it_again() {
    let feed = feed("Thu, 04 Jul 2024 11:00:00 +0000", &[("Jul 4, 11:00 UTC", "Resolved")])
        .replace("Words of", "We look &lt;now&gt; &amp;amp; 5 &lt; 6 R&amp;D");
    assert_eq!(read(&feed, "").incidents[0].posts[0].words.as_deref(), Some("We look &lt;now> &amp;amp; 5 < 6 R&D Resolved."));
}

//! Feeds: those of a Statuspage post by post, any other entry by entry, and what is no feed.

use dateline_events::kinds::VendorStatus;
use dateline_events::{Instant, Precision};
use dateline_status_pages::{Dialect, FeedZone, Nature, Observation, SeenIncident, SeenPost, Status, read_version};

const STATUSPAGE: &str = include_str!("fixtures/feed/statuspage.atom");
const STATUSPAGE_RSS: &str = include_str!("fixtures/feed/statuspage.rss");
const PLAIN_RSS: &str = include_str!("fixtures/feed/plain.rss");
const PLAIN_RDF: &str = include_str!("fixtures/feed/plain.rdf");

fn read(feed: &str) -> Observation {
    Dialect::Atom.read(feed.as_bytes(), "feed").unwrap()
}

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// Time, word and words of each post.
fn told(incident: &SeenIncident) -> Vec<(String, &str, &str)> {
    assert!(incident.posts.iter().all(|post| post.id.is_none()), "a post of a Statuspage's feed has no id");
    let posts = incident.posts.iter();
    let time = |post: &SeenPost| match (&post.at, &post.by) {
        (Some(at), _) => at.moment.text.clone(),
        (None, by) => format!("by {}", by.as_ref().unwrap().moment.text),
    };
    posts.map(|post| (time(post), post.status_word.as_deref().unwrap(), post.words.as_deref().unwrap())).collect()
}

#[test]
fn a_statuspage_is_read_post_by_post_across_the_new_year() {
    let observation = read(STATUSPAGE);
    assert_eq!(observation.facts.name.as_deref(), Some("Harbour"));
    assert_eq!(observation.facts.url.as_deref(), Some("https://status.harbour.example"));
    let incident = &observation.incidents[0];
    assert_eq!((incident.id.as_str(), incident.name.as_deref()), ("aa11", Some("Slow logins & sign-ups")));
    assert_eq!(incident.nature, Some(Nature::Outage));
    // The two posts that say the same in the same minute are one; what has no time that can be read was written by that of the next.
    let expected = [
        ("by 2025-12-31T22:10-08:00", "Investigating", "We look."),
        ("2025-12-31T22:10-08:00", "Identified", "A cable."),
        ("2025-12-31T23:50-08:00", "Update", "Still at it."),
        ("2026-01-01T00:12-08:00", "Resolved", "It is over.\nCauses:\na cable\na & b\nThank you."),
    ];
    assert_eq!(told(incident), expected.map(|(time, word, words)| (time.to_owned(), word, words)));
    let states: Vec<Option<Status>> = incident.posts.iter().map(|post| post.status).collect();
    let vendor = |status| Some(Status::Vendor(status));
    assert_eq!(
        states,
        [vendor(VendorStatus::Investigating), vendor(VendorStatus::Identified), vendor(VendorStatus::Identified), vendor(VendorStatus::Resolved)]
    );
    // Its oldest post has no time: it began by the first that has one.
    assert_eq!(incident.started, None);
    let began = incident.began_by.as_ref().unwrap();
    assert_eq!(
        (began.moment.text.as_str(), began.precision, began.wording.as_deref()),
        ("2025-12-31T22:10-08:00", Precision::Minute, Some("Dec 31, 22:10 PST"))
    );
    assert_eq!((&incident.ended, incident.updated), (&None, Some(instant("2026-01-02T09:00:00Z"))));
}

#[test]
fn what_cannot_be_read_is_refused_and_the_rest_kept() {
    let observation = read(STATUSPAGE);
    let refused: Vec<(&str, &str)> = observation.refused.iter().map(|refused| (refused.what.as_str(), refused.why.as_str())).collect();
    assert_eq!(
        refused,
        [
            ("aa11, post 5", "\"QQQ\" is a time zone whose offset is not known"),
            ("tag:status.harbour.example,2005:Incident/103", "it has no link, whose last part is the incident's id"),
        ]
    );
}

#[test]
fn planned_work_has_its_window_before_it_begins() {
    let observation = read(STATUSPAGE);
    let work = &observation.incidents[1];
    assert_eq!((work.id.as_str(), work.nature), ("bb22", Some(Nature::Maintenance)));
    assert_eq!(work.scheduled, Some((instant("2026-01-05T04:00:00Z"), instant("2026-01-05T05:30:00Z"))));
    assert_eq!(told(work), [("2025-12-29T14:04Z".to_owned(), "Scheduled", "The port is dredged.")]);
    assert_eq!(work.posts[0].status, Some(Status::Scheduled));
}

#[test]
fn a_statuspage_in_rss_says_the_same_even_escaped_twice() {
    let observation = read(STATUSPAGE_RSS);
    assert_eq!(observation.facts.url.as_deref(), Some("https://status.lantern.example"));
    // 09:15 IST is 08:15 UTC in Ireland and 03:45 UTC in India: the entry's own time decides.
    assert_eq!(told(&observation.incidents[0]), [("2025-03-29T09:15+01:00".to_owned(), "Monitoring", "A fix is in.")]);
    assert_eq!(observation.incidents[0].id, "cc33");
    let work = &observation.incidents[1];
    assert_eq!((work.id.as_str(), work.nature), ("dd44", Some(Nature::Maintenance)));
    let states: Vec<Option<Status>> = work.posts.iter().map(|post| post.status).collect();
    assert_eq!(states, [Some(Status::Scheduled), Some(Status::InProgress), Some(Status::InProgress), Some(Status::Completed)]);
}

#[test]
fn any_other_entry_is_an_incident_with_one_post() {
    let observation = read(PLAIN_RSS);
    assert_eq!(observation.facts.name.as_deref(), Some("Ferry notices"));
    assert_eq!(observation.facts.url.as_deref(), Some("https://ferry.example/notices"));
    let ids: Vec<&str> = observation.incidents.iter().map(|incident| incident.id.as_str()).collect();
    assert_eq!(ids, ["n-17", "https://ferry.example/notices/16"]);
    let incident = &observation.incidents[0];
    assert_eq!(incident.name.as_deref(), Some("Line 3 does not run & line 4 is late"));
    let post = &incident.posts[0];
    assert_eq!((post.id.as_deref(), post.words.as_deref()), (Some("entry"), Some("Line 3 does not run.\nFog.")));
    assert_eq!(post.at.as_ref().unwrap().start(), instant("2026-05-05T06:30:00Z"));
    assert_eq!((incident.nature, &incident.started), (None, &None));
    let refused: Vec<&str> = observation.refused.iter().map(|refused| refused.what.as_str()).collect();
    assert_eq!(refused, ["entry 3 \"Neither\"", "n-17"]);
    assert_eq!(read(PLAIN_RSS), observation, "two readings of one feed differ");
}

#[test]
fn an_edited_text_is_the_same_post_with_other_words() {
    let edited = read(&PLAIN_RSS.replace("Fog.", "Thick fog."));
    let (before, after) = (&read(PLAIN_RSS).incidents[0].posts[0], &edited.incidents[0].posts[0]);
    assert_eq!((&before.id, &before.at), (&after.id, &after.at));
    assert_ne!(before.words, after.words);
}

#[test]
fn rss_1_and_an_empty_feed_are_read() {
    let observation = read(PLAIN_RDF);
    assert_eq!(observation.incidents[0].id, "https://mill.example/news/9");
    assert_eq!(observation.incidents[0].posts[0].words.as_deref(), Some("Ice."));
    let empty = read("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Quiet</title></feed>");
    assert_eq!((empty.incidents.len(), empty.refused.len(), empty.facts.name.as_deref()), (0, 0, Some("Quiet")));
}

#[test]
fn an_entry_without_words_does_not_spoil_the_feed() {
    let feed = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>t</title><entry><id>a</id><title>A</title><content type=\"html\"></content></entry>\
                <entry><id>b</id><content type=\"html\">words</content></entry></feed>";
    let observation = read(feed);
    assert_eq!(observation.incidents.iter().map(|incident| incident.posts[0].words.as_deref()).collect::<Vec<_>>(), [None, Some("words")]);
}

#[test]
fn what_is_no_feed_is_unreadable_and_says_why() {
    let why = |page: &str| Dialect::Atom.read(page.as_bytes(), "feed").unwrap_err().to_string();
    assert_eq!(why(" \n"), "an empty page");
    assert_eq!(why("{\"version\": \"https://jsonfeed.org/version/1\", \"title\": \"t\", \"items\": []}"), "JSON; expected RSS or Atom");
    assert_eq!(why("<!DOCTYPE html><html><body>down for maintenance</body></html>"), "a page in HTML; expected RSS or Atom");
    assert!(why("<sitemap/>").starts_with("not a feed"));
    assert!(why("hello").starts_with("not a feed"));
    for feed in [STATUSPAGE, STATUSPAGE_RSS, PLAIN_RSS, PLAIN_RDF] {
        let whole = feed.trim_end().len();
        for cut in (0..whole).filter(|cut| feed.is_char_boundary(*cut)) {
            assert!(Dialect::Atom.read(&feed.as_bytes()[..cut], "feed").is_err(), "cut off at byte {cut} of {whole}, and read all the same");
        }
    }
}

#[test]
fn an_entry_with_more_posts_than_are_read_is_refused() {
    let post = |number: usize| format!("<small>Aug 21, 00:37 UTC</small><br><strong>Update</strong> - word {number}");
    let feed = |posts: usize| {
        let posts: String = (0..posts).map(post).collect();
        format!(
            "<rss version=\"2.0\"><channel><item><guid>g</guid><link>https://s.example/i/1</link><pubDate>Fri, 21 Aug 2026 00:37:00 GMT</pubDate><description><![CDATA[{posts}]]></description></item></channel></rss>"
        )
    };
    assert_eq!(read(&feed(1_000)).incidents[0].posts.len(), 1_000);
    let observation = read(&feed(1_001));
    assert!(observation.incidents.is_empty() && observation.refused[0].why.contains("1000 posts"), "{:?}", observation.refused);
}

#[test]
fn bases_that_would_be_written_out_over_and_over_are_refused() {
    let entry = "<entry><id>a</id><link href=\"x\"/></entry>";
    let feed = |inside: &str| format!("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base = 'https://s.example/a/'>{inside}</feed>");
    let nested = |base: &str, depth: usize| format!("{}{}{entry}", format!("<x {base}>").repeat(depth), "</x>".repeat(depth));
    let why = |inside: &str| Dialect::Atom.read(feed(inside).as_bytes(), "feed").unwrap_err().to_string();
    assert_eq!(read(&feed(&nested("xml:base=\"b/\"", 2))).incidents[0].url.as_deref(), Some("https://s.example/a/x"));
    assert!(why(&nested("xml:base=\"b/\"", 3)).contains("relative"));
    assert!(why(&nested("xml:base\n=\t'b/'", 3)).contains("relative"));
    assert!(why(&nested("xml:base='h&#116;tp&#58;b/'", 3)).contains("relative"), "what hides its scheme may have none");
    assert!(why(&nested(&format!("xml:base='{}/'", "b".repeat(130)), 2)).contains("relative"), "two long ones");
    assert_eq!(read(&feed(&nested("xml:base='https://t.example/'", 9))).incidents.len(), 1, "what has a scheme is joined to nothing");
    for (letter, count) in [("b", 260), ("é", 20), ("\"", 30)] {
        let why = why(&nested(&format!("xml:base='https://t.example/{}'", letter.repeat(count)), 1));
        assert!(why.contains("more than 256 bytes"), "{letter}: {why}");
    }
}

#[test]
fn a_feed_in_bytes_that_hide_its_markup_is_refused() {
    let feed = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>a</id></entry></feed>";
    let why = |bytes: &[u8]| Dialect::Atom.read(bytes, "feed").unwrap_err().to_string();
    let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let little = |text: &str| units(text).into_iter().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let big = |text: &str| units(text).into_iter().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    for bytes in [little(&format!("\u{feff}{feed}")), big(&format!("\u{feff}{feed}")), little(feed), big(&format!("<?xml version=\"1.0\"?>{feed}"))] {
        assert!(why(&bytes).contains("UTF-16"), "{}", why(&bytes));
    }
    let declared = |name: &str| format!("<?xml version=\"1.0\" encoding=\"{name}\"?>{feed}");
    for name in ["utf-16", "ISO-2022-JP", "ucs-2", "x"] {
        assert!(why(declared(name).as_bytes()).contains(&format!("\"{}\"", name.to_ascii_lowercase())));
    }
    for name in ["UTF-8", "utf8", "ISO-8859-1", "windows-1252", "Shift_JIS"] {
        assert_eq!(read(&declared(name)).incidents.len(), 1, "{name}");
    }
    let latin = declared("ISO-8859-1").replace("<id>", "<title>caf\u{1}</title><id>");
    let latin: Vec<u8> = latin.bytes().map(|byte| if byte == 1 { 0xE9 } else { byte }).collect();
    assert_eq!(Dialect::Atom.read(&latin, "feed").unwrap().incidents[0].name.as_deref(), Some("café"));
}

#[test]
fn an_encoding_that_is_declared_too_late_is_refused_and_ends_nothing() {
    let why = |page: &str| Dialect::Atom.read(page.as_bytes(), "feed").unwrap_err().to_string();
    let feed = |inside: &str| format!("<rss version=\"2.0\"><channel><title>Pumps</title>{inside}<item><guid>a</guid></item></channel></rss>");
    let late = "<?xml version=\"1.0\" encoding=\"windows-1252\"?>";
    assert!(why(&feed(&format!("<description>{}</description>{late}", "x".repeat(100)))).contains("first 64 bytes"));
    let long = format!("<?xml version=\"1.0\" {}encoding=\"ISO-8859-1\"?>{}", " ".repeat(60), feed(""));
    assert!(why(&long).contains("first 64 bytes"));
    assert!(why(&format!("<?xml version='1.0' xencoding='utf-8' encoding='utf-16'?>{}", feed(""))).contains("utf-16"));
    assert_eq!(read(&feed("<description><![CDATA[<?xml version=\"1.0\" encoding=\"UTF-8\"?>]]></description>")).incidents.len(), 1);
}

#[test]
fn a_version_of_an_entry_says_what_the_feed_says() {
    let line = |zone: &str| {
        format!(
            "{{\"recorded_at\": \"2026-01-02T00:00:00Z\", \"entry\": {{\"id\": \"x/1\", \"published\": \"2026-01-01T00:05:09Z\", \"updated\": \"2026-01-01T00:05:09Z\", \
             \"title\": \"Late\", \"link\": \"https://s.example/incidents/ee55?u=1\", \
             \"content\": \"<p><small>Jan <var data-var='date'> 1</var>, <var data-var='time'>00:05</var> {zone}</small><br><strong>Investigating</strong> - We look.</p>\"}}}}"
        )
    };
    let version = read_version(line("UTC").as_bytes()).unwrap();
    assert_eq!((version.incident.id.as_str(), version.dialect), ("ee55", Dialect::Atom));
    assert_eq!(version.facts.url.as_deref(), Some("https://s.example"));
    assert_eq!(told(&version.incident), [("2026-01-01T00:05Z".to_owned(), "Investigating", "We look.")]);
    let refused = read_version(line("QQQ").as_bytes()).unwrap_err().to_string();
    assert!(refused.ends_with("ee55, post 1: \"QQQ\" is a time zone whose offset is not known"), "{refused}");
}

fn dated(date: &str, zone: &str) -> Observation {
    let feed = format!(
        "<rss version=\"2.0\"><channel><item><title>Pumps</title><guid>p-1</guid><pubDate>{date}</pubDate><description>Water.</description></item></channel></rss>"
    );
    Dialect::Atom.read_in(feed.as_bytes(), "feed", FeedZone::parse(zone).as_ref()).unwrap()
}

#[test]
fn a_date_is_read_as_the_document_has_it() {
    let at = |date: &str, zone: &str| dated(date, zone).incidents[0].posts[0].at.clone().unwrap();
    assert_eq!(at("Mon, 21 Apr 2025 06:00:00 CEST", "").moment.text, "2025-04-21T04:00:00Z");
    let day = at("2025-04-21", "");
    assert_eq!((day.moment.text.as_str(), day.precision, day.zone_assumed), ("2025-04-21[UTC]", Precision::Day, true));
    let named = at("Mon, 21 Apr 2025 06:00:00 IST", "Asia/Kolkata");
    assert_eq!((named.start(), named.zone_assumed), (instant("2025-04-21T00:30:00Z"), true));
}

#[test]
fn an_entry_whose_own_date_cannot_be_read_is_refused_by_name() {
    let observation = dated("Mon, 21 Apr 2025 06:00:00 IST", "");
    assert!(observation.incidents.is_empty());
    assert!(observation.refused[0].what == "p-1" && observation.refused[0].why.contains("\"zone\""), "{:?}", observation.refused);
    // What it was changed at is no date of when it was published.
    let entry = |published: &str, updated: &str| {
        read(&format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>t:1</id><title>Pumps</title><published>{published}</published><updated>{updated}</updated><summary>Water.</summary></entry></feed>"
        ))
    };
    let observation = entry("yesterday", "2025-04-21T08:00:00Z");
    assert!(observation.incidents.is_empty() && observation.refused[0].what == "t:1", "{observation:?}");
    let observation = entry("2025-04-21T06:00+05:30", "later");
    let at = observation.incidents[0].posts[0].at.clone().unwrap();
    assert_eq!((at.moment.text.as_str(), at.precision), ("2025-04-21T00:30Z", Precision::Minute));
    assert!(observation.refused[0].why.contains("\"later\""), "{:?}", observation.refused);
}

#[test]
fn an_unreadable_date_of_a_statuspages_entry_is_named_and_its_posts_are_kept() {
    let observation = read(&STATUSPAGE.replacen("<published>", "<published>about ", 1));
    assert_eq!(told(&observation.incidents[0]), told(&read(STATUSPAGE).incidents[0]));
    assert!(observation.refused[0].what == "aa11" && observation.refused[0].why.contains("about"), "{:?}", observation.refused);
}

#[test]
fn a_post_after_the_publication_does_not_move_the_year() {
    let post = |time: &str, word: &str| format!("<p><small>{time} UTC</small><br><strong>{word}</strong> - words {word}</p>");
    let feed = |dates: &str, posts: &str| {
        format!(
            "<rss version=\"2.0\"><channel><item><guid>g</guid><link>https://s.example/i/ab</link>{dates}<description><![CDATA[{posts}]]></description></item></channel></rss>"
        )
    };
    let times = |dates: &str, posts: &[(&str, &str)]| {
        let posts: String = posts.iter().map(|(time, word)| post(time, word)).collect();
        let observation = read(&feed(dates, &posts));
        observation.incidents[0].posts.iter().map(|post| post.at.as_ref().unwrap().moment.text.clone()).collect::<Vec<_>>()
    };
    let published = "<pubDate>Sat, 20 Dec 2025 10:00:30 +0000</pubDate>";
    let posts = [("Jan 5, 09:00", "Postmortem"), ("Dec 20, 10:00", "Resolved"), ("Dec 20, 08:00", "Investigating")];
    assert_eq!(times(published, &posts), ["2025-12-20T08:00Z", "2025-12-20T10:00Z", "2026-01-05T09:00Z"]);
    assert_eq!(times(published, &posts[1..]), ["2025-12-20T08:00Z", "2025-12-20T10:00Z"]);
}

//! Any bytes at all, in every dialect: an observation or a reason, never a panic, and no more out than a small multiple of what went in.

use dateline_status_pages::{Dialect, Observation, Unreadable};
use proptest::collection::vec;
use proptest::prelude::*;

/// A valid page, its name, and how it is read.
const PAGES: [(&[u8], &str, Dialect); 12] = [
    (include_bytes!("fixtures/feed/statuspage.atom"), "history.atom", Dialect::Atom),
    (include_bytes!("fixtures/feed/statuspage.rss"), "history.rss", Dialect::Atom),
    (include_bytes!("fixtures/feed/plain.rss"), "notices.rss", Dialect::Atom),
    (include_bytes!("fixtures/feed/plain.rdf"), "news.rdf", Dialect::Atom),
    (include_bytes!("fixtures/cstate/2026-03-02-pumps.md"), "2026-03-02-pumps.md", Dialect::Cstate),
    (include_bytes!("fixtures/cstate/2026-04-01-oldest-first.md"), "2026-04-01-oldest-first.md", Dialect::Cstate),
    (include_bytes!("fixtures/cstate/2026-05-01-notice.md"), "2026-05-01-notice.md", Dialect::Cstate),
    (include_bytes!("fixtures/upptime/commits.tsv"), "events.tsv", Dialect::Upptime),
    (include_bytes!("fixtures/upptime/summary.json"), "summary.json", Dialect::Upptime),
    (include_bytes!("fixtures/upptime/ferry-api.yml"), "ferry-api.yml", Dialect::Upptime),
    (br#"{"status":"active","active_incidents":[{"id":9,"date_created":"2026-01-01T00:00:00-08:00","date_updated":"2026-01-01T00:05:00-08:00","title":"Fog","type":"incident","status":"active","url":"https://quay.example/9","services":["Pier"],"notes":[{"date_created":"2026-01-01T00:05:00-08:00","body":"We look."}]}]}"#, "current", Dialect::Slack),
    (br#"{"page":{"id":"p1","name":"Dock","url":"https://dock.example"},"components":[],"scheduled_maintenances":[],"incidents":[{"id":"i1","name":"Fog","status":"investigating","impact":"minor","started_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:05:00Z","components":[{"name":"Pier"}],"incident_updates":[{"id":"u1","status":"investigating","body":"We look.","display_at":"2026-01-01T00:00:00Z"}]}]}"#, "summary.json", Dialect::Statuspage),
];

/// So many bytes of text may come out for each that went in: a site's name stands in its slug, its headline, its service and its id.
const BYTES_OUT_PER_BYTE: usize = 16;

/// The words of a reason, and what a page of a few bytes may say of itself.
const BYTES_OUT_AT_LEAST: usize = 4096;

/// The text in an observation, in bytes.
fn size(observation: &Observation) -> usize {
    let length = |text: &Option<String>| text.as_deref().map_or(0, str::len);
    let facts = length(&observation.facts.name) + length(&observation.facts.url);
    let incidents = observation.incidents.iter().map(|incident| {
        let posts = incident.posts.iter().map(|post| length(&post.id) + length(&post.status_word) + length(&post.words));
        let service = incident.service.as_ref().map_or(0, |(slug, name)| slug.len() + name.len());
        let components = incident.components.iter().map(String::len).sum::<usize>();
        incident.id.len() + length(&incident.url) + length(&incident.name) + service + components + posts.sum::<usize>()
    });
    facts + incidents.sum::<usize>()
}

fn judge(read: &Result<Observation, Unreadable>, bytes: usize) -> Result<(), TestCaseError> {
    match read {
        Err(Unreadable(why)) => {
            prop_assert!(!why.trim().is_empty(), "unreadable without a reason");
            prop_assert!(why.len() <= BYTES_OUT_AT_LEAST + BYTES_OUT_PER_BYTE * bytes, "a reason of {} bytes for a page of {bytes}", why.len());
        }
        Ok(observation) => {
            let told = size(observation);
            prop_assert!(told <= BYTES_OUT_AT_LEAST + BYTES_OUT_PER_BYTE * bytes, "{told} bytes of text out of a page of {bytes}");
            let posts = observation.incidents.iter().map(|incident| incident.posts.len() + incident.components.len()).sum::<usize>();
            let things = observation.incidents.len() + observation.refused.len() + posts;
            prop_assert!(things <= bytes + 1, "{things} incidents, posts, parts and refusals out of {bytes} bytes");
            prop_assert!(observation.refused.iter().all(|refused| !refused.what.is_empty() && !refused.why.is_empty()));
        }
    }
    Ok(())
}

/// Every dialect on the same bytes; reading twice says the same.
fn read_all(bytes: &[u8], name: &str) -> Result<(), TestCaseError> {
    for dialect in Dialect::ALL {
        let read = dialect.read(bytes, name);
        judge(&read, bytes.len() + name.len())?;
        prop_assert_eq!(&read, &dialect.read(bytes, name), "{} reads the same bytes in two ways", dialect.name());
    }
    Ok(())
}

/// A page with some of its bytes changed, left out, doubled or cut off.
#[derive(Debug, Clone)]
enum Harm {
    Set(usize, u8),
    Remove(usize, usize),
    Double(usize, usize),
    Cut(usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let place = 0..8000usize;
    prop_oneof![
        (place.clone(), any::<u8>()).prop_map(|(at, byte)| Harm::Set(at, byte)),
        (place.clone(), proptest::sample::select(b"<>&;\"'{}[]:-*\t\n 0".to_vec())).prop_map(|(at, byte)| Harm::Set(at, byte)),
        (place.clone(), 1..200usize).prop_map(|(at, length)| Harm::Remove(at, length)),
        (place.clone(), 1..400usize).prop_map(|(at, length)| Harm::Double(at, length)),
        place.prop_map(Harm::Cut),
    ]
}

fn harmed(page: &[u8], harms: &[Harm]) -> Vec<u8> {
    let mut bytes = page.to_vec();
    for harm in harms {
        let within = |at: usize| at % bytes.len().max(1);
        match *harm {
            Harm::Set(at, byte) if !bytes.is_empty() => {
                let at = within(at);
                bytes[at] = byte;
            }
            Harm::Remove(at, length) => {
                let from = within(at);
                let until = (from + length).min(bytes.len());
                bytes.drain(from.min(until)..until);
            }
            Harm::Double(at, length) => {
                let from = within(at);
                let part = bytes[from.min(bytes.len())..(from + length).min(bytes.len())].to_vec();
                bytes.splice(from..from, part);
            }
            Harm::Cut(at) => bytes.truncate(within(at)),
            Harm::Set(..) => {}
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..400), name in "\\PC{0,20}") {
        read_all(&bytes, &name)?;
    }

    #[test]
    fn any_text_of_a_pages_own_words_is_read_or_refused(
        words in vec(proptest::sample::select(WORDS.to_vec()), 0..60),
        name in proptest::sample::select(vec!["a.md", "a.yml", "summary.json", "", "a/b.tsv", "é"]),
    ) {
        read_all(words.concat().as_bytes(), name)?;
    }

    #[test]
    fn any_harmed_page_is_read_or_refused(place in 0..PAGES.len(), harms in vec(harm(), 1..6)) {
        let (page, name, dialect) = PAGES[place];
        let bytes = harmed(page, &harms);
        judge(&dialect.read(&bytes, name), bytes.len() + name.len())?;
    }
}

const WORDS: [&str; 48] = [
    "<",
    ">",
    "<small>",
    "</small>",
    "<br>",
    "<strong>",
    "</strong>",
    "Resolved",
    "Update",
    " - ",
    "Aug 21, 00:37 UTC",
    "Feb 29, 23:59 PST",
    "<p>",
    "&lt;",
    "&amp;",
    "<feed xmlns=\"http://www.w3.org/2005/Atom\">",
    "</feed>",
    "<entry>",
    "</entry>",
    "<content type=\"html\">",
    "</content>",
    "<id>x</id>",
    "<published>2026-01-01T00:00:00Z</published>",
    "<link href=\"https://s.example/i/1\"/>",
    "<rss version=\"2.0\"><channel>",
    "</channel></rss>",
    "<item>",
    "</item>",
    "THIS IS A SCHEDULED EVENT ",
    "---\n",
    "\n",
    "title: x\n",
    "date: 2026-01-01 00:00:00\n",
    "*Fixed*",
    "**",
    "{{< track \"2026-01-01 00:00:00\" >}}",
    "```\n",
    "{",
    "}",
    "[",
    "]",
    "commit\tcommitted_at\tsubject\n",
    "2026-01-01T00:00:00Z",
    "\t",
    "🟥 A is down (0 in 1 ms) [upptime]\n",
    "status: down\n",
    "é",
    "\u{a0}",
];

#[test]
fn the_pages_that_are_harmed_are_sound() {
    for (page, name, dialect) in PAGES {
        let observation = dialect.read(page, name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let is_read = !observation.incidents.is_empty() || observation.refused.iter().any(|refused| refused.why.contains("informational"));
        assert!(is_read, "{name} holds no incident");
    }
}

#[test]
fn every_beginning_of_a_page_is_read_or_refused() {
    for (page, name, dialect) in PAGES {
        for cut in 0..page.len() {
            judge(&dialect.read(&page[..cut], name), cut + name.len()).unwrap_or_else(|error| panic!("{name}, {cut} bytes: {error}"));
        }
    }
}

#[test]
fn a_large_page_of_hostile_markup_takes_no_square_of_the_time() {
    // Each of these would take many minutes where one of its parts is looked for again at every other.
    let feed = |content: &str| {
        format!(
            "<rss version=\"2.0\"><channel><item><guid>https://s.example/i/1</guid><pubDate>Fri, 21 Aug 2026 00:37:00 GMT</pubDate><description><![CDATA[{content}]]></description></item></channel></rss>"
        )
    };
    let header = "<small>Aug 21, 00:37 UTC</small><br><strong>Update</strong> - x";
    let pages = [
        (Dialect::Atom, feed(&format!("{header}{}", "<a".repeat(500_000)))),
        (Dialect::Atom, feed(&"<small>".repeat(200_000))),
        (Dialect::Atom, feed(&header.repeat(20_000))),
        (Dialect::Atom, feed(&format!("{}{}", header.replace("UTC", "PST").repeat(50_000), header.replace("UTC", "IST").repeat(50_000)))),
        (Dialect::Atom, format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><content type=\"xhtml\">{}", "<a>".repeat(300_000))),
        (Dialect::Cstate, format!("---\ntitle: t\ndate: 2026-01-01\n---\n{}", "{{".repeat(500_000))),
        (Dialect::Cstate, format!("---\ntitle: t\ndate: 2026-01-01\n---\n{}}}}}", "{{".repeat(500_000))),
        (Dialect::Cstate, format!("---\ntitle: t\ndate: 2026-01-01\n---\n{}", "*".repeat(1_000_000))),
        (Dialect::Cstate, format!("---\ntitle: {}\ndate: 2026-01-01\n---\n", "[".repeat(500_000))),
        (Dialect::Upptime, format!("committed_at\tsubject\n{}", "[]".repeat(1_000_000))),
        (Dialect::Upptime, "[".repeat(1_000_000)),
    ];
    for (place, (dialect, page)) in pages.iter().enumerate() {
        let began = std::time::Instant::now();
        let read = dialect.read(page.as_bytes(), "page");
        judge(&read, page.len()).unwrap_or_else(|error| panic!("page {place}: {error}"));
        println!("page {place}: {} bytes in {:?}", page.len(), began.elapsed());
    }
}

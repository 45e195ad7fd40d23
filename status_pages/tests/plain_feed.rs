//! Feeds that are no Statuspage's: what names an entry at every reading, what is planned work, and that the door takes what is said of it.

use dateline_events::{Event, Instant};
use dateline_status_pages::{Dialect, Draft, Nature, Observation, Page, PageState, Reading, difference};

const PAGE: Page<'static> = Page { service: "ferry", vendor: "ferry", name: Some("Ferry"), lang: "en", url: "https://ferry.example/status" };

fn feed(items: &[&str]) -> String {
    let items: String = items.iter().map(|item| format!("<item>{item}</item>")).collect();
    format!("<rss version=\"2.0\"><channel><title>Ferry</title><link>https://ferry.example/status/</link>{items}</channel></rss>")
}

fn read(items: &[&str]) -> Observation {
    Dialect::Atom.read(feed(items).as_bytes(), "feed").unwrap()
}

/// Reads a feed at a minute; the door takes every event.
fn step(memory: &mut PageState, items: &[&str], minute: i64) -> Vec<Draft> {
    let at = |minute| Instant::parse("2026-05-06T00:00:00Z").unwrap().plus(minute * Instant::MINUTE);
    let reading = Reading {
        dialect: Dialect::Atom,
        list: "feed",
        as_of: None,
        read: Some(at(minute)),
        read_before: (minute > 0).then(|| at(minute - 1)),
        sha256: "",
    };
    let changes = difference(&PAGE, &reading, &read(items), memory);
    memory.absorb(changes.touched);
    for draft in &changes.drafts {
        Event::read_at_the_door(&draft.bytes(&PAGE)).unwrap_or_else(|faults| panic!("{faults}: {draft:?}"));
    }
    changes.drafts
}

fn ids(observation: &Observation) -> Vec<&str> {
    observation.incidents.iter().map(|incident| incident.id.as_str()).collect()
}

const FOG: &str =
    "<title>Fog</title><link>https://ferry.example/status</link><pubDate>Tue, 05 May 2026 06:30:00 GMT</pubDate><description>We wait.</description>";
const ICE: &str = "<title>Ice</title><link>https://ferry.example/status/</link><pubDate>Tue, 05 May 2026 09:00:00 GMT</pubDate><description>We break it.</description>";

#[test]
fn an_entry_with_the_feeds_own_link_is_named_by_its_second_too() {
    assert_eq!(ids(&read(&[FOG])), ["https://ferry.example/status#2026-05-05T06:30:00Z"]);
    let mut memory = PageState::default();
    step(&mut memory, &[FOG], 0);
    let said = step(&mut memory, &[ICE, FOG], 1);
    assert!(said.iter().all(|draft| draft.incident.ends_with("T09:00:00Z") && draft.edits.is_empty()), "the new item edits the old one: {said:?}");
    assert!(step(&mut memory, &[ICE], 2).is_empty());
    let guid = "<guid>https://ferry.example/status</guid><title>Fog</title><pubDate>Tue, 05 May 2026 06:30:00 GMT</pubDate>";
    assert_eq!(ids(&read(&[guid])), ids(&read(&[FOG])));
    let home = FOG.replace("/status", "/");
    assert_eq!(ids(&read(&[&home])), ["https://ferry.example#2026-05-05T06:30:00Z"]);
    let timeless = read(&["<title>Fog</title><link>https://ferry.example/status</link>"]);
    assert!(timeless.incidents.is_empty());
    assert!(timeless.refused[0].what == "entry 1 \"Fog\"" && timeless.refused[0].why.contains("\"guid\""), "{:?}", timeless.refused);
}

#[test]
fn entries_that_share_a_link_are_refused_by_name() {
    let [fog, ice] = [FOG, ICE].map(|item| item.replace("/status", "/notices/today"));
    let other = "<title>Wind</title><link>https://ferry.example/notices/7</link>";
    let named = format!("<guid>n-1</guid>{ice}");
    let observation = read(&[&fog, &ice, other]);
    assert_eq!(ids(&observation), ["https://ferry.example/notices/7"]);
    let refused: Vec<&str> = observation.refused.iter().map(|refused| refused.what.as_str()).collect();
    assert_eq!(refused, ["entry 1 \"Fog\"", "entry 2 \"Ice\""]);
    assert!(observation.refused.iter().all(|refused| refused.why.contains("the same link") && refused.why.contains("\"guid\"")));
    assert_eq!(ids(&read(&[&named, &fog])), ["n-1"], "what has an id keeps it");
    let mut memory = PageState::default();
    step(&mut memory, &[&fog], 0);
    assert!(step(&mut memory, &[&ice, &fog], 1).is_empty(), "the new item edits the old one");
}

#[test]
fn planned_work_is_told_by_its_headline_or_its_category() {
    let nature = |title: &str, category: &str| {
        let category = if category.is_empty() { String::new() } else { format!("<category>{category}</category>") };
        read(&[&format!("<guid>n-1</guid><title>{title}</title>{category}<description>words</description>")]).incidents[0].nature
    };
    let planned = Some(Nature::Maintenance);
    assert_eq!(nature("Scheduled maintenance: pier 3", ""), planned);
    assert_eq!(nature("[MAINTENANCE] pier 3", ""), planned);
    assert_eq!(nature("Pier 3", "Scheduled Maintenance"), planned);
    assert_eq!(nature("Pier 3", "scheduled"), planned);
    assert_eq!(nature("Pier 3 is unmaintenanced", "Outage"), None);
    assert_eq!(nature("Scheduled ferries are late", ""), None);
    let atom =
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>a</id><title>Pier</title><category term=\"m\" label=\"Maintenance\"/></entry></feed>";
    assert_eq!(Dialect::Atom.read(atom.as_bytes(), "feed").unwrap().incidents[0].nature, planned);
}

#[test]
fn planned_work_without_a_window_or_without_words_is_announced_at_the_door() {
    let with = |words: &str| format!("<guid>n-1</guid><title>Maintenance of pier 3</title><pubDate>Tue, 05 May 2026 06:30:00 GMT</pubDate>{words}");
    let (wordless, worded) = (with(""), with("<description>Take line 4.</description>"));
    for first in [&wordless, &worded] {
        let mut memory = PageState::default();
        let said = step(&mut memory, &[first], 0);
        assert_eq!(said.iter().map(|draft| draft.kind).collect::<Vec<_>>(), ["maintenance.announced", "incident.titled"], "{said:?}");
        assert_eq!((said[0].nature, &said[0].data["occurred"]["at"]), (Nature::Maintenance, &"2026-05-05T06:30:00Z".into()));
        assert!(step(&mut memory, &[first], 1).is_empty());
        let later = step(&mut memory, &[&worded], 2);
        assert!(later.iter().all(|draft| draft.kind == "maintenance.announced"), "{later:?}");
    }
}

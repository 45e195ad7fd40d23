//! A file of pages is understood in full, or refused with the page's name and what to do.

use crate::watcher::address::Reach;
use crate::watcher::pages::{EVERY_DEFAULT_S, MAX_FEEDS_PER_PAGE, MAX_PAGES, Watched, parse};

const TWO_PAGES: &str = r#"
every_s = 90
contact = "https://newsroom.example/bots"

[[page]]
service = "github"
name = "GitHub"
vendor = "github"
[[page.feed]]
url = "https://www.githubstatus.com/api/v2/summary.json"
dialect = "statuspage"
[[page.feed]]
url = "https://www.githubstatus.com/history.atom#top"
dialect = "atom"
every_s = 300

[[page]]
service = "mail"
lang = "pt-BR"
every_s = 30
[[page.feed]]
url = "https://status.mail.example/"
dialect = "gcp"
"#;

fn fault(text: &str) -> String {
    match parse(text, Reach::Public) {
        Ok(watched) => panic!("understood: {watched:?}"),
        Err(error) => format!("{error:#}"),
    }
}

fn page(service: &str, more: &str, feed: &str) -> String {
    format!("[[page]]\nservice = \"{service}\"\n{more}\n[[page.feed]]\n{feed}\n")
}

fn feed(url: &str) -> String {
    format!("url = \"{url}\"\ndialect = \"statuspage\"")
}

#[test]
fn a_file_is_read_with_its_defaults() {
    let Watched { contact, feeds, pages } = parse(TWO_PAGES, Reach::Public).unwrap();
    assert_eq!((contact.as_deref(), pages), (Some("https://newsroom.example/bots"), 2));
    let told: Vec<_> = feeds.iter().map(|feed| (feed.page.service.as_str(), feed.url.as_str(), feed.dialect.name(), feed.every_s)).collect();
    let expected = [
        ("github", "https://www.githubstatus.com/api/v2/summary.json", "statuspage", 90),
        ("github", "https://www.githubstatus.com/history.atom", "atom", 300),
        ("mail", "https://status.mail.example/", "gcp", 30),
    ];
    assert_eq!(told, expected);
    assert_eq!((feeds[0].page.lang.as_str(), feeds[2].page.lang.as_str()), ("en", "pt-BR"));
    assert_eq!((feeds[0].page.name.as_deref(), feeds[0].page.vendor.as_deref()), (Some("GitHub"), Some("github")));
    let one = parse(&page("mail", "", &feed("https://a.example/")), Reach::Public).unwrap();
    assert_eq!(one.feeds[0].every_s, EVERY_DEFAULT_S);
}

#[test]
fn a_fault_names_the_page_and_what_to_do() {
    let good = feed("https://a.example/");
    let faults = [
        (String::new(), "there is no page; write one as [[page]]"),
        ("evry_s = 3".into(), "unknown field `evry_s`"),
        ("every_s = 5\n".to_owned() + &page("mail", "", &good), "every_s = 5: a page is read every 10 to 86400 seconds"),
        (page("mail", "every_s = -1", &good), "page 1 (\"mail\"): every_s = -1"),
        (page("mail", "", &format!("{good}\nevery_s = 99999999")), "page 1 (\"mail\"): every_s = 99999999"),
        ("contact = \"a\\nb\"\n".to_owned() + &page("mail", "", &good), "without parentheses"),
        (page("Mail", "", &good), "page 1 (\"Mail\"): service \"Mail\" is no slug; write 1 to 64 of the characters a-z 0-9 -"),
        (page("mail", "vendor = \"a b\"", &good), "page 1 (\"mail\"): vendor \"a b\" is no slug"),
        (page("mail", "name = \" \"", &good), "page 1 (\"mail\"): name \" \""),
        (page("mail", "lang = \"english\"", &good), "lang \"english\" is no language tag; write one such as en"),
        (page("mail", "langs = \"en\"", &good), "page 1 (\"mail\"): unknown field `langs`"),
        (page("mail", "", &format!("{good}\nkind = 1")), "page 1 (\"mail\"): unknown field `kind`"),
        ("[[page]]\nname = \"x\"".into(), "page 1: missing field `service`"),
        ("[[page]]\nservice = \"mail\"".into(), "page 1 (\"mail\"): it has no feed; write at least one [[page.feed]]"),
        (
            page("mail", "", &good.replace("statuspage", "cachet")),
            "dialect \"cachet\" of https://a.example/ is unknown; write one of statuspage, gcp, aws, cstate, upptime, slack, atom",
        ),
        (page("mail", "", &format!("{good}\nzone = \"Asia/Kolkata\"")), "zone = \"Asia/Kolkata\": only the dates of a feed"),
        (page("mail", "", &format!("{}\nzone = \"IST\"", good.replace("statuspage", "atom"))), "zone = \"IST\" is no IANA time zone"),
        (page("mail", "", &feed("status.example")), "url \"status.example\" is no address; write one such as"),
        (page("mail", "", &feed("https://")), "is no address"),
        (page("mail", "", &feed("ftp://a.example/")), "\"ftp:\" is not spoken here; pages are read over https or http"),
        (page("mail", "", &feed("https://me:pw@a.example/")), "an address with a user name or password is not read"),
        (
            page("mail", "", &feed("http://127.0.0.1:1/")),
            "page 1 (\"mail\"): url \"http://127.0.0.1:1/\": 127.0.0.1 is no public address; only --allow-private",
        ),
        (page("mail", "", &feed("http://[::1]/")), "::1 is no public address"),
        (page("mail", "", &feed(&format!("https://a.example/{}", "x".repeat(2_000)))), "an address has at most 2000"),
        (
            page("mail", "", &good) + &page("post", "", &feed("https://A.example:443/#x")),
            "page 2 (\"post\"): https://a.example/ stands under page 1 (\"mail\") already",
        ),
        (
            page("mail", "", &good) + &page("mail", "", &feed("https://b.example/")),
            "page 2 (\"mail\"): page 1 is of the same service; put the feeds of both under one [[page]]",
        ),
    ];
    for (text, expected) in faults {
        let said = fault(&text);
        assert!(said.contains(expected), "{text}\nsaid:     {said}\nexpected: {expected}");
    }
}

#[test]
fn limits_hold_at_the_limit() {
    let many =
        |pages: usize| (0..pages).map(|number| page(&format!("s{number}"), "", &feed(&format!("https://s{number}.example/")))).collect::<String>();
    assert_eq!(parse(&many(MAX_PAGES), Reach::Public).unwrap().feeds.len(), MAX_PAGES);
    assert!(fault(&many(MAX_PAGES + 1)).contains("2001 pages; a file has at most 2000"));
    let feeds = |feeds: usize| {
        (0..feeds).fold("[[page]]\nservice = \"mail\"\n".to_owned(), |text, number| {
            text + "[[page.feed]]\n" + &feed(&format!("https://a.example/{number}")) + "\n"
        })
    };
    assert_eq!(parse(&feeds(MAX_FEEDS_PER_PAGE), Reach::Public).unwrap().feeds.len(), MAX_FEEDS_PER_PAGE);
    assert!(fault(&feeds(MAX_FEEDS_PER_PAGE + 1)).contains("17 feeds; a page has at most 16"));
}

#[test]
fn private_pages_are_read_only_where_that_is_allowed() {
    let text = page("mail", "every_s = 1", &feed("http://127.0.0.1:7310/x"));
    assert_eq!(parse(&text, Reach::Everything).unwrap().feeds[0].every_s, 1);
    assert!(fault(&text).contains("every_s = 1: a page is read every 10 to"));
    assert!(parse(&text.replace("= 1\n", "= 0\n"), Reach::Everything).is_err());
}

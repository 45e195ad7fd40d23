//! What the pages promise: whole HTML, nothing that data says is markup, every field has its label, links lead only where
//! they may. What hostile data looks like stands here too.

use dateline_events::Role;
use dateline_timelines::tell::{Lang, Told, ToldClock, ToldDetail, ToldEntry, ToldQuotation, ToldSource};

use super::*;

mod html;
mod posts;
use html::Page;

const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)' x='",
    "</title></main><!-- <![CDATA[ ]]>",
    "{{ 7 * 7 }}{% raw %}",
    "\u{202e}drow\u{2066} \u{200b}\u{200d}\u{feff}\u{61c}",
    "&lt;b&gt; &amp;amp; &#x3c;script&#x3e;",
    "\u{0}\u{1b}[31m\u{8}",
];

const ADDRESSES: [&str; 12] = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "//evil.example/",
    "/\\evil.example/",
    "https:",
    "https://a.example/\" onclick=\"alert(1)",
    "ftp://a.example/",
    "https://a.example/x y",
];

fn hostile(length: usize) -> String {
    let long = "w".repeat(length);
    HOSTILE.iter().fold(long, |text, part| format!("{text}{part}"))
}

fn entry(position: u64, text: &str) -> ToldEntry {
    let source = |url: &str| ToldSource { name: text.to_owned(), url: Some(url.to_owned()), role: Role::ReadIn, slug: text.to_owned() };
    ToldEntry {
        position,
        head: text.to_owned(),
        text: text.to_owned(),
        post: None,
        retracted: position.is_multiple_of(2),
        quotation: Some(ToldQuotation { lang: format!("en\" onclick=\"{text}"), text: text.to_owned(), note: text.to_owned() }),
        marks: vec![format!("{text}: {text}"), text.to_owned()],
        details: vec![ToldDetail { label: text.to_owned(), text: text.to_owned() }, ToldDetail { label: String::new(), text: text.to_owned() }],
        sources: ADDRESSES.iter().map(|url| source(url)).chain([source("HTTPS://good.example/?a=1&b='2'")]).collect(),
    }
}

fn told(text: &str) -> Told {
    let entries = |first: u64| vec![entry(first, text), entry(first + 1, text)];
    Told {
        lang: "bn",
        zone: text.to_owned(),
        title: text.to_owned(),
        kicker: Some(text.to_owned()),
        state: "restored",
        state_label: "restored",
        reports_only: false,
        summary: vec![text.to_owned(); 3],
        notes: vec![text.to_owned()],
        entries: entries(1),
        unsupported: entries(3),
        background: entries(5),
        possibly: entries(7),
        retracted: entries(9),
        clock: ToldClock::default(),
        headings: ["a", "b", "c", "d"],
    }
}

fn choices(text: &str) -> Vec<Choice> {
    ADDRESSES
        .iter()
        .map(|address| (text.to_owned(), (*address).to_owned(), false))
        .chain([(text.to_owned(), "/?q=\"><b>".to_owned(), true)])
        .collect()
}

fn view<'a>(told: &'a Told, text: &str, lang: Lang, claims: bool) -> IncidentView<'a> {
    let address = || ADDRESSES[0].to_owned();
    IncidentView {
        plot: None,
        shown: Some(text.to_owned()),
        next: Some(address()),
        begin_href: Some(address()),
        told,
        incident: text.to_owned(),
        lang,
        languages: vec![(text.to_owned(), text.to_owned(), address(), true)],
        claims,
        claims_href: address(),
        known_at: Some(text.to_owned()),
        at: Some(text.to_owned()),
        as_of: Some(text.to_owned()),
        moments: choices(text),
        form_action: address(),
        hidden: vec![(text.to_owned(), text.to_owned())],
        text_href: address(),
        json_href: address(),
        cite_href: address(),
        live_href: Some("/v1/incidents/x/live?after=1&lang=\"><script>".to_owned()),
        position: u64::MAX,
        head: 0,
        changed: 7,
    }
}

fn list_view(text: &str, lang: Lang) -> ListView {
    let item = |href: &str| ListItem {
        href: href.to_owned(),
        title: text.to_owned(),
        state: text.to_owned(),
        state_label: text.to_owned(),
        reports_only: false,
        lines: vec![text.to_owned(); 2],
        maintenance: true,
    };
    ListView {
        live_href: None,
        lang,
        zone_note: text.to_owned(),
        query: text.to_owned(),
        filters: choices(text),
        languages: vec![(text.to_owned(), text.to_owned(), ADDRESSES[6].to_owned(), false)],
        known_at: Some(text.to_owned()),
        as_of: Some(text.to_owned()),
        hidden: vec![(text.to_owned(), text.to_owned())],
        items: ADDRESSES.iter().map(|address| item(address)).collect(),
        next: Some(ADDRESSES[4].to_owned()),
        position: 1,
        head: 2,
    }
}

/// Every page that there is, filled with a text.
fn pages(text: &str) -> Vec<Page> {
    let told = told(text);
    let mut rendered = Vec::new();
    for lang in Lang::ALL {
        for claims in [true, false] {
            rendered.push(incident(&view(&told, text, lang, claims)).unwrap());
        }
        rendered.push(list(&list_view(text, lang)).unwrap());
        rendered.push(problem(lang, text, text).unwrap());
    }
    rendered.iter().map(|html| Page::read(html)).collect()
}

#[test]
fn pages_are_whole_whatever_is_told() {
    for text in [String::new(), "calm".to_owned(), hostile(3), hostile(60_000)] {
        for page in pages(&text) {
            page.is_whole();
        }
    }
}

#[test]
fn data_never_becomes_an_element_or_an_attribute() {
    let (calm, wild) = (pages("calm"), pages(&hostile(9)));
    for (calm, wild) in calm.iter().zip(&wild) {
        let shape = |page: &Page| {
            page.elements
                .iter()
                .map(|element| (element.name.clone(), element.attributes.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()))
                .collect::<Vec<_>>()
        };
        assert_eq!(shape(calm), shape(wild), "hostile text changed the elements of a page");
        assert!(wild.elements.iter().all(|element| element.attributes.iter().all(|(name, _)| !name.starts_with("on") && name != "style")));
    }
}

#[test]
fn the_only_script_is_our_own() {
    for page in pages(&hostile(3)) {
        for script in page.elements.iter().filter(|element| element.name == "script") {
            assert_eq!(script.attribute("src"), Some("/assets/live.js"));
        }
    }
}

#[test]
fn links_lead_to_this_server_or_the_web() {
    for page in pages(&hostile(3)) {
        for element in &page.elements {
            for (name, address) in element.attributes.iter().filter(|(name, _)| ["href", "src", "action", "data-live"].contains(&name.as_str())) {
                let lower = address.to_lowercase();
                let is_local = address.starts_with(['/', '#', '?']) && !address.starts_with("//") && !address.contains('\\');
                let is_web = lower.starts_with("https://") && !lower.contains(char::is_whitespace);
                let is_icon = element.name == "link" && address == "data:,";
                assert!(is_local || is_web || is_icon, "{name}={address:?} in <{}>", element.name);
                assert!(!is_web || element.attribute("rel") == Some("noopener nofollow noreferrer"), "{address}");
            }
        }
    }
}

#[test]
fn an_address_that_may_not_be_a_link_is_shown_as_text() {
    let told = told("calm");
    let html = incident(&view(&told, "calm", Lang::En, false)).unwrap();
    assert!(html.contains("<bdi class=\"address\">javascript:alert(1)</bdi>"), "{html}");
    assert!(html.contains("href=\"HTTPS://good.example/?a=1&#38;b=&#39;2&#39;\""), "{html}");
}

#[test]
fn fields_have_labels_and_headings_stand_in_order() {
    for page in pages("calm") {
        let labelled: Vec<_> = page.elements.iter().filter_map(|element| element.attribute("for")).collect();
        for field in page.elements.iter().filter(|element| element.name == "input" && element.attribute("type") != Some("hidden")) {
            assert!(labelled.contains(&field.attribute("id").unwrap_or_default()), "a field without a label: {field:?}");
        }
        let levels: Vec<u8> = page
            .elements
            .iter()
            .filter(|element| matches!(element.name.as_str(), "h1" | "h2" | "h3"))
            .map(|element| element.name.as_bytes()[1] - b'0')
            .collect();
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
        assert!(levels[0] == 1 && levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
        assert!(page.elements.iter().any(|element| element.attribute("href") == Some("#main")), "no skip link");
    }
}

#[test]
fn claims_unfold_only_when_asked_for() {
    let told = told("calm");
    for claims in [true, false] {
        let page = Page::read(&incident(&view(&told, "calm", Lang::En, claims)).unwrap());
        let details: Vec<_> = page.elements.iter().filter(|element| element.name == "details").collect();
        assert!(!details.is_empty() && details.iter().all(|element| element.attribute("open").is_some() == claims));
    }
}

#[test]
fn the_time_field_holds_only_what_it_can_show() {
    let told = told("calm");
    for (known_at, kind) in
        [(None, "datetime-local"), (Some("2022-10-25T14:45"), "datetime-local"), (Some("2022-10-25T09:15:00Z"), "text"), (Some("২০২২"), "text")]
    {
        let view = IncidentView { known_at: known_at.map(str::to_owned), ..view(&told, "calm", Lang::En, false) };
        let page = Page::read(&incident(&view).unwrap());
        let field = page.elements.iter().find(|element| element.attribute("id") == Some("known-at")).unwrap();
        assert_eq!((field.attribute("type"), field.attribute("value")), (Some(kind), Some(known_at.unwrap_or_default())));
    }
}

#[test]
fn only_a_page_that_moves_on_brings_the_script() {
    let told = told("calm");
    let mut view = view(&told, "calm", Lang::Bn, false);
    assert!(incident(&view).unwrap().contains("/assets/live.js"));
    view.live_href = None;
    assert!(!incident(&view).unwrap().contains("/assets/live.js"));
    view.live_href = Some("//evil.example/live".to_owned());
    assert!(!incident(&view).unwrap().contains("evil.example/live"));
}

#[test]
fn an_empty_list_says_why() {
    let empty = |query: &str| list(&ListView { query: query.to_owned(), ..ListView::default() }).unwrap();
    assert!(empty("").contains("No incident has been recorded yet."));
    assert!(empty("whatsapp").contains("No incident matches."));
}

#[test]
fn the_policy_allows_no_foreign_host_and_nothing_inline() {
    assert!(CONTENT_SECURITY_POLICY.starts_with("default-src 'none'; style-src 'self'; script-src 'self';"));
    assert!(!CONTENT_SECURITY_POLICY.contains("unsafe") && !CONTENT_SECURITY_POLICY.contains("http"));
    assert!(!STYLE.contains("@import") && !STYLE.contains("url("), "the style sheet fetches nothing");
    assert!(SCRIPT.lines().count() < 120);
}

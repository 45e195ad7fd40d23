//! A strict little reader of the HTML that the templates write: quoted attributes, closed elements, no stray markup.

const VOID: [&str; 4] = ["meta", "link", "input", "br"];

/// A page as read.
pub(super) struct Page {
    /// Every element, in order.
    pub(super) elements: Vec<Element>,
}

/// One start tag.
#[derive(Debug)]
pub(super) struct Element {
    /// Its name.
    pub(super) name: String,
    /// Its attributes with their values as a browser would read them.
    pub(super) attributes: Vec<(String, String)>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

impl Page {
    /// Reads a page, and panics at anything that a careful template would not write.
    pub(super) fn read(html: &str) -> Self {
        let rest = html.strip_prefix("<!doctype html>").expect("a page begins with its doctype");
        let (mut elements, mut open, mut rest) = (Vec::new(), Vec::new(), rest);
        while let Some(at) = rest.find('<') {
            assert!(!rest[..at].contains('>'), "a stray > before {:?}", start(&rest[at..]));
            let tag_end = end_of_tag(&rest[at..]);
            let tag = &rest[at + 1..at + tag_end];
            rest = &rest[at + tag_end + 1..];
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "closed in the wrong order");
                continue;
            }
            let element = element(tag);
            if !VOID.contains(&element.name.as_str()) {
                open.push(element.name.clone());
            }
            elements.push(element);
        }
        assert!(open.is_empty(), "never closed: {open:?}");
        Self { elements }
    }

    /// The promises that hold for every page.
    pub(super) fn is_whole(&self) {
        let named = |name: &str| self.elements.iter().filter(|element| element.name == name).count();
        assert_eq!((named("html"), named("title"), named("main"), named("h1")), (1, 1, 1, 1));
        assert!(self.elements[0].attribute("lang").is_some_and(|lang| !lang.is_empty()));
        let mut ids: Vec<&str> = self.elements.iter().filter_map(|element| element.attribute("id")).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "an id stands twice");
        for pointer in self.elements.iter().filter_map(|element| element.attribute("aria-labelledby")) {
            assert!(ids.contains(&pointer), "no element has the id {pointer}");
        }
        let foreign = self.elements.iter().filter(|element| element.name == "blockquote").filter_map(|element| element.attribute("lang"));
        foreign.for_each(|lang| assert!(lang.chars().all(|character| character.is_ascii_alphanumeric() || character == '-'), "{lang}"));
    }
}

fn start(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Where a tag ends: the first `>` outside quotes.
fn end_of_tag(text: &str) -> usize {
    let mut is_quoted = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return at,
            '<' => panic!("a stray < in {:?}", start(text)),
            _ => {}
        }
    }
    panic!("a tag without an end: {:?}", start(text))
}

fn element(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    assert!(
        !name.is_empty() && name.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit()),
        "a strange element: {:?}",
        start(tag)
    );
    let mut attributes = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let attribute = &rest[..end];
        assert!(attribute.chars().all(|character| character.is_ascii_lowercase() || character == '-'), "a strange attribute: {:?}", start(rest));
        rest = &rest[end..];
        let value = match rest.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"').expect("a value ends with a quote");
                assert!(after.is_empty() || after.starts_with(' '), "no space after a value: {:?}", start(after));
                rest = after;
                decoded(value)
            }
            None => String::new(),
        };
        assert!(!rest.starts_with('='), "an attribute without quotes: {:?}", start(tag));
        rest = rest.trim_start_matches(' ');
        attributes.push((attribute.to_owned(), value));
    }
    Element { name: name.to_owned(), attributes }
}

fn decoded(value: &str) -> String {
    [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")]
        .iter()
        .fold(value.to_owned(), |value, (from, to)| value.replace(from, to))
}

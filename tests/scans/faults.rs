//! The faults that a scan looks for in what readers get. Quotations, headlines, titles and the names of components are other people's words
//! and are taken out first.

use serde_json::Value;

/// One thing that a reader gets.
pub enum Text {
    Json { lang: &'static str, json: Value },
    Plain { lang: &'static str, text: String },
    Html { text: String },
}

/// A rule's name, and the words that break it.
pub type Fault = (&'static str, String);

/// Every fault in a text; `vendor` is what our sentences call the vendor.
pub fn faults_of(text: &Text, vendor: &str) -> Vec<Fault> {
    match text {
        Text::Json { lang, json } => of_json(json, lang, vendor),
        Text::Plain { lang, text } => {
            // The first line is the title, which may be the vendor's own.
            let rest: Vec<&str> = text.lines().skip(1).collect();
            own_words(&unquoted(&rest.join(" ")), lang)
        }
        Text::Html { text } => of_html(text),
    }
}

fn of_json(json: &Value, lang: &str, vendor: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let head = format!("{} {}", json["kicker"].as_str().unwrap_or_default(), if json["kicker"].is_null() { title(json, lang) } else { "" });
    let lines = json["summary"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(" · ");
    let has_a_bound = json["entries"].as_array().into_iter().flatten().any(|entry| !entry["occurred"]["earliest"].is_null());
    if has_a_bound && !has_a_year(&head) {
        faults.push(("a head without a date", head.clone()));
    }
    if !format!("{head} {lines}").contains(vendor) {
        faults.push(("a head without its vendor", format!("{head} | {lines}")));
    }
    faults.extend(of_state(json));
    faults.extend(own_words(&unquoted(&lines), lang));
    let mut told = Vec::new();
    for entry in ["entries", "possibly", "retracted"].iter().filter_map(|list| json[*list].as_array()).flatten() {
        let words = entry["text"].as_str().unwrap_or_default();
        faults.extend(own_words(&without_components(&unquoted(words), entry), lang));
        faults.extend(of_entry(entry, words));
        let same = (words.to_owned(), entry["occurred"]["told"].to_string(), entry["sources"].to_string(), entry["head"].to_string());
        if !words.is_empty() && told.contains(&same) {
            faults.push(("an entry that stands there twice", words.to_owned()));
        }
        told.push(same);
    }
    faults
}

fn title<'a>(json: &'a Value, lang: &str) -> &'a str {
    json["title"][lang].as_str().unwrap_or_default()
}

/// A state that its milestones do not bear out.
fn of_state(json: &Value) -> Vec<Fault> {
    let state = json["state"].as_str().unwrap_or_default();
    let is_over = !json["milestones"]["restored"].is_null();
    let is_outage = json["nature"] == "outage";
    let fault = match state {
        "restored" | "completed" if !is_over => "it is over, and no end is told",
        "detected" | "acknowledged" | "monitoring" if is_over && is_outage => "its end is told, and it is not over",
        "unknown" if is_over => "its end is told, and how it stands is not known",
        _ => return Vec::new(),
    };
    vec![("a state against its milestones", format!("{state}: {fault}"))]
}

fn of_entry(entry: &Value, words: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let marks: Vec<&str> = entry["marks"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (place, mark) in marks.iter().enumerate() {
        if looks_unchanged(mark) {
            faults.push(("a mark whose words look unchanged", (*mark).to_owned()));
        }
        if marks[..place].contains(mark) {
            faults.push(("an edit that is told twice", (*mark).to_owned()));
        }
    }
    let own = unquoted(words);
    for source in entry["sources"].as_array().into_iter().flatten().filter_map(|source| source["name"].as_str()) {
        let credited = [format!("({source})"), format!("({source}).")];
        if own.starts_with(source) && credited.iter().any(|credit| own.ends_with(credit.as_str())) {
            faults.push(("a source that is credited with its own act", words.to_owned()));
        }
        // What stands in brackets may be the names of parts of the service.
        if without_brackets(&own).matches(source).count() > 2 {
            faults.push(("a source that is named three times", words.to_owned()));
        }
    }
    faults
}

/// "from A to A", "was A, is A", "A, then A".
fn looks_unchanged(mark: &str) -> bool {
    let same = |before: &str, after: &str| {
        let plain = |half: &str| half.trim_matches(['“', '”', '.', ' ']).to_owned();
        !plain(before).is_empty() && plain(before) == plain(after)
    };
    let moved = mark.split(" from ").skip(1).any(|rest| {
        rest.match_indices(" to ").any(|(at, between)| {
            let (before, after) = (&rest[..at], &rest[at + between.len()..]);
            after.strip_prefix(before).is_some_and(|end| end.is_empty() || end.starts_with([',', '.', ' ']))
        })
    });
    let became = mark.split("; ").any(|change| {
        let told = change.split_once(" was ").or_else(|| change.split_once(" were ")).map(|(_, rest)| rest);
        told.and_then(|rest| rest.split_once(", is ").or_else(|| rest.split_once(", then "))).is_some_and(|(before, after)| same(before, after))
    });
    moved || became
}

/// What is wrong with words of our own.
fn own_words(own: &str, lang: &str) -> Vec<Fault> {
    const SEVERITY_AS_FACT: [&str; 5] = ["All of it fails", "Much of it fails", "Users are said to notice nothing", "Some of it fails", "সবটাই অচল"];
    const LATIN: [&str; 6] = ["GitHub", "Cloudflare", "Google Cloud", "Amazon", "Slack", "WhatsApp"];
    let mut faults = Vec::new();
    let mut found = |rule: &'static str, is_so: bool| {
        if is_so {
            faults.push((rule, own.chars().take(300).collect()));
        }
    };
    found("a rating told as fact", SEVERITY_AS_FACT.iter().any(|words| own.contains(words)));
    found("raw markup", ["**", "](", "<p>", "<br", "</", "&nbsp;", "&amp;", "&lt;"].iter().any(|mark| own.contains(mark)));
    found("an ASCII apostrophe", own.contains('\''));
    if lang.starts_with("bn") {
        found("a Latin name of something well known", LATIN.iter().any(|name| stands_alone(own, name)));
        found("a range without the part of its second half's day", crosses_a_part_unsaid(own));
    }
    faults
}

/// True where a name stands there and is no part of a longer Latin one ("GitHub Actions" is the name of a part of the service).
fn stands_alone(own: &str, name: &str) -> bool {
    let is_latin = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    own.match_indices(name).any(|(at, _)| {
        let (before, after) = (own[..at].trim_end_matches(' '), own[at + name.len()..].trim_start_matches(' '));
        !is_latin(before.chars().next_back()) && !is_latin(after.chars().next())
    })
}

/// Without what stands in brackets.
fn without_brackets(text: &str) -> String {
    let (mut rest, mut depth) = (String::new(), 0_u32);
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => rest.push(letter),
            _ => {}
        }
    }
    rest
}

/// The parts of a Bengali day, each with the hours of the clock that are said with it.
const PARTS: [(&str, &[u32]); 6] = [
    ("ভোর", &[4, 5]),
    ("সকাল", &[6, 7, 8, 9, 10, 11]),
    ("দুপুর", &[12, 1, 2, 3]),
    ("বিকেল", &[4, 5]),
    ("সন্ধ্যা", &[6, 7]),
    ("রাত", &[8, 9, 10, 11, 12, 1, 2, 3]),
];

/// "সন্ধ্যা ৬টা ৩৭ – ৮টা ৫২": the second half is at an hour that is not said with the part of the first.
fn crosses_a_part_unsaid(own: &str) -> bool {
    let words: Vec<&str> = own.split_whitespace().collect();
    words.iter().enumerate().any(|(at, word)| {
        let Some((_, hours)) = PARTS.iter().find(|(part, _)| word.trim_matches(['(', ',', ';']) == *part) else { return false };
        let range = words.iter().skip(at + 1).take(4).position(|word| *word == "–");
        let second = range.and_then(|range| words.get(at + 2 + range)).and_then(|word| hour(word));
        second.is_some_and(|hour| !hours.contains(&hour))
    })
}

/// The hour of "৮টা"; None of a part of the day.
fn hour(word: &str) -> Option<u32> {
    let digits: Option<Vec<u32>> =
        word.chars().take_while(|letter| ('০'..='৯').contains(letter)).map(|digit| Some(digit as u32 - '০' as u32)).collect();
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len() <= 2)?;
    word.contains("ট").then(|| digits.into_iter().fold(0, |hour, digit| 10 * hour + digit))
}

fn has_a_year(text: &str) -> bool {
    let western: String = text
        .chars()
        .map(|letter| if ('০'..='৯').contains(&letter) { char::from(b'0' + (letter as u32 - '০' as u32) as u8) } else { letter })
        .collect();
    western.split(|letter: char| !letter.is_ascii_digit()).any(|word| word.len() == 4 && (word.starts_with("19") || word.starts_with("20")))
}

/// Without what stands between quotation marks, also where one stands in another.
fn unquoted(text: &str) -> String {
    let (mut own, mut depth) = (String::new(), 0_u32);
    for letter in text.chars() {
        match letter {
            '“' => depth += 1,
            '”' => depth = depth.saturating_sub(1),
            _ if depth == 0 => own.push(letter),
            _ => {}
        }
    }
    own
}

/// Without the names of parts of the service and without somebody's headline, which an entry's data holds.
fn without_components(own: &str, entry: &Value) -> String {
    let names = entry["data"]["components"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut rest = own.to_owned();
    for name in names {
        rest = rest.replace(name, "");
    }
    rest
}

/// Markup that somebody else wrote and that came through as markup.
fn of_html(html: &str) -> Vec<Fault> {
    let lower = html.to_lowercase();
    let marks = ["<var", "<script>", "<font", "<blink", "javascript:", "&amp;lt;", "&amp;amp;", "&amp;nbsp;"];
    marks.iter().filter(|mark| lower.contains(**mark)).map(|mark| ("foreign markup in a page", (*mark).to_owned())).collect()
}

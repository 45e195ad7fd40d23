//! The faults that a scan looks for in what readers get. Quotations, headlines, titles and the names of components are other people's words
//! and are taken out first.

use serde_json::Value;

/// One thing that a reader gets; `parts` are the names of the parts of the service that its events name, of a plain text all other people's
/// words.
pub enum Text {
    Json {
        lang: &'static str,
        json: Value,
        parts: Vec<String>,
    },
    Plain {
        lang: &'static str,
        text: String,
        parts: Vec<String>,
    },
    Html {
        text: String,
    },
    /// The page of incidents.
    Rows {
        lang: &'static str,
        text: String,
    },
}

/// A rule's name, and the words that break it.
pub type Fault = (&'static str, String);

/// Every fault in a text; `vendor` is what our sentences call the vendor.
pub fn faults_of(text: &Text, vendor: &str) -> Vec<Fault> {
    match text {
        Text::Json { lang, json, parts } => of_json(json, lang, vendor, parts),
        Text::Plain { lang, text, parts } => {
            let parts: Vec<String> = parts.iter().map(|part| in_a_line(part)).collect();
            own_words(&unquoted(&without_parts(&in_a_line(text), &parts)), lang)
        }
        Text::Html { text } => of_html(text),
        Text::Rows { lang, text } => of_rows(text, lang),
    }
}

fn of_json(json: &Value, lang: &str, vendor: &str, parts: &[String]) -> Vec<Fault> {
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
    if has_a_bound && !names_a_zone(&lines) {
        faults.push(("a head without a zone", lines.clone()));
    }
    faults.extend(of_state(json));
    faults.extend(own_words(&unquoted(&lines), lang));
    let mut told = Vec::new();
    for entry in ["entries", "possibly", "retracted"].iter().filter_map(|list| json[*list].as_array()).flatten() {
        let words = entry["text"].as_str().unwrap_or_default();
        faults.extend(own_words(&without_parts(&words.replace(quoted(words).unwrap_or("”"), ""), parts), lang));
        faults.extend(of_entry(entry, words));
        // What was taken back stands struck beside what stands.
        let is_struck = entry["standing"] == "retracted";
        let same = (words.to_owned(), entry["occurred"]["told"].to_string(), entry["sources"].to_string(), entry["head"].to_string(), is_struck);
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
        "scheduled" | "in_progress" | "subsided" if is_over => "its end is told, and it is not over",
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
    let own = words.replace(quoted(words).unwrap_or("”"), "");
    if !entry["data"]["severity"].is_null() && !words.contains('“') {
        faults.push(("a rating told as fact", words.to_owned()));
    }
    for agreeing in ["The same in ", "the same time in ", "একই কথা জানিয়েছে ", "একই সময় দিয়েছে "]
    {
        let Some((before, after)) = own.split_once(agreeing) else { continue };
        let others = after.trim_end_matches(['.', '।', ' ']).split(", ");
        if others.into_iter().any(|other| before.contains(other)) {
            faults.push(("a source that agrees with itself", words.to_owned()));
        }
    }
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
        let plain = |half: &str| half.trim_matches(['“', '”', '.', '।', ' ']).to_owned();
        !plain(before).is_empty() && plain(before) == plain(after)
    };
    let moved = mark.split(" from ").skip(1).any(|rest| {
        rest.match_indices(" to ").any(|(at, between)| {
            let (before, after) = (&rest[..at], &rest[at + between.len()..]);
            after.strip_prefix(before).is_some_and(|end| end.is_empty() || end.starts_with([',', '.', ' ']))
        })
    });
    let became = mark.split("; ").any(|change| {
        let told = [" was ", " were ", " ছিল "].iter().find_map(|verb| change.split_once(verb)).map(|(_, rest)| rest);
        let between = [", is ", ", then ", ", তার পরে ", ", হল "];
        let halves = told.and_then(|rest| between.iter().find_map(|between| rest.split_once(between)));
        halves.is_some_and(|(before, after)| same(before, after))
    });
    moved || became
}

/// What is wrong with words of our own.
fn own_words(own: &str, lang: &str) -> Vec<Fault> {
    const SEVERITY_AS_FACT: [&str; 7] =
        ["All of it fails", "Much of it fails", "Some of it fails", "Users are said to notice nothing", "অচল", "টের পাননি", "Part of it fails"];
    const MARKUP: [&str; 14] = ["**", "](", "##", "`", "<p>", "<br", "<li", "<b>", "<a ", "</", "&nbsp;", "&amp;", "&lt;", "&#"];
    /// What Bangladesh writes otherwise.
    const INDIAN: [&str; 9] = ["পরিষেবা", "মন্ত্রক", "বিকেল", "কোনও", "এখনও", "গিয়েছে", "হিসেব", "২টো", "৩টে"];
    let mut faults = Vec::new();
    let mut found = |rule: &'static str, is_so: bool| {
        if is_so {
            faults.push((rule, own.chars().take(300).collect()));
        }
    };
    found("a rating told as fact", SEVERITY_AS_FACT.iter().any(|words| own.contains(words)));
    found("raw markup", MARKUP.iter().any(|mark| own.contains(mark)));
    found("an ASCII apostrophe", own.contains('\''));
    if lang.starts_with("bn") {
        found("a Latin name of something well known", well_known().iter().any(|name| stands_alone(own, name)));
        found("a word of India's in Bangladesh's Bengali", lang == "bn-BD" && INDIAN.iter().any(|word| own.contains(word)));
        found("a range without the part of its second half's day", crosses_a_part_unsaid(own));
    }
    faults
}

/// What the gazetteer's own file calls its services and vendors in English: data that is read as text, not by its code.
pub fn well_known() -> &'static [&'static str] {
    static NAMES: std::sync::LazyLock<Vec<&str>> = std::sync::LazyLock::new(|| {
        let rows = include_str!("../../timelines/src/tell/gazetteer/table.rs").lines().map(str::trim);
        let name = |row: &'static str| {
            let place = if row.starts_with("service(\"") {
                5
            } else if row.starts_with("vendor(\"") {
                3
            } else {
                return None;
            };
            row.split('"').nth(place)
        };
        rows.filter_map(name).collect()
    });
    &NAMES
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
        let range = words.iter().skip(at + 1).take(4).position(|word| ["–", "থেকে"].contains(word));
        let second = range.and_then(|range| words.get(at + 2 + range)).and_then(|word| hour(word));
        second.is_some_and(|hour| !hours.contains(&hour))
    })
}

/// The hour of "৮টা"; None of a part of the day.
fn hour(word: &str) -> Option<u32> {
    let digits: Option<Vec<u32>> =
        word.chars().take_while(|letter| ('০'..='৯').contains(letter)).map(|digit| Some(digit as u32 - '০' as u32)).collect();
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len() <= 2)?;
    ["টা", "টো", "টে"]
        .iter()
        .any(|piece| word.trim_start_matches(|letter| ('০'..='৯').contains(&letter)).starts_with(piece))
        .then(|| digits.into_iter().fold(0, |hour, digit| 10 * hour + digit))
}

fn has_a_year(text: &str) -> bool {
    let western: String = text
        .chars()
        .map(|letter| if ('০'..='৯').contains(&letter) { char::from(b'0' + (letter as u32 - '০' as u32) as u8) } else { letter })
        .collect();
    western.split(|letter: char| !letter.is_ascii_digit()).any(|word| word.len() == 4 && (word.starts_with("19") || word.starts_with("20")))
}

fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What somebody else wrote, of a timeline: its title, and what is quoted in its sentences. What a vendor opens and does not close, or closes
/// and did not open, stands within the outer marks.
pub fn others_words(json: &Value) -> Vec<String> {
    let mut words: Vec<String> =
        json["title"].as_object().into_iter().flatten().filter_map(|(_, title)| title.as_str()).map(ToOwned::to_owned).collect();
    let lists = ["entries", "possibly", "retracted"].iter().filter_map(|list| json[*list].as_array()).flatten();
    let told = lists.flat_map(|entry| std::iter::once(&entry["text"]).chain(entry["marks"].as_array().into_iter().flatten()));
    words.extend(told.filter_map(Value::as_str).filter_map(|text| quoted(text).map(ToOwned::to_owned)));
    words
}

/// From the first quotation mark to the last.
fn quoted(text: &str) -> Option<&str> {
    let (from, until) = (text.find('“')?, text.rfind('”')?);
    (from < until).then(|| &text[from..until + '”'.len_utf8()])
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

/// Without the names of parts of the service, the longest first.
fn without_parts(own: &str, parts: &[String]) -> String {
    let mut parts: Vec<&String> = parts.iter().filter(|part| !part.is_empty()).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts.into_iter().fold(own.to_owned(), |rest, part| rest.replace(part.as_str(), ""))
}

fn names_a_zone(lines: &str) -> bool {
    ["UTC", " time (", "সময়"].iter().any(|zone| lines.contains(zone))
}

/// The rows of the page of incidents: each has its date, and its zone beside its times.
fn of_rows(html: &str, lang: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for row in html.split("<h2>").skip(1).map(|row| row.split("</li>").next().unwrap_or_default()) {
        let (title, lines) = row.split_once("</h2>").unwrap_or((row, ""));
        let (title, lines) = (without_tags(title), without_tags(lines));
        if !has_a_year(&format!("{title} {lines}")) {
            faults.push(("a row without a date", format!("{title} | {lines}")));
        }
        if !names_a_zone(&lines) {
            faults.push(("a row without a zone", format!("{title} | {lines}")));
        }
        faults.extend(own_words(&unquoted(&lines), lang));
    }
    faults
}

/// The text of a piece of a page.
fn without_tags(html: &str) -> String {
    let (mut text, mut is_tag) = (String::new(), false);
    for letter in html.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if !is_tag => text.push(letter),
            _ => {}
        }
    }
    [("&#38;", "&"), ("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&amp;", "&"), ("&#x27;", "'"), ("&quot;", "\"")]
        .iter()
        .fold(text, |text, (entity, letter)| text.replace(entity, letter))
}

/// Markup that somebody else wrote and that came through as markup.
fn of_html(html: &str) -> Vec<Fault> {
    let lower = html.to_lowercase();
    let marks = ["<var", "<script>", "<font", "<blink", "javascript:", "&amp;lt;", "&amp;amp;", "&amp;nbsp;"];
    marks.iter().filter(|mark| lower.contains(**mark)).map(|mark| ("foreign markup in a page", (*mark).to_owned())).collect()
}

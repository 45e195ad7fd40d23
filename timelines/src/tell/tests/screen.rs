//! Text for a terminal: no line is wider than it, counted in cells, whatever is told; a document is laid out as before.

use serde_json::json;

use super::super::{Lang, Options, Screen, Told, cells_of, row, tell, text, text_on, title_on};
use super::{event, folded, outage};

fn plain(columns: usize) -> Screen {
    Screen { columns, color: false }
}

/// The outage with every claim, and one of long words in scripts of every width.
fn stories(lang: Lang) -> [Told; 2] {
    let long = format!(
        "https://example.org/{} {} {} {}",
        "x".repeat(200),
        "通信障害が発生しています".repeat(12),
        "বিভ্রাটক্ষণিকের".repeat(20),
        "e\u{301}".repeat(150)
    );
    let data = json!({"occurred": {"at": "2022-10-25T12:07+05:30[Asia/Kolkata]"}, "headline": long});
    let options = Options { lang, claims: true, retracted: true, ..Options::default() };
    [outage(1000, None), folded([event("e", "anomaly.detected", data)], None)]
        .map(|(timeline, registry)| tell(&timeline, &registry, &options).unwrap())
}

#[test]
fn no_line_is_wider_than_the_screen_and_no_word_is_lost() {
    for lang in Lang::ALL {
        for told in stories(lang) {
            let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            let document = letters(&text(&told, 110));
            for columns in [20, 40, 60, 80, 110, 200, 1_000] {
                let shown = text_on(&told, plain(columns));
                for line in shown.lines() {
                    assert!(cells_of(line) <= columns, "{} of {columns} in {lang}: {line}", cells_of(line));
                    let first = line.trim_start().chars().next();
                    assert!(
                        !first.is_some_and(|first| matches!(first, '\u{981}'..='\u{983}' | '\u{9bc}' | '\u{9be}'..='\u{9cd}' | '\u{301}')),
                        "{line}"
                    );
                }
                let is_whole = cells_of(&told.title) <= columns;
                assert!(!is_whole || letters(&shown) == document, "{columns} in {lang}");
            }
        }
    }
}

#[test]
fn further_lines_hang_under_the_text_of_their_entry() {
    let [told, _] = stories(Lang::En);
    let shown = text_on(&told, plain(60));
    let lines: Vec<&str> = shown.lines().skip_while(|line| !line.starts_with("12:07")).take(3).collect();
    let column = lines[0].find("First").unwrap();
    assert!(
        column > 5 && lines[1..].iter().all(|line| line.len() > column && line[..column].trim().is_empty() && !line[column..].starts_with(' ')),
        "{lines:#?}"
    );
}

#[test]
fn indic_signs_take_the_cells_that_a_terminal_gives_them() {
    for (word, cells) in [("e\u{301}", 1), ("障害", 4), ("কি", 2), ("কা", 2), ("কো", 2), ("ক্ষ", 2), ("কে", 2), ("\u{200b}", 0), ("abc", 3)]
    {
        assert_eq!(cells_of(word), cells, "{word}");
    }
}

#[test]
fn colours_show_state_and_times_and_change_no_line() {
    let [told, _] = stories(Lang::En);
    let colored = text_on(&told, Screen { columns: 80, color: true });
    assert!(colored.contains("\u{1b}[1;32mRESTORED\u{1b}[0m") && colored.contains("\n\u{1b}[2m12:07\u{1b}[0m"), "{colored}");
    let mut bare = String::new();
    for (place, part) in colored.split("\u{1b}[").enumerate() {
        bare.push_str(if place == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(bare, text_on(&told, plain(80)));
    // A pager forgets a colour at the end of a line.
    assert!(colored.lines().all(|line| line.matches("\u{1b}[").count() % 2 == 0), "{colored}");
}

#[test]
fn a_title_longer_than_a_line_is_cut_there_and_follows_whole() {
    let title = "Intermittent failures in runner group and runner-related permissions pages";
    let titled = event("t", "incident.titled", json!({"event": {"id": "e"}, "title": title}));
    let seen = event("e", "anomaly.detected", json!({"occurred": {"at": "2022-10-25T12:07+05:30[Asia/Kolkata]"}}));
    let (timeline, registry) = folded([seen, titled], None);
    let told = tell(&timeline, &registry, &Options::default()).unwrap();
    let shown = text_on(&told, plain(60));
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "Intermittent failures in runner group and…   UNUSUAL REPORTS");
    assert_eq!(lines[1..3], ["Intermittent failures in runner group and runner-related", "  permissions pages"]);
    assert!(text_on(&told, plain(74)).starts_with(&format!("{title}\nUNUSUAL REPORTS\n")), "{shown}");
    assert!(text(&told, 60).starts_with("Intermittent failures in runner group and runner-related\n  permissions pages\n"));
}

#[test]
fn a_row_of_a_list_fits_and_keeps_its_date_and_state() {
    let of = |title: &str, kicker: Option<&str>, columns| {
        row(title, kicker, ("restored", "RESTORED"), "github-2026-08-18-8a3161922a936b05", plain(columns))
    };
    let kicker = Some("GitHub, Tuesday 18 August 2026");
    assert_eq!(
        of("Incident with Actions", kicker, 80),
        "Incident with Actions · GitHub, Tuesday 18 August 2026 · RESTORED\n    github-2026-08-18-8a3161922a936b05\n"
    );
    assert_eq!(
        of("Intermittent failures in runner group and runner-related permissions pages", kicker, 60),
        "Intermittent failures in runner group and runner-related…\n    GitHub, Tuesday 18 August 2026 · RESTORED\n    github-2026-08-18-8a3161922a936b05\n"
    );
    let services = "Codespaces, Copilot, Git Operations, Issues, Packages, Pages and Webhooks outage, Tuesday 18 August 2026";
    assert_eq!(
        of("Incident with Actions", kicker, 36),
        "Incident with Actions\n    GitHub, Tuesday 18 August 2026\n    RESTORED\n    github-2026-08-18-8a3161922a936b\n    05\n"
    );
    assert_eq!(title_on(services, false, 60), "Codespaces, Copilot, Git Operations…, Tuesday 18 August 2026");
    for columns in [20, 33, 60, 200] {
        for told in [of(services, None, columns), of(&"障害".repeat(60), kicker, columns)] {
            assert!(told.lines().all(|line| cells_of(line) <= columns) && told.contains("RESTORED"), "{columns}: {told}");
        }
    }
}

//! What every plot promises: well-formed whatever the words, bounded whatever the numbers, the highest count visible, in the reader's digits.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use super::*;

fn words(title: &str) -> PlotWords {
    let names = ["জানু", "ফেব", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "সেপ্ট", "অক্টো", "নভে", "ডিসে"];
    PlotWords {
        lang: "bn".to_owned(),
        title: title.to_owned(),
        description: "২০ মিনিট ধরে অভিযোগের সংখ্যা".to_owned(),
        reports: "২০ মিনিটে অভিযোগ".to_owned(),
        zone: "কলকাতার সময়".to_owned(),
        zone_offset_s: 19_800,
        standing_out: "বিভ্রাটের সময়".to_owned(),
        baseline: "যতটা স্বাভাবিক".to_owned(),
        range: "স্বাভাবিক সীমা".to_owned(),
        unknown: "জানা নেই".to_owned(),
        thinned: "প্রতি ধাপে {}টির সর্বোচ্চ".to_owned(),
        first: "প্রথম".to_owned(),
        seen: "নিশ্চিত".to_owned(),
        peak: "সর্বোচ্চ".to_owned(),
        end: "আবার স্বাভাবিক".to_owned(),
        months: names.map(ToOwned::to_owned),
        digits: "০১২৩৪৫৬৭৮৯".to_owned(),
        lakhs: true,
    }
}

/// Fourteen hours of twenty minutes from 2020-07-14T12:00:00Z on, quiet but for an outage with two gaps.
fn outage() -> Plot {
    let counts = [41, 862, 1_471, 86, 21, 27, 10];
    let start_s = 1_594_728_000;
    let mut buckets: Vec<PlotBucket> = (0..42)
        .map(|number| PlotBucket { start_s: start_s + number * 1_200, count: Some(1), baseline: Some(0.4), low: Some(0.0), high: Some(3.0) })
        .collect();
    for (bucket, count) in buckets[23..].iter_mut().zip(counts) {
        bucket.count = Some(count);
    }
    buckets.drain(5..8);
    buckets[32].count = None;
    let mark = |number: i64, kind| Mark { at_s: start_s + number * 1_200, kind, label: String::new() };
    let marks = vec![mark(23, MarkKind::First), mark(24, MarkKind::Seen), mark(25, MarkKind::Peak), mark(30, MarkKind::End)];
    Plot { bucket_seconds: 1_200, buckets, marks }
}

/// Reads XML as a parser must: every tag closed in its order, every attribute quoted, every reference known. Answers the elements' names.
fn elements(svg: &str) -> Vec<String> {
    let (mut open, mut found, mut rest) = (Vec::new(), Vec::new(), svg);
    while let Some(at) = rest.find('<') {
        assert_text(&rest[..at]);
        let end = rest[at..].find('>').unwrap() + at;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed out of order");
            continue;
        }
        let (tag, is_whole) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()), "an element named {name:?}");
        let parts: Vec<&str> = attributes.split('"').collect();
        assert!(parts.len() % 2 == 1 && parts.last().unwrap().trim().is_empty(), "attributes of {tag:?}");
        for pair in parts.chunks_exact(2) {
            assert!(pair[0].trim().strip_suffix('=').is_some_and(|name| !name.is_empty() && !name.contains(' ')), "{pair:?} in {tag:?}");
            assert_text(pair[1]);
        }
        found.push(name.to_owned());
        if !is_whole {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "left open: {open:?}, behind the end: {rest:?}");
    found
}

fn assert_text(text: &str) {
    assert!(
        !text.contains(|character: char| (character.is_control() && character != '\n') || ('\u{202a}'..='\u{202e}').contains(&character)),
        "{text:?}"
    );
    for (at, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
        assert!(known.iter().any(|reference| text[at..].starts_with(reference)), "a reference in {text:?}");
    }
}

fn count_of(elements: &[String], name: &str) -> usize {
    elements.iter().filter(|element| *element == name).count()
}

#[test]
fn an_outage_in_bengali_has_its_digits_its_marks_and_what_a_screen_reader_needs() {
    let svg = outage().svg(&words("হোয়াটসঅ্যাপ বিভ্রাট"));
    let elements = elements(&svg);
    assert_eq!((elements[0].as_str(), count_of(&elements, "desc")), ("svg", 1));
    assert_eq!(count_of(&elements, "title"), 1 + 4, "the plot and its four moments have names");
    for expected in [
        "role=\"img\" aria-label=\"হোয়াটসঅ্যাপ বিভ্রাট\" lang=\"bn\"",
        "প্রথম ০১:১০",
        "নিশ্চিত ০১:৩০",
        "সর্বোচ্চ ১,৪৭১",
        "আবার স্বাভাবিক ০৩:৩০",
        "১৫ জুলাই",
        "জানা নেই",
        "কলকাতার সময়",
        "prefers-color-scheme:dark",
    ] {
        assert!(svg.contains(expected), "no {expected:?} in {svg}");
    }
    for absent in ["<script", "href", "url(", " id=", "@import", "NaN", "inf", "{}", ">UTC<"] {
        assert!(!svg.contains(absent), "{absent:?} in {svg}");
    }
}

#[test]
fn hostile_words_stay_words() {
    let evil = "</title><script>alert(1)</script>\"' onload='x' &entity; ]]> <!-- \u{0}\u{b}\u{202e}\u{ffff} ";
    let evil_everywhere = evil.repeat(20);
    let mut words = words(&evil_everywhere);
    for word in [
        &mut words.lang,
        &mut words.description,
        &mut words.reports,
        &mut words.zone,
        &mut words.standing_out,
        &mut words.baseline,
        &mut words.unknown,
        &mut words.range,
        &mut words.first,
        &mut words.digits,
        &mut words.months[6],
    ] {
        *word = evil.to_owned();
    }
    let mut plot = outage();
    plot.marks.push(Mark { at_s: plot.marks[0].at_s, kind: MarkKind::Note, label: evil_everywhere });
    let svg = plot.svg(&words);
    let found = elements(&svg);
    let known = ["svg", "title", "desc", "style", "rect", "text", "path", "g"];
    assert!(found.iter().all(|name| known.contains(&name.as_str())), "{found:?}");
    assert!(svg.contains("&lt;script&gt;alert(1)"), "the words are shown as they are");
}

#[test]
fn no_plot_is_larger_than_its_limit_and_none_fails() {
    let mut words = words(&"\"".repeat(10_000));
    words.description = "&".repeat(10_000);
    words.thinned = "'{}".repeat(10_000);
    let mut state = 7_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 40
    };
    let buckets: Vec<PlotBucket> = (0..50_000)
        .map(|number| {
            let (low, high) = (noise() as f64 / 3.0, noise() as f64);
            PlotBucket {
                start_s: number * 60,
                count: (noise() % 9 > 0).then(&mut noise),
                baseline: Some(high / 2.0),
                low: Some(low),
                high: Some(high),
            }
        })
        .collect();
    let mark = |number: i64| Mark { at_s: number * 600, kind: [MarkKind::First, MarkKind::End][number as usize % 2], label: "\"".repeat(1_000) };
    for (kept, size_s) in [(50_000, 60), (POINTS_MAX, 60), (1, u32::MAX), (3, 0)] {
        let plot = Plot { bucket_seconds: size_s, buckets: buckets[..kept].to_vec(), marks: (0..5_000).map(mark).collect() };
        let svg = plot.svg(&words);
        elements(&svg);
        assert!(svg.len() <= SVG_BYTES_MAX, "{kept} buckets make {} bytes", svg.len());
        assert!(count_of(&elements(&svg), "g") <= MARKS_MAX);
    }
    let extreme = |start_s, value| PlotBucket { start_s, count: Some(u64::MAX), baseline: Some(value), low: Some(-value), high: Some(value) };
    let buckets = vec![extreme(i64::MIN, 1.0), extreme(0, f64::NAN), extreme(253_402_300_799, f64::INFINITY), extreme(-62_135_596_800, -1e300)];
    let svg = Plot { bucket_seconds: 3_600, buckets, marks: vec![Mark { at_s: i64::MAX, kind: MarkKind::End, label: String::new() }] }.svg(&words);
    elements(&svg);
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    elements(&Plot { bucket_seconds: 1, buckets: Vec::new(), marks: outage().marks }.svg(&words));
}

#[test]
fn a_plot_is_kept_as_json_and_drawn_the_same() {
    let plot = outage();
    let kept = serde_json::to_string(&plot).unwrap();
    let again: Plot = serde_json::from_str(&kept).unwrap();
    assert_eq!(again, plot);
    assert_eq!(again.svg(&words("a")), plot.svg(&words("a")));
}

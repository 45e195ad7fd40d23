//! Each scan finds what is planted for it, and nothing in what is right.

use serde_json::{Value, json};

use super::faults::{Text, faults_of};

fn rules(text: &Text) -> Vec<&'static str> {
    faults_of(text, "Acme").into_iter().map(|(rule, _)| rule).collect()
}

fn right() -> Value {
    json!({
        "nature": "outage", "state": "restored", "kicker": "Acme, Monday 4 October 2021", "title": {"en": "Anvils don't fall"},
        "summary": ["Acme dates the start to 16:00", "Service: Acme"],
        "milestones": {"restored": {"position": 2}},
        "entries": [
            {"text": "Acme: “We're **looking** into GitHub’s <p>.” (Acme status)", "occurred": {"earliest": "2021-10-04T16:00:00Z", "told": "16:00"}, "head": "16:00",
             "sources": [{"name": "Acme"}], "marks": ["Acme moved the time from 16:00 to 16:10, without notice."]},
        ],
    })
}

fn with(change: impl FnOnce(&mut Value), lang: &'static str) -> Vec<&'static str> {
    let mut json = right();
    change(&mut json);
    rules(&Text::Json { lang, json })
}

fn plain(lang: &'static str, text: &str) -> Vec<&'static str> {
    rules(&Text::Plain { lang, text: format!("A title of somebody's own with **stars**\n{text}") })
}

#[test]
fn what_is_right_has_no_fault() {
    assert_eq!(with(|_| {}, "en"), Vec::<&str>::new());
    assert_eq!(plain("en", "16:00  Acme: “It's <b>down</b>.”"), Vec::<&str>::new());
    assert_eq!(plain("bn", "সন্ধ্যা ৬টা ৩৭ – রাত ৮টা ৫২ · সন্ধ্যা ৬টা ৩৭ – ৭টা ১০ · UTC “GitHub”"), Vec::<&str>::new());
    assert_eq!(rules(&Text::Html { text: "<p>Acme &amp; others</p>".to_owned() }), Vec::<&str>::new());
}

#[test]
fn each_rule_finds_what_is_planted_for_it() {
    assert_eq!(with(|json| json["kicker"] = json!("Acme"), "en"), ["a head without a date"]);
    let nameless = |json: &mut Value| (json["kicker"], json["summary"]) = (json!("Monday 4 October 2021"), json!([]));
    assert_eq!(with(nameless, "en"), ["a head without its vendor"]);
    assert_eq!(with(|json| json["milestones"]["restored"] = Value::Null, "en"), ["a state against its milestones"]);
    assert_eq!(with(|json| json["state"] = json!("acknowledged"), "en"), ["a state against its milestones"]);
    for mark in [
        "Acme moved the end from 16:00 to 16:00, within three hours of closing it, without notice.",
        "Acme changed the state from “A” to “B” and renamed it from “a to b” to “a to b”, without notice.",
        "Acme changed the words, without notice: they were “It is.”, then “It is.”",
    ] {
        let unchanged = |json: &mut Value| json["entries"][0]["marks"][0] = json!(mark);
        assert_eq!(with(unchanged, "en"), ["a mark whose words look unchanged"], "{mark}");
    }
    let again = |json: &mut Value| json["entries"][0]["marks"] = json!(["Acme changed the words.", "Acme changed the words."]);
    assert_eq!(with(again, "en"), ["an edit that is told twice"]);
    assert_eq!(
        with(|json| json["entries"][0]["text"] = json!("Acme rates it “major” (Acme)."), "en"),
        ["a source that is credited with its own act"]
    );
    let thrice = |json: &mut Value| json["entries"][0]["text"] = json!("Acme says Acme told Acme.");
    assert_eq!(with(thrice, "en"), ["a source that is named three times"]);
    let twice = |json: &mut Value| {
        let again = json["entries"][0].clone();
        json["entries"].as_array_mut().unwrap().push(again);
    };
    assert_eq!(with(twice, "en"), ["an entry that stands there twice"]);
    assert_eq!(plain("en", "All of it fails."), ["a rating told as fact"]);
    assert_eq!(plain("en", "It is **down**."), ["raw markup"]);
    assert_eq!(plain("en", "It isn't back."), ["an ASCII apostrophe"]);
    assert_eq!(plain("bn", "GitHub-এর হিসেবে শুরু।"), ["a Latin name of something well known"]);
    assert_eq!(plain("bn", "সন্ধ্যা ৬টা ৩৭ – ৮টা ৫২।"), ["a range without the part of its second half's day"]);
    assert_eq!(rules(&Text::Html { text: "<p><VAR data-var='date'>21</VAR></p>".to_owned() }), ["foreign markup in a page"]);
}

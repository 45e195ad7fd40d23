//! Each scan finds what is planted for it, and nothing in what is right.

use serde_json::{Value, json};

use super::faults::{Text, faults_of, others_words, well_known};

fn rules(text: &Text) -> Vec<&'static str> {
    faults_of(text, "Acme").into_iter().map(|(rule, _)| rule).collect()
}

fn right() -> Value {
    json!({
        "nature": "outage", "state": "restored", "kicker": "Acme, Monday 4 October 2021", "title": {"en": "Anvils don't fall"},
        "summary": ["Acme dates the start to 16:00", "Service: Acme", "All times UTC; a source’s own clock in brackets"],
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
    rules(&Text::Json { lang, json, parts: vec!["GitHub Actions".to_owned()] })
}

fn plain(lang: &'static str, text: &str) -> Vec<&'static str> {
    let title = "A title of somebody's own with **stars** that is longer than a line";
    let text = format!("A title of somebody's own with **stars**\n  that is longer than a line\n{text}");
    let json = json!({"title": {"en": title}, "entries": [{"text": "Acme: “It's “odd””. `x`.”"}]});
    let parts = others_words(&json).into_iter().chain(["GitHub Actions".to_owned()]).collect();
    rules(&Text::Plain { lang, text, parts })
}

#[test]
fn what_is_right_has_no_fault() {
    assert_eq!(with(|_| {}, "en"), Vec::<&str>::new());
    assert_eq!(plain("en", "16:00  Acme: “It's <b>down</b>.”"), Vec::<&str>::new());
    // Whoever closes what was not open does not end the quotation.
    assert_eq!(plain("en", "16:00  Acme: “It's\n  “odd””. `x`.”"), Vec::<&str>::new());
    assert_eq!(with(|json| json["entries"][0]["text"] = json!("Acme: “It's “odd””. `x`.” (Acme status)"), "en"), Vec::<&str>::new());
    assert_eq!(plain("bn", "সন্ধ্যা ৬টা ৩৭ – রাত ৮টা ৫২ · সন্ধ্যা ৬টা ৩৭ – ৭টা ১০ · UTC “GitHub” (GitHub Actions)"), Vec::<&str>::new());
    assert_eq!(rules(&Text::Html { text: "<p>Acme &amp; others</p>".to_owned() }), Vec::<&str>::new());
}

#[test]
fn each_rule_finds_what_is_planted_for_it() {
    assert_eq!(with(|json| json["kicker"] = json!("Acme"), "en"), ["a head without a date"]);
    let nameless = |json: &mut Value| (json["kicker"], json["summary"]) = (json!("Monday 4 October 2021"), json!(["UTC"]));
    assert_eq!(with(|json| json["summary"] = json!(["Acme dates the start to 16:00"]), "en"), ["a head without a zone"]);
    assert_eq!(with(nameless, "en"), ["a head without its vendor"]);
    assert_eq!(with(|json| json["milestones"]["restored"] = Value::Null, "en"), ["a state against its milestones"]);
    for state in ["acknowledged", "in_progress", "subsided"] {
        assert_eq!(with(|json| json["state"] = json!(state), "en"), ["a state against its milestones"], "{state}");
    }
    let corroborated = |json: &mut Value| json["entries"][0]["text"] = json!("It is down (Acme status). The same in Acme status.");
    assert_eq!(with(corroborated, "en"), ["a source that agrees with itself"]);
    let rated =
        |json: &mut Value| (json["entries"][0]["text"], json["entries"][0]["data"]) = (json!("It is critical."), json!({"severity": "critical"}));
    assert_eq!(with(rated, "en"), ["a rating told as fact"]);
    let unchanged = |json: &mut Value| json["entries"][0]["marks"][0] = json!("Acme changed this without notice: the time was 16:00, then 16:00.");
    assert_eq!(with(unchanged, "en"), ["a mark whose words look unchanged"]);
    for same in ["the words were “It is down”, then “It is down”.", "Acme moved the end from 02:34 to 02:34", "সময় ছিল রাত ২টা, তার পরে রাত ২টা।"]
    {
        assert_eq!(with(|json| json["entries"][0]["marks"][0] = json!(same), "en"), ["a mark whose words look unchanged"], "{same}");
    }
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
    for raw in ["It is **down**.", "`x` is down", "## Down", "See <a href=x>", "It&#39;s down"] {
        assert_eq!(plain("en", raw), ["raw markup"], "{raw}");
    }
    assert_eq!(plain("en", "It isn't back."), ["an ASCII apostrophe"]);
    assert_eq!(plain("bn", "GitHub-এর হিসেবে শুরু।"), ["a Latin name of something well known"]);
    assert!(well_known().len() > 140 && well_known().contains(&"Banglalink"), "{:?}", well_known());
    assert_eq!(plain("bn", "Banglalink-এর হিসেবে শুরু।"), ["a Latin name of something well known"]);
    for range in ["সন্ধ্যা ৬টা ৩৭ – ৮টা ৫২।", "সকাল ৯টা ৪০ থেকে ১টা ১৫-র মধ্যে"]
    {
        assert_eq!(plain("bn", range), ["a range without the part of its second half's day"], "{range}");
    }
    assert_eq!(plain("bn-BD", "সেবা কখন ফেরে, এখনও জানা নেই।"), ["a word of India's in Bangladesh's Bengali"]);
    let rows = |title: &str, line: &str| {
        let text = format!("<ol><li><h2><a href=\"/x\"><bdi>{title}</bdi></a></h2><p class=\"line\"><bdi>{line}</bdi></p></li></ol>");
        rules(&Text::Rows { lang: "en", text })
    };
    assert_eq!(rows("Acme outage, Monday 4 October 2021", "First reports 16:00 · UTC"), Vec::<&str>::new());
    assert_eq!(rows("Acme outage, Monday 4 October", "First reports 16:00 · UTC"), ["a row without a date"]);
    assert_eq!(rows("Acme outage, Monday 4 October 2021", "First reports 16:00"), ["a row without a zone"]);
    assert_eq!(rules(&Text::Html { text: "<p><VAR data-var='date'>21</VAR></p>".to_owned() }), ["foreign markup in a page"]);
}

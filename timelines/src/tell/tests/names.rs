//! What readers call a service, its vendor and whoever is cited: as registered, else as the gazetteer has it.

use dateline_events::{Event, Text};
use serde_json::{Value, json};

use super::super::{Lang, Told, told_sentence, told_service, told_vendor};
use super::{folded, told};
use crate::document;
use crate::model::{Registry, Timeline};

fn event(id: &str, service: &str, kind: &str, data: &Value) -> Event {
    let envelope =
        json!({"specversion": "1.0", "id": id, "source": "/watchers/test", "type": format!("dateline.{kind}.v1"), "subject": service, "data": data});
    Event::read(envelope.to_string().as_bytes()).unwrap()
}

/// A vendor's own post on its page, as a watcher publishes it: the names are strings that name no language.
fn post(service: &str, vendor: &str, name: &str) -> Event {
    let source = json!([{"slug": vendor, "role": "read_in", "kind": "vendor", "name": name}]);
    let statement = json!({"organisation": vendor, "quotation": {"lang": "en", "text": "We are looking into it."}});
    let data = json!({"occurred": {"at": "2026-03-01T10:00:00Z"}, "status": "investigating", "sources": source, "statement": statement});
    event("post", service, "vendor.updated", &data)
}

fn registered(service: &str, data: &Value) -> Event {
    event("registration", service, "service.registered", data)
}

fn of(events: impl IntoIterator<Item = Event>) -> (Timeline, Registry) {
    folded(events, None)
}

/// Title, sentence, and the last line of the summary but for that of the zone.
fn lines(told: &Told) -> [&str; 3] {
    [&told.title, &told.entries[0].text, &told.summary[told.summary.len() - 2]]
}

#[test]
fn a_service_that_nobody_registered_is_told_by_the_name_that_readers_know() {
    let (timeline, registry) = of([post("github", "github", "GitHub")]);
    for (lang, expected) in [
        (Lang::En, ["GitHub outage, Sunday 1 March 2026", "GitHub, investigating: “We are looking into it.”", "Service: GitHub"]),
        (Lang::Bn, ["গিটহাব বিভ্রাট, রবিবার ১ মার্চ ২০২৬", "গিটহাব খতিয়ে দেখছে: “We are looking into it.”", "পরিষেবা: গিটহাব"]),
    ] {
        assert_eq!(lines(&told(&timeline, &registry, lang)), expected);
    }
}

#[test]
fn a_registration_overrides_the_gazetteer() {
    let names = json!({"en": "GitHub.com", "bn": "গিটহাব ডট কম"});
    let vendor = json!({"slug": "github", "name": {"en": "GitHub Inc", "bn": "গিটহাব ইনকর্পোরেটেড"}});
    let (timeline, registry) = of([registered("github", &json!({"names": names, "vendor": vendor})), post("github", "github", "GitHub")]);
    let [title, sentence, services] = lines(&told(&timeline, &registry, Lang::Bn)).map(ToOwned::to_owned);
    assert_eq!(title, "গিটহাব ডট কম বিভ্রাট, রবিবার ১ মার্চ ২০২৬");
    assert_eq!(sentence, "গিটহাব ইনকর্পোরেটেড খতিয়ে দেখছে: “We are looking into it.”");
    assert_eq!(services, "পরিষেবা: গিটহাব ডট কম (মালিক গিটহাব ইনকর্পোরেটেড)");
    assert!(told(&timeline, &registry, Lang::En).title.starts_with("GitHub.com outage"));
}

#[test]
fn what_is_registered_in_another_language_alone_is_told_as_the_gazetteer_has_it() {
    let registration = |names: Value| of([registered("amazon", &json!({ "names": names }))]).1;
    for (names, lang, expected) in [
        (json!({"en": "Amazon.in"}), Lang::Bn, "অ্যামাজন"),
        (json!({"en": "Amazon.in"}), Lang::BnBd, "আমাজন"),
        (json!({"en": "Amazon.in"}), Lang::En, "Amazon.in"),
        (json!({"bn": "আমাজ়ন"}), Lang::BnBd, "আমাজ়ন"),
        (json!({"bn": "আমাজ়ন"}), Lang::En, "Amazon"),
        (json!("Amazon"), Lang::Bn, "অ্যামাজন"),
        (json!("Amazone"), Lang::Bn, "Amazone"),
    ] {
        assert_eq!(told_service("amazon", &registration(names.clone()), lang), expected, "{names} in {lang}");
    }
    assert_eq!(told_service("amazone", &Registry::default(), Lang::Bn), "amazone");
}

#[test]
fn a_page_that_names_one_of_many_services_of_its_vendor_is_told_by_that_name() {
    let (timeline, registry) = of([post("google-cloud", "google", "Google Cloud")]);
    let bengali = told(&timeline, &registry, Lang::Bn);
    assert_eq!(bengali.entries[0].sources[0].name, "গুগল ক্লাউড");
    assert_eq!(bengali.entries[0].text, "গুগল খতিয়ে দেখছে: “We are looking into it.” (গুগল ক্লাউড)");
    assert_eq!(lines(&bengali)[2], "পরিষেবা: গুগল ক্লাউড (মালিক গুগল)");
    let name = Text::Plain("Google Cloud".to_owned());
    assert_eq!(told_vendor("google", Some(&name), &registry, Lang::Bn), "গুগল ক্লাউড");
    assert_eq!(told_vendor("google", Some(&name), &registry, Lang::En), "Google Cloud");
    assert_eq!(told_vendor("nobody", None, &registry, Lang::Bn), "nobody");
}

#[test]
fn an_outlet_is_never_taken_for_a_service_of_the_same_slug() {
    let source = json!([{"slug": "signal", "role": "read_in", "kind": "press", "name": {"en": "The Dhaka Signal"}}]);
    let data = json!({"occurred": {"unknown": true}, "detected_by": "downdetector", "sources": source});
    let (timeline, registry) = of([event("sign", "whatsapp", "anomaly.detected", &data)]);
    let bengali = told(&timeline, &registry, Lang::Bn);
    assert_eq!(bengali.entries[0].sources[0].name, "The Dhaka Signal");
    assert!(bengali.entries[0].text.contains("ডাউনডিটেক্টরে ধরা পড়ে"), "{}", bengali.entries[0].text);
}

#[test]
fn a_genitive_is_as_registered_else_as_the_gazetteer_has_it() {
    let silent = |vendor: &str| event("silent", vendor, "vendor.silent", &json!({"occurred": {"unknown": true}, "organisation": vendor}));
    let told = |vendor: &str, registry: &Registry| told_sentence(&silent(vendor), registry, Lang::Bn);
    assert_eq!(told("phonepe", &Registry::default()), "ফোনপে-র কোনও বিবৃতি তখনও মেলেনি");
    assert_eq!(told("meta", &Registry::default()), "মেটার কোনও বিবৃতি তখনও মেলেনি");
    let registration = json!({"names": {"bn": "ফোনপে"}, "genitives": {"bn": "ফোনপের"}});
    assert_eq!(told("phonepe", &of([registered("phonepe", &registration)]).1), "ফোনপের কোনও বিবৃতি তখনও মেলেনি");
    assert_eq!(["GitHub", "Epic Games", "WordPress"].map(|name| Lang::En.genitive(name)), ["GitHub’s", "Epic Games’", "WordPress’s"]);
}

#[test]
fn what_json_says_was_registered_is_not_from_the_gazetteer() {
    let (timeline, registry) = of([post("github", "github", "GitHub")]);
    let bengali = told(&timeline, &registry, Lang::Bn);
    let json = json!(document::timeline(&timeline, timeline.whole(), &bengali, &registry, Lang::Bn, None));
    assert_eq!((&json["vendor"], &json["services"]), (&Value::Null, &json!(["github"])));
    assert_eq!(json["entries"][0]["sources"][0]["name"], "GitHub");
    assert_eq!(json["title"]["bn"], bengali.title);
}

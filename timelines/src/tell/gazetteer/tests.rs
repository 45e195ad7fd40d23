//! Every row of the gazetteer is whole, and written as its language writes it.

use std::collections::BTreeMap;

use super::table::ROWS;
use super::{Lang, bengali_genitive, called, find};
use crate::tell::bn;

/// Every Bengali name with its genitive.
fn bengali() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROWS.iter().flat_map(|row| std::iter::once(row.bengali).chain(row.in_bangladesh))
}

#[test]
fn rows_stand_in_the_order_of_their_slugs_and_no_key_is_that_of_two() {
    assert!(ROWS.len() >= 150, "{} rows", ROWS.len());
    assert!(ROWS.is_sorted_by(|one, next| one.slug < next.slug));
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for row in ROWS {
        for key in row.keys() {
            let owner = *owners.entry(key.clone()).or_insert(row.slug);
            assert_eq!(owner, row.slug, "{key}");
        }
        let slugs: Vec<&str> = std::iter::once(row.slug).chain(row.also.iter().copied()).collect();
        assert!(slugs.iter().all(|slug| dateline_events::is_slug(slug)), "{slugs:?}");
        assert!((1..slugs.len()).all(|at| !slugs[..at].contains(&slugs[at])), "{slugs:?}");
    }
}

#[test]
fn a_word_of_a_search_finds_services_and_vendors_by_their_names() {
    assert_eq!(super::named("হোয়াটসঅ্যাপ").0, ["whatsapp", "whatsapp-messenger"]);
    let (services, vendors) = super::named("মেটা");
    assert!(vendors.contains(&"meta") && ["facebook", "instagram", "whatsapp"].iter().all(|slug| services.contains(slug)), "{services:?}");
    // Part of a Bengali name, in either spelling; a whole English one.
    assert!(super::named("অ্যামাজন").0.contains(&"aws") && super::named("আমাজন").0.contains(&"aws"));
    assert!(super::named("amazon").0.contains(&"aws") && super::named("services").0.is_empty() && super::named("মে").0.is_empty());
}

#[test]
fn whoever_answers_for_a_service_has_a_row() {
    for row in ROWS {
        let vendor = row.vendor.map(|vendor| find(vendor).unwrap_or_else(|| panic!("{vendor} has no row")));
        assert!(vendor.is_none_or(|vendor| vendor.vendor.is_none_or(|own| own == vendor.slug)), "{}", row.slug);
    }
}

#[test]
fn bengali_names_are_in_bengali_letters_alone() {
    let in_bengali = |character: char| matches!(character, '\u{981}'..='\u{9ef}' | ' ' | '-');
    for (name, genitive) in bengali() {
        for text in [name, genitive] {
            assert!(!text.is_empty() && text.trim() == text && text.chars().all(in_bengali), "{text}");
        }
    }
}

/// Bengali has three letters that NFC takes apart (ড়, ঢ়, য়), and two vowel signs that it puts together (ো, ৌ).
#[test]
fn every_text_is_nfc_and_has_no_ascii_apostrophe() {
    let apart = ["\u{9dc}", "\u{9dd}", "\u{9df}", "\u{9c7}\u{9be}", "\u{9c7}\u{9d7}"];
    let combines = |character: char| ('\u{300}'..='\u{36f}').contains(&character);
    let english = ROWS.iter().map(|row| row.english);
    for text in bengali().flat_map(|(name, genitive)| [name, genitive]).chain(english) {
        assert!(!text.contains('\'') && !apart.iter().any(|apart| text.contains(apart)) && !text.chars().any(combines), "{text}");
    }
}

#[test]
fn genitives_end_as_bengali_genitives_do() {
    for (name, genitive) in bengali() {
        let ending = genitive.strip_prefix(name).unwrap_or_else(|| panic!("{genitive} is not of {name}"));
        assert!(["র", "ের", "য়ের", "-র", "-এর"].contains(&ending), "{genitive}");
        let last = name.chars().next_back().unwrap();
        assert_eq!(matches!(last, 'ক'..='হ' | '\u{9bc}' | 'ৎ'), ending == "ের", "{genitive}");
        assert_eq!(bn::genitive(Lang::Bn, name), genitive);
    }
}

#[test]
fn a_row_is_found_by_each_slug_and_by_its_english_name() {
    for (key, bengali) in [("github", "গিটহাব"), ("facebook-messenger", "মেসেঞ্জার"), ("gcp", "গুগল ক্লাউড"), ("bkash", "বিকাশ")]
    {
        assert_eq!(find(key).map(|known| known.name(Lang::Bn)), Some(bengali));
    }
    for (name, slug) in [("GitHub", "github"), ("Google Cloud", "google-cloud"), ("Amazon Web Services", "aws"), ("AT&T", "att")] {
        assert_eq!(called(name).map(|known| known.slug), Some(slug));
    }
    assert!(find("GitHub").is_none() && find("nobody").is_none() && called("The Signal").is_none());
}

#[test]
fn each_language_has_its_own_spelling_and_bangladesh_that_of_india_where_it_has_none() {
    let told = |slug: &str| Lang::ALL.map(|lang| find(slug).unwrap().name(lang));
    assert_eq!(told("amazon"), ["Amazon", "অ্যামাজন", "আমাজন"]);
    assert_eq!(told("meta"), ["Meta", "মেটা", "মেটা"]);
    // "পের" would be another word.
    assert_eq!(["ফোনপে", "জিয়ো", "জিও", "মেটা"].map(bengali_genitive), [Some("ফোনপে-র"), Some("জিয়োর"), Some("জিওর"), Some("মেটার")]);
}

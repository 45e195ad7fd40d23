//! The gazetteer: what well-known services and vendors are called in every told language, for where nobody registered it.
//!
//! A registration always comes first (`names::Names`). It is looked into while something is told, and only then: no row
//! and no member of a JSON document that carries what was registered holds a name from here. News outlets are not in it.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Lang;

mod table;

/// A service or a vendor that readers know.
#[derive(Debug)]
pub(super) struct Known {
    /// The slug by which it is mostly named.
    pub(super) slug: &'static str,
    /// The slug of who answers for it, which has a row too; None for a vendor that is no service itself.
    pub(super) vendor: Option<&'static str>,
    /// Its own spelling.
    english: &'static str,
    /// The name and its genitive, as in India.
    bengali: (&'static str, &'static str),
    /// The same as in Bangladesh, where that differs.
    in_bangladesh: Option<(&'static str, &'static str)>,
    /// Other slugs by which it is named.
    also: &'static [&'static str],
}

impl Known {
    /// Its name.
    pub(super) fn name(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.english,
            Lang::Bn => self.bengali.0,
            Lang::BnBd => self.in_bangladesh.unwrap_or(self.bengali).0,
        }
    }

    /// Says how Bangladesh writes it.
    const fn in_bangladesh(mut self, name: &'static str, genitive: &'static str) -> Self {
        self.in_bangladesh = Some((name, genitive));
        self
    }

    /// Says what other slugs it has.
    const fn also(mut self, slugs: &'static [&'static str]) -> Self {
        self.also = slugs;
        self
    }
}

/// Rows by slug, by each other slug, and by English name in lower case.
static BY_KEY: LazyLock<HashMap<String, &Known>> =
    LazyLock::new(|| table::ROWS.iter().flat_map(|row| row.keys().map(move |key| (key, row))).collect());

/// Genitives by the Bengali name that they are made of.
static GENITIVES: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| table::ROWS.iter().flat_map(|row| std::iter::once(row.bengali).chain(row.in_bangladesh)).collect());

impl Known {
    fn keys(&self) -> impl Iterator<Item = String> {
        let slugs = std::iter::once(self.slug).chain(self.also.iter().copied()).map(ToOwned::to_owned);
        slugs.chain([self.english.to_lowercase()])
    }
}

/// The row of a slug, the usual one or another.
pub(super) fn find(slug: &str) -> Option<&'static Known> {
    BY_KEY.get(slug).copied()
}

/// The row of an English name: "Google Cloud" is that of `google-cloud`.
pub(super) fn called(name: &str) -> Option<&'static Known> {
    let name = name.to_lowercase();
    find(&name).or_else(|| find(&name.replace(' ', "-")))
}

/// The fewest letters of a part of a name that is searched for.
const PART_LETTERS_MIN: usize = 3;

/// What a word of a search names, in any told language: the slugs of services, those of a vendor's included, and the vendors themselves.
/// An English word must be the whole name: parts of names are words of headlines too.
pub fn named(word: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let is_name = |row: &&Known| Lang::ALL.into_iter().map(|lang| row.name(lang)).any(|name| name.to_lowercase() == word);
    let is_part = !word.is_ascii() && word.chars().count() >= PART_LETTERS_MIN;
    let has_part = |row: &&Known| is_part && Lang::ALL.into_iter().any(|lang| row.name(lang).contains(word));
    let rows: Vec<&Known> = table::ROWS.iter().filter(|row| is_name(row) || has_part(row)).collect();
    let vendors: Vec<&str> = rows.iter().map(|row| row.slug).collect();
    let of_vendors = table::ROWS.iter().filter(|row| row.vendor.is_some_and(|vendor| vendors.contains(&vendor)));
    let mut services: Vec<&str> = of_vendors.chain(rows).flat_map(|row| std::iter::once(row.slug).chain(row.also.iter().copied())).collect();
    services.sort_unstable();
    services.dedup();
    (services, vendors)
}

/// The genitive of a Bengali name, where it is that of a row.
pub(super) fn bengali_genitive(name: &str) -> Option<&'static str> {
    GENITIVES.get(name).copied()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

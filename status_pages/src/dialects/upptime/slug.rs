//! The slug of a site. Upptime names a site's file with it, and the table of commits does not hold it: it is made here by the same
//! rules (words that capitals make are parted: `GitHub` is `git-hub`, `MySQL Playground` is `my-sql-playground`).

use dateline_events::{hexadecimal, is_slug};
use sha2::{Digest, Sha256};

/// A slug has at most so many bytes.
const MAX_SLUG_BYTES: usize = 64;

/// The slug of a name.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    let characters: Vec<char> = name.chars().collect();
    for (at, character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
            continue;
        }
        if begins_word(&characters, at) && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        slug.push(character.to_ascii_lowercase());
    }
    slug.truncate(MAX_SLUG_BYTES);
    let slug = slug.trim_end_matches('-');
    if is_slug(slug) { slug.to_owned() } else { of_digest(name) }
}

/// A name in letters that no slug can hold is told apart by its digest.
fn of_digest(name: &str) -> String {
    format!("site-{}", hexadecimal(&Sha256::digest(name.as_bytes())[..4]))
}

/// A capital begins a word after a small letter or a digit, and the last of several does before a small letter that is no plural's.
fn begins_word(characters: &[char], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| characters[before]) else { return false };
    if !characters[at].is_ascii_uppercase() {
        return false;
    }
    let after = characters.get(at + 1);
    let small = |character: &char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let alone = after.is_none_or(|after| !after.is_ascii_alphanumeric());
    if small(&before) {
        return !alone;
    }
    before.is_ascii_uppercase() && after.is_some_and(|after| small(after) && *after != 's')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_those_that_upptime_makes() {
        let pairs = [
            ("Slack Community", "slack-community"),
            ("Manual (dev)", "manual-dev"),
            ("MySQL Playground", "my-sql-playground"),
            ("GitHub", "git-hub"),
            ("Our APIs", "our-apis"),
            ("HTTPServer 2", "http-server-2"),
            (" -- api.example.com/v1 ", "api-example-com-v1"),
        ];
        for (name, expected) in pairs {
            assert_eq!(slug(name), expected, "{name}");
        }
        assert_eq!(slug("状態"), slug("状態"));
        assert_ne!(slug("状態"), slug("状況"));
        assert!(is_slug(&slug("状態")) && is_slug(&slug(&"a-".repeat(70))));
    }
}

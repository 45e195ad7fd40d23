//! What a slug, a name, a region and an event's `type` look like: each rule in code, and its pattern for the schemas.

/// What stands before the kind in `type`.
pub const TYPE_PREFIX: &str = "dateline.";

/// What stands after the kind in `type`: the version that this program reads.
pub const TYPE_SUFFIX: &str = ".v1";

// One pattern for each rule that this file, `check` and the types hold in code; `tests/contracts.rs` holds the two together.
pub(crate) const SLUG: &str = "^[a-z0-9-]{1,64}$";
pub(crate) const REGION: &str = "^(world|[A-Z]{2}(-[A-Z0-9]{1,3})?)$";
pub(crate) const LANGUAGE: &str = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$";
pub(crate) const HASH: &str = "^[0-9A-Fa-f]{64}$";
/// A web address: anything else (`javascript:`) could run where a page links to it.
pub(crate) const WEB: &str = r"^https?://[^ \x00-\x1f\x7f-\x9f]+$";
/// No control characters.
pub(crate) const NAME: &str = r"^[^\x00-\x1f\x7f-\x9f]+$";
/// No control characters and no space.
pub(crate) const SOURCE: &str = r"^[^ \x00-\x1f\x7f-\x9f]+$";
/// As [`NAME`], without the characters that turn the direction of writing: an event's own id.
pub(crate) const OWN_NAME: &str = r"^[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$";
/// As [`OWN_NAME`], without white space, backslashes and what cannot be seen: an event's own publisher.
pub(crate) const OWN_SOURCE: &str = r"^[^\s\\\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]+$";
/// At least one character that is not white space.
pub(crate) const WORDS: &str = r"\S";
pub(crate) const RFC_3339: &str = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$";
pub(crate) const JSON_MEDIA_TYPE: &str = r"^[^/;\s]+/([^;\s]+\+)?json\s*(;.*)?$";

const MAX_SLUG_BYTES: usize = 64;

/// Lower-case letters, digits and hyphens, 1 to 64 bytes.
pub fn is_slug(text: &str) -> bool {
    (1..=MAX_SLUG_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A slug made of a name: lower case, everything else a hyphen. It may be empty or too long: [`is_slug`] says.
pub fn slug_of(name: &str) -> String {
    let plain: String = name.to_lowercase().chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Text without control characters, of 1 to so many bytes.
pub(crate) fn is_name(text: &str, bytes_max: usize) -> bool {
    (1..=bytes_max).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// An ISO 3166-1 or -2 code by its shape, or `world`.
pub fn is_region(region: &str) -> bool {
    let (country, part) = region.split_once('-').map_or((region, None), |(country, part)| (country, Some(part)));
    let country_is_sound = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    let part_is_sound =
        part.is_none_or(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    region == "world" || (country_is_sound && part_is_sound)
}

//! Markup that is refused before feed-rs reads it: it would cost many times the document, or end the reader. What it says is not read here.
//!
//! feed-rs writes the base out at each link, and joins a relative base to the one around it, so that nested ones grow with the square
//! of the document; and quick-xml below it panics at an encoding that is named after the document's first bytes. The bytes are looked
//! at as they stand, in comments and texts too. Only encodings are let through in which ASCII stays ASCII: in others an `xml:base`
//! would be written in other bytes. Elements are nested so deep at most, whatever reads them; namespaces are bounded by quick-xml
//! itself (128 bindings), which would take 65,535 elements within one another.

/// An address that relative links are joined to is no longer than this, written out; nor are all relative ones together.
const MAX_BASE_BYTES: usize = 256;

/// So many relative bases may stand in a document; each is joined to the one around it.
const MAX_RELATIVE_BASES: usize = 2;

/// A byte that stands in no plain address becomes so many: three of UTF-8, each written as `%XX`.
const ESCAPED_BYTES: usize = 9;

/// Elements are nested so deep at most; a feed with marked-up posts has a tenth of it.
const MAX_ELEMENT_DEPTH: usize = 256;

/// A declaration of another encoding than UTF-8 ends within so many bytes: quick-xml decodes what follows in pieces.
const MAX_DECLARATION_BYTES: usize = 64;

/// Beginnings of the names of encodings, beside UTF-8, in which ASCII stays ASCII.
const ENCODINGS: [&str; 11] = ["us-ascii", "ascii", "latin1", "iso-8859-", "windows-", "koi8-", "shift_jis", "x-sjis", "euc-", "gb", "big5"];

/// Why a document is not handed to feed-rs; None where it may be.
pub(super) fn refused(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) || bytes.iter().take(4).any(|byte| *byte == 0) {
        return Some("a feed in UTF-16 or UTF-32; only UTF-8 and other encodings that hold ASCII as it is are read".into());
    }
    declarations(bytes).or_else(|| bases(bytes)).or_else(|| nesting(bytes))
}

fn declarations(bytes: &[u8]) -> Option<String> {
    let mut is_utf8 = true;
    for at in places(bytes, b"<?xml").filter(|at| bytes.get(at + 5).is_some_and(u8::is_ascii_whitespace)) {
        let inside = &bytes[at + 5..];
        let length = inside.windows(2).position(|pair| pair == b"?>");
        let is_first = bytes[..at].iter().all(u8::is_ascii_whitespace);
        let ends_in_time = length.is_some_and(|length| at + 5 + length + 2 <= MAX_DECLARATION_BYTES);
        for name in encodings_of(&inside[..length.unwrap_or(inside.len())]) {
            let says_utf8 = ["utf-8", "utf8"].contains(&name.as_str());
            if !says_utf8 && !ENCODINGS.iter().any(|known| name.starts_with(known)) {
                return Some(format!("a feed in the encoding \"{name}\", which is not read"));
            }
            if !(says_utf8 && is_utf8 || is_first && ends_in_time) {
                return Some(format!("a feed whose encoding \"{name}\" is not declared within its first {MAX_DECLARATION_BYTES} bytes"));
            }
            is_utf8 &= says_utf8;
        }
    }
    None
}

/// The encodings that a declaration names, in small letters; what cannot be read is named as it stands.
fn encodings_of(declaration: &[u8]) -> impl Iterator<Item = String> {
    places(declaration, b"encoding").map(|at| {
        let rest = declaration[at + 8..].trim_ascii_start();
        let told = rest.strip_prefix(b"=").map_or(rest, <[u8]>::trim_ascii_start);
        let name = match told {
            [quote @ (b'"' | b'\''), name @ ..] => name.split(|byte| byte == quote).next().unwrap_or_default(),
            other => other,
        };
        let name = &name[..name.len().min(MAX_DECLARATION_BYTES)];
        String::from_utf8_lossy(name).trim().to_ascii_lowercase()
    })
}

fn bases(bytes: &[u8]) -> Option<String> {
    let (mut relative, mut relative_bytes) = (0, 0);
    for at in places(bytes, b"xml:base") {
        let Some(value) = bytes[at + 8..].trim_ascii_start().strip_prefix(b"=").map(<[u8]>::trim_ascii_start) else { continue };
        let [quote @ (b'"' | b'\''), value @ ..] = value else { continue };
        let value = value.iter().take(MAX_BASE_BYTES + 1).copied().take_while(|byte| byte != quote).collect::<Vec<u8>>();
        let written: usize = value.iter().map(|byte| if is_plain(*byte) { 1 } else { ESCAPED_BYTES }).sum();
        if written > MAX_BASE_BYTES {
            return Some(format!("it has an \"xml:base\" of more than {MAX_BASE_BYTES} bytes"));
        }
        if !has_scheme(&value) {
            relative += 1;
            relative_bytes += written;
        }
        if relative > MAX_RELATIVE_BASES || relative_bytes > MAX_BASE_BYTES {
            return Some(format!(
                "it has more than {MAX_RELATIVE_BASES} relative addresses in \"xml:base\", or more than {MAX_BASE_BYTES} bytes of them; a base begins with its scheme"
            ));
        }
    }
    None
}

/// Counts elements by their tags. A document that is no XML may be counted wrongly; the reader refuses it anyway.
fn nesting(bytes: &[u8]) -> Option<String> {
    let (mut depth, mut rest) = (0_usize, bytes);
    while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
        rest = &rest[start..];
        let passed_over = [(b"<!--".as_slice(), b"-->".as_slice()), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"), (b"<!", b">")];
        let passed_over = passed_over.iter().find(|(begin, _)| rest.starts_with(begin));
        let length = match passed_over {
            Some((begin, end)) => rest[begin.len()..].windows(end.len()).position(|window| window == *end).map(|at| begin.len() + at + end.len()),
            None => tag_length(rest),
        };
        let (tag, after) = rest.split_at(length?);
        rest = after;
        if passed_over.is_some() || tag.ends_with(b"/>") {
            continue;
        }
        depth = if tag.starts_with(b"</") { depth.saturating_sub(1) } else { depth + 1 };
        if depth > MAX_ELEMENT_DEPTH {
            return Some(format!("its elements are nested deeper than {MAX_ELEMENT_DEPTH} levels"));
        }
    }
    None
}

/// How long a tag is: to the first `>` that stands in no attribute.
fn tag_length(tag: &[u8]) -> Option<usize> {
    let mut within = None;
    for (at, byte) in tag.iter().enumerate() {
        match (within, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => within = Some(*byte),
            (Some(quote), byte) if quote == *byte => within = None,
            _ => {}
        }
    }
    None
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

fn has_scheme(address: &[u8]) -> bool {
    let scheme = address.split(|byte| *byte == b':').next().filter(|scheme| scheme.len() < address.len()).unwrap_or_default();
    scheme.first().is_some_and(u8::is_ascii_alphabetic) && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
}

/// Where a word stands.
fn places(bytes: &[u8], word: &'static [u8]) -> impl Iterator<Item = usize> {
    bytes.windows(word.len()).enumerate().filter(move |(_, window)| *window == word).map(|(at, _)| at)
}

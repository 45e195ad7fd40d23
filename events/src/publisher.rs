//! What the name of a publisher (CloudEvents `source`) and the id of an event may look like when they are handed in, so that two names
//! that a program or a reader could take for each other are never both in use. What the ledger took before is read as it is.

use crate::lexical::is_name;
use crate::limits::SOURCE_BYTES_MAX;
use crate::percent::{codes, percent_decoded};

/// What is wrong with a publisher's name, and what to write instead; None where it may be used.
///
/// A right to publish covers a name and what lies below it, by whole path segments (RFC 3986, section 3.3). So nothing may stand in a
/// name that somebody else would read as another path.
pub fn source_fault(source: &str) -> Option<String> {
    if !is_name(source, SOURCE_BYTES_MAX) || source.chars().any(char::is_whitespace) {
        return Some("expected a URI reference of 1 to 512 bytes without spaces or control characters, such as \"/desks/demo\"".to_owned());
    }
    if source.chars().any(is_hidden) {
        return Some("a character that cannot be seen, or that turns the direction of writing; leave it out".to_owned());
    }
    if source.contains('\\') {
        return Some("a backslash; write a slash between the parts of a path".to_owned());
    }
    encoding_fault(source).or_else(|| path_fault(source))
}

/// What is wrong with an id or another name that readers may be shown; None where it may be used.
pub(crate) fn name_fault(name: &str) -> Option<&'static str> {
    name.chars().any(is_direction).then_some("a character that turns the direction of writing; leave it out")
}

/// Letters, digits, `-._~`, slashes and backslashes mean the same whether they are encoded or not: only one way to write them is taken.
fn encoding_fault(source: &str) -> Option<String> {
    for code in codes(source.as_bytes()) {
        match code {
            Err(fault) => return Some(fault.to_string()),
            Ok((digits, byte)) if byte.is_ascii_alphanumeric() || b"-._~/\\".contains(&byte) => {
                return Some(format!("%{digits} is another way to write \"{}\"; write the character itself", char::from(byte)));
            }
            Ok(_) => {}
        }
    }
    match percent_decoded(source.as_bytes()) {
        Err(fault) => Some(fault.to_string()),
        Ok(text) if text.chars().any(|character| character.is_control() || is_hidden(character)) => {
            Some("a percent-encoded character that cannot be seen, or that turns the direction of writing; leave it out".to_owned())
        }
        Ok(_) => None,
    }
}

fn path_fault(source: &str) -> Option<String> {
    // What stands before the path: "https://" or the "//" of a reference without a scheme.
    let scheme = source.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| is_scheme(scheme));
    let rest = scheme.map_or(source, |scheme| &source[scheme.len() + 1..]);
    let path = rest.strip_prefix("//").or_else(|| rest.strip_prefix('/')).unwrap_or(rest);
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        if segment == "." || segment == ".." {
            return Some(format!("the path segment \"{segment}\" names another path; write that path itself"));
        }
        // One slash at the end is taken: it makes no other path.
        if segment.is_empty() && segments.peek().is_some() {
            return Some("two slashes in a row; write one".to_owned());
        }
    }
    None
}

fn is_scheme(text: &str) -> bool {
    let follows = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic()) && text.bytes().all(follows)
}

/// Characters that turn the direction of writing (Unicode: Bidi_Control).
fn is_direction(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters without a shape of their own, and those that turn the direction of writing (Unicode: format characters that a name has
/// no use for).
fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

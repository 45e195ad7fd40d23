//! What the text formats share: lines that end in a newline, and decimal numbers in their one form.

/// Reads a decimal number without sign and without leading zeroes, `0` itself apart; None where it does not fit into 64 bits.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok()
}

/// Takes the next line and its newline off the text; None where no newline follows.
pub(crate) fn take_line<'a>(text: &mut &'a str) -> Option<&'a str> {
    let (line, rest) = text.split_once('\n')?;
    *text = rest;
    Some(line)
}

/// Printable bytes of a name, shortened, so that a hostile line does not fill a log.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 80;
    text.chars().take(SHOWN_CHARACTERS_MAX).flat_map(char::escape_debug).collect()
}

//! A count as others write it. Marks between its digits are read where they can mean one thing only: `1,234,567`, `4 000` and `5.0` can;
//! `4,000` may be four thousand or four, and `1.234` more than a thousand or a little more than one.

use super::shown;

/// Reads a whole number from 0 on.
pub(super) fn count(text: &str) -> Result<u64, String> {
    let fault = |why: &str| format!("the count {:?} {why}", shown(text));
    let whole = "is no whole number from 0 on; leave a row out where nothing is known";
    let (groups, marks) = groups(text).ok_or_else(|| fault(whole))?;
    let digits = match (thousands(&groups, &marks), decimal(&groups, &marks)) {
        _ if marks.is_empty() => groups.concat(),
        (Some(all), Some(part)) => {
            let part = part.strip_suffix(".0").unwrap_or(&part);
            return Err(fault(&format!("may be {all} or {part}, by what its mark means: write it without one")));
        }
        (Some(all), None) => all,
        (None, Some(part)) => part.strip_suffix(".0").ok_or_else(|| fault(whole))?.to_owned(),
        (None, None) => return Err(fault(whole)),
    };
    digits.parse().map_err(|_| fault("is larger than any count"))
}

/// The groups of digits, and the marks between them; None where anything else stands there.
fn groups(text: &str) -> Option<(Vec<String>, Vec<char>)> {
    let (mut groups, mut marks) = (vec![String::new()], Vec::new());
    for letter in text.chars() {
        match letter {
            '0'..='9' => groups.last_mut()?.push(letter),
            // The last three are spaces that do not break a line.
            ',' | '.' | '\'' | '’' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' => {
                marks.push(letter);
                groups.push(String::new());
            }
            _ => return None,
        }
    }
    groups.iter().all(|group| !group.is_empty()).then_some((groups, marks))
}

/// The number, where all its marks are of thousands: groups of three, or as in India of two before the last three.
fn thousands(groups: &[String], marks: &[char]) -> Option<String> {
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let is_one_mark = marks.iter().all(|mark| *mark == marks[0]);
    let is_regular = [3, 2].iter().any(|length| first.len() <= *length && middle.iter().all(|group| group.len() == *length));
    (is_one_mark && is_regular && last.len() == 3 && !first.starts_with('0')).then(|| groups.concat())
}

/// The number with a decimal point, where its last mark may be one; `.0` where nothing follows it but zeros.
fn decimal(groups: &[String], marks: &[char]) -> Option<String> {
    let ((last, before), (mark, others)) = (groups.split_last()?, marks.split_last()?);
    let whole = if others.is_empty() { before.concat() } else { thousands(before, others)? };
    let fraction = last.trim_end_matches('0');
    (matches!(mark, ',' | '.') && !others.contains(mark)).then(|| format!("{whole}.{}", if fraction.is_empty() { "0" } else { fraction }))
}

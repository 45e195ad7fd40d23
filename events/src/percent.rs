//! Percent-encoding (RFC 3986, section 2.1): one way to write it and one way to read it, for sources, headers, addresses and links.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use thiserror::Error;

/// All but the unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why a text cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PercentFault {
    /// A percent sign without its two digits.
    #[error("\"%\" must be followed by two hexadecimal digits; write a percent sign as %25")]
    Digits,
    /// The bytes are no text.
    #[error("what is percent-encoded is not UTF-8")]
    NoText,
}

/// Encodes all but the unreserved characters.
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Decodes text. A percent sign without two digits behind it is a fault, never taken as it stands.
///
/// # Errors
/// Where a percent sign lacks its digits, or what is encoded is not UTF-8.
pub fn percent_decoded(text: &[u8]) -> Result<String, PercentFault> {
    for code in codes(text) {
        code?;
    }
    percent_decode(text).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| PercentFault::NoText)
}

/// Each encoded byte with its digits as they were written.
pub(crate) fn codes(text: &[u8]) -> impl Iterator<Item = Result<(&str, u8), PercentFault>> {
    text.split(|byte| *byte == b'%').skip(1).map(|behind| {
        let digits = behind.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok()).ok_or(PercentFault::Digits)?;
        Ok((digits, u8::from_str_radix(digits, 16).map_err(|_| PercentFault::Digits)?))
    })
}

#[cfg(test)]
mod tests {
    //! What is encoded is decoded again; what is no encoding is a fault.

    use super::{PercentFault, percent_decoded, percent_encoded};

    #[test]
    fn every_text_comes_back() {
        for text in ["", "a-b.c_d~e", "a b&c=d%/?#+", "হোয়াটসঅ্যাপ", "%25"] {
            assert_eq!(percent_decoded(percent_encoded(text).as_bytes()), Ok(text.to_owned()));
        }
        assert_eq!(percent_encoded("a b+ß~"), "a%20b%2B%C3%9F~");
    }

    #[test]
    fn a_percent_sign_needs_two_digits_and_the_bytes_must_be_text() {
        for text in ["%", "%4", "a%zz", "%+1", "%%41"] {
            assert_eq!(percent_decoded(text.as_bytes()), Err(PercentFault::Digits), "{text}");
        }
        assert_eq!(percent_decoded(b"%ff"), Err(PercentFault::NoText));
        assert_eq!(percent_decoded(b"+%41"), Ok("+A".to_owned()), "a plus sign is one");
    }
}

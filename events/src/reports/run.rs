//! Names the life of one intake, or one import: a UUID (RFC 9562), chosen elsewhere.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A UUID. Written in lower case, with hyphens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run(pub u128);

/// How many hexadecimal digits stand between the hyphens.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

impl Run {
    /// A name made of content (UUID version 8): the same content, the same name.
    pub fn of_hash(hash: &[u8; 32]) -> Self {
        let mut number = 0_u128;
        for byte in &hash[..16] {
            number = number << 8 | u128::from(*byte);
        }
        let version = 0xf_u128 << 76;
        let variant = 0x3_u128 << 62;
        Self(number & !version & !variant | 0x8_u128 << 76 | 0x2_u128 << 62)
    }

    /// Reads the form in which it is written, and no other.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut digits = String::with_capacity(32);
        for length in GROUPS {
            let part = parts.next().filter(|part| part.len() == length)?;
            digits.push_str(part);
        }
        let is_lower = digits.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit));
        let number = u128::from_str_radix(&digits, 16).ok()?;
        (is_lower && parts.next().is_none()).then_some(Self(number))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        let mut rest = digits.as_str();
        for (index, length) in GROUPS.into_iter().enumerate() {
            let (group, further) = rest.split_at(length);
            rest = further;
            write!(formatter, "{}{group}", if index == 0 { "" } else { "-" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Run {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no UUID in lower case, with hyphens")))
    }
}

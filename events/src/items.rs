//! The items of a JSON array, each as it stands in the text, and no more of them than a door takes: an array of eight million zeros
//! costs no more than its text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

/// Why there are no items.
#[derive(Debug, Error)]
pub enum ItemsRefused {
    /// There are more than may be; what stands behind was not read.
    #[error("more items than may be")]
    TooMany,
    /// It is no array of JSON.
    #[error(transparent)]
    NotAnArray(serde_json::Error),
}

/// The items of the array that `text` is. Reading ends at the item that is one too many. Items are skipped over without recursion, however
/// deep they are: whoever reads them bounds that.
pub fn items_of(text: &[u8], items_max: usize) -> Result<Vec<&RawValue>, ItemsRefused> {
    let mut too_many = false;
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Items { items_max, too_many: &mut too_many }.deserialize(&mut reader).and_then(|items| reader.end().map(|()| items));
    read.map_err(|error| if too_many { ItemsRefused::TooMany } else { ItemsRefused::NotAnArray(error) })
}

struct Items<'t> {
    items_max: usize,
    too_many: &'t mut bool,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = Vec<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut found: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < self.items_max {
            match found.next_element()? {
                Some(item) => items.push(item),
                None => return Ok(items),
            }
        }
        let further = found.next_element_seed(OneTooMany(self.too_many))?;
        debug_assert!(further.is_none(), "the one too many is an error");
        Ok(items)
    }
}

/// An item that is not read.
struct OneTooMany<'t>(&'t mut bool);

impl<'de> DeserializeSeed<'de> for OneTooMany<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        *self.0 = true;
        Err(D::Error::custom("one item too many"))
    }
}

#[cfg(test)]
mod tests {
    //! No more than may be, and nothing is read behind.
    #![expect(clippy::unwrap_used, reason = "a test may fail so")]

    use super::{ItemsRefused, items_of};

    #[test]
    fn as_many_as_may_be_are_read_and_one_more_ends_it() {
        assert_eq!(items_of(b" [1, {\"a\" :2}] ", 2).unwrap().iter().map(|item| item.get()).collect::<Vec<_>>(), ["1", "{\"a\" :2}"]);
        assert!(items_of(b"[]", 0).unwrap().is_empty());
        assert!(matches!(items_of(b"[1,2,3]", 2), Err(ItemsRefused::TooMany)));
        assert!(matches!(items_of(b"[1,2,{{{ this is never read", 2), Err(ItemsRefused::TooMany)));
        for broken in ["[1,2", "[1,2,", "[1,2]]", "{\"a\":1}", "", "[1,2],"] {
            assert!(matches!(items_of(broken.as_bytes(), 2), Err(ItemsRefused::NotAnArray(_))), "{broken}");
        }
    }

    #[test]
    fn a_deep_item_is_skipped_over() {
        let deep = format!("[{}{}]", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(items_of(deep.as_bytes(), 1).unwrap().len(), 1);
    }
}

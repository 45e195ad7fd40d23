//! A list on a page, of so many items at most: a page of zeros costs no more than its own bytes.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// So many things are looked at in one list of a page, sound or not.
pub(crate) const MAX_LISTED: usize = 20_000;

/// At most [`MAX_LISTED`] items; a longer list is refused where the one too many begins.
#[derive(Debug)]
pub(crate) struct AtMost<T>(pub Vec<T>);

impl<T> Default for AtMost<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AtMost<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

struct Items<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
    type Value = AtMost<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut found: A) -> Result<AtMost<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = found.next_element()? {
            if items.len() == MAX_LISTED {
                return Err(A::Error::custom(format!("more than {MAX_LISTED} items in one list")));
            }
            items.push(item);
        }
        Ok(AtMost(items))
    }
}

//! The vendors' own ids of incidents, as far as they are known: those of the page at hand, and those that are kept between pages.

use std::collections::HashMap;

use crate::rows::IncidentNumber;

/// So many bytes of references are kept between pages; past it all are let go, and asked for again.
const REFERENCE_BYTES_KEPT: usize = 16 * 1024 * 1024;

/// Each takes so many bytes beside its text: its place in a hashed table, a third of which is empty.
const BYTES_A_REFERENCE: usize = 64;

/// What is known of references: page, then id, then the incident; None where it is known that there is none.
#[derive(Debug, Clone, Default)]
pub(super) struct References {
    by_page: HashMap<String, HashMap<String, Option<IncidentNumber>>>,
    bytes: usize,
    /// True where every reference that there is stands here.
    whole: bool,
}

impl References {
    /// Those of views that hold none: all there will ever be are put in.
    pub(super) fn of_empty_views() -> Self {
        Self { whole: true, ..Self::default() }
    }

    /// The incident with a reference, as far as is known.
    pub(super) fn get(&self, (page, id): &(String, String)) -> Option<IncidentNumber> {
        *self.by_page.get(page)?.get(id)?
    }

    /// True where nobody has to ask for it.
    pub(super) fn knows(&self, (page, id): &(String, String)) -> bool {
        self.whole || self.by_page.get(page).is_some_and(|ids| ids.contains_key(id))
    }

    /// First come, first kept. None: there is none so far.
    pub(super) fn put(&mut self, (page, id): (String, String), incident: Option<IncidentNumber>) {
        if !self.by_page.contains_key(&page) {
            self.bytes += page.len() + BYTES_A_REFERENCE;
        }
        let ids = self.by_page.entry(page).or_default();
        match ids.get_mut(&id) {
            Some(known) => *known = known.or(incident),
            None => {
                self.bytes += id.len() + BYTES_A_REFERENCE;
                ids.insert(id, incident);
            }
        }
    }

    /// Lets all go where they are too many.
    pub(super) fn bound(&mut self) {
        if self.bytes > REFERENCE_BYTES_KEPT {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(id: usize, length: usize) -> (String, String) {
        ("https://status.example".to_owned(), format!("{id:04}{}", "-".repeat(length.saturating_sub(4))))
    }

    #[test]
    fn the_first_incident_keeps_a_reference() {
        let mut references = References::default();
        references.put(reference(1, 4), None);
        assert!(references.knows(&reference(1, 4)) && !references.knows(&reference(2, 4)));
        references.put(reference(1, 4), Some(7));
        references.put(reference(1, 4), Some(9));
        references.put(reference(1, 4), None);
        assert_eq!(references.get(&reference(1, 4)), Some(7));
    }

    #[test]
    fn they_are_let_go_past_the_limit_and_then_asked_for() {
        let mut references = References::of_empty_views();
        assert!(references.knows(&reference(1, 4)), "there is none yet");
        let length = REFERENCE_BYTES_KEPT / 16 - BYTES_A_REFERENCE;
        references.put(reference(0, length - BYTES_A_REFERENCE - "https://status.example".len()), Some(1));
        for id in 1..16 {
            references.put(reference(id, length), Some(1));
        }
        assert_eq!(references.bytes, REFERENCE_BYTES_KEPT);
        references.bound();
        assert!(references.knows(&reference(1, 4)), "as many as are kept are kept");
        references.put(reference(16, 1), Some(1));
        references.bound();
        assert!(!references.knows(&reference(1, length)) && references.bytes == 0);
    }
}

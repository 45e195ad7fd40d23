//! Who says an event, and for whom it speaks: read from its sources alone.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::shapes::{Role, Slug, Source, SourceKind};

/// One who says it, as sources are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// An outlet or a vendor, by its slug.
    Source(Slug),
    /// The publisher itself, by its name (CloudEvents `source`): nobody was read in.
    Publisher(String),
}

impl Event {
    /// The sources that it was read in: those that answer for it beside its publisher.
    pub fn read_in(&self) -> impl Iterator<Item = &Source> {
        self.common.sources.iter().filter(|source| source.role == Role::ReadIn)
    }

    /// True where it speaks for a vendor: it was read in what the vendor itself published.
    pub fn speaks_for_a_vendor(&self) -> bool {
        self.read_in().any(Source::is_vendor)
    }

    /// The publisher, where nobody was read in: then it speaks as itself.
    pub fn own_voice(&self) -> Option<&str> {
        self.read_in().next().is_none().then_some(self.source.as_str())
    }

    /// Those by whom it is counted, each once: where it was read, a copy counted as what it copied; else its publisher alone.
    pub fn voices(&self) -> BTreeSet<Voice> {
        if let Some(publisher) = self.own_voice() {
            return BTreeSet::from([Voice::Publisher(publisher.to_owned())]);
        }
        let with_role =
            |role: Role| self.common.sources.iter().filter(move |source| source.role == role).map(|source| Voice::Source(source.slug.clone()));
        let origins: BTreeSet<Voice> = with_role(Role::SyndicatedFrom).collect();
        if origins.is_empty() { with_role(Role::ReadIn).collect() } else { origins }
    }
}

impl Source {
    /// True for the vendor itself.
    pub fn is_vendor(&self) -> bool {
        self.kind == Some(SourceKind::Vendor)
    }
}

//! What events and the registry call services, vendors and sources, in the language of a telling.

use dateline_events::{Event, Role, Source, SourceKind, Text};

use super::clean::clean;
use super::{Lang, bn};
use crate::model::{Registry, Speaker};

/// Names in a language: what events and the registry call things.
pub(super) struct Names<'a> {
    pub(super) lang: Lang,
    pub(super) registry: &'a Registry,
}

impl Names<'_> {
    /// A text in the language, fit for a line.
    pub(super) fn text(&self, text: &Text) -> String {
        let told = clean(text.told_in(self.lang.tag()));
        let exact = matches!(text, Text::ByLanguage(texts) if texts.contains_key("bn-BD"));
        if self.lang == Lang::BnBd && !exact { bn::as_in_bangladesh(&told) } else { told }
    }

    /// A service's name.
    pub(super) fn service(&self, slug: &str) -> String {
        self.registry.service(slug).map_or_else(|| clean(slug), |service| self.text(&service.names))
    }

    /// The vendor with this slug.
    pub(super) fn vendor(&self, slug: &str) -> Option<String> {
        let vendor = self.registry.services.iter().filter_map(|service| service.vendor.as_ref()).find(|vendor| vendor.slug == slug)?;
        Some(vendor.name.as_ref().map_or_else(|| clean(&vendor.slug), |name| self.text(name)))
    }

    /// An organisation: a text, or the slug of a vendor or a service.
    pub(super) fn organisation(&self, text: &Text) -> String {
        match text {
            Text::Plain(slug) => self.vendor(slug).unwrap_or_else(|| self.service(slug)),
            Text::ByLanguage(_) => self.text(text),
        }
    }

    /// The vendor's name, where the event was read on the vendor's own page and counts nothing.
    pub(super) fn vendor_itself(&self, event: &Event) -> Option<String> {
        let is_own = |source: &&Source| source.kind == Some(SourceKind::Vendor) && source.role == Role::ReadIn;
        let own = event.common.sources.iter().find(is_own)?;
        (event.kind.counts().is_empty() && event.kind.shares().is_empty()).then(|| self.source(own))
    }

    /// The name of a source that is named in brief.
    pub(super) fn speaker(&self, speaker: &Speaker) -> String {
        speaker.name.as_ref().map_or_else(|| self.organisation(&Text::Plain(speaker.slug.clone())), |name| self.text(name))
    }

    /// A source's name.
    pub(super) fn source(&self, source: &Source) -> String {
        source.name.as_ref().map_or_else(|| self.organisation(&Text::Plain(source.slug.clone())), |name| self.text(name))
    }
}

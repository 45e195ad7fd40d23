//! What events and the registry call services, vendors and sources, in the language of a telling.
//!
//! What is registered in the language comes first, then the gazetteer, then what is registered or given in another
//! language, then the slug. A name that an event gives in no language of its own, or in another one, is told as the thing of
//! that English name is called.

use dateline_events::{Event, Kind, Role, Source, SourceKind, Text};

use super::clean::clean;
use super::{Lang, bn, gazetteer, post};
use crate::model::{Registry, Speaker};

/// Names in a language: what events and the registry call things.
pub(super) struct Names<'a> {
    pub(super) lang: Lang,
    pub(super) registry: &'a Registry,
}

impl<'a> Names<'a> {
    /// A text in the language, fit for a line.
    pub(super) fn text(&self, text: &Text) -> String {
        let told = clean(text.told_in(self.lang.tag()));
        let exact = matches!(text, Text::ByLanguage(texts) if texts.contains_key("bn-BD"));
        if self.lang == Lang::BnBd && !exact { bn::as_in_bangladesh(&told) } else { told }
    }

    /// What a page posts of planned work, as it was written, with its language where the page gives one.
    pub(super) fn posted_work<'e>(&self, event: &'e Event) -> Option<(&'e str, &'e str)> {
        let text = match &event.kind {
            Kind::MaintenanceAnnounced(work) => work.text.as_ref(),
            Kind::MaintenanceStarted(work) => work.text.as_ref(),
            Kind::MaintenanceCompleted(work) => work.text.as_ref(),
            _ => None,
        };
        let text = text.filter(|_| event.common.reference.is_some())?;
        let words = text.told_in(self.lang.tag());
        let tag = match text {
            Text::Plain(_) => None,
            Text::ByLanguage(texts) => texts.iter().find(|(_, told)| *told == words).map(|(tag, _)| tag.as_str()),
        };
        Some((words, tag.unwrap_or_default()))
    }

    /// What is planned, fit for a line.
    pub(super) fn work(&self, text: Option<&Text>, event: &Event) -> Option<String> {
        let posted = self.posted_work(event).map(|(words, _)| self.text(&Text::Plain(post::plain(words))));
        posted.or_else(|| text.map(|text| self.text(text)))
    }

    /// A service's name.
    pub(super) fn service(&self, slug: &str) -> String {
        let names: Vec<&Text> = self.registry.service(slug).map(|service| &service.names).into_iter().collect();
        self.named(&names, Some(slug)).unwrap_or_else(|| clean(slug))
    }

    /// The vendor with this slug.
    pub(super) fn vendor(&self, slug: &str) -> Option<String> {
        let is_registered = || self.registry.services.iter().any(|service| service.vendor.as_ref().is_some_and(|vendor| vendor.slug == slug));
        self.named(&self.vendor_names(slug), Some(slug)).or_else(|| is_registered().then(|| clean(slug)))
    }

    /// The vendor of a service: as its own registration calls it, before those of others.
    pub(super) fn vendor_of(&self, service: &str) -> Option<String> {
        let Some(vendor) = self.registry.service(service).and_then(|service| service.vendor.as_ref()) else {
            return self.vendor(gazetteer::find(service)?.vendor?);
        };
        vendor.name.as_ref().and_then(|name| self.given(name)).or_else(|| self.vendor(&vendor.slug))
    }

    /// A vendor whose page gives it a name: as it is registered, else as the page calls it.
    pub(super) fn vendor_of_page(&self, slug: &str, on_page: Option<&Text>) -> String {
        let names: Vec<&Text> = self.vendor_names(slug).into_iter().chain(on_page).collect();
        self.named(&names, Some(slug)).unwrap_or_else(|| clean(slug))
    }

    /// An organisation: a text, or the slug of a vendor or a service.
    pub(super) fn organisation(&self, text: &Text) -> String {
        let Text::Plain(slug) = text else { return self.called(text) };
        self.named(&self.names_of(slug), Some(slug)).or_else(|| self.known(slug)).unwrap_or_else(|| clean(slug))
    }

    /// The vendor's name, where the event was read on the vendor's own page and counts nothing.
    pub(super) fn vendor_itself(&self, event: &Event) -> Option<String> {
        let is_own = |source: &&Source| source.kind == Some(SourceKind::Vendor) && source.role == Role::ReadIn;
        let own = event.common.sources.iter().find(is_own)?;
        (event.kind.counts().is_empty() && event.kind.shares().is_empty()).then(|| self.source(own))
    }

    /// The name of a source that is named in brief.
    pub(super) fn speaker(&self, speaker: &Speaker) -> String {
        speaker.name.as_ref().map_or_else(|| self.organisation(&Text::Plain(speaker.slug.clone())), |name| self.called(name))
    }

    /// A source's name.
    pub(super) fn source(&self, source: &Source) -> String {
        match &source.name {
            Some(name) if source.kind == Some(SourceKind::Vendor) => self.named(&[name], Some(&source.slug)).unwrap_or_else(|| self.text(name)),
            Some(name) => self.called(name),
            None => self.organisation(&Text::Plain(source.slug.clone())),
        }
    }

    /// Who detected what an event tells of: one of its sources, or what the slug names.
    pub(super) fn detector(&self, slug: &str, event: &Event) -> String {
        let source = event.common.sources.iter().find(|source| source.slug == slug);
        source.map_or_else(|| self.organisation(&Text::Plain(slug.to_owned())), |source| self.source(source))
    }

    /// What a monitor asks: the part that it names, else the service. Of a monitor's one site that is the service too, by its English name.
    pub(super) fn asked(&self, event: &Event) -> String {
        match event.common.components.as_slice() {
            [] => self.service(&event.subject),
            [only] => self.known(only).unwrap_or_else(|| clean(only)),
            several => clean(&several.join(", ")),
        }
    }

    /// The genitive of a name that was told: as registered, else as the language makes it.
    pub(super) fn genitive(&self, told: &str) -> String {
        let services = self.registry.services.iter().map(|service| (Some(&service.names), service.genitives.as_ref()));
        let vendors = self.registry.services.iter().filter_map(|service| service.vendor.as_ref());
        let vendors = vendors.map(|vendor| (vendor.name.as_ref(), vendor.genitive.as_ref()));
        let is_told = |name: Option<&Text>| name.and_then(|name| self.given(name)).as_deref() == Some(told);
        let registered = services.chain(vendors).find_map(|(name, genitive)| self.given(genitive.filter(|_| is_told(name))?));
        registered.unwrap_or_else(|| self.lang.genitive(told))
    }

    /// A name that an event gives.
    fn called(&self, name: &Text) -> String {
        self.named(&[name], None).unwrap_or_else(|| self.text(name))
    }

    /// The best of the names that somebody gave what has this slug; None where nobody gave one, and the gazetteer has none.
    fn named(&self, given: &[&Text], slug: Option<&str>) -> Option<String> {
        let in_language = given.iter().find_map(|name| self.given(name));
        let known = || given.iter().find_map(|name| self.known(name.told_in("en")));
        let plain = || given.iter().find(|name| matches!(name, Text::Plain(_))).map(|name| self.text(name));
        let by_slug = || slug.and_then(gazetteer::find).map(|row| row.name(self.lang).to_owned());
        in_language.or_else(known).or_else(plain).or_else(by_slug).or_else(|| given.first().map(|name| self.text(name)))
    }

    /// A text, where it is given in the language, or in that language as another country writes it.
    fn given(&self, text: &Text) -> Option<String> {
        text.only_in(self.lang.tag()).map(|_| self.text(text))
    }

    /// What has this English name, in another language: as registered, else as in the gazetteer.
    fn known(&self, english: &str) -> Option<String> {
        if self.lang == Lang::En {
            return None;
        }
        let is_so_called = |names: &&Text| names.only_in("en") == Some(english);
        let registered = self.all_names().filter(|(_, names)| is_so_called(names)).find_map(|(_, names)| self.given(names));
        registered.or_else(|| {
            let row = gazetteer::called(english)?;
            Some(self.names_of(row.slug).into_iter().find_map(|names| self.given(names)).unwrap_or_else(|| row.name(self.lang).to_owned()))
        })
    }

    /// What is registered of vendors with this slug, and of the service.
    fn names_of(&self, slug: &str) -> Vec<&'a Text> {
        self.all_names().filter(|(own, _)| *own == slug).map(|(_, names)| names).collect()
    }

    fn vendor_names(&self, slug: &str) -> Vec<&'a Text> {
        self.names_of_vendors().filter(|(own, _)| *own == slug).map(|(_, names)| names).collect()
    }

    /// Every registered name with the slug that it belongs to: of vendors, then of services.
    fn all_names(&self) -> impl Iterator<Item = (&'a str, &'a Text)> {
        self.names_of_vendors().chain(self.registry.services.iter().map(|service| (service.slug.as_str(), &service.names)))
    }

    fn names_of_vendors(&self) -> impl Iterator<Item = (&'a str, &'a Text)> {
        let vendors = self.registry.services.iter().filter_map(|service| service.vendor.as_ref());
        vendors.filter_map(|vendor| Some((vendor.slug.as_str(), vendor.name.as_ref()?)))
    }
}

//! What the lines under a title tell service by service: whose each is, who admitted it, when it was back, and what is open still.

use dateline_events::{Position, Slug};

use super::clock::Around;
use super::hours::ToldIn;
use super::language::{AcknowledgedOf, End, Owned, Says};
use super::teller::Teller;
use super::walk::{claim_phrase, claim_time, item_at, says};
use crate::model::{Inferred, Reopening, SaidBy, Timeline};

/// A restoration that is told, and of which services.
struct Back<'a> {
    services: Vec<&'a Slug>,
    told: Position,
    occurred: ToldIn<'a>,
    said_by: &'a SaidBy,
    inferred: Option<Inferred>,
}

/// The ends that are told, in the order of time; services of one claim together.
pub(super) fn ends(teller: &Teller, around: &mut Around) -> Vec<End> {
    let Timeline { restored, opening_service, other_services, .. } = teller.timeline;
    let opening = restored.iter().map(|it| (opening_service.as_ref(), it.told, (it.occurred, it.zone.as_deref()), &it.said_by, it.inferred));
    let others = other_services.iter().filter_map(|other| other.restored.as_ref().map(|it| (&other.service, it)));
    let others = others.map(|(service, it)| (Some(service), it.told, (it.occurred, it.zone.as_deref()), &it.said_by, it.inferred));
    let mut backs: Vec<Back> = Vec::new();
    for (service, told, occurred, said_by, inferred) in opening.chain(others) {
        match backs.iter_mut().find(|back| back.told == told) {
            Some(back) => back.services.extend(service),
            None => backs.push(Back { services: service.into_iter().collect(), told, occurred, said_by, inferred }),
        }
    }
    backs.sort_by_key(|back| (back.occurred.0.latest, back.occurred.0.earliest));
    let region = open_elsewhere(teller);
    let told = backs.iter().map(|back| end(teller, back, around));
    told.map(|end| End { region: region.clone().filter(|_| end.is_opening), ..end }).collect()
}

/// The region that it began in, where it is told to be back there and not everywhere.
pub(super) fn open_elsewhere(teller: &Teller) -> Option<String> {
    teller.timeline.opening_region.clone().filter(|_| !teller.timeline.open_regions.is_empty())
}

fn end(teller: &Teller, back: &Back, around: &mut Around) -> End {
    let Timeline { opening_service, other_services, .. } = teller.timeline;
    let item = item_at(teller, back.told);
    let is_point = claim_phrase(teller, back.occurred, item).0.is_point();
    End {
        is_opening: other_services.is_empty() || back.services.iter().any(|service| opening_service.as_ref() == Some(*service)),
        region: None,
        services: back.services.iter().filter(|_| !other_services.is_empty()).map(|service| teller.names.service(service)).collect(),
        time: claim_time(teller, back.occurred, item, around),
        is_point,
        by: says(teller, back.said_by),
        inferred: back.inferred,
    }
}

/// The restorations that did not last, of every service, each with when its vendor said so.
pub(super) fn reopened(teller: &Teller, around: &mut Around) -> Vec<(End, String, Says)> {
    let Timeline { reopenings, opening_service, other_services, .. } = teller.timeline;
    let opening = reopenings.iter().map(|it| (opening_service.as_ref(), it));
    let others = other_services.iter().flat_map(|other| other.reopenings.iter().map(|it| (Some(&other.service), it)));
    let told = opening.chain(others).map(|(service, Reopening { back, again })| {
        let services = service.into_iter().collect();
        let occurred = (back.occurred, back.zone.as_deref());
        let back = Back { services, told: back.told, occurred, said_by: &back.said_by, inferred: back.inferred };
        let end = end(teller, &back, around);
        (end, claim_time(teller, (again.occurred, again.zone.as_deref()), item_at(teller, again.told), around), says(teller, &again.said_by))
    });
    told.collect()
}

/// Of several services those of which nobody says that they are restored, where somebody says it of another.
pub(super) fn still_open(teller: &Teller) -> Vec<String> {
    let Timeline { restored, reopenings, opening_service, other_services, .. } = teller.timeline;
    let opening = opening_service.iter().map(|service| (service, restored.is_some(), reopenings.is_empty()));
    let others = other_services.iter().map(|other| (&other.service, other.restored.is_some(), other.reopenings.is_empty()));
    let all: Vec<_> = opening.chain(others).collect();
    let is_any_back = all.iter().any(|(_, is_back, is_untouched)| *is_back || !is_untouched);
    let open = all.into_iter().filter(|(_, is_back, is_untouched)| is_any_back && !is_back && *is_untouched);
    open.map(|(service, ..)| teller.names.service(service)).collect()
}

/// Where nobody admits that the service fails that it began with: who admits it first of another.
pub(super) fn acknowledged_of(teller: &Teller, around: &mut Around) -> Option<AcknowledgedOf> {
    let Timeline { acknowledged, other_services, .. } = teller.timeline;
    let others = other_services.iter().filter_map(|other| Some((&other.service, other.acknowledged.as_ref()?)));
    let (service, milestone) = others.filter(|_| acknowledged.is_none()).min_by_key(|(_, milestone)| milestone.occurred.earliest)?;
    let item = item_at(teller, milestone.told);
    Some(AcknowledgedOf {
        service: teller.names.service(service),
        vendor: teller.names.vendor_of(service),
        time: claim_time(teller, (milestone.occurred, milestone.zone.as_deref()), item, around),
        by: says(teller, &milestone.said_by),
    })
}

/// The services that head the story, those of one vendor together where there is only one.
pub(super) fn services(teller: &Teller) -> Vec<Owned> {
    let named = if teller.timeline.services.is_empty() { Vec::new() } else { teller.services() };
    let registered = &teller.names.registry.services;
    let slug_of = |service: &str| teller.names.registry.service(service).and_then(|it| it.vendor.as_ref()).map(|vendor| vendor.slug.as_str());
    let owners: Vec<Option<String>> = named.iter().map(|service| teller.names.vendor_of(service)).collect();
    let names = named.iter().map(|service| teller.names.service(service));
    if owners.windows(2).any(|pair| pair[0] != pair[1]) {
        return names.zip(owners).map(|(name, vendor)| Owned { names: vec![name], vendor, siblings: Vec::new() }).collect();
    }
    let Some(first) = named.first() else { return Vec::new() };
    let vendor = slug_of(first);
    let siblings = registered.iter().filter(|other| vendor.is_some() && !named.contains(&other.slug.as_str()) && slug_of(&other.slug) == vendor);
    let siblings = siblings.map(|service| teller.names.service(&service.slug)).collect();
    vec![Owned { names: names.collect(), vendor: owners.into_iter().flatten().next(), siblings }]
}

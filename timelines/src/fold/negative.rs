//! Negative claims ("no statement yet", "not known whether elsewhere", "reason not known"): when a later event contradicts them.

use dateline_events::{Instant, Kind, Position, Region};

use super::Fold;
use super::contribution::{Class, regions};
use crate::model::Standing;

/// The first event certainly stated that contradicts each sort of negative claim: when it was stated by, and where it stands.
#[derive(Debug, Default)]
pub(super) struct Contradictions {
    silence: Option<(Instant, Position)>,
    unknown_cause: Option<(Instant, Position)>,
    /// The first event that names each region.
    regions: Vec<(Region, (Instant, Position))>,
}

impl Fold {
    pub(super) fn contradictions(&self) -> Contradictions {
        let mut found = Contradictions::default();
        for (position, held) in &self.held {
            if held.contribution.is_none() {
                continue;
            }
            let Some(stated) = held.effective.stated.latest else { continue };
            let event = &held.effective.event;
            let here = (stated, *position);
            if matches!(event.kind, Kind::VendorAcknowledged(_) | Kind::VendorUpdated(_)) {
                earlier(&mut found.silence, here);
            }
            if held.contribution.as_ref().is_some_and(|contribution| contribution.claims.contains(&Class::Cause)) {
                earlier(&mut found.unknown_cause, here);
            }
            for region in regions(event) {
                match found.regions.iter_mut().find(|(known, _)| *known == region) {
                    Some((_, first)) => *first = here.min(*first),
                    None => found.regions.push((region, here)),
                }
            }
        }
        found
    }

    /// How a negative claim stands; None for what is none, or still holds.
    pub(super) fn negative_standing(&self, position: Position, contradictions: &Contradictions) -> Option<(Standing, Position)> {
        let held = self.event_at(position)?;
        let event = &held.effective.event;
        let contradicted = match &event.kind {
            Kind::VendorSilent(_) => contradictions.silence,
            Kind::CauseStated(cause) if cause.known == Some(false) => contradictions.unknown_cause,
            Kind::ScopeChanged(scope) if scope.known == Some(false) => {
                let opening = self.aggregates.signs.keys().next().and_then(|first| self.event_at(*first));
                let opening = opening.map(|held| regions(&held.effective.event)).unwrap_or_default();
                let own = |region: &Region| scope.regions.contains(region) || opening.contains(region);
                contradictions.regions.iter().filter(|(region, _)| !own(region)).map(|(_, first)| *first).min()
            }
            _ => None,
        };
        let (stated_by, by) = contradicted?;
        let printed_later = held.effective.stated.earliest.is_some_and(|earliest| earliest >= stated_by);
        Some((if printed_later { Standing::Outdated } else { Standing::Lapsed }, by))
    }
}

fn earlier(first: &mut Option<(Instant, Position)>, here: (Instant, Position)) {
    *first = Some(first.map_or(here, |known| known.min(here)));
}

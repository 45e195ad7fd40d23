//! What a telling promises, case by case. The whole outage in both languages stands in golden files.

use std::sync::Arc;

use dateline_events::{Event, Instant, Kind, Position};

use super::{Lang, Options, tell, text};
use crate::fold::Fold;
use crate::model::{Registry, Timeline};

const OUTAGE: &str = include_str!("../../../services/demo/whatsapp-2022-10-25.ndjson");

/// The outage as recorded up to a position and stated up to an instant, with what is registered.
fn outage(up_to: Position, known_at: Option<&str>) -> (Timeline, Registry) {
    let mut fold = Fold::known_at(known_at.map(|text| Instant::parse(text).unwrap()));
    let mut registry = Registry::default();
    for (line, position) in OUTAGE.lines().zip(1..=up_to) {
        let event = Event::read(line.as_bytes()).unwrap();
        let recorded = Instant::parse("2026-11-20T09:00:00Z").unwrap();
        if let Kind::ServiceRegistered(_) = event.kind {
            let mut registration = Fold::new();
            registration.apply(position, position, recorded, Arc::new(event));
            registry.services.extend(registration.registration());
        } else {
            fold.apply(position, position, recorded, Arc::new(event));
        }
    }
    (fold.timeline("whatsapp-2022-10-25-0000000000000000", &[], None, None), registry)
}

#[test]
fn look() {
    let (timeline, registry) = outage(1000, None);
    for (lang, claims) in [(Lang::En, true), (Lang::En, false), (Lang::Bn, true), (Lang::Bn, false)] {
        let options = Options { lang, claims, ..Options::default() };
        println!("{}\n=====", text(&tell(&timeline, &registry, &options).unwrap(), 150));
    }
}

//! An outage of three services of one made-up vendor, told by three desks: one story in every language.

use dateline_timelines::model::{Registry, State, Timeline};
use dateline_timelines::tell::{Lang, Options, tell, text};

use crate::support::{MemoryViews, Projector, incidents, records_of};

fn events() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/three-desks.ndjson")).unwrap()
}

fn story() -> (Timeline, Registry) {
    let mut projector = Projector::over(MemoryViews::default());
    for page in records_of(&events()).chunks(5) {
        projector.page(page, true);
    }
    let views = projector.views;
    let opened: Vec<u64> = incidents(&views.rows).into_iter().collect();
    assert_eq!(opened.len(), 2, "the third service's is merged into the first two's: {opened:?}");
    let waiting = views.waiting_positions();
    assert!(waiting.is_empty(), "{waiting:?} wait for an incident");
    let registries = views.rows.heads.iter().filter(|head| head.id.starts_with("registry:")).map(|head| head.number);
    let services = registries.filter_map(|number| views.fold(number, u64::MAX, None).registration()).collect();
    (views.fold(opened[0], u64::MAX, None).timeline(&views.rows.heads[3].id, &[], None, None), Registry { services })
}

#[test]
fn three_desks_tell_one_outage_of_three_services() {
    let (timeline, registry) = story();
    assert_eq!((timeline.state, timeline.services.len(), timeline.other_services.len()), (State::Restored, 3, 2));
    assert!(timeline.other_services.iter().all(|other| other.restored.is_some()));
    for lang in Lang::ALL {
        let path = format!("{}/tests/golden/three-desks.{}.txt", env!("CARGO_MANIFEST_DIR"), lang.tag());
        let told = text(&tell(&timeline, &registry, &Options { lang, claims: true, ..Options::default() }).unwrap(), 110);
        if std::env::var_os("DATELINE_REWRITE").is_some() {
            std::fs::write(&path, &told).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(told == committed, "{path} differs; read both, then run with DATELINE_REWRITE=1:\n{told}");
    }
}

mod support;
use support::*;
#[test]
fn look() {
    let mut projector = Projector::over(MemoryViews::default());
    let records = records_of(&outage());
    for record in &records { if let Some(p) = &record.row.problem { println!("POISON {} {p}", record.row.id); } }
    projector.page(&records, false);
    println!("waiting {:?}", projector.views.waiting_positions());
    println!("incidents {:?}", incidents(&projector.views.rows));
    let t = projector.views.fold(4, 1000, None).timeline("x", &[], None, None);
    println!("{:?} {:?} {:?} {:?}", t.state, t.regions, t.symptoms, t.zone);
    for (n, m) in [("first", &t.first_seen), ("ack", &t.acknowledged), ("rest", &t.restored), ("cause", &t.cause)] {
        if let Some(m) = m { println!("{n} told {} {:?} {}..{} spread {}..{} claims {}", m.told, m.rule, m.occurred.earliest.unwrap(), m.occurred.latest.unwrap(), m.spread.earliest.unwrap(), m.spread.latest.unwrap(), m.claims.len()); }
    }
    println!("{:?} {:?}", t.time_to_acknowledge, t.time_to_restore);
    for e in &t.entries {
        println!("{} {:?} {} {} {:?} {:?}", e.item.occurred.order, e.milestone, e.item.event.id, e.item.event.kind.name(), e.item.standing, e.inside.iter().map(|(p, i)| format!("{p:?} {}", i.event.id)).collect::<Vec<_>>());
    }
    for at in ["2022-10-25T07:30:00Z", "2022-10-25T09:15:00Z", "2022-10-25T12:30:00Z"] {
        let t = projector.views.fold(4, 1000, dateline_events::Instant::parse(at)).timeline("x", &[], None, None);
        println!("known_at {at}: {:?} entries {:?} possibly {:?}", t.state, t.entries.iter().map(|e| e.item.event.id.clone() + &e.inside.iter().map(|(_,i)| format!("+{}", i.event.id)).collect::<String>()).collect::<Vec<_>>(), t.possibly.iter().map(|i| i.event.id.clone()).collect::<Vec<_>>());
    }
    println!("{}", projector.views.rows.summaries.last().unwrap().json);
}

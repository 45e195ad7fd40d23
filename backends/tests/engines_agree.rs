//! Every engine answers the same questions with the same rows in the same order, whatever was written: random histories, committed
//! page by page to a file and to a database, and asked for everything.

use std::collections::BTreeSet;

use dateline_backends::{EventState, ListQuery, Order, Views};
use dateline_events::Instant;
use dateline_timelines::rows::{
    AttachmentRow, ChangeRow, Course, EventRow, HeadRow, LinkRow, MembershipRow, Nature, Needs, ReferenceRow, Rows, ServiceCourse, SummaryRow,
    WaitingRow,
};

use crate::place::{Place, views};
use crate::support::key;

const PAGES: u64 = 12;
const PAGE: u64 = 10;

/// Texts that sort, compare or match otherwise where an engine is not strict about bytes.
const TEXTS: [&str; 10] = ["", "a", "A", "\0", "a\0b", "ä", "a\u{308}", "ﬀ", "whatsapp", "দুপুর"];

/// Numbers without a pattern, the same at every run of one seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn text(&mut self) -> String {
        TEXTS[self.below(TEXTS.len() as u64) as usize].to_owned()
    }

    fn instant(&mut self) -> Option<Instant> {
        (self.below(4) > 0).then(|| Instant(self.below(9).cast_signed() - 4))
    }

    fn nature(&mut self) -> Nature {
        [Nature::Outage, Nature::Maintenance, Nature::Registry][self.below(3) as usize]
    }

    fn spaced(&mut self) -> String {
        (0..self.below(3)).map(|_| format!(" {} ", ["whatsapp", "ä", "x"][self.below(3) as usize])).collect()
    }

    /// One page: an event a position, and about as many rows of everything else, about incidents 1 to 9.
    fn page(&mut self, from: u64) -> Rows {
        let mut rows = Rows::default();
        for position in from + 1..=from + PAGE {
            rows.events.push(self.event(position));
            for _ in 0..3 {
                let (event, incident) = (1 + self.below(position), 1 + self.below(9));
                rows.attachments.push(AttachmentRow { since: position, event, incident, present: self.below(3) > 0 });
            }
            if self.below(3) == 0 {
                rows.waiting.push(self.waiting(position));
            }
            rows.heads.push(self.head(position));
            rows.summaries.push(self.summary(position));
            rows.changes.push(ChangeRow { group: 1 + self.below(9), since: position, events: self.below(50) as usize });
            let (page, reference) = (self.text(), self.text());
            rows.references.push(ReferenceRow { page, reference, incident: 1 + self.below(9), since: position });
            let (event, from, to) = (1 + self.below(4), 1 + self.below(9), 1 + self.below(9));
            rows.links.push(LinkRow { event, since: position, from, to, active: self.below(2) == 0 });
            rows.memberships.push(MembershipRow { incident: 1 + self.below(9), since: position, group: 1 + self.below(4) });
        }
        rows
    }

    fn event(&mut self, position: u64) -> EventRow {
        EventRow {
            position,
            recorded: Instant(position.cast_signed()),
            source: self.text(),
            id: self.text(),
            key: key(position),
            kind: self.text(),
            subject: self.text(),
            target: (self.below(2) == 0).then(|| key(1 + self.below(9))),
            bytes: (self.below(5) > 0).then(|| self.text().into_bytes()),
            problem: (self.below(5) == 0).then(|| self.text()),
        }
    }

    fn waiting(&mut self, event: u64) -> WaitingRow {
        WaitingRow {
            event,
            subject: self.text(),
            services: self.services(),
            nature: self.nature(),
            earliest: self.instant(),
            latest: self.instant(),
            awaits_keys: (0..self.below(3)).map(|_| key(self.below(9))).collect(),
            awaits_incident: (self.below(2) == 0).then(|| self.text()),
            awaits_reference: (self.below(2) == 0).then(|| (self.text(), self.text())),
        }
    }

    fn services(&mut self) -> Vec<String> {
        if self.below(3) == 0 { vec![["a", "bolt", "x-1"][self.below(3) as usize].to_owned()] } else { Vec::new() }
    }

    fn course(&mut self) -> Course {
        [Course::Reports, Course::Subsided, Course::Disrupted, Course::Restored][self.below(4) as usize]
    }

    fn head(&mut self, since: u64) -> HeadRow {
        let number = 1 + self.below(9);
        HeadRow {
            number,
            since,
            id: format!("{}{number}", TEXTS[number as usize]),
            subject: self.text(),
            services: self.services(),
            nature: self.nature(),
            span_start: self.instant(),
            span_end: self.instant(),
            disrupted_until: self.instant(),
            restored_until: self.instant(),
            course: self.course(),
            courses: (0..self.below(3)).map(|n| ServiceCourse { service: format!("x-{n}"), course: self.course(), last: self.instant() }).collect(),
            references: vec![(self.text(), self.text())],
        }
    }

    fn summary(&mut self, since: u64) -> SummaryRow {
        let group = 1 + self.below(9);
        SummaryRow {
            group,
            since,
            events: Some(self.below(50) as usize),
            id: format!("{}{group}", TEXTS[group as usize]),
            nature: self.nature(),
            listed: self.below(4) > 0,
            services: self.spaced(),
            vendor: self.text(),
            state: self.text(),
            regions: self.spaced(),
            symptoms: self.spaced(),
            started: self.instant(),
            ended: self.instant(),
            words: format!("{}{}", self.text(), self.text()),
            json: self.text(),
        }
    }

    fn query(&mut self, as_of: u64) -> ListQuery {
        let mut query = ListQuery::new(self.nature(), as_of, 1 + self.below(9) as usize);
        let word = |dice: &mut Self| ["whatsapp", "ä", "x", "what", ""][dice.below(5) as usize].to_owned();
        query.services = (self.below(3) > 0).then(|| (0..self.below(4)).map(|_| word(self)).collect());
        query.vendor = (self.below(6) == 0).then(|| self.text());
        query.region = (self.below(4) == 0).then(|| word(self));
        query.symptom = (self.below(4) == 0).then(|| word(self));
        query.states = (self.below(3) == 0).then(|| (0..self.below(4)).map(|_| self.text()).collect());
        query.from = self.instant().filter(|_| self.0.is_multiple_of(2));
        query.to = self.instant().filter(|_| self.0.is_multiple_of(3));
        query.words = (0..self.below(3)).map(|_| self.text()).collect();
        query.ids = (self.below(3) == 0).then(|| (0..self.below(6)).map(|number| format!("{}{number}", TEXTS[number as usize])).collect());
        query.order = [Order::LatestFirst, Order::EarliestFirst][self.below(2) as usize];
        query.after = (self.below(2) == 0).then(|| (self.instant(), self.below(10)));
        query
    }
}

/// Everything that can be needed.
fn needs() -> Needs {
    let texts = || TEXTS.map(ToOwned::to_owned);
    let pairs: BTreeSet<(String, String)> = texts().into_iter().flat_map(|one| texts().map(|other| (one.clone(), other))).collect();
    let bounds = [(-9, -3), (-1, 1), (2, 9)];
    Needs {
        keys: (0..20).map(key).collect(),
        subjects: texts().into(),
        incidents: (0..12).collect(),
        references: pairs.clone(),
        links: (0..12).collect(),
        acts: (0..12).map(key).collect(),
        waiting_windows: texts().into_iter().flat_map(|text| bounds.map(|(from, to)| (text.clone(), Instant(from), Instant(to)))).collect(),
        waiting_keys: (0..9).map(key).collect(),
        waiting_incidents: texts().into(),
        waiting_references: pairs,
    }
}

macro_rules! same {
    ($file:expr, $database:expr, $what:expr, |$views:ident| $ask:expr) => {{
        let from_file = {
            let $views = &$file;
            $ask.await.unwrap()
        };
        let from_database = {
            let $views = &$database;
            $ask.await.unwrap()
        };
        assert_eq!(from_file, from_database, "{}", $what);
    }};
}

async fn compare(file: &Views, database: &Views, dice: &mut Dice, head: u64, seed: u64) {
    let generation = file.serving().await.unwrap();
    same!(file, database, format!("facts, seed {seed}"), |views| views.load(generation, needs()));
    same!(file, database, "anything waits", |views| views.anything_waits(generation));
    for number in 0..12 {
        same!(file, database, format!("members of {number}, seed {seed}"), |views| views.members(generation, number));
        for as_of in [1, head / 2, head - 1, head, head + 9] {
            same!(file, database, format!("group of {number} as of {as_of}, seed {seed}"), |views| views.group_events(number, as_of));
            same!(file, database, format!("summary of {number} as of {as_of}, seed {seed}"), |views| views.latest_summary(number, as_of));
        }
        let id = format!("{}{number}", TEXTS[number as usize % TEXTS.len()]);
        same!(file, database, format!("incident {id:?}, seed {seed}"), |views| views.find_incident(&id));
    }
    for position in 0..head + 2 {
        same!(file, database, format!("event {position}, seed {seed}"), |views| views.event(position));
        same!(file, database, format!("event by key {position}, seed {seed}"), |views| views.event_by_key(key(position)));
    }
    for (after, limit) in [(0, 1_000), (0, 3), (head / 2, 5), (head, 5)] {
        same!(file, database, format!("changes after {after}, seed {seed}"), |views| views.changes(after, limit));
        for state in [EventState::Poison, EventState::Unattached] {
            same!(file, database, format!("{state:?} after {after}, seed {seed}"), |views| views.events_where(state, after, limit));
        }
    }
    for _ in 0..120 {
        let as_of = dice.below(head + 3);
        let query = dice.query(as_of);
        same!(file, database, format!("{query:?}, seed {seed}"), |views| views.list(query.clone()));
    }
}

#[tokio::test]
async fn random_histories_read_the_same_from_every_engine() {
    for seed in [0x9e37_79b9_7f4a_7c15, 0x0dd0_5eed] {
        let (file, database) = (views(&Place::embedded()).await, views(&Place::distributed()).await);
        let mut dice = Dice(seed);
        for page in 0..PAGES {
            let (from, rows) = (page * PAGE, dice.page(page * PAGE));
            let generation = file.serving().await.unwrap();
            file.commit(generation, from, from + PAGE, rows.clone()).await.unwrap();
            database.commit(generation, from, from + PAGE, rows).await.unwrap();
            if page % 5 == 1 || page + 1 == PAGES {
                compare(&file, &database, &mut dice, from + PAGE, seed).await;
            }
        }
    }
}

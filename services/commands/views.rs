//! `dateline views check`: folds the ledger anew into views of its own, and names every difference from those that serve.
//!
//! It changes nothing; `dateline rebuild` makes the views anew.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::bail;
use dateline_backends::{ListQuery, MAX_LISTED_ROWS, Views, ViewsError};
use dateline_events::Position;
use dateline_timelines::PROJECTION_VERSION;
use dateline_timelines::rows::{IncidentNumber, Nature, Needs};

use super::{Answer, Progress, say};
use crate::projector::Projector;
use crate::shared::config::{Settings, ViewsCommand};
use crate::shared::sealed::Scratch;
use crate::shared::stores::{Stores, Use};

/// So many differences are shown one by one; all are counted.
const MAX_SHOWN: usize = 1_000;

/// Incidents whose facts are asked for at once.
const INCIDENTS_AT_ONCE: usize = 500;

/// A position that is behind every other.
const NOW: Position = Position::MAX >> 1;

/// Runs one of the commands on the views.
pub async fn run(settings: &Settings, command: &ViewsCommand) -> anyhow::Result<Answer> {
    match command {
        ViewsCommand::Check => check(settings).await,
    }
}

/// Holds the views against the ledger folded anew.
pub async fn check(settings: &Settings) -> anyhow::Result<Answer> {
    if settings.url.is_some() {
        bail!("views are checked where they are kept, not through a server; leave --url out and name the files with --data");
    }
    let stores = Stores::open(&settings.addresses, Use::Read).await?;
    if let Some(aside) = stores.views.set_aside() {
        say(&format!("the views were damaged ({}): they are set aside as {}; `dateline rebuild` makes them anew\n", aside.detail, aside.to))?;
        return Ok(Answer::No);
    }
    let serving = stores.views.serving().await?;
    if serving.version != PROJECTION_VERSION {
        bail!("the views were made by another version of the projection: `dateline rebuild` makes them anew");
    }
    let begun = Instant::now();
    let cursor = stores.views.cursor(serving).await?;
    let folder = Scratch::new()?;
    let fresh = Views::open(&format!("sqlite:{}", folder.path.join("views.db").display()), PROJECTION_VERSION).await?;
    Projector::new(&stores.ledger, &fresh, fresh.serving().await?, settings.fold_bytes).await?.up_to(cursor).await?;
    let progress = Progress::new("comparing", cursor);
    let mut comparing = Comparing { kept: &stores.views, fresh: &fresh, cursor, differences: 0 };
    let compared = comparing.everything(&progress).await;
    progress.end();
    match compared {
        Err(error) if error.downcast_ref::<ViewsError>().is_some_and(|error| matches!(error, ViewsError::Damaged { .. })) => {
            say(&format!("{error}; `dateline rebuild` makes them anew\n"))?;
            return Ok(Answer::No);
        }
        compared => compared?,
    }
    if stores.views.cursor(serving).await? != cursor {
        bail!("the views moved on while they were compared: check them again while nothing is published");
    }
    let differences = comparing.differences;
    let verdict =
        if differences == 0 { "no difference".to_owned() } else { format!("{differences} differences; `dateline rebuild` makes them anew") };
    say(&format!("views: {cursor} positions folded anew and compared, in {:.1} s: {verdict}\n", begun.elapsed().as_secs_f64()))?;
    Ok(if differences == 0 { Answer::Done } else { Answer::No })
}

struct Comparing<'a> {
    kept: &'a Views,
    fresh: &'a Views,
    cursor: Position,
    differences: usize,
}

impl Comparing<'_> {
    async fn everything(&mut self, progress: &Progress) -> anyhow::Result<()> {
        self.events(progress).await?;
        let touched = self.changes().await?;
        self.summaries(&touched).await?;
        let incidents: Vec<IncidentNumber> = touched.iter().map(|(_, group)| *group).collect::<BTreeSet<_>>().into_iter().collect();
        for page in incidents.chunks(INCIDENTS_AT_ONCE) {
            self.incidents(page).await?;
        }
        for nature in [Nature::Outage, Nature::Maintenance, Nature::Registry] {
            self.lists(nature).await?;
        }
        Ok(())
    }

    fn differs(&mut self, what: &str) -> anyhow::Result<()> {
        self.differences += 1;
        if self.differences <= MAX_SHOWN { say(&format!("{what}\n")) } else { Ok(()) }
    }

    /// Each event's row, and the incidents that hold it.
    async fn events(&mut self, progress: &Progress) -> anyhow::Result<()> {
        for position in 1..=self.cursor {
            let (kept, fresh) = (self.kept.event(position).await?.value, self.fresh.event(position).await?.value);
            match (&kept, &fresh) {
                _ if kept == fresh => {}
                (None, _) => self.differs(&format!("position {position}  MISSING"))?,
                (Some((kept, _)), Some((fresh, _))) if kept == fresh => self.differs(&format!("position {position}  other incidents hold it"))?,
                _ => self.differs(&format!("position {position}  ALTERED"))?,
            }
            progress.at(position, self.cursor);
        }
        Ok(())
    }

    /// What each position changed; answers every group with the positions that changed it.
    async fn changes(&mut self) -> anyhow::Result<BTreeSet<(Position, IncidentNumber)>> {
        let (mut touched, mut after) = (BTreeSet::new(), 0);
        loop {
            let (kept, fresh) = (self.kept.changes(after, MAX_LISTED_ROWS).await?.value, self.fresh.changes(after, MAX_LISTED_ROWS).await?.value);
            let Some(last) = fresh.last().map(|change| change.position).or(kept.last().map(|change| change.position)) else { return Ok(touched) };
            let of = |changes: &[dateline_backends::Change]| -> BTreeSet<(Position, IncidentNumber, String)> {
                let within = changes.iter().filter(|change| change.position <= last);
                within.flat_map(|change| change.incidents.iter().map(|(group, id)| (change.position, *group, id.clone()))).collect()
            };
            let (kept, fresh) = (of(&kept), of(&fresh));
            for (position, _, id) in kept.symmetric_difference(&fresh) {
                self.differs(&format!("position {position}  whether it changed incident {id}"))?;
            }
            touched.extend(kept.union(&fresh).map(|(position, group, _)| (*position, *group)));
            after = last;
        }
    }

    /// Each version of each summary.
    async fn summaries(&mut self, touched: &BTreeSet<(Position, IncidentNumber)>) -> anyhow::Result<()> {
        for (position, group) in touched {
            let kept = self.kept.latest_summary(*group, *position).await?.value;
            let fresh = self.fresh.latest_summary(*group, *position).await?.value;
            if kept != fresh {
                let id = fresh.or(kept).map_or_else(|| group.to_string(), |summary| summary.id);
                self.differs(&format!("incident {id}  its summary as of position {position}"))?;
            }
        }
        Ok(())
    }

    /// The events of incidents, and what later events are correlated by.
    async fn incidents(&mut self, numbers: &[IncidentNumber]) -> anyhow::Result<()> {
        for number in numbers {
            let kept = self.kept.group_events(*number, NOW).await.map(|answer| answer.value);
            let fresh = self.fresh.group_events(*number, NOW).await.map(|answer| answer.value);
            if matches!(kept, Err(ViewsError::TooLarge { .. })) && matches!(fresh, Err(ViewsError::TooLarge { .. })) {
                continue;
            }
            let (kept, fresh) = (kept?, fresh?);
            if kept != fresh {
                let id = fresh.or(kept).and_then(|group| group.ids.into_iter().next()).unwrap_or_else(|| number.to_string());
                self.differs(&format!("incident {id}  its events"))?;
            }
        }
        let numbers: BTreeSet<IncidentNumber> = numbers.iter().copied().collect();
        let needs = Needs { incidents: numbers.clone(), links: numbers, ..Needs::default() };
        let mut kept = self.kept.load(self.kept.serving().await?, needs.clone()).await?;
        let mut fresh = self.fresh.load(self.fresh.serving().await?, needs).await?;
        for facts in [&mut kept, &mut fresh] {
            facts.heads.sort_by_key(|head| head.number);
            facts.links.sort_by_key(|link| link.event);
        }
        for head in fresh.heads.iter().filter(|head| !kept.heads.contains(head)) {
            self.differs(&format!("incident {}  what later events are correlated by", head.id))?;
        }
        for link in fresh.links.iter().filter(|link| !kept.links.contains(link)) {
            self.differs(&format!("position {}  its link", link.event))?;
        }
        if fresh.heads.len() != kept.heads.len() || fresh.links.len() != kept.links.len() {
            self.differs("incidents  the views know of incidents or links that the ledger does not give")?;
        }
        Ok(())
    }

    /// The lists in their order.
    async fn lists(&mut self, nature: Nature) -> anyhow::Result<()> {
        let mut query = ListQuery::new(nature, NOW, MAX_LISTED_ROWS);
        loop {
            let (kept, fresh) = (self.kept.list(query.clone()).await?.value, self.fresh.list(query.clone()).await?.value);
            let places = kept.len().max(fresh.len());
            for place in 0..places {
                let (kept, fresh) = (kept.get(place), fresh.get(place));
                if kept.map(|row| row.group) != fresh.map(|row| row.group) {
                    let id = fresh.or(kept).map_or("", |row| row.id.as_str());
                    self.differs(&format!("incident {id}  its place in the list of {}", nature.as_str()))?;
                }
            }
            match fresh.last() {
                Some(last) if fresh.len() == MAX_LISTED_ROWS => query.after = Some((last.started, last.group)),
                _ => return Ok(()),
            }
        }
    }
}

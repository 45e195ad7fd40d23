//! Where a long timeline goes on: which of its entries an answer holds, and the address of the next ones.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use dateline_backends::Views;
use dateline_events::{Position, percent_encoded};
use dateline_timelines::model::{State, Timeline};
use dateline_timelines::rows::IncidentNumber;
use dateline_timelines::stretch::Stretch;
use serde::{Deserialize, Serialize};

use super::axes::ReadAxes;
use super::timeline::{LocatedTimeline, Parameters};
use super::watched::{read_token, write_token};
use super::{Reader, Story};
use crate::shared::http::Problem;

/// So many entries stand in one answer by default, and at most; what stands inside them is counted.
pub const LIMIT_DEFAULT: usize = 1_000;
pub const LIMIT_MAX: usize = 5_000;

/// An answer ends early where its entries' events take so many bytes in memory.
const STRETCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Where the next entries begin, and of which state of the ledger they are. Opaque to readers.
#[derive(Debug, Clone, Copy, Hash, Serialize, Deserialize)]
pub struct Place {
    from: usize,
    /// The prefix of the ledger that is told.
    pub as_of: Position,
    generation: u32,
}

impl Place {
    /// Reads the cursor of a request; views that were rebuilt since may count otherwise.
    pub async fn read(views: &Views, parameters: &Parameters) -> Result<Option<Self>, Problem> {
        let Some(text) = parameters.entries_cursor.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        let place: Self = read_token(text).map_err(|problem| Problem { detail: format!("entries_{}", problem.detail), ..problem })?;
        if place.generation != views.reached().await?.generation {
            let detail = "entries_cursor: the views were rebuilt since these entries were asked for; begin again without it";
            return Err(Problem::invalid_parameter(detail));
        }
        Ok(Some(place))
    }
}

/// All that a folded timeline depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StoryName {
    group: IncidentNumber,
    changed: Position,
    generation: u32,
    axes: ReadAxes,
}

/// How many entries are wanted.
pub fn limit(parameters: &Parameters) -> Result<usize, Problem> {
    let limit = parameters.entries_limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid_parameter(format!("entries_limit: expected 1 to {LIMIT_MAX}")));
    }
    Ok(limit)
}

/// The stretch of a story that is asked for.
pub fn of(story: &Story, found: &LocatedTimeline, parameters: &Parameters) -> Result<Stretch, Problem> {
    let from = found.place.map_or(0, |place| place.from);
    Ok(story.timeline.stretch(from, limit(parameters)?, STRETCH_BYTES_MAX))
}

/// The address of the stretch behind this one, where there is one: that of a form of the timeline, with everything that it depends on.
pub fn next(stretch: Stretch, found: &LocatedTimeline, path: &str, parameters: &Parameters) -> Result<Option<String>, Problem> {
    let Some(from) = stretch.next() else { return Ok(None) };
    let asked = &found.asked;
    let place = Place { from, as_of: asked.axes.as_of.unwrap_or(asked.position), generation: asked.generation };
    let given = [
        ("lang", Some(found.lang.tag().to_owned())),
        ("tz", parameters.tz.clone().filter(|zone| !zone.is_empty())),
        ("at", asked.axes.at.map(|at| at.to_string())),
        ("known_at", asked.axes.known_at.map(|known_at| known_at.to_string())),
        ("claims", parameters.claims.map(|claims| claims.to_string())),
        ("retracted", parameters.retracted.map(|retracted| retracted.to_string())),
        ("columns", parameters.columns.map(|columns| columns.to_string())),
        ("color", parameters.color.map(|color| color.to_string())),
        ("entries_limit", parameters.entries_limit.map(|limit| limit.to_string())),
        ("entries_cursor", Some(write_token(&place)?)),
    ];
    let pairs = given.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", percent_encoded(&value?))));
    Ok(Some(format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))))
}

/// Names the next stretch in the header.
pub fn link(response: &mut Response, next: Option<&str>) {
    if let Some(link) = next.and_then(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
}

impl Reader {
    /// A story, folded once for all who ask for it, page after page.
    pub async fn story(&self, asked: &super::Asked) -> Result<Story, Problem> {
        let name = StoryName { group: asked.number, changed: asked.changed, generation: asked.generation, axes: asked.axes };
        let (timelines, wanted) = (self.timelines.clone(), asked.clone());
        let folding = move |_| async move {
            let timeline = timelines.fold(&wanted).await?.timeline;
            let bytes = timeline.bytes_in_memory();
            Ok::<_, Problem>((timeline, bytes))
        };
        // Its name says all that it depends on.
        let mut timeline = self.stories.get_or_make(name, |_| true, folding).await?;
        if asked.is_overdue && matches!(timeline.state, State::Scheduled | State::InProgress) {
            timeline = Arc::new(Timeline { state: State::Unknown, ..Timeline::clone(&timeline) });
        }
        Ok(Story { timeline, registry: asked.registry.clone() })
    }
}

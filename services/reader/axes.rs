//! The axes of a read, as parameters: `at`, `known_at`, `as_of`, language and zone; checked before anything is asked.

use axum::http::{HeaderMap, header};
use dateline_backends::Views;
use dateline_events::{Instant, Position};
use dateline_timelines::tell::Lang;

use crate::shared::http::accept::weighed;
use crate::shared::http::{Problem, parameters};

/// The axes of a read, checked. `as_of` None is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReadAxes {
    /// What was going on in the world then.
    pub at: Option<Instant>,
    /// Only what had certainly been stated by then.
    pub known_at: Option<Instant>,
    /// Only what had been recorded up to this position.
    pub as_of: Option<Position>,
}

impl ReadAxes {
    /// Reads the three axes.
    pub async fn read(views: &Views, at: Option<&str>, known_at: Option<&str>, as_of: Option<&str>) -> Result<Self, Problem> {
        let instant = |name: &str, text: Option<&str>| text.filter(|text| !text.is_empty()).map(|text| parameters::instant(name, text)).transpose();
        let as_of = match as_of.filter(|text| !text.is_empty()) {
            Some(text) => Some(position_as_of(views, text).await?),
            None => None,
        };
        Ok(Self { at: instant("at", at)?, known_at: instant("known_at", known_at)?, as_of })
    }

    /// The time that a reader looks from: by it a planned window is over or not.
    pub fn looked_from(&self) -> Instant {
        self.at.or(self.known_at).unwrap_or_else(dateline_backends::now)
    }

    /// True where that is now, so that what is told may change without an event.
    pub fn is_now(&self) -> bool {
        self.at.is_none() && self.known_at.is_none()
    }
}

/// A position as given, or the last position recorded by a time.
pub async fn position_as_of(views: &Views, text: &str) -> Result<Position, Problem> {
    if let Ok(position) = text.parse::<Position>() {
        let cursor = views.reached().await?.position;
        if position > cursor {
            let detail = format!("as_of: the views have read up to position {cursor}; ask with min_position to wait for {position}");
            return Err(Problem::invalid_parameter(detail));
        }
        return Ok(position);
    }
    let instant = parameters::instant("as_of", text)?;
    Ok(last_recorded_by(views, instant).await?)
}

/// The last position recorded by an instant. Recorded times never fall, so halving finds it.
async fn last_recorded_by(views: &Views, instant: Instant) -> Result<Position, dateline_backends::ViewsError> {
    let (mut low, mut high) = (0, views.reached().await?.position);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let recorded = views.event(middle).await?.value.map(|(row, _)| row.recorded);
        if recorded.is_some_and(|recorded| recorded <= instant) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}

/// The language asked for, in the query or by `Accept-Language`; English where nothing fits.
pub fn language(asked: Option<&str>, headers: &HeaderMap) -> Result<Lang, Problem> {
    if let Some(tag) = asked.filter(|tag| !tag.is_empty()) {
        return Lang::parse(tag)
            .ok_or_else(|| Problem::invalid_parameter(format!("lang: timelines are not told in \"{tag}\" yet; ask for en or bn")));
    }
    let named = weighed(headers, &header::ACCEPT_LANGUAGE).into_iter().filter_map(|(tag, weight)| Some((weight, Lang::parse(&tag)?)));
    let mut ranked: Vec<(u16, Lang)> = named.collect();
    ranked.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    Ok(ranked.first().filter(|(weight, _)| *weight > 0).map(|(_, lang)| *lang).unwrap_or_default())
}

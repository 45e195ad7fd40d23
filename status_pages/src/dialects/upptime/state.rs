//! How sites are now: `summary.json`, all of them with the minutes that each was down, day by day; and `SLUG.yml`, one of them.
//!
//! Of the summary an incident is a site and a day on which it was down: it began that day and was over that day, but for today of a
//! site that is down now. What passes midnight is two such days, and each is true. Days are Upptime's, in UTC.
//!
//! The minutes are whole: a site that went down just now has 0 of them today. Which day is today the page does not say; none is later
//! than the newest that any site has. The last day of a site that is down is open where it is that one; an older one is over.
//!
//! Of one site's file an incident is the day on which it was seen down, and no post: the file is rewritten without anything
//! having happened. That the file no longer says so means that it is over
//! (`Listing::Unresolved`). A file rewritten after midnight while the site is still down ends one day and begins the next.

use std::collections::BTreeMap;

use dateline_events::{Instant, Moment, Precision, is_slug};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::slug::slug;
use super::{State, trouble};
use crate::dialects::at_most::AtMost;
use crate::observation::{Listing, Observation, Refused, SeenTime};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Site {
    name: String,
    slug: Option<String>,
    status: String,
    #[serde(default)]
    daily_minutes_down: BTreeMap<String, f64>,
}

/// Reads `summary.json`.
pub(super) fn summary(text: &str) -> Result<Observation, String> {
    let AtMost(items): AtMost<&RawValue> = serde_json::from_str(text).map_err(|error| format!("expected a list of sites: {error}"))?;
    let mut observation = Observation::default();
    let sites: Vec<Result<Site, serde_json::Error>> = items.into_iter().map(|item| serde_json::from_str(item.get())).collect();
    let days_told = sites.iter().flatten().flat_map(|site| site.daily_minutes_down.keys());
    let newest = days_told.filter(|day| seen_day(day).is_some()).max().cloned();
    for (place, site) in sites.into_iter().enumerate() {
        let what = format!("site {}", place + 1);
        match site {
            Ok(site) => days(site, newest.as_deref(), &what, &mut observation),
            Err(error) => observation.refused.push(Refused { what, why: error.to_string() }),
        }
    }
    Ok(observation)
}

fn days(site: Site, newest: Option<&str>, what: &str, observation: &mut Observation) {
    let mut refuse = |why: String| observation.refused.push(Refused { what: what.to_owned(), why });
    let Some(state) = State::parse(&site.status) else {
        return refuse(format!("\"{}\" is none of up, down and degraded", site.status));
    };
    let slug = site.slug.filter(|slug| is_slug(slug)).unwrap_or_else(|| slug(&site.name));
    let mut days: Vec<(String, SeenTime)> = Vec::new();
    for (day, minutes) in site.daily_minutes_down {
        match seen_day(&day) {
            Some(time) if minutes > 0.0 || (state == State::Down && Some(day.as_str()) == newest) => days.push((day, time)),
            Some(_) => {}
            None => refuse(format!("\"{day}\" is not a day such as \"2026-08-11\"")),
        }
    }
    let is_open = |day: &str| state == State::Down && Some(day) == newest;
    if state != State::Up && !days.iter().any(|(day, _)| is_open(day)) {
        refuse(format!("{} is {}, and the page does not say since when", site.name, state.word()));
    }
    for (day, time) in days {
        let mut incident = trouble(format!("{slug}-{day}"), &slug, &site.name, State::Down);
        incident.started = Some(time.clone());
        incident.ended = Some(time).filter(|_| !is_open(&day));
        observation.incidents.push(incident);
    }
}

fn seen_day(day: &str) -> Option<SeenTime> {
    let moment = Moment::parse(&format!("{day}[UTC]")).ok().filter(|_| day.len() == "2026-08-11".len())?;
    Some(SeenTime { moment, precision: Precision::Day, wording: None, zone_assumed: true })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SiteFile {
    status: String,
    last_updated: Option<String>,
}

/// Reads `SLUG.yml`.
pub(super) fn site(text: &str, name: &str) -> Result<Observation, String> {
    let form: SiteFile = serde_saphyr::from_str(text)
        .map_err(|error| format!("neither a table, JSON nor a site's YAML: {}", error.to_string().lines().next().unwrap_or_default()))?;
    let state = State::parse(&form.status).ok_or_else(|| format!("\"{}\" is none of up, down and degraded", form.status))?;
    let mut observation = Observation { listing: Listing::Unresolved, ..Observation::default() };
    if state == State::Up {
        return Ok(observation);
    }
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = [".yml", ".yaml"].iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file).trim();
    if stem.is_empty() {
        return Err(format!("the site is {}, and the file's name, which is the site's, is missing", state.word()));
    }
    let told = form.last_updated.ok_or_else(|| format!("the site is {}, and \"lastUpdated\" does not say when it was seen so", state.word()))?;
    let at = Instant::parse(told.trim()).ok_or_else(|| format!("\"{told}\" is not an RFC 3339 time such as \"2026-08-11T11:06:25Z\""))?;
    let slug = if is_slug(stem) { stem.to_owned() } else { slug(stem) };
    let day = at.with_six_digits()[.."2026-08-11".len()].to_owned();
    let mut incident = trouble(format!("{slug}-{day}"), &slug, stem, state);
    incident.started = seen_day(&day).map(|time| SeenTime { zone_assumed: false, ..time });
    incident.updated = Some(at);
    observation.incidents.push(incident);
    Ok(observation)
}

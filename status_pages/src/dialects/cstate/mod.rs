//! cState: one issue, a Markdown file with YAML front matter. The posts inside the prose are read in `body`.
//!
//! Decisions. The incident's id is the file's name without its ending: `id` in the front matter names a monitor, and a second outage
//! that the same monitor finds bears it again. cState writes no zones: UTC is assumed, and said to be. What the file says is
//! kept, even an end before its beginning, or posts months away from both. Times are written as YAML 1.1 and Hugo take them: months, days and
//! hours of one digit. `notice` may be trouble or planned work: words and sections decide (`planned`), and else the page does not say which. An informational page tells of no trouble and is refused.
//! `resolved: true` without `resolvedWhen` says that it is over and not when: nothing is made up.

mod body;
mod planned;

use dateline_events::{Instant, Moment, Precision, Severity};
use serde::Deserialize;

use crate::observation::{Listing, Nature, Observation, Refused, SeenIncident, SeenTime, Status, Unreadable};

/// The largest issue that is read, in bytes.
pub const MAX_ISSUE_BYTES: usize = 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Front {
    title: Option<String>,
    date: Option<String>,
    resolved: Option<bool>,
    resolved_when: Option<String>,
    severity: Option<String>,
    affected: Option<Affected>,
    id: Option<String>,
    informational: Option<bool>,
    section: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Affected {
    One(String),
    Many(Vec<String>),
}

/// Reads a page. `name` is the file's name.
pub fn parse(bytes: &[u8], name: &str) -> Result<Observation, Unreadable> {
    let fault = |why: String| Unreadable(format!("not an issue of cState: {why}"));
    if bytes.len() > MAX_ISSUE_BYTES {
        return Err(fault(format!("{} bytes; an issue has at most {MAX_ISSUE_BYTES}", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| fault(error.to_string()))?;
    let (front, prose) = split(text).map_err(fault)?;
    // serde-saphyr draws the place of a fault on several lines; the first says what it is.
    let front: Front =
        serde_saphyr::from_str(front).map_err(|error| fault(format!("front matter: {}", error.to_string().lines().next().unwrap_or("not YAML"))))?;
    let date = front.date.as_deref().ok_or_else(|| fault("its front matter has no \"date\"".into()))?;
    let date = time(date).ok_or_else(|| fault(format!("\"{date}\" is not a date such as \"2018-04-13 15:54:00\"")))?;
    let id = id(name, front.id.as_deref()).ok_or_else(|| fault("neither its file nor its front matter names it".into()))?;
    if front.informational == Some(true) {
        let why = "an informational page: it tells of no trouble and of no planned work".to_owned();
        return Ok(Observation { refused: vec![Refused { what: id, why }], ..Observation::default() });
    }
    let prose = body::read(prose, &date, &id);
    let mut incident = SeenIncident::new(id);
    incident.name = front.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
    let is_told = prose.posts.iter().any(|post| post.status.is_some_and(|status| !matches!(status, Status::Vendor(_))));
    let planned = is_told || planned::is_planned(incident.name.as_deref().unwrap_or_default(), front.section.as_deref(), &prose.posts);
    (incident.severity, incident.nature) = severity(front.severity.as_deref());
    if planned {
        (incident.severity, incident.nature) = (None, Some(Nature::Maintenance));
    }
    incident.severity_word = front.severity.map(|word| word.trim().to_owned()).filter(|_| incident.severity.is_some());
    incident.started = Some(date);
    if let Some(when) = front.resolved_when.as_deref().filter(|when| front.resolved == Some(true) && !when.trim().is_empty()) {
        incident.ended = Some(time(when).ok_or_else(|| fault(format!("\"{when}\" is not a date such as \"2018-04-13 15:54:00\"")))?);
    }
    for component in front.affected.into_iter().flat_map(Affected::all) {
        let component = component.trim();
        if !component.is_empty() && !incident.components.iter().any(|known| known == component) {
            incident.components.push(component.to_owned());
        }
    }
    incident.posts = prose.posts;
    if planned {
        incident.posts.iter_mut().for_each(body::of_planned_work);
    }
    Ok(Observation { listing: Listing::Partial, incidents: vec![incident], refused: prose.refused, ..Observation::default() })
}

impl Affected {
    fn all(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::Many(names) => names,
        }
    }
}

/// The front matter and what follows it.
fn split(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start();
    if text.starts_with("+++") || text.starts_with('{') {
        return Err("its front matter is TOML or JSON; only YAML, between lines of \"---\", is read".into());
    }
    let Some((first, rest)) = text.split_once('\n').filter(|(first, _)| first.trim_end() == "---") else {
        return Err("it does not begin with front matter, a line of \"---\"".into());
    };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Ok((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    Err(format!("its front matter is cut off: no second line of \"{}\"", first.trim_end()))
}

fn id(name: &str, front: Option<&str>) -> Option<String> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = [".md", ".markdown"].iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file).trim();
    Some(stem).filter(|stem| !stem.is_empty()).or(front.map(str::trim)).filter(|id| !id.is_empty()).map(ToOwned::to_owned)
}

fn severity(word: Option<&str>) -> (Option<Severity>, Option<Nature>) {
    match word.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "notice" => (Some(Severity::Minor), None),
        "disrupted" => (Some(Severity::Major), Some(Nature::Outage)),
        "down" => (Some(Severity::Critical), Some(Nature::Outage)),
        _ => (None, None),
    }
}

/// Reads "2018-04-13 15:54:00", the same to the minute or to the day, with an offset or without.
fn time(text: &str) -> Option<SeenTime> {
    let text = text.trim();
    let (date, clock) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    let date = date.split('-').map(two_digits).collect::<Vec<_>>().join("-");
    let clock = clock.trim();
    let hour = clock.find(':').unwrap_or(0);
    let clock = if hour == 1 { format!("0{clock}") } else { clock.to_owned() };
    let seen = |moment: String, precision, zone_assumed| {
        Moment::parse(&moment).ok().map(|moment| SeenTime { moment, precision, wording: None, zone_assumed })
    };
    if clock.is_empty() {
        return seen(format!("{date}[UTC]"), Precision::Day, true);
    }
    let digits = clock.find(|character: char| !(character.is_ascii_digit() || character == ':' || character == '.')).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(digits);
    let zone_assumed = zone.is_empty();
    let zone = match zone.trim() {
        "" | "Z" | "z" | "UTC" => "Z".to_owned(),
        // "+0200", as Go writes it.
        offset if offset.len() == 5 && offset.is_ascii() && !offset.contains(':') => format!("{}:{}", &offset[..3], &offset[3..]),
        // "-5" and "+5:30", as YAML does.
        offset => match offset.split_at_checked(1) {
            Some((sign @ ("+" | "-"), hours)) => {
                let (hours, minutes) = hours.split_once(':').unwrap_or((hours, "00"));
                format!("{sign}{}:{minutes}", two_digits(hours))
            }
            _ => offset.to_owned(),
        },
    };
    if clock.len() == "15:54".len() {
        return seen(format!("{date}T{clock}{zone}"), Precision::Minute, zone_assumed);
    }
    let instant = Instant::parse(&format!("{date}T{clock}{zone}"))?;
    let told = if zone == "Z" { instant.to_string() } else { format!("{date}T{}{zone}", clock.get(..8)?) };
    match zone.as_str() {
        "Z" => SeenTime::second(instant).map(|time| SeenTime { zone_assumed, ..time }),
        _ => seen(told, Precision::Second, zone_assumed),
    }
}

/// A number of one digit with a zero before it.
fn two_digits(number: &str) -> String {
    if number.len() == 1 { format!("0{number}") } else { number.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        let told = |text: &str| time(text).map(|time| (time.moment.text, time.precision, time.zone_assumed));
        let expect = |text: &str, precision, assumed| Some((text.to_owned(), precision, assumed));
        assert_eq!(told("2018-04-13 15:54:00"), expect("2018-04-13T15:54:00Z", Precision::Second, true));
        assert_eq!(told("2024-12-27T09:43:40.482Z"), expect("2024-12-27T09:43:40Z", Precision::Second, false));
        assert_eq!(told("2018-04-13 15:54"), expect("2018-04-13T15:54Z", Precision::Minute, true));
        assert_eq!(told("2018-04-13"), expect("2018-04-13[UTC]", Precision::Day, true));
        assert_eq!(told("2018-04-13T15:54:00+02:00"), expect("2018-04-13T15:54:00+02:00", Precision::Second, false));
        assert_eq!(told("2018-04-13 15:54:00 +0200"), expect("2018-04-13T15:54:00+02:00", Precision::Second, false));
        assert_eq!(told("2018-04-13T9:15:00-00:00"), expect("2018-04-13T09:15:00-00:00", Precision::Second, false));
        assert_eq!(told("2018-4-3 9:15"), expect("2018-04-03T09:15Z", Precision::Minute, true));
        assert_eq!(told("2018-04-13 9:15:00.10 -5"), expect("2018-04-13T09:15:00-05:00", Precision::Second, false));
        assert_eq!(told("2018-04-13 9:15:00 +5:30"), expect("2018-04-13T09:15:00+05:30", Precision::Second, false));
        for text in ["", "yesterday", "2018-13-01", "2018-04-13 25:00:00", "2018-04-13 15:54:00 CET", "2018-04-13 15:5"] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}

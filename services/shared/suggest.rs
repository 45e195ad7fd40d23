//! "Did you mean …?": what a word that names nothing was perhaps meant to name.

use std::collections::BTreeSet;

use dateline_events::{Symptom, is_region, is_slug, slug_of};
use dateline_timelines::tell;
use serde_json::Value;

use crate::shared::api_client::ApiClient;

/// A word that is less like another is not proposed. 1 is the same word, by Jaro and Winkler.
const LIKENESS_MIN: f64 = 0.87;

/// The known word that is most like this one.
pub fn closest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let ranked = known.map(|known| (strsim::jaro_winkler(&word, &known.to_lowercase()), known));
    let best = ranked.filter(|(likeness, _)| *likeness >= LIKENESS_MIN).max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, known)| known)
}

/// What to say of a word that names no service (or vendor, by the member `vendor`); None where it names one, or none is like it.
pub async fn slug(api: &ApiClient, member: &str, word: &str) -> Option<String> {
    let mut known = BTreeSet::new();
    for (path, list) in [("/v1/services", "services"), ("/v1/incidents?limit=500", "incidents")] {
        let answer: Value = serde_json::from_slice(&api.get(path).await.ok()?).ok()?;
        for item in answer[list].as_array().into_iter().flatten() {
            let named = if member == "vendor" { [&item["vendor"]["slug"], &Value::Null] } else { [&item["slug"], &item["services"]] };
            known.extend(named[0].as_str().map(ToOwned::to_owned));
            known.extend(named[1].as_array().into_iter().flatten().filter_map(|slug| slug.as_str().map(ToOwned::to_owned)));
        }
    }
    if known.contains(word) {
        return None;
    }
    let meant = closest(&slug_of(word), known.iter().map(String::as_str))?;
    Some(format!("no {member} is called \"{word}\"; did you mean \"{meant}\"?"))
}

/// Reads what fails, as written after `--symptom`.
pub fn symptom(text: &str) -> Result<String, String> {
    serde_json::from_value::<Symptom>(text.into()).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Reads a slug, as written after `--channel`.
pub fn slug_alone(text: &str) -> Result<String, String> {
    if is_slug(text) { Ok(text.to_owned()) } else { Err("expected a slug: 1 to 64 of a-z 0-9 -".to_owned()) }
}

/// Reads a region as written after `--region`: a code of ISO 3166, or `world`.
pub fn region(text: &str) -> Result<String, String> {
    if is_region(text) {
        return Ok(text.to_owned());
    }
    let upper = text.to_uppercase();
    let by_code = Some(upper.as_str()).filter(|code| tell::regions().iter().any(|(known, _)| known == code));
    let by_name = || closest(text, tell::regions().iter().map(|(_, name)| *name));
    let code_of = |name: &str| tell::regions().iter().find(|(_, known)| *known == name).map(|(code, name)| format!("{code} ({name})"));
    let meant = by_code.map(ToOwned::to_owned).or_else(|| by_name().and_then(code_of));
    let expected = "expected a code of ISO 3166 such as IN or IN-WB, or world";
    Err(meant.map_or_else(|| expected.to_owned(), |meant| format!("{expected}; did you mean {meant}?")))
}

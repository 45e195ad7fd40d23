//! Which services a word of a search names, and which are a vendor's. Names can change without any incident changing, so they are looked up
//! and not kept with every incident.

use dateline_backends::ListQuery;
use dateline_events::Position;
use dateline_timelines::rows::Nature;
use dateline_timelines::tell;

use super::Reader;
use crate::shared::http::Problem;

/// So many services are found by a word, or of a vendor.
const MAX_SERVICES: usize = 1_000;

/// So many vendors are found by a word.
const MAX_VENDORS: usize = 8;

/// The registered services of a vendor.
pub(super) async fn services_of(reader: &Reader, vendor: &str, as_of: Position) -> Result<Vec<String>, Problem> {
    let mut registered = ListQuery::new(Nature::Registry, as_of, MAX_SERVICES);
    registered.vendor = Some(vendor.to_owned());
    slugs(reader, registered).await
}

/// The words sought that stand in the names of services or of their vendors, as registered or as readers know them (হোয়াটসঅ্যাপ), but not in
/// their slugs; each with those services.
pub(super) async fn services_named(reader: &Reader, words: &[String], as_of: Position) -> Result<Vec<(String, Vec<String>)>, Problem> {
    let mut named = Vec::new();
    for word in words {
        let mut registered = ListQuery::new(Nature::Registry, as_of, MAX_SERVICES);
        registered.words = vec![word.clone()];
        let mut found = slugs(reader, registered).await?;
        let (known, vendors) = tell::known_by_name(word);
        found.extend(known.into_iter().map(ToOwned::to_owned));
        for vendor in vendors.into_iter().take(MAX_VENDORS) {
            found.extend(services_of(reader, vendor, as_of).await?);
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(MAX_SERVICES);
        if !found.is_empty() && !found.iter().any(|slug| slug.contains(word.as_str())) {
            named.push((word.clone(), found));
        }
    }
    Ok(named)
}

async fn slugs(reader: &Reader, registered: ListQuery) -> Result<Vec<String>, Problem> {
    let rows = reader.timelines.views.list(registered).await?.value;
    Ok(rows.iter().map(|row| row.services.trim().to_owned()).collect())
}

//! Lists: groups in the order of their starts, as of a position, narrowed by filters, page by page.
//!
//! The list walks `list_keys` in order. Of each group it takes the version in force as of the position, and takes it only
//! where that version has this start: a group whose start was moved stands once, at the right place, for every `as_of`.

use dateline_timelines::rows::{IncidentNumber, SummaryRow};
use postgres::types::ToSql;

use super::{Snapshot, decode};
use crate::distributed::database::{limit, number};
use crate::facets::{self, InOrder};
use crate::once::NO_START;
use crate::query::{ListQuery, Order};
use crate::views::{Generation, ViewsError};

type Value = Box<dyn ToSql + Sync>;

pub(super) fn list(snapshot: &mut Snapshot<'_, '_>, query: &ListQuery) -> Result<Vec<SummaryRow>, ViewsError> {
    if query.finds_nothing() {
        return Ok(Vec::new());
    }
    let walked = walked(snapshot, query)?;
    let (text, values) = statement(snapshot.generation, query, &walked);
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(AsRef::as_ref).collect();
    let mut found = InOrder::new(query);
    for row in snapshot.query(&text, &values)? {
        found.put(decode::summary(&row)?);
    }
    Ok(found.into_rows())
}

/// The facets along which the list goes: of the filters the one under which the fewest places stand.
fn walked(snapshot: &mut Snapshot<'_, '_>, query: &ListQuery) -> Result<Vec<String>, ViewsError> {
    let mut filters = facets::filters(query, snapshot.generation.version);
    if filters.len() > 1 {
        let (mut numbers, mut named, mut most) = (Vec::new(), Vec::new(), Vec::new());
        for (at, filter) in (0_i64..).zip(&filters) {
            for facet in filter {
                numbers.push(at);
                named.push(facet.as_bytes());
                most.push(facets::counted_max(filter));
            }
        }
        let text = "SELECT n.filter, count(k.told_in) FROM unnest($2::bigint[], $3::bytea[], $4::bigint[]) AS n(filter, facet, most)
             LEFT JOIN LATERAL (SELECT k.told_in FROM @list_keys k WHERE k.nature = $1 AND k.service = n.facet LIMIT n.most) k ON TRUE
             GROUP BY n.filter";
        let counted = snapshot.query(text, &[&query.nature.as_str(), &numbers, &named, &most])?;
        let counted = counted.iter().map(|row| Ok((row.try_get(1)?, row.try_get(0)?))).collect::<Result<Vec<(i64, i64)>, ViewsError>>()?;
        let fewest = counted.into_iter().min().and_then(|(_, at)| usize::try_from(at).ok()).unwrap_or(0);
        return Ok(filters.swap_remove(fewest));
    }
    Ok(filters.pop().unwrap_or_default())
}

/// The groups that ever had a place in the lists of a service.
pub(super) fn ever_listed(
    snapshot: &mut Snapshot<'_, '_>,
    service: &str,
    after: IncidentNumber,
    rows: usize,
) -> Result<Vec<IncidentNumber>, ViewsError> {
    let text = "SELECT DISTINCT told_in FROM @list_keys WHERE nature IN ('outage', 'maintenance') AND service = $1 AND told_in > $2
         ORDER BY told_in LIMIT $3";
    snapshot.query(text, &[&service.as_bytes(), &number(after), &limit(rows)])?.iter().map(|row| decode::at(row, 0)).collect()
}

/// Conditions with their values, numbered as they come.
#[derive(Default)]
struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    /// The number of a value in the text.
    fn value(&mut self, value: impl ToSql + Sync + 'static) -> usize {
        self.values.push(Box::new(value));
        self.values.len()
    }

    /// A condition in which `?` stands for the value.
    fn add(&mut self, condition: &str, value: impl ToSql + Sync + 'static) {
        let place = format!("${}", self.value(value));
        self.text.push_str("\n AND ");
        self.text.push_str(&condition.replace('?', &place));
    }
}

/// Each facet's places are walked in order, no further than the limit; what they found is put in order, each group once, and then read.
fn statement(generation: Generation, query: &ListQuery, walked: &[String]) -> (String, Vec<Value>) {
    let mut conditions = Conditions::default();
    let as_of = conditions.value(number(query.as_of));
    let nature = conditions.value(query.nature.as_str());
    let walked = conditions.value(bytes(walked));
    places(query, &mut conditions);
    narrow(query, &mut conditions);
    let direction = match query.order {
        Order::LatestFirst => "DESC",
        Order::EarliestFirst => "ASC",
    };
    let rows = conditions.value(limit(query.limit));
    let text = format!(
        "SELECT {} FROM (
             SELECT DISTINCT w.started, w.told_in, w.since FROM unnest(${walked}::bytea[]) AS f(facet) CROSS JOIN LATERAL (
                 SELECT k.started, k.told_in, s.since FROM @list_keys k CROSS JOIN LATERAL
                     (SELECT * FROM @summaries v WHERE v.told_in = k.told_in AND v.since <= ${as_of} ORDER BY v.since DESC LIMIT 1) s
                 WHERE k.nature = ${nature} AND k.service = f.facet
                     AND s.listed AND s.nature = k.nature AND coalesce(s.started, '{NO_START}'::bigint) = k.started {}
                 ORDER BY k.started {direction}, k.told_in {direction} LIMIT ${rows}
             ) w ORDER BY w.started {direction}, w.told_in {direction}, w.since LIMIT ${rows}
         ) p CROSS JOIN LATERAL (SELECT * FROM @summaries v WHERE v.told_in = p.told_in AND v.since = p.since LIMIT 1) s {}",
        decode::SUMMARY,
        conditions.text,
        decode::changed_last(generation, as_of),
    );
    (text, conditions.values)
}

/// What the walk over `list_keys` can tell by itself.
fn places(query: &ListQuery, conditions: &mut Conditions) {
    if let Some((started, group)) = query.after {
        let compare = match query.order {
            Order::LatestFirst => "<",
            Order::EarliestFirst => ">",
        };
        let started = conditions.value(started.map_or(NO_START, |started| started.0));
        conditions.add(&format!("(k.started, k.told_in) {compare} (${started}, ?)"), number(group));
    }
    if let Some(to) = query.to {
        conditions.add("k.started < ?", to.0);
    }
    if let Some(ids) = &query.ids {
        conditions.add("k.told_in IN (SELECT i.number FROM @incidents i WHERE i.id = ANY(?::bytea[]))", bytes(ids));
    }
}

/// What only the version in force can tell.
fn narrow(query: &ListQuery, conditions: &mut Conditions) {
    let spaced = |word: &str| format!(" {word} ").into_bytes();
    match query.services.as_deref() {
        None => {}
        // The group was of this service once; is it still?
        Some([service]) => conditions.add("position(? IN s.services) > 0", spaced(service)),
        Some(services) => {
            let services: Vec<Vec<u8>> = services.iter().map(|service| spaced(service)).collect();
            conditions.add("EXISTS (SELECT FROM unnest(?::bytea[]) AS j(slug) WHERE position(j.slug IN s.services) > 0)", services);
        }
    }
    if let Some(vendor) = &query.vendor {
        conditions.add("s.vendor = ?", vendor.clone().into_bytes());
    }
    if let Some(region) = &query.region {
        conditions.add("position(? IN s.regions) > 0", spaced(region));
    }
    if let Some(symptom) = &query.symptom {
        conditions.add("position(? IN s.symptoms) > 0", spaced(symptom));
    }
    if let Some(states) = &query.states {
        conditions.add("s.state = ANY(?::bytea[])", bytes(states));
    }
    if query.to.is_some() {
        conditions.text.push_str("\n AND s.started IS NOT NULL");
    }
    if let Some(from) = query.from {
        conditions.add("(s.ended IS NULL OR s.ended > ?)", from.0);
    }
    for word in &query.words {
        conditions.add("position(? IN s.words) > 0", word.to_lowercase().into_bytes());
    }
}

fn bytes(texts: &[String]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.clone().into_bytes()).collect()
}

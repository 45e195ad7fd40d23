//! Lists: groups in the order of their starts, as of a position, narrowed by filters, page by page.
//!
//! The list walks `list_keys` in order. Of each group it takes the version in force as of the position, and takes it only
//! where that version has this start: a group whose start was moved stands once, at the right place, for every `as_of`. Where a filter
//! names several facets, it walks each, and puts what it found in order.

use dateline_timelines::rows::{IncidentNumber, SummaryRow};
use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::load::positions;
use super::{Snapshot, decode};
use crate::embedded::file::number;
use crate::facets::{self, InOrder};
use crate::once::NO_START;
use crate::query::{ListQuery, Order};
use crate::views::{Generation, ViewsError};

pub(super) fn list(snapshot: &Snapshot<'_>, query: &ListQuery) -> Result<Vec<SummaryRow>, ViewsError> {
    if query.finds_nothing() {
        return Ok(Vec::new());
    }
    let walked = walked(snapshot, query)?;
    let (text, mut values) = statement(snapshot.generation, query)?;
    let mut statement = snapshot.prepare(&text)?;
    let mut found = InOrder::new(query);
    for facet in walked {
        if let Some(value) = values.get_mut(1) {
            *value = facet.into();
        }
        for row in statement.query_map(params_from_iter(&values), decode::summary)? {
            found.put(row?);
        }
    }
    Ok(found.into_rows())
}

/// The facets along which the list goes: of the filters the one under which the fewest places stand.
fn walked(snapshot: &Snapshot<'_>, query: &ListQuery) -> Result<Vec<String>, ViewsError> {
    let mut filters = facets::filters(query, snapshot.generation.version);
    if filters.len() > 1 {
        let mut count = snapshot.prepare("SELECT count(*) FROM (SELECT 1 FROM @list_keys WHERE nature = ?1 AND service = ?2 LIMIT ?3)")?;
        let mut places = |filter: &Vec<String>| -> rusqlite::Result<i64> {
            let most = facets::counted_max(filter);
            filter.iter().map(|facet| count.query_row(params![query.nature.as_str(), facet, most], |row| row.get::<_, i64>(0))).sum()
        };
        let counted = filters.iter().map(&mut places).collect::<Result<Vec<i64>, _>>()?;
        let fewest = (0..filters.len()).min_by_key(|at| counted.get(*at)).unwrap_or(0);
        return Ok(filters.swap_remove(fewest));
    }
    Ok(filters.pop().unwrap_or_default())
}

/// The groups that ever had a place in the lists of a service.
pub(super) fn ever_listed(snapshot: &Snapshot<'_>, service: &str, after: IncidentNumber, limit: usize) -> Result<Vec<IncidentNumber>, ViewsError> {
    let mut statement = snapshot.prepare(
        "SELECT DISTINCT told_in FROM @list_keys WHERE nature IN ('outage', 'maintenance') AND service = ?1 AND told_in > ?2
         ORDER BY told_in LIMIT ?3",
    )?;
    Ok(positions(&mut statement, params![service, number(after), i64::try_from(limit).unwrap_or(i64::MAX)])?)
}

/// Conditions with their values, in the order of the question marks.
struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.text.push_str("\n AND ");
        self.text.push_str(condition);
        self.values.push(value.into());
    }

    /// A list of values as one JSON array, so that the statement is the same for any number of them.
    fn add_any(&mut self, condition: &str, values: Option<&[String]>) -> Result<(), ViewsError> {
        if let Some(values) = values {
            let array = serde_json::to_string(values).map_err(|error| ViewsError::Engine(error.to_string()))?;
            self.add(condition, array);
        }
        Ok(())
    }
}

/// The statement for one walk; the second of its values is the facet.
fn statement(generation: Generation, query: &ListQuery) -> Result<(String, Vec<Value>), ViewsError> {
    // These are numbered in the text; the others follow in their order.
    let values = vec![number(query.as_of).into(), Value::Null, query.nature.as_str().to_owned().into()];
    let mut conditions = Conditions { text: String::new(), values };
    places(query, &mut conditions)?;
    narrow(query, &mut conditions)?;
    let direction = match query.order {
        Order::LatestFirst => "DESC",
        Order::EarliestFirst => "ASC",
    };
    conditions.values.push(i64::try_from(query.limit).unwrap_or(i64::MAX).into());
    let text = format!(
        "SELECT {} FROM @list_keys k CROSS JOIN @summaries s ON s.row =
             (SELECT v.row FROM @summaries v WHERE v.told_in = k.told_in AND v.since <= ?1 ORDER BY v.since DESC LIMIT 1)
         WHERE k.service = ?2 AND k.nature = ?3 AND s.listed AND s.nature = k.nature AND ifnull(s.started, {NO_START}) = k.started {}
         ORDER BY k.started {direction}, k.told_in {direction} LIMIT ?",
        decode::summary_columns(generation),
        conditions.text
    );
    Ok((text, conditions.values))
}

/// What the walk over `list_keys` can tell by itself.
fn places(query: &ListQuery, conditions: &mut Conditions) -> Result<(), ViewsError> {
    if let Some((started, group)) = query.after {
        let compare = match query.order {
            Order::LatestFirst => "<",
            Order::EarliestFirst => ">",
        };
        let started = started.map_or(NO_START, |started| started.0);
        conditions.add(&format!("(k.started, k.told_in) {compare} (?, {})", number(group)), started);
    }
    if let Some(to) = query.to {
        conditions.add("k.started < ?", to.0);
    }
    conditions.add_any("k.told_in IN (SELECT number FROM @heads WHERE id IN (SELECT value FROM json_each(?)))", query.ids.as_deref())
}

/// What only the version in force can tell.
fn narrow(query: &ListQuery, filters: &mut Conditions) -> Result<(), ViewsError> {
    if let Some(service) = query.one_service() {
        // The group was of this service once; is it still?
        filters.add("instr(s.services, ?)", format!(" {service} "));
    } else {
        filters.add_any("EXISTS (SELECT 1 FROM json_each(?) j WHERE instr(s.services, ' ' || j.value || ' '))", query.services.as_deref())?;
    }
    if let Some(vendor) = &query.vendor {
        filters.add("s.vendor = ?", vendor.clone());
    }
    if let Some(region) = &query.region {
        filters.add("instr(s.regions, ?)", format!(" {region} "));
    }
    if let Some(symptom) = &query.symptom {
        filters.add("instr(s.symptoms, ?)", format!(" {symptom} "));
    }
    filters.add_any("s.state IN (SELECT value FROM json_each(?))", query.states.as_deref())?;
    if query.to.is_some() {
        filters.text.push_str("\n AND s.started IS NOT NULL");
    }
    if let Some(from) = query.from {
        filters.add("(s.ended IS NULL OR s.ended > ?)", from.0);
    }
    for word in &query.words {
        filters.add("instr(s.words, ?)", word.to_lowercase());
    }
    Ok(())
}

//! Which of a query's filters a list walks along: under each facet that a group ever had stands a place in `list_keys`, so that a list visits
//! what one filter finds, not all there is. The same for every engine.

use std::collections::BTreeMap;

use dateline_timelines::rows::{IncidentNumber, SummaryRow};

use crate::once::NO_START;
use crate::query::{ListQuery, Order};

/// From this version of the projection on, there are places for other facets than services.
const FACETS_SINCE: u32 = 6;

/// The places of a filter are counted up to so many: two that have more are as good as each other.
const PLACES_COUNTED_MAX: usize = 1_000;

/// Under what a region's groups have their places. No slug of a service has a space.
pub(crate) fn region(code: &str) -> String {
    format!("region {code}")
}

/// The same for a symptom.
pub(crate) fn symptom(word: &str) -> String {
    format!("symptom {word}")
}

/// The same for the vendor of a registered service.
pub(crate) fn vendor(slug: &str) -> String {
    format!("vendor {slug}")
}

/// The same for a state.
pub(crate) fn state(word: &str) -> String {
    format!("state {word}")
}

/// The filters that a list can walk along, each as the facets of which a group must have had one; without any, all groups.
pub(crate) fn filters(query: &ListQuery, version: u32) -> Vec<Vec<String>> {
    let mut filters: Vec<Vec<String>> = query.services.iter().cloned().collect();
    if version >= FACETS_SINCE {
        filters.extend(query.vendor.iter().filter(|slug| !slug.is_empty()).map(|slug| vec![vendor(slug)]));
        // One with a space in it is looked for in the row, across what stands there side by side.
        filters.extend(query.region.iter().filter(|code| is_word(code)).map(|code| vec![region(code)]));
        filters.extend(query.symptom.iter().filter(|word| is_word(word)).map(|word| vec![symptom(word)]));
        let states = query.states.iter().filter(|words| words.iter().all(|word| !word.is_empty()));
        filters.extend(states.map(|words| words.iter().map(|word| state(word)).collect()));
    }
    if filters.is_empty() {
        filters.push(vec![String::new()]);
    }
    filters
}

/// Up to so many places are counted under each facet of a filter.
pub(crate) fn counted_max(filter: &[String]) -> i64 {
    i64::try_from(PLACES_COUNTED_MAX / filter.len().max(1) + 1).unwrap_or(i64::MAX)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|char: char| char.is_ascii_whitespace())
}

/// Rows of several walks in the order of a query, each group once, no more than asked for.
pub(crate) struct InOrder {
    rows: BTreeMap<(i64, IncidentNumber), SummaryRow>,
    order: Order,
    limit: usize,
}

impl InOrder {
    pub(crate) fn new(query: &ListQuery) -> Self {
        Self { rows: BTreeMap::new(), order: query.order, limit: query.limit }
    }

    pub(crate) fn put(&mut self, row: SummaryRow) {
        self.rows.insert((row.started.map_or(NO_START, |started| started.0), row.group), row);
        if self.rows.len() > self.limit {
            match self.order {
                Order::LatestFirst => drop(self.rows.pop_first()),
                Order::EarliestFirst => drop(self.rows.pop_last()),
            }
        }
    }

    pub(crate) fn into_rows(self) -> Vec<SummaryRow> {
        match self.order {
            Order::LatestFirst => self.rows.into_values().rev().collect(),
            Order::EarliestFirst => self.rows.into_values().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use dateline_timelines::rows::Nature;

    use super::*;

    fn query() -> ListQuery {
        ListQuery::new(Nature::Outage, 9, 3)
    }

    #[test]
    fn each_filter_can_be_walked_along_and_older_rows_by_service_alone() {
        let some = |text: &str| Some(text.to_owned());
        let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let all = ListQuery { services: words(&["a", "b"]), region: some("IN"), vendor: some("v"), states: words(&["x", "y"]), ..query() };
        let named = filters(&all, FACETS_SINCE);
        assert_eq!(named, [vec!["a", "b"], vec!["vendor v"], vec!["region IN"], vec!["state x", "state y"]]);
        assert_eq!(filters(&all, FACETS_SINCE - 1), [vec!["a", "b"]]);
        // What no row has a place under is looked for among all.
        let odd = ListQuery { region: some("IN IT"), symptom: some(""), vendor: some(""), states: words(&["x", ""]), ..query() };
        assert_eq!(filters(&odd, FACETS_SINCE), [vec![""]]);
    }

    #[test]
    fn a_facet_of_many_is_counted_less_far() {
        let many = vec![String::new(); PLACES_COUNTED_MAX];
        assert_eq!((counted_max(&many[..1]), counted_max(&many[..10]), counted_max(&many)), (1_001, 101, 2));
    }

    #[test]
    fn several_walks_are_one_list() {
        let row = |group, started: Option<i64>| SummaryRow { group, started: started.map(dateline_events::Instant), ..SummaryRow::default() };
        let walks = [row(1, Some(10)), row(2, Some(5)), row(3, None), row(4, Some(20)), row(1, Some(10)), row(5, Some(10))];
        for (order, expected) in [(Order::LatestFirst, [4, 5, 1]), (Order::EarliestFirst, [3, 2, 1])] {
            let mut found = InOrder::new(&ListQuery { order, ..query() });
            walks.iter().cloned().for_each(|row| found.put(row));
            assert_eq!(found.into_rows().iter().map(|row| row.group).collect::<Vec<_>>(), expected);
        }
    }
}

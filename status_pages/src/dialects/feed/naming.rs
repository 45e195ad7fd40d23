//! What an entry is called that is no Statuspage's: its id, or its link where that names one entry and no other. What it says is not
//! read here.
//!
//! A name must be the same at each reading. The feed's own link, or a site's front page, names no entry: the second of publication is
//! joined to it. A link that several entries share names none of them, and their times may tell of one thing or of several: they are
//! refused, because each would be taken for an edit of the one before.

use std::collections::BTreeSet;

use dateline_events::Instant;
use feed_rs::model::Feed;

use super::{EntryForm, is_web, web_origin};
use crate::observation::SeenTime;

/// The links that name no single entry.
#[derive(Debug, Default)]
pub(super) struct CommonLinks {
    own: BTreeSet<String>,
    shared: BTreeSet<String>,
}

impl CommonLinks {
    /// Those of a feed.
    pub(super) fn of(feed: &Feed, entries: &[EntryForm]) -> Self {
        let own = feed.links.iter().map(|link| bare(&link.href)).collect();
        let (mut seen, mut shared) = (BTreeSet::new(), BTreeSet::new());
        for link in entries.iter().filter_map(|entry| entry.link.as_deref()).map(bare) {
            if !seen.insert(link.clone()) {
                shared.insert(link);
            }
        }
        Self { own, shared }
    }

    /// True where a link names one thing: it is neither the feed's own nor a site's front page.
    pub(super) fn names_one(&self, link: &str) -> bool {
        is_web(link) && !self.own.contains(link) && web_origin(link).is_none_or(|home| home != link)
    }

    /// What the entry with this id, this link and this time is called.
    pub(super) fn name(&self, id: Option<String>, link: Option<&str>, published: Option<Instant>) -> Result<String, String> {
        let id = id.filter(|id| !id.trim().is_empty());
        let has_id = id.is_some();
        let name = id.or_else(|| link.map(ToOwned::to_owned)).ok_or("it has neither an id nor a link")?;
        let address = bare(&name);
        if !is_web(&name) {
            return Ok(name);
        }
        if self.own.contains(&address) || web_origin(&address).is_some_and(|home| home == address) {
            let second = published.and_then(SeenTime::second).map(|time| time.moment.text);
            let second =
                second.ok_or("its id or link is the feed's own and it has no time of publication: give it a \"guid\" (RSS) or an \"id\" (Atom)")?;
            return Ok(format!("{address}#{second}"));
        }
        if !has_id && self.shared.contains(&address) {
            return Err("it has no id, and another entry has the same link: give each a \"guid\" (RSS) or an \"id\" (Atom)".into());
        }
        Ok(name)
    }
}

/// An address without the slash that may end it.
pub(super) fn bare(address: &str) -> String {
    address.trim().trim_end_matches('/').to_owned()
}

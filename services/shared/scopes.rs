//! What the holder of an API key, or a publisher on the bus, may do: written as scopes. A scope that can match nothing is refused when it
//! is written; what was kept before holds as it stands.

use dateline_events::{is_slug, slug_of, source_fault};
use serde::{Deserialize, Serialize};

/// Every scope, as the help names them.
pub const SCOPES: &str = "publish:SOURCE|cite|vendor:SLUG|register|report|edit|read|audit";

/// Stands for every source, and for every vendor.
const ALL: &str = "*";

/// What the holder of a key may do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scopes {
    /// Publish as these sources, and what lies below them by whole path segments.
    #[serde(default)]
    pub publish: Vec<String>,
    /// Speak for these vendors: name them as where it was read.
    #[serde(default)]
    pub vendor: Vec<String>,
    /// Name outlets, monitors and others who are no vendors as where it was read.
    #[serde(default)]
    pub cite: bool,
    /// Register a service that somebody else registered first.
    #[serde(default)]
    pub register: bool,
    /// Touch what others published, and weigh claims: a desk.
    #[serde(default)]
    pub edit: bool,
    /// Read.
    #[serde(default)]
    pub read: bool,
    /// Replay the ledger.
    #[serde(default)]
    pub audit: bool,
    /// Report: single reports, totals, and histories of them.
    #[serde(default)]
    pub report: bool,
}

impl Scopes {
    /// Everything: one's own machine, before any key was made.
    pub fn everything() -> Self {
        let all = || vec![ALL.to_owned()];
        Self { publish: all(), vendor: all(), cite: true, register: true, edit: true, read: true, audit: true, report: true }
    }

    /// Reading only.
    pub fn reading() -> Self {
        Self { read: true, ..Self::default() }
    }

    /// Nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// True where nothing is allowed.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// True where one of the prefixes covers the source, by whole path segments: `/desks` covers `/desks/demo`, not `/desks2`.
    pub fn covers(&self, source: &str) -> bool {
        self.publish.iter().any(|prefix| {
            let prefix = prefix.trim_end_matches('/');
            prefix == ALL || source.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// True where its holder may speak for a vendor.
    pub fn speaks_for(&self, vendor: &str) -> bool {
        self.vendor.iter().any(|held| held == ALL || held == vendor)
    }

    /// Reads scopes as written.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut held = Self::default();
        texts.into_iter().try_for_each(|text| held.add(text))?;
        Ok(held)
    }

    /// Reads one scope as written: `publish:<source prefix>`, `vendor:<slug>`, or one of the words.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let (word, of) = text.split_once(':').map_or((text, None), |(word, of)| (word, Some(of)));
        match (word, of) {
            ("publish", Some(prefix)) => self.publish.push(prefix_of(prefix).map_err(|why| format!("\"{text}\" can match nothing: {why}"))?),
            ("vendor", Some(slug)) => self.vendor.push(vendor_of(slug).map_err(|why| format!("\"{text}\" can match nothing: {why}"))?),
            ("publish", None) => return Err("\"publish\" says nothing of whom; write publish:/desks/me, or publish:* for every source".to_owned()),
            ("vendor", None) => return Err("\"vendor\" says nothing of whom; write vendor:meta, or vendor:* for every vendor".to_owned()),
            _ => match self.flag(word) {
                None => return Err(format!("\"{text}\" is no scope; expected {}", SCOPES.replace('|', ", "))),
                Some(_) if of.is_some() => return Err(format!("\"{text}\": the scope {word} stands alone; write {word}")),
                Some(flag) => *flag = true,
            },
        }
        Ok(())
    }

    fn flag(&mut self, word: &str) -> Option<&mut bool> {
        Some(match word {
            "cite" => &mut self.cite,
            "register" => &mut self.register,
            "edit" => &mut self.edit,
            "read" => &mut self.read,
            "audit" => &mut self.audit,
            "report" => &mut self.report,
            _ => return None,
        })
    }

    /// The scopes as written.
    pub fn written(&self) -> Vec<String> {
        let publish = self.publish.iter().map(|prefix| format!("publish:{prefix}"));
        let vendor = self.vendor.iter().map(|slug| format!("vendor:{slug}"));
        let flags = [(self.cite, "cite"), (self.register, "register"), (self.report, "report")];
        let flags = flags.into_iter().chain([(self.edit, "edit"), (self.read, "read"), (self.audit, "audit")]);
        publish.chain(vendor).chain(flags.filter(|(held, _)| *held).map(|(_, word)| word.to_owned())).collect()
    }
}

/// A prefix as it is kept. Every source that it covers must be one that the door takes.
fn prefix_of(text: &str) -> Result<String, String> {
    if text == ALL {
        return Ok(text.to_owned());
    }
    let without_wildcard = text.trim_end_matches(['*', '/']);
    let covers = "it covers what lies below it, by whole path segments";
    if without_wildcard.is_empty() || without_wildcard.ends_with(':') {
        return Err("no source is named; write publish:/desks/me, or publish:* for every source".to_owned());
    }
    if text.contains('*') {
        let hint = if without_wildcard.contains('*') { "a prefix without wildcards".to_owned() } else { format!("publish:{without_wildcard}") };
        return Err(format!("a prefix holds no wildcard; write {hint}: {covers}"));
    }
    let prefix = text.strip_suffix('/').unwrap_or(text);
    if prefix.ends_with('/') {
        return Err(format!("two slashes in a row; write publish:{without_wildcard}: {covers}"));
    }
    match source_fault(prefix) {
        Some(fault) => Err(format!("no source begins so: {fault}")),
        None => Ok(prefix.to_owned()),
    }
}

fn vendor_of(text: &str) -> Result<String, String> {
    if text == ALL || is_slug(text) {
        return Ok(text.to_owned());
    }
    let slug = Some(slug_of(text)).filter(|slug| is_slug(slug)).unwrap_or_else(|| "meta".to_owned());
    Err(format!("a vendor's slug is 1 to 64 lower-case letters, digits and hyphens; write vendor:{slug}, or vendor:* for every vendor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let texts = ["publish:/desks/me", "publish:https://example.com/desks", "publish:*", "vendor:meta", "vendor:*", "cite", "register", "report"];
        let texts = texts.into_iter().chain(["edit", "read", "audit"]);
        let held = Scopes::read(texts.clone()).map(|held| held.written());
        assert_eq!(held, Ok(texts.map(ToOwned::to_owned).collect()));
        let slash = Scopes::read(["publish:/desks/me/"]).map(|held| held.publish);
        assert_eq!(slash, Ok(vec!["/desks/me".to_owned()]));
        assert!(Scopes::everything().speaks_for("meta") && Scopes::everything().covers("urn:x"));
    }

    #[test]
    fn a_scope_that_can_match_nothing_says_what_to_write() {
        for (text, hint) in [
            ("publish:/services/*", "write publish:/services:"),
            ("publish:/services/**/x", "without wildcards"),
            ("publish:*/", "publish:*"),
            ("publish:", "publish:/desks/me"),
            ("publish", "publish:/desks/me"),
            ("publish:/", "publish:/desks/me"),
            ("publish://", "publish:/desks/me"),
            ("publish:https://", "publish:/desks/me"),
            ("publish:/services//", "write publish:/services:"),
            ("publish:/services/ x", "without spaces"),
            ("publish: /services/x", "without spaces"),
            ("publish:/services/x ", "without spaces"),
            ("publish:/services/../x", "\"..\""),
            ("publish:/services/%78", "\"x\""),
            ("publish:\\services", "backslash"),
            ("publish:/services/\u{202e}x", "direction of writing"),
            ("vendor:", "vendor:meta"),
            ("vendor", "vendor:*"),
            ("vendor:Meta Inc.", "write vendor:meta-inc,"),
            ("vendor:meta*", "write vendor:meta,"),
            ("vendor:/services/x", "write vendor:services-x,"),
            ("cite:meta", "write cite"),
            ("edit:", "write edit"),
            ("everything", "is no scope"),
            (" cite", "is no scope"),
        ] {
            let refused = Scopes::read([text]).err().unwrap_or_default();
            assert!(refused.contains(hint), "{text:?}: {refused:?} does not hold {hint:?}");
        }
    }
}

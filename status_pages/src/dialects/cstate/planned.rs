//! Whether an issue of cState is planned work: by its section, or by the words of its headline. The format has no other place for it.
//!
//! Maintenance is planned work. An upgrade, a migration or a restart is, unless the headline says that something went wrong with it; so is
//! what it calls planned or scheduled.

use dateline_events::kinds::VendorStatus::{Identified, Investigating};

use crate::observation::{SeenPost, Status};

/// Sections of planned work.
const SECTIONS: [&str; 5] = ["maintenance", "maintenances", "planned", "scheduled", "scheduled-maintenance"];

/// Work that is planned unless it went wrong.
const WORK: [&str; 16] = [
    "upgrade",
    "upgrades",
    "upgrading",
    "migration",
    "migrations",
    "migrating",
    "migrate",
    "restart",
    "restarts",
    "restarting",
    "reboot",
    "reboots",
    "rebooting",
    "relocation",
    "replacement",
    "decommissioning",
];

/// What may be planned where the headline says so.
const ANNOUNCED: [&str; 8] = ["work", "works", "downtime", "outage", "interruption", "update", "updates", "change"];

/// Beginnings of words for trouble.
const TROUBLE: [&str; 19] = [
    "fail",
    "broke",
    "error",
    "problem",
    "issue",
    "trouble",
    "incident",
    "degrad",
    "slow",
    "unavailab",
    "unreachab",
    "unexpected",
    "unplanned",
    "unscheduled",
    "following",
    "after",
    "due",
    "crash",
    "stuck",
];

/// True where the issue is planned work.
pub(super) fn is_planned(title: &str, section: Option<&str>, posts: &[SeenPost]) -> bool {
    if section.is_some_and(|section| SECTIONS.contains(&section.trim().to_ascii_lowercase().as_str())) {
        return true;
    }
    // Whoever looks for a reason did not plan it.
    if posts.iter().any(|post| matches!(post.status, Some(Status::Vendor(Investigating | Identified)))) {
        return false;
    }
    let words: Vec<String> = title.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase).filter(|word| !word.is_empty()).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(&["unplanned", "unscheduled"]) {
        return false;
    }
    if has(&["maintenance", "maintenances"]) || has(&["planned", "scheduled"]) && (has(&WORK) || has(&ANNOUNCED)) {
        return true;
    }
    has(&WORK) && !words.iter().any(|word| TROUBLE.iter().any(|trouble| word.starts_with(trouble)))
}

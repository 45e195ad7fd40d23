//! cState: an issue's front matter, and the posts inside of its prose.

use dateline_events::Severity;
use dateline_events::kinds::VendorStatus;
use dateline_status_pages::{Dialect, Nature, Observation, SeenIncident, Status};

use crate::real;

const PUMPS: &str = include_str!("fixtures/cstate/2026-03-02-pumps.md");
const OLDEST_FIRST: &str = include_str!("fixtures/cstate/2026-04-01-oldest-first.md");
const NOTICE: &str = include_str!("fixtures/cstate/2026-05-01-notice.md");

fn read(text: &str, name: &str) -> Observation {
    Dialect::Cstate.read(text.as_bytes(), name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Time, word and words of each post.
fn told(incident: &SeenIncident) -> Vec<(Option<&str>, Option<&str>, &str)> {
    let posts = incident.posts.iter();
    posts.map(|post| (post.at.as_ref().map(|at| at.moment.text.as_str()), post.status_word.as_deref(), post.words.as_deref().unwrap())).collect()
}

#[test]
fn an_issue_is_read_as_it_stands_even_where_it_contradicts_itself() {
    let observation = read(PUMPS, "2026-03-02-pumps.md");
    let incident = &observation.incidents[0];
    assert_eq!((incident.id.as_str(), incident.name.as_deref()), ("2026-03-02-pumps", Some("Pumps: no pressure")));
    assert_eq!((incident.severity, incident.nature), (Some(Severity::Critical), Some(Nature::Outage)));
    assert_eq!(incident.severity_word.as_deref(), Some("down"));
    let (began, ended) = (incident.started.as_ref().unwrap(), incident.ended.as_ref().unwrap());
    assert_eq!((began.moment.text.as_str(), began.zone_assumed), ("2026-03-02T07:30:00Z", true));
    assert_eq!((ended.moment.text.as_str(), ended.zone_assumed), ("2026-03-02T06:00:00Z", true));
    assert_eq!(incident.components, ["Pumps", "Valves"]);
    let expected = [
        (Some("2026-01-02T07:31:00Z"), Some("Investigating"), "There is no pressure."),
        (Some("2026-01-02T08:00:00Z"), Some("Update"), "We found it.\n\n- seal 4\n- seal 5"),
        (Some("2026-03-02T09:15:00Z"), Some("Fixed"), "The seal is new."),
        (None, Some("Post-mortem"), "A seal broke.\n\nIt was an old one, of 12 bar."),
    ];
    assert_eq!(told(incident), expected);
    let states: Vec<Option<Status>> = incident.posts.iter().map(|post| post.status).collect();
    let vendor = |status| Some(Status::Vendor(status));
    let investigating = vendor(VendorStatus::Investigating);
    assert_eq!(states, [investigating, investigating, vendor(VendorStatus::Resolved), vendor(VendorStatus::Postmortem)]);
    assert!(observation.refused.is_empty(), "{:?}", observation.refused);
}

#[test]
fn posts_that_stand_oldest_first_are_not_turned_around() {
    let observation = read(OLDEST_FIRST, "content/issues/2026-04-01-oldest-first.md");
    let incident = &observation.incidents[0];
    assert_eq!(incident.id, "2026-04-01-oldest-first");
    let at = Some("2026-04-01T10:00:00Z");
    let expected = [
        (at, None, "Something is wrong."),
        (at, Some("Investigating"), "We look.\n\n    {{ not a track }} and a `code`"),
        (None, Some("Resolved"), "it is over."),
    ];
    assert_eq!(told(incident), expected);
    assert_eq!((incident.severity, incident.nature), (Some(Severity::Minor), None));
    assert!(incident.ended.is_none(), "it is not resolved, whatever resolvedWhen says");
    assert!(!incident.started.as_ref().unwrap().zone_assumed, "the zone is written there");
    assert_eq!(observation.refused.len(), 1);
    assert!(observation.refused[0].what.ends_with("post 3") && observation.refused[0].why.contains("\"soon\""), "{:?}", observation.refused);
}

#[test]
fn the_first_post_keeps_the_time_of_the_issue_when_others_follow() {
    let issue =
        |posts: &str| read(&format!("---\ntitle: Pumps\ndate: 2026-03-02 07:30:00\nseverity: down\n---\n{posts}"), "pumps.md").incidents[0].clone();
    let first = "*Investigating* - There is no pressure.\n";
    let alone = issue(first);
    assert_eq!(alone.posts[0].at.as_ref().unwrap().moment.text, "2026-03-02T07:30:00Z");
    for later in ["*Fixed* - The seal is new.\n", "*Fixed* - The seal is new. {{< track \"2026-03-02 09:15:00\" >}}\n"] {
        assert_eq!(issue(&format!("{later}\n---\n\n{first}")).posts[0], alone.posts[0]);
        assert_eq!(issue(&format!("{first}\n---\n\n{later}")).posts[0], alone.posts[0], "oldest first");
    }
}

fn issue(title: &str, more: &str, prose: &str) -> SeenIncident {
    let text =
        format!("---\ntitle: {title}\ndate: 2026-03-02T7:30:00-00:00\nresolved: true\nresolvedWhen: 2026-03-02T9:45:00-00:00\n{more}\n---\n{prose}");
    read(&text, "issue.md").incidents[0].clone()
}

#[test]
fn planned_work_is_told_by_its_section_or_its_words() {
    let nature = |title: &str, more: &str, prose: &str| issue(title, more, prose).nature;
    let planned = Some(Nature::Maintenance);
    for title in ["Maintenance of one pump", "Pump 3 upgrade", "Migration to the new hall", "Scheduled downtime of the hall"] {
        assert_eq!(nature(title, "severity: notice", "Words."), planned, "{title}");
    }
    assert_eq!(nature("The hall", "section: maintenance", "Words."), planned);
    for title in ["Pumps fail after an upgrade", "Migration issues", "Unplanned maintenance", "Scheduled ferries are late"] {
        assert_eq!(nature(title, "severity: down", "Words."), Some(Nature::Outage), "{title}");
    }
    assert_eq!(nature("Pump 3 upgrade", "severity: down", "*Investigating* - We look."), Some(Nature::Outage));
    let work = issue("Pump 3 upgrade", "severity: notice", "*Resolved* - Done.");
    assert_eq!((work.posts[0].status, work.severity), (Some(Status::Completed), None));
    assert_eq!(work.ended.map(|time| time.moment.text).as_deref(), Some("2026-03-02T09:45:00-00:00"));
}

#[test]
fn a_word_that_is_no_state_stays_the_pages_own() {
    let incident = issue("Pumps", "severity: down", "*Just began* - Some words here.\n\nMore words.");
    assert_eq!(told(&incident), [(Some("2026-03-02T07:30:00-00:00"), Some("Just began"), "Some words here.\n\nMore words.")]);
    assert_eq!(incident.posts[0].status, None);
}

#[test]
fn an_informational_page_is_no_incident() {
    let observation = read(NOTICE, "2026-05-01-notice.md");
    assert!(observation.incidents.is_empty());
    let [refused] = &observation.refused[..] else { panic!("{:?}", observation.refused) };
    assert!(refused.what.ends_with("notice") && refused.why.contains("informational"), "{refused:?}");
}

#[test]
fn what_is_no_issue_is_unreadable_and_says_why() {
    let why = |text: &str| Dialect::Cstate.read(text.as_bytes(), "issue.md").unwrap_err().to_string();
    assert!(why("+++\ntitle = \"t\"\n+++\n").contains("TOML"));
    assert!(why("").contains("front matter"));
    assert!(why("# A page\n").contains("front matter"));
    assert!(why("---\ntitle: t\ndate: 2026-01-01\n").contains("cut off"));
    assert!(why("---\ntitle: t\n---\nwords").contains("no \"date\""));
    assert!(why("---\ntitle: t\ndate: soon\n---\nwords").contains("\"soon\" is not a date"));
    assert!(why("---\ntitle: [t\n---\nwords").contains("front matter: "));
    assert!(why("---\ntitle: t\ndate: 2026-01-01\nresolved: true\nresolvedWhen: later\n---\n").contains("\"later\""));
    let unnamed = Dialect::Cstate.read(b"---\ntitle: t\ndate: 2026-01-01\n---\n", "").unwrap_err().to_string();
    assert!(unnamed.contains("names it"), "{unnamed}");
    let too_large = format!("---\ntitle: t\ndate: 2026-01-01\n---\n{}", "x".repeat(1024 * 1024));
    assert!(why(&too_large).contains("at most 1048576"));
}

#[test]
fn real_issues_are_read() {
    let names = [
        "2018-01-17-sending-dms-impacted",
        "2018-04-13-unavailable-guilds-connection-issues",
        "2018-05-25-us-east-conn-issues",
        "2019-10-08-testing-new-pipeline",
        "2023-04-16-formatting-testing",
        "2024-02-24-maintenance-window",
        "2024-05-23-planning-meeting",
        "2024-07-23-excitement",
        "2024-12-24-cstate-showdown",
        "2024-12-27-dns-resolution-api",
        "i-testing-cstate-functions",
    ];
    let mut posts = Vec::new();
    for name in names {
        let Some(text) = real::text(&format!("cstate/cstate-example/exampleSite/content/issues/{name}.md")) else { return };
        let observation = read(&text, &format!("{name}.md"));
        let Some(incident) = observation.incidents.first() else {
            assert!(observation.refused.iter().all(|refused| refused.why.contains("informational")), "{name}: {:?}", observation.refused);
            println!("{name}: informational");
            continue;
        };
        assert!(observation.refused.is_empty(), "{name}: {:?}", observation.refused);
        let bounds = [&incident.started, &incident.ended].map(|time| time.as_ref().map_or("-", |time| time.moment.text.as_str()));
        println!("{name}: {bounds:?} {:?} {:?}", incident.severity, incident.components);
        for post in &incident.posts {
            let words: String = post.words.as_deref().unwrap_or_default().chars().take(40).collect();
            println!("    {:?} {:?} {:?} {words:?}", post.at.as_ref().map(|at| at.moment.text.as_str()), post.status_word, post.status);
        }
        posts.push(incident.posts.len());
    }
    println!("{} issues, {} posts", names.len(), posts.iter().sum::<usize>());
    assert_eq!(posts, [2, 4, 3, 1, 1, 3, 1, 2], "three of them are informational");
}

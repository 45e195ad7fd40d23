//! An outage of each dialect's page, from the bytes of the page to what readers are told of it: one folder a story, one file a reading.
//!
//! A file's name begins with when it was read, where that is known: `20260302T1025Z_summary.json`. The dialect is the folder's name up to
//! its first dot.

use std::path::{Path, PathBuf};

use dateline_events::{Instant, sha256_hex};
use dateline_status_pages::{Dialect, Page, PageState, Reading, difference};
use dateline_timelines::model::Registry;
use dateline_timelines::tell::{Lang, Options, tell, text};
use serde_json::json;

use crate::support::{MemoryViews, Projector, incidents, records_of};

const PAGE: Page<'static> = Page { service: "harbour", vendor: "harbour", name: Some("Harbour"), lang: "en", url: "https://status.harbour.example" };

/// What a desk registers of it.
fn registration() -> String {
    let names = json!({"en": "Harbour", "bn": "হারবার"});
    let data = json!({"names": names, "genitives": {"bn": "হারবারের"}, "vendor": {"slug": "harbour", "name": names}});
    json!({"specversion": "1.0", "id": "harbour", "source": "/desks/test", "type": "dateline.service.registered.v1", "subject": "harbour", "data": data})
        .to_string()
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// `20260302T1025Z_summary.json`: when, and the name that a dialect is told.
fn read_at(name: &str) -> (Option<Instant>, &str) {
    let written = |time: &str| Some(format!("{}-{}-{}T{}:{}:00Z", &time[..4], &time[4..6], &time[6..8], time.get(9..11)?, time.get(11..13)?));
    match name.split_once('_') {
        Some((time, rest)) if time.len() == 14 => (written(time).and_then(|time| Instant::parse(&time)), rest),
        _ => (None, name),
    }
}

/// The events that the readings of a page make.
fn events(story: &Path) -> String {
    let dialect = name_of(story).split('.').next().unwrap();
    let dialect = Dialect::ALL.into_iter().find(|known| known.name() == dialect).unwrap_or_else(|| panic!("{dialect} is no dialect"));
    let (mut memory, mut lines, mut before) = (PageState::default(), vec![registration()], None);
    for file in sorted(story) {
        let bytes = std::fs::read(&file).unwrap();
        let (read, name) = read_at(name_of(&file));
        let seen = dialect.read(&bytes, name).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(seen.refused.is_empty(), "{}: {:?}", file.display(), seen.refused);
        let reading = Reading { dialect, list: "list", read, as_of: None, read_before: before, sha256: &sha256_hex(&bytes) };
        let changes = difference(&PAGE, &reading, &seen, &memory);
        lines.extend(changes.drafts.iter().map(|draft| String::from_utf8(draft.bytes(&PAGE)).unwrap()));
        memory.absorb(changes.touched);
        before = read;
    }
    lines.join("\n")
}

/// What is told of the one incident that a story makes: the whole, then as a list has it.
fn told(story: &Path, views: &MemoryViews, lang: Lang) -> String {
    let opened: Vec<u64> = incidents(&views.rows).into_iter().collect();
    let [only] = opened[..] else { panic!("{}: {opened:?}", story.display()) };
    assert!(views.waiting_positions().is_empty(), "{}: {:?} wait", story.display(), views.waiting_positions());
    let registry = Registry { services: vec![views.fold(1, u64::MAX, None).registration().unwrap()] };
    let fold = views.fold(only, u64::MAX, None);
    let id = &views.rows.heads.iter().find(|head| head.number == only).unwrap().id;
    let options = Options { lang, claims: true, ..Options::default() };
    let whole = text(&tell(&fold.timeline(id, &[], None, None), &registry, &options).unwrap(), 110);
    let row = tell(&fold.summary().outline(id), &registry, &options).unwrap();
    let row: Vec<&String> = std::iter::once(&row.title).chain(&row.summary).collect();
    format!("{whole}\n---\n{}\n", row.into_iter().map(String::as_str).collect::<Vec<_>>().join("\n"))
}

#[test]
fn an_outage_of_each_dialect_is_told_as_committed() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let stories: Vec<PathBuf> = sorted(&golden.join("pages"));
    for dialect in Dialect::ALL {
        let is_of = |story: &PathBuf| name_of(story).split('.').next() == Some(dialect.name());
        assert!(stories.iter().any(is_of), "{} has no story", dialect.name());
    }
    let mut differ = Vec::new();
    for story in stories {
        let mut projector = Projector::over(MemoryViews::default());
        projector.page(&records_of(&events(&story)), false);
        for lang in Lang::ALL {
            let path = golden.join(format!("told/{}.{}.txt", name_of(&story), lang.tag()));
            let told = told(&story, &projector.views, lang);
            if std::env::var_os("DATELINE_REWRITE").is_some() {
                std::fs::write(&path, &told).unwrap();
            }
            if std::fs::read_to_string(&path).unwrap_or_default() != told {
                differ.push(format!("{}:\n{told}", path.display()));
            }
        }
    }
    assert!(differ.is_empty(), "these differ; read both, then run with DATELINE_REWRITE=1:\n{}", differ.join("\n"));
}

//! `dateline ledger check --voices`: who speaks for whom, as the ledger holds it: each publisher with the vendors, outlets and others whom
//! its events name as where they were read, and itself where it names nobody. Corrections are counted by what they put in.

use std::collections::BTreeMap;

use dateline_backends::Ledger;
use dateline_events::{Event, Kind, Position, Role, Source};
use serde_json::{Value, json};

use super::{Answer, Progress, say};
use crate::shared::config::{Format, Settings};
use crate::shared::stores::ledger_to_read;

/// So many pairs of a publisher and whom it speaks for are told; what further pairs say is counted together.
const MAX_PAIRS: usize = 100_000;

/// Whom a publisher speaks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Spoken {
    /// A vendor, by its slug.
    Vendor(String),
    /// An outlet, a monitor or another who is no vendor, by its slug.
    Outlet(String),
    /// Itself alone.
    Itself,
}

/// How often, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spread {
    events: u64,
    first: Position,
    last: Position,
}

/// Everything that is told.
#[derive(Debug, Default)]
struct Voices {
    pairs: BTreeMap<(String, Spoken), Spread>,
    /// Events of pairs beyond the most that are told.
    further: u64,
    /// Events that this program cannot read, destroyed ones included.
    unreadable: u64,
}

impl Voices {
    fn take(&mut self, position: Position, bytes: Option<&[u8]>) {
        let Some(event) = bytes.and_then(|bytes| Event::read(bytes).ok()) else {
            self.unreadable += 1;
            return;
        };
        let patched: Vec<Source> = match &event.kind {
            Kind::EventCorrected(correction) => {
                correction.patch.get("sources").and_then(|sources| serde_json::from_value(sources.clone()).ok()).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let read_in = event.common.sources.iter().chain(&patched).filter(|source| source.role == Role::ReadIn);
        let mut spoken: Vec<Spoken> = read_in
            .map(|source| if source.is_vendor() { Spoken::Vendor(source.slug.clone()) } else { Spoken::Outlet(source.slug.clone()) })
            .collect();
        spoken.sort_unstable();
        spoken.dedup();
        if spoken.is_empty() {
            spoken.push(Spoken::Itself);
        }
        for spoken in spoken {
            let pair = (event.source.clone(), spoken);
            if self.pairs.len() >= MAX_PAIRS && !self.pairs.contains_key(&pair) {
                self.further += 1;
                continue;
            }
            let said = self.pairs.entry(pair).or_insert(Spread { events: 0, first: position, last: position });
            said.events += 1;
            said.last = position;
        }
    }
}

/// Tells who speaks for whom.
pub async fn run(settings: &Settings, format: Format) -> anyhow::Result<Answer> {
    let ledger: Ledger = ledger_to_read(&settings.addresses).await?;
    let mut follower = ledger.follow(0);
    let mut voices = Voices::default();
    let progress = Progress::new("listening", ledger.head().await?.position);
    while let Some(page) = follower.try_next().await? {
        for record in &page.records {
            voices.take(record.position, record.bytes.as_deref());
        }
        progress.at(follower.position(), page.head);
    }
    progress.end();
    match format {
        Format::Text => say(&text(&voices, follower.position()))?,
        Format::Json => say(&format!("{}\n", form(&voices, follower.position())))?,
    }
    Ok(Answer::Done)
}

fn text(voices: &Voices, head: Position) -> String {
    let mut text = String::new();
    for ((publisher, spoken), Spread { events, first, last }) in &voices.pairs {
        let whom = match spoken {
            Spoken::Vendor(slug) => format!("for the vendor {slug}"),
            Spoken::Outlet(slug) => format!("for {slug}"),
            Spoken::Itself => "for itself".to_owned(),
        };
        text.push_str(&format!("{publisher}  {whom}  {events} events, positions {first} to {last}\n"));
    }
    if voices.further > 0 {
        text.push_str(&format!("{} events of further pairs; at most {MAX_PAIRS} are told\n", voices.further));
    }
    text.push_str(&format!("{head} positions; {} could not be read\n", voices.unreadable));
    text
}

fn form(voices: &Voices, head: Position) -> Value {
    let pair = |((publisher, spoken), said): (&(String, Spoken), &Spread)| {
        let (role, slug) = match spoken {
            Spoken::Vendor(slug) => ("vendor", Some(slug)),
            Spoken::Outlet(slug) => ("outlet", Some(slug)),
            Spoken::Itself => ("itself", None),
        };
        json!({"publisher": publisher, "as": role, "slug": slug, "events": said.events, "first": said.first, "last": said.last})
    };
    json!({"positions": head, "unreadable": voices.unreadable, "further": voices.further, "voices": voices.pairs.iter().map(pair).collect::<Vec<_>>()})
}

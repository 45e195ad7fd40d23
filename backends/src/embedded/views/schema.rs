//! The tables of one generation, and which question each index answers.
//!
//! `@` stands for the generation's prefix. Rows of events, attachments, memberships and summaries are versions by position
//! and only ever added. Heads and links are asked for in force alone, so only the version in force is kept.

use crate::embedded::file::Format;

pub(super) const FORMAT: Format = Format {
    name: "file of views",
    application: 0x4474_6c56,
    schema: "CREATE TABLE generations (
                 number INTEGER PRIMARY KEY AUTOINCREMENT,
                 version INTEGER NOT NULL,
                 state TEXT NOT NULL CHECK (state IN ('building', 'serving', 'retired')),
                 created INTEGER NOT NULL
             ) STRICT;
             CREATE UNIQUE INDEX one_serves ON generations (state) WHERE state = 'serving';",
    // A generation says whether its rows carry checksums; the floor is how far views that were begun anew must read before they answer.
    steps: &["ALTER TABLE generations ADD COLUMN summed INTEGER NOT NULL DEFAULT 0;
              CREATE TABLE floor (number INTEGER PRIMARY KEY CHECK (number = 1), position INTEGER NOT NULL) STRICT;"],
    page_bytes: 4096,
    synchronous: "NORMAL",
    cache_kib: 32 * 1024,
    checkpoint_pages: 16_000,
};

/// The follower whose cursor the projector moves.
pub(super) const PROJECTOR: &str = "projector";

/// A table of a generation: its name and its columns in the order in which their values are bound and summed.
pub(super) struct Table {
    pub name: &'static str,
    columns: &'static str,
}

pub(super) const CURSOR: Table = Table { name: "cursor", columns: "follower, position" };
pub(super) const EVENTS: Table = Table { name: "events", columns: "position, recorded, source, id, key, kind, subject, target, problem, bytes" };
pub(super) const ATTACHMENTS: Table = Table { name: "attachments", columns: "event, incident, since, present" };
pub(super) const WAITING: Table = Table { name: "waiting", columns: "event, subject, nature, earliest, latest, incident, page, reference, services" };
pub(super) const AWAITED: Table = Table { name: "awaited", columns: "event, place, key" };
pub(super) const HEADS: Table = Table {
    name: "heads",
    columns: "number, since, id, subject, nature, span_start, span_end, disrupted_until, restored_until, course, services, page_references",
};
pub(super) const PAGE_REFERENCES: Table = Table { name: "page_references", columns: "page, reference, incident, since" };
pub(super) const LINKS: Table = Table { name: "links", columns: "event, since, one, other, active" };
pub(super) const MEMBERSHIPS: Table = Table { name: "memberships", columns: "incident, since, told_in" };
pub(super) const SUMMARIES: Table = Table {
    name: "summaries",
    columns: "told_in, since, listed, started, ended, nature, state, id, services, vendor, regions, symptoms, words, json",
};
pub(super) const LIST_KEYS: Table = Table { name: "list_keys", columns: "nature, service, started, told_in" };
pub(super) const CHANGES: Table = Table { name: "changes", columns: "since, incident, events" };

/// Every table of a generation.
pub(super) const TABLES: [Table; 12] =
    [CURSOR, EVENTS, ATTACHMENTS, WAITING, AWAITED, HEADS, PAGE_REFERENCES, LINKS, MEMBERSHIPS, SUMMARIES, LIST_KEYS, CHANGES];

impl Table {
    /// `INSERT …` of all columns, bound in their order, with the row's checksum. `insert` may be `INSERT OR REPLACE`.
    pub(super) fn insert(&self, insert: &str) -> String {
        let count = self.columns.split(',').count();
        let places = (1..=count).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ");
        format!("{insert} INTO @{} ({}, sum) VALUES ({places}, row_sum({places}))", self.name, self.columns)
    }

    /// The columns of the table under a name, and behind them whether the row is what was written. Rows from before there were
    /// checksums are taken on trust.
    pub(super) fn select(&self, name: &str) -> String {
        let columns = self.columns.split(", ").map(|column| format!("{name}.{column}")).collect::<Vec<_>>().join(", ");
        format!("{columns}, ({name}.sum IS NULL OR {name}.sum = row_sum({columns}))")
    }

    /// How many rows are not what was written.
    pub(super) fn unsound(&self) -> String {
        format!("SELECT count(*) FROM @{} WHERE sum IS NOT row_sum({})", self.name, self.columns)
    }
}

/// The tables of a generation. Each row ends with its checksum.
pub(super) const CREATE: &str = "
CREATE TABLE @cursor (follower TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL, sum INTEGER) STRICT, WITHOUT ROWID;
INSERT INTO @cursor (follower, position, sum) VALUES ('projector', 0, row_sum('projector', 0));

CREATE TABLE @events (
    position INTEGER PRIMARY KEY, recorded INTEGER NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL,
    kind TEXT NOT NULL, subject TEXT NOT NULL, target TEXT, problem TEXT, bytes BLOB, sum INTEGER
) STRICT;
CREATE UNIQUE INDEX @events_by_key ON @events (key);
CREATE INDEX @events_by_target ON @events (target) WHERE target IS NOT NULL;
CREATE INDEX @events_poison ON @events (position) WHERE problem IS NOT NULL;

-- Which incidents hold an event: the key's order, new events at its end. Which events an incident holds: the index.
CREATE TABLE @attachments (
    event INTEGER NOT NULL, incident INTEGER NOT NULL, since INTEGER NOT NULL, present INTEGER NOT NULL, sum INTEGER,
    PRIMARY KEY (event, incident, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX @attachments_by_incident ON @attachments (incident, event, since, present);

-- An open bound is kept as the least or greatest integer; both NULL: it cannot join by time.
CREATE TABLE @waiting (
    event INTEGER PRIMARY KEY, subject TEXT NOT NULL, nature TEXT NOT NULL, earliest INTEGER, latest INTEGER,
    incident TEXT, page TEXT, reference TEXT, services TEXT NOT NULL, sum INTEGER
) STRICT;
CREATE INDEX @waiting_by_time ON @waiting (subject, latest, earliest) WHERE latest IS NOT NULL;
-- Further services, each with a space before and after; few events name any.
CREATE INDEX @waiting_of_several ON @waiting (latest, earliest) WHERE services <> '' AND latest IS NOT NULL;
CREATE INDEX @waiting_by_incident ON @waiting (incident) WHERE incident IS NOT NULL;
CREATE INDEX @waiting_by_reference ON @waiting (page, reference) WHERE page IS NOT NULL;
CREATE TABLE @awaited (
    event INTEGER NOT NULL, place INTEGER NOT NULL, key TEXT NOT NULL, sum INTEGER, PRIMARY KEY (event, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX @awaited_by_key ON @awaited (key);

CREATE TABLE @heads (
    number INTEGER PRIMARY KEY, since INTEGER NOT NULL, id TEXT NOT NULL, subject TEXT NOT NULL, nature TEXT NOT NULL,
    span_start INTEGER, span_end INTEGER, disrupted_until INTEGER, restored_until INTEGER, course TEXT NOT NULL,
    services TEXT NOT NULL, page_references TEXT NOT NULL,
    sum INTEGER
) STRICT;
CREATE INDEX @heads_by_subject ON @heads (subject);
-- Further services, each with a space before and after; few incidents have any.
CREATE INDEX @heads_of_several ON @heads (number) WHERE services <> '';
CREATE UNIQUE INDEX @heads_by_id ON @heads (id);

CREATE TABLE @page_references (
    page TEXT NOT NULL, reference TEXT NOT NULL, incident INTEGER NOT NULL, since INTEGER NOT NULL, sum INTEGER,
    PRIMARY KEY (page, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE @links (
    event INTEGER PRIMARY KEY, since INTEGER NOT NULL, one INTEGER NOT NULL, other INTEGER NOT NULL, active INTEGER NOT NULL,
    sum INTEGER
) STRICT;
CREATE INDEX @links_by_one ON @links (one);
CREATE INDEX @links_by_other ON @links (other);

CREATE TABLE @memberships (
    incident INTEGER NOT NULL, since INTEGER NOT NULL, told_in INTEGER NOT NULL, sum INTEGER, PRIMARY KEY (incident, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX @memberships_by_group ON @memberships (told_in, incident);

-- Long columns stand last, so that filters need not read past them.
CREATE TABLE @summaries (
    row INTEGER PRIMARY KEY, told_in INTEGER NOT NULL, since INTEGER NOT NULL, listed INTEGER NOT NULL, started INTEGER, ended INTEGER,
    nature TEXT NOT NULL, state TEXT NOT NULL, id TEXT NOT NULL, services TEXT NOT NULL, vendor TEXT NOT NULL, regions TEXT NOT NULL,
    symptoms TEXT NOT NULL, words TEXT NOT NULL, json TEXT NOT NULL, sum INTEGER
) STRICT;
CREATE UNIQUE INDEX @summaries_by_group ON @summaries (told_in, since);

-- Every place that a group ever had in a sorted list, of one service, of another facet ('region IN'), or ('') of all: a list walks them
-- in order, and takes a group where its version of that time stands. No start counts as the least integer.
CREATE TABLE @list_keys (
    nature TEXT NOT NULL, service TEXT NOT NULL, started INTEGER NOT NULL, told_in INTEGER NOT NULL, sum INTEGER,
    PRIMARY KEY (nature, service, started, told_in)
) STRICT, WITHOUT ROWID;

-- What each position changed, for live readers; of a group how many events it held then, also where its summary stayed as it was.
CREATE TABLE @changes (
    since INTEGER NOT NULL, incident INTEGER NOT NULL, events INTEGER, sum INTEGER, PRIMARY KEY (since, incident)
) STRICT, WITHOUT ROWID;
CREATE INDEX @changes_by_group ON @changes (incident, since, events) WHERE events IS NOT NULL;
";

/// A statement on the tables of one generation.
pub(super) fn sql(generation: u32, template: &str) -> String {
    template.replace('@', &format!("g{generation}_"))
}

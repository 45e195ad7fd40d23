//! The tables of one generation, and which question each index answers.
//!
//! `@` stands for the generation's schema. Rows are versions by position and only ever added: a page is written by COPY alone, and
//! a transaction that someone holds open anywhere in the database makes no table grow. Heads and links are read in the version
//! in force. Three small tables say a thing once for ever (`incidents`, `page_references`, `list_keys`): with a row a version
//! there a list would walk 50 rows for an incident of 50 events, so they are written by INSERT … ON CONFLICT DO NOTHING, one
//! statement a page.
//!
//! Measured on two cores, 100,000 positions in commits of 1,000 (398,000 rows, PostgreSQL beside the program): 58,000 to 60,000
//! positions/s; psql copying the same rows from files into the same tables and indexes, 66,000 to 72,000.
//!
//! What others wrote is `bytea`, not `text`: text cannot hold U+0000, and bytes compare, sort and are searched as in SQLite
//! whatever the database's collation. To read it: `convert_from(words, 'UTF8')`.

/// What all generations share, and the cursors. A generation whose state is `dropped` is no more; its schema goes when nobody
/// holds a lock on it.
pub(super) const CREATE_GENERATIONS: &str = "
CREATE TABLE dateline.generations (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('building', 'serving', 'retired', 'dropped')),
    created timestamptz NOT NULL DEFAULT now(),
    -- The projector's cursor, and a number drawn for the commit that moved it there: who lost the answer finds its own again.
    position bigint NOT NULL DEFAULT 0,
    drawn bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 25);
CREATE UNIQUE INDEX generations_one_serves ON dateline.generations (state) WHERE state = 'serving';
";

/// The tables of a generation.
pub(super) const CREATE: &str = "
CREATE TABLE @events (
    position bigint PRIMARY KEY, recorded bigint NOT NULL, source bytea NOT NULL, id bytea NOT NULL, key text COLLATE \"C\" NOT NULL,
    kind bytea NOT NULL, subject bytea NOT NULL, target text COLLATE \"C\", problem bytea, bytes bytea
);
-- The event with a key: what events name, and what a reader asks for.
CREATE UNIQUE INDEX events_by_key ON @events (key);
-- The acts about an event.
CREATE INDEX events_by_target ON @events (target, position) WHERE target IS NOT NULL;
-- The events that could not be read.
CREATE INDEX events_poison ON @events (position) WHERE problem IS NOT NULL;

-- Which incidents hold an event: the key. Which events an incident holds, of each the version in force first: the index.
CREATE TABLE @attachments (
    event bigint NOT NULL, incident bigint NOT NULL, since bigint NOT NULL, present boolean NOT NULL,
    PRIMARY KEY (event, incident, since)
);
CREATE INDEX attachments_by_incident ON @attachments (incident, event, since DESC);

-- An open bound is kept as the least or greatest integer; both NULL: it cannot join by time.
CREATE TABLE @waiting (
    event bigint PRIMARY KEY, subject bytea NOT NULL, nature text COLLATE \"C\" NOT NULL, earliest bigint, latest bigint,
    incident bytea, page bytea, reference bytea, services bytea NOT NULL
);
CREATE INDEX waiting_by_time ON @waiting (subject, latest, earliest) WHERE latest IS NOT NULL;
-- Further services, each with a space before and after; few events name any.
CREATE INDEX waiting_of_several ON @waiting (latest, earliest) WHERE services <> '' AND latest IS NOT NULL;
CREATE INDEX waiting_by_incident ON @waiting (incident) WHERE incident IS NOT NULL;
CREATE INDEX waiting_by_reference ON @waiting (page, reference) WHERE page IS NOT NULL;
-- The keys that a waiting event names: in their order by the key, and who waits for one by the index.
CREATE TABLE @awaited (event bigint NOT NULL, place integer NOT NULL, key text COLLATE \"C\" NOT NULL, PRIMARY KEY (event, place));
CREATE INDEX awaited_by_key ON @awaited (key);

-- The version in force is the last of its number.
CREATE TABLE @heads (
    number bigint NOT NULL, since bigint NOT NULL, id bytea NOT NULL, subject bytea NOT NULL, nature text COLLATE \"C\" NOT NULL,
    span_start bigint, span_end bigint, disrupted_until bigint, restored_until bigint, course text COLLATE \"C\" NOT NULL,
    services text COLLATE \"C\" NOT NULL, page_references text NOT NULL,
    PRIMARY KEY (number, since)
);
-- Every incident that a service ever had, once: which of them it still has, its head in force says.
CREATE TABLE @incidents (subject bytea NOT NULL, number bigint NOT NULL, id bytea NOT NULL, PRIMARY KEY (subject, number));
-- The incident with an id.
CREATE INDEX incidents_by_id ON @incidents (id, number);

-- First come, first kept.
CREATE TABLE @page_references (
    page bytea NOT NULL, reference bytea NOT NULL, incident bigint NOT NULL, since bigint NOT NULL, PRIMARY KEY (page, reference)
);

-- The version in force is the last of its event.
CREATE TABLE @links (
    event bigint NOT NULL, since bigint NOT NULL, one bigint NOT NULL, other bigint NOT NULL, active boolean NOT NULL,
    PRIMARY KEY (event, since)
);
CREATE INDEX links_by_one ON @links (one);
CREATE INDEX links_by_other ON @links (other);

-- The group that an incident was told in as of then: the key. Whoever was ever told in a group: the index.
CREATE TABLE @memberships (incident bigint NOT NULL, since bigint NOT NULL, told_in bigint NOT NULL, PRIMARY KEY (incident, since));
CREATE INDEX memberships_by_group ON @memberships (told_in, incident);

-- The version of a group as of then: the key. Long columns stand last.
CREATE TABLE @summaries (
    told_in bigint NOT NULL, since bigint NOT NULL, started bigint, ended bigint, listed boolean NOT NULL, nature text COLLATE \"C\" NOT NULL,
    state bytea NOT NULL, id bytea NOT NULL, services bytea NOT NULL, vendor bytea NOT NULL, regions bytea NOT NULL, symptoms bytea NOT NULL,
    words bytea NOT NULL, json bytea NOT NULL,
    PRIMARY KEY (told_in, since)
);

-- Every place that a group ever had in a sorted list, of one service, of another facet ('region IN'), or ('') of all: a list walks them
-- in order, and takes a group where its version of that time stands. No start counts as the least integer.
CREATE TABLE @list_keys (
    nature text COLLATE \"C\" NOT NULL, service bytea NOT NULL, started bigint NOT NULL, told_in bigint NOT NULL,
    PRIMARY KEY (nature, service, started, told_in)
);

-- What each position changed, for live readers; of a group how many events it held then, also where its summary stayed as it was.
CREATE TABLE @changes (since bigint NOT NULL, incident bigint NOT NULL, events bigint, PRIMARY KEY (since, incident));
CREATE INDEX changes_by_group ON @changes (incident, since, events) WHERE events IS NOT NULL;
";

/// The schema of a generation.
pub(super) fn name(generation: u32) -> String {
    format!("dateline_g{generation}")
}

/// A statement on the tables of one generation.
pub(super) fn sql(generation: u32, template: &str) -> String {
    template.replace('@', &format!("{}.", name(generation)))
}

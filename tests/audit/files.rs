//! Tamperings of a data folder, by SQL: as somebody does who may write the files and knows every checksum in them.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dateline_proofs::{Checkpoint, SignerKey};
use rusqlite::{Connection, params};
use serde_json::{Value as Json, json};

use super::log::{Built, Random, Value, event_of, leaf_of, row_sum, value_of, with_value};
use super::tampering::{Expected, Kind, Place, World, altered, place, two, whole, whole_up_to};

pub const OF_FILES: [Kind; 20] = [
    ("bytes", |world, folder, random| {
        row(world, folder, random, "UPDATE events SET bytes = CAST(replace(CAST(bytes AS TEXT), '{', '{ ') AS BLOB)", "event_altered")
    }),
    ("a salt", |world, folder, random| row(world, folder, random, "UPDATE events SET salt = zeroblob(32)", "event_altered")),
    ("a salt taken away", |world, folder, random| row(world, folder, random, "UPDATE events SET salt = NULL", "event_altered")),
    ("a recorded time", |world, folder, random| row(world, folder, random, "UPDATE events SET recorded = recorded + 1", "recorded_altered")),
    ("an id", |world, folder, random| row(world, folder, random, "UPDATE events SET id = id || 'x'", "name_altered")),
    ("a text taken away", |world, folder, random| row(world, folder, random, "UPDATE events SET bytes = NULL, salt = NULL", "absence_uncovered")),
    ("a row taken out", |world, folder, random| row(world, folder, random, "DELETE FROM events", "event_missing")),
    ("the hash beside a row", |world, folder, random| row(world, folder, random, "UPDATE commitments SET leaf = zeroblob(32)", "commitment_altered")),
    ("the hash beside a row taken out", |world, folder, random| row(world, folder, random, "DELETE FROM commitments", "commitment_altered")),
    ("a row exchanged with another", |world, folder, random| {
        let (first, second) = two(world, random);
        let ledger = open(folder, "ledger.db");
        let parts = |position: u64| {
            ledger
                .query_row("SELECT source, id, salt, bytes FROM events WHERE position = ?1", [number(position)], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Vec<u8>>(2)?, row.get::<_, Vec<u8>>(3)?))
                })
                .unwrap()
        };
        let (one, other) = (parts(first), parts(second));
        ledger.execute("UPDATE events SET id = 'elsewhere' WHERE position = ?1", [number(first)]).unwrap();
        for (position, (source, id, salt, bytes)) in [(second, one), (first, other)] {
            let set = "UPDATE events SET source = ?2, id = ?3, salt = ?4, bytes = ?5 WHERE position = ?1";
            ledger.execute(set, params![number(position), source, id, salt, bytes]).unwrap();
        }
        Expected::of("event_altered", Place::At(first))
    }),
    ("the end cut off", |world, folder, random| {
        let position = random.of(2, world.destroyed[0].0);
        let ledger = open(folder, "ledger.db");
        ledger.execute("DELETE FROM events WHERE position >= ?1", [number(position)]).unwrap();
        ledger.execute("DELETE FROM commitments WHERE position >= ?1", [number(position)]).unwrap();
        Expected::of("event_missing", Place::At(position))
    }),
    ("a text with the hash beside it", |world, folder, random| {
        let (position, _) = rewritten(world, folder, random, world.size());
        Expected::of("event_altered", Place::At(position))
    }),
    ("a text with its leaf", |world, folder, random| {
        let (position, built) = rewritten(world, folder, random, world.size() / 256 * 256);
        put_tiles(folder, &built, |path| path.starts_with("tile/entries/"));
        Expected::of("entry_altered", Place::At(position))
    }),
    ("a text with everything but the signature", |world, folder, random| {
        let (position, built) = rewritten(world, folder, random, world.size());
        put_tiles(folder, &built, |_| true);
        seal(folder, |form| edge(form, &built));
        Expected::of("root_differs", Place::Around(position))
    }),
    ("a text with everything, signed by another key", |world, folder, random| {
        let (_, built) = rewritten(world, folder, random, world.size());
        put_tiles(folder, &built, |_| true);
        seal(folder, |form| signed(form, world, &built, &world.other));
        Expected::of("checkpoint_forged", Place::Anywhere)
    }),
    ("a text with everything, signed by the log itself", |world, folder, random| {
        let (position, built) = rewritten(world, folder, random, world.before);
        put_tiles(folder, &built, |_| true);
        seal(folder, |form| signed(form, world, &built, &world.key));
        Expected::of("forked", Place::Around(position)).since(&world.checkpoint_before)
    }),
    ("a hash of a tile", |world, folder, random| {
        let position = random.of(1, world.size() / 256 * 256);
        let mut built = Built::of(&world.leaves);
        let path = format!("tile/0/{:03}", (position - 1) / 256);
        let tile = built.full.get_mut(&path).unwrap();
        tile[usize::try_from((position - 1) % 256 * 32 + 7).unwrap()] ^= 16;
        put_tiles(folder, &built, |stored| stored == path);
        Expected::of("tile_altered", Place::At(position))
    }),
    ("rot in a tile", |world, folder, random| {
        let block = random.of(0, world.size() / 256 - 1);
        let path = format!("log/tile/0/{block:03}");
        open(folder, "role_state.db").execute("UPDATE role_state SET value = zeroblob(8192) WHERE key = ?1", [path]).unwrap();
        Expected::of("tile_missing", Place::At(block * 256 + 1))
    }),
    ("no checkpoint", |_, folder, _| {
        open(folder, "state.db").execute("DELETE FROM state WHERE key = 'log/sealed'", []).unwrap();
        Expected::of("checkpoint_unreadable", Place::Anywhere)
    }),
    ("an old checkpoint with its edge", |world, folder, _| {
        let built = Built::of(&world.leaves[..place(world.before + 1)]);
        seal(folder, |form| {
            edge(form, &built);
            form["note"] = json!(world.checkpoint_before);
        });
        Expected::of("rolled_back", Place::At(world.before + 1)).since(&world.checkpoint)
    }),
];

/// A position as SQLite keeps it.
fn number(position: u64) -> i64 {
    i64::try_from(position).unwrap()
}

fn open(folder: &Path, name: &str) -> Connection {
    Connection::open(folder.join(name)).unwrap()
}

/// Changes one row, as a statement on all rows says.
fn row(world: &World, folder: &Path, random: &mut Random, statement: &str, class: &'static str) -> Expected {
    let position = whole(world, random);
    let changed = open(folder, "ledger.db").execute(&format!("{statement} WHERE position = ?1"), [number(position)]).unwrap();
    assert_eq!(changed, 1, "{statement}");
    Expected::of(class, Place::At(position))
}

/// Changes a text, its salt and the hash beside it; answers the tiles as they are then.
fn rewritten(world: &World, folder: &Path, random: &mut Random, last: u64) -> (u64, Built) {
    let position = whole_up_to(world, random, last);
    let line = with_value(&altered(&world.lines[place(position)]), "salt", &STANDARD.encode([9; 32]));
    let leaf = leaf_of(&line).unwrap();
    let (salt, bytes) = (STANDARD.decode(value_of(&line, "salt")).unwrap(), event_of(&line).unwrap().as_bytes());
    let ledger = open(folder, "ledger.db");
    ledger.execute("UPDATE events SET salt = ?2, bytes = ?3 WHERE position = ?1", params![number(position), salt, bytes]).unwrap();
    let hash = dateline_proofs::leaf_hash(leaf.as_bytes()).0;
    ledger.execute("UPDATE commitments SET leaf = ?2 WHERE position = ?1", params![number(position), hash]).unwrap();
    let mut leaves = world.leaves.clone();
    leaves[place(position)] = leaf;
    (position, Built::of(&leaves))
}

/// Puts full tiles and bundles with sums that are right.
fn put_tiles(folder: &Path, built: &Built, wanted: impl Fn(&str) -> bool) {
    let role_state = open(folder, "role_state.db");
    for (path, bytes) in built.full.iter().filter(|(path, _)| wanted(path)) {
        let key = format!("log/{path}");
        let sum = row_sum(&[Value::Text(&key), Value::Blob(bytes)]);
        let changed = role_state.execute("UPDATE role_state SET value = ?2, sum = ?3 WHERE key = ?1", params![key, bytes, sum]).unwrap();
        assert_eq!(changed, 1, "{key}");
    }
}

/// Changes what is sealed, with a sum that is right.
fn seal(folder: &Path, change: impl Fn(&mut Json)) {
    let state = open(folder, "state.db");
    let (value, revision): (Vec<u8>, i64) =
        state.query_row("SELECT value, revision FROM state WHERE key = 'log/sealed'", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut form: Json = serde_json::from_slice(&value).unwrap();
    change(&mut form);
    let value = serde_json::to_vec(&form).unwrap();
    let sum = row_sum(&[Value::Text("log/sealed"), Value::Blob(&value), Value::Number(revision)]);
    state.execute("UPDATE state SET value = ?1, sum = ?2 WHERE key = 'log/sealed'", params![value, sum]).unwrap();
}

/// The tiles and the leaves at the right edge.
fn edge(form: &mut Json, built: &Built) {
    let (entries, tiles): (Vec<_>, Vec<_>) = built.edge.iter().partition(|(path, _)| path.starts_with("tile/entries/"));
    form["tiles"] = tiles.iter().map(|(path, bytes)| ((*path).clone(), json!(STANDARD.encode(bytes)))).collect::<serde_json::Map<_, _>>().into();
    form["entries"] = json!(entries.first().map(|(_, bytes)| STANDARD.encode(bytes)).unwrap_or_default());
}

fn signed(form: &mut Json, world: &World, built: &Built, key: &SignerKey) {
    edge(form, built);
    let note = Checkpoint::new(world.key.verifier().name(), world.size(), built.root).unwrap().sign(&[key]).unwrap();
    form["note"] = json!(note.to_string());
}

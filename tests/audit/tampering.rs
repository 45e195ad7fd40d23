//! Draws tamperings of an exported log, each with what is the matter then and where. It knows the formats, and not the auditor.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dateline_proofs::{Checkpoint, SignerKey};

use super::log::{Built, Random, event_of, leaf_of, value_of, with_event, with_value};

/// The logs that are tampered with, honest as they are.
pub struct World {
    /// The log's own key.
    pub key: SignerKey,
    /// Another key of the same name.
    pub other: SignerKey,
    /// The lines of its replay.
    pub lines: Vec<String>,
    /// The leaves of its entries.
    pub leaves: Vec<String>,
    /// How many leaves were sealed at an earlier time.
    pub before: u64,
    /// Positions whose texts were destroyed, with the positions of their redactions.
    pub destroyed: Vec<(u64, u64)>,
    /// The signed checkpoints: as it is, and as it was.
    pub checkpoint: String,
    pub checkpoint_before: String,
}

/// Where it is told.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// Of the log as a whole, or at any place.
    Anywhere,
    /// It begins at this position.
    At(u64),
    /// A stretch that holds this position.
    Around(u64),
}

/// What must be found first.
#[derive(Debug)]
pub struct Expected {
    pub class: &'static str,
    pub place: Place,
    /// The checkpoint that the auditor kept, where the tampering shows beside it alone.
    pub since: Option<String>,
    /// The key that the auditor was given, where it is another one.
    pub key: Option<String>,
}

impl Expected {
    pub fn of(class: &'static str, place: Place) -> Self {
        Self { class, place, since: None, key: None }
    }

    pub fn since(self, checkpoint: &str) -> Self {
        Self { since: Some(checkpoint.to_owned()), ..self }
    }
}

/// A way to tamper: the folder is a copy of the exported one.
pub type Kind = (&'static str, fn(&World, &Path, &mut Random) -> Expected);

pub const OF_AN_EXPORT: [Kind; 28] = [
    ("a text", |world, folder, random| edit(world, folder, random, altered, "event_altered")),
    ("a figure in a text", |world, folder, random| {
        edit(world, folder, random, |line| with_event(line, &event_of(line).unwrap().replacen("1.0", "1.1", 1)), "event_altered")
    }),
    ("a salt", |world, folder, random| {
        edit(world, folder, random, |line| with_value(line, "salt", &flipped(value_of(line, "salt"), 9)), "event_altered")
    }),
    ("a recorded time", |world, folder, random| {
        edit(world, folder, random, |line| with_value(line, "recorded", &later(value_of(line, "recorded"))), "recorded_altered")
    }),
    ("a source", |world, folder, random| edit(world, folder, random, |line| with_value(line, "source", "/somebody/else"), "name_altered")),
    ("a key", |world, folder, random| {
        edit(world, folder, random, |line| with_value(line, "key", &flipped(value_of(line, "key"), 5)), "name_altered")
    }),
    ("two texts exchanged", |world, folder, random| {
        let (first, second) = two(world, random);
        let mut lines = world.lines.clone();
        let parts = |line: &str| (value_of(line, "salt").to_owned(), event_of(line).unwrap().to_owned());
        let ((salt, event), (other_salt, other_event)) = (parts(line(world, first)), parts(line(world, second)));
        let named = |from: &str, to: &str| ["key", "source", "id"].iter().fold(to.to_owned(), |to, name| with_value(&to, name, value_of(from, name)));
        lines[place(first)] = with_event(&with_value(&named(line(world, second), line(world, first)), "salt", &other_salt), &other_event);
        lines[place(second)] = with_event(&with_value(&named(line(world, first), line(world, second)), "salt", &salt), &event);
        write_lines(folder, &lines);
        Expected::of("event_altered", Place::At(first))
    }),
    ("two lines exchanged", |world, folder, random| {
        let (first, second) = two(world, random);
        let mut lines = world.lines.clone();
        lines.swap(place(first), place(second));
        write_lines(folder, &lines);
        Expected::of("out_of_order", Place::At(first))
    }),
    ("a line doubled", |world, folder, random| {
        let position = whole(world, random);
        let mut lines = world.lines.clone();
        lines.insert(place(position), line(world, position).to_owned());
        write_lines(folder, &lines);
        Expected::of("repeated", Place::At(position))
    }),
    ("a line taken out", |world, folder, random| {
        let position = whole(world, random);
        let mut lines = world.lines.clone();
        lines.remove(place(position));
        write_lines(folder, &lines);
        Expected::of("event_missing", Place::At(position))
    }),
    ("a line that is none", |world, folder, random| edit(world, folder, random, |line| line.replacen(':', ";", 1), "event_unreadable")),
    ("the end cut off", |world, folder, random| {
        // The redactions stand last, and are gone with it.
        let position = random.of(2, world.destroyed[0].0);
        write_lines(folder, &world.lines[..place(position)]);
        Expected::of("event_missing", Place::At(position))
    }),
    ("a text taken away", |world, folder, random| {
        let position = whole(world, random);
        let mut lines = world.lines.clone();
        lines[place(position)] = without_text(line(world, position));
        write_lines(folder, &lines);
        Expected::of("absence_uncovered", Place::At(position))
    }),
    ("a redaction taken out", |world, folder, random| {
        let (position, redaction) = world.destroyed[place(random.of(1, world.destroyed.len() as u64))];
        let mut lines = world.lines.clone();
        lines.remove(place(redaction));
        write_lines(folder, &lines);
        Expected::of("absence_uncovered", Place::At(position))
    }),
    ("a redaction with another leaf", |world, folder, random| {
        let (position, redaction) = world.destroyed[place(random.of(1, world.destroyed.len() as u64))];
        let mut lines = world.lines.clone();
        let event = event_of(line(world, redaction)).unwrap();
        lines[place(redaction)] = with_event(line(world, redaction), &event.replacen("\\\"rec\\\":\\\"20", "\\\"rec\\\":\\\"21", 1));
        assert_ne!(lines, world.lines);
        write_lines(folder, &lines);
        Expected::of("redaction_differs", Place::At(position))
    }),
    ("a hash of a tile over leaves", |world, folder, random| {
        let position = random.of(1, world.size());
        flip_tile(world, folder, 0, position - 1);
        Expected::of("tile_altered", Place::At(position))
    }),
    ("a hash of a tile over tiles", |world, folder, random| {
        let block = random.of(0, world.size() / 256 - 1);
        flip_tile(world, folder, 1, block);
        Expected::of("tile_altered", Place::At(block * 256 + 1))
    }),
    ("a tile taken out", |world, folder, random| {
        let block = random.of(0, world.size() / 256 - 1);
        std::fs::remove_file(folder.join(format!("tile/0/{block:03}"))).unwrap();
        Expected::of("tile_missing", Place::At(block * 256 + 1))
    }),
    ("a bundle taken out", |world, folder, random| {
        let block = random.of(0, world.size() / 256 - 1);
        std::fs::remove_file(folder.join(format!("tile/entries/{block:03}"))).unwrap();
        Expected::of("entries_missing", Place::At(block * 256 + 1))
    }),
    ("a leaf of a bundle", |world, folder, random| {
        let position = whole(world, random);
        let mut leaves = world.leaves.clone();
        leaves[place(position)] = flipped(&leaves[place(position)], 9);
        write_built(folder, &Built::of(&leaves), |path| path.starts_with("tile/entries/"));
        Expected::of("entry_altered", Place::At(position))
    }),
    ("a text with its leaf", |world, folder, random| {
        let (position, leaves) = rewritten(world, folder, random);
        write_built(folder, &Built::of(&leaves), |path| path.starts_with("tile/entries/"));
        Expected::of("entry_altered", Place::At(position))
    }),
    ("a text with its leaf and the tile over it", |world, folder, random| {
        let (position, leaves) = rewritten(world, folder, random);
        write_built(folder, &Built::of(&leaves), |path| !path.starts_with("tile/1/"));
        // At the right edge nothing above it says which leaf it is.
        let is_at_the_edge = position > world.size() / 256 * 256;
        Expected::of(if is_at_the_edge { "root_differs" } else { "leaves_rewritten" }, Place::Around(position))
    }),
    ("a text with everything but the signature", |world, folder, random| {
        let (position, leaves) = rewritten(world, folder, random);
        write_built(folder, &Built::of(&leaves), |_| true);
        let expected = Expected::of("root_differs", Place::Around(position));
        // The checkpoint that was kept is honest, too: it says on which side of it the change is.
        if random.of(0, 1) == 0 { expected } else { expected.since(&world.checkpoint_before) }
    }),
    ("a text with everything, signed by another key", |world, folder, random| {
        let (_, leaves) = rewritten(world, folder, random);
        let built = Built::of(&leaves);
        write_built(folder, &built, |_| true);
        write_checkpoint(folder, world, &built, leaves.len() as u64, &world.other);
        Expected::of("checkpoint_forged", Place::Anywhere)
    }),
    ("a text with everything, signed by the log itself", |world, folder, random| {
        // Nothing but an earlier checkpoint shows that.
        let (position, leaves) = rewritten_up_to(world, folder, random, world.before);
        let built = Built::of(&leaves);
        write_built(folder, &built, |_| true);
        write_checkpoint(folder, world, &built, leaves.len() as u64, &world.key);
        Expected::of("forked", Place::Around(position)).since(&world.checkpoint_before)
    }),
    ("a checkpoint", |world, folder, random| {
        let end = world.checkpoint.find("\n\n").unwrap() as u64;
        let at = world.checkpoint[..end as usize].rfind('\n').unwrap() as u64;
        let changed = flipped(&world.checkpoint, usize::try_from(random.of(at + 1, end - 3)).unwrap());
        std::fs::write(folder.join("checkpoint"), changed).unwrap();
        Expected::of("checkpoint_forged", Place::Anywhere)
    }),
    ("a shorter log, whole as it was", |world, folder, _| {
        shorter(world, folder);
        Expected::of("rolled_back", Place::At(world.before + 1)).since(&world.checkpoint)
    }),
    ("an old checkpoint", |world, folder, _| {
        std::fs::write(folder.join("checkpoint"), &world.checkpoint_before).unwrap();
        Expected::of("rolled_back", Place::At(world.before + 1)).since(&world.checkpoint)
    }),
];

impl World {
    pub fn size(&self) -> u64 {
        self.leaves.len() as u64
    }
}

/// The place of a position among lines and leaves.
pub fn place(position: u64) -> usize {
    usize::try_from(position - 1).unwrap()
}

fn line(world: &World, position: u64) -> &str {
    &world.lines[place(position)]
}

/// A position whose text is there, and that is no redaction.
pub fn whole(world: &World, random: &mut Random) -> u64 {
    whole_up_to(world, random, world.size())
}

pub fn whole_up_to(world: &World, random: &mut Random, last: u64) -> u64 {
    loop {
        let position = random.of(1, last);
        if !world.destroyed.iter().any(|(target, redaction)| [*target, *redaction].contains(&position)) {
            return position;
        }
    }
}

/// Two of them, the lower one first.
pub fn two(world: &World, random: &mut Random) -> (u64, u64) {
    let (first, second) = (whole(world, random), whole(world, random));
    if first == second { two(world, random) } else { (first.min(second), first.max(second)) }
}

/// The same text with one character of base64, or a digit, changed.
pub fn flipped(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

/// The same event with a space in it: another text to every reader of bytes.
pub fn altered(line: &str) -> String {
    with_event(line, &event_of(line).unwrap().replacen('{', "{ ", 1))
}

fn later(recorded: &str) -> String {
    let digit = if recorded.as_bytes()[25] == b'9' { "0" } else { "9" };
    format!("{}{digit}Z", &recorded[..25])
}

fn without_text(line: &str) -> String {
    let (before, _) = line.split_once(",\"salt\":").unwrap();
    format!("{},\"salt\":null}}\n", with_value(&with_value(before, "source", ""), "id", ""))
}

fn edit(world: &World, folder: &Path, random: &mut Random, change: impl Fn(&str) -> String, class: &'static str) -> Expected {
    let position = whole(world, random);
    let mut lines = world.lines.clone();
    lines[place(position)] = change(line(world, position));
    assert_ne!(lines, world.lines, "nothing was changed");
    write_lines(folder, &lines);
    Expected::of(class, Place::At(position))
}

/// Changes a text, and answers the leaves as they are then.
fn rewritten(world: &World, folder: &Path, random: &mut Random) -> (u64, Vec<String>) {
    rewritten_up_to(world, folder, random, world.size())
}

fn rewritten_up_to(world: &World, folder: &Path, random: &mut Random, last: u64) -> (u64, Vec<String>) {
    let position = whole_up_to(world, random, last);
    let (mut lines, mut leaves) = (world.lines.clone(), world.leaves.clone());
    // The salt too.
    let line = altered(line(world, position));
    lines[place(position)] = with_value(&line, "salt", &STANDARD.encode([9; 32]));
    leaves[place(position)] = leaf_of(&lines[place(position)]).unwrap();
    write_lines(folder, &lines);
    (position, leaves)
}

fn write_lines(folder: &Path, lines: &[String]) {
    std::fs::write(folder.join("events.ndjson"), lines.concat()).unwrap();
}

fn write_built(folder: &Path, built: &Built, wanted: impl Fn(&str) -> bool) {
    for (path, bytes) in built.all().filter(|(path, _)| wanted(path)) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

fn write_checkpoint(folder: &Path, world: &World, built: &Built, size: u64, key: &SignerKey) {
    let note = Checkpoint::new(world.key.verifier().name(), size, built.root).unwrap().sign(&[key]).unwrap();
    std::fs::write(folder.join("checkpoint"), note.to_string()).unwrap();
}

/// The log as it was, whole and signed.
fn shorter(world: &World, folder: &Path) {
    std::fs::remove_dir_all(folder.join("tile")).unwrap();
    let last = place(world.before + 1);
    write_built(folder, &Built::of(&world.leaves[..last]), |_| true);
    write_lines(folder, &world.lines[..last]);
    std::fs::write(folder.join("checkpoint"), &world.checkpoint_before).unwrap();
}

/// Changes one hash of the stored tile that holds the number-th hash of a level.
fn flip_tile(world: &World, folder: &Path, level: u32, number: u64) {
    let (index, hashes) = (number / 256, world.size() >> (8 * level));
    let width = (hashes - index * 256).min(256);
    let partial = if width < 256 { format!(".p/{width}") } else { String::new() };
    let path = folder.join(format!("tile/{level}/{index:03}{partial}"));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[usize::try_from(number % 256 * 32 + number % 31).unwrap()] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

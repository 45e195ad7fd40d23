//! What was changed silently: each edit with what stood there and what stands there now. That an incident left a list, or came
//! back to it, is no edit. How it is told belongs to `tell`.

use dateline_events::kinds::EditKind;
use dateline_events::{Bounds, Instant, Position, Range, Severity, normal};
use serde::Serialize;

use super::effect::Effect;
use super::said::{Act, Base, Deed, On, Part, Values};
use super::{View, Watched};

/// One silent change of what a page had published.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// What was changed.
    pub what: Edited,
    /// Of what.
    pub about: About,
    /// True where only markup, punctuation, spacing or case changed, or a time by less than a minute.
    pub minor: bool,
    /// True where the page said that it changed it.
    pub announced: bool,
    /// The page's own id of the post.
    pub post: Option<String>,
    /// The position of the event that said it first.
    pub target: Position,
    /// The id of that event; its source is that of the history.
    pub target_id: String,
    /// The position of the event that says that it was changed.
    pub position: Position,
    /// When the ledger took that.
    pub recorded: Instant,
    /// When it was changed.
    pub stated: Bounds,
    /// How long after it was first stated; None where a bound is missing.
    pub elapsed: Option<Range>,
    /// What stood there.
    pub before: Option<EditedValue>,
    /// What stands there now.
    pub after: Option<EditedValue>,
}

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Edited {
    /// The words of a post.
    Words,
    /// The state that a post names.
    Status,
    /// The time beside a post.
    Time,
    /// The headline.
    Name,
    /// When it began.
    Start,
    /// When it was over.
    End,
    /// How bad it is.
    Severity,
    /// The planned window.
    Window,
    /// Something was taken down.
    Removed,
    /// What was taken down stands there again.
    Returned,
}

impl Edited {
    /// All of them.
    pub const ALL: [Self; 10] =
        [Self::Words, Self::Status, Self::Time, Self::Name, Self::Start, Self::End, Self::Severity, Self::Window, Self::Removed, Self::Returned];

    /// The word for it, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Status => "status",
            Self::Time => "time",
            Self::Name => "name",
            Self::Start => "start",
            Self::End => "end",
            Self::Severity => "severity",
            Self::Window => "window",
            Self::Removed => "removed",
            Self::Returned => "returned",
        }
    }
}

/// Of what something was changed, or what was taken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is its own explanation")]
pub enum About {
    Incident,
    Post,
    Name,
    Start,
    End,
    Severity,
}

/// What stood, or stands, somewhere on a page. In JSON a string, or two of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum EditedValue {
    /// Words, a name, the page's word for a state.
    Text(String),
    /// A time.
    Time(Instant),
    /// A planned window.
    Window(Instant, Instant),
    /// How bad it is.
    Severity(Severity),
}

/// Walks through the acts that are known, in the order in which the page changed.
pub(super) fn edits(watched: &Watched, view: View) -> Vec<Edit> {
    if watched.acts.is_empty() {
        return Vec::new();
    }
    let effect = Effect::of(watched, view);
    let mut order: Vec<usize> = (0..watched.acts.len()).filter(|act| is_told(watched, view, &effect, *act)).collect();
    order.sort_by_key(|act| (watched.acts[*act].stated.latest, watched.acts[*act].position));
    let mut walk = Walk::new(watched, view);
    for reading in order.chunk_by(|left, right| watched.acts[*left].stated.latest == watched.acts[*right].stated.latest) {
        walk.reading(reading);
    }
    walk.edits
}

/// Known, and about what the page said: not that it left a list or how it stands beside its posts, not what the watcher itself corrected and took back.
fn is_told(watched: &Watched, view: View, effect: &Effect, place: usize) -> bool {
    let act = &watched.acts[place];
    let is_of_the_page = !matches!(watched.bases[act.root].part, Part::Left | Part::State) && view.is_certain(act.position, act.stated);
    is_of_the_page
        && view.is_certain(watched.bases[act.root].position, watched.bases[act.root].stated)
        && match act.deed {
            Deed::Correct { .. } => effect.acts[place],
            Deed::Retract => act.depth.is_some(),
        }
}

struct Walk<'a> {
    watched: &'a Watched,
    /// What each base says by now.
    values: Vec<Values>,
    gone: Vec<bool>,
    /// The bases, by when they were stated, and how many of them have been by now.
    said: Vec<usize>,
    said_by_now: usize,
    counted: Vec<bool>,
    standing: usize,
    edits: Vec<Edit>,
}

impl<'a> Walk<'a> {
    fn new(watched: &'a Watched, view: View) -> Self {
        let counts = |base: &Base| !matches!(base.part, Part::Left | Part::State) && view.is_certain(base.position, base.stated);
        let mut said: Vec<usize> = (0..watched.bases.len()).filter(|place| counts(&watched.bases[*place])).collect();
        said.sort_by_key(|place| watched.bases[*place].stated.latest);
        let values = watched.bases.iter().map(|base| base.values.clone()).collect();
        let nothing = vec![false; watched.bases.len()];
        Self { watched, values, gone: nothing.clone(), said, said_by_now: 0, counted: nothing, standing: 0, edits: Vec::new() }
    }

    /// All that one reading of the page found changed.
    fn reading(&mut self, acts: &[usize]) {
        let latest = acts.first().and_then(|act| self.watched.acts[*act].stated.latest);
        let before = self.count(|stated| stated < latest);
        let first = self.edits.len();
        for act in acts {
            self.act(*act);
        }
        let after = self.count(|stated| stated <= latest);
        let whole = match (before, after) {
            (1.., 0) => Edited::Removed,
            (0, 1..) => Edited::Returned,
            _ => return,
        };
        self.as_one(first, whole);
    }

    /// How many bases stand, of those stated by then.
    fn count(&mut self, by_then: impl Fn(Option<Instant>) -> bool) -> usize {
        while let Some(place) = self.said.get(self.said_by_now).filter(|place| by_then(self.watched.bases[**place].stated.latest)) {
            self.standing += usize::from(!self.gone[*place]);
            self.counted[*place] = true;
            self.said_by_now += 1;
        }
        self.standing
    }

    /// The whole incident was taken down, or put back: one edit, not one for each of its parts.
    fn as_one(&mut self, first: usize, whole: Edited) {
        let mut parts = self.edits.split_off(first);
        let name = parts.iter().find(|edit| edit.what == whole && edit.about == About::Name).cloned();
        if let Some(one) = parts.iter().position(|edit| edit.what == whole) {
            let mut one = parts[one].clone();
            let (before, after) = name.map(|name| (name.before, name.after)).unwrap_or_default();
            (one.about, one.post, one.before, one.after) = (About::Incident, None, before, after);
            parts.retain(|edit| edit.what != whole);
            self.edits.push(one);
        }
        self.edits.extend(parts);
    }

    fn act(&mut self, place: usize) {
        let watched = self.watched;
        let act = &watched.acts[place];
        let base = &watched.bases[act.root];
        match &act.deed {
            Deed::Correct { edit_kind, patch } => {
                let before = self.values[act.root].clone();
                patch.apply(&mut self.values[act.root]);
                if *edit_kind == EditKind::SourceEdit {
                    let after = self.values[act.root].clone();
                    self.edits.extend(changes(base, &before, &after).into_iter().map(|change| change.edit(act, base)));
                }
            }
            Deed::Retract => self.retraction(act, base),
        }
    }

    fn retraction(&mut self, act: &Act, base: &Base) {
        let is_removal = act.depth.is_some_and(|depth| depth.is_multiple_of(2));
        if self.gone[act.root] != is_removal {
            self.gone[act.root] = is_removal;
            if self.counted[act.root] {
                self.standing = if is_removal { self.standing.saturating_sub(1) } else { self.standing + 1 };
            }
        }
        // What was announced is no silent edit.
        if act.announced {
            return;
        }
        let values = self.values[act.root].clone();
        if let Some(again) = said_again(self.watched, act, base).filter(|_| is_removal && act.on == On::Base) {
            // The window is the incident's; the post only happened to be the first to say it.
            let changes = changes(base, &values, &again.values).into_iter().filter(|change| change.what != Edited::Window);
            self.edits.extend(changes.map(|change| change.edit(act, base)));
            return;
        }
        let value = whole(base.part, values);
        let change = match is_removal {
            true => Change { what: Edited::Removed, minor: false, before: value, after: None },
            false => Change { what: Edited::Returned, minor: false, before: None, after: value },
        };
        self.edits.push(change.edit(act, base));
    }
}

/// A post whose state makes it another kind of event is taken back and said anew at the same reading: that is a change, no removal.
fn said_again<'a>(watched: &'a Watched, act: &Act, base: &Base) -> Option<&'a Base> {
    let later = watched.bases.partition_point(|other| other.position < act.position);
    let same = |other: &&Base| other.part == Part::Post && base.post.is_some() && other.post == base.post && other.stated.latest == act.stated.latest;
    watched.bases[later..].iter().find(same)
}

struct Change {
    what: Edited,
    minor: bool,
    before: Option<EditedValue>,
    after: Option<EditedValue>,
}

impl Change {
    fn edit(self, act: &Act, base: &Base) -> Edit {
        Edit {
            what: self.what,
            about: about(base.part),
            minor: self.minor,
            announced: act.announced,
            post: base.post.clone(),
            target: base.position,
            target_id: base.id.clone(),
            position: act.position,
            recorded: act.recorded,
            stated: act.stated,
            elapsed: elapsed(base.stated, act.stated),
            before: self.before,
            after: self.after,
        }
    }
}

fn about(part: Part) -> About {
    match part {
        Part::Start => About::Start,
        Part::Name => About::Name,
        Part::Severity => About::Severity,
        Part::Post => About::Post,
        Part::End => About::End,
        Part::Left | Part::State => About::Incident,
    }
}

/// What differs between two states of one part.
fn changes(base: &Base, before: &Values, after: &Values) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut add = |what, minor, before: Option<EditedValue>, after: Option<EditedValue>| {
        if before != after {
            changes.push(Change { what, minor, before, after });
        }
    };
    let text = |text: &Option<String>| text.clone().map(EditedValue::Text);
    let same_words = |before: &Option<String>, after: &Option<String>| {
        before.as_ref().zip(after.as_ref()).is_some_and(|(before, after)| normal(before) == normal(after))
    };
    add(Edited::Words, same_words(&before.words, &after.words), text(&before.words), text(&after.words));
    let time = match base.part {
        Part::Start => Edited::Start,
        Part::End => Edited::End,
        _ => Edited::Time,
    };
    // A severity stands beside the beginning only because an event must have a time; the page's own word for it is told only where
    // ours is the same.
    if base.part == Part::Severity {
        if before.severity == after.severity {
            add(Edited::Severity, false, text(&before.status), text(&after.status));
        }
    } else {
        add(Edited::Status, false, text(&before.status), text(&after.status));
        let near = before.at.zip(after.at).is_some_and(|(before, after)| before.0.abs_diff(after.0) < Instant::MINUTE.unsigned_abs());
        add(time, near, before.at.map(EditedValue::Time), after.at.map(EditedValue::Time));
    }
    add(Edited::Name, same_words(&before.name, &after.name), text(&before.name), text(&after.name));
    add(Edited::Severity, false, before.severity.map(EditedValue::Severity), after.severity.map(EditedValue::Severity));
    let window = |values: &Values| values.window.map(|(from, until)| EditedValue::Window(from, until));
    add(Edited::Window, false, window(before), window(after));
    changes
}

/// What is gone when a part is taken down.
fn whole(part: Part, values: Values) -> Option<EditedValue> {
    match part {
        Part::Start | Part::End => values.at.map(EditedValue::Time),
        Part::Name => values.name.map(EditedValue::Text),
        Part::Severity => values.severity.map(EditedValue::Severity),
        Part::Post => values.words.or(values.status).map(EditedValue::Text),
        Part::Left | Part::State => None,
    }
}

/// From the first statement to the change: at least from the latest that it can have been stated to the earliest of the change.
fn elapsed(first: Bounds, changed: Bounds) -> Option<Range> {
    let seconds = |later: Instant, earlier: Instant| ((later.0 - earlier.0) / Instant::SECOND).max(0);
    let seconds_min = changed.earliest.zip(first.latest).map_or(0, |(changed, first)| seconds(changed, first));
    Some(Range { seconds_min, seconds_max: seconds(changed.latest?, first.earliest?) })
}

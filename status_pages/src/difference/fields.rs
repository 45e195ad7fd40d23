//! What a page says of an incident as a whole: its name, beginning, end, severity and window, and whether it is listed.

use dateline_events::Instant;
use serde_json::{Value, json};

use super::draft::{Draft, Edited, Setting, SilentEdit, latest, occurred, severity_word, stated};
use super::posts::is_told;
use crate::observation::{Nature, SeenIncident, SeenTime, Status};
use crate::page_state::{Field, Remembered, hash, note_past};

/// So many parts of a service are named; what is cut is still on the page.
const MAX_COMPONENTS: usize = 50;

/// The event that opens an incident: for trouble, its beginning as the page gives it. Planned work is opened by its first post.
pub(super) fn opening(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, drafts: &mut Vec<Draft>) {
    let by = setting.reading.dialect;
    if !after.opener.is_empty() || after.nature == Nature::Maintenance && seen.posts.iter().any(|post| is_told(post, after.nature, by)) {
        return;
    }
    let by_then = seen.began_by.as_ref().filter(|_| seen.started.is_none());
    let started = seen.started.as_ref().or_else(|| seen.posts.iter().find_map(|post| post.at.as_ref()));
    let mut own = beginning(setting, seen, after, started);
    if by_then.is_some() {
        own["occurred"] = latest(by_then, setting.page.lang);
    }
    let kind = if after.nature == Nature::Maintenance { "maintenance.announced" } else { "anomaly.detected" };
    drafts.push(setting.draft("start", 1, kind, updated(seen), own));
    after.opener = setting.id("start", 1);
    after.start = Field { said: 1, value: started.filter(|_| by_then.is_none()).map(SeenTime::start), by: Some(setting.reading.dialect), gone: None };
}

fn beginning(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, started: Option<&SeenTime>) -> Value {
    let mut own = json!({"occurred": occurred(started, setting.page.lang), "reference": setting.reference(None, None)});
    if is_monitor(setting) && is_slow(seen) {
        own["reference"] = setting.reference(None, Some("degraded"));
    }
    if after.opener.is_empty() {
        add_components(&mut own, seen);
        add_window(&mut own, setting, seen, after);
    }
    own
}

/// What a monitor finds begins with a slow answer: nothing was down then.
fn is_slow(seen: &SeenIncident) -> bool {
    let word = seen.posts.first().map_or(seen.severity_word.as_deref(), |post| post.status_word.as_deref());
    word == Some("degraded")
}

/// The parts of the service, on the event that opens the incident.
pub(super) fn add_components(own: &mut Value, seen: &SeenIncident) {
    let named: Vec<&String> = seen.components.iter().chain(seen.service.as_ref().map(|(_, name)| name)).take(MAX_COMPONENTS).collect();
    if !named.is_empty() {
        own["components"] = json!(named);
    }
}

/// The planned window, on the event that opens the incident.
pub(super) fn add_window(own: &mut Value, setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered) {
    if let Some((from, until)) = seen.scheduled.filter(|_| after.nature == Nature::Maintenance) {
        own["scheduled"] = json!([from, until]);
        after.window = Field { said: 1, value: Some((from, until)), by: Some(setting.reading.dialect), gone: None };
    }
}

/// Before this the page cannot have said anything of the incident, as far as it tells.
fn updated(seen: &SeenIncident) -> Option<Instant> {
    let first = seen.posts.first();
    let written = first.and_then(|post| post.updated);
    let shown = first.and_then(|post| post.at.as_ref()).map(SeenTime::start);
    written.into_iter().chain(shown).min().or(seen.updated)
}

/// Everything else that it says of the incident as a whole.
pub(super) fn fields(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, drafts: &mut Vec<Draft>) {
    let by = setting.reading.dialect;
    let lang = setting.page.lang;
    let is_first = after.read.is_empty() && after.name.is_new();
    let at = if is_first { updated(seen) } else { None };
    start(setting, seen, after, drafts);
    name(setting, seen, after, at, drafts);
    let told_here = |told: Option<crate::Dialect>| told.is_none_or(|told| told == by && !setting.is_old);
    if let Some(severity) = seen.severity.filter(|_| after.nature == Nature::Outage && told_here(after.severity.by)) {
        let word = severity_word(severity);
        let own = seen.severity_word.as_deref().unwrap_or(&word).to_owned();
        let reference = setting.reference(None, Some(&own));
        let started = seen.started.as_ref().or_else(|| seen.posts.iter().find_map(|post| post.at.as_ref()));
        let new = json!({"occurred": occurred(started, lang), "reference": reference, "severity": word});
        let patch = json!({"reference": reference, "severity": word});
        let saying = Saying { part: "severity", new: Some(("scope.changed", new)), patch, edit: edit(Edited::Severity, false), at, target: None };
        change(setting, saying, &mut after.severity, Some(own), drafts);
    }
    if let Some(window) = seen.scheduled.filter(|_| after.nature == Nature::Maintenance && told_here(after.window.by)) {
        let patch = json!({"scheduled": [window.0, window.1]});
        // A window that comes later than the announcement completes it: that is a change too.
        after.window.said = after.window.said.max(1);
        let target = Some(after.opener.clone());
        let saying = Saying { part: "window", new: None, patch, edit: edit(Edited::Window, false), at: None, target };
        change(setting, saying, &mut after.window, Some(window), drafts);
    }
    if told_here(after.state.by) && !setting.is_old {
        state(setting, seen, after, drafts);
    }
    if (seen.ended.is_some() || seen.ended_by.is_some() || after.end.by == Some(by)) && !(setting.is_old && after.end.said > 0) {
        end(setting, seen, after, drafts);
    }
}

/// How the incident stands, where the page says otherwise than its newest post. What the posts say again is no edit of the page.
fn state(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, drafts: &mut Vec<Draft>) {
    let field = &mut after.state;
    let now = seen.state.as_ref().map(|(_, word)| word);
    if field.stands() && field.value.as_ref() == now {
        return;
    }
    if field.stands() {
        let said = setting.id("status", field.said);
        field.said += 1;
        field.gone = Some(field.said);
        drafts.push(setting.retraction("status", field.said, &said, Vec::new()));
    }
    let Some((status, word)) = &seen.state else { return };
    let at = seen.updated.and_then(SeenTime::second);
    let mut own = json!({"occurred": occurred(at.as_ref(), setting.page.lang), "reference": setting.reference(None, Some(word))});
    let kind = match status {
        Status::Scheduled => "maintenance.announced",
        Status::InProgress | Status::Completed => "maintenance.started",
        Status::Vendor(status) => {
            own["status"] = json!(status);
            "vendor.updated"
        }
        Status::Overruled => "vendor.updated",
    };
    let said = field.said + 1;
    drafts.push(setting.draft("status", said, kind, seen.updated, own));
    *field = Field { said, value: Some(word.clone()), by: Some(setting.reading.dialect), gone: None };
}

fn start(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, drafts: &mut Vec<Draft>) {
    // A feed only infers when it began, from its first post: who says it outright says it from then on.
    let by = setting.reading.dialect;
    let is_inferred = after.start.by == Some(crate::Dialect::Atom) && by != crate::Dialect::Atom;
    let is_ours = after.start.by.is_none_or(|told| told == by || is_inferred) && !(setting.is_old && after.start.said > 0);
    let Some(started) = seen.started.as_ref().filter(|_| is_ours) else { return };
    let value = started.start();
    // Planned work began when it was announced; that is said apart only where the first post says otherwise.
    if after.start.is_new() && after.posts.first().is_some_and(|post| post.at.is_some_and(|at| same_second(at, value))) {
        return;
    }
    let patch = json!({"occurred": occurred(Some(started), setting.page.lang)});
    let kind = if after.nature == Nature::Maintenance { "maintenance.announced" } else { "anomaly.detected" };
    let new = Some((kind, beginning(setting, seen, after, Some(started))));
    if after.start.value.is_some_and(|before| same_second(before, value)) && after.start.stands() {
        after.start.by = Some(by);
        return;
    }
    let edit = edit(Edited::Start, is_near(after.start.value, Some(value)));
    let first = drafts.len();
    change(setting, Saying { part: "start", new, patch, edit, at: None, target: None }, &mut after.start, Some(value), drafts);
    if is_inferred {
        // What the watcher took for the beginning was its own reading: nobody edited anything.
        drafts[first..].iter_mut().for_each(Draft::own_reading);
    }
}

/// The headline. Another dialect may lag behind, or write it with other spaces and marks: only what it changed itself is a change.
fn name(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, at: Option<Instant>, drafts: &mut Vec<Draft>) {
    let Some(name) = &seen.name else { return };
    let by = setting.reading.dialect;
    let normal = |name: &str| hash(&dateline_events::normal(name));
    let told_before = after.names.insert(by, hash(name));
    let current = after.name.value.clone().filter(|_| after.name.stands());
    let same_words = current.as_deref().is_some_and(|current| normal(current) == normal(name));
    let is_said = match (&current, told_before) {
        (None, _) => false,
        (Some(current), _) if current == name => true,
        (Some(_), Some(told)) if told == hash(name) => true,
        (Some(_), None) => same_words || after.past_names.contains(&normal(name)),
        (Some(_), Some(_)) => same_words && after.name.by != Some(by),
    };
    if is_said || setting.is_old && after.name.said > 0 {
        return;
    }
    let title = json!({setting.page.lang: name});
    let new = Some(("incident.titled", json!({"event": {"id": after.opener}, "title": title})));
    let saying = Saying { part: "name", new, patch: json!({"title": title}), edit: edit(Edited::Name, same_words), at, target: None };
    if let Some(current) = current.filter(|_| !same_words) {
        note_past(&mut after.past_names, normal(&current));
    }
    change(setting, saying, &mut after.name, Some(name.clone()), drafts);
    after.name.by = Some(by);
}

fn end(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, drafts: &mut Vec<Draft>) {
    let by_then = seen.ended_by.as_ref().filter(|_| seen.ended.is_none());
    let ended = seen.ended.as_ref().or(by_then);
    let value = ended.map(SeenTime::start);
    // It was over by the time that was told first: a later change moves nothing.
    if after.end.stands() && by_then.is_some() {
        return;
    }
    if after.end.stands() && value.zip(after.end.value).is_some_and(|(now, before)| same_second(now, before)) {
        return;
    }
    let when = if by_then.is_some() { latest(by_then, setting.page.lang) } else { occurred(ended, setting.page.lang) };
    let new = over(after.nature, json!({"occurred": when, "reference": setting.reference(None, seen.end_word.as_deref())}));
    let kind = if after.nature == Nature::Maintenance { "maintenance.completed" } else { "service.restored" };
    let edit = edit(Edited::End, is_near(after.end.value, value));
    let saying = Saying { part: "end", new: Some((kind, new)), patch: json!({"occurred": when}), edit, at: None, target: None };
    change(setting, saying, &mut after.end, value, drafts);
}

fn over(nature: Nature, mut own: Value) -> Value {
    if nature == Nature::Outage {
        own["extent"] = json!("full");
    }
    own
}

fn edit(what: Edited, minor: bool) -> SilentEdit {
    SilentEdit { what, minor }
}

/// What would be said of one field.
struct Saying<'s> {
    /// The part of the incident, as in the ids of its events.
    part: &'s str,
    /// The event that says it for the first time; None where another event says it with other things.
    new: Option<(&'static str, Value)>,
    /// What a correction would replace.
    patch: Value,
    edit: SilentEdit,
    /// When the page says that it wrote it.
    at: Option<Instant>,
    /// The event that is corrected; None: the first of its own.
    target: Option<String>,
}

/// Says what changed of one field: for the first time, otherwise than before, not at all any more, or again.
fn change<T: PartialEq>(setting: &Setting<'_>, saying: Saying<'_>, field: &mut Field<T>, value: Option<T>, drafts: &mut Vec<Draft>) {
    let Saying { part, new, patch, edit: edited, at, target } = saying;
    let target = target.unwrap_or_else(|| setting.id(part, 1));
    let Some(value) = value else {
        if field.stands() {
            field.said += 1;
            field.gone = Some(field.said);
            drafts.push(setting.retraction(part, field.said, &target, edits(setting, edit(Edited::Removed, false))));
        }
        return;
    };
    if let (true, Some((kind, own))) = (field.is_new(), new) {
        drafts.push(setting.draft(part, 1, kind, at, own));
        *field = Field { said: 1, value: Some(value), by: Some(setting.reading.dialect), gone: None };
        return;
    }
    if let Some(gone) = field.gone.take() {
        field.said += 1;
        drafts.push(setting.retraction(part, field.said, &setting.id(part, gone), edits(setting, edit(Edited::Returned, false))));
    }
    if field.value.as_ref() != Some(&value) {
        field.said += 1;
        let mut draft = setting.correction(part, field.said, &target, at, &patch, vec![edited]);
        if is_monitor(setting) {
            draft.own_reading();
        }
        drafts.push(draft);
        field.value = Some(value);
        field.by = Some(setting.reading.dialect);
    }
}

/// A monitor finds what it finds and edits nothing: what is said of a run as a whole is the watcher's own reading of it.
fn is_monitor(setting: &Setting<'_>) -> bool {
    setting.reading.dialect == crate::Dialect::Upptime
}

fn edits(setting: &Setting<'_>, edit: SilentEdit) -> Vec<SilentEdit> {
    if is_monitor(setting) { Vec::new() } else { vec![edit] }
}

/// The incident is on the list no more: it was over some time between two readings.
pub(super) fn gone_from_the_list(setting: &Setting<'_>, after: &mut Remembered, last_seen: Option<Instant>, first_absent: Option<Instant>) -> Draft {
    let mut reference = setting.reference(None, None);
    reference["absent"] = json!(true);
    let between = stated(last_seen, first_absent);
    let own = over(after.nature, json!({"occurred": between, "reference": reference}));
    let kind = if after.nature == Nature::Maintenance { "maintenance.completed" } else { "service.restored" };
    after.absent.said += 1;
    after.absent.gone = None;
    after.absent.value = Some(());
    let mut draft = setting.draft("absent", after.absent.said, kind, None, own);
    draft.data.insert("stated".into(), between);
    draft
}

/// It is on the list again: the leaving is taken back.
pub(super) fn listed_again(setting: &Setting<'_>, after: &mut Remembered) -> Draft {
    let target = setting.id("absent", after.absent.said);
    after.absent.said += 1;
    after.absent.gone = Some(after.absent.said);
    setting.retraction("absent", after.absent.said, &target, Vec::new())
}

/// The whole incident was taken down: everything said of it is taken back.
pub(super) fn taken_down(setting: &Setting<'_>, after: &mut Remembered) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut take = |part: &str, said: &mut u32, gone: &mut Option<u32>, base: String| {
        if *said > 0 && gone.is_none() {
            *said += 1;
            *gone = Some(*said);
            drafts.push(setting.retraction(part, *said, &base, vec![edit(Edited::Removed, false)]));
        }
    };
    take("start", &mut after.start.said, &mut after.start.gone, setting.id("start", 1));
    take("name", &mut after.name.said, &mut after.name.gone, setting.id("name", 1));
    take("severity", &mut after.severity.said, &mut after.severity.gone, setting.id("severity", 1));
    if after.state.stands() {
        let standing = setting.id("status", after.state.said);
        take("status", &mut after.state.said, &mut after.state.gone, standing);
    }
    take("end", &mut after.end.said, &mut after.end.gone, setting.id("end", 1));
    for post in &mut after.posts {
        let part = format!("post/{}", post.key);
        take(&part, &mut post.said, &mut post.gone, setting.id(&part, post.base));
    }
    drafts
}

fn same_second(left: Instant, right: Instant) -> bool {
    left.0.div_euclid(Instant::SECOND) == right.0.div_euclid(Instant::SECOND)
}

/// Moved by less than a minute.
fn is_near(before: Option<Instant>, now: Option<Instant>) -> bool {
    before.zip(now).is_some_and(|(before, now)| before.0.abs_diff(now.0) < Instant::MINUTE as u64)
}

//! What a page says of an incident as a whole: its name, beginning, end, severity and window, and whether it is listed.

use dateline_events::Instant;
use serde_json::{Value, json};

use super::draft::{Draft, Edited, Setting, SilentEdit, base_of, occurred, severity_word, stated};
use crate::memory::{Field, Remembered};
use crate::observation::{Nature, SeenIncident, SeenTime};

/// So many parts of a service are named; what is cut is still on the page.
const MAX_COMPONENTS: usize = 50;

/// The event that opens an incident: for trouble, its beginning as the page gives it. Planned work is opened by its first post.
pub(super) fn opening(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, drafts: &mut Vec<Draft>) {
    if !after.opener.is_empty() || after.nature == Nature::Maintenance && !seen.posts.is_empty() {
        return;
    }
    let started = seen.started.as_ref().or_else(|| seen.posts.iter().find_map(|post| post.at.as_ref()));
    let own = beginning(setting, seen, after, started);
    let kind = if after.nature == Nature::Maintenance { "maintenance.announced" } else { "anomaly.detected" };
    drafts.push(setting.draft("start", 1, kind, updated(seen), own));
    after.opener = setting.id("start", 1);
    after.start = Field { said: 1, value: started.map(SeenTime::start), by: Some(setting.reading.dialect), gone: None };
}

fn beginning(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, started: Option<&SeenTime>) -> Value {
    let mut own = json!({"occurred": occurred(started, setting.page.lang), "reference": setting.reference(None, None)});
    if after.opener.is_empty() {
        add_components(&mut own, seen);
        add_window(&mut own, setting, seen, after);
    }
    own
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
    let opener = after.opener.clone();
    if let Some(name) = seen.name.clone().filter(|name| !(setting.is_old && after.name.said > 0) && !same_name(&after.name, name, setting)) {
        let edits = renamed(&after.name, &name);
        let title = json!({lang: name});
        let new = json!({"event": {"id": opener}, "title": title});
        let patch = json!({"title": title});
        change(setting, "name", &mut after.name, Some(name), new_event("incident.titled", new), patch, edits, at, drafts, "");
    }
    let told_here = |told: Option<crate::Dialect>| told.is_none_or(|told| told == by && !setting.is_old);
    if let Some(severity) = seen.severity.filter(|_| after.nature == Nature::Outage && told_here(after.severity.by)) {
        let word = severity_word(severity);
        let own = seen.severity_word.as_deref().unwrap_or(&word).to_owned();
        let reference = setting.reference(None, Some(&own));
        let started = seen.started.as_ref().or_else(|| seen.posts.iter().find_map(|post| post.at.as_ref()));
        let new = json!({"occurred": occurred(started, lang), "reference": reference, "severity": word});
        let patch = json!({"reference": reference, "severity": word});
        let edits = vec![SilentEdit { what: Edited::Severity, minor: false }];
        change(setting, "severity", &mut after.severity, Some(own), new_event("scope.changed", new), patch, edits, at, drafts, "");
    }
    if let Some(window) = seen.scheduled.filter(|_| after.nature == Nature::Maintenance && told_here(after.window.by)) {
        let patch = json!({"scheduled": [window.0, window.1]});
        let edits = vec![SilentEdit { what: Edited::Window, minor: false }];
        let target = base_of(after, setting, "window");
        // A window that comes later than the announcement completes it: that is a change too.
        after.window.said = after.window.said.max(1);
        change(setting, "window", &mut after.window, Some(window), None, patch, edits, None, drafts, &target);
    }
    if (seen.ended.is_some() || after.end.by == Some(by)) && !(setting.is_old && after.end.said > 0) {
        end(setting, seen, after, drafts);
    }
}

fn start(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, drafts: &mut Vec<Draft>) {
    let is_ours = after.start.by.is_none_or(|told| told == setting.reading.dialect) && !(setting.is_old && after.start.said > 0);
    let Some(started) = seen.started.as_ref().filter(|_| is_ours) else { return };
    let value = started.start();
    // Planned work began when it was announced; that is said apart only where the first post says otherwise.
    if after.start.is_new() && after.posts.first().is_some_and(|post| post.at.is_some_and(|at| same_second(at, value))) {
        return;
    }
    let patch = json!({"occurred": occurred(Some(started), setting.page.lang)});
    let edits = vec![SilentEdit { what: Edited::Start, minor: is_near(after.start.value, Some(value)) }];
    let kind = if after.nature == Nature::Maintenance { "maintenance.announced" } else { "anomaly.detected" };
    let new = beginning(setting, seen, after, Some(started));
    if after.start.value.is_some_and(|before| same_second(before, value)) && after.start.stands() {
        return;
    }
    change(setting, "start", &mut after.start, Some(value), new_event(kind, new), patch, edits, None, drafts, "");
}

fn end(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, drafts: &mut Vec<Draft>) {
    let ended = seen.ended.as_ref();
    let value = ended.map(SeenTime::start);
    if after.end.stands() && value.zip(after.end.value).is_some_and(|(now, before)| same_second(now, before)) {
        return;
    }
    let when = occurred(ended, setting.page.lang);
    let new = over(after.nature, json!({"occurred": when, "reference": setting.reference(None, None)}));
    let edits = vec![SilentEdit { what: Edited::End, minor: is_near(after.end.value, value) }];
    let kind = if after.nature == Nature::Maintenance { "maintenance.completed" } else { "service.restored" };
    change(setting, "end", &mut after.end, value, new_event(kind, new), json!({"occurred": when}), edits, None, drafts, "");
}

fn over(nature: Nature, mut own: Value) -> Value {
    if nature == Nature::Outage {
        own["extent"] = json!("full");
    }
    own
}

type NewEvent = Option<(&'static str, Value)>;

fn new_event(kind: &'static str, own: Value) -> NewEvent {
    Some((kind, own))
}

/// Says what changed of one field: for the first time, otherwise than before, not at all any more, or again.
#[expect(clippy::too_many_arguments, reason = "each is one part of one sentence; a struct of them would be used once")]
fn change<T: PartialEq>(
    setting: &Setting<'_>,
    part: &str,
    field: &mut Field<T>,
    value: Option<T>,
    new: NewEvent,
    patch: Value,
    edits: Vec<SilentEdit>,
    at: Option<Instant>,
    drafts: &mut Vec<Draft>,
    target: &str,
) {
    let own_base = setting.id(part, 1);
    let target = if target.is_empty() { own_base.as_str() } else { target };
    let Some(value) = value else {
        if field.stands() {
            field.said += 1;
            field.gone = Some(field.said);
            drafts.push(setting.retraction(part, field.said, target, vec![SilentEdit { what: Edited::Removed, minor: false }]));
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
        drafts.push(setting.retraction(part, field.said, &setting.id(part, gone), vec![SilentEdit { what: Edited::Returned, minor: false }]));
    }
    if field.value.as_ref() != Some(&value) {
        field.said += 1;
        drafts.push(setting.correction(part, field.said, target, at, patch, edits));
        field.value = Some(value);
        field.by = Some(setting.reading.dialect);
    }
}

/// True where the name stands as remembered. Another dialect may write it with other spaces or marks.
fn same_name(field: &Field<String>, name: &str, setting: &Setting<'_>) -> bool {
    let Some(before) = field.value.as_deref().filter(|_| field.stands()) else { return false };
    let is_own = field.by == Some(setting.reading.dialect);
    before == name || !is_own && dateline_events::normal(before) == dateline_events::normal(name)
}

fn renamed(field: &Field<String>, name: &str) -> Vec<SilentEdit> {
    let minor = field.value.as_deref().is_some_and(|before| dateline_events::normal(before) == dateline_events::normal(name));
    vec![SilentEdit { what: Edited::Name, minor }]
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
    let edits = || vec![SilentEdit { what: Edited::Removed, minor: false }];
    let mut take = |part: &str, said: &mut u32, gone: &mut Option<u32>, base: String| {
        if *said > 0 && gone.is_none() {
            *said += 1;
            *gone = Some(*said);
            drafts.push(setting.retraction(part, *said, &base, edits()));
        }
    };
    take("start", &mut after.start.said, &mut after.start.gone, setting.id("start", 1));
    take("name", &mut after.name.said, &mut after.name.gone, setting.id("name", 1));
    take("severity", &mut after.severity.said, &mut after.severity.gone, setting.id("severity", 1));
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

//! What a page says post by post. A post is recognised by the page's own id; where a dialect has none, by its minute and its words.

use std::collections::{BTreeMap, HashMap, HashSet};

use dateline_events::kinds::VendorStatus;
use dateline_events::{Instant, Precision, Severity, normal};
use serde_json::{Map, Value, json};

use super::draft::{Draft, Edited, Setting, SilentEdit, latest, occurred};
use super::fields::{add_components, add_window};
use crate::dialects::Dialect;
use crate::observation::{Nature, SeenIncident, SeenPost, SeenTime, Status};
use crate::page_state::{PostKind, Remembered, RememberedPost, Told, hash, note_past};

/// Words shorter than this are too common to recognise a post by, when its time moved.
const TELLING_LETTERS_MIN: usize = 24;

/// A post as read, with what it is recognised by.
struct Candidate<'a> {
    seen: &'a SeenPost,
    minute: Option<i64>,
    normal: u64,
    letters: usize,
}

/// Says what is new in the posts, what was edited, and what was taken down.
pub(super) fn posts(setting: &Setting<'_>, seen: &SeenIncident, after: &mut Remembered, drafts: &mut Vec<Draft>) {
    let is_monitor = setting.reading.dialect == Dialect::Upptime;
    // What a monitor found first is said by the beginning.
    let told = seen.posts.iter().skip(usize::from(is_monitor)).filter(|post| is_told(post, after.nature, setting.reading.dialect));
    let candidates: Vec<Candidate> = told.map(Candidate::of).collect();
    let matched = recognise(&candidates, &after.posts);
    let mut keys = Keys { taken: after.posts.iter().map(|post| post.key.clone()).collect(), last: HashMap::new() };
    for (candidate, found) in candidates.iter().zip(&matched) {
        match found {
            Some(place) => {
                let mut post = after.posts[*place].clone();
                let base = setting.id(&format!("post/{}", post.key), post.base);
                changed(setting, candidate, &mut post, after, drafts);
                // What opened the incident may have been said anew: what is said of the whole is said of that then.
                if after.opener == base {
                    after.opener = setting.id(&format!("post/{}", post.key), post.base);
                }
                after.posts[*place] = post;
            }
            None => new_post(setting, seen, candidate, &mut keys, after, drafts),
        }
    }
    let dialect = setting.reading.dialect;
    let known = after.posts.len() - matched.iter().filter(|found| found.is_none()).count();
    for (place, post) in after.posts.iter_mut().enumerate().take(known) {
        let is_listed = matched.contains(&Some(place));
        if !is_listed && !seen.partial && !setting.is_old && post.gone.is_none() && post.told.contains_key(&dialect) {
            post.said += 1;
            post.gone = Some(post.said);
            post.gone_by = Some(dialect);
            let part = format!("post/{}", post.key);
            let edits = vec![SilentEdit { what: Edited::Removed, minor: false }];
            drafts.push(setting.retraction(&part, post.said, &setting.id(&part, post.base), edits));
        }
    }
}

/// A post that says nothing is none; each finding of a monitor says something.
pub(super) fn is_told(post: &SeenPost, nature: Nature, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Upptime => post.status_word.is_some(),
        // Of trouble only a state of trouble says something by itself.
        _ => post.words.is_some() || post.status.is_some_and(|status| nature == Nature::Maintenance || matches!(status, Status::Vendor(_))),
    }
}

impl<'a> Candidate<'a> {
    fn of(seen: &'a SeenPost) -> Self {
        let words = normal(seen.words.as_deref().unwrap_or_default());
        let minute = seen.at.as_ref().map(|at| minute_of(at.start()));
        Self { seen, minute, normal: hash(&words), letters: words.chars().count() }
    }
}

fn minute_of(instant: Instant) -> i64 {
    instant.0.div_euclid(Instant::MINUTE)
}

/// Which remembered post each post is; None for a new one. From the surest sign to the weakest, each post once.
fn recognise(candidates: &[Candidate], remembered: &[RememberedPost]) -> Vec<Option<usize>> {
    let mut matched: Vec<Option<usize>> = vec![None; candidates.len()];
    let mut taken = vec![false; remembered.len()];
    let other_id = |candidate: &Candidate, post: &RememberedPost| candidate.seen.id.is_some() && post.id.is_some() && candidate.seen.id != post.id;
    let same_minute = |candidate: &Candidate, post: &RememberedPost| candidate.minute == post.at.map(minute_of);
    type Sign<'s> = &'s dyn Fn(&Candidate, &RememberedPost) -> bool;
    let by_id: Sign = &|candidate, post| candidate.seen.id.is_some() && candidate.seen.id == post.id;
    let by_words: Sign = &|candidate, post| same_minute(candidate, post) && candidate.normal == post.normal;
    let by_old_words: Sign = &|candidate, post| same_minute(candidate, post) && post.past.contains(&candidate.normal);
    for sign in [by_id, by_words, by_old_words] {
        for (place, candidate) in candidates.iter().enumerate().filter(|(place, _)| matched[*place].is_none()).collect::<Vec<_>>() {
            let found = (0..remembered.len()).find(|at| !taken[*at] && !other_id(candidate, &remembered[*at]) && sign(candidate, &remembered[*at]));
            if let Some(found) = found {
                matched[place] = Some(found);
                taken[found] = true;
            }
        }
    }
    // What is left is the same post only if nothing else could be: alone in its minute, or alone with its words.
    let by_minute: Sign = &|candidate, post| candidate.minute.is_some() && same_minute(candidate, post);
    // A dialect that dates a single post by its incident dates it no more once there are two: that is no other time.
    let is_telling = |candidate: &Candidate| candidate.letters >= TELLING_LETTERS_MIN || candidate.minute.is_none() && candidate.letters > 0;
    let by_words_alone: Sign = &|candidate, post| is_telling(candidate) && candidate.normal == post.normal;
    for sign in [by_minute, by_words_alone] {
        let fits = |candidate: &Candidate, at: usize, taken: &[bool]| {
            !taken[at] && !other_id(candidate, &remembered[at]) && sign(candidate, &remembered[at])
        };
        for place in 0..candidates.len() {
            if matched[place].is_some() || candidates[place].seen.id.is_some() && remembered.iter().all(|post| post.id.is_some()) {
                continue;
            }
            let here: Vec<usize> = (0..remembered.len()).filter(|at| fits(&candidates[place], *at, &taken)).collect();
            let [only] = here[..] else { continue };
            let rivals = (0..candidates.len()).filter(|other| matched[*other].is_none() && fits(&candidates[*other], only, &taken)).count();
            if rivals == 1 {
                matched[place] = Some(only);
                taken[only] = true;
            }
        }
    }
    matched
}

fn new_post(setting: &Setting<'_>, seen: &SeenIncident, candidate: &Candidate, keys: &mut Keys, after: &mut Remembered, drafts: &mut Vec<Draft>) {
    let post = candidate.seen;
    let key = keys.of(post);
    let kind = kind_of(post, after, setting.reading.dialect);
    let part = format!("post/{key}");
    let mut own = said(setting, seen.started.as_ref(), post, kind, &key);
    if kind == PostKind::Found {
        add_components(&mut own, seen);
    }
    if after.opener.is_empty() {
        add_components(&mut own, seen);
        add_window(&mut own, setting, seen, after);
        after.opener = setting.id(&part, 1);
    }
    drafts.push(setting.draft(&part, 1, kind.event(), stated_by(post), own));
    let told = told(candidate);
    after.posts.push(RememberedPost {
        key,
        id: post.id.clone(),
        kind,
        said: 1,
        base: 1,
        at: post.at.as_ref().map(SeenTime::start),
        to_the_minute: post.at.as_ref().is_some_and(is_coarse),
        by: setting.reading.dialect,
        told: BTreeMap::from([(setting.reading.dialect, told)]),
        normal: candidate.normal,
        past: Vec::new(),
        gone: None,
        gone_by: None,
    });
}

fn told(candidate: &Candidate) -> Told {
    let post = candidate.seen;
    Told { raw: hash(post.words.as_deref().unwrap_or_default()), status: post.status_word.clone(), minute: candidate.minute }
}

/// When the page says that it wrote the post, or last changed it.
fn stated_by(post: &SeenPost) -> Option<Instant> {
    post.updated.or_else(|| post.at.as_ref().map(SeenTime::start))
}

/// The posts' parts of the ids of their events, and how far each name has been counted.
struct Keys {
    taken: HashSet<String>,
    last: HashMap<String, u32>,
}

impl Keys {
    /// A post's part: the page's id, else its time, with a number where that is taken.
    fn of(&mut self, post: &SeenPost) -> String {
        let name = post.id.clone().or_else(|| post.at.as_ref().map(|at| at.start().to_string())).unwrap_or_else(|| "undated".into());
        let mut key = name.clone();
        let last = self.last.entry(name.clone()).or_insert(1);
        while !self.taken.insert(key.clone()) {
            *last += 1;
            key = format!("{name}.{last}");
        }
        key
    }
}

impl PostKind {
    fn event(self) -> &'static str {
        match self {
            Self::Acknowledged => "vendor.acknowledged",
            Self::Updated => "vendor.updated",
            Self::Announced => "maintenance.announced",
            Self::Started => "maintenance.started",
            Self::Completed => "maintenance.completed",
            Self::Flapping => "service.restored",
            Self::Found => "scope.changed",
        }
    }
}

fn kind_of(post: &SeenPost, after: &Remembered, dialect: Dialect) -> PostKind {
    if dialect == Dialect::Upptime {
        return if post.status_word.as_deref() == Some("up") { PostKind::Flapping } else { PostKind::Found };
    }
    match (after.nature, post.status) {
        (Nature::Maintenance, Some(Status::Completed)) => PostKind::Completed,
        (Nature::Maintenance, Some(Status::InProgress | Status::Vendor(_) | Status::Overruled)) => PostKind::Started,
        (Nature::Maintenance, Some(Status::Scheduled)) => PostKind::Announced,
        (Nature::Maintenance, None) => {
            let began = after.posts.iter().any(|other| other.kind != PostKind::Announced);
            if began { PostKind::Started } else { PostKind::Announced }
        }
        (Nature::Outage, Some(Status::Vendor(_) | Status::Overruled)) => PostKind::Updated,
        (Nature::Outage, _) if after.posts.is_empty() => PostKind::Acknowledged,
        (Nature::Outage, _) => PostKind::Updated,
    }
}

/// What the post says, without when it was stated and by whom.
fn said(setting: &Setting<'_>, started: Option<&SeenTime>, post: &SeenPost, kind: PostKind, key: &str) -> Value {
    let id = post.id.as_deref().unwrap_or(key);
    let word = post.status_word.as_deref().filter(|word| !word.trim().is_empty());
    let lang = setting.page.lang;
    let when = match (&post.at, &post.by) {
        (None, Some(by)) => latest(Some(by), lang),
        (at, _) => occurred(at.as_ref().or(started.filter(|_| kind == PostKind::Acknowledged)), lang),
    };
    let mut own = json!({"occurred": when, "reference": setting.reference(Some(id), word)});
    match kind {
        PostKind::Flapping => own["extent"] = json!("unstable"),
        PostKind::Found => {
            own["severity"] = json!(if word == Some("degraded") { Severity::Minor } else { Severity::Major });
        }
        PostKind::Acknowledged => own["statement"] = statement(setting, post),
        PostKind::Updated => {
            own["statement"] = statement(setting, post);
            own["status"] = json!(vendor_status(post));
        }
        PostKind::Announced | PostKind::Started | PostKind::Completed => own["text"] = text(setting, post),
    }
    own
}

fn vendor_status(post: &SeenPost) -> Option<VendorStatus> {
    post.status.and_then(|status| if let Status::Vendor(status) = status { Some(status) } else { None })
}

fn statement(setting: &Setting<'_>, post: &SeenPost) -> Value {
    let Some(words) = &post.words else { return Value::Null };
    json!({"organisation": setting.page.vendor, "quotation": {"lang": setting.page.lang, "text": words}})
}

fn text(setting: &Setting<'_>, post: &SeenPost) -> Value {
    post.words.as_ref().map_or(Value::Null, |words| json!({setting.page.lang: words}))
}

/// A post that was known: what changed of it.
fn changed(setting: &Setting<'_>, candidate: &Candidate, post: &mut RememberedPost, incident: &Remembered, drafts: &mut Vec<Draft>) {
    let read = candidate.seen;
    let dialect = setting.reading.dialect;
    let part = format!("post/{}", post.key);
    if post.id.is_none() {
        post.id.clone_from(&read.id);
    }
    let mut told = told(candidate);
    if dialect == Dialect::Aws && told.status.is_none() {
        // The mark of the whole stands by its last post, whichever that is: a post that it moved on from was not edited.
        told.status = post.told.get(&dialect).and_then(|before| before.status.clone());
    }
    if read.words.is_none()
        && let Some(before) = post.told.get(&dialect)
    {
        // A post without its words is no other wording: should they stand there again, nothing was edited.
        told.raw = before.raw;
    }
    let before = post.told.insert(dialect, told.clone());
    // A feed that lags behind its page still shows what the page took down.
    let lags = post.gone.is_some() && post.gone_by.is_some_and(|by| by != dialect && dialect == Dialect::Atom);
    if setting.is_old || lags {
        return;
    }
    if let Some(gone) = post.gone.take() {
        post.gone_by = None;
        post.said += 1;
        let edits = vec![SilentEdit { what: Edited::Returned, minor: false }];
        drafts.push(setting.retraction(&part, post.said, &setting.id(&part, gone), edits));
    }
    let kind = if post.kind == PostKind::Acknowledged && read.status.is_none() { post.kind } else { kind_again(read, post, incident) };
    let (patch, edits) = patch(setting, candidate, post, kind, before.as_ref(), &told);
    if kind != post.kind && !patch.is_empty() {
        let opens = incident.opener == setting.id(&part, post.base);
        let window = incident.window.value.filter(|_| opens).map_or(Value::Null, |(from, until)| json!([from, until]));
        drafts.extend(became(setting, read, post, kind, edits, window));
        return;
    }
    if !patch.is_empty() {
        post.said += 1;
        let target = setting.id(&part, post.base);
        drafts.push(setting.correction(&part, post.said, &target, read.updated, &Value::Object(patch), edits));
    }
}

/// The kind that a known post would have now.
fn kind_again(read: &SeenPost, post: &RememberedPost, incident: &Remembered) -> PostKind {
    match read.status {
        Some(_) => kind_of(read, incident, Dialect::Statuspage),
        None => post.kind,
    }
}

/// No correction can make an event another kind: the old one is taken back, and the post is said anew.
fn became(setting: &Setting<'_>, read: &SeenPost, post: &mut RememberedPost, kind: PostKind, edits: Vec<SilentEdit>, window: Value) -> [Draft; 2] {
    let part = format!("post/{}", post.key);
    post.said += 2;
    let gone = setting.retraction(&part, post.said - 1, &setting.id(&part, post.base), edits);
    post.base = post.said;
    post.kind = kind;
    let mut own = said(setting, None, read, kind, &post.key);
    own["scheduled"] = window;
    [gone, setting.draft(&part, post.said, kind.event(), read.updated, own)]
}

/// What a correction of the post would replace, and how that is counted.
fn patch(
    setting: &Setting<'_>,
    candidate: &Candidate,
    post: &mut RememberedPost,
    kind: PostKind,
    before: Option<&Told>,
    told: &Told,
) -> (Map<String, Value>, Vec<SilentEdit>) {
    let read = candidate.seen;
    let (mut patch, mut edits) = (Map::new(), Vec::new());
    if words_changed(setting, candidate, post, before, told) {
        edits.push(SilentEdit { what: Edited::Words, minor: candidate.normal == post.normal });
        let (member, value) = match kind {
            PostKind::Acknowledged | PostKind::Updated | PostKind::Flapping | PostKind::Found => ("statement", statement(setting, read)),
            PostKind::Announced | PostKind::Started | PostKind::Completed => ("text", text(setting, read)),
        };
        patch.insert(member.into(), value);
        if candidate.normal != post.normal {
            note_past(&mut post.past, post.normal);
            post.normal = candidate.normal;
        }
        post.by = setting.reading.dialect;
    }
    // A feed that lags behind its page still tells the old time: only what a dialect itself changed is a change.
    let told_anew = before.is_none_or(|before| before.minute != told.minute) || post.by == setting.reading.dialect;
    if let Some(at) = read.at.as_ref().filter(|at| told_anew && moved(at, post.at, post.to_the_minute)) {
        let near = post.at.is_some_and(|before| before.0.abs_diff(at.start().0) < Instant::MINUTE as u64);
        edits.push(SilentEdit { what: Edited::Time, minor: near });
        patch.insert("occurred".into(), occurred(Some(at), setting.page.lang));
        post.at = Some(at.start());
        post.to_the_minute = is_coarse(at);
    }
    if before.is_some_and(|before| before.status != told.status) && post.by == setting.reading.dialect {
        edits.push(SilentEdit { what: Edited::Status, minor: false });
        let id = post.id.as_deref().unwrap_or(&post.key);
        patch.insert("reference".into(), setting.reference(Some(id), told.status.as_deref()));
        if kind == PostKind::Updated {
            patch.insert("status".into(), json!(vendor_status(read)));
        }
    }
    (patch, edits)
}

/// A dialect is held to what it said itself; what another one says is held against it word by word only.
fn words_changed(setting: &Setting<'_>, candidate: &Candidate, post: &RememberedPost, before: Option<&Told>, told: &Told) -> bool {
    let other_words = candidate.normal != post.normal;
    match before {
        // A monitor's finding is one for ever, by its commit.
        _ if candidate.seen.words.is_none() || matches!(post.kind, PostKind::Flapping | PostKind::Found) => false,
        None => other_words && !post.past.contains(&candidate.normal),
        Some(before) if before.raw == told.raw => false,
        Some(_) => other_words || post.by == setting.reading.dialect,
    }
}

/// A time moved, as finely as both readings tell it: an edit of a Statuspage cuts the fraction of a second.
fn moved(at: &SeenTime, before: Option<Instant>, to_the_minute: bool) -> bool {
    let Some(before) = before else { return true };
    let unit = if to_the_minute || is_coarse(at) { Instant::MINUTE } else { Instant::SECOND };
    at.start().0.div_euclid(unit) != before.0.div_euclid(unit)
}

fn is_coarse(at: &SeenTime) -> bool {
    at.precision != Precision::Second
}

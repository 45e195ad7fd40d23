//! Answers kept whole, packed too: a cache in front of the routes (RFC 9111), which knows by [`LastChanges`] when it need not ask.
//!
//! A handler says with its answer what that was made of ([`MadeOf`], among the extensions); an answer that says nothing is not kept.
//! An answer that may have changed is made anew; where it has an ETag, only if that is another one by now.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dateline_backends::Reached;
use http_body_util::BodyExt;
use tokio::task::JoinError;

use super::Reader;
use super::answer::{HEAD, Standing, is_packable, matches_etag, packed, stand};
use super::last_changes::{DependsOn, MadeOf};
use crate::shared::cache::{Cache, Large};
use crate::shared::http::accept::takes_gzip;
use crate::shared::http::{Problem, Ready};

/// So many bytes of answers are kept, packed forms included.
const ANSWERS_BYTES_MAX: usize = 24 * 1024 * 1024;

/// An ordinary answer with its packed form and its name takes about so many bytes.
const ANSWER_BYTES: usize = 16 * 1024;

/// An address longer than this is not kept, in bytes.
const NAME_BYTES_MAX: usize = 2_048;

/// For how long an answer holds that shows what no event tells.
pub const PASSING: Duration = Duration::from_secs(5);

/// Of an answer that shows something which changes without an event, among the extensions of the response: it is kept for [`PASSING`].
#[derive(Debug, Clone, Copy)]
pub struct Passing;

/// The answers that are kept. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Answers(Cache<String, Arc<Kept>>);

impl Default for Answers {
    fn default() -> Self {
        Self(Cache::new(ANSWERS_BYTES_MAX, ANSWER_BYTES, Large::Dropped))
    }
}

/// An answer.
#[derive(Debug)]
struct Kept {
    made: MadeOf,
    /// When its making began.
    begun: Instant,
    /// The ledger's end, where it stands in the body.
    head: Option<HeaderValue>,
    /// None: it holds as long as nothing changes.
    until: Option<Instant>,
    headers: HeaderMap,
    /// None where only its ETag is known, because everybody so far had it already.
    body: Option<Bytes>,
    packed: Option<Bytes>,
}

/// Everything in a request that says what is asked for; None where its answer is not kept.
fn name(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let address = uri.path_and_query()?.as_str();
    let accept = [header::ACCEPT, header::ACCEPT_LANGUAGE];
    // Who names a position waits for it, and is told of the views themselves.
    if address.len() > NAME_BYTES_MAX || uri.query().is_some_and(|query| query.contains("min_position")) {
        return None;
    }
    let mut name = address.to_owned();
    for header in accept {
        for value in headers.get_all(header) {
            name.push('\n');
            name.push_str(value.to_str().ok()?);
        }
        name.push('\n');
    }
    (name.len() <= 2 * NAME_BYTES_MAX).then_some(name)
}

/// Answers from what is kept, else by the route, whose answer is then kept.
pub async fn keep(State(reader): State<Reader>, request: Request, next: Next) -> Response {
    let arrived = Instant::now();
    let name = (request.method() == Method::GET).then(|| name(request.uri(), request.headers())).flatten();
    let is_let_in = reader.gate.reader(request.headers()).await.is_ok();
    let Some(name) = name.filter(|_| is_let_in) else { return next.run(request).await };
    // Views that cannot answer are for the route to tell.
    if let Err(error) = reader.timelines.changes.bring_up_to_date(&reader.timelines.views).await {
        tracing::debug!(%error, "what changed last is not known");
    }
    let asked = request.headers().clone();
    let (judge, maker, name_bytes) = (reader.clone(), reader.clone(), name.len());
    let answered = asked.clone();
    let holds = {
        let asked = asked.clone();
        // What was begun since this reader asked is new enough, whatever came meanwhile.
        move |kept: &Arc<Kept>| (kept.begun >= arrived || judge.holds(kept).is_some()) && kept.answers(&asked)
    };
    let make = move |before: Option<Arc<Kept>>| async move {
        // What only lacks its packed form is not made anew.
        let still = before.as_ref().filter(|kept| kept.body.is_some() && maker.holds(kept).is_some());
        let kept = match still {
            Some(kept) => kept.again(),
            None => make(request, next, before).await?,
        };
        let kept = if kept.wants_packing(&asked) { kept.packed().await? } else { kept };
        let bytes = kept.bytes() + name_bytes;
        Ok((Arc::new(kept), bytes))
    };
    match reader.answers.0.get_or_make(name, holds, make).await {
        Ok(kept) => kept.response(&answered, reader.standing(reader.holds(&kept).unwrap_or(kept.made.at))),
        Err(Unkept(response)) => *response,
    }
}

/// An answer that is given once.
struct Unkept(Box<Response>);

impl From<JoinError> for Unkept {
    fn from(error: JoinError) -> Self {
        Self(Box::new(Problem::from(error).into_response()))
    }
}

/// Asks the route; with the ETag of what is kept, so that an answer which is still the same is not made again.
async fn make(mut request: Request, next: Next, before: Option<Arc<Kept>>) -> Result<Kept, Unkept> {
    // A body that holds the position is another one by now, whatever its ETag says.
    let before = before.filter(|kept| kept.body.is_some() && kept.made.on != DependsOn::Position && kept.headers.contains_key(header::ETAG));
    let etag = before.as_ref().and_then(|kept| kept.headers.get(header::ETAG));
    if let Some(etag) = etag {
        request.headers_mut().insert(header::IF_NONE_MATCH, etag.clone());
    }
    let begun = Instant::now();
    let response = next.run(request).await;
    let extensions = response.extensions();
    let made = extensions.get::<MadeOf>().copied();
    let until = extensions.get::<Passing>().map(|_| Instant::now() + PASSING);
    let (Some(made), StatusCode::OK | StatusCode::NOT_MODIFIED) = (made, response.status()) else {
        return Err(Unkept(Box::new(response)));
    };
    let is_same = response.status() == StatusCode::NOT_MODIFIED;
    let (head, body) = response.into_parts();
    let (mut headers, mut kept_body, mut packed_body) = (head.headers, None, None);
    if !is_same {
        let body = body.collect().await.map_err(|_| Unkept(Box::new(Problem::internal("an answer could not be put together").into_response())))?;
        kept_body = Some(body.to_bytes());
    } else if let Some(before) = before {
        (headers, kept_body, packed_body) = (before.headers.clone(), before.body.clone(), before.packed.clone());
    }
    headers.remove(header::CONTENT_LENGTH);
    let head = (made.on == DependsOn::Position).then(|| headers.get(HEAD).cloned()).flatten();
    Ok(Kept { made, begun, head, until, headers, body: kept_body, packed: packed_body })
}

impl Kept {
    /// Whether it has what this reader asks for.
    fn answers(&self, asked: &HeaderMap) -> bool {
        self.is_known(asked) || (self.body.is_some() && !self.wants_packing(asked))
    }

    /// Whether the reader has it already.
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let etag = self.headers.get(header::ETAG).and_then(|etag| etag.to_str().ok());
        etag.is_some_and(|etag| matches_etag(asked, etag))
    }

    fn wants_packing(&self, asked: &HeaderMap) -> bool {
        self.packed.is_none() && self.body.as_ref().is_some_and(|body| is_packable(&self.headers, body.len())) && takes_gzip(asked)
    }

    /// The same, to be added to.
    fn again(&self) -> Self {
        Self { headers: self.headers.clone(), head: self.head.clone(), body: self.body.clone(), packed: self.packed.clone(), ..*self }
    }

    async fn packed(mut self) -> Result<Self, Unkept> {
        if let Some(body) = self.body.clone() {
            let packing = tokio::task::spawn_blocking(move || packed(&body)).await?;
            // It is written to memory, which does not fail; if it did, the answer goes as it is.
            self.packed = packing.ok();
        }
        Ok(self)
    }

    fn bytes(&self) -> usize {
        [&self.body, &self.packed].into_iter().flatten().map(Bytes::len).sum()
    }

    fn response(&self, asked: &HeaderMap, standing: Standing) -> Response {
        let mut headers = self.headers.clone();
        stand(&mut headers, standing);
        if let Some(head) = &self.head {
            headers.insert(HEAD, head.clone());
        }
        if self.is_known(asked) {
            headers.remove(header::LINK);
            return respond(StatusCode::NOT_MODIFIED, headers, Body::empty());
        }
        if let Some(packed) = self.packed.clone().filter(|_| takes_gzip(asked)) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            return respond(StatusCode::OK, headers, Body::from(packed));
        }
        respond(StatusCode::OK, headers, self.body.clone().map_or_else(Body::empty, Body::from))
    }
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

impl Reader {
    /// How an answer stands that was made of a state of the views.
    pub fn standing(&self, at: Reached) -> Standing {
        Standing { position: at.position, head: self.timelines.head().max(at.position) }
    }

    /// How far a kept answer is true, where it still is.
    fn holds(&self, kept: &Kept) -> Option<Reached> {
        let views = &self.timelines.views;
        let reached = *views.watch_reached().borrow();
        let position = self.timelines.changes.still_true(&kept.made, reached).filter(|_| views.is_watched())?;
        let at = Reached { position, ..reached };
        let is_head = kept.head.as_ref().is_none_or(|head| *head == HeaderValue::from(self.standing(at).head));
        (is_head && kept.until.is_none_or(|until| Instant::now() < until)).then_some(at)
    }

    /// Answers at once what is kept and still true, to readers who need no key: without a turn among the reads, and without asking anybody.
    pub fn ready(&self) -> Ready {
        let reader = self.clone();
        Ready::new(move |head: &Parts| {
            if head.method != Method::GET || !reader.gate.is_open_to(&head.headers) {
                return None;
            }
            let kept = reader.answers.0.get(&name(&head.uri, &head.headers)?)?;
            let at = reader.holds(&kept).filter(|_| kept.answers(&head.headers))?;
            Some(kept.response(&head.headers, reader.standing(at)))
        })
    }
}

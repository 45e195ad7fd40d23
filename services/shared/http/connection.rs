//! One connection: hyper reads its requests and writes its answers, between a wire with deadlines and the rules that every request
//! meets before it reaches a role.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower::ServiceExt;

use super::address::forwarded;
use super::hosts::Hosts;
use super::listener::{Peer, told};
use super::places::{Place, too_many};
use super::reads::Reads;
use super::ready::Ready;
use super::turn::{Turn, Waits};
use super::wire::{HEAD_S, Wire};
use super::{Client, Problem};

/// A head has at most so many bytes, its first line included. A body's pieces are no larger.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// The first line of a head has at most so many bytes.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// In the reserve, the first byte comes within so many milliseconds.
const RESERVE_FIRST_MS: u64 = 2_000;

/// Whoever is answered before all was read may go on sending for so long, in milliseconds: to close at once would take the answer
/// from under a sender who has not read it yet.
const LINGER_MS: u64 = 2_000;

/// What is still sent then is read and forgotten by so many bytes at once.
const LINGER_BYTES: usize = 16 * 1024;

/// Of whoever is turned away, it is read so often.
const TURNED_AWAY_READS_MAX: usize = 16;

/// What is answered to everybody, whoever holds the connections.
const RESERVED_PATHS: [&str; 3] = ["/health/live", "/health/ready", "/metrics"];

/// What all connections of a server share.
#[derive(Debug)]
pub struct Front {
    /// The routes of the roles.
    pub router: Router,
    /// The answers that are there already.
    pub ready: Ready,
    /// The names of the server.
    pub hosts: Hosts,
    /// Proxies whose word about addresses is believed.
    pub proxies: Vec<IpAddr>,
    /// The reads under way.
    pub reads: Reads,
}

/// Serves a connection to its end.
pub async fn serve(stream: TcpStream, peer: SocketAddr, place: Arc<Place>, front: Arc<Front>, stop: watch::Receiver<bool>) {
    let turn = Arc::new(Turn::default());
    let held = place.clone();
    let first = if place.is_reserve() { Duration::from_millis(RESERVE_FIRST_MS) } else { Duration::from_secs(HEAD_S) };
    let wire = Wire::new(stream, turn.clone(), first);
    let service = Answers { peer, place, front, turn: turn.clone() };
    let mut connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(wire), service);
    let mut is_pushed_out = false;
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = held.pushed_out() => {
            // What has come is read and answered, so that a question for health is never lost; who asked nothing yet is told at once.
            is_pushed_out = true;
            match (&mut connection).now_or_never() {
                Some(ended) => ended,
                None if matches!(turn.waits(), Waits::First | Waits::Head) => return turn_away(&connection.into_parts().io.into_inner()),
                None => (&mut connection).await,
            }
        }
        () = told(stop) => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let wire = connection.into_parts().io.into_inner();
    if let Err(error) = &ended {
        tracing::debug!(%error, %peer, "a connection ended");
    }
    let last = ended.err().and_then(|error| last_word(&wire, &error));
    if is_pushed_out {
        take_what_came(&wire);
    } else if last.is_some() || turn.is_unread() {
        let lingering = Box::pin(part(wire, last));
        tokio::select! {
            _ = tokio::time::timeout(Duration::from_millis(LINGER_MS), lingering) => {}
            () = held.pushed_out() => {}
        }
    }
}

/// Tells somebody whose place in the reserve goes to another, whatever he asked, and waits for nothing.
fn turn_away(wire: &Wire) {
    take_what_came(wire);
    // A new connection has room for so short an answer; where it has none, it is closed without.
    if let Ok(answer) = in_words(&no_place()) {
        let _ = wire.stream.try_write(&answer);
    }
}

/// Reads and forgets what has come: a connection that is closed before that is reset, and takes the answer with it.
fn take_what_came(wire: &Wire) {
    let mut forgotten = [0; LINGER_BYTES];
    for _ in 0..TURNED_AWAY_READS_MAX {
        match wire.stream.try_read(&mut forgotten) {
            Ok(LINGER_BYTES) => {}
            _ => break,
        }
    }
}

/// What is said to somebody whose head could not be read.
fn last_word(wire: &Wire, error: &hyper::Error) -> Option<Problem> {
    let end = wire.end;
    if end.slow_head {
        let detail = format!("the head of a request comes within {HEAD_S} s of its first byte; send it again");
        return Some(Problem::new(StatusCode::REQUEST_TIMEOUT, "head-slow", "The request came too slowly", detail));
    }
    let broken = |detail| Problem::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read", detail);
    match end.withheld {
        Some(414) => Some(line_too_long()),
        Some(431) if end.line_bytes > LINE_BYTES_MAX => Some(line_too_long()),
        Some(431) => {
            let detail = format!("the head of a request has at most {HEAD_BYTES_MAX} bytes and 100 headers; send less");
            Some(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head-too-large", "The head is too large", detail))
        }
        Some(_) => Some(broken(format!("this is no HTTP/1.1 request as RFC 9112 has it: {error}"))),
        None if error.is_parse_version_h2() => Some(broken("HTTP/2 is not spoken here; speak HTTP/1.1".to_owned())),
        None if error.is_parse() => Some(broken(format!("this is no HTTP/1.1 request as RFC 9112 has it: {error}"))),
        None => None,
    }
}

fn line_too_long() -> Problem {
    let detail = format!("the first line of a request has at most {LINE_BYTES_MAX} bytes; ask for less at once");
    Problem::new(StatusCode::URI_TOO_LONG, "target-too-long", "The address is too long", detail)
}

/// Says the last word, ends the own side, and takes what the other end still sends until it has ended its side too.
async fn part(mut wire: Wire, last: Option<Problem>) -> std::io::Result<()> {
    if let Some(problem) = last {
        wire.stream.write_all(&in_words(&problem)?).await?;
    }
    wire.stream.shutdown().await?;
    let mut forgotten = vec![0; LINGER_BYTES];
    while wire.stream.read(&mut forgotten).await? > 0 {}
    Ok(())
}

/// A problem as the last answer of a connection, word for word.
fn in_words(problem: &Problem) -> serde_json::Result<Vec<u8>> {
    let body = serde_json::to_vec(problem)?;
    let reason = problem.status.canonical_reason().unwrap_or_default();
    let mut words = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\nconnection: close\r\ncontent-length: {}\r\n",
        problem.status.as_u16(),
        body.len()
    )
    .into_bytes();
    for (name, value) in &problem.headers {
        words.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    words.extend([b"\r\n", body.as_slice()].concat());
    Ok(words)
}

/// What is said to whoever finds no place.
fn no_place() -> Problem {
    too_many("all connections that this server or your address may hold are taken")
}

/// Answers the requests of a connection.
struct Answers {
    peer: SocketAddr,
    place: Arc<Place>,
    front: Arc<Front>,
    turn: Arc<Turn>,
}

impl Service<Request<Incoming>> for Answers {
    type Response = Response<Answering>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.turn.wait_for(Waits::Answer);
        let (front, place, turn, peer) = (self.front.clone(), self.place.clone(), self.turn.clone(), self.peer);
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let read = Arc::new(AtomicBool::new(body.is_end_stream()));
            let body = Body::new(Asked { body, read: read.clone() });
            let mut answer = answer(&front, &place, &turn, peer, Request::from_parts(head, body)).await;
            if !read.load(Ordering::Acquire) {
                turn.leave_unread();
                close(&mut answer);
            }
            Ok(answer.map(|body| Answering { body, turn }))
        })
    }
}

/// Answers a request, whatever it is.
async fn answer(front: &Front, place: &Place, turn: &Turn, peer: SocketAddr, request: Request<Body>) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    if let Err(problem) = check(front, &head, place, turn) {
        let mut answer = problem.into_response();
        close(&mut answer);
        return answer;
    }
    if let Some(answer) = front.ready.answer(&head) {
        return answer;
    }
    let address = forwarded(&head.headers, Some(peer.ip()), &front.proxies);
    head.extensions.insert(ConnectInfo(Peer(peer)));
    head.extensions.insert(Client { address });
    let counts = Reads::count(&head);
    let making = front.router.clone().oneshot(Request::from_parts(head, body)).map(|made| match made {
        Ok(answer) => answer,
        Err(never) => match never {},
    });
    let mut answer = if counts { front.reads.answer(address, making).await } else { making.await };
    allow_options(&mut answer);
    if is_stream(&answer) {
        // Its connection ends with it, so that the place need not be given back before.
        if let Err(problem) = place.go_live(address) {
            answer = problem.into_response();
        }
        close(&mut answer);
    }
    if place.is_reserve() {
        close(&mut answer);
    }
    answer
}

/// The routes know the methods that they were given; OPTIONS is taken everywhere.
fn allow_options(answer: &mut Response<Body>) {
    let allowed = answer.headers().get(header::ALLOW).and_then(|allowed| allowed.to_str().ok());
    if let Some(allowed) = allowed.and_then(|allowed| HeaderValue::from_str(&format!("{allowed},OPTIONS")).ok()) {
        answer.headers_mut().insert(header::ALLOW, allowed);
    }
}

fn is_stream(answer: &Response<Body>) -> bool {
    answer.headers().get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

/// What every request must be, whatever it asks for.
fn check(front: &Front, head: &Parts, place: &Place, turn: &Turn) -> Result<(), Problem> {
    if turn.has_two_lengths() {
        let detail = "the headers Content-Length and Transfer-Encoding exclude one another; send one of them";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "two-lengths", "How long is the body?", detail));
    }
    if head.uri.path_and_query().is_some_and(|target| target.as_str().len() > LINE_BYTES_MAX) {
        return Err(line_too_long());
    }
    front.hosts.check(head)?;
    if head.method == Method::CONNECT {
        let detail = "this server is no proxy; /openapi.json lists what there is";
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Not with this method", detail));
    }
    if place.is_reserve() && !RESERVED_PATHS.contains(&head.uri.path()) {
        return Err(no_place());
    }
    Ok(())
}

/// The connection ends with this answer.
fn close(answer: &mut Response<Body>) {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

/// A body as it is asked for, which remembers whether it was read to its end.
struct Asked {
    body: Incoming,
    read: Arc<AtomicBool>,
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() && self.body.is_end_stream() {
            self.read.store(true, Ordering::Release);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer; once hyper has all of it, the connection waits for the next request.
struct Answering {
    body: Body,
    turn: Arc<Turn>,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.turn.wait_for(Waits::Next);
    }
}

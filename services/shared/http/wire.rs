//! A connection's bytes, with deadlines: nobody holds a connection open by sending nothing, or by taking nothing.
//!
//! hyper answers what it cannot parse by itself, with an empty body. That answer is withheld here, and a problem takes its place.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::scan::Scan;
use super::turn::{Turn, Waits};

/// A head comes within so many seconds of its first byte; the first byte within so many of the connection.
pub const HEAD_S: u64 = 10;

/// A connection that has had its answer waits so long for the next request, in seconds.
pub const IDLE_S: u64 = 60;

/// A reader takes something within so many seconds.
pub const TAKES_NOTHING_S: u64 = 30;

/// An answer that hyper makes by itself is at most so long, in bytes.
const OWN_ANSWER_BYTES_MAX: usize = 256;

/// A connection.
pub struct Wire {
    /// The connection itself.
    pub stream: TcpStream,
    turn: Arc<Turn>,
    /// The first byte comes within this.
    first: Duration,
    scan: Scan,
    /// Until when something must be read, and what is waited for so long.
    reading: Option<(Waits, Pin<Box<Sleep>>)>,
    /// Until when something must be taken, while something waits to be.
    writing: Option<Pin<Box<Sleep>>>,
    /// When something was taken last.
    taken: Instant,
    /// How the connection stands at its end.
    pub end: End,
}

/// How a connection ended, as seen from the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct End {
    /// The status that hyper would have answered by itself.
    pub withheld: Option<u16>,
    /// A head had begun and did not come to its end in time.
    pub slow_head: bool,
    /// The first line of the head that could not be read has so many bytes, as far as it came.
    pub line_bytes: usize,
}

impl Wire {
    /// A connection whose first byte comes within a time.
    pub fn new(stream: TcpStream, turn: Arc<Turn>, first: Duration) -> Self {
        Self { stream, turn, first, scan: Scan::default(), reading: None, writing: None, taken: Instant::now(), end: End::default() }
    }

    /// What was waited for does not come: true once its time is over.
    fn is_overdue(&mut self, context: &mut Context<'_>, waits: Waits) -> bool {
        let now = Instant::now();
        if !matches!(&self.reading, Some((armed, _)) if *armed == waits) {
            let within = match waits {
                Waits::First => self.first,
                Waits::Head => Duration::from_secs(HEAD_S),
                Waits::Answer | Waits::Next => Duration::from_secs(IDLE_S),
            };
            self.reading = Some((waits, Box::pin(sleep_until(now + within))));
        }
        let Some((_, timer)) = &mut self.reading else { return false };
        loop {
            if timer.as_mut().poll(context).is_pending() {
                return false;
            }
            // Whoever still takes an answer is not idle.
            let due = self.taken + Duration::from_secs(IDLE_S);
            if waits != Waits::Next || due <= now {
                return true;
            }
            timer.as_mut().reset(due);
        }
    }

    /// Looks at bytes of a head as they come.
    fn see(&mut self, waits: Waits, bytes: &[u8]) {
        if waits != Waits::Head {
            self.scan = Scan::default();
            self.turn.wait_for(Waits::Head);
        }
        self.scan.see(bytes);
        self.turn.two_lengths(self.scan.has_two_lengths());
    }

    /// Holds a write against the time in which something must be taken.
    fn timed(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.writing = None;
            self.taken = Instant::now();
            return written;
        }
        let timer = self.writing.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + Duration::from_secs(TAKES_NOTHING_S))));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, format!("nothing was taken for {TAKES_NOTHING_S} s"))))
    }

    /// Where an answer of hyper's own begins in what is to be written; it then ends with it.
    fn own_answer(&self, bytes: &[u8]) -> Option<(usize, u16)> {
        if self.turn.waits() == Waits::Answer {
            return None;
        }
        let tail = bytes.len().saturating_sub(OWN_ANSWER_BYTES_MAX);
        let begins = bytes[tail..].windows(7).rposition(|window| window == b"HTTP/1.")?;
        own_status(&bytes[tail + begins..]).map(|status| (tail + begins, status))
    }
}

/// The status of an answer that nobody but hyper gives: an empty one that closes the connection.
fn own_status(bytes: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = text.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut is_closing = false;
    for line in lines {
        match line.split_once(": ")? {
            ("connection", "close") => is_closing = true,
            ("content-length", "0") | ("date", _) => {}
            _ => return None,
        }
    }
    (is_closing && matches!(status, 400 | 414 | 431)).then_some(status)
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let waits = self.turn.waits();
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Pending if waits != Waits::Answer && self.is_overdue(context, waits) => {
                self.end.slow_head = waits == Waits::Head;
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(Ok(())) if waits != Waits::Answer && buffer.filled().len() > before => {
                self.see(waits, &buffer.filled()[before..]);
                Poll::Ready(Ok(()))
            }
            read => read,
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let bytes = match self.own_answer(bytes) {
            Some((0, status)) => {
                (self.end.withheld, self.end.line_bytes) = (Some(status), self.scan.line_bytes());
                return Poll::Ready(Ok(bytes.len()));
            }
            Some((begins, _)) => &bytes[..begins],
            None => bytes,
        };
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.timed(context, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if let [only] = parts {
            return self.poll_write(context, only);
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.timed(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Something else will be said instead.
        if self.end.withheld.is_some() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

//! The bytes of a page while they come in: unpacked on the way, counted as they are then, and never more of them in memory than there is
//! room for.

use std::io::{self, Write};
use std::sync::Arc;

use axum::http::{Response, header};
use dateline_status_pages::MAX_PAGE_BYTES;
use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All pages that are being read, or wait to be published, have so many bytes together at most.
pub const MAX_HELD_BYTES: usize = 256 * 1024 * 1024;

/// Room is given out in pieces of so many bytes.
const PIECE_BYTES: usize = 16 * 1024;

/// Room for the bytes of pages. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store(Arc<Semaphore>);

/// The bytes of a page, and the room that they take.
#[derive(Debug)]
pub struct Held {
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
    store: Store,
}

impl Store {
    /// Room for so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / PIECE_BYTES)))
    }
}

impl Held {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Nothing yet, in this store.
    pub fn new(store: Store) -> Self {
        Self { bytes: Vec::new(), room: None, store }
    }

    fn make_room(&mut self, bytes: usize) -> io::Result<()> {
        if bytes > MAX_PAGE_BYTES {
            return Err(io::Error::other(too_large()));
        }
        let there = self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let pieces = bytes.div_ceil(PIECE_BYTES).saturating_sub(there);
        let Ok(pieces) = u32::try_from(pieces) else { return Err(io::Error::other(too_large())) };
        if pieces == 0 {
            return Ok(());
        }
        let Ok(further) = self.store.0.clone().try_acquire_many_owned(pieces) else {
            return Err(io::Error::other(format!("there is no room for it: {MAX_HELD_BYTES} bytes of pages are held already")));
        };
        match &mut self.room {
            Some(room) => room.merge(further),
            None => self.room = Some(further),
        }
        Ok(())
    }
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.make_room(self.bytes.len() + bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A page on its way in.
enum Unpacking {
    Plain(Held),
    Gzip(Box<MultiGzDecoder<Held>>),
}

impl Unpacking {
    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(held) => held.write_all(bytes),
            Self::Gzip(decoder) => decoder.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<Held> {
        match self {
            Self::Plain(held) => Ok(held),
            Self::Gzip(decoder) => decoder.finish(),
        }
    }
}

/// Reads the body of an answer to its end; else the reason why it cannot be read.
pub async fn unpack(response: Response<Incoming>, store: &Store) -> Result<Held, String> {
    let coding =
        response.headers().get(header::CONTENT_ENCODING).map(|coding| String::from_utf8_lossy(coding.as_bytes()).trim().to_ascii_lowercase());
    let held = Held::new(store.clone());
    let mut unpacking = match coding.as_deref() {
        None | Some("" | "identity") => Unpacking::Plain(held),
        Some("gzip" | "x-gzip") => Unpacking::Gzip(Box::new(MultiGzDecoder::new(held))),
        Some(other) => return Err(format!("it is packed as {other:.50}, although only gzip was asked for")),
    };
    let mut body = response.into_body();
    // Said beforehand, it need not be read at all. What is packed becomes larger still.
    if body.size_hint().lower() > MAX_PAGE_BYTES as u64 {
        return Err(too_large());
    }
    let mut came_bytes = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the connection ended amid the page: {error}"))?;
        let Ok(bytes) = frame.into_data() else { continue };
        came_bytes = came_bytes.saturating_add(bytes.len());
        if came_bytes > MAX_PAGE_BYTES {
            return Err(too_large());
        }
        unpacking.push(&bytes).map_err(|error| error.to_string())?;
    }
    let mut held = unpacking.finish().map_err(|error| format!("it cannot be unpacked: {error}"))?;
    held.bytes.shrink_to_fit();
    Ok(held)
}

fn too_large() -> String {
    format!("it is larger than {MAX_PAGE_BYTES} bytes; a page has at most so many, unpacked")
}

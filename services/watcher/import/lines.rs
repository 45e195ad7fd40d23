//! Lines of a file that may be packed, with how many of its bytes were read. A line has a limit, whatever the file unpacks to.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail};
use flate2::bufread::MultiGzDecoder;

/// A line is at most so long, in bytes.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// Reads lines on a thread of its own.
pub(super) struct Lines {
    input: BufReader<Box<dyn Read + Send>>,
    number: u64,
    read_bytes: Arc<AtomicU64>,
}

impl Lines {
    pub(super) fn open(file: File, read_bytes: Arc<AtomicU64>) -> anyhow::Result<Self> {
        let counted = Counted { inner: file, read_bytes: read_bytes.clone() };
        Ok(Self { input: BufReader::new(unpacked(counted)?), number: 0, read_bytes })
    }

    /// The next line that is not empty, with its number; None at the end.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<(u64, Vec<u8>)>> {
        loop {
            let mut line = Vec::new();
            self.number += 1;
            let read = self.input.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line);
            let read = read.with_context(|| format!("line {}: the file is cut or damaged", self.number))?;
            if read as u64 > MAX_LINE_BYTES {
                bail!("line {}: longer than {MAX_LINE_BYTES} bytes; expected one version of one incident a line", self.number);
            }
            if read == 0 {
                return Ok(None);
            }
            let text = line.trim_ascii();
            if !text.is_empty() {
                return Ok(Some((self.number, text.to_vec())));
            }
        }
    }

    pub(super) fn read_bytes(&self) -> u64 {
        self.read_bytes.load(Ordering::Relaxed)
    }
}

/// What a file holds, unpacked where it begins as gzip does.
pub(super) fn unpacked(file: impl Read + Send + 'static) -> anyhow::Result<Box<dyn Read + Send>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    let mut input = BufReader::new(file);
    let is_packed = input.fill_buf().context("cannot be read")?.starts_with(&GZIP);
    Ok(if is_packed { Box::new(MultiGzDecoder::new(input)) } else { Box::new(input) })
}

struct Counted<R> {
    inner: R,
    read_bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read_bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

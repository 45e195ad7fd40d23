//! Reads along while a head comes in, for what hyper does not tell: how long its first line is, and whether it says twice how long
//! the body is.

/// No name that is looked for is longer, in bytes.
const NAME_BYTES_MAX: usize = 20;

/// What was seen of a head so far.
#[derive(Debug, Default)]
pub struct Scan {
    /// The name of the header that the line begins with, in lower case; cut where it is too long.
    name: Vec<u8>,
    /// The name is over, or this is the first line.
    past_name: bool,
    /// The line has something in it.
    has_bytes: bool,
    /// The first line is whole.
    has_line: bool,
    line_bytes: usize,
    ended: bool,
    has_length: bool,
    has_encoding: bool,
}

impl Scan {
    /// How much there is of the first line, in bytes.
    pub fn line_bytes(&self) -> usize {
        self.line_bytes
    }

    /// True for a head with both Content-Length and Transfer-Encoding.
    pub fn has_two_lengths(&self) -> bool {
        self.has_length && self.has_encoding
    }

    /// Sees the next bytes.
    pub fn see(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.ended {
                return;
            }
            match byte {
                b'\n' => self.end_line(),
                b'\r' => {}
                b':' if self.has_line && !self.past_name => self.end_name(),
                _ => {
                    self.has_bytes = true;
                    self.line_bytes += usize::from(!self.has_line);
                    if self.has_line && !self.past_name && self.name.len() < NAME_BYTES_MAX {
                        self.name.push(byte.to_ascii_lowercase());
                    }
                }
            }
        }
    }

    fn end_line(&mut self) {
        // Empty lines before the first are passed over.
        self.ended = self.has_line && !self.has_bytes;
        self.has_line |= self.has_bytes;
        (self.has_bytes, self.past_name) = (false, false);
        self.name.clear();
    }

    fn end_name(&mut self) {
        (self.has_bytes, self.past_name) = (true, true);
        self.has_length |= self.name == b"content-length";
        self.has_encoding |= self.name == b"transfer-encoding";
    }
}

#[cfg(test)]
mod tests {
    //! However a head is cut into pieces, the same is seen.

    use super::Scan;

    const LINE: &str = "POST /content-length:/transfer-encoding: HTTP/1.1";

    fn seen(pieces: &[&str]) -> (usize, bool) {
        let mut scan = Scan::default();
        pieces.iter().for_each(|piece| scan.see(piece.as_bytes()));
        (scan.line_bytes(), scan.has_two_lengths())
    }

    #[test]
    fn two_lengths_are_seen_wherever_the_head_is_cut() {
        let head = format!("\r\n{LINE}\r\nTransfer-encoding: chunked\r\nX: y\r\ncontent-LENGTH: 3\r\n\r\n");
        for at in 0..head.len() {
            assert_eq!(seen(&[&head[..at], &head[at..]]), (LINE.len(), true), "cut at {at}");
        }
        let one = head.replace("content-LENGTH", "content-lengthy");
        assert_eq!(seen(&[&one, "transfer-encoding: x\r\ncontent-length: 1\r\n\r\n"]), (LINE.len(), false), "a body is no head");
    }
}

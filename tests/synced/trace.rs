//! What strace wrote, as calls: when each began and ended, on which file or socket, and which bytes it carried.
//!
//! Which order the calls must have is not known here.

/// One system call that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The line that shows its beginning. strace writes a line when something happens, whichever thread it happens in, and lets no
    /// thread go on before: what stands on an earlier line was earlier.
    pub began: usize,
    /// The line that shows its end.
    pub ended: usize,
    pub name: String,
    /// The path of a file, or the socket with its number.
    pub target: String,
    /// What was written, as far as it was taken.
    pub bytes: Vec<u8>,
}

impl Call {
    /// True where it brings a file to the disk.
    pub fn is_sync(&self) -> bool {
        matches!(self.name.as_str(), "fsync" | "fdatasync")
    }

    /// True where it puts bytes into a file.
    pub fn writes_to(&self, target: impl Fn(&str) -> bool) -> bool {
        !self.is_sync() && !self.is_to_a_socket() && target(&self.target)
    }

    pub fn is_to_a_socket(&self) -> bool {
        self.target.starts_with("socket:") || self.target.starts_with("TCP")
    }
}

/// Reads a trace made with `-f -ttt -y -xx`; calls that failed, or never ended, did nothing.
pub fn parse(text: &str) -> Vec<Call> {
    let mut open: Vec<(&str, usize, &str)> = Vec::new();
    let mut calls = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((_, said)) = rest.trim_start().split_once(' ') else { continue };
        if let Some(begun) = said.strip_suffix("<unfinished ...>") {
            open.push((thread, number, begun));
        } else if said.starts_with("<... ") {
            let Some(place) = open.iter().position(|(of, ..)| *of == thread) else { continue };
            let (_, began, begun) = open.swap_remove(place);
            let rest = said.split_once("resumed>").map_or("", |(_, rest)| rest);
            calls.extend(call(&format!("{begun}{rest}"), began, number));
        } else {
            calls.extend(call(said, number, number));
        }
    }
    calls.sort_by_key(|call| call.ended);
    calls
}

fn call(said: &str, began: usize, ended: usize) -> Option<Call> {
    let (name, rest) = said.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let result: i64 = result.split(' ').next()?.parse().ok()?;
    let target = decoded(arguments.split_once('<')?.1.split_once('>')?.0);
    let mut bytes: Vec<u8> = arguments.split('"').skip(1).step_by(2).flat_map(decoded_bytes).collect();
    bytes.truncate(usize::try_from(result).ok()?);
    Some(Call { began, ended, name: name.to_owned(), target, bytes })
}

fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&decoded_bytes(text)).into_owned()
}

/// Undoes `\x41`; what is not written so stands for itself.
fn decoded_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4);
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.strip_prefix(b"x").and_then(|tail| tail.get(..2)).filter(|_| *first == b'\\');
        match code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}

#[test]
fn a_trace_is_read_with_what_is_interrupted_and_without_what_failed() {
    let text = "\
10 1.000001 pwrite64(3</data/ledger.db-wal>, \"\\x61\\x62\"..., 2, 0) = 2 <0.000012>
11 1.000002 fdatasync(3<\\x2f\\x64> <unfinished ...>
10 1.000003 write(4<socket:[7]>, \"\\x6f\\x6b\", 2) = -1 EAGAIN (Resource temporarily unavailable) <0.000001>
10 1.000004 writev(4<socket:[7]>, [{iov_base=\"\\x6f\", iov_len=1}, {iov_base=\"\\x6b\\x21\", iov_len=2}], 2) = 2 <0.000001>
11 1.000005 <... fdatasync resumed>) = 0 <0.000003>
10 1.000006 +++ exited with 0 +++
";
    let call = |began, ended, name: &str, target: &str, bytes: &[u8]| Call {
        began,
        ended,
        name: name.to_owned(),
        target: target.to_owned(),
        bytes: bytes.to_vec(),
    };
    let expected =
        [call(0, 0, "pwrite64", "/data/ledger.db-wal", b"ab"), call(3, 3, "writev", "socket:[7]", b"ok"), call(1, 4, "fdatasync", "/d", b"")];
    assert_eq!(parse(text), expected);
}

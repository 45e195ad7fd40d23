//! One shell in a fresh folder, as a reader of a page has it: the program is in PATH, and examples/ is there.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::intake::sdks;
use crate::support::PROGRAM;

/// The ports that pages name.
const PORTS: std::ops::RangeInclusive<u16> = 7310..=7312;

/// A command has ended, or a server has said what it says, within this.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the shell prints behind a command's own output.
const END: &str = "==the command has ended==";

/// The shell, with the servers that were started in it; all are killed when it is dropped.
pub struct Session {
    shell: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    /// The ports of the pages, and those that are used instead.
    ports: Vec<(u16, u16)>,
    servers: usize,
    folder: tempfile::TempDir,
}

impl Session {
    /// Starts the shell.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::os::unix::fs::symlink(root.join("examples"), folder.path().join("examples")).unwrap();
        let programs = Path::new(PROGRAM).parent().unwrap();
        let path =
            std::env::join_paths(std::iter::once(programs.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap()))).unwrap();
        let ports = free_ports();
        let mut command = Command::new("bash");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DATELINE_")) {
            command.env_remove(name);
        }
        command
            .args(["--noprofile", "--norc"])
            .current_dir(folder.path())
            .env("PATH", path)
            .env("DATELINE_LISTEN", format!("127.0.0.1:{}", ports[0].1));
        command.env("PYTHONPATH", sdks::folder().join("python")).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONWARNINGS", "ignore");
        command.env("NODE_PATH", sdks::folder().join("node/node_modules"));
        let mut shell = command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (shell.stdin.take().unwrap(), shell.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut session = Self { shell, input, lines, ports, servers: 0, folder };
        session.input.write_all(b"exec 2>&1\n").unwrap();
        session
    }

    /// Runs a command to its end. A server is awaited until it has printed what is wanted, and stays up.
    pub fn run(&mut self, command: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let mut command = command.replace("cargo run --release --", "dateline").replace("cargo build --release", "true");
        for (named, used) in &self.ports {
            command = command.replace(&named.to_string(), &used.to_string());
        }
        let stays = command.starts_with("dateline serve") || command.starts_with("dateline watch") || command.contains(" --serve");
        if stays {
            return self.serve(&command, is_wanted);
        }
        // Nothing that a command reads is the shell's own input.
        writeln!(self.input, "{{\n{command}\n}} </dev/null\nprintf '\\n{END}\\n'").unwrap();
        let (begun, mut output) = (Instant::now(), String::new());
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) else {
                return format!("{output}\n(the command has not ended within {PATIENCE:?})\n");
            };
            if line == END {
                // The end stands on a new line: where the command ended its own last line, an empty one is between.
                return self.with_named_ports(output.trim_end()) + "\n";
            }
            writeln!(output, "{line}").unwrap();
        }
    }

    fn serve(&mut self, command: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        self.servers += 1;
        let said = self.folder.path().join(format!("server-{}.out", self.servers));
        writeln!(self.input, "{{ {command}\n}} >{} 2>&1 </dev/null &", said.display()).unwrap();
        let begun = Instant::now();
        loop {
            let output = self.with_named_ports(&std::fs::read_to_string(&said).unwrap_or_default());
            if is_wanted(&output) || begun.elapsed() > PATIENCE {
                return output;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn with_named_ports(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (named, used)| text.replace(&format!(":{used}"), &format!(":{named}")))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The shell leads a group of its own, and its servers are in it.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.shell.id())]).status();
        let _ = self.shell.wait();
    }
}

/// Ports that nobody listens at, below those that the system gives to whoever asks for any.
fn free_ports() -> Vec<(u16, u16)> {
    let first = 12_000 + u16::try_from(std::process::id() % 12_000).unwrap();
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    // Sessions of one test program run at once: each takes the next ones.
    static TAKEN: std::sync::atomic::AtomicU16 = std::sync::atomic::AtomicU16::new(0);
    let next = || first + TAKEN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    PORTS.map(|named| (named, std::iter::repeat_with(next).find(is_free).unwrap())).collect()
}

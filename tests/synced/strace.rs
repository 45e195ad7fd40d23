//! Watching the system calls of processes that run already. What the calls must look like is not known here.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::trace::{Call, parse};

/// What puts bytes into files, brings them to the disk, or sends them to somebody.
const CALLS: &str = "trace=fsync,fdatasync,pwrite64,pwritev,pwritev2,write,writev,sendto,sendmsg";

/// The longest write that is recorded whole, in bytes.
const WHOLE_BYTES: &str = "1048576";

/// A running strace; it lets the processes go when it is dropped.
pub struct Watching {
    child: Child,
    file: PathBuf,
}

impl Watching {
    /// Attaches to processes with all their threads; the error is why that cannot be done here.
    pub fn attach(processes: &[u32], file: PathBuf) -> Result<Self, String> {
        let mut command = Command::new("strace");
        command.args(["-f", "-ttt", "-y", "-xx", "-s", WHOLE_BYTES, "-e", CALLS, "-o"]).arg(&file);
        for process in processes {
            command.arg("-p").arg(process.to_string());
        }
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| format!("strace does not run ({error}); apt-get install strace"))?;
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut attached = 0;
        let mut all = String::new();
        while attached < processes.len() {
            let mut line = String::new();
            if said.read_line(&mut line).unwrap() == 0 {
                drop(child.wait());
                return Err(format!("strace may not attach: {}", all.trim()));
            }
            attached += usize::from(processes.iter().any(|process| line.contains(&format!("Process {process} attached"))));
            all += &line;
        }
        // It goes on to say which threads begin and end.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Ok(Self { child, file })
    }

    /// Lets the processes go, and answers what they did.
    pub fn calls(mut self) -> Vec<Call> {
        let sent = Command::new("kill").arg("-INT").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap();
        parse(&std::fs::read_to_string(&self.file).unwrap())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

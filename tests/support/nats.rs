//! Real nats-servers for tests and benches: started on a folder of their own, killed, stopped and brought back.
//!
//! Which promise is tested is not known here.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::servers::servers;

/// A server that does not answer within this is said not to start.
const START: Duration = Duration::from_secs(30);

/// A running nats-server with JetStream on a folder that goes away with it.
pub struct Nats {
    child: Option<Child>,
    folder: tempfile::TempDir,
    /// Where clients connect.
    pub port: u16,
    /// Where its state is told.
    pub monitor: u16,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

impl Nats {
    /// A server that syncs every write, as a ledger needs it.
    pub fn start() -> Self {
        Self::start_with("sync_interval: always", "")
    }

    /// A server with these settings of JetStream, and further ones.
    pub fn start_with(jetstream: &str, further: &str) -> Self {
        Self::start_on(tempfile::tempdir().expect("a folder"), jetstream, further)
    }

    /// The same on a folder of the caller's choice.
    pub fn start_on(folder: tempfile::TempDir, jetstream: &str, further: &str) -> Self {
        let (port, monitor) = (free_port(), free_port());
        let settings = format!(
            "listen: 127.0.0.1:{port}\nhttp: 127.0.0.1:{monitor}\nserver_name: test-{port}\njetstream {{ store_dir: {:?}, {jetstream} }}\n{further}\n",
            folder.path().join("store")
        );
        std::fs::write(folder.path().join("nats.conf"), settings).expect("a settings file");
        let mut server = Self { child: None, folder, port, monitor };
        server.restart();
        server
    }

    /// Starts it (again) on the same folder and port, and waits until JetStream answers.
    pub fn restart(&mut self) {
        self.spawn();
        self.until_ready();
    }

    /// Starts it without waiting for anything.
    pub fn spawn(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let mut command = Command::new(servers().join("bin/nats-server"));
        command.arg("-c").arg(self.folder.path().join("nats.conf")).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("nats-server starts"));
    }

    /// Waits until JetStream answers.
    pub fn until_ready(&self) {
        let begun = Instant::now();
        while !self.is_healthy() {
            assert!(
                begun.elapsed() < START,
                "nats-server does not answer: {}",
                std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_healthy(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.monitor))?;
            stream.set_read_timeout(Some(Duration::from_secs(2)))?;
            stream.write_all(b"GET /healthz?js-enabled-only=true HTTP/1.0\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.contains("200 OK")) && TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// The address of a ledger or a keep on it.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}?monitor=http://127.0.0.1:{}", self.port, self.monitor)
    }

    /// The folder that it stores in.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Sends it a signal: KILL, STOP, CONT, TERM.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "nats-server cannot be sent {name}");
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // One that has ended by itself is gone too.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

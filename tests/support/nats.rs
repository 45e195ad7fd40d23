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
    /// The network namespace that it runs in, where it is not this process's own.
    namespace: Option<String>,
    host: String,
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
        let mut server = Self::placed(folder, "127.0.0.1", None, jetstream, further);
        server.restart();
        server
    }

    /// A server that is not started yet, at an address that may be in another network namespace.
    fn placed(folder: tempfile::TempDir, host: &str, namespace: Option<String>, jetstream: &str, further: &str) -> Self {
        let (port, monitor) = (free_port(), free_port());
        let settings = format!(
            "listen: {host}:{port}\nhttp: {host}:{monitor}\nserver_name: test-{port}\njetstream {{ store_dir: {:?}, {jetstream} }}\n{further}\n",
            folder.path().join("store")
        );
        std::fs::write(folder.path().join("nats.conf"), settings).expect("a settings file");
        Self { child: None, folder, namespace, host: host.to_owned(), port, monitor }
    }

    /// A cluster, a server an address, each in its namespace where one is named. All of them are started and answer.
    pub fn cluster(places: &[(&str, Option<String>)]) -> Vec<Self> {
        let routes: Vec<String> = places.iter().map(|(host, _)| format!("{host}:{}", free_port())).collect();
        let all = routes.iter().map(|route| format!("nats://{route}")).collect::<Vec<_>>().join(", ");
        let mut nodes: Vec<Self> = places
            .iter()
            .zip(&routes)
            .map(|((host, namespace), route)| {
                let cluster = format!("cluster {{ name: test, listen: {route}, routes: [{all}] }}");
                Self::placed(tempfile::tempdir().expect("a folder"), host, namespace.clone(), "sync_interval: always", &cluster)
            })
            .collect();
        nodes.iter_mut().for_each(Self::spawn);
        nodes.iter().for_each(Self::until_ready);
        nodes
    }

    /// The address of a ledger that a cluster keeps, on every node.
    pub fn cluster_url(nodes: &[Self]) -> String {
        let joined = |text: &dyn Fn(&Self) -> String| nodes.iter().map(text).collect::<Vec<_>>().join(",");
        let (places, monitors) = (joined(&|node| node.place()), joined(&|node| format!("http://{}:{}", node.host, node.monitor)));
        format!("nats://{places}?replicas={}&monitor={monitors}", nodes.len())
    }

    /// Writes another setting in the place of one; it holds from the next start on.
    pub fn change_setting(&self, from: &str, to: &str) {
        let path = self.folder.path().join("nats.conf");
        let settings = std::fs::read_to_string(&path).expect("the settings file");
        assert!(settings.contains(from), "{from} is not among the settings: {settings}");
        std::fs::write(&path, settings.replace(from, to)).expect("a settings file");
    }

    /// Where clients connect: `host:port`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// What it calls itself.
    pub fn name(&self) -> String {
        format!("test-{}", self.port)
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Starts it (again) on the same folder and port, and waits until JetStream answers.
    pub fn restart(&mut self) {
        self.spawn();
        self.until_ready();
    }

    /// Starts it without waiting for anything.
    pub fn spawn(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let program = servers().join("bin/nats-server");
        let mut command = match &self.namespace {
            Some(namespace) => {
                let mut within = Command::new("ip");
                within.args(["netns", "exec", namespace]).arg(program);
                within
            }
            None => Command::new(program),
        };
        command.arg("-c").arg(self.folder.path().join("nats.conf")).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("nats-server starts"));
    }

    /// Waits until JetStream answers.
    pub fn until_ready(&self) {
        let begun = Instant::now();
        while !self.is_healthy() {
            assert!(begun.elapsed() < START, "nats-server does not answer: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_healthy(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect((self.host.as_str(), self.monitor))?;
            stream.set_read_timeout(Some(Duration::from_secs(2)))?;
            stream.write_all(b"GET /healthz?js-enabled-only=true HTTP/1.0\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.contains("200 OK")) && TcpStream::connect((self.host.as_str(), self.port)).is_ok()
    }

    /// The address of a ledger or a state store on it.
    pub fn url(&self) -> String {
        self.url_by_way_of(self.port)
    }

    /// The same by way of a proxy on 127.0.0.1.
    pub fn url_by_way_of(&self, port: u16) -> String {
        format!("nats://{}:{port}?monitor=http://{}:{}", self.host, self.host, self.monitor)
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

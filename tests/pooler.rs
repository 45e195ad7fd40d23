//! PostgreSQL behind a real PgBouncer: where that shares sessions, the views are refused when they are opened, by name; else they work.

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::house::{Kept, Role};
use crate::nats::free_port;
use crate::needs;
use crate::postgres::{is_root, shared};
use crate::support::{anomaly, folder, get, publish};

/// PgBouncer refuses root: then it runs as this user ("nobody").
const NOBODY: u32 = 65_534;

/// A running pooler, killed when dropped.
struct Pooler {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// Before the shared cluster; an error where PgBouncer is not installed.
    fn start(mode: &str, further: &str) -> Result<Self, String> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|path| std::path::Path::new(path).exists());
        let program = program.ok_or("pgbouncer")?;
        let (folder, path) = folder();
        let (port, settings) = (free_port(), path.join("pgbouncer.ini"));
        let mut file = std::fs::File::create(&settings).unwrap();
        writeln!(
            file,
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\nunix_socket_dir=\nauth_type=any\npool_mode={mode}\ndefault_pool_size=40\n{further}",
            shared().port()
        )
        .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(program);
        if is_root() {
            chown(&settings, Some(NOBODY), Some(NOBODY)).unwrap();
            command.uid(NOBODY).gid(NOBODY);
        }
        let child = command.arg("-q").arg(&settings).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "PgBouncer does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Self { child, port, _folder: folder })
    }

    /// The address of a database by way of it.
    fn url(&self, direct: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.port, direct.rsplit('/').next().unwrap())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_shares_sessions_is_refused_by_name_and_one_that_does_not_works() {
    for (mode, further) in [("transaction", ""), ("transaction", "server_round_robin=1"), ("session", "")] {
        let Some(pooler) = needs::found("a tool is not installed", Pooler::start(mode, further)) else { return };
        let (_folder, data) = folder();
        let kept = Kept { views: pooler.url(&shared().create_database()), ..Kept::in_folder(&data) };
        match Role::try_start(&kept, "serve") {
            Err(said) if mode != "session" => assert!(said.contains("pooler") && said.contains("pool_mode"), "{mode} {further}: {said}"),
            Ok(house) if mode == "session" => {
                publish(&house.url, &[&anomaly("1", "mail", "2026-03-01T10:00Z")]).await;
                assert_eq!(get(&format!("{}/v1/incidents/mail/timeline?min_position=1", house.url)).await.0, 200);
            }
            Err(said) => panic!("{mode} is refused: {said}"),
            Ok(_) => panic!("{mode} {further} is not refused"),
        }
    }
}

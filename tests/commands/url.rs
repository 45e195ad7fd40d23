//! `--url`: with and without TLS, whole or as host and port; what it cannot be is said.

use super::{ends, said};
use crate::support::{TestServer, command, folder};
use crate::watching::reach::{Tls, certificate};

#[test]
fn a_server_is_named_whole_or_by_host_and_port() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let (_, port) = server.url.rsplit_once(':').unwrap();
    for url in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("http://localhost:{port}/")] {
        ends(&data, &["incidents", "--url", &url], 0);
        ends(&data, &["health", "--url", &url], 0);
    }
    for wrong in ["localhost", "ftp://127.0.0.1:7310", "http://", "http://127.0.0.1:7310?x=1", "127.0.0.1:x"] {
        let (_, stderr) = ends(&data, &["incidents", "--url", wrong], 2);
        assert!(stderr.contains("expected the address of a server"), "{wrong}: {stderr}");
    }
}

#[test]
fn over_tls_only_a_server_whose_certificate_is_trusted_is_asked() {
    let (_folder, data) = folder();
    let (key, certificate) = certificate(&data);
    let www = data.join("www");
    std::fs::create_dir_all(www.join("health")).unwrap();
    std::fs::write(www.join("health/ready"), "{\"ready\":true}").unwrap();
    let server = Tls::start(&www, &key, &certificate);
    let health = |host: &str, trusted: bool| {
        let mut command = command(&data);
        command.env_remove("SSL_CERT_DIR").args(["health", "--url", &format!("https://{host}:{}", server.port)]);
        if trusted {
            command.env("SSL_CERT_FILE", &certificate);
        }
        said(&command.output().unwrap())
    };
    let (code, stdout, stderr) = health("localhost", true);
    assert!(code == Some(0) && stdout.contains("true"), "{code:?} {stdout} {stderr}");
    for (host, trusted) in [("localhost", false), ("127.0.0.1", true)] {
        let (code, stdout, stderr) = health(host, trusted);
        assert!(
            code == Some(1) && stdout.is_empty() && stderr.contains("TLS failed") || stderr.contains("no certificate is trusted"),
            "{code:?} {stderr}"
        );
    }
}

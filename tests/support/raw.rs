//! A connection spoken to byte by byte, from any address of the loopback network.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Nothing that a test waits for takes longer.
const PATIENCE: Duration = Duration::from_secs(40);

/// A connection.
pub struct Raw(pub TcpStream);

/// An answer, as it came.
pub struct Answer {
    pub status: u16,
    /// The head in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:.400} {:.400}", self.head, String::from_utf8_lossy(&self.body))
    }
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> &str {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
    }

    /// The problem that it must be, of this status, on a connection that is closed.
    #[track_caller]
    pub fn last_problem(&self, status: u16) -> serde_json::Value {
        assert_eq!((self.status, self.header("content-type"), self.header("connection")), (status, "application/problem+json", "close"), "{self:?}");
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
        problem
    }
}

impl Raw {
    /// Connects to a server.
    pub async fn to(url: &str) -> Self {
        Self::from(url, Ipv4Addr::LOCALHOST).await
    }

    /// Connects from an address of this machine.
    pub async fn from(url: &str, address: Ipv4Addr) -> Self {
        let server: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((address, 0))).unwrap();
        Self(socket.connect(server).await.unwrap())
    }

    /// Sends bytes; whether they are taken is not asked.
    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.0.write_all(bytes.as_ref()).await;
        self
    }

    /// Asks for a path.
    pub async fn get(&mut self, path: &str) -> Option<Answer> {
        self.say(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await.answer().await
    }

    /// The next answer to anything but HEAD; None where the connection ends before one begins.
    pub async fn answer(&mut self) -> Option<Answer> {
        let mut said = self.head().await?;
        let length = said.header("content-length").parse().unwrap_or(0);
        said.body = vec![0; length];
        tokio::time::timeout(PATIENCE, self.0.read_exact(&mut said.body)).await.expect("a body comes").ok()?;
        Some(said)
    }

    /// The head of the next answer.
    pub async fn head(&mut self) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match tokio::time::timeout(PATIENCE, self.0.read(&mut byte)).await.expect("an answer comes, or the end") {
                Ok(1..) => head.push(byte[0]),
                Ok(0) | Err(_) => return None,
            }
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Answer { status, head, body: Vec::new() })
    }

    /// Waits until the other end closes, and takes what comes before.
    pub async fn closed(&mut self) {
        let mut taken = [0; 4096];
        let closing = async { while matches!(self.0.read(&mut taken).await, Ok(1..)) {} };
        tokio::time::timeout(PATIENCE, closing).await.expect("the other end closes");
    }
}

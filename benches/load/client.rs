//! A bare HTTP/1.1 client on one kept connection: the load must not cost more than what it measures.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

impl Client {
    pub async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, buffer: Vec::new() }
    }

    pub async fn get(&mut self, path: &str, etag: Option<&str>) -> Answer {
        let condition = etag.map(|etag| format!("if-none-match: {etag}\r\n")).unwrap_or_default();
        self.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{condition}\r\n").as_bytes()).await
    }

    pub async fn post(&mut self, path: &str, media_type: &str, body: &[u8]) -> Answer {
        let mut request =
            format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
        request.extend_from_slice(body);
        self.send(&request).await
    }

    async fn send(&mut self, request: &[u8]) -> Answer {
        self.stream.write_all(request).await.expect("a request");
        self.buffer.clear();
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.stream.read_buf(&mut self.buffer).await.expect("an answer") > 0, "the server closed the connection");
        };
        // Only names are lowered: ids and ETags are compared as they are.
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        let field = |name: &str| {
            head.lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(given, _)| given.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).expect("a status");
        let length: usize = field("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        while status != 304 && self.buffer.len() < head_end + length {
            assert!(self.stream.read_buf(&mut self.buffer).await.expect("a body") > 0, "the server closed the connection");
        }
        Answer { status, etag: field("etag"), location: field("location"), body: self.buffer[head_end..].to_vec() }
    }
}

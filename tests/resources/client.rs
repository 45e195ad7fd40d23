//! A bare HTTP/1.1 client from an address of one's choice: it sends what it is told, word for word, also what no client should send.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Whoever has no answer by then has none.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    /// False where the connection is over with this answer.
    pub stays: bool,
}

impl Answer {
    /// A header's text; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The loopback address with a number: 127.0.0.2 and up.
pub fn address(number: u16) -> Ipv4Addr {
    let [high, low] = [number / 250, number % 250 + 2].map(|part| u8::try_from(part).unwrap());
    Ipv4Addr::new(127, 0, high, low)
}

/// A connection from the loopback address with a number.
pub async fn connect(server: SocketAddr, from: u16) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    connect_with(socket, server, from).await
}

/// The same of whoever takes hardly anything.
pub async fn connect_narrow(server: SocketAddr, from: u16) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4_096)?;
    connect_with(socket, server, from).await
}

async fn connect_with(socket: TcpSocket, server: SocketAddr, from: u16) -> io::Result<TcpStream> {
    socket.bind(SocketAddr::from((address(from), 0)))?;
    let stream = tokio::time::timeout(PATIENCE, socket.connect(server)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends a request on a connection of its own and reads its answer.
pub async fn ask(server: SocketAddr, from: u16, request: &[u8]) -> io::Result<Answer> {
    let mut stream = connect(server, from).await?;
    exchange(&mut stream, request).await
}

/// Sends and reads at once: a server may answer before it has taken everything.
pub async fn exchange(stream: &mut TcpStream, request: &[u8]) -> io::Result<Answer> {
    let head_only = request.starts_with(b"HEAD ");
    let (mut reading, mut writing) = stream.split();
    let send = async {
        // A server that has refused the rest closes its ear; what it said counts.
        let _ = writing.write_all(request).await;
        std::future::pending::<()>().await;
    };
    let read = tokio::time::timeout(PATIENCE, read_answer(&mut reading, head_only));
    tokio::select! {
        () = send => Err(io::ErrorKind::BrokenPipe.into()),
        answer = read => answer.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?,
    }
}

/// Reads one answer; of an endless one its head.
pub async fn read_answer(stream: &mut (impl AsyncReadExt + Unpin), head_only: bool) -> io::Result<Answer> {
    let mut buffer = Vec::with_capacity(1_024);
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("closed after {} bytes", buffer.len())));
        }
    };
    let mut body = buffer.split_off(head_end);
    let head = String::from_utf8_lossy(&buffer).into_owned();
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut answer = Answer { status, head, body: Vec::new(), stays: true };
    let is_bare = head_only || status == 304 || status == 204;
    let length = answer.header("content-length").parse::<usize>().ok();
    if answer.header("content-type").starts_with("text/event-stream") && !head_only {
        answer.stays = false;
    } else if let Some(length) = length.filter(|_| !is_bare) {
        while body.len() < length && stream.read_buf(&mut body).await? > 0 {}
    } else if !is_bare {
        let is_chunked = answer.header("transfer-encoding").eq_ignore_ascii_case("chunked");
        while !(is_chunked && body.ends_with(b"0\r\n\r\n")) && stream.read_buf(&mut body).await? > 0 {}
        answer.stays = is_chunked;
    }
    answer.stays &= !answer.header("connection").eq_ignore_ascii_case("close");
    answer.body = body;
    Ok(answer)
}

/// Waits until the server closes the connection; what it said until then, or None where it did not within this.
pub async fn until_closed(stream: &mut TcpStream, within: Duration) -> Option<(Duration, Vec<u8>)> {
    let begun = Instant::now();
    let mut said = Vec::new();
    let closed = async { while matches!(stream.read_buf(&mut said).await, Ok(1..)) {} };
    tokio::time::timeout(within, closed).await.ok()?;
    Some((begun.elapsed(), said))
}

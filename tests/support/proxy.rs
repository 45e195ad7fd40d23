//! A way to a server that breaks exactly when a test wants: when a message goes out, or when its answer comes back. No promise is
//! tested here.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What PostgreSQL's protocol sends for the end of a transaction, and at the start of binary rows.
pub const COMMIT: &[u8] = b"COMMIT\0";
pub const ROWS: &[u8] = b"PGCOPY\n";

/// What is lost when the message comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lose {
    /// The message itself: the server never sees it.
    Question,
    /// Its answer: the server has done what was asked.
    Answer,
    /// Nothing by itself: the message is held back until what is to happen elsewhere has happened.
    Nothing,
}

struct Trap {
    message: &'static [u8],
    lose: Lose,
    /// What the answer that is lost holds; nothing: whatever comes next.
    answer: &'static [u8],
    meanwhile: Box<dyn FnOnce() + Send>,
}

/// What becomes of the next answer that holds these bytes.
struct AnswerTrap {
    message: &'static [u8],
    /// None: it is lost, and the connection with it. Else other bytes, as many, stand in their place.
    by: Option<&'static [u8]>,
}

#[derive(Default)]
struct Shared {
    trap: Mutex<Option<Trap>>,
    answer_trap: Mutex<Option<AnswerTrap>>,
    /// How often rows were sent.
    rows_sent: AtomicU64,
    /// Each connection is cut when the server has said so many bytes; 0: none is.
    cut_after_bytes: AtomicU64,
    /// Both ends of every connection.
    connections: Mutex<Vec<TcpStream>>,
}

/// A proxy on a free port; its threads end with their connections.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let state = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                relay(client, server, &state);
            }
        });
        Self { port, shared }
    }

    /// The address of a database, by way of this proxy.
    pub fn url(&self, direct: &str) -> String {
        let database = direct.rsplit('/').next().unwrap();
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The next time that the message comes by, the connection breaks; what is to happen elsewhere meanwhile, happens first.
    pub fn set_trap(&self, message: &'static [u8], lose: Lose, meanwhile: impl FnOnce() + Send + 'static) {
        *self.shared.trap.lock().unwrap() = Some(Trap { message, lose, answer: b"", meanwhile: Box::new(meanwhile) });
    }

    /// The same on a bus, where much comes by: the answer that is lost is the next one that holds these bytes.
    pub fn lose_answer_to(&self, message: &'static [u8], answer: &'static [u8]) {
        *self.shared.trap.lock().unwrap() = Some(Trap { message, lose: Lose::Answer, answer, meanwhile: Box::new(|| {}) });
    }

    /// Breaks every connection that is open now; answers how many.
    pub fn cut(&self) -> usize {
        let ends: Vec<TcpStream> = std::mem::take(&mut *self.shared.connections.lock().unwrap());
        // One that has ended by itself cannot be broken again.
        ends.iter().filter(|end| end.shutdown(Shutdown::Both).is_ok()).count() / 2
    }

    /// From now on each connection is cut in the middle: when the server has said so many bytes.
    pub fn cut_after(&self, bytes: u64) {
        self.shared.cut_after_bytes.store(bytes, Ordering::SeqCst);
    }

    /// The next time that the server says this, the connection breaks and nobody hears it. For protocols in which several questions
    /// are on their way at once.
    pub fn lose_answer(&self, message: &'static [u8]) {
        *self.shared.answer_trap.lock().unwrap() = Some(AnswerTrap { message, by: None });
    }

    /// The next time that the server says this, the client hears something else, as long.
    pub fn replace_answer(&self, message: &'static [u8], by: &'static [u8]) {
        assert_eq!(message.len(), by.len());
        *self.shared.answer_trap.lock().unwrap() = Some(AnswerTrap { message, by: Some(by) });
    }

    /// True once it has done what it was set to do.
    pub fn has_sprung(&self) -> bool {
        self.shared.trap.lock().unwrap().is_none() && self.shared.answer_trap.lock().unwrap().is_none()
    }

    pub fn rows_sent(&self) -> u64 {
        self.shared.rows_sent.load(Ordering::SeqCst)
    }
}

fn relay(mut client: TcpStream, mut server: TcpStream, shared: &Arc<Shared>) {
    let (mut to_client, mut from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    shared.connections.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
    // Set when the answer that comes next is to be lost.
    let lost: Arc<Mutex<Option<Trap>>> = Arc::default();
    let losing = Arc::clone(&lost);
    // Held while something happens elsewhere: until then the client must not see that the connection is gone.
    let meanwhile: Arc<Mutex<()>> = Arc::default();
    let ended = Arc::clone(&meanwhile);
    let answers = Arc::clone(shared);
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        let mut said: u64 = 0;
        while let Ok(length @ 1..) = from_server.read(&mut buffer) {
            said += length as u64;
            let over = said.saturating_sub(match answers.cut_after_bytes.load(Ordering::SeqCst) {
                0 => u64::MAX,
                limit => limit,
            });
            if over > 0 {
                drop(to_client.write_all(&buffer[..length.saturating_sub(usize::try_from(over).unwrap())]));
                break;
            }
            let is_it = |trap: &mut Trap| trap.answer.is_empty() || buffer[..length].windows(trap.answer.len()).any(|window| window == trap.answer);
            if let Some(trap) = losing.lock().unwrap().take_if(is_it) {
                (trap.meanwhile)();
                break;
            }
            let place = |message: &[u8]| buffer[..length].windows(message.len()).position(|window| window == message);
            let sprung = answers.answer_trap.lock().unwrap().take_if(|trap| place(trap.message).is_some());
            if let Some(AnswerTrap { message, by }) = sprung {
                let (Some(at), Some(by)) = (place(message), by) else { break };
                buffer[at..at + by.len()].copy_from_slice(by);
            }
            if to_client.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ended = ended.lock().unwrap();
        drop((to_client.shutdown(Shutdown::Both), from_server.shutdown(Shutdown::Both)));
    });
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            let holds = |message: &[u8]| buffer[..length].windows(message.len()).any(|window| window == message);
            if holds(ROWS) {
                shared.rows_sent.fetch_add(1, Ordering::SeqCst);
            }
            let sprung = shared.trap.lock().unwrap().take_if(|trap| holds(trap.message));
            match sprung {
                Some(trap) if trap.lose == Lose::Question => {
                    let _first = meanwhile.lock().unwrap();
                    drop(server.shutdown(Shutdown::Both));
                    (trap.meanwhile)();
                    break;
                }
                Some(trap) if trap.lose == Lose::Nothing => (trap.meanwhile)(),
                trap @ Some(_) => *lost.lock().unwrap() = trap,
                None => {}
            }
            if server.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        drop((client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both)));
    });
}

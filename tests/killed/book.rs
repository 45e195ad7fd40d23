//! What the publishers sent and what they were told: the book that the ledger is held against after each kill.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use tokio::sync::watch;

use super::stories;

/// A batch has at most so many events.
const MAX_BATCH: u64 = 12;

/// One request: events that were sent together, singly (exact bytes) or as a batch.
#[derive(Clone)]
pub struct Sent {
    pub publisher: usize,
    pub events: Vec<(String, String)>,
    pub batch: bool,
}

/// What a publisher was told of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    pub position: u64,
    pub recorded: String,
    pub key: String,
}

#[derive(Default)]
pub struct Pages {
    /// Every request that was ever sent.
    pub sent: Vec<Sent>,
    /// By source and id.
    pub acknowledged: BTreeMap<(String, String), Receipt>,
    /// Cut off, to be sent again; by publisher.
    again: BTreeMap<usize, VecDeque<Sent>>,
    next: BTreeMap<usize, u64>,
    unanswered: u64,
    sent_again: u64,
}

/// The book. Cheap to clone.
#[derive(Clone)]
pub struct Book {
    pages: Arc<Mutex<Pages>>,
    answers: Arc<watch::Sender<u64>>,
}

impl Default for Book {
    fn default() -> Self {
        Self { pages: Arc::default(), answers: Arc::new(watch::Sender::new(0)) }
    }
}

/// A small generator of chance (xorshift), seeded by the system.
pub struct Chance(u64);

impl Chance {
    pub fn new() -> Self {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).unwrap();
        Self::of(u64::from_le_bytes(seed))
    }

    pub fn of(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

impl Book {
    pub fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap()
    }

    /// Requests answered so far.
    pub fn answers(&self) -> u64 {
        *self.answers.borrow()
    }

    /// Waits until so many requests were answered.
    pub async fn until_answers(&self, wanted: u64) {
        self.answers.subscribe().wait_for(|answers| *answers >= wanted).await.unwrap();
    }

    /// Events acknowledged, requests cut off, requests sent again.
    pub fn figures(&self) -> (u64, u64, u64) {
        let pages = self.pages();
        (pages.acknowledged.len() as u64, pages.unanswered, pages.sent_again)
    }

    /// What was cut off comes first, every second time; else something new.
    pub fn take(&self, publisher: usize, chance: &mut Chance) -> Sent {
        let mut pages = self.pages();
        if let Some(sent) = pages.again.entry(publisher).or_default().pop_front() {
            pages.sent_again += 1;
            return sent;
        }
        let batch = chance.below(2) == 0;
        let count = if batch { 1 + chance.below(MAX_BATCH) } else { 1 };
        let next = pages.next.entry(publisher).or_default();
        let events = (*next..*next + count).map(|number| stories::event(publisher, number)).collect();
        *next += count;
        let sent = Sent { publisher, events, batch };
        pages.sent.push(sent.clone());
        sent
    }

    /// Nobody knows whether it was stored. Half of it is sent again, the rest is left as it is.
    fn cut_off(&self, sent: Sent, chance: &mut Chance) {
        let mut pages = self.pages();
        pages.unanswered += 1;
        if chance.below(2) == 0 {
            pages.again.entry(sent.publisher).or_default().push_back(sent);
        }
    }

    pub fn answered(&self, sent: &Sent, answer: &Value) {
        let receipts: Vec<&Value> =
            if sent.batch { answer["items"].as_array().unwrap().iter().map(|item| &item["receipt"]).collect() } else { vec![answer] };
        assert_eq!(receipts.len(), sent.events.len(), "an answer an event: {answer}");
        let mut pages = self.pages();
        for ((id, _), receipt) in sent.events.iter().zip(receipts) {
            let text = |name: &str| receipt[name].as_str().unwrap_or_else(|| panic!("no receipt: {answer}")).to_owned();
            assert_eq!(&text("id"), id, "the answers stand in the order of the events");
            let told = Receipt { position: receipt["position"].as_u64().unwrap(), recorded: text("recorded"), key: text("key") };
            let before = pages.acknowledged.insert((stories::source(sent.publisher), id.clone()), told.clone());
            assert!(before.is_none_or(|before| before == told), "{id} was acknowledged twice, differently");
        }
        drop(pages);
        self.answers.send_modify(|answers| *answers += 1);
    }
}

/// Publishes, one request after the other, until the connection breaks.
pub async fn publish_until_cut_off(book: Book, url: String, publisher: usize, mut chance: Chance) {
    let client = reqwest::Client::new();
    loop {
        let sent = book.take(publisher, &mut chance);
        let (media_type, body) = if sent.batch {
            let texts: Vec<&str> = sent.events.iter().map(|(_, text)| text.as_str()).collect();
            ("application/cloudevents-batch+json", format!("[{}]", texts.join(",")))
        } else {
            ("application/cloudevents+json", sent.events[0].1.clone())
        };
        let answer = match client.post(format!("{url}/v1/events")).header("content-type", media_type).body(body).send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                answer.text().await.map(|text| (status, text))
            }
            Err(error) => Err(error),
        };
        let Ok((status, text)) = answer else { return book.cut_off(sent, &mut chance) };
        assert!(matches!(status, 200 | 201), "a sound event was refused: {status} {text}");
        book.answered(&sent, &serde_json::from_str(&text).unwrap_or_else(|_| panic!("half an answer came as a whole one: {text}")));
    }
}

//! Publishers that never give up: what was not answered they send again with the same ids, to the other intake, until a receipt
//! comes. Every receipt goes into the book. Which faults they live through is not known here.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::tally::Tally;
use crate::killed::book::{Book, Chance, Sent};

const PUBLISHERS: usize = 8;

/// A publisher waits so long for an answer, in milliseconds, each following one so much longer: less than an intake takes to give up,
/// so that the same request is in the hands of both intakes at times.
const PATIENCE_MS: u64 = 1_500;
const MORE_PATIENCE_MS: u64 = 700;

/// Between two requests a publisher is quiet for so long at most, in milliseconds; before it asks again, too.
const QUIET_MS: u64 = 250;

/// One request in so many is sent again although it was answered, or is never sent again although it was not.
const AGAIN_ONE_IN: u64 = 10;
const ABANDONED_ONE_IN: u64 = 12;

/// Where the intakes are just now, and how many receipts each has given.
#[derive(Debug, Default, Clone)]
pub struct Intakes(Arc<Mutex<Vec<(String, u64)>>>);

impl Intakes {
    pub fn put(&self, number: usize, url: &str) {
        let mut intakes = self.0.lock().unwrap();
        if intakes.len() <= number {
            intakes.resize(number + 1, Default::default());
        }
        url.clone_into(&mut intakes[number].0);
    }

    fn of(&self, turn: usize) -> String {
        let intakes = self.0.lock().unwrap();
        intakes[turn % intakes.len()].0.clone()
    }

    fn answered(&self, turn: usize) {
        let mut intakes = self.0.lock().unwrap();
        let number = turn % intakes.len();
        intakes[number].1 += 1;
    }

    /// How many requests each has answered with receipts.
    pub fn answers(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(|(_, answers)| *answers).collect()
    }
}

/// What the publishers share.
#[derive(Default, Clone)]
pub struct Press {
    pub book: Book,
    pub tally: Tally,
    pub intakes: Intakes,
    at_work: Arc<AtomicUsize>,
    /// Not answered, and not sent again: under which fault.
    pub abandoned: Arc<Mutex<Vec<(Sent, &'static str)>>>,
}

/// What became of one attempt.
enum Attempt {
    Receipts(Value),
    /// It says that nothing was stored.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// Publishers at work.
pub struct Load {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    pub fn start(press: &Press, chance: &mut Chance) -> Self {
        let (stop, stopped) = watch::channel(false);
        press.at_work.fetch_add(PUBLISHERS, Ordering::SeqCst);
        let work = |number| tokio::spawn(publish(press.clone(), number, Chance::of(chance.below(u64::MAX)), stopped.clone()));
        Self { stop, tasks: (0..PUBLISHERS).map(work).collect() }
    }

    /// Lets everyone get the answer that it waits for, and ends.
    pub async fn end(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

async fn publish(press: Press, number: usize, mut chance: Chance, stopped: watch::Receiver<bool>) {
    let client = reqwest::Client::builder().timeout(Duration::from_millis(PATIENCE_MS + MORE_PATIENCE_MS * number as u64)).build().unwrap();
    let mut turn = number;
    while !*stopped.borrow() {
        let sent = press.book.take(number, &mut chance);
        let answered = press.until_answered(&client, &sent, &mut turn, &mut chance).await;
        if answered && chance.below(AGAIN_ONE_IN) == 0 {
            press.until_answered(&client, &sent, &mut turn, &mut chance).await;
        }
        tokio::time::sleep(Duration::from_millis(chance.below(QUIET_MS))).await;
    }
    press.at_work.fetch_sub(1, Ordering::SeqCst);
}

impl Press {
    /// True while anybody publishes.
    pub fn is_at_work(&self) -> bool {
        self.at_work.load(Ordering::SeqCst) > 0
    }

    /// Sends a request until it is answered, here and there in turn. False: it was abandoned.
    async fn until_answered(&self, client: &reqwest::Client, sent: &Sent, turn: &mut usize, chance: &mut Chance) -> bool {
        let known_before = self.is_acknowledged(sent);
        let (mut unknown, mut refused) = (None, false);
        loop {
            *turn += 1;
            match attempt(client, &self.intakes.of(*turn), sent).await {
                Attempt::Receipts(answer) => {
                    self.book.answered(sent, &answer);
                    self.tally.answered();
                    self.intakes.answered(*turn);
                    let fresh = all_fresh_or_none(sent, &answer);
                    assert!(!(fresh && known_before), "what was acknowledged is said to be new: {answer}");
                    let lied = refused && unknown.is_none() && !known_before && !fresh;
                    assert!(!lied, "it was said that nothing was stored, and it was stored: {answer}");
                    if let Some(kind) = unknown.filter(|_| !known_before) {
                        self.tally.found(kind, !fresh);
                    }
                    return true;
                }
                Attempt::Refused => refused = true,
                Attempt::Unknown => {
                    let kind = self.tally.unanswered();
                    unknown = Some(kind);
                    if !known_before && chance.below(ABANDONED_ONE_IN) == 0 {
                        self.abandoned.lock().unwrap().push((sent.clone(), kind));
                        return false;
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(chance.below(QUIET_MS))).await;
        }
    }

    fn is_acknowledged(&self, sent: &Sent) -> bool {
        let key = (crate::killed::stories::source(sent.publisher), sent.events[0].0.clone());
        self.book.pages().acknowledged.contains_key(&key)
    }
}

/// Of one request all events are new, or none is: it is stored whole or not at all.
fn all_fresh_or_none(sent: &Sent, answer: &Value) -> bool {
    let receipts: Vec<&Value> =
        if sent.batch { answer["items"].as_array().unwrap().iter().map(|item| &item["receipt"]).collect() } else { vec![answer] };
    let fresh: Vec<bool> = receipts.iter().map(|receipt| receipt["fresh"].as_bool().unwrap()).collect();
    assert!(fresh.iter().all(|one| *one == fresh[0]), "a part of a request is new and a part is not: {answer}");
    fresh[0]
}

async fn attempt(client: &reqwest::Client, url: &str, sent: &Sent) -> Attempt {
    let (media_type, body) = if sent.batch {
        let texts: Vec<&str> = sent.events.iter().map(|(_, text)| text.as_str()).collect();
        ("application/cloudevents-batch+json", format!("[{}]", texts.join(",")))
    } else {
        ("application/cloudevents+json", sent.events[0].1.clone())
    };
    let asked = client.post(format!("{url}/v1/events")).header("content-type", media_type).body(body).send().await;
    let Ok(answer) = asked else { return Attempt::Unknown };
    let status = answer.status().as_u16();
    let Ok(text) = answer.text().await else { return Attempt::Unknown };
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("half an answer came as a whole one: {text}"));
    match (status, answer["type"].as_str()) {
        (200 | 201, _) => Attempt::Receipts(answer),
        (507, _) | (503, Some("urn:dateline:problem:overloaded")) => Attempt::Refused,
        (503, _) => Attempt::Unknown,
        _ => panic!("a sound event was refused: {status} {text}"),
    }
}

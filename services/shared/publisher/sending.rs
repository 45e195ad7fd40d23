//! How a batch is sent until nothing more is to be done for it: split where it was refused as a whole, asked again where too many were
//! refused at once, and tried again for as long as the publisher is patient.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::{Answer, read};
use super::{Outcome, Publisher, TryAgain};
use crate::shared::back_off::BackOff;
use crate::shared::http::MAX_SENT_EVENT_BYTES;

/// The pauses of a patient publisher, in milliseconds.
const PAUSE_MS_FIRST: u64 = 200;
const PAUSE_MS_LONGEST: u64 = 5_000;

/// What is not sent, because something before it is to be tried again.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    /// The server takes nothing at all.
    pub everything: Option<TryAgain>,
    /// An event of these sources waits.
    sources: BTreeMap<String, TryAgain>,
}

impl Held {
    fn holds(&self, event: &[u8]) -> Option<TryAgain> {
        let of_source = || if self.sources.is_empty() { None } else { self.sources.get(&source_of(event)) };
        let before = self.everything.as_ref().or_else(of_source)?;
        // It has been waited for already.
        Some(TryAgain { may_pass: false, ..before.clone() })
    }
}

impl Publisher {
    /// Publishes one batch, as patiently as this publisher is.
    pub(super) async fn settle(&self, events: &[&[u8]], held: &mut Held) -> Vec<Outcome> {
        let (before, mut waited) = (held.clone(), Duration::ZERO);
        let mut back_off = BackOff::new(Duration::from_millis(PAUSE_MS_FIRST), Duration::from_millis(PAUSE_MS_LONGEST));
        let mut outcomes = self.send(events, held).await;
        while let Some(again) = outcomes.iter().find_map(|outcome| match outcome {
            Outcome::TryAgain(again) if again.may_pass => Some(again),
            _ => None,
        }) {
            let pause = back_off.pause(again.after);
            waited += pause;
            if waited > self.patience {
                break;
            }
            tracing::warn!(why = again.why, pause_ms = pause.as_millis() as u64, "the server cannot take events just now; they are sent again");
            tokio::time::sleep(pause).await;
            held.clone_from(&before);
            let waiting: Vec<usize> = (0..events.len()).filter(|at| matches!(outcomes[*at], Outcome::TryAgain(_))).collect();
            let sent = self.send(&waiting.iter().map(|at| events[*at]).collect::<Vec<_>>(), held).await;
            for (at, outcome) in waiting.into_iter().zip(sent) {
                outcomes[at] = outcome;
            }
        }
        outcomes
    }

    /// Sends events once, in as many requests as it takes for each to be answered.
    async fn send(&self, events: &[&[u8]], held: &mut Held) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = events.iter().map(|event| too_large(event)).collect();
        let small = (0..events.len()).filter(|at| outcomes[*at].is_none());
        // What is no JSON would spoil the array that it stands in: it is sent by itself.
        let (sound, broken): (Vec<usize>, Vec<usize>) = small.partition(|at| is_json(events[*at]));
        let mut requests: Vec<Vec<usize>> = broken.into_iter().rev().map(|at| vec![at]).chain([sound]).collect();
        while let Some(mut request) = requests.pop() {
            request.retain(|at| {
                outcomes[*at] = held.holds(events[*at]).map(Outcome::TryAgain);
                outcomes[*at].is_none()
            });
            if request.is_empty() {
                continue;
            }
            match self.ask(&request.iter().map(|at| events[*at]).collect::<Vec<_>>()).await {
                Answer::Each(each) => {
                    let left_out = request.iter().zip(&each).filter(|(_, outcome)| outcome.is_none()).map(|(at, _)| *at).collect();
                    for (at, outcome) in request.into_iter().zip(each) {
                        if let Some(Outcome::TryAgain(again)) = &outcome {
                            held.sources.insert(source_of(events[at]), again.clone());
                        }
                        outcomes[at] = outcome;
                    }
                    requests.push(left_out);
                }
                Answer::Whole(Outcome::TryAgain(again)) => {
                    request.iter().for_each(|at| outcomes[*at] = Some(Outcome::TryAgain(again.clone())));
                    held.everything = Some(again);
                }
                Answer::Whole(outcome) if request.len() == 1 => outcomes[request[0]] = Some(outcome),
                // One of them spoils all: which one, halves will say.
                Answer::Whole(_) => {
                    let second = request.split_off(request.len() / 2);
                    requests.extend([second, request]);
                }
            }
        }
        outcomes.into_iter().flatten().collect()
    }

    /// One request.
    async fn ask(&self, events: &[&[u8]]) -> Answer {
        let is_batch = events.len() > 1 || is_json(events[0]);
        let (media_type, body) = match is_batch {
            true => ("application/cloudevents-batch+json", array(events)),
            false => ("application/cloudevents+json", events[0].to_vec()),
        };
        match self.api.post("/v1/events", media_type, body).await {
            Ok(answered) => {
                self.was_answered.store(true, Ordering::Relaxed);
                read(&answered, events.len(), is_batch)
            }
            Err(error) => {
                let may_pass = self.was_answered.load(Ordering::Relaxed);
                Answer::Whole(Outcome::TryAgain(TryAgain { why: format!("{error:#}"), after: None, may_pass }))
            }
        }
    }
}

/// One that is larger than any intake reads is not sent: the server would hang up in the middle of it, and that says nothing.
fn too_large(event: &[u8]) -> Option<Outcome> {
    let is_too_large = event.len() > MAX_SENT_EVENT_BYTES;
    is_too_large.then(|| Outcome::Refused(format!("an event of {} bytes; it is sent in at most {MAX_SENT_EVENT_BYTES}", event.len())))
}

fn is_json(event: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(event).is_ok()
}

fn array(events: &[&[u8]]) -> Vec<u8> {
    let mut array = Vec::with_capacity(events.iter().map(|event| event.len() + 1).sum::<usize>() + 1);
    for (at, event) in events.iter().enumerate() {
        array.push(if at == 0 { b'[' } else { b',' });
        array.extend_from_slice(event);
    }
    array.push(b']');
    array
}

/// Events that name no source are held as one.
fn source_of(event: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Named {
        source: String,
    }
    serde_json::from_slice::<Named>(event).map(|event| event.source).unwrap_or_default()
}

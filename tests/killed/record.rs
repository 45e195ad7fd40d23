//! Holds the ledger, as replayed, against the publishers' book.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::book::{Book, Receipt, Sent};
use super::stories;

/// A replay comes to its end within this, servers that find their places again included.
const REPLAYED_WITHIN: Duration = Duration::from_secs(60);

/// A line of the replay.
#[derive(Deserialize)]
struct Line<'a> {
    position: u64,
    recorded: &'a str,
    key: &'a str,
    source: String,
    id: String,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
}

/// The ledger's last position.
pub async fn head(url: &str) -> u64 {
    let answer = reqwest::get(format!("{url}/v1/incidents?limit=1")).await.unwrap();
    answer.headers()["dateline-head"].to_str().unwrap().parse().unwrap()
}

/// The whole replay, as whoever follows reads it: where it breaks off it goes on behind the last whole line.
async fn whole_replay(url: &str, when: &str) -> String {
    let (mut text, begun) = (String::new(), Instant::now());
    loop {
        let after = text.lines().count();
        match reqwest::get(format!("{url}/v1/events?after={after}&trailer=1")).await {
            Err(error) => println!("{when}: a replay after {after}: {error}"),
            Ok(mut answer) => {
                let mut piece = Vec::new();
                while let Ok(Some(chunk)) = answer.chunk().await {
                    piece.extend_from_slice(&chunk);
                }
                // A piece may end in the middle of a character; that line is asked for again.
                let piece = String::from_utf8_lossy(&piece);
                let whole = piece.split_inclusive('\n').filter(|line| line.starts_with("{\"position\":") && line.ends_with('\n'));
                text.extend(whole);
                if piece.ends_with(&format!("{{\"dateline\":\"end\",\"after\":{}}}\n", text.lines().count())) {
                    return text;
                }
                println!("{when}: a replay after {after} broke off: {}", piece.lines().last().unwrap_or_default());
            }
        }
        assert!(begun.elapsed() < REPLAYED_WITHIN, "{when}: the replay does not come to its end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Reads the whole ledger and checks every promise of section 13 that it can show. Answers the head.
pub async fn check(book: &Book, url: &str, when: &str) -> u64 {
    let text = whole_replay(url, when).await;
    let lines: Vec<Line<'_>> =
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{when}: {error} in {line}"))).collect();
    assert_eq!(lines.len() as u64, head(url).await, "{when}: the replay ends at the head");
    let mut found: HashMap<(&str, &str), &Line<'_>> = HashMap::new();
    for (expected, line) in (1..).zip(&lines) {
        assert_eq!(line.position, expected, "{when}: positions run without gaps");
        let twice = found.insert((&line.source, &line.id), line);
        assert!(twice.is_none(), "{when}: {} {} stands twice, at {} and {expected}", line.source, line.id, twice.map_or(0, |line| line.position));
    }
    if let Some(fall) = lines.windows(2).find(|pair| pair[0].recorded > pair[1].recorded) {
        panic!("{when}: recorded falls from {} to {} at position {}", fall[0].recorded, fall[1].recorded, fall[1].position);
    }
    let pages = book.pages();
    for ((source, id), told) in &pages.acknowledged {
        let Some(line) = found.get(&(source.as_str(), id.as_str())) else {
            panic!("{when}: {source} {id} was acknowledged at {} and is lost", told.position)
        };
        let stands = Receipt { position: line.position, recorded: line.recorded.to_owned(), key: line.key.to_owned() };
        assert_eq!(&stands, told, "{when}: {source} {id} is not where its receipt says");
    }
    let stored: usize = pages.sent.iter().map(|sent| whole_or_not_at_all(sent, &found, when)).sum();
    assert_eq!(stored, lines.len(), "{when}: the ledger holds something that nobody sent");
    lines.len() as u64
}

/// A request is stored whole, its events side by side, each as it was sent; or not at all. Answers how many events are stored.
fn whole_or_not_at_all(sent: &Sent, found: &HashMap<(&str, &str), &Line<'_>>, when: &str) -> usize {
    let source = stories::source(sent.publisher);
    let stored: Vec<_> =
        sent.events.iter().filter_map(|(id, text)| found.get(&(source.as_str(), id.as_str())).map(|line| (id, text, line))).collect();
    assert!(
        stored.is_empty() || stored.len() == sent.events.len(),
        "{when}: of one request of {source} with {} events {} are stored: {:?}",
        sent.events.len(),
        stored.len(),
        stored.iter().map(|(id, ..)| id).collect::<Vec<_>>()
    );
    for ((id, text, line), place) in stored.iter().zip(0..) {
        assert_eq!(line.position, stored[0].2.position + place, "{when}: {source} {id} does not stand beside what it was sent with");
        let kept = line.event.map(RawValue::get).unwrap_or_default();
        if !sent.batch {
            assert_eq!(kept, text.as_str(), "{when}: {source} {id} is not kept byte for byte");
        }
        let (kept, said): (Value, Value) = (serde_json::from_str(kept).unwrap_or_default(), serde_json::from_str(text).unwrap());
        assert_eq!(kept, said, "{when}: {source} {id} says something else than was sent");
    }
    stored.len()
}

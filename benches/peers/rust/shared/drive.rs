//! Callers at work for a fixed time, then replay and rebuild: the same for every store.

use std::time::{Duration, Instant};

use super::document::{Numbers, Writer};
use super::report::Line;
use super::{Caller, Failure, Store};

/// A call that fails so often in a row ends its row: the store does not do it.
const MAX_RETRIES_IN_A_ROW: u64 = 200;

/// Events of an incident, and a call, while the store is filled for the replay.
const FILLING_BATCH: usize = 50;

/// Callers that fill.
const FILLING_CALLERS: usize = 4;

/// A row ends early after so many events: what a shared disk lets through at once would else be used up by the quickest stores.
const MOST_EVENTS: u64 = 200_000;

/// Calls that each caller makes before its row is timed, so that connections are open and statements prepared.
const WARMING_CALLS: usize = 3;

/// What is asked of one driver.
#[derive(Debug)]
pub struct Asked {
    /// Which store, as it is printed.
    pub store: String,
    /// Where it listens or lies.
    pub address: String,
    /// How long each row appends.
    pub seconds: f64,
    /// The store is filled with so many events before it is read; 0 for no replay and no rebuild.
    pub replay: usize,
    /// Callers and events a call.
    pub rows: Vec<(usize, usize)>,
}

impl Asked {
    /// `STORE ADDRESS SECONDS REPLAY CALLERSxBATCH,…`
    pub fn read() -> Result<Self, Failure> {
        let given: Vec<String> = std::env::args().skip(1).collect();
        let [store, address, seconds, replay, rows] = given.as_slice() else {
            return Err("usage: STORE ADDRESS SECONDS REPLAY_EVENTS CALLERSxBATCH,…; benches/peers/run gives them".into());
        };
        let row = |text: &str| -> Result<(usize, usize), Failure> {
            let (callers, batch) = text.split_once('x').ok_or_else(|| format!("{text:?} is no row: write CALLERSxBATCH"))?;
            Ok((callers.parse()?, batch.parse()?))
        };
        let rows = rows.split_terminator(',').map(row).collect::<Result<_, _>>()?;
        Ok(Self { store: store.clone(), address: address.clone(), seconds: seconds.parse()?, replay: replay.parse()?, rows })
    }
}

/// What was acknowledged.
#[derive(Debug, Default)]
struct Tally {
    events: u64,
    retries: u64,
    calls_us: Vec<u64>,
}

/// Runs every row and prints a line for each.
pub async fn drive<S: Store>(store: S, asked: &Asked) -> Result<(), Failure> {
    let numbers = Numbers::new();
    let (mut stored, mut retries) = (0, 0);
    for (callers, batch) in &asked.rows {
        let line = Line::new(&asked.store, "append").callers(*callers, *batch);
        match append(&store, *callers, *batch, Duration::from_secs_f64(asked.seconds), &numbers).await {
            Ok((warmed, tally, seconds)) => {
                (stored, retries) = (stored + warmed + tally.events, retries + tally.retries);
                line.retries(tally.retries).calls(tally.calls_us).measured(tally.events, seconds);
            }
            Err(failure) => {
                // What a failed row left behind is not known: the check then only has to find what is known.
                retries += 1;
                line.failed(&failure);
            }
        }
    }
    if asked.replay > 0 {
        stored += fill(&store, asked.replay, &numbers).await?;
    }
    if let Err(failure) = check(&store, stored, retries == 0).await {
        Line::new(&asked.store, "check").failed(&failure);
        return Ok(());
    }
    if asked.replay > 0 {
        replay(&store, asked).await;
        rebuild(&store, asked).await;
    }
    Ok(())
}

async fn append<S: Store>(store: &S, callers: usize, batch: usize, length: Duration, numbers: &Numbers) -> Result<(u64, Tally, f64), Failure> {
    let mut ready = Vec::new();
    for number in 0..callers {
        let (mut caller, mut writer) = (store.caller(number).await?, Writer::new(numbers));
        for _ in 0..if batch > 1 { 1 } else { WARMING_CALLS } {
            until_acknowledged(&mut caller, &mut writer, batch).await?;
        }
        ready.push((caller, writer));
    }
    let warmed = (callers * batch * if batch > 1 { 1 } else { WARMING_CALLS }) as u64;
    let begun = Instant::now();
    let working: Vec<_> = ready
        .into_iter()
        .map(|(mut caller, mut writer)| {
            tokio::spawn(async move {
                let mut tally = Tally::default();
                while begun.elapsed() < length && tally.events * (callers as u64) < MOST_EVENTS {
                    let called = Instant::now();
                    tally.retries += until_acknowledged(&mut caller, &mut writer, batch).await?;
                    tally.calls_us.push(called.elapsed().as_micros() as u64);
                    tally.events += batch as u64;
                }
                Ok::<Tally, Failure>(tally)
            })
        })
        .collect();
    let mut total = Tally::default();
    let mut failure = None;
    for caller in working {
        match caller.await? {
            Ok(tally) => {
                total.events += tally.events;
                total.retries += tally.retries;
                total.calls_us.extend(tally.calls_us);
            }
            Err(error) => failure = Some(error),
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    failure.map_or(Ok((warmed, total, seconds)), Err)
}

/// One call, tried again until the store acknowledges it; answers how often it had to be.
async fn until_acknowledged<C: Caller>(caller: &mut C, writer: &mut Writer, batch: usize) -> Result<u64, Failure> {
    let said = writer.next(batch);
    let mut retries = 0;
    while let Err(failure) = caller.append(&said).await {
        retries += 1;
        if retries == MAX_RETRIES_IN_A_ROW {
            let first = said.first().map_or_else(String::new, |said| said.id.to_string());
            return Err(format!("gave up on {first} after {retries} tries: {failure}").into());
        }
    }
    Ok(retries)
}

/// Appends incidents of equal length; answers how many events these were.
async fn fill<S: Store>(store: &S, events: usize, numbers: &Numbers) -> Result<u64, Failure> {
    let calls = events.div_ceil(FILLING_CALLERS * FILLING_BATCH);
    let mut filling = Vec::new();
    for number in 0..FILLING_CALLERS {
        let (mut caller, mut writer) = (store.caller(number).await?, Writer::new(numbers));
        filling.push(tokio::spawn(async move {
            for _ in 0..calls {
                until_acknowledged(&mut caller, &mut writer, FILLING_BATCH).await?;
            }
            Ok::<(), Failure>(())
        }));
    }
    for caller in filling {
        caller.await??;
    }
    Ok((calls * FILLING_CALLERS * FILLING_BATCH) as u64)
}

/// What was acknowledged must be there: exactly, or more where calls had to be made again or a row failed midway.
async fn check<S: Store>(store: &S, stored: u64, exactly: bool) -> Result<(), Failure> {
    let found = store.replay().await?;
    match found == stored || (found > stored && !exactly) {
        true => Ok(()),
        false => Err(format!("{found} events were read back, but {stored} had been acknowledged").into()),
    }
}

/// Reads everything, as often as the time allows.
async fn replay<S: Store>(store: &S, asked: &Asked) {
    let line = Line::new(&asked.store, "replay");
    let (mut read, begun) = (0, Instant::now());
    while begun.elapsed().as_secs_f64() < asked.seconds {
        match store.replay().await {
            Ok(found) => read += found,
            Err(failure) => return line.failed(&failure),
        }
    }
    line.measured(read, begun.elapsed().as_secs_f64());
}

async fn rebuild<S: Store>(store: &S, asked: &Asked) {
    let line = Line::new(&asked.store, "rebuild");
    let begun = Instant::now();
    match store.rebuild(Duration::from_secs_f64(asked.seconds)).await {
        Ok(None) => {}
        Ok(Some(events)) => line.measured(events, begun.elapsed().as_secs_f64()),
        Err(failure) => line.failed(&failure),
    }
}

//! `dateline detect --numbers`: any series of numbers, point by point, by how rare each is in the series' own past, upwards and downwards.

use std::io::{ErrorKind, Write};

use anyhow::{Context, bail};
use dateline_series::{Reading, Stream};
use serde::Serialize;

use super::super::{Answer, say};
use super::{rows, told};
use crate::shared::config::{DetectFlags, Format};

/// A point, and what was found of it.
#[derive(Debug, Clone, Copy, Serialize)]
struct Point {
    /// Unix seconds.
    at: i64,
    value: f64,
    #[serde(flatten)]
    reading: Reading,
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    rows: usize,
    spoke: usize,
    points: Vec<&'a Point>,
}

/// Scores the series; the answer is no where nothing speaks.
pub fn run(flags: &DetectFlags) -> anyhow::Result<Answer> {
    let rows = rows::read_numbers(&flags.file)?;
    let file = flags.file.display();
    if rows.is_empty() {
        bail!("{file}: there is no row; expected lines such as 2014-02-14 14:30:00,51.846");
    }
    let mut stream = Stream::default();
    let mut points = Vec::with_capacity(rows.len());
    for (at, value) in rows {
        points.push(Point { at, value, reading: stream.tell(at, value).with_context(|| file.to_string())? });
    }
    let spoke = points.iter().filter(|point| point.reading.speaks).count();
    let shown: Vec<&Point> = points.iter().filter(|point| flags.verdicts || point.reading.speaks).collect();
    match flags.format {
        Format::Text => say(&text(&points, &shown, spoke))?,
        Format::Json => {
            let told = Told { rows: points.len(), spoke, points: shown };
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            let written =
                serde_json::to_writer(&mut out, &told).map_err(std::io::Error::from).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
            if let Err(error) = written
                && error.kind() != ErrorKind::BrokenPipe
            {
                return Err(error.into());
            }
        }
    }
    Ok(if spoke == 0 { Answer::No } else { Answer::Done })
}

fn text(points: &[Point], shown: &[&Point], spoke: usize) -> String {
    let (first, last) = (points.first().map_or(0, |point| point.at), points.last().map_or(0, |point| point.at));
    let mut text = format!("{} points from {} to {} UTC; {spoke} stand out\n", points.len(), told::at(first), told::at(last));
    for Point { at, value, reading } in shown {
        let mark = if reading.speaks { "*" } else { " " };
        text.push_str(&format!("{mark} {}  {value}  surprise {:.1} decades\n", told::at(*at), reading.surprise));
    }
    text
}

//! What the colours mean, and no more than is drawn.

use std::fmt::Write;

use dateline_timelines::tell::PlotWords;

use super::super::sample::Steps;
use super::super::write::{number, paint, place, short, width_em};
use super::super::{MarkKind, Plot};
use super::{LEFT, RIGHT, TEXT_SIZE, text};

const SWATCH_WIDTH: f64 = 20.0;
const LINE_HEIGHT: f64 = 20.0;

/// Draws it below; answers where it ends.
pub fn draw(body: &mut String, below: f64, plot: &Plot, steps: &Steps, words: &PlotWords) -> f64 {
    let has = |drawn: fn(&super::super::sample::Step) -> bool| steps.steps.iter().any(drawn);
    let stands_out = plot.marks.iter().any(|mark| mark.kind == MarkKind::First);
    let thinned = words.thinned.replace("{}", &number(steps.buckets_each, words));
    let entries = [
        ("count", &words.reports, has(|step| step.count.is_some())),
        ("alarm", &words.standing_out, stands_out),
        ("usual", &words.baseline, has(|step| step.baseline.is_some())),
        ("range", &words.range, has(|step| step.range.is_some())),
        ("unknown", &words.unknown, has(|step| step.count.is_none())),
        ("", &thinned, steps.buckets_each > 1),
    ];
    let (mut x, mut y) = (LEFT, below + LINE_HEIGHT + 4.0);
    for (class, label, _) in entries.into_iter().filter(|(_, label, drawn)| *drawn && !label.is_empty()) {
        let label = short(label);
        let swatch = if class.is_empty() { 0.0 } else { SWATCH_WIDTH + 6.0 };
        let width = swatch + width_em(&label) * TEXT_SIZE;
        if x > LEFT && x + width > RIGHT {
            (x, y) = (LEFT, y + LINE_HEIGHT);
        }
        swatch_of(body, class, x, y);
        text(body, (x + swatch, y), "start", "quiet", &label);
        x += width + 18.0;
    }
    y + 4.0
}

fn swatch_of(body: &mut String, class: &str, x: f64, y: f64) {
    let (left, middle, top) = (place(x), place(y - 4.0), place(y - 9.0));
    let _ = match class {
        "" => Ok(()),
        "usual" => write!(body, "<path d=\"M{left} {middle}h{SWATCH_WIDTH}\" stroke-width=\"1.6\" {}/>", paint(class)),
        "range" => write!(body, "<path d=\"M{left} {top}h{SWATCH_WIDTH}v10h-{SWATCH_WIDTH}Z\" fill-opacity=\".3\" {}/>", paint(class)),
        _ => write!(body, "<path d=\"M{left} {top}h{SWATCH_WIDTH}v10h-{SWATCH_WIDTH}Z\" {}/>", paint(class)),
    };
}

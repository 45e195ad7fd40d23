//! The counts as steps, the usual as a line in a band, and what is not known as a shade.

use std::fmt::Write;

use super::super::sample::{Step, Steps};
use super::super::write::{paint, place};
use super::super::{Mark, MarkKind};
use super::Frame;

/// A count above zero is at least so high, in units: one report is little, but not nothing.
const LEAST_HEIGHT: f64 = 1.2;

/// Where nothing is known.
pub fn unknown(body: &mut String, frame: &Frame, steps: &Steps) {
    let path = outline(frame, steps, |step| step.count.is_none().then_some((frame.bottom, frame.top)));
    filled(body, &path, "unknown", "");
}

/// The counts, those of anomalies in another colour.
pub fn counts(body: &mut String, frame: &Frame, steps: &Steps, marks: &[Mark]) {
    let spans = anomalies(marks, steps);
    let alarming = |index: usize| {
        let (start, end) = (steps.start_s(index), steps.start_s(index + 1));
        spans.iter().any(|(from, until)| *from < end && start < *until)
    };
    for (class, alarm) in [("count", false), ("alarm", true)] {
        let heights = steps.steps.iter().enumerate().map(|(index, step)| step.count.filter(|_| alarming(index) == alarm));
        let spans = heights.map(|count| count.filter(|count| *count > 0).map(|count| (frame.bottom, top_of(frame, count))));
        filled(body, &path(frame, steps, spans), class, "");
    }
}

/// The top of a count's step.
pub fn top_of(frame: &Frame, count: u64) -> f64 {
    frame.y(count as f64).min(frame.bottom - LEAST_HEIGHT)
}

/// The range around the baseline.
pub fn range(body: &mut String, frame: &Frame, steps: &Steps) {
    let range = outline(frame, steps, |step| step.range.map(|(low, high)| (frame.y(low), frame.y(high))));
    filled(body, &range, "range", " fill-opacity=\".3\"");
}

/// The baseline.
pub fn usual(body: &mut String, frame: &Frame, steps: &Steps) {
    let mut line = String::new();
    let mut before = None;
    for (index, step) in steps.steps.iter().enumerate() {
        let Some(y) = step.baseline.map(|baseline| place(frame.y(baseline))) else {
            before = None;
            continue;
        };
        match &before {
            None => line.push_str(&format!("M{} {y}", place(frame.x(steps.start_s(index))))),
            Some(last) if *last != y => line.push_str(&format!("V{y}")),
            Some(_) => {}
        }
        line.push_str(&format!("H{}", place(frame.x(steps.start_s(index + 1)))));
        before = Some(y);
    }
    if !line.is_empty() {
        let _ = write!(body, "<path d=\"{line}\" fill=\"none\" stroke-width=\"1.6\" {}/>", paint("usual"));
    }
}

/// From each first bucket to the end that follows it.
fn anomalies(marks: &[Mark], steps: &Steps) -> Vec<(i64, i64)> {
    let mut moments: Vec<(i64, MarkKind)> =
        marks.iter().filter(|mark| matches!(mark.kind, MarkKind::First | MarkKind::End)).map(|mark| (mark.at_s, mark.kind)).collect();
    moments.sort_by_key(|(at_s, kind)| (*at_s, *kind == MarkKind::First));
    let mut spans: Vec<(i64, i64)> = Vec::new();
    let mut open = None;
    for (at_s, kind) in moments {
        match (kind, open) {
            (MarkKind::First, None) => open = Some(at_s),
            (MarkKind::End, Some(from)) => {
                spans.push((from, at_s));
                open = None;
            }
            _ => {}
        }
    }
    spans.extend(open.map(|from| (from, steps.until_s())));
    spans
}

fn outline(frame: &Frame, steps: &Steps, span: impl Fn(&Step) -> Option<(f64, f64)>) -> String {
    path(frame, steps, steps.steps.iter().map(span))
}

/// One path around every run of steps, each from its lower to its upper edge.
fn path(frame: &Frame, steps: &Steps, spans: impl Iterator<Item = Option<(f64, f64)>>) -> String {
    let mut path = String::new();
    let mut run: Vec<(usize, f64, f64)> = Vec::new();
    for (index, span) in spans.chain([None]).enumerate() {
        match span {
            Some((lower, upper)) => run.push((index, lower, upper)),
            None => close(&mut path, frame, steps, &mut run),
        }
    }
    path
}

/// Along the upper edges to the right, and back along the lower.
fn close(path: &mut String, frame: &Frame, steps: &Steps, run: &mut Vec<(usize, f64, f64)>) {
    let Some((first, _, upper)) = run.first() else { return };
    let mut x = place(frame.x(steps.start_s(*first)));
    let mut height = place(*upper);
    path.push_str(&format!("M{x} {height}"));
    let rightward = run.iter().map(|(index, _, upper)| (steps.start_s(index + 1), *upper));
    let leftward = run.iter().rev().map(|(index, lower, _)| (steps.start_s(*index), *lower));
    for (at_s, y) in rightward.chain(leftward) {
        let (next_x, next_y) = (place(frame.x(at_s)), place(y));
        if height != next_y {
            path.push_str(&format!("H{x}V{next_y}"));
            height = next_y;
        }
        x = next_x;
    }
    path.push_str(&format!("H{x}Z"));
    run.clear();
}

fn filled(body: &mut String, path: &str, class: &str, more: &str) {
    if !path.is_empty() {
        let _ = write!(body, "<path d=\"{path}\" {}{more}/>", paint(class));
    }
}

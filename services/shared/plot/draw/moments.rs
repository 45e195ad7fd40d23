//! The moments: a line each, told apart by its dashes and by the sign at its foot, not by colour alone; a peak has a dot on its count.

use std::fmt::Write;

use dateline_timelines::tell::PlotWords;

use super::super::flags::{Flag, lanes};
use super::super::sample::Steps;
use super::super::scale::{clock, day};
use super::super::write::{escaped, number, paint, place, said, short, width_em};
use super::super::{LABEL_CHARS_MAX, MARKS_MAX, Mark, MarkKind, Plot};
use super::{Frame, LANE_HEIGHT, RIGHT, TEXT_SIZE, series, text};

/// In a plot of more than this the hours of an anomaly cannot be told apart, in seconds: only peaks and notes are marked, with their day.
const HOURS_TOLD_MAX_S: i64 = 14 * 86_400;

/// Of these so many: the notes, and the highest peaks.
const OVERVIEW_MARKS_MAX: usize = 8;

/// A mark with its label and its place.
pub struct Moment {
    kind: MarkKind,
    label: String,
    /// Reports of the step it falls in.
    count: u64,
    flag: Flag,
}

impl Moment {
    /// The lane of its label, if that has room.
    pub fn lane(&self) -> Option<usize> {
        self.flag.lane
    }
}

/// Which marks are drawn, and where.
pub fn moments(plot: &Plot, steps: &Steps, frame: &Frame, words: &PlotWords) -> Vec<Moment> {
    let of = |at_s: i64| {
        let index = usize::try_from((at_s - steps.from_s) / steps.step_s).unwrap_or_default();
        steps.steps.get(index).and_then(|step| step.count).unwrap_or(0)
    };
    let mut marks: Vec<&Mark> = plot.marks.iter().filter(|mark| (steps.from_s..=steps.until_s()).contains(&mark.at_s)).collect();
    let is_overview = steps.until_s() - steps.from_s > HOURS_TOLD_MAX_S;
    if is_overview {
        marks.retain(|mark| matches!(mark.kind, MarkKind::Peak | MarkKind::Note));
        marks.sort_by_key(|mark| (mark.kind == MarkKind::Peak, std::cmp::Reverse(of(mark.at_s))));
    }
    marks.truncate(if is_overview { OVERVIEW_MARKS_MAX } else { MARKS_MAX });
    marks.sort_by_key(|mark| mark.at_s);
    let labels: Vec<String> = marks.iter().map(|mark| label(mark, of(mark.at_s), is_overview, words)).collect();
    // A peak is marked at the middle of its step, where its dot is.
    let x = |mark: &Mark| match mark.kind {
        MarkKind::Peak => {
            let index = (mark.at_s - steps.from_s).div_euclid(steps.step_s);
            frame.x(steps.from_s + index * steps.step_s + steps.step_s / 2)
        }
        _ => frame.x(mark.at_s),
    };
    let places: Vec<(f64, f64)> = marks.iter().zip(&labels).map(|(mark, label)| (x(mark), width_em(label) * TEXT_SIZE)).collect();
    let flags = lanes(&places, RIGHT);
    let parts = marks.iter().zip(labels).zip(flags);
    parts.map(|((mark, label), flag)| Moment { kind: mark.kind, label, count: of(mark.at_s), flag }).collect()
}

/// What is written at a mark.
fn label(mark: &Mark, count: u64, is_overview: bool, words: &PlotWords) -> String {
    let offset_s = i64::from(words.zone_offset_s);
    let time = || clock(mark.at_s, offset_s).map(|say| said(say, words)).unwrap_or_default();
    let kind = match mark.kind {
        _ if !mark.label.is_empty() => return short(&mark.label),
        MarkKind::Peak if is_overview => {
            let day = day(mark.at_s, offset_s).map(|say| said(say, words)).unwrap_or_default();
            return short(&format!("{} · {day}", number(count, words)));
        }
        MarkKind::Peak => return short(&format!("{} {}", words.peak, number(count, words))),
        MarkKind::First => words.first.as_str(),
        MarkKind::Seen => &words.seen,
        MarkKind::End => &words.end,
        MarkKind::Note => "",
    };
    short(format!("{kind} {}", time()).trim())
}

/// Draws them.
pub fn draw(body: &mut String, frame: &Frame, moments: &[Moment]) {
    for moment in moments {
        let x = moment.flag.x;
        let foot = if moment.kind == MarkKind::Peak { series::top_of(frame, moment.count) } else { frame.bottom };
        let head = moment.flag.lane.map_or(frame.top, |lane| frame.top - 6.0 - LANE_HEIGHT * lane as f64 - 13.0);
        let dashes = match moment.kind {
            MarkKind::First => "",
            MarkKind::Seen => " stroke-dasharray=\"5 3\"",
            MarkKind::End => " stroke-dasharray=\"1.5 3\"",
            MarkKind::Note => " stroke-dasharray=\"9 3 1.5 3\"",
            MarkKind::Peak => " stroke-opacity=\".45\"",
        };
        let (at, paint_line, paint_sign) = (place(x), paint("moment"), paint("ink"));
        let _ = write!(body, "<g><title>{}</title>", escaped(&moment.label, LABEL_CHARS_MAX));
        let _ = write!(body, "<path d=\"M{at} {}V{}\" stroke-width=\"1.2\" {paint_line}{dashes}/>", place(head), place(foot));
        let _ = write!(body, "<path d=\"{}\" {paint_sign}/>", sign(moment.kind, x, foot));
        if moment.flag.lane.is_some() {
            let (beside, anchor) = if moment.flag.leftward { (x - 5.0, "end") } else { (x + 5.0, "start") };
            text(body, (beside, head + 10.5), anchor, "ink", &moment.label);
        }
        body.push_str("</g>");
    }
}

/// The sign at the foot, below the axis, where it hides no count: a triangle, a disc, a square, a diamond. A peak's is on its count.
fn sign(kind: MarkKind, x: f64, y: f64) -> String {
    let at = |dx: f64, dy: f64| format!("{} {}", place(x + dx), place(y + dy));
    match kind {
        MarkKind::First => format!("M{}L{}L{}Z", at(0.0, 0.5), at(5.0, 9.5), at(-5.0, 9.5)),
        MarkKind::Seen | MarkKind::Peak => {
            let lowered = if kind == MarkKind::Peak { 0.0 } else { 5.0 };
            format!("M{}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z", at(-3.5, lowered))
        }
        MarkKind::End => format!("M{}h7v7h-7Z", at(-3.5, 1.5)),
        MarkKind::Note => format!("M{}L{}L{}L{}Z", at(0.0, 0.5), at(4.5, 5.5), at(0.0, 10.5), at(-4.5, 5.5)),
    }
}

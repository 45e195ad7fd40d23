//! The picture itself, from top to bottom: title, captions, the moments' labels, the counts, the axes, the legend.

mod legend;
mod moments;
mod series;

use std::fmt::Write;

use dateline_timelines::tell::PlotWords;

use super::sample::{Steps, steps};
use super::scale::{Say, TimeTick, count_ticks, time_ticks};
use super::write::{escaped, number, paint, place, said, short, style, width_em};
use super::{DESCRIPTION_CHARS_MAX, LABEL_CHARS_MAX, Plot, TITLE_CHARS_MAX};

/// Units of the plot: it is this wide, and what shows it gives them a size.
const WIDTH: f64 = 720.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 704.0;
const COUNTS_HEIGHT: f64 = 232.0;
const LANE_HEIGHT: f64 = 19.0;

/// Sizes of letters, in units.
const TITLE_SIZE: f64 = 17.0;
const TEXT_SIZE: f64 = 12.5;

/// A title takes at most so many lines.
const TITLE_LINES_MAX: usize = 2;

/// Where times and counts lie.
struct Frame {
    top: f64,
    bottom: f64,
    from_s: i64,
    until_s: i64,
    most: f64,
}

impl Frame {
    fn x(&self, at_s: i64) -> f64 {
        LEFT + (RIGHT - LEFT) * (at_s - self.from_s) as f64 / (self.until_s - self.from_s).max(1) as f64
    }

    fn y(&self, count: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * (count / self.most).clamp(0.0, 1.0)
    }
}

/// Draws the whole.
pub fn draw(plot: &Plot, words: &PlotWords) -> String {
    let mut body = String::new();
    let mut y = title(&mut body, words);
    match steps(plot) {
        Some(steps) => y = picture(&mut body, y, plot, &steps, words),
        None => {
            y += COUNTS_HEIGHT / 2.0;
            text(&mut body, (WIDTH / 2.0, y), "middle", "quiet", &words.unknown);
            y += COUNTS_HEIGHT / 2.0;
        }
    }
    let (height, lang) = (place(y + 10.0), escaped(&words.lang, LABEL_CHARS_MAX));
    let (named, described) = (escaped(&words.title, TITLE_CHARS_MAX), escaped(&words.description, DESCRIPTION_CHARS_MAX));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"dateline-plot\" role=\"img\" aria-label=\"{named}\" lang=\"{lang}\" \
         xml:lang=\"{lang}\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"{TEXT_SIZE}\">\
         <title>{named}</title><desc>{described}</desc>{}<rect width=\"{WIDTH}\" height=\"{height}\" {}/>{body}</svg>\n",
        style(),
        paint("paper"),
    )
}

/// Everything below the title; answers where it ends.
fn picture(body: &mut String, top: f64, plot: &Plot, steps: &Steps, words: &PlotWords) -> f64 {
    let caption = top + 21.0;
    let counted = steps.steps.iter().filter_map(|step| step.count).max().unwrap_or(0) as f64;
    let usual = steps.steps.iter().filter_map(|step| step.range.map(|(_, high)| high)).fold(0.0, f64::max);
    // A young series' range can be far wider than anything counted: it may not press the counts to the ground.
    let ticks = count_ticks(counted.max(usual.min(2.0 * counted)).max(4.0));
    let most = ticks.last().copied().unwrap_or(1).max(1) as f64;
    let mut frame = Frame { top: 0.0, bottom: 0.0, from_s: steps.from_s, until_s: steps.until_s(), most };
    let moments = moments::moments(plot, steps, &frame, words);
    let lanes = moments.iter().filter_map(moments::Moment::lane).map(|lane| lane + 1).max().unwrap_or(0);
    frame.top = caption + 8.0 + lanes as f64 * LANE_HEIGHT + 6.0;
    frame.bottom = frame.top + COUNTS_HEIGHT;
    text(body, (12.0, caption), "start", "quiet", &words.reports);
    text(body, (RIGHT, caption), "end", "quiet", &words.zone);
    series::unknown(body, &frame, steps);
    count_axis(body, &frame, &ticks, words);
    series::range(body, &frame, steps);
    series::counts(body, &frame, steps, &plot.marks);
    series::usual(body, &frame, steps);
    moments::draw(body, &frame, &moments);
    let below = time_axis(body, &frame, words);
    legend::draw(body, below, plot, steps, words)
}

/// The title in lines that fit; answers where it ends.
fn title(body: &mut String, words: &PlotWords) -> f64 {
    let room = (WIDTH - 24.0) / TITLE_SIZE / 1.06;
    let cut: String = words.title.chars().take(TITLE_CHARS_MAX).collect();
    let mut lines: Vec<String> = Vec::new();
    for word in cut.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width_em(line) + width_em(word) + 0.3 <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let cut_off = lines.len() > TITLE_LINES_MAX;
    lines.truncate(TITLE_LINES_MAX);
    if let (true, Some(last)) = (cut_off, lines.last_mut()) {
        last.push_str(" …");
    }
    let mut y = 8.0;
    for line in &lines {
        y += 24.0;
        let line = escaped(line, TITLE_CHARS_MAX);
        let _ = write!(body, "<text x=\"12\" y=\"{}\" font-size=\"{TITLE_SIZE}\" font-weight=\"700\" {}>{line}</text>", place(y), paint("ink"));
    }
    y
}

fn count_axis(body: &mut String, frame: &Frame, ticks: &[u64], words: &PlotWords) {
    for tick in ticks {
        let y = frame.y(*tick as f64);
        let class = if *tick == 0 { "axis" } else { "grid" };
        line(body, (LEFT, y), (RIGHT, y), class, "");
        text(body, (LEFT - 8.0, y + 4.0), "end", "quiet", &number(*tick, words));
    }
}

/// Times below the counts; answers where it ends.
fn time_axis(body: &mut String, frame: &Frame, words: &PlotWords) -> f64 {
    let offset_s = i64::from(words.zone_offset_s);
    let mut ticks = time_ticks(frame.from_s, frame.until_s, offset_s);
    make_room(&mut ticks, frame, words);
    let (upper, lower) = (frame.bottom + 23.0, frame.bottom + 40.0);
    for tick in &ticks {
        let x = frame.x(tick.at_s);
        line(body, (x, frame.bottom), (x, frame.bottom + 5.0), "axis", "");
        // At the edges a label keeps within the picture.
        let kept = |say: Say| {
            let half = width_em(&said(say, words)) * TEXT_SIZE / 2.0;
            x.clamp(half + 4.0, (WIDTH - half - 4.0).max(half + 4.0))
        };
        text(body, (kept(tick.upper), upper), "middle", "quiet", &said(tick.upper, words));
        if let Some(say) = tick.lower.filter(|say| *say != tick.upper) {
            text(body, (kept(say), lower), "middle", "ink", &said(say, words));
        }
    }
    lower
}

/// The first tick says its day (or year) only if that of the next day has room beside it.
fn make_room(ticks: &mut [TimeTick], frame: &Frame, words: &PlotWords) {
    let mut later = ticks.iter().skip(1).filter(|tick| tick.lower.is_some());
    let (Some(first), Some(next)) = (ticks.first(), later.next()) else { return };
    let width = |tick: &TimeTick| tick.lower.map_or(0.0, |say| width_em(&said(say, words)) * TEXT_SIZE);
    let crowded = frame.x(next.at_s) - frame.x(first.at_s) < f64::midpoint(width(first), width(next)) + 10.0;
    if let (true, Some(first)) = (crowded, ticks.first_mut()) {
        first.lower = None;
    }
}

fn text(body: &mut String, (x, y): (f64, f64), anchor: &str, class: &str, words: &str) {
    let _ = write!(
        body,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" {}>{}</text>",
        place(x),
        place(y),
        paint(class),
        escaped(&short(words), LABEL_CHARS_MAX)
    );
}

fn line(body: &mut String, (from_x, from_y): (f64, f64), (to_x, to_y): (f64, f64), class: &str, more: &str) {
    let (from_x, from_y, to_x, to_y) = (place(from_x), place(from_y), place(to_x), place(to_y));
    let _ = write!(body, "<path d=\"M{from_x} {from_y}L{to_x} {to_y}\" {}{more}/>", paint(class));
}

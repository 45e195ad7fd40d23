//! The plain-text form: the title with the state at its right, the lines under it, then heads in a column and text beside
//! them; of a document, or fitted to a terminal. No words stand here.

use std::borrow::Cow;

use super::{Told, ToldEntry};

mod cells;
mod paint;
mod rows;

pub use cells::{cells_of, width_of};
pub use rows::{row, title_on};

use cells::{first_letter, split_at_cells};
use paint::{BOLD, DIM, of_state, painted, shown_state};

/// The narrowest line that is laid out; below it words are only broken at spaces.
const WIDTH_MIN: usize = 40;
/// The widest column of heads; a longer head stands on a line of its own.
const HEAD_COLUMNS_MAX: usize = 18;
/// The same on a screen, where vowel signs take cells of their own; never more than a third of it.
const HEAD_CELLS_MAX: usize = 24;

/// How far what needs no head is moved in.
const BACKGROUND_INDENT: usize = 2;

/// A terminal, or what is to be read like one: no line is wider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Screen {
    /// Its cells in a line, at least [`Screen::COLUMNS_MIN`].
    pub columns: usize,
    /// True where it shows colours.
    pub color: bool,
}

impl Screen {
    /// The narrowest screen that is laid out.
    pub const COLUMNS_MIN: usize = 20;
    /// The widest.
    pub const COLUMNS_MAX: usize = 1_000;
}

/// Lays a told timeline out in lines of at most `width` columns, where its words allow it.
pub fn text(told: &Told, width: usize) -> String {
    laid_out(told, Lines { text: String::new(), width: width.max(WIDTH_MIN), screen: None })
}

/// Lays a told timeline out for a screen: by cells, with words broken that are wider than a line, and in colour where it shows any.
pub fn text_on(told: &Told, screen: Screen) -> String {
    let width = screen.columns.clamp(Screen::COLUMNS_MIN, Screen::COLUMNS_MAX);
    laid_out(told, Lines { text: String::new(), width, screen: Some(screen) })
}

/// One paragraph for a screen, its further lines moved in.
pub fn paragraph_on(paragraph: &str, screen: Screen) -> String {
    let mut lines = Lines { text: String::new(), width: screen.columns.max(Screen::COLUMNS_MIN), screen: Some(screen) };
    lines.wrapped(paragraph, 0, 2);
    lines.text
}

fn laid_out(told: &Told, mut lines: Lines) -> String {
    lines.title(told);
    for line in told.summary.iter().chain(&told.notes) {
        lines.wrapped(line, 0, 2);
    }
    let head_max = if lines.screen.is_some() { HEAD_CELLS_MAX } else { HEAD_COLUMNS_MAX };
    let heads = told.entries.iter().map(|entry| lines.columns(&entry.head)).filter(|columns| *columns <= head_max);
    let column = heads.max().unwrap_or(0).min(lines.width / 3) + 2;
    lines.text.push('\n');
    for entry in &told.entries {
        lines.entry(entry, column);
    }
    let others = [(&told.unsupported, true), (&told.background, false), (&told.possibly, true), (&told.retracted, true)];
    for ((list, has_heads), heading) in others.into_iter().zip(told.headings) {
        if list.is_empty() {
            continue;
        }
        lines.heading(heading);
        for entry in list {
            // Background tells its own dates.
            if has_heads { lines.entry(entry, column) } else { lines.paragraph(entry, BACKGROUND_INDENT) }
        }
    }
    lines.text
}

/// The sentence; one that was taken back is struck out.
fn sentence(entry: &ToldEntry) -> Cow<'_, str> {
    if entry.retracted { format!("~{}~", entry.text).into() } else { entry.text.as_str().into() }
}

struct Lines {
    text: String,
    width: usize,
    /// None: a document, read anywhere.
    screen: Option<Screen>,
}

impl Lines {
    /// How wide a text is, as whoever reads it counts.
    fn columns(&self, text: &str) -> usize {
        if self.screen.is_some() { cells_of(text) } else { width_of(text) }
    }

    fn has_color(&self) -> bool {
        self.screen.is_some_and(|screen| screen.color)
    }

    /// The title, with the state at its right where there is room. On a screen a title longer than a line is cut there, and follows whole.
    fn title(&mut self, told: &Told) {
        let (state, state_columns) = (told.state_label, self.columns(told.state_label));
        let is_cut = self.screen.is_some() && self.columns(&told.title) > self.width;
        let title = if is_cut {
            title_on(&told.title, told.kicker.is_some(), self.width - 2 - state_columns.min(self.width / 2))
        } else {
            told.title.clone()
        };
        let used = self.columns(&title) + state_columns;
        if used + 2 <= self.width {
            let state = painted(self.has_color(), of_state(shown_state(told.state, told.reports_only)), state);
            let title = painted(self.has_color(), BOLD, &title);
            self.text.push_str(&format!("{title}{}{state}\n", " ".repeat(self.width - used)));
        } else {
            self.painted(&title, 0, 2, BOLD);
            self.painted(state, 0, 2, of_state(shown_state(told.state, told.reports_only)));
        }
        if is_cut {
            self.wrapped(&told.title, 0, 2);
        }
    }

    fn heading(&mut self, heading: &str) {
        self.text.push('\n');
        self.painted(&format!("{heading}:"), 0, 2, BOLD);
    }

    fn entry(&mut self, entry: &ToldEntry, column: usize) {
        let text = &sentence(entry);
        let head_columns = self.columns(&entry.head);
        if head_columns + 2 <= column {
            let head = painted(self.has_color(), DIM, &entry.head);
            self.text.push_str(&format!("{head}{}", " ".repeat(column - head_columns)));
            self.wrapped_from(text, column, column, "");
        } else {
            let is_wider = self.screen.is_some() && head_columns > self.width;
            if is_wider {
                self.painted(&entry.head, 0, 2, DIM);
            } else {
                self.text.push_str(&format!("{}\n", painted(self.has_color(), DIM, &entry.head)));
            }
            self.wrapped(text, column, column);
        }
        self.below(entry, column);
    }

    /// An entry without its head.
    fn paragraph(&mut self, entry: &ToldEntry, indent: usize) {
        self.wrapped(&sentence(entry), indent, indent);
        self.below(entry, indent);
    }

    fn below(&mut self, entry: &ToldEntry, column: usize) {
        if let Some(quotation) = &entry.quotation {
            self.wrapped(&format!("{}: “{}”", quotation.note, quotation.text), column, column);
        }
        for mark in &entry.marks {
            self.wrapped(mark, column, column);
        }
        for detail in &entry.details {
            self.wrapped(&format!("{}: {}", detail.label, detail.text), column, column);
        }
    }

    /// A paragraph on lines of its own.
    fn wrapped(&mut self, paragraph: &str, first_indent: usize, indent: usize) {
        self.painted(paragraph, first_indent, indent, "");
    }

    fn painted(&mut self, paragraph: &str, first_indent: usize, indent: usize, color: &str) {
        self.text.push_str(&" ".repeat(first_indent));
        self.wrapped_from(paragraph, first_indent, indent, color);
    }

    /// A paragraph whose first line has already used some columns.
    fn wrapped_from(&mut self, paragraph: &str, used: usize, indent: usize, color: &str) {
        let lines = self.broken(paragraph, used, indent);
        let shown: Vec<String> = lines.iter().map(|line| painted(self.has_color(), color, line)).collect();
        self.text.push_str(&shown.join(&format!("\n{}", " ".repeat(indent))));
        self.text.push('\n');
    }

    /// The lines of a paragraph: broken at spaces, and on a screen within words that are wider than a line.
    fn broken(&self, paragraph: &str, used: usize, indent: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        let (mut columns, mut line_begins) = (used, true);
        // A number and its percent sign stay on one line.
        let glued = paragraph.replace(" %", "\u{a0}%");
        for word in glued.split(' ').filter(|word| !word.is_empty()) {
            let word = word.replace("\u{a0}%", " %");
            let mut rest = word.as_str();
            while !rest.is_empty() {
                let is_wider = self.screen.is_some() && indent + self.columns(rest) > self.width;
                let space = usize::from(!line_begins && rest.len() == word.len());
                let room = self.width.saturating_sub(columns + space);
                let fits = columns + space + self.columns(rest) <= self.width;
                let is_placed_here = fits || line_begins || (is_wider && cells_of(first_letter(rest)) <= room);
                if !is_placed_here {
                    lines.push(String::new());
                    (columns, line_begins) = (indent, true);
                    continue;
                }
                let (piece, left) = if is_wider && !fits { split_at_cells(rest, room.max(1)) } else { (rest, "") };
                if let Some(line) = lines.last_mut() {
                    line.push_str(&" ".repeat(space));
                    line.push_str(piece);
                }
                columns += space + self.columns(piece);
                (rest, line_begins) = (left, false);
            }
        }
        lines
    }
}

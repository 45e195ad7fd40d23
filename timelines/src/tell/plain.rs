//! The plain-text form: the title with the state at its right, the lines under it, then heads in a column and text beside
//! them. Widths are those of terminal columns. No words stand here.

use super::{Told, ToldEntry};

/// The narrowest line that is laid out; below it words are only broken at spaces.
const WIDTH_MIN: usize = 40;
/// The widest column of heads; a longer head stands on a line of its own.
const HEAD_COLUMNS_MAX: usize = 18;

/// Lays a told timeline out in lines of at most `width` columns, where its words allow it.
pub fn text(told: &Told, width: usize) -> String {
    let width = width.max(WIDTH_MIN);
    let mut lines = Lines { text: String::new(), width };
    lines.title(&told.title, told.state_label);
    for line in told.summary.iter().chain(&told.notes) {
        lines.wrapped(line, 0, 2);
    }
    let heads = told.entries.iter().map(|entry| width_of(&entry.head)).filter(|columns| *columns <= HEAD_COLUMNS_MAX);
    let column = heads.max().unwrap_or(0).min(width / 3) + 2;
    lines.text.push('\n');
    for entry in &told.entries {
        lines.entry(entry, column);
    }
    let others = [(&told.unsupported, true), (&told.background, false), (&told.possibly, true), (&told.retracted, true)];
    for ((list, has_heads), heading) in others.into_iter().zip(told.headings) {
        if list.is_empty() {
            continue;
        }
        lines.text.push_str(&format!("\n{heading}:\n"));
        for entry in list {
            // Background tells its own dates.
            if has_heads { lines.entry(entry, column) } else { lines.paragraph(entry, BACKGROUND_INDENT) }
        }
    }
    lines.text
}

/// How far what needs no head is moved in.
const BACKGROUND_INDENT: usize = 2;

struct Lines {
    text: String,
    width: usize,
}

impl Lines {
    fn title(&mut self, title: &str, state: &str) {
        let used = width_of(title) + width_of(state);
        if used + 2 <= self.width {
            self.text.push_str(title);
            self.text.push_str(&" ".repeat(self.width - used));
            self.text.push_str(state);
            self.text.push('\n');
        } else {
            self.wrapped(title, 0, 2);
            self.wrapped(state, 0, 2);
        }
    }

    fn entry(&mut self, entry: &ToldEntry, column: usize) {
        let head_columns = width_of(&entry.head);
        self.text.push_str(&entry.head);
        if head_columns + 2 <= column {
            self.text.push_str(&" ".repeat(column - head_columns));
            self.wrapped_from(&entry.text, column, column, column);
        } else {
            self.text.push('\n');
            self.wrapped(&entry.text, column, column);
        }
        self.below(entry, column);
    }

    /// An entry without its head.
    fn paragraph(&mut self, entry: &ToldEntry, indent: usize) {
        self.wrapped(&entry.text, indent, indent);
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
        self.text.push_str(&" ".repeat(first_indent));
        self.wrapped_from(paragraph, first_indent, indent, indent);
    }

    /// A paragraph whose first line has already used some columns.
    fn wrapped_from(&mut self, paragraph: &str, used: usize, indent: usize, fresh: usize) {
        let mut columns = used;
        let mut is_fresh = true;
        // A number and its percent sign stay on one line.
        let glued = paragraph.replace(" %", "\u{a0}%");
        for word in glued.split(' ').filter(|word| !word.is_empty()) {
            let word = word.replace("\u{a0}%", " %");
            let word_columns = width_of(&word);
            if !is_fresh && columns + 1 + word_columns > self.width {
                self.text.push('\n');
                self.text.push_str(&" ".repeat(indent));
                columns = fresh;
                is_fresh = true;
            }
            if !is_fresh {
                self.text.push(' ');
                columns += 1;
            }
            self.text.push_str(&word);
            columns += word_columns;
            is_fresh = false;
        }
        self.text.push('\n');
    }
}

/// How many terminal columns a text takes, approximately: marks that combine take none, wide East Asian characters two.
pub fn width_of(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

fn columns_of(character: char) -> usize {
    match character {
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' => 0,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' => 0,
        '\u{900}'..='\u{903}' | '\u{93a}'..='\u{93c}' | '\u{93e}'..='\u{94f}' | '\u{951}'..='\u{957}' | '\u{962}'..='\u{963}' => 0,
        '\u{981}'..='\u{983}' | '\u{9bc}' | '\u{9be}'..='\u{9cd}' | '\u{9d7}' | '\u{9e2}'..='\u{9e3}' => 0,
        // The other Indic blocks repeat the same plan: signs at 01–03, 3C, 3E–4D, 55–57, 62–63 of each block of 128.
        '\u{a00}'..='\u{d7f}' if matches!(character as u32 % 128, 0x01..=0x03 | 0x3c | 0x3e..=0x4d | 0x55..=0x57 | 0x62..=0x63) => 0,
        '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' => 0,
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{20d0}'..='\u{20f0}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' => 0,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 2,
        '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

//! One incident in a list, for a screen. No words stand here.

use super::cells::{cells_of, split_at_cells};
use super::paint::{BOLD, DIM, of_state, painted};
use super::{Screen, width_of};

/// What stands between the parts of a row.
const BETWEEN: &str = " · ";
/// How far the lines behind the first are moved in.
const INDENT: &str = "    ";

/// A row of a list: the headline, its services and date where it names neither, the state, and below them the id.
pub fn row(title: &str, kicker: Option<&str>, (state, state_label): (&str, &str), id: &str, screen: Screen) -> String {
    let columns = screen.columns.max(Screen::COLUMNS_MIN);
    let room = columns - INDENT.len();
    let title = title_on(title, kicker.is_some(), columns);
    let kicker = kicker.map(|kicker| title_on(kicker, false, room));
    let behind = kicker.as_deref().map_or(0, |kicker| cells_of(kicker) + cells_of(BETWEEN)) + cells_of(state_label);
    let below = format!("\n{INDENT}");
    let (first, second) = if cells_of(&title) + cells_of(BETWEEN) + behind <= columns {
        (BETWEEN, BETWEEN)
    } else if behind <= room {
        (below.as_str(), BETWEEN)
    } else {
        (below.as_str(), below.as_str())
    };
    let paint = |color: &str, text: &str| painted(screen.color, color, text);
    let kicker = kicker.map(|kicker| format!("{kicker}{second}")).unwrap_or_default();
    let id: String = split_id(id, room).iter().map(|line| format!("{INDENT}{}\n", paint(DIM, line))).collect();
    format!("{}{first}{kicker}{}\n{id}", paint(BOLD, &title), paint(of_state(state), state_label))
}

fn split_id(id: &str, columns: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = id;
    while !rest.is_empty() {
        let (line, left) = split_at_cells(rest, columns);
        lines.push(line);
        rest = left;
    }
    lines
}

/// A headline on one line of so many cells: cut at its end where somebody gave it, else among its services, so that its date stays.
pub fn title_on(title: &str, is_given: bool, columns: usize) -> String {
    let is_short = |text: &str| width_of(text).max(cells_of(text)) <= columns;
    if is_short(title) {
        return title.to_owned();
    }
    let date = title.rsplit_once(", ").filter(|(_, date)| !is_given && cells_of(date) + 2 < columns);
    let tail = date.map(|(_, date)| format!(", {date}")).unwrap_or_default();
    let head = date.map_or(title, |(head, _)| head);
    let (kept, left) = split_at_cells(head, columns.saturating_sub(1 + cells_of(&tail)).max(1));
    let within_a_word = !left.starts_with([' ', ',']);
    let space = kept.rfind(' ').filter(|at| within_a_word && *at > kept.len() / 2);
    let at_a_space = space.map_or(kept, |at| &kept[..at]);
    format!("{}…{tail}", at_a_space.trim_end_matches([' ', ',']))
}

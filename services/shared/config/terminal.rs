//! The terminal that this process writes to: how wide it is, whether it shows colours, and what shows there page by page what is longer.

use std::io::{IsTerminal, stdin, stdout};

use clap::ValueEnum;
use dateline_timelines::tell::Screen;

/// Where nobody says how wide the terminal is.
const COLUMNS_DEFAULT: usize = 100;

/// When to show colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorFlag {
    /// On a terminal that shows them
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where text goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Terminal {
    /// The screen that text is laid out for; None: stdout is no terminal, and nothing else says how wide it is to be.
    pub screen: Option<Screen>,
    /// What shows page by page what is longer than the screen; None: nobody would turn the pages.
    pub pager: Option<Pager>,
}

/// A program that shows text page by page.
#[derive(Debug, PartialEq, Eq)]
pub struct Pager {
    /// The lines of the screen.
    pub rows: usize,
    /// What `PAGER` says, for a shell to read; None: it is not set.
    pub words: Option<String>,
    /// True where `LESS` is set, and so the reader has wishes of its own.
    pub less_is_set: bool,
}

/// What there is to know.
struct Seen<'a> {
    stdin: bool,
    stdout: bool,
    columns: usize,
    rows: usize,
    environment: &'a dyn Fn(&str) -> Option<String>,
}

impl Terminal {
    /// That of this process.
    pub fn of_process(color: ColorFlag) -> Self {
        let size = rustix::termios::tcgetwinsize(stdout()).ok();
        let (columns, rows) = size.map_or((0, 0), |size| (usize::from(size.ws_col), usize::from(size.ws_row)));
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let seen = Seen { stdin: stdin().is_terminal(), stdout: stdout().is_terminal(), columns, rows, environment: &environment };
        Self::of(color, &seen)
    }

    fn of(color: ColorFlag, seen: &Seen) -> Self {
        let is_dumb = (seen.environment)("TERM").as_deref() == Some("dumb");
        let color = match color {
            ColorFlag::Always => true,
            ColorFlag::Never => false,
            ColorFlag::Auto => seen.stdout && !is_dumb && (seen.environment)("NO_COLOR").is_none(),
        };
        let set = (seen.environment)("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
        let columns = set.or(Some(seen.columns).filter(|columns| seen.stdout && *columns > 0)).unwrap_or(COLUMNS_DEFAULT);
        let columns = columns.clamp(Screen::COLUMNS_MIN, Screen::COLUMNS_MAX);
        let pager = || Pager { rows: seen.rows, words: (seen.environment)("PAGER"), less_is_set: (seen.environment)("LESS").is_some() };
        Self {
            screen: (seen.stdout || set.is_some() || color).then_some(Screen { columns, color }),
            pager: (seen.stdin && seen.stdout && seen.rows > 0 && !is_dumb).then(pager),
        }
    }
}

#[cfg(test)]
mod tests {
    //! The width is that of COLUMNS, else of the terminal; colours and pages are for people alone.

    use super::*;

    fn of(color: ColorFlag, (stdin, stdout): (bool, bool), columns: usize, set: &str) -> (Option<(usize, bool)>, bool) {
        let environment = |name: &str| set.split(' ').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(ToOwned::to_owned);
        let terminal = Terminal::of(color, &Seen { stdin, stdout, columns, rows: 24, environment: &environment });
        (terminal.screen.map(|screen| (screen.columns, screen.color)), terminal.pager.is_some())
    }

    #[test]
    fn a_terminal_is_as_wide_as_columns_says_else_as_it_is() {
        use ColorFlag::{Always, Auto, Never};
        let people = (true, true);
        for (given, found) in [
            ((Auto, people, 80, ""), (Some((80, true)), true)),
            ((Auto, people, 80, "COLUMNS=60"), (Some((60, true)), true)),
            ((Auto, people, 0, "COLUMNS=wide"), (Some((100, true)), true)),
            ((Auto, people, 3, ""), (Some((20, true)), true)),
            ((Auto, people, 80, "NO_COLOR=1"), (Some((80, false)), true)),
            ((Auto, people, 80, "TERM=dumb"), (Some((80, false)), false)),
            ((Never, people, 80, ""), (Some((80, false)), true)),
            // Somebody types, and a pipe reads.
            ((Auto, (true, false), 80, ""), (None, false)),
            ((Auto, (true, false), 80, "COLUMNS=60"), (Some((60, false)), false)),
            ((Always, (true, false), 0, "NO_COLOR=1"), (Some((100, true)), false)),
            ((Auto, (false, true), 80, ""), (Some((80, true)), false)),
        ] {
            let (color, ends, columns, set) = given;
            assert_eq!(of(color, ends, columns, set), found, "{given:?}");
        }
    }
}

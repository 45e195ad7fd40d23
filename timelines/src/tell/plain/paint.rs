//! Colours of a terminal (ECMA-48, "select graphic rendition"). Nothing is said by colour alone. No words stand here.

/// What stands out.
pub(super) const BOLD: &str = "1";
/// What stands back: times, names of incidents for programs.
pub(super) const DIM: &str = "2";

const RED: &str = "1;31";
const GREEN: &str = "1;32";
const YELLOW: &str = "1;33";
const BLUE: &str = "1;34";

/// The colour of a state, by its word as in JSON; as on the pages: alarm, care, well, calm.
pub(super) fn of_state(state: &str) -> &'static str {
    match state {
        "detected" => RED,
        "acknowledged" | "investigating" | "identified" | "monitoring" => YELLOW,
        "restored" | "completed" => GREEN,
        "unknown" => BOLD,
        _ => BLUE,
    }
}

/// What lists and texts give for the state where counts of reports are all that is known: no alarm.
pub(super) fn shown_state(state: &str, reports_only: bool) -> &str {
    if reports_only { "" } else { state }
}

/// The text in a colour, if any is shown.
pub(super) fn painted(has_color: bool, color: &str, text: &str) -> String {
    if has_color && !color.is_empty() && !text.is_empty() { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_owned() }
}

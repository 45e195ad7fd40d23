//! Which addresses may stand in an `href`. Everything else is shown as text.

/// An address from event data: only absolute `http` and `https`, without anything that a browser would quietly take out.
pub(super) fn web(address: &str) -> Option<&str> {
    let is_web = ["http://", "https://"].iter().any(|scheme| starts_with(address, scheme) && address.len() > scheme.len());
    let is_plain = !address.chars().any(|character| character.is_control() || character.is_whitespace() || character == '\\');
    (is_web && is_plain).then_some(address)
}

/// An address that the reader made: on this server, or absolute as above.
pub(super) fn local(address: &str) -> Option<&str> {
    let is_path = address.starts_with('/') && !address.starts_with("//");
    let is_local = (is_path || address.starts_with(['?', '#'])) && !address.chars().any(|character| character.is_control() || character == '\\');
    if is_local { Some(address) } else { web(address) }
}

/// As [`local`], for templates: an address that may not stand leads nowhere.
pub(super) fn here(address: &str) -> &str {
    local(address).unwrap_or("#main")
}

fn starts_with(address: &str, scheme: &str) -> bool {
    address.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
}

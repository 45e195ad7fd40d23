//! The address of a store or a server, as its operator wrote it. It may hold a password, so nothing shows it whole: neither `Display`
//! nor `Debug`.
//!
//! What the parts of an address mean is for whoever opens it. An address may be mistyped: then what is not certainly harmless is left out.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// What to do where an address holds a login that cannot be read.
const HINT: &str =
    "; in a user or a password write each of / ? # @ % percent-encoded (@ is %40), or name a file that holds the password: password_file=PATH";

/// What stands for what is not shown.
const HIDDEN: &str = "…";

/// A longer word in front of "://" is no scheme.
const MAX_SCHEME_BYTES: usize = 12;

/// An address. Whoever opens it reads it by [`Address::with_secrets`]; everybody else sees it without user, password and parameters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(String);

impl Address {
    /// As it was written. It is never to be printed, logged or put in an error.
    pub fn with_secrets(&self) -> &str {
        &self.0
    }

    /// What stands before the first colon, and what follows it; an address without a colon has no scheme.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or(("", &self.0))
    }

    /// The path of an embedded file, where it is one: `sqlite:PATH`.
    pub fn file(&self) -> Option<&str> {
        self.0.strip_prefix("sqlite:")
    }

    /// What may help where it cannot be read; nothing where it holds no login.
    pub fn hint(&self) -> &'static str {
        if self.login().is_some() { HINT } else { "" }
    }

    /// True where a character that has a meaning in an address stands in its login as it is: then nobody can tell where the login ends.
    pub fn has_raw_login(&self) -> bool {
        self.login().is_some_and(|login| login.contains(['/', '?', '#', '@']))
    }

    /// True where it holds a user or a password, or may hold one.
    pub fn has_login(&self) -> bool {
        self.login().is_some()
    }

    /// Everything that may belong to user and password.
    fn login(&self) -> Option<&str> {
        if self.file().is_some() {
            return None;
        }
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        rest.rsplit_once('@').map(|(login, _)| login)
    }

    fn shown(&self) -> String {
        let text = self.0.as_str();
        if self.file().is_some() || text.bytes().all(is_of_a_path) {
            return text.to_owned();
        }
        let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else { return HIDDEN.to_owned() };
        // Of "a?b@c" nobody knows whether b is of a password or of a parameter.
        let place = match rest.rsplit_once('@') {
            Some((login, _)) if login.contains('?') => return format!("{scheme}://{HIDDEN}"),
            Some((_, place)) => place,
            None => rest,
        };
        let place = place.split_once('?').map_or(place, |(place, _)| place);
        let (hosts, path) = place.split_once('/').unwrap_or((place, ""));
        let is_harmless = hosts.split(',').all(is_host) && path.bytes().all(is_of_a_path);
        format!("{scheme}://{}", if is_harmless { place } else { HIDDEN })
    }
}

fn is_scheme(text: &str) -> bool {
    (1..=MAX_SCHEME_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// A host with or without a port; an IPv6 address stands in brackets.
pub(crate) fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) if host.parse::<std::net::Ipv6Addr>().is_ok() => ("v6", rest.strip_prefix(':').unwrap_or(rest)),
        Some(_) => return false,
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let named = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._%".contains(&byte));
    named && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_of_a_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._/".contains(&byte)
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}

impl FromStr for Address {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl From<String> for Address {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&String> for Address {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}

impl From<&Self> for Address {
    fn from(address: &Self) -> Self {
        address.clone()
    }
}

#[cfg(test)]
mod tests {
    //! However an address is mistyped, what may be a secret is not shown.

    use super::Address;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        for (written, shown) in [
            ("sqlite:data/ledger.db", "sqlite:data/ledger.db"),
            ("data/ledger.db", "data/ledger.db"),
            ("nats://me:topsecret@one:4222,two?replicas=3&password=topsecret", "nats://one:4222,two"),
            ("postgres://me:topsecret@db/base", "postgres://db/base"),
            ("postgres://me:p@topsecret#1@127.0.0.1/d", "postgres://127.0.0.1/d"),
            ("http://me:topsecret@[::1]:7310", "http://[::1]:7310"),
            ("nat://me:topsecret@h:1", "nat://h:1"),
            ("nats://me:abc?topsecret@127.0.0.1:1", "nats://…"),
            ("postgres://h/d?password=top@secret", "postgres://…"),
            ("nats://me:topsecret", "nats://…"),
            ("postgres://me:topsecret%40h/d", "postgres://…"),
            ("postgres:/me:topsecret@h/d", "…"),
            ("me:topsecret@h", "…"),
            ("host=h password=topsecret", "…"),
            ("topsecret@h://", "…"),
        ] {
            let address = Address::from(written);
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), format!("\"{shown}\""));
            assert_eq!(address.with_secrets(), written);
        }
    }

    #[test]
    fn a_login_with_a_raw_character_is_noticed_and_explained() {
        for raw in ["postgres://me:p@ss@h/d", "nats://me:a?b@h", "nats://me:a/b@h", "nats://me:a#b@h", "http://h/d?user=a@b"] {
            assert!(Address::from(raw).has_raw_login() && Address::from(raw).hint().contains("password_file"), "{raw}");
        }
        for fine in ["postgres://me:p%40ss@h/d", "nats://me@h", "nats://h?replicas=3", "sqlite:/a@b/c@d"] {
            assert!(!Address::from(fine).has_raw_login(), "{fine}");
        }
        assert_eq!(Address::from("mysql:x").hint(), "");
    }
}

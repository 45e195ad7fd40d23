//! The address of a database: a URL as libpq takes it, with `password_file=PATH` of our own, and what a connection always asks for.
//!
//! Secrets are read here and handed to the driver; no error and no `Debug` shows them.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use dateline_events::percent_decoded;
use postgres::Config;

use super::database::DatabaseError;
use crate::address::Address;
use crate::secret_file::secret_in_file;

/// How long a connection may take to open, in milliseconds, where the URL does not say.
const CONNECT_TIMEOUT_MS: u64 = 5_000;

/// A silent connection is probed after so long, and given up when sent bytes stay unconfirmed for so long; in milliseconds.
const KEEPALIVE_AFTER_MS: u64 = 30_000;
const KEEPALIVE_EVERY_MS: u64 = 10_000;
const KEEPALIVE_PROBES: u32 = 3;
const UNCONFIRMED_MS: u64 = 60_000;

/// The parameter of ours.
const PASSWORD_FILE: &str = "password_file";

/// Reads an address, and the file that it names.
pub(super) fn read(address: &Address) -> Result<Config, DatabaseError> {
    if address.has_raw_login() {
        return Err(DatabaseError::Other(format!("the address {address} cannot be read{}", address.hint())));
    }
    let (plain, password_file) = take_password_file(address.with_secrets())?;
    let mut config = Config::from_str(&plain).map_err(|error| DatabaseError::refused(&error))?;
    if let Some(path) = password_file {
        let secret = secret_in_file(Path::new(&path)).map_err(|fault| DatabaseError::Other(format!("{PASSWORD_FILE}: {fault}")))?;
        config.password(secret);
    }
    if config.get_application_name().is_none() {
        config.application_name("dateline");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS));
    }
    config.keepalives_idle(Duration::from_millis(KEEPALIVE_AFTER_MS));
    config.keepalives_interval(Duration::from_millis(KEEPALIVE_EVERY_MS)).keepalives_retries(KEEPALIVE_PROBES);
    config.tcp_user_timeout(Duration::from_millis(UNCONFIRMED_MS));
    Ok(config)
}

/// The URL without our parameter, which the driver would refuse; and the parameter's value.
fn take_password_file(url: &str) -> Result<(String, Option<String>), DatabaseError> {
    let Some((address, parameters)) = url.split_once('?') else { return Ok((url.to_owned(), None)) };
    let (mut kept, mut path) = (Vec::new(), None);
    for parameter in parameters.split('&') {
        match parameter.split_once('=') {
            Some((PASSWORD_FILE, value)) => path = Some(decoded(value)?),
            _ => kept.push(parameter),
        }
    }
    let plain = if kept.is_empty() { address.to_owned() } else { format!("{address}?{}", kept.join("&")) };
    Ok((plain, path))
}

/// Percent-decoded, as libpq does with its own parameters; the value itself is not shown.
fn decoded(value: &str) -> Result<String, DatabaseError> {
    percent_decoded(value.as_bytes()).map_err(|fault| DatabaseError::Other(format!("the {PASSWORD_FILE} of the database's address: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_file_is_taken_out_of_the_address_and_read() {
        let path = std::env::temp_dir().join(format!("dateline secret {}", std::process::id()));
        std::fs::write(&path, "pass word\r\n").expect("a file");
        let encoded = path.display().to_string().replace(' ', "%20");
        let config = read(&format!("postgres://me@host:5/base?password_file={encoded}&connect_timeout=7").into());
        std::fs::remove_file(&path).expect("the file");
        let config = config.expect("an address");
        assert_eq!((config.get_password(), config.get_user(), config.get_dbname()), (Some(&b"pass word"[..]), Some("me"), Some("base")));
        assert_eq!((config.get_connect_timeout(), config.get_application_name()), (Some(&Duration::from_secs(7)), Some("dateline")));
        assert!(!format!("{config:?}").contains("pass word"));
    }

    #[test]
    fn a_missing_file_and_a_broken_address_are_told_without_secrets() {
        let missing = read(&"postgres://me:secret@host/base?password_file=/nowhere/at/all".into()).expect_err("no file");
        let broken = read(&"postgres://me:secret@host/base?password_file=%4".into()).expect_err("no encoding");
        let strange = read(&"postgres://me:secret@host/base?colour=red".into()).expect_err("no parameter");
        let raw = read(&"postgres://me:se?secret@host/base".into()).expect_err("a raw login");
        assert!(raw.to_string().contains("password_file=PATH"), "{raw}");
        for error in [missing, broken, strange, raw] {
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}

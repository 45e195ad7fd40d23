//! Addresses of a bus: `nats://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]…][?replicas=3&password_file=PATH&monitor=http://HOST:PORT]`.
//!
//! Nothing is connected here. Secrets never reach `Debug` or an error: what an error shows of an address is read as harmless first.

use std::path::Path;

use dateline_events::percent_decoded;

use crate::address::{Address, is_host};
use crate::secret_file::secret_in_file;

/// The port of a NATS server that names none.
const DEFAULT_PORT: u16 = 4222;

/// JetStream keeps a stream on at most so many servers.
const MAX_REPLICAS: usize = 5;

/// A bus by its address.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct BusAddress {
    /// `host:port` of each server that is named; a cluster tells of its others by itself.
    pub servers: Vec<String>,
    /// The NATS user, who is the publisher where this is a publisher's address.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// On how many servers a stream is kept; an odd number.
    pub replicas: usize,
    /// Where the servers tell their settings: `host:port` of each monitoring endpoint.
    pub monitors: Vec<String>,
}

impl std::fmt::Debug for BusAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "nats://{}", self.servers.join(","))
    }
}

impl BusAddress {
    /// Reads an address; the error says what is wrong with it, and what to do where its login may be in the way.
    pub(super) fn parse(address: &Address) -> Result<Self, String> {
        if address.has_raw_login() {
            return Err(format!("the address {address} cannot be read{}", address.hint()));
        }
        Self::read(address.with_secrets()).map_err(|fault| format!("the address {address} is not understood: {fault}"))
    }

    fn read(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("nats://").ok_or("an address of a bus begins with nats://")?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, hosts) = place.rsplit_once('@').map_or((None, place), |(login, hosts)| (Some(login), hosts));
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
            Some((user, password)) => (Some(decoded(user)?), Some(decoded(password)?).filter(|password| !password.is_empty())),
            None => (None, None),
        };
        let servers = hosts.trim_end_matches('/').split(',').map(server).collect::<Result<Vec<_>, _>>()?;
        let mut address = Self { servers, user, password, replicas: 1, monitors: Vec::new() };
        for (name, value) in query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
            address.set(name, &decoded(value)?)?;
        }
        Ok(address)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "replicas" => {
                let replicas = value.parse().ok().filter(|replicas| (1..=MAX_REPLICAS).contains(replicas) && replicas % 2 == 1);
                self.replicas = replicas.ok_or_else(|| format!("replicas={value}: a stream is kept on 1, 3 or 5 servers"))?;
            }
            "password_file" => {
                let secret = secret_in_file(Path::new(value)).map_err(|fault| format!("password_file: {fault}"))?;
                self.password = Some(secret);
            }
            "monitor" => {
                for monitor in value.split(',') {
                    let place = monitor.strip_prefix("http://").ok_or_else(|| format!("monitor={monitor}: expected http://HOST:PORT"))?;
                    self.monitors.push(place.trim_end_matches('/').to_owned());
                }
            }
            _ => return Err(format!("the parameter {name:?} is not known: write replicas, password_file or monitor")),
        }
        Ok(())
    }
}

fn server(text: &str) -> Result<String, String> {
    // What is no host may be a password whose host was forgotten: it is not shown.
    if text.is_empty() || !is_host(text) {
        return Err("it must name a host: nats://[USER[:PASSWORD]@]HOST[:PORT]".to_owned());
    }
    let after_brackets = text.rfind(']').map_or(0, |end| end + 1);
    match text[after_brackets..].split_once(':') {
        Some((_, port)) => port.parse::<u16>().map(|_| text.to_owned()).map_err(|_| "its port is none: write a number up to 65535".to_owned()),
        None => Ok(format!("{text}:{DEFAULT_PORT}")),
    }
}

fn decoded(text: &str) -> Result<String, String> {
    percent_decoded(text.as_bytes()).map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    //! An address is read whole or refused with a reason that shows no secret.

    use super::{Address, BusAddress};

    fn parse(url: &str) -> Result<BusAddress, String> {
        BusAddress::parse(&Address::from(url))
    }

    #[test]
    fn an_address_names_servers_user_secret_and_replicas() {
        let read = parse("nats://intake:a%40b@one:1,two?replicas=3&monitor=http://one:8222,http://two:8222").expect("an address");
        assert_eq!(read.servers, ["one:1", "two:4222"]);
        assert_eq!((read.user.as_deref(), read.password.as_deref(), read.replicas), (Some("intake"), Some("a@b"), 3));
        assert_eq!(read.monitors, ["one:8222", "two:8222"]);
        assert_eq!(format!("{read:?}"), "nats://one:1,two:4222");
    }

    #[test]
    fn a_wrong_address_is_named_without_its_secret() {
        for (url, says) in [
            ("nats://", "must name a host"),
            ("nats://a:secret", "must name a host"),
            ("nats://a:se@secret@h", "password_file=PATH"),
            ("nats://a:se?secret@127.0.0.1:1", "password_file=PATH"),
            ("nats://h:99999", "65535"),
            ("nats://a:secret@h?replicas=2", "1, 3 or 5"),
            ("nats://a:secret@h?replica=3", "is not known"),
            ("nats://h?password_file=/none/such", "cannot read"),
            ("nats://a:%zz@h", "hexadecimal"),
        ] {
            let error = parse(url).expect_err("no address");
            assert!(error.contains(says) && !error.contains("secret"), "{url}: {error}");
        }
    }
}

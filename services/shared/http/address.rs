//! The address that a request comes from, as far as it can be believed, and how much of it is one line.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::HeaderMap;

/// An IPv6 address counts by its first so many bits: that is what one line is given.
const IPV6_BITS: u32 = 64;

/// The address that a request comes from: the other end of the connection, or, as long as that is a proxy of ours, the one that it names.
/// Each proxy writes the other end of its connection at the right end of `X-Forwarded-For`; what cannot be read there ends the search: left
/// of it stands what nobody vouches for, and the proxy itself is the answer.
pub fn forwarded(headers: &HeaderMap, peer: Option<IpAddr>, proxies: &[IpAddr]) -> IpAddr {
    let values: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let parts = values.into_iter().rev().flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    let named = parts.map(|part| std::str::from_utf8(part).map_or("unreadable", str::trim));
    let mut client = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.to_canonical());
    // An element of a list may be empty, and means nothing then (RFC 9110, section 5.6.1.2).
    for text in named.filter(|text| !text.is_empty()) {
        if !proxies.contains(&client) {
            break;
        }
        match address(text) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// An address as proxies write it: plain, with a port, in brackets, or both.
fn address(text: &str) -> Option<IpAddr> {
    let without_port = match text.strip_prefix('[') {
        Some(rest) => {
            let (inner, port) = rest.split_once(']')?;
            return inner
                .parse::<std::net::Ipv6Addr>()
                .ok()
                .filter(|_| port.is_empty() || is_port(port))
                .map(|address| IpAddr::V6(address).to_canonical());
        }
        // One colon parts an IPv4 address from its port; an IPv6 address has two at least.
        None if text.matches(':').count() == 1 => text.split_at(text.find(':')?),
        None => (text, ""),
    };
    let (plain, port) = without_port;
    plain.parse::<IpAddr>().ok().filter(|_| port.is_empty() || is_port(port)).map(|address| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok())
}

/// The address that counts as one client.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & (u128::MAX << (128 - IPV6_BITS))).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    //! One line is one client, and only what a proxy of ours wrote is believed.
    #![expect(clippy::unwrap_used, reason = "a test may fail so")]

    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn one_line_is_one_source_whatever_the_rest_of_its_address() {
        let of = |text: &str| network(text.parse::<IpAddr>().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    fn client(named: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in named {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let proxies: Vec<IpAddr> = ["127.0.0.1", "10.0.0.7", "2001:db8::7"].iter().map(|text| text.parse().unwrap()).collect();
        forwarded(&headers, Some("127.0.0.1".parse().unwrap()), &proxies).to_string()
    }

    #[test]
    fn the_last_address_that_is_no_proxy_of_ours_is_the_client() {
        for (forwarded, expected) in [
            (&[][..], "127.0.0.1"),
            (&["192.0.2.1"], "192.0.2.1"),
            (&["198.51.100.9, 192.0.2.1"], "192.0.2.1"),
            (&["198.51.100.9, 192.0.2.1, 10.0.0.7"], "192.0.2.1"),
            (&["198.51.100.9", "192.0.2.1", "10.0.0.7, 2001:db8::7"], "192.0.2.1"),
            (&["192.0.2.1,, 10.0.0.7, "], "192.0.2.1"),
            (&["10.0.0.7"], "10.0.0.7"),
        ] {
            assert_eq!(client(forwarded), expected, "{forwarded:?}");
        }
    }

    #[test]
    fn ports_and_brackets_are_read() {
        for (forwarded, expected) in [
            ("192.0.2.1:4711", "192.0.2.1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
            ("192.0.2.1, 10.0.0.7:80", "192.0.2.1"),
            ("192.0.2.1, [2001:db8::7]:80", "192.0.2.1"),
        ] {
            assert_eq!(client(&[forwarded]), expected, "{forwarded}");
        }
    }

    #[test]
    fn nothing_left_of_what_cannot_be_read_is_believed() {
        for rubbish in [
            "unknown",
            "_hidden",
            "192.0.2.300",
            "192.0.2.1:",
            "192.0.2.1:99999",
            "192.0.2.1:x",
            "[192.0.2.1]",
            "[2001:db8::1",
            "fe80::1%eth0",
            "\u{e9}",
        ] {
            assert_eq!(client(&[&format!("198.51.100.9, {rubbish}")]), "127.0.0.1", "{rubbish}");
            assert_eq!(client(&["198.51.100.9", rubbish]), "127.0.0.1", "{rubbish}");
            assert_eq!(client(&[&format!("198.51.100.9, {rubbish}, 10.0.0.7")]), "10.0.0.7", "{rubbish}");
        }
    }
}

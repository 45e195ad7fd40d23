//! The address that a request comes from, as far as it can be believed, and how much of it is one line.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::HeaderMap;

/// An IPv6 address counts by its first so many bits: that is what one line is given.
const IPV6_BITS: u32 = 64;

/// The address that a request comes from: the other end of the connection, or, where that is a proxy of ours, the last address in
/// `X-Forwarded-For` that is none. What stands further left was written by whoever asked.
pub fn forwarded(headers: &HeaderMap, peer: Option<IpAddr>, proxies: &[IpAddr]) -> IpAddr {
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.to_canonical());
    if !proxies.contains(&peer) {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let forwarded: Vec<IpAddr> = forwarded.filter_map(|text| Some(text.trim().parse::<IpAddr>().ok()?.to_canonical())).collect();
    forwarded.into_iter().rev().find(|address| !proxies.contains(address)).unwrap_or(peer)
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
    //! One line is one client.

    use std::net::{IpAddr, Ipv4Addr};

    use super::network;

    #[test]
    fn one_line_is_one_source_whatever_the_rest_of_its_address() {
        let of = |text: &str| network(text.parse::<IpAddr>().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}

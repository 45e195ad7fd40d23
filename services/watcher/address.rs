//! Which addresses a watcher may connect to: public ones only, unless it is told otherwise. A page in a file, a redirect or a name that
//! leads into the network that the watcher itself stands in would let strangers ask questions there.
//!
//! A name is judged by the addresses that it resolved to, and those same addresses are connected to: it is not asked twice. An address
//! written as digits never reaches the resolver, so every URL is judged too, the first and each that a redirect names.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::dns::Name;
use thiserror::Error;
use tower::Service;
use url::Url;

/// A name must resolve within this, in milliseconds.
const RESOLVE_MS: u64 = 10_000;

/// How far a watcher may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// This machine and private networks, too: for tests, and for pages of one's own house.
    Everything,
}

/// Why an address is not connected to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotReached {
    /// Neither of the two schemes.
    #[error("\"{0}:\" is not spoken here; pages are read over https or http")]
    Scheme(String),
    /// A name and a password in front of the host.
    #[error("an address with a user name or password is not read; a status page is public")]
    Login,
    /// The address is written as digits, and is not public.
    #[error("{0} is no public address; only --allow-private reads such pages")]
    Private(IpAddr),
    /// The name leads to addresses that are not public.
    #[error("{name} leads to {address}, which is no public address; only --allow-private reads such pages")]
    LeadsToPrivate {
        /// The name.
        name: String,
        /// One of its addresses.
        address: IpAddr,
    },
    /// From https to http.
    #[error("a redirect leads from https to {0}, where anybody on the way could write the page")]
    Downgrade(Box<str>),
}

impl Reach {
    /// Judges a URL by what stands in it: the scheme, and the host where it is written as digits.
    pub fn check(self, url: &Url) -> Result<(), NotReached> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NotReached::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotReached::Login);
        }
        match url.host() {
            Some(url::Host::Ipv4(address)) => self.check_address(address.into()),
            Some(url::Host::Ipv6(address)) => self.check_address(address.into()),
            _ => Ok(()),
        }
    }

    /// Judges where a redirect leads.
    pub fn check_redirect(self, from: &Url, to: &Url) -> Result<(), NotReached> {
        self.check(to)?;
        if from.scheme() == "https" && to.scheme() == "http" {
            return Err(NotReached::Downgrade(to.as_str().into()));
        }
        Ok(())
    }

    fn check_address(self, address: IpAddr) -> Result<(), NotReached> {
        if self == Self::Everything || is_public(address) { Ok(()) } else { Err(NotReached::Private(address)) }
    }

    /// Of the addresses of a name, those that may be connected to; an error where there are others only.
    pub fn choose(self, name: &str, addresses: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NotReached> {
        let (mut chosen, mut refused) = (Vec::new(), None);
        for address in addresses {
            match self.check_address(address.ip()) {
                Ok(()) => chosen.push(address),
                Err(_) => refused = Some(address.ip()),
            }
        }
        match refused {
            Some(address) if chosen.is_empty() => Err(NotReached::LeadsToPrivate { name: name.to_owned(), address }),
            _ => Ok(chosen),
        }
    }
}

/// Asks the system's resolver, and answers only what may be connected to.
#[derive(Debug, Clone)]
pub struct Resolver(pub Reach);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.0;
        Box::pin(async move {
            // The port is put in by whoever connects.
            let lookup = tokio::time::timeout(Duration::from_millis(RESOLVE_MS), tokio::net::lookup_host((name.as_str(), 0)));
            let found = lookup.await.map_err(|_| io::Error::other(format!("{name} did not resolve within {RESOLVE_MS} ms")))?;
            let found = found.map_err(|error| io::Error::other(format!("{name} does not resolve: {error}")))?;
            let chosen = reach.choose(name.as_str(), found).map_err(io::Error::other)?;
            Ok(chosen.into_iter())
        })
    }
}

/// IPv4 blocks that are not public: RFC 6890 and its registry, with the relays of 6to4, which lead elsewhere.
const NOT_PUBLIC_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, what is reserved, and the broadcast address.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Within 2000::/3, the blocks that are not public: protocols' own (Teredo, ORCHID, benchmarking), documentation.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// True for an address that anybody in the world can reach. An IPv6 address that stands for an IPv4 address (mapped, NAT64, 6to4) is what
/// that one is; Teredo and the old IPv4-compatible form lead nowhere that a page is, and are not public.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(block, bits): &(Ipv4Addr, u32)| (address.to_bits() ^ block.to_bits()) >> (32 - bits) == 0;
    !NOT_PUBLIC_V4.iter().any(within)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let parts = address.segments();
    let v4 = |high: u16, low: u16| is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match parts {
        // NAT64 (RFC 6052): in a network without IPv4, all of IPv4 is reached so.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => v4(high, low),
        _ => {
            let within = |(block, bits): &(Ipv6Addr, u32)| (address.to_bits() ^ block.to_bits()) >> (128 - bits) == 0;
            // Only 2000::/3 has been given out; loopback, link-local, unique-local, site-local and multicast are outside.
            parts[0] >> 13 == 1 && !NOT_PUBLIC_V6.iter().any(within)
        }
    }
}

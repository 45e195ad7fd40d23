//! Who asks: among the extensions of each request that came over a connection.

use std::net::IpAddr;

/// Who asks, as far as it is known before any key.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    /// The address that it asks from: that of the connection, or the one that a named proxy says.
    pub address: IpAddr,
}

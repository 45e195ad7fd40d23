//! What bounds a server towards whoever asks it.

use std::net::IpAddr;

use anyhow::bail;
use clap::Args;

use super::help::SERVER;
use crate::shared::http::places::{ADDRESS_CONNECTIONS, CONNECTIONS_MAX, LIVE_MAX, Quotas};
use crate::shared::http::{Bodies, bodies};

/// The least that bodies may hold together, in MiB: one caller has a quarter, and a batch must fit.
const BODY_MEMORY_MIB_MIN: usize = 4;

/// What bounds a server.
#[derive(Debug, Clone)]
pub struct Web {
    /// Bodies under way hold so much together, in MiB.
    pub body_memory_mib: usize,
    /// So many connections are held of one address.
    pub connections_per_address: usize,
    /// Further names of the server.
    pub allow_hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
}

/// What is said of it, by flags or by a file.
#[derive(Debug, Default, Args)]
pub struct WebFlags {
    /// A further name under which the server is asked, as a proxy in front of it sends it in the header Host; may be given again
    #[arg(long = "allow-host", global = true, help_heading = SERVER, env = "DATELINE_ALLOW_HOSTS", value_name = "NAME", value_delimiter = ',')]
    pub allow_hosts: Vec<String>,
    /// So many connections one address may hold, and a quarter as many live streams; a proxy named by --proxy has no limit [default: 256]
    #[arg(long, global = true, help_heading = SERVER, env = "DATELINE_CONNECTIONS_PER_ADDRESS", value_name = "N")]
    pub connections_per_address: Option<usize>,
    /// Memory that bodies on their way in share, in MiB; one key or address holds at most a quarter of it [default: 64]
    #[arg(long, global = true, help_heading = SERVER, env = "DATELINE_BODY_MEMORY_MIB", value_name = "MIB")]
    pub body_memory_mib: Option<usize>,
}

impl Web {
    /// What the flags say, else the file.
    pub fn of(flags: WebFlags, file: WebFlags, proxies: &[IpAddr]) -> anyhow::Result<Self> {
        let body_memory_mib = flags.body_memory_mib.or(file.body_memory_mib).unwrap_or(bodies::MEMORY_MIB);
        if body_memory_mib < BODY_MEMORY_MIB_MIN {
            bail!("--body-memory-mib {body_memory_mib}: at least {BODY_MEMORY_MIB_MIN}, else nobody can send a batch");
        }
        let connections_per_address = flags.connections_per_address.or(file.connections_per_address).unwrap_or(ADDRESS_CONNECTIONS);
        if connections_per_address == 0 {
            bail!("--connections-per-address 0: at least 1, else nobody can ask anything");
        }
        let allow_hosts = if flags.allow_hosts.is_empty() { file.allow_hosts } else { flags.allow_hosts };
        if let Some(host) = allow_hosts.iter().find(|host| host.is_empty() || host.contains(['/', ':', '*', ' '])) {
            bail!("--allow-host \"{host}\": expected a name alone, such as status.example.org, without scheme and port");
        }
        Ok(Self { body_memory_mib, connections_per_address, allow_hosts, proxies: proxies.to_vec() })
    }

    /// The reading of bodies within these bounds.
    pub fn bodies(&self) -> Bodies {
        Bodies::new(self.body_memory_mib * 1024 * 1024)
    }

    /// How many places there are for connections.
    pub fn quotas(&self) -> Quotas {
        Quotas { connections: CONNECTIONS_MAX, live: LIVE_MAX, of_an_address: self.connections_per_address }
    }
}

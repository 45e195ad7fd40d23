//! The limit of open files: every connection is one. It is raised as far as the system lets this process; where that is too little,
//! there are fewer places, and it is said.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::places::{Quotas, RESERVE_MAX};

/// So many files are open beside connections: those of the ledger and the views, those to the bus and to PostgreSQL, vendors' pages.
const OTHERS_MAX: usize = 256;

/// Below so many connections nobody could be served.
const CONNECTIONS_MIN: usize = 16;

/// The places that there can be, and what is said where they are fewer than were asked for.
pub fn fit(wanted: Quotas) -> (Quotas, Option<String>) {
    let needed = OTHERS_MAX + RESERVE_MAX + wanted.connections + wanted.live;
    let files = raise(needed);
    let fitted = fitted(wanted, files);
    let said = (fitted != wanted).then(|| {
        format!(
            "the limit of open files is {files}, {needed} are needed: there are places for {} connections and {} live streams; raise it (ulimit -n, LimitNOFILE=)",
            fitted.connections, fitted.live
        )
    });
    (fitted, said)
}

fn fitted(wanted: Quotas, files: usize) -> Quotas {
    let room = files.saturating_sub(OTHERS_MAX + RESERVE_MAX);
    let connections = wanted.connections.min(room.max(CONNECTIONS_MIN));
    Quotas { connections, live: wanted.live.min(room.saturating_sub(connections)), ..wanted }
}

/// Raises the limit to what is needed, or as far as it goes; answers what it is then.
fn raise(needed: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let in_force = |current: Option<u64>| current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    if in_force(limit.current) >= needed {
        return in_force(limit.current);
    }
    let wanted = limit.maximum.unwrap_or(u64::MAX).min(needed as u64);
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }) {
        Ok(()) => in_force(Some(wanted)),
        Err(error) => {
            tracing::debug!(%error, "the limit of open files cannot be raised");
            in_force(limit.current)
        }
    }
}

#[cfg(test)]
mod tests {
    //! Live streams give way first, and a few connections are always served.

    use super::{CONNECTIONS_MIN, OTHERS_MAX, fitted};
    use crate::shared::http::places::{Quotas, RESERVE_MAX};

    #[test]
    fn few_files_are_few_live_streams_and_then_few_connections() {
        let wanted = Quotas { connections: 100, live: 1_000, of_an_address: 10 };
        let with = |room: usize| fitted(wanted, OTHERS_MAX + RESERVE_MAX + room);
        assert_eq!(with(1_100), wanted);
        assert_eq!(with(1_099), Quotas { live: 999, ..wanted });
        assert_eq!(with(60), Quotas { connections: 60, live: 0, ..wanted });
        assert_eq!(fitted(wanted, 0), Quotas { connections: CONNECTIONS_MIN, live: 0, ..wanted });
    }
}

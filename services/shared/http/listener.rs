//! The server: takes connections, gives each its place, and stops so that requests under way end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::connection::{self, Front};
use super::files;
use super::hosts::Hosts;
use super::places::Places;
use super::reads::Reads;
use super::ready::Ready;
use crate::shared::config::Web;

/// Requests under way have so long to end once the server was told to stop, in milliseconds; who has not even sent his whole
/// request by then waits for nothing.
pub const STOP_GRACE_MS: u64 = 1_000;

/// So many connections wait to be taken, where the system allows so many.
const QUEUE: u32 = 4_096;

/// After a connection could not be taken, for want of files or memory, it is tried again so much later, in milliseconds.
const ACCEPT_PAUSE_MS: u64 = 100;

/// The other end of a connection, among the extensions of each request as `ConnectInfo<Peer>`.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
    web: Web,
    places: Places,
    reads: Reads,
    lowered: Option<String>,
}

impl Listener {
    /// Listens at an address, with the bounds that were set.
    pub async fn bind(listen: SocketAddr, web: &Web) -> io::Result<Self> {
        let listener = listener(listen)?;
        let address = listener.local_addr()?;
        let (quotas, lowered) = files::fit(web.quotas());
        if let Some(lowered) = &lowered {
            tracing::warn!("{lowered}");
        }
        Ok(Self { listener, address, web: web.clone(), places: Places::new(quotas, &web.proxies), reads: Reads::start()?, lowered })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has to be said where it has fewer places than it should.
    pub fn lowered(&self) -> Option<&str> {
        self.lowered.as_deref()
    }

    /// Serves until told to stop, what is ready before anything else; then takes no more and lets requests under way end. Live streams end themselves on the same word.
    pub async fn serve(self, router: Router, ready: Ready, stop: watch::Receiver<bool>) {
        let hosts = Hosts::new(self.address, &self.web.allow_hosts);
        let front = Arc::new(Front { router, ready, hosts, proxies: self.web.proxies, reads: self.reads });
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => take(&mut connections, stream, peer, &self.places, &front, &stop),
                    Err(error) => refused(&error).await,
                },
                Some(ended) = connections.join_next() => look_at(&ended),
                () = told(stop.clone()) => break,
            }
        }
        drop(self.listener);
        let all_ended = async { while connections.join_next().await.is_some() {} };
        // Whoever is left then is cut off: the tasks end with their set.
        let _ = tokio::time::timeout(Duration::from_millis(STOP_GRACE_MS), all_ended).await;
    }
}

/// Listens with a queue that a crowd which comes at once does not fill: whoever found it full would come again after a second.
fn listener(listen: SocketAddr) -> io::Result<TcpListener> {
    let socket = if listen.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that starts again takes its address back from connections that are ending.
    socket.set_reuseaddr(true)?;
    socket.bind(listen)?;
    socket.listen(QUEUE)
}

fn take(connections: &mut JoinSet<()>, stream: TcpStream, peer: SocketAddr, places: &Places, front: &Arc<Front>, stop: &watch::Receiver<bool>) {
    // Small answers should leave at once; a system that cannot do so is only slower.
    let _ = stream.set_nodelay(true);
    let place = Arc::new(places.enter(peer.ip()));
    let (front, stop) = (front.clone(), stop.clone());
    connections.spawn(connection::serve(stream, peer, place, front, stop));
}

/// A connection that broke before it was taken concerns nobody; a want of files or memory may pass.
async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset) {
        tracing::error!(%error, "no connection can be taken; trying again");
        tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
    }
}

fn look_at(ended: &Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "the work on a connection broke off");
    }
}

/// Ends when this process was told to stop.
pub async fn told(mut stop: watch::Receiver<bool>) {
    // An error means that whoever could say it is gone, which is a stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}

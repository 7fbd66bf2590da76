//! A second port at which devices learn from where they are seen. One that asks at two ports can tell whether
//! the router in between gives it another port outside for each whom it talks with.
//!
//! It speaks what the first port speaks (QUIC address discovery) and nothing else: a device connects, is told
//! its address, and closes. Connections and the time that each has are bounded.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use iroh_relay::quic::{
    ALPN_QUIC_ADDR_DISC, QUIC_ADDR_DISC_CLOSE_CODE, QUIC_ADDR_DISC_CLOSE_REASON,
};
use noq::crypto::rustls::QuicServerConfig;
use noq::{Endpoint, Incoming, ServerConfig};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// Connections at once; whoever comes then is turned away.
const CONNECTIONS_MAX: usize = 1_024;

/// Connections from which on whoever comes has to show first that they are where they say.
const CONNECTIONS_UNCHECKED_MAX: usize = 64;

/// How long one may last: it takes two round trips.
const TOLD_WITHIN: Duration = Duration::from_secs(10);

/// The port, as long as this lives.
#[derive(Debug)]
pub(crate) struct SecondPort {
    at: SocketAddr,
    task: JoinHandle<()>,
}

impl SecondPort {
    /// Begins to listen, with the TLS of the relay. `None`: something else is there, or this is no TLS for
    /// QUIC.
    pub(crate) fn open(at: SocketAddr, mut tls: rustls::ServerConfig) -> Option<Self> {
        tls.alpn_protocols = vec![ALPN_QUIC_ADDR_DISC.to_vec()];
        let tls = QuicServerConfig::try_from(tls).ok()?;
        let mut config = ServerConfig::with_crypto(Arc::new(tls));
        let mut transport = noq::TransportConfig::default();
        transport
            .max_concurrent_uni_streams(0_u8.into())
            .max_concurrent_bidi_streams(0_u8.into())
            .datagram_receive_buffer_size(None)
            .send_observed_address_reports(true);
        config.transport_config(Arc::new(transport));
        let endpoint = Endpoint::server(config, at).ok()?;
        let at = endpoint.local_addr().ok()?;
        Some(Self { at, task: tokio::spawn(serve(endpoint)) })
    }

    /// Where it listens.
    pub(crate) fn at(&self) -> SocketAddr {
        self.at
    }
}

impl Drop for SecondPort {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(endpoint: Endpoint) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            incoming = endpoint.accept() => match incoming {
                Some(incoming) => {
                    if let Some(incoming) = choose(incoming, connections.len()) {
                        connections.spawn(timeout(TOLD_WITHIN, tell(incoming)));
                    }
                }
                None => return,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

fn choose(incoming: Incoming, connections: usize) -> Option<Incoming> {
    if connections >= CONNECTIONS_MAX {
        incoming.refuse();
        return None;
    }
    if connections >= CONNECTIONS_UNCHECKED_MAX && !incoming.remote_address_validated() {
        let _ = incoming.retry();
        return None;
    }
    Some(incoming)
}

/// Tells somebody their address, which QUIC does by itself, and waits until they have gone.
async fn tell(incoming: Incoming) {
    let Ok(connection) = incoming.await else { return };
    let gone = timeout(TOLD_WITHIN / 2, connection.closed()).await;
    if gone.is_err() {
        connection.close(QUIC_ADDR_DISC_CLOSE_CODE, QUIC_ADDR_DISC_CLOSE_REASON);
    }
}

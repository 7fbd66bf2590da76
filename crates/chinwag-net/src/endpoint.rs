//! The only place where iroh is set up: no lookup service, no port mapping, and no relay but those that
//! are named. Whatever else sends a packet to anybody is asked for somewhere else in this crate.

use std::net::SocketAddr;
use std::sync::Arc;

use iroh::dns::{DnsResolver, FallbackMode};
use iroh::endpoint::{BindOpts, IdleTimeout, QuicTransportConfig, VarInt, presets};
use iroh::{Endpoint, SecretKey};
use rustls::crypto::{
    ActiveKeyExchange, CompletedKeyExchange, CryptoProvider, SupportedKxGroup, aws_lc_rs,
};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup};
use tokio::time::sleep;

use crate::limits::{
    ALPN, CONNECTION_WINDOW, KEEP_ALIVE_EVERY, PORT_PAUSE, PORT_TRIES, SILENCE_MAX, STREAM_WINDOW,
    WAY_SILENCE_MAX,
};
use crate::relays::Relays;

/// The network can't be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no connection can be made or taken at {at}: {why}")]
pub struct StartError {
    at: String,
    why: String,
}

impl StartError {
    pub(crate) fn stopped() -> Self {
        Self { at: "any address".into(), why: "the network has stopped".into() }
    }
}

/// Binds an endpoint that has this key, at these addresses. Where an address has port 0, `port` is
/// tried first, and then any other.
pub(crate) async fn bind(
    key: &SecretKey,
    at: &[SocketAddr],
    port: Option<u16>,
    relays: &Relays,
) -> Result<Endpoint, StartError> {
    if let Some(port) = port.filter(|port| *port != 0) {
        let at: Vec<SocketAddr> = at.iter().map(|address| with_port(*address, port)).collect();
        // A socket of ours that was just closed may need a moment to be gone.
        for _ in 0..PORT_TRIES {
            if let Ok(endpoint) = bind_exactly(key, &at, relays).await {
                return Ok(endpoint);
            }
            sleep(PORT_PAUSE).await;
        }
    }
    bind_exactly(key, at, relays).await
}

/// Binds an endpoint with this key that nobody is told of, for one direct connection.
pub(crate) async fn bind_apart(key: &SecretKey, at: &[SocketAddr]) -> Result<Endpoint, StartError> {
    let at: Vec<SocketAddr> = at.iter().map(|address| SocketAddr::new(address.ip(), 0)).collect();
    let endpoint = bind_exactly(key, &at, &Relays::default()).await?;
    endpoint.set_alpns(Vec::new());
    Ok(endpoint)
}

fn with_port(address: SocketAddr, port: u16) -> SocketAddr {
    let port = if address.port() == 0 { port } else { address.port() };
    SocketAddr::new(address.ip(), port)
}

async fn bind_exactly(
    key: &SecretKey,
    at: &[SocketAddr],
    relays: &Relays,
) -> Result<Endpoint, StartError> {
    let error = |why: String| StartError { at: format!("{at:?}"), why };
    let mut builder = Endpoint::builder(presets::Minimal)
        .crypto_provider(Arc::new(provider(relays.has_public())))
        .max_tls_tickets(0)
        .secret_key(key.clone())
        .alpns(vec![ALPN.to_vec()])
        .transport_config(transport(!relays.is_empty()))
        .relay_mode(relays.mode())
        .ca_tls_config(relays.trust())
        .dns_resolver(resolver())
        .clear_ip_transports();
    for address in at {
        // A machine without IPv6 is no error; one without IPv4 is rare enough to be told.
        let is_optional = address.is_ipv6() && address.ip().is_unspecified() && at.len() > 1;
        let options = BindOpts::default().set_is_required(!is_optional);
        builder =
            builder.bind_addr_with_opts(*address, options).map_err(|why| error(why.to_string()))?;
    }
    builder.bind().await.map_err(|why| error(format!("{why:#}")))
}

/// Asks the name servers that the system names. Where these don't answer, or there are none, iroh's own would ask
/// public ones of others, which nobody has named.
fn resolver() -> DnsResolver {
    DnsResolver::builder().with_system_defaults().with_fallback_mode(FallbackMode::Never).build()
}

/// The hybrid of X25519 and ML-KEM-768 is the only key exchange: all peers are ours, and a relay that may
/// be used speaks it as well (`chinwag relay` does), so nothing weaker is ever needed. iroh's own order would have
/// the classical one first.
///
/// The public relays do not speak it. With one of these among the relays the classical one is there beside it, and
/// [for them alone](TowardsRelays).
pub(crate) fn provider(has_public_relay: bool) -> CryptoProvider {
    let mut kx_groups: Vec<&'static dyn SupportedKxGroup> =
        vec![aws_lc_rs::kx_group::X25519MLKEM768];
    if has_public_relay {
        kx_groups.push(&TowardsRelays);
    }
    CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() }
}

/// X25519 alone, for the TLS of relays that speak nothing better. iroh takes one set of key exchanges for peers and
/// relays, so it has to be told apart here: who answers a handshake fails with this one, and we answer peers and
/// nobody else. So whoever dials, a session between two of us has the hybrid.
#[derive(Debug)]
struct TowardsRelays;

impl SupportedKxGroup for TowardsRelays {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        aws_lc_rs::kx_group::X25519.start()
    }

    fn start_and_complete(&self, _: &[u8]) -> Result<CompletedKeyExchange, Error> {
        Err(Error::General("a session takes the hybrid key exchange".to_owned()))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        aws_lc_rs::kx_group::X25519.name()
    }
}

/// One stream for each lane and direction, no datagrams, and windows that bound what a peer can
/// make us keep. Where there may be another way a silent one is given up sooner.
fn transport(has_other_ways: bool) -> QuicTransportConfig {
    let way_silence = if has_other_ways { WAY_SILENCE_MAX } else { SILENCE_MAX };
    let idle = IdleTimeout::try_from(SILENCE_MAX).expect("a few seconds fit into a QUIC time-out");
    QuicTransportConfig::builder()
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(2))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW))
        .send_window(CONNECTION_WINDOW.into())
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(KEEP_ALIVE_EVERY)
        .default_path_max_idle_timeout(way_silence)
        .default_path_keep_alive_interval(KEEP_ALIVE_EVERY)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    use rustls::NamedGroup::{X25519, X25519MLKEM768};
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

    fn names(provider: &CryptoProvider) -> Vec<NamedGroup> {
        provider.kx_groups.iter().map(|group| group.name()).collect()
    }

    #[test]
    fn the_hybrid_key_exchange_is_the_only_one_where_no_public_relay_is_used() {
        assert_eq!(names(&provider(false)), [X25519MLKEM768]);
        assert_eq!(names(&provider(true)), [X25519MLKEM768, X25519]);
    }

    fn classical() -> CryptoProvider {
        let kx_groups = vec![aws_lc_rs::kx_group::X25519];
        CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() }
    }

    /// The key exchange of a handshake between whoever dials and whoever answers, or why there was none.
    fn agreed(dials: CryptoProvider, answers: CryptoProvider) -> Result<NamedGroup, Error> {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) =
            chinwag_relay::sign_own(folder.path(), &["127.0.0.1".to_owned()]).unwrap();
        let chain: Vec<_> =
            CertificateDer::pem_file_iter(chain).unwrap().collect::<Result<_, _>>().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(chain[0].clone()).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(answers));
        let server = server.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let server = server.with_single_cert(chain, key).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(dials));
        let client = client.with_safe_default_protocol_versions().unwrap();
        let client = client.with_root_certificates(roots).with_no_client_auth();
        let mut client =
            ClientConnection::new(Arc::new(client), "127.0.0.1".try_into().unwrap()).unwrap();
        let mut server = ServerConnection::new(Arc::new(server)).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut bytes = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut bytes).unwrap();
            }
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server.process_new_packets()?;
            bytes.clear();
            while server.wants_write() {
                server.write_tls(&mut bytes).unwrap();
            }
            client.read_tls(&mut bytes.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok(client.negotiated_key_exchange_group().unwrap().name())
    }

    #[test]
    fn a_session_has_the_hybrid_key_exchange_whichever_relays_its_two_sides_use() {
        for dials in [false, true] {
            for answers in [false, true] {
                assert_eq!(agreed(provider(dials), provider(answers)), Ok(X25519MLKEM768));
            }
            let refused = agreed(classical(), provider(dials));
            assert!(refused.is_err(), "whoever answers takes nothing else: {refused:?}");
        }
    }

    #[test]
    fn a_relay_without_the_hybrid_is_reached_only_where_a_public_one_is_used() {
        assert_eq!(agreed(provider(true), classical()), Ok(X25519));
        assert!(agreed(provider(false), classical()).is_err());
    }

    #[test]
    fn a_remembered_port_is_for_addresses_that_have_none() {
        let any: SocketAddr = "0.0.0.0:0".parse().unwrap();
        let fixed: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        assert_eq!(with_port(any, 5000).port(), 5000);
        assert_eq!(with_port(fixed, 5000), fixed);
    }
}

//! A relay: it hands on sealed packets between devices that have no direct way to each other, and tells
//! devices from which address they are seen, so that they may find one.
//!
//! What it sees: which device keys are connected, from which addresses, who sends to whom, when and how
//! much. What it never sees: what is in the packets; they are QUIC between the devices, with their keys.
//! It keeps nothing. It knows no accounts and none of our other crates: it is iroh's relay, with a bound
//! for everything that somebody could ask of it.

mod certificate;
mod doorkeeper;
mod second;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use iroh_relay::server::{
    AcmeConfig, CertConfig, ClientRateLimit, Limits, QuicConfig, RelayConfig, Server, ServerConfig,
    TlsConfig,
};

use rustls::crypto::aws_lc_rs;

pub use self::certificate::{CertificateError, sign_own};
pub use self::doorkeeper::Counts;
use self::doorkeeper::Doorkeeper;
use self::second::SecondPort;

/// Connections of one device at once: more than one while it moves from one network to another.
const CONNECTIONS_PER_DEVICE_MAX: usize = 4;

/// Keys of devices that are kept unpacked, so that they are not unpacked anew for each packet.
const KEYS_KEPT: usize = 8_192;

/// How a relay is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is reached: HTTPS, by which devices connect; also the page `/healthz`. With a certificate
    /// from files devices learn their address at the UDP port of this number as well, unless something else is
    /// there: one that asks at two ports learns how the router in between behaves.
    pub https: SocketAddr,
    /// Plain HTTP, where a device finds out whether a login page of the network is in its way. Nothing
    /// else is there.
    pub http: SocketAddr,
    /// Where devices learn the address that they are seen from (QUIC address discovery).
    pub quic: SocketAddr,
    /// Where numbers about it are told as `OpenMetrics`; none: nowhere.
    pub metrics: Option<SocketAddr>,
    /// How it shows that it is who its name says.
    pub certificate: Certificate,
    /// Connections at once.
    pub connections_max: usize,
    /// Bytes a second that it takes from one connection; what is above waits. None: any.
    pub bytes_per_second: Option<NonZeroU32>,
    /// The keys of the devices that are let in; none: all.
    pub allowed: Option<BTreeSet<[u8; 32]>>,
}

/// How a relay shows that it is who its name says.
#[derive(Clone, Debug)]
pub enum Certificate {
    /// By files in PEM.
    Files {
        /// The certificate, and those that lead from it to one that is trusted.
        chain: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// By one that a public authority gives us for our name, over port 443. To ask for it is to agree with
    /// its terms.
    Acme {
        /// The names that it is for.
        domains: Vec<String>,
        /// Where the authority reaches us: a mail address.
        contact: String,
        /// A folder where it is kept.
        cache: PathBuf,
        /// The address of another authority's directory (RFC 8555); none: Let's Encrypt's.
        directory: Option<String>,
    },
}

/// Why a relay can't run.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Something is wrong with the certificate or its key.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// It can't listen.
    #[error("the relay can't start: {0}")]
    Start(String),
    /// It stopped by itself.
    #[error("the relay stopped: {0}")]
    Stopped(String),
}

/// A relay that runs.
#[derive(Debug)]
pub struct Relay {
    server: Server,
    second: Option<SecondPort>,
    doorkeeper: Arc<Doorkeeper>,
}

impl Relay {
    /// Begins to listen. Has to be called within a tokio runtime. An error: an address is taken or not
    /// ours, or the certificate can't be used.
    pub async fn start(settings: Settings) -> Result<Self, RelayError> {
        // Whoever asks the authority for a certificate takes the provider of the process. An error: there is
        // one already.
        let _ = aws_lc_rs::default_provider().install_default();
        let doorkeeper =
            Arc::new(Doorkeeper::new(settings.connections_max, settings.allowed.clone()));
        let certificate = match &settings.certificate {
            Certificate::Files { chain, key } => {
                CertConfig::Manual { server_config: certificate::from_files(chain, key)? }
            }
            Certificate::Acme { domains, contact, cache, directory } => CertConfig::LetsEncrypt {
                acme_config: directory
                    .clone()
                    .map_or_else(|| AcmeConfig::letsencrypt(true), AcmeConfig::new)
                    .domains(domains.clone())
                    .contact(vec![format!("mailto:{contact}")])
                    .cache_path(cache.clone()),
                server_config_builder: certificate::builder()?.with_no_client_auth(),
            },
        };
        let mut relay = RelayConfig::new(settings.http);
        relay.tls = Some(TlsConfig::new(settings.https, certificate));
        relay.key_cache_capacity = Some(KEYS_KEPT);
        relay.access = Arc::clone(&doorkeeper) as _;
        let mut limits = Limits::default();
        limits.client_rx = settings.bytes_per_second.map(ClientRateLimit::new);
        relay.limits = limits;
        let mut config = ServerConfig::default();
        config.relay = Some(relay);
        config.quic = Some(QuicConfig::new(settings.quic));
        config.metrics_addr = settings.metrics;
        let server =
            Server::spawn(config).await.map_err(|e| RelayError::Start(format!("{e:#}")))?;
        let second = match &settings.certificate {
            Certificate::Files { chain, key } => {
                let at = server.https_addr().filter(|at| server.quic_addr() != Some(*at));
                let tls = certificate::from_files(chain, key)?;
                at.and_then(|at| SecondPort::open(at, tls))
            }
            // iroh's relay has this certificate for itself.
            Certificate::Acme { .. } => None,
        };
        Ok(Self { server, second, doorkeeper })
    }

    /// Where it is reached over HTTPS.
    pub fn https(&self) -> Option<SocketAddr> {
        self.server.https_addr()
    }

    /// Where devices learn the address that they are seen from.
    pub fn quic(&self) -> Option<SocketAddr> {
        self.server.quic_addr()
    }

    /// The second port at which they learn it; none: the certificate is not from files, or something else is
    /// there.
    pub fn second(&self) -> Option<SocketAddr> {
        self.second.as_ref().map(SecondPort::at)
    }

    /// Who is there, and who was not let in.
    pub fn counts(&self) -> Counts {
        self.doorkeeper.counts()
    }

    /// Waits until it stops by itself.
    pub async fn stopped(&mut self) -> RelayError {
        let ended = self.server.join().await;
        RelayError::Stopped(match ended {
            Ok(Ok(())) => "it ended".to_owned(),
            Ok(Err(error)) => format!("{error:#}"),
            Err(error) => error.to_string(),
        })
    }

    /// Ends it: every connection is closed.
    pub async fn stop(self) {
        drop(self.second);
        let _ = self.server.shutdown().await;
    }
}

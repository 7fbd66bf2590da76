//! The limit of QUIC: one stream between two endpoints, each on a thread of its own, with TLS 1.3 and
//! nothing of ours. The QUIC is the one that iroh is built on.
//!
//! The bench of real daemons (`chinwag-lab`) measures beside it too, and includes this file.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use noq::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use noq::{ClientConfig, Connection, Endpoint, RecvStream, SendStream, ServerConfig};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{
    CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::sync::{mpsc, oneshot};

/// Bytes of a message.
const MESSAGE: usize = 100;

/// Bytes that are written or read at once where there are many.
const PIECE: usize = 256 << 10;

/// What the first byte of a stream asks for: every message back, one byte for each, or one at the end.
const ECHO: u8 = 1;
const ACK: u8 = 2;
const SWALLOW: u8 = 3;

/// How often a connection that nothing is sent on is kept from ending.
const ALIVE_EVERY: Duration = Duration::from_secs(5);

/// An Ed25519 key as PKCS #8 has it (RFC 8410): what stands before the seed.
const KEY_HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// Two endpoints, connected. The near one does what it is asked.
pub(crate) struct Quic {
    jobs: mpsc::UnboundedSender<Job>,
}

enum Job {
    Echoes(usize, oneshot::Sender<Vec<Duration>>),
    Acked { count: usize, window: usize, took: oneshot::Sender<Duration> },
    Carry(usize, oneshot::Sender<Duration>),
}

impl Quic {
    pub(crate) async fn new() -> Self {
        let (bound, at) = oneshot::channel();
        std::thread::spawn(move || on_one_thread(far(bound)));
        let at = at.await.unwrap();
        let (jobs, to_do) = mpsc::unbounded_channel();
        std::thread::spawn(move || on_one_thread(near(at, to_do)));
        Self { jobs }
    }

    /// Messages there and back, one at a time.
    pub(crate) async fn echoes(&self, count: usize) -> Vec<Duration> {
        let (took, each) = oneshot::channel();
        self.jobs.send(Job::Echoes(count, took)).unwrap();
        each.await.unwrap()
    }

    /// Bytes one way, until the far end has read the last.
    #[allow(dead_code, reason = "one of the two benches asks for it")]
    pub(crate) async fn carry(&self, bytes: usize) -> Duration {
        let (took, all) = oneshot::channel();
        self.jobs.send(Job::Carry(bytes, took)).unwrap();
        all.await.unwrap()
    }

    /// Messages there, so many of them not acknowledged by the far end at most.
    #[allow(dead_code, reason = "one of the two benches asks for it")]
    pub(crate) async fn acked(&self, count: usize, window: usize) -> Duration {
        let (took, all) = oneshot::channel();
        self.jobs.send(Job::Acked { count, window, took }).unwrap();
        all.await.unwrap()
    }
}

fn on_one_thread(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

async fn near(at: SocketAddr, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let endpoint = Endpoint::client(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let connection = endpoint.connect_with(client(), at, "localhost").unwrap().await.unwrap();
    while let Some(job) = jobs.recv().await {
        // Whoever asked may have gone.
        let _ = match job {
            Job::Echoes(count, took) => took.send(echoes(&connection, count).await).is_ok(),
            Job::Acked { count, window, took } => {
                took.send(acked(&connection, count, window).await).is_ok()
            }
            Job::Carry(bytes, took) => took.send(carried(&connection, bytes).await).is_ok(),
        };
    }
}

async fn echoes(connection: &Connection, count: usize) -> Vec<Duration> {
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    send.write_all(&[ECHO]).await.unwrap();
    let mut message = [7; MESSAGE];
    let mut each = Vec::with_capacity(count);
    for _ in 0..count {
        let begun = Instant::now();
        send.write_all(&message).await.unwrap();
        receive.read_exact(&mut message).await.unwrap();
        each.push(begun.elapsed());
    }
    send.finish().unwrap();
    each
}

async fn acked(connection: &Connection, count: usize, window: usize) -> Duration {
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    send.write_all(&[ACK]).await.unwrap();
    let (messages, mut acks) = (vec![7; MESSAGE * window], vec![0; window]);
    let (mut gone, mut acked) = (0, 0);
    let begun = Instant::now();
    while acked < count {
        let more = (count - gone).min(window - (gone - acked));
        send.write_all(&messages[..more * MESSAGE]).await.unwrap();
        gone += more;
        acked += receive.read(&mut acks).await.unwrap().unwrap();
    }
    let took = begun.elapsed();
    send.finish().unwrap();
    took
}

async fn carried(connection: &Connection, bytes: usize) -> Duration {
    let begun = Instant::now();
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    send.write_all(&[SWALLOW]).await.unwrap();
    let piece = vec![7; PIECE];
    for _ in 0..bytes / PIECE {
        send.write_all(&piece).await.unwrap();
    }
    send.finish().unwrap();
    receive.read_exact(&mut [0]).await.unwrap();
    begun.elapsed()
}

async fn far(bound: oneshot::Sender<SocketAddr>) {
    let endpoint = Endpoint::server(server(), SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    bound.send(endpoint.local_addr().unwrap()).unwrap();
    let connection = endpoint.accept().await.unwrap().await.unwrap();
    // One after the other, as they are asked for.
    while let Ok((send, receive)) = connection.accept_bi().await {
        // It ends with the near end.
        let _ = answer(send, receive).await;
    }
}

async fn answer(mut send: SendStream, mut receive: RecvStream) -> Option<()> {
    let mut wanted = [0];
    receive.read_exact(&mut wanted).await.ok()?;
    let mut bytes = vec![0; PIECE];
    let mut rest = 0;
    while let Some(len) = receive.read(&mut bytes).await.ok()? {
        rest += len;
        match wanted {
            [ECHO] => send.write_all(&bytes[..len]).await.ok()?,
            [ACK] => send.write_all(&vec![ACK; rest / MESSAGE]).await.ok()?,
            _ => {}
        }
        rest %= MESSAGE;
    }
    if wanted == [SWALLOW] {
        send.write_all(&[SWALLOW]).await.ok()?;
    }
    send.finish().ok()
}

fn server() -> ServerConfig {
    let provider = aws_lc_rs::default_provider();
    let seed = [7; 32];
    let key = PrivatePkcs8KeyDer::from([&KEY_HEAD[..], &seed].concat());
    let key = provider.key_provider.load_private_key(key.into()).unwrap();
    let public = CertificateDer::from(key.public_key().unwrap().to_vec());
    let certified = CertifiedKey::new(vec![public], key);
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(Arc::new(certified))));
    ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(config).unwrap()))
}

fn client() -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(config).unwrap()));
    let mut transport = noq::TransportConfig::default();
    transport.keep_alive_interval(Some(ALIVE_EVERY));
    config.transport_config(Arc::new(transport));
    config
}

/// Takes any key, as long as whoever shows it has it: who it is does not matter to a bench.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("there is no QUIC with TLS 1.2".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        public: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let public = SubjectPublicKeyInfoDer::from(public.as_ref());
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &public, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

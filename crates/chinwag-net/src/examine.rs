//! The way to the relays and back, examined: each step by itself, so that what is in the way has a name.
//!
//! Nothing here uses the endpoint that we have or its key: it works while there is none, and disturbs no
//! connection. It contacts the relays that are named, at the ports that their names have, and nobody else; the
//! few packets that go elsewhere go to the address that the relays see us at, if it can be ours, and no farther
//! than a few routers ([`HAIRPIN_HOPS`]). What follows from what is found is for others to decide.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use iroh_relay::http::RELAY_PROBE_PATH;
use iroh_relay::quic::{QUIC_ADDR_DISC_CLOSE_CODE, QUIC_ADDR_DISC_CLOSE_REASON, QuicClient};
use n0_future::StreamExt as _;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::endpoint::provider;
use crate::limits::{
    EXAMINED_ADDRESSES_MAX, EXAMINED_HEAD_MAX, EXAMINED_STEP_WITHIN, HAIRPIN_AFTER, HAIRPIN_EVERY,
    HAIRPIN_HOPS, HAIRPIN_TRIES,
};
use crate::relays::{Relay, Relays};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    /// The addresses of this machine that packets to elsewhere and to the relays come from, where there is a
    /// way.
    pub own: Vec<IpAddr>,
    /// The relays that are named.
    pub relays: Vec<ExaminedRelay>,
    /// Whether a packet to our own address outside comes back. `None`: that was not tried, because no relay
    /// told an address of IPv4, or it is the one of this machine.
    pub hairpin: Option<bool>,
}

/// What was found of a relay.
#[derive(Clone, Debug)]
pub struct ExaminedRelay {
    /// Which one: `https://HOST`.
    pub url: String,
    /// How it went over TCP, by which devices connect to it.
    pub tcp: Result<OverTcp, RelayFault>,
    /// What it told over UDP, at each port and address that was asked, in this order.
    pub udp: Vec<OverUdp>,
}

/// A relay that was reached over TCP, and is who its name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverTcp {
    /// How long it took to connect: a round trip.
    pub round_trip: Duration,
    /// What time it is there, as HTTP writes it, and what time it was here then; none: it does not say.
    pub date: Option<(String, SystemTime)>,
}

/// Why a relay is not reached over TCP. The texts say what went wrong, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayFault {
    /// There is no address for its name.
    #[error("its name leads nowhere: {0}")]
    NoName(String),
    /// There is no way to any of its addresses.
    #[error("there is no way to it: {0}")]
    NoRoute(String),
    /// There is a machine, and nothing listens at that port.
    #[error("nothing listens there")]
    Closed,
    /// Nobody answers.
    #[error("nobody answers")]
    Silent,
    /// Nobody whom we trust vouches for its certificate.
    #[error("its certificate is vouched for by nobody who is trusted")]
    Untrusted,
    /// Its certificate is for another name.
    #[error("its certificate is for another name")]
    OtherName,
    /// Its certificate has ended, by the clock of this machine.
    #[error("its certificate has ended")]
    Ended,
    /// Its certificate has not begun, by the clock of this machine.
    #[error("its certificate is not valid yet")]
    NotYet,
    /// What answers speaks no TLS that we do.
    #[error("what answers there does not speak TLS as a relay has to: {0}")]
    Tls(String),
    /// What answers is no relay.
    #[error("what answers there is no relay: {0}")]
    NoRelay(String),
}

/// What a relay told over UDP (QUIC address discovery).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverUdp {
    /// Which address and port was asked.
    pub at: SocketAddr,
    /// Which address of this machine it was asked from; none: there is no way there.
    pub from: Option<IpAddr>,
    /// From which address it sees us, or why it did not say.
    pub seen: Result<SocketAddr, UdpFault>,
}

/// Why nothing was told over UDP.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UdpFault {
    /// Nothing came back.
    #[error("nothing came back")]
    Silent,
    /// This machine has no way there.
    #[error("there is no way there")]
    NoRoute,
    /// Something came back, and it was not what was asked for: UDP gets through.
    #[error("{0}")]
    Answered(String),
}

/// Examines the way to these relays and back, from the addresses that we listen on; none: from all. Takes ten
/// seconds at most. Has to be called within a tokio runtime.
pub async fn examine(relays: &Relays, bind: &[SocketAddr]) -> Examined {
    let config = relays.trust().client_config(Arc::new(provider(relays.has_public())));
    let config = config.expect("the roots and the provider are ours");
    let sockets = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]
        .map(|any| Family::open(from(any, bind)?, &config));
    let sockets: Arc<Vec<Family>> = Arc::new(sockets.into_iter().flatten().collect());
    let mut tasks = JoinSet::new();
    for (n, relay) in relays.iter().cloned().enumerate() {
        let (config, sockets) = (config.clone(), Arc::clone(&sockets));
        tasks.spawn(async move { (n, one(&relay, config, &sockets).await) });
    }
    let mut found = tasks.join_all().await;
    found.sort_by_key(|(n, _)| *n);
    let found: Vec<ExaminedRelay> = found.into_iter().map(|(_, relay)| relay).collect();
    let own = own_addresses(bind, &found);
    let sockets = Arc::into_inner(sockets).unwrap_or_default();
    let hairpin = match outside(&found) {
        Some(at) => hairpin(sockets, at).await,
        None => None,
    };
    Examined { own, relays: found, hairpin }
}

async fn one(relay: &Relay, config: ClientConfig, sockets: &[Family]) -> ExaminedRelay {
    let url = relay.written();
    let addresses = match resolved(relay).await {
        Ok(addresses) => addresses,
        Err(fault) => return ExaminedRelay { url, tcp: Err(fault), udp: Vec::new() },
    };
    let (tcp, udp) =
        tokio::join!(over_tcp(relay, &addresses, config), over_udp(relay, &addresses, sockets));
    ExaminedRelay { url, tcp, udp }
}

/// Where a relay is, a few addresses at most.
async fn resolved(relay: &Relay) -> Result<Vec<SocketAddr>, RelayFault> {
    let looked_up = tokio::net::lookup_host((relay.host(), relay.port()));
    match timeout(EXAMINED_STEP_WITHIN, looked_up).await {
        Ok(Ok(addresses)) => {
            let addresses: Vec<_> = addresses.take(EXAMINED_ADDRESSES_MAX).collect();
            let none = || RelayFault::NoName("there is no address for it".to_owned());
            if addresses.is_empty() { Err(none()) } else { Ok(addresses) }
        }
        Ok(Err(error)) => Err(RelayFault::NoName(error.to_string())),
        Err(_) => Err(RelayFault::NoName("who would know does not answer".to_owned())),
    }
}

async fn over_tcp(
    relay: &Relay,
    addresses: &[SocketAddr],
    config: ClientConfig,
) -> Result<OverTcp, RelayFault> {
    let (stream, round_trip) = connected(addresses).await?;
    let asked = timeout(EXAMINED_STEP_WITHIN, asked(relay, stream, config));
    let date = asked.await.unwrap_or(Err(RelayFault::Silent))?;
    Ok(OverTcp { round_trip, date: date.map(|date| (date, SystemTime::now())) })
}

/// A connection to the first address that takes one.
async fn connected(addresses: &[SocketAddr]) -> Result<(TcpStream, Duration), RelayFault> {
    let mut tasks = JoinSet::new();
    for address in addresses.iter().copied() {
        tasks.spawn(async move {
            let begin = Instant::now();
            let stream = timeout(EXAMINED_STEP_WITHIN, TcpStream::connect(address)).await;
            stream.map(|stream| (stream, begin.elapsed()))
        });
    }
    let mut faults = Vec::new();
    while let Some(connected) = tasks.join_next().await {
        match connected {
            Ok(Ok((Ok(stream), round_trip))) => return Ok((stream, round_trip)),
            Ok(Ok((Err(error), _))) => faults.push(tcp_fault(&error)),
            Ok(Err(_)) | Err(_) => faults.push(RelayFault::Silent),
        }
    }
    Err(foremost(faults))
}

fn tcp_fault(error: &io::Error) -> RelayFault {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => RelayFault::Closed,
        io::ErrorKind::TimedOut => RelayFault::Silent,
        _ => RelayFault::NoRoute(error.to_string()),
    }
}

/// What says most of several addresses: that there is a machine, then that nobody answers.
fn foremost(faults: Vec<RelayFault>) -> RelayFault {
    let rank = |fault: &RelayFault| match fault {
        RelayFault::Closed => 0,
        RelayFault::Silent => 1,
        _ => 2,
    };
    faults.into_iter().min_by_key(rank).unwrap_or(RelayFault::Silent)
}

/// Asks over TLS whether this is a relay; what time it is there.
async fn asked(
    relay: &Relay,
    stream: TcpStream,
    mut config: ClientConfig,
) -> Result<Option<String>, RelayFault> {
    let host = relay.host();
    let name = ServerName::try_from(host.clone())
        .map_err(|_| RelayFault::NoName(format!("{host} is no name that a certificate has")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await.map_err(|error| tls_fault(&error))?;
    let ended = |error: io::Error| RelayFault::NoRelay(error.to_string());
    let place = relay.place();
    let request =
        format!("GET {RELAY_PROBE_PATH} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(ended)?;
    let mut read = Vec::new();
    loop {
        let n = stream.read_buf(&mut read).await.map_err(ended)?;
        match answered(&read)? {
            Head::Whole { date } => return Ok(date),
            Head::Begun if n == 0 => {
                return Err(RelayFault::NoRelay("it ends without an answer".to_owned()));
            }
            Head::Begun if read.len() > EXAMINED_HEAD_MAX => {
                return Err(RelayFault::NoRelay("its answer does not end".to_owned()));
            }
            Head::Begun => {}
        }
    }
}

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
enum Head {
    /// More is to come.
    Begun,
    /// It is a relay's, and says perhaps what time it is there.
    Whole { date: Option<String> },
}

/// What these bytes of an answer say.
fn answered(bytes: &[u8]) -> Result<Head, RelayFault> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes);
    let parsed = parsed.map_err(|error| RelayFault::NoRelay(error.to_string()))?;
    if parsed.is_partial() {
        return Ok(Head::Begun);
    }
    match response.code {
        Some(200) => {}
        code => {
            let code = code.unwrap_or_default();
            return Err(RelayFault::NoRelay(format!("it answers with {code}")));
        }
    }
    let date = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("date"));
    let date = date.and_then(|date| str::from_utf8(date.value).ok()).map(str::to_owned);
    Ok(Head::Whole { date })
}

fn tls_fault(error: &io::Error) -> RelayFault {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(why)) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                RelayFault::Ended
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                RelayFault::NotYet
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                RelayFault::OtherName
            }
            _ => RelayFault::Untrusted,
        },
        Some(error) => RelayFault::Tls(error.to_string()),
        None => RelayFault::Tls(error.to_string()),
    }
}

/// The socket of one family, and QUIC on it.
#[derive(Debug)]
struct Family {
    from: IpAddr,
    /// The same socket, for what is no QUIC.
    socket: std::net::UdpSocket,
    endpoint: noq::Endpoint,
    client: QuicClient,
}

impl Family {
    /// `None`: there is nothing of this family here.
    fn open(from: IpAddr, config: &ClientConfig) -> Option<Self> {
        let socket = std::net::UdpSocket::bind((from, 0)).ok()?;
        let same = socket.try_clone().ok()?;
        let runtime = Arc::new(noq::TokioRuntime);
        let endpoint =
            noq::Endpoint::new(noq::EndpointConfig::default(), None, same, runtime).ok()?;
        let client = QuicClient::new(endpoint.clone(), config.clone());
        Some(Self { from, socket, endpoint, client })
    }
}

/// Asks a relay from where it sees us: at its first address of each family, at its port for that and at the
/// one that it has for HTTPS, all from the same socket.
async fn over_udp(relay: &Relay, addresses: &[SocketAddr], sockets: &[Family]) -> Vec<OverUdp> {
    let mut asked = Vec::new();
    for family in sockets {
        let is_of = |address: &&SocketAddr| address.is_ipv4() == family.from.is_ipv4();
        let Some(address) = addresses.iter().find(is_of) else { continue };
        for port in relay.udp_ports() {
            asked.push((family, SocketAddr::new(address.ip(), port)));
        }
    }
    let host = relay.host();
    let telling = asked.iter().map(|(family, at)| told(family, *at, &host));
    n0_future::join_all(telling).await
}

async fn told(family: &Family, at: SocketAddr, host: &str) -> OverUdp {
    // QUIC does not hear from the system that there is no way: it only hears nothing.
    let Some(from) = way(family.from, at) else {
        return OverUdp { at, from: None, seen: Err(UdpFault::NoRoute) };
    };
    let seen = timeout(EXAMINED_STEP_WITHIN, seen(family, at, host)).await;
    OverUdp { at, from: Some(from), seen: seen.unwrap_or(Err(UdpFault::Silent)) }
}

/// From which address a relay at this one sees us.
async fn seen(family: &Family, at: SocketAddr, host: &str) -> Result<SocketAddr, UdpFault> {
    let connected = family.client.create_conn(at, host).await;
    let connection = connected.map_err(|error| UdpFault::Answered(format!("{error:#}")))?;
    let seen = connection.observed_external_addr().next().await;
    connection.close(QUIC_ADDR_DISC_CLOSE_CODE, QUIC_ADDR_DISC_CLOSE_REASON);
    let nothing = || UdpFault::Answered("it does not say from where it sees us".to_owned());
    let seen = seen.ok_or_else(nothing)?;
    Ok(SocketAddr::new(seen.ip().to_canonical(), seen.port()))
}

/// The address of this machine that packets to this place come from, if there is a way. Nothing is sent: the
/// system only says which it would take.
fn way(from: IpAddr, to: SocketAddr) -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind((from, 0)).ok()?;
    socket.connect(to).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// The address that packets of this family come from.
fn from(any: IpAddr, bind: &[SocketAddr]) -> Option<IpAddr> {
    if bind.is_empty() {
        return Some(any);
    }
    bind.iter().map(SocketAddr::ip).find(|ip| ip.is_ipv4() == any.is_ipv4())
}

/// The addresses of this machine that packets to elsewhere and to the relays come from. The two places are for
/// documents (RFC 5737, RFC 3849), and nobody's.
fn own_addresses(bind: &[SocketAddr], relays: &[ExaminedRelay]) -> Vec<IpAddr> {
    let places: [(IpAddr, IpAddr); 2] = [
        (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into()),
        (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()),
    ];
    let own = |(any, place)| way(from(any, bind)?, SocketAddr::new(place, 9));
    let mut all: Vec<IpAddr> = places.into_iter().filter_map(own).collect();
    let to_relays = relays.iter().flat_map(|relay| &relay.udp).filter_map(|udp| udp.from);
    for from in to_relays.filter(|from| !from.is_loopback()) {
        if !all.contains(&from) {
            all.push(from);
        }
    }
    all
}

/// Our address of IPv4 outside, if it is not the one of this machine and all say the same. A relay may lie: an
/// address that nobody has outside is none that anything is sent to.
fn outside(relays: &[ExaminedRelay]) -> Option<SocketAddr> {
    let told = relays.iter().flat_map(|relay| &relay.udp).filter(|udp| udp.at.is_ipv4());
    let mut told = told.filter_map(|udp| Some((*udp.seen.as_ref().ok()?, udp.from)));
    let (seen, from) = told.next()?;
    let are_one = told.all(|(other, _)| other.ip() == seen.ip());
    let is_ours = Some(seen.ip()) == from;
    (are_one && !is_ours && can_be_outside(seen)).then_some(seen)
}

/// Whether a router may have this address on its side of the internet.
const fn can_be_outside(at: SocketAddr) -> bool {
    let SocketAddr::V4(at) = at else { return false };
    let ip = at.ip();
    let is_inside = ip.is_private() || ip.is_loopback() || ip.is_link_local();
    let is_nobodys = ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast();
    !is_inside && !is_nobodys && at.port() != 0
}

/// Whether a packet from another socket of this machine to our address outside comes back to the one that has
/// it. `None`: it can't be tried.
async fn hairpin(sockets: Vec<Family>, at: SocketAddr) -> Option<bool> {
    let family = sockets.into_iter().find(|family| family.from.is_ipv4())?;
    let Family { from, socket, endpoint, client } = family;
    drop(client);
    // What comes now is for us, and not for QUIC.
    let _ = timeout(HAIRPIN_AFTER, endpoint.wait_idle()).await;
    drop(endpoint);
    socket.set_nonblocking(true).ok()?;
    let ours = UdpSocket::from_std(socket).ok()?;
    let other = UdpSocket::bind((from, 0)).await.ok()?;
    other.set_ttl(HAIRPIN_HOPS).ok()?;
    let mut token = [0; 16];
    provider(false).secure_random.fill(&mut token).ok()?;
    for _ in 0..HAIRPIN_TRIES {
        // A router that does not let it through may say so, and that is an answer too.
        let _ = other.send_to(&token, at).await;
        let came = timeout(HAIRPIN_EVERY, until_heard(&ours, &token)).await;
        if came.is_ok() {
            return Some(true);
        }
    }
    Some(false)
}

async fn until_heard(socket: &UdpSocket, token: &[u8]) {
    let mut heard = [0; 64];
    loop {
        if let Ok((n, _)) = socket.recv_from(&mut heard).await
            && heard.get(..n) == Some(token)
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_to_ourselves_is_sent_only_where_a_router_translates() {
        let outside = |at: &str, from: &str, seen: &str| {
            let (at, from) = (at.parse().unwrap(), Some(from.parse().unwrap()));
            let udp = vec![OverUdp { at, from, seen: Ok(seen.parse().unwrap()) }];
            let relay = ExaminedRelay { url: String::new(), tcp: Err(RelayFault::Silent), udp };
            outside(&[relay])
        };
        let seen = "203.0.113.21:4000";
        let there = outside("203.0.113.10:7842", "192.168.1.10", seen);
        assert_eq!(there, Some(seen.parse().unwrap()));
        assert_eq!(outside("203.0.113.10:7842", "203.0.113.21", seen), None, "nobody translates");
        assert_eq!(outside("127.0.0.1:7842", "127.0.0.1", "127.0.0.1:4000"), None);
        let six = "[2001:db8::5]:4000";
        assert_eq!(outside("[2001:db8::1]:7842", "fd00::2", six), None, "there is no IPv4");
        for nobodys in ["10.0.0.1:22", "169.254.1.1:80", "224.0.0.251:5353", "203.0.113.21:0"] {
            assert_eq!(outside("203.0.113.10:7842", "192.168.1.10", nobodys), None, "{nobodys}");
        }
        assert_eq!(super::outside(&[]), None);
    }

    #[test]
    fn an_answer_is_a_relays_only_if_it_is_whole_and_says_so() {
        let date = b"HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nrest";
        let found = Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned());
        assert_eq!(answered(date), Ok(Head::Whole { date: found }));
        assert_eq!(answered(&date[..30]), Ok(Head::Begun));
        assert_eq!(answered(b"HTTP/1.1 200 OK\r\n\r\n"), Ok(Head::Whole { date: None }));
        for other in [&b"HTTP/1.1 404 Not Found\r\n\r\n"[..], b"SSH-2.0-OpenSSH_9.9\r\n"] {
            assert!(matches!(answered(other), Err(RelayFault::NoRelay(_))));
        }
    }

    #[test]
    fn of_several_addresses_the_one_that_says_most_is_told() {
        let no_route = || RelayFault::NoRoute("no way".into());
        assert_eq!(foremost(vec![no_route(), RelayFault::Silent]), RelayFault::Silent);
        assert_eq!(foremost(vec![RelayFault::Silent, RelayFault::Closed]), RelayFault::Closed);
        assert_eq!(foremost(vec![no_route()]), no_route());
    }

    #[tokio::test]
    async fn without_a_relay_nobody_is_asked_and_nothing_is_known() {
        let examined = examine(&Relays::default(), &[]).await;
        assert!(examined.relays.is_empty());
        assert_eq!(examined.hairpin, None);
    }
}

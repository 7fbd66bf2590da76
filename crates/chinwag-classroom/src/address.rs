//! Addresses: what a peer claims, what somebody types, and which one is ours.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::num::NonZeroU16;

/// The two static peers of the campus network that the first programs knew by heart.
pub const IIT_INDORE: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 206, 4, 201)), 1_255),
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 206, 5, 228)), 6_555),
];

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a whole number from 1 to 65535.
    #[error("{0:?} is not a port: a port is a number from 1 to 65535")]
    Port(String),
    /// Nothing that could name a host.
    #[error("{0:?} is neither an IP address nor a host name")]
    Host(String),
    /// An IPv6 address with a zone.
    #[error(
        "{0:?} has a zone after the %: only addresses that are the same on every interface can be used"
    )]
    Zone(String),
    /// No port after the host.
    #[error("{0:?} has no port: write it as IP:PORT, like 10.0.0.5:4000 or [::1]:4000")]
    NoPort(String),
}

/// A host as somebody typed it: an address, or a name still to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An IP address.
    Ip(IpAddr),
    /// A host name, in the letters a host name may have.
    Name(String),
}

/// Where somebody wants to send: a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The host.
    pub host: Host,
    /// The port, never 0.
    pub port: NonZeroU16,
}

impl Host {
    /// Understands an IPv4 address, an IPv6 address with or without brackets, or a host name.
    pub fn parse(typed: &str) -> Result<Self, AddressError> {
        let typed = typed.trim();
        let bare = typed.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(typed);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self::Ip(ip.to_canonical()));
        }
        if bare.contains('%') {
            return Err(AddressError::Zone(typed.to_owned()));
        }
        if is_host_name(typed) {
            return Ok(Self::Name(typed.to_owned()));
        }
        Err(AddressError::Host(typed.to_owned()))
    }
}

impl Destination {
    /// Understands `HOST:PORT`, with an IPv6 address in brackets.
    pub fn parse(typed: &str) -> Result<Self, AddressError> {
        let typed = typed.trim();
        let no_port = || AddressError::NoPort(typed.to_owned());
        let (host, port) = typed.rsplit_once(':').ok_or_else(no_port)?;
        if host.contains(':') && !host.starts_with('[') {
            return Err(no_port());
        }
        Ok(Self { host: Host::parse(host)?, port: parse_port(port)? })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(ip) => write!(f, "{}", SocketAddr::new(*ip, self.port.get())),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

/// Understands a port as somebody typed it: 1 to 65535.
pub fn parse_port(typed: &str) -> Result<NonZeroU16, AddressError> {
    let typed = typed.trim();
    typed.parse().map_err(|_| AddressError::Port(typed.to_owned()))
}

/// Understands an address as it stands in a header: `IP:PORT`, IPv6 in brackets, never a name:
/// what a peer writes makes us look nothing up. Port 0 says that the sender does not listen.
pub(crate) fn parse_claimed(bytes: &[u8]) -> Option<SocketAddr> {
    let address: SocketAddr = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

/// The address of this machine on its default route, found without sending anything: a UDP
/// socket is pointed at an address outside and asked for its own end. `None` without a network.
pub fn of_default_route() -> Option<IpAddr> {
    // Documentation addresses (RFC 5737, RFC 3849): routed by the default route, owned by nobody.
    let outside_v4 = SocketAddr::new(Ipv4Addr::new(192, 0, 2, 1).into(), 9);
    let outside_v6 = SocketAddr::new(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(), 9);
    own_end_towards(outside_v4).or_else(|| own_end_towards(outside_v6))
}

fn own_end_towards(outside: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = match outside {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(outside).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
}

/// Letters, digits, dots, hyphens and underscores, up to 253 of them (RFC 1123 section 2.1, and
/// the underscore that people use all the same). All digits and dots is a mistyped IPv4 address.
fn is_host_name(text: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !text.is_empty()
        && text.len() <= 253
        && text.chars().all(letters)
        && text.chars().any(|c| c.is_ascii_alphabetic())
        && !text.starts_with(['-', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_number_from_1_to_65535() {
        assert_eq!(parse_port(" 1 ").unwrap().get(), 1);
        assert_eq!(parse_port("65535").unwrap().get(), 65_535);
        for wrong in ["0", "65536", "-1", "", "http", "40 00"] {
            assert!(parse_port(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_person_may_type_addresses_and_names() {
        assert_eq!(Host::parse("10.0.0.5").unwrap(), Host::Ip("10.0.0.5".parse().unwrap()));
        assert_eq!(Host::parse("[::1]").unwrap(), Host::Ip("::1".parse().unwrap()));
        assert_eq!(Host::parse("::1").unwrap(), Host::Ip("::1".parse().unwrap()));
        assert!(matches!(Host::parse("fe80::1%eth0"), Err(AddressError::Zone(_))));
        assert_eq!(Host::parse("lab-3.local").unwrap(), Host::Name("lab-3.local".into()));
        for wrong in ["", "10.0.0", "300.1.1.1", "a b", "-x", "\u{1b}[2J", "10.0.0.5:4000"] {
            assert!(Host::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_destination_is_a_host_and_a_port() {
        assert_eq!(Destination::parse("10.0.0.5:4000").unwrap().to_string(), "10.0.0.5:4000");
        assert_eq!(Destination::parse("[::1]:4000").unwrap().to_string(), "[::1]:4000");
        assert_eq!(Destination::parse("localhost:4000").unwrap().to_string(), "localhost:4000");
        let unbracketed = Destination::parse("::1:4000");
        assert_eq!(unbracketed, Err(AddressError::NoPort("::1:4000".into())));
        assert!(Destination::parse("10.0.0.5").is_err());
        assert!(Destination::parse("10.0.0.5:0").is_err());
    }

    #[test]
    fn a_peer_may_claim_addresses_but_no_names() {
        assert_eq!(parse_claimed(b"10.0.0.5:4000"), Some("10.0.0.5:4000".parse().unwrap()));
        assert_eq!(parse_claimed(b"[::ffff:10.0.0.5]:1"), Some("10.0.0.5:1".parse().unwrap()));
        assert_eq!(parse_claimed(b"10.0.0.5:0"), Some("10.0.0.5:0".parse().unwrap()));
        for wrong in [&b"localhost:4000"[..], b"10.0.0.5:65536", b"10.0.0.5", b"", b"\xff:1"] {
            assert_eq!(parse_claimed(wrong), None);
        }
    }

    #[test]
    fn the_default_route_is_asked_without_a_panic_wherever_this_runs() {
        if let Some(ip) = of_default_route() {
            assert!(!ip.is_loopback() && !ip.is_unspecified());
        }
    }
}

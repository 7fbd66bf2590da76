//! The relays that may be used: those that the config names, and nobody else's.
//!
//! A relay hands on packets that it can't read, and sees who talks with whom, when, how much and from
//! which addresses. It is used where there is no direct way, and for as long as there is none.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use chinwag_core::wire::limits::RELAY_URL_MAX;
use iroh::endpoint::RelayMode;
use iroh::tls::CaTlsConfig;
use iroh::{RelayConfig, RelayMap, RelayUrl};
use iroh_relay::RelayQuicConfig;
use iroh_relay::defaults::DEFAULT_RELAY_QUIC_PORT;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::limits::RELAYS_MAX;

/// A relay: `https://HOST[:PORT]`, and with `?quic=PORT` behind it where it tells addresses (QUIC address
/// discovery) at another port than 7842.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    url: RelayUrl,
    quic_port: u16,
}

/// The relays of the iroh project, which everybody may use and number 0 runs: those of the version of iroh
/// that is in use.
pub fn public_relays() -> Vec<Relay> {
    use iroh::defaults::prod::{
        AP_RELAY_HOSTNAME, EU_RELAY_HOSTNAME, NA_EAST_RELAY_HOSTNAME, NA_WEST_RELAY_HOSTNAME,
    };
    let hosts =
        [EU_RELAY_HOSTNAME, NA_EAST_RELAY_HOSTNAME, NA_WEST_RELAY_HOSTNAME, AP_RELAY_HOSTNAME];
    // With the dot at its end a name would be another one in tickets than without.
    let relay = |host: &str| format!("https://{}", host.trim_end_matches('.')).parse();
    hosts.into_iter().filter_map(|host| relay(host).ok()).collect()
}

impl Relay {
    /// Whether it is one of the [public](public_relays) ones.
    pub(crate) fn is_public(&self) -> bool {
        public_relays().iter().any(|public| public.url == self.url)
    }

    /// The name or address of its machine.
    pub fn host(&self) -> String {
        self.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned()
    }

    /// Its port for HTTPS.
    pub(crate) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// Machine and port, as HTTP writes them.
    pub(crate) fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The ports of UDP at which it may tell from where it sees us: the one for that, and the one with the
    /// number of its HTTPS.
    pub(crate) fn udp_ports(&self) -> Vec<u16> {
        let mut ports = vec![self.quic_port, self.port()];
        ports.dedup();
        ports
    }

    fn config(&self) -> Arc<RelayConfig> {
        let quic = Some(RelayQuicConfig::new(self.quic_port));
        Arc::new(RelayConfig::new(self.url.clone(), quic))
    }

    /// As it stands in tickets, and is shown.
    pub(crate) fn written(&self) -> String {
        written(&self.url)
    }
}

/// What is written is no relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a relay is written https://HOST or https://HOST:PORT, and nothing behind it but ?quic=PORT"
)]
pub struct NoRelay;

impl FromStr for Relay {
    type Err = NoRelay;

    fn from_str(text: &str) -> Result<Self, NoRelay> {
        let (place, quic_port) = match text.split_once("?quic=") {
            Some((place, port)) => (place, port.parse().map_err(|_| NoRelay)?),
            None => (text, DEFAULT_RELAY_QUIC_PORT),
        };
        let url = url(place).ok_or(NoRelay)?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_nobodys = url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https"
            || url.host().is_none()
            || !is_bare
            || !is_nobodys
            || quic_port == 0
        {
            return Err(NoRelay);
        }
        Ok(Self { url, quic_port })
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(&self.url))?;
        if self.quic_port != DEFAULT_RELAY_QUIC_PORT {
            write!(f, "?quic={}", self.quic_port)?;
        }
        Ok(())
    }
}

/// More relays than there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at most {RELAYS_MAX} relays may be used")]
pub struct TooManyRelays;

/// The relays that may be used.
#[derive(Clone, Debug, Default)]
pub struct Relays {
    relays: Vec<Relay>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Relays {
    /// Those that are named; none: no relay is used. An error: more than
    /// [`RELAYS_MAX`](crate::limits::RELAYS_MAX).
    pub fn new(relays: Vec<Relay>) -> Result<Self, TooManyRelays> {
        if relays.len() > RELAYS_MAX {
            return Err(TooManyRelays);
        }
        Ok(Self { relays, certificates: Vec::new() })
    }

    /// Certificates, in PEM, that are trusted to speak for relays beside those that browsers trust: a
    /// relay that has signed its own is known by it. An error: there is none in it, in words.
    pub fn trusting(mut self, pem: &[u8]) -> Result<Self, String> {
        let read = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        self.certificates = read.map_err(|error| error.to_string())?;
        if self.certificates.is_empty() {
            return Err("there is no certificate in it".to_owned());
        }
        Ok(self)
    }

    /// Other ones, with the same certificates. An error: more than [`RELAYS_MAX`](crate::limits::RELAYS_MAX).
    pub fn replaced(&self, relays: Vec<Relay>) -> Result<Self, TooManyRelays> {
        Ok(Self { certificates: self.certificates.clone(), ..Self::new(relays)? })
    }

    /// Whether a public one is among them, which speaks no hybrid key exchange.
    pub(crate) fn has_public(&self) -> bool {
        self.relays.iter().any(Relay::is_public)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.relays.is_empty()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Relay> {
        self.relays.iter()
    }

    /// The one that is named like this in a ticket, if it may be used.
    pub(crate) fn usable(&self, written: &str) -> Option<RelayUrl> {
        let url = url(written)?;
        self.relays.iter().any(|relay| relay.url == url).then_some(url)
    }

    /// All of them, as they are written in tickets.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.relays.iter().map(|relay| written(&relay.url))
    }

    pub(crate) fn mode(&self) -> RelayMode {
        if self.relays.is_empty() {
            return RelayMode::Disabled;
        }
        RelayMode::Custom(self.relays.iter().map(Relay::config).collect::<RelayMap>())
    }

    /// What iroh knows of the one that is written like this.
    pub(crate) fn config(&self, written: &str) -> Option<(RelayUrl, Arc<RelayConfig>)> {
        let url = self.usable(written)?;
        let relay = self.relays.iter().find(|relay| relay.url == url)?;
        Some((url, relay.config()))
    }

    pub(crate) fn trust(&self) -> CaTlsConfig {
        CaTlsConfig::embedded().with_extra_roots(self.certificates.iter().cloned())
    }
}

fn url(written: &str) -> Option<RelayUrl> {
    (written.len() <= RELAY_URL_MAX).then(|| written.parse().ok()).flatten()
}

/// A relay as it stands in tickets, and is shown.
pub(crate) fn written(url: &RelayUrl) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// What is known of a relay that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayState {
    /// Which one.
    pub url: String,
    /// Whether it is the one where others find us. One of those in use is, the nearest.
    pub is_home: bool,
    /// Whether we are connected to it; of others than our home nobody asks.
    pub is_connected: bool,
    /// Since when.
    pub since: Option<Instant>,
    /// Why not, as far as the last attempt told.
    pub fault: Option<String>,
    /// Whether that is because it does not let us in.
    pub is_denied: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_reads_as_it_is_written_and_nothing_else_does() {
        for text in [
            "https://relay.example",
            "https://relay.example:8443",
            "https://192.0.2.1:8443?quic=7843",
            "https://[2001:db8::1]:8443",
        ] {
            assert_eq!(text.parse::<Relay>().unwrap().to_string(), text);
        }
        let slash: Relay = "https://relay.example/".parse().unwrap();
        assert_eq!(slash.to_string(), "https://relay.example");
        for text in [
            "",
            "relay.example",
            "http://relay.example",
            "https://",
            "https://relay.example/path",
            "https://relay.example?quic=",
            "https://relay.example?quic=0",
            "https://relay.example?quic=70000",
            "https://relay.example?token=1",
            "https://who@relay.example",
            "https://relay.example#1",
        ] {
            assert_eq!(text.parse::<Relay>(), Err(NoRelay), "{text}");
        }
        let long = format!("https://{}.example", "a".repeat(RELAY_URL_MAX));
        assert_eq!(long.parse::<Relay>(), Err(NoRelay));
    }

    #[test]
    fn the_public_relays_are_those_of_iroh_and_nobody_else_is_one() {
        let of_iroh = RelayMode::Default.relay_map();
        let of_iroh = of_iroh.urls::<Vec<_>>().into_iter();
        let mut hosts: Vec<String> = of_iroh
            .filter_map(|url| Some(url.host_str()?.trim_end_matches('.').to_owned()))
            .collect();
        let mut ours: Vec<String> = public_relays().iter().map(Relay::host).collect();
        hosts.sort();
        ours.sort();
        assert_eq!(ours, hosts);
        assert!(Relays::new(public_relays()).unwrap().has_public());
        let own: Relay = "https://relay.example".parse().unwrap();
        assert!(!Relays::new(vec![own]).unwrap().has_public());
    }

    #[test]
    fn only_relays_that_are_named_are_used() {
        let relays = Relays::new(vec!["https://relay.example".parse().unwrap()]).unwrap();
        assert!(relays.usable("https://relay.example").is_some());
        assert!(relays.usable("https://relay.example/").is_some());
        assert!(relays.usable("https://other.example").is_none());
        assert!(relays.usable("https://relay.example:444").is_none());
        assert!(Relays::default().usable("https://relay.example").is_none());
        let many = vec!["https://relay.example".parse().unwrap(); RELAYS_MAX + 1];
        assert_eq!(Relays::new(many).unwrap_err(), TooManyRelays);
        assert!(Relays::default().trusting(b"nothing").is_err());
    }
}

//! The relay: two people without a direct way to each other, and a relay of their own between them.
//!
//! Everything is on loopback. One daemon listens on IPv4 alone and the other on IPv6 alone, so that none of
//! their packets reaches the other directly.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use chinwag_api::method::Sent;
use chinwag_api::model::{ConnectOutcome, Failure, MessageState, Peer, Status, Why};
use harness::home::{Home, until_so};
use harness::pipes::Piped;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

const V4: &str = "127.0.0.1:0";
const V6: &str = "[::1]:0";

/// A relay that runs.
struct Relay {
    runs: Piped,
    folder: TempDir,
    https: String,
    quic: String,
}

impl Relay {
    #[track_caller]
    fn starts(more: &[&str]) -> Self {
        Self::starts_in(TempDir::new().unwrap(), V4, V4, more)
    }

    #[track_caller]
    fn starts_in(folder: TempDir, https: &str, quic: &str, more: &[&str]) -> Self {
        let kept = folder.path().join("kept").to_str().unwrap().to_owned();
        let mut args = vec!["relay", "--own", "127.0.0.1", "--folder", &kept, "--http", V4];
        args.extend(["--https", https, "--quic", quic, "--json"]);
        args.extend(more);
        let runs = Piped::chinwag(&args);
        let said: Value = serde_json::from_str(&runs.line()).unwrap();
        let of = |name: &str| said[name].as_str().unwrap().to_owned();
        Self { https: of("https"), quic: of("quic"), runs, folder }
    }

    /// As others name it.
    fn name(&self) -> String {
        format!("https://{}", self.https)
    }

    /// A config that names it.
    #[track_caller]
    fn config_of(&self, home: &Home) -> String {
        let port = self.quic.rsplit(':').next().unwrap();
        let certificate = self.folder.path().join("kept/relay.pem");
        let text = format!(
            "relays = [\"{}?quic={port}\"]\nrelay_certificates = \"{}\"\n",
            self.name(),
            certificate.display()
        );
        let path = home.path("config.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The daemon of somebody who uses it, and is there.
    #[track_caller]
    fn daemon(&self, home: &Home, listens: &str) -> Piped {
        let config = self.config_of(home);
        let daemon = home.starts(&["daemon", "--bind", listens, "--config", &config]);
        daemon.until_error("the daemon runs");
        until_so("it is at the relay", || is_at_relay(home));
        daemon
    }
}

#[track_caller]
fn is_at_relay(home: &Home) -> bool {
    home.asks::<Status>(&["status"]).relays.iter().any(|relay| relay.is_home && relay.connected)
}

#[track_caller]
fn way_to(home: &Home, name: &str) -> Option<(String, String)> {
    let peers: Vec<Peer> = home.asks(&["peers"]);
    let peer = peers.into_iter().find(|peer| peer.name == name)?;
    peer.path.map(|path| (path.kind, path.address))
}

#[track_caller]
fn failure_of(home: &Home, message: &str) -> Option<Failure> {
    let why: Why = home.asks(&["why", message]);
    why.devices.into_iter().find_map(|device| device.failures.into_iter().next())
}

/// Ana and Bob, contacts without a direct way to each other.
#[track_caller]
fn two_by(relay: &Relay) -> (Home, Home, [Piped; 2]) {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let daemons = [relay.daemon(&ana, V4), relay.daemon(&bob, V6)];
    let ticket = ana.does(&["invite"]);
    bob.does(&["add", ticket.trim(), "--timeout", "30"]);
    (ana, bob, daemons)
}

#[test]
fn two_people_without_a_direct_way_talk_by_their_relay_and_are_told_so() {
    let relay = Relay::starts(&[]);
    let (ana, bob, _daemons) = two_by(&relay);
    let sent: Sent = bob.asks(&["send", "Ana", "by the relay", "--wait", "delivered"]);
    assert_eq!(sent.state, MessageState::Delivered);
    assert!(ana.does(&["history", "Bob"]).contains("by the relay"));

    assert_eq!(way_to(&ana, "Bob"), Some(("relay".to_owned(), relay.name())));
    assert!(ana.does(&["peers"]).contains(&format!("relay {}", relay.name())));
    let status = ana.does(&["status"]);
    assert!(
        status.contains(&format!("{}, connected: others find us there", relay.name())),
        "{status}"
    );
}

#[test]
fn what_was_sent_while_the_relay_was_away_arrives_when_it_is_back() {
    let relay = Relay::starts(&[]);
    let (ana, bob, _daemons) = two_by(&relay);
    let name = relay.name();
    let Relay { runs, folder, https, quic } = relay;
    runs.signal(Signal::TERM);
    assert_eq!(runs.ends().code, 143);
    until_so("the connection is noticed to be gone", || way_to(&bob, "Ana").is_none());

    let sent: Sent = bob.asks(&["send", "Ana", "while it is away"]);
    bob.runs(&["connect", "Ana", "--timeout", "20"]);
    until_so("the cause is told", || {
        failure_of(&bob, &sent.id).is_some_and(|failure| failure.reason == "relayAway")
    });
    let told = bob.does(&["why", &sent.id]);
    assert!(told.contains(&format!("the relay {name} can't be reached")), "{told}");

    let _again = Relay::starts_in(folder, &https, &quic, &[]);
    until_so("it arrives", || ana.does(&["history", "Bob"]).contains("while it is away"));
}

#[test]
fn a_ticket_with_a_relay_that_is_not_in_use_says_which_one_would_lead_there() {
    let relay = Relay::starts(&[]);
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let _daemon = relay.daemon(&ana, V6);
    let ticket = ana.does(&["invite"]);
    bob.does(&["add", ticket.trim(), "--timeout", "1"]);
    let ended = bob.runs(&["connect", "--timeout", "20", "--json"]);
    let outcomes: Vec<ConnectOutcome> = serde_json::from_str(&ended.output).unwrap();
    let failure = outcomes[0].failure.as_ref().unwrap();
    assert_eq!(failure.reason, "relayNotInUse", "{failure:?}");
    let words =
        format!("at the relay {}, which is not among the relays in the config", relay.name());
    assert!(failure.text.contains(&words), "{failure:?}");
}

#[test]
fn a_relay_is_told_what_is_wrong_with_what_it_was_given() {
    let none = harness::pipes::run(&["relay"]);
    assert_eq!(none.code, 2);
    assert!(none.error.contains("--own NAME"), "{none:?}");
    let missing = ["relay", "--certificate", "no.pem", "--key", "no.key", "--https", V4];
    let missing = harness::pipes::run(&missing);
    assert_eq!(missing.code, 3);
    assert!(missing.error.contains("no.pem"), "{missing:?}");

    let strange = harness::pipes::run(&["relay", "--own", "no name!", "--https", V4]);
    assert_eq!(strange.code, 2, "{strange:?}");
    assert!(strange.error.contains("is no host name"), "{strange:?}");

    let taken = std::net::TcpListener::bind(V4).unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let folder = TempDir::new().unwrap();
    let folder = folder.path().to_str().unwrap();
    let args = ["relay", "--own", "127.0.0.1", "--folder", folder, "--http", V4, "--quic", V4];
    let taken = harness::pipes::run(&[&args[..], &["--https", &at]].concat());
    assert_eq!(taken.code, 8, "{taken:?}");
}

#[test]
fn a_relay_that_waits_for_its_certificate_is_there() {
    let folder = TempDir::new().unwrap();
    // Nobody is there: the authority is asked again later.
    let authority = "https://127.0.0.1:1/directory";
    let mut args = vec!["relay", "--acme", "relay.example", "--contact", "me@mail.example"];
    args.extend(["--acme-directory", authority, "--folder", folder.path().to_str().unwrap()]);
    args.extend(["--https", V4, "--http", V4, "--quic", V4, "--json"]);
    let relay = Piped::chinwag(&args);
    let said: Value = serde_json::from_str(&relay.line()).unwrap();
    let https = said["https"].as_str().unwrap();
    assert!(std::net::TcpStream::connect(https).is_ok());
    relay.signal(Signal::TERM);
    assert_eq!(relay.ends().code, 143);
}

#[test]
fn a_config_says_which_relays_there_may_be() {
    let home = Home::empty();
    let path = home.path("config.toml");
    std::fs::write(&path, "relays = [\"http://relay.example\"]\n").unwrap();
    let ended = home.runs(&["config", "check", "--config", &path]);
    assert_eq!(ended.code, 2);
    assert!(ended.output.contains("line 1") || ended.error.contains("line 1"), "{ended:?}");
    std::fs::write(&path, "relays = [\"https://relay.example\"]\n").unwrap();
    home.does(&["config", "check", "--config", &path]);
    let shown = home.does(&["config", "show", "--config", &path]);
    assert!(shown.contains("relays = [\"https://relay.example\"]"), "{shown}");
}

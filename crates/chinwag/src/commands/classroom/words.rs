//! How the classroom's events and outcomes are said: to a person as lines, to a program as JSON.
//! Whatever a peer wrote is made safe here (`output`).

use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

use chinwag_classroom::{Claim, Delivery, Ending, Heard, Incoming, Peer, Peers, SendError};
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use crate::output::{self, GUTTER};

/// Characters of a team name that are shown.
const TEAM_SHOWN: usize = 40;

/// Said once, where somebody chooses the classroom.
pub(super) const NOT_PRIVATE: &str = "The classroom is not private: everything is plain text, and anybody\n\
    on the network can read, change or forge it.";

/// The addresses by which this machine is known, to tell what comes from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    /// The one that we announce.
    pub(super) announced: IpAddr,
    /// That of the default route, if there is one.
    pub(super) default_route: Option<IpAddr>,
}

impl Own {
    fn is_here(self, ip: IpAddr) -> bool {
        ip.is_loopback() || ip == self.announced || Some(ip) == self.default_route
    }
}

/// What is said when something was heard.
pub(super) fn heard(incoming: &Incoming, own: Own) -> String {
    let time = clock_time(incoming.at);
    let who = |peer: &Claim| who(peer, incoming.origin.ip(), own);
    match &incoming.heard {
        Heard::Message { peer, text, ending, .. } => {
            let text = if text.is_empty() { "(no text)" } else { text };
            format!("[{time}] {}: {}{}", who(peer), output::lines(text, GUTTER), how(*ending))
        }
        Heard::Connect { peer, .. } => format!("[{time}] {} connected", who(peer)),
        Heard::Exit { peer, .. } => format!("[{time}] {} left", who(peer)),
        Heard::Unfitting { text, ending } => format!(
            "[{time}] {} sent what is no classroom message: {}{}",
            incoming.origin,
            output::lines(text, GUTTER),
            how(*ending)
        ),
    }
}

/// The same as one JSON object.
pub(super) fn heard_json(incoming: &Incoming) -> Value {
    let mut event = json!({ "time": rfc3339(incoming.at), "origin": incoming.origin.to_string() });
    let mut put = |name: &str, value: Value| event[name] = value;
    match &incoming.heard {
        Heard::Message { peer, dialect, text, ending } => {
            put("kind", "message".into());
            put("from", peer.address.to_string().into());
            put("team", peer.team.as_str().into());
            put("text", text.as_str().into());
            put("dialect", dialect.name().into());
            put("ending", ending_name(*ending).into());
        }
        Heard::Connect { peer, dialect } | Heard::Exit { peer, dialect } => {
            let is_connect = matches!(incoming.heard, Heard::Connect { .. });
            put("kind", if is_connect { "connect" } else { "exit" }.into());
            put("from", peer.address.to_string().into());
            put("team", peer.team.as_str().into());
            put("dialect", dialect.name().into());
        }
        Heard::Unfitting { text, ending } => {
            put("kind", "unfitting".into());
            put("text", text.as_str().into());
            put("ending", ending_name(*ending).into());
        }
    }
    event
}

/// The list of who was heard.
pub(super) fn peers(peers: &Peers, now: SystemTime, own: Own) -> String {
    if peers.is_empty() {
        return "No connected peers yet: nobody has sent us anything.".to_owned();
    }
    let rows: Vec<_> = peers.iter().map(|(a, p)| (claimed(a, p.origin, own), p)).collect();
    let width = rows.iter().map(|(address, _)| address.len()).max().unwrap_or_default();
    let mut lines = vec![format!("Connected peers: {}", peers.len())];
    for (n, (address, peer)) in rows.into_iter().enumerate() {
        let ago = ago(now, peer.heard);
        lines.push(format!("{:>3}. {address:<width$}  {}  heard {ago}", n + 1, team(&peer.team)));
    }
    lines.join("\n")
}

/// A peer in a report: address and team.
pub(super) fn peer(address: SocketAddr, peer: &Peer, own: Own) -> String {
    let address = claimed(address, peer.origin, own);
    if peer.team.is_empty() { address } else { format!("{address} {}", team(&peer.team)) }
}

/// How sending a message went.
pub(super) fn sent(to: &str, result: &Result<Delivery, SendError>) -> String {
    match result {
        Ok(Delivery::Taken) => format!("Sent to {to}: it arrived."),
        Ok(Delivery::Unconfirmed) => {
            format!("Sent to {to}: nothing says whether it was read, the connection is still open.")
        }
        Err(error) => format!("Not sent to {to}: {}.", reason(error)),
    }
}

/// How connecting went.
pub(super) fn connected(to: &str, result: &Result<Delivery, SendError>) -> String {
    match result {
        Ok(Delivery::Taken) => format!("  {to}: connected"),
        Ok(Delivery::Unconfirmed) => format!("  {to}: told, but it did not say that it heard"),
        Err(error) => format!("  {to}: {}", reason(error)),
    }
}

/// An error and its causes in one line.
pub(super) fn reason(error: &SendError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    output::one_line(&text)
}

fn who(peer: &Claim, origin: IpAddr, own: Own) -> String {
    format!("{} ({})", team(&peer.team), claimed(peer.address, origin, own))
}

/// An address as its peer claims it; where it came from too, if that is somewhere else.
fn claimed(address: SocketAddr, origin: IpAddr, own: Own) -> String {
    let ip = address.ip();
    let is_its_own = ip == origin || (own.is_here(ip) && own.is_here(origin));
    let shown = match address.port() {
        0 => format!("{ip}, not listening"),
        _ => address.to_string(),
    };
    if is_its_own || ip.is_unspecified() {
        shown
    } else {
        format!("says it is {shown}; came from {origin}")
    }
}

fn team(team: &str) -> String {
    if team.is_empty() { "(no team name)".to_owned() } else { output::name(team, TEAM_SHOWN) }
}

fn how(ending: Ending) -> &'static str {
    match ending {
        Ending::Whole => "",
        Ending::Continues => " (goes on below)",
        Ending::BrokeOff => " (broke off here)",
    }
}

fn ending_name(ending: Ending) -> &'static str {
    match ending {
        Ending::Whole => "whole",
        Ending::Continues => "continues",
        Ending::BrokeOff => "brokeOff",
    }
}

fn ago(now: SystemTime, then: SystemTime) -> String {
    let time = clock_time(then);
    match now.duration_since(then).map(|d| d.as_secs()) {
        Ok(0) | Err(_) => format!("just now ({time})"),
        Ok(s @ 1..=119) => format!("{s} s ago ({time})"),
        Ok(s @ 120..=7199) => format!("{} min ago ({time})", s / 60),
        Ok(s) => format!("{} h ago ({time})", s / 3600),
    }
}

/// The time of day here.
fn clock_time(at: SystemTime) -> String {
    Zoned::try_from(at)
        .map_or_else(|_| "--:--:--".to_owned(), |z| z.strftime("%H:%M:%S").to_string())
}

/// RFC 3339 in UTC, with milliseconds.
pub(super) fn rfc3339(at: SystemTime) -> String {
    let timestamp = Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{timestamp:.3}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chinwag_classroom::Dialect;

    use super::*;

    fn incoming(origin: &str, heard: Heard) -> Incoming {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        Incoming { origin: origin.parse().unwrap(), at, heard }
    }

    fn message(address: &str, team: &str, text: &str) -> Heard {
        let peer = Claim { address: address.parse().unwrap(), team: team.into() };
        let text = text.into();
        Heard::Message { peer, dialect: Dialect::Plain, text, ending: Ending::Whole }
    }

    fn own() -> Own {
        Own { announced: "10.0.0.5".parse().unwrap(), default_route: None }
    }

    #[test]
    fn a_message_names_its_team_and_address() {
        let line = heard(&incoming("10.0.0.7:51000", message("10.0.0.7:4001", "red", "hi")), own());
        assert!(line.ends_with("] red (10.0.0.7:4001): hi"), "{line}");
    }

    #[test]
    fn a_claimed_address_that_is_not_the_connections_is_shown_as_claimed() {
        let line = heard(&incoming("10.0.0.9:51000", message("10.0.0.7:4001", "red", "hi")), own());
        assert!(line.contains("red (says it is 10.0.0.7:4001; came from 10.0.0.9): hi"), "{line}");
        let here =
            heard(&incoming("127.0.0.1:51000", message("10.0.0.5:4001", "red", "hi")), own());
        assert!(here.contains("red (10.0.0.5:4001): hi"), "{here}");
    }

    #[test]
    fn what_a_peer_writes_can_neither_steer_the_terminal_nor_pass_for_ours() {
        let attack = message("10.0.0.7:4001", "r\u{1b}[31m", "hi\n[12:00:00] boss (…): \u{1b}[2J");
        let line = heard(&incoming("10.0.0.7:51000", attack), own());
        assert!(!line.contains('\u{1b}'));
        assert!(line.contains("\n    | [12:00:00] boss"), "{line}");
    }

    #[test]
    fn an_event_for_a_program_has_the_text_as_it_came() {
        let event =
            heard_json(&incoming("10.0.0.7:51000", message("10.0.0.7:4001", "red", "h\u{1b}i")));
        let expected = json!({
            "kind": "message", "time": "2023-11-14T22:13:20.123Z", "origin": "10.0.0.7:51000",
            "from": "10.0.0.7:4001", "team": "red", "text": "h\u{1b}i", "dialect": "plain",
            "ending": "whole",
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn the_list_says_who_and_when() {
        let mut list = Peers::new();
        let now = SystemTime::now();
        assert!(peers(&list, now, own()).contains("nobody has sent us anything"));
        let claim = Claim { address: "10.0.0.7:4001".parse().unwrap(), team: "red".into() };
        let then = now - Duration::from_secs(3);
        list.hear(&claim, Dialect::Plain, "10.0.0.7".parse().unwrap(), then);
        let shown = peers(&list, now, own());
        assert!(shown.starts_with("Connected peers: 1\n  1. 10.0.0.7:4001  red  heard 3 s ago"));
    }
}

//! What the facts mean, and how it is said. Pure: facts go in, findings come out.
//!
//! Only what can be known is said: where two causes look the same, both are named, and what nobody could tell
//! is `NotKnown`. Wrong is what somebody should do something about; what merely explains something, like a
//! router that makes direct ways rare, is notable.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::model::{Finding, Verdict};
use chinwag_core::time::Wall;
use chinwag_net::{ExaminedRelay, OverUdp, RelayFault, RelayState, UdpFault};

use super::facts::{Clock, Contact, Facts, Folder, Lock, Net, Node, Runs};
use crate::{refusals, time};

/// With less than so many bytes free, something may soon not be kept.
const ROOM_LITTLE: u64 = 100 * 1_024 * 1_024;

/// With less than that nothing can be kept: the database has to grow by a few pages.
const ROOM_NONE: u64 = 1_024 * 1_024;

/// A disk that takes so long until something is safe is slow: each message waits for it.
const SYNC_SLOW: Duration = Duration::from_millis(100);

/// By so many milliseconds clocks may differ, and nobody notices.
const SKEW_SMALL: i64 = 30_000;

/// From there on certificates that were just made or are about to end are taken for invalid.
const SKEW_LARGE: i64 = 300_000;

/// A clock that is set by less was put right by the system, as it does all the time.
const SET_SMALL: i64 = 10_000;

/// Before this nobody had this program: the first day of 2026.
const EARLIEST: Wall = Wall::new(1_767_225_600_000);

/// Contacts who are not reached and named. The others are counted.
const CONTACTS_NAMED: usize = 20;

/// All of them, those first that others depend on.
pub(super) fn of(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![node(facts)];
    findings.extend(store(facts));
    findings.push(disk(&facts.folder));
    if !matches!(facts.node, Node::Untouched) {
        findings.push(permissions(&facts.folder));
    }
    findings.push(lock(facts));
    findings.push(clock(&facts.clock));
    findings.extend(network(&facts.net));
    findings.extend(relays(facts));
    findings.push(local_network(facts));
    if let Node::Runs(runs) = &facts.node {
        findings.extend(contacts(runs, facts.clock.now));
        findings.extend(runs.troubles.iter().map(|text| problem(text)));
    }
    findings
}

fn fine(part: &str, condition: &str, text: impl Into<String>) -> Finding {
    finding(part, Verdict::Fine, condition, text.into())
}

fn not_known(part: &str, condition: &str, text: impl Into<String>) -> Finding {
    finding(part, Verdict::NotKnown, condition, text.into())
}

fn notable(part: &str, condition: &str, text: impl Into<String>) -> Finding {
    finding(part, Verdict::Notable, condition, text.into())
}

fn wrong(part: &str, condition: &str, text: impl Into<String>) -> Finding {
    finding(part, Verdict::Wrong, condition, text.into())
}

fn finding(part: &str, verdict: Verdict, condition: &str, text: String) -> Finding {
    let (part, condition) = (part.to_owned(), condition.to_owned());
    Finding { part, about: None, verdict, condition, text, help: None }
}

trait With {
    fn help(self, help: impl Into<String>) -> Self;
    fn about(self, about: &str) -> Self;
}

impl With for Finding {
    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    fn about(self, about: &str) -> Self {
        Self { about: Some(about.to_owned()), ..self }
    }
}

/// An error of ours as a finding.
fn failed(part: &str, condition: &str, error: &ApiError) -> Finding {
    let finding = wrong(part, condition, sentence(&error.message));
    match error.what_next() {
        Some(help) => finding.help(sentence(help)),
        None => finding,
    }
}

/// A fragment as a sentence.
fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if fragment.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

// The node, its store and its folder.

fn node(facts: &Facts) -> Finding {
    let folder = facts.folder.path.display();
    match &facts.node {
        Node::Untouched => notable("node", "noAccount", format!("Nothing is in {folder} yet."))
            .help("`chinwag init` makes an account there."),
        // The lock tells by whom.
        Node::Taken => {
            let text = "No node can be run while another process has the data folder.";
            not_known("node", "taken", text)
        }
        Node::Closed(error) => {
            let finding = failed("node", "passphrase", error);
            Finding { verdict: Verdict::NotKnown, ..finding }
        }
        Node::Refused(error) => failed("node", refused(error), error),
        Node::Runs(runs) if !runs.has_account => {
            notable("node", "noAccount", "There is no account here yet.")
                .help("`chinwag init` makes one.")
        }
        Node::Runs(runs) if runs.is_daemon => {
            fine("node", "daemon", format!("The daemon runs, process {}.", runs.process))
        }
        Node::Runs(_) => {
            fine("node", "forCommand", "No daemon runs; the node ran for this command.")
                .help("`chinwag daemon` keeps you reachable while nothing else of chinwag runs.")
        }
    }
}

/// Why no node can be run, in a word.
fn refused(error: &ApiError) -> &'static str {
    match error.kind() {
        Kind::Locked => "taken",
        Kind::Limit => "full",
        Kind::Refused => "notWritable",
        _ if refusals::is_damaged(&error.message) => "damaged",
        _ => "notOpened",
    }
}

fn store(facts: &Facts) -> Option<Finding> {
    let size = bytes(facts.folder.size);
    match &facts.node {
        Node::Untouched => None,
        Node::Taken | Node::Closed(_) | Node::Refused(_) => {
            let text = format!("The store of {size} was not opened.");
            Some(not_known("store", "notOpened", text))
        }
        Node::Runs(runs) => Some(match &runs.store {
            Ok(true) => fine("store", "whole", format!("The store of {size} is whole.")),
            Ok(false) => {
                let text =
                    format!("The store of {size} opens; it is too large to be read through.");
                fine("store", "opens", text)
            }
            Err(error) => failed("store", refused(error), error),
        }),
    }
}

fn disk(folder: &Folder) -> Finding {
    let place = folder.path.display();
    let room = folder.free.map_or_else(|| "room".to_owned(), bytes);
    match (&folder.written, folder.free) {
        (_, Some(free)) if free < ROOM_NONE => {
            wrong("disk", "full", format!("The disk is full: {room} are left where {place} is."))
                .help("Make room: what was confirmed is there, and nothing new can be kept.")
        }
        (Some(Err(why)), _) => {
            wrong("disk", "notWritable", format!("Nothing can be written in {place}: {why}."))
                .help("Permit it to yourself (chmod u+w), mount the disk for writing, or name another folder with --data-dir.")
        }
        (_, Some(free)) if free < ROOM_LITTLE => {
            notable("disk", "little", format!("Only {room} are left where {place} is."))
                .help("Make room before it is full.")
        }
        (Some(Ok(took)), _) if *took > SYNC_SLOW => {
            let text = format!("The disk is slow: {} until something is safe.", millis(*took));
            notable("disk", "slow", text).help(
                "Each message waits for it. A data folder on a disk of this machine is quicker: --data-dir.",
            )
        }
        (Some(Ok(took)), _) => {
            let text = format!("{room} are free; what is written is safe after {}.", millis(*took));
            fine("disk", "writable", text)
        }
        (None, _) => fine("disk", "room", format!("{room} are free.")),
    }
}

fn permissions(folder: &Folder) -> Finding {
    let place = folder.path.display();
    if folder.is_foreign {
        let text =
            format!("The data folder {place} is somebody else's: what is in it can't be seen.");
        return wrong("permissions", "notYours", text)
            .help("Run chinwag as its owner, or name a folder of your own with --data-dir.");
    }
    if folder.open_to_others.is_empty() {
        return fine("permissions", "private", "The data folder is for its owner alone.");
    }
    let named = |name: &String| match name.as_str() {
        "" => place.to_string(),
        name => format!("{place}/{name}"),
    };
    let places: Vec<String> = folder.open_to_others.iter().map(named).collect();
    let places = places.join(", ");
    wrong("permissions", "open", format!("Others on this machine may look into {places}."))
        .help("Take their permissions away: chmod -R go= and the folder.")
}

fn lock(facts: &Facts) -> Finding {
    let folder = &facts.folder;
    match (&facts.node, folder.lock) {
        (Node::Runs(_), _) => fine("lock", "ours", "The data folder is ours."),
        (_, Lock::Taken(process)) => {
            let who = process.map_or("Another process".to_owned(), |id| format!("Process {id}"));
            let ending = process.map_or("End it".to_owned(), |id| format!("End it (kill {id})"));
            wrong("lock", "taken", format!("{who} has the data folder, and does not answer."))
                .help(format!("{ending}, or wait until it has ended by itself."))
        }
        (_, Lock::Free) if folder.is_foreign => not_known(
            "lock",
            "notYours",
            "Who has the data folder can't be seen: it is somebody else's.",
        ),
        (_, Lock::Free) if folder.has_dead_socket => {
            notable("lock", "deadSocket", "A socket is left of a node that did not end by itself.")
                .help("Nothing has to be done: whoever runs next replaces it.")
        }
        (_, Lock::Free) => fine("lock", "free", "Nobody has the data folder."),
    }
}

// The clock.

fn clock(clock: &Clock) -> Finding {
    const SET_IT: &str =
        "Have the system set it (NTP): certificates and the times of messages rely on it.";
    if clock.now.get() < EARLIEST.get() {
        let text = format!("The clock says {}, which is in the past.", time::written(clock.now));
        return wrong("clock", "wrong", text).help(SET_IT);
    }
    // A single relay may be wrong itself: of several, the one that is nearest to us counts.
    let nearest = clock.skews.iter().min_by_key(|skew| skew.millis.abs());
    if let Some(skew) = nearest.filter(|skew| skew.millis.abs() >= SKEW_SMALL) {
        let way = if skew.millis > 0 { "fast" } else { "slow" };
        let text = format!("The clock is {} {way}, by that of {}.", span(skew.millis), skew.relay);
        let of = if skew.millis.abs() >= SKEW_LARGE { wrong } else { notable };
        return of("clock", way, text).help(SET_IT);
    }
    if let Some((since, by)) = clock.set_since.filter(|(_, by)| by.abs() >= SET_SMALL) {
        let way = if by > 0 { "forward" } else { "back" };
        let text = format!(
            "The clock was set {way} by {} since {}, while the node ran.",
            span(by),
            time::written(since)
        );
        return notable("clock", "set", text)
            .help("Times of messages from before are those of the clock of then.");
    }
    match nearest {
        Some(skew) => fine("clock", "right", format!("The clock is that of {}.", skew.relay)),
        None => {
            not_known("clock", "noneToCompare", "No relay was there to compare the clock with.")
        }
    }
}

// The network.

fn network(net: &Net) -> Vec<Finding> {
    let udp = udp(net);
    let is_open = udp.condition == "open";
    let mapping = mapping(net, is_open);
    let hairpin = hairpin(net, &mapping);
    let filtering = not_known(
        "filtering",
        "notExamined",
        "Who may answer from outside was not examined: that takes somebody there who was not asked before.",
    );
    vec![addresses(net), udp, mapping, filtering, hairpin]
}

fn addresses(net: &Net) -> Finding {
    if net.is_loopback_only {
        return notable("addresses", "loopbackOnly", "Chinwag listens on this machine alone.")
            .help("Leave --bind (or bind in the config) out, and it listens everywhere.");
    }
    let own = &net.examined.own;
    if own.is_empty() && net.is_on_local_network {
        let text = "This machine has a way into its local network alone.";
        return notable("addresses", "localOnly", text)
            .help("Whoever is elsewhere is not reached until it has a default route.");
    }
    if own.is_empty() {
        return wrong("addresses", "none", "This machine has no way to elsewhere.")
            .help("Connect it to a network.");
    }
    let named: Vec<String> = own.iter().map(ToString::to_string).collect();
    let named = named.join(" and ");
    let has_v4 = own.iter().any(IpAddr::is_ipv4);
    let has_v6 = own.iter().any(IpAddr::is_ipv6);
    match (has_v4, has_v6) {
        (true, true) => fine("addresses", "both", format!("This machine is {named}.")),
        (true, false) => {
            fine("addresses", "ipv4", format!("This machine is {named}; it has no way by IPv6."))
        }
        _ => fine("addresses", "ipv6", format!("This machine is {named}; it has no way by IPv4.")),
    }
}

/// What relays told over UDP: where they were asked, and from where they see us.
fn seen(net: &Net) -> Vec<(&OverUdp, SocketAddr)> {
    let udp = net.examined.relays.iter().flat_map(|relay| &relay.udp);
    udp.filter_map(|udp| Some((udp, *udp.seen.as_ref().ok()?))).collect()
}

fn gets_through(relay: &ExaminedRelay) -> bool {
    relay.udp.iter().any(|udp| matches!(udp.seen, Ok(_) | Err(UdpFault::Answered(_))))
}

fn udp(net: &Net) -> Finding {
    let relays = &net.examined.relays;
    if relays.is_empty() {
        let text = "Whether UDP gets out is not known: no relay is named that could tell.";
        return not_known("udp", "noRelay", text)
            .help("`relays` in the config names those that may be used (docs/relay.md).");
    }
    if relays.iter().any(gets_through) {
        return fine("udp", "open", "UDP gets out, and answers come back.");
    }
    if relays.iter().all(|relay| relay.tcp.is_err()) {
        let text = "Whether UDP gets out is not known: no relay was reached that could tell.";
        return not_known("udp", "relaysAway", text);
    }
    wrong("udp", "blocked", "UDP does not get out, or nothing comes back: relays answer over TCP alone.")
        .help(
            "A firewall here or in the network is in the way, or one in front of the relay: let UDP through, \
             to its port 7842 and to any others. Until then all goes by the relay.",
        )
}

/// Which port a device has outside (RFC 4787, section 4.1).
fn mapping(net: &Net, is_open: bool) -> Finding {
    let all = seen(net);
    let of = |is_v4: bool| all.iter().filter(move |(udp, _)| udp.at.is_ipv4() == is_v4);
    let mut seen: Vec<_> = of(true).collect();
    if seen.is_empty() {
        seen = of(false).collect();
    }
    // A relay on this machine, or in the same network, sees what no router has translated.
    let is_translated = |told: &&(&OverUdp, SocketAddr)| {
        !told.1.ip().is_loopback() && told.0.from != Some(told.1.ip())
    };
    if let Some((one, _)) = seen.iter().copied().find(is_translated) {
        seen.retain(|told| is_translated(told) && told.0.from == one.from);
    } else if seen.iter().any(|(_, outside)| !outside.ip().is_loopback()) {
        seen.retain(|(_, outside)| !outside.ip().is_loopback());
    }
    let Some((first, outside)) = seen.first() else {
        let text = if is_open {
            "Which address we have outside is not known: no relay told it."
        } else {
            "Which address we have outside is not known: no relay told it over UDP."
        };
        return not_known("mapping", "notTold", text);
    };
    if outside.ip().is_loopback() {
        let text = "Which address we have outside is not known: the relay is on this machine.";
        return not_known("mapping", "relayHere", text);
    }
    if first.from == Some(outside.ip()) {
        let text = format!(
            "No router translates: the relay sees us at {}, our own address.",
            outside.ip()
        );
        return fine("mapping", "none", text);
    }
    let asked: BTreeSet<SocketAddr> = seen.iter().map(|(udp, _)| udp.at).collect();
    let outsides: BTreeSet<SocketAddr> = seen.iter().map(|(_, seen)| *seen).collect();
    if asked.len() < 2 {
        let text = format!(
            "A router translates, and we are {outside} outside. Whether that is so for everybody is not known: \
             the relay told it at one port alone."
        );
        return not_known("mapping", "oneTold", text).help(
            "A second relay, or one that answers at the UDP port of its HTTPS as well, could tell \
             (`chinwag relay` with a certificate from files or of its own does).",
        );
    }
    if outsides.len() == 1 {
        let machines: BTreeSet<_> = asked.iter().map(SocketAddr::ip).collect();
        let to_whom =
            if machines.len() > 1 { "whomever we talk with" } else { "at each port of the relay" };
        let text = format!(
            "A router translates, and we are {outside} outside, {to_whom} (endpoint-independent mapping{}).",
            if machines.len() > 1 { "" } else { ", as far as one relay can tell" }
        );
        return fine("mapping", "endpointIndependent", text);
    }
    let differs_by_port = seen.iter().any(|(udp, one)| {
        seen.iter().any(|(other, another)| udp.at.ip() == other.at.ip() && one != another)
    });
    let (condition, words) = if differs_by_port {
        ("addressAndPortDependent", "address-and-port-dependent mapping")
    } else {
        ("addressDependent", "address-dependent mapping")
    };
    let text = format!(
        "A router translates, and we have another port outside for each whom we talk with ({words})."
    );
    notable("mapping", condition, text).help(
        "A direct way is found only to those who can be reached at a known address; to all others it goes by a \
         relay. A port that is forwarded in the router, and --bind with it, would help.",
    )
}

fn hairpin(net: &Net, mapping: &Finding) -> Finding {
    match net.examined.hairpin {
        Some(true) => {
            fine("hairpin", "works", "A packet to our own address outside comes back to us.")
        }
        Some(false) => fine(
            "hairpin",
            "missing",
            "A packet to our own address outside does not come back: two behind this router meet on the local \
             network.",
        ),
        None if mapping.condition == "none" => fine(
            "hairpin",
            "notNeeded",
            "No router translates, so nothing has to come back from it.",
        ),
        None => not_known(
            "hairpin",
            "notExamined",
            "Whether a packet to our own address outside comes back was not examined: no relay told that address.",
        ),
    }
}

// Relays.

fn relays(facts: &Facts) -> Vec<Finding> {
    if let Err(error) = &facts.net.relays {
        return vec![failed("relays", "notUsable", error)];
    }
    let homes = match &facts.node {
        Node::Runs(runs) => runs.homes.as_slice(),
        _ => &[],
    };
    let all = &facts.net.examined.relays;
    if all.is_empty() {
        let text = "No relay is in use: devices meet directly or not at all.";
        return vec![fine("relays", "none", text)];
    }
    // Where UDP is blocked for all, that is told once.
    let is_udp_open = all.iter().any(gets_through);
    let one = |relay: &ExaminedRelay| {
        let state = homes.iter().find(|home| home.url == relay.url);
        self::relay(relay, state, is_udp_open).about(&relay.url)
    };
    all.iter().map(one).collect()
}

fn relay(relay: &ExaminedRelay, state: Option<&RelayState>, is_udp_open: bool) -> Finding {
    let over_tcp = match &relay.tcp {
        Ok(over_tcp) => over_tcp,
        Err(fault) => return relay_fault(fault),
    };
    let reached = format!("Reached in {}", millis(over_tcp.round_trip));
    match state {
        Some(state) if state.is_denied => {
            let fault = state.fault.as_deref().unwrap_or("it does not let us in");
            return wrong("relay", "denied", format!("{reached}, but {fault}.")).help(
                "Whoever runs it has a list of devices: give them your device's id \
                 (`chinwag devices --verbose`).",
            );
        }
        Some(RelayState { is_connected: false, fault: Some(fault), .. }) => {
            return wrong("relay", "notConnected", format!("{reached}, but not entered: {fault}."))
                .help("It may be of another version, or full: ask whoever runs it.");
        }
        _ => {}
    }
    if is_udp_open && !gets_through(relay) {
        let text = format!("{reached}, but it does not answer over UDP.");
        return notable("relay", "noUdp", text)
            .help("Its UDP port 7842 (or the one behind ?quic=) has to be open, so that devices learn their address.");
    }
    match state {
        Some(RelayState { is_connected: true, since, .. }) => {
            let since = since.map(|since| for_how_long(since.elapsed())).unwrap_or_default();
            fine("relay", "home", format!("{reached}; others find us there{since}."))
        }
        _ => fine("relay", "reached", format!("{reached}.")),
    }
}

fn relay_fault(fault: &RelayFault) -> Finding {
    let (condition, help) = match fault {
        RelayFault::NoName(_) => {
            ("noName", "See whether its name is right in the config, and whether DNS works here.")
        }
        RelayFault::NoRoute(_) => {
            ("noRoute", "See whether this machine is connected, and whether the address is right.")
        }
        RelayFault::Closed => (
            "closed",
            "It does not run, or has another port: see whether the port in the config is right, or ask whoever runs it.",
        ),
        RelayFault::Silent => (
            "silent",
            "It is off, or a firewall is in between: see whether others reach it, or ask whoever runs it.",
        ),
        RelayFault::Untrusted => (
            "untrusted",
            "If it signed its own certificate, name a copy of its relay.pem as `relay_certificates` in the \
             config; if that is done, the copy is an old one. Otherwise somebody else answers in its place.",
        ),
        RelayFault::OtherName => (
            "otherName",
            "If you know that it is the right one, write its name in the config as it stands in its certificate. \
                 A page to log in, or somebody in between, has another name too.",
        ),
        RelayFault::Ended => {
            ("ended", "If the clock of this machine is right, whoever runs it has to renew it.")
        }
        RelayFault::NotYet => ("notYet", "See whether the clock of this machine is right."),
        RelayFault::Tls(_) => (
            "tls",
            "It has to speak TLS 1.3 with the key exchange X25519MLKEM768: `chinwag relay` does. See whether the \
             port is right.",
        ),
        RelayFault::NoRelay(_) => (
            "noRelay",
            "See whether its address and port are right; a login page of the network answers like this too.",
        ),
    };
    wrong("relay", condition, sentence(&fault.to_string())).help(help)
}

// People.

fn local_network(facts: &Facts) -> Finding {
    let part = "localNetwork";
    if !facts.net.lan {
        let text = "Nobody is looked for on the local network, and nothing is said there.";
        return fine(part, "off", text);
    }
    let runs = match &facts.node {
        Node::Runs(runs) => Some(&**runs),
        _ => None,
    };
    match runs {
        Some(Runs { lan_trouble: Some(trouble), .. }) => {
            wrong(part, "unavailable", sentence(trouble))
                .help("See whether another program has UDP port 5353 for itself, or switch it off: lan = false.")
        }
        Some(runs) if runs.has_account => {
            let devices = match runs.nearby {
                0 => "no device is seen".to_owned(),
                1 => "one device is seen".to_owned(),
                n => format!("{n} devices are seen"),
            };
            fine(part, "on", format!("We say on the local network that we are there; {devices}."))
        }
        _ => not_known(part, "notExamined", "Who is on the local network was not examined."),
    }
}

fn contacts(runs: &Runs, now: Wall) -> Vec<Finding> {
    let connected = runs.contacts.iter().filter(|contact| contact.is_connected).count();
    let all = runs.contacts.len();
    let text = match all {
        0 => "There are no contacts yet.".to_owned(),
        _ => format!("Connected with {connected} of {all} contacts."),
    };
    let away = runs.contacts.iter().filter(|contact| !contact.is_connected);
    let mut named: Vec<Finding> = away
        .filter_map(|contact| Some(not_reached(contact, contact.failed.as_ref()?, now)))
        .collect();
    let more = named.len().saturating_sub(CONTACTS_NAMED);
    named.truncate(CONTACTS_NAMED);
    let text = if more == 0 { text } else { format!("{text} {more} more are not reached.") };
    let condition = if connected == all { "all" } else { "some" };
    let of = if connected == 0 && all > 0 { notable } else { fine };
    named.insert(0, of("contacts", condition, text));
    named
}

fn not_reached(contact: &Contact, failed: &(&'static str, String), now: Wall) -> Finding {
    let (reason, why) = failed;
    let heard = match contact.heard {
        Some(at) => format!("last heard {} ago", time::ago(at, now)),
        None => "never heard yet".to_owned(),
    };
    let text = format!("Not reached, {heard}: {why}.");
    let finding = notable("contact", reason, text).about(&contact.name);
    match reason_help(reason) {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// What helps, where more than waiting does; docs/why.md has all of them.
fn reason_help(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "nobodyListens" => "Their daemon has to run; if it does, a new ticket has its port.",
        "nobodyAnswers" => "Their device is off or asleep, or a firewall is in between.",
        "noAddress" => "A new ticket of theirs, or the same local network.",
        "relayNotInUse" => "The same relay in the config of both.",
        "notAtRelay" => "They have to come back, or use the same relay.",
        "wrongDevice" | "ourselves" => "A new ticket of theirs.",
        "incompatible" => "The newer version for both.",
        "notWelcome" => "Ask them: they blocked us, or the ticket counts no more.",
        "ticketNotGood" => "Another ticket of a member who decides.",
        "notCertified" => "The clocks of both, and whether one device was taken off its account.",
        "cannotKeep" => "Room on their disk.",
        _ => return None,
    })
}

fn problem(text: &str) -> Finding {
    wrong("problem", "told", sentence(text))
}

// Numbers as people say them.

fn millis(duration: Duration) -> String {
    match duration.as_millis() {
        0 => "less than 1 ms".to_owned(),
        millis => format!("{millis} ms"),
    }
}

/// A span of time, whichever way, in two units at most.
fn span(millis: i64) -> String {
    let seconds = millis.unsigned_abs() / 1_000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A minute or more; less is no news.
fn for_how_long(passed: Duration) -> String {
    if passed < Duration::from_mins(1) {
        return String::new();
    }
    let millis = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
    format!(", for {} now", span(millis))
}

fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)];
    let unit = UNITS.iter().find(|(_, size)| bytes >= *size);
    unit.map_or_else(|| format!("{bytes} bytes"), |(name, size)| format!("{} {name}", bytes / size))
}

#[cfg(test)]
mod tests;

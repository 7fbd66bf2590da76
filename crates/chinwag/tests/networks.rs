//! Networks that the machine of the tests does not have: none at all, one with a default route,
//! and the campus network with its two static peers.
//!
//! What always holds: nothing leaves the machine. Each story runs in a network namespace of its
//! own, which has nothing but loopback; it makes sure of that itself. Where the system allows no
//! such namespace the story is skipped.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::process::Command;

use harness::peer::Ear;
use harness::pipes::Piped;
use harness::port::Port;
use harness::terminal::{Person, Terminal};

/// Set for the copy of this program that runs within the namespace.
const INSIDE: &str = "TESTS_ARE_IN_A_NETWORK_OF_THEIR_OWN";

/// Tells a story in a network namespace that these commands set up: `name` is that of the test.
fn in_a_network(name: &str, commands: &[&str], story: fn()) {
    if std::env::var_os(INSIDE).is_some() {
        assert_eq!(interfaces(), ["lo"], "this is somebody's real network");
        return story();
    }
    let commands = [&["ip link set lo up"], commands].concat().join(" && ");
    if !namespace(&commands).arg("true").output().is_ok_and(|done| done.status.success()) {
        return harness::skipped(name, "no network namespaces here (unshare -rn, ip)");
    }
    let mut inside = namespace(&commands);
    inside.arg(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture"]);
    let told = inside.env(INSIDE, "1").output().unwrap();
    let words = String::from_utf8_lossy(&told.stdout) + String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{words}");
    assert!(words.contains("1 passed"), "the story was told: {words}");
}

/// Runs what is added to it within a new namespace, after these commands.
fn namespace(commands: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "sh", "-c"]);
    command.arg(format!("{commands} && exec \"$@\"")).arg("sh");
    command
}

fn interfaces() -> Vec<String> {
    let table = std::fs::read_to_string("/proc/net/dev").unwrap();
    let names = table.lines().skip(2).filter_map(|line| line.split_once(':'));
    names.map(|(name, _)| name.trim().to_owned()).collect()
}

#[test]
fn the_preset_greets_the_static_peers_of_the_campus() {
    let commands = ["ip addr add 10.206.4.201/32 dev lo", "ip addr add 10.206.5.228/32 dev lo"];
    in_a_network("the_preset_greets_the_static_peers_of_the_campus", &commands, || {
        let peers = ["10.206.4.201:1255", "10.206.5.228:6555"];
        let ears = peers.map(|address| Ear::opens_at(address.parse().unwrap()));
        let ana = Person::joins_with("ana", &["--preset", "iit-indore"]);
        let address = ana.port.here();
        for (peer, ear) in peers.iter().zip(&ears) {
            assert_eq!(ear.hears(), format!("{address} ana connect"));
            ana.until_shows(&format!("Static peer {peer}: connected"));
        }
        ana.quits();
        for ear in &ears {
            assert_eq!(ear.hears(), format!("{address} ana exit"));
            assert!(!ear.heard_more());
        }
    });
}

#[test]
fn the_static_peers_of_the_campus_may_be_away() {
    // Nobody has the addresses, and nothing leads there.
    in_a_network("the_static_peers_of_the_campus_may_be_away", &[], || {
        let ana = Person::joins_with("ana", &["--preset", "iit-indore"]);
        ana.until_shows("Static peer 10.206.4.201:1255: it can't be reached");
        ana.until_shows_above("Static peer 10.206.5.228:6555: ", "Enter choice:");
        ana.quits();
    });
}

#[test]
fn without_a_network_programs_on_this_machine_still_talk() {
    in_a_network("without_a_network_programs_on_this_machine_still_talk", &[], || {
        let port = Port::free();
        let ana = Terminal::classroom(&["--team", "ana", "--port", &port.to_string()]);
        ana.until_shows("only programs on this machine can reach us");
        ana.until_shows(&format!("Server listening on {}...", port.here()));
        ana.until_last_line("Enter choice:");
        let bob = Person::joins("bob");
        bob.sends(&port, "are we alone?");
        ana.until_shows(&format!("{}: are we alone?", bob.as_seen()));
        ana.enters("3");
        ana.until_shows("Connected to 1 of 1.");
        bob.until_shows(&format!("ana ({}) connected", port.here()));
    });
}

#[test]
fn the_address_of_the_default_route_is_announced() {
    let commands = ["ip addr add 10.9.8.7/24 dev lo", "ip route add default dev lo src 10.9.8.7"];
    in_a_network("the_address_of_the_default_route_is_announced", &commands, || {
        let port = Port::free();
        let args = ["classroom", "--team", "ana", "--port", &port.to_string()];
        let ours = Piped::chinwag(&args);
        ours.until(&format!("Server listening on 10.9.8.7:{port}..."));
        ours.until("Enter choice: ");
        assert!(!ours.output().contains("No network"), "{}", ours.output());
        // And it can be reached there as well as on loopback.
        for address in ["10.9.8.7", "127.0.0.1"] {
            let to = format!("{address}:{port}");
            let sent = harness::pipes::run(&["classroom", "send", "--team", "bob", &to, "hello"]);
            assert_eq!(sent.code, 0, "{sent:?}");
            ours.until("bob (10.9.8.7, not listening): hello");
        }
    });
}

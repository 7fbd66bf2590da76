//! Whose relay may be used: what leaves a machine at the first start before it is said, and after each answer.
//!
//! Real programs in network namespaces, behind a router of the kernel, on a terminal where somebody is asked.
//! Every packet is looked at. The public relays are a relay of the lab's own under their names, which a name server
//! of the lab knows: nothing leaves this machine.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::process::Stdio;
use std::time::Duration;

use chinwag_api::client::Client;
use chinwag_api::method::{Nothing, SystemStatus};
use chinwag_daemon::public_relays;
use chinwag_lab::capture::{ARP, Capture, ICMP, Sighting, TCP, UDP};
use chinwag_lab::home::Home;
use chinwag_lab::names::{Names, Resolver};
use chinwag_lab::nat::{Internet, Nat, RELAY};
use chinwag_lab::relay::Relay;
use chinwag_lab::talk::{add, deliver, ticket, until_contact};
use chinwag_lab::terminal::Sitting;
use chinwag_lab::{PATIENCE, until};

/// How long is waited for what should not come: whatever else it would do at its beginning.
const WATCHED: Duration = Duration::from_secs(5);

/// The router of the one who is watched, towards them, and the name server.
const GATEWAY: &str = "192.168.1.1";

/// Where the other one is, inside and outside of their router.
const OTHER: [&str; 2] = ["192.168.2.10", "203.0.113.22"];

/// A machine at home, where nothing of ours was ever run.
struct Machine {
    internet: Internet,
    home: Home,
    capture: Capture,
}

impl Machine {
    fn at_home() -> Option<Self> {
        let internet = Internet::lay([Nat::EndpointIndependent; 2])?;
        let namespace = &internet.people()[0];
        let (home, capture) = (Home::in_namespace(namespace), Capture::in_namespace(namespace));
        Some(Self { internet, home, capture })
    }

    /// The first start at a terminal. Nothing leaves before the answer.
    async fn answers(&self, answer: &str) {
        let mut sitting = Sitting::at(self.home.command(&["init"]));
        sitting.until_shows("What should others call you?").await;
        sitting.enters("Ana");
        sitting.until_shows("[lan] ").await;
        tokio::time::sleep(WATCHED).await;
        let left = self.left();
        assert!(left.is_empty(), "before anything was chosen: {left:?}");
        sitting.enters(answer);
        sitting.until_shows("24 ").await;
        assert_eq!(sitting.process.ends_within(PATIENCE), Some(0), "{}", sitting.shown());
    }

    /// The first start of a script.
    fn runs(&self, args: &[&str]) {
        let mut command = self.home.command(&[&["init", "--name", "Ana"], args].concat());
        let ended = command.stderr(Stdio::piped()).output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }

    /// What a program has sent so far.
    fn left(&self) -> Vec<Sighting> {
        let all = self.capture.sightings().into_iter();
        all.filter(|seen| !seen.is_kernel() && !seen.stays_here()).collect()
    }

    /// Whether a question by mDNS has left, and asserts that nothing else has.
    fn assert_local(&self) {
        let left = self.left();
        assert!(left.iter().any(Sighting::is_mdns), "it sees what there is to see: {left:?}");
        assert!(left.iter().all(Sighting::is_mdns), "{left:?}");
    }

    /// Asserts that beside mDNS nobody was sent anything but these, and the router for them.
    fn assert_only_to(&self, allowed: &[&str]) {
        let allowed: BTreeSet<IpAddr> = allowed.iter().map(|to| to.parse().unwrap()).collect();
        // The router asks who has the address of the machine.
        let routers: [IpAddr; 2] = [GATEWAY, "192.168.1.10"].map(|at| at.parse().unwrap());
        for seen in self.left() {
            let is_router = seen.protocol == ARP && routers.contains(&seen.to);
            // By ICMP a kernel says that a program has ended.
            let is_sent = [UDP, TCP, ICMP].contains(&seen.protocol);
            // What comes is seen as well.
            let is_allowed = is_sent && (allowed.contains(&seen.to) || routers[1] == seen.to);
            assert!(seen.is_mdns() || is_router || is_allowed, "{seen:?}");
        }
    }

    /// Whether something went to this place.
    fn has_sent(&self, to: &str, port: u16, protocol: u16) -> bool {
        let to = to.parse().unwrap();
        self.left().contains(&Sighting { to, port, protocol })
    }
}

async fn until_at_relay(client: &Client) {
    until("a place at the relay", PATIENCE, async || {
        let status = client.call::<SystemStatus>(Nothing {}).await.unwrap();
        status.relays.iter().any(|relay| relay.is_home && relay.connected).then_some(())
    })
    .await;
}

/// The daemon of somebody who has no relay, for a while, and a ticket.
async fn stays_local(machine: &Machine) {
    let ana = machine.home.run().await;
    ticket(&ana.client).await;
    let is_asked = async || machine.left().iter().any(Sighting::is_mdns).then_some(());
    until("a question by mDNS", PATIENCE, is_asked).await;
    tokio::time::sleep(WATCHED).await;
    assert_eq!(ana.process.end(), 143);
    machine.assert_local();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_of_a_script_asks_the_local_network_and_nobody_else() {
    let Some(machine) = Machine::at_home() else { return };
    machine.runs(&[]);
    stays_local(&machine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_chose_no_relay_asks_the_local_network_and_nobody_else() {
    let Some(machine) = Machine::at_home() else { return };
    machine.answers("lan").await;
    stays_local(&machine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_without_an_account_sends_nothing() {
    let Some(machine) = Machine::at_home() else { return };
    let daemon = machine.home.run().await;
    tokio::time::sleep(WATCHED).await;
    assert_eq!(machine.left(), []);
    assert_eq!(daemon.process.end(), 143);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_chose_a_relay_of_their_own_sends_to_it_and_to_whom_they_met_by_it() {
    let Some(machine) = Machine::at_home() else { return };
    let relay = Relay::starts(&machine.internet).await;
    machine.home.configure(&relay.trusted());
    machine.answers(&format!("https://{RELAY}")).await;
    let ana = machine.home.run().await;
    until_at_relay(&ana.client).await;
    machine.assert_only_to(&[RELAY]);
    let home = relay.user(&machine.internet.people()[1]);
    let (bob, _) = home.begin("Bob").await;
    until_at_relay(&bob.client).await;
    add(&bob.client, &ticket(&ana.client).await).await;
    until_contact(&bob.client, "Ana").await;
    until_contact(&ana.client, "Bob").await;
    deliver(&ana.client, "Bob", "by our relay").await;
    tokio::time::sleep(WATCHED).await;
    assert_eq!(ana.process.end(), 143);
    assert!(machine.has_sent(RELAY, 443, TCP), "{:?}", machine.left());
    machine.assert_only_to(&[RELAY, OTHER[0], OTHER[1]]);
}

fn public_names() -> Vec<String> {
    public_relays().iter().map(chinwag_daemon::Relay::host).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_chose_the_public_relays_asks_for_their_names_and_sends_to_where_these_lead() {
    let Some(machine) = Machine::at_home() else { return };
    let _resolver = Resolver::of(&machine.internet.people()[0], RELAY);
    let names = public_names();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let server = Names::in_namespace(&machine.internet.relay(), &known, RELAY.parse().unwrap());
    let own: Vec<&str> = known.iter().flat_map(|&name| ["--own", name]).collect();
    let relay = Relay::starts_with(&machine.internet, &own).await;
    machine.home.configure(&relay.trusted());
    machine.answers("public").await;
    let ana = machine.home.run().await;
    until_at_relay(&ana.client).await;
    let all: BTreeSet<String> = names.into_iter().collect();
    let is_asked = async || (server.asked() == all).then_some(());
    until("a question for each of them", PATIENCE, is_asked).await;
    tokio::time::sleep(WATCHED).await;
    assert_eq!(ana.process.end(), 143);
    assert_eq!(server.asked(), all, "no other name is asked for");
    assert!(machine.has_sent(RELAY, 53, UDP) && machine.has_sent(RELAY, 443, TCP));
    machine.assert_only_to(&[RELAY]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_name_server_does_not_answer_no_other_one_is_asked() {
    let Some(machine) = Machine::at_home() else { return };
    let _resolver = Resolver::of(&machine.internet.people()[0], RELAY);
    machine.runs(&["--relay", "public"]);
    let ana = machine.home.run().await;
    let is_asked = async || machine.has_sent(RELAY, 53, UDP).then_some(());
    until("a question for a name", PATIENCE, is_asked).await;
    tokio::time::sleep(WATCHED).await;
    assert_eq!(ana.process.end(), 143);
    machine.assert_only_to(&[RELAY]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_no_name_server_nobody_is_asked() {
    let Some(machine) = Machine::at_home() else { return };
    let _resolver = Resolver::none(&machine.internet.people()[0]);
    machine.runs(&["--relay", "public"]);
    stays_local(&machine).await;
}

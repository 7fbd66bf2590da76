//! Whether two people reach each other, and how, whatever is between them and the internet.
//!
//! Real daemons and a real relay in network namespaces, behind routers of the kernel. The stories assert what
//! must be so; how long each took is written as a table where `CHINWAG_REACH_TABLES` names a folder (`cargo
//! xtask lab` does).

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chinwag_api::client::Client;
use chinwag_api::method::{NearbyList, Nothing, SystemStatus};
use chinwag_lab::cable::Cable;
use chinwag_lab::home::{Home, Running};
use chinwag_lab::nat::{Internet, Nat};
use chinwag_lab::relay::Relay;
use chinwag_lab::talk::{add, deliver, peers, say, ticket, until_agreed, until_contact};
use chinwag_lab::{PATIENCE, until};

async fn until_at_relay(client: &Client) {
    until("a place at the relay", PATIENCE, async || {
        let status = client.call::<SystemStatus>(Nothing {}).await.unwrap();
        status.relays.iter().any(|relay| relay.is_home && relay.connected).then_some(())
    })
    .await;
}

/// By which kind of way the connected devices are reached.
async fn way(client: &Client) -> Option<String> {
    peers(client).await.into_iter().find_map(|peer| peer.path).map(|path| path.kind)
}

/// Two who use the relay, and do not know each other yet.
struct Two {
    internet: Internet,
    relay: Relay,
    _homes: [Home; 2],
    ana: Running,
    bob: Running,
}

impl Two {
    async fn behind(nats: [Nat; 2]) -> Option<Self> {
        let internet = Internet::lay(nats)?;
        let relay = Relay::starts(&internet).await;
        let homes = internet.people().map(|namespace| relay.user(&namespace));
        let (ana, _) = homes[0].begin("Ana").await;
        let (bob, _) = homes[1].begin("Bob").await;
        until_at_relay(&ana.client).await;
        until_at_relay(&bob.client).await;
        Some(Self { internet, relay, _homes: homes, ana, bob })
    }

    async fn meet(&self) {
        add(&self.bob.client, &ticket(&self.ana.client).await).await;
        until_contact(&self.ana.client, "Bob").await;
        until_contact(&self.bob.client, "Ana").await;
    }
}

/// How long is waited for a direct way where there should be none.
const DIRECT_WITHIN: Duration = Duration::from_secs(5);

/// How a pair got on.
struct Outcome {
    nats: [Nat; 2],
    /// From the ticket to a message that is delivered.
    first: Duration,
    /// From the same moment to the direct way; none: there was none after five seconds more.
    direct: Option<Duration>,
}

async fn tried(nats: [Nat; 2]) -> Option<Outcome> {
    let two = Two::behind(nats).await?;
    let line = ticket(&two.ana.client).await;
    let begin = Instant::now();
    add(&two.bob.client, &line).await;
    until_contact(&two.bob.client, "Ana").await;
    deliver(&two.bob.client, "Ana", "hello").await;
    let first = begin.elapsed();
    let within = if is_direct(nats) { PATIENCE } else { DIRECT_WITHIN };
    let mut direct = None;
    while direct.is_none() && begin.elapsed() < first + within {
        if way(&two.bob.client).await.as_deref() == Some("direct") {
            direct = Some(begin.elapsed());
        } else {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    deliver(&two.ana.client, "Bob", "hello to you").await;
    until_agreed((&two.ana.client, "Ana"), (&two.bob.client, "Bob"), PATIENCE).await;
    Some(Outcome { nats, first, direct })
}

/// Whether there is a direct way that can be found: each has to be reachable at an address that the other
/// can know before it is used.
fn is_direct(nats: [Nat; 2]) -> bool {
    use Nat::{AddressAndPortDependent, EndpointIndependent, Open, UdpBlocked};
    match nats {
        [UdpBlocked, _] | [_, UdpBlocked] => false,
        [Open, _] | [_, Open] | [EndpointIndependent, EndpointIndependent] => true,
        [AddressAndPortDependent, _] | [_, AddressAndPortDependent] => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_reaches_everybody_and_directly_where_there_is_a_way() {
    let mut outcomes = Vec::new();
    for one in Nat::ALL {
        for other in Nat::ALL {
            let Some(outcome) = tried([one, other]).await else { return };
            outcomes.push(outcome);
        }
    }
    let table = table(&outcomes);
    if let Some(folder) = table_folder() {
        std::fs::write(folder.join("pairs.md"), &table).unwrap();
    }
    for outcome in &outcomes {
        assert_eq!(outcome.direct.is_some(), is_direct(outcome.nats), "{table}");
    }
}

/// Where the tables are to be written.
fn table_folder() -> Option<PathBuf> {
    std::env::var_os("CHINWAG_REACH_TABLES").map(PathBuf::from)
}

fn table(outcomes: &[Outcome]) -> String {
    let mut table =
        "| One | The other | First message delivered | Direct |\n|---|---|--:|--:|\n".to_owned();
    for Outcome { nats, first, direct } in outcomes {
        let [one, other] = nats.map(Nat::words);
        let seconds = |of: &Duration| format!("{:.2} s", of.as_secs_f64());
        let direct = direct.as_ref().map_or_else(|| "by the relay".to_owned(), seconds);
        writeln!(table, "| {one} | {other} | {} | {direct} |", seconds(first)).unwrap();
    }
    table
}

/// How long two on one network may take to see each other.
const NEAR_WITHIN: Duration = Duration::from_secs(3);

/// How often that is tried: chance has a part in it.
const NEAR_ROUNDS: usize = 10;

/// From the moment in which both programs are started until each lists the other: two machines, a cable, nothing
/// that was said to anybody, and no internet.
async fn near() -> Option<Duration> {
    let cable = Cable::lay()?;
    let homes = cable.ends().map(Home::in_namespace);
    for (home, name) in homes.iter().zip(["Ana", "Bob"]) {
        let made = home.command(&["init", "--name", name, "--quiet"]).status().unwrap();
        assert!(made.success());
    }
    let begin = Instant::now();
    let _processes = homes.each_ref().map(Home::start);
    let (ana, bob) = tokio::join!(homes[0].connect(), homes[1].connect());
    for (client, _) in [&ana, &bob] {
        until("the other one", PATIENCE, async || {
            let near = client.call::<NearbyList>(Nothing {}).await.unwrap();
            (near.len() == 1).then_some(())
        })
        .await;
    }
    Some(begin.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_on_one_network_see_each_other_within_three_seconds_of_their_start() {
    let mut taken = Vec::new();
    for _ in 0..NEAR_ROUNDS {
        let Some(near) = near().await else { return };
        taken.push(near);
    }
    taken.sort();
    let (median, slowest) = (taken[NEAR_ROUNDS / 2], taken[NEAR_ROUNDS - 1]);
    if let Some(folder) = table_folder() {
        let [median, slowest] = [median, slowest].map(|of| format!("{:.2} s", of.as_secs_f64()));
        let line = format!(
            "From both programs started to each listing the other under `nearby`, two machines with a cable between \
             them, nothing configured: {median}; the slowest of {NEAR_ROUNDS}: {slowest}.\n"
        );
        std::fs::write(folder.join("nearby.md"), line).unwrap();
    }
    assert!(slowest < NEAR_WITHIN, "{taken:?}");
}

/// How long it takes to notice that somebody is gone, where there is no other way.
const LOST: Duration = Duration::from_secs(10);

/// What is between two whose direct way is the only one that changes, and who has none.
const BOTH_AT_HOME: [Nat; 2] = [Nat::EndpointIndependent; 2];
const BY_RELAY: [Nat; 2] = [Nat::EndpointIndependent, Nat::AddressAndPortDependent];

/// What is said after something has changed arrives: how long that takes is measured.
async fn arrives(two: &Two, what: &str) -> Duration {
    let begin = Instant::now();
    deliver(&two.bob.client, "Ana", what).await;
    let taken = begin.elapsed();
    deliver(&two.ana.client, "Bob", "and back").await;
    taken
}

/// A line of the table of what changes under way, where one is wanted.
fn note(name: &str, what: &str, taken: Duration) {
    let Some(folder) = table_folder() else { return };
    let line = format!("| {what} | {:.2} s |\n", taken.as_secs_f64());
    std::fs::write(folder.join(format!("change-{name}.md")), line).unwrap();
}

/// How long a link is down: until it is noticed, or as long as the tables say.
fn outage() -> Duration {
    Duration::from_secs(if table_folder().is_some() { 60 } else { 0 })
}

async fn is_down_and_up(nats: [Nat; 2], name: &str, what: &str) {
    let Some(two) = Two::behind(nats).await else { return };
    two.meet().await;
    deliver(&two.bob.client, "Ana", "before").await;
    two.internet.link(0, nats[0], false);
    let down = Instant::now();
    let is_gone = async || way(&two.bob.client).await.is_none().then_some(());
    until("the link is noticed to be down", PATIENCE, is_gone).await;
    for n in 1..=20 {
        say(&two.bob.client, "Ana", &format!("from Bob {n}")).await;
        say(&two.ana.client, "Bob", &format!("from Ana {n}")).await;
    }
    tokio::time::sleep(outage().saturating_sub(down.elapsed())).await;
    two.internet.link(0, nats[0], true);
    let up = Instant::now();
    until_agreed((&two.ana.client, "Ana"), (&two.bob.client, "Bob"), PATIENCE).await;
    note(name, what, up.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_while_a_link_was_down_arrives_when_it_is_up() {
    is_down_and_up(BOTH_AT_HOME, "link", "a link is up again after a minute, direct before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_while_the_link_to_a_relay_was_down_arrives_when_it_is_up() {
    is_down_and_up(
        BY_RELAY,
        "link-relayed",
        "a link is up again after a minute, by the relay before",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_that_gets_another_address_interrupts_nobody_for_good() {
    let Some(two) = Two::behind(BOTH_AT_HOME).await else { return };
    two.meet().await;
    deliver(&two.bob.client, "Ana", "before").await;
    two.internet.moves(0, BOTH_AT_HOME[0]);
    let taken = arrives(&two, "after").await;
    assert!(taken < LOST, "the relay was used no sooner than where there is none: {taken:?}");
    note("router", "a router gets another address", taken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_talks_directly_does_not_notice_that_the_relay_is_gone() {
    let Some(mut two) = Two::behind(BOTH_AT_HOME).await else { return };
    two.meet().await;
    let is_direct = async || (way(&two.bob.client).await? == "direct").then_some(());
    until("a direct way", PATIENCE, is_direct).await;
    two.relay.process.kill();
    let taken = arrives(&two, "without a relay").await;
    note("relay-gone", "the relay is killed, direct before", taken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_talks_by_a_relay_goes_on_when_it_was_started_again() {
    let Some(mut two) = Two::behind(BY_RELAY).await else { return };
    two.meet().await;
    deliver(&two.bob.client, "Ana", "before").await;
    two.relay.process.kill();
    two.relay.starts_again();
    let taken = arrives(&two, "after").await;
    note("relay-again", "the relay is killed and started again, by it before", taken);
}

/// How long two who talk by a relay may have none when it ends, where both use another one too.
const NEXT_RELAY_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_talks_by_a_relay_that_ends_talks_by_the_other_one_within_ten_seconds() {
    let Some(internet) = Internet::lay([Nat::AddressAndPortDependent; 2]) else { return };
    let mut relays = [Relay::starts(&internet).await, Relay::starts_as_second(&internet).await];
    // So both have their home at the first.
    relays[1].process.kill();
    let homes = internet.people().map(|of| relays[0].user_of_both(&relays[1], &of));
    let (ana, _) = homes[0].begin("Ana").await;
    let (bob, _) = homes[1].begin("Bob").await;
    until_at_relay(&ana.client).await;
    until_at_relay(&bob.client).await;
    add(&bob.client, &ticket(&ana.client).await).await;
    until_contact(&ana.client, "Bob").await;
    until_contact(&bob.client, "Ana").await;
    deliver(&bob.client, "Ana", "before").await;
    assert_eq!(way(&bob.client).await.as_deref(), Some("relay"));
    relays[1].starts_again();
    // It takes connections.
    let second = relays[1].namespace().to_owned();
    until("the second relay", PATIENCE, async || is_listening(&second).then_some(())).await;
    relays[0].process.kill();
    let begin = Instant::now();
    deliver(&bob.client, "Ana", "after").await;
    let there = begin.elapsed();
    deliver(&ana.client, "Bob", "and back").await;
    let taken = begin.elapsed();
    note("relay-next", "the relay is killed, by it before, and both have another one", taken);
    assert!(taken < NEXT_RELAY_WITHIN, "{there:?}, and back {taken:?}");
}

/// Whether somebody takes connections by HTTPS in a namespace.
fn is_listening(namespace: &str) -> bool {
    let mut command = std::process::Command::new("ip");
    let sockets = command.args(["netns", "exec", namespace, "cat", "/proc/net/tcp"]).output();
    // Port 443 in hexadecimal digits, and the state in which one listens.
    let is_it = |line: &str| line.contains(":01BB ") && line.contains(" 0A ");
    String::from_utf8_lossy(&sockets.unwrap().stdout).lines().any(is_it)
}

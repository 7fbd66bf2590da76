//! Two people on a network without an internet, each in a network namespace of their own: how they find
//! each other, what they can do there, and to whom a packet goes.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use std::net::IpAddr;

use chinwag_api::client::Client;
use chinwag_api::method::{
    AccountShow, ConversationMarkRead, EditMessage, MessageEdit, MessageReact, MessageRetract,
    MessageSearch, MessageSend, NearbyList, Nothing, OneConversation, OneMessage, React, Search,
    SendMessage,
};
use chinwag_api::model::{Message, MessageState};
use chinwag_lab::PATIENCE;
use chinwag_lab::cable::{ADDRESSES, Cable};
use chinwag_lab::capture::{ARP, Capture, ICMP, Sighting, UDP};
use chinwag_lab::home::{Home, Running};
use chinwag_lab::talk::{add, deliver, history, say, ticket, until_agreed, until_contact};

/// Two who know each other, each at an end of a cable. The ticket says only where nobody is reached:
/// on loopback.
async fn met(homes: &mut [Home; 2]) -> [Running; 2] {
    homes[0].set("CHINWAG_BIND", "127.0.0.1:0");
    let (first, _) = homes[0].begin("Ana").await;
    let line = ticket(&first.client).await;
    assert_eq!(first.process.end(), 143);
    homes[0].unset("CHINWAG_BIND");
    let ana = homes[0].run().await;
    let (bob, _) = homes[1].begin("Bob").await;
    add(&bob.client, &line).await;
    until_contact(&ana.client, "Bob").await;
    until_contact(&bob.client, "Ana").await;
    [ana, bob]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_on_the_same_network_is_seen_until_they_are_contacts() {
    let Some(cable) = Cable::lay() else { return };
    let homes = cable.ends().map(Home::in_namespace);
    let (ana, _) = homes[0].begin("Ana").await;
    let (bob, _) = homes[1].begin("Bob").await;
    let near = async |client: &Client| client.call::<NearbyList>(Nothing {}).await.unwrap();
    let seen = async {
        loop {
            if let [bobs] = near(&ana.client).await.as_slice() {
                return bobs.clone();
            }
        }
    };
    let bobs = tokio::time::timeout(PATIENCE, seen).await.expect("Bob is seen in time");
    let account = bob.client.call::<AccountShow>(Nothing {}).await.unwrap();
    assert_eq!(bobs.device, account.device.id);
    assert!(bobs.addresses.iter().any(|at| at.starts_with(ADDRESSES[1])), "{bobs:?}");
    add(&bob.client, &ticket(&ana.client).await).await;
    until_contact(&ana.client, "Bob").await;
    until_contact(&bob.client, "Ana").await;
    for client in [&ana.client, &bob.client] {
        assert_eq!(near(client).await, [], "whom one knows is no stranger");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_without_an_internet_find_each_other_and_talk_and_nobody_else_hears_of_it() {
    let Some(cable) = Cable::lay() else { return };
    let captures = cable.ends().map(Capture::in_namespace);
    let mut homes = cable.ends().map(Home::in_namespace);
    let [ana, bob] = met(&mut homes).await;
    let (a, b) = (&ana.client, &bob.client);
    let first = deliver(b, "Ana", "the tide is out").await;
    let answer = reply(a, "Bob", "then we walk", &first.id).await;
    let edit = EditMessage { id: first.id.clone(), text: "the tide is in".to_owned() };
    b.call::<MessageEdit>(edit).await.unwrap();
    let react = React { id: answer, emoji: "🌊".to_owned(), remove: false };
    b.call::<MessageReact>(react).await.unwrap();
    until_agreed((a, "Ana"), (b, "Bob"), PATIENCE).await;
    let seen = history(a, "Bob").await;
    assert_eq!(texts(&seen), ["the tide is in", "then we walk"]);
    assert_eq!(seen[1].reactions[0].by, ["Bob"]);
    assert_eq!(seen[1].reply_to.as_ref().unwrap().id, first.id);
    let search = Search { words: "tide".to_owned(), ..Search::default() };
    let found = a.call::<MessageSearch>(search).await.unwrap().messages;
    assert_eq!(texts(&found), ["the tide is in"]);

    // Bob is away for a while; both go on writing.
    assert_eq!(bob.process.end(), 143);
    for n in 0..50 {
        say(a, "Bob", &format!("while you were away: {n}")).await;
    }
    let bob = homes[1].run().await;
    let b = &bob.client;
    say(b, "Ana", "I am back").await;
    let retract = OneMessage { id: first.id };
    b.call::<MessageRetract>(retract).await.unwrap();
    let read = OneConversation { conversation: "Ana".to_owned() };
    b.call::<ConversationMarkRead>(read).await.unwrap();
    until_agreed((a, "Ana"), (b, "Bob"), PATIENCE).await;
    let (here, there) = (history(a, "Bob").await, history(b, "Ana").await);
    assert_eq!(here.len(), 53);
    let shape = |all: &[Message]| -> Vec<_> {
        all.iter().map(|m| (m.id.clone(), m.text.clone(), m.gone.clone())).collect()
    };
    assert_eq!(shape(&here), shape(&there));
    assert_eq!(here[0].gone.as_deref(), Some("retracted"));
    for capture in &captures {
        assert_ours(capture);
    }
}

/// Every packet went to the other end, to the multicast of mDNS, or is what a kernel does for an
/// interface.
fn assert_ours(capture: &Capture) {
    let all = capture.sightings();
    for sighting in &all {
        let is_peer = ADDRESSES.contains(&sighting.to.to_string().as_str())
            || matches!(sighting.to, IpAddr::V6(to) if to.is_unicast_link_local());
        // By ICMP a kernel says that a program has ended.
        let is_peer = is_peer && [UDP, ARP, ICMP].contains(&sighting.protocol);
        let is_nobody = sighting.is_kernel() || sighting.stays_here();
        assert!(is_nobody || sighting.is_mdns() || is_peer, "{sighting:?}");
    }
    // It sees what there is to see.
    assert!(all.iter().any(Sighting::is_mdns), "{all:?}");
    let is_other = |s: &Sighting| s.protocol == UDP && !s.is_mdns() && !s.stays_here();
    assert!(all.iter().any(is_other), "{all:?}");
}

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_deref().unwrap_or_default()).collect()
}

async fn reply(client: &Client, to: &str, text: &str, id: &str) -> String {
    let params = SendMessage {
        to: to.to_owned(),
        text: text.to_owned(),
        client_id: None,
        reply_to: Some(id.to_owned()),
        wait_for: Some(MessageState::Delivered),
        timeout_ms: Some(60_000),
        require_verified: false,
    };
    client.call::<MessageSend>(params).await.unwrap().id
}
